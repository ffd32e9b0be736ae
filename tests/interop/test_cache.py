"""A warm cache where a service of one generation takes the place of the other on the same port: what is read and what
is written is what a client without a cache reads and writes."""

import json
import re

import pytest
import yaml

from lab import Spacectl, free_port, local_serve, repository_service

PLUGIN = "repository.Plugin"
READ = [
    ["list", PLUGIN, "-o", "json"],
    ["list", PLUGIN, "-s", "-name", "-l", "2", "--filter", "name~a", "-c", "plugin_id,name,labels"],
    ["list", PLUGIN, "-p", "state=ENABLED", "-p", "provider=aws", "-o", "yaml"],
    ["get", PLUGIN, "-p", "plugin_id=plugin-a"],
    ["plugin", "get", "plugin-b", "-o", "json"],
    ["list", PLUGIN, "-c", "service_type"],
    ["list", PLUGIN, "-c", "resource_type", "-o", "quiet"],
    ["get", PLUGIN, "-p", "plugin_id=nope"],
]


def spec(name):
    return {
        "name": f"Plugin {name}",
        "image": f"x/plugin-{name}",
        "resource_type": "monitoring.Webhook",
        "provider": "aws",
        "capability": {"supported_schema": [name]},
        "labels": [name, "b"],
        "tags": {"icon": "i.svg"},
    }


def clients(tmp_path, url):
    """One that keeps what it learns, and one that does not."""
    return [Spacectl(tmp_path / name).configure(url, "domain-cache") for name in ("keeping", "forgetful")]


def kept(client):
    folder = client.home / ".cache/spacectl/descriptors"
    return sorted(folder.iterdir()) if folder.exists() else []


def read_alike(keeping, forgetful):
    for line in READ:
        plain = forgetful.run("--no-cache", *line)
        # As it was learnt before, and as it is now.
        for _ in range(2):
            assert keeping.run(*line) == plain, line
    assert kept(keeping) and not kept(forgetful)


def write_alike(keeping, forgetful):
    """Registers and changes a plugin each, which differ in nothing but the letter in their names."""
    rows = []
    for client, flags, name in [(keeping, [], "a"), (forgetful, ["--no-cache"], "b")]:
        result = client.run(*flags, "exec", "register", PLUGIN, "-j", json.dumps(spec(name)), "-o", "json")
        assert result.code == 0, result
        update = ["-p", f"plugin_id=plugin-{name}", "-p", "tags.docs=d", "-p", "labels=[c]"]
        assert client.run(*flags, "exec", "update", PLUGIN, *update).code == 0
        row = client.output(*flags, "get", PLUGIN, "-p", f"plugin_id=plugin-{name}")
        row = re.sub(r"'?\d{4}-\d\d-\d\dT[\d:.]+Z'?", "MOMENT", row)
        rows.append(yaml.safe_load(re.sub(rf"\b{name}\b", "NAME", row)))
    assert rows[0] == rows[1]
    assert rows[0]["tags"] == {"docs": "d"} and rows[0]["labels"] == ["c"]


def real(folder, port):
    folder.mkdir(exist_ok=True)
    return repository_service(folder / "log", port=port)


def served(folder, port):
    folder.mkdir(exist_ok=True)
    return local_serve(folder / "plugins.db", port=port)


@pytest.mark.parametrize("order", [(real, served), (served, real)], ids=["upgraded", "downgraded"])
def test_a_service_of_another_generation_takes_the_port(tmp_path, order):
    port = free_port()
    before, after = order
    with before(tmp_path / "before", port) as server:
        keeping, forgetful = clients(tmp_path, server.url)
        write_alike(keeping, forgetful)
        read_alike(keeping, forgetful)
        server.stop()
    with after(tmp_path / "after", port) as server:
        # What writes goes first: there is nothing to read yet, and all that is kept is of the other generation.
        write_alike(keeping, forgetful)
        read_alike(keeping, forgetful)
    files = len(kept(keeping))
    assert keeping.run("cache", "clear").stderr.startswith(f"{files} file{'s' * (files > 1)} of ")
    assert kept(keeping) == []
