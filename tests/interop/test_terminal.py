"""What a person sees at a terminal."""

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
