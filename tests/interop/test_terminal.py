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
