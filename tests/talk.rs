//! What is said on standard error: nothing, errors alone, or every step.

mod support;

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Server, Spacectl};
use tonic::Status;

/// A text with `N ms` for every time in it.
fn timeless(text: &str) -> String {
    // Headers of a response have one.
    let date = text.split_once("date: ").and_then(|(_, rest)| rest.split_once(" GMT"));
    let text = date.map_or_else(|| text.to_owned(), |(date, _)| text.replace(date, "DATE"));
    let words = text.split(' ').collect::<Vec<_>>();
    let is_time = |at: usize| words.get(at + 1).is_some_and(|unit| unit.trim_end() == "ms" || unit.starts_with("ms\n"));
    let shown = words.iter().enumerate().map(|(at, word)| if is_time(at) { "N" } else { *word });
    shown.collect::<Vec<_>>().join(" ")
}

fn answering() -> Server {
    Server::start(Api::generation2(), |_| {
        vec![Ok(json!({"results": [{"plugin_id": "plugin-slack", "tags": {"api_key": "s3cret"}}], "total_count": 1}))]
    })
}

#[test]
fn steps_are_told_with_their_times_and_without_a_secret() {
    let server = answering();
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "s3cret");
    for (verbose, messages) in [("-v", 0), ("-vv", 2)] {
        // What is proved meanwhile is told in the order in which it comes.
        let line = format!("--endpoint {} --no-cache list repository.Plugin -c plugin_id,tags {verbose}", server.url());
        let run = user.run(&line);
        assert!(!run.stderr.contains("s3cret"), "{run}");
        assert!(run.stdout.contains("plugin-slack"), "{run}");
        let of_messages = run.stderr.lines().filter(|line| line.starts_with("trace: re") && line.contains('{'));
        assert_eq!(of_messages.count(), messages, "{run}");
        assert_snapshot!(timeless(&run.stderr.replace(&server.url(), "[SERVER]")));
    }
}

#[test]
fn steps_are_part_of_the_json_object() {
    let server = answering();
    let run = Spacectl::new()
        .run(&format!("--endpoint {} --error-format json -v list repository.Plugin -c plugin_id", server.url()));
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(told["trace"].as_array().unwrap().len(), 6, "{run}");
}

#[test]
fn a_try_that_failed_is_told() {
    let server = Server::start(Api::generation2(), |_| vec![Err(Status::unavailable("restarting"))]);
    let run = Spacectl::new().run(&format!("--endpoint {} -v list repository.Plugin", server.url()));
    assert_eq!(run.status, Some(78), "{run}");
    let again = run.stderr.matches(" answered UNAVAILABLE; sent again in").count();
    assert_eq!((again, server.calls().len()), (2, 3), "{run}");
}

#[test]
fn the_data_of_a_secret_are_in_no_message_that_is_told() {
    const PROTO: &str = r#"
        syntax = "proto3";
        package spaceone.api.secret.v1;
        message Request { string name = 1; map<string, string> data = 2; }
        message Data { map<string, string> data = 1; }
        service Secret { rpc create (Request) returns (Request); rpc get_data (Request) returns (Data); }"#;
    let server = Server::start(Api::inline(PROTO), |_| vec![Ok(json!({"data": {"pin": "hunter2"}}))]);
    let user = Spacectl::new();
    let call = |line: &str| user.run(&format!("--endpoint {} -vv exec {line}", server.url()));
    let run = call("create secret.Secret -p name=n -p data.pin=hunter2 -c name");
    assert!(!run.stderr.contains("hunter2") && run.stderr.contains("\"name\":\"n\""), "{run}");
    let run = call("get_data secret.Secret -p name=n");
    assert!(run.stdout.contains("pin: hunter2") && !run.stderr.contains("hunter2"), "{run}");
}

#[test]
fn quiet_and_verbose_exclude_each_other_wherever_they_stand() {
    let user = Spacectl::local();
    for line in ["-q -v version", "version -q -v", "-q version -v", "-vv version -q"] {
        let run = user.run(line);
        assert!(run.status == Some(2) && run.stderr.contains("--quiet"), "{line}: {run}");
    }
}

#[test]
fn quiet_leaves_errors_alone() {
    let user = Spacectl::local();
    user.example("plugin_slack_notification_protocol.yml");
    let register = "exec register repository.Plugin -f plugin_slack_notification_protocol.yml -c plugin_id -q";
    assert_snapshot!(user.run(register).quiet_success());
    assert_snapshot!(user.run(register));
    assert_eq!(user.run("config init -e dev --service inventory=grpc://127.0.0.1:1 -q").quiet_success(), "");
    assert_eq!(user.run("-q -v version").status, Some(2));
}

#[test]
fn the_python_clients_v_is_answered_with_where_it_went() {
    let run = Spacectl::local().run("list repository.Plugin -v v1");
    assert!(run.stderr.contains("hint: use --api-version for the version of the API: -v logs each step"), "{run}");
}
