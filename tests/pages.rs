//! `list --page-size`, and lists that one message cannot hold.

mod support;

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use support::{Answer, Api, Call, End, Reflection, Running, Server, Spacectl};
use tokio::sync::mpsc::unbounded_channel;
use tonic::Status;

/// The rows that a call asks for, out of so many, as the platform's services answer.
fn page(call: &Call, count: usize, row: impl Fn(usize) -> Value) -> Value {
    let number = |key: &str| call.request["query"]["page"][key].as_u64().unwrap_or(0) as usize;
    let start = number("start").max(1) - 1;
    let end = if number("limit") == 0 { count } else { count.min(start + number("limit")) };
    let results: Vec<Value> = (start..end).map(row).collect();
    json!({"results": results, "total_count": count})
}

fn plugin(number: usize) -> Value {
    json!({"plugin_id": format!("plugin-{number}"), "name": format!("이름, {number}"), "labels": ["a"],
           "tags": {"n": number}, "state": if number.is_multiple_of(2) { "ENABLED" } else { "DISABLED" }})
}

fn plugins(count: usize) -> Server {
    Server::start(Api::generation2(), move |call| -> Answer { vec![Ok(page(call, count, plugin))] })
}

/// The parts that a server was asked for: the first row, where it was not the first of all, and how many.
fn parts(server: &Server) -> Vec<Value> {
    server.calls().iter().map(|call| call.request["query"]["page"].clone()).collect()
}

#[test]
fn every_format_shows_the_same_rows_page_by_page() {
    let server = plugins(10);
    let user = Spacectl::new();
    let list =
        |rest: &str| user.run(&format!("--endpoint {} list repository.Plugin {rest}", server.url())).quiet_success();
    for columns in ["", "-a", "-c plugin_id", "-c name|Name,tags.n,labels"] {
        for format in ["table", "json", "jsonl", "yaml", "csv", "markdown", "name", "quiet"] {
            // Quiet has one column, and without columns csv has those of the rows' type: that is for a test of its own.
            if (matches!(format, "name" | "quiet") && columns.contains(','))
                || (format == "csv" && !columns.starts_with("-c"))
            {
                continue;
            }
            let whole = list(&format!("{columns} -o {format}"));
            for size in [1, 3, 5, 10, 11] {
                assert_eq!(
                    list(&format!("{columns} -o {format} --page-size {size}")),
                    whole,
                    "{columns} {format} {size}"
                );
            }
        }
    }
    let csv = list("-o csv --page-size 4");
    let mut lines = csv.lines();
    assert!(lines.next().unwrap().starts_with("plugin_id,name,state,resource_type,"), "{csv}");
    assert_eq!(lines.map(|line| line.split(',').next().unwrap()).filter(|id| id.starts_with("plugin-")).count(), 10);
}

#[test]
fn no_page_is_asked_for_that_is_known_to_be_empty() {
    let server = plugins(6);
    let user = Spacectl::new();
    let list = |rest: &str| {
        let before = server.calls().len();
        user.run(&format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet {rest}", server.url()))
            .quiet_success();
        parts(&server).split_off(before)
    };
    assert_eq!(list("--page-size 3"), [json!({"limit": 3}), json!({"start": 4, "limit": 3})]);
    assert_eq!(list("--page-size 6"), [json!({"limit": 6})]);
    assert_eq!(list("--page-size 100"), [json!({"limit": 100})]);
    // Not more than were asked for, and no page of none.
    assert_eq!(list("--page-size 2 -l 3"), [json!({"limit": 2}), json!({"start": 3, "limit": 1})]);
    assert_eq!(list("--page-size 2 -l 4"), [json!({"limit": 2}), json!({"start": 3, "limit": 2})]);
    assert_eq!(list("--page-size 4 -l 2"), [json!({"limit": 2})]);
}

/// Asked for in pages or at once, it is the same rows.
#[test]
fn a_page_of_the_request_itself_is_where_its_pages_begin_and_end() {
    let server = plugins(10);
    let user = Spacectl::new();
    let list = |rest: &str| {
        let before = server.calls().len();
        let line = format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet {rest}", server.url());
        let ids = user.run(&line).quiet_success();
        (
            ids.lines().map(|id| id.replace("plugin-", "")).collect::<Vec<_>>().join(" "),
            parts(&server).split_off(before),
        )
    };
    let part = |start: u32, limit: u32| json!({"start": start, "limit": limit});
    for (page, rows, asked) in [
        ("-p query.page.limit=3", "0 1 2", vec![json!({"limit": 2}), part(3, 1)]),
        ("-p query.page.start=7 -p query.page.limit=4", "6 7 8 9", vec![part(7, 2), part(9, 2)]),
        ("-p query.page.start=9 -p query.page.limit=4", "8 9", vec![part(9, 2)]),
        ("-p query.page.start=7", "6 7 8 9", vec![part(7, 2), part(9, 2)]),
        (r#"-j {"query":{"page":{"start":2,"limit":1}}}"#, "1", vec![part(2, 1)]),
        // Nobody's answer has rows behind the last.
        ("-p query.page.start=11 -p query.page.limit=4", "", vec![part(11, 2)]),
    ] {
        assert_eq!(list(page).0, rows, "{page}");
        assert_eq!(list(&format!("{page} --page-size 2")), (rows.to_owned(), asked), "{page}");
    }
    // What is typed for it outranks it, as everywhere.
    assert_eq!(list("-p query.page.start=7 -l 2 --page-size 4"), ("0 1".to_owned(), vec![json!({"limit": 2})]));
    let line = format!("--endpoint {} list repository.Plugin --page-size 2 -p query.page=x", server.url());
    let run = user.run(&line);
    assert_eq!((run.status, run.stdout.as_str()), (Some(2), ""), "{run}");
    assert!(run.stderr.contains("query.page"), "{run}");
}

#[test]
fn a_service_that_does_not_count_is_asked_until_a_page_is_not_full() {
    let server = Server::start(Api::generation2(), |call| {
        let mut answer = page(call, 4, plugin);
        answer.as_object_mut().unwrap().remove("total_count");
        vec![Ok(answer)]
    });
    let user = Spacectl::new();
    let list = |size: u32| {
        let line = format!("--endpoint {} list plugin -c plugin_id -o quiet --page-size {size}", server.url());
        user.run(&line).quiet_success().lines().count()
    };
    assert_eq!((list(3), server.calls().len()), (4, 2));
    assert_eq!((list(2), server.calls().len()), (4, 5));
}

#[test]
fn a_service_that_gives_fewer_rows_than_asked_for_is_asked_for_the_rest() {
    let server = Server::start(Api::generation2(), |call| {
        let mut answer = page(call, 5, plugin);
        answer["results"].as_array_mut().unwrap().truncate(2);
        vec![Ok(answer)]
    });
    let user = Spacectl::new();
    let line = format!("--endpoint {} list plugin -c plugin_id -o quiet --page-size 4", server.url());
    let ids = user.run(&line).quiet_success();
    assert_eq!(ids.lines().collect::<Vec<_>>(), (0..5).map(|n| format!("plugin-{n}")).collect::<Vec<_>>());
}

#[test]
fn a_service_that_knows_no_pages_is_asked_once() {
    let all = |_: &Call| vec![Ok(json!({"results": (0..5).map(plugin).collect::<Vec<_>>()}))];
    let server = Server::start(Api::generation2(), all);
    let user = Spacectl::new();
    let list =
        |resource: &str| user.run(&format!("--endpoint {} list {resource} -o jsonl --page-size 2", server.url()));
    assert_eq!(list("repository.Plugin").quiet_success().lines().count(), 5);
    assert_eq!(server.calls().len(), 1);
    // Its requests have no page to ask for.
    let server = Server::start(Api::generation2(), |_| vec![Ok(json!({"results": [{"name": "a"}]}))]);
    let run = user.run(&format!("--endpoint {} list repository.Repository -o jsonl --page-size 2", server.url()));
    assert_eq!(run.stdout, "{\"name\":\"a\"}\n");
    assert_eq!(run.stderr, "note: repository.Repository does not support paging: requesting all rows at once\n");
}

/// The first page is on standard output before the second has come.
#[test]
fn the_first_page_is_printed_at_once() {
    for (format, first) in [("csv", "plugin_id\nplugin-0\nplugin-1\n"), ("quiet", "plugin-0\nplugin-1\n")] {
        let held = Arc::<Mutex<Vec<_>>>::default();
        let holding = Arc::clone(&held);
        let server = Server::arriving(Api::generation2(), move |call| {
            let (answer, answers) = unbounded_channel();
            let rows = Ok(page(call, 4, plugin));
            if call.request["query"]["page"]["start"].is_null() {
                answer.send(rows).unwrap();
            } else {
                holding.lock().unwrap().push((answer, rows));
            }
            answers
        });
        let user = Spacectl::new();
        let url = server.url();
        let args = ["--endpoint", &url, "list", "plugin", "-c", "plugin_id", "-o", format, "--page-size", "2"];
        let mut list = Running::start(&user, &args);
        list.wait_for("plugin-1\n");
        assert_eq!(list.out, first);
        while held.lock().unwrap().is_empty() {
            std::thread::yield_now();
        }
        let (answer, rows) = held.lock().unwrap().pop().unwrap();
        answer.send(rows).unwrap();
        assert_eq!(list.end(), End::Exit(0));
        assert_eq!(list.out, format!("{first}plugin-2\nplugin-3\n"));
    }
}

/// A reader that takes nothing holds up the writing of the first page; the second is asked for all the same.
#[test]
fn the_next_page_is_asked_for_while_one_is_written() {
    // More than a pipe holds.
    let long = |number: usize| json!({"plugin_id": format!("{number}{}", "x".repeat(1 << 20))});
    let server = Server::start(Api::generation2(), move |call| vec![Ok(page(call, 2, long))]);
    let user = Spacectl::new();
    let url = server.url();
    let mut list = user.command();
    list.args(["--endpoint", &url, "list", "plugin", "-c", "plugin_id", "-o", "quiet", "--page-size", "1"]);
    let mut list = list.stdout(std::process::Stdio::piped()).spawn().unwrap();
    while server.calls().len() < 2 {
        assert!(list.try_wait().unwrap().is_none(), "it ended with a page unread");
        std::thread::yield_now();
    }
    let output = list.wait_with_output().unwrap();
    assert!(output.status.success());
    assert_eq!(output.stdout.len(), 2 * ((1 << 20) + 2));
}

#[test]
fn a_list_that_changes_meanwhile_is_told() {
    let server = Server::start(Api::generation2(), |call| {
        let is_first = call.request["query"]["page"]["start"].is_null();
        vec![Ok(page(call, if is_first { 4 } else { 5 }, plugin))]
    });
    let user = Spacectl::new();
    let run = user.run(&format!("--endpoint {} list plugin -c plugin_id -o quiet --page-size 2", server.url()));
    assert_eq!(run.stdout.lines().count(), 4);
    assert_eq!(run.stderr, "warning: the list changed while paging: rows may be missing or duplicated\n");
}

#[test]
fn a_refused_page_ends_the_list_with_the_pages_before_it() {
    let server = Server::start(Api::generation2(), |call| {
        if call.request["query"]["page"]["start"].is_null() {
            return vec![Ok(page(call, 4, plugin))];
        }
        vec![Err(Status::internal("ERROR_DB_QUERY: gone"))]
    });
    let user = Spacectl::new();
    let run = user.run(&format!("--endpoint {} list plugin -c plugin_id -o jsonl --page-size 2", server.url()));
    assert_eq!(run.status, Some(64 + 13));
    assert_eq!(run.stdout, "{\"plugin_id\":\"plugin-0\"}\n{\"plugin_id\":\"plugin-1\"}\n");
    assert!(run.stderr.contains("cause: ERROR_DB_QUERY: gone\n"), "{run}");
}

#[test]
fn a_list_that_the_service_cannot_send_at_once_is_asked_for_in_pages() {
    let server = Server::start(Api::generation2(), |call| {
        let limit = call.request["query"]["page"]["limit"].as_u64().unwrap_or(u64::MAX);
        if limit > 700 {
            // As gRPC for Python says it.
            return vec![Err(Status::resource_exhausted("SERVER: Sent message larger than max (9 vs. 4)"))];
        }
        vec![Ok(page(call, 1500, plugin))]
    });
    let user = Spacectl::new();
    let run = user.run(&format!("--endpoint {} list plugin -c plugin_id", server.url()));
    assert!(run.stdout.ends_with("\n Count: 1500 / 1500\n"), "{run}");
    let sizes: Vec<_> = parts(&server).iter().map(|part| part["limit"].as_u64()).collect();
    assert_eq!(sizes, [None, Some(10_000), Some(2_500), Some(625), Some(625), Some(625)]);
    assert_eq!(run.stderr, "note: the list is too large for one message: requesting it in pages\n");
    // Where not even one row can be sent, that is told.
    let never = |_: &Call| vec![Err(Status::resource_exhausted("Sent message larger than max (9 vs. 4)"))];
    let server = Server::start(Api::generation2(), never);
    let run = user.run(&format!("-q --endpoint {} list plugin -c plugin_id", server.url()));
    assert_eq!((run.status, run.stdout.as_str()), (Some(64 + 8), ""));
    assert!(run.stderr.ends_with("hint: ask for less at once: -l and --page, or -c with fewer columns\n"), "{run}");
    // What is asked for by the page stays as it is asked for.
    for page in ["-l 5 --page 2", "-p query.page.start=6 -p query.page.limit=5"] {
        let before = server.calls().len();
        let run = user.run(&format!("-q --endpoint {} list plugin -c plugin_id {page}", server.url()));
        assert_eq!(run.status, Some(64 + 8), "{run}");
        assert_eq!(parts(&server)[before..], [json!({"start": 6, "limit": 5})], "{page}");
    }
}

#[test]
fn a_request_that_is_too_large_for_the_service_is_sent_once() {
    let server = Server::start(Api::generation2(), |_| {
        vec![Err(Status::resource_exhausted("SERVER: Received message larger than max (9 vs. 4)"))]
    });
    let run = Spacectl::new().run(&format!("--endpoint {} list plugin -c plugin_id", server.url()));
    assert_eq!((run.status, server.calls().len()), (Some(64 + 8), 1), "{run}");
    assert!(!run.stderr.contains("note: ") && !run.stderr.contains("hint: "), "{run}");
}

#[test]
fn smaller_pages_are_asked_for_by_what_is_known_already() {
    let api = Api::inline(
        r#"syntax = "proto3"; package spaceone.api.lab.v1;
        service Thing { rpc list(Query) returns (Things); }
        message Page { uint32 start = 1; uint32 limit = 2; }
        message Query { message Q { Page page = 1; } Q query = 1; }
        message Row { string id = 1; }
        message Things { repeated Row results = 1; int32 total_count = 2; }"#,
    );
    let server = Server::with_reflection(api, Reflection::Own { imports: true }, |call| {
        match call.request["query"]["page"]["limit"].as_u64() {
            Some(..=3) => vec![Ok(page(call, 4, |number| json!({"id": number.to_string()})))],
            _ => vec![Err(Status::resource_exhausted("SERVER: Sent message larger than max (9 vs. 4)"))],
        }
    });
    let user = Spacectl::new();
    // The second time, what the server said of itself is kept, and proved.
    for cache in ["first", "again"] {
        let before = server.calls().len();
        server.describing().take_questions();
        let run = user.run(&format!("--endpoint {} list lab.Thing -m -o jsonl -v", server.url()));
        assert_eq!(run.stdout.lines().count(), 4, "{cache}: {run}");
        let sizes: Vec<_> = parts(&server)[before..].iter().map(|part| part["limit"].as_u64()).collect();
        assert_eq!(sizes, [0, 10_000, 2_500, 625, 156, 39, 9, 2, 2].map(|size| Some(size).filter(|size| *size > 0)));
        assert_eq!(run.stderr.matches("trace: connected to ").count(), 1, "{cache}: {run}");
        let questions = server.describing().take_questions();
        assert_eq!(questions.iter().filter(|question| *question == "services").count(), 1, "{cache}: {questions:?}");
        let notes: Vec<&str> = run.stderr.lines().filter(|line| !line.starts_with("trace: ")).collect();
        assert_eq!(
            notes,
            [
                "note: lab.Thing does not support -m: showing all fields",
                "note: the list is too large for one message: requesting it in pages"
            ],
            "{cache}"
        );
    }
}

/// The limit on this side, as it is: 256 MiB.
#[test]
fn a_list_larger_than_the_largest_message_is_shown() {
    let row = |number: usize| json!({"plugin_id": format!("plugin-{number}"), "name": "x".repeat(27 << 20)});
    let server = Server::start(Api::generation2(), move |call| {
        if call.request["query"]["page"].is_null() {
            return vec![Ok(page(call, 10, row))];
        }
        vec![Ok(page(call, 10, plugin))]
    });
    let user = Spacectl::new();
    let run = user.run(&format!("--endpoint {} list plugin -c plugin_id -o quiet", server.url()));
    assert_eq!(run.stdout.lines().count(), 10, "{}", run.stderr);
    assert_eq!(run.stderr, "note: the list is too large for one message: requesting it in pages\n");
}

#[test]
fn sizes_that_cannot_be_are_refused() {
    let user = Spacectl::local();
    for line in ["--page-size 0", "--page-size x", "--page-size 5 -l 5 --page 2", "--page-size 5 --watch"] {
        assert_eq!(user.run(&format!("list plugin {line}")).status, Some(2), "{line}");
    }
    // The first page's request is shown.
    let run = user.run("list plugin --page-size 5 --dry-run -o json").success();
    let shown: Value = serde_json::from_str(&run).unwrap();
    assert_eq!(shown["request"]["query"]["page"], json!({"limit": 5}));
}
