//! What a service says of an error beside its message, and of when to send a request again.

mod support;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;
use prost_reflect::prost::Message as _;
use prost_types::Any;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use support::odd::{OddServer, compile, reflecting, response};
use support::{Run, Spacectl};
use tonic_types::pb;

const SOURCE: &str = r#"syntax = "proto3"; package odd;
    message Thing { string id = 1; int32 size = 2; }
    service Shop { rpc get(Thing) returns (Thing); rpc register(Thing) returns (Thing); }"#;

fn detail(name: &str, value: &impl prost_reflect::prost::Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: value.encode_to_vec() }
}

/// A shop whose every call ends in `code` with these details, and the trailers `more`; with the number of calls.
fn refusing(code: &'static str, details: Vec<Any>, more: &'static [(&str, &[u8])]) -> (OddServer, Arc<AtomicUsize>) {
    let status = pb::Status { code: 3, message: "bad things".into(), details };
    let details = STANDARD_NO_PAD.encode(status.encode_to_vec());
    let calls = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&calls);
    let server = OddServer::start(reflecting(&["odd.Shop"], compile(&[("odd.proto", SOURCE)])), move |_, _: Bytes| {
        counted.fetch_add(1, Ordering::SeqCst);
        let status: [(&str, &[u8]); 3] = [
            ("grpc-status", code.as_bytes()),
            ("grpc-message", b"bad things"),
            ("grpc-status-details-bin", details.as_bytes()),
        ];
        response(&[("x-request-id", b"r-17")], None, Some(&[&status, more].concat()))
    });
    (server, calls)
}

fn get(server: &OddServer, more: &str) -> Run {
    Spacectl::new().run(&format!("--endpoint {} exec get odd.Shop -p id=x {more}", server.url()))
}

fn violations() -> Any {
    let violation = |field: &str, description: &str| pb::bad_request::FieldViolation {
        field: field.into(),
        description: description.into(),
        ..Default::default()
    };
    let field_violations = vec![violation("spec.size", "must be positive"), violation("name", "too long")];
    detail("google.rpc.BadRequest", &pb::BadRequest { field_violations })
}

fn retry_after(seconds: u64) -> Any {
    let retry_delay = Duration::from_secs(seconds).try_into().ok();
    detail("google.rpc.RetryInfo", &pb::RetryInfo { retry_delay })
}

#[test]
fn details_are_lines_of_an_error() {
    let metadata = HashMap::from([("service".into(), "x".into())]);
    let details = vec![
        violations(),
        detail(
            "google.rpc.ErrorInfo",
            &pb::ErrorInfo { reason: "API_OFF".into(), domain: "example.test".into(), metadata },
        ),
        detail(
            "google.rpc.LocalizedMessage",
            &pb::LocalizedMessage { locale: "ko".into(), message: "권한 없음".into() },
        ),
        detail(
            "google.rpc.RequestInfo",
            &pb::RequestInfo { request_id: "r\x1b[1m".into(), serving_data: String::new() },
        ),
        // Of the service's own types, and of one that nobody describes.
        Any { type_url: "type.googleapis.com/odd.Thing".into(), value: b"\x0a\x01t\x10\x07".to_vec() },
        Any { type_url: "type.googleapis.com/acme.Nope".into(), value: b"\x0a\x03abc".to_vec() },
        // Not of its type.
        Any { type_url: "type.googleapis.com/google.rpc.Help".into(), value: b"\x0a\xffx".to_vec() },
    ];
    let (server, _) = refusing("3", details, &[]);
    let refused = get(&server, "");
    assert_eq!(refused.status, Some(67), "{refused}");
    let lines: Vec<&str> = refused.stderr.lines().skip(1).collect();
    assert_eq!(
        lines,
        [
            "cause: bad things",
            "detail: spec.size: must be positive",
            "detail: name: too long",
            "detail: API_OFF (example.test): service=x",
            "detail: 권한 없음",
            r#"detail: RequestInfo {"request_id":"r\u001b[1m"}"#,
            r#"detail: odd.Thing {"id":"t","size":7}"#,
            r#"detail: acme.Nope {"value":"CgNhYmM="}"#,
            r#"detail: Help {"value":"Cv94"}"#,
        ],
        "{refused}"
    );
}

#[test]
fn details_are_objects_of_an_error_in_json() {
    let (server, _) = refusing("3", vec![violations()], &[]);
    let refused = get(&server, "--error-format json");
    let error: Value = serde_json::from_str(&refused.stderr).unwrap();
    let violation = |field: &str, description: &str| json!({"field": field, "description": description});
    assert_eq!(
        error["error"]["details"],
        json!([{
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "field_violations": [violation("spec.size", "must be positive"), violation("name", "too long")]
        }])
    );
}

#[test]
fn secrets_in_details_are_masked() {
    let info = |key: &str, value: &str| {
        let metadata = HashMap::from([(key.into(), value.into())]);
        detail("google.rpc.ErrorInfo", &pb::ErrorInfo { reason: "R".into(), domain: "d".into(), metadata })
    };
    let (server, _) = refusing("3", vec![info("api_key", "hunter2hunter2"), info("seen", "s3cret-of-the-run")], &[]);
    let user = Spacectl::new().variable("SPACECTL_API_KEY", "s3cret-of-the-run");
    for more in ["", "--error-format json", "-vv"] {
        let refused = user.run(&format!("--endpoint {} exec get odd.Shop -p id=x {more}", server.url()));
        assert_eq!(refused.status, Some(67), "{refused}");
        assert!(!refused.stderr.contains("hunter2") && !refused.stderr.contains("s3cret"), "{refused}");
        assert!(refused.stderr.contains("********"), "{refused}");
    }
}

#[test]
fn a_read_is_sent_again_when_the_service_says() {
    // Not one that is away, but it names a time.
    let (server, calls) = refusing("8", vec![retry_after(0)], &[]);
    assert_eq!(get(&server, "").status, Some(72));
    assert_eq!(calls.load(Ordering::SeqCst), 3);
    // Beyond the deadline it is not waited for.
    let (server, calls) = refusing("14", vec![retry_after(20)], &[]);
    let refused = get(&server, "--timeout 5s");
    assert_eq!((refused.status, calls.load(Ordering::SeqCst)), (Some(78), 1), "{refused}");
    assert!(refused.stderr.contains("\ndetail: try again after 20s\n"), "{refused}");
    // A service may also forbid it.
    let (server, calls) = refusing("14", vec![], &[("grpc-retry-pushback-ms", b"-1")]);
    assert_eq!((get(&server, "").status, calls.load(Ordering::SeqCst)), (Some(78), 1));
    // A write is never sent twice.
    let (server, calls) = refusing("14", vec![retry_after(0)], &[("grpc-retry-pushback-ms", b"0")]);
    let refused = Spacectl::new().run(&format!("--endpoint {} exec register odd.Shop -p id=x", server.url()));
    assert_eq!((refused.status, calls.load(Ordering::SeqCst)), (Some(78), 1), "{refused}");
}

#[test]
fn the_trace_shows_what_a_response_came_with() {
    let (server, _) = refusing("3", vec![], &[("x-cost", b"7"), ("x-auth-token", b"hunter2")]);
    let trace = get(&server, "-vv").stderr;
    assert!(trace.contains("trace: response metadata "), "{trace}");
    assert!(trace.contains("x-cost: 7") && trace.contains("x-auth-token: ********"), "{trace}");
    assert!(!trace.contains("spacectl-status"), "{trace}");
    assert!(!get(&server, "-v").stderr.contains("x-cost"));
}

#[test]
fn long_messages_are_read_whole() {
    let server = |size: usize| {
        OddServer::start(reflecting(&["odd.Shop"], compile(&[("odd.proto", SOURCE)])), move |_, _: Bytes| {
            response(&[], None, Some(&[("grpc-status", b"5"), ("grpc-message", "b".repeat(size).as_bytes())]))
        })
    };
    let refused = get(&server(100_000), "");
    assert_eq!(refused.status, Some(69), "{:.200}", refused.stderr);
    assert!(refused.stderr.contains(&"b".repeat(100_000)));
    // Beyond what is read, h2 leaves out the message, or ends the connection.
    let refused = get(&server(1_100_000), "");
    assert_eq!(refused.status, Some(69), "{:.200}", refused.stderr);
    let refused = get(&server(2_000_000), "");
    assert!(refused.stderr.contains("longer than 1 MiB"), "{:.300}", refused.stderr);
}
