"""`spacectl local serve` as a server among others, called by this client."""

import json
import signal

import pytest

from lab import EXAMPLES, SPACECTL, local_serve
from terminal import Terminal

PLUGIN = "repository.Plugin"
SLACK = EXAMPLES / "plugin_slack_notification_protocol.yml"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT], ids=lambda how: how.name)
def test_it_ends_when_asked_and_keeps_its_plugins(spacectl, tmp_path, how):
    data = tmp_path / "plugins.db"
    spec = EXAMPLES / "plugin_grafana_webhook.yml"
    with local_serve(data) as server:
        spacectl.output("--endpoint", server.url, "exec", "register", PLUGIN, "-f", spec)
        assert server.stop(how) == 0
    with local_serve(data) as server:
        listed = spacectl.output("--endpoint", server.url, "list", PLUGIN, "-c", "plugin_id", "-o", "quiet")
        assert listed == "plugin-grafana-monitoring-webhook\n"


def test_strict_refuses_what_the_real_service_refuses(spacectl, tmp_path):
    with local_serve(tmp_path / "plugins.db", "--strict") as server:
        register = ("--endpoint", server.url, "exec", "register", PLUGIN, "-f", SLACK)
        words = (
            r"ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\-]+ "
            "in plugin-slack-notification-protocol_settings"
        )
        assert spacectl.refused(*register) == (67, "INVALID_ARGUMENT", words)
        assert spacectl.output("--endpoint", server.url, "list", PLUGIN) == "NO DATA\n"


def test_the_documentations_spec_is_served(spacectl, served):
    result = spacectl.run("--endpoint", served.url, "exec", "register", PLUGIN, "-f", SLACK, "-o", "json")
    assert result.code == 0
    assert json.loads(result.stdout)["plugin_id"] == "plugin-slack-notification-protocol_settings"
    assert result.stderr.splitlines() == [
        "note: service_type is called resource_type by this service: translated",
        "note: template is empty and unknown to this service: left out",
        f"warning: {SLACK}:3:8: image: current Repository services reject `_` in image names: "
        "use letters, digits and `-`",
    ]


@pytest.mark.parametrize("info", ["core.ServerInfo", "repository.ServerInfo"])
def test_health_and_version(spacectl, served, info):
    endpoint = ("--endpoint", served.url)
    assert spacectl.output(*endpoint, "exec", "Check", "grpc.health.v1.Health") == "---\nstatus: SERVING\n"
    answer = json.loads(spacectl.output(*endpoint, "exec", "get_version", info, "-o", "json"))
    assert answer["version"].startswith("2.0.")


def test_a_person_confirms_a_reset(spacectl):
    local = ("-q", "-e", "local")
    spacectl.output(*local, "exec", "register", PLUGIN, "-f", SLACK)
    for answer, code in [("n", 1), ("y", 0)]:
        terminal = Terminal([SPACECTL, "local", "reset"], spacectl.home, columns=200)
        try:
            terminal.wait_for("Remove 1 plugin from")
            terminal.type(f"{answer}\r")
            assert terminal.wait_for_end() == code
        finally:
            terminal.end()
        listed = spacectl.output(*local, "list", PLUGIN, "-c", "plugin_id", "-o", "quiet")
        assert listed == ("plugin-slack-notification-protocol_settings\n" if code else "")
    spacectl.output(*local, "local", "reset", "--yes")
