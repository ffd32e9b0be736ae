"""`--watch` at a terminal: what a person sees, and what is left when it ends."""

import re
import signal
from pathlib import Path

import pytest

import lab
from lab import Spacectl, local_serve
from terminal import Terminal

PLUGIN = "repository.Plugin"
CLOCK = re.compile(r"\d\d:\d\d:\d\d$")


@pytest.fixture
def data(tmp_path):
    return tmp_path / "plugins.db"


@pytest.fixture
def server(data):
    with local_serve(data) as server:
        yield server


def register(tmp_path, server, *names):
    for name in names:
        Spacectl(tmp_path).output(
            *("--endpoint", server.url, "exec", "register", PLUGIN),
            *("-p", f"name={name}", "-p", "resource_type=a.B", "-p", f"image=x/plugin-{name}"),
        )


def watch(tmp_path, server, *more, **screen):
    words = [lab.SPACECTL, "--endpoint", server.url, "list", PLUGIN, "-c", "plugin_id,name", "--watch", "0.2", *more]
    return Terminal(words, tmp_path, **screen)


def test_a_table_is_drawn_anew_in_place(tmp_path, server):
    register(tmp_path, server, "one")
    terminal = watch(tmp_path, server)
    screen = terminal.wait_for("Count: 1 / 1")
    assert screen[0].startswith(f"Every 0.2s: list {PLUGIN} at {server.url} ")
    assert CLOCK.search(screen[0])
    assert len(screen[0]) == 80
    assert screen[1:] == [
        "",
        "   plugin_id   | name",
        "  -------------+--------",
        "   plugin-one  | one",
        "",
        " Count: 1 / 1",
    ]
    register(tmp_path, server, "two")
    terminal.wait_for("Count: 2 / 2")
    terminal.wait_until(lambda screen: screen[5] == "   plugin-two  | two")
    Spacectl(tmp_path).output("--endpoint", server.url, "exec", "deregister", PLUGIN, "-p", "plugin_id=plugin-two", "-o", "csv")
    screen = terminal.wait_until(lambda screen: "Count: 1 / 1" in screen[-1] and len(screen) == 7)
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130
    # What was seen last stays, and the next prompt comes below it.
    assert terminal.screen()[4] == "   plugin-one  | one"
    assert terminal.emulator.cursor.y > 6
    assert not terminal.emulator.cursor.hidden
    assert b"\x1b[?" not in terminal.raw, "no mode of the terminal was changed"


def test_what_stood_on_the_screen_before_scrolls_away_unharmed(tmp_path, server):
    register(tmp_path, server, "one")
    command = f"echo before; {lab.SPACECTL} --endpoint {server.url} list {PLUGIN} -c name --watch=0.2"
    terminal = Terminal(["/bin/sh", "-c", command], tmp_path, rows=10)
    terminal.wait_for("Count")
    assert terminal.raw.count(b"\n", terminal.raw.index(b"before")) >= 10
    assert b"\x1b[2J" not in terminal.raw
    terminal.end()


def test_a_long_table_is_cut_and_counted(tmp_path, server):
    register(tmp_path, server, *[f"p{number:02}" for number in range(20)])
    terminal = watch(tmp_path, server, columns=60, rows=10)
    screen = terminal.wait_for("not shown")
    assert len(screen) == 10
    assert screen[4].startswith("   plugin-p00 ")
    assert screen[8].startswith("   plugin-p04 ")
    assert screen[9] == "15 more rows are not shown"
    terminal.process.setwinsize(30, 60)
    terminal.emulator.resize(30, 60)
    terminal.wait_for("Count: 20 / 20")
    terminal.end()


def test_a_narrow_screen_leaves_columns_out_and_cuts_what_stays_too_long(tmp_path, server):
    register(tmp_path, server, "a-very-long-name-indeed")
    for more, lines in [[(), 6], [("--wide",), 5]]:
        terminal = watch(tmp_path, server, *more, columns=24)
        terminal.wait_until(lambda screen, at=lines - 1: len(screen) > at and screen[at].startswith("   plugin-a-very-lo"))
        assert all(len(line) <= 24 for line in terminal.screen())
        assert "…" in terminal.screen()[lines - 1]
        assert ("note: 1 column does not…" in terminal.screen()) == (more == ())
        terminal.end()


def test_what_changed_is_marked_with_and_without_colours(tmp_path, server):
    register(tmp_path, server, "one", "two", "three")
    change = Spacectl(tmp_path)
    for variables, styles in [({}, (b"\x1b[31m", b"\x1b[7m", b"\x1b[32m")), ({"NO_COLOR": "1"}, ())]:
        terminal = watch(tmp_path, server, "-s", "plugin_id", **variables)
        terminal.wait_for("   plugin-three | three")
        change.output("--endpoint", server.url, "exec", "update", PLUGIN, "-p", "plugin_id=plugin-one", "-p", "name=1")
        terminal.wait_for("~  plugin-one   | 1")
        change.output("--endpoint", server.url, "exec", "deregister", PLUGIN, "-p", "plugin_id=plugin-three", "-o", "csv")
        terminal.wait_for("-  plugin-three | three")
        register(tmp_path, server, "three")
        terminal.wait_for("+  plugin-three | three")
        # Once, until the next request.
        terminal.wait_for("   plugin-three | three")
        assert all(style in terminal.raw for style in styles)
        assert styles or not re.search(rb"\x1b\[\d+m", terminal.raw)
        terminal.end()
        change.output("--endpoint", server.url, "exec", "update", PLUGIN, "-p", "plugin_id=plugin-one", "-p", "name=one")


def test_a_service_that_goes_away_is_told_of_and_waited_for(tmp_path, data):
    with local_serve(data) as server:
        register(tmp_path, server, "one")
        terminal = watch(tmp_path, server)
        terminal.wait_for("plugin-one")
        assert server.stop(signal.SIGTERM) == 0
        screen = terminal.wait_for("error: ")
        assert any("plugin-one" in line for line in screen), "what was known stays in sight"
        port = server.url.rpartition(":")[2]
    with local_serve(data, port=port):
        screen = terminal.wait_until(lambda screen: not any("error: " in line for line in screen))
        assert any("plugin-one" in line for line in screen)
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130


def test_an_error_that_stays_is_left_below(tmp_path, server):
    register(tmp_path, server, "one")
    words = [lab.SPACECTL, "--endpoint", server.url, "get", PLUGIN, "-p", "plugin_id=plugin-one", "--watch", "0.2"]
    terminal = Terminal(words, tmp_path)
    terminal.wait_for("plugin_id: plugin-one")
    Spacectl(tmp_path).output("--endpoint", server.url, "exec", "deregister", PLUGIN, "-p", "plugin_id=plugin-one", "-o", "csv")
    assert terminal.wait_for_end() == 67
    screen = terminal.screen()
    error = next(at for at, line in enumerate(screen) if line.startswith("error: get repository.Plugin"))
    assert error > next(at for at, line in enumerate(screen) if "plugin_id: plugin-one" in line)


def test_styles_only_where_they_are_wanted(tmp_path, server):
    register(tmp_path, server, "one")
    terminal = watch(tmp_path, server, NO_COLOR="1")
    terminal.wait_for("Count")
    terminal.end()
    assert b"\x1b[1" not in terminal.raw


def test_steps_do_not_write_over_the_screen(tmp_path, server):
    terminal = watch(tmp_path, server, "-v")
    assert terminal.wait_for_end() == 2
    assert "hint: redirect its output, e.g. 2>steps.log" in "\n".join(terminal.screen())


def runs_below(pid, name):
    """Whether a process of this name descends from `pid`."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    is_it = [Path(f"/proc/{child}/comm").read_text().strip() == name for child in children]
    return any(is_it) or any(runs_below(child, name) for child in children)


def test_ctrl_c_ends_a_command_that_is_to_print_the_key(tmp_path, server):
    home = Spacectl(tmp_path)
    home.run("config", "init", "-e", "lab", "--service", f"repository={server.url}", "--api-key-command", "sleep 60")
    terminal = Terminal([lab.SPACECTL, "list", PLUGIN, "--watch", "-o", "yaml"], tmp_path)
    terminal.wait_until(lambda _: runs_below(terminal.process.pid, "sleep"))
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130
