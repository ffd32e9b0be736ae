"""One configuration, two programs: what either client writes, the other reads."""

import json
import shutil
import stat

import pytest
import yaml

from lab import PythonClient, Spacectl

SETTINGS = {
    "api_key": "the-key",
    "x_domain_id": "domain-1",
    "endpoints": {
        "repository": "grpc://127.0.0.1:50051",
        "identity": "grpc+ssl://identity.example.com:443",
    },
}
ENDPOINTS = [
    ["Service", "Endpoint"],
    ["repository", "grpc://127.0.0.1:50051"],
    ["identity", "grpc+ssl://identity.example.com:443"],
]


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture(scope="module")
def written_by_theirs(tmp_path_factory):
    """A home with the settings as the Python client writes them."""
    home = tmp_path_factory.mktemp("theirs")
    write_settings(PythonClient(home))
    return home


@pytest.fixture
def ours(home):
    return Spacectl(home)


@pytest.fixture
def theirs(home):
    return PythonClient(home)


def write_settings(client, environment="lab"):
    """Through the client's own commands; they are spelt alike."""
    commands = [("init", "-e", environment)]
    commands += [("set", key, SETTINGS[key]) for key in ("api_key", "x_domain_id")]
    commands += [("endpoint", "add", service, url) for service, url in SETTINGS["endpoints"].items()]
    for command in commands:
        stdin = ""
        # Ours takes a key on standard input only.
        if isinstance(client, Spacectl) and command[1] == "api_key":
            command, stdin = (*command[:2], "-"), command[2]
        assert client.run("config", *command, stdin=stdin).code == 0, command


def endpoints(client):
    """What `config endpoint show` prints, cell by cell."""
    header, _, *rows = client.run("config", "endpoint", "show").stdout.splitlines()
    return [[cell.strip() for cell in row.split("|")] for row in [header, *rows]]


def files(home):
    return {path.relative_to(home / ".spaceone").as_posix(): path for path in home.rglob("*") if path.is_file()}


def modes(home):
    return {name: stat.S_IMODE(path.stat().st_mode) for name, path in files(home).items()}


def test_theirs_reads_ours(home, ours, theirs):
    write_settings(ours)
    assert json.loads(theirs.output("config", "show", "-o", "json")) == SETTINGS
    assert endpoints(theirs) == ENDPOINTS
    assert theirs.output("config", "environment") == "lab (current)\n"


def test_ours_reads_theirs(written_by_theirs):
    ours = Spacectl(written_by_theirs)
    result = ours.run("config", "show", "--show-secrets", "-o", "json")
    assert (result.code, json.loads(result.stdout)) == (0, SETTINGS)
    assert "its mode 0644 lets others read" in result.stderr
    # The Python client sorts what it writes.
    assert endpoints(ours) == [ENDPOINTS[0], *sorted(ENDPOINTS[1:])]
    assert ours.output("config", "environment").splitlines()[0] == "lab (current)"


def test_both_write_the_same_files(written_by_theirs, home, ours):
    write_settings(ours)
    expected = {"environment.yml": {"environment": "lab"}, "environments/lab.yml": SETTINGS}
    for written in (home, written_by_theirs):
        assert {name: yaml.safe_load(path.read_text()) for name, path in files(written).items()} == expected


def test_others_cannot_read_what_ours_writes(home, ours):
    write_settings(ours)
    assert modes(home) == {"environment.yml": 0o600, "environments/lab.yml": 0o600}


def test_ours_closes_what_theirs_left_open(written_by_theirs, home):
    shutil.copytree(written_by_theirs, home)
    ours, theirs = Spacectl(home), PythonClient(home)
    assert modes(home)["environments/lab.yml"] == 0o644
    assert ours.run("config", "set", "x_workspace_id", "workspace-1").code == 0
    assert modes(home)["environments/lab.yml"] == 0o600
    assert json.loads(theirs.output("config", "show", "-o", "json")) == SETTINGS | {"x_workspace_id": "workspace-1"}


def test_each_sees_the_others_switch(ours, theirs):
    write_settings(ours, "one")
    theirs.output("config", "init", "-e", "two")
    assert "two (current)" in ours.output("config", "environment").splitlines()
    assert ours.run("config", "environment", "-s", "one").code == 0
    assert sorted(theirs.output("config", "environment").splitlines()) == ["one (current)", "two"]
    assert ours.run("config", "environment", "-r", "two").code == 0
    assert theirs.output("config", "environment") == "one (current)\n"


def test_both_call_with_what_either_wrote(home, ours, theirs, served):
    assert ours.run("config", "init", "-e", "lab", "--service", "inventory=grpc://127.0.0.1:1").code == 0
    theirs.output("config", "endpoint", "add", "repository", served.url)
    for client in (ours, theirs):
        assert client.output("list", "repository.Plugin") == "NO DATA\n"


def test_settings_of_tls_survive_the_python_client(home, ours, theirs):
    """It does not know them, reads past them, and keeps them."""
    write_settings(ours)
    settings = {"ca": "/pki/ca.pem", "cert": "/pki/me.pem", "key": "/pki/me.key", "tls_server_name": "repo.example"}
    for key, value in settings.items():
        assert ours.run("config", "set", key, value).code == 0
    theirs.output("config", "set", "x_domain_id", "domain-2")
    assert sorted(endpoints(theirs)) == sorted(ENDPOINTS)
    shown = json.loads(ours.run("config", "show", "-o", "json").stdout)
    assert {key: shown.get(key) for key in settings} == settings
    assert shown["x_domain_id"] == "domain-2"
