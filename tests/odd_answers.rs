//! Answers whose messages are odd: text that is not UTF-8, messages of types that nobody has described yet.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use prost_reflect::prost::encoding::encode_varint;
use support::odd::{OddServer, compile, reflecting, response};
use support::{Run, Spacectl};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;

const SOURCE: &str = r#"syntax = "proto3"; package odd; import "google/protobuf/any.proto";
    import "google/protobuf/field_mask.proto";
    message Thing { string id = 1; map<string, string> tags = 2; Thing inner = 3; repeated string names = 4;
        google.protobuf.Any any = 5; repeated google.protobuf.Any many = 6; google.protobuf.FieldMask mask = 7;
        bytes raw = 8; }
    message Things { repeated Thing results = 1; int32 total_count = 2; }
    message Plain { string id = 1; map<string, string> tags = 2; Plain inner = 3; }
    message Plains { repeated Plain results = 1; int32 total_count = 2; }
    service Shop { rpc get(Thing) returns (Thing); rpc list(Thing) returns (Things);
        rpc watch(Thing) returns (stream Thing); rpc echo(Thing) returns (Thing); }
    service Store { rpc get(Plain) returns (Plain); rpc list(Plain) returns (Plains);
        rpc watch(Plain) returns (stream Plain); }"#;

/// What no service's own messages use.
const MORE: &str = r#"syntax = "proto3"; package more; import "google/protobuf/any.proto";
    message Extra { string name = 1; int64 size = 2; google.protobuf.Any next = 3; }"#;

const OK: &[(&str, &[u8])] = &[("grpc-status", b"0")];

/// A length-delimited field.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    encode_varint(value.len() as u64, &mut bytes);
    bytes.extend(value);
    bytes
}

fn any(name: &str, value: &[u8]) -> Vec<u8> {
    [field(1, format!("type.googleapis.com/{name}").as_bytes()), field(2, value)].concat()
}

/// Answers every call, `echo` apart, with these bytes; with the number of questions for `more.Extra` and `no.Such`.
fn answering(answer: Vec<u8>) -> (OddServer, Arc<AtomicUsize>) {
    let files = [("odd.proto", SOURCE), ("more.proto", MORE)];
    let reflect = reflecting(&["odd.Shop", "odd.Store"], compile(&files));
    let asked = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&asked);
    let reflect = move |question: &MessageRequest| {
        if matches!(question, MessageRequest::FileContainingSymbol(name) if !name.starts_with("odd.")) {
            counted.fetch_add(1, Ordering::SeqCst);
        }
        reflect(question)
    };
    let server = OddServer::start(reflect, move |path, request: Bytes| {
        response(&[], Some(if path.ends_with("/echo") { &request } else { &answer }), Some(OK))
    });
    (server, asked)
}

fn run(server: &OddServer, line: &str) -> Run {
    Spacectl::new().run(&format!("--endpoint {} {line}", server.url()))
}

fn rows(rows: &[Vec<u8>]) -> Vec<u8> {
    rows.iter().flat_map(|row| field(1, row)).collect()
}

#[test]
fn text_that_is_not_utf8_is_shown_and_named() {
    let bad = [
        field(1, b"caf\xe9"),
        field(2, &[field(1, b"name"), field(2, b"\xff")].concat()),
        field(2, &[field(1, b"k\xfe"), field(2, b"fine")].concat()),
        field(3, &[field(1, b"in"), field(3, &field(1, b"\xc3("))].concat()),
    ]
    .concat();
    let fine = field(1, b"fine");
    let (server, _) = answering(bad.clone());
    let warnings = "id tags.name tags.k\u{fffd} inner.inner.id".split(' ');
    let warnings: String = warnings.map(|path| format!("warning: {path} is not UTF-8: shown with U+FFFD\n")).collect();
    for resource in ["odd.Store", "odd.Shop"] {
        for verb in ["get", "watch"] {
            let one = run(&server, &format!("exec {verb} {resource} -o jsonl"));
            let expected = "{\"id\":\"caf\u{fffd}\",\"tags\":{\"k\u{fffd}\":\"fine\",\"name\":\"\u{fffd}\"},\
                            \"inner\":{\"id\":\"in\",\"inner\":{\"id\":\"\u{fffd}(\"}}}\n";
            assert_eq!((one.status, one.stdout.as_str()), (Some(0), expected), "{one}");
            assert_eq!(one.stderr, warnings, "{resource} {verb}");
        }
    }
    let (server, _) = answering(rows(&[fine.clone(), fine.clone(), bad.clone()]));
    for (format, expected) in [
        ("csv -c id", "id\nfine\nfine\ncaf\u{fffd}\n"),
        ("quiet -c id", "fine\nfine\ncaf\u{fffd}\n"),
        ("json -c id", "caf\u{fffd}"),
        ("yaml", "caf\u{fffd}"),
        ("table", "caf\u{fffd}"),
    ] {
        let list = run(&server, &format!("list odd.Store -o {format}"));
        assert_eq!((list.status, list.stdout.contains(expected)), (Some(0), true), "{list}");
        assert_eq!(list.stderr, warnings.replace("warning: ", "warning: row 3: "), "{list}");
    }
    // Beside what is traced, too.
    assert!(run(&server, "list odd.Store -vv").stderr.contains("trace: response {"));
    let (server, _) = answering(rows(&vec![bad; 100]));
    let many = run(&server, "list odd.Store -o csv -c id");
    assert_eq!(many.stderr.lines().count(), 6, "{many}");
    assert!(many.stderr.ends_with("warning: 395 more texts are not UTF-8\n"), "{many}");
    assert_eq!(many.stdout.lines().count(), 101);
}

#[test]
fn a_message_of_any_type_is_opened_by_the_services_own_description() {
    let inner = [field(1, b"x\xff"), vec![0x10, 7]].concat();
    let outer = [field(1, b"out"), field(3, &any("more.Extra", &inner))].concat();
    let thing = [
        field(5, &any("more.Extra", &outer)),
        field(6, &any("no.Such", b"\x0a\x01x")),
        field(6, &any("more.Extra", &field(1, b"second"))),
    ]
    .concat();
    let opened = "{\"any\":{\"@type\":\"type.googleapis.com/more.Extra\",\"name\":\"out\",\
                  \"next\":{\"@type\":\"type.googleapis.com/more.Extra\",\"name\":\"x\u{fffd}\",\"size\":\"7\"}},\
                  \"many\":[{\"type_url\":\"type.googleapis.com/no.Such\",\"value\":\"CgF4\"},\
                  {\"@type\":\"type.googleapis.com/more.Extra\",\"name\":\"second\"}]}\n";
    let (server, asked) = answering(thing.clone());
    for line in ["exec get odd.Shop -o jsonl", "get odd.Shop -o jsonl", "exec watch odd.Shop -o jsonl"] {
        asked.store(0, Ordering::SeqCst);
        let one = run(&server, line);
        assert_eq!((one.status, one.stdout.as_str()), (Some(0), opened), "{line}: {one}");
        assert_eq!(one.stderr, "warning: any.next.name is not UTF-8: shown with U+FFFD\n", "{line}");
        let asked = asked.load(Ordering::SeqCst);
        // Each type once, in both versions of reflection.
        assert!((2..=6).contains(&asked), "{line}: {asked}");
    }
    let (server, asked) = answering(rows(&vec![thing; 50]));
    let list = run(&server, "list odd.Shop -o jsonl");
    assert_eq!((list.status, list.stdout == opened.repeat(50)), (Some(0), true), "{list}");
    assert!(asked.load(Ordering::SeqCst) <= 6, "each is asked for once");
    let columns = run(&server, "list odd.Shop -o csv -c any.name");
    assert!(columns.stdout.starts_with("any.name\nout\nout\n"), "{columns}");
}

#[test]
fn a_message_of_any_type_is_sent_by_its_fields_or_by_its_bytes() {
    let (server, _) = answering(Vec::new());
    let echo = |any: &str| run(&server, &format!("exec echo odd.Shop -o jsonl -j '{{\"any\": {any}}}'"));
    for any in [
        r#"{"@type":"type.googleapis.com/more.Extra","name":"x","size":"5"}"#,
        r#"{"@type":"x/odd.Plain","id":"y"}"#,
        r#"{"@type":"type.googleapis.com/google.protobuf.Timestamp","value":"2026-01-01T00:00:00Z"}"#,
        r#"{"@type":"type.googleapis.com/more.Extra","next":{"@type":"x/odd.Plain","id":"z"}}"#,
        r#"{"type_url":"type.googleapis.com/no.Such","value":"CgF4"}"#,
        "{}",
    ] {
        assert_eq!(echo(any).quiet_success(), format!("{{\"any\":{any}}}\n"), "{any}");
    }
    let opened = echo(r#"{"type_url":"type.googleapis.com/more.Extra","value":"CgF4"}"#).quiet_success();
    assert_eq!(opened, "{\"any\":{\"@type\":\"type.googleapis.com/more.Extra\",\"name\":\"x\"}}\n");
    let dry = run(&server, r#"exec echo odd.Shop --dry-run -j '{"any": {"@type": "x/more.Extra", "name": "x"}}'"#);
    assert!(dry.quiet_success().contains("    name: x\n"));
    for (any, part) in [
        (r#"{"@type":"type.googleapis.com/no.Such","a":1}"#, "any.@type: the service describes no such type"),
        (r#"{"@type":"more.Extra"}"#, "hint: write type.googleapis.com/PACKAGE.TYPE"),
        (r#"{"@type":"x/more.Extra","size":"much"}"#, "any.size: expected a whole number of 64 bits"),
        (r#"{"@type":"x/more.Extra","nmae":"x"}"#, "any.nmae: Extra has no such field"),
        (r#"{"name":"x"}"#, "any.name: Any has no such field"),
        (r#""x""#, "expected a mapping with an \"@type\""),
    ] {
        let refused = echo(any);
        assert_eq!((refused.status, refused.stderr.contains(part)), (Some(2), true), "{any}: {refused}");
    }
}

#[test]
fn a_field_mask_takes_names_as_they_are_described_and_as_json_has_them() {
    let (server, _) = answering(Vec::new());
    for (typed, shown) in [("total_count,a_b.c", "totalCount,aB.c"), ("totalCount,aB.c", "totalCount,aB.c"), ("", "")] {
        let echoed = run(&server, &format!("exec echo odd.Shop -o jsonl -j '{{\"mask\": \"{typed}\"}}'"));
        assert_eq!(echoed.quiet_success(), format!("{{\"mask\":\"{shown}\"}}\n"), "{typed}");
    }
    let refused = run(&server, "exec echo odd.Shop -p 'mask=a b'");
    assert!(refused.stderr.contains("mask: expected field names such as \"name,tags\", found text"), "{refused}");
}

/// A message in a message, so often.
fn nested(depth: usize) -> Vec<u8> {
    (0..depth).fold(field(1, b"x"), |inner, _| field(3, &inner))
}

#[test]
fn an_answer_that_nests_too_deep_is_no_misfit() {
    assert_eq!(run(&answering(nested(99)).0, "exec get odd.Store -o json").status, Some(0));
    let deep = run(&answering(nested(200)).0, "exec get odd.Store -o json");
    assert_eq!(deep.status, Some(1), "{deep}");
    assert!(deep.stderr.contains("\ncause: messages are nested more than 100 deep\n"), "{deep}");
    assert!(deep.stderr.contains("\nhint: ask who runs the service for less depth"), "{deep}");
}
