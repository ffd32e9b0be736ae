"""Hundreds of documents: interrupted and run again, in flight at the real Repository services 1.12.5 and 2.x, and on a
terminal."""

import re
import signal
import subprocess

import yaml

import lab
from terminal import Terminal

PLUGIN = "repository.Plugin"
COUNT = 400
IDS = [f"plugin-{n:03}" for n in range(COUNT)]
REGISTER = ["exec", "register", PLUGIN, "-f", "many.yml", "-c", "plugin_id", "-o", "quiet"]


def write(home, ids=IDS):
    specs = [{"name": f"The plugin {id}", "service_type": "a.B", "image": f"x/{id}"} for id in ids]
    (home / "many.yml").write_text(yaml.safe_dump_all(specs))


def plugins(client):
    return client.output("list", PLUGIN, "-c", "plugin_id", "-s", "plugin_id", "-o", "quiet").splitlines()


def test_interrupted_and_run_again_it_loses_and_doubles_nothing(spacectl, either_repository, domain):
    client = spacectl.configure(either_repository.url, domain)
    write(client.home)
    pipe = subprocess.PIPE
    environment = {"HOME": str(client.home), "LANG": "C.UTF-8"}
    command = [lab.SPACECTL, *REGISTER]
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=client.home) as process:
        first = [process.stdout.readline().rstrip() for _ in range(20)]
        process.send_signal(signal.SIGINT)
        first += process.stdout.read().splitlines()
        said = process.stderr.read()
        assert process.wait(lab.PATIENCE) == 130, said
    assert first == IDS[: len(first)] and len(first) < COUNT
    counts, rest = said.splitlines()[-2:]
    assert counts == f"registered {len(first)}, not sent {COUNT - len(first)}", said
    command = f"spacectl exec register {PLUGIN} -f many.yml -c plugin_id -o quiet --keep-going"
    assert rest == f"note: to send the rest, run `{command}`", said
    assert plugins(client) == first

    again = client.run(*REGISTER, "--keep-going")
    assert again.code == 70, again.stderr
    assert again.stdout.splitlines() == IDS[len(first) :]
    assert again.stderr.count("ERROR_SAVE_UNIQUE_VALUES") == len(first)
    assert again.stderr.endswith(f"registered {COUNT - len(first)}, rejected {len(first)}\n")
    assert plugins(client) == IDS


def test_the_later_of_two_updates_wins(spacectl, either_repository, domain):
    client = spacectl.configure(either_repository.url, domain)
    write(client.home, IDS[:3])
    assert client.run(*REGISTER).code == 0
    updates = [{"plugin_id": IDS[n % 3], "name": f"name {n}"} for n in range(60)]
    (client.home / "updates.yml").write_text(yaml.safe_dump_all(updates))
    assert client.run("exec", "update", PLUGIN, "-f", "updates.yml", "--parallel", "32").stderr == "updated 60\n"
    names = client.output("list", PLUGIN, "-c", "name", "-s", "plugin_id", "-o", "quiet")
    assert names == "name 57\nname 58\nname 59\n"


def test_specs_are_applied_side_by_side_and_read_by_one_list(spacectl, either_repository, domain):
    client = spacectl.configure(either_repository.url, domain)
    write(client.home)
    apply = ["plugin", "apply", "-f", "many.yml"]
    registered = client.run(*apply, "--parallel", "32")
    assert (registered.code, registered.stdout.splitlines()) == (0, [f"{id} registered" for id in IDS]), registered
    assert plugins(client) == IDS
    again = client.run(*apply, "-v")
    assert (again.code, again.stdout.splitlines()) == (0, [f"{id} unchanged" for id in IDS]), again
    assert (again.stderr.count("Plugin/list"), again.stderr.count("Plugin/get")) == (1, 0)
    write(client.home, IDS[:50])
    replaced = client.run(*apply, "--replace", "-p", "provider=other")
    assert replaced.stdout.splitlines() == [f"{id} replaced provider" for id in IDS[:50]], replaced
    assert client.run("plugin", "diff", "-f", "many.yml", "-p", "provider=other", "-q").code == 0
    assert plugins(client) == IDS


class TestOnATerminal:
    """A bar shows how far it is, and leaves no trace."""

    def test_specs_are_applied_with_one(self, spacectl, repository, domain):
        client = spacectl.configure(repository.url, domain)
        write(client.home)
        command = f"{lab.SPACECTL} plugin apply -f many.yml --parallel 2 > out"
        terminal = Terminal(["/bin/sh", "-c", command], client.home)
        lines = terminal.wait_until(lambda lines: any(f" of {COUNT}, " in line for line in lines))
        assert lines[-1].startswith("["), lines
        assert terminal.wait_for_end() == 0
        assert not any(f" of {COUNT}, " in line for line in terminal.screen())
        assert (client.home / "out").read_text().splitlines() == [f"{id} registered" for id in IDS]

    def test_results_on_the_same_terminal_stay_whole(self, spacectl, repository, domain):
        client = spacectl.configure(repository.url, domain)
        write(client.home)
        terminal = Terminal([lab.SPACECTL, *REGISTER], client.home, rows=COUNT + 20)
        terminal.wait_until(lambda lines: f" of {COUNT}, " in lines[-1] if lines else False)
        assert terminal.wait_for_end() == 0
        assert terminal.screen() == [*IDS, f"registered {COUNT}"]

    def test_it_is_there_where_results_go_elsewhere(self, spacectl, repository, domain):
        client = spacectl.configure(repository.url, domain)
        write(client.home)
        terminal = Terminal(["/bin/sh", "-c", f"{lab.SPACECTL} {' '.join(REGISTER)} > out"], client.home)
        lines = terminal.wait_until(lambda lines: any(f" of {COUNT}, " in line for line in lines))
        assert len(lines) == 1 and lines[0].startswith("["), lines
        assert terminal.wait_for_end() == 0
        assert terminal.screen() == [f"registered {COUNT}"]
        assert (client.home / "out").read_text().splitlines() == IDS

    def test_refusals_and_ctrl_c_are_told_on_lines_of_their_own(self, spacectl, repository, domain):
        client = spacectl.configure(repository.url, domain)
        write(client.home, [f"{id}-missing" if n == 100 else id for n, id in enumerate(IDS)])
        command = [lab.SPACECTL, *REGISTER, "--keep-going"]
        terminal = Terminal(["/bin/sh", "-c", f"{' '.join(map(str, command))} > out"], client.home, columns=200, rows=40)
        lines = terminal.wait_for("ERROR_NO_IMAGE_IN_REGISTRY")
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130
        # The terminal itself echoes what is pressed, behind the bar: neither is left.
        lines = [line for line in terminal.screen() if not line.startswith("hint:")]
        assert re.match(r"error: many\.yml:\d+:1: document 101: register ", lines[0]), lines
        assert lines[1].startswith("cause: ERROR_NO_IMAGE_IN_REGISTRY"), lines
        assert lines[2].startswith("note: Ctrl-C: waiting for"), lines
        done = len((client.home / "out").read_text().splitlines())
        assert lines[3] == f"registered {done}, rejected 1, not sent {COUNT - done - 1}", lines
        assert lines[4].startswith("note: to send the rest, run `spacectl exec register "), lines

    def test_there_is_none_where_nobody_looks_on_or_wants_it(self, spacectl, repository, domain):
        client = spacectl.configure(repository.url, domain)
        write(client.home)
        piped = client.run(*REGISTER)
        assert (piped.code, piped.stderr) == (0, f"registered {COUNT}\n")
        (client.home / "ids.yml").write_text(yaml.safe_dump_all({"plugin_id": id} for id in IDS))
        for option in ["-q", "-v"]:
            terminal = Terminal([lab.SPACECTL, "exec", "enable", PLUGIN, "-f", "ids.yml", option, "-o", "csv"], client.home)
            assert terminal.wait_for_end() == 0
            assert f" of {COUNT}, ".encode() not in terminal.raw
