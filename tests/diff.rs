//! `plugin diff`: what specs would change, and the exit codes that tell it.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Plugins, Running, Spacectl, row};

const SPECS: &str = "\
name: Slack
resource_type: a.B
image: x/plugin-slack
tags: {icon: b, token: hunter2, new: {deep: 1}}
labels: [b]
capability:
  text: |
    one
    two
    three
---
name: plugin-same
resource_type: a.B
image: x/plugin-same
---
name: Moved
resource_type: a.B
image: y/plugin-moved
---
name: New
resource_type: a.B
image: x/plugin-new
";

fn rows(kind: &str) -> Vec<Value> {
    vec![
        row(
            "plugin-slack",
            json!({
                kind: "a.B", "name": "Slack", "tags": {"icon": "a", "token": "hunter1", "old": "x\u{1b}[2J"}, "labels": ["a", "b"],
                "capability": {"text": "one\n2\nthree"}, "provider": "slack",
            }),
        ),
        row("plugin-same", json!({kind: "a.B"})),
        row("plugin-moved", json!({kind: "a.B", "name": "Moved"})),
    ]
}

fn diff(service: &Plugins, user: &Spacectl, words: &str) -> support::Run {
    user.run(&format!("plugin diff {words} -q --endpoint {}", service.server.url()))
}

#[test]
fn what_would_change_is_told_field_by_field_in_both_generations() {
    let user = Spacectl::new();
    user.file("specs.yml", SPECS);
    let (first, second) = (Plugins::generation1(), Plugins::generation2());
    first.reset(rows("service_type"));
    second.reset(rows("resource_type"));
    let run = diff(&second, &user, "-f specs.yml").to_string();
    assert_snapshot!(run);
    assert_eq!(diff(&first, &user, "-f specs.yml").to_string(), run.replace("resource_type", "service_type"));
    assert_snapshot!(diff(&second, &user, "-f specs.yml -o json"));
    assert!(
        diff(&second, &user, "-f specs.yml -o yaml").stdout.starts_with("---\nplugins:\n- plugin_id: plugin-slack\n")
    );
    assert!(!run.contains("hunter") && !run.contains('\u{1b}'));
    assert_eq!((first.written(), second.written()), (Vec::new(), Vec::new()));
}

#[test]
fn placeholders_are_no_difference_but_a_failure() {
    let (user, service) = (Spacectl::new(), Plugins::generation2());
    user.file("specs.yml", "name: <name>\nresource_type: a.B\nimage: YOUR-NAMESPACE/plugin-x\n");
    let run = diff(&service, &user, "-f specs.yml");
    assert_eq!((run.status, run.stdout.as_str()), (Some(3), ""), "{run}");
    assert!(
        run.stderr.contains("error: specs.yml:1:7: name: a placeholder instead of a value [placeholder]\n"),
        "{run}"
    );
    assert!(run.stderr.contains("error: specs.yml:3:8: image: YOUR-NAMESPACE is a placeholder"), "{run}");
    assert_eq!(service.server.calls().len(), 0);
}

#[test]
fn the_same_is_told_by_nothing_and_exit_code_0() {
    let (user, service) = (Spacectl::new(), Plugins::generation2());
    service.reset(rows("resource_type"));
    // What is left out, and what the service fills in or writes otherwise, is no difference.
    user.file(
        "same.yml",
        "image: ' x/plugin-same '\nregistry_config: {}\nregistry_type: DOCKER_HUB\ntags: {}\ndocs: {}\n",
    );
    assert_eq!(diff(&service, &user, "-f same.yml").quiet_success(), "");
    assert_eq!(diff(&service, &user, "-f same.yml -o json").quiet_success(), "{\n    \"plugins\": []\n}\n");
}

#[test]
fn the_exit_code_tells_a_failure_from_a_difference() {
    let (user, service) = (Spacectl::new(), Plugins::generation2());
    user.file("new.yml", "image: x/plugin-new\nname: New\nresource_type: a.B\n")
        .file("bad.yml", "imge: x\nimage: x/y\n");
    let code = |words: &str| diff(&service, &user, words).status;
    assert_eq!(code("-f new.yml"), Some(1));
    assert_eq!(code("-f missing.yml"), Some(3));
    assert_eq!(code("-f bad.yml"), Some(3));
    assert_eq!(code("-f new.yml -f new.yml"), Some(3));
    assert_eq!(code(""), Some(2));
    assert_eq!(code("-f new.yml -p imge=x"), Some(2));
    assert_eq!(user.run("plugin diff -f new.yml --endpoint grpc://127.0.0.1:1").status, Some(3));
    service.trouble(support::Trouble::Away { from: 1, done: false });
    assert_eq!(code("-f new.yml"), Some(78));
    let json = diff(&service, &user, "-f missing.yml --error-format json");
    assert_eq!(serde_json::from_str::<Value>(&json.stderr).unwrap()["error"]["exit_code"], 3);
}

#[test]
fn a_reader_that_has_seen_enough_leaves_the_exit_code() {
    let (user, service) = (Spacectl::new(), Plugins::generation2());
    let specs: String = (0..2000).map(|n| format!("---\nname: N\nresource_type: a.B\nimage: x/plugin-{n}\n")).collect();
    user.file("specs.yml", &specs);
    let url = service.server.url();
    let mut run = Running::start_and_leave(&user, &["plugin", "diff", "-f", "specs.yml", "--endpoint", &url]);
    assert_eq!(run.end(), support::End::Exit(1), "{}", run.err);
}

#[test]
fn the_embedded_service_differs_in_nothing_that_it_wrote_itself() {
    let user = Spacectl::local();
    user.example("plugin_slack_notification_protocol.yml");
    let line = "plugin diff -q -f plugin_slack_notification_protocol.yml";
    assert_eq!(user.run(line).status, Some(1));
    user.run("exec register plugin -q -f plugin_slack_notification_protocol.yml").success();
    assert_eq!(user.run(line).quiet_success(), "");
    assert_eq!(
        user.run(&format!("{line} -p labels=[a]")).stdout,
        "plugin-slack-notification-protocol_settings (plugin_slack_notification_protocol.yml): differs\n  ~ labels: [] -> [\"a\"]\n"
    );
}
