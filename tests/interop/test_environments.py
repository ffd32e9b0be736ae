"""Environments: made by questions, flags and imports, tried against real services, and read by the Python client."""

import json
import os
import re
import signal
import sys

import pytest
import yaml

from lab import PythonClient, Spacectl, free_port, local_serve
from terminal import Terminal, required

import lab

SECRET = "s3cret-key"


@pytest.fixture
def home(tmp_path):
    path = tmp_path / "home"
    path.mkdir()
    return path


def settings(home, name):
    return yaml.safe_load((home / f".spaceone/environments/{name}.yml").read_text())


def check(client, *args):
    """The rows of `config check`, and its exit code."""
    result = client.run("config", "check", "-o", "json", *args)
    return json.loads(result.stdout)["results"], result.code


# -- at a terminal ------------------------------------------------------------------------------------------------


def init(home, *args, **variables):
    return Terminal([lab.SPACECTL, "config", "init", *args], home, columns=200, **variables)


def test_a_person_is_asked_and_the_key_is_never_on_the_screen(home):
    terminal = init(home)
    terminal.wait_for("name of the environment [default]:")
    terminal.type("prod\r")
    terminal.wait_for("service (enter for none):")
    terminal.type("repository\r")
    terminal.wait_for("endpoint of repository")
    # What is wrong is told at once, and asked again.
    terminal.type("localhost:50051\r")
    terminal.wait_for("it has no scheme")
    terminal.type("grpc://localhost:50051\r")
    terminal.wait_for("another service (enter for none):")
    terminal.type("\r")
    terminal.wait_for("api_key, not shown (enter for none):")
    # Typed with a slip and backspace.
    terminal.type(SECRET + "x\x7f\r")
    terminal.wait_for("x_domain_id (enter for none):")
    terminal.type("domain-1\r")
    assert terminal.wait_for_end() == 0
    assert any("prod is the current environment" in line for line in terminal.screen())
    assert SECRET.encode() not in terminal.raw and b"s3c" not in terminal.raw
    expected = {
        "endpoints": {"repository": "grpc://localhost:50051"},
        "api_key": SECRET,
        "x_domain_id": "domain-1",
    }
    assert settings(home, "prod") == expected
    assert json.loads(PythonClient(home).output("config", "show", "-o", "json")) == expected


def test_everything_can_be_skipped(home):
    terminal = init(home)
    for question in ("name of the env", "service (enter", "api_key, not", "x_domain_id ("):
        terminal.wait_for(question)
        terminal.type("\r")
    assert terminal.wait_for_end() == 2
    assert any("the environment `default` would be empty" in line for line in terminal.screen())
    assert not (home / ".spaceone").exists()


@pytest.mark.parametrize("answer, code", [("y", 0), ("n", 1), ("", 1)], ids=["yes", "no", "enter"])
def test_a_person_is_asked_before_an_environment_is_removed(home, answer, code):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    terminal = Terminal([lab.SPACECTL, "config", "environment", "-r", "lab"], home, columns=200)
    terminal.wait_for("Remove the environment lab")
    terminal.type(answer + "\r")
    assert terminal.wait_for_end() == code
    assert (home / ".spaceone/environments/lab.yml").exists() == (code == 1)


@pytest.mark.parametrize("end, code", [("\x03", 130), ("\x04", 1)], ids=["ctrl-c", "ctrl-d"])
@pytest.mark.parametrize("question", range(4))
def test_who_leaves_leaves_nothing_behind(home, question, end, code):
    terminal = init(home)
    for asked in ("name of the env", "service (enter", "api_key, not", "x_domain_id (")[: question + 1]:
        if asked != "name of the env":
            terminal.type("\r")
        terminal.wait_for(asked)
    terminal.type(end)
    assert terminal.wait_for_end() == code
    assert not (home / ".spaceone").exists()


def test_a_terminal_shows_again_what_is_typed_after_ctrl_c_at_a_hidden_question(home):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    script = f"{lab.SPACECTL} config set api_key -; stty -a | tr ' ;' '\\n\\n' | grep -x -e '-*echo' -e '-*icanon' -e '-*isig'"
    # A shell that is not interactive mends no terminal.
    terminal = Terminal(["sh", "-c", f"trap : INT; {script}; true"], home)
    terminal.wait_for("api_key, not shown:")
    terminal.type("abc\x03")
    assert terminal.wait_for_end() == 0
    shown = terminal.screen()
    assert {"echo", "icanon", "isig"} <= set(shown) and not any("abc" in line for line in shown), shown
    assert settings(home, "lab") == {"x_domain_id": "domain-1"}


def test_a_key_is_typed_unseen(home):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    terminal = Terminal([lab.SPACECTL, "config", "set", "api_key", "-"], home)
    terminal.wait_for("api_key, not shown:")
    terminal.type(SECRET + "\r")
    assert terminal.wait_for_end() == 0
    assert SECRET.encode() not in terminal.raw
    assert settings(home, "lab") == {"x_domain_id": "domain-1", "api_key": SECRET}


def test_a_key_that_is_pasted_as_soon_as_it_is_asked_for_is_not_shown(home):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    for _ in range(20):
        terminal = Terminal([lab.SPACECTL, "config", "set", "api_key", "-"], home)
        terminal.process.expect_exact("not shown:")
        os.write(terminal.process.child_fd, SECRET.encode() + b"\r")
        assert terminal.wait_for_end() == 0
        assert SECRET.encode() not in terminal.raw
    assert settings(home, "lab") == {"x_domain_id": "domain-1", "api_key": SECRET}


@pytest.mark.parametrize("name, code", [("TERM", 143), ("HUP", 129), ("INT", 130)])
def test_a_terminal_shows_again_what_is_typed_after_a_signal_at_a_hidden_question(home, name, code):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    # The shell waits, and leaves the terminal as it finds it.
    script = f"trap : INT; exec 3<&0; {lab.SPACECTL} config set api_key - <&3 & echo $! >pid; wait $!; echo code $?; stty -a"
    terminal = Terminal(["bash", "-c", script], home)
    terminal.wait_for("api_key, not shown:")
    os.kill(int((home / "pid").read_text()), getattr(signal, f"SIG{name}"))
    assert terminal.wait_for_end() == 0
    words = " ".join(terminal.screen()).replace(";", " ").split()
    assert str(code) in words and {"echo", "icanon", "isig"} <= set(words), words
    assert settings(home, "lab") == {"x_domain_id": "domain-1"}


def test_the_line_of_a_hidden_answer_ends_also_where_only_errors_are_said(home):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    terminal = Terminal([lab.SPACECTL, "-q", "config", "set", "api_key", "-"], home)
    terminal.wait_for("api_key, not shown:")
    terminal.type(SECRET + "\r")
    assert terminal.wait_for_end() == 0
    assert terminal.raw.endswith(b"not shown: \r\n")


def edit(home, editor):
    assert Spacectl(home).run("config", "init", "-e", "lab", "--domain-id", "domain-1").code == 0
    # The emulator does not know all that vim asks an xterm.
    return Terminal([lab.SPACECTL, "config", "edit"], home, columns=200, EDITOR=editor, TERM="vt100")


def test_an_environment_is_edited_until_it_is_right(home):
    required("vi")
    terminal = edit(home, "vi -u NONE")
    terminal.wait_for("x_domain_id: domain-1")
    terminal.type("Ax\x1boregistry: ftp://x\x1b:wq\r")
    terminal.wait_for("lab.yml:2:11: `registry`")
    terminal.wait_for("Edit again (your text is in")
    terminal.type("y\r")
    terminal.wait_for("registry: ftp://x")
    terminal.type("Gdd:wq\r")
    terminal.wait_for("lab is saved")
    assert terminal.wait_for_end() == 0
    assert settings(home, "lab") == {"x_domain_id": "domain-1x"}
    assert not list((home / ".spaceone").glob("spacectl-edit-*"))


@pytest.mark.parametrize("end, code", [("n\r", 1), ("\x03", 130), ("\x04", 1)], ids=["no", "ctrl-c", "ctrl-d"])
def test_who_does_not_edit_again_keeps_the_text(home, end, code):
    terminal = edit(home, "sed -i s/domain-1/5/")
    terminal.wait_for("Edit again (your text is in")
    terminal.type(end)
    assert terminal.wait_for_end() == code
    assert settings(home, "lab") == {"x_domain_id": "domain-1"}
    [copy] = (home / ".spaceone").glob("spacectl-edit-*/lab.yml")
    assert copy.read_text() == "x_domain_id: 5\n" and copy.stat().st_mode & 0o777 == 0o600


# Says when it is ready, and writes at Ctrl-C.
EDITOR = """
import signal, sys, time
def write(*_):
    with open(sys.argv[1], "a") as file:
        file.write("registry: https://r\\n")
    sys.exit()
signal.signal(signal.SIGINT, write)
print("editing", flush=True)
time.sleep(99)
"""


@pytest.mark.parametrize("shell", ["", "true;"], ids=["program", "shell"])
def test_ctrl_c_is_for_the_editor(home, shell):
    (home / "editor.py").write_text(EDITOR)
    terminal = edit(home, f"{shell} {sys.executable} editor.py")
    terminal.wait_for("editing")
    terminal.type("\x03")
    assert terminal.wait_for_end() == 0, terminal.screen()
    assert settings(home, "lab") == {"x_domain_id": "domain-1", "registry": "https://r"}


def test_an_environment_that_is_there_is_replaced_only_after_a_yes(home):
    before = {"api_key": "old"}
    assert Spacectl(home).run("config", "init", "-e", "lab", "--api-key", "-", stdin="old").code == 0
    terminal = init(home)
    terminal.wait_for("name of the env")
    terminal.type("lab\r")
    terminal.wait_for("lab exists already: replace it? [y/N]")
    terminal.type("what\r")
    terminal.wait_for("answer y or n")
    terminal.type("\r")
    assert terminal.wait_for_end() == 1
    assert settings(home, "lab") == before

    terminal = init(home)
    terminal.wait_for("name of the env")
    terminal.type("lab\r")
    terminal.wait_for("replace it?")
    terminal.type("y\r")
    for question, answer in (("service (enter", ""), ("api_key, not", ""), ("x_domain_id (", "domain-1")):
        terminal.wait_for(question)
        terminal.type(f"{answer}\r")
    assert terminal.wait_for_end() == 0
    assert settings(home, "lab") == {"x_domain_id": "domain-1"}


def test_who_gives_something_is_asked_nothing(home):
    for args in (["-e", "lab"], ["--service", "plugin=grpc://h:1", "--force"], ["--domain-id", "d", "--force"]):
        terminal = init(home, *args)
        assert terminal.wait_for_end() == 0
        told = terminal.screen()
        assert ("has no endpoints" in told[0], len(told)) == ((True, 2) if "--service" not in args else (False, 1)), told


def test_a_name_that_cannot_be_one_is_asked_again(home):
    terminal = init(home, SPACECTL_ENVIRONMENT="mine")
    terminal.wait_for("name of the environment [mine]:")
    for wrong, why in (("../x", "it starts with a dot"), ("local", "is built in")):
        terminal.type(f"{wrong}\r")
        terminal.wait_for(why)
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130


# -- between programs ---------------------------------------------------------------------------------------------


def test_theirs_reads_what_flags_made(home):
    command = ("config", "init", "-e", "lab", "--service", "plugin=grpc://h:1", "--api-key", "-", "--domain-id", "d")
    assert Spacectl(home).run(*command, stdin=SECRET).code == 0
    expected = {"endpoints": {"plugin": "grpc://h:1"}, "api_key": SECRET, "x_domain_id": "d"}
    assert json.loads(PythonClient(home).output("config", "show", "-o", "json")) == expected


def test_ours_imports_what_theirs_wrote_and_theirs_reads_the_import(home, tmp_path):
    theirs = PythonClient(tmp_path / "theirs")
    for name in ("one", "two"):
        theirs.output("config", "init", "-e", name)
        theirs.output("config", "set", "api_key", f"key-of-{name}")
        theirs.output("config", "endpoint", "add", "plugin", f"grpc://{name}:1")
    result = Spacectl(home).run("config", "import", tmp_path / "theirs/.spaceone")
    assert result.code == 0 and "two is the current environment" in result.stderr, result
    imported = PythonClient(home)
    assert sorted(imported.output("config", "environment").splitlines()) == ["one", "two (current)"]
    assert json.loads(imported.output("config", "show", "-o", "json")) == {
        "api_key": "key-of-two",
        "endpoints": {"plugin": "grpc://two:1"},
    }


def test_theirs_takes_the_file_that_ours_takes(home, tmp_path):
    """The console's download is read alike by `config init -f` of both and by our import."""
    download = tmp_path / "spacectl_config"
    content = {"token": SECRET, "endpoints": {"identity": "grpc+ssl://identity.api.example.com:443/v1"}}
    download.write_text(yaml.safe_dump(content, sort_keys=False))
    PythonClient(home).output("config", "init", "-e", "theirs", "-f", download)
    assert Spacectl(home).run("config", "init", "-e", "ours", "-f", download).code == 0
    assert Spacectl(home).run("config", "import", download, "-e", "imported").code == 0
    assert settings(home, "theirs") == settings(home, "ours") == settings(home, "imported") == content


# -- against services ---------------------------------------------------------------------------------------------


def test_the_real_service_is_checked(spacectl, repository, domain):
    row = {"service": "repository", "endpoint": repository.url, "tls": None, "reflection": "ok", "to_do": None}
    # Without a token the service serves a domain of its own.
    (only,), code = check(spacectl, "--endpoint", repository.url)
    assert code == 0 and row.items() <= only.items() and only["token"] == "none needed", only
    assert isinstance(only["connect_ms"], int) and re.fullmatch(r"[\d.]+", only["version"]), only

    spacectl.configure(repository.url, domain)
    (only,), code = check(spacectl)
    # With one, it serves that token's; either way it lets the call in.
    assert code == 0 and row.items() <= only.items() and only["token"] == "not asked for", only

    assert spacectl.run("config", "set", "api_key", "-", stdin="wrong").code == 0
    (only,), code = check(spacectl)
    assert (code, only["reflection"], only["token"]) == (1, "ok", "refused")
    assert "config set api_key -" in only["to_do"]


def test_local_serve_is_checked_up_and_down(spacectl, tmp_path):
    with local_serve(tmp_path / "plugins.db") as served:
        spacectl.configure(served.url, "any")
        (only,), code = check(spacectl)
        assert (code, only["connect"], only["token"]) == (0, "ok", "not asked for")
    (only,), code = check(spacectl)
    assert (code, only["connect"], only["reflection"], only["token"]) == (1, "failed", None, None)
    assert "check that the service is running" in only["to_do"]


def test_a_dead_endpoint_beside_the_real_service(spacectl, repository, domain):
    spacectl.configure(repository.url, domain)
    dead = f"grpc://127.0.0.1:{free_port()}"
    assert spacectl.run("config", "endpoint", "add", "identity", dead).code == 0
    rows, code = check(spacectl)
    assert code == 1
    assert {row["service"]: row["token"] for row in rows} == {"repository": "not asked for", "identity": None}


@pytest.mark.parametrize("key", ["api_key_file", "api_key_command"])
def test_a_key_that_lies_elsewhere_leads_to_the_same_domain(spacectl, repository, domain, key):
    """The token is the name of a domain: only its plugins are seen."""
    spacectl.configure(repository.url, domain)
    register = ("exec", "register", "repository.Plugin", "-p", "name=x", "-p", "image=a/b", "-p", "service_type=x.Y")
    assert spacectl.run(*register).code == 0
    listed = spacectl.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "quiet")
    assert listed == "b\n"

    assert spacectl.run("config", "remove", "api_key").code == 0
    assert spacectl.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "quiet") == ""
    file = spacectl.home / "key.txt"
    file.write_text(domain + "\n")
    file.chmod(0o600)
    value = "~/key.txt" if key == "api_key_file" else "cat key.txt"
    assert spacectl.run("config", "set", key, value).code == 0
    assert spacectl.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "quiet") == listed


def test_a_command_asks_for_a_passphrase_on_the_terminal(home, repository, domain):
    spacectl = Spacectl(home).configure(repository.url, "wrong")
    assert spacectl.run("config", "remove", "api_key").code == 0
    ask = 'printf "passphrase: " >&2; stty -echo; read -r word; stty echo; printf %s "$word"'
    assert spacectl.run("config", "set", "api_key_command", ask).code == 0
    terminal = Terminal([lab.SPACECTL, "list", "repository.Plugin"], home)
    terminal.wait_for("passphrase:")
    terminal.type(domain + "\r")
    assert terminal.wait_for_end() == 0
    assert terminal.screen()[-1].endswith("NO DATA"), terminal.screen()
    assert domain.encode() not in terminal.raw

    terminal = Terminal([lab.SPACECTL, "list", "repository.Plugin"], home)
    terminal.wait_for("passphrase:")
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130
