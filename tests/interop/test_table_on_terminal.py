"""A table on terminals of several widths, as a person sees it, and in a pipe."""

import json
import unicodedata

import pytest
from wcwidth import wcswidth

import lab
from terminal import Terminal

PLUGIN = "repository.Plugin"
ROWS = [
    {"name": "슬랙 알림 프로토콜 🚀 " + "알" * 30, "image": "cloudforet/plugin-slack-notification-protocol"},
    {"name": "e\u0301" * 60, "image": "cloudforet/plugin-grafana"},
    {"name": "\x1b[31mred\x07" + "x" * 60, "image": "cloudforet/plugin-red"},
]
NOTE = "note: some fields are hidden: use -a to show all"


@pytest.fixture
def ours(spacectl):
    for row in ROWS:
        spec = {"resource_type": "monitoring.Webhook", "provider": "somebody", **row}
        assert spacectl.run("-e", "local", "exec", "register", PLUGIN, "-j", json.dumps(spec)).code == 0
    return spacectl


def shown(ours, columns, *args, **variables):
    """The lines on the screen, when all is written."""
    command = [lab.SPACECTL, "-e", "local", *args]
    terminal = Terminal(command, ours.home, columns=columns, rows=40, **variables)
    assert terminal.wait_for_end() == 0
    assert b"\x1b[31m" not in terminal.raw and b"\x07" not in terminal.raw
    # What the emulator wrapped would stand in more lines than were written.
    assert terminal.raw.count(b"\r\n") == len(terminal.screen()), terminal.screen()
    return terminal.screen()


@pytest.mark.parametrize("columns", [60, 72, 80, 100, 131])
def test_a_table_fits_the_terminal(ours, columns):
    lines = shown(ours, columns, "list", PLUGIN)
    assert any("…" in line for line in lines)
    left_out = 5 - len(lines[0].split("|"))
    fits = {0: NOTE, 1: "note: 1 column does not fit: use --wide or -c"}
    assert lines[-1] == fits.get(left_out, f"note: {left_out} columns do not fit: use --wide or -c")
    assert (left_out == 0) == (columns >= 80)
    ids = [line.split("|")[0].strip() for line in lines[2:5]]
    # What is typed again is not cut.
    assert ids == ["plugin-red", "plugin-grafana", "plugin-slack-notification-protocol"]
    assert wcswidth(lines[1]) <= columns
    separators = [[at for at, mark in enumerate(line) if mark in "|+"] for line in lines[1:2] + lines[:1]]
    assert separators[0] == separators[1]


def test_the_table_has_the_whole_width(ours):
    lines = shown(ours, 80, "list", PLUGIN, "-c", "name,image", NO_COLOR="1")
    assert wcswidth(lines[1]) == 80


def test_nothing_is_cut_where_it_fits_or_with_wide(ours):
    piped = ours.output("-e", "local", "list", PLUGIN).splitlines()
    assert not any("…" in line for line in piped) and not any("note" in line for line in piped)
    for columns, args in [(400, ()), (400, ("--wide",))]:
        lines = shown(ours, columns, "list", PLUGIN, *args, NO_COLOR="1")
        # The emulator composes accents.
        assert lines[:-1] == [unicodedata.normalize("NFC", line) for line in piped]
    terminal = Terminal([lab.SPACECTL, "-e", "local", "list", PLUGIN, "--wide"], ours.home, columns=60)
    assert terminal.wait_for_end() == 0
    assert "…".encode() not in terminal.raw
    assert ("x" * 60).encode() in terminal.raw


@pytest.mark.parametrize("columns", [40, 20, 10])
def test_a_terminal_that_is_too_narrow_for_anything_gets_whole_ids(ours, columns):
    terminal = Terminal([lab.SPACECTL, "-e", "local", "list", PLUGIN], ours.home, columns=columns, rows=60)
    assert terminal.wait_for_end() == 0
    lines = terminal.raw.decode().splitlines()
    assert lines[1] == "-" * 36
    assert lines[2:5] == [" plugin-red", " plugin-grafana", " plugin-slack-notification-protocol"]
    assert lines[-1].endswith(" 4 columns do not fit: use --wide or -c")
    assert sum("fit" in line for line in lines) == 1


def test_a_short_id_leaves_room_for_others(ours):
    command = [lab.SPACECTL, "-e", "local", "list", PLUGIN, "--search", "red", "-c", "state,plugin_id,name"]
    terminal = Terminal(command, ours.home, columns=24, NO_COLOR="1")
    assert terminal.wait_for_end() == 0
    lines = terminal.raw.decode().splitlines()
    assert lines[:3] == [" state   | plugin_id", "---------+------------", " ENABLED | plugin-red"]
    assert lines[-1] == "note: 1 column does not fit: use --wide or -c"


def test_colour_is_decided_for_each_stream(ours):
    for variables, args, expected in [
        ({}, (), True),
        ({"NO_COLOR": "1"}, (), False),
        ({"TERM": "dumb"}, (), False),
        ({}, ("--color", "never"), False),
        ({"NO_COLOR": "1"}, ("--color", "always"), True),
    ]:
        terminal = Terminal([lab.SPACECTL, "-e", "local", "list", PLUGIN, *args], ours.home, **variables)
        assert terminal.wait_for_end() == 0
        assert (b"\x1b[1m plugin_id" in terminal.raw) == expected, (variables, args)
        assert (b"\x1b[1;36mnote:" in terminal.raw) == expected, (variables, args)


def test_the_user_is_told_of_more_only_where_there_is_more(ours):
    assert shown(ours, 100, "list", PLUGIN)[-1] == NOTE
    assert shown(ours, 100, "list", "repository.Repository")[-1] != NOTE
    for args in [("-a",), ("-m",), ("-c", "name")]:
        assert not any(line.startswith("note") for line in shown(ours, 400, "list", PLUGIN, *args)), args
    one = ("get", PLUGIN, "-p", "plugin_id=plugin-red")
    assert not any(line.startswith("note") for line in shown(ours, 400, *one))
    assert shown(ours, 400, *one, "-o", "table")[-1] == NOTE.replace("-a", "-o yaml")
