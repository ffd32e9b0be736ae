"""`plugin apply` and `plugin diff` against the real Repository services 1.12.5 and 2.x and `local serve`, in either generation."""

import json
import subprocess

import pytest
import yaml

import lab
from lab import EXAMPLES, PythonClient, Spacectl, local_serve
from terminal import Terminal

# Each of the API's kinds of values, and what services write otherwise: blanks, whole numbers, the order of keys.
CHAT = """\
name: ' Chat '
service_type: notification.Protocol
image: x/plugin-chat
provider: chat
labels: [chat, team-a]
tags: {z: 1.0, icon: a.svg, pad: ' x ', a: {y: 2, x: [1.5, null, true]}, n: null, e: {}, l: [], u: 플러그인,
  lines: "a\n b\n", big: 9007199254740992, "spaceone:plugin_name": Chat}
capability: {supported_schema: [chat_webhook], data_type: SECRET}
registry_config: {}
"""
MAIL = """\
name: Mail
service_type: notification.Protocol
image: x/plugin-mail
labels: [team-a]
"""


@pytest.fixture(params=["1.12.5", "2.x", "local serve"])
def client(request, tmp_path, domain, repository, repository_2):
    client = Spacectl(tmp_path / "home")
    (client.home / "specs").mkdir()
    (client.home / "specs/chat.yml").write_text(CHAT)
    (client.home / "specs/mail.yml").write_text(MAIL)
    real = {"1.12.5": repository, "2.x": repository_2}.get(request.param)
    if real:
        client.url = real.url
        yield client.configure(real.url, domain)
    else:
        with local_serve(tmp_path / "plugins.db") as served:
            client.url = served.url
            yield client.configure(served.url, domain)


def edit(client, old, new, name="chat"):
    path = client.home / f"specs/{name}.yml"
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))


def run(client, line, code=0):
    result = client.run("-q", *line.split())
    assert result.code == code, result
    return result.stdout


def row(client, id):
    return json.loads(client.output("plugin", "get", id, "-o", "json"))


def test_a_plugins_life_by_its_spec(client):
    apply = "plugin apply -f specs"
    assert run(client, "plugin diff -f specs", 1).count("not registered\n") == 2
    assert run(client, f"{apply} --dry-run") == "plugin-chat would be registered\nplugin-mail would be registered\n"
    assert run(client, apply) == "plugin-chat registered\nplugin-mail registered\n"
    before = row(client, "plugin-chat")

    # Twice is nothing: whatever the service has made of it.
    assert run(client, apply) == "plugin-chat unchanged\nplugin-mail unchanged\n"
    assert run(client, "plugin diff -f specs") == ""
    assert row(client, "plugin-chat") == before

    # An update touches what differs.
    edit(client, "a.svg", "b.svg")
    edit(client, "x: [1.5", "x: [2.5")
    # Keys come in the order in which bytes are read again, which is that of their names.
    assert run(client, "plugin diff -f specs/chat.yml", 1).splitlines()[1:] == [
        "  ~ tags.a.x: [1.5,null,true] -> [2.5,null,true]",
        '  ~ tags.icon: "a.svg" -> "b.svg"',
    ]
    assert run(client, apply) == "plugin-chat updated tags.a.x, tags.icon\nplugin-mail unchanged\n"
    after = row(client, "plugin-chat")
    assert after["tags"] == before["tags"] | {"icon": "b.svg", "a": {"x": [2.5, None, True], "y": 2}}
    assert after["created_at"] == before["created_at"]
    assert run(client, apply) == "plugin-chat unchanged\nplugin-mail unchanged\n"

    # What is left out stays; what is emptied goes.
    edit(client, "provider: chat\n", "")
    edit(client, "labels: [chat, team-a]", "labels: []")
    assert run(client, "plugin apply -f specs/chat.yml") == "plugin-chat updated labels\n"
    now = row(client, "plugin-chat")
    assert (now["provider"], now.get("labels", [])) == ("chat", [])


def test_an_image_is_changed_by_a_replacement_only(client):
    run(client, "plugin apply -f specs")
    run(client, "exec disable plugin -p plugin_id=plugin-chat")
    before = row(client, "plugin-chat")
    edit(client, "x/plugin-chat", "y/plugin-chat")
    edit(client, "provider: chat\n", "")
    refused = client.run("plugin", "apply", "-f", "specs")
    assert (refused.code, refused.stdout) == (1, ""), refused
    assert 'specs/chat.yml:3:8: plugin-chat: image cannot be updated, from "x/plugin-chat" to "y/plugin-chat"' in refused.stderr
    assert row(client, "plugin-chat") == before

    apply = "plugin apply -f specs --replace"
    assert run(client, apply) == "plugin-chat replaced image\nplugin-mail unchanged\n"
    after = row(client, "plugin-chat")
    moved = {key for key in after if after[key] != before.get(key)}
    assert moved == {"image", "created_at", "updated_at"}, "the state and what the spec leaves out stay"
    kept = yaml.safe_load((client.home / "specs/plugin-chat.yml.replaced").read_text())
    assert (kept["image"], kept["provider"]) == ("x/plugin-chat", "chat")
    assert run(client, apply) == "plugin-chat unchanged\nplugin-mail unchanged\n"

    # It leads back.
    assert run(client, "plugin apply -f specs/plugin-chat.yml.replaced --replace") == "plugin-chat replaced image\n"
    assert {key for key, value in row(client, "plugin-chat").items() if value != before.get(key)} == {"created_at", "updated_at"}


def test_what_is_in_no_spec_is_pruned_by_its_label(client):
    run(client, "plugin apply -f specs")
    (client.home / "specs/mail.yml").unlink()
    prune = "plugin apply -f specs --prune --label"
    refused = client.run(*prune.split(), "team-a")
    assert (refused.code, refused.stdout) == (2, ""), refused
    assert "would deregister 1 plugin (plugin-mail)" in refused.stderr
    assert run(client, f"{prune} team --yes") == "plugin-chat unchanged\n"
    assert run(client, f"{prune} team-a --yes") == "plugin-chat unchanged\nplugin-mail deregistered\n"
    assert run(client, f"{prune} team-a --yes -o quiet") == ""
    ids = client.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "quiet")
    assert ids == "plugin-chat\n"


def test_the_documentations_specs_are_applied_once(client):
    """Those that a current service takes, or did when they were written."""
    specs = [path for path in sorted(EXAMPLES.glob("plugin_*.yml")) if "plugin_id:" not in path.read_text()]
    specs = [path for path in specs if "_" not in yaml.safe_load(path.read_text())["image"].rpartition("/")[2]]
    assert len(specs) > 3
    files = " ".join(f"-f {path}" for path in specs)
    assert run(client, f"plugin apply {files}").count(" registered\n") == len(specs)
    assert run(client, f"plugin apply {files}").count(" unchanged\n") == len(specs)


def test_it_is_what_the_python_client_sees(tmp_path):
    with local_serve(tmp_path / "plugins.db") as served:
        client = Spacectl(tmp_path / "home").configure(served.url, "key")
        theirs = PythonClient(client.home)
        (client.home / "mail.yml").write_text(MAIL)

        def seen():
            rows = json.loads(theirs.output("list", "repository.Plugin", "-o", "json") or "{}").get("results", [])
            return [(row["plugin_id"], row["image"], row["labels"]) for row in rows]

        run(client, "plugin apply -f mail.yml")
        assert seen() == [("plugin-mail", "x/plugin-mail", ["team-a"])]
        run(client, "plugin apply -f mail.yml -p image=y/plugin-mail -p labels=[b] --replace")
        assert seen() == [("plugin-mail", "y/plugin-mail", ["b"])]


def test_specs_can_be_given_on_the_command_line(client):
    spec = {"name": "Mail", "service_type": "notification.Protocol", "image": "x/plugin-mail"}
    apply, diff = [("-q", "plugin", verb, "-j", json.dumps(spec), "-p", "labels=[b]") for verb in ("apply", "diff")]
    # One of the two generations knows this name.
    knows = "service_type" in client.output("explain", "plugin.register")
    strict = client.run(*apply, "--strict", "--dry-run")
    assert strict.code == (0 if knows else 2), strict
    assert client.run(*diff, "--strict").code == (1 if knows else 2)
    shown = client.run(*diff, "-o", "json")
    assert (shown.code, json.loads(shown.stdout)["plugins"][0]["action"]) == (1, "register")
    assert json.loads(client.output(*apply, "-o", "json"))["plugins"] == [{"plugin_id": "plugin-mail", "result": "registered"}]
    assert client.output(*diff) == ""


@pytest.mark.parametrize("client", ["local serve"], indirect=True)
def test_two_at_once_end_in_one_plugin(client):
    """One registers each plugin, and the others find it there. (The real service leaves it to its database that there is but
    one of a kind, and the one in memory does not see to it.)"""
    command = [lab.SPACECTL, "-q", "plugin", "apply", "-f", "specs"]
    environment = {"HOME": str(client.home), "LANG": "C.UTF-8"}
    for _ in range(3):
        pipe = subprocess.PIPE
        runs = [subprocess.Popen(command, cwd=client.home, env=environment, stdout=pipe, stderr=pipe) for _ in range(3)]
        ends = [run.communicate(timeout=lab.PATIENCE) for run in runs]
        assert [run.returncode for run in runs] == [0, 0, 0], ends
        for id in ["plugin-chat", "plugin-mail"]:
            assert sum(f"{id} registered".encode() in out for out, _ in ends) == 1, ends
            client.output("exec", "deregister", "plugin", "-p", f"plugin_id={id}")


def test_on_a_terminal_it_asks_and_shows_colour(client):
    run(client, "plugin apply -f specs")
    (client.home / "specs/mail.yml").unlink()
    prune = [lab.SPACECTL, "plugin", "apply", "-f", "specs", "--prune", "--label", "team-a"]
    for answer, code, left in [("\r", 1, True), ("n\r", 1, True), ("y\r", 0, False)]:
        terminal = Terminal(prune, client.home, columns=120)
        terminal.wait_for("Deregister 1 plugin from lab (grpc://127.0.0.1:")
        assert any("  plugin-mail" in line for line in terminal.screen())
        terminal.type("what\r")
        terminal.wait_for("answer y or n")
        terminal.type(answer)
        assert terminal.wait_for_end() == code, terminal.screen()
        assert (client.run("plugin", "get", "plugin-mail").code == 0) == left
    # What a stopped replacement has left is taken over after a yes.
    run(client, "plugin apply -f specs -p image=y/plugin-chat --replace")
    backup = client.home / "specs/plugin-chat.yml.replacing"
    (client.home / "specs/plugin-chat.yml.replaced").rename(backup)
    client.output("exec", "deregister", "plugin", "-p", "plugin_id=plugin-chat")
    for answer, code, left in [("n\r", 1, True), ("y\r", 0, False)]:
        terminal = Terminal([*prune[:5], "--replace"], client.home, columns=120)
        terminal.wait_for("apply these fields? [y/N]:")
        assert any("plugin-chat takes these fields from specs/plugin-chat.yml.replacing" in line for line in terminal.screen())
        terminal.type(answer)
        assert terminal.wait_for_end() == code, terminal.screen()
        assert backup.exists() == left
    edit(client, "a.svg", "b.svg")
    diff = [lab.SPACECTL, "plugin", "diff", "-f", "specs"]
    for variables, is_painted in [({}, True), ({"NO_COLOR": "1"}, False)]:
        terminal = Terminal(diff, client.home, columns=120, **variables)
        assert terminal.wait_for_end() == 1
        assert (b"\x1b[33m~ tags.icon" in terminal.raw) == is_painted
