//! `--watch` in a pipe; tests/interop has it on a terminal.

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use support::{Api, Call, End, Running, Server, Spacectl};
use tonic::Status;

type Shared = Arc<Mutex<Result<Value, Status>>>;

/// What a server answers until the test changes it.
fn state(names: &[&str]) -> Shared {
    Arc::new(Mutex::new(Ok(listed(names))))
}

fn listed(names: &[&str]) -> Value {
    let rows: Vec<Value> = names.iter().map(|name| json!({"plugin_id": name})).collect();
    json!({"results": rows, "total_count": rows.len()})
}

fn answering(state: &Shared) -> impl Fn(&Call) -> Vec<Result<Value, Status>> + Send + Sync + 'static {
    let state = Arc::clone(state);
    move |_| vec![state.lock().unwrap().clone()]
}

fn set(state: &Shared, answer: Result<Value, Status>) {
    *state.lock().unwrap() = answer;
}

/// Starts `list repository.Plugin --watch 0.1` with more words.
fn watching(user: &Spacectl, url: &str, more: &[&str]) -> Running {
    let list = ["--endpoint", url, "list", "--watch", "0.1", "repository.Plugin", "-c", "plugin_id"];
    Running::start(user, &[&list, more].concat())
}

/// Waits for so many calls more.
fn wait_for_calls(server: &Server, more: usize) {
    let enough = server.calls().len() + more;
    while server.calls().len() < enough {
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn a_pipe_gets_a_document_for_each_change_and_no_other() {
    let documents = [
        (
            "table",
            " plugin_id\n-------------\n a\n\n Count: 1 / 1\n",
            "\n plugin_id\n-------------\n a\n b\n\n Count: 2 / 2\n",
        ),
        (
            "yaml",
            "---\nresults:\n- plugin_id: a\ntotal_count: 1\n",
            "---\nresults:\n- plugin_id: a\n- plugin_id: b\ntotal_count: 2\n",
        ),
        ("csv", "plugin_id\na\n", "\nplugin_id\na\nb\n"),
        ("quiet", "a\n", "\na\nb\n"),
    ];
    for (format, one, two) in documents {
        let (user, state) = (Spacectl::new(), state(&["a"]));
        let server = Server::start(Api::generation2(), answering(&state));
        let mut running = watching(&user, &server.url(), &["-o", format]);
        running.wait_for(one);
        wait_for_calls(&server, 3);
        set(&state, Ok(listed(&["a", "b"])));
        running.wait_for(two);
        wait_for_calls(&server, 3);
        running.interrupt();
        assert_eq!(running.end(), End::Exit(130), "{format}");
        assert_eq!((running.out.as_str(), running.err.as_str()), (format!("{one}{two}").as_str(), ""), "{format}");
    }
}

#[test]
fn json_documents_follow_each_other() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    let mut running = watching(&user, &server.url(), &["-o", "json"]);
    running.wait_for("\"a\"");
    set(&state, Ok(listed(&["b"])));
    running.wait_for("\"b\"").interrupt();
    assert_eq!(running.end(), End::Exit(130));
    let documents: Vec<Value> =
        serde_json::Deserializer::from_str(&running.out).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(documents, [listed(&["a"]), listed(&["b"])]);
}

#[test]
fn get_is_watched_like_list() {
    let (user, calls) = (Spacectl::new(), AtomicUsize::new(0));
    let server = Server::start(Api::generation2(), move |_: &Call| {
        let state = if calls.fetch_add(1, Ordering::SeqCst) < 3 { "ENABLED" } else { "DISABLED" };
        vec![Ok(json!({"plugin_id": "a", "state": state}))]
    });
    let get = ["--endpoint", &server.url(), "get", "repository.Plugin", "-p", "plugin_id=a", "--watch=0.1"];
    let mut running = Running::start(&user, &get);
    running.wait_for("---\nplugin_id: a\nstate: ENABLED\n---\nplugin_id: a\nstate: DISABLED\n").interrupt();
    assert_eq!((running.end(), running.err.as_str()), (End::Exit(130), ""));
}

#[test]
fn a_plugin_is_watched_in_intervals_of_any_unit() {
    for (interval, columns, shown) in
        [("--watch=100ms", "plugin_id", "a\n"), ("--watch=0.1s", "state", "ENABLED\n\nDISABLED\n")]
    {
        let (user, calls) = (Spacectl::new(), AtomicUsize::new(0));
        let server = Server::start(Api::generation2(), move |_: &Call| {
            let state = if calls.fetch_add(1, Ordering::SeqCst) < 3 { "ENABLED" } else { "DISABLED" };
            vec![Ok(json!({"plugin_id": "a", "state": state}))]
        });
        let url = server.url();
        let get = ["--endpoint", &url, "plugin", "get", "a", "-o", "quiet", "-c", columns, interval];
        let mut running = Running::start(&user, &get);
        running.wait_for(shown);
        wait_for_calls(&server, 4);
        running.interrupt();
        assert_eq!((running.end(), running.out.as_str(), running.err.as_str()), (End::Exit(130), shown, ""));
    }
}

#[test]
fn a_failure_that_may_pass_is_warned_about_once_and_outlived() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    let mut running = watching(&user, &server.url(), &["-o", "quiet"]);
    running.wait_for("a\n");
    set(&state, Err(Status::internal("ERROR_DB: busy")));
    running.wait_for("busy");
    wait_for_calls(&server, 3);
    set(&state, Ok(listed(&["b"])));
    running.wait_for("b\n").interrupt();
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(130), "a\n\nb\n"));
    let place = server.url();
    assert_eq!(running.err, format!("warning: list repository.Plugin at {place}: INTERNAL: ERROR_DB: busy\n"));
}

#[test]
fn a_failure_that_cannot_pass_ends_it() {
    for (status, code) in [
        (Status::unauthenticated("x"), 80),
        (Status::permission_denied("x"), 71),
        (Status::invalid_argument("x"), 67),
        (Status::not_found("x"), 69),
        (Status::unimplemented("x"), 76),
    ] {
        let (user, state) = (Spacectl::new(), state(&["a"]));
        let server = Server::start(Api::generation2(), answering(&state));
        let mut running = watching(&user, &server.url(), &["-o", "quiet"]);
        running.wait_for("a\n");
        set(&state, Err(status));
        assert_eq!((running.end(), running.out.as_str()), (End::Exit(code), "a\n"));
        assert!(running.err.starts_with("error: list repository.Plugin at "), "{}", running.err);
    }
}

/// The service that comes back can be another version of it, which takes another request.
#[test]
fn a_service_that_went_away_is_met_again_as_what_it_is_then() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation1(), answering(&state));
    let port = server.port();
    let mut running = watching(&user, &server.url(), &["-o", "quiet", "-p", "service_type=x.Y"]);
    running.wait_for("a\n");
    assert_eq!(server.calls()[0].request["service_type"], "x.Y");
    drop(server);
    running.wait_for("warning: ");
    set(&state, Ok(listed(&["b"])));
    let server = Server::on_port(port, Api::generation2(), answering(&state));
    running.wait_for("b\n").interrupt();
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(130), "a\n\nb\n"));
    assert_eq!(server.calls()[0].request["resource_type"], "x.Y");
    assert!(running.err.lines().all(|line| line.starts_with("warning: ")), "{}", running.err);
}

#[test]
fn quiet_hides_no_failure_that_is_outlived() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    let mut running = watching(&user, &server.url(), &["-o", "quiet", "-q"]);
    running.wait_for("a\n");
    set(&state, Err(Status::internal("ERROR_DB: busy")));
    running.wait_for("INTERNAL: ERROR_DB: busy").interrupt();
    assert_eq!(running.end(), End::Exit(130));
}

#[test]
fn steps_are_told_round_by_round_as_json_too() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    let mut running = watching(&user, &server.url(), &["-v", "--error-format", "json"]);
    running.wait_for("Count: 1 / 1\n");
    wait_for_calls(&server, 2);
    running.wait_for("answered OK").interrupt();
    assert_eq!(running.end(), End::Exit(130));
    let rounds = running.err.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    let rounds = rounds.filter(|round| round["trace"].to_string().contains("answered OK")).count();
    assert!(rounds >= 2, "{}", running.err);
}

#[test]
fn what_is_noted_is_noted_once() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    for format in ["text", "json"] {
        let more = ["-o", "quiet", "-p", "service_type=x.Y", "--error-format", format];
        let mut running = watching(&user, &server.url(), &more);
        // Known before the end, which may be far away.
        running.wait_for("translated").wait_for("a\n");
        wait_for_calls(&server, 2);
        running.interrupt();
        assert_eq!(running.end(), End::Exit(130));
        assert_eq!(running.err.lines().count(), 1, "{}", running.err);
    }
}

#[test]
fn a_reader_that_leaves_ends_it_without_another_change() {
    let (user, state) = (Spacectl::new(), state(&["a"]));
    let server = Server::start(Api::generation2(), answering(&state));
    let list = ["--endpoint", &server.url(), "list", "repository.Plugin", "-c", "plugin_id", "--watch"];
    let mut running = Running::start_and_leave(&user, &list);
    assert_eq!((running.end(), running.err.as_str()), (End::Exit(0), ""));
}

#[test]
fn what_cannot_be_watched_is_refused() {
    let api = r#"
        syntax = "proto3";
        package spaceone.api.lab.v1;
        message Text { string text = 1; }
        service Feed { rpc list(Text) returns (stream Text); }"#;
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(api), |_| vec![Ok(json!({}))]));
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url()));
    let stream = run("list lab.Feed --watch");
    assert_eq!(
        (stream.status, stream.stderr.as_str()),
        (Some(2), "error: list of lab.Feed streams changes itself\nhint: leave out --watch\n")
    );
    for line in [
        "list lab.Feed --watch=99ms",
        "list lab.Feed --watch=2d",
        "list --watch lab.Feed",
        "list lab.Feed --watch --dry-run",
        "list lab.Feed --watch=0",
        "list lab.Feed --watch=x",
    ] {
        assert_eq!(run(line).status, Some(2), "{line}");
    }
    // Without a connection there is nothing to come back.
    assert_eq!(user.run("--endpoint grpc://127.0.0.1:1 list repository.Plugin --watch").status, Some(1));
    assert_eq!(server.calls().len(), 0);
}
