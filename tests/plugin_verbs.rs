//! `plugin list|versions|enable|disable|deregister`: the short ways.

mod support;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::{Api, Call, End, Plugins, Running, Server, Spacectl, Trouble, row};
use tonic::Status;

/// A user of `local` with these plugins.
fn user_with(plugins: &[&str]) -> Spacectl {
    let user = Spacectl::local();
    for name in plugins {
        user.run(&format!("exec register plugin -p name={name} -p resource_type=a.B -p image=x/{name} -q")).success();
    }
    user
}

fn states(user: &Spacectl) -> String {
    user.run("plugin list -c plugin_id,state -o csv").quiet_success()
}

#[test]
fn list_is_what_list_is() {
    let user = user_with(&["b", "a"]);
    for rest in
        ["", " -c plugin_id -s -name", " -o json -a", " -m -o csv", " --filter name=b -o quiet -c name", " -p name=a"]
    {
        let short = user.run(&format!("plugin list{rest}")).quiet_success();
        assert_eq!(short, user.run(&format!("list repository.Plugin{rest}")).quiet_success(), "{rest}");
        assert!(!short.is_empty());
    }
    let dry = user.run("plugin list --dry-run -l 1").quiet_success();
    assert!(dry.contains("Plugin/list"), "{dry}");
    let mut watching = Running::start(&user, &["plugin", "list", "--watch", "0.1", "-c", "plugin_id", "-o", "quiet"]);
    watching.wait_for("a\nb\n").interrupt();
    assert_eq!(watching.end(), End::Exit(130));
}

#[test]
fn each_plugin_is_told_and_the_first_refusal_ends_it() {
    let user = user_with(&["a", "b", "c"]);
    assert_eq!(user.run("plugin disable a c a").quiet_success(), "a disabled\nc disabled\n");
    assert_eq!(states(&user), "plugin_id,state\na,DISABLED\nb,ENABLED\nc,DISABLED\n");
    assert_eq!(
        user.run("plugin disable b nope a").to_string(),
        "status: 69\n--- stdout\nb disabled\n--- stderr\n\
         error: nope: disable repository.Plugin at local: NOT_FOUND\n\
         cause: ERROR_NOT_FOUND: Resource cannot be found or access is denied. (('plugin_id', 'domain_id') = ('nope', \
         'domain-local'))\n\
         hint: done before it: 1 of 3; not sent: 1\n"
    );
    let json = user.run("plugin enable a b -o json").quiet_success();
    let done: Vec<Value> = serde_json::Deserializer::from_str(&json).into_iter().map(Result::unwrap).collect();
    assert_eq!(done, [json!({"plugin_id": "a", "result": "enabled"}), json!({"plugin_id": "b", "result": "enabled"})]);
    assert_eq!(user.run("plugin enable c -o yaml").quiet_success(), "---\nplugin_id: c\nresult: enabled\n");
    assert_eq!(states(&user), "plugin_id,state\na,ENABLED\nb,ENABLED\nc,ENABLED\n");
    for none in ["plugin enable", "plugin enable ''"] {
        assert_eq!(user.run(none).status, Some(2), "{none}");
    }
}

#[test]
fn nothing_is_removed_that_nobody_agreed_to() {
    let user = user_with(&["a", "b"]);
    let run = user.run("plugin deregister a b");
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""));
    assert!(run.stderr.contains("removes a, b") && run.stderr.contains("--yes"), "{run}");
    assert_eq!(states(&user), "plugin_id,state\na,ENABLED\nb,ENABLED\n");
    assert_eq!(user.run("plugin deregister a --yes").quiet_success(), "a deregistered\n");
    assert_eq!(
        user.run("plugin deregister b -y -o json").quiet_success(),
        "{\n    \"plugin_id\": \"b\",\n    \"result\": \"deregistered\"\n}\n"
    );
    assert_eq!(states(&user), "plugin_id,state\n");
}

type Shared = Arc<Mutex<Result<Value, Status>>>;

/// A service that answers `get_versions` as the test says, in either generation.
fn service(api: Api, answer: Result<Value, Status>) -> (Server, Shared) {
    let shared = Arc::new(Mutex::new(answer));
    let answer = Arc::clone(&shared);
    let server = Server::start(api, move |call: &Call| {
        assert_eq!((call.method.as_str(), &call.request["plugin_id"]), ("get_versions", &json!("p")));
        vec![answer.lock().unwrap().clone()]
    });
    (server, shared)
}

fn tags(tags: &[&str]) -> Result<Value, Status> {
    Ok(json!({"results": tags, "total_count": tags.len()}))
}

fn no_plugin() -> Result<Value, Status> {
    Err(Status::invalid_argument("ERROR_NO_PLUGIN: Plugin does not exists. (plugin_id = p)"))
}

#[test]
fn versions_are_lines_in_the_services_order() {
    let user = Spacectl::new();
    for api in [Api::generation1(), Api::generation2()] {
        let (server, shared) = service(api, tags(&["latest", "1.10.0", "1.9.0", "main"]));
        let run = |rest: &str| user.run(&format!("--endpoint {} plugin versions p {rest}", server.url()));
        assert_eq!(run("").quiet_success(), "latest\n1.10.0\n1.9.0\nmain\n");
        assert_eq!(run("--latest").quiet_success(), "1.10.0\n");
        assert_eq!(run("--latest -o json").quiet_success(), "\"1.10.0\"\n");
        assert_eq!(run("--wait 1.9.0").quiet_success(), "1.9.0\n");
        let json: Value = serde_json::from_str(&run("-o json").quiet_success()).unwrap();
        assert_eq!(json["results"], json!(["latest", "1.10.0", "1.9.0", "main"]));
        *shared.lock().unwrap() = tags(&["latest", "main"]);
        assert_eq!(
            run("--latest").to_string(),
            "status: 1\n--- stderr\nerror: p has no tag that is a version\ncause: existing tags: latest, main\n"
        );
        *shared.lock().unwrap() = tags(&["2.0.0-rc.1", "1.10.0", "1.9.0"]);
        assert_eq!(run("--latest").quiet_success(), "1.10.0\n");
        *shared.lock().unwrap() = tags(&["latest", "2.0.0-rc.1", "2.0.0-beta"]);
        assert_eq!(run("--latest").quiet_success(), "2.0.0-rc.1\n");
        assert_eq!(run("--latest --wait 1").status, Some(2));
    }
}

#[test]
fn local_says_why_it_has_no_versions() {
    let user = user_with(&["plugin-a"]);
    let command = "`spacectl config set registry HOST -e local`";
    for (options, status) in [("", 0), ("--latest", 1), ("--wait 1.0 --timeout 100ms", 1)] {
        let run = user.run(&format!("plugin versions plugin-a {options}"));
        assert_eq!((run.status, run.stdout.as_str()), (Some(status), ""), "{run}");
        assert!(run.stderr.starts_with("note: the environment local has no image registry"), "{run}");
        assert!(run.stderr.contains(command), "{run}");
    }
    user.run("config set registry 127.0.0.1:9 -e local").success();
    let run = user.run("plugin versions plugin-a");
    assert!(run.status == Some(78) && !run.stderr.contains("has no image registry"), "{run}");
}

#[test]
fn a_tag_is_waited_for_from_before_the_plugin_is_there() {
    let user = Spacectl::new();
    let (server, shared) = service(Api::generation2(), no_plugin());
    let url = server.url();
    let mut waiting = Running::start(&user, &["--endpoint", &url, "plugin", "versions", "p", "--wait", "1.2.0"]);
    waiting.wait_for("p is not registered yet");
    *shared.lock().unwrap() = Err(Status::unavailable("restarting"));
    waiting.wait_for("UNAVAILABLE");
    *shared.lock().unwrap() = Err(Status::resource_exhausted("too many"));
    waiting.wait_for("RESOURCE_EXHAUSTED");
    *shared.lock().unwrap() = tags(&["1.1.0"]);
    waiting.wait_for("p has no version 1.2.0 yet");
    *shared.lock().unwrap() = tags(&["1.2.0", "1.1.0"]);
    assert_eq!(waiting.end(), End::Exit(0));
    assert_eq!(waiting.out, "1.2.0\n");
}

#[test]
fn a_wait_ends_in_time_with_what_is_there_instead() {
    let user = Spacectl::new();
    let (server, shared) = service(Api::generation2(), tags(&["1.1.0", "1.0.0"]));
    let run = || user.run(&format!("--endpoint {} plugin versions p --wait 1.2.0 --timeout 5s", server.url()));
    assert_eq!(
        run().to_string(),
        "status: 1\n--- stderr\nnote: p has no version 1.2.0 yet: waiting for it\n\
         error: p has no version 1.2.0 after 5s\ncause: existing tags: 1.1.0, 1.0.0\n\
         hint: pass --timeout to wait longer; 0 waits without end\n"
    );
    *shared.lock().unwrap() = no_plugin();
    let late = run();
    assert_eq!(late.status, Some(1));
    assert!(late.stderr.contains("ERROR_NO_PLUGIN"), "{late}");
    // What time does not mend is told at once.
    *shared.lock().unwrap() = Err(Status::unauthenticated("ERROR_AUTHENTICATE_FAILURE"));
    let refused = user.run(&format!("--endpoint {} plugin versions p --wait 1.2.0", server.url()));
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(80), ""), "{refused}");
    let unconfigured = user.run("plugin versions p --wait 1.2.0");
    assert_eq!(unconfigured.status, Some(1));
    assert!(unconfigured.stderr.contains("config init"), "{unconfigured}");
}

#[test]
fn ctrl_c_ends_a_wait() {
    let user = Spacectl::new();
    let (server, _shared) = service(Api::generation2(), tags(&["1.1.0"]));
    let url = server.url();
    let mut waiting =
        Running::start(&user, &["--endpoint", &url, "plugin", "versions", "p", "--wait", "2.0", "--timeout", "0"]);
    waiting.wait_for("waiting for it").interrupt();
    assert_eq!(waiting.end(), End::Exit(130));
    assert_eq!(waiting.out, "");
}

#[test]
fn where_a_plugin_is_not_found_its_repository_is_looked_up_once() {
    let server = Server::start(Api::generation2(), |call| match call.method.as_str() {
        "get" => vec![Ok(json!({"plugin_id": "a", "repository_info": {"repository_type": "REMOTE"}}))],
        _ if call.request["plugin_id"] == "b" => vec![Ok(json!({"plugin_id": "b"}))],
        _ => vec![Err(Status::not_found("ERROR_NOT_FOUND: nothing"))],
    });
    let user = Spacectl::new();
    let calls = |line: &str, status: i32| {
        let before = server.calls().len();
        let run = user.run(&format!("--endpoint {} {line}", server.url()));
        assert_eq!(run.status, Some(status), "{run}");
        let is_said = run.stderr.contains("error: a belongs to a remote repository and cannot be changed there: ");
        assert_eq!(is_said, status != 0 && !line.contains("get_versions"), "{run}");
        let calls = server.calls().split_off(before);
        calls.iter().map(|call| call.method.clone()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(calls("plugin disable a", 69), "disable get");
    assert_eq!(calls("exec update repository.Plugin -p plugin_id=a", 69), "update get");
    assert_eq!(calls("plugin disable b", 0), "disable");
    assert_eq!(calls("exec update repository.Plugin -p plugin_id=b", 0), "update");
    assert_eq!(calls("exec get_versions repository.Plugin -p plugin_id=a", 69), "get_versions list");
}

#[test]
fn an_id_that_is_not_there_is_answered_with_the_nearest() {
    let user = user_with(&["plugin-slack-webhook", "plugin-slack-wbhook", "aws-ec2"]);
    for line in [
        "plugin get plugin-slack-webhok",
        "plugin get plugin-slack-webhok -o spec",
        "plugin versions plugin-slack-webhok",
        "plugin versions plugin-slack-webhok --latest",
        "plugin edit plugin-slack-webhok --yes",
        "exec get plugin -p plugin_id=plugin-slack-webhok",
        "get plugin -p plugin_id=plugin-slack-webhok",
    ] {
        let error = user.run(line).stderr;
        assert!(error.ends_with("hint: did you mean plugin-slack-webhook or plugin-slack-wbhook?\n"), "{error}");
    }
    // A script that writes does not wait for them.
    for line in ["plugin enable", "plugin disable", "plugin deregister --yes", "exec update plugin -p name=X -p"] {
        let id = if line.ends_with("-p") { "plugin_id=plugin-slack-webhok" } else { "plugin-slack-webhok" };
        let error = user.run(&format!("{line} {id}")).stderr;
        assert!(error.contains("NOT_FOUND") && !error.contains("did you mean"), "{error}");
    }
    let error = user.run("plugin get aws-ec1").stderr;
    assert!(error.ends_with("hint: did you mean aws-ec2?\n"), "{error}");
    let error = user.run("plugin get plugin-slack-web").stderr;
    assert!(error.contains("did you mean plugin-slack-webhook or "), "{error}");
    let error = user.run("plugin get nothing-like-it").stderr;
    assert!(!error.contains("did you mean"), "{error}");
}

#[test]
fn an_error_does_not_wait_for_ids_that_do_not_come() {
    let service = Plugins::generation2();
    service.reset([row("plugin-a", json!({}))]);
    // The list for the nearest ids is the second call.
    service.trouble(Trouble::Silent { at: 2, done: false });
    let run = Spacectl::new().run(&format!("--endpoint {} plugin get plugin-b", service.server.url()));
    assert_eq!((run.status, service.calls(), service.is_silent()), (Some(64 + 3), 2, true), "{run}");
    assert!(run.stderr.contains("ERROR_NO_PLUGIN") && !run.stderr.contains("did you mean"), "{run}");
}
