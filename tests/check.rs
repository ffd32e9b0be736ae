//! `config check`: what each endpoint is found to be, and what is advised.

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use insta::assert_snapshot;
use regex::Regex;
use serde_json::json;
use support::{Answer, Api, Call, Reflection, Server, Spacectl};
use tonic::Status;

/// Knows the key `good` and no other; `poor` may not list.
fn answer(call: &Call) -> Answer {
    let token = call.metadata.get("token").map(String::as_str);
    vec![match (call.method.as_str(), token) {
        ("get_version", _) => Ok(json!({"version": "2.0.52"})),
        (_, Some("poor")) => Err(Status::permission_denied("ERROR_PERMISSION_DENIED: Permission denied.")),
        (_, Some("good")) => Ok(json!({})),
        _ => Err(Status::unauthenticated("ERROR_AUTHENTICATE_FAILURE: Authenticate failure.")),
    }]
}

fn service() -> Server {
    Server::start(Api::generation2(), answer)
}

/// A token that ended with the year 2025.
fn expired() -> String {
    let claims = URL_SAFE_NO_PAD.encode(r#"{"exp": 1767225600}"#);
    format!("e30.{claims}.c2ln")
}

/// What a run shows, without what differs from run to run.
fn neutral(shown: &str, servers: &[&Server]) -> String {
    let shown =
        servers.iter().fold(shown.to_owned(), |shown, server| shown.replace(&server.port().to_string(), "[PORT]"));
    let shown = Regex::new(r"\d+ ms").unwrap().replace_all(&shown, "[TIME]").into_owned();
    Regex::new(r#"(connect_ms"?): \d+"#).unwrap().replace_all(&shown, "$1: [TIME]").into_owned()
}

#[test]
fn all_is_fine() {
    let server = service();
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "good");
    user.run(&format!("config init -e lab --service repository={}", server.url())).success();
    assert_snapshot!(neutral(&user.run("config check -o json").quiet_success(), &[&server]));
    // One row is asked for.
    let list = server.calls().into_iter().find(|call| call.method == "list").unwrap();
    assert_eq!(list.request, json!({"query": {"page": {"limit": 1}}}));
    // Without an environment, the service says its name itself.
    let shown = user.run(&format!("config check --endpoint {} -o csv", server.url())).quiet_success();
    assert_snapshot!(neutral(&shown, &[&server]));
}

#[test]
fn the_built_in_environment_is_fine() {
    let user = Spacectl::local();
    user.run("list repository.Plugin").success();
    assert_snapshot!(user.run("config check"));
}

#[test]
fn a_dead_endpoint_hides_no_other() {
    let server = service();
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "good");
    user.run(&format!(
        "config init -e lab --service identity=grpc://127.0.0.1:1 --service repository={}",
        server.url()
    ))
    .success();
    user.run("config set endpoints.plugin grpc+ssl://no-such-host.invalid").success();
    let run = user.run("config check -o yaml");
    assert_snapshot!(neutral(&run.to_string(), &[&server]));
}

#[test]
fn what_is_said_of_a_key_tells_what_is_wrong_with_it() {
    let server = service();
    let user = Spacectl::new();
    user.run(&format!("config init -e lab --service repository={}", server.url())).success();
    let mut shown = user.run("config check -o csv").to_string();
    for key in ["wrong", &expired(), "poor"] {
        user.run_with_input("config set api_key -", key).success();
        let run = user.run("config check -o csv").to_string();
        assert!(!run.contains(key), "{run}");
        shown += &run;
    }
    user.run("config remove api_key").success();
    user.run("config set api_key_file missing.txt").success();
    shown += &user.run("config check -o csv").to_string();
    assert_snapshot!(neutral(&shown, &[&server]));
}

#[test]
fn an_expired_key_that_is_taken_all_the_same_is_warned_about() {
    let server = Server::start(Api::generation2(), |call| match call.metadata.contains_key("token") {
        true => vec![Ok(json!({}))],
        false => vec![Err(Status::unauthenticated("no token"))],
    });
    let user = Spacectl::new().variable("SPACECTL_API_KEY", &expired());
    let run = user.run(&format!("config check --endpoint {}", server.url()));
    assert_eq!(run.stderr, "warning: the key expired at 2026-01-01T00:00:00Z\n");
    assert!(run.success().contains("accepted"));
}

#[test]
fn a_key_that_nobody_looks_at_is_not_called_accepted() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "made-up");
    let shown = user.run(&format!("config check --endpoint {}", server.url())).quiet_success();
    assert!(shown.contains("not asked for") && !shown.contains("accepted"), "{shown}");
}

#[test]
fn a_key_is_to_be_set_where_the_endpoint_gets_it_from() {
    let server = service();
    let user = Spacectl::new();
    let line = format!("config check --endpoint {}", server.url());
    let hint = |variables: &[(&str, &str)]| {
        let run = user.run_with(variables, &line);
        run.stderr.lines().find_map(|line| line.strip_prefix("hint: ")).unwrap_or_default().to_owned()
    };
    assert_eq!(hint(&[]), "set a key in SPACECTL_API_KEY");
    assert_eq!(hint(&[("SPACECTL_API_KEY", "wrong")]), "get a valid key, and set it in SPACECTL_API_KEY");
}

#[test]
fn quiet_output_is_refused_before_anything_is_tried() {
    let user = Spacectl::new();
    let run = user.run("config check -o quiet --endpoint grpc://127.0.0.1:1");
    assert_eq!(run.status, Some(2), "{run}");
    assert!(run.stderr.contains("-o quiet prints one column") && !run.stderr.contains("connect"), "{run}");
}

#[test]
fn an_error_names_its_environment_once() {
    let user = Spacectl::new();
    user.file("../.spaceone/environments/bad.yml", "endpoints: {inventory: 'http://x'}\n");
    let run = user.run("config check -e bad");
    assert!(run.stderr.contains("error: bad: inventory: `endpoints.inventory`"), "{run}");
}

#[test]
fn a_description_is_not_waited_for_as_long_as_an_answer() {
    // Accepts, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let start = Instant::now();
    let port = silent.local_addr().unwrap().port();
    let run = Spacectl::new().run(&format!("list lab.Echo --endpoint grpc://127.0.0.1:{port}"));
    assert!(start.elapsed() < Duration::from_secs(60), "{run}");
    assert_eq!(run.status, Some(68), "{run}");
    assert!(run.stderr.contains("no answer within 10s") && run.stderr.contains("--timeout 0"), "{run}");
}

#[test]
fn what_a_service_lacks_is_told() {
    let server = Server::with_reflection(Api::generation2(), Reflection::None, answer);
    let run = Spacectl::new().run(&format!("config check --endpoint {} -o csv", server.url()));
    assert_snapshot!(neutral(&run.to_string(), &[&server]));
    // Without resources, there is nothing to try a key on; without ServerInfo, no version.
    let empty = Server::start(
        Api::inline("syntax = \"proto3\"; package t; message E {} service S { rpc a(E) returns (E); }"),
        answer,
    );
    let shown = Spacectl::new().run(&format!("config check --endpoint {} -o csv", empty.url())).quiet_success();
    assert_snapshot!(neutral(&shown, &[&empty]));
}

#[test]
fn tls_has_a_column_of_its_own() {
    let server = Server::with_tls(Api::generation2(), &["127.0.0.1"], answer);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "good");
    user.file("ca.pem", server.authority());
    let check = format!("config check --endpoint {} -o csv", server.url());
    let untrusted = user.run(&check);
    assert_eq!(untrusted.status, Some(1), "{untrusted}");
    assert!(neutral(&untrusted.stdout, &[&server]).contains("[TIME],failed,-,-,-,"), "{untrusted}");
    let user = user.variable_of_file("SSL_CERT_FILE", "ca.pem");
    assert_snapshot!(neutral(&user.run(&check).quiet_success(), &[&server]));
}

#[test]
fn waiting_has_an_end() {
    // Accepts, and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let start = Instant::now();
    for scheme in ["grpc", "grpc+ssl"] {
        let run = Spacectl::new().run(&format!(
            "config check --connect-timeout 300ms --timeout 300ms --endpoint {scheme}://127.0.0.1:{port}"
        ));
        assert_eq!(run.status, Some(1), "{run}");
    }
    assert!(start.elapsed() < Duration::from_secs(60));
}

#[test]
fn all_environments_are_checked_together() {
    let server = service();
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "good");
    user.run(&format!("config init -e a --service repository={}", server.url())).success();
    user.run("config init -e b --service repository=grpc://127.0.0.1:1").success();
    user.run("config init -e c --domain-id d").success();
    user.file("../.spaceone/environments/d.yml", "endpoints: [x]\n");
    assert_snapshot!(neutral(&user.run("config check --all -o csv").to_string(), &[&server]));
    assert_eq!(user.run("config check --all -e a").status, Some(2));
    assert_eq!(Spacectl::new().run("config check --all").quiet_success(), "NO DATA\n");
}
