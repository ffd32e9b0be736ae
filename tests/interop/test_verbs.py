"""`stat`, streams, `--dry-run` and `--watch` against the real Repository service 1.12.5; all but `stat`, which later
generations lack, against 2.x and `local serve`, too."""

import json
import signal
import subprocess

import pytest

import lab
from lab import EXAMPLES

PLUGIN = "repository.Plugin"
BY_PROVIDER = """\
query:
  aggregate:
  - group:
      keys:
      - {key: provider, name: provider}
      fields:
      - {operator: count, name: plugins}
  - sort: {key: provider}
"""


@pytest.fixture
def client(spacectl, repository, domain):
    return spacectl.configure(repository.url, domain)


@pytest.fixture
def three(client):
    """A client of the real service whose domain holds three plugins of two providers."""
    for name, provider in [("one", "aws"), ("two", "aws"), ("three", "slack")]:
        spec = {"name": name, "service_type": "a.B", "image": f"x/plugin-{name}", "provider": provider}
        client.output("exec", "register", PLUGIN, "-j", json.dumps(spec))
    return client


@pytest.fixture(params=["repository", "repository_2", "served"], ids=["1.12.5", "2.x", "local serve"])
def either(request, spacectl, domain):
    """A client of each service with the words that register a plugin there."""
    return spacectl.configure(request.getfixturevalue(request.param).url, domain)


def register(client, name):
    # Both generations' name for its type: what the service does not call it is translated.
    result = client.run("exec", "register", PLUGIN, "-j", json.dumps(spec(name)))
    assert result.code == 0, result


def spec(name):
    return {"name": name, "service_type": "a.B", "image": f"x/plugin-{name}"}


class TestStat:
    def test_distinct_values(self, three):
        assert three.output("stat", PLUGIN, "-p", "distinct=provider", "-o", "quiet") == "aws\nslack\n"
        assert three.output("stat", PLUGIN, "-p", "distinct=provider") == (
            " Values\n----------\n aws\n slack\n"
        )

    def test_groups_from_a_file(self, three):
        (three.home / "by.yml").write_text(BY_PROVIDER)
        assert three.output("stat", PLUGIN, "-f", "by.yml") == (
            " provider   |   plugins\n------------+-----------\n aws        |         2\n slack      |         1\n"
        )
        assert three.output("stat", PLUGIN, "-f", "by.yml", "-c", "plugins|N,provider", "-o", "csv") == (
            "N,provider\n2,aws\n1,slack\n"
        )

    def test_the_service_pages(self, three):
        page = three.output("stat", PLUGIN, "-p", "distinct=provider", "-l", "1", "--page", "2", "-o", "json")
        assert json.loads(page) == {"results": ["slack"], "total_count": 2}

    def test_what_it_wants_is_told_in_its_words(self, three):
        assert three.refused("stat", PLUGIN) == (
            67,
            "INVALID_ARGUMENT",
            "ERROR_REQUIRED_PARAMETER: Required parameter. (key = aggregate)",
        )

    def test_what_is_described_and_not_there_is_told_in_its_words(self, three):
        words = "ERROR_UNKNOWN: Method not implemented!"
        assert three.refused("stat", "repository.Schema", "-p", "distinct=name") == (77, "INTERNAL", words)

    def test_the_python_client_sees_the_same(self, three, repository, python_client, domain):
        python_client.configure(repository.url, domain)
        (python_client.home / "by.yml").write_text(BY_PROVIDER)
        (three.home / "by.yml").write_text(BY_PROVIDER)
        ours = three.output("stat", PLUGIN, "-f", "by.yml", "-o", "json")
        theirs = python_client.output("stat", PLUGIN, "-f", python_client.home / "by.yml", "-o", "json")
        assert json.loads(ours) == json.loads(theirs)


def test_a_dry_run_shows_and_sends_nothing(either):
    shown = either.run("exec", "register", PLUGIN, "-j", json.dumps(spec("dry")), "--dry-run", "-o", "json")
    assert shown.code == 0
    shown = json.loads(shown.stdout)
    assert shown["method"] == "/spaceone.api.repository.v1.Plugin/register"
    assert shown["metadata"] == {"token": "********"}
    assert set(shown["request"]) in ({"name", "service_type", "image"}, {"name", "resource_type", "image"})
    assert either.output("list", PLUGIN, "-c", "plugin_id", "-o", "quiet") == ""


def test_a_watch_in_a_pipe_prints_changes(either):
    register(either, "one")
    words = ["list", PLUGIN, "-c", "plugin_id", "-o", "quiet", "--watch", "0.1"]
    environment = {"HOME": str(either.home), "LANG": "C.UTF-8"}
    with subprocess.Popen(
        [lab.SPACECTL, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as watch:
        assert watch.stdout.readline() == "plugin-one\n"
        register(either, "two")
        assert watch.stdout.readline() == "\n"
        assert sorted([watch.stdout.readline(), watch.stdout.readline()]) == ["plugin-one\n", "plugin-two\n"]
        watch.send_signal(signal.SIGINT)
        assert watch.wait(lab.PATIENCE) == 130
        assert (watch.stdout.read(), watch.stderr.read()) == ("", "")


def test_health_is_followed(spacectl, either_repository):
    words = ["--endpoint", either_repository.url, "exec", "Check", "grpc.health.v1.Health", "-c", "status", "-o", "quiet"]
    assert spacectl.output(*words) == "SERVING\n"
    words[3] = "Watch"
    environment = {"HOME": str(spacectl.home), "LANG": "C.UTF-8"}
    with subprocess.Popen([lab.SPACECTL, *words], stdout=subprocess.PIPE, text=True, env=environment) as watch:
        assert watch.stdout.readline() == "SERVING\n"
        watch.send_signal(signal.SIGINT)
        assert watch.wait(lab.PATIENCE) == 130


def test_the_documentations_spec_is_shown_as_each_service_would_get_it(either):
    file = EXAMPLES / "plugin_grafana_webhook.yml"
    shown = either.run("exec", "register", PLUGIN, "-f", file, "--dry-run", "-o", "json")
    real = either.run("exec", "register", PLUGIN, "-f", file, "-o", "json")
    assert (shown.code, real.code) == (0, 0)
    assert shown.stderr == real.stderr
    sent, answered = json.loads(shown.stdout)["request"], json.loads(real.stdout)
    assert {key: answered[key] for key in sent} == sent
