"""What the tests stand on: clients in empty homes, and servers."""

import re

import pytest

from lab import (
    CORE,
    PASSWORD,
    UNMANAGED,
    PythonClient,
    Spacectl,
    local_serve,
    new_account,
    platform_services,
    repository_service,
)


@pytest.fixture(scope="session")
def repository(tmp_path_factory):
    """The real Repository service."""
    folder = tmp_path_factory.mktemp("repository")
    with repository_service(folder / "log") as service:
        yield service


@pytest.fixture(scope="session")
def repository_2(tmp_path_factory):
    """The real Repository service of the 2.x platform, without a managed repository."""
    with platform_services(tmp_path_factory.mktemp("repository-2"), ["repository"], UNMANAGED) as services:
        yield services["repository"]


@pytest.fixture
def empty_platform(tmp_path):
    """Real services of the 2.x platform as nobody has initialized them: there is no domain and no user."""
    with platform_services(tmp_path, CORE) as services:
        yield services


@pytest.fixture(scope="session")
def platform(tmp_path_factory):
    """Real services of the 2.x platform, for tests that each have a domain of their own."""
    folder = tmp_path_factory.mktemp("platform")
    with platform_services(folder, CORE) as services:
        admin = {"user_id": "root@example.com", "password": PASSWORD, "name": "Root"}
        Spacectl(folder).use("root", services).exec("init", "identity.System", admin=admin)
        yield services


@pytest.fixture
def account(platform, domain, tmp_path):
    """A domain that no other test sees, with people who can log in."""
    return new_account(Spacectl(tmp_path / "installer"), platform, domain)


@pytest.fixture(params=["repository", "repository_2"], ids=["1.12.5", "2.x"])
def either_repository(request):
    """A real Repository service of each generation."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def domain(request):
    """A domain that no other test sees; it doubles as the token that leads there."""
    return "domain-" + re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")


@pytest.fixture
def spacectl(tmp_path):
    return Spacectl(tmp_path / "spacectl")


@pytest.fixture
def python_client(tmp_path):
    return PythonClient(tmp_path / "python")


@pytest.fixture
def served(tmp_path):
    """`local serve` as it is without options."""
    with local_serve(tmp_path / "plugins.db") as server:
        yield server
