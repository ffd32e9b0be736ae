"""What stands in `examples/ci/` is what those who read it take it for, and does what it says."""

import importlib.util
import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import jsonschema
import pytest
import yaml

from lab import EXAMPLES, PATIENCE, SPACECTL, local_serve
from registry import PASSWORD, USER, registry, write_login
from terminal import required
from test_publish import Developer

RECIPES = EXAMPLES / "ci"

GOOD = "name: Slack\nimage: cloudforet/plugin-slack\nresource_type: notification.Protocol\n"
BAD = GOOD.replace("plugin-slack", "plugin_slack:1.0")


@pytest.fixture
def path(tmp_path):
    """A PATH that has spacectl."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "spacectl").symlink_to(SPACECTL)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


def schema(name):
    """A published schema of the configuration of a CI service. Looked up without running what it comes with."""
    [package] = importlib.util.find_spec("check_jsonschema").submodule_search_locations
    return json.loads((Path(package) / "builtin_schemas" / "vendor" / f"{name}.json").read_text())


def recipe(name):
    return yaml.safe_load((RECIPES / name).read_text())


@pytest.mark.parametrize("name, published", [
    ("github-actions.yml", "github-workflows"),
    ("gitlab-ci.yml", "gitlab-ci"),
])
def test_recipes_are_what_their_services_take(name, published):
    content = recipe(name)
    # YAML 1.1, which this reader speaks, takes the key `on` for a truth value.
    content = {"on" if key is True else key: value for key, value in content.items()}
    schema_of = schema(published)
    jsonschema.validators.validator_for(schema_of)(schema_of).validate(content)


def with_docker(path, folder):
    """A PATH whose docker runs spacectl itself in the folder that is mounted; packaging/check runs the real image."""
    docker = folder / "docker-bin" / "docker"
    docker.parent.mkdir()
    docker.write_text(f'''#!/bin/sh
[ "$1 $2 $3 $4 $5" = "run --rm --volume $PWD:/work:ro an-image" ] || exit 125
shift 5
exec "{SPACECTL}" "$@"
''')
    docker.chmod(0o755)
    return f"{docker.parent}:{path}"


def run_script(script, folder, **variables):
    """Runs lines as the services' runners do: the first that fails ends them."""
    return subprocess.run(
        ["bash", "-e", "-o", "pipefail", "-c", script],
        cwd=folder,
        env={"HOME": str(folder), "LANG": "C.UTF-8", **variables},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )


def github_steps(job):
    """The commands of a job after those that prepare the machine, each with the variables that it names."""
    steps = recipe("github-actions.yml")["jobs"][job]["steps"]
    return {step["name"]: step for step in steps if "run" in step and not step["name"].startswith("Install")}


@pytest.mark.parametrize("spec, code", [(GOOD, 0), (BAD, 1)])
def test_lint_on_github_and_gitlab(tmp_path, path, spec, code):
    (tmp_path / "plugin.yml").write_text(spec)
    lint = github_steps("lint")["Lint"]["run"]
    on_github = run_script(lint, tmp_path, PATH=with_docker(path, tmp_path), SPACECTL_IMAGE="an-image")
    on_gitlab = run_script("\n".join(recipe("gitlab-ci.yml")["lint"]["script"]), tmp_path, PATH=path)
    assert (on_github.returncode, on_gitlab.returncode) == (code, code), (on_github, on_gitlab)
    if code:
        assert re.search(r"^::error file=plugin\.yml,line=2,", on_github.stdout, re.MULTILINE), on_github
        assert re.search(r"^plugin\.yml:2:", on_gitlab.stdout, re.MULTILINE), on_gitlab
    else:
        assert on_github.stdout == on_gitlab.stdout == "", (on_github, on_gitlab)


def publishing(service, address):
    """The commands that publish on a service, after a login, and the variables that its runner and job set for them."""
    login = f'printf "%s" {PASSWORD} | buildah login --username {USER} --password-stdin {address}'
    if service == "github":
        # An action logs in there.
        return f"{login}\n" + github_steps("publish")["Publish"]["run"], {"GITHUB_REF_NAME": "1.2.0"}
    job = recipe("gitlab-ci.yml")["publish"]
    # But for what sets up the machine as root.
    own = [line for line in job["script"] if not line.startswith("apt-get ") and "/etc/" not in line]
    assert len(own) == 2, own
    variables = {"REGISTRY": address, "REGISTRY_USER": USER, "REGISTRY_PASSWORD": PASSWORD, "CI_COMMIT_TAG": "1.2.0"}
    return "\n".join(own), {**job["variables"], **variables}


@pytest.mark.parametrize("service", ["github", "gitlab"])
def test_publish_on_github_and_gitlab(service, tmp_path):
    required("buildah")
    with registry(tmp_path / "images", login=True) as images:
        developer = Developer(tmp_path / "home").write(images.address)
        write_login(tmp_path, images.address)
        # A checkout has its Dockerfile at the top.
        shutil.copytree(developer.home / "src", developer.home, dirs_exist_ok=True)
        with local_serve(tmp_path / "plugins.db", "--registry", images.address) as served:
            script, variables = publishing(service, images.address)
            # A runner's registry has TLS; buildah logs in without it only where it is told so.
            script = script.replace("buildah login ", "buildah login --tls-verify=false ")
            variables |= {**developer.variables, "PATH": without_docker(tmp_path / "path")}
            variables["SPACECTL_ENDPOINT"] = served.url
            for said in ["registered", "unchanged"]:
                done = run_script(script, developer.home, SPACECTL_API_KEY="key", **variables)
                last = done.stdout.splitlines()[-1]
                assert done.returncode == 0, done
                assert last.startswith("plugin-slack released ") and last.endswith(f"; spec {said}"), done
                assert PASSWORD not in done.stderr
            assert images.tags("team/plugin-slack") == ["1.2.0"]


def without_docker(folder):
    """A PATH with all programs of this machine but docker and podman, which come first and may have no daemon; and spacectl."""
    folder.mkdir()
    for place in os.environ["PATH"].split(":"):
        for program in Path(place).iterdir() if Path(place).is_dir() else []:
            if program.name not in ("docker", "podman", "spacectl") and not (folder / program.name).is_symlink():
                (folder / program.name).symlink_to(program)
    (folder / "spacectl").symlink_to(SPACECTL)
    return str(folder)


class Checkout:
    """A Git repository with the hook."""

    def __init__(self, folder, path):
        self.git_program = required("git")
        self.folder = folder
        self.variables = {
            "HOME": str(folder.parent), "PATH": path, "LANG": "C.UTF-8",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{role}_{part}": "someone@example.com" for role in ["AUTHOR", "COMMITTER"] for part in ["NAME", "EMAIL"]},
        }
        folder.mkdir()
        assert self.git("init", "-q").returncode == 0
        hook = folder / ".git/hooks/pre-commit"
        hook.parent.mkdir(exist_ok=True)
        shutil.copy(RECIPES / "pre-commit", hook)
        assert os.access(hook, os.X_OK)

    def git(self, *args):
        return subprocess.run(
            [self.git_program, *args], cwd=self.folder, env=self.variables, capture_output=True, text=True, timeout=PATIENCE
        )

    def write(self, name, text):
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def commit(self):
        return self.git("commit", "-q", "-m", "x")

    def add(self, name, text):
        self.write(name, text)
        assert self.git("add", "--", name).returncode == 0


@pytest.fixture
def checkout(tmp_path, path):
    return Checkout(tmp_path / "checkout", path)


def test_the_hook_lints_what_is_staged(checkout):
    checkout.add("README.md", "no spec")
    assert checkout.commit().returncode == 0
    checkout.add("deep er/plugin.yml", BAD)
    refused = checkout.commit()
    assert refused.returncode == 1 and "deep er/plugin.yml:2:" in refused.stdout + refused.stderr, refused
    # Mended on disk only: the commit would still have the mistake.
    checkout.write("deep er/plugin.yml", GOOD)
    assert checkout.commit().returncode == 1
    checkout.add("deep er/plugin.yml", GOOD)
    done = checkout.commit()
    assert done.returncode == 0, done
    # Broken on disk only: the commit has nothing of it.
    checkout.write("deep er/plugin.yml", BAD)
    checkout.add("other.txt", "x")
    assert checkout.commit().returncode == 0


def test_the_hook_lints_the_files_that_it_is_told_of(checkout):
    assert checkout.git("config", "spacectl.specs", ":(glob)deploy/*.yml").returncode == 0
    checkout.add("plugin.yml", BAD)
    assert checkout.commit().returncode == 0
    checkout.add("deploy/a.yml", GOOD.replace("slack", "a"))
    checkout.add("deploy/b.yml", BAD)
    refused = checkout.commit()
    assert refused.returncode == 1 and "deploy/b.yml:2:" in refused.stdout + refused.stderr, refused
