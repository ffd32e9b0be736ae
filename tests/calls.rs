//! Calls: reflection, metadata, deadlines, retries, streams, and what is said when they fail.

mod support;

use std::net::TcpListener;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Call, Reflection, Run, Server, Spacectl};
use tonic::Status;

const LIST: &str = "list repository.Plugin -c plugin_id";

/// Nothing listens on port 1 of the loopback address, and no test can come to.
const DEAD: &str = "grpc://127.0.0.1:1";

const ECHO: &str = r#"
    syntax = "proto3";
    package spaceone.api.lab.v1;
    message Text { string text = 1; int64 big = 2; repeated string parts = 3; }
    message Chunk { bytes data = 1; }
    service Echo {
      rpc say(Text) returns (Text);
      rpc count(Text) returns (stream Text);
      rpc collect(stream Text) returns (Text);
      rpc list(Text) returns (stream Text);
      rpc get(Text) returns (stream Text);
    }"#;

fn echo(call: &Call) -> Vec<Result<serde_json::Value, Status>> {
    vec![Ok(call.request.clone())]
}

/// Runs against a server, its port not shown.
fn run(user: &Spacectl, server: &Server, line: &str) -> Run {
    let mut run = user.run(&format!("--endpoint {} {line}", server.url()));
    for text in [&mut run.stdout, &mut run.stderr] {
        *text = text.replace(&server.port().to_string(), "[PORT]");
    }
    run
}

#[test]
fn any_service_is_called_by_its_own_description() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), echo));
    let said = run(&user, &server, "exec say lab.Echo -p text=a=b -p big=9007199254740993 -p parts=[x,1.10] -o json");
    assert_snapshot!(said);
    assert_eq!(run(&user, &server, "exec say spaceone.api.lab.v1.Echo -p text=x").success(), "---\ntext: x\n");
}

#[test]
fn both_versions_of_reflection_serve() {
    let user = Spacectl::new();
    for reflection in [Reflection::Both, Reflection::V1Alpha] {
        let server = Server::with_reflection(Api::inline(ECHO), reflection, echo);
        assert_eq!(run(&user, &server, "exec say lab.Echo -p text=x").quiet_success(), "---\ntext: x\n");
    }
    let server = Server::with_reflection(Api::inline(ECHO), Reflection::None, echo);
    assert_snapshot!(run(&user, &server, "exec say lab.Echo -p text=x"));
}

#[test]
fn no_version_of_reflection_waits_for_another() {
    let server = Server::with_reflection(Api::inline(ECHO), Reflection::BesideSilence, echo);
    let said = run(&Spacectl::new(), &server, "exec say lab.Echo -p text=x");
    assert_eq!(said.quiet_success(), "---\ntext: x\n");
    // It was asked: the other one may be all that there is.
    assert_eq!(server.requests(), 3);
}

#[test]
fn what_is_not_offered_is_answered_with_what_is() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), echo));
    assert_snapshot!(run(&user, &server, "exec say lab.Ecco"));
    assert_snapshot!(run(&user, &server, "exec sya lab.Echo"));
    assert_snapshot!(run(&user, &server, "exec collect lab.Echo"));
    assert_snapshot!(run(&user, &server, "exec say 'Ec ho'"));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_stream_is_shown_as_it_arrives_up_to_its_error() {
    let count = |_: &Call| {
        let mut answers: Vec<_> = (1..=3).map(|n| Ok(json!({"text": n.to_string()}))).collect();
        answers.push(Err(Status::resource_exhausted("ERROR_LIMIT: no more")));
        answers
    };
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), count));
    assert_snapshot!(run(&user, &server, "exec count lab.Echo"));
}

#[test]
fn list_and_get_show_all_of_a_stream_too() {
    let count = |_: &Call| (1..=3).map(|n| Ok(json!({"text": n.to_string()}))).collect();
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), count));
    for verb in ["list", "get"] {
        assert_eq!(run(&user, &server, &format!("{verb} lab.Echo -c text -o quiet")).quiet_success(), "1\n2\n3\n");
    }
}

#[test]
fn another_version_is_not_called_in_place_of_the_one_asked_for() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), echo));
    assert_snapshot!(run(&user, &server, "exec say lab.Echo --api-version v2 -p text=x"));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn one_dead_endpoint_does_not_hide_the_others() {
    let server = Server::start(Api::generation2(), echo);
    let user = Spacectl::new();
    user.run("config init -e lab --domain-id d").success();
    for (service, url) in [("repository", server.url()), ("inventory", server.url()), ("dead", DEAD.to_owned())] {
        user.run(&format!("config endpoint add {service} {url}")).success();
    }
    assert_snapshot!(user.run("api-resources"));
    let alone = user.run(&format!("--endpoint {DEAD} api-resources"));
    assert_eq!(alone.status, Some(1));
    assert!(alone.stderr.starts_with("error: cannot connect to grpc://127.0.0.1:1\n"), "{alone}");
}

#[test]
fn the_key_goes_with_every_call_and_shows_nowhere() {
    let refuse = |_: &Call| {
        vec![Err(Status::unauthenticated(
            "ERROR_AUTHENTICATE_FAILURE: Authenticate failure. (message = invalid token)",
        ))]
    };
    let server = Server::start(Api::generation2(), refuse);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "s3cret-key");
    let refused = run(&user, &server, LIST);
    assert!(!refused.to_string().contains("s3cret"));
    assert_snapshot!(refused);
    assert_eq!(server.calls()[0].metadata["token"], "s3cret-key");
}

/// A service by which one logs in, and which needs a key for the rest.
const IDENTITY: &str = r#"
    syntax = "proto3";
    package spaceone.api.identity.v1;
    import "google/protobuf/struct.proto";
    message Issue { string domain_id = 1; string auth_type = 2; google.protobuf.Struct credentials = 3; }
    message Tokens { string access_token = 1; string note = 2; }
    service Token { rpc issue(Issue) returns (Tokens); }
    service User { rpc get(Issue) returns (Tokens); }"#;

const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
const ISSUE: &str = "exec issue identity.Token -p domain_id=d-1 -p auth_type=LOCAL -p credentials.user_id=me@lab.example \
                     -p credentials.password=Pass-1";

#[test]
fn no_secret_that_a_service_repeats_is_shown_and_its_answers_are_as_they_are() {
    let server = Server::start(Api::inline(IDENTITY), |call| {
        let (key, sent) = (&call.metadata["token"], call.request["credentials"]["password"].as_str().unwrap_or("-"));
        let words = format!("ERROR_MFA_NOT_ACTIVATED: {sent} of me@lab.example, key {key}. (access_token = {JWT})");
        vec![match call.request["domain_id"].as_str() {
            Some("ok") => Ok(json!({"access_token": JWT, "note": format!("{sent} {key}")})),
            _ => Err(Status::internal(words)),
        }]
    });
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "hunter2-key");
    let hidden = ["Pass-1", "hunter2-key", "eyJ"];
    for flags in ["", "-v", "-vv", "--error-format json", "--error-format json -vv"] {
        let refused = run(&user, &server, &format!("{ISSUE} {flags}"));
        assert_eq!(refused.status, Some(77), "{refused}");
        assert!(hidden.iter().all(|secret| !refused.to_string().contains(secret)), "{refused}");
        let told = "ERROR_MFA_NOT_ACTIVATED: ******** of me@lab.example, key ********. (access_token = ********)";
        assert!(refused.stderr.contains(told), "{refused}");
    }
    let done = run(&user, &server, &format!("{} -vv -o json", ISSUE.replace("d-1", "ok")));
    assert!(hidden.iter().all(|secret| !done.stderr.contains(secret)), "{done}");
    assert!(done.stderr.contains(r#""note":"******** ********""#), "{done}");
    let answer: serde_json::Value = serde_json::from_str(&done.success()).unwrap();
    assert_eq!(answer, json!({"access_token": JWT, "note": "Pass-1 hunter2-key"}));
}

#[test]
fn what_to_do_about_a_key_is_said_where_one_is_asked_for_and_as_it_helps() {
    let server = Server::start(Api::inline(IDENTITY), |call| {
        vec![Err(match call.request["domain_id"].as_str() {
            Some("d-1") => Status::unauthenticated("ERROR_AUTHENTICATION_FAILURE: A user \"me@lab.example\" is wrong."),
            _ => Status::permission_denied("ERROR_PERMISSION_DENIED: Permission denied."),
        })]
    });
    let hint = |user: &Spacectl, line: &str| {
        let run = user.run(line);
        let hints: Vec<&str> = run.stderr.lines().filter_map(|line| line.strip_prefix("hint: ")).collect();
        hints.join("; ")
    };
    let user = Spacectl::new();
    let bare = format!("--endpoint {}", server.url());
    let get = "exec get identity.User -p domain_id=d-1";
    assert_eq!(hint(&user, &format!("{bare} {ISSUE}")), "check the credentials in the request: this call takes no key");
    assert_eq!(
        hint(&user, &format!("{bare} {}", ISSUE.replace("d-1", "d-2"))),
        "check the credentials in the request: this call takes no key"
    );
    assert_eq!(hint(&user, &format!("{bare} {get}")), "set a valid key in SPACECTL_API_KEY");
    user.run(&format!("config init -e lab --service identity={}", server.url())).success();
    let set = "set a valid key with `spacectl config set api_key -`, in SPACECTL_API_KEY for one call, or log in with \
               `spacectl login`";
    assert_eq!(hint(&user, get), set);
    assert_eq!(hint(&user, "exec get identity.User -p domain_id=d-2"), set);
    assert_eq!(
        hint(&user, &format!("{get} -e lab")),
        set.replace("api_key -", "api_key - -e lab").replace("spacectl login", "spacectl login -e lab")
    );
    user.run_with_input("config set api_key -", "s3cret-key").success();
    assert_eq!(hint(&user, get), format!("{set}; an expired key gives the same answer"));
    assert_eq!(
        hint(&user, "exec get identity.User -p domain_id=d-2"),
        "the role of the key or session may not do this: ask for one that may"
    );
    // What outranks it is what has to be changed.
    user.run_with_input("config set token -", "s3cret-key").success();
    assert!(hint(&user, get).starts_with("set a valid key with `spacectl config set token -`,"));
    for key in ["token", "api_key"] {
        user.run(&format!("config remove {key}")).success();
    }
    user.file("key.txt", "s3cret-key");
    user.run("config set api_key_file key.txt").success();
    assert_eq!(
        hint(&user, get).replace(user.home().to_str().unwrap(), "[HOME]"),
        "write a valid key to [HOME]/work/key.txt; an expired key gives the same answer"
    );
    user.run("config remove api_key_file").success();
    user.run("config set api_key_command 'echo s3cret-key'").success();
    assert!(hint(&user, get).starts_with("check api_key_command, which has to print a valid key;"));
    let user = user.variable("SPACECTL_API_KEY", "s3cret-key");
    assert_eq!(hint(&user, get), "set a valid key in SPACECTL_API_KEY; an expired key gives the same answer");
}

#[test]
fn a_key_that_others_on_the_network_can_read_is_warned_of_once() {
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    // A name of this machine that does not say so.
    let url = format!("grpc://127.1:{}", server.port());
    let user = Spacectl::new();
    let warnings = |run: &Run| run.stderr.matches("unencrypted").count();
    let run = user.run(&format!("config init -e lab --service repository={url}"));
    assert_eq!(warnings(&run), 0, "{run}");
    assert_eq!(warnings(&user.run(LIST)), 0);
    let told = format!(
        "warning: the key goes to {url} unencrypted, and others on the network can read it: if the service speaks TLS, use \
         `spacectl config set -e lab endpoints.repository {}`\n",
        url.replace("grpc", "grpc+ssl")
    );
    for line in [
        "config set api_key -",
        &format!("config set endpoints.repository {url}"),
        "config endpoint add identity grpc://127.0.0.1:1",
        "config init -e lab --force --api-key - --service repository=URL",
        LIST,
        "exec disable repository.Plugin -p plugin_id=a",
        "plugin list",
        "list repository.Plugin --dry-run",
    ] {
        let run = user.run_with_input(&line.replace("URL", &url), "s3cret-key");
        assert!(run.stderr.contains(&told) && warnings(&run) == 1, "{line}: {run}");
        let quiet = user.run_with_input(&format!("-q {}", line.replace("URL", &url)), "s3cret-key");
        assert_eq!(warnings(&quiet), 0, "{line}: {quiet}");
    }
    let bare = user.run_with(&[("SPACECTL_API_KEY", "k")], &format!("--endpoint {url} {LIST}"));
    assert!(bare.stderr.contains(&format!("use --endpoint grpc+ssl://127.1:{}\n", server.port())), "{bare}");
    assert_eq!(warnings(&user.run(&format!("--endpoint {url} {LIST}"))), 0, "no key goes there");
    for loopback in ["127.0.0.1", "localhost"] {
        let url = format!("grpc://{loopback}:{}", server.port());
        assert_eq!(warnings(&user.run(&format!("-e lab --endpoint {url} {LIST}"))), 0, "{loopback}");
    }
    // Who checks, wants to know it.
    let checked = user.run("-q config check -o json");
    let rows: serde_json::Value = serde_json::from_str(&checked.success()).unwrap();
    let row = &rows["results"][0];
    assert_eq!(row["tls"], "missing");
    assert!(row["to_do"].as_str().unwrap().contains("unencrypted"), "{row}");
}

#[test]
fn a_servers_refusal_is_shown_as_sent_and_told_by_the_exit_code() {
    let refuse = |_: &Call| {
        vec![Err(Status::internal(
            "ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = DOCKER_HUB, image = a/plugin-missing)",
        ))]
    };
    let server = Server::start(Api::generation2(), refuse);
    let line = "exec register repository.Plugin -p name=A -p resource_type=a.B -p image=a/plugin-missing";
    assert_snapshot!(run(&Spacectl::new(), &server, line));
    let json = run(&Spacectl::new(), &server, &format!("--error-format json {line}"));
    let told: serde_json::Value = serde_json::from_str(&json.stderr).unwrap();
    assert_eq!((told["error"]["code"].as_str(), told["error"]["exit_code"].as_i64()), (Some("INTERNAL"), Some(77)));
}

/// Refuses the first `times` calls as a service does that is about to go or to come.
fn away(times: usize) -> Server {
    let calls = AtomicUsize::new(0);
    Server::start(Api::generation2(), move |_| {
        if calls.fetch_add(1, Ordering::SeqCst) < times {
            return vec![Err(Status::unavailable("restarting"))];
        }
        vec![Ok(json!({}))]
    })
}

#[test]
fn a_verb_that_reads_is_tried_again() {
    let server = away(2);
    assert_eq!(run(&Spacectl::new(), &server, LIST).quiet_success(), "NO DATA\n");
    assert_eq!(server.calls().len(), 3);
    let server = away(3);
    assert_snapshot!(run(&Spacectl::new(), &server, LIST));
    assert_eq!(server.calls().len(), 3);
}

#[test]
fn a_verb_that_writes_is_never_sent_twice() {
    let server = away(1);
    let line = "exec register repository.Plugin -p name=A -p resource_type=a.B -p image=a/b";
    assert_eq!(run(&Spacectl::new(), &server, line).status, Some(64 + 14));
    assert_eq!(server.calls().len(), 1);
}

#[test]
fn a_deadline_ends_a_call() {
    let slow = |_: &Call| {
        std::thread::sleep(Duration::from_secs(5));
        vec![Ok(json!({}))]
    };
    let server = Server::start(Api::generation2(), slow);
    assert_snapshot!(run(&Spacectl::new(), &server, &format!("--timeout 300ms {LIST}")));
}

#[test]
fn a_long_answer_is_taken() {
    let long = |_: &Call| vec![Ok(json!({"results": [{"plugin_id": "x".repeat(6 << 20)}], "total_count": 1}))];
    let server = Server::start(Api::generation2(), long);
    let shown = run(&Spacectl::new(), &server, "list repository.Plugin -c plugin_id -o quiet").quiet_success();
    assert_eq!(shown.len(), (6 << 20) + 1);
}

#[test]
fn nobody_there() {
    let user = Spacectl::new();
    assert_snapshot!(user.run(&format!("--endpoint {DEAD} {LIST}")));
    assert_eq!(user.run(&format!("--endpoint grpc://no-such-host.invalid:1 {LIST}")).status, Some(1));
}

#[test]
fn somebody_who_does_not_answer() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let run = Spacectl::new().run(&format!("--timeout 300ms --endpoint grpc://127.0.0.1:{port} {LIST}"));
    assert_snapshot!(run.to_string().replace(&port.to_string(), "[PORT]"));
}

#[test]
fn api_resources_tells_what_an_endpoint_offers() {
    let server = Server::start(Api::generation2(), echo);
    assert_snapshot!(run(&Spacectl::new(), &server, "api-resources"));
    assert_snapshot!(Spacectl::local().run("api-resources -o csv"));
}

#[test]
fn a_servers_words_cannot_drive_the_terminal() {
    let hostile = |_: &Call| vec![Err(Status::internal("a\u{1b}[2J\u{9b}31m\u{202e}b\u{61c}c\u{7f}"))];
    let server = Server::start(Api::generation2(), hostile);
    for format in ["text", "json"] {
        let told = run(&Spacectl::new(), &server, &format!("--error-format {format} {LIST}")).stderr;
        assert!(told.contains('a') && told.contains("31m"), "{told:?}");
        let is_hostile = |c: char| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{61c}');
        assert!(!told.chars().any(is_hostile), "{told:?}");
    }
}

#[test]
fn a_deadline_ends_a_stream_too() {
    let endless = |_: &Call| {
        std::thread::sleep(Duration::from_millis(700));
        vec![Ok(json!({"text": "late"}))]
    };
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(ECHO), endless));
    let run = run(&user, &server, "--timeout 200ms exec count lab.Echo");
    assert_eq!((run.status, run.stdout.as_str()), (Some(64 + 4), ""));
}
