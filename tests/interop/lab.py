"""The programs that meet here, and the servers that they talk to."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import yaml

HERE = Path(__file__).resolve().parent
EXAMPLES = HERE.parent.parent / "examples"
PEERS = Path(os.environ["INTEROP_DIR"])
SPACECTL = os.environ["SPACECTL_BIN"]

# Longest wait, in seconds, for anything that should come at once: passes quickly, fails late but surely.
PATIENCE = 120


@dataclass
class Result:
    """What a finished program left behind."""

    code: int
    stdout: str
    stderr: str


class Program:
    """A client with a home folder of its own."""

    def __init__(self, executable, home, **variables):
        self.executable = str(executable)
        self.home = Path(home)
        self.home.mkdir(parents=True, exist_ok=True)
        self.variables = variables

    def run(self, *args, stdin=""):
        done = subprocess.run(
            [self.executable, *map(str, args)],
            input=stdin.encode(),
            capture_output=True,
            env={"HOME": str(self.home), "LANG": "C.UTF-8", **self.variables},
            cwd=self.home,
            timeout=PATIENCE,
        )
        return Result(done.returncode, done.stdout.decode(), done.stderr.decode())

    def output(self, *args, stdin=""):
        """Standard output of a call that succeeds and has nothing else to say."""
        result = self.run(*args, stdin=stdin)
        assert (result.code, result.stderr) == (0, ""), result
        return result.stdout

    def configure(self, url, token):
        """Writes the configuration as both clients keep it: the repository service at `url`, with the key of a domain."""
        folder = self.home / ".spaceone"
        (folder / "environments").mkdir(parents=True, exist_ok=True)
        settings = {"api_key": f"key-{token}", "endpoints": {"repository": url}}
        for path, content in {"environment": {"environment": "lab"}, "environments/lab": settings}.items():
            file = folder / f"{path}.yml"
            file.write_text(yaml.safe_dump(content))
            file.chmod(0o600)
        return self


class Spacectl(Program):
    """This project's program."""

    def __init__(self, home):
        super().__init__(SPACECTL, home)

    def refused(self, *args, stdin=""):
        """How a server refused the call: exit code, gRPC status and the server's own words."""
        result = self.run("--error-format", "json", *args, stdin=stdin)
        assert result.stdout == "", result
        error = json.loads(result.stderr)["error"]
        assert (error["kind"], error["exit_code"]) == ("status", result.code), error
        return result.code, error["code"], error["causes"][0]

    def use(self, name, services, token=None):
        """Makes an environment of the services that has this key, or none, and switches to it."""
        endpoints = [word for service, server in services.items() for word in ("--service", f"{service}={server.url}")]
        key = ["--api-key", "-"] if token else []
        result = self.run("config", "init", "-e", name, "--force", *endpoints, *key, stdin=token or "")
        assert result.code == 0, result
        return self

    def exec(self, verb, resource, **document):
        """What a service answers to a request."""
        return json.loads(self.output("exec", verb, resource, "-j", json.dumps(document), "-o", "json") or "{}")


class PythonClient(Program):
    """The real Python client. It prints errors on standard output and exits 0, whatever happens."""

    def __init__(self, home):
        super().__init__(PEERS / "client/bin/spacectl", home, PYTHONWARNINGS="ignore")

    def output(self, *args, stdin=""):
        stdout = super().output(*args, stdin=stdin)
        assert not stdout.startswith("ERROR"), stdout
        return stdout

    def refused(self, *args):
        """The words of the error that the call ends with."""
        stdout = super().output(*args)
        assert stdout.startswith("ERROR: "), stdout
        return stdout.removeprefix("ERROR: ").rstrip("\n")


@contextlib.contextmanager
def python_calls(home):
    """Yields a function that calls the Python client, in one process, and returns what it prints; errors begin with
    `ERROR: `."""
    command = [PEERS / "client/bin/python", HERE / "python_calls.py"]
    environment = {"HOME": str(home), "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env=environment) as process:

        def call(*args):
            process.stdin.write(json.dumps(args) + "\n")
            process.stdin.flush()
            return json.loads(process.stdout.readline())

        try:
            yield call
        finally:
            process.kill()


class Server:
    """A server process; `url` once it answers."""

    def __init__(self, process):
        self.process = process
        self.url = None

    def stop(self, how=signal.SIGTERM):
        """Asks it to end and says what it exited with."""
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


@contextlib.contextmanager
def local_serve(data, *args, port=0):
    """`spacectl local serve` on a free port or this one, its plugins in the file `data`."""
    data = Path(data)
    command = [SPACECTL, "local", "serve", "--listen", f"127.0.0.1:{port}", "--data", str(data), *args]
    environment = {"HOME": str(data.parent)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment) as process:
        server = Server(process)
        try:
            line = process.stdout.readline()
            assert line.startswith("listening on grpc://127.0.0.1:"), line or process.stderr.read()
            server.url = line.removeprefix("listening on ").strip()
            yield server
        finally:
            server.end()


@contextlib.contextmanager
def repository_service(log, harbor="", port=None):
    """The real Repository service on a free port or this one, what it says in the file `log`, with the one local repository
    that plugins are registered in. It looks up images of Harbor in the registry at `harbor`."""
    port = port or free_port()
    command = [PEERS / "service/bin/python", HERE / "repository_service.py", str(port), harbor]
    environment = {"HOME": str(Path(log).parent), "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    with open(log, "w") as out, subprocess.Popen(command, stdout=out, stderr=out, env=environment) as process:
        server = Server(process)
        try:
            wait_until_listening(process, port, log)
            server.url = f"grpc://127.0.0.1:{port}"
            answer = Spacectl(Path(log).parent).output(
                *("--endpoint", server.url, "exec", "register", "repository.Repository"),
                *("-p", "name=local", "-p", "repository_type=local", "-p", "domain_id=domain-lab"),
            )
            registered = yaml.safe_load(answer)
            assert (registered["name"], registered["repository_type"]) == ("local", "local")
            server.repository_id = registered["repository_id"]
            yield server
        finally:
            server.end()


PLATFORM = ["repository", "identity", "config", "secret", "inventory"]
# What an installation begins with: identity creates users only where config tells how a domain lets them in.
CORE = ["repository", "identity", "config"]
PASSWORD = "Interop-1-password"
# A Repository service without the managed repository that an installation has beside its own.
UNMANAGED = {"REPOSITORIES": [{"repository_id": "repo-local", "name": "Private", "repository_type": "LOCAL"}]}


class Services(dict):
    """Servers of the 2.x platform, by name."""

    def __init__(self, mail_file):
        self.mail_file = mail_file

    def mails(self):
        """The mails that identity has sent, the last one last, each with `to`, `subject` and `body`."""
        return [json.loads(line) for line in self.mail_file.read_text().splitlines()] if self.mail_file.exists() else []


@dataclass
class Account:
    """A domain with a workspace, its administrator, and a user who owns the workspace. Both have the `PASSWORD`."""

    services: Services
    domain_name: str
    domain_id: str
    workspace_id: str
    admin_id: str
    user_id: str


def new_account(client, services, name):
    """Creates a domain of this name with what belongs to it. The client is left in the environment `new`, as its
    administrator who has not logged in."""
    admin, user = "admin@example.com", "user@example.com"
    person = {"password": PASSWORD, "reset_password": False}
    client.use("new", services, "system")
    domain = client.exec("create", "identity.Domain", name=name, admin={"user_id": admin, "name": "Admin", **person})
    client.use("new", services, domain["domain_id"])
    workspace = client.exec("create", "identity.Workspace", name="main")["workspace_id"]
    client.exec("create", "identity.User", user_id=user, name="User", email=user, auth_type="LOCAL", **person)
    owner = {"role_id": "managed-workspace-owner", "resource_group": "WORKSPACE", "workspace_id": workspace}
    client.exec("create", "identity.RoleBinding", user_id=user, **owner)
    return Account(services, name, domain["domain_id"], workspace, admin, user)


@contextlib.contextmanager
def platform_services(folder, names=PLATFORM, settings=None):
    """Real services of the 2.x platform on free ports; their logs and mails are in the folder. The settings override
    the services' own configuration."""
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    command = [PEERS / "platform/bin/python", HERE / "platform_service.py"]
    environment = {"HOME": str(folder), "LANG": "C.UTF-8", "PYTHONWARNINGS": "ignore"}
    with contextlib.ExitStack() as stack:
        servers = Services(folder / "mails.jsonl")
        settings = {"MAILS": str(servers.mail_file), **(settings or {})}
        for name, port in ports.items():
            out = stack.enter_context(open(folder / f"{name}.log", "w"))
            args = [name, json.dumps(ports), json.dumps(settings)]
            process = subprocess.Popen([*command, *args], stdout=out, stderr=out, env=environment)
            servers[name] = Server(process)
            stack.callback(servers[name].end)
        for name, server in servers.items():
            wait_until_listening(server.process, ports[name], folder / f"{name}.log")
            server.url = f"grpc://127.0.0.1:{ports[name]}"
        yield servers


def free_port():
    return free_ports(1)[0]


def free_ports(count):
    """Different ports: each is held until all are found."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


def wait_until_listening(process, port, log):
    give_up = time.monotonic() + PATIENCE
    while True:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port), PATIENCE):
            return
        assert process.poll() is None and time.monotonic() < give_up, Path(log).read_text()
        time.sleep(0.1)
