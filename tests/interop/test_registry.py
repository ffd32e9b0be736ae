"""A real image registry behind the embedded Repository: `spacectl local serve --registry`, and the environment `local`."""

import json
import subprocess

import pytest

from lab import HERE, PATIENCE, PEERS, Spacectl, free_port, local_serve
from registry import registry, write_login

PLUGIN = "repository.Plugin"
REGISTER = ("exec", "register", PLUGIN, "-c", "plugin_id", "-o", "quiet")
SPEC = "name: A\nresource_type: inventory.Collector\nimage: x/{image}\n"
NO_IMAGE = "ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = DOCKER_HUB, image = x/{image})"


def spec(folder, image):
    file = folder / f"{image}.yml"
    file.write_text(SPEC.format(image=image))
    return file


def at_home(home):
    """A user whose every call is to the embedded Repository."""
    spacectl = Spacectl(home)
    spacectl.variables["SPACECTL_ENVIRONMENT"] = "local"
    return spacectl


def versions(spacectl, *endpoint, plugin="plugin-a"):
    answer = spacectl.output(*endpoint, "exec", "get_versions", PLUGIN, "-p", f"plugin_id={plugin}", "-o", "json")
    return json.loads(answer)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A registry that anybody on this machine may use, with one image."""
    with registry(tmp_path_factory.mktemp("images")) as server:
        server.push("x/plugin-a", "latest", "1.9.0", "1.10.0", "1.10.0-rc.1")
        yield server


@pytest.fixture(scope="module")
def pki(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pki")
    subprocess.run([PEERS / "client/bin/python", HERE / "certificates.py", folder], check=True, timeout=PATIENCE)
    return folder


def test_its_tags_are_the_versions_and_an_image_without_one_is_refused(images, spacectl, tmp_path):
    with local_serve(tmp_path / "plugins.db", "--registry", images.address) as server:
        endpoint = ("--endpoint", server.url)
        assert spacectl.output(*endpoint, *REGISTER, "-f", spec(tmp_path, "plugin-a")) == "plugin-a\n"
        tags = ["1.10.0", "1.10.0-rc.1", "1.9.0", "latest"]
        assert versions(spacectl, *endpoint) == {"total_count": 4, "results": tags}
        refused = spacectl.refused(*endpoint, "exec", "register", PLUGIN, "-f", spec(tmp_path, "plugin-b"))
        assert refused == (77, "INTERNAL", NO_IMAGE.format(image="plugin-b"))
        assert spacectl.output(*endpoint, "list", PLUGIN, "-c", "plugin_id", "-o", "quiet") == "plugin-a\n"
        # As soon as it is pushed, it is there.
        images.push("x/plugin-b", "0.1.0")
        assert spacectl.output(*endpoint, *REGISTER, "-f", spec(tmp_path, "plugin-b")) == "plugin-b\n"


def test_the_environment_local_asks_the_registry_of_its_configuration(images, tmp_path):
    spacectl = at_home(tmp_path / "home")
    assert spacectl.run("config", "set", "registry", images.address).code == 0
    result = spacectl.run(*REGISTER, "-f", spec(tmp_path, "plugin-a"))
    assert (result.code, result.stdout) == (0, "plugin-a\n"), result
    assert f"images are looked up at {images.url}" in result.stderr
    assert versions(spacectl)["total_count"] == 4
    refused = spacectl.refused("exec", "register", PLUGIN, "-f", spec(tmp_path, "plugin-none"))
    assert refused == (77, "INTERNAL", NO_IMAGE.format(image="plugin-none"))


def test_an_image_whose_last_tag_is_gone_has_no_versions(spacectl, tmp_path):
    with registry(tmp_path / "images") as images:
        digest = images.push("x/plugin-a", "1.0")
        with local_serve(tmp_path / "plugins.db", "--registry", images.address) as server:
            endpoint = ("--endpoint", server.url)
            spacectl.output(*endpoint, *REGISTER, "-f", spec(tmp_path, "plugin-a"))
            images.remove("x/plugin-a", digest)
            assert versions(spacectl, *endpoint).get("results", []) == []


def test_the_login_of_docker_opens_a_registry(tmp_path):
    with registry(tmp_path / "images", login=True) as images:
        images.push("x/plugin-a", "1.0")
        spacectl = at_home(tmp_path / "home")
        assert spacectl.run("config", "set", "registry", images.url).code == 0
        register = (*REGISTER, "-f", spec(tmp_path, "plugin-a"))

        without = spacectl.run(*register)
        assert without.code == 78 and f"docker login {images.address}" in without.stderr, without
        file = write_login(spacectl.home, images.address, password="hunter3")
        wrong = spacectl.run(*register)
        assert wrong.code == 78 and f"the login from {file} is not accepted" in wrong.stderr, wrong
        assert "hunter3" not in wrong.stderr + wrong.stdout
        write_login(spacectl.home, images.address)
        assert spacectl.output(*register) == "plugin-a\n"
        # podman's and buildah's file has the same form.
        file.rename(spacectl.home / "auth.json")
        spacectl.variables["REGISTRY_AUTH_FILE"] = str(spacectl.home / "auth.json")
        assert versions(spacectl)["results"] == ["1.0"]


def test_a_registry_with_tls_must_be_trusted(pki, tmp_path):
    with registry(tmp_path / "images", login=True, certificates=pki) as images:
        images.push("x/plugin-a", "1.0")
        spacectl = at_home(tmp_path / "home")
        write_login(spacectl.home, images.address)
        assert spacectl.run("config", "set", "registry", images.url).code == 0
        register = (*REGISTER, "-f", spec(tmp_path, "plugin-a"))

        untrusted = spacectl.run(*register)
        assert untrusted.code == 78 and f"/etc/docker/certs.d/{images.address}/ca.crt" in untrusted.stderr, untrusted
        assert "hunter2" not in untrusted.stderr
        spacectl.variables["SSL_CERT_FILE"] = str(pki / "company.pem")
        assert spacectl.output(*register) == "plugin-a\n"
        # The registry itself says to a caller without TLS that it has any.
        assert spacectl.run("config", "set", "registry", images.address).code == 0
        plain = spacectl.run("exec", "get_versions", PLUGIN, "-p", "plugin_id=plugin-a")
        assert plain.code == 78 and f"https://{images.address}" in plain.stderr, plain


def test_nothing_is_registered_while_the_registry_is_down(spacectl, tmp_path):
    port = free_port()
    with local_serve(tmp_path / "plugins.db", "--registry", f"127.0.0.1:{port}") as server:
        endpoint = ("--endpoint", server.url)
        register = (*REGISTER, "-f", spec(tmp_path, "plugin-a"))
        down = spacectl.run(*endpoint, *register)
        assert down.code == 78 and "nothing listens there: is the registry running?" in down.stderr, down
        assert spacectl.output(*endpoint, "list", PLUGIN) == "NO DATA\n"
        with registry(tmp_path / "images", port=port) as images:
            images.push("x/plugin-a", "1.0")
            assert spacectl.output(*endpoint, *register) == "plugin-a\n"
