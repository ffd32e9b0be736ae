"""A plugin's way from its Dockerfile to a registered plugin: by the real buildah into a real registry, at the real
Repository services 1.12.5 and 2.x, whose own code asks that registry, and at `local serve`."""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time

import pytest
import yaml

import lab
from lab import UNMANAGED, Spacectl, free_port, local_serve, platform_services, repository_service
from registry import PASSWORD, USER, encoded_login, registry
from terminal import Terminal, required

PUBLISH = ("plugin", "publish", "-f", "plugin.yml", "--context", "src")
BUILDAH = ("--builder", "buildah")


class Developer(Spacectl):
    """Somebody with a plugin's sources, and with buildah, whose images are kept in the home."""

    def __init__(self, home, endpoint=None, token="key"):
        super().__init__(home)
        self.variables |= builder_settings(self.home)
        # What the service calls a plugin's type.
        self.type = "resource_type"
        if endpoint:
            self.configure(endpoint, token)

    def write(self, registry_address, image="team/plugin-slack", **fields):
        """Writes the spec and the sources."""
        spec = {"name": "Slack", "image": image, self.type: "notification.Protocol", **fields}
        spec |= {"registry_type": "HARBOR", "registry_config": {"url": registry_address}}
        (self.home / "plugin.yml").write_text(yaml.safe_dump(spec))
        source = self.home / "src"
        source.mkdir(exist_ok=True)
        (source / "hello").write_text("hello\n")
        (source / "Dockerfile").write_text("FROM scratch\nARG GREETING=none\nCOPY hello /hello\nLABEL greeting=$GREETING\n")
        return self

    def script(self, name, text):
        """A builder that is a script."""
        file = self.home / name
        file.write_text(f"#!/bin/sh\n{text}\n")
        file.chmod(0o755)
        return "--builder", f"./{name}"

    def publish(self, *more, tag="1.2.0", builder=BUILDAH):
        return self.run(*PUBLISH, "--tag", tag, *builder, *more)

    def plugins(self):
        answer = json.loads(self.output("plugin", "list", "-a", "-o", "json"))
        return {row["plugin_id"]: row for row in answer["results"]}


def spec_result(line):
    """The plugin and what was done with its spec, out of the line about a release."""
    return re.sub(r" released \S+@sha256:[0-9a-f]{64}; spec ", " ", line)


def builder_settings(home):
    """Nothing of buildah's is left elsewhere, and it needs neither root nor a kernel that lets it mount."""
    store = home / "storage.conf"
    store.write_text(f'[storage]\ndriver = "vfs"\ngraphroot = "{home}/graph"\nrunroot = "{home}/run"\n')
    return {
        "CONTAINERS_STORAGE_CONF": str(store),
        "STORAGE_DRIVER": "vfs",
        "BUILDAH_ISOLATION": "chroot",
        "PATH": os.environ["PATH"],
        "XDG_RUNTIME_DIR": str(home),
        "TMPDIR": str(home),
    }


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    required("buildah")
    with registry(tmp_path_factory.mktemp("images")) as server:
        yield server


@pytest.fixture(scope="module")
def real(images, tmp_path_factory):
    """The real service, which looks for images of Harbor in the registry."""
    with repository_service(tmp_path_factory.mktemp("harbor") / "log", harbor=images.url) as service:
        yield service


@pytest.fixture(scope="module")
def real_2(images, tmp_path_factory):
    settings = {
        **UNMANAGED,
        "REGISTRY_INFO": {"HARBOR": {"url": images.address}},
        "CONNECTORS": {"HarborConnector": {"base_url": images.url, "token": "bm9ib2R5"}},
    }
    with platform_services(tmp_path_factory.mktemp("harbor-2"), ["repository"], settings) as services:
        yield services["repository"]


@pytest.fixture
def strict(images, tmp_path):
    """`local serve`, which looks for images in the same registry."""
    with local_serve(tmp_path / "plugins.db", "--strict", "--registry", images.address) as server:
        yield server


@pytest.fixture(params=["real", "real_2", "strict"], ids=["1.12.5", "2.x", "local serve"])
def developer(request, images, tmp_path, domain):
    """Of each service. With an image of their own: the registry is everybody's."""
    service = request.getfixturevalue(request.param)
    developer = Developer(tmp_path / "home", service.url, domain)
    developer.type = "service_type" if request.param == "real" else "resource_type"
    developer.image = f"{domain}/plugin-slack"
    developer.service = service
    return developer.write(images.address, developer.image)


def test_from_a_dockerfile_to_a_plugin(developer, images):
    full = f"{images.address}/{developer.image}:1.2.0"
    dry = developer.output(*PUBLISH, "--tag", "1.2.0", *BUILDAH, "--dry-run")
    build, push = f"buildah build --layers --tag {full} src", f"buildah push --tls-verify=false {full}"
    assert dry == f"{build}\n{push}\nplugin-slack would be registered\n"
    assert developer.plugins() == {}

    result = developer.publish("--build-arg", "GREETING=hi", "--platform", "linux/amd64")
    assert (result.code, spec_result(result.stdout)) == (0, "plugin-slack registered\n"), result
    assert "COPY hello /hello" in result.stderr and f"note: push: {push}\n" in result.stderr
    assert images.tags(developer.image) == ["1.2.0"]
    plugin = developer.plugins()["plugin-slack"]
    assert (plugin["image"], plugin["registry_type"], plugin["state"]) == (developer.image, "HARBOR", "ENABLED")
    labels = subprocess.run(
        ["buildah", "inspect", "--type", "image", "--format", "{{.OCIv1.Config.Labels}}", full],
        capture_output=True,
        text=True,
        env={"HOME": str(developer.home), **developer.variables},
        timeout=lab.PATIENCE,
    )
    assert "greeting:hi" in labels.stdout, labels

    # Run again, it does it again and changes nothing at the service.
    again = developer.publish("--output", "json", "--quiet")
    assert again.code == 0 and again.stderr == "", again
    answer = json.loads(again.stdout)
    digest = answer["plugins"][0].pop("digest")
    unchanged = [{"plugin_id": "plugin-slack", "result": "unchanged", "image": full}]
    assert answer == {"dry_run": False, "image": full, "plugins": unchanged}
    assert re.fullmatch("sha256:[0-9a-f]{64}", digest), digest

    # The next version, with a new name.
    developer.write(images.address, developer.image, name="Slack 2")
    assert spec_result(developer.publish("-q", tag="1.10.0").stdout) == "plugin-slack updated name\n"
    assert developer.output("plugin", "versions", "plugin-slack") == "1.10.0\n1.2.0\n"
    assert developer.output("plugin", "versions", "plugin-slack", "--latest") == "1.10.0\n"
    assert developer.output("plugin", "versions", "plugin-slack", "--output", "csv").splitlines()[1:] == ["1.10.0", "1.2.0"]
    assert developer.output("plugin", "versions", "plugin-slack", "--wait", "1.2.0") == "1.2.0\n"


def test_each_step_alone_and_pasted_into_a_shell(developer, images):
    full = f"{images.address}/{developer.image}:0.9.0"
    steps = ("-f", "plugin.yml", "--tag", "0.9.0", *BUILDAH)
    (developer.home / "src" / "Dockerfile").rename(developer.home / "Other")
    build = developer.run("plugin", "build", *steps, "--context", "src", "--dockerfile", "Other")
    assert (build.code, build.stdout) == (0, f"{full}\n"), build
    push = developer.run("plugin", "push", *steps)
    assert (push.code, push.stdout) == (0, f"{full}\n"), push
    assert images.tags(developer.image) == ["0.9.0"]
    lines = developer.output("plugin", "publish", *steps[:2], "--context", "src", "--dockerfile", "Other", "--tag", "0.9.1", *BUILDAH, "--dry-run")
    pasted = "\n".join(lines.splitlines()[:2])
    environment = {"HOME": str(developer.home), **developer.variables}
    subprocess.run(["sh", "-ec", pasted], check=True, cwd=developer.home, env=environment, capture_output=True, timeout=lab.PATIENCE)
    assert sorted(images.tags(developer.image)) == ["0.9.0", "0.9.1"]
    # Another registry than the spec's, and fields that the command line gives.
    other = developer.run("plugin", "build", *steps, "--context", "src", "--dockerfile", "Other", "--registry", "localhost:1/mine", "-p", "image=a/plugin-b", "-j", '{"name": "B"}', "--strict", "--dry-run")
    assert other.stdout.split()[6] == "localhost:1/mine/a/plugin-b:0.9.0"


def test_a_build_that_fails_leaves_everything_as_it_was(developer, images):
    (developer.home / "src" / "Dockerfile").write_text("FROM scratch\nCOPY nowhere /\n")
    result = developer.publish()
    assert (result.code, result.stdout) == (1, "")
    assert "nowhere" in result.stderr and "error: build failed: buildah ended with exit status " in result.stderr
    assert "note: push" not in result.stderr
    assert developer.plugins() == {}
    developer.write(images.address, developer.image)
    assert spec_result(developer.publish().stdout) == "plugin-slack registered\n"


def test_a_registry_that_is_down_or_wants_a_login(developer, tmp_path):
    """The login that buildah has is the one by which the registry is asked, too."""
    port = free_port()
    developer.write(f"127.0.0.1:{port}")
    down = developer.publish()
    assert (down.code, down.stdout) == (1, "")
    assert f"error: cannot ask the registry 127.0.0.1:{port} " in down.stderr, down
    assert "nothing was built or pushed" in down.stderr and "note: build" not in down.stderr, down
    # What is built already is the builder's to push.
    alone = developer.run("plugin", "push", "-f", "plugin.yml", "--tag", "1.2.0", *BUILDAH)
    assert (alone.code, alone.stdout) == (1, "")
    assert "error: push failed: buildah ended with exit status 125\n" in alone.stderr
    assert f"log in: buildah login --tls-verify=false 127.0.0.1:{port}" in alone.stderr
    with registry(tmp_path / "private", login=True, port=port) as private:
        refused = developer.publish()
        assert (refused.code, refused.stdout) == (1, "")
        assert "error: push failed" in refused.stderr and PASSWORD not in refused.stderr
        environment = {"HOME": str(developer.home), **developer.variables}
        login = ["buildah", "login", "--tls-verify=false", "-u", USER, "--password-stdin", private.address]
        subprocess.run(login, input=PASSWORD.encode(), check=True, env=environment, capture_output=True, timeout=lab.PATIENCE)
        steps = ("-f", "plugin.yml", "--tag", "1.2.0", *BUILDAH)
        pushed = developer.run("plugin", "push", *steps)
        assert (pushed.code, pushed.stdout) == (0, f"{private.address}/team/plugin-slack:1.2.0\n"), pushed
        assert PASSWORD not in pushed.stderr and encoded_login() not in pushed.stderr
        assert private.tags("team/plugin-slack") == ["1.2.0"]


def test_a_tag_that_never_appears(developer, images):
    """The builder says that it has pushed, and has not; the wait is as long as is said."""
    images.push(developer.image, "1.0.0")
    liar = developer.script("buildah", "exit 0")
    begun = time.monotonic()
    result = developer.publish("--timeout", "15s", builder=liar)
    assert (result.code, result.stdout) == (1, "")
    assert 15 <= time.monotonic() - begun < 60
    full = f"{images.address}/{developer.image}:1.2.0"
    assert f"error: the registry does not have {full} after 15s\ncause: existing tags: 1.0.0\n" in result.stderr
    assert developer.plugins() == {}

    # One that appears late is waited for.
    def push_late():
        written = lab.PATIENCE + time.monotonic()
        while not (developer.home / "pushed").exists() and time.monotonic() < written:
            time.sleep(0.01)
        time.sleep(2)
        images.push(developer.image, "1.2.0")

    late = threading.Thread(target=push_late)
    late.start()
    claims = developer.script("buildah", '[ "$1" = build ] || touch pushed')
    result = developer.publish("--timeout", "60s", builder=claims)
    late.join()
    assert (result.code, spec_result(result.stdout)) == (0, "plugin-slack registered\n"), result
    assert "waiting for it" in result.stderr, result


def test_a_service_that_goes_away_between_push_and_register(images, tmp_path, domain):
    """What is left to do is said, and does it."""
    port, data = free_port(), tmp_path / "plugins.db"
    url = f"grpc://127.0.0.1:{port}"
    image = f"{domain}/plugin-slack"
    developer = Developer(tmp_path / "home", url).write(images.address, image)
    before = developer.publish()
    assert before.code == 1 and "cannot connect" in before.stderr
    assert "note: build" not in before.stderr, "nothing is built for a service that is not there"
    serve = ("--registry", images.address)
    with local_serve(data, *serve, port=port) as server:
        # It ends while the image is pushed.
        ending = developer.script("buildah", f'buildah "$@" || exit\n[ "$1" = build ] || kill -9 {server.process.pid}')
        result = developer.publish("--domain-id", "domain-x", "-p", "tags.token=hunter2", builder=ending)
    assert (result.code, result.stdout) == (64 + 14, ""), result
    assert f"{images.address}/{image}:1.2.0 is pushed; to apply the spec, run `spacectl plugin apply --domain-id domain-x -f plugin.yml` with the same -p\n" in result.stderr
    assert "hunter2" not in result.stderr
    assert images.tags(image) == ["1.2.0"]
    with local_serve(data, *serve, port=port):
        assert developer.plugins() == {}
        assert developer.output("plugin", "apply", "-f", "plugin.yml") == "plugin-slack registered\n"
        assert spec_result(developer.publish().stdout) == "plugin-slack unchanged\n"


@pytest.mark.parametrize("developer", ["strict"], indirect=True)
def test_the_same_twice_at_once(developer, images):
    """Each does the whole, and the second to register finds the plugin there. (The real service leaves it to its database
    that there is but one of a kind, and the one in memory does not see to it.)"""
    results = []
    # Both have the same images here: buildah locks them for itself.
    runs = [threading.Thread(target=lambda: results.append(developer.publish())) for _ in range(2)]
    for run in runs:
        run.start()
    for run in runs:
        run.join()
    assert [result.code for result in results] == [0, 0], results
    assert sorted(spec_result(result.stdout) for result in results) == ["plugin-slack registered\n", "plugin-slack unchanged\n"]
    assert images.tags(developer.image) == ["1.2.0"]
    assert list(developer.plugins()) == ["plugin-slack"]


@contextlib.contextmanager
def started(developer, *command, before=()):
    environment = {"HOME": str(developer.home), "LANG": "C.UTF-8", **developer.variables}
    pipe = subprocess.PIPE
    command = [*before, lab.SPACECTL, *command]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True, env=environment, cwd=developer.home) as process:
        try:
            yield process
        finally:
            process.kill()


ENDS = [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGHUP, -signal.SIGHUP)]


@pytest.mark.parametrize(("how", "code"), ENDS, ids=lambda how: str(how))
@pytest.mark.parametrize("step", ["build", "push", "wait"])
def test_ended_at_each_step(developer, images, step, how, code):
    """Whatever was under way, nothing after it is done, no program is left, and running it again does the rest."""
    slow = 'echo $$ >pid; echo "at $1" >&2; exec sleep 600'
    builder = BUILDAH
    if step == "wait":
        builder = developer.script("buildah", "exit 0")
    else:
        # Up to the step it is the real one.
        builder = developer.script("buildah", f'[ "$1" = {step} ] || exec buildah "$@"\n{slow}')
    mark = "waiting for it" if step == "wait" else f"at {step}"
    images.push(developer.image, "1.0.0")
    with started(developer, *PUBLISH, "--tag", "1.2.0", *builder) as process:
        line = next((line for line in process.stderr if mark in line), None)
        assert line, "it has ended"
        process.send_signal(how)
        assert process.wait(lab.PATIENCE) == code
        assert process.stdout.read() == ""
        assert "was interrupted: run the same command again" in process.stderr.read()
    if step != "wait":
        pid = (developer.home / "pid").read_text().strip()
        with contextlib.suppress(FileNotFoundError):
            assert "State:\tZ" in open(f"/proc/{pid}/status").read(), "an orphan"
    assert developer.plugins() == {}
    assert images.tags(developer.image) == ["1.0.0"]
    done = developer.publish()
    assert (done.code, spec_result(done.stdout)) == (0, "plugin-slack registered\n"), done


@pytest.mark.parametrize(("how", "code"), ENDS, ids=lambda how: str(how))
def test_ended_between_push_and_register(developer, images, how, code):
    """The service falls silent while the image is pushed; nothing is registered once it speaks again."""
    service = developer.service.process
    stopping = f'buildah "$@" || exit\n[ "$1" = build ] || {{ echo pushed >&2; kill -STOP {service.pid}; }}'
    builder = developer.script("buildah", stopping)
    try:
        with started(developer, "-v", *PUBLISH, "--tag", "1.2.0", *builder) as process:
            assert any(line == "pushed\n" for line in process.stderr), "it has ended"
            # The registry has shown the tag, and the service is asked anew.
            assert any("send /spaceone.api.repository.v1.Plugin/get" in line for line in process.stderr), "it has ended"
            process.send_signal(how)
            assert process.wait(lab.PATIENCE) == code
            assert process.stdout.read() == ""
            said = process.stderr.read()
    finally:
        service.send_signal(signal.SIGCONT)
    full = f"{images.address}/{developer.image}:1.2.0"
    assert f"warning: {full} is pushed, but the spec may not be applied: finish with `spacectl plugin apply -f plugin.yml`" in said
    assert developer.plugins() == {}
    assert images.tags(developer.image) == ["1.2.0"]
    done = developer.publish()
    assert (done.code, spec_result(done.stdout)) == (0, "plugin-slack registered\n"), done


def test_a_folder_of_plugins_is_released_as_one(developer, images):
    names = ["plugin-email", "plugin-slack", "plugin-teams"]
    for name in names:
        folder = developer.home / "plugins" / name
        (folder / "src").mkdir(parents=True)
        spec = {"name": name, "image": f"{developer.image}/{name}", developer.type: "notification.Protocol"}
        spec |= {"registry_type": "HARBOR", "registry_config": {"url": images.address}}
        (folder / "plugin.yml").write_text(yaml.safe_dump(spec))
        (folder / "Dockerfile").write_text("FROM scratch\nCOPY plugin.yml /plugin.yml\n")
    line = ("plugin", "publish", "-f", "plugins", "--tag", "2.0.0", *BUILDAH)
    for result in "registered", "unchanged":
        done = developer.run(*line)
        assert done.code == 0, done
        assert spec_result(done.stdout) == "".join(f"{name} {result}\n" for name in names)
    assert set(developer.plugins()) == set(names)
    assert all(images.tags(f"{developer.image}/{name}") == ["2.0.0"] for name in names)


def test_what_nohup_starts_outlives_its_terminal(developer):
    builder = developer.script("buildah", 'echo "at $1" >&2; until [ -e go ]; do sleep 0.1; done; exec buildah "$@"')
    with started(developer, *PUBLISH, "--tag", "1.2.0", *builder, before=("sh", "-c", "trap '' HUP; exec \"$@\"", "sh")) as process:
        assert any(line == "at build\n" for line in process.stderr), "it has ended"
        process.send_signal(signal.SIGHUP)
        (developer.home / "go").touch()
        out, said = process.communicate(timeout=lab.PATIENCE)
        assert (process.returncode, spec_result(out)) == (0, "plugin-slack registered\n"), said


def test_ctrl_c_on_a_terminal(developer, images):
    builder = developer.script("buildah", "echo building; exec sleep 600")
    command = [lab.SPACECTL, *PUBLISH, "--tag", "1.2.0", *builder]
    terminal = Terminal(command, developer.home, columns=160, **developer.variables)
    try:
        terminal.wait_for("building")
        terminal.type("\x03")
        assert terminal.wait_for_end() == 130
        assert any("build was interrupted" in line for line in terminal.screen())
    finally:
        terminal.end()
    assert developer.plugins() == {}


def test_an_image_that_cannot_be_changed_is_refused_before_anything_is_built(developer, images):
    assert developer.publish().code == 0
    developer.write(images.address, "other/plugin-slack")
    refused = developer.publish()
    assert (refused.code, refused.stdout) == (1, "")
    assert "image cannot be updated" in refused.stderr and "note: build" not in refused.stderr
    replaced = developer.publish("--replace", "-q")
    assert (replaced.code, spec_result(replaced.stdout).split()[:2]) == (0, ["plugin-slack", "replaced"]), replaced
    assert developer.plugins()["plugin-slack"]["image"] == "other/plugin-slack"


def test_a_person_is_asked_before_a_plugin_is_removed(developer):
    assert developer.publish().code == 0
    for answer, code in [("n", 1), ("y", 0)]:
        terminal = Terminal([lab.SPACECTL, "plugin", "deregister", "plugin-slack"], developer.home, columns=120)
        try:
            terminal.wait_for("Deregister plugin-slack from lab (grpc://127.0.0.1:")
            terminal.type("what\r")
            terminal.wait_for("answer y or n")
            terminal.type(f"{answer}\r")
            assert terminal.wait_for_end() == code
        finally:
            terminal.end()
        assert list(developer.plugins()) == (["plugin-slack"] if code else [])
