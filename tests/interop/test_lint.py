"""What `plugin lint` says holds: what it calls an error is refused, and what passes is registered.

Asked are the real Repository service 1.12.5, for the first generation of the API, and 2.x and `local serve --strict` for
the second. Not tried is what only an image registry tells: a registry's host in the image.
"""

import json

import pytest
import yaml

from lab import local_serve

PLUGIN = "repository.Plugin"
SPEC = {"name": "Slack", "TYPE": "notification.Protocol", "image": "acme/plugin-slack"}
FIRST, SECOND = "1", "2"
BOTH = (FIRST, SECOND)
PLACES = {"1.12.5": FIRST, "2.x": SECOND, "local serve": SECOND}

# The rule that is broken; how; for which generations; whether the service itself is the one that refuses it, and not
# this client on the way there.
REFUSED = [
    ("image-name", {"image": "acme/plugin_slack_settings"}, BOTH, True),
    ("image-name", {"image": "acme/" + "x" * 49}, BOTH, True),
    ("image-name", {"image": "acme/plugin-플러그인"}, BOTH, True),
    ("image-tag", {"image": "acme/plugin-slack:latest"}, BOTH, True),
    ("image-tag", {"image": "acme/plugin-slack@sha256:0123"}, BOTH, True),
    ("required-field", {"name": ""}, BOTH, False),
    ("required-field", {"name": None}, BOTH, False),
    ("required-field", {"TYPE": None}, BOTH, False),
    ("required-field", {"image": None}, BOTH, False),
    ("placeholder", {"image": "YOUR-NAMESPACE/plugin-slack"}, BOTH, False),
    ("placeholder", {"name": "<name>"}, BOTH, False),
    ("label-text", {"labels": [{"a": "b"}]}, (FIRST,), True),
    ("label-text", {"labels": ["x" * 256]}, (FIRST,), True),
    ("template-schema", {"template": {"options": {"schema": {"type": "text"}}}}, (FIRST,), True),
    ("template-schema", {"template": {"options": {"schema": {"required": ["a", "a"]}}}}, (FIRST,), True),
    ("template-schema", {"template": {"options": {"schema": {"properties": {"a": {"minLength": -1}}}}}}, (FIRST,), True),
    ("template-schema", {"template": {"options": {"schema": []}}}, (FIRST,), True),
    ("registry-config", {"registry_type": "AWS_PRIVATE_ECR"}, (SECOND,), True),
    ("registry-type", {"registry_type": "GITHUB"}, (FIRST,), False),
    ("registry-type", {"registry_type": "DOCKERHUB"}, BOTH, False),
    ("other-generation", {"plugin_id": "plugin-x"}, (FIRST,), False),
    ("other-generation", {"template": {"a": "b"}}, (SECOND,), False),
    ("unknown-field", {"imge": "x"}, BOTH, False),
    ("unknown-field", {"templates": {"a": "b"}}, BOTH, False),
    ("verb-as-key", {"create": {"a": "b"}}, BOTH, False),
    ("wrong-type", {"name": 1.1}, BOTH, False),
    ("wrong-type", {"tags": ["a"]}, BOTH, False),
]
REGISTERED = [
    ({}, BOTH),
    ({"image": "acme/team/" + "x" * 48}, BOTH),
    ({"labels": ["chat", "x" * 255], "tags": {"icon": "a.svg", "spaceone:plugin_name": "Slack"}}, BOTH),
    ({"capability": {"supported_schema": ["slack_token"], "data_type": "SECRET"}, "provider": "slack"}, BOTH),
    ({"template": {"options": {"schema": {"type": ["object", "null"], "properties": {"a": {"enum": [1]}}}}}}, (FIRST,)),
    ({"template": {"options": {"schema": True}}}, (FIRST,)),
    ({"plugin_id": "plugin-x", "docs": {"en": "text"}}, (SECOND,)),
    # A real service looks the image up in that registry, and there is none.
    ({"registry_type": "AWS_PRIVATE_ECR", "registry_config": {"account_id": "012345678901"}}, ("local serve",)),
    ({"registry_type": "HARBOR", "registry_config": {"url": "https://harbor.example.com"}}, ("local serve",)),
    # No more than warned about.
    ({"TYPE": "cost-analysis.DataSource"}, BOTH),
    ({"tags": {"a": ["b"], "token": "hunter2"}}, BOTH),
    ({"image": "Acme/Plugin"}, BOTH),
]


def cases(table, generations_at):
    """Each case at each service of its generations. What it changes is no part of its name: a domain is called by that."""
    for number, case in enumerate(table):
        generations = case[generations_at]
        for place, generation in PLACES.items():
            if generation in generations or place in generations:
                yield pytest.param(place, *case, id=f"{place}-{number}")


@pytest.fixture
def service(request, place, domain, spacectl, tmp_path):
    """The generation of the place's service, and the name that it has for a plugin's type."""
    if place == "local serve":
        with local_serve(tmp_path / "plugins.db", "--strict") as served:
            spacectl.configure(served.url, domain)
            yield SECOND, "resource_type"
    else:
        real, kind = {"1.12.5": ("repository", "service_type"), "2.x": ("repository_2", "resource_type")}[place]
        spacectl.configure(request.getfixturevalue(real).url, domain)
        yield PLACES[place], kind


def write(spacectl, change, kind):
    spec = {kind if key == "TYPE" else key: value for key, value in {**SPEC, **change}.items()}
    text = yaml.safe_dump({key: value for key, value in spec.items() if value is not None}, allow_unicode=True)
    (spacectl.home / "plugin.yml").write_text(text)


@pytest.mark.parametrize("place, rule, change, generations, by_service", cases(REFUSED, 2))
def test_an_error_is_refused(spacectl, service, rule, change, generations, by_service):
    generation, kind = service
    write(spacectl, change, kind)
    found = spacectl.run("plugin", "lint", "--api", generation, "-f", "plugin.yml", "-o", "json")
    errors = [finding["rule"] for finding in json.loads(found.stdout)["findings"] if finding["severity"] == "error"]
    assert (found.code, errors) == (1, [rule])
    result = spacectl.run("exec", "register", PLUGIN, "-f", "plugin.yml")
    assert result.code >= 64 if by_service else result.code == 1, result


@pytest.mark.parametrize("place, change, generations", cases(REGISTERED, 1))
def test_what_passes_is_registered(spacectl, service, change, generations):
    generation, kind = service
    write(spacectl, change, kind)
    found = spacectl.run("plugin", "lint", "--api", generation, "-f", "plugin.yml")
    assert found.code == 0, found
    result = spacectl.run("exec", "register", PLUGIN, "--strict", "-f", "plugin.yml")
    assert result.code == 0, result


@pytest.mark.parametrize("place", PLACES)
def test_two_specs_of_one_plugin(spacectl, service):
    generation, kind = service
    write(spacectl, {}, kind)
    (spacectl.home / "other.yml").write_text((spacectl.home / "plugin.yml").read_text())
    specs = ("-f", "plugin.yml", "-f", "other.yml")
    assert "[duplicate-plugin]" in spacectl.run("plugin", "lint", "--api", generation, *specs).stdout
    assert spacectl.run("exec", "register", PLUGIN, *specs).code == 64 + 6


@pytest.mark.parametrize("place", PLACES)
def test_a_new_spec_is_registered_as_it_is(spacectl, service):
    generation, kind = service
    new = ("plugin", "init", "plugin-new", "-r", "inventory.Collector", "--image", "acme/plugin-new")
    assert spacectl.run(*new, "--provider", "aws", "--api", generation).code == 0
    assert spacectl.run("plugin", "lint", "--api", generation, "-f", "plugin.yml").code == 0
    plugin = yaml.safe_load(spacectl.run("exec", "register", PLUGIN, "--strict", "-f", "plugin.yml").stdout)
    assert (plugin["plugin_id"], plugin[kind]) == ("plugin-new", "inventory.Collector")
