"""Nothing that the help names goes untried: each command, and each flag of it, is met by real services or programs here.

What calls a service is tried in both worlds by `test_both_worlds.py`, whose commands are read. What does something else
is tried where `ELSEWHERE` says.
"""

import re
import shlex

import pytest

import test_both_worlds
from lab import HERE, Spacectl

# What `plugin build`, `push` and `publish` have in common.
IMAGE = ["--file-parameter", "--json-parameter", "--parameter", "--strict", "--tag", "--registry", "--builder", "--dry-run"]
SOURCES = ["--context", "--dockerfile", "--build-arg", "--platform"]
# What stands for a flag that is not in the commands of `test_both_worlds.py`.
ELSEWHERE = {
    # At a terminal, a gateway or a shell, or against the Python client's files.
    "test_cache.py": ["cache", "cache clear", "--no-cache"],
    "test_completion.py": ["completion", "completion install", "completion install --remove"],
    "test_man.py": ["man", "man --dir"],
    "lab.py": ["local", "local serve", "local serve --listen", "local serve --data"],
    "test_local_serve.py": ["local serve --strict", "local reset", "local reset --yes"],
    "test_registry.py": ["local serve --registry"],
    "test_real_service_2.py": ["local serve --managed"],
    "test_nginx.py": ["--ca", "--cert", "--key", "--tls-server-name"],
    "test_environments.py": ["config init --import-file", "config init --force", "config edit"],
    "test_configuration.py": ["config show --show-secrets"],
    "test_templates.py": ["template show"],
    "test_publish.py": [
        *(f"plugin {step}" for step in ["build", "push", "publish", "versions"]),
        *(f"plugin {step} {flag}" for step in ["build", "push", "publish"] for flag in IMAGE),
        *(f"plugin {step} {flag}" for step in ["build", "publish"] for flag in SOURCES),
        *(f"plugin publish {flag}" for flag in ["--replace", "--output"]),
        *(f"plugin versions {flag}" for flag in ["--latest", "--wait", "--output"]),
    ],
    "test_apply.py": [
        *("plugin diff", "plugin diff --file-parameter", "plugin apply", "plugin apply --file-parameter"),
        *("plugin apply --parameter", "plugin apply --replace", "plugin apply --prune", "plugin apply --label"),
        *("plugin apply --yes", "plugin apply --dry-run", "plugin apply --output"),
        *("plugin apply --json-parameter", "plugin apply --strict", "plugin diff --parameter", "plugin diff --output"),
        *("plugin diff --json-parameter", "plugin diff --strict"),
    ],
    "test_many.py": ["plugin apply --parallel"],
    "test_login.py": [
        *("login", "logout", "logout --all", "whoami", "whoami --output", "workspace", "workspace list"),
        *("workspace list --output", "workspace use", "workspace use --scope"),
        *(f"login {flag}" for flag in ["--url", "--domain", "--user", "--workspace", "--scope", "--password-stdin"]),
        *(f"login {flag}" for flag in ["--yes", "--for", "--app", "--role", "--project", "--rotate", "--print"]),
    ],
    "test_manifests.py": ["apply", "apply --resume"],
    "test_terminal.py": ["plugin edit", "plugin edit --yes"],
    "test_plugin_test.py": [
        "plugin test",
        *(f"plugin test {flag}" for flag in ["--exec", "--port", "--start-timeout", "--secret-data", "--data"]),
        *(f"plugin test {flag}" for flag in ["--record", "--compare", "--output"]),
    ],
    "test_lint.py": [
        "plugin init",
        "plugin init --resource-type",
        "plugin init --image",
        "plugin init --api",
        "plugin init --provider",
        "plugin lint",
        "plugin lint --file-parameter",
        "plugin lint --api",
        "plugin lint --output",
    ],
}
# Neither reaches a service nor a file that another program reads; the Rust tests hold what they print.
ALONE = {
    "plugin init --output": "where the file goes; tests/lint.rs tries it",
    "plugin init --force": "the same, where one is there already",
    "plugin export --managed": "what both worlds have other plugins for; tests/export.rs",
    "apply --file": "the same as FILE; tests/manifests.rs",
    "apply --var": "values of the command line; tests/manifests.rs",
    "apply --var-file": "the same",
    "apply --env": "the same",
    "apply --dry-run": "sends only reads; tests/manifests.rs",
    "apply --keep": "leaves the file of --resume; tests/manifests.rs",
    "apply --output": "this program's own summary; tests/manifests.rs",
    "apply --schema": "prints a file of this program",
    "plugin edit --output": "the same forms as those of apply; tests/plugin_edit.rs",
    "plugin lint --deny-warnings": "changes the exit code and a word; tests/lint.rs tries it",
    "plugin lint --explain": "tells of this program's own rules",
    "plugin lint --list-rules": "the same, for all of them",
    "plugin publish --test": "needs docker, too; tests/plugin_test.rs",
    "plugin test --image": "needs docker; tests/plugin_test.rs has one that is none",
    "plugin test --builder": "the same",
    "plugin test --file-parameter": "a spec beside the plugin; tests/plugin_test.rs",
    "plugin test --resource-type": "the same, without a spec",
    "plugin test --config": "this program's own settings; tests/plugin_test.rs",
    "plugin test --options": "a field of each request; tests/plugin_test.rs",
    "plugin test --schema": "the same",
    "plugin test --filter": "the same",
    "plugin test --limit": "ends a stream; tests/plugin_test.rs",
    "plugin test --dispatch": "would send a message to people; tests/plugin_test.rs",
    "plugin test --strict-collect": "changes a level; src/plugin/conformance/tests.rs",
    "plugin test --allow": "leaves findings out; tests/plugin_test.rs",
    "plugin test --explain": "tells of this program's own rules",
    "plugin test --list-rules": "the same, for all of them",
    "--header": "what a test's own service gets; tests/metadata.rs",
    "config environment --yes": "answers a question; tests/environments.rs",
    "local serve --max-connections": "a limit of this program's own service; tests/serve.rs",
    "local serve --idle-timeout": "the same",
    "local serve --sync": "how this program's own database is written; tests/serve.rs",
    "--help": "tests/help.rs holds all of it",
    "--version": "the same as `version`",
    "version": "says what this program is",
    "version --output": "the same, in other forms",
    "template list": "lists this program's own templates, which the Python client has no word for",
    "template list --output": "the same, in other forms",
    "template show --output": "the file that `template show` prints, in other forms",
}


@pytest.fixture(scope="module")
def offered(tmp_path_factory):
    """Each command with its flags as they are spelt; the flags of all commands under the empty name."""
    client = Spacectl(tmp_path_factory.mktemp("help"))
    assert client.run("man", "--dir", "pages").code == 0
    pages = sorted(page.name.removesuffix(".1") for page in (client.home / "pages").iterdir())
    # A page is called by its command's words, and `-` also stands within one.
    names = [name.removeprefix("spacectl").removeprefix("-").replace("api-resources", "api_resources") for name in pages]
    commands = [name.replace("-", " ").replace("_", "-") for name in names]
    everywhere = flags(client, "")
    found = {"": everywhere}
    for command in filter(None, commands):
        found[command] = {short: long for short, long in flags(client, command).items() if long not in everywhere.values()}
    return found


def flags(client, command):
    """Long names by how each flag can be spelt."""
    text = client.output(*command.split(), "--help")
    spelt = {}
    for short, long in re.findall(r"^ {2,6}(-\w)?,? *(--[\w-]+)", text, re.MULTILINE):
        spelt |= {spelling: long for spelling in (short, long) if spelling}
    return spelt


def tried(offered):
    """What the commands of both worlds try: commands, and `command --flag`."""
    found = set()
    for line in commands_of_both_worlds():
        words = shlex.split(line)
        everywhere = offered[""]
        path, used = "", []
        for word in words:
            spelling = word.partition("=")[0] if word.startswith("--") else word
            deeper = f"{path} {word}".strip()
            if deeper in offered:
                path = deeper
            elif re.fullmatch(r"-v+", word):
                used.append("-v")
            elif spelling.startswith("-"):
                used.append(spelling)
        assert path, line
        while path:
            found.add(path)
            found |= {f"{path} {offered[path][flag]}" for flag in used if flag in offered[path]}
            found |= {everywhere[flag] for flag in used if flag in everywhere}
            path = path.rpartition(" ")[0]
    return found


def commands_of_both_worlds():
    """Every list of commands there: of texts, or of cases that begin with one."""
    for name, value in vars(test_both_worlds).items():
        if name.isupper() and isinstance(value, list) and name != "ROWS":
            for case in value:
                yield case if isinstance(case, str) else case[0]


def test_every_command_and_flag_is_tried(offered):
    everything = {f"{command} {long}".strip() for command, spelt in offered.items() for long in spelt.values()}
    everything |= set(filter(None, offered))
    elsewhere = {entry for entries in ELSEWHERE.values() for entry in entries}
    missing = everything - tried(offered) - elsewhere - set(ALONE)
    assert missing == set(), "tried nowhere: add a command to test_both_worlds.py"
    assert len(everything) > 100


def test_what_is_said_to_be_elsewhere_is(offered):
    """In the file, the command's last word and a spelling of the flag stand as words of a command line."""
    known = {f"{command} {long}".strip() for command, spelt in offered.items() for long in spelt.values()} | set(offered)
    done = tried(offered)
    for entry in [*ALONE, *(entry for entries in ELSEWHERE.values() for entry in entries)]:
        assert entry in known, f"{entry} is no longer there"
        assert entry not in done, f"{entry} is tried in both worlds now"
    for file, entries in ELSEWHERE.items():
        text = (HERE / file).read_text()
        for entry in entries:
            command, _, flag = entry.rpartition(" ") if "--" in entry else (entry, "", "")
            spellings = [short for short, long in offered[command].items() if long == flag]
            for choices in ([command.split()[-1]] if command else []), spellings:
                found = [word for word in choices if re.search(rf"(?<![\w-]){word}(?![\w-])", text)]
                assert found or not choices, f"{file} has nothing of {entry}"
