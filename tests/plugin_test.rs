//! `plugin test` against plugins that answer well, badly, or not at all.

mod support;

use std::net::TcpListener;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use support::{Answer, Api, Call, End, Running, Server, Spacectl};
use tonic::{Code, Status};

const SECRET: &str = "not-for-any-log-4711";

fn one(answer: Value) -> Answer {
    vec![Ok(answer)]
}

fn refused(code: Code, text: &str) -> Answer {
    vec![Err(Status::new(code, text))]
}

fn region(code: &str) -> Value {
    json!({
        "state": "SUCCESS",
        "resource_type": "inventory.Region",
        "match_rules": {"1": ["region_code", "provider"]},
        "resource": {"name": "Seoul", "region_code": code, "provider": "aws"},
    })
}

/// A collector with two tasks, which refuses requests without what the library requires.
fn good_collector(call: &Call) -> Answer {
    let needed: &[&str] = match call.method.as_str() {
        "init" => &["options"],
        "collect" => &["options", "secret_data", "filter"],
        _ => &["options", "secret_data"],
    };
    if let Some(missing) = needed.iter().find(|name| call.request.get(**name).is_none()) {
        let text = format!("ERROR_REQUIRED_PARAMETER: Required parameter. (key = {missing})");
        return refused(Code::InvalidArgument, &text);
    }
    match call.method.as_str() {
        "init" => one(json!({"metadata": {
            "supported_resource_type": ["inventory.Region"], "supported_features": ["garbage_collection"],
            "supported_schedules": ["hours"], "filter_format": [], "options_schema": {},
        }})),
        "get_tasks" => one(json!({"tasks": [{"task_options": {"n": 1}}, {"task_options": {"n": 2}}]})),
        "collect" => (0..3).map(|n| Ok(region(&format!("{}-{n}", call.request["task_options"]["n"])))).collect(),
        _ => one(json!({})),
    }
}

fn good_webhook(call: &Call) -> Answer {
    match call.method.as_str() {
        "init" => one(json!({"metadata": {}})),
        "parse" => one(json!({"results": [{
            "event_key": call.request["data"]["id"], "event_type": "ALERT", "title": "disk full",
            "severity": "ERROR", "occurred_at": "2026-01-02T03:04:05Z",
        }]})),
        _ => one(json!({})),
    }
}

fn collector(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(Api::plugin("collector"), handler)
}

fn webhook(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Server {
    Server::start(Api::plugin("webhook"), handler)
}

fn test(server: &Server, options: &str) -> String {
    format!("plugin test --endpoint {} {options}", server.url())
}

/// A port on which nothing listens, and which the system gives to nobody who asks for any.
fn free_port() -> u16 {
    std::iter::repeat_with(|| fastrand::u16(20_000..32_000))
        .find(|port| TcpListener::bind(("127.0.0.1", *port)).is_ok())
        .unwrap()
}

/// Not a test: the plugin that others start, in the way that a variable says.
#[test]
fn runs_as_a_plugin() {
    let Ok(way) = std::env::var("TEST_PLUGIN") else { return };
    let port: u16 = std::env::var("TEST_PLUGIN_PORT").unwrap().parse().unwrap();
    assert!(std::env::var("SPACECTL_API_KEY").is_err(), "a plugin gets no key");
    eprintln!("starting as {way}");
    let api = || Api::plugin("collector");
    let _server = match way.as_str() {
        "good" => Server::on_port(port, api(), good_collector),
        "with-child" => {
            let leave = "sleep 1000 </dev/null >/dev/null 2>&1 & echo $! >child.pid";
            assert!(std::process::Command::new("sh").args(["-c", leave]).status().unwrap().success());
            Server::on_port(port, api(), good_collector)
        }
        "hangs" => Server::on_port(port, api(), |call| {
            if call.method == "verify" {
                std::fs::write("verifying", "").unwrap();
                std::thread::sleep(Duration::from_secs(1_000));
            }
            good_collector(call)
        }),
        "streams" => {
            let open = std::sync::Mutex::new(Vec::new());
            Server::arriving_on(port, api(), move |call| {
                let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
                good_collector(call).into_iter().take(2).for_each(|answer| sender.send(answer).unwrap());
                if call.method == "collect" {
                    open.lock().unwrap().push(sender);
                }
                receiver
            })
        }
        "dies" => Server::arriving_on(port, api(), |call| {
            let (sender, receiver) = tokio::sync::mpsc::unbounded_channel();
            if call.method != "collect" {
                good_collector(call).into_iter().for_each(|answer| sender.send(answer).unwrap());
                return receiver;
            }
            (0..2).for_each(|n| sender.send(Ok(region(&n.to_string()))).unwrap());
            std::thread::spawn(move || {
                // Both messages are on their way by then, and the stream is still open.
                std::thread::sleep(Duration::from_secs(1));
                std::process::exit(if sender.is_closed() { 9 } else { 3 });
            });
            receiver
        }),
        "tells-secrets" => Server::on_port(port, api(), |call| {
            if call.method == "collect" {
                println!("using {}", call.request["secret_data"]["login"]);
                return refused(Code::Internal, &format!("ERROR_UNKNOWN: no such login {SECRET}"));
            }
            good_collector(call)
        }),
        "other-port" => Server::start(api(), good_collector),
        "ends" => {
            println!("cannot import app");
            std::process::exit(7);
        }
        "never-listens" => collector(|_| vec![]),
        other => panic!("{other}"),
    };
    std::thread::sleep(Duration::from_secs(1_000));
}

/// A user whose plugin is started in this way, and the arguments for that.
fn starting(way: &str) -> (Spacectl, String) {
    let port = free_port();
    let user = Spacectl::new()
        .variable("TEST_PLUGIN", way)
        .variable("TEST_PLUGIN_PORT", &port.to_string())
        .variable("SPACECTL_API_KEY", "a-key-that-no-plugin-gets");
    let program = std::env::current_exe().unwrap();
    let command = format!("{} --exact runs_as_a_plugin --nocapture", program.display());
    (user, format!("plugin test --port {port} --exec '{command}'"))
}

#[test]
fn a_good_collector_is_called_in_the_platforms_order_and_has_no_finding() {
    let server = collector(good_collector);
    let run = Spacectl::new().run(&test(&server, ""));
    assert_eq!(run.status, Some(0), "{run}");
    let calls: Vec<(String, Value)> = server.calls().into_iter().map(|call| (call.method, call.request)).collect();
    let empty = json!({"options": {}, "secret_data": {}});
    let task = |n: u8| json!({"options": {}, "secret_data": {}, "filter": {}, "task_options": {"n": n}});
    let expected = [
        ("init".to_owned(), json!({"options": {}})),
        ("verify".to_owned(), empty.clone()),
        ("get_tasks".to_owned(), empty),
        ("collect".to_owned(), task(1)),
        ("collect".to_owned(), task(2)),
    ];
    assert_eq!(calls, expected);
    assert!(server.calls().iter().all(|call| !call.metadata.contains_key("token")));
    for part in ["Collector.init", "Collector.collect", "ok       6 messages", "inventory.Region", "SUCCESS"] {
        assert!(run.stdout.contains(part), "{part}: {run}");
    }
}

#[test]
fn a_plugin_is_started_and_ended_with_all_that_it_started() {
    let (user, line) = starting("with-child");
    let run = user.run(&line);
    assert_eq!(run.status, Some(0), "{run}");
    assert!(run.stdout.contains("6 messages") && !run.stderr.contains("starting as"), "{run}");
    let child = std::fs::read_to_string(user.path("child.pid")).unwrap();
    assert!(has_ended(child.trim()), "the plugin's child runs on: {child}");
}

/// Whether a process has ended, or is one that nobody has waited for.
fn has_ended(pid: &str) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/stat"));
    status.map_or(true, |status| status.rsplit(')').next().unwrap().trim_start().starts_with('Z'))
}

#[test]
fn a_signal_ends_the_plugin_with_all_that_it_started() {
    for (signal, end) in [("INT", End::Exit(130)), ("TERM", End::Signal(15))] {
        let (user, line) = starting("hangs");
        let words = shlex_words(&line);
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let mut running = Running::start(&user, &words);
        running.wait_for("Collector.init");
        running.signal(signal);
        assert_eq!(running.end(), end);
        assert!(!listens(&line), "{signal}: the plugin runs on");
    }
}

#[test]
fn an_interrupted_test_reports_what_ran_before_in_every_format() {
    let text = "Collector.verify          interrupted  by Ctrl-C (";
    let json = r#""interrupted": "Collector.verify""#;
    let junit = r#"name="Collector.verify" time="0."#;
    let github = "::error title=interrupted::Collector.verify was interrupted by Ctrl-C\n";
    for (output, part) in [("text", text), ("json", json), ("junit", junit), ("github", github)] {
        let (user, line) = starting("hangs");
        user.file("secret.json", "{}");
        let mut words = shlex_words(&line);
        words.extend(["-o", output, "--secret-data", "secret.json", "--record", "golden"].map(str::to_owned));
        let mut running = Running::start(&user, &words.iter().map(String::as_str).collect::<Vec<_>>());
        let give_up = Instant::now() + Duration::from_secs(60);
        while !user.path("verifying").exists() {
            assert!(Instant::now() < give_up, "{}", running.err);
            std::thread::sleep(Duration::from_millis(10));
        }
        running.interrupt();
        assert_eq!(running.end(), End::Exit(130), "{output}: {}", running.err);
        assert!(running.out.contains(part), "{output}: {}", running.out);
        let warning = "warning: interrupted during Collector.verify: the report is incomplete; nothing was recorded\n";
        assert!(running.err.ends_with(warning) && !running.err.contains("starting as"), "{}", running.err);
        assert!(!listens(&line) && std::fs::read_dir(user.path("golden")).unwrap().next().is_none());
        if output == "json" {
            let report: Value = serde_json::from_str(&running.out).unwrap();
            let outcomes: Vec<&Value> =
                report["steps"].as_array().unwrap().iter().map(|step| &step["outcome"]).collect();
            assert_eq!(outcomes, ["ok", "interrupted", "skipped", "skipped"], "{report}");
        }
        if output == "junit" {
            let part = r#"<error type="interrupted" message="interrupted by Ctrl-C"/>"#;
            assert!(
                running.out.contains(part) && running.out.contains(r#"failures="0" errors="1""#),
                "{}",
                running.out
            );
        }
    }
}

#[test]
fn an_interrupted_stream_counts_its_messages_and_an_interrupted_start_is_reported() {
    let (user, line) = starting("streams");
    let words = shlex_words(&line);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut running = Running::start(&user, &words);
    running.wait_for("Job.get_tasks");
    std::thread::sleep(Duration::from_millis(500));
    running.signal("TERM");
    assert_eq!(running.end(), End::Signal(15));
    for part in [
        "Collector.collect         interrupted  by SIGTERM after 2 messages (",
        "inventory.Region | SUCCESS |       2 |",
    ] {
        assert!(running.out.contains(part), "{part}: {}", running.out);
    }
    let (user, line) = starting("other-port");
    let mut words = shlex_words(&line);
    words.extend(["-o", "json"].map(str::to_owned));
    let mut running = Running::start(&user, &words.iter().map(String::as_str).collect::<Vec<_>>());
    let port = line.split(' ').nth(3).unwrap();
    std::thread::sleep(Duration::from_secs(1));
    running.interrupt();
    assert_eq!(running.end(), End::Exit(130), "{port}");
    let report: Value = serde_json::from_str(&running.out).unwrap();
    assert_eq!((&report["interrupted"], &report["steps"]), (&json!("the start of the plugin"), &json!([])), "{report}");
}

fn shlex_words(line: &str) -> Vec<String> {
    let (before, command) = line.split_once(" --exec ").unwrap();
    before.split(' ').chain(["--exec", command.trim_matches('\'')]).map(str::to_owned).collect()
}

fn listens(line: &str) -> bool {
    let port: u16 = line.split(' ').nth(3).unwrap().parse().unwrap();
    std::net::TcpStream::connect(("127.0.0.1", port)).is_ok()
}

#[test]
fn each_bad_day_ends_in_time_with_the_step_named() {
    for (way, options, rule, parts) in [
        ("hangs", "--timeout 2s", "step-timeout", &["Collector.verify", "no answer within 2s", "not called after"][..]),
        ("dies", "", "died", &["Collector.collect", "exit status 3", "2 messages"]),
        ("ends", "", "died", &["exit status 7"]),
        ("other-port", "--start-timeout 2s", "start-failed", &["port", "nothing listens there", "--port"]),
    ] {
        let (user, line) = starting(way);
        let begun = Instant::now();
        let run = user.run(&format!("{line} {options}"));
        assert!(begun.elapsed() < Duration::from_secs(60), "{way}: {run}");
        assert_eq!(run.status, Some(1), "{way}: {run}");
        assert!(run.stdout.contains(&format!("error[{rule}]")), "{way}: {run}");
        for part in parts {
            assert!(run.stdout.contains(part), "{way}: {part}: {run}");
        }
        assert!(run.stderr.contains(&format!("starting as {way}")), "its log is shown: {run}");
        assert!(!listens(&line), "{way}: the plugin runs on");
    }
}

#[test]
fn a_port_that_is_in_use_is_refused_before_anything_is_started() {
    let server = collector(good_collector);
    let (user, _) = starting("good");
    let run = user.run(&format!("plugin test --exec true --port {}", server.port()));
    assert_eq!(run.status, Some(1), "{run}");
    assert!(run.stderr.contains("is in use") && server.calls().is_empty(), "{run}");
}

#[test]
fn two_tests_do_not_share_a_port() {
    let (user, line) = starting("hangs");
    let words = shlex_words(&line);
    let mut running = Running::start(&user, &words.iter().map(String::as_str).collect::<Vec<_>>());
    running.wait_for("Collector.init");
    let second = user.run(&line);
    let part = "is in use by another `plugin test`";
    assert!(second.status == Some(1) && second.stderr.contains(part), "{second}");
    running.signal("TERM");
    running.end();
}

#[test]
fn secrets_are_in_no_output_and_no_file() {
    let (user, line) = starting("tells-secrets");
    user.file("secret.json", &json!({"login": SECRET}).to_string());
    for output in ["text", "json", "junit", "github"] {
        let run = user.run(&format!("{line} --secret-data secret.json --record answers -o {output}"));
        assert_eq!(run.status, Some(64 + 13), "the plugin's refusal is the only error: {run}");
        assert!(run.stderr.contains("chmod 600"), "{run}");
        for text in [&run.stdout, &run.stderr] {
            assert!(!text.contains(SECRET), "{run}");
        }
        assert!(run.stderr.contains("using") && run.stdout.contains("********"), "{run}");
    }
    for file in std::fs::read_dir(user.path("answers")).unwrap() {
        assert!(!std::fs::read_to_string(file.unwrap().path()).unwrap().contains(SECRET));
    }
}

#[test]
fn secrets_that_are_keys_or_numbers_are_in_no_recorded_answer() {
    let server = webhook(|call| match call.method.as_str() {
        "init" => one(json!({"metadata": {SECRET: 1, "pin": 47114712, "port": 4711}})),
        _ => good_webhook(call),
    });
    let user = Spacectl::new();
    user.file("secret.json", &json!({"login": SECRET, "pin": 47114712}).to_string());
    user.run(&test(&server, "--secret-data secret.json --record answers"));
    let recorded = std::fs::read_to_string(user.path("answers/init.jsonl")).unwrap();
    assert!(recorded.contains("\"port\":4711") && recorded.contains("\"pin\":\"********\""), "{recorded}");
    assert!(!recorded.contains(SECRET) && !recorded.contains("47114712"), "{recorded}");
}

#[test]
fn a_refusal_without_input_is_no_finding() {
    let server = collector(|call| match call.method.as_str() {
        "verify" | "collect" => refused(
            Code::InvalidArgument,
            "ERROR_REQUIRED_PARAMETER: Required parameter. (key = secret_data.access_key)",
        ),
        _ => good_collector(call),
    });
    let run = Spacectl::new().run(&test(&server, ""));
    assert_eq!(run.status, Some(0), "{run}");
    assert!(run.stdout.contains("skipped  needs input (--secret-data)"), "{run}");
    let user = Spacectl::new();
    user.file("secret.yml", "access_key: x\n");
    let run = user.run(&test(&server, "--secret-data secret.yml"));
    assert_eq!(run.status, Some(64 + 3), "{run}");
}

#[test]
fn a_stream_is_read_up_to_a_limit() {
    let server = collector(|call| match call.method.as_str() {
        "collect" => (0..100_000).map(|n| Ok(region(&n.to_string()))).collect(),
        "get_tasks" => one(json!({})),
        _ => good_collector(call),
    });
    let run = Spacectl::new().run(&test(&server, "--limit 7"));
    assert!(
        run.status == Some(0) && run.stdout.contains("7 messages") && run.stdout.contains(", stopped by --limit"),
        "{run}"
    );
}

#[test]
fn each_data_case_is_parsed_twice_and_held_against_its_expectation() {
    let server = webhook(good_webhook);
    let user = Spacectl::new();
    user.file("data/a.json", r#"{"id": "k1"}"#).file("data/b.yml", "id: k2\n").file("data/notes.txt", "x");
    let run = user.run(&test(&server, "--data data"));
    assert_eq!(run.status, Some(0), "{run}");
    let parsed: Vec<Value> = server
        .calls()
        .into_iter()
        .filter(|call| call.method == "parse")
        .map(|c| c.request["data"]["id"].clone())
        .collect();
    assert_eq!(parsed, ["k1", "k1", "k2", "k2"]);
    assert!(run.stdout.contains("Event.parse a ") && run.stdout.contains("Event.parse b "), "{run}");
    user.file(
        "plugin-test.toml",
        "resource_type = 'monitoring.Webhook'\n[options]\nx = 1\n[[data]]\nname = 'disk'\nfile = 'data/a.json'\n\
         expect = {results = [{event_key = 'k1', severity = 'ERROR'}]}\n[[data]]\nfile = 'data/b.yml'\n\
         expect = {results = [{event_key = 'k3'}]}\n[expect.init]\nmetadata = {}\n",
    );
    let run = user.run(&test(&server, ""));
    assert_eq!(run.status, Some(1), "{run}");
    for part in [
        "Event.parse disk          ok",
        "Event.parse b             failed",
        "error[expectation]: Event.parse b: results[0].event_key: expected \"k3\", found \"k2\"",
    ] {
        assert!(run.stdout.contains(part), "{part}: {run}");
    }
    assert_eq!(server.calls().last().unwrap().request["options"], json!({"x": 1}));
    let junit = user.run(&test(&server, "-o junit")).stdout;
    let failed: Vec<&str> = junit.lines().filter(|line| line.contains("<failure")).collect();
    assert!(matches!(failed[..], [only] if only.contains("name=\"Event.parse b\"")), "{junit}");
    user.file(
        "plugin-test.toml",
        "[[data]]\nfile = 'data/a.json'\n[expect.parse]\nresults = [{event_key = 'k1', title = ''}]\n",
    );
    let run = user.run(&test(&server, ""));
    assert!(
        run.status == Some(1) && run.stdout.contains("a: results[0].title: expected \"\", found \"disk full\""),
        "{run}"
    );
    for name in ["pase", "collect"] {
        user.file("plugin-test.toml", &format!("[expect.{name}]\nmetadata = {{}}\n"));
        let before = server.calls().len();
        let run = user.run(&test(&server, ""));
        assert!(run.status == Some(2) && run.stderr.contains(&format!("expect.{name}")), "{run}");
        assert!(run.stderr.contains("parse"), "{run}");
        assert_eq!(server.calls().len(), before);
    }
}

#[test]
fn settings_that_cannot_be_are_refused_with_their_place() {
    let server = webhook(good_webhook);
    let user = Spacectl::new();
    for (text, part) in [
        ("exec = 1\n", "plugin-test.toml:1:8"),
        ("\nexe = 'x'\n", "plugin-test.toml:2:1"),
        ("timeout = 'soon'\n", "not a duration"),
        ("port = 0\n", "plugin-test.toml:1:8"),
        ("allow = ['no-such']\n", "unknown rule no-such"),
        ("resource_type = 'x.Y'\n", "inventory.Collector"),
        ("port = 'hunter2\"'\n", "plugin-test.toml:1:8"),
        ("[[data]]\nfile = 'gone.json'\n", "gone.json"),
    ] {
        user.file("plugin-test.toml", text);
        let run = user.run(&test(&server, ""));
        assert!(matches!(run.status, Some(1 | 2)) && run.stderr.contains(part), "{text}: {run}");
        assert_eq!(server.calls().len(), 0, "{text}");
        assert!(!run.stderr.contains("hunter2"), "{run}");
    }
    user.file("plugin-test.toml", "").file("data/a b.json", "{}").file("data/A_b.json", "{}");
    let run = user.run(&test(&server, "--data data"));
    assert!(run.status == Some(2) && run.stderr.contains("would be recorded in one file"), "{run}");
}

#[test]
fn a_failure_is_not_hidden_by_a_later_refusal() {
    let needs_options = || refused(Code::InvalidArgument, "ERROR_REQUIRED_PARAMETER: x (key = options.region)");
    let user = Spacectl::new();
    user.file("secret.yml", "access_key: x\n");
    let server = collector(move |call| match call.request["task_options"]["n"].as_f64() {
        Some(1.0) if call.method == "collect" => refused(Code::Internal, "ERROR_QUOTA: no quota left"),
        Some(2.0) if call.method == "collect" => needs_options(),
        _ => good_collector(call),
    });
    let run = user.run(&test(&server, "--secret-data secret.yml"));
    assert!(run.stdout.contains("Collector.collect         failed   INTERNAL: ERROR_QUOTA"), "{run}");
    let server = collector(move |call| match call.request["task_options"]["n"].as_f64() {
        Some(1.0) if call.method == "collect" => one(json!({"state": "SUCCESS", "resource_type": "x.Y"})),
        Some(2.0) if call.method == "collect" => needs_options(),
        _ => good_collector(call),
    });
    let run = user.run(&test(&server, "--secret-data secret.yml -o junit"));
    assert!(run.stdout.contains("<failure") && !run.stdout.contains("<skipped"), "{run}");
}

#[test]
fn no_text_of_a_plugin_begins_a_line() {
    let server = collector(|call| match call.method.as_str() {
        "collect" => one(json!({
            "state": "FAILURE", "resource_type": "::stop-commands::x", "message": "::stop-commands::y ##[add-mask]a",
        })),
        _ => good_collector(call),
    });
    let run = Spacectl::new().run(&test(&server, ""));
    assert!(run.stdout.contains("::stop-commands::x") && run.stdout.contains("::stop-commands::y"), "{run}");
    assert!(run.stdout.lines().all(|line| !line.trim_start().starts_with("::")), "{run}");
    for output in ["text", "json", "junit", "github"] {
        let run = Spacectl::new().run(&test(&server, &format!("-o {output}")));
        assert!(run.stdout.contains("add-mask]a") && !run.stdout.contains("##["), "{run}");
        if output == "json" {
            let report: Value = serde_json::from_str(&run.stdout).unwrap();
            assert_eq!(report["collected"][0]["messages"][0], "::stop-commands::y ##[add-mask]a");
        }
    }
    let (user, line) = starting("ends");
    let run = user.run(&line);
    assert!(run.stderr.contains("\n| cannot import app\n"), "{run}");
}

#[test]
fn wrong_command_lines_are_refused() {
    let user = Spacectl::new();
    for (line, part) in [
        ("plugin test", "--exec COMMAND"),
        ("plugin test --exec 'a' --endpoint grpc://x:1", "running already"),
        ("plugin test --exec 'a' --image b", "cannot be used with"),
        ("plugin test --port 9000 --endpoint grpc://x:1", "omit --port"),
        ("plugin test -e local --exec a", "--environment"),
        ("plugin test --endpoint grpc://x:1 -r inventory.Colector", "resource types are"),
        ("plugin test --explain event-keys", "event-key"),
        ("plugin test --exec a --options '[1]'", "[1]"),
        ("plugin test --exec a --options '[]'", "a JSON object"),
        ("plugin test --exec a --options 'a: 1'", "a JSON object"),
        ("plugin test --exec a --options '{\"a\": }'", "--options:1:7"),
        ("plugin test --exec a --secret-data '{\"a\": \"x-y-z\"}'", "--secret-data takes a file"),
        ("plugin test --exec ''", "--exec"),
    ] {
        let run = user.run(line);
        assert!(matches!(run.status, Some(1 | 2)) && run.stderr.contains(part), "{line}: {run}");
        assert!(!run.stderr.contains("x-y-z"), "{run}");
    }
    for command in ["cd src && python app.py", "NAME=1 no-such-program-here"] {
        let run = user.run(&format!("plugin test --port {} --exec '{command}'", free_port()));
        assert!(run.status == Some(1) && run.stderr.contains("sh -c '...'"), "{run}");
    }
    let missing = user.run("plugin test --exec no-such-program-here --port 1");
    assert!(
        missing.status == Some(1) && missing.stderr.contains("check that no-such-program-here is installed"),
        "{missing}"
    );
}

#[test]
fn every_format_has_the_steps_and_the_findings() {
    let server = collector(|call| match call.method.as_str() {
        "collect" => vec![Ok(json!({"state": "SUCCESS", "resource_type": "inventory.<Server>", "resource": {}}))],
        _ => good_collector(call),
    });
    let user = Spacectl::new();
    let json: Value = serde_json::from_str(&user.run(&test(&server, "-o json")).stdout).unwrap();
    assert_eq!(json["plugin"]["resource_type"], "inventory.Collector");
    assert_eq!(json["steps"][3]["step"], "Collector.collect");
    assert_eq!((&json["steps"][3]["messages"], &json["collected"][0]["count"]), (&json!(2), &json!(2)));
    assert_eq!(json["findings"][1]["rule"], "resource-type", "{json}");
    assert_eq!(json["summary"], json!({"errors": 1, "warnings": 0, "infos": 1}));
    let junit = user.run(&test(&server, "-o junit"));
    for part in ["<testsuite name=", "name=\"Collector.collect\"", "<failure type=\"resource-type\"", "&lt;Server&gt;"]
    {
        assert!(junit.stdout.contains(part), "{part}: {junit}");
    }
    let github = user.run(&test(&server, "-o github"));
    assert!(github.stdout.contains("::error title=resource-type%3A Collector.collect"), "{github}");
    assert!(github.stderr.contains("plugin test --explain resource-type to see"), "{github}");
    let allowed = user.run(&test(&server, "--allow resource-type"));
    assert_eq!(allowed.status, Some(0), "{allowed}");
}

#[test]
fn recorded_answers_tell_what_changed() {
    let name = std::sync::Arc::new(std::sync::Mutex::new("Seoul".to_owned()));
    let current = std::sync::Arc::clone(&name);
    let server = collector(move |call| {
        let mut answer = good_collector(call);
        if call.method == "collect" {
            answer.reverse();
            let name = current.lock().unwrap().clone();
            answer.iter_mut().for_each(|message| message.as_mut().unwrap()["resource"]["name"] = name.clone().into());
        }
        answer
    });
    let user = Spacectl::new();
    user.run(&test(&server, "--record golden")).success();
    let recorded = std::fs::read_to_string(user.path("golden/collect.jsonl")).unwrap();
    assert_eq!(recorded.lines().count(), 6);
    let same = user.run(&test(&server, "--compare golden"));
    assert_eq!(same.status, Some(0), "{same}");
    "Busan".clone_into(&mut name.lock().unwrap());
    let changed = user.run(&test(&server, "--compare golden"));
    assert_eq!(changed.status, Some(1), "{changed}");
    let line = r#"changed: collect.jsonl: inventory.Region 1-0: resource.name: "Seoul" -> "Busan""#;
    assert!(changed.stdout.contains(line), "{changed}");
    user.file("plugin-test.toml", "[compare]\nignore = ['resource.name']\n");
    let ignored = user.run(&test(&server, "--compare golden"));
    assert_eq!(ignored.status, Some(0), "{ignored}");
    let nowhere = user.run(&test(&server, "--compare no-such"));
    assert!(nowhere.status == Some(1) && nowhere.stderr.contains("--record"), "{nowhere}");
    assert_eq!(nowhere.stdout, "", "nothing was called");
    user.file("golden/collect.jsonl", "no JSON\n");
    let unreadable = user.run(&test(&server, "--compare golden"));
    assert!(unreadable.status == Some(1) && unreadable.stderr.contains("golden/collect.jsonl"), "{unreadable}");
    assert!(unreadable.stdout.contains("inventory.Region"), "the report is written: {unreadable}");
}

#[test]
fn changed_resources_are_named() {
    let run = std::sync::Arc::new(std::sync::Mutex::new(0));
    let current = std::sync::Arc::clone(&run);
    let service = |number: usize, cpus: usize| {
        json!({
            "state": "SUCCESS", "resource_type": "inventory.CloudService", "match_rules": {"1": ["name"]},
            "resource": {
                "name": "same", "provider": "aws", "cloud_service_group": "EC2", "cloud_service_type": "Instance",
                "reference": {"resource_id": format!("i-{number:03}")}, "data": {"cpus": cpus},
            },
        })
    };
    let server = collector(move |call| match (call.method.as_str(), *current.lock().unwrap()) {
        ("collect", 0) => (0..70).map(|number| Ok(service(number, 4))).collect(),
        ("collect", _) => (63..130).rev().map(|number| Ok(service(number, if number < 65 { 8 } else { 4 }))).collect(),
        ("get_tasks", _) => one(json!({})),
        _ => good_collector(call),
    });
    let user = Spacectl::new();
    user.run(&test(&server, "--record golden")).success();
    *run.lock().unwrap() = 1;
    let changed = user.run(&test(&server, "--compare golden --allow resource-duplicate"));
    let lines: Vec<&str> = changed.stdout.lines().filter(|line| line.starts_with("changed: ")).collect();
    let named = |numbers: [usize; 5]| numbers.map(|number| format!("inventory.CloudService i-{number:03}")).join(", ");
    let expected = [
        "inventory.CloudService i-063: resource.data.cpus: 4 -> 8".to_owned(),
        "inventory.CloudService i-064: resource.data.cpus: 4 -> 8".to_owned(),
        format!("60 answers added: {} and 55 more", named([70, 71, 72, 73, 74])),
        format!("63 answers removed: {} and 58 more", named([0, 1, 2, 3, 4])),
    ];
    assert_eq!(lines, expected.map(|line| format!("changed: collect.jsonl: {line}")), "{changed}");
}

#[test]
fn the_log_is_shown_only_where_a_step_failed() {
    let (user, line) = starting("good");
    user.file("golden/init.jsonl", "{}\n");
    let run = user.run(&format!("{line} --compare golden"));
    assert!(run.status == Some(1) && run.stdout.contains("changed: init.jsonl: metadata: added"), "{run}");
    assert!(!run.stderr.contains("the plugin's last output"), "{run}");
}

#[test]
fn a_collect_without_resources_is_noted_if_there_is_a_secret() {
    let server = collector(|call| match call.method.as_str() {
        "collect" => vec![],
        _ => good_collector(call),
    });
    let user = Spacectl::new();
    user.file("secret.yml", "access_key: x\n");
    let run = user.run(&test(&server, "--secret-data secret.yml --strict-collect"));
    assert!(run.status == Some(0) && run.stderr.ends_with("1 info; 3 steps answered\n"), "{run}");
    let line = "info[collect-empty]: Collector.collect: no resources came, so none was checked\n";
    assert!(run.stdout.contains(line), "{run}");
    let run = user.run(&test(&server, ""));
    assert!(run.status == Some(0) && !run.stdout.contains("collect-empty"), "{run}");
}

#[test]
fn a_step_that_fails_leaves_its_recorded_answers() {
    let server = collector(|call| match call.request["task_options"]["n"].as_f64() {
        Some(2.0) if call.method == "collect" => refused(Code::Internal, "ERROR_QUOTA: no quota left"),
        _ => good_collector(call),
    });
    let user = Spacectl::new();
    user.file("golden/collect.jsonl", "{}\n").file("secret.yml", "access_key: x\n");
    let run = user.run(&test(&server, "--record golden --secret-data secret.yml"));
    assert!(run.stderr.contains("golden/collect.jsonl is not written") && run.stderr.contains("3 files"), "{run}");
    assert_eq!(std::fs::read_to_string(user.path("golden/collect.jsonl")).unwrap(), "{}\n");
    let good = collector(good_collector);
    user.run(&test(&good, "--record golden --limit 2")).success();
    assert_eq!(std::fs::read_to_string(user.path("golden/collect.jsonl")).unwrap().lines().count(), 4);
}

#[test]
fn a_message_is_dispatched_only_if_that_is_asked_for() {
    let server = Server::start(Api::plugin("protocol"), |call| match call.method.as_str() {
        "init" => one(json!({"metadata": {"data_type": "SECRET", "data": {"schema": {
            "type": "object", "properties": {"token": {"type": "string", "title": "Token"}}, "required": ["token"],
        }}}})),
        _ => one(json!({})),
    });
    let user = Spacectl::new();
    user.file("message.yml", "mesage: {title: hello}\n");
    let run = user.run(&test(&server, "--data message.yml --dispatch"));
    assert!(run.status == Some(2) && run.stderr.contains("did you mean message?"), "{run}");
    assert_eq!(server.calls().len(), 0);
    user.file("message.yml", "message: {title: hello}\nchannel_data: {room: a}\n");
    let run = user.run(&test(&server, "--data message.yml"));
    assert!(run.status == Some(0) && run.stdout.contains("needs --dispatch"), "{run}");
    assert!(server.calls().iter().all(|call| call.method != "dispatch"));
    let run = user.run(&test(&server, "--data message.yml --dispatch"));
    assert_eq!(run.status, Some(0), "{run}");
    let expected = json!({
        "options": {}, "message": {"title": "hello"}, "notification_type": "INFO", "secret_data": {},
        "channel_data": {"room": "a"},
    });
    assert_eq!(server.calls().last().unwrap().request, expected);
    user.file(
        "plugin-test.toml",
        "[[data]]\nfile = 'message.yml'\nexpect = {no_such = 1}\n[expect.dispatch]\nno_such = ''\n",
    );
    let run = user.run(&test(&server, "--dispatch"));
    assert!(run.status == Some(1) && run.stdout.contains("message: no_such: expected 1, found nothing"), "{run}");
}

#[test]
fn options_filter_and_schema_go_where_they_belong() {
    let server = collector(good_collector);
    let user = Spacectl::new();
    user.file("settings/mine.toml", "resource_type = 'inventory.Collector'\n[options]\nby = 'file'\n");
    user.file("filter.yml", "region_code: a\n");
    let options =
        r#"--config settings/mine.toml --filter filter.yml --options '{"by": "flag"}' --schema aws -H 'x-tenant: a'"#;
    let run = user.run(&test(&server, options));
    assert_eq!(run.status, Some(0), "{run}");
    let calls = server.calls();
    assert!(calls.iter().all(|call| call.request["options"] == json!({"by": "flag"})), "{run}");
    assert_eq!(calls.last().unwrap().request["filter"], json!({"region_code": "a"}));
    assert!(calls.iter().all(|call| call.metadata["x-tenant"] == "a"), "{run}");
    // No message of a collector has a schema.
    assert!(calls.iter().all(|call| call.request.get("schema").is_none()));
    let slow = collector(|call| {
        if call.method == "verify" {
            std::thread::sleep(Duration::from_secs(2));
        }
        good_collector(call)
    });
    user.file("slow.toml", "timeout = '1s'\n");
    for (option, status) in [("", 1), ("--timeout 180s", 0)] {
        let run = user.run(&test(&slow, &format!("--config slow.toml {option}")));
        assert_eq!(run.status, Some(status), "{run}");
    }
    let missing = user.run(&test(&server, "--config no-such.toml"));
    assert!(missing.status == Some(1) && missing.stderr.contains("no-such.toml"), "{missing}");
}

/// A docker that runs the plugin itself, and writes down what it was asked to do.
#[test]
fn an_image_is_run_on_a_free_port_and_its_container_is_removed() {
    for (way, status, option, inner) in [("good", 0, "--port 9000", 9000), ("ends", 1, "", 50051)] {
        let (user, _) = starting(way);
        let program = std::env::current_exe().unwrap();
        let docker = format!(
            "#!/bin/sh\necho \"$@\" >>asked\n[ \"$1\" = run ] || exit 0\nport=${{6#127.0.0.1:}}\n\
             export TEST_PLUGIN_PORT=${{port%:*}}\nexec {} --exact runs_as_a_plugin --nocapture\n",
            program.display()
        );
        user.file("bin/docker", &docker);
        let path = user.path("bin/docker");
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let line = format!("plugin test --image x/plugin-a:1.0 --builder {} {option}", path.display());
        let run = user.run_with(&[("PATH", "/usr/bin:/bin")], &line);
        assert_eq!(run.status, Some(status), "{run}");
        let asked = std::fs::read_to_string(user.path("asked")).unwrap();
        let (asked, name) = (Vec::from_iter(asked.lines()), asked.split(' ').nth(3).unwrap());
        assert!(asked[0].starts_with("run --rm --name spacectl-plugin-test-"), "{asked:?}");
        assert!(asked[0].ends_with(&format!(":{inner} -- x/plugin-a:1.0")), "{asked:?}");
        assert_eq!(asked.last(), Some(&&*format!("rm --force {name}")));
    }
    let podman = Spacectl::new();
    podman.file("podman", "#!/bin/sh\n[ \"$1\" = run ] || exit 0\nexit 125\n");
    let path = podman.path("podman");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = podman.run(&format!("plugin test --image a --builder {}", path.display()));
    assert!(run.status == Some(1) && run.stdout.contains("podman failed to run the image"), "{run}");
    let buildah = Spacectl::new();
    buildah.file("buildah", "#!/bin/sh\n");
    let path = buildah.path("buildah");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let run = buildah.run(&format!("plugin test --image a --builder {}", path.display()));
    assert!(run.status == Some(1) && run.stderr.contains("buildah runs no images"), "{run}");
}

#[test]
fn an_interrupted_test_of_an_image_removes_its_container() {
    let (user, _) = starting("hangs");
    let program = std::env::current_exe().unwrap();
    let docker = format!(
        "#!/bin/sh\necho \"$@\" >>asked\n[ \"$1\" = run ] || exit 0\nport=${{6#127.0.0.1:}}\n\
         export TEST_PLUGIN_PORT=${{port%:*}}\n{} --exact runs_as_a_plugin --nocapture\n",
        program.display()
    );
    user.file("docker", &docker);
    std::fs::set_permissions(user.path("docker"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let mut running = Running::start(&user, &["plugin", "test", "--image", "x/plugin-a:1.0", "--builder", "./docker"]);
    running.wait_for("Collector.init").signal("TERM");
    assert_eq!(running.end(), End::Signal(15), "{}", running.err);
    assert!(running.out.contains("Collector.verify          interrupted  by SIGTERM"), "{}", running.out);
    let asked = std::fs::read_to_string(user.path("asked")).unwrap();
    let name = asked.split(' ').nth(3).unwrap();
    assert_eq!(asked.lines().last(), Some(&*format!("rm --force {name}")), "{asked}");
}

#[test]
fn an_image_is_tested_before_it_is_pushed() {
    let (user, _) = starting("good");
    let program = std::env::current_exe().unwrap();
    let docker = format!(
        "#!/bin/sh\necho $1 >>asked\n[ \"$1\" = run ] || exit 0\nport=${{6#127.0.0.1:}}\n\
         export TEST_PLUGIN_PORT=${{port%:50051}}\nexec {} --exact runs_as_a_plugin --nocapture\n",
        program.display()
    );
    user.file("docker", &docker).file("Dockerfile", "FROM scratch\n");
    std::fs::set_permissions(user.path("docker"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let registry = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = registry.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in registry.incoming() {
            let (mut stream, mut head) = (stream.unwrap(), [0; 4_096]);
            let _ = std::io::Read::read(&mut stream, &mut head);
            let (header, body) = match &head[..4] {
                b"HEAD" => (format!("Docker-Content-Digest: sha256:{}", "a".repeat(64)), ""),
                _ => ("Content-Type: application/json".to_owned(), r#"{"tags": ["1.0"]}"#),
            };
            let length = body.len();
            let answer =
                format!("HTTP/1.1 200 OK\r\n{header}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            let _ = std::io::Write::write_all(&mut stream, answer.as_bytes());
        }
    });
    user.run(&format!("config set registry {address} -e local")).success();
    user.file("plugin.yml", "name: x\nresource_type: inventory.Collector\nimage: a/plugin-x\n");
    let line = "plugin publish -f plugin.yml --tag 1.0 --builder ./docker --test -e local -H 'x-for-the-service: a'";
    let run = user.run_with(&[("PATH", "/usr/bin:/bin")], line);
    assert_eq!(run.status, Some(0), "{run}");
    assert_eq!(std::fs::read_to_string(user.path("asked")).unwrap(), "build\nrun\nrm\npush\n");
    assert!(run.stderr.contains("6 messages") && !run.stdout.contains("Collector.collect"), "{run}");
}

#[test]
fn a_spec_says_what_is_tested_and_is_compared_with_it() {
    let server = webhook(good_webhook);
    let user = Spacectl::new();
    user.file("plugin.yml", "name: x\nresource_type: inventory.Collector\nimage: a/b\n");
    let run = user.run(&test(&server, "-f plugin.yml"));
    assert!(run.status == Some(1) && run.stdout.contains("error[service-missing]"), "{run}");
    let run = user.run(&test(&server, "-f plugin.yml -r monitoring.Webhook --error-format json"));
    assert_eq!(run.status, Some(0), "{run}");
}

#[test]
fn a_domain_is_sent_where_the_library_requires_one() {
    let server = Server::start(Api::plugin("cost"), |call| match call.method.as_str() {
        _ if call.request.get("domain_id").is_none() => refused(Code::InvalidArgument, "ERROR_REQUIRED_PARAMETER: x"),
        "init" => one(json!({"metadata": {
            "currency": "USD", "supported_secret_types": ["MANUAL"], "data_source_rules": [],
            "use_account_routing": true, "account_match_key": "additional_info.account",
        }})),
        "get_linked_accounts" => one(json!({"results": [{"account_id": "a1", "name": "one"}]})),
        "get_tasks" => one(json!({"tasks": [{"task_options": {"m": 1}}], "changed": [{"start": "2026-01"}]})),
        "get_data" => one(json!({"results": [{"cost": 1.5, "billed_date": "2026-01-01"}]})),
        _ => one(json!({})),
    });
    let run = Spacectl::new().run(&test(&server, "--domain-id domain-x --schema monthly"));
    assert_eq!(run.status, Some(0), "{run}");
    let calls = server.calls();
    assert!(calls.iter().all(|call| call.request["domain_id"] == "domain-x"), "{run}");
    assert!(calls.iter().filter(|call| call.method == "verify").all(|call| call.request["schema"] == "monthly"));
    let tasks = calls.iter().find(|call| call.method == "get_tasks").unwrap();
    assert_eq!(tasks.request["linked_accounts"], json!([{"account_id": "a1", "name": "one"}]));
}
