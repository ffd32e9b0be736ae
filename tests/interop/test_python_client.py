"""The real Python client 2.0.10 against `spacectl local serve`, a Repository service of the second generation."""

import re

import pytest
import yaml

from lab import EXAMPLES, local_serve

PLUGIN = "repository.Plugin"
SPECS = ["aws_sns_webhook", "email_notification_protocol", "grafana_webhook"]
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


@pytest.fixture
def python(python_client, served):
    return python_client.configure(served.url, "key")


@pytest.fixture
def ours(spacectl, served):
    return spacectl.configure(served.url, "key")


@pytest.fixture
def three(ours):
    """The server's plugins, registered by this client."""
    for spec in SPECS:
        ours.output("exec", "register", PLUGIN, "-f", EXAMPLES / f"plugin_{spec}.yml")


def test_a_plugins_life(python, ours):
    file = EXAMPLES / "plugin_grafana_webhook.yml"
    spec = yaml.safe_load(file.read_text())
    which = ("-p", "plugin_id=plugin-grafana-monitoring-webhook")

    registered = yaml.safe_load(python.output("exec", "register", PLUGIN, "-f", file))
    assert MOMENT.fullmatch(registered["created_at"])
    assert registered["created_at"] == registered["updated_at"]
    assert registered == {
        **spec,
        "plugin_id": "plugin-grafana-monitoring-webhook",
        "state": "ENABLED",
        "registry_type": "DOCKER_HUB",
        "registry_url": "registry.hub.docker.com",
        "registry_config": {"url": "registry.hub.docker.com"},
        "docs": {},
        "domain_id": "domain-local",
        "repository_info": {"repository_id": "repo-local", "name": "Private", "repository_type": "LOCAL"},
        "created_at": registered["created_at"],
        "updated_at": registered["updated_at"],
    }
    assert yaml.safe_load(python.output("get", PLUGIN, *which)) == registered
    assert yaml.safe_load(ours.output("get", PLUGIN, *which)) == registered

    updated = yaml.safe_load(python.output("exec", "update", PLUGIN, *which, "-p", "name=New"))
    assert updated == registered | {"name": "New", "updated_at": updated["updated_at"]}
    assert updated["updated_at"] > registered["updated_at"]

    assert yaml.safe_load(python.output("exec", "disable", PLUGIN, *which))["state"] == "DISABLED"
    assert ours.output("list", PLUGIN, "-p", "state=DISABLED", "-c", "name", "-o", "quiet") == "New\n"
    assert yaml.safe_load(python.output("exec", "enable", PLUGIN, *which))["state"] == "ENABLED"

    # No registry is asked, so there are none: an empty answer, for which the Python client prints an empty line.
    assert python.output("exec", "get_versions", PLUGIN, *which) == "\n"

    assert python.output("exec", "deregister", PLUGIN, *which) == "\n"
    assert python.output("list", PLUGIN) == "NO DATA\n"


@pytest.mark.parametrize(
    "args",
    [
        ("-c", "plugin_id,name,state,provider"),
        ("-c", "plugin_id,name,state,provider", "-o", "csv"),
        ("-c", "plugin_id,name,state,provider", "-o", "json"),
        ("-c", "plugin_id|ID,tags.icon", "-s", "-ID"),
        ("-c", "name", "-s", "name", "-l", "2"),
        ("-c", "name", "-p", "provider=aws", "-o", "quiet"),
        ("-m",),
        ("-a", "-o", "json"),
    ],
    ids=" ".join,
)
def test_lists_agree(python, ours, three, args):
    """Row for row with what this client prints for the same list."""
    theirs = python.output("list", PLUGIN, *args)
    assert theirs.replace("\r\n", "\n") == ours.output("list", PLUGIN, *args)
    assert "aws" in theirs.lower()


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        ((), ["AWS SNS Webhook", "Email Notification Protocol", "Grafana Webhook"]),
        (("-s", "-name"), ["Grafana Webhook", "Email Notification Protocol", "AWS SNS Webhook"]),
        (("-l", "1"), ["AWS SNS Webhook"]),
        (("-p", "resource_type=monitoring.Webhook"), ["AWS SNS Webhook", "Grafana Webhook"]),
        (("-j", '{"query": {"keyword": "hook", "page": {"start": 2, "limit": 1}}}'), ["Grafana Webhook"]),
        (("-j", '{"query": {"filter": [{"k": "provider", "v": "raf", "o": "contain"}]}}'), ["Grafana Webhook"]),
    ],
    ids=["all", "sorted", "limited", "by field", "by keyword, second page", "by operator"],
)
def test_lists_hold_what_was_asked_for(python, three, args, expected):
    names = python.output("list", PLUGIN, "-c", "name", "-o", "quiet", *args).splitlines()
    assert names == expected


def test_api_resources(python):
    """The rows come in no promised order. The server's reflection is only this server's to list."""
    lines = python.output("api-resources").splitlines()[2:]
    rows = {tuple(cell.strip() for cell in line.split("|")) for line in lines}
    assert rows - {("repository", "ServerReflection", "", "ServerReflectionInfo")} == {
        ("repository", "Health", "", "Check, Watch"),
        ("repository", "ServerInfo", "", "get_version"),
        ("repository", "Plugin", "plugin", "register, update, deregister, enable, disable, get_versions, get, list"),
        ("repository", "Repository", "repository, repo", "list"),
    }


def test_repositories(python):
    assert yaml.safe_load(python.output("exec", "list", "repository.Repository")) == {
        "results": [
            {"repository_id": "repo-local", "name": "Private", "repository_type": "LOCAL"},
            {"repository_id": "repo-managed", "name": "Cloudforet Official", "repository_type": "MANAGED"},
        ]
    }


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (
            ("exec", "register", PLUGIN, "-f", str(EXAMPLES / "plugin_grafana_webhook.yml")),
            "Tried to save duplicate unique values. (keys = ['plugin_id', 'domain_id'])",
        ),
        (("exec", "register", PLUGIN, "-p", "name=x"), "Required parameter. (key = resource_type)"),
        (("get", PLUGIN, "-p", "plugin_id=nope"), "Plugin does not exists. (plugin_id = nope)"),
        (
            ("exec", "deregister", PLUGIN, "-p", "plugin_id=nope"),
            "Resource cannot be found or access is denied. (('plugin_id', 'domain_id') = ('nope', 'domain-local'))",
        ),
        (("list", PLUGIN, "-p", "repository_id=nope"), "Repository does not exist. (repository_id = nope)"),
        (("list", PLUGIN, "-c", "nope"), 'Database query failed. (reason = Cannot resolve field "nope")'),
    ],
    ids=["twice", "required", "get", "deregister", "repository", "column"],
)
def test_refusals_keep_their_words(python, three, args, words):
    assert python.refused(*args) == words


def test_what_strict_refuses(python_client, tmp_path):
    """The documentation's own image name is served, unless the server is strict."""
    register = (
        *("exec", "register", PLUGIN, "-p", "name=Slack", "-p", "resource_type=notification.Protocol"),
        *("-p", "image=pyengine/plugin-slack-notification-protocol_settings"),
    )
    with local_serve(tmp_path / "lenient.db") as server:
        python_client.configure(server.url, "key")
        registered = yaml.safe_load(python_client.output(*register))
        assert registered["plugin_id"] == "plugin-slack-notification-protocol_settings"
    with local_serve(tmp_path / "strict.db", "--strict") as server:
        python_client.output("config", "endpoint", "remove", "repository")
        python_client.output("config", "endpoint", "add", "repository", server.url)
        assert python_client.refused(*register) == (
            r"Image name format is [a-zA-Z0-9\-]+ in plugin-slack-notification-protocol_settings"
        )
        assert python_client.output("list", PLUGIN) == "NO DATA\n"
