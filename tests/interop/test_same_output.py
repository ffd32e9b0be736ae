"""For the same list of the real service this client prints what the Python client prints.

Equal byte for byte: json, quiet, and tables of plain values; csv but for its CRLF line ends. Kept different on purpose,
and so not compared as text:

- tables without columns: it shows every field, this client those of a built-in template or of one plain value each, and
  every field with `-a`;
- json and csv with a template that was set: it leaves the other fields out there too (`test_templates.py`);
- yaml: the Python client sorts the keys and ends with an empty line;
- nested values in tables: it prints Python's notation for them, this client JSON;
- tables whose column holds nothing but numbers: it prints 1.10 as 1.1;
- tables with a line break, a tab, blanks at a value's edge or wide characters: it breaks the row, trims the value, and
  counts a wide character as one column;
- empty lists as json: it prints an empty line, as csv it fails;
- `-s`: what it sends is only understood by the API's second generation.
"""

import json

import pytest
import yaml

from lab import PythonClient, Spacectl

PLUGIN = "repository.Plugin"
DOMAIN = "domain-same-output"
ROWS = [
    {"name": "Grafana Webhook", "provider": "grafana", "tags": {"icon": "g.svg", "spaceone:plugin_name": "Grafana"}},
    {"name": 'The "quoted", one', "provider": "it's"},
    {"name": "1.10", "provider": "aws", "tags": {"icon": "a.svg"}},
    {"name": "No Provider"},
    {"name": "True", "provider": "<&>"},
    {"name": "é", "provider": "ünïcode"},
]
ODD = [
    {"name": "two\nlines", "provider": "tab\tbed"},
    {"name": " blanks ", "provider": "알림"},
    {"name": "back\\slash", "provider": "\U0001f600"},
]


@pytest.fixture(scope="module")
def clients(repository, tmp_path_factory):
    """Both clients at the real service, in a domain of theirs with some plugins."""
    ours, theirs = (kind(tmp_path_factory.mktemp("home")) for kind in (Spacectl, PythonClient))
    for client in (ours, theirs):
        client.configure(repository.url, DOMAIN)
    for number, row in enumerate(ROWS + ODD):
        kind = "a.Plain" if row in ROWS else "a.Odd"
        spec = {"image": f"x/plugin-{number}", "service_type": kind, "labels": ["a", "b"][: number % 3], **row}
        ours.output("exec", "register", PLUGIN, "-j", json.dumps(spec))
    return ours, theirs


def both(clients, *args):
    ours, theirs = (client.output("list", PLUGIN, *args) for client in clients)
    return ours, theirs


PLAIN = ("-p", "service_type=a.Plain")


@pytest.mark.parametrize("form", ["table", "json", "csv"])
@pytest.mark.parametrize(
    "args",
    [
        ("-c", "plugin_id,name,state,provider"),
        ("-c", "plugin_id|ID,provider| Who "),
        # Absent in some rows: in a mapping, in every row.
        ("-c", "tags.icon,tags.spaceone:plugin_name,project_id"),
        ("-c", "name,repository_info.name,created_at", "-l", "2"),
        ("-m", "-p", "provider=grafana"),
    ],
    ids=" ".join,
)
def test_same(clients, form, args):
    ours, theirs = both(clients, *PLAIN, *args, "-o", form)
    if form == "csv":
        assert theirs.count("\r\n") == theirs.count("\n")
        theirs = theirs.replace("\r\n", "\n")
    assert ours == theirs
    assert ours.count("\n") > 1, "an empty list would prove nothing"


def test_same_quiet(clients):
    ours, theirs = both(clients, *PLAIN, "-c", "plugin_id", "-o", "quiet")
    assert ours == theirs
    assert len(ours.splitlines()) == len(ROWS)


def test_same_words_for_an_empty_table(clients):
    ours, theirs = both(clients, "-p", "provider=nobody", "-c", "name")
    assert ours == theirs == "NO DATA\n"


@pytest.mark.parametrize("form", ["json", "csv"])
def test_same_odd_values(clients, form):
    ours, theirs = both(clients, "-p", "service_type=a.Odd", "-c", "plugin_id,name,provider", "-o", form)
    assert ours == theirs.replace("\r\n", "\n")
    assert "알림" in ours


@pytest.mark.parametrize("args", [("-c", "name,labels,tags"), ("-a",)], ids=" ".join)
def test_same_meaning(clients, args):
    """Nested values as well; the Python client writes a mapping's keys in another order each time."""
    ours, theirs = both(clients, *args, "-o", "yaml")
    assert yaml.safe_load(ours) == yaml.safe_load(theirs)
    ours, theirs = both(clients, *args, "-o", "json")
    assert json.loads(ours) == json.loads(theirs)
    assert json.loads(ours)["total_count"] == len(ROWS + ODD)


def test_numbers_in_a_table_stay_as_they_are(clients):
    ours, theirs = both(clients, "-p", "name=1.10", "-c", "plugin_id,name")
    assert ours == " plugin_id   | name\n-------------+--------\n plugin-2    | 1.10\n\n Count: 1 / 1\n"
    assert theirs == " plugin_id   |   name\n-------------+--------\n plugin-2    |    1.1\n\n Count: 1 / 1\n"
