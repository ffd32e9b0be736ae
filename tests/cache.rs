//! The descriptor cache: calls by cached descriptions, and changed services.

mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Answer, Api, Call, End, Reflection, Run, Running, Server, Spacectl};
use tonic::Status;

const PLUGIN: &str = "spaceone.api.repository.v1.Plugin";

/// What a service of either generation answers; a field has another name in each.
fn answer(call: &Call, kind: &str) -> Answer {
    let mut row = json!({
        "plugin_id": "plugin-a", "name": "A", "image": "x/plugin-a", "provider": "aws", "state": "ENABLED",
        "registry_url": "registry.hub.docker.com", "registry_type": "HARBOR",
        "capability": {"a": 1}, "tags": {"b": "2"}, "labels": ["c"],
    });
    row[kind] = "a.B".into();
    let answer = match (call.service.as_str(), call.method.as_str()) {
        (PLUGIN, "list") => json!({"results": [row], "total_count": 1}),
        (PLUGIN, "get_versions") => json!({"results": ["1.0"], "total_count": 1}),
        (PLUGIN, _) => row,
        (_, "stat") => json!({"results": [{"count": 1}]}),
        _ => json!({"results": [{"repository_id": "repo-a", "name": "a"}]}),
    };
    vec![Ok(answer)]
}

fn plugin(call: &Call) -> Answer {
    answer(call, "resource_type")
}

fn generation1(port: u16) -> Server {
    Server::on_port(port, Api::generation1(), |call| answer(call, "service_type"))
}

fn generation2(port: u16) -> Server {
    Server::on_port(port, Api::generation2(), plugin)
}

fn folder(user: &Spacectl) -> PathBuf {
    user.home().join(".cache/spacectl/descriptors")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder).into_iter().flatten().map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

fn at(server: &Server, line: &str) -> String {
    format!("--endpoint {} {line}", server.url())
}

/// Waits for what should come at once: passes quickly, fails late but surely.
#[track_caller]
fn until(mut is_so: impl FnMut() -> bool) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while !is_so() {
        assert!(Instant::now() < give_up, "it does not come");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn told(run: &Run, server: &Server) -> String {
    run.to_string().replace(&server.port().to_string(), "[PORT]")
}

#[test]
fn a_verb_that_reads_is_called_by_what_was_kept_and_proved_in_the_same_flight() {
    let server = Server::with_reflection(Api::generation2(), Reflection::Own { imports: true }, plugin);
    let user = Spacectl::new();
    let lines = ["list repository.Plugin", "get repository.Plugin -p plugin_id=plugin-a", "plugin versions plugin-a"];
    for line in lines {
        let line = at(&server, line);
        let first = user.run(&line).quiet_success();
        assert_eq!(files(&folder(&user)).len(), 1, "the verbs of a resource share a file");
        let (requests, calls) = (server.requests(), server.calls().len());
        server.describing().take_questions();
        server.describing().hold();
        let mut again = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
        // The call is answered before the proof is.
        until(|| server.calls().len() > calls);
        assert!(!again.has_ended() && again.out.is_empty());
        server.describing().release();
        assert_eq!((again.end(), again.out.as_str(), again.err.as_str()), (End::Exit(0), first.as_str(), ""), "{line}");
        // One version of reflection was asked, and the call made once.
        assert_eq!((server.requests() - requests, server.calls().len() - calls), (2, 1));
        assert_eq!(server.describing().take_questions(), ["services".to_owned(), format!("symbol {PLUGIN}")]);
    }
}

#[test]
fn nothing_is_shown_before_the_proof_be_it_rows_or_an_error() {
    let handler = |call: &Call| match call.request["plugin_id"].as_str() {
        Some("nope") => vec![Err(Status::invalid_argument("ERROR_NO_PLUGIN: Plugin does not exists."))],
        _ => plugin(call),
    };
    let server = Server::with_reflection(Api::generation2(), Reflection::Own { imports: true }, handler);
    let user = Spacectl::new();
    for (line, count) in [
        ("list repository.Plugin -c plugin_id", 1),
        // And a list for the nearest ids.
        ("get repository.Plugin -p plugin_id=nope", 2),
        ("list repository.Plugin -c nmae", 0),
    ] {
        user.run(&at(&server, &line.replace("nmae", "name").replace("nope", "a"))).quiet_success();
        let line = at(&server, line);
        let first = user.run(&line);
        let calls = server.calls().len();
        server.describing().take_questions();
        server.describing().hold();
        let mut again = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
        until(|| !server.describing().take_questions().is_empty());
        until(|| server.calls().len() - calls == count);
        // Whatever there is to say, it waits.
        std::thread::sleep(Duration::from_millis(100));
        assert!(!again.has_ended() && again.out.is_empty() && again.err.is_empty(), "{line}");
        server.describing().release();
        let ended = again.end();
        assert_eq!((ended, &again.out, &again.err), (End::Exit(first.status.unwrap()), &first.stdout, &first.stderr));
        assert_eq!(server.calls().len() - calls, count, "a failure stands, and nothing is sent again");
    }
}

/// The same service where v1 is not what it offers.
const OTHER: &str = "spaceone.api.lab.v2.Echo";

fn echoing(versions: &[&str], port: u16) -> Server {
    let source = |version: &&str| {
        format!(
            "syntax = \"proto3\"; package spaceone.api.lab.{version}; message Text {{ string text = 1; }}
             message Texts {{ repeated Text results = 1; }}
             service Echo {{ rpc list(Text) returns (Texts); rpc create(Text) returns (Text); }}"
        )
    };
    let sources: Vec<String> = versions.iter().map(source).collect();
    let sources: Vec<&str> = sources.iter().map(String::as_str).collect();
    let answer = |call: &Call| {
        let text = json!({"text": call.service});
        vec![Ok(if call.method == "list" { json!({"results": [text]}) } else { text })]
    };
    Server::on_port_with(port, Api::of_packages(&sources), Reflection::Own { imports: true }, answer)
}

#[test]
fn a_service_without_v1_is_called_by_what_was_kept_too() {
    let server = echoing(&["v2"], 0);
    let user = Spacectl::new();
    let list = at(&server, "list lab.Echo -o quiet");
    assert_eq!(user.run(&list).quiet_success(), format!("{OTHER}\n"));
    let symbols = server.describing().take_questions();
    assert!(symbols.contains(&format!("symbol {OTHER}")), "{symbols:?}");
    for _ in 0..2 {
        let (requests, calls) = (server.requests(), server.calls().len());
        assert_eq!(user.run(&list).quiet_success(), format!("{OTHER}\n"));
        assert_eq!((server.requests() - requests, server.calls().len() - calls), (2, 1));
        assert_eq!(server.describing().take_questions(), ["services".to_owned(), format!("symbol {OTHER}")]);
    }
    // What was kept for any version is not what is kept for one.
    let refused = user.run(&format!("{list} --api-version v1"));
    assert_eq!((refused.status, refused.stdout.as_str()), (Some(2), ""), "{refused}");
    assert_eq!(user.run(&format!("{list} --api-version v2")).quiet_success(), format!("{OTHER}\n"));
    // Another one comes in its place, of which v1 is meant.
    let port = server.port();
    drop(server);
    let server = echoing(&["v1", "v2"], port);
    for _ in 0..2 {
        assert_eq!(user.run(&list).quiet_success(), "spaceone.api.lab.v1.Echo\n");
    }
    assert_eq!(user.run(&format!("{list} --api-version v2")).quiet_success(), format!("{OTHER}\n"));
    drop(server);
    let _server = echoing(&["v3"], port);
    assert_eq!(user.run(&list).quiet_success(), "spaceone.api.lab.v3.Echo\n");
}

#[test]
fn the_version_is_known_to_what_writes_too() {
    let server = echoing(&["v2"], 0);
    let user = Spacectl::new();
    let create = at(&server, "exec create lab.Echo -c text -o quiet");
    let asked = |line: &str| {
        user.run(line).quiet_success();
        let mut questions = server.describing().take_questions();
        questions.retain(|question| question.starts_with("symbol "));
        questions
    };
    let by_rule = "symbol spaceone.api.lab.v1.Echo".to_owned();
    assert_eq!(asked(&create), [by_rule.clone(), format!("symbol {OTHER}")]);
    assert_eq!(asked(&create), [format!("symbol {OTHER}")]);
    assert_eq!(asked(&format!("--no-cache {create}")), [by_rule, format!("symbol {OTHER}")]);
    let port = server.port();
    drop(server);
    let server = echoing(&["v1", "v2"], port);
    assert_eq!(user.run(&create).quiet_success(), "spaceone.api.lab.v1.Echo\n");
    assert_eq!(server.calls().len(), 1);
}

/// What stands for one API in the place of another.
type Generation = fn(u16) -> Server;

/// Lines that read, and lines that write.
const READ: [&str; 6] = [
    "list repository.Plugin",
    "list repository.Plugin -o json -s -name -l 3 --filter name~A",
    "list repository.Plugin -p state=ENABLED -p provider=aws -p plugin_id=plugin-a -o yaml",
    "get repository.Plugin -p plugin_id=plugin-a",
    "plugin versions plugin-a",
    "stat repository.Repository -p name=a --filter name=a -o json",
];
const WRITTEN: [&str; 4] = [
    "exec register repository.Plugin -p name=A -p image=x/plugin-a -p service_type=a.B -p capability.a=1 -p tags.b=2 -p labels=[c]",
    "exec update repository.Plugin -p plugin_id=plugin-a -p name=B -p capability.a=2 -p tags.b=3 -p labels=[d]",
    "exec enable repository.Plugin -p plugin_id=plugin-a",
    "plugin apply -j {\"name\":\"A\",\"image\":\"x/plugin-a\",\"resource_type\":\"a.B\",\"tags\":{\"b\":\"9\"}}",
];

#[test]
fn a_service_of_another_generation_on_the_same_port_gets_no_byte_that_it_reads_otherwise() {
    let generations: [(Generation, Generation); 2] = [(generation1, generation2), (generation2, generation1)];
    for (before, after) in generations {
        let old = before(0);
        let port = old.port();
        let user = Spacectl::new();
        for line in READ.into_iter().chain(WRITTEN) {
            // Not every line fits every generation.
            user.run(&at(&old, line));
        }
        let kept = files(&folder(&user)).len();
        assert!(kept >= 1);
        drop(old);
        let new = after(port);
        for line in WRITTEN.into_iter().chain(READ) {
            let line = at(&new, line);
            let seen = new.calls().len();
            let run = user.run(&line);
            let by_cache = new.calls().split_off(seen);
            let plain = user.run(&format!("--no-cache {line}"));
            let by_none = new.calls().split_off(seen + by_cache.len());
            assert_eq!(run.to_string(), plain.to_string(), "{line}");
            let is_read = READ.iter().any(|read| line.ends_with(read));
            let sent =
                |calls: &[Call]| calls.iter().map(|call| (call.method.clone(), call.raw.clone())).collect::<Vec<_>>();
            if is_read {
                // What was sent first counted for nothing.
                let first = by_cache.len() - by_none.len();
                assert!(first <= 1, "{line}");
                assert_eq!(sent(&by_cache[first..]), sent(&by_none), "{line}");
            } else {
                assert_eq!(sent(&by_cache), sent(&by_none), "{line}");
            }
            // By now it is known.
            if is_read && run.status == Some(0) {
                let seen = new.calls().len();
                assert_eq!(user.run(&line).to_string(), plain.to_string());
                assert_eq!(sent(&new.calls()[seen..]), sent(&by_none), "{line}");
            }
        }
    }
}

const THING: &str = r#"syntax = "proto3"; package spaceone.api.lab.v1; import "google/protobuf/struct.proto";
    service Thing { rpc list(Query) returns (Things); rpc get(Query) returns (Row); rpc stat(Query) returns (Things); }
    message Query { string id = 1; message Q { message F { string k = 1; google.protobuf.Value v = 2; string o = 3; } repeated F filter = 1; } Q query = 2; }
    message Row { string id = 1; int32 size = 2; }
    message Things { repeated Row results = 1; int32 total_count = 2; }"#;

/// What becomes of it with an upgrade: there is more of everything, and the numbers are others.
fn upgraded() -> String {
    THING
        .replace("string id = 1; message Q", "string id = 3; string colour = 1; message Q")
        .replace("string id = 1; int32 size = 2;", "int32 size = 1; string id = 2; string colour = 3;")
        .replace("rpc get(", "rpc list_all(Query) returns (Things); rpc get(")
}

fn things(call: &Call) -> Answer {
    let row = json!({"id": "a", "size": 5});
    vec![Ok(if call.method == "get" { row } else { json!({"results": [row], "total_count": 1}) })]
}

fn coloured(call: &Call) -> Answer {
    let mut answers = things(call);
    for answer in answers.iter_mut().flatten() {
        let row = if call.method == "get" { answer } else { &mut answer["results"][0] };
        row["colour"] = "red".into();
    }
    answers
}

#[test]
fn what_is_unknown_may_be_known_by_an_upgraded_service() {
    let old = Server::start(Api::inline(THING), things);
    let port = old.port();
    let user = Spacectl::new();
    let lines =
        ["list lab.Thing -c id,colour", "get lab.Thing -p colour=red -p id=a", "list lab.Thing --filter colour=red"];
    for line in ["list lab.Thing", "get lab.Thing -p id=a"] {
        user.run(&at(&old, line)).quiet_success();
    }
    let refused = lines.map(|line| {
        let calls = old.calls().len();
        let run = user.run(&at(&old, line));
        assert_eq!((run.status, old.calls().len()), (Some(2), calls), "{run}");
        assert_eq!(run.to_string(), user.run(&at(&old, &format!("--no-cache {line}"))).to_string());
        told(&run, &old)
    });
    assert_snapshot!(refused.concat());
    drop(old);
    let new = Server::on_port(port, Api::inline(&upgraded()), coloured);
    let user_of_old = |line: &str| user.run(&at(&new, line)).quiet_success();
    assert_eq!(user_of_old(lines[0]), " id   | colour\n------+----------\n a    | red\n\n Count: 1 / 1\n");
    assert_eq!(user_of_old(lines[1]), "---\nid: a\nsize: 5\ncolour: red\n".replace("id: a\nsize: 5", "size: 5\nid: a"));
    assert_eq!(new.calls().last().unwrap().request, json!({"id": "a", "colour": "red"}));
    assert_eq!(user_of_old(&format!("{} -o quiet -c size", lines[2])), "5\n");
}

#[test]
fn what_the_answer_was_read_by_is_proved_too() {
    let old = Server::start(Api::inline(THING), things);
    let port = old.port();
    let user = Spacectl::new();
    for line in ["list lab.Thing -o json", "stat lab.Thing --filter size=5 -o json"] {
        user.run(&at(&old, line)).quiet_success();
    }
    drop(old);
    // The answer's fields have other numbers, the request none; and what filters are made by is of another method.
    let answers = THING.replace("string id = 1; int32 size = 2;", "int32 size = 1; string id = 2;");
    let new = Server::on_port(port, Api::inline(&answers), things);
    let shown: Value = serde_json::from_str(&user.run(&at(&new, "list lab.Thing -o json")).quiet_success()).unwrap();
    assert_eq!(shown["results"], json!([{"size": 5, "id": "a"}]));
    drop(new);
    let texts = THING
        .replace("int32 size = 2;", "string size = 2;")
        .replace("rpc stat(Query) returns (Things)", "rpc stat(Query) returns (Counted)")
        + "message Counted { repeated Counts results = 1; } message Counts { int32 count = 1; }";
    let before = texts.replace("string size = 2;", "int32 size = 2;");
    // Rows that can hold anything are no part of a description that could be compared.
    let any = |api: &str| {
        api.replace("message Row { ", "message Row { google.protobuf.Any any = 9; ")
            .replace("import ", "import \"google/protobuf/any.proto\"; import ")
    };
    for api in [&before, &texts, &before, &any(&texts), &any(&before), &any(&texts), &texts] {
        let server = Server::on_port(port, Api::inline(api), |_| vec![Ok(json!({"results": [{"count": 1}]}))]);
        let line = at(&server, "stat lab.Thing --filter size=5 -c count -o quiet");
        let plain = user.run(&format!("--no-cache {line}"));
        assert_eq!(user.run(&line).to_string(), plain.to_string());
        assert_eq!(server.calls().last().unwrap().raw, server.calls()[0].raw, "{api}");
    }
}

#[test]
fn a_description_that_differs_in_a_byte_counts_as_another() {
    let unlisted = THING.replace("rpc list(Query) returns (Things);", "");
    for (api, line) in [(THING, "list lab.Thing -o json"), (&unlisted, "get lab.Thing -p id=a")] {
        let old = Server::start(Api::inline(api), things);
        let port = old.port();
        let user = Spacectl::new();
        let line = at(&old, line);
        let shown = user.run(&line).quiet_success();
        let kept = fs::read(&files(&folder(&user))[0]).unwrap();
        drop(old);
        let more =
            api.replace("rpc get(", "rpc remove(Query) returns (Row); rpc get(") + "message More { string text = 1; }";
        let new = Server::on_port(port, Api::inline(&more), things);
        for _ in 0..2 {
            assert_eq!(user.run(&line).quiet_success(), shown);
        }
        // Called again once, and what is cached is renewed.
        assert_eq!(new.calls().len(), 3, "{line}");
        assert_eq!(files(&folder(&user)).len(), 1);
        assert_ne!(fs::read(&files(&folder(&user))[0]).unwrap(), kept);
    }
}

const QUERY: &str = "file spaceone/api/core/v2/query.proto";
const REPOSITORY: &str = "file spaceone/api/repository/v1/repository.proto";

/// A service of the platform as it is: v1alpha alone, each file by itself.
#[test]
fn what_a_service_of_the_platform_imports_is_asked_for_at_once() {
    let server = Server::with_reflection(Api::generation2(), Reflection::Own { imports: false }, plugin);
    let user = Spacectl::new();
    server.describing().hold();
    let line = at(&server, "--no-cache list repository.Plugin -c plugin_id -o quiet");
    let mut list = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
    let mut asked = Vec::new();
    until(|| {
        asked.extend(server.describing().take_questions());
        [QUERY, REPOSITORY].iter().all(|import| asked.iter().any(|question| question == import))
    });
    let count = asked.len();
    server.describing().release();
    assert_eq!(list.end(), End::Exit(0));
    // Nothing had to be asked for after the first answer.
    assert_eq!(server.describing().take_questions(), [""; 0], "after {count}");
}

#[test]
fn imports_that_are_not_sent_along_are_asked_for_in_the_same_flight_once_they_are_known() {
    let own = |port: u16, api: Api| {
        Server::on_port_with(port, api, Reflection::Own { imports: false }, |_| {
            vec![Ok(json!({"results": [{"name": "A"}]}))]
        })
    };
    let server = own(0, Api::generation2());
    let port = server.port();
    let user = Spacectl::new();
    let line = at(&server, "list repository.Plugin -c name -o quiet");
    assert_eq!(user.run(&line).quiet_success(), "A\n");
    // The first time they are guessed, and more than there are; the second time it is known which there are.
    let guessed = server.describing().take_questions();
    server.describing().hold();
    let mut again = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
    let asked = ["services", &format!("symbol {PLUGIN}"), QUERY, REPOSITORY].map(str::to_owned);
    let mut at_once = Vec::new();
    until(|| {
        at_once.extend(server.describing().take_questions());
        at_once.len() >= asked.len()
    });
    assert_eq!(at_once, asked);
    assert!(asked.iter().all(|question| guessed.contains(question)), "{guessed:?}");
    server.describing().release();
    assert_eq!((again.end(), again.out.as_str()), (End::Exit(0), "A\n"));
    // A server that lacks them, and one that ends the conversation over it.
    drop(server);
    let server = own(port, Api::generation1());
    assert_eq!(user.run(&line).quiet_success(), "A\n");
    drop(server);
    let server = own(port, Api::generation2());
    assert_eq!(user.run(&line).quiet_success(), "A\n");
    drop(server);
    let _server = generation1(port);
    assert_eq!(user.run(&line).quiet_success(), "A\n");
}

#[test]
fn what_reflection_fails_in_is_told_as_without_a_cache() {
    let old = generation2(0);
    let port = old.port();
    let user = Spacectl::new();
    let line = at(&old, "list repository.Plugin -c plugin_id");
    user.run(&line).quiet_success();
    drop(old);
    let silent = Server::on_port_with(port, Api::generation2(), Reflection::None, plugin);
    let run = user.run(&line);
    assert_eq!(run.status, Some(64 + 12));
    assert_eq!(run.to_string(), user.run(&format!("--no-cache {line}")).to_string());
    drop(silent);
    let run = user.run(&line);
    assert_eq!(run.status, Some(1));
    assert_eq!(run.to_string(), user.run(&format!("--no-cache {line}")).to_string());
    // Another that has the other version.
    let both = Server::on_port_with(port, Api::generation2(), Reflection::Both, plugin);
    user.run(&line).quiet_success();
    drop(both);
    let alpha = generation2(port);
    user.run(&line).quiet_success();
    drop(alpha);
    // One that has no such resource any more.
    let _other = Server::on_port(port, Api::inline(THING), things);
    let run = user.run(&line);
    assert_eq!(run.status, Some(2));
    assert_eq!(run.to_string(), user.run(&format!("--no-cache {line}")).to_string());
}

#[test]
fn a_service_that_answers_the_proof_never_is_not_waited_for_without_end() {
    let server = Server::with_reflection(Api::generation2(), Reflection::Own { imports: true }, plugin);
    let user = Spacectl::new();
    let line = at(&server, "--timeout 300ms list repository.Plugin -c plugin_id");
    user.run(&line).quiet_success();
    server.describing().hold();
    let run = user.run(&line);
    assert_eq!((run.status, run.stdout.as_str()), (Some(64 + 4), ""));
    assert_eq!(run.to_string(), user.run(&format!("--no-cache {line}")).to_string());
}

#[test]
fn notes_and_warnings_are_said_once_by_the_attempt_that_counts() {
    let old = generation1(0);
    let port = old.port();
    let user = Spacectl::new();
    user.file("../.spaceone/template/repository.Plugin.yml", "template:\n  list: [name, resource_type, nope]\n");
    let line = at(&old, "list repository.Plugin -p resource_type=a.B");
    let first = user.run(&line);
    assert_eq!(first.stderr.matches("warning: ").count(), 2, "{first}");
    assert_eq!(user.run(&line).to_string(), first.to_string());
    drop(old);
    let new = generation2(port);
    let run = user.run(&line);
    assert_eq!(run.stderr.matches("warning: ").count(), 1, "{run}");
    assert_eq!(run.to_string(), user.run(&format!("--no-cache {line}")).to_string());
    let as_json = |line: &str| user.run(&format!("--error-format json {line}")).stderr;
    assert_eq!(as_json(&line), as_json(&format!("--no-cache {line}")));
    assert!(as_json(&line).starts_with("{\"warnings\":["), "{}", as_json(&line));
    drop(new);
}

#[test]
fn streams_are_shown_from_their_proof_on() {
    const STREAM: &str = r#"syntax = "proto3"; package spaceone.api.lab.v1;
        service Log { rpc list(Query) returns (stream Line); } message Query { string id = 1; } message Line { string text = 1; int32 number = 2; }"#;
    let lines = |_: &Call| (1..=3).map(|n| Ok(json!({"text": n.to_string(), "number": n}))).collect();
    let own = Reflection::Own { imports: true };
    let server = Server::with_reflection(Api::inline(STREAM), own, lines);
    let port = server.port();
    let user = Spacectl::new();
    let line = at(&server, "list lab.Log -c text,number -o csv");
    let shown = user.run(&line).quiet_success();
    server.describing().hold();
    let mut again = Running::start(&user, &line.split(' ').collect::<Vec<_>>());
    until(|| server.calls().len() == 2);
    std::thread::sleep(Duration::from_millis(100));
    assert!(again.out.is_empty() && !again.has_ended());
    server.describing().release();
    assert_eq!((again.end(), &again.out), (End::Exit(0), &shown));
    drop(server);
    let other = STREAM.replace("string text = 1; int32 number = 2;", "string text = 2; int32 number = 1;");
    let _server = Server::on_port_with(port, Api::inline(&other), own, lines);
    assert_eq!(user.run(&line).quiet_success(), shown);
}

#[test]
fn what_would_be_sent_is_shown_by_the_service_as_it_is() {
    let old = generation1(0);
    let port = old.port();
    let user = Spacectl::new();
    let line = at(&old, "list repository.Plugin -s name -p plugin_id=a --dry-run");
    user.run(&at(&old, "list repository.Plugin")).quiet_success();
    let before = user.run(&line).quiet_success();
    drop(old);
    let new = generation2(port);
    let after = user.run(&line).quiet_success();
    assert_ne!(after, before);
    assert_eq!(after, user.run(&format!("--no-cache {line}")).quiet_success());
    assert_eq!(new.calls().len(), 0);
}

#[test]
fn a_broken_file_is_as_good_as_none() {
    let server = generation2(0);
    let user = Spacectl::new();
    let line = at(&server, "list repository.Plugin -c plugin_id,name");
    let shown = user.run(&line).quiet_success();
    let [file] = files(&folder(&user)).try_into().unwrap();
    let whole = fs::read(&file).unwrap();
    user.run(&at(&server, "list repository.Repository")).quiet_success();
    let other = files(&folder(&user)).into_iter().find(|other| *other != file).unwrap();
    let zeroed = [&whole[..200], &vec![0; whole.len() - 200][..]].concat();
    let broken: Vec<Vec<u8>> = vec![
        Vec::new(),
        whole[..whole.len() / 2].to_vec(),
        whole[..whole.len() - 1].to_vec(),
        zeroed,
        b"something else\n".to_vec(),
        String::from_utf8_lossy(&whole).replace("descriptors 2", "descriptors 1").into_bytes(),
        fs::read(other).unwrap(),
        // A file of the next version, in which a field has moved.
        [&whole[..], b"\x4a\x01x"].concat(),
    ];
    for bytes in broken {
        fs::write(&file, &bytes).unwrap();
        let run = user.run(&line).quiet_success();
        assert_eq!(run, shown, "{:?}", String::from_utf8_lossy(&bytes));
        let is_whole = fs::read(&file).unwrap() == whole;
        assert!(is_whole || bytes.ends_with(b"x"), "{:?}", String::from_utf8_lossy(&bytes));
    }
    assert!(server.calls().iter().all(|call| call.raw == server.calls()[0].raw || call.service != PLUGIN));
}

#[test]
fn a_place_that_cannot_be_written_or_read_is_no_trouble() {
    let server = generation2(0);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "s3cret");
    let line = at(&server, "list repository.Plugin -c plugin_id -o quiet");
    user.file("file", "");
    let file = user.path("file/cache").to_str().unwrap().to_owned();
    for place in [file.as_str(), "/proc/self/nowhere", "/dev/null"] {
        assert_eq!(user.run_with(&[("XDG_CACHE_HOME", place)], &line).quiet_success(), "plugin-a\n", "{place}");
    }
    assert!(!folder(&user).exists());
    // A folder in the place of the file.
    user.run(&line).quiet_success();
    let [kept] = files(&folder(&user)).try_into().unwrap();
    fs::remove_file(&kept).unwrap();
    fs::create_dir(&kept).unwrap();
    assert_eq!(user.run(&line).quiet_success(), "plugin-a\n");
    assert_eq!(files(&folder(&user)), std::slice::from_ref(&kept));
    // A pipe, which would be waited for.
    fs::remove_dir(&kept).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &kept, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    assert_eq!(user.run(&line).quiet_success(), "plugin-a\n");
    assert!(fs::metadata(&kept).unwrap().is_file());
}

#[test]
fn many_processes_at_once_keep_one_sound_file() {
    let server = generation2(0);
    let user = Spacectl::new();
    for round in 0..2 {
        let children: Vec<_> = (0..20)
            .map(|_| {
                let mut command = user.command();
                command.args(at(&server, "list repository.Plugin -c plugin_id -o quiet").split(' '));
                command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
            })
            .collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            assert_eq!((output.stdout, output.stderr), (b"plugin-a\n".to_vec(), Vec::new()), "round {round}");
        }
        assert_eq!(files(&folder(&user)).len(), 1, "no file is left half made");
    }
    let requests = server.requests();
    user.run(&at(&server, "list repository.Plugin")).quiet_success();
    assert_eq!(server.requests() - requests, 2, "it is used");
}

#[test]
fn others_read_nothing_and_there_is_nothing_secret() {
    let server = generation2(0);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "s3cret-key");
    let line = "--domain-id domain-of-mine list repository.Plugin -p plugin_id=plugin-of-mine";
    user.run(&at(&server, line)).quiet_success();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&folder(&user)), 0o700);
    for file in files(&folder(&user)) {
        assert_eq!(mode(&file), 0o600);
        let text = String::from_utf8_lossy(&fs::read(file).unwrap()).into_owned();
        assert!(text.contains("plugin_id") && !text.contains("s3cret") && !text.contains("of-mine"));
    }
}

#[test]
fn each_endpoint_and_resource_has_a_file_of_its_own() {
    let (one, two) = (generation1(0), generation2(0));
    let user = Spacectl::new();
    let lines = ["list repository.Plugin -c plugin_id -o quiet", "list repository.Repository -o quiet -c name"];
    for server in [&one, &two] {
        for line in lines {
            user.run(&at(server, line));
        }
    }
    assert_eq!(files(&folder(&user)).len(), 4);
    for server in [&one, &two] {
        let requests = server.requests();
        assert_eq!(user.run(&at(server, lines[0])).quiet_success(), "plugin-a\n");
        assert_eq!(server.requests() - requests, 2);
    }
}

#[test]
fn without_a_cache_nothing_is_read_and_nothing_written() {
    let server = Server::with_reflection(Api::generation2(), Reflection::Own { imports: true }, plugin);
    let user = Spacectl::new();
    let line = at(&server, "list repository.Plugin -c plugin_id -o quiet");
    assert_eq!(user.run(&format!("--no-cache {line}")).quiet_success(), "plugin-a\n");
    assert!(!user.home().join(".cache").exists());
    user.run(&line).quiet_success();
    let [file] = files(&folder(&user)).try_into().unwrap();
    fs::write(&file, "broken").unwrap();
    let requests = server.requests();
    assert_eq!(user.run(&format!("{line} --no-cache")).quiet_success(), "plugin-a\n");
    // Both versions of reflection, and the call.
    assert_eq!(server.requests() - requests, 3);
    assert_eq!(fs::read(&file).unwrap(), b"broken");
}

#[test]
fn a_verb_that_writes_leaves_nothing_and_uses_nothing() {
    let server = generation2(0);
    let user = Spacectl::new();
    for line in WRITTEN {
        user.run(&at(&server, line)).success();
    }
    assert!(!folder(&user).exists());
    // The environment inside the program neither.
    Spacectl::local().run("list repository.Plugin").success();
    user.run("-e local list repository.Plugin").success();
    assert!(!folder(&user).exists());
}

#[test]
fn all_that_is_kept_is_removed_by_a_command() {
    let server = generation2(0);
    let user = Spacectl::new();
    let mut told = user.run("cache clear").to_string();
    let cleared = |user: &Spacectl| {
        let text = user.run("cache clear").to_string();
        let words = text.split(' ').map(|word| if word.parse::<u32>().is_ok_and(|n| n > 9) { "[N]" } else { word });
        words.collect::<Vec<_>>().join(" ")
    };
    user.run(&at(&server, "list repository.Plugin")).quiet_success();
    told += &cleared(&user);
    user.run(&at(&server, "list repository.Plugin")).quiet_success();
    user.run_changed(&format!("-- spacectl --endpoint {} list plu", server.url()), |command| {
        command.env("COMPLETE", "fish").env("SPACECTL_COMPLETION_TIMEOUT", "60s");
    })
    .quiet_success();
    told += &cleared(&user);
    assert!(!user.home().join(".cache/spacectl").exists());
    fs::create_dir_all(folder(&user).join("a")).unwrap();
    told += &user.run("cache clear").to_string();
    assert_snapshot!(told);
}

#[test]
fn steps_tell_of_what_was_kept() {
    let old = generation1(0);
    let port = old.port();
    let user = Spacectl::new();
    let line = at(&old, "-v list repository.Plugin");
    let steps =
        |run: Run| run.stderr.lines().map(|line| line.split(" in ").next().unwrap().to_owned()).collect::<Vec<_>>();
    let is_called = |steps: &[String]| steps.iter().filter(|step| step.contains("as it was described before")).count();
    let is_called_again = |steps: &[String]| steps.iter().filter(|step| step.contains("called again")).count();
    let first = steps(user.run(&line));
    assert_eq!((is_called(&first), is_called_again(&first)), (0, 0), "{first:#?}");
    let second = steps(user.run(&line));
    assert_eq!((is_called(&second), is_called_again(&second)), (1, 0), "{second:#?}");
    drop(old);
    let _new = generation2(port);
    let third = steps(user.run(&line));
    assert_eq!((is_called(&third), is_called_again(&third)), (1, 1), "{third:#?}");
    assert_eq!(third.iter().filter(|step| step.starts_with("trace: send ")).count(), 2, "{third:#?}");
}
