"""Verb by verb and flag by flag, the same command at the real Repository services 1.12.5 and 2.x and at `local serve`: what
comes out is the same. `test_every_flag.py` sees to it that no flag is forgotten.

Different are, because the services are:

- a few fields: today's `resource_type` was `service_type`, `docs` was `template`, and plugins had a `project_id`; each
  service's own order of fields is kept;
- what there is to call: the second generation has no `stat`, and but one verb of repositories; no generation of this
  service has `analyze`, which `tests/verbs.rs` and `test_platform.py` try with services that do;
- the words of some refusals, and what an image registry knows: `local serve` asks none;
- reflection, of which the real services know the older version only;
- whose call it is: the real services ask an identity service, `local serve` belongs to whoever can reach it.
"""

import json
import re
import shlex
import signal
import subprocess
from dataclasses import dataclass

import pytest
import yaml

import lab
from lab import PythonClient, Server, Spacectl, local_serve

PLUGIN = "repository.Plugin"
DOMAIN = "domain-both-worlds"
ROWS = [
    {"name": "AWS SNS", "provider": "aws", "tags": {"icon": "a.svg", "long": "x" * 200}, "labels": ["chat"]},
    {"name": "Bare"},
    {"name": "Grafana", "provider": "grafana", "tags": {"icon": "g.svg"}},
    {"name": "Slack", "provider": "slack", "labels": ["chat", "noti"]},
]
FILES = {
    "columns.yml": "template: {list: [plugin_id|ID, tags.icon|Icon]}",
    "aws.yml": "provider: aws",
    "slack.yml": "plugin_id: plugin-slack",
    "providers.yml": "query: {aggregate: [{group: {keys: [{key: provider, name: provider}], "
    "fields: [{operator: count, name: n}]}}, {sort: {key: n, desc: true}}]}",
    "theirs/environment.yml": "environment: theirs",
    "theirs/environments/theirs.yml": "api_key: their-key",
    "ids.yml": "{plugin_id: plugin-one}\n---\n{plugin_id: plugin-two}",
    "specs/one.yml": "{name: One, OTHER: a.B, image: x/plugin-one}",
    "specs/two.yml": "{name: Two, OTHER: a.B, image: x/plugin-two}",
}


@dataclass
class World:
    """A service, and a client that is configured for it."""

    name: str
    server: Server
    client: Spacectl
    # What the service calls a plugin's type, and what the other one calls it.
    own: str
    other: str

    def write(self, token):
        """Puts the files that the commands name into the client's home."""
        for name, content in {**FILES, "key.txt": token}.items():
            file = self.client.home / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content.replace("OTHER", self.other))
            file.chmod(0o600)
        return self

    def run(self, line):
        """Runs what stands in the line: in it, URL is the service's endpoint, OWN and OTHER the names of the type;
        what is read from standard input is the token."""
        for word in ("OWN", "OTHER"):
            line = line.replace(word, getattr(self, word.lower()))
        words = shlex.split(line.replace("URL", self.server.url))
        return self.client.run(*words, stdin=(self.client.home / "key.txt").read_text())

    def seen(self, text):
        """The text with those words again, and without what differs from run to run."""
        # A column is as wide as its name.
        if self.own in text and " | " in text:
            text = re.sub("(-|  )+", lambda run: run[0][0], text).replace(" ", "")
        text = text.replace(self.server.url, "URL").replace(str(self.client.home), "HOME")
        text = re.sub(rf"\b{self.own}\b", "OWN", text)
        text = re.sub(rf"\b{self.other}\b", "OTHER", text)
        text = re.sub(r"\b(1\.12\.5|2\.0\.(dev)?\d+)\b", "VERSION", text)
        # The generations' names for messages, too.
        text = re.sub(r"\b\w+Request\b", "REQUEST", text)
        return re.sub(r"\b[\d.]+ ms\b", "N ms", text)


def every(repository, repository_2, served, folder, token):
    """The services, and clients that are not configured yet; the token is in a file."""
    worlds = [
        World("1.12.5", repository, Spacectl(folder / "real"), "service_type", "resource_type"),
        World("2.x", repository_2, Spacectl(folder / "real-2"), "resource_type", "service_type"),
        World("local serve", served, Spacectl(folder / "local"), "resource_type", "service_type"),
    ]
    return [world.write(token) for world in worlds]


@pytest.fixture(scope="module")
def worlds(repository, repository_2, tmp_path_factory):
    """The services with the same plugins."""
    folder = tmp_path_factory.mktemp("both")
    with local_serve(folder / "plugins.db") as served:
        worlds = every(repository, repository_2, served, folder, DOMAIN)
        for world in worlds:
            world.client.configure(world.server.url, DOMAIN)
            specs = [{"image": f"x/plugin-{row['name'].lower().replace(' ', '-')}", world.own: "a.B", **row} for row in ROWS]
            (world.client.home / "rows.yml").write_text(yaml.safe_dump_all(specs))
            world.client.output("-q", "exec", "register", PLUGIN, "-f", "rows.yml", "-o", "csv")
        yield worlds


@pytest.fixture
def empty(repository, repository_2, domain, tmp_path):
    """The services without plugins."""
    with local_serve(tmp_path / "plugins.db") as served:
        yield every(repository, repository_2, served, tmp_path, domain)


def alike(worlds, line):
    """Runs the line in each world, where it does the same; what that is."""
    first, *others = (
        lab.Result(result.code, world.seen(result.stdout), world.seen(result.stderr))
        for world, result in ((world, world.run(line)) for world in worlds)
    )
    for other in others:
        assert first == other
    return first


def check(worlds, line, part, code=0):
    result = alike(worlds, line)
    assert result.code == code, result
    assert part in result.stdout + result.stderr, result
    return result


# A command; what it prints, in part; its exit code if that is not 0.
LISTS = [
    ("list repository.Plugin", "OWN"),
    ("list repository.Plugin -c plugin_id,name", " plugin-slack   | Slack\n\n Count: 4 / 4\n"),
    ("list repository.Plugin --columns 'plugin_id|ID,tags.icon' -o csv", "ID,tags.icon\nplugin-aws-sns,a.svg\n"),
    ("list repository.Plugin -c 'labels.1,name' -o json", '"labels.1": "noti"'),
    ("list repository.Plugin -c name --output yaml", "- name: Slack\ntotal_count: 4\n"),
    ("list repository.Plugin -c name -o quiet", "AWS SNS\nBare\nGrafana\nSlack\n"),
    ("list repository.Plugin -c name,tags --wide", "x" * 200),
    ("list repository.Plugin -o name", "plugin-aws-sns\nplugin-bare\n"),
    ("list repository.Plugin -o quiet -l 1", "plugin-aws-sns\n"),
    ("list repository.Plugin -c name -o markdown -l 1", "| name |\n| --- |\n| AWS SNS |\n\nCount: 1 / 4\n"),
    ("list repository.Plugin -c name --no-headers -l 1", " AWS SNS\n"),
    ("list repository.Plugin -c name -o csv --bom --csv-safe -l 1", "\ufeffname\nAWS SNS\n"),
    ("list repository.Plugin -o json --bom", "--bom is an option of -o csv", 2),
    ("list repository.Plugin -c name --color always -l 1", "\x1b[1m name\x1b[0m\n"),
    ("list repository.Plugin -t columns.yml", " ID             | Icon\n"),
    ("list repository.Plugin --template columns.yml -o json", '"Icon": "a.svg"'),
    ("list repository.Plugin -t nowhere.yml", "nowhere.yml", 1),
    ("list repository.Plugin -c name -o quiet -l 3", "AWS SNS\nBare\nGrafana\n"),
    ("list repository.Plugin -c name -o quiet --limit 3 --page 2", "Slack\n"),
    ("list repository.Plugin -c name -o quiet --limit 3 --page 3", ""),
    ("list repository.Plugin -c name -o quiet --page-size 1", "AWS SNS\nBare\nGrafana\nSlack\n"),
    ("list repository.Plugin -c name -o jsonl --page-size 3 -l 2", '{"name":"AWS SNS"}\n{"name":"Bare"}\n'),
    ("list repository.Plugin --page-size 2 -l 2 --page 2", "cannot be used with", 2),
    ("list repository.Plugin -c name -o quiet -s -name -l 2", "Slack\nGrafana\n"),
    ("list repository.Plugin -c 'name|N' -o csv --sort N -l 1", "N\nAWS SNS\n"),
    ("list repository.Plugin -c name -o quiet -p provider=aws", "AWS SNS\n"),
    ("list repository.Plugin -c name -o quiet --parameter OTHER=a.B -l 1", "AWS SNS\n"),
    ("list repository.Plugin -c name -o quiet --strict -p OTHER=a.B", "-p OTHER: PluginQuery has no such field", 2),
    ("list repository.Plugin -c name -o quiet --strict -p OWN=a.B -l 1", "AWS SNS\n"),
    ("""list repository.Plugin -c name -o quiet -j '{"provider": "slack"}'""", "Slack\n"),
    ("list repository.Plugin -c name --json-parameter {", "error: -j:1:1: not JSON", 2),
    ("list repository.Plugin -c name -o quiet -f aws.yml", "AWS SNS\n"),
    ("list repository.Plugin -c name -o quiet --file-parameter aws.yml -p provider=grafana", "Grafana\n"),
    ("list repository.Plugin -c name -o quiet --filter 'name~a' --filter 'provider~a'", "AWS SNS\nGrafana\nSlack\n"),
    ("list repository.Plugin -c name -o quiet --filter-any name=Bare --filter-any provider=aws", "AWS SNS\nBare\n"),
    ("list repository.Plugin -c name -o quiet --search graf", "Grafana\n"),
    ("list repository.Plugin --filter nmae=x", "did you mean name?", 2),
    ("list repository.Plugin -c name --api-version v1 -o quiet -l 1", "AWS SNS\n"),
    ("list repository.Plugin --api-version v9", "has no version v9 of repository.Plugin", 2),
    ("list repository.Plugin -c name -l 2 --filter 'name~a' --dry-run", "method: /spaceone.api.repository.v1.Plugin/list"),
    ("list repository.Plugin -m -a", "cannot be used with", 2),
    ("list repository.Plugin --page 2", "--limit <N>", 2),
    ("list repository.Plugin -l 0", "not a number from 1 to ", 2),
    ("list repository.Plugin -t columns.yml -o quiet", "-o quiet prints one column, but there are 2", 2),
    ("list repository.Plugin -p query.sort={key: nope} -c name", "unexpected argument", 2),
    ("list repository.Plugin -p 'query.filter=[{k: nope, v: 1, o: eq}]' -c name", 'Cannot resolve field "nope"', 77),
]
# What is short for a verb of plugins.
SHORT = [
    *((line.replace("list repository.Plugin", "plugin list"), *rest) for line, *rest in LISTS),
    ("plugin list -m -c name", "cannot be used with", 2),
    ("plugin list --minimal -c name", "cannot be used with", 2),
    ("plugin list --all -c name", "cannot be used with", 2),
    ("plugin list -p state=DISABLED", "NO DATA\n"),
    ("plugin get plugin-slack -c name,labels", "name: Slack\nlabels:\n- chat\n- noti\n"),
    ("plugin get plugin-aws-sns --columns tags --output table --wide", "x" * 200),
    ("plugin get plugin-slack -c name -o csv --bom --csv-safe --no-headers", "\ufeffSlack\n"),
    ("plugin get nope", "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = nope)", 67),
    ("plugin deregister plugin-slack", "--yes", 2),
]
NAMES = [
    *((f"list {name} -c name -o quiet -l 1", "AWS SNS\n") for name in ("plugin", "Plugins", "repository.plugin", "PLUGIN")),
    ("list repositories.plugins -c name -o quiet -l 1", "AWS SNS\n"),
    ("list repository.Plugn", "did you mean repository.Plugin?", 2),
    ("list nothing.Plugin", "the service `nothing` has no endpoint", 2),
    ("exec watch repository.Health --limit 1", "---\nstatus: SERVING\n"),
    ("exec get-versions plugin --dry-run -p plugin_id=x", "/spaceone.api.repository.v1.Plugin/get_versions"),
    ("exec Disable plugin --dry-run -p plugin_id=x", "/spaceone.api.repository.v1.Plugin/disable"),
    ("exec create plugin -p name=x", "did you mean register?", 2),
]
READS = [
    ("get repository.Plugin -p plugin_id=plugin-slack -c name,labels", "name: Slack\nlabels:\n- chat\n- noti\n"),
    ("get repository.Plugin -f slack.yml --columns name --output json", '"name": "Slack"'),
    ("""get repository.Plugin --strict -j '{"plugin_id": "plugin-slack"}' -c name -o csv""", "name\nSlack\n"),
    ("get repository.Plugin -p plugin_id=plugin-aws-sns -c tags -o table --wide", "x" * 200),
    ("get repository.Plugin -p plugin_id=plugin-slack -c state -o quiet --api-version v1", "ENABLED\n"),
    ("get repository.Plugin -p plugin_id=plugin-slack --dry-run -o json", '"plugin_id": "plugin-slack"'),
    ("get repository.Plugin -p plugin_id=plugin-slack -c name -o csv --bom --csv-safe --no-headers", "\ufeffSlack\n"),
    ("get repository.Plugin -p plugin_id=plugin-slack -o name", "plugin-slack\n"),
    ("get repository.Plugin -p plugin_id=nope", "ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = nope)", 67),
    ("get repository.Plugin", "error: plugin_id: required, and missing", 2),
    ("get repository.Plugin -p plugin=x", "did you mean plugin_id?", 2),
    ("exec list repository.Plugin -p provider=aws -c name -o csv --bom --csv-safe --no-headers", "\ufeffAWS SNS\n"),
    ("exec list repository.Plugin -p provider=aws -c name -o table", " name\n---------\n AWS SNS\n"),
    ("--endpoint URL exec Check grpc.health.v1.Health", "status: SERVING\n"),
    ("--endpoint URL exec Watch grpc.health.v1.Health -c status -o quiet --timeout 1s", "SERVING\n", 68),
    ("--endpoint URL exec Watch grpc.health.v1.Health --dry-run", "method: /grpc.health.v1.Health/Watch"),
]
# Of what both services have word for word.
EXPLAINED = [
    ("--endpoint URL explain grpc.health.v1.Health", "Watch"),
    ("--endpoint URL explain grpc.health.v1.Health.Check --depth 0", "values: UNKNOWN, SERVING"),
    ("--endpoint URL explain grpc.health.v1.Health.Check -o json --api-version v1", '"SERVING"'),
    ("--endpoint URL explain grpc.health.v1.Health.Check.service --output yaml", "service"),
    ("--endpoint URL explain grpc.health.v1.Health.Check --skeleton", '#service: ""'),
    ("--endpoint URL explain grpc.health.v1.Health.Check --json-schema", '"title": "grpc.health.v1.Health.Check"'),
    ("explain repository.Plugin.regster", "did you mean register?", 2),
    ("explain repository.Plugin.register.imge", "did you mean image?", 2),
]
ABOUT = [
    ("api-resources --service nothing", 'there is no service "nothing"', 2),
    ("exec Check repository.Health -o json", '"status": "SERVING"'),
    ("config show", 'api_key: "********"'),
    ("config show --output json", '"api_key": "********"'),
    ("config get api_key --show-secrets", f"{DOMAIN}\n"),
    ("config environment --output csv", "lab"),
    ("config list --output csv", "lab"),
    ("config current", "lab\n"),
    ("config endpoint show -o csv", "repository,URL"),
    ("config environment", "lab (current)\n"),
    ("--environment lab list repository.Plugin -c name -o quiet -l 1", "AWS SNS\n"),
    ("-e nowhere list repository.Plugin", "nowhere", 1),
    ("--error-format json get repository.Plugin -p plugin_id=nope", '"code":"INVALID_ARGUMENT"', 67),
    ("--error-format json list repository.Plugin -p OTHER=x", "is called OWN by this service"),
    ("--quiet list repository.Plugin -p OTHER=x", "NO DATA\n"),
    ("list repository.Plugin -c name --domain-id d --workspace-id w --dry-run", "x_domain_id: d\n  x_workspace_id: w\n"),
]


@pytest.mark.parametrize("case", LISTS + SHORT + NAMES + READS + EXPLAINED + ABOUT, ids=lambda case: case[0])
def test_alike(worlds, case):
    result = check(worlds, *case)
    if case[1] == "":
        assert result.stdout == ""


# From nothing to nothing: each command leaves something for those below it.
LIFE = [
    ("config init -e lab --service repository=URL --api-key-file key.txt", "lab is the current environment"),
    ("config init -e sh --service repository=URL --api-key-command 'cat key.txt'", "sh is the current environment"),
    ("config init -e in --service repository=URL --api-key -", "in is the current environment"),
    ("config import theirs --from python -e in", "in", 1),
    ("config import theirs --from python -e theirs --force", "theirs"),
    ("config get api_key -e theirs --show-secrets", "their-key\n"),
    ("config environment --remove theirs", "theirs"),
    ("exec register repository.Plugin -f specs -c plugin_id -o quiet", "plugin-one\nplugin-two\n"),
    ("exec register repository.Plugin --file-parameter specs/one.yml", "ERROR_SAVE_UNIQUE_VALUES", 70),
    ("exec register plugin -f specs --parallel 1", "registered 0, rejected 1, not sent 1\n", 70),
    ("exec register plugin -f specs --keep-going --parallel 2", "registered 0, rejected 2\n", 70),
    ("exec enable plugin -f ids.yml -c plugin_id -o quiet", "plugin-one\nplugin-two\n"),
    ("exec register repository.Plugin --strict -f specs/one.yml", "did you mean OWN?", 1),
    ("exec register repository.Plugin -p name=x", "error: OWN: required, and missing", 2),
    ("exec update plugin -p plugin_id=plugin-one -p tags.icon=i -p labels=[a] -c tags,labels", "icon: i\n"),
    ("""exec update plugin -j '{"plugin_id": "plugin-one", "name": "New"}' --columns name -o table --wide""", " New\n"),
    ("exec disable plugin --parameter plugin_id=plugin-one -c state -o quiet", "DISABLED\n"),
    ("list plugin -p state=DISABLED -c name -o quiet", "New\n"),
    ("exec enable plugin --json-parameter '{plugin_id: plugin-one}'", "not JSON", 2),
    ("""exec enable plugin --json-parameter '{"plugin_id": "plugin-one"}' -c state --output csv""", "state\nENABLED\n"),
    ("plugin disable plugin-one plugin-two plugin-one", "plugin-one disabled\nplugin-two disabled\n"),
    ("list plugin -p state=DISABLED -c plugin_id -o quiet", "plugin-one\nplugin-two\n"),
    ("plugin enable plugin-one", "plugin-one enabled\n"),
    ("plugin enable plugin-two --output json", '"result": "enabled"'),
    ("plugin disable plugin-two -o yaml", "---\nplugin_id: plugin-two\nresult: disabled\n"),
    ("plugin enable plugin-two", "plugin-two enabled\n"),
    ("plugin export --dir out --label a", "plugin-one exported out/plugin-one.yml\n"),
    ("exec register plugin -f out/plugin-one.yml --dry-run", "image: x/plugin-one\n"),
    ("plugin export --dir out --filter name=Two --force --output json", '"result": "exported"'),
    ("plugin get plugin-two -o spec", "image: x/plugin-two\n"),
    ("plugin deregister plugin-one --yes --output yaml", "---\nplugin_id: plugin-one\nresult: deregistered\n"),
    ("exec register repository.Plugin -f specs/one.yml -c plugin_id -o quiet", "plugin-one\n"),
    ("exec deregister plugin --api-version v1 -p plugin_id=plugin-one --yes", "---\n{}\n"),
    ("exec deregister plugin -p plugin_id=plugin-two --dry-run", "/spaceone.api.repository.v1.Plugin/deregister"),
    ("list plugin -c plugin_id -o quiet --search w", "plugin-two\n"),
    ("template set repository.Plugin -c name", "repository.Plugin"),
    ("list plugin --search Two", " name\n--------\n Two\n"),
    ("template set plugin --file columns.yml", "repository.Plugin"),
    ("list plugin --search Two", " ID         | Icon\n"),
    ("template remove plugin", "repository.Plugin"),
    ("list plugin --search Two", "OWN"),
    ("config alias set p repository.Plugin", "repository.Plugin"),
    ("config alias list -o csv", "p,repository.Plugin"),
    ("config alias list --all -o csv", "plugin,repository.Plugin"),
    ("list p -c name -o quiet --search Two", "Two\n"),
    ("config alias remove p", "p"),
    ("config set x_workspace_id wrong", "x_workspace_id"),
    ("config get x_workspace_id", "wrong\n"),
    ("config remove x_workspace_id", "x_workspace_id"),
    ("list plugin -c name -o quiet --search Two", "Two\n"),
    ("config endpoint add identity URL", "identity"),
    ("config get endpoints.identity", "URL\n"),
    ("config endpoint remove identity", "identity"),
    ("config environment --switch lab", "lab"),
    ("config use lab", "lab"),
    ("config environment --remove sh", "sh"),
    ("exec deregister plugin -p plugin_id=plugin-two", "---\n{}\n"),
]


def test_a_life(empty):
    for case in LIFE:
        check(empty, *case)


# -- what is told ---------------------------------------------------------------------------------------------------

TOLD = [
    "list repository.Plugin -c name -p OTHER=a.B -l 1 -o quiet",
    "list repository.Plugin -c name -p OTHER=a.B -l 1 -o quiet -q",
    "list repository.Plugin -c name -p OTHER=a.B -l 1 -o quiet -v",
    "list repository.Plugin -c name -p OTHER=a.B -l 1 -o quiet -vv",
]


def test_each_translates_the_others_word_and_tells_as_much_as_is_wanted(worlds):
    plain, quiet, verbose, more = ([world.run(line) for world in worlds] for line in TOLD)
    assert {result.stdout for result in plain + quiet + verbose + more} == {"AWS SNS\n"}
    assert all(result.stderr == "" for result in quiet)
    for world, *results in zip(worlds, plain, verbose, more, strict=True):
        note, steps, messages = (world.seen(result.stderr).splitlines() for result in results)
        assert note == ["note: OTHER is called OWN by this service: translated"]
        assert note[0] in steps and note[0] in messages
        # Which version of reflection it is, and how much comes back, is each service's own.
        sent = [line for line in steps if line.startswith("trace: send ")]
        assert sent == ["trace: send /spaceone.api.repository.v1.Plugin/list to URL, 17 bytes, token: ********"]
        assert any(line.startswith("trace: connected to URL in ") for line in steps)
        assert any(line.startswith("trace: URL answered OK, ") for line in steps)
        assert not any(line.startswith("trace: request ") for line in steps)
        assert 'trace: request {"query":{"page":{"limit":1},"only":["name"]},"OWN":"a.B"}' in messages
        assert DOMAIN not in "".join(steps + messages), "the token"


# -- what each service has of its own -------------------------------------------------------------------------------

# Of the description of plugins, what one generation has and the other lacks, or what each service decides itself.
UNLIKE = {"template", "project_id", "docs", "domain_id", "repository_info", "registry_config", "created_at", "updated_at"}
WHOLE = [
    ("list repository.Plugin --all -o json", 4),
    ("list repository.Plugin -a --output json --search slack", 1),
    ("list repository.Plugin -o json", 4),
    ("list repository.Plugin -m -o json", 4),
    ("list repository.Plugin --minimal -l 1 -o json", 1),
]


@pytest.mark.parametrize(("line", "count"), WHOLE)
def test_rows_are_alike_but_for_the_generations_fields(worlds, line, count):
    answers = []
    for world in worlds:
        result = world.run(line)
        assert (result.code, result.stderr) == (0, "")
        rows = json.loads(world.seen(result.stdout))["results"]
        answers.append([{key: value for key, value in row.items() if key not in UNLIKE} for row in rows])
    assert answers[0] == answers[1] == answers[2]
    assert len(answers[0]) == count
    assert {"plugin_id", "OWN", "image"} <= set(answers[0][0])


RESOURCES = ["api-resources -o json", "api-resources --service repository --columns resource --output quiet"]


def test_what_there_is_to_call(worlds):
    real, real_2, served = (
        {row["name"]: row["verbs"] for row in json.loads(world.run(RESOURCES[0]).stdout)["results"]}
        for world in worlds
    )
    dashboard_templates = real_2.pop("repository.DashboardTemplate")
    assert real_2 == served
    real_2["repository.DashboardTemplate"] = dashboard_templates
    assert set(real) - set(served) == {"repository.Policy", "repository.Schema"}
    assert set(served) <= set(real)
    assert {name: set(real[name]) - set(served[name]) for name in served} == {
        "repository.Health": set(),
        "repository.ServerInfo": set(),
        "repository.Plugin": {"stat"},
        "repository.Repository": {"register", "update", "deregister", "get", "stat"},
    }
    for world, offered in zip(worlds, (real, real_2, served), strict=True):
        assert world.run(RESOURCES[1]).stdout.split() == sorted(name.partition(".")[2] for name in offered)


# What the first generation answers; the second has no such verb, whatever it is asked.
STAT = [
    ("stat repository.Plugin -f providers.yml -o csv -l 1 --page 1", "provider,n\n"),
    ("stat repository.Plugin --file-parameter providers.yml --columns n --limit 3 --wide", " n"),
    ("stat repository.Plugin -f providers.yml -o csv --bom --csv-safe --no-headers", "aws,1\n"),
    ("stat repository.Plugin -f providers.yml -o chart", "n\n"),
    ("stat repository.Plugin -p distinct=provider -o quiet --filter 'name~s' --strict", "aws\nslack\n"),
    ("""stat repository.Plugin -j '{"query": {"distinct": "state"}}' --output quiet""", "ENABLED\n"),
    ("stat repository.Plugin --parameter distinct=name --filter-any name=Bare -o csv", "Values\nBare\n"),
    ("""stat repository.Plugin --json-parameter '{}' --dry-run --search x --api-version v1""", "Plugin/stat"),
]


@pytest.mark.parametrize(("line", "part"), STAT)
def test_statistics_where_there_are_some(worlds, line, part):
    real, *second = worlds
    result = real.run(line)
    assert result.code == 0 and part in result.stdout, result
    for world in second:
        result = world.run(line)
        assert (result.code, result.stdout) == (2, "")
        assert world.seen(result.stderr).startswith("error: repository.Plugin at URL has no verb stat")


# No Repository service has it, whatever it is asked.
ANALYZE = [
    "analyze repository.Plugin -p query.group_by=[provider]",
    "analyze repository.Plugin -j '{}' -c n -l 1 --page 2 --wide -o csv",
    "analyze repository.Plugin -j '{}' -o csv --bom --csv-safe --no-headers",
    "analyze repository.Plugin -f aws.yml --strict --dry-run --api-version v1",
    "analyze repository.Plugin --filter name=x --filter-any name=y --search z",
]


@pytest.mark.parametrize("line", ANALYZE)
def test_analysis_is_known_to_neither(worlds, line):
    for world in worlds:
        result = world.run(line)
        assert (result.code, result.stdout) == (2, "")
        assert world.seen(result.stderr).startswith("error: repository.Plugin at URL has no verb analyze\nhint: its verbs are ")


def test_a_skeleton_filled_in_registers_and_its_schema_asks_for_the_same(empty):
    for world in empty:
        assert world.run("config init -e lab --service repository=URL --api-key-file key.txt").code == 0
        skeleton = yaml.safe_load(world.seen(world.run("explain plugin.register --skeleton").stdout))
        assert skeleton == {"name": "", "OWN": "", "image": ""}
        schema = json.loads(world.seen(world.run("explain plugin.register --json-schema").stdout))
        assert sorted(schema["required"]) == sorted(skeleton)
        filled = {"name": "Filled", world.own: "a.B", "image": "x/plugin-filled"}
        (world.client.home / "filled.yml").write_text(yaml.safe_dump(filled))
        assert world.run("exec register plugin -f filled.yml -c plugin_id -o quiet").stdout == "plugin-filled\n"


# -- whose call it is -----------------------------------------------------------------------------------------------


def test_the_domain_and_the_workspace_of_a_call_reach_the_service(worlds):
    """1.12.5 takes a call's domain, 2.x the token's; `local serve` has one domain, and is anybody's."""
    real, real_2, served = worlds
    names = "list repository.Plugin -c name -o quiet"
    assert real.run(f"{names} --domain-id {DOMAIN}").stdout == "AWS SNS\nBare\nGrafana\nSlack\n"
    assert real.run(f"{names} --domain-id domain-of-nobody").stdout == ""
    assert real.run(f"{names} --workspace-id mine").stdout == "AWS SNS\nBare\nGrafana\nSlack\n"
    assert real.run(f"{names} --workspace-id wrong").code == 64 + 16
    assert real_2.run(f"{names} --domain-id domain-of-nobody").stdout == "AWS SNS\nBare\nGrafana\nSlack\n"
    disable = "exec disable repository.Plugin -p plugin_id=plugin-bare"
    assert real_2.run(f"{disable} --workspace-id mine").code == 64 + 7, "a workspace's owner may not"
    assert served.run(f"{names} --domain-id domain-of-nobody --workspace-id wrong").stdout.startswith("AWS SNS\n")


KEYS = {"1.12.5": "not asked for", "2.x": "accepted", "local serve": "not asked for"}
CHECKED = ["config check --all -o csv", "--endpoint URL list repository.Plugin -p plugin_id=x"]


def test_a_key_is_checked_where_the_service_asks_for_one(worlds):
    for world in worlds:
        result = world.run(CHECKED[0])
        assert (result.code, result.stdout.count(KEYS[world.name])) == (0, 1), result
        result = world.run(CHECKED[1])
        if world.name == "2.x":
            assert (result.code, result.stdout) == (64 + 16, "")
            assert "SPACECTL_API_KEY" in result.stderr
        else:
            assert (result.code, result.stdout) == (0, "NO DATA\n")


# -- time -----------------------------------------------------------------------------------------------------------

LIMITS = [
    ("list repository.Plugin --timeout 300ms", "cause: no answer within 300ms", 68),
    ("list repository.Plugin --endpoint SSL --connect-timeout 300ms", "300ms", 1),
]


@pytest.mark.parametrize(("line", "part", "code"), LIMITS)
def test_a_service_that_is_held_up_is_waited_for_as_long_as_is_said(worlds, line, part, code):
    try:
        for world in worlds:
            world.server.process.send_signal(signal.SIGSTOP)
        for world in worlds:
            result = world.run(line.replace("SSL", world.server.url.replace("grpc:", "grpc+ssl:")))
            assert (result.code, result.stdout) == (code, ""), result
            assert part in result.stderr
    finally:
        for world in worlds:
            world.server.process.send_signal(signal.SIGCONT)


WATCHED = [
    ("get repository.Plugin -p plugin_id=plugin-bare -c state -o quiet --watch 0.1", "ENABLED\n", "DISABLED\n"),
    ("list repository.Plugin -p state=DISABLED -c name -o quiet --watch=0.1", None, "Bare\n"),
    ("plugin list -p state=DISABLED -c name -o quiet --watch 100ms", None, "Bare\n"),
    ("plugin get plugin-bare -c state -o quiet --watch 100ms", "ENABLED\n", "DISABLED\n"),
]


@pytest.mark.parametrize(("line", "before", "after"), WATCHED)
def test_what_changes_is_seen_by_who_watches(worlds, line, before, after):
    for world in worlds:
        command = [lab.SPACECTL, *shlex.split(line)]
        environment = {"HOME": str(world.client.home), "LANG": "C.UTF-8"}
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as watch:
            try:
                if before:
                    assert watch.stdout.readline() == before
                assert world.run("exec disable plugin -p plugin_id=plugin-bare").code == 0
                # The first answer may have had no rows, and so no line: an empty line parts it from the next all the same.
                lines = iter(watch.stdout.readline, "")
                assert next(line for line in lines if line != "\n") == after
                watch.send_signal(signal.SIGINT)
                assert watch.wait(lab.PATIENCE) == 130
                assert watch.stderr.read() == ""
            finally:
                watch.kill()
                assert world.run("exec enable plugin -p plugin_id=plugin-bare").code == 0


# -- completion -----------------------------------------------------------------------------------------------------

COMPLETED = [
    ("list repository.Plu", ["repository.Plugin"]),
    ("exec dis", ["disable"]),
    ("exec disable repository.Plu", ["repository.Plugin"]),
    # An alias where what it stands for has the verb.
    ("exec enable rep", ["repository.Plugin"]),
    ("exec enable plu", ["plugin"]),
    ("exec list rep", ["repo", "repository", "repository.Plugin", "repository.Repository"]),
    ("list plugin -c plugin_id,na", ["plugin_id,name"]),
    ("list plugin -s -na", ["-name"]),
    ("list plugin -p regis", ["registry_type="]),
    ("list plugin -p registry_type=HA", ["registry_type=HARBOR"]),
    ("get plugin -p plugin_id=plugin-sl", ["plugin_id=plugin-slack"]),
    ("get plugin -p plugin_id=plugin-nope", []),
    ("plugin deregister plugin-slack plugin-", ["plugin-aws-sns", "plugin-bare", "plugin-grafana"]),
    ("plugin list -c plugin_id,na", ["plugin_id,name"]),
]


@pytest.mark.parametrize(("line", "words"), COMPLETED)
def test_completed_alike(worlds, line, words):
    """Asked as the script for fish asks."""
    before = ["spacectl", *line.split()]
    for world in worlds:
        environment = {"COMPLETE": "fish", "SPACECTL_COMPLETION_TIMEOUT": "60s"}
        asking = lab.Program(lab.SPACECTL, world.client.home, **environment)
        result = asking.run(len(before) - 1, "--", *before)
        offered = [offer.split("\t")[0] for offer in result.stdout.splitlines()[1:]]
        # What else the real services have.
        others = ("repository.Policy", "repository.Schema", "repository.DashboardTemplate")
        assert [offer for offer in offered if offer not in others] == words, result


# -- through the Python client's eyes -------------------------------------------------------------------------------


def test_what_each_verb_does_is_seen_by_the_python_client(tmp_path):
    """Of the same service, by the same configuration."""
    with local_serve(tmp_path / "plugins.db") as served:
        ours = Spacectl(tmp_path / "home").configure(served.url, "key")
        theirs = PythonClient(ours.home)
        world = World("local serve", served, ours, "resource_type", "service_type").write("key")

        def seen():
            rows = json.loads(theirs.output("list", PLUGIN, "-o", "json") or "{}").get("results", [])
            return {row["plugin_id"]: row for row in rows}

        assert world.run("exec register plugin -f specs -p labels=[a]").code == 0
        before = seen()
        assert {id: (row["name"], row["state"], row["resource_type"], row["labels"]) for id, row in before.items()} == {
            "plugin-one": ("One", "ENABLED", "a.B", ["a"]),
            "plugin-two": ("Two", "ENABLED", "a.B", ["a"]),
        }
        for line in [
            "exec update plugin -p plugin_id=plugin-one -p name=New -p tags.icon=i",
            "exec disable plugin -p plugin_id=plugin-one",
            "exec update plugin -p plugin_id=plugin-two -p name=Dry --dry-run",
            "exec deregister plugin -p plugin_id=plugin-two --dry-run",
        ]:
            assert world.run(line).code == 0
        after = seen()
        assert after["plugin-two"] == before["plugin-two"], "a dry run does nothing"
        assert after["plugin-one"] == before["plugin-one"] | {
            "name": "New",
            "tags": {"icon": "i"},
            "state": "DISABLED",
            "updated_at": after["plugin-one"]["updated_at"],
        }
        assert world.run("exec enable plugin -p plugin_id=plugin-one").code == 0
        assert world.run("exec deregister plugin -p plugin_id=plugin-two").code == 0
        assert {id: row["state"] for id, row in seen().items()} == {"plugin-one": "ENABLED"}


def test_plugins_of_the_environment_local_are_served_to_the_python_client(tmp_path):
    """What `-e local` keeps is what `local serve` without `--data` serves."""
    ours = Spacectl(tmp_path / "home")
    register = ("-e", "local", "exec", "register", PLUGIN, "-p", "name=A", "-p", "resource_type=a.B", "-p", "image=x/plugin-a")
    assert ours.run(*register).code == 0
    command = [lab.SPACECTL, "local", "serve", "--listen", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={"HOME": str(ours.home)}) as process:
        try:
            url = process.stdout.readline().removeprefix("listening on ").strip()
            theirs = PythonClient(ours.home).configure(url, "key")
            assert theirs.output("list", PLUGIN, "-c", "plugin_id,name", "-o", "csv") == "plugin_id,name\r\nplugin-a,A\r\n"
        finally:
            process.kill()
