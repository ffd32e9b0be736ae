//! `exec` of many documents: how many at a time, in which order, what is left.

mod support;

use std::collections::BTreeMap;

use bytes::Bytes;
use http::{HeaderMap, HeaderName};
use http_body_util::{BodyExt as _, Full};
use serde_json::{Value, json};
use support::{Api, Call, Desk, End, Run, Running, Server, Spacectl, Wire};
use tonic::body::Body;
use tonic::{Code, Status};

const REGISTER: &str = "exec register repository.Plugin -f many.yml -c plugin_id -o quiet";

/// The name of a plugin; names sort as numbers do.
fn id(n: usize) -> String {
    format!("p{n:04}")
}

fn ids(range: std::ops::Range<usize>) -> String {
    range.map(|n| id(n) + "\n").collect()
}

/// Documents that register these plugins.
fn documents(range: std::ops::Range<usize>) -> String {
    range.map(|n| format!("---\nname: {0}\nresource_type: a.B\nimage: x/{0}\n", id(n))).collect()
}

/// Where a document of these begins, counted from 1.
fn place(number: usize) -> String {
    format!("many.yml:{}:1", 4 * number - 2)
}

/// A user with so many documents in `many.yml`.
fn user_with(count: usize) -> Spacectl {
    let user = Spacectl::new();
    user.file("many.yml", &documents(0..count));
    user
}

/// Starts the registration of `many.yml`, with more words.
fn start(user: &Spacectl, url: &str, more: &[&str]) -> Running {
    let words = [&["--endpoint", url], &REGISTER.split(' ').collect::<Vec<_>>()[..], more].concat();
    Running::start(user, &words)
}

/// `text` without the server's address.
fn placeless(text: &str, url: &str) -> String {
    text.replace(url, "[SERVER]")
}

#[test]
fn sixteen_are_in_flight_and_answers_come_out_in_the_documents_order() {
    let (user, desk) = (user_with(40), Desk::new());
    let mut running = start(&user, &desk.server.url(), &[]);
    desk.wait_for(16);
    // The last of them first: each makes room for one more.
    for n in (1..16).rev() {
        desk.accept(&id(n));
        desk.wait_for(16 + 16 - n);
        assert_eq!(running.out, "", "none comes out before the first");
    }
    desk.accept(&id(0));
    running.wait_for(&id(15));
    assert_eq!(running.out, ids(0..16));
    while desk.came().len() < 40 || !desk.open().is_empty() {
        desk.open().last().inspect(|last| desk.accept(last));
    }
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(0), ids(0..40).as_str()));
    assert_eq!(running.err, "registered 40\n");
    assert_eq!((desk.most(), desk.came().concat()), (16, (0..40).map(id).collect::<String>()));
}

#[test]
fn parallel_says_how_many() {
    let echo = |call: &Call| vec![Ok(json!({"plugin_id": call.request["name"]}))];
    let (user, server) = (user_with(20), Server::start(Api::generation2(), echo));
    let of_one = user.run(&format!("--endpoint {} {REGISTER} --parallel 1", server.url()));
    let of_many = user.run(&format!("--endpoint {} {REGISTER} --parallel 256", server.url()));
    assert_eq!(of_one.to_string(), of_many.to_string());
    assert_eq!(of_one.success(), ids(0..20));
    for (parallel, expected) in [("1", 1), ("3", 3), ("256", 20)] {
        let (user, desk) = (user_with(20), Desk::new());
        let mut running = start(&user, &desk.server.url(), &["--parallel", parallel]);
        desk.wait_for(expected);
        for n in 0..20 {
            desk.wait_for(n + 1);
            desk.accept(&id(n));
        }
        assert_eq!((running.end(), desk.most()), (End::Exit(0), expected), "{parallel}");
    }
    for wrong in ["0", "257", "all"] {
        assert_eq!(user.run(&format!("{REGISTER} --parallel {wrong}")).status, Some(2), "{wrong}");
    }
}

#[test]
fn one_document_is_sent_without_a_word() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    user.file("many.yml", &documents(0..1));
    assert_eq!(user.run(REGISTER).quiet_success(), ids(0..1));
    let again = user.run(&format!("{REGISTER} --keep-going"));
    assert!(again.stderr.starts_with("error: register repository.Plugin at local: ALREADY_EXISTS\n"), "{again}");
    assert!(!again.stderr.contains("rejected 1"), "{again}");
}

#[test]
fn behind_a_refusal_none_is_sent_and_those_in_flight_are_waited_for() {
    let (user, desk) = (user_with(9), Desk::new());
    let url = desk.server.url();
    let mut running = start(&user, &url, &["--parallel", "5"]);
    desk.wait_for(5);
    desk.refuse(&id(3));
    desk.refuse(&id(1));
    desk.accept(&id(4));
    desk.accept(&id(2));
    desk.accept(&id(0));
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(70), "p0000\np0002\np0004\n"));
    assert_eq!(
        placeless(&running.err, &url),
        "error: many.yml:6:1: document 2: register repository.Plugin at [SERVER]: ALREADY_EXISTS\n\
         cause: p0001 is there\n\
         hint: use the verb update, or `spacectl plugin apply -f FILE` for a plugin\n\
         error: many.yml:14:1: document 4: register repository.Plugin at [SERVER]: ALREADY_EXISTS\n\
         cause: p0003 is there\n\
         registered 3, rejected 2, not sent 4\n"
    );
    assert_eq!(desk.came().len(), 5);
}

/// Refuses some of the plugins, each with a status of its own.
fn choosy() -> Server {
    Server::start(Api::generation2(), |call: &Call| match call.request["name"].as_str().unwrap() {
        "p0002" => vec![Err(Status::invalid_argument("ERROR_A: a"))],
        "p0003" => vec![Err(Status::already_exists("ERROR_B: b"))],
        name => vec![Ok(json!({ "plugin_id": name }))],
    })
}

#[test]
fn with_keep_going_all_are_sent_and_the_first_refusal_is_the_exit_code() {
    let (user, server) = (user_with(30), choosy());
    let run = user.run(&format!("--endpoint {} {REGISTER} --keep-going", server.url()));
    assert_eq!((run.status, run.stdout.clone()), (Some(67), ids(0..2) + &ids(4..30)), "{run}");
    assert_eq!(
        placeless(&run.stderr, &server.url()),
        "error: many.yml:10:1: document 3: register repository.Plugin at [SERVER]: INVALID_ARGUMENT\n\
         cause: ERROR_A: a\n\
         error: many.yml:14:1: document 4: register repository.Plugin at [SERVER]: ALREADY_EXISTS\n\
         cause: ERROR_B: b\n\
         hint: use the verb update, or `spacectl plugin apply -f FILE` for a plugin\n\
         registered 28, rejected 2\n"
    );
    assert_eq!(server.calls().len(), 30);
}

#[test]
fn refusals_as_json_are_one_object() {
    let (user, server) = (user_with(30), choosy());
    let run = user.run(&format!("--endpoint {} --error-format json {REGISTER} --keep-going", server.url()));
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(run.status, Some(67));
    let error = &told["error"];
    assert_eq!((&error["code"], &error["exit_code"]), (&json!("INVALID_ARGUMENT"), &json!(67)));
    assert!(error["message"].as_str().unwrap().starts_with("document 3: register"), "{run}");
    assert_eq!(error["location"], json!({"source": "many.yml", "line": 10, "column": 1}));
    let more = error["more"].as_array().unwrap();
    assert_eq!(
        (more.len(), &more[0]["code"], &more[0]["causes"]),
        (1, &json!("ALREADY_EXISTS"), &json!(["ERROR_B: b"]))
    );
    assert_eq!(told["notes"], json!(["registered 28, rejected 2"]));
}

#[test]
fn who_wants_to_hear_of_errors_alone_hears_how_far_it_came_where_not_all_is_done() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    user.file("many.yml", &documents(0..3));
    assert_eq!(user.run(&format!("{REGISTER} -q")).quiet_success(), ids(0..3));
    let again = user.run(&format!("{REGISTER} -q"));
    assert!(again.stderr.ends_with("\nregistered 0, rejected 1, not sent 2\n"), "{again}");
}

#[test]
fn the_summary_speaks_of_what_was_done() {
    let user = Spacectl::local();
    user.file("many.yml", &documents(0..2));
    user.run(REGISTER).success();
    user.file("both.yml", "plugin_id: p0000\n---\nplugin_id: p0001\n");
    for (verb, summary) in [
        ("update", "updated 2\n"),
        ("disable", "disabled 2\n"),
        ("enable", "enabled 2\n"),
        ("get", "done 2\n"),
        ("deregister", "deregistered 2\n"),
    ] {
        assert_eq!(user.run(&format!("exec {verb} plugin -f both.yml")).stderr, summary, "{verb}");
    }
}

#[test]
fn what_has_no_answer_is_counted_apart() {
    let (user, desk) = (user_with(4), Desk::new());
    let url = desk.server.url();
    let mut running = start(&user, &url, &["--parallel", "2", "--timeout", "4s", "--keep-going"]);
    desk.wait_for(2);
    desk.refuse(&id(1));
    desk.wait_for(3);
    desk.accept(&id(2));
    desk.wait_for(4);
    desk.accept(&id(3));
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(68), "p0002\np0003\n"));
    assert!(running.err.starts_with("error: many.yml:2:1: document 1: register"), "{}", running.err);
    assert!(
        running.err.ends_with(
            "\nregistered 2, rejected 1, unknown 1\n\
             hint: check what is there before sending it again: the service may have done what is unknown\n"
        ),
        "{}",
        running.err
    );
}

/// A run through a wire, one of its 30 documents answered and three in flight.
struct Wired {
    desk: Desk,
    wire: Wire,
    running: Running,
    // Removed with it.
    _user: Spacectl,
}

fn wired_run() -> Wired {
    let (user, desk) = (user_with(30), Desk::new());
    let wire = Wire::to(desk.server.port());
    let mut running = start(&user, &wire.url(), &["--parallel", "3", "--keep-going"]);
    desk.wait_for(3);
    desk.accept(&id(0));
    running.wait_for(&id(0));
    desk.wait_for(4);
    Wired { desk, wire, running, _user: user }
}

#[test]
fn a_connection_that_breaks_ends_the_run_whatever_is_to_go_on() {
    let Wired { desk, wire, mut running, _user } = wired_run();
    wire.cut();
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(78), "p0000\n"));
    let err = placeless(&running.err, &wire.url());
    let told =
        |n: usize| format!("error: {}: document {n}: register repository.Plugin at [SERVER]: UNAVAILABLE\n", place(n));
    for n in 2..=4 {
        assert!(err.contains(&told(n)), "{err}");
    }
    assert_eq!(err.matches("error: ").count(), 3, "three were in flight: {err}");
    assert!(err.contains("\nregistered 1, unknown 3, not sent 26\nhint: check what"), "{err}");
    assert_eq!(desk.came().len(), 4);
}

#[test]
fn a_relay_whose_service_has_died_ends_the_run_whatever_is_to_go_on() {
    let Wired { desk, wire, mut running, _user } = wired_run();
    wire.lose_server();
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(78), "p0000\n"));
    assert!(running.err.contains("\nregistered 1, unknown 3, not sent 26\n"), "{}", running.err);
    assert_eq!(running.err.matches("error: ").count(), 3, "{}", running.err);
    let advice = "hint: wait until the service is back: it is away or restarting\n";
    assert_eq!(running.err.matches(advice).count(), 1, "what to do is said once: {}", running.err);
    assert_eq!(desk.came().len(), 4);
}

/// Answers the fourth plugin so, and every other as asked.
fn but_one(status: Status) -> Server {
    Server::start(Api::generation2(), move |call: &Call| match call.request["name"].as_str().unwrap() {
        "p0003" => vec![Err(status.clone())],
        name => vec![Ok(json!({ "plugin_id": name }))],
    })
}

#[test]
fn keep_going_goes_on_behind_a_refusal_and_behind_nothing_else() {
    for (code, is_refusal) in [
        (Code::AlreadyExists, true),
        (Code::Unauthenticated, true),
        (Code::Internal, true),
        (Code::Unknown, true),
        (Code::ResourceExhausted, true),
        // Of these nobody knows who says so, and what was done before.
        (Code::Unavailable, false),
        (Code::DeadlineExceeded, false),
        (Code::Cancelled, false),
    ] {
        let (user, server) = (user_with(9), but_one(Status::new(code, "x")));
        let run = user.run(&format!("--endpoint {} {REGISTER} --keep-going --parallel 1", server.url()));
        let (sent, summary) = match is_refusal {
            true => (9, "\nregistered 8, rejected 1\n"),
            false => (4, "\nregistered 3, unknown 1, not sent 5\nhint: check what is there"),
        };
        assert_eq!((run.status, server.calls().len()), (Some(64 + code as i32), sent), "{run}");
        assert!(run.stderr.contains(summary), "{run}");
    }
}

/// An answer in gRPC: its headers, its body, and its trailers if it has any.
fn answer(headers: &[(&str, &str)], body: &[u8], trailers: Option<&[(&str, &str)]>) -> http::Response<Body> {
    let fields = |fields: &[(&str, &str)]| -> HeaderMap {
        fields.iter().map(|(name, value)| (name.parse::<HeaderName>().unwrap(), value.parse().unwrap())).collect()
    };
    let trailers = trailers.map(fields);
    let body = Full::new(Bytes::copy_from_slice(body));
    let mut response = http::Response::new(match trailers {
        Some(trailers) => Body::new(body.with_trailers(async { Some(Ok(trailers)) })),
        None => Body::new(body),
    });
    *response.headers_mut() = fields(headers);
    response.headers_mut().entry("content-type").or_insert("application/grpc".parse().unwrap());
    response
}

/// Registers twelve plugins that are all answered alike.
fn register_at(more: &str, answer: impl Fn() -> http::Response<Body> + Send + Sync + 'static) -> Run {
    let (user, server) = (user_with(12), Server::raw(Api::generation2(), answer));
    user.run(&format!("--endpoint {} {REGISTER} --keep-going{more}", server.url()))
}

/// How many documents the summary counts under `word`.
fn counted_as(word: &str, run: &Run) -> usize {
    let line = run.stderr.lines().find(|line| line.starts_with("registered ")).unwrap_or_default();
    let count = line.split(", ").find_map(|part| part.strip_prefix(word));
    count.map_or(0, |count| count.trim().parse().unwrap())
}

const DONE: Option<&[(&str, &str)]> = Some(&[("grpc-status", "0")]);
/// A message without bytes.
const EMPTY: &[u8] = &[0; 5];

#[test]
fn an_answer_that_cannot_be_read_tells_nothing_of_what_was_done() {
    type Make = fn() -> http::Response<Body>;
    let http_as = |content_type: &'static str, status: u16| {
        move || {
            let mut response = answer(&[("content-type", content_type)], b"<title>x</title>", None);
            *response.status_mut() = http::StatusCode::from_u16(status).unwrap();
            response
        }
    };
    let http = |status| http_as("text/html", status);
    let answers: [(&str, Make); 15] = [
        ("no message", || answer(&[], &[], DONE)),
        ("a status alone", || answer(&[("grpc-status", "0")], &[], None)),
        ("no trailers", || answer(&[], EMPTY, None)),
        ("no status in the trailers", || answer(&[], EMPTY, Some(&[("x", "y")]))),
        ("no number for a status", || answer(&[], EMPTY, Some(&[("grpc-status", "fine")]))),
        ("a message that is cut", || answer(&[], &[0, 0, 0, 0, 9, 1], DONE)),
        ("a message that is cut, and no trailers", || answer(&[], &[0, 0, 0, 0, 9, 1], None)),
        ("a message that is too large", || answer(&[], &[0, 255, 255, 255, 255, 1], DONE)),
        ("a flag that says nothing", || answer(&[], &[7, 0, 0, 0, 0], DONE)),
        ("a flag without an encoding", || answer(&[], &[1, 0, 0, 0, 0], DONE)),
        ("an unknown encoding", || answer(&[("grpc-encoding", "zstd")], &[1, 0, 0, 0, 0], DONE)),
        ("bytes that are no message", || answer(&[], &[0, 0, 0, 0, 2, 255, 255], DONE)),
        ("an answer that the service cannot send", || {
            answer(&[("grpc-status", "8"), ("grpc-message", "Sent message larger than max (9 vs. 4)")], &[], None)
        }),
        ("an answer that the service cannot serialize", || {
            answer(&[("grpc-status", "13"), ("grpc-message", "Failed to serialize response!")], &[], None)
        }),
        ("a status that a proxy made of its own failure", || {
            let mut response = answer(&[("grpc-status", "13")], &[], None);
            *response.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            response
        }),
    ];
    let runs = answers.map(|(what, answer)| (what.to_owned(), register_at("", answer)));
    let pages =
        [200, 303, 408, 499, 500, 502, 504, 520, 524].map(|code| (format!("HTTP {code}"), register_at("", http(code))));
    for (what, run) in runs.iter().chain(&pages) {
        // The first answer may come before the last document is sent, which then is not.
        let (unknown, unsent) = (counted_as("unknown", run), counted_as("not sent", run));
        assert!(unknown > 0 && unknown + unsent == 12 && run.status != Some(0), "{what}: {run}");
        assert!(run.stderr.contains("\nregistered 0, unknown "), "{what}: {run}");
        assert!(
            run.stderr.contains(
                "\nhint: check what is there before sending it again: the service may have done what is unknown"
            ),
            "{what}: {run}"
        );
        assert!(run.stderr.matches("check what is there").count() >= 2, "{what}: {run}");
    }
    for code in [301, 400, 403, 404, 413] {
        let run = register_at("", http(code));
        assert!(run.stderr.ends_with("\nregistered 0, rejected 12\n"), "HTTP {code}: {run}");
    }
    let run = register_at("", http_as("application/grpc", 403));
    assert!(run.stderr.ends_with("\nregistered 0, rejected 12\n"), "{run}");
    let run = register_at("", || answer(&[], &[], Some(&[("grpc-status", "13")])));
    assert!(run.stderr.ends_with("\nregistered 0, rejected 12\n"), "{run}");
}

#[test]
fn an_answer_that_cannot_be_read_ends_the_sending() {
    for (code, bytes) in [(77, &[][..]), (1, &[0, 0, 0, 0, 2, 255, 255])] {
        let run = register_at(" --parallel 1", move || answer(&[], bytes, DONE));
        assert_eq!(run.status, Some(code), "{run}");
        assert!(run.stderr.contains("\nregistered 0, unknown 1, not sent 11\nhint: check what is there"), "{run}");
    }
}

#[test]
fn a_single_document_that_is_left_without_an_answer_is_told_of() {
    let (user, desk) = (user_with(1), Desk::new());
    let mut running = start(&user, &desk.server.url(), &[]);
    desk.wait_for(1);
    running.signal("TERM");
    assert_eq!(running.end(), End::Signal(15));
    assert!(running.err.contains("left without an answer: check what is there"), "{}", running.err);
}

#[test]
fn each_outcome_has_its_word_in_json() {
    let server = Server::raw(Api::generation2(), || answer(&[], &[], DONE));
    let run = user_with(1).run(&format!("--endpoint {} --error-format json {REGISTER}", server.url()));
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!((&told["error"]["code"], &told["error"]["outcome"]), (&json!("INTERNAL"), &json!("unknown")), "{run}");
    let run = user_with(2).run(&format!("--endpoint {} --error-format json plugin disable a b", server.url()));
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    let look = "check what is there before sending it again: the service may have done it";
    assert_eq!(
        (&told["error"]["outcome"], &told["error"]["hints"]),
        (&json!("unknown"), &json!([look, "done before it: 0 of 2; not sent: 1"])),
        "{run}"
    );
    let server = choosy();
    let run = user_with(4).run(&format!("--endpoint {} --error-format json {REGISTER}", server.url()));
    let told: Value = serde_json::from_str(&run.stderr).unwrap();
    assert_eq!(told["error"]["outcome"], "rejected", "{run}");
}

#[test]
fn of_two_updates_of_one_plugin_the_later_wins() {
    let (user, desk) = (Spacectl::new(), Desk::new());
    let of = |name: &str, n: usize| format!("---\nplugin_id: {name}\nname: n{n}\n");
    user.file("many.yml", &[of("a", 1), of("b", 1), of("a", 2), of("a", 3), of("c", 1)].concat());
    let url = desk.server.url();
    let update = ["--endpoint", &url, "exec", "update", "plugin", "-f", "many.yml", "-c", "plugin_id", "-o", "quiet"];
    let mut running = Running::start(&user, &update);
    desk.wait_for(2);
    desk.accept("b");
    desk.accept("a");
    running.wait_for("b");
    desk.wait_for(3);
    assert_eq!(desk.open(), ["a"], "what is behind it waits with it");
    desk.accept("a");
    desk.wait_for(5);
    assert_eq!(desk.open(), ["a", "c"]);
    desk.accept("c");
    desk.accept("a");
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(0), "a\nb\na\na\nc\n"));
}

#[test]
fn registrations_of_one_plugin_follow_each_other() {
    let (user, desk) = (Spacectl::new(), Desk::new());
    let of = |image: &str, more: &str| format!("---\nname: {image}\nresource_type: a.B\nimage: {image}\n{more}");
    let documents =
        [of("x/a", ""), of("x/b", ""), of("x/z", "plugin_id: a\n"), of("y/w/a", ""), of("x/c", "plugin_id: ''\n")];
    user.file("many.yml", &documents.concat());
    let mut running = start(&user, &desk.server.url(), &[]);
    desk.wait_for(2);
    desk.accept("b");
    desk.accept("a");
    running.wait_for("b");
    desk.wait_for(3);
    assert_eq!(desk.open(), ["a"], "the id is given, and the image of the next one gives it");
    desk.accept("a");
    desk.wait_for(5);
    assert_eq!(desk.open(), ["a", "c"]);
    desk.accept("c");
    desk.accept("a");
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(0), "a\nb\na\na\nc\n"));
    assert_eq!(desk.most(), 2);
}

#[test]
fn the_last_of_many_updates_is_what_a_service_has() {
    let user = Spacectl::local();
    user.file("many.yml", &documents(0..3));
    user.run(REGISTER).success();
    let update = |n: usize| format!("---\nplugin_id: {}\nname: name {n}\n", id(n % 3));
    user.file("updates.yml", &(0..120).map(update).collect::<String>());
    let mut serving = Running::start(&user, &["local", "serve", "--listen", "127.0.0.1:0"]);
    let url = url_of(&mut serving);
    for place in [String::new(), format!("--endpoint {url} ")] {
        let run = user.run(&format!("{place}exec update plugin -f updates.yml --parallel 64"));
        assert_eq!(run.stderr, "updated 120\n");
        let names = user.run("list plugin -c name -s plugin_id -o quiet").quiet_success();
        assert_eq!(names, "name 117\nname 118\nname 119\n");
        user.run("exec update plugin -p plugin_id=p0000 -p name=x").success();
    }
}

fn url_of(serving: &mut Running) -> String {
    serving.wait_for("grpc://");
    serving.out.trim().rsplit(' ').next().unwrap().to_owned()
}

#[test]
fn the_first_signal_ends_the_sending_and_waits_for_what_is_in_flight() {
    for (name, shown, end) in
        [("INT", "Ctrl-C", End::Exit(130)), ("TERM", "SIGTERM", End::Signal(15)), ("HUP", "SIGHUP", End::Signal(1))]
    {
        let (user, desk) = (user_with(30), Desk::new());
        let mut running = start(&user, &desk.server.url(), &["--parallel", "3"]);
        desk.wait_for(3);
        running.signal(name).wait_for("in flight");
        desk.accept(&id(2));
        desk.accept(&id(0));
        running.wait_for(&id(0));
        desk.accept(&id(1));
        assert_eq!((running.end(), running.out.as_str()), (end, ids(0..3).as_str()), "{name}");
        let told = format!(
            "note: {shown}: waiting for 3 requests in flight; {shown} again aborts\nregistered 3, not sent 27\n\
             note: to send the rest, run `spacectl exec register repository.Plugin --endpoint {}",
            desk.server.url()
        );
        assert!(running.err.starts_with(&told), "{name}: {}", running.err);
        assert!(
            running.err.ends_with(" --parallel 3 -c plugin_id -o quiet --keep-going`\n"),
            "{name}: {}",
            running.err
        );
        assert_eq!(desk.came().len(), 3, "{name}");
    }
}

#[test]
fn the_second_signal_ends_at_once_with_all_that_is_known() {
    let (user, desk) = (user_with(30), Desk::new());
    let mut running = start(&user, &desk.server.url(), &["--parallel", "14", "--keep-going"]);
    desk.wait_for(14);
    running.interrupt().wait_for("in flight");
    desk.accept(&id(5));
    desk.accept(&id(1));
    desk.refuse(&id(9));
    desk.accept(&id(0));
    // What stands behind a document without an answer is known when those before it are.
    running.wait_for(&id(1)).interrupt();
    assert_eq!((running.end(), running.out.as_str()), (End::Exit(130), "p0000\np0001\np0005\n"));
    let told = running.err.split_once('\n').unwrap().1;
    assert!(told.starts_with("error: many.yml:38:1: document 10: register"), "{told}");
    let left = [3, 4, 5, 7, 8, 9, 11, 12].map(place).join(", ");
    assert!(
        told.contains(&format!(
            "\nwarning: left without an answer: {left} and 2 more\nregistered 3, rejected 1, unknown 10, not sent 16\n\
             hint: check what is there before sending it again: the service may have done what is unknown\n\
             note: to send the rest, run `spacectl exec register "
        )),
        "{told}"
    );
}

/// How often each line stands in the texts.
fn counted(texts: &[&str]) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    texts.iter().flat_map(|text| text.lines()).for_each(|line| *counted.entry(line.to_owned()).or_default() += 1);
    counted
}

/// Interrupts a registration of hundreds at `place`, of which `wait` has seen the beginning, and runs it again.
fn interrupted_and_run_again(user: &Spacectl, place: &[&str], count: usize) {
    let words: Vec<&str> = REGISTER.split(' ').collect();
    let mut running = Running::start(user, &[place, &words[..]].concat());
    running.wait_for(&id(3)).interrupt();
    let end = running.end();
    let line = format!("{} {REGISTER} --keep-going", place.join(" "));
    let again = user.run(&line);
    assert!(again.status == Some(70) && end == End::Exit(130), "{end:?} {}{again}", running.err);
    let there = user.run("list plugin -c plugin_id -o quiet").quiet_success();
    let once: BTreeMap<String, usize> = (0..count).map(|n| (id(n), 1)).collect();
    assert_eq!(counted(&[&there]), once);
    assert_eq!(counted(&[&running.out, &again.stdout]), once);
    // Both say what they have done.
    let (before, after) = (running.out.lines().count(), again.stdout.lines().count());
    assert!(before < count, "it was not interrupted in the middle");
    let summary = format!(
        "registered {before}, not sent {}\nnote: to send the rest, run `spacectl exec register ",
        count - before
    );
    assert!(running.err.contains(&summary), "{}", running.err);
    assert!(again.stderr.ends_with(&format!("\nregistered {after}, rejected {before}\n")), "{again}");
}

#[test]
fn interrupted_and_run_again_nothing_is_lost_or_doubled_in_this_process() {
    let user = Spacectl::local();
    user.run("list plugin").success();
    user.file("many.yml", &documents(0..3000));
    interrupted_and_run_again(&user, &[], 3000);
}

#[test]
fn interrupted_and_run_again_nothing_is_lost_or_doubled_at_a_server() {
    let user = Spacectl::local();
    user.file("many.yml", &documents(0..1000));
    let mut serving = Running::start(&user, &["local", "serve", "--listen", "127.0.0.1:0"]);
    let url = url_of(&mut serving);
    interrupted_and_run_again(&user, &["--endpoint", &url], 1000);
}

#[test]
fn killed_in_the_middle_and_run_again_nothing_is_doubled() {
    let user = Spacectl::local();
    user.file("many.yml", &documents(0..1000));
    let mut serving = Running::start(&user, &["local", "serve", "--listen", "127.0.0.1:0"]);
    let url = url_of(&mut serving);
    for place in [vec![], vec!["--endpoint", &url]] {
        let words: Vec<&str> = REGISTER.split(' ').collect();
        let mut running = Running::start(&user, &[&place[..], &words].concat());
        running.wait_for(&id(3)).kill();
        assert_eq!(running.end(), End::Signal(9));
        let again = user.run(&format!("{} {REGISTER} --keep-going", place.join(" ")));
        assert_eq!(again.status, Some(70), "{again}");
        let there = user.run("list plugin -c plugin_id -o quiet").quiet_success();
        assert_eq!(counted(&[&there]), (0..1000).map(|n| (id(n), 1)).collect());
        // What was registered when it was killed and not told yet is told by no run.
        let told = counted(&[&running.out, &again.stdout]);
        assert!(told.values().all(|count| *count == 1), "{told:?}");
        user.file("ids.yml", &(0..1000).map(|n| format!("---\nplugin_id: {}\n", id(n))).collect::<String>());
        assert_eq!(user.run("exec deregister plugin -f ids.yml").stderr, "deregistered 1000\n");
    }
}

#[test]
fn an_answer_that_cannot_be_written_ends_the_sending() {
    let (user, desk) = (user_with(9), Desk::new());
    let mut command = user.command();
    let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
    command.args(["--endpoint", &desk.server.url()]).args(REGISTER.split(' ')).args(["--parallel", "2"]);
    let child = command.stdout(full).stderr(std::process::Stdio::piped()).spawn().unwrap();
    desk.wait_for(2);
    desk.accept(&id(0));
    // The next is sent before the answer is written.
    desk.wait_for(3);
    desk.accept(&id(1));
    desk.accept(&id(2));
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(err.starts_with("error: cannot write the output\n"), "{err}");
    assert!(err.ends_with("\nregistered 3, not sent 6\n"), "{err}");
    assert_eq!(desk.came().len(), 3);
}

const STREAMS: &str = r#"
    syntax = "proto3";
    package spaceone.api.lab.v1;
    message Text { string text = 1; }
    service Feed { rpc follow(Text) returns (stream Text); }"#;

/// Says what it is asked twice, and breaks off at "b".
fn feed() -> Server {
    Server::start(Api::inline(STREAMS), |call: &Call| {
        let text = || Ok(call.request.clone());
        if call.request["text"] == "b" { vec![text(), Err(Status::aborted("enough"))] } else { vec![text(), text()] }
    })
}

#[test]
fn with_keep_going_each_stream_is_followed_for_its_time() {
    let open = std::sync::Mutex::new(Vec::new());
    let server = Server::arriving(Api::inline(STREAMS), move |call| {
        let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
        sender.send(Ok(call.request.clone())).unwrap();
        open.lock().unwrap().push(sender);
        receiver
    });
    let user = Spacectl::new();
    user.file("many.yml", "text: a\n---\ntext: b\n");
    let follow = "exec follow lab.Feed -f many.yml -o quiet --timeout 500ms --keep-going";
    let run = user.run(&format!("--endpoint {} {follow}", server.url()));
    assert_eq!((run.status, run.stdout.as_str()), (Some(68), "a\nb\n"), "{run}");
}

#[test]
fn a_signal_among_streams_is_accounted_for() {
    for (name, end) in [("INT", End::Exit(130)), ("TERM", End::Signal(15)), ("QUIT", End::Signal(3))] {
        let open = std::sync::Mutex::new(Vec::new());
        let server = Server::arriving(Api::inline(STREAMS), move |call| {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            sender.send(Ok(call.request.clone())).unwrap();
            if call.request["text"] == "b" {
                open.lock().unwrap().push(sender);
            }
            receiver
        });
        let user = Spacectl::new();
        user.file("many.yml", "text: a\n---\ntext: b\n---\ntext: c\n");
        let args = ["--endpoint", &server.url(), "exec", "follow", "lab.Feed", "-f", "many.yml", "-o", "quiet"];
        let mut running = Running::start(&user, &args);
        running.wait_for("b\n").signal(name);
        assert_eq!((running.end(), running.out.as_str()), (end, "a\nb\n"), "{name}");
        assert!(running.err.starts_with("done 1, unknown 1, not sent 1\n"), "{}", running.err);
    }
}

fn follow(more: &str) -> (Run, Server) {
    let (user, server) = (Spacectl::new(), feed());
    user.file("many.yml", "text: a\n---\ntext: b\n---\ntext: c\n");
    let run = user.run(&format!("--endpoint {} exec follow lab.Feed -f many.yml -o quiet{more}", server.url()));
    (run, server)
}

#[test]
fn streams_are_followed_one_after_the_other() {
    let (run, server) = follow("");
    assert_eq!((run.status, run.stdout.as_str(), server.calls().len()), (Some(74), "a\na\nb\n", 2), "{run}");
    assert!(run.stderr.starts_with("error: many.yml:3:1: document 2: follow lab.Feed"), "{run}");
    assert!(run.stderr.ends_with("\ndone 1, rejected 1, not sent 1\n"), "{run}");
    let (run, server) = follow(" --keep-going");
    assert_eq!((run.status, run.stdout.as_str(), server.calls().len()), (Some(74), "a\na\nb\nc\nc\n", 3), "{run}");
    assert!(run.stderr.ends_with("\ndone 2, rejected 1\n"), "{run}");
}
