"""`explain` against the real Repository services 1.12.5 and 2.x, its schemas in a real validator, its text on a terminal."""

import json

import jsonschema
import pytest
import yaml

from lab import EXAMPLES, HERE, SPACECTL, PythonClient, free_port, python_calls
from terminal import Terminal

PLUGIN = "repository.Plugin"
SNAPSHOTS = HERE.parent / "snapshots"

# What a Struct would round, so that the codec does not take it for one.
LONG = [2**63 - 1, 2**63, -(2**63), 2**64 - 1]

# What no schema can tell, and what needs a checker of formats.
BEYOND_A_SCHEMA = {
    "anything": LONG + [[number] for number in LONG],
    "list": [[number] for number in LONG],
    "long": [1e16],
    "big": [1e16],
    "longs": [[1e16]],
    "wrapped_long": [1e16],
    "at": ["2026-02-29T00:00:00Z"],
}


@pytest.fixture
def client(spacectl, repository, domain):
    return spacectl.configure(repository.url, domain)


@pytest.fixture
def either(spacectl, either_repository, domain):
    return spacectl.configure(either_repository.url, domain)


@pytest.fixture(scope="module")
def python(tmp_path_factory):
    """The Python client, and its calls in one process."""
    home = tmp_path_factory.mktemp("python")
    with python_calls(home) as calls:
        yield PythonClient(home), calls


def explained(client, *args):
    return json.loads(client.output("explain", *args, "-o", "json"))


def schema(client, *args):
    made = json.loads(client.output(*args, "--json-schema"))
    jsonschema.Draft7Validator.check_schema(made)
    return jsonschema.Draft7Validator(made)


def snapshot(name):
    """What stands behind the head of a snapshot of the Rust tests."""
    text = (SNAPSHOTS / f"schema__{name}.snap").read_text()
    return json.loads(text.split("---\n", 2)[2])


class TestTheRealService:
    def test_every_verb_of_every_resource(self, either):
        rows = json.loads(either.output("api-resources", "-o", "json"))["results"]
        assert {"Plugin", "Repository"} <= {row["resource"] for row in rows}
        for row in rows:
            name, verbs = row["name"], row["verbs"]
            assert [verb["verb"] for verb in explained(either, name)["verbs"]] == verbs
            for verb in verbs:
                told = explained(either, f"{name}.{verb}")
                text = either.output("explain", f"{name}.{verb}")
                for field in told["request"]["fields"] + told["response"]["fields"]:
                    assert f"\n  {field['name']} " in text
                schema(either, "explain", f"{name}.{verb}")
                yaml.safe_load(either.output("explain", f"{name}.{verb}", "--skeleton"))

    def test_the_skeleton_of_register_filled_in_registers(self, either):
        skeleton = either.output("explain", f"{PLUGIN}.register", "--skeleton")
        kind = "service_type" if "service_type" in skeleton else "resource_type"
        assert yaml.safe_load(skeleton) == {"name": "", kind: "", "image": ""}
        filled = (
            skeleton.replace('\nname: ""', "\nname: Slack")
            .replace(f'\n{kind}: ""', f"\n{kind}: notification.Protocol")
            .replace('\nimage: ""', "\nimage: cloudforet/plugin-slack")
            .replace('\n#provider: ""', "\nprovider: slack")
        )
        answer = either.output("exec", "register", PLUGIN, "-f", "-", stdin=filled)
        plugin = yaml.safe_load(answer)
        assert (plugin["plugin_id"], plugin["provider"]) == ("plugin-slack", "slack")

    @pytest.mark.parametrize(
        "name",
        [f"Plugin.{verb}" for verb in ("register", "update", "deregister", "enable", "disable", "get_versions", "get")]
        + [f"Repository.{verb}" for verb in ("register", "update", "deregister", "get")]
        + [f"Schema.{verb}" for verb in ("create", "update", "delete", "get", "list")]
        + [f"Policy.{verb}" for verb in ("create", "update", "delete", "get", "list")],
    )
    def test_what_is_required_is_what_is_asked_for(self, spacectl, python, repository, domain, name):
        self.check_required(spacectl, python, repository.url, domain, name)

    @pytest.mark.parametrize(
        "name",
        [f"Plugin.{verb}" for verb in ("register", "update", "deregister", "enable", "disable", "get_versions", "get")],
    )
    def test_what_is_required_by_the_second_generation(self, spacectl, python, repository_2, domain, name):
        self.check_required(spacectl, python, repository_2.url, domain, name)

    def check_required(self, client, python, url, domain, name):
        """The service refuses to go without it, as the Python client shows; this client does not ask it."""
        python_client, theirs = python
        for each in (client, python_client):
            each.configure(url, domain)
        resource, verb = name.split(".")
        fields = explained(client, f"repository.{name}")["request"]["fields"]
        needed = {field["name"]: field for field in fields if field.get("required")}
        assert needed

        def value(field):
            return {"any mapping": {"a": "b"}, "list of texts": ["a"]}.get(field["type"], "nope")

        for missing in needed:
            given = {key: value(field) for key, field in needed.items() if key != missing}
            call = ("exec", verb, f"repository.{resource}", "-j", json.dumps(given))
            result = client.run(*call)
            assert result.code == 2, result
            assert result.stderr.startswith(f"error: -j:1:1: {missing}: required, and missing\n"), result
            assert theirs(*call).strip() == f"ERROR: Required parameter. (key = {missing})"

    def test_what_a_list_does_not_need(self, either):
        for resource in ("Plugin", "Repository"):
            fields = explained(either, f"repository.{resource}.list")["request"]["fields"]
            assert not any(field.get("required") for field in fields)
            either.output("exec", "list", f"repository.{resource}")

    def test_the_bundled_description_where_the_service_is_away(self, spacectl):
        away = f"grpc://127.0.0.1:{free_port()}"
        result = spacectl.run("--endpoint", away, "explain", PLUGIN)
        assert result.code == 0
        assert result.stderr.startswith(f"warning: cannot connect to {away}")


class TestSchemas:
    def test_it_accepts_what_the_codec_accepts(self):
        """Each of many values in each kind of field: the codec's verdicts are the Rust tests'."""
        made, verdicts = snapshot("schema_of_kinds"), snapshot("what_the_codec_accepts")
        jsonschema.Draft7Validator.check_schema(made)
        validator = jsonschema.Draft7Validator(made)
        assert set(verdicts["accepted"]) == set(made["properties"])
        different = {}
        for field, accepted in verdicts["accepted"].items():
            for index, value in enumerate(verdicts["values"]):
                if validator.is_valid({field: value}) != (index in accepted):
                    assert index not in accepted, (field, value)
                    different.setdefault(field, []).append(value)
        assert different == BEYOND_A_SCHEMA
        for request in verdicts["requests"]:
            assert validator.is_valid(request["value"]) == request["accepted"], request

    def test_the_examples_of_the_second_generation(self, spacectl):
        validator = schema(spacectl, "-e", "local", "explain", f"{PLUGIN}.register")
        examples = [yaml.safe_load(file.read_text()) for file in EXAMPLES.glob("*.yml")]
        examples = [example for example in examples if "resource_type" in example]
        assert len(examples) == 8
        for example in examples:
            validator.validate(example)
            assert not validator.is_valid({**example, "imge": "x"})
            assert not validator.is_valid({**example, "name": 1})
            assert not validator.is_valid({**example, "registry_type": "DOCKER"})
            for needed in ("name", "resource_type", "image"):
                assert not validator.is_valid({key: value for key, value in example.items() if key != needed})

    def test_the_examples_of_the_first_generation(self, client):
        validator = schema(client, "explain", f"{PLUGIN}.register")
        files = [file for file in EXAMPLES.glob("*.yml") if "\nservice_type:" in file.read_text()]
        assert [file.name for file in files] == ["plugin_slack_notification_protocol.yml"]
        example = yaml.safe_load(files[0].read_text())
        validator.validate(example)
        assert not validator.is_valid({**example, "docs": {}})


class TestOnATerminal:
    def lines(self, tmp_path, **variables):
        command = [SPACECTL, "-e", "local", "explain", f"{PLUGIN}.enable"]
        terminal = Terminal(command, tmp_path, columns=120, rows=60, **variables)
        try:
            assert terminal.wait_for_end() == 0
            return terminal.raw.decode()
        finally:
            terminal.end()

    def test_headings_are_bold_and_nothing_else(self, tmp_path):
        raw = self.lines(tmp_path)
        assert "\x1b[1mREQUEST:\x1b[0m PluginRequest" in raw
        assert raw.count("\x1b[1m") == raw.count("\x1b[") / 2 == 5

    def test_without_colour_there_is_no_style(self, tmp_path):
        assert "\x1b" not in self.lines(tmp_path, NO_COLOR="1")
