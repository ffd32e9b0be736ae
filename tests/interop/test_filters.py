"""`--filter`, `--filter-any` and `--search` find the same rows at the real Repository service 1.12.5, which has the API's
first generation, and at 2.x and `local serve`, which have the second; and what they are sent as finds these rows for the Python
client, too."""

import json

import pytest

from lab import PythonClient, Spacectl, local_serve

PLUGIN = "repository.Plugin"
DOMAIN = "domain-filters"
TRANSLATED = "note: resource_type is called service_type by this service: translated\n"
TAGS = {"version": "1.10", "n": 1, "managed": True, "deep": {"x": [1, 2]}, "cost center": "a,b"}
ROWS = [
    {"name": "AWS SNS", "provider": "aws", "tags": TAGS, "labels": ["chat", "aws"]},
    {"name": "Slack", "provider": "slack", "tags": {"version": "1.9", "n": 2.5, "managed": False}, "labels": ["chat"]},
    {"name": "a, b", "provider": "1.10", "tags": {"n": "1", "z": None}},
    {"name": "x=(y)", "tags": {}},
    {"name": "알림 <5>", "provider": "kakao"},
]
AWS, SLACK, COMMA, EQUALS, KOREAN = NAMES = [row["name"] for row in ROWS]


def condition(key, operator, value):
    return {"k": key, "v": value, "o": operator}


# A filter, what it becomes, which rows it finds.
FILTERS = [
    ("name=Slack", [condition("name", "eq", "Slack")], [SLACK]),
    ("name=slack", [condition("name", "eq", "slack")], []),
    ("name = 'a, b'", [condition("name", "eq", "a, b")], [COMMA]),
    ("name=x=(y)", [condition("name", "eq", "x=(y)")], [EQUALS]),
    ("name='알림 <5>'", [condition("name", "eq", "알림 <5>")], [KOREAN]),
    ("name!=Slack", [condition("name", "not", "Slack")], [AWS, COMMA, EQUALS, KOREAN]),
    ("name~S", [condition("name", "contain", "S")], [AWS, SLACK]),
    ("name~(y)", [condition("name", "contain", "(y)")], [EQUALS]),
    ("name!~s", [condition("name", "not_contain", "s")], [COMMA, EQUALS, KOREAN]),
    ("name>Slack", [condition("name", "gt", "Slack")], [COMMA, EQUALS, KOREAN]),
    ("name>=Slack", [condition("name", "gte", "Slack")], [SLACK, COMMA, EQUALS, KOREAN]),
    ("name<Slack", [condition("name", "lt", "Slack")], [AWS]),
    ("name<=Slack", [condition("name", "lte", "Slack")], [AWS, SLACK]),
    ("name in Slack, 'a, b'", [condition("name", "in", ["Slack", "a, b"])], [SLACK, COMMA]),
    ("name not in Slack,\"a, b\"", [condition("name", "not_in", ["Slack", "a, b"])], [AWS, EQUALS, KOREAN]),
    ("provider=1.10", [condition("provider", "eq", "1.10")], [COMMA]),
    ("state=enabled", [condition("state", "eq", "ENABLED")], NAMES),
    ("state in DISABLED", [condition("state", "in", ["DISABLED"])], []),
    ("registry_type~docker", [condition("registry_type", "contain", "docker")], NAMES),
    ("tags.version=1.10", [condition("tags.version", "eq", "1.10")], [AWS]),
    ("tags.version~1.", [condition("tags.version", "contain", "1.")], [AWS, SLACK]),
    ("tags.version!~10", [condition("tags.version", "not_contain", "10")], [SLACK, COMMA, EQUALS, KOREAN]),
    ("tags.version?", [condition("tags.version", "exists", True)], [AWS, SLACK]),
    ("!tags.version?", [condition("tags.version", "exists", False)], [COMMA, EQUALS, KOREAN]),
    ("tags.n=1", [condition("tags.n", "eq", 1)], [AWS]),
    ("tags.n='1'", [condition("tags.n", "eq", "1")], [COMMA]),
    ("tags.n in 1,'1'", [condition("tags.n", "in", [1, "1"])], [AWS, COMMA]),
    ("tags.n>1", [condition("tags.n", "gt", 1)], [SLACK]),
    ("tags.n<=2", [condition("tags.n", "lte", 2)], [AWS]),
    ("tags.managed=true", [condition("tags.managed", "eq", True)], [AWS]),
    ("tags.z=null", [condition("tags.z", "eq", None)], NAMES),
    ("tags.z!=null", [condition("tags.z", "not", None)], []),
    ("tags.deep.x=2", [condition("tags.deep.x", "eq", 2)], [AWS]),
    ("tags.'cost center'='a,b'", [condition("tags.cost center", "eq", "a,b")], [AWS]),
    ("labels=chat", [condition("labels", "eq", "chat")], [AWS, SLACK]),
    ("labels!=aws", [condition("labels", "not", "aws")], [SLACK, COMMA, EQUALS, KOREAN]),
    ("labels.1=aws", [condition("labels.1", "eq", "aws")], [AWS]),
    ("labels~CHA", [condition("labels", "contain", "CHA")], [AWS, SLACK]),
    ("labels in aws,x", [condition("labels", "in", ["aws", "x"])], [AWS]),
    ("created_at>=2020-01-31", [condition("created_at", "datetime_gte", "2020-01-31T00:00:00Z")], NAMES),
    ("created_at>2020-01-31", [condition("created_at", "datetime_gte", "2020-02-01T00:00:00Z")], NAMES),
    ("created_at<2020-01-31T10:00+09:00", [condition("created_at", "datetime_lt", "2020-01-31T01:00:00Z")], []),
    ("created_at<=9000", [condition("created_at", "datetime_lt", "9001-01-01T00:00:00Z")], NAMES),
    (
        "created_at=2020-01",
        [
            condition("created_at", "datetime_gte", "2020-01-01T00:00:00Z"),
            condition("created_at", "datetime_lt", "2020-02-01T00:00:00Z"),
        ],
        [],
    ),
    ("created_at>2020-01-31T00:00:00.5Z", [condition("created_at", "datetime_gt", "2020-01-31T00:00:00.5Z")], NAMES),
    ("created_at<=2020-01-31T00:00:00.5Z", [condition("created_at", "datetime_lte", "2020-01-31T00:00:00.5Z")], []),
    ("created_at>-7d", [condition("created_at", "timediff_gt", "now-7d")], NAMES),
    ("updated_at >= now/d - 1w", [condition("updated_at", "timediff_gte", "now/d-1w")], NAMES),
    ("created_at<-90m", [condition("created_at", "timediff_lt", "now-90m")], []),
    ("created_at<=now", [condition("created_at", "timediff_lte", "now")], NAMES),
]


@pytest.fixture(scope="module")
def services(repository, repository_2, tmp_path_factory):
    """Clients of the services, each with the same plugins; and the Python client of the last."""
    folder = tmp_path_factory.mktemp("filters")
    real = Spacectl(folder / "real").configure(repository.url, DOMAIN)
    real_2 = Spacectl(folder / "real-2").configure(repository_2.url, DOMAIN)
    with local_serve(folder / "plugins.db") as served:
        local = Spacectl(folder / "local").configure(served.url, "key")
        python = PythonClient(folder / "python").configure(served.url, "key")
        for number, row in enumerate(ROWS):
            spec = json.dumps({"image": f"x/plugin-{number}", "resource_type": "a.B", **row})
            result = real.run("exec", "register", PLUGIN, "-j", spec)
            assert (result.code, result.stderr) == (0, TRANSLATED)
            real_2.output("exec", "register", PLUGIN, "-j", spec)
            local.output("exec", "register", PLUGIN, "-j", spec)
        yield {"real": real, "real_2": real_2, "local": local, "python": python}


@pytest.fixture(params=["real", "real_2", "local"])
def client(request, services):
    return services[request.param]


def names(client, *args):
    return client.output("list", PLUGIN, "-c", "name", "-o", "quiet", *args).splitlines()


def in_order(found):
    return sorted(found, key=NAMES.index)


@pytest.mark.parametrize(("text", "conditions", "expected"), FILTERS, ids=[text for text, *_ in FILTERS])
def test_every_operator(client, text, conditions, expected):
    assert in_order(names(client, "--filter", text)) == expected
    assert in_order(names(client, "-j", json.dumps({"query": {"filter": conditions}}))) == expected


# It takes seconds for each call: one filter for each operator, the last that finds some but not all rows if there is one.
ONE_OF_EACH = {
    conditions[0]["o"]: (conditions, expected)
    for _, conditions, expected in sorted(FILTERS, key=lambda filter: 0 < len(filter[2]) < len(ROWS))
}


@pytest.mark.parametrize("operator", ONE_OF_EACH)
def test_the_python_client_finds_the_same(services, operator):
    conditions, expected = ONE_OF_EACH[operator]
    # It prints an empty line for no rows.
    found = names(services["python"], "-j", json.dumps({"query": {"filter": conditions}}))
    assert in_order([name for name in found if name]) == expected


def test_a_moment_that_was_shown_finds_its_row(client):
    rows = json.loads(client.output("list", PLUGIN, "-c", "name,created_at", "-o", "json"))["results"]
    for row in rows:
        moment = row["created_at"]
        same = [other["name"] for other in rows if other["created_at"] == moment]
        assert names(client, "--filter", f"created_at={moment}") == same
        assert names(client, "--filter", f"created_at in {moment}") == same
        others = [other["name"] for other in rows if other["created_at"] != moment]
        assert names(client, "--filter", f"created_at!={moment}") == others
        for length in [4, 7, 10, 13, 16, 19]:
            within = [other["name"] for other in rows if other["created_at"][:length] == moment[:length]]
            assert names(client, "--filter", f"created_at={moment[:length]}") == within


@pytest.mark.parametrize(
    ("args", "expected"),
    [
        (["--filter", "name~s", "--filter", "provider=aws"], [AWS]),
        (["--filter", "name~s", "--filter", "provider=1.10"], []),
        (["--filter-any", "name=Slack", "--filter-any", "provider=1.10"], [SLACK, COMMA]),
        (["--filter-any", "name=Slack", "--filter-any", "provider=aws", "--filter", "tags.n=1"], [AWS]),
        (["--search", "SLA"], [SLACK]),
        (["--search", "(y)"], [EQUALS]),
        (["--search", "a, b"], [COMMA]),
        (["--search", "s", "--filter", "provider=aws"], [AWS]),
        (["--search", "SLA", "--filter-any", "provider=aws"], [AWS, SLACK]),
        (["--search", "SLA", "-p", "query.keyword=AWS"], [SLACK]),
        (["--filter", "name~s", "-j", '{"query": {"filter": [{"k": "provider", "v": "aws", "o": "eq"}]}}'], [AWS]),
        (["--filter", "name~s", "-p", "query.filter=[{k: provider, v: aws, o: eq}]"], [AWS]),
        (["--filter", "name~s", "-p", "provider=slack"], [SLACK]),
        (["--filter", "name~s", "-s", "-name", "-l", "1"], [SLACK]),
    ],
    ids=str,
)
def test_they_add_up(client, args, expected):
    assert in_order(names(client, *args)) == expected


def test_what_the_rows_do_not_have_is_not_asked_for(client):
    result = client.run("list", PLUGIN, "--filter", "nmae~slack")
    assert (result.code, result.stdout) == (2, "")
    assert result.stderr == (
        'error: --filter "nmae~slack": PluginInfo has no field nmae\nhint: did you mean name?\n'
    )


def test_a_list_without_a_query(services):
    """The second generation's repositories have none, and are filtered here."""
    repositories = ("list", "repository.Repository", "-c", "name", "-o", "quiet")
    assert services["real"].output(*repositories, "--filter", "repository_type=local") == "local\n"
    assert services["real"].output(*repositories, "--filter", "repository_type!=local") == ""
    assert services["real"].output(*repositories, "--search", "LOC") == "local\n"
    for service, others in {"real_2": "", "local": "Cloudforet Official\n"}.items():
        assert services[service].output(*repositories, "--filter", "repository_type=LOCAL") == "Private\n"
        assert services[service].output(*repositories, "--filter", "repository_type!=LOCAL") == others
