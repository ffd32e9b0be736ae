"""Logs in at the real identity service of the 2.x platform, as scripts do and as a person on a terminal."""

import json
import re
import time

import pytest

from lab import PASSWORD, SPACECTL, Spacectl
from terminal import Terminal

OWNER = {"role_id": "managed-workspace-owner", "resource_group": "WORKSPACE"}


def line(account, user_id, *options):
    return ["login", "--domain", account.domain_name, "--user", user_id, *options]


@pytest.fixture
def person(account, tmp_path):
    """Somebody with an environment and no key."""
    return Spacectl(tmp_path / "person").use("prod", account.services)


@pytest.fixture
def log_in(account, person):
    """Logs a user in by standard input, and returns what was said."""

    def log_in(user_id, *options, stdin=f"{PASSWORD}\n"):
        return person.run(*line(account, user_id, "--password-stdin", *options), stdin=stdin)

    return log_in


@pytest.fixture
def admin(account, tmp_path):
    """The domain's administrator, who has a key."""
    return Spacectl(tmp_path / "admin").use("admin", account.services, account.domain_id)


def whoami(person):
    return json.loads(person.output("whoami", "-o", "json"))


def session_file(person):
    return person.home / ".spaceone/sessions/prod.json"


def end_tokens(person, *names):
    """Lets the tokens of the stored session end."""
    session = json.loads(session_file(person).read_text())
    tokens = {**session["access_tokens"], "refresh": session["refresh_token"]}
    for name in names or session["access_tokens"]:
        tokens[name]["expires_at"] = int(time.time())
    session_file(person).write_text(json.dumps(session))


def terminal(person, *words):
    return Terminal([SPACECTL, *words], person.home, columns=120)


def test_a_new_environment_and_all_that_a_session_does(account, tmp_path):
    person = Spacectl(tmp_path / "person")
    url = account.services["identity"].url
    words = line(account, account.admin_id, "-e", "prod", "--url", url, "--password-stdin", "--yes")
    result = person.run(*words, stdin=PASSWORD)
    assert result.code == 0, result
    assert f"  repository {account.services['repository'].url}\n" in result.stderr
    told = whoami(person)
    assert (told["user_id"], told["domain_id"], told["scope"]) == (account.admin_id, account.domain_id, "DOMAIN")
    assert account.user_id in person.output("list", "identity.User", "-c", "user_id", "-o", "csv")
    assert person.output("workspace", "list", "-o", "quiet") == f"{account.workspace_id}\n"
    result = person.run("workspace", "use", "main")
    assert (result.code, result.stderr.startswith("prod: workspace main of ")) == (0, True), result
    assert whoami(person)["workspace_id"] == account.workspace_id
    person.exec("create", "identity.Project", name="p", project_type="PUBLIC")
    assert person.run("workspace", "use", "--scope", "domain").code == 0
    assert person.run("workspace", "use", account.workspace_id).code == 0
    # Every service takes the token, and an ended one is renewed.
    end_tokens(person)
    assert "plugin_id" in person.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "csv")
    assert json.loads(session_file(person).read_text())["access_tokens"].keys() == {f"WORKSPACE {account.workspace_id}"}


def test_the_owner_of_a_workspace_and_a_workspace_of_others(account, admin, person, log_in):
    result = log_in(account.user_id)
    assert f"{account.user_id} is logged in to prod: workspace main of " in result.stderr, result
    assert " as WORKSPACE_OWNER, until " in result.stderr
    other = admin.exec("create", "identity.Workspace", name="other")["workspace_id"]
    code, status, _ = person.refused("list", "identity.Project", "--workspace-id", other)
    assert (code, status) == (71, "PERMISSION_DENIED")
    assert person.run("workspace", "use", "other").stderr.startswith("error: you have no workspace other\n")
    result = log_in(account.user_id, "--scope", "domain")
    assert (result.code, result.stderr.split("\n")[0]) == (71, f"error: {account.user_id} may not work in the domain")
    # A second workspace has to be chosen.
    admin.exec("create", "identity.RoleBinding", user_id=account.user_id, workspace_id=other, **OWNER)
    person.run("logout")
    assert log_in(account.user_id).code == 2
    assert log_in(account.user_id, "--workspace", "other").code == 0
    assert whoami(person)["workspace_id"] == other


def test_faults_of_people_and_domains(account, admin, person, log_in):
    def words(result):
        assert result.stdout == "" and not session_file(person).exists(), result
        return result.code, result.stderr.split("\n")[0]

    user = account.user_id
    assert words(log_in(user, stdin="another\n")) == (80, f"error: the password of {user} is wrong")
    missing = f"error: the domain {account.domain_name} has no user nobody@example.com with a password"
    assert words(log_in("nobody@example.com")) == (69, missing)
    result = person.run("login", "--domain", "none", "--user", user, "--password-stdin", stdin=PASSWORD)
    assert words(result) == (69, f"error: there is no domain none at {account.services['identity'].url}")
    new = {"name": "N", "email": "n@example.com", "auth_type": "LOCAL", "password": PASSWORD}
    admin.exec("create", "identity.User", user_id="new@example.com", reset_password=False, **new)
    admin.exec("set_required_actions", "identity.User", user_id="new@example.com", required_actions=["UPDATE_PASSWORD"])
    assert words(log_in("new@example.com")) == (67, "error: the password of new@example.com has to be changed first")
    admin.exec("disable", "identity.User", user_id=user)
    assert words(log_in(user)) == (67, f"error: the user {user} is disabled")
    account.services["identity"].url, url = "grpc://127.0.0.1:1", account.services["identity"].url
    try:
        person.use("away", account.services)
        code, text = words(log_in(user))
        assert (code, text) == (1, "error: cannot connect to grpc://127.0.0.1:1")
    finally:
        account.services["identity"].url = url


def test_a_person_on_a_terminal(account, person):
    screen = terminal(person, "login")
    screen.wait_until(lambda lines: lines and lines[-1] == "Domain:")
    screen.type("elsewhere\r")
    screen.wait_for("there is no domain elsewhere at")
    screen.type(f"{account.domain_name}\r")
    screen.wait_until(lambda lines: lines[-1] == "User:")
    screen.type(f"{account.user_id}\r")
    screen.wait_for(f"Password of {account.user_id}:")
    screen.type("mistyped\r")
    screen.wait_for("the password of")
    screen.type(f"{PASSWORD}\r")
    assert screen.wait_for_end() == 0
    assert any("is logged in to prod: workspace main" in text for text in screen.screen())
    assert PASSWORD.encode() not in screen.raw and b"mistyped" not in screen.raw
    # The next time, the session's values are the defaults.
    screen = terminal(person, "login")
    screen.wait_for(f"Domain [{account.domain_name}]:")
    screen.type("\r")
    screen.wait_for(f"User [{account.user_id}]:")
    screen.type("\r")
    screen.wait_for("Password")
    screen.type("\x03")
    assert screen.wait_for_end() == 130
    assert whoami(person)["user_id"] == account.user_id


def test_a_session_that_has_ended_asks_a_person_again(account, person, log_in):
    log_in(account.user_id)
    end_tokens(person, f"WORKSPACE {account.workspace_id}", "refresh")
    assert person.run("list", "identity.Project").code == 80
    screen = terminal(person, "list", "identity.Role", "-c", "role_id")
    screen.wait_for("Password of")
    screen.type(f"{PASSWORD}\r")
    assert screen.wait_for_end() == 0
    assert any("managed-workspace-owner" in text for text in screen.screen())
    assert person.run("list", "identity.Project").code == 0


def code_of(mail):
    return re.search(r"\b\d{6}\b", re.sub(r"#[0-9a-fA-F]{6}", "", mail["body"])).group()


def test_a_second_factor_by_mail(account, person, log_in):
    user, services = account.user_id, account.services
    log_in(user, "--scope", "user")
    person.exec("enable_mfa", "identity.UserProfile", mfa_type="EMAIL", options={"email": user})
    person.exec("confirm_mfa", "identity.UserProfile", verify_code=code_of(services.mails()[-1]))
    person.run("logout")
    result = log_in(user)
    assert (result.code, result.stderr.split("\n")[0]) == (77, f"error: {user} needs a code besides the password")
    result = log_in(user, stdin=f"{PASSWORD}\n000000\n")
    assert result.stderr.startswith("error: the code is wrong, or came too late\n"), result
    result = log_in(user, stdin="another\n000000\n")
    assert result.stderr.startswith("error: the password or the code is wrong, or the user has no"), result
    # The code of the mail that the first try without one has sent.
    assert log_in(user, stdin=f"{PASSWORD}\n{code_of(services.mails()[-1])}\n").code == 0
    person.run("logout")
    screen = terminal(person, *line(account, user))
    screen.wait_for("Password of")
    count = len(services.mails())
    screen.type(f"{PASSWORD}\r")
    screen.wait_for("Code:")
    screen.type("000000\r")
    screen.wait_for("the code is wrong")
    mail = services.mails()[count]
    assert mail["to"] == [user]
    screen.type(f"{code_of(mail)}\r")
    assert screen.wait_for_end() == 0
    assert code_of(mail).encode() not in screen.raw
    assert whoami(person)["user_id"] == user


def test_of_two_logins_at_once_the_later_one_stays_and_says_so(account, person, log_in):
    screen = terminal(person, *line(account, account.user_id))
    screen.wait_for("Password of")
    assert log_in(account.admin_id).code == 0
    screen.type(f"{PASSWORD}\r")
    assert screen.wait_for_end() == 0
    text = " ".join(screen.screen())
    assert f"another login to prod, of {account.admin_id}, ended meanwhile: it is replaced" in text
    assert whoami(person)["user_id"] == account.user_id


@pytest.mark.parametrize("scope", ["workspace", "domain"])
def test_an_app_for_scripts(account, person, log_in, scope):
    log_in(account.admin_id)
    assert person.run("login", "--app", "ci", "--print").code == 2
    options = ["--workspace", "main"] if scope == "workspace" else ["--scope", "domain"]
    result = person.run("login", "--app", "ci", "--print", *options)
    assert result.code == 0 and result.stdout.count(".") == 2, result
    script = Spacectl(person.home / "script").use("ci", account.services, result.stdout.strip())
    told = whoami(script)
    role = "WORKSPACE_OWNER" if scope == "workspace" else "DOMAIN_ADMIN"
    assert (told["owner_type"], told["role_type"], told["domain_id"]) == ("APP", role, account.domain_id)
    assert "plugin_id" in script.output("list", "repository.Plugin", "-c", "plugin_id", "-o", "csv")
    result = person.run("login", "--app", "ci", "--rotate", *options)
    assert result.code == 0, result
    key = person.home / ".spaceone/keys/prod"
    assert key.stat().st_mode & 0o777 == 0o600
    assert not session_file(person).exists()
    assert "role_id" in person.output("list", "identity.Role", "-c", "role_id", "-o", "csv")
    # The secret that was replaced is refused from now on. Services remember an app for a while.
    assert whoami(person)["app_id"] == told["app_id"]


def test_an_app_for_one_project_and_tokens_that_live_longer(account, person, log_in):
    log_in(account.user_id, "--for", "8h")
    session = json.loads(session_file(person).read_text())
    lifetime = session["access_tokens"][f"WORKSPACE {account.workspace_id}"]["expires_at"] - time.time()
    assert 8 * 3600 - 120 < lifetime <= 8 * 3600
    project = person.exec("create", "identity.Project", name="p", project_type="PUBLIC")["project_id"]
    role = person.exec("list", "identity.Role", role_type="WORKSPACE_MEMBER")["results"][0]["role_id"]
    result = person.run("login", "--app", "ci", "--project", project, "--role", role, "--print")
    assert result.code == 0, result
    script = Spacectl(person.home / "script").use("ci", account.services, result.stdout.strip())
    assert whoami(script)["role_type"] == "WORKSPACE_MEMBER"
    assert project in script.output("list", "identity.Project", "-c", "project_id", "-o", "csv")
    # An owner of a workspace cannot make one for the domain.
    assert person.run("login", "--app", "other", "--scope", "domain", "--print").code == 71
    assert person.run("logout", "--all").code == 0
    assert person.run("whoami").code == 1
