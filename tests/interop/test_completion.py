"""Completion in real shells, typed at a terminal."""

import contextlib
import os
import socket
from pathlib import Path

import pytest

import lab
from terminal import Terminal, required

PLUGIN = "repository.Plugin"
PROMPT = ">>> "
# What no completion writes.
MARK = "@@"


class Shell:
    """An interactive shell without a configuration, in which completion is set up as the help says."""

    # The shell's own ways: its arguments, what it is told first, and the variables that it is started with.
    WAYS = {
        "bash": (["--noprofile", "--norc", "-i"], ["source <(spacectl completion bash)"], {"PS1": PROMPT}),
        "zsh": (
            ["-f", "-i"],
            ["autoload -Uz compinit; compinit -D", "source <(spacectl completion zsh)"],
            {"PS1": PROMPT},
        ),
        "fish": (
            ["-i"],
            [
                f"function fish_prompt; echo -n '{PROMPT}'; end",
                "set -g fish_autosuggestion_enabled 0; set -g fish_greeting",
                "mkdir -p ~/.config/fish/completions",
                "spacectl completion fish > ~/.config/fish/completions/spacectl.fish",
            ],
            {},
        ),
        "elvish": (
            ["-norc"],
            [
                f"set edit:prompt = {{ put '{PROMPT}' }}",
                "set edit:rprompt = { }",
                "eval (spacectl completion elvish | slurp)",
            ],
            {},
        ),
    }

    def __init__(self, name, home, **variables):
        program = required(name)
        arguments, setup, own = self.WAYS[name]
        path = f"{Path(lab.SPACECTL).parent}:{os.environ['PATH']}"
        self.name = name
        # A machine that is busy with other tests may be slow.
        own = {"PATH": path, "SPACECTL_COMPLETION_TIMEOUT": "60s", **own}
        self.terminal = Terminal([program, *arguments], home, columns=160, rows=30, **{**own, **variables})
        for line in setup:
            self.terminal.type(line + "\r")
        # The shell has done all of that when it has done this.
        self.terminal.type("echo rea''dy\r")
        self.terminal.wait_until(lambda lines: "ready" in lines)
        self.clear()

    def clear(self):
        """Leaves an empty screen with a prompt."""
        self.terminal.type("\x15clear\r")
        self.terminal.wait_until(lambda lines: lines == [PROMPT.rstrip()])

    def completes(self, typed, to):
        """Types and presses the tab key; then the line is `to`, and the next character comes right behind it."""
        self.terminal.type(f"{typed}\t")
        if self.name == "elvish" and "'" in to:
            # What needs a quote is shown first, even if it is alone.
            self.terminal.wait_for("COMPLETING argument")
            self.terminal.type("\r")
        self.terminal.type(MARK)
        line = f"{PROMPT}{to}{MARK}"
        self.terminal.wait_until(lambda lines: any(MARK in line for line in lines))
        shown = [shown for shown in self.terminal.screen() if MARK in shown]
        assert shown == [line], self.terminal.screen()
        screen = self.terminal.screen()
        self.clear()
        return screen

    def shows(self, typed, *texts):
        """Types and presses the tab key until the shell lists what there is; then all of `texts` are on the screen."""
        # bash lists when nothing more could be added before.
        self.terminal.type(typed + ("\t\t\t" if self.name == "bash" else "\t\t"))
        for text in texts:
            self.terminal.wait_for(text)
        self.terminal.type("\x03")
        self.terminal.wait_until(lambda lines: lines and lines[-1] == PROMPT.rstrip())
        self.clear()


@pytest.fixture(params=["bash", "zsh", "fish"])
def shell_name(request):
    required(request.param)
    return request.param


@pytest.fixture
def start(shell_name, tmp_path):
    """Starts the shell in a home, and ends it."""
    with contextlib.ExitStack() as ends:

        def start(home=tmp_path, **variables):
            Path(home).mkdir(exist_ok=True)
            shell = Shell(shell_name, home, **variables)
            ends.callback(shell.terminal.end)
            return shell

        yield start


def register(spacectl, *args):
    for spec in ["plugin_grafana_webhook.yml", "plugin_aws_sns_webhook.yml"]:
        assert spacectl.run(*args, "exec", "register", PLUGIN, "-f", lab.EXAMPLES / spec).code == 0


def test_commands_options_and_fixed_values(start):
    shell = start()
    shell.completes("spacectl li", "spacectl list ")
    shell.completes("echo a; A=1 spacectl li", "echo a; A=1 spacectl list ")
    shell.completes("echo a | spacectl li", "echo a | spacectl list ")
    shell.completes("spacectl config endp", "spacectl config endpoint ")
    shell.completes("spacectl list --colu", "spacectl list --columns ")
    shell.completes(f"spacectl list {PLUGIN} -o ya", f"spacectl list {PLUGIN} -o yaml ")
    shell.completes("spacectl completion el", "spacectl completion elvish ")
    shell.completes("spacectl -e lo", "spacectl -e local ")
    shell.completes("spacectl --environment=lo", "spacectl --environment=local ")


def test_what_the_environment_local_knows(start, tmp_path):
    register(lab.Spacectl(tmp_path), "-e", "local")
    shell = start(SPACECTL_ENVIRONMENT="local")
    shell.completes("spacectl list repository.Pl", f"spacectl list {PLUGIN} ")
    shell.completes("spacectl exec reg", "spacectl exec register ")
    shell.completes("spacectl exec register rep", f"spacectl exec register {PLUGIN} ")
    shell.completes(f"spacectl list {PLUGIN} -c plugin_id,na", f"spacectl list {PLUGIN} -c plugin_id,name ")
    shell.completes(f"spacectl list {PLUGIN} -s -na", f"spacectl list {PLUGIN} -s -name ")
    shell.completes(f"spacectl list {PLUGIN} -p resource_t", f"spacectl list {PLUGIN} -p resource_type=")
    shell.completes(f"spacectl list {PLUGIN} -p registry_type=HA", f"spacectl list {PLUGIN} -p registry_type=HARBOR ")
    one = f"spacectl get {PLUGIN} -p plugin_id=plugin-gr"
    shell.completes(one, f"spacectl get {PLUGIN} -p plugin_id=plugin-grafana-monitoring-webhook ")
    both = ["plugin-aws-sns-monitoring-webhook", "plugin-grafana-monitoring-webhook"]
    # bash has no place for help.
    help = [] if shell.name == "bash" else ["AWS SNS Webhook", "Grafana Webhook"]
    shell.shows(f"spacectl get {PLUGIN} -p plugin_id=", *both, *help)


# fish does not tell a completion what stands behind the cursor.
@pytest.mark.parametrize("shell_name", ["bash", "zsh"])
def test_what_stands_behind_the_cursor_counts(start, shell_name):
    shell = start(SPACECTL_ENVIRONMENT="gone")
    rest = " -e local"
    # Ctrl-B goes back a character.
    shell.terminal.type(f"spacectl list repository.Pl{rest}" + "\x02" * len(rest) + "\t")
    shell.terminal.wait_until(lambda lines: any(line.startswith(f"{PROMPT}spacectl list {PLUGIN} ") for line in lines))


def test_words_that_a_shell_splits_or_quotes(start, tmp_path):
    register(lab.Spacectl(tmp_path), "-e", "local")
    shell = start(SPACECTL_ENVIRONMENT="local")
    shell.completes(f"spacectl list {PLUGIN} -c tags.spaceone:x,na", f"spacectl list {PLUGIN} -c tags.spaceone:x,name ")
    shell.completes("spacectl --endpoint grpc://h:1 -e lo", "spacectl --endpoint grpc://h:1 -e local ")
    # A quote that is open is closed, and what needs one gets it.
    quoted = f"spacectl list {PLUGIN} -c 'plugin_id|ID,na"
    shell.completes(quoted, f"spacectl list {PLUGIN} -c 'plugin_id|ID,name' ")
    shell.completes(f"spacectl list {PLUGIN} -p name=Gra", rf"spacectl list {PLUGIN} -p name=Grafana\ Webhook ")


def test_files(start, tmp_path):
    (tmp_path / "my plugin.yml").write_text("name: x\n")
    (tmp_path / "folder").mkdir()
    shell = start(SPACECTL_ENVIRONMENT="local")
    register = f"spacectl exec register {PLUGIN}"
    shell.completes(f"{register} -f my", rf"{register} -f my\ plugin.yml ")
    shell.completes(f"{register} -f fol", f"{register} -f folder/")
    shell.completes(f"{register} -p docs=@my", rf"{register} -p docs=@my\ plugin.yml ")


def test_a_service_named_by_its_endpoint(start, repository):
    shell = start()
    url = repository.url
    shell.completes(f"spacectl --endpoint {url} list repository.Pl", f"spacectl --endpoint {url} list {PLUGIN} ")
    # A field and a verb that only this generation of the API has.
    columns = f"spacectl --endpoint {url} list {PLUGIN} -c service_t"
    shell.completes(columns, columns + "ype ")
    shell.completes(f"spacectl --endpoint {url} exec sta", f"spacectl --endpoint {url} exec stat ")


def test_a_service_of_the_configuration(start, repository, domain, tmp_path):
    client = lab.Spacectl(tmp_path / "home").configure(repository.url, domain)
    register(client)
    shell = start(client.home)
    shell.completes("spacectl -e la", "spacectl -e lab ")
    shell.completes("spacectl --endpoint grpc:", f"spacectl --endpoint {repository.url} ")
    shell.completes("spacectl exec dereg", "spacectl exec deregister ")
    one = f"spacectl exec disable {PLUGIN} -p plugin_id=plugin-gr"
    shell.completes(one, one.removesuffix("gr") + "grafana-monitoring-webhook ")
    shell.completes("spacectl config set endpoints.rep", "spacectl config set endpoints.repository ")


def test_a_service_that_does_not_answer(start):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        shell = start(SPACECTL_COMPLETION_TIMEOUT="")
        for port in (silent.getsockname()[1], lab.free_port()):
            line = f"spacectl --endpoint grpc://127.0.0.1:{port} list repository.Pl"
            assert shell.completes(line, line) == [f"{PROMPT}{line}{MARK}"]


def test_what_can_be_explained(start):
    shell = start(SPACECTL_ENVIRONMENT="local")
    # No blank comes: a dot may follow.
    shell.completes("spacectl explain repository.Pl", f"spacectl explain {PLUGIN}")
    shell.completes(f"spacectl explain {PLUGIN}.reg", f"spacectl explain {PLUGIN}.register")
    shell.completes("spacectl explain plugin.dereg", "spacectl explain plugin.deregister")
    shell.completes("spacectl explain plugin.register.na", "spacectl explain plugin.register.name ")
    shell.shows(f"spacectl explain {PLUGIN}.get", f"{PLUGIN}.get_versions")


def test_values_behind_each_operator_of_a_filter(start, tmp_path):
    register(lab.Spacectl(tmp_path), "-e", "local")
    shell = start(SPACECTL_ENVIRONMENT="local")
    grafana = "plugin-grafana-monitoring-webhook"
    for operator in ["=", "!=", " in ", " not in x,"]:
        line = f"spacectl list plugins --filter 'plugin_id{operator}plugin-gr"
        shell.completes(line, f"{line.removesuffix('plugin-gr')}{grafana}' ")
    line = "spacectl list plugins --filter 'registry_type in HARBOR,DO"
    shell.completes(line, line + "CKER_HUB' ")


def test_what_is_forgiven_and_what_was_set(start, tmp_path):
    client = lab.Spacectl(tmp_path)
    assert client.run("config", "alias", "set", "mine", PLUGIN).code == 0
    assert client.run("template", "set", PLUGIN, "-c", "name").code == 0
    shell = start(SPACECTL_ENVIRONMENT="local")
    shell.completes("spacectl list plugins -c plugin_id,na", "spacectl list plugins -c plugin_id,name ")
    shell.completes("spacectl list repository.plugins -c na", "spacectl list repository.plugins -c name ")
    shell.completes("spacectl template set plugin -c plugin_id,na", "spacectl template set plugin -c plugin_id,name ")
    shell.completes("spacectl template remove rep", f"spacectl template remove {PLUGIN} ")
    shell.completes("spacectl config alias remove m", "spacectl config alias remove mine ")
    shell.completes("spacectl api-resources -c service,full", "spacectl api-resources -c service,full_name ")


def test_elvish(tmp_path):
    (tmp_path / "my plugin.yml").write_text("name: x\n")
    register(lab.Spacectl(tmp_path), "-e", "local")
    shell = Shell("elvish", tmp_path, SPACECTL_ENVIRONMENT="local")
    try:
        shell.completes("spacectl li", "spacectl list ")
        shell.completes("spacectl list repository.Pl", f"spacectl list {PLUGIN} ")
        shell.completes(f"spacectl list {PLUGIN} -p resource_t", f"spacectl list {PLUGIN} -p 'resource_type='")
        one = f"spacectl get {PLUGIN} -p plugin_id=plugin-gr"
        shell.completes(one, f"spacectl get {PLUGIN} -p 'plugin_id=plugin-grafana-monitoring-webhook' ")
        shell.completes(f"spacectl exec register {PLUGIN} -f my", f"spacectl exec register {PLUGIN} -f 'my plugin.yml' ")
    finally:
        shell.terminal.end()


def test_zsh_completes_from_a_file_in_fpath(tmp_path):
    zsh = required("zsh")
    (tmp_path / "functions").mkdir()
    script = lab.Spacectl(tmp_path).output("completion", "zsh")
    (tmp_path / "functions/_spacectl").write_text(script)
    path = f"{Path(lab.SPACECTL).parent}:{os.environ['PATH']}"
    terminal = Terminal([zsh, "-f", "-i"], tmp_path, PATH=path, PS1=PROMPT)
    try:
        terminal.type("fpath=(~/functions $fpath); autoload -Uz compinit; compinit -D; clear\r")
        for _ in range(2):
            terminal.type("spacectl li\t" + MARK)
            terminal.wait_for(f"{PROMPT}spacectl list {MARK}")
            terminal.type("\x03")
            terminal.type("clear\r")
            terminal.wait_until(lambda lines: lines == [PROMPT.rstrip()])
    finally:
        terminal.end()


@pytest.mark.parametrize("name", ["bash", "zsh", "fish", "elvish"])
def test_what_install_writes_is_loaded_by_a_new_shell(name, tmp_path):
    program = required(name)
    client = lab.Spacectl(tmp_path)
    files = {"bash": ".bashrc", "zsh": ".zshrc", "elvish": ".config/elvish/rc.elv"}
    first = {"bash": f"PS1='{PROMPT}'", "zsh": f"PS1='{PROMPT}'", "elvish": f"set edit:prompt = {{ put '{PROMPT}' }}"}
    if name in files:
        path = tmp_path / files[name]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(first[name] + "\nset edit:rprompt = { }\n" * (name == "elvish"))
        before = path.read_bytes()
    else:
        path = tmp_path / ".config/fish/config.fish"
        path.parent.mkdir(parents=True)
        path.write_text(f"function fish_prompt; echo -n '{PROMPT}'; end; set -g fish_greeting\n")
        before = path.read_bytes()
    assert client.run("completion", "install", name).code == 0
    path_variable = f"{Path(lab.SPACECTL).parent}:{os.environ['PATH']}"
    variables = {"PATH": path_variable, "SPACECTL_COMPLETION_TIMEOUT": "60s"}
    for expected in [f"{PROMPT}spacectl config use local {MARK}", f"{PROMPT}spacectl config use lo{MARK}"]:
        terminal = Terminal([program, *([] if name == "elvish" else ["-i"])], tmp_path, columns=160, **variables)
        try:
            terminal.wait_for(PROMPT.rstrip())
            terminal.type("spacectl config use lo\t")
            terminal.type(MARK)
            lines = terminal.wait_until(lambda lines: any(MARK in line for line in lines))
            assert [line for line in lines if MARK in line] == [expected], lines
        finally:
            terminal.end()
        assert client.run("completion", "install", name, "--remove").code == 0
        assert path.read_bytes() == before
