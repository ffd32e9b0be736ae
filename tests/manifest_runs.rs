//! Manifests before, during and after a run: static checks, interrupted runs, and runs that are continued.

mod support;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Desk, End, Running, Server, Spacectl};
use tonic::Status;

fn user(manifest: &str) -> Spacectl {
    let user = Spacectl::local().variable("PATH", "/usr/bin:/bin");
    user.file("m.yml", manifest);
    user
}

/// Registers two plugins, one after the other.
const TWO: &str = r#"
tasks:
  - name: First
    id: first
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {name: A, resource_type: a.B, image: acme/plugin-a}
  - name: Second
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: EXEC
      verb: {exec: register}
      data: {name: B, resource_type: a.B, image: acme/plugin-b}
"#;

#[test]
fn results_that_tasks_do_not_have_are_found_before_the_first_call() {
    let user = user(
        r#"
tasks:
  - id: plugin
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: NO_UPDATE
      matches: [name]
      verb: {create: register}
      data: {name: Alpha, resource_type: a.B, image: acme/plugin-alpha}
  - {id: rows, uses: "@modules/resource", spec: {resource_type: repository.Plugin, mode: EXEC, verb: {exec: list}}}
  - {id: script, uses: "@modules/shell", spec: {run: "true"}}
  - {id: day, uses: "@modules/date"}
  - {id: all, loop: [1], uses: "@modules/shell", spec: {run: "true"}}
  - uses: "@modules/print"
    spec:
      data:
        - ${{ tasks.plugin.output.plugin_idd }}
        - ${{ tasks.plugin.output.tags.any }}
        - ${{ tasks.plugin.output.capability.any | default('') }}
        - ${{ tasks.plugin.output.colour | default('none') }}
        - ${{ tasks.plugin.outputs.plugin_id }}
        - ${{ tasks.rows.output[0].anything }}
        - ${{ tasks.rows.output.name }}
        - ${{ tasks.rows.output | length }}
        - ${{ tasks.all.output.result }}
        - ${{ tasks.all[0].output.result }}
        - ${{ tasks.script.output.resutl }}
        - ${{ tasks.day.output.yaer }}
        - ${{ tasks.day.output['date-40d'] }}
  - if: ${{ tasks.plugin.output.stat }} == 'ENABLED'
    uses: "@modules/print"
    spec: {data: 1}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(run.stderr);
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").success(), "");
}

/// Tasks may share an id, and one of them may be of any resource.
#[test]
fn a_result_that_is_not_known_before_a_run_is_not_checked() {
    let user = user(
        r#"
var: {resource: Plugin}
tasks:
  - {id: any, uses: "@modules/shell", spec: {run: "true"}}
  - id: any
    uses: "@modules/resource"
    spec: {resource_type: "repository.${{ var.resource }}", mode: READ_ONLY, matches: [name], data: {name: none}}
  - {uses: "@modules/print", spec: {output: text, data: "<${{ tasks.any.output.plugin_id }}>"}}
"#,
    );
    assert_eq!(user.run("apply m.yml").success(), "<>\n\n");
}

#[test]
fn values_of_a_wrong_type_are_found_before_the_first_call() {
    let user = user(
        r#"
var: {name: base, count: 5, list: [1], none: null}
tasks:
  - {if: "5", uses: "@modules/print", spec: {data: never}}
  - {if: "${{ var.list }}", uses: "@modules/print", spec: {data: never}}
  - {if: "${{ var.name }} and ${{ var.count }}", uses: "@modules/print", spec: {data: never}}
  - {loop: "${{ var.name }}", uses: "@modules/print", spec: {data: never}}
  - {loop: "${{ var.none }}", uses: "@modules/print", spec: {data: never}}
  - {loop: "a, b", uses: "@modules/print", spec: {data: never}}
  - {uses: "@modules/date", spec: {base_date: yesterday}}
  - {uses: "@modules/date", spec: {base_date: 2024}}
  - {uses: "@modules/resource", spec: {resource_type: repository.Plugin, matches: [null], data: {name: x}}}
  - {uses: "@modules/resource", spec: {resource_type: repository.Plugin, matches: name, data: {name: x}}}
  - {uses: "@modules/resource", spec: {resource_type: repository.Plugin, matches: [name], data: {name: null}}}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert_snapshot!(run.stderr);
}

/// What may not be evaluated, or is not known yet, is no fault.
#[test]
fn types_that_a_run_may_never_see_are_not_checked() {
    let user = user(
        r#"
var: {plugins: null, wanted: "no", later: text}
tasks:
  - name: Group
    if: ${{ var.plugins }} is not None
    sub_tasks:
      - {loop: "${{ var.plugins }}", uses: "@modules/print", spec: {data: never}}
      - {if: "${{ var.plugins }}", uses: "@modules/print", spec: {data: never}}
  - {name: Set, var: {later: [1]}, uses: "@modules/print", spec: {data: set}}
  - {loop: "${{ var.later }}", uses: "@modules/print", spec: {data: "${{ item | to_data }}"}}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!((run.status, run.stdout.as_str()), (Some(0), "\"set\"\n\n1\n\n"), "{}", run.stderr);
}

#[test]
fn a_match_without_a_value_ends_the_run() {
    let user = user(
        r#"
tasks:
  - {id: none, uses: "@modules/shell", spec: {run: "true"}}
  - uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: NO_UPDATE
      matches: [name]
      verb: {create: register}
      data: {name: "${{ tasks.none.output.result }}", resource_type: a.B, image: acme/plugin-a}
"#,
    );
    let run = user.run("apply m.yml");
    assert_eq!(run.status, Some(1));
    assert!(run.stderr.contains("`matches` names name, which has no value"), "{run}");
    assert_eq!(user.run("list plugin -c plugin_id -o quiet").success(), "");
}

#[test]
fn a_script_sees_what_the_script_before_it_has_done() {
    let user = user(
        r#"
tasks:
  - {id: one, uses: "@modules/shell", spec: {run: "echo one > file; printf 2"}}
  - {id: two, uses: "@modules/shell", spec: {run: "cat file; printf ${{ tasks.one.output.result }}"}}
  - {uses: "@modules/print", spec: {output: text, data: "${{ tasks.two.output.result }}"}}
"#,
    );
    assert_eq!(user.run("apply m.yml").success(), "one\n2\n\n");
}

#[test]
fn what_is_not_found_has_empty_fields() {
    let user = user(
        r#"
tasks:
  - id: plugin
    uses: "@modules/resource"
    spec: {resource_type: repository.Plugin, mode: READ_ONLY, matches: [name], data: {name: none}}
  - {if: "${{ tasks.plugin.output.plugin_id }} == ''", uses: "@modules/print",
     spec: {data: "<${{ tasks.plugin.output.name }}>"}}
  - {if: "not ${{ tasks.plugin.output | length > 0 }}", uses: "@modules/print",
     spec: {data: "${{ tasks.plugin.output }}"}}
"#,
    );
    assert_eq!(user.run("apply m.yml").success(), "\"<>\"\n\n\n\n");
}

/// It is a value, not what a dry run does not know.
#[test]
fn a_text_in_angle_brackets_is_known() {
    let user = user(
        r#"
tasks:
  - {loop: ["<a>", b], uses: "@modules/print", spec: {output: text, data: "${{ item }}"}}
  - name: Register
    uses: "@modules/resource"
    spec:
      resource_type: repository.Plugin
      mode: NO_UPDATE
      matches: [name]
      verb: {create: register}
      data: {name: "<a> x", resource_type: a.B, image: acme/plugin-a, labels: ["<b> y", c]}
"#,
    );
    let planned = user.run("apply m.yml --dry-run");
    assert_eq!(planned.status, Some(0), "{planned}");
    assert!(planned.stdout.contains("call: repository.Plugin.register"), "{planned}");
    assert!(planned.stdout.contains("  labels:\n  - <b> y\n  - c\n"), "{planned}");
    assert_eq!(user.run("apply m.yml").success(), "<a>\n\nb\n\n");
}

/// `SPACECTL_OUTPUT` is the format of responses, which a manifest does not print.
#[test]
fn the_format_of_responses_changes_nothing_but_the_output_of_scripts() {
    let user = user(
        r#"
tasks:
  - {id: list, uses: "@modules/shell", spec: {run: "spacectl list plugin"}}
  - {uses: "@modules/print", spec: {output: text, data: "${{ tasks.list.output.result }}"}}
  - {uses: "@modules/print", spec: {data: a}}
"#,
    );
    let run = user.run_with(&[("SPACECTL_OUTPUT", "json")], "apply m.yml");
    assert_eq!(run.status, Some(0), "{run}");
    assert!(run.stdout.starts_with('{') && run.stdout.ends_with("\n\n\"a\"\n\n"), "{run}");
    assert!(!run.stdout.contains("\"success\""), "{run}");
}

#[test]
fn tokens_that_have_expired_are_named_where_a_run_is_continued() {
    let server = Server::start(Api::generation2(), |call| {
        vec![match call.request["name"].as_str() {
            Some("A") => Ok(json!({ "plugin_id": "plugin-a" })),
            _ => Err(Status::unauthenticated("ERROR_AUTHENTICATE_FAILURE: Token is invalid or expired.")),
        }]
    });
    let user = Spacectl::new().variable("SPACECTL_ENDPOINT", &server.url());
    user.file("m.yml", TWO);
    let first = user.run("apply m.yml --resume 'the log'");
    assert_eq!(first.status, Some(80));
    assert!(first.stderr.contains("1 task was done; to go on, run"), "{first}");
    let second = user.run("apply m.yml --resume 'the log'");
    assert_eq!(second.status, Some(80));
    assert_snapshot!(second.stderr.replace(&server.url(), "[URL]"));
}

#[test]
fn ctrl_c_ends_a_run_after_the_call_in_flight_which_is_recorded() {
    let desk = Desk::new();
    let user = Spacectl::new().variable("SPACECTL_ENDPOINT", &desk.server.url());
    user.file("m.yml", TWO);
    let args = ["apply", "m.yml", "--resume", "log"];
    let mut run = Running::start(&user, &args);
    desk.wait_for(1);
    run.interrupt().wait_for("waiting for the call in flight");
    desk.accept("plugin-a");
    assert_eq!(run.end(), End::Exit(130), "{}", run.err);
    assert!(run.err.contains("1 task was done; to go on, run"), "{}", run.err);
    assert_eq!(desk.came(), ["plugin-a"]);

    let mut again = Running::start(&user, &args);
    desk.wait_for(2);
    desk.accept("plugin-b");
    assert_eq!(again.end(), End::Exit(0), "{}", again.err);
    assert!(again.err.starts_with("DONE [First]\nTASK [Second]\n"), "{}", again.err);
    assert_eq!(desk.came(), ["plugin-a", "plugin-b"]);
}

#[test]
fn ctrl_c_ends_a_script_with_all_that_it_started() {
    let user = user("tasks: [{name: Wait, uses: '@modules/shell', spec: {run: 'sleep 60 | cat; touch after'}}]");
    let mut run = Running::start(&user, &["apply", "m.yml"]);
    run.wait_for("TASK [Wait]");
    assert_eq!(run.interrupt().end(), End::Exit(130), "{}", run.err);
    assert!(!user.path("after").exists());
}

/// As text a number is what the file says; templates compute with its value.
#[test]
fn a_number_of_a_manifest_keeps_its_text() {
    let user = user(
        r#"
var:
  version: 1.10
  other: 1.1
  hex: 0x1F
  whole: 5
  thousand: 1e3
  plugins: [{name: a, version: 2.0}, {name: b, version: 2.10}]
  map: {deep: [{n: 3.50}]}
env: {VERSION: 1.20}
tasks:
  - name: Version ${{ var.version }}
    uses: "@modules/print"
    spec:
      output: text
      data: >-
        ${{ var.version }} ${{ var.other }} ${{ var.hex }} ${{ var.whole }} ${{ var.thousand }}
        ${{ var.map.deep[0].n }}
  - {uses: "@modules/print",
     spec: {output: text, data: "${{ var.version + 1 }} ${{ var.whole * 2 }} ${{ var.hex + 0 }}"}}
  - {uses: "@modules/print", spec: {data: ["${{ var.version }}", "${{ var.version | to_data }}", "${{ var.other }}"]}}
  - {if: "'${{ var.version }}' == '1.10' and ${{ var.version }} == 1.1", uses: "@modules/print", spec: {data: both}}
  - name: Plugin
    loop: ${{ var.plugins | to_data }}
    var: {current: "${{ item }}"}
    sub_tasks:
      - {uses: "@modules/print", spec: {output: text, data: "${{ item.version }} ${{ var.current.version }}"}}
  - {loop: [1.0, 1, 7.70], uses: "@modules/print", spec: {output: text, data: "${{ item }} ${{ item > 5 }}"}}
  - {var: {set: 4.40}, uses: "@modules/print", spec: {output: text, data: "${{ var.set }}"}}
  - {loop: "${{ var.plugins | selectattr('version', 'gt', 2) | list }}", uses: "@modules/print",
     spec: {data: "${{ item.version }}"}}
  - {id: script, uses: "@modules/shell", spec: {kept: 6.60, env: {OWN: 9.90}, run: "printf \"$VERSION $OWN\""}}
  - {uses: "@modules/print",
     spec: {output: text, data: "${{ tasks.script.output.result }} ${{ tasks.script.spec.kept }} ${{ env.VERSION }}"}}
"#,
    );
    let run = user.run("apply m.yml");
    let lines: Vec<&str> = run.stdout.lines().filter(|line| !line.is_empty()).collect();
    assert_eq!(
        lines,
        [
            "1.10 1.1 31 5 1000.0 3.50",
            "2.1 10 31",
            "[",
            "    \"1.10\",",
            "    1.1,",
            "    \"1.1\"",
            "]",
            "\"both\"",
            "2.0 2.0",
            "2.10 2.10",
            "1.0 False",
            "1 False",
            "7.70 True",
            "4.40",
            "\"2.10\"",
            "1.20 9.90 6.60 1.20",
        ],
        "{run}"
    );
    assert!(run.stderr.contains("TASK [Version 1.10]\n"), "{run}");
    user.file("vars.yml", "var: {version: 3.30, other: 1.100}\nenv: {VERSION: 8.80}\n");
    let run = user.run("apply m.yml --var-file vars.yml whole=6");
    assert!(run.stdout.starts_with("3.30 1.100 31 6 1000.0 3.50\n"), "{run}");
    assert!(run.stdout.ends_with("8.80 9.90 6.60 8.80\n\n"), "{run}");
}
