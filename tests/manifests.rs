//! `apply FILE`: manifests, run on the embedded service.

mod support;

use std::os::unix::fs::PermissionsExt as _;

use insta::assert_snapshot;
use support::Spacectl;

/// Registers two plugins if they are not there, changes one of them, and prints.
const PLUGINS: &str = r#"
var:
  plugins:
    - {name: Alpha, image: acme/plugin-alpha, labels: [a, b], tags: {version: "1.10", n: 5}}
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
  - name: Relabel
    id: alpha
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      matches: [name]
      verb: {create: register}
      data: {name: Alpha, service_type: monitoring.Webhook, image: acme/plugin-alpha, labels: [changed]}
  - name: Labels
    uses: "@modules/print"
    spec: {data: "${{ tasks.alpha.output.labels | to_data }}"}
  - name: First id
    uses: "@modules/print"
    spec: {data: "${{ tasks.plugin[0].output.plugin_id }}"}
"#;

fn user(manifest: &str) -> Spacectl {
    let user = Spacectl::local().variable("PATH", "/usr/bin:/bin");
    user.file("m.yml", manifest);
    user
}

#[test]
fn a_manifest_creates_updates_and_prints_and_a_second_run_changes_nothing() {
    let user = user(PLUGINS);
    let run = user.run("apply m.yml");
    assert_eq!(
        (run.status.unwrap(), run.stdout.as_str()),
        (0, "[\n    \"changed\"\n]\n\n\"plugin-alpha\"\n\n"),
        "{}",
        run.stderr
    );
    assert_snapshot!(run.stderr);
    let again = user.run("apply m.yml");
    assert_snapshot!(again.stderr);
    let tags = user.run("get plugin -p plugin_id=plugin-alpha -c tags -o json").success();
    assert!(tags.contains("\"version\": \"1.10\"") && tags.contains("\"n\": 5"), "{tags}");
}

#[test]
fn a_dry_run_reads_and_prints_what_it_would_send() {
    let user = user(PLUGINS);
    let run = user.run("apply m.yml --dry-run");
    assert_eq!(run.status.unwrap(), 0, "{}", run.stderr);
    assert_snapshot!(run.stdout);
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").success(), "");
}

#[test]
fn everything_wrong_is_named_before_anything_is_sent() {
    let user = user(
        r#"
tasks:
  - uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {name: Alpha, image: acme/plugin-alpha, resource_type: a.B}
  - uses: "@modules/resource"
    spec:
      resource_type: repository.Plugni
      mode: EXEC
      verb: {exec: list}
  - uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: regster}
      data: {nmae: x}
  - uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {nmae: "${{ var.x }}", labels: x}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!((run.status.unwrap(), run.stdout.as_str()), (2, ""));
    assert_snapshot!(run.stderr);
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").success(), "");
}

#[test]
fn variables_of_the_command_line_win_and_unknown_ones_are_refused() {
    let user = user(
        "var: {domain: {name: base, kind: x}, list: [1]}\ntasks:\n  - uses: '@modules/print'\n    spec: {output: text, data: \
         '${{ var.domain.name }} ${{ var.domain.kind }} ${{ var.list | len }} ${{ env.WHO }} ${{ var.extra | default(0) }}'}\n",
    );
    user.file("vars.yml", "var: {domain: {name: file}}\nenv: {WHO: file}\n").file("secret", "from a file\n");
    let print = |line: &str| user.run(line).success();
    assert_eq!(print("apply m.yml --env WHO=me"), "base x 1 me 0\n\n");
    assert_eq!(print("apply m.yml --var-file vars.yml"), "file x 1 file 0\n\n");
    assert_eq!(print("apply m.yml --var-file vars.yml domain.name=flag --var list=[1,2]"), "flag x 2 file 0\n\n");
    assert_eq!(print("apply m.yml -e WHO=python extra=@secret"), "base x 1 python from a file\n\n");
    let input = user.run_with_input("apply - WHO=x --env WHO=y", "tasks: [{uses: '@modules/print', spec: {data: 1}}]");
    assert_eq!(input.status.unwrap(), 2);
    assert_snapshot!(user.run("apply m.yml domian.name=x --env WHO=y").stderr);
    assert_eq!(user.run("apply m.yml domain").status.unwrap(), 2);
}

#[test]
fn a_script_runs_with_this_program_and_its_failure_ends_the_run() {
    let user = user(
        r#"
env: {GREETING: hello}
tasks:
  - id: count
    uses: "@modules/shell"
    spec: {run: "spacectl list plugin -o quiet -c plugin_id | wc -l | tr -d ' '; echo ${#GREETING}", kept: 5}
  - uses: "@modules/print"
    spec: {data: "${{ tasks.count.output.result }}|${{ tasks.count.spec.kept }}"}
  - id: fail
    uses: "@modules/shell"
    spec: {run: "echo to both; echo ends >&2; exit 3"}
  - uses: "@modules/print"
    spec: {data: never}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!((run.status.unwrap(), run.stdout.as_str()), (1, "\"0\\n5|5\"\n\n"), "{}", run.stderr);
    assert_snapshot!(run.stderr);
}

#[test]
fn conditions_loops_and_groups_are_counted() {
    let user = user(
        r#"
var: {name: base, wanted: true, list: [a, b, ""]}
tasks:
  - {name: Not this, if: "False", uses: "@modules/print", spec: {data: never}}
  - {name: Compare, if: "'${{ var.name }}' == 'base'", uses: "@modules/print", spec: {data: same}}
  - name: Group
    loop: ${{ var.list }}
    sub_tasks:
      - {name: "Letter ${{ item }}", if: "${{ item != 'b' }}", uses: "@modules/print", spec: {output: text, data: "<${{ item }}>"}}
  - {id: all, loop: [1, 2], uses: "@modules/concat", spec: {data: ["${{ item | to_data }}"]}}
  - {name: All, uses: "@modules/print", spec: {output: text, data: "${{ tasks.all[1].output }}"}}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!(
        (run.status.unwrap(), run.stdout.as_str()),
        (0, "\"same\"\n\n<a>\n\n<>\n\n[1, 2]\n\n"),
        "{}",
        run.stderr
    );
    assert_snapshot!(run.stderr);
}

#[test]
fn a_run_is_continued_after_the_last_task_that_was_finished() {
    let user = user(
        r#"
tasks:
  - id: plugin
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {name: A, resource_type: a.B, image: acme/plugin-a}
  - {uses: "@modules/shell", spec: {run: "echo x >> runs; test -e ready"}}
  - {uses: "@modules/print", spec: {data: "${{ tasks.plugin.output.plugin_id }}"}}
"#,
    );
    let first = user.run("apply m.yml --resume log");
    assert_eq!(first.status.unwrap(), 1);
    assert!(first.stderr.contains("to go on, run `spacectl apply -f m.yml --resume log`"), "{}", first.stderr);
    let mode = std::fs::metadata(user.path("log")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    user.file("ready", "");
    let second = user.run("apply m.yml --resume log");
    assert_eq!((second.status.unwrap(), second.stdout.as_str()), (0, "\"plugin-a\"\n\n"), "{}", second.stderr);
    assert!(second.stderr.contains("DONE"), "{}", second.stderr);
    assert!(!user.path("log").exists());
    assert_eq!(std::fs::read_to_string(user.path("runs")).unwrap(), "x\nx\n");
    // From the beginning it fails, as the plugin is there.
    let third = user.run("apply m.yml");
    assert_eq!(third.status.unwrap(), 70);
    assert!(third.stderr.contains("NO_UPDATE"), "{}", third.stderr);
}

#[test]
fn secrets_of_a_manifest_are_shown_only_by_print() {
    let user = user(
        r#"
var: {password: hunter2-hunter2}
tasks:
  - {uses: "@modules/shell", debug: true, spec: {run: "echo ${{ var.password }}"}}
  - {uses: "@modules/print", spec: {data: "${{ var.password }}"}}
  - {uses: "@modules/shell", spec: {run: "echo ${{ var.password }}; exit 1"}}
"#,
    );
    for flags in ["", " -o json", " -vv", " --dry-run", " --error-format json"] {
        let run = user.run(&format!("apply m.yml{flags}"));
        assert!(!run.stderr.contains("hunter2"), "{flags}: {}", run.stderr);
        assert_eq!(run.stdout.matches("hunter2").count(), if flags == " --dry-run" { 0 } else { 2 }, "{}", run.stdout);
    }
}

#[test]
fn tables_are_joined_and_saved() {
    let user = user(
        r#"
var:
  disks: [{id: 2, size: 5}, {id: 1, size: 7}]
tasks:
  - {id: owners, uses: "@modules/csv", spec: {file: owners.csv}}
  - {id: disks, uses: "@modules/concat", spec: {data: "${{ var.disks }}"}}
  - id: joined
    uses: "@modules/join"
    spec:
      origin_data: ${{ tasks.owners.output }}
      other_data: [{id: "1", size: 7}, {id: "2", size: 5}]
      join_keys: id
      output: {columns: ["name|Owner", size]}
  - {uses: "@modules/print", spec: {output: csv, path: [out, disks.csv], data: "${{ tasks.joined.output }}"}}
  - {uses: "@modules/print", spec: {path: disks.json, data: "${{ tasks.joined.output }}"}}
  - {uses: "@modules/export-excel", spec: {path: out/disks.xlsx, sheet: Disks, data: "${{ tasks.joined.output }}"}}
  - {uses: "@modules/export-excel", spec: {path: out/disks.xlsx, sheet: Owners, data: "${{ tasks.owners.output }}"}}
  - {uses: "@modules/print", spec: {output: table, data: "${{ tasks.joined.output }}"}}
  - {id: day, uses: "@modules/date", spec: {base_date: "2024-01-31"}}
  - {uses: "@modules/print", spec: {output: text, data: "${{ tasks.day.output['date-40d'] }} ${{ tasks.day.output.month }}"}}
"#,
    );
    user.file("owners.csv", "id,name\n2,Ada\n1,Lin\n");
    let run = user.run("apply m.yml");
    assert_eq!(run.status.unwrap(), 0, "{}", run.stderr);
    assert_snapshot!(run.stdout);
    let read = |name: &str| std::fs::read_to_string(user.path(name)).unwrap();
    assert_eq!(read("out/disks.csv"), "Owner,size\nAda,5\nLin,7\n");
    assert!(read("disks.json").starts_with("{\n    \"results\": ["));
    assert!(std::fs::read(user.path("out/disks.xlsx")).unwrap().starts_with(b"PK"));
    // Its sheets are those of this run only.
    assert!(user.run("apply m.yml").stderr.contains("was there before this run"));
}

#[test]
fn a_plugins_spec_is_applied_as_one() {
    let user = user("name: A\nresource_type: a.B\nimage: acme/plugin-a\n");
    let run = user.run("apply -f m.yml");
    assert_eq!((run.status.unwrap(), run.stdout.as_str()), (0, "plugin-a registered\n"), "{}", run.stderr);
    assert_snapshot!(run.stderr);
    assert_eq!(user.run("apply m.yml name=x").status.unwrap(), 2);
    let schema = user.run("apply --schema").success();
    assert!(serde_json::from_str::<serde_json::Value>(&schema).unwrap()["definitions"]["task"].is_object());
}
