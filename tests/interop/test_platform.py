"""Compares both clients at real services of the 2.x platform: for every resource `list`, `get`, `stat` and `analyze` give
the same values, to the installation itself, to a domain's administrator and to a workspace's owner.

This client creates what the services hold. No command names a version, and identity has v2 of its API only.
"""

import json
from dataclasses import dataclass, field

import pytest

from lab import PLATFORM, SPACECTL, Program, Spacectl, platform_services, python_calls

# The resources of which each environment sees rows. Collectors, jobs and agents need a running plugin.
ROWS = {
    "system": {
        "identity": ["Domain", "Endpoint"],
        "repository": ["DashboardTemplate", "Plugin", "Repository"],
    },
    "administrator": {
        "config": ["DomainConfig", "SharedConfig", "UserConfig"],
        "identity": [
            *("App", "Endpoint", "Project", "ProjectGroup", "Provider", "Role", "RoleBinding", "Schema", "ServiceAccount"),
            *("TrustedAccount", "User", "UserGroup", "Workspace", "WorkspaceGroup", "WorkspaceGroupUser"),
        ],
        "inventory": [
            *("ChangeHistory", "CloudService", "CloudServiceQuerySet", "CloudServiceReport", "CloudServiceType", "Metric"),
            *("MetricData", "MetricExample", "Namespace", "Note", "Region"),
        ],
        "repository": ["DashboardTemplate", "Plugin", "Repository"],
        "secret": ["Secret", "TrustedSecret", "UserSecret"],
    },
    "owner": {
        "config": ["SharedConfig", "UserConfig"],
        "identity": [
            *("App", "Endpoint", "Project", "ProjectGroup", "Provider", "Role", "RoleBinding", "Schema", "ServiceAccount"),
            *("TrustedAccount", "UserGroup", "WorkspaceGroupUser", "WorkspaceUser"),
        ],
        "inventory": [
            *("ChangeHistory", "CloudService", "CloudServiceQuerySet", "CloudServiceType", "Metric", "MetricData"),
            *("MetricExample", "Namespace", "Note", "Region"),
        ],
        "repository": ["DashboardTemplate", "Plugin", "Repository"],
        "secret": ["Secret", "TrustedSecret", "UserSecret"],
    },
}
# Resources whose rows are listed by what they belong to.
LISTED_BY = {
    "identity.Agent": "service_account_id",
    "inventory.ChangeHistory": "cloud_service_id",
    "inventory.MetricData": "metric_id",
}
# What a service refuses although it has rows: it does not implement the method, or requires more than a query.
REFUSED = [
    *("analyze identity.ServiceAccount", "analyze identity.Workspace", "analyze inventory.MetricData"),
    "stat identity.WorkspaceGroupUser",
]
# What the Python client cannot ask for, and why.
ONLY_HERE = {"list repository.Repository": 'has no field named "query"'}
# Errors of services that the Python client replaces by words of its own.
OWN_WORDS = ("Permission denied.", "The api_key is not set or incorrect.")
ADMIN, USER, PASSWORD = "admin@example.com", "user@example.com", "Interop-1-password"


def read(text):
    """Reads JSON of either client. The Python client prints nothing for an empty message, and some integers as 1.0."""
    return json.loads(text.strip() or "{}", parse_int=float)


@dataclass
class Lab:
    """Both clients in one home, with an environment for each kind of caller."""

    client: Spacectl
    python: object
    urls: dict
    # The last identifier of each kind.
    ids: dict = field(default_factory=dict)

    def json(self, environment, *args):
        return read(self.client.output("-e", environment, *args, "-o", "json"))

    def create(self, environment, resource, verb="create", **document):
        created = self.json(environment, "exec", verb, resource, "-j", json.dumps(document))
        self.ids |= {key: value for key, value in created.items() if key.endswith("_id") and value != "*"}

    def theirs(self, environment, *args):
        self.python("config", "environment", "-s", environment)
        return self.python(*args)

    def alike(self, environment, *args):
        """Returns what both clients answer alike, or nothing if the service refuses both with the same words."""
        theirs = self.theirs(environment, *args, "-o", "json")
        if not theirs.startswith("ERROR: "):
            ours = self.json(environment, *args)
            # Where a list is empty, the Python client says nothing of it.
            empty = {} if args[0] == "get" else {"results": [], "total_count": 0.0}
            theirs = read(theirs)
            assert json.dumps(empty | ours, sort_keys=True) == json.dumps(empty | theirs, sort_keys=True)
            return ours
        if any(call == " ".join(args[:2]) and words in theirs for call, words in ONLY_HERE.items()):
            return self.json(environment, *args)
        cause = self.client.refused("-e", environment, *args)[2].partition(": ")[2]
        theirs = theirs.removeprefix("ERROR: ").strip()
        assert cause == theirs or theirs.startswith(OWN_WORDS)
        return None


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform")
    with platform_services(folder) as services, python_calls(folder) as python:
        lab = Lab(Spacectl(folder), python, {name: server.url for name, server in services.items()})
        environment(lab, "system", "system")
        admin = {"user_id": ADMIN, "password": PASSWORD, "name": "Admin", "reset_password": False}
        lab.create("system", "identity.Domain", name="lab", admin=admin)
        environment(lab, "administrator", lab.ids["domain_id"])
        tags = {"text": "x", "n": 1, "nested": {"list": [1.5, None, True]}}
        lab.create("administrator", "identity.Workspace", name="one", tags=tags)
        environment(lab, "owner", lab.ids["domain_id"])
        assert lab.client.run("config", "set", "x_workspace_id", lab.ids["workspace_id"]).code == 0
        fill(lab)
        yield lab


def environment(lab, name, token):
    endpoints = [word for service, url in lab.urls.items() for word in ("--service", f"{service}={url}")]
    result = lab.client.run("config", "init", "-e", name, *endpoints, "--api-key", "-", stdin=token)
    assert result.code == 0, result


def fill(lab):
    def administrator(resource, verb="create", **document):
        lab.create("administrator", resource, verb, **document)

    def owner(resource, **document):
        lab.create("owner", resource, **document)

    domain = {"resource_group": "DOMAIN"}
    name = {"name": "one"}
    workspace = {"resource_group": "WORKSPACE", "workspace_id": lab.ids["workspace_id"]}
    administrator("identity.User", user_id=USER, password=PASSWORD, auth_type="LOCAL", reset_password=False, name="하나")
    administrator("identity.RoleBinding", user_id=USER, role_id="managed-workspace-owner", **workspace)
    administrator("identity.Role", role_type="WORKSPACE_MEMBER", permissions=["inventory:*"], page_access=["a.*"], **name)
    administrator("identity.WorkspaceGroup", **name)
    administrator("identity.Provider", provider="mine", order=3, **name)
    properties = {"properties": {"account_id": {"type": "string"}}}
    for kind in ("SERVICE_ACCOUNT", "TRUSTED_ACCOUNT", "SECRET"):
        administrator("identity.Schema", schema_id=kind, schema_type=kind, provider="mine", schema=properties, **name)
    owner("identity.ProjectGroup", **name)
    owner("identity.Project", project_type="PUBLIC", **name)
    project = {"project_id": lab.ids["project_id"]}
    owner("identity.UserGroup", description="", **name)
    administrator("identity.App", role_id="managed-domain-admin", **domain, **name)
    administrator("identity.App", role_id="managed-workspace-owner", **workspace, **name)
    account = {"provider": "mine", "data": {"account_id": "A1"}}
    secret = {"secret_schema_id": "SECRET", "secret_data": {"account_id": "A1"}}
    administrator("identity.TrustedAccount", **account, **secret, **domain, **name)
    owner("identity.ServiceAccount", **account, **project, **name)
    administrator("secret.Secret", data={"k": "v"}, **domain, **name)
    owner("secret.Secret", data={"k": "v"}, resource_group="PROJECT", **project, **name)
    administrator("secret.UserSecret", data={"k": "v"}, **name)
    for resource in ("DomainConfig", "PublicConfig", "UserConfig"):
        administrator(f"config.{resource}", data={"deep": {"list": [1, 2.5, "x", None, {}, []]}}, **name)
    administrator("config.SharedConfig", data={}, **domain, **name)
    administrator("repository.Plugin", "register", image="x/plugin-one", resource_type="a.B", **name)
    templates = {"template_id": "one", "template_type": "MULTI", "dashboards": [{"name": "one", "version": "2.0"}]}
    administrator("repository.DashboardTemplate", "register", **templates, **name)
    aws = {"provider": "aws"}
    owner("inventory.Region", region_code="here", **aws, **name)
    owner("inventory.CloudServiceType", **aws, name="Instance", group="EC2", is_primary=True, labels=["x"])
    kind = {**aws, "cloud_service_group": "EC2", "cloud_service_type": "Instance"}
    for size in (0.1, 1, 2.5):
        details = {"instance_size": size, "reference": {"resource_id": f"i{size}"}, "data": {"size": size, "text": f"t{size}", "disks": [{"gb": 8}, {"gb": 2.5}]}}
        owner("inventory.CloudService", name=f"i{size}", region_code="here", **kind, **details, **project)
    changes = lab.json("owner", "list", "inventory.ChangeHistory", "-p", f"cloud_service_id={lab.ids['cloud_service_id']}")
    owner("inventory.Note", record_id=changes["results"][0]["record_id"], note="two\nlines")
    count = {"group_by": ["provider"], "fields": {"value": {"operator": "count"}}}
    administrator("inventory.CloudServiceQuerySet", query_options=count, **kind, **domain, **name)
    options = [{"name": "all", "query_type": "SEARCH", "search_query": {"fields": ["name"]}}]
    schedule = {"hours": [1], "days_of_week": ["MON"], "state": "ENABLED"}
    report = {"options": options, "file_format": "EXCEL", "schedule": schedule, "target": {"email": [ADMIN]}}
    administrator("inventory.CloudServiceReport", **report, **domain, **name)
    resource = "inventory.CloudService:aws.EC2.Instance"
    namespace = {"namespace_id": "namespace", "resource_type": resource}
    administrator("inventory.Namespace", category="ASSET", group="mine", **namespace, **domain, **name)
    metric = {"metric_id": "metric", "metric_type": "GAUGE", "query_options": count}
    administrator("inventory.Metric", **namespace, **metric, **domain, **name)
    owner("inventory.MetricExample", metric_id="metric", options={"a": 1}, **name)
    assert lab.json("administrator", "exec", "run", "inventory.Metric", "-p", "metric_id=metric") == {}


def parameters(values):
    return [word for key, value in values.items() for word in ("-p", f"{key}={value}")]


@pytest.mark.parametrize("environment", ROWS)
@pytest.mark.parametrize("service", PLATFORM)
def test_lists_gets_and_statistics_are_alike(lab, environment, service):
    resources = lab.json(environment, "api-resources", "--service", service)["results"]
    assert {resource["service"] for resource in resources} == {service}
    found = []
    for name, verbs in ((resource["name"], resource["verbs"]) for resource in resources):
        of = parameters({key: lab.ids[key] for key in filter(None, [LISTED_BY.get(name)])})
        answer = lab.alike(environment, "list", name, *of) if "list" in verbs else None
        row = answer["results"][0] if answer and answer["results"] else {}
        if row:
            found.append(name)
        if row and "get" in verbs:
            takes = [taken["name"] for taken in lab.json(environment, "explain", f"{name}.get")["request"]["fields"]]
            got = lab.alike(environment, "get", name, *parameters({key: row[key] for key in takes if key in row}))
            # The installation itself is in no domain.
            assert got or environment == "system", name
        key = next(iter(row), "name")
        keys, count = [{"key": key, "name": key}], {"name": "n", "operator": "count"}
        groups = [{"group": {"keys": keys, "fields": [count]}}, {"sort": [{"key": key}]}]
        analysis = {"group_by": [key], "fields": {"n": {"operator": "count"}}, "sort": [{"key": key}]}
        for verb, query in [("stat", {"aggregate": groups}), ("stat", {"distinct": key}), ("analyze", analysis)]:
            if verb in verbs:
                answer = lab.alike(environment, verb, name, "-j", json.dumps({"query": query}), *of)
                if row and environment != "system" and f"{verb} {name}" not in REFUSED:
                    assert answer and answer["results"], f"{verb} {name}"
    assert sorted(found) == [f"{service}.{name}" for name in ROWS[environment].get(service, [])]


# Commands that both clients know. {workspace} and {secret} become identifiers.
PRINTED = [
    "list identity.User -c user_id,state,auth_type",
    "list user -c user_id|ID,state -s -ID -o csv",
    "list identity.Workspace -c workspace_id,name,tags.text -o csv",
    "list identity.Role -c role_id,role_type -s role_id -l 2",
    "list identity.Role -c role_id -o quiet -p role_type=DOMAIN_ADMIN",
    "list identity.ServiceAccount -c name,data.account_id,project_id",
    "list inventory.CloudService -c name,data.text,reference.resource_id -s name -o csv",
    "list inventory.CloudService -c name -o quiet -s -name -l 1",
    """list inventory.CloudService -c name -o quiet -s name -j {"query":{"filter":[{"k":"data.size","v":1,"o":"gte"}]}}""",
    """list cs -c name,region_code -j {"query":{"page":{"start":2,"limit":2},"sort":[{"key":"name"}]}}""",
    "list secret.Secret -c name,resource_group,project_id -s resource_group",
    """stat inventory.CloudService -j {"query":{"distinct":"name"}}""",
    """stat identity.User -j {"query":{"distinct":"user_id"}} -l 1 -o csv""",
]
VALUES = [
    "list sa -m",
    "list user -a",
    "list inventory.CloudService -a -s name",
    "list inventory.CloudServiceType -c name,group,labels",
    "list config.DomainConfig -c name,data.deep.list",
    "get identity.Workspace -p workspace_id={workspace}",
    "get secret.Secret -p secret_id={secret}",
    "exec get_workspaces identity.UserProfile",
]


def words(lab, line):
    ids = {"workspace": lab.ids["workspace_id"], "secret": lab.ids["secret_id"]}
    return [word.format(**ids) if word.endswith(tuple("{%s}" % name for name in ids)) else word for word in line.split()]


@pytest.mark.parametrize("line", PRINTED)
def test_both_print_the_same(lab, line):
    theirs = lab.theirs("administrator", *words(lab, line)).replace("\r\n", "\n")
    assert not theirs.startswith("ERROR")
    assert lab.client.output("-e", "administrator", *words(lab, line)) == theirs


@pytest.mark.parametrize("line", VALUES)
def test_both_answer_the_same(lab, line):
    assert lab.alike("administrator", *words(lab, line))


# -- versions by themselves -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["user", "Users", "identity.user", "identity.User", "identity.v2.User"])
def test_a_resource_is_called_by_any_of_its_names(lab, name):
    assert lab.client.output("-e", "administrator", "list", name, "-c", "user_id", "-o", "quiet") == f"{ADMIN}\n{USER}\n"


def test_what_has_no_v1_is_explained_and_completed(lab):
    lab.client.output("config", "environment", "--switch", "administrator", "-q")
    assert "user_id" in lab.client.output("explain", "user.create")
    schema = json.loads(lab.client.output("explain", "identity.User.create", "--json-schema"))
    assert {"user_id", "reset_password"} <= set(schema["properties"])
    completion = Program(SPACECTL, lab.client.home, COMPLETE="fish", SPACECTL_COMPLETION_TIMEOUT="60s")
    for line, offered in {
        "list identity.Us": ["identity.User", "identity.UserGroup"],
        "exec set_ref": ["set_refresh_timeout"],
        "list user -c us": ["user_id"],
        "get user -p user_id=us": [f"user_id={USER}"],
        "list secret.": ["secret.Secret", "secret.TrustedSecret", "secret.UserSecret"],
    }.items():
        before = ["spacectl", *line.split()]
        lines = completion.output(len(before) - 1, "--", *before).splitlines()[1:]
        assert [line.split("\t")[0] for line in lines] == offered


def test_a_wrong_password_is_no_matter_of_keys(lab):
    login = {"domain_id": lab.ids["domain_id"], "auth_type": "LOCAL", "credentials": {"user_id": ADMIN, "password": "wrong"}}
    result = lab.client.run("-e", "administrator", "exec", "issue", "identity.Token", "-j", json.dumps(login))
    assert (result.code, result.stdout) == (80, "")
    assert "password is not correct" in result.stderr
    assert "api_key" not in result.stderr and "API_KEY" not in result.stderr
