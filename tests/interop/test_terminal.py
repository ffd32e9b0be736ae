"""What a person sees at a terminal."""

import os
import re
import signal
from pathlib import Path

import pytest

import lab
from terminal import Terminal


def test_an_error_is_coloured_on_a_terminal_only(tmp_path):
    terminal = Terminal([lab.SPACECTL, "list", "nothing"], tmp_path)
    assert terminal.wait_for_end() == 2
    assert b"\x1b[1;31merror:" in terminal.raw
    assert terminal.screen()[0].startswith("error: ")

    plain = Terminal([lab.SPACECTL, "list", "nothing"], tmp_path, NO_COLOR="1")
    assert plain.wait_for_end() == 2
    assert b"\x1b" not in plain.raw
    assert lab.Spacectl(tmp_path).run("list", "nothing").stderr.startswith("error: ")


def test_a_verb_that_removes_asks_on_a_terminal_only(tmp_path):
    """With the environment that it removes from; `--yes` and scripts are not asked."""
    register = ["-e", "local", "-q", "exec", "register", "plugin", "-p", "name=X", "-p", "resource_type=a.B"]
    exec_ = ["-e", "local", "-q", "exec", "deregister", "plugin"]
    client = lab.Spacectl(tmp_path)
    for words in (["-p", "plugin_id=plugin-x"], ["-p", "plugin_id=plugin-x", "--yes"]):
        client.output(*register, "-p", "image=me/plugin-x")
        terminal = Terminal([lab.SPACECTL, *exec_, *words], tmp_path, columns=120)
        if "--yes" not in words:
            terminal.wait_for("Deregister repository.Plugin plugin-x from local? [y/N]")
            terminal.type("n\r")
            assert terminal.wait_for_end() == 1
            terminal = Terminal([lab.SPACECTL, *exec_, *words], tmp_path, columns=120)
            terminal.wait_for("[y/N]")
            terminal.type("y\r")
        assert terminal.wait_for_end() == 0
    client.output(*register, "-p", "image=me/plugin-x")
    client.output(*exec_, "-p", "plugin_id=plugin-x")
    other = Terminal([lab.SPACECTL, "--endpoint", "grpc://127.0.0.1:1", "plugin", "deregister", "plugin-x"], tmp_path, columns=120)
    other.wait_for("Deregister plugin-x from grpc://127.0.0.1:1? [y/N]")
    other.type("\r")
    assert other.wait_for_end() == 1


BUILDER = """#!/bin/sh
echo $PPID >spacectl.pid
sleep 1000 & echo $! >>pids
sh -c '(sleep 1000 & echo $! >>pids); exec sleep 1000' & echo $! >>pids
echo ready
read answer; echo "got $answer"
wait
"""


def goes_on(pid):
    """Whether a process has not ended: one that has may wait for somebody to ask how."""
    stat = Path("/proc", pid, "stat")
    return stat.exists() and stat.read_text().rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize(("how", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 130), ("\x03", 130)])
def test_a_builder_on_a_terminal_may_ask_and_ends_with_all_that_it_started(tmp_path, how, code):
    """Also what ignores Ctrl-C and what has lost its parent; the shell that runs spacectl in the same group goes on."""
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "plugin.yml").write_text("name: X\nresource_type: a.B\nimage: me/plugin-x\nregistry_type: DOCKER_HUB\n")
    (tmp_path / "buildah").write_text(BUILDER)
    (tmp_path / "buildah").chmod(0o755)
    build = "plugin build -e local -f plugin.yml --tag 1.0 --builder ./buildah"
    shell = f"trap : INT; {lab.SPACECTL} {build}; echo over $?; read end"
    terminal = Terminal(["/bin/sh", "-c", shell], tmp_path, columns=120)
    terminal.wait_for("ready")
    terminal.type("hello\r")
    terminal.wait_for("got hello")
    if how == "\x03":
        terminal.type(how)
    else:
        os.kill(int((tmp_path / "spacectl.pid").read_text()), how)
    terminal.wait_for(f"over {code}")
    pids = (tmp_path / "pids").read_text().split()
    assert len(pids) == 3 and not any(map(goes_on, pids)), pids
    terminal.type("\r")
    assert terminal.wait_for_end() == 0


def test_a_plugin_is_edited_and_asked_about(tmp_path):
    """The differences are shown before the question; a no, and Ctrl-C there, leave the file and change nothing."""
    client = lab.Spacectl(tmp_path)
    register = ["-e", "local", "-q", "exec", "register", "plugin", "-p", "name=X", "-p", "resource_type=a.B"]
    client.output(*register, "-p", "image=me/plugin-x")
    edit = [lab.SPACECTL, "-e", "local", "plugin", "edit", "plugin-x"]

    def editing():
        variables = {"EDITOR": r"sed -i 's/^name:.*/name: Y/'", "TMPDIR": str(tmp_path)}
        terminal = Terminal(edit, tmp_path, columns=200, **variables)
        terminal.wait_for("Update plugin-x at local? [y/N]")
        assert any('~ name: "X" -> "Y"' in line for line in terminal.screen()), terminal.screen()
        return terminal

    def name():
        return client.output("-e", "local", "plugin", "get", "plugin-x", "-c", "name", "-o", "quiet").strip()

    for answer, code in [("n\r", 1), ("\x03", 130)]:
        terminal = editing()
        terminal.type(answer)
        assert terminal.wait_for_end() == code, terminal.screen()
        assert name() == "X"
        [file] = tmp_path.glob("spacectl-*/plugin-x.yml")
        file.unlink()
        file.parent.rmdir()
    terminal = editing()
    terminal.type("y\r")
    assert terminal.wait_for_end() == 0
    assert "plugin-x updated name" in terminal.screen()
    assert name() == "Y" and not list(tmp_path.glob("spacectl-*"))
    asked = client.run("-e", "local", "plugin", "edit", "plugin-x")
    assert asked.code == 2 and "--yes" in asked.stderr


def test_a_write_is_answered_with_the_nearest_id_on_a_terminal_only(tmp_path):
    client = lab.Spacectl(tmp_path)
    register = ["-e", "local", "-q", "exec", "register", "plugin", "-p", "name=X", "-p", "resource_type=a.B"]
    client.output(*register, "-p", "image=me/plugin-slack")
    for words in (["plugin", "enable", "plugin-slak"], ["exec", "disable", "plugin", "-p", "plugin_id=plugin-slak"]):
        terminal = Terminal([lab.SPACECTL, "-e", "local", *words], tmp_path, columns=120)
        assert terminal.wait_for_end() == 69
        assert "hint: did you mean plugin-slack?" in terminal.screen()
        assert "did you mean" not in client.run("-e", "local", *words).stderr


def test_lint_of_many_files_shows_a_bar(tmp_path):
    spec = "name: X\nresource_type: a.B\nimage: me/plugin-{n}\ndocs:\n  en: " + "x " * 20000 + "\n"
    (tmp_path / "specs").mkdir()
    for n in range(300):
        (tmp_path / "specs" / f"plugin-{n}.yml").write_text(spec.format(n=n))
    terminal = Terminal([lab.SPACECTL, "plugin", "lint", "specs"], tmp_path, columns=120)
    terminal.wait_for_end()
    assert re.search(rb"checked \d+ of 300, \d+/s, \d+s left, in flight: specs/plugin-", terminal.raw)
    assert not any("checked" in line and "/s" in line for line in terminal.screen())
