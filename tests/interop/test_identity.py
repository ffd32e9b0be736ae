"""Tokens of the real identity service of the 2.x platform: whom they let in, and what it sends by mail."""

import json
import re

from lab import PASSWORD

WRONG = "eyJhbGciOiJSUzI1NiJ9.eyJkaWQiOiJkb21haW4tcm9vdCJ9.bm9ib2R5"


def issue(client, account, user_id, **more):
    credentials = {"user_id": user_id, "password": PASSWORD}
    request = {"domain_id": account.domain_id, "auth_type": "LOCAL", "credentials": credentials, **more}
    return client.run("exec", "issue", "identity.Token", "-j", json.dumps(request), "-o", "json")


def tokens(client, account, user_id, **more):
    issued = issue(client, account, user_id, **more)
    assert issued.code == 0, issued
    return json.loads(issued.stdout)


def grant(client, refresh_token, **scope):
    request = {"grant_type": "REFRESH_TOKEN", "token": refresh_token, **scope}
    return client.exec("grant", "identity.Token", **request)["access_token"]


def test_every_service_takes_tokens_of_identity_and_no_others(spacectl, account):
    services = account.services
    spacectl.use("nobody", services)
    refresh = tokens(spacectl, account, account.user_id)["refresh_token"]
    token = grant(spacectl, refresh, scope="WORKSPACE", workspace_id=account.workspace_id)
    spacectl.use("owner", services, token)
    project = spacectl.exec("create", "identity.Project", name="one", project_type="PUBLIC")
    assert project["workspace_id"] == account.workspace_id
    assert spacectl.exec("create", "config.UserConfig", name="a", data={})["user_id"] == account.user_id
    spacectl.output("list", "repository.Plugin")
    # An owner of a workspace is not an administrator.
    assert spacectl.refused("exec", "create", "identity.Workspace", "-p", "name=two")[1] == "PERMISSION_DENIED"
    for wrong in (WRONG, token[:-4] + "AAAA", "no-token"):
        spacectl.use("nobody", services, wrong)
        for resource in ("identity.Project", "config.UserConfig", "repository.Plugin"):
            assert spacectl.refused("list", resource)[1] == "UNAUTHENTICATED"


def test_a_second_factor_comes_by_mail(spacectl, account):
    spacectl.use("nobody", account.services)
    spacectl.use("user", account.services, tokens(spacectl, account, account.user_id)["access_token"])
    spacectl.exec("enable_mfa", "identity.UserProfile", mfa_type="EMAIL", options={"email": account.user_id})

    def code():
        mail = account.services.mails()[-1]
        assert mail["to"] == [account.user_id], mail
        return re.search(r">\s*(\d{6})\s*<", mail["body"])[1]

    spacectl.exec("confirm_mfa", "identity.UserProfile", verify_code=code())
    required = issue(spacectl, account, account.user_id)
    assert required.code != 0 and "ERROR_MFA_REQUIRED" in required.stderr
    assert tokens(spacectl, account, account.user_id, auth_type="MFA", verify_code=code())["access_token"]
