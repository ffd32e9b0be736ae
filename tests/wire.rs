//! Odd responses of proxies and libraries: none ends the program.

mod support;

use bytes::Bytes;
use support::Spacectl;
use support::odd::{OddServer, compile, framed, reflecting, response};

const SOURCE: &str = r#"syntax = "proto3"; package odd;
    message Thing { string id = 1; }
    message Things { repeated Thing results = 1; int32 total_count = 2; }
    service Shop { rpc get(Thing) returns (Thing); rpc register(Thing) returns (Thing);
        rpc list(Thing) returns (Things); rpc watch(Thing) returns (stream Thing); }"#;

const DETAILS: &str = "grpc-status-details-bin";

/// Details that are not what a library writes: that is base64 without padding.
const ODD_DETAILS: [&str; 8] =
    ["!!!", "{\"a\":1}", "CAMSA", "CAM=SAW0", "CAMSAW1", "CAMS AW0=", "CAMSAW0=,CAMSAW0=", "-_8"];

type Headers<'a> = &'a [(&'a str, &'a [u8])];

const OK: Headers<'static> = &[("grpc-status", b"0")];

/// Answers by what the request's id is.
fn shop(answer: impl Fn(&str, &[u8]) -> http::Response<tonic::body::Body> + Send + Sync + 'static) -> OddServer {
    let files = reflecting(&["odd.Shop"], compile(&[("odd.proto", SOURCE)]));
    OddServer::start(files, move |_, thing: Bytes| {
        let id = String::from_utf8(thing.get(2..).unwrap_or_default().to_vec()).unwrap();
        answer(&id, &thing)
    })
}

/// Ten documents with the ids `0` to `9`.
fn user_with_ten() -> Spacectl {
    let user = Spacectl::new();
    user.file("ten.yml", &(0..10).map(|id| format!("---\nid: '{id}'\n")).collect::<String>());
    user
}

#[test]
fn details_that_are_not_base64_leave_the_status_as_it_is() {
    let user = Spacectl::new();
    for details in ODD_DETAILS {
        let server = shop(move |id, thing| {
            let status: Headers = &[("grpc-status", b"3"), ("grpc-message", b"too odd"), (DETAILS, details.as_bytes())];
            match id {
                "fine" => response(&[], Some(thing), Some(&[OK[0], (DETAILS, details.as_bytes())])),
                "headers" => response(status, None, None),
                "trailers" => response(&[], None, Some(status)),
                _ => response(&[], Some(thing), Some(status)),
            }
        });
        let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url()));
        for line in ["exec get odd.Shop -p id=headers", "exec get odd.Shop -p id=trailers", "list odd.Shop -p id=x"] {
            let refused = run(line);
            assert_eq!(refused.status, Some(67), "{details}: {refused}");
            assert!(refused.stderr.ends_with(": INVALID_ARGUMENT\ncause: too odd\n"), "{details}: {refused}");
        }
        assert_eq!(run("exec get odd.Shop -p id=fine").quiet_success(), "---\nid: fine\n", "{details}");
        let followed = run("exec watch odd.Shop -p id=x");
        assert_eq!((followed.status, followed.stdout.as_str()), (Some(67), "---\nid: x\n"), "{details}: {followed}");
        assert!(followed.stderr.ends_with(": INVALID_ARGUMENT\ncause: too odd\n"), "{details}: {followed}");
    }
}

#[test]
fn a_status_before_a_message_does_not_count() {
    let server = shop(|_, thing| response(OK, Some(thing), Some(&[("grpc-status", b"5"), ("grpc-message", b"gone")])));
    let run = Spacectl::new().run(&format!("--endpoint {} exec get odd.Shop -p id=x", server.url()));
    assert_eq!((run.status, run.stdout.as_str()), (Some(69), ""), "{run}");
    assert!(run.stderr.ends_with("NOT_FOUND\ncause: gone\n"), "{run}");
}

#[test]
fn what_the_deadline_finds_waiting_for_the_connection_is_not_sent() {
    let files = reflecting(&["odd.Shop"], compile(&[("odd.proto", SOURCE)]));
    // The first is never answered, and no other stream may be opened beside it.
    let server = OddServer::one_at_a_time(files, |_, _| {
        loop {
            std::thread::park();
        }
    });
    let run =
        user_with_ten().run(&format!("--endpoint {} exec register odd.Shop -f ten.yml --timeout 2s", server.url()));
    assert_eq!(run.status, Some(68), "{run}");
    // Some of the others may be in the connection's hands already.
    assert!(run.stderr.contains("\nregistered 0, unknown "), "{run}");
    assert!(run.stderr.contains(", not sent "), "{run}");
}

#[test]
fn details_that_are_not_base64_are_told_of_reflection_too() {
    let server = OddServer::without_reflection(|_, _| {
        response(&[("grpc-status", b"7"), ("grpc-message", b"not for you"), (DETAILS, b"!!!")], None, None)
    });
    for line in ["exec get odd.Shop", "api-resources", "explain odd.Shop"] {
        let run = Spacectl::new().run(&format!("--endpoint {} {line}", server.url()));
        assert_eq!(run.status, Some(71), "{line}: {run}");
        assert!(run.stderr.contains("PERMISSION_DENIED\ncause: not for you\n"), "{line}: {run}");
    }
}

#[test]
fn a_run_tells_of_all_documents_whatever_one_was_answered_with() {
    let user = user_with_ten();
    for details in ODD_DETAILS {
        let server = shop(move |id, thing| match id {
            "2" => response(
                &[("grpc-status", b"3"), ("grpc-message", b"too odd"), (DETAILS, details.as_bytes())],
                None,
                None,
            ),
            _ => response(&[], Some(thing), Some(OK)),
        });
        let run = |more: &str| {
            user.run(&format!("--endpoint {} exec register odd.Shop -f ten.yml -o quiet -c id {more}", server.url()))
        };
        let all = run("--keep-going");
        assert_eq!((all.status, all.stdout.as_str()), (Some(67), "0\n1\n3\n4\n5\n6\n7\n8\n9\n"), "{details}: {all}");
        assert!(all.stderr.contains("document 3: register odd.Shop"), "{all}");
        assert!(all.stderr.contains("\ncause: too odd\n"), "{all}");
        assert!(all.stderr.contains("\nregistered 9, rejected 1\n"), "{all}");
        let first = run("--parallel 1");
        assert!(first.stderr.contains("\nregistered 2, rejected 1, not sent 7\n"), "{details}: {first}");
    }
}

#[test]
fn a_status_is_read_as_far_as_it_can_be() {
    const CASES: &[(Headers<'static>, i32, Option<&str>)] = &[
        // Latin-1, as it is and escaped.
        (&[("grpc-status", b"5"), ("grpc-message", b"caf\xe9")], 69, Some("caf\u{fffd}")),
        (&[("grpc-status", b"5"), ("grpc-message", b"caf%E9 100%")], 69, Some("caf\u{fffd} 100%")),
        (&[("grpc-status", b"5"), ("grpc-message", b"one"), ("grpc-message", b"two")], 69, Some("one")),
        (&[("grpc-status", b"5"), ("grpc-status", b"0"), ("grpc-message", b"first")], 69, Some("first")),
        (&[("grpc-status", b"five"), ("grpc-message", b"text")], 66, Some("text")),
        (&[("grpc-status", b"-1"), ("grpc-message", b"below")], 66, Some("below")),
        (&[("grpc-status", b"\xff")], 66, None),
        (&[("grpc-status", b"5"), ("grpc-message", b"zipped"), ("grpc-encoding", b"br")], 69, Some("zipped")),
        (
            &[("grpc-status", b"5"), ("grpc-message", b"binary"), ("x-trace-bin", b"!!!"), ("x", b"\xff")],
            69,
            Some("binary"),
        ),
    ];
    for (headers, exit, cause) in CASES.iter().copied() {
        let server = shop(move |_, _| response(headers, None, None));
        let run = Spacectl::new().run(&format!("--endpoint {} exec get odd.Shop", server.url()));
        assert_eq!(run.status, Some(exit), "{run}");
        assert_eq!(run.stderr.contains("\ncause: "), cause.is_some(), "{run}");
        assert!(run.stderr.contains(&cause.map(|cause| format!("\ncause: {cause}\n")).unwrap_or_default()), "{run}");
    }
}

#[test]
fn compressed_answers_are_read_those_to_reflection_too() {
    let files = || reflecting(&["odd.Shop"], compile(&[("odd.proto", SOURCE)]));
    let server = OddServer::gzip(files(), |path, thing| match path {
        "/odd.Shop/list" => [&[0x0a, thing.len() as u8][..], &thing, &[0x10, 1]].concat().into(),
        _ => thing,
    });
    let user = user_with_ten();
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url()));
    let long = "x".repeat(100);
    assert_eq!(run(&format!("exec get odd.Shop -p id={long}")).quiet_success(), format!("---\nid: {long}\n"));
    assert_eq!(run("list odd.Shop -p id=row -o csv").quiet_success(), "id\nrow\n");
    assert!(run("explain odd.Shop").quiet_success().contains("register"));
    assert!(run("api-resources").quiet_success().contains("odd.Shop"));
    let registered = run("exec register odd.Shop -f ten.yml -o quiet -c id");
    assert_eq!((registered.status, registered.stderr.contains("registered 10\n")), (Some(0), true), "{registered}");
}

#[test]
fn an_encoding_that_cannot_be_read_is_named_and_leaves_open_what_was_done() {
    let server = shop(|_, thing| response(&[("grpc-encoding", b"br")], Some(thing), Some(OK)));
    let user = user_with_ten();
    let run = |line: &str| user.run(&format!("--endpoint {} {line}", server.url()));
    let one = run("exec get odd.Shop");
    assert_eq!(one.status, Some(77), "{one}");
    assert!(
        one.stderr.contains("INTERNAL\ncause: the response is compressed with \"br\": only gzip is supported\n"),
        "{one}"
    );
    let ten = run("exec register odd.Shop -f ten.yml --parallel 1 --keep-going");
    assert!(ten.stderr.contains("\nregistered 0, unknown 1, not sent 9\n"), "{ten}");
    let reflecting = OddServer::without_reflection(|_, _| response(&[("grpc-encoding", b"br")], Some(b""), Some(OK)));
    let run = user.run(&format!("--endpoint {} exec get odd.Shop", reflecting.url()));
    assert_eq!(run.status, Some(77), "{run}");
    assert!(run.stderr.contains("\ncause: the response is compressed with \"br\""), "{run}");
}

/// A gzip member of a few bytes for a text of so many at least: deflate repeats 258 bytes in 13 bits.
fn bomb(size: usize) -> Vec<u8> {
    // A last block of fixed codes (RFC 1951, section 3.2.6), an `a`, and as many repetitions as end with a byte twice
    // over.
    let repeat = "1100010100000";
    let bits = ["110", "10010001", &repeat.repeat(17)].concat();
    let byte = |bits: &[u8]| bits.iter().rev().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    let bytes: Vec<u8> = bits.as_bytes().chunks_exact(8).map(byte).collect();
    let head = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];
    // What follows the first two bytes comes again after each eight repetitions.
    [&head[..], &bytes[..2], &bytes[2..15].repeat(size.div_ceil(8 * 258))].concat()
}

#[test]
fn a_compressed_answer_is_no_larger_than_others_may_be() {
    let bomb = bomb(257 * 1024 * 1024);
    assert!(bomb.len() < 2 * 1024 * 1024);
    let server = shop(move |_, _| {
        let mut response = response(&[("grpc-encoding", b"gzip")], None, None);
        *response.body_mut() = tonic::body::Body::new(http_body_util::Full::new(framed(1, &bomb)));
        response
    });
    let run = Spacectl::new().run(&format!("--endpoint {} list odd.Shop", server.url()));
    assert_eq!(run.status, Some(72), "{run}");
    assert!(run.stderr.contains("size limit, of 268435456 bytes, exceeded while decompressing message"), "{run}");
    assert!(run.stderr.contains("\nhint: ask for less at once"), "{run}");
}

#[test]
fn compressed_bytes_that_are_none_are_an_error() {
    for (encoding, bytes) in [("gzip", &b"not gzip"[..]), ("gzip", &[0x1f, 0x8b, 8]), ("gzip", b""), ("identity", b"x")]
    {
        let server = shop(move |_, _| {
            let mut response = response(&[("grpc-encoding", encoding.as_bytes())], None, None);
            *response.body_mut() = tonic::body::Body::new(http_body_util::Full::new(framed(1, bytes)));
            response
        });
        let run = Spacectl::new().run(&format!("--endpoint {} exec get odd.Shop", server.url()));
        assert_eq!((run.status, run.stderr.contains(": INTERNAL\ncause: ")), (Some(77), true), "{encoding}: {run}");
    }
}

#[test]
fn who_asks_for_less_is_told_so() {
    let by_proxy = OddServer::without_reflection(|_, _| {
        let mut response = http::Response::new(tonic::body::Body::empty());
        *response.status_mut() = http::StatusCode::TOO_MANY_REQUESTS;
        response
    });
    let by_service = |message: &'static str| {
        shop(move |_, _| response(&[("grpc-status", b"8"), ("grpc-message", message.as_bytes())], None, None))
    };
    let run = |server: &OddServer| Spacectl::new().run(&format!("--endpoint {} exec get odd.Shop", server.url()));
    let hint = "\nhint: wait a while, or send less at once (exec: --parallel): ";
    let limited = run(&by_proxy);
    assert!(limited.stderr.contains("429") && limited.stderr.contains(hint), "{limited}");
    let used_up = run(&by_service("Quota exceeded for requests per minute"));
    assert_eq!((used_up.status, used_up.stderr.contains(hint)), (Some(72), true), "{used_up}");
    assert!(!run(&by_service("the disk is full")).stderr.contains("hint: "));
}

/// A peer that has enough of a connection as soon as it has begun, in HTTP/2 by hand.
#[test]
fn too_many_pings_are_named() {
    use std::io::{Read as _, Write as _};
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.write_all(&[0, 0, 0, 4, 0, 0, 0, 0, 0]).unwrap();
            // The request comes after the preface, on a busy machine in a packet of its own.
            stream.set_read_timeout(Some(std::time::Duration::from_millis(300))).unwrap();
            while stream.read(&mut [0; 1024]).is_ok_and(|count| count > 0) {}
            let goaway = [&[0, 0, 22, 7, 0, 0, 0, 0, 0, 0, 0, 3, 232, 0, 0, 0, 11][..], b"too_many_pings"].concat();
            stream.write_all(&goaway).unwrap();
        }
    });
    let run = Spacectl::new().run(&format!("--endpoint grpc://{address} exec get odd.Shop"));
    assert!(run.stderr.contains("cause: it closed the connection over too much traffic (too_many_pings)\n"), "{run}");
    assert!(run.stderr.contains("\nhint: wait a while, or send less at once"), "{run}");
}
