"""Manifests, by this program and by the Python client, against a real Repository service."""

import json
import re

import jsonschema
import openpyxl
import pytest
import yaml

from lab import EXAMPLES, PASSWORD

MANIFEST = """
var:
  plugins:
    - {name: Alpha, image: acme/plugin-alpha, labels: [a, b], tags: {icon: 가.svg}}
    - {name: Beta, image: acme/plugin-beta, labels: [], tags: {}}
tasks:
  - name: Register ${{ item.name }}
    id: plugin
    uses: "@modules/resource"
    loop: ${{ var.plugins | to_data }}
    spec:
      resource_type: repository.Plugin
      mode: NO_UPDATE
      matches: [name]
      verb: {create: register}
      data:
        name: ${{ item.name }}
        service_type: monitoring.Webhook
        image: ${{ item.image }}
        labels: ${{ item.labels | to_data }}
        tags: ${{ item.tags | to_data }}
  - name: Rows
    id: rows
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: list}
      pagination: {size: 3}
      data: {}
      output: {template: input, options: {columns: ["plugin_id|ID", name]}}
  - name: Not this
    if: "'${{ var.plugins[0].name }}' == 'Gamma'"
    uses: "@modules/print"
    spec: {data: never}
  - name: Count
    id: count
    uses: "@modules/shell"
    spec: {run: "printf ${{ var.plugins | length }}"}
  - {name: One, uses: "@modules/print", spec: {data: "${{ tasks.plugin[1].output.plugin_id }}"}}
  - {name: Json, uses: "@modules/print", spec: {data: "${{ tasks.rows.output | to_data }}"}}
  - {name: Yaml, uses: "@modules/print", spec: {output: yaml, data: "${{ tasks.rows.output[0] | to_data }}"}}
  - {name: Csv, uses: "@modules/print", spec: {output: csv, data: "${{ tasks.rows.output | to_data }}"}}
  - {name: Text, uses: "@modules/print", spec: {output: text, data: "count ${{ tasks.count.output.result }}"}}
"""


def printed(stdout):
    """What the tasks after Count print, by their names, and how the Python client ends."""
    parts = re.split(r"^TASK \[(\w+)\] \**\n", stdout.partition("TASK [Count]")[2], flags=re.M)[1:]
    texts = dict(zip(parts[::2], parts[1::2]))
    texts["Text"], _, end = texts["Text"].partition("FINISHED")
    return texts, end.strip(" *\n")


@pytest.fixture
def spacectl(spacectl):
    """With the folders of the shell that runs scripts."""
    spacectl.variables["PATH"] = "/usr/bin:/bin"
    return spacectl


@pytest.fixture
def file(tmp_path):
    file = tmp_path / "manifest.yml"
    file.write_text(MANIFEST)
    return file


def test_a_manifest_registers_and_a_second_run_changes_nothing(spacectl, repository, domain, file):
    ours = spacectl.configure(repository.url, domain).run("apply", file)
    assert ours.code == 0, ours
    assert "FINISHED [ ok=9, skipped=1 ]" in ours.stderr
    first, *_ = ours.stdout.splitlines()
    assert json.loads(first) == "plugin-beta"
    again = spacectl.run("apply", file)
    assert again.stdout == ours.stdout and again.stderr.count("found") == 2


def test_the_python_client_prints_the_same(spacectl, python_client, served, file):
    file.write_text(MANIFEST.replace("service_type", "resource_type"))
    python = python_client.configure(served.url, "key").output("apply", file)
    texts, end = printed(python)
    assert end == "[ ok=9, skipped=1 ]", python
    ours = spacectl.configure(served.url, "key").run("apply", file)
    assert ours.code == 0, ours
    # The Python client ends the lines of csv in its own way.
    assert ours.stdout == "".join(texts.values()).replace("\r\n", "\n")


def test_a_failure_says_where_and_goes_on(spacectl, repository, domain, file, tmp_path):
    gone = """
  - name: Missing
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {name: Gone, service_type: a.B, image: acme/plugin-gone-missing}
"""
    file.write_text(MANIFEST + gone)
    client, log = spacectl.configure(repository.url, domain), tmp_path / "log"
    first = client.run("apply", file, "--resume", log)
    assert first.code == 64 + 13
    assert f"{file}:" in first.stderr and "task Missing" in first.stderr and "--resume" in first.stderr
    assert len(log.read_text().splitlines()) == 3
    file.write_text(MANIFEST)
    second = client.run("apply", file, "--resume", log)
    assert (second.code, second.stderr.count("DONE"), log.exists()) == (0, 3, False)


INSTALL = EXAMPLES / "manifests/install.yml"


def test_a_platform_is_installed_from_nothing_to_an_apps_secret(spacectl, empty_platform):
    spacectl.use("new", empty_platform)
    (spacectl.home / "password").write_text(PASSWORD + "\n")
    words = ("apply", INSTALL, "root.password=@password", "admin.password=@password")
    # Without passwords, and in a dry run, nothing is changed.
    missing = spacectl.run("apply", INSTALL)
    assert missing.code == 2 and "root.password=VALUE" in missing.stderr, missing
    planned = spacectl.run(*words, "--dry-run")
    assert planned.code == 0 and "call: identity.System.init" in planned.stdout, planned
    assert PASSWORD not in planned.stdout + planned.stderr
    assert spacectl.refused("exec", "get_auth_info", "identity.Domain", "-p", "name=root")[1] == "NOT_FOUND"

    first = spacectl.run(*words)
    assert first.code == 0 and "FINISHED [ ok=3, skipped=1 ]" in first.stderr, first
    # In an installation, the services are given this token now. Here they have one already.
    (token,) = first.stdout.split()
    spacectl.use("system", empty_platform, token)
    assert spacectl.output("list", "identity.Domain", "-c", "name", "-o", "quiet") == "root\n"

    spacectl.output("config", "use", "new", "-q")
    second = spacectl.run(*words)
    assert second.code == 0 and "FINISHED [ ok=11, skipped=2 ]" in second.stderr, second
    assert PASSWORD not in second.stdout + second.stderr
    (secret,) = second.stdout.split()
    # The secret is the key of programs.
    spacectl.use("app", empty_platform, secret)
    names = spacectl.output("list", "repository.Plugin", "-c", "name", "-o", "quiet").splitlines()
    assert {"Grafana Webhook", "Keycloak OIDC Auth Plugin"} <= set(names)
    apps = spacectl.output("list", "identity.App", "-c", "name,resource_group", "-o", "csv")
    assert apps == "name,resource_group\ninstaller,DOMAIN\n"

    spacectl.output("config", "use", "new", "-q")
    again = spacectl.run(*words)
    assert (again.code, again.stdout) == (0, ""), again
    assert "FINISHED [ ok=10, skipped=3 ]" in again.stderr
    assert not re.search("created|registered|init$", again.stderr, re.M), again.stderr
    # What is missing is added: another domain, with its own app.
    other = spacectl.run(*words, "domain.name=other")
    assert other.code == 0 and "created domain-" in other.stderr and other.stdout.split() != [secret], other


def test_editors_accept_the_example_by_the_schema(spacectl):
    schema = json.loads(spacectl.output("apply", "--schema"))
    validator = jsonschema.validators.validator_for(schema)(schema)
    manifest = yaml.safe_load(INSTALL.read_text())
    assert list(validator.iter_errors(manifest)) == []
    manifest["tasks"][0]["spec"]["mode"] = "UPSERT"
    assert list(validator.iter_errors(manifest))


SHEETS = """
var:
  rows:
    - {name: 가, code: "00123", count: 5, size: 2.5, on: true, none: null, labels: [a, b], tags: {k: 1}}
    - {name: "=1+1", big: 9007199254740993, none: x}
tasks:
  - {uses: "@modules/export-excel", spec: {path: out/rows.xlsx, sheet: Rows, data: "${{ var.rows }}", fill_na: "-"}}
  - {uses: "@modules/export-excel", spec: {path: out/rows.xlsx, sheet: Empty, data: []}}
"""


def test_a_spreadsheet_holds_each_value_as_what_it_is(spacectl, served, file):
    file.write_text(SHEETS)
    result = spacectl.configure(served.url, "key").run("apply", file)
    assert result.code == 0, result
    book = openpyxl.load_workbook(spacectl.home / "out/rows.xlsx")
    assert book.sheetnames == ["Rows", "Empty"]
    header, *rows = book["Rows"].iter_rows()
    names = ["name", "code", "count", "size", "on", "none", "labels", "tags", "big"]
    assert [cell.value for cell in header] == names and all(cell.font.bold for cell in header)
    assert book["Rows"].freeze_panes == "A2"
    values = [[cell.value for cell in row] for row in rows]
    assert values == [
        ["가", "00123", 5, 2.5, True, "-", "a, b", '{"k":1}', "-"],
        ["=1+1", "-", "-", "-", "-", "x", "-", "-", "9007199254740993"],
    ]
    # A text is never a formula.
    assert rows[1][0].data_type == "s"
    assert list(book["Empty"].iter_rows(values_only=True)) in ([], [(None,)])
