"""This client against the real Repository service 1.12.5: reflection v1alpha, the first generation of the API."""

import json
import re

import pytest
import yaml

from lab import EXAMPLES

PLUGIN = "repository.Plugin"
SLACK = EXAMPLES / "plugin_slack_notification_protocol.yml"
TRANSLATED = "note: resource_type is called service_type by this service: translated\n"
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")

# What is printed in each format: a plugin's versions, the first two of four rows, no rows at all.
VERSIONS = {
    "table": " Values\n----------\n 1.2.2\n 1.2.1\n 1.0\n\n Count: 3 / 3\n",
    "json": '{\n    "total_count": 3,\n    "results": [\n        "1.2.2",\n        "1.2.1",\n        "1.0"\n    ]\n}\n',
    "yaml": "---\ntotal_count: 3\nresults:\n- \"1.2.2\"\n- \"1.2.1\"\n- \"1.0\"\n",
    "csv": "Values\n1.2.2\n1.2.1\n1.0\n",
    "quiet": "1.2.2\n1.2.1\n1.0\n",
}
TWO_OF_FOUR = {
    "table": """\
 ID             | provider
----------------+------------
 plugin-aws-sns | aws
 plugin-bare    |

 Count: 2 / 4
""",
    "json": """\
{
    "results": [
        {
            "ID": "plugin-aws-sns",
            "provider": "aws"
        },
        {
            "ID": "plugin-bare",
            "provider": null
        }
    ],
    "total_count": 4
}
""",
    "yaml": """\
---
results:
- ID: plugin-aws-sns
  provider: aws
- ID: plugin-bare
  provider: null
total_count: 4
""",
    "csv": "ID,provider\nplugin-aws-sns,aws\nplugin-bare,\n",
}
EMPTY = {
    "table": "NO DATA\n",
    "json": '{\n    "results": [],\n    "total_count": 0\n}\n',
    "yaml": "---\nresults: []\ntotal_count: 0\n",
    "csv": "name\n",
    "quiet": "",
}


@pytest.fixture
def client(spacectl, repository, domain):
    return spacectl.configure(repository.url, domain)


@pytest.fixture
def four(client):
    """A client whose domain holds four plugins; the last has neither provider nor tags."""
    for name, kind, provider, tags in [
        ("Grafana", "monitoring.Webhook", "grafana", {"icon": "g.svg", "spaceone:plugin_name": "Grafana"}),
        ("AWS SNS", "monitoring.Webhook", "aws", {"icon": "a.svg"}),
        ("Slack", "notification.Protocol", "slack", {"icon": "s.svg"}),
        ("Bare", "identity.Domain", None, {}),
    ]:
        spec = {
            "name": name,
            "service_type": kind,
            "image": "cloudforet/plugin-" + name.lower().replace(" ", "-"),
            "labels": [name, "example"] if tags else [],
            "tags": tags,
        }
        if provider:
            spec["provider"] = provider
        client.output("exec", "register", PLUGIN, "-j", json.dumps(spec))
    return client


def ids(client, *args):
    return client.output("list", PLUGIN, "-c", "plugin_id", "-o", "quiet", *args).splitlines()


class TestRegister:
    def test_the_documentations_spec(self, client, repository, domain):
        image = "image=cloudforet/plugin-slack-noti-protocol"
        plugin = yaml.safe_load(client.output("exec", "register", PLUGIN, "-f", SLACK, "-p", image))
        assert yaml.safe_load(client.output("get", PLUGIN, "-p", "plugin_id=plugin-slack-noti-protocol")) == plugin
        assert MOMENT.fullmatch(plugin.pop("created_at"))
        assert MOMENT.fullmatch(plugin.pop("updated_at"))
        spec = yaml.safe_load(SLACK.read_text())
        assert plugin == {
            "plugin_id": "plugin-slack-noti-protocol",
            "name": "Slack Notification Protocol",
            "image": "cloudforet/plugin-slack-noti-protocol",
            "registry_url": "registry.hub.docker.com",
            "state": "ENABLED",
            "service_type": "notification.Protocol",
            "provider": "slack",
            "registry_type": "DOCKER_HUB",
            "registry_config": {},
            "capability": spec["capability"],
            "template": {},
            "labels": [],
            "tags": spec["tags"],
            "repository_info": {
                "repository_id": repository.repository_id,
                "name": "local",
                "repository_type": "local",
            },
            "domain_id": domain,
        }

    def test_the_documentations_own_image_name(self, client, repository):
        """Accepted when the documentation was written, refused since for its `_`."""
        result = client.run("exec", "register", PLUGIN, "-f", SLACK)
        assert (result.code, result.stdout) == (64 + 3, "")
        assert result.stderr.splitlines() == [
            f"warning: {SLACK}:3:8: image: current Repository services reject `_` in image names: "
            "use letters, digits and `-`",
            f"error: register {PLUGIN} at {repository.url}: INVALID_ARGUMENT",
            r"cause: ERROR_INVALID_IMAGE_NAME_FORMAT: Image name format is [a-zA-Z0-9\-]+ "
            "in plugin-slack-notification-protocol_settings",
        ]
        assert ids(client) == []

    @pytest.mark.parametrize("spec", ["amorepacific_webhook", "aws_sns_webhook", "grafana_webhook", "keycloak_oidc"])
    def test_a_spec_in_todays_form_is_translated(self, client, spec):
        file = EXAMPLES / f"plugin_{spec}.yml"
        result = client.run("exec", "register", PLUGIN, "-f", file)
        assert (result.code, result.stderr) == (0, TRANSLATED)
        given, plugin = yaml.safe_load(file.read_text()), yaml.safe_load(result.stdout)
        assert plugin["service_type"] == given.pop("resource_type")
        assert plugin["plugin_id"] == given["image"].split("/")[-1]
        assert {key: plugin[key] for key in given} == given

    @pytest.mark.parametrize("spec", ["email", "sms", "telegram", "voicecall"])
    def test_a_spec_whose_plugin_id_would_be_lost_is_refused_here(self, client, spec):
        file = EXAMPLES / f"plugin_{spec}_notification_protocol.yml"
        line = 1 + [line.split(":")[0] for line in file.read_text().splitlines()].index("plugin_id")
        result = client.run("exec", "register", PLUGIN, "-f", file)
        assert (result.code, result.stdout) == (1, "")
        assert f"error: {file}:{line}:1: plugin_id: unknown to this service" in result.stderr
        assert ids(client) == []

    def test_strict_translates_nothing(self, client):
        file = EXAMPLES / "plugin_grafana_webhook.yml"
        result = client.run("exec", "register", PLUGIN, "--strict", "-f", file)
        assert (result.code, result.stdout) == (1, "")
        assert f"error: {file}:2:1: resource_type: " in result.stderr
        assert "hint: did you mean service_type?" in result.stderr
        assert ids(client) == []

    def test_every_document_of_standard_input(self, client):
        specs = "".join(f"---\n{{name: {name}, image: x/{name}, service_type: a.B}}\n" for name in ["one", "two"])
        printed = client.output("-q", "exec", "register", PLUGIN, "-f", "-", "-c", "plugin_id", "-o", "quiet", stdin=specs)
        assert printed == "one\ntwo\n"
        assert ids(client) == ["one", "two"]

    def test_nested_parameters(self, client):
        answer = client.output(
            *("exec", "register", PLUGIN, "-o", "json"),
            *("-p", "name=a=b", "-p", "service_type=a.B", "-p", "image=x/nested"),
            *("-p", "tags.icon=x.svg", "-p", "labels=[a,b]", "-j", '{"capability": {"data_type": "SECRET"}}'),
        )
        plugin = json.loads(answer)
        assert (plugin["name"], plugin["labels"]) == ("a=b", ["a", "b"])
        assert (plugin["tags"], plugin["capability"]) == ({"icon": "x.svg"}, {"data_type": "SECRET"})


class TestRefusals:
    """The server's status becomes the exit code, 64 + its number, and its words are shown as sent."""

    def test_registered_already(self, client):
        register = ("exec", "register", PLUGIN, "-p", "name=x", "-p", "service_type=a.B", "-p", "image=x/twice")
        client.output(*register)
        words = "ERROR_SAVE_UNIQUE_VALUES: Tried to save duplicate unique values. (keys = ['plugin_id', 'domain_id'])"
        assert client.refused(*register) == (70, "ALREADY_EXISTS", words)

    def test_a_required_field_left_out(self, client):
        result = client.run("exec", "register", PLUGIN, "-p", "name=x")
        assert (result.code, result.stdout) == (2, ""), result
        missing = "error: service_type: required, and missing\nerror: image: required, and missing\n"
        assert result.stderr.startswith(missing), result

    def test_an_image_name_that_is_too_long(self, client):
        name = "x" * 49
        words = f"ERROR_INVALID_IMAGE_LENGTH: The length of image should be less than equal 48 in {name}"
        register = ("exec", "register", PLUGIN, "-p", "name=x", "-p", "service_type=a.B", "-p", f"image=x/{name}")
        assert client.refused(*register) == (67, "INVALID_ARGUMENT", words)

    def test_an_image_that_the_registry_lacks(self, client):
        image = "cloudforet/plugin-slack-missing"
        words = f"ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = DOCKER_HUB, image = {image})"
        register = ("exec", "register", PLUGIN, "-f", SLACK, "-p", f"image={image}")
        assert client.refused(*register) == (77, "INTERNAL", words)
        assert ids(client) == [], "the service rolls back"

    @pytest.mark.parametrize("verb", ["update", "enable", "disable", "deregister"])
    def test_changing_an_unknown_plugin(self, client, domain, verb):
        words = f"ERROR_NOT_FOUND: Value not found. (('plugin_id', 'domain_id') = ('nope', '{domain}'))"
        assert client.refused("exec", verb, PLUGIN, "-p", "plugin_id=nope") == (69, "NOT_FOUND", words)

    @pytest.mark.parametrize("verb", ["get", "get_versions"])
    def test_reading_an_unknown_plugin(self, client, verb):
        words = "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = nope)"
        assert client.refused("exec", verb, PLUGIN, "-p", "plugin_id=nope") == (67, "INVALID_ARGUMENT", words)

    def test_an_unknown_sort_key(self, client):
        words = 'ERROR_DB_QUERY: Database query failed. (reason = Cannot resolve field "nope")'
        assert client.refused("list", PLUGIN, "-c", "name", "-p", "query.sort={key: nope}") == (77, "INTERNAL", words)

    def test_a_second_local_repository(self, client):
        words = "ERROR_LOCAL_REPOSITORY_ALREADY_EXIST: Local repository already exist."
        register = ("exec", "register", "repository.Repository", "-p", "name=again", "-p", "repository_type=local")
        assert client.refused(*register) == (67, "INVALID_ARGUMENT", words)

    def test_a_wrong_token(self, spacectl, repository):
        client = spacectl.configure(repository.url, "wrong")
        words = "ERROR_AUTHENTICATE_FAILURE: Authenticate failure. (message = invalid token)"
        assert client.refused("list", PLUGIN) == (80, "UNAUTHENTICATED", words)


class TestRefusedHere:
    """What the descriptors of the service rule out is never sent."""

    @pytest.mark.parametrize(
        ("args", "code", "said"),
        [
            (["list", PLUGIN, "-c", "name,nope"], 2, 'column "nope"'),
            (["exec", "create", PLUGIN, "-p", "name=x"], 2, "did you mean register?"),
            (["exec", "sync", PLUGIN], 2, "its verbs are register, update, deregister, enable"),
            (["list", "repository.Plugn"], 2, "did you mean repository.Plugin?"),
            (["list", PLUGIN, "-p", "image=x"], 2, "its fields are query, plugin_id, name, state, service_type"),
        ],
    )
    def test_without_a_call(self, four, args, code, said):
        result = four.run(*args)
        assert (result.code, result.stdout) == (code, "")
        assert said in result.stderr


class TestLife:
    def test_update_changes_what_it_is_given(self, four):
        before = json.loads(four.output("get", PLUGIN, "-p", "plugin_id=plugin-slack", "-o", "json"))
        answer = four.output(
            *("exec", "update", PLUGIN, "-p", "plugin_id=plugin-slack", "-o", "json"),
            *("-p", "name=New", "-p", "labels=[a]", "-p", "tags.icon=new.svg"),
        )
        changed = json.loads(answer)
        assert changed == before | {
            "name": "New",
            "labels": ["a"],
            "tags": {"icon": "new.svg"},
            "updated_at": changed["updated_at"],
        }

    def test_disable_and_enable(self, four):
        which = ("-p", "plugin_id=plugin-slack", "-c", "plugin_id,state")
        assert json.loads(four.output("exec", "disable", PLUGIN, *which, "-o", "json"))["state"] == "DISABLED"
        assert ids(four, "-p", "state=DISABLED") == ["plugin-slack"]
        assert four.output("exec", "enable", PLUGIN, *which, "-o", "csv") == "plugin_id,state\nplugin-slack,ENABLED\n"
        assert ids(four, "-p", "state=DISABLED") == []

    def test_deregister(self, four):
        assert four.output("exec", "deregister", PLUGIN, "-p", "plugin_id=plugin-slack") == "---\n{}\n"
        assert ids(four) == ["plugin-aws-sns", "plugin-bare", "plugin-grafana"]

    @pytest.mark.parametrize("form", VERSIONS)
    def test_get_versions(self, four, form):
        answer = four.output("exec", "get_versions", PLUGIN, "-p", "plugin_id=plugin-slack", "-o", form)
        assert answer == VERSIONS[form]

    def test_domains_are_kept_apart(self, four):
        """The configuration's token leads to the plugins; a call can name another domain."""
        assert len(ids(four)) == 4
        assert ids(four, "-p", "domain_id=domain-of-nobody") == []


class TestList:
    @pytest.mark.parametrize(
        ("args", "expected"),
        [
            ([], ["aws-sns", "bare", "grafana", "slack"]),
            (["-s", "-name"], ["slack", "grafana", "bare", "aws-sns"]),
            (["-s", "-plugin_id", "-l", "1"], ["slack"]),
            (["-l", "3"], ["aws-sns", "bare", "grafana"]),
            (["-l", "3", "--page", "2"], ["slack"]),
            (["-l", "3", "--page", "3"], []),
            (["-p", "provider=aws"], ["aws-sns"]),
            (["-p", "service_type=monitoring.Webhook"], ["aws-sns", "grafana"]),
            (["-p", "plugin_id=plugin-slack", "-p", "state=ENABLED"], ["slack"]),
            (["-p", "plugin_id=plugin-slack", "-p", "state=DISABLED"], []),
            (["-p", "query.keyword=A"], ["aws-sns", "bare", "grafana", "slack"]),
            (["-p", "query.keyword=AW"], ["aws-sns"]),
            (["-j", '{"query": {"keyword": "graf"}}'], ["grafana"]),
            (["-j", '{"query": {"filter": [{"k": "name", "v": ["Slack", "Bare"], "o": "in"}]}}'], ["bare", "slack"]),
        ],
    )
    def test_which_rows_in_which_order(self, four, args, expected):
        assert ids(four, *args) == [f"plugin-{name}" for name in expected]

    def test_todays_name_of_a_filter_is_translated(self, four):
        result = four.run("list", PLUGIN, "-c", "name", "-o", "quiet", "-p", "resource_type=monitoring.Webhook")
        assert (result.code, result.stdout, result.stderr) == (0, "AWS SNS\nGrafana\n", TRANSLATED)

    def test_rows_are_counted_before_paging(self, four):
        assert four.output("list", PLUGIN, "-c", "name", "-l", "2").endswith("\n\n Count: 2 / 4\n")

    def test_count_only(self, four):
        answer = json.loads(four.output("list", PLUGIN, "-p", "query.count_only=true", "-o", "json"))
        assert answer == {"results": [], "total_count": 4}

    def test_minimal(self, four):
        rows = json.loads(four.output("list", PLUGIN, "-m", "-o", "json"))["results"]
        assert rows[0] == {
            "plugin_id": "plugin-aws-sns",
            "name": "AWS SNS",
            "image": "cloudforet/plugin-aws-sns",
            "state": "ENABLED",
            "service_type": "monitoring.Webhook",
            "provider": "aws",
            "registry_type": "DOCKER_HUB",
        }

    @pytest.mark.parametrize("args", [["-a"], []])
    def test_all_fields(self, four, args):
        first = json.loads(four.output("list", PLUGIN, *args, "-o", "json"))["results"][0]
        assert first == json.loads(four.output("get", PLUGIN, "-p", "plugin_id=plugin-aws-sns", "-o", "json"))

    @pytest.mark.parametrize(
        ("column", "expected"),
        [
            ("tags.icon", ["a.svg", "", "g.svg", "s.svg"]),
            ("tags.spaceone:plugin_name", ["", "", "Grafana", ""]),
            ("repository_info.name", ["local"] * 4),
            ("labels.0", ["AWS SNS", "", "Grafana", "Slack"]),
            ("labels.1", ["example", "", "example", "example"]),
            ("provider", ["aws", "", "grafana", "slack"]),
            ("registry_url", ["registry.hub.docker.com"] * 4),
        ],
    )
    def test_columns(self, four, column, expected):
        lines = four.output("list", PLUGIN, "-c", f"name,{column}|Value", "-o", "csv").splitlines()
        names = ["AWS SNS", "Bare", "Grafana", "Slack"]
        assert lines == ["name,Value", *(f"{name},{value}" for name, value in zip(names, expected, strict=True))]

    def test_sorting_by_an_alias(self, four):
        printed = four.output("list", PLUGIN, "-c", "plugin_id|ID,name", "-s", "-ID", "-l", "1", "-o", "csv")
        assert printed == "ID,name\nplugin-slack,Slack\n"

    @pytest.mark.parametrize("form", TWO_OF_FOUR)
    def test_every_format(self, four, form):
        printed = four.output("list", PLUGIN, "-c", "plugin_id|ID,provider", "-l", "2", "-o", form)
        assert printed == TWO_OF_FOUR[form]

    @pytest.mark.parametrize("form", EMPTY)
    def test_an_empty_list_is_no_error(self, client, form):
        assert client.output("list", PLUGIN, "-c", "name", "-o", form) == EMPTY[form]

    def test_repositories(self, client, repository):
        columns = "repository_id,name,repository_type"
        printed = client.output("list", "repository.Repository", "-c", columns, "-o", "csv")
        assert printed == f"repository_id,name,repository_type\n{repository.repository_id},local,local\n"


def test_api_resources(client):
    resources = json.loads(client.output("api-resources", "-o", "json"))["results"]
    assert [(resource["name"], resource["short_names"], ", ".join(resource["verbs"])) for resource in resources] == [
        ("repository.Health", [], "Check, Watch"),
        (
            "repository.Plugin",
            ["plugin"],
            "register, update, deregister, enable, disable, get_versions, get, list, stat",
        ),
        ("repository.Policy", [], "create, update, delete, get, list, stat"),
        ("repository.Repository", ["repo", "repository"], "register, update, deregister, get, list, stat"),
        ("repository.Schema", [], "create, update, delete, get, list, stat"),
        ("repository.ServerInfo", [], "get_version"),
    ]


@pytest.mark.parametrize("info", ["core.ServerInfo", "repository.ServerInfo"])
def test_health_and_version(spacectl, repository, info):
    endpoint = ("--endpoint", repository.url)
    assert spacectl.output(*endpoint, "exec", "Check", "grpc.health.v1.Health") == "---\nstatus: SERVING\n"
    assert spacectl.output(*endpoint, "exec", "get_version", info) == '---\nversion: "1.12.5"\n'
