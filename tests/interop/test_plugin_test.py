"""`plugin test` against plugins of the real framework: right ones, and each with a fault."""

import json
import os
import random
import re
import socket
from pathlib import Path

import pytest

from lab import HERE, PEERS, SPACECTL
from terminal import Terminal

PLUGIN_SERVER = f"{PEERS / 'platform/bin/python'} {HERE / 'plugin_server.py'}"

COLLECTOR = '''
from spaceone.inventory.plugin.collector.lib.server import CollectorPluginServer

app = CollectorPluginServer()


@app.route("Collector.init")
def init(params):
    return {"metadata": {"options_schema": {"type": "object", "properties": {"n": {"type": "integer", "minimum": 1}}}}}


@app.route("Collector.verify")
def verify(params):
    if "key" not in params["secret_data"]:
        raise KeyError("key")


@app.route("Job.get_tasks")
def get_tasks(params):
    return {"tasks": [{"task_options": {"only": "types"}}, {"task_options": {"only": "servers"}}]}


@app.route("Collector.collect")
def collect(params):
    if params["task_options"]["only"] == "types":
        yield {
            "state": "SUCCESS",
            "resource_type": "inventory.CloudServiceType",
            "match_keys": [["name", "group", "provider"]],
            "cloud_service_type": {"name": "Server", "group": "Compute", "provider": "acme", "is_primary": True},
        }
        yield {
            "state": "SUCCESS",
            "resource_type": "inventory.Region",
            "match_keys": [["region_code", "provider"]],
            "region": {"name": "Seoul", "region_code": "kr-1", "provider": "acme"},
        }
        return
    for number in range(3):
        yield {
            "state": "SUCCESS",
            "resource_type": "inventory.CloudService",
            "match_keys": [["reference.resource_id", "provider"]],
            "cloud_service": {
                "name": f"server-{number}",
                "cloud_service_type": "Server",
                "cloud_service_group": "Compute",
                "provider": "acme",
                "region_code": "kr-1",
                "data": {"cpus": 4},
                "reference": {"resource_id": f"id-{number}"},
            },
        }
'''

WEBHOOK = '''
from spaceone.monitoring.plugin.webhook.lib.server import WebhookPluginServer

app = WebhookPluginServer()


@app.route("Webhook.init")
def init(params):
    return {"metadata": {}}


@app.route("Webhook.verify")
def verify(params):
    pass


@app.route("Event.parse")
def parse(params):
    return {
        "results": [
            {
                "event_key": params["data"]["id"],
                "event_type": "ALERT",
                "title": params["data"]["title"],
                "severity": "ERROR",
                "resource": {},
                "description": "",
                "rule": "",
                "occurred_at": "2026-01-02T03:04:05Z",
                "additional_info": {},
            }
        ]
    }
'''


def write_plugin(home, code):
    """Writes a plugin of the framework with this code; returns its port and the arguments that test it."""
    package = home / "src" / "plugin"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    (package / "main.py").write_text(code)
    # Below the ports that the system gives to whoever asks for any.
    port = random.randrange(20_000, 32_000)
    # A first start compiles every module that it imports.
    return port, ["plugin", "test", "--exec", f"{PLUGIN_SERVER} src {port}", "--port", port, "--start-timeout", "100s"]


@pytest.fixture
def run(spacectl):
    """Runs a plugin of the framework with this code, and tests it."""
    spacectl.variables |= {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}

    def run_plugin(code, *options):
        port, test = write_plugin(spacectl.home, code)
        result = spacectl.run(*test, "-o", "json", *options)
        assert result.stdout, result
        with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            pass
        return result.code, json.loads(result.stdout)

    return run_plugin


def errors(report):
    return {finding["rule"] for finding in report["findings"] if finding["severity"] == "error"}


def test_a_right_collector_has_no_finding(run, spacectl):
    (spacectl.home / "secret.json").write_text('{"key": "a-secret-of-no-log"}')
    (spacectl.home / "secret.json").chmod(0o600)
    code, report = run(COLLECTOR, "--secret-data", "secret.json")
    assert (code, report["findings"]) == (0, [])
    assert [step["outcome"] for step in report["steps"]] == ["ok"] * 4
    counts = {row["resource_type"]: row["count"] for row in report["collected"]}
    assert counts == {"inventory.CloudServiceType": 1, "inventory.Region": 1, "inventory.CloudService": 3}
    # Without a secret its refusal to verify says nothing.
    code, report = run(COLLECTOR)
    assert (code, report["steps"][1]["outcome"]) == (0, "skipped")


@pytest.mark.parametrize(
    ("right", "wrong", "rule"),
    [
        ('"inventory.Region"', '"inventory.Server"', "answer-invalid"),
        ('"match_keys": [["region_code", "provider"]],', "", "match-rules-missing"),
        ('[["reference.resource_id", "provider"]]', '[["data.nothing"]]', "match-rules-void"),
        ('return {"metadata"', 'return {"meatadata"', "answer-invalid"),
        ('"type": "integer"', '"type": "integr"', "options-schema"),
        ('"region_code": "kr-1", "provider": "acme"}', '"region_code": "k" * 300, "provider": "acme"}', "resource-type-of-field"),
        ('    if params["task', '    import os; os._exit(3)\n    if params["task', "died"),
    ],
    ids=lambda text: text if text and re.fullmatch("[a-z-]+", text) else "",
)
def test_a_fault_of_a_collector_is_found(run, spacectl, right, wrong, rule):
    assert COLLECTOR.count(right) == 1
    (spacectl.home / "secret.json").write_text('{"key": "a-secret-of-no-log"}')
    code, report = run(COLLECTOR.replace(right, wrong), "--secret-data", "secret.json")
    assert code != 0 and rule in errors(report), report


def test_a_webhook_is_held_against_its_payloads(run, spacectl):
    payloads = spacectl.home / "payloads"
    payloads.mkdir()
    (payloads / "disk.json").write_text('{"id": "disk-1", "title": "disk full"}')
    code, report = run(WEBHOOK, "--data", "payloads", "--record", "golden")
    assert (code, report["findings"]) == (0, [])
    assert "disk-1" in Path(spacectl.home / "golden" / "parse-disk.jsonl").read_text()
    code, report = run(WEBHOOK.replace('"ALERT"', '"ALARM"'), "--data", "payloads", "--compare", "golden")
    assert (code, errors(report)) == (1, {"event-type"})
    assert any("event_type" in line for line in report["differences"])


def test_a_skeleton_is_told_what_it_lacks(run):
    code, report = run(COLLECTOR.partition("@app.route")[0])
    assert (code, errors(report)) == (64 + 13, {"route-missing"})


def test_a_terminal_shows_how_far_a_stream_is_until_ctrl_c(spacectl):
    code = COLLECTOR.replace("range(3):", "range(3_000):\n        __import__('time').sleep(0.01)")
    port, test = write_plugin(spacectl.home, code)
    variables = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1"}
    terminal = Terminal([SPACECTL, *test], spacectl.home, columns=100, **variables)
    line = re.compile(r"Collector\.collect: \d+ messages, \d+ (bytes|kB), \d+/s, [\d.]+ m?s")
    terminal.wait_until(lambda lines: any(line.search(each) for each in lines))
    terminal.type("\x03")
    assert terminal.wait_for_end() == 130
    screen = terminal.screen()
    assert not any(line.search(each) for each in screen), screen
    assert any(re.match(r"Collector\.collect +interrupted  by Ctrl-C after \d+ messages", each) for each in screen), screen
    assert screen[-1] == "warning: interrupted during Collector.collect: the report is incomplete"
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass
