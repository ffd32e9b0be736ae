"""What resources are called: the Python client's short names mean the same here."""

import ast
import json

import pytest
import yaml

from lab import PEERS

CONFIGURATION = next((PEERS / "client/lib").glob("python3*/site-packages/spacectl/conf/global_conf.py"))


def aliases_of_python_client():
    """The table in its package, as `service.Resource` by alias."""
    for node in ast.parse(CONFIGURATION.read_text()).body:
        if isinstance(node, ast.Assign) and node.targets[0].id == "RESOURCE_ALIAS":
            return {alias: ".".join(target) for alias, target in ast.literal_eval(node.value).items()}
    raise AssertionError(f"no table in {CONFIGURATION}")


def test_the_tables_are_the_same(spacectl):
    theirs = aliases_of_python_client()
    rows = json.loads(spacectl.output("config", "alias", "list", "--all", "-o", "json"))["results"]
    assert {row["alias"]: row["resource"] for row in rows} == theirs
    assert len(rows) == len(theirs) == 75


@pytest.mark.parametrize("alias", ["plugin", "repo", "repository"])
def test_an_alias_calls_the_same_on_both(spacectl, python_client, served, alias):
    for client in (spacectl, python_client):
        client.configure(served.url, "key")
    full = aliases_of_python_client()[alias]
    assert spacectl.output("list", alias, "-o", "json") == spacectl.output("list", full, "-o", "json")
    if alias == "plugin":
        assert spacectl.output("list", alias, "-c", "plugin_id") == python_client.output("list", alias, "-c", "plugin_id")


def test_an_alias_asks_for_the_same_service_on_both(spacectl, python_client):
    """Without an endpoint, each names the service that it would have called."""
    for client in (spacectl, python_client):
        client.configure("grpc://127.0.0.1:1", "key")
    for alias, target in aliases_of_python_client().items():
        service = target.split(".")[0]
        if service != "repository":
            result = spacectl.run("--error-format", "json", "list", alias)
            error = json.loads(result.stderr)["error"]
            assert f"the service `{service}` has no endpoint" in error["message"], error
            assert error["causes"] == [f"{alias} is an alias of {target}"]
    for alias, service in (("sa", "identity"), ("ds", "cost_analysis")):
        assert f"(service={service})" in python_client.refused("list", alias)


def test_the_short_names_of_what_is_offered_are_the_same(spacectl, python_client, served):
    for client in (spacectl, python_client):
        client.configure(served.url, "key")

    def short_names(client):
        header, _, *rows = client.output("api-resources").splitlines()
        table = [[cell.strip() for cell in row.split("|")] for row in [header, *rows] if "|" in row]
        assert table[0] == ["Service", "Resource", "Short Names", "Verb"]
        return {(service, name): set(short.split(", ")) for service, name, short, _ in table[1:]}

    ours, theirs = short_names(spacectl), short_names(python_client)
    for resource in [("repository", "Plugin"), ("repository", "Repository")]:
        assert ours[resource] == theirs[resource]


def test_plugins_of_the_real_service_by_their_short_name(spacectl, repository, domain):
    client = spacectl.configure(repository.url, domain)
    image = ("-p", "name=A", "-p", "service_type=a.B", "-p", "image=cloudforet/plugin-a")
    registered = yaml.safe_load(client.output("exec", "register", "plugins", *image))
    assert registered["plugin_id"] == "plugin-a"
    for name in ("plugin", "Plugins", "repository.plugin", "Repository.plugins", "repositories.PLUGIN"):
        assert client.output("list", name, "-c", "plugin_id", "-o", "quiet") == "plugin-a\n", name
    versions = client.output("exec", "get-versions", "plugin", "-p", "plugin_id=plugin-a", "-o", "quiet")
    assert versions == "1.2.2\n1.2.1\n1.0\n"


def test_own_aliases_do_not_disturb_the_python_client(spacectl, python_client, served):
    ours, theirs = spacectl, python_client
    theirs.configure(served.url, "key")
    ours.home = theirs.home
    commands = [("config", "show"), ("config", "environment"), ("list", "plugin")]
    before = {command: theirs.output(*command) for command in commands}
    for name in ("p", "plugin", "environment", "default"):
        assert ours.run("config", "alias", "set", name, "repository.Repository").code == 0
    assert (theirs.home / ".spaceone/alias.yml").stat().st_mode & 0o777 == 0o600
    for command, output in before.items():
        assert theirs.output(*command) == output
    assert ours.output("list", "p", "-c", "name", "-o", "quiet") == "Private\nCloudforet Official\n"
    theirs.output("config", "set", "x_domain_id", "domain-1")
    assert ours.output("list", "plugin", "-c", "name", "-o", "quiet") == "Private\nCloudforet Official\n"
