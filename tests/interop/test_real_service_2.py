"""The real Repository service of the 2.x platform as it is installed: beside its own repository it has a managed one, which
nobody can change, and to which it passes on neither filters nor an order. `local serve --managed` does as it does.

What it has in common with 1.12.5 is in `test_both_worlds.py`.
"""

import json
import re

import pytest
import yaml

from lab import EXAMPLES, Spacectl, local_serve, platform_services

PLUGIN = "repository.Plugin"
SLACK = EXAMPLES / "plugin_slack_notification_protocol.yml"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
MANAGED = "plugin-aws-ec2-inven-collector"


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with platform_services(tmp_path_factory.mktemp("repository-2"), ["repository"]) as services:
        yield services["repository"]


@pytest.fixture
def client(spacectl, service, domain):
    return spacectl.configure(service.url, domain)


class TestTheDocumentationsCommands:
    def test_its_spec_is_registered_and_listed(self, client, domain):
        image = "image=cloudforet/plugin-slack-noti-protocol-2"
        result = client.run("exec", "register", PLUGIN, "-f", SLACK, "-p", image)
        assert (result.code, result.stderr.splitlines()) == (
            0,
            [
                "note: service_type is called resource_type by this service: translated",
                "note: template is empty and unknown to this service: left out",
            ],
        )
        plugin, spec = yaml.safe_load(result.stdout), yaml.safe_load(SLACK.read_text())
        assert yaml.safe_load(client.output("get", PLUGIN, "-p", "plugin_id=plugin-slack-noti-protocol-2")) == plugin
        assert MOMENT.fullmatch(plugin.pop("created_at")) and MOMENT.fullmatch(plugin.pop("updated_at"))
        assert plugin == {
            "plugin_id": "plugin-slack-noti-protocol-2",
            "name": "Slack Notification Protocol",
            "state": "ENABLED",
            "resource_type": "notification.Protocol",
            "image": "cloudforet/plugin-slack-noti-protocol-2",
            "provider": "slack",
            "registry_type": "DOCKER_HUB",
            "registry_url": "registry.hub.docker.com",
            "registry_config": {"url": "registry.hub.docker.com"},
            "capability": spec["capability"],
            "labels": [],
            "tags": spec["tags"],
            "docs": {},
            "domain_id": domain,
            "repository_info": {"repository_id": "repo-local", "name": "Private", "repository_type": "LOCAL"},
        }
        listed = client.output("list", PLUGIN, "-c", "plugin_id,name,provider,repository_info.repository_type|Type")
        last = [" plugin-slack-noti-protocol-2 | Slack Notification Protocol | slack | LOCAL", "", " Count: 36 / 36"]
        assert [re.sub(" +", " ", line).rstrip() for line in listed.splitlines()[-3:]] == last

    def test_its_image_name_is_refused(self, client):
        """Accepted when the documentation was written, refused since for its `_`."""
        result = client.run("exec", "register", PLUGIN, "-f", SLACK)
        assert (result.code, result.stdout) == (64 + 3, "")
        assert result.stderr.splitlines()[-1] == (
            r"cause: ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\-]+ "
            "in plugin-slack-notification-protocol_settings"
        )

    @pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.yml")), ids=lambda file: file.stem)
    def test_every_other_spec_is_registered_as_it_is(self, client, file):
        if file != SLACK:
            spec = yaml.safe_load(file.read_text())
            plugin = yaml.safe_load(client.output("exec", "register", PLUGIN, "--strict", "-f", file))
            assert {key: plugin[key] for key in spec} == spec


def test_versions_are_those_of_the_registry(client):
    client.output("exec", "register", PLUGIN, "-p", "name=x", "-p", "resource_type=a.B", "-p", "image=x/plugin-x")
    versions = ("exec", "get_versions", PLUGIN, "-p", "plugin_id=plugin-x")
    assert json.loads(client.output(*versions, "-o", "json")) == {"total_count": 3, "results": ["1.2.2", "1.2.1", "1.0"]}
    assert client.output(*versions, "-o", "table") == " Values\n----------\n 1.2.2\n 1.2.1\n 1.0\n\n Count: 3 / 3\n"
    assert client.output("plugin", "versions", "plugin-x", "--latest") == "1.2.2\n"


NOBODY = "ERROR_NOT_FOUND: Resource cannot be found or access is denied. (('plugin_id', 'domain_id') = ('nope', 'DOMAIN'))"
REFUSED = [
    (
        "exec register repository.Plugin -p name=x -p resource_type=a.B -p image=x/" + "x" * 49,
        67,
        f"ERROR_INVALID_IMAGE_LENGTH: The length of image should be less than equal 48 in {'x' * 49}",
    ),
    (
        "exec register repository.Plugin -p name=x -p resource_type=a.B -p image=x/plugin-missing",
        77,
        "ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = DOCKER_HUB, image = x/plugin-missing)",
    ),
    *((f"exec {verb} repository.Plugin -p plugin_id=nope", 69, NOBODY) for verb in ("update", "enable", "disable")),
    ("exec deregister repository.Plugin -p plugin_id=nope", 69, NOBODY),
    ("get repository.Plugin -p plugin_id=nope", 67, "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = nope)"),
    (
        "list repository.Plugin -p repository_id=nope",
        67,
        "ERROR_NOT_FOUND_REPOSITORY: Repository does not exist. (repository_id = nope)",
    ),
]


@pytest.mark.parametrize(("line", "code", "words"), REFUSED)
def test_refusals_keep_their_words(client, domain, line, code, words):
    refused = client.refused(*line.split())
    assert (refused[0], refused[2]) == (code, words.replace("DOMAIN", domain))


def test_a_wrong_token(spacectl, service):
    client = spacectl.configure(service.url, "wrong")
    words = "ERROR_AUTHENTICATE_FAILURE: Authenticate failure. (message = invalid token)"
    assert client.refused("list", PLUGIN) == (80, "UNAUTHENTICATED", words)


# A filter, and of which rows it holds.
FILTERS = [
    ("name~slack", lambda row: "slack" in row["name"].lower()),
    ("name!~slack", lambda row: "slack" not in row["name"].lower()),
    ("name=Grafana", lambda row: row["name"] == "Grafana"),
    ("provider=aws", lambda row: row.get("provider") == "aws"),
    ("provider!=aws", lambda row: row.get("provider") != "aws"),
    ("provider in aws,slack", lambda row: row.get("provider") in ("aws", "slack")),
    ("provider not in aws,slack", lambda row: row.get("provider") not in ("aws", "slack")),
    ("resource_type~webhook", lambda row: "webhook" in row["resource_type"].lower()),
    ("state=DISABLED", lambda row: row["state"] == "DISABLED"),
]


class TestTwoRepositories:
    @pytest.fixture(scope="class", params=["2.x", "local serve"])
    def owner(self, request, service, tmp_path_factory):
        """A client with two plugins beside the managed ones, one of them disabled."""
        folder = tmp_path_factory.mktemp("owner")
        client = Spacectl(folder / "home")
        if request.param == "2.x":
            yield self.fill(client.configure(service.url, "domain-two-repositories"))
        else:
            with local_serve(folder / "plugins.db", "--managed", EXAMPLES / "managed") as served:
                yield self.fill(client.configure(served.url, "key"))

    def fill(self, client):
        for name in ("Slack of ours", "Zulip"):
            spec = {"name": name, "image": f"x/plugin-{name[:5].lower()}", "resource_type": "a.B", "provider": "slack"}
            client.output("exec", "register", PLUGIN, "-j", json.dumps(spec))
        client.output("exec", "disable", PLUGIN, "-p", "plugin_id=plugin-zulip")
        return client

    @pytest.fixture(scope="class")
    def rows(self, owner):
        """All that there is, in the service's order."""
        rows = json.loads(owner.output("exec", "list", PLUGIN, "-o", "json"))["results"]
        assert len(rows) >= 6
        return rows

    @pytest.mark.parametrize(("filter", "holds"), FILTERS, ids=[text for text, _ in FILTERS])
    def test_no_row_is_shown_that_does_not_match(self, owner, rows, filter, holds):
        expected = [row["plugin_id"] for row in rows if holds(row)]
        assert 0 < len(expected) < len(rows)
        words = ("list", PLUGIN, "--filter", filter, "-c", "plugin_id")
        for form in (("-o", "quiet"), ("-o", "csv"), ("-o", "quiet", "--page-size", "5"), ("-o", "quiet", "-l", "2")):
            result = owner.run(*words, *form)
            shown = [line for line in result.stdout.splitlines() if line != "plugin_id"]
            assert (result.code, shown) == (0, expected[:2] if "-l" in form else expected), result
            # Two rows may be found before one that does not match.
            assert result.stderr.count("ignored --filter") == 1 or "-l" in form, result
        counted = [row for row in rows if holds(row) or row["repository_info"]["repository_type"] == "MANAGED"]
        assert owner.run(*words).stdout.endswith(f"\n Count: {len(expected)} / {len(counted)}\n")
        answer = json.loads(owner.run(*words, "-o", "json").stdout)
        assert [row["plugin_id"] for row in answer["results"]] == expected

    def test_one_of_several_conditions(self, owner, rows):
        expected = [row["plugin_id"] for row in rows if row["name"] == "Grafana" or row.get("provider") == "slack"]
        conditions = ("--filter-any", "name=Grafana", "--filter-any", "provider=slack")
        assert owner.run("list", PLUGIN, *conditions, "-c", "plugin_id", "-o", "quiet").stdout.splitlines() == expected

    def test_a_state_is_asked_of_both(self, owner):
        states = ("list", PLUGIN, "-p", "state=DISABLED", "-c", "plugin_id", "-o", "quiet")
        assert owner.run(*states).stdout == "plugin-zulip\n"

    def test_one_repository_filters_itself(self, owner):
        own = ("list", PLUGIN, "-p", "repository_id=repo-local", "-c", "name", "-o", "quiet")
        assert owner.output(*own, "--filter", "name~slack") == "Slack of ours\n"

    @pytest.mark.parametrize("key", ["name", "-name", "plugin_id", "-resource_type"])
    def test_both_are_put_in_one_order(self, owner, rows, key):
        column = key.removeprefix("-")
        listed = owner.run("list", PLUGIN, "-s", key, "-c", column, "-o", "quiet").stdout.splitlines()
        assert listed == sorted((row[column] for row in rows), reverse=key.startswith("-"))

    @pytest.mark.parametrize(("kind", "found"), [("LOCAL", "repo-local\n"), ("MANAGED", "repo-managed\n"), ("X", "")])
    def test_repositories_are_filtered(self, owner, kind, found):
        words = ("list", "repository.Repository", "--filter", f"repository_type={kind}", "-c", "repository_id", "-o", "quiet")
        assert owner.run(*words).stdout == found

    @pytest.mark.parametrize(
        "line",
        [
            f"plugin disable {MANAGED}",
            f"plugin deregister {MANAGED} --yes",
            f"exec update plugin -p plugin_id={MANAGED} -p name=x",
            f"exec deregister plugin -p plugin_id={MANAGED}",
        ],
    )
    def test_what_is_managed_cannot_be_changed(self, owner, line):
        result = owner.run(*line.split())
        assert (result.code, result.stdout) == (69, "")
        assert f"{MANAGED} belongs to a managed repository and cannot be changed there" in result.stderr

    def test_a_spec_of_what_is_managed_says_so(self, owner):
        spec = {"name": "x", "image": f"cloudforet/{MANAGED}", "resource_type": "inventory.Collector"}
        (owner.home / "managed.yml").write_text(yaml.safe_dump(spec))
        for command in ("diff", "apply"):
            result = owner.run("plugin", command, "-f", "managed.yml")
            assert result.code != 0 and "managed repository" in result.stdout + result.stderr, result
