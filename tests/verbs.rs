//! `stat` and `analyze`, streams, and every other method of every service.

mod support;

use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use serde_json::{Value, json};
use support::{Api, Call, End, Reflection, Running, Server, Spacectl};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tonic::Status;

/// The shapes of the platform's statistics: a query with a page, a request that has its page at the top, and one
/// without any.
const STATISTICS: &str = r#"
    syntax = "proto3";
    package spaceone.api.lab.v1;
    import "google/protobuf/struct.proto";
    message Page { uint32 start = 1; uint32 limit = 2; }
    message Key { string key = 1; string name = 2; }
    message Field { string name = 1; string operator = 2; }
    message Group { repeated Key keys = 1; repeated Field fields = 2; }
    message Stage { oneof stage { Group group = 1; int32 limit = 6; } }
    message Query { repeated Stage aggregate = 3; Page page = 4; string distinct = 5; }
    message AnalyzeQuery {
      google.protobuf.ListValue group_by = 1; Page page = 5; google.protobuf.Struct fields = 7;
    }
    message StatRequest { Query query = 1; string domain_id = 2; }
    message AnalyzeRequest { AnalyzeQuery query = 1; }
    message TopRequest { repeated Stage aggregate = 1; Page page = 2; }
    message PlainRequest { string name = 1; }
    service Cost {
      rpc stat(StatRequest) returns (google.protobuf.Struct);
      rpc analyze(AnalyzeRequest) returns (google.protobuf.Struct);
    }
    service Resource { rpc stat(TopRequest) returns (google.protobuf.Struct); }
    service Plain { rpc stat(PlainRequest) returns (google.protobuf.Struct); }
    service Free { rpc say(google.protobuf.Struct) returns (google.protobuf.Struct); }"#;

const STREAMS: &str = r#"
    syntax = "proto3";
    package spaceone.api.lab.v1;
    message Text { string text = 1; int64 number = 2; }
    service Feed {
      rpc follow(Text) returns (stream Text);
      rpc list(Text) returns (stream Text);
      rpc wait(Text) returns (Text);
    }"#;

fn rows(_: &Call) -> Vec<Result<Value, Status>> {
    let rows = json!([{"provider": "aws", "count": 3}, {"provider": "slack", "count": 1.5}, {"count": 1}]);
    vec![Ok(json!({"results": rows, "more": true}))]
}

#[test]
fn statistics_are_rows_of_any_shape() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), rows));
    let stat = format!("--endpoint {} stat lab.Cost -p distinct=provider", server.url());
    let shown = ["table", "json", "yaml", "csv"].map(|format| user.run(&format!("{stat} -o {format}")).quiet_success());
    assert_snapshot!(shown.join("\n"));
    assert_eq!(user.run(&format!("{stat} -c provider -o quiet")).quiet_success(), "aws\nslack\n\n");
    assert_eq!(
        user.run(&format!("{stat} -c 'provider|P,count' -o csv")).quiet_success(),
        "P,count\naws,3\nslack,1.5\n,1\n"
    );
    assert_eq!(server.calls()[0].request, json!({"query": {"distinct": "provider"}}));
}

#[test]
fn statistics_are_drawn_as_bars() {
    let rows = json!([
        {"provider": "aws", "count": 30, "cost": -1.5}, {"provider": "구글 클라우드", "count": 14},
        {"provider": "none", "count": null, "cost": 3},
    ]);
    let answer = move |_: &Call| vec![Ok(json!({ "results": rows }))];
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), answer));
    let run = |locale: &str, line: &str| {
        user.run_with(&[("LC_ALL", locale)], &format!("--endpoint {} {line} -o chart", server.url()))
    };
    for verb in ["stat", "analyze"] {
        let bars = |glyph: &str, count: usize| glyph.repeat(count);
        assert_eq!(
            run("ko_KR.UTF-8", &format!("{verb} lab.Cost -c provider,count")).quiet_success(),
            format!(
                "count\n aws           30 {}\n 구글 클라우드 14 {}▉\n none           -\n",
                bars("█", 62),
                bars("█", 28)
            )
        );
        assert_eq!(
            run("C", &format!("{verb} lab.Cost -c provider,count")).quiet_success(),
            format!(
                "count\n aws           30 {}\n 구글 클라우드 14 {}\n none           -\n",
                bars("#", 62),
                bars("#", 29)
            )
        );
    }
    let both = run("C", "stat lab.Cost").quiet_success();
    let blocks: Vec<&str> = both.split("\n\n").collect();
    assert!(blocks[1].starts_with("count\n aws"), "{both}");
    let (left, right) = ("#".repeat(20), "#".repeat(39));
    let room = " ".repeat(20);
    let cost =
        format!("cost\n aws           -1.5 {left}|\n 구글 클라우드    - {room}|\n none             3 {room}|{right}");
    assert_eq!(blocks[..1], [cost]);
    let none = run("C", "stat lab.Cost -c provider");
    assert_eq!((none.status, none.stdout.as_str()), (Some(1), ""));
    assert!(none.stderr.starts_with("error: no column holds numbers alone"), "{none}");
    let masked = run("C", "stat lab.Cost --dry-run").quiet_success();
    assert!(masked.starts_with("---\nendpoint:"), "{masked}");
}

#[test]
fn statistics_that_are_no_rows_are_one_value() {
    let total = |_: &Call| vec![Ok(json!({"total_count": 7}))];
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), total));
    let stat = format!("--endpoint {} stat lab.Cost", server.url());
    assert_eq!(user.run(&format!("{stat} -o json")).quiet_success(), "{\n    \"total_count\": 7\n}\n");
    assert_eq!(user.run(&stat).quiet_success(), "   total_count\n---------------\n             7\n");
}

#[test]
fn a_page_of_statistics_is_put_where_the_request_has_it() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), rows));
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url()));
    run("stat lab.Cost -p 'aggregate=[{group: {keys: [{key: a, name: b}]}}, {limit: 9}]' -l 2 --page 3")
        .quiet_success();
    run("analyze lab.Cost -p 'fields={n: {operator: count}}' -p 'group_by=[provider]' -l 2").quiet_success();
    run("stat lab.Resource -p 'aggregate=[{limit: 9}]' -l 2").quiet_success();
    let sent: Vec<Value> = server.calls().into_iter().map(|call| call.request).collect();
    let group = json!({"group": {"keys": [{"key": "a", "name": "b"}]}});
    assert_eq!(
        sent,
        [
            json!({"query": {"aggregate": [group, {"limit": 9}], "page": {"start": 5, "limit": 2}}}),
            json!({"query": {"group_by": ["provider"], "page": {"limit": 2}, "fields": {"n": {"operator": "count"}}}}),
            json!({"aggregate": [{"limit": 9}], "page": {"limit": 2}}),
        ]
    );
    // What can carry no page is cut here.
    let cut = run("stat lab.Plain -l 1 --page 2 -c provider").quiet_success();
    assert_eq!(cut, " provider\n------------\n slack\n\n Count: 1 / 3\n");
    assert_eq!(server.calls()[3].request, json!({}));
}

#[test]
fn what_is_grouped_by_comes_first_in_the_order_asked_for() {
    let rows = |_: &Call| vec![Ok(json!({"results": [{"a": 1, "n": 2, "y": 3, "z": 4}, {"n": 5, "x": 6, "z": 7}]}))];
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), rows));
    let header = |line: &str| {
        let shown = user.run(&format!("--endpoint {} {line}", server.url())).quiet_success();
        shown
            .lines()
            .next()
            .unwrap()
            .split([' ', '|', ','])
            .filter(|word| !word.is_empty())
            .collect::<Vec<_>>()
            .join(" ")
    };
    let stage =
        "{group: {keys: [{key: k, name: z}, {key: l, name: x}], fields: [{name: n, operator: sum}, {name: a}]}}";
    for format in ["table", "csv"] {
        for line in ["stat lab.Cost", "exec stat lab.Cost", "stat lab.Resource"] {
            assert_eq!(header(&format!("{line} -o {format} -p 'aggregate=[{stage}]'")), "z x n a y", "{line} {format}");
        }
        let fields = "fields={n: {operator: count}, a: {operator: sum}}";
        let line = format!("analyze lab.Cost -o {format} -p 'group_by=[data.z, {{key: q, name: y}}]' -p '{fields}'");
        assert_eq!(header(&line), "z y n a x");
        assert_eq!(header(&format!("stat lab.Cost -o {format}")), "a n y z x");
        assert_eq!(header(&format!("stat lab.Cost -o {format} -p 'aggregate=[{stage}]' -c a,z")), "a z");
    }
    let stat = format!("--endpoint {} stat lab.Cost -p 'aggregate=[{stage}]'", server.url());
    assert_eq!(user.run(&format!("{stat} -o csv")).quiet_success(), "z,x,n,a,y\n4,,2,1,3\n7,6,5,,\n");
    let lines = user.run(&format!("{stat} -o jsonl")).quiet_success();
    assert_eq!(lines.lines().next(), Some(r#"{"a":1,"n":2,"y":3,"z":4}"#));
}

#[test]
fn empty_statistics_have_the_header_that_their_request_names() {
    let (user, server) =
        (Spacectl::new(), Server::start(Api::inline(STATISTICS), |_| vec![Ok(json!({"results": []}))]));
    let stat = format!("--endpoint {} stat lab.Cost -o csv", server.url());
    let stage = "{group: {keys: [{key: a, name: b}], fields: [{name: n, operator: count}]}}";
    assert_eq!(user.run(&format!("{stat} -p 'aggregate=[{stage}]'")).quiet_success(), "b,n\n");
    assert_eq!(user.run(&format!("{stat} -p distinct=provider")).quiet_success(), "", "nothing says the columns");
}

#[test]
fn statistics_are_asked_for_with_a_files_query() {
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), rows));
    user.file("by.yml", "query:\n  aggregate:\n  - group:\n      keys:\n      - {key: provider, nmae: provider}\n");
    let wrong = user.run(&format!("--endpoint {} stat lab.Cost -f by.yml", server.url()));
    assert_eq!(wrong.status, Some(1));
    assert_eq!(
        wrong.stderr,
        "error: by.yml:5:25: query.aggregate[0].group.keys[0].nmae: Key has no such field\nhint: did you mean name?\n"
    );
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_request_without_a_form_of_its_own_is_what_it_is_given() {
    let echo = |call: &Call| vec![Ok(call.request.clone())];
    let (user, server) = (Spacectl::new(), Server::start(Api::inline(STATISTICS), echo));
    let say = format!("--endpoint {} exec say lab.Free -j '{{\"a\": [1]}}' -p b.c=1.10 -o json", server.url());
    let said: Value = serde_json::from_str(&user.run(&say).quiet_success()).unwrap();
    assert_eq!(said, json!({"a": [1], "b": {"c": "1.10"}}));
}

/// What each call to a server is answered through.
type Senders = Arc<Mutex<Vec<UnboundedSender<Result<Value, Status>>>>>;

/// A server whose streams say what the test sends.
fn feed() -> (Server, Senders) {
    let senders = Senders::default();
    let kept = Arc::clone(&senders);
    let server = Server::arriving(Api::inline(STREAMS), move |_: &Call| -> UnboundedReceiver<_> {
        let (sender, receiver) = unbounded_channel();
        sender.send(Ok(json!({"text": "first", "number": 1}))).unwrap();
        kept.lock().unwrap().push(sender);
        receiver
    });
    (server, senders)
}

const FORMATS: [(&str, &str); 5] = [
    (
        "table",
        " text   | number
--------+----------
 first  | 1

 text   | number
--------+----------
 second | 2
",
    ),
    (
        "json",
        "{\n    \"text\": \"first\",\n    \"number\": \"1\"\n}\n{\n    \"text\": \"second\",\n    \"number\": \"2\"\n}\n",
    ),
    ("yaml", "---\ntext: first\nnumber: \"1\"\n---\ntext: second\nnumber: \"2\"\n"),
    ("csv", "text,number\nfirst,1\nsecond,2\n"),
    ("quiet", "first\nsecond\n"),
];

#[test]
fn each_message_of_a_stream_is_shown_when_it_arrives_in_every_format() {
    for verb in ["exec", "list"] {
        for (format, expected) in FORMATS {
            let (user, (server, senders)) = (Spacectl::new(), feed());
            let words = if verb == "exec" { vec!["exec", "follow"] } else { vec!["list"] };
            let columns: &[&str] = if format == "quiet" { &["-c", "text"] } else { &[] };
            let url = server.url();
            let args = [&["--endpoint", &url], words.as_slice(), &["lab.Feed", "-o", format], columns].concat();
            let mut running = Running::start(&user, &args);
            // The second is not on its way before the first is read.
            running.wait_for("first");
            senders.lock().unwrap()[0].send(Ok(json!({"text": "second", "number": 2}))).unwrap();
            running.wait_for("second");
            senders.lock().unwrap().clear();
            assert_eq!(running.end(), End::Exit(0), "{format}");
            assert_eq!((running.out.as_str(), running.err.as_str()), (expected, ""), "{verb} {format}");
        }
    }
}

#[test]
fn ctrl_c_ends_a_stream_quietly_with_what_came_shown_whole() {
    for (format, shown) in [
        ("table", " text   | number\n--------+----------\n first  | 1\n"),
        ("json", "{\n    \"text\": \"first\",\n    \"number\": \"1\"\n}\n"),
        ("yaml", "---\ntext: first\nnumber: \"1\"\n"),
        ("csv", "text,number\nfirst,1\n"),
    ] {
        let (user, (server, _senders)) = (Spacectl::new(), feed());
        let args = ["--endpoint", &server.url(), "exec", "follow", "lab.Feed", "-o", format];
        let mut running = Running::start(&user, &args);
        running.wait_for("first").interrupt();
        assert_eq!(running.end(), End::Exit(130), "{format}");
        assert_eq!((running.out.as_str(), running.err.as_str()), (shown, ""), "{format}");
    }
}

#[test]
fn ctrl_c_ends_a_call_and_says_that_its_outcome_is_unknown() {
    let (user, (server, senders)) = (Spacectl::new(), silent());
    let mut running = Running::start(&user, &["--endpoint", &server.url(), "exec", "wait", "lab.Feed"]);
    wait_until_called(&senders);
    running.interrupt();
    assert_eq!(running.end(), End::Exit(130));
    let told = "warning: left without an answer: check what is there before sending it again\n";
    assert_eq!(running.err, told);
}

/// A server that takes calls and answers none.
fn silent() -> (Server, Senders) {
    let senders = Senders::default();
    let kept = Arc::clone(&senders);
    let server = Server::arriving(Api::inline(STREAMS), move |_: &Call| {
        let (sender, receiver) = unbounded_channel();
        kept.lock().unwrap().push(sender);
        receiver
    });
    (server, senders)
}

fn wait_until_called(senders: &Senders) {
    while senders.lock().unwrap().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn a_reader_that_leaves_ends_a_stream_that_says_nothing_more() {
    let (user, (server, _senders)) = (Spacectl::new(), feed());
    let mut running = Running::start_and_leave(&user, &["--endpoint", &server.url(), "exec", "follow", "lab.Feed"]);
    assert_eq!((running.end(), running.err.as_str()), (End::Exit(0), ""));
}

#[test]
fn what_every_service_has_is_called_like_the_rest() {
    let user = Spacectl::local();
    assert_eq!(user.run("exec Check repository.Health -c status -o quiet").success(), "SERVING\n");
    assert_eq!(user.run("exec get_version repository.ServerInfo").quiet_success().lines().count(), 2);
    let mut running = Running::start(&user, &["exec", "Watch", "repository.Health"]);
    running.wait_for("---\nstatus: SERVING\n").interrupt();
    assert_eq!((running.end(), running.err.as_str()), (End::Exit(130), ""));

    let server = Server::with_reflection(Api::inline(STATISTICS), Reflection::Both, rows);
    let alone = user.run(&format!("--endpoint {} exec stat lab.Cost -c provider -o quiet", server.url()));
    assert_eq!(alone.quiet_success(), "aws\nslack\n\n");
}
