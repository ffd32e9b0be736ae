//! TLS: a trusted service, and each way in which trust fails.

mod support;

use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Run, Server, Spacectl};

const LIST: &str = "list repository.Plugin -c plugin_id";

fn service(names: &[&str]) -> Server {
    Server::with_tls(Api::generation2(), names, |_| vec![Ok(json!({}))])
}

/// Runs as a user who trusts nothing but `authority`.
fn run(authority: &str, url: &str, line: &str) -> Run {
    let user = Spacectl::new();
    user.file("ca.pem", authority);
    let user = user.variable_of_file("SSL_CERT_FILE", "ca.pem");
    let mut run = user.run(&format!("--endpoint {url} {line}"));
    let port = url.rsplit(':').next().unwrap();
    run.stderr = run.stderr.replace(port, "[PORT]");
    run
}

#[test]
fn a_trusted_service_is_called() {
    let server = service(&["localhost", "127.0.0.1"]);
    assert_eq!(run(server.authority(), &server.url(), LIST).quiet_success(), "NO DATA\n");
}

#[test]
fn an_unknown_authority_is_refused() {
    let (server, other) = (service(&["127.0.0.1"]), service(&["127.0.0.1"]));
    assert_snapshot!(run(other.authority(), &server.url(), LIST));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_certificate_for_another_name_is_refused() {
    let server = service(&["elsewhere.example"]);
    assert_snapshot!(run(server.authority(), &server.url(), LIST));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn plaintext_to_tls_and_tls_to_plaintext_say_which_to_use() {
    let tls = service(&["127.0.0.1"]);
    let to_tls = run(tls.authority(), &tls.url().replace("grpc+ssl", "grpc"), LIST);
    assert_eq!(to_tls.status, Some(1), "{to_tls}");
    // How the connection breaks is a matter of who is first: the cause differs, the advice does not.
    assert!(
        to_tls.stderr.ends_with("hint: what listens there may not speak gRPC; if it speaks TLS, use grpc+ssl://\n")
    );
    let plain = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    assert_snapshot!(run(tls.authority(), &plain.url().replace("grpc", "grpc+ssl"), LIST));
}

#[test]
fn a_handshake_that_never_ends_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("grpc+ssl://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let any = service(&["127.0.0.1"]);
    assert_snapshot!(run(any.authority(), &url, &format!("--connect-timeout 300ms {LIST}")));
}

#[test]
fn certificates_are_looked_for_only_where_tls_is_spoken() {
    // No certificate at all: whoever asks for one fails.
    let tls = service(&["127.0.0.1"]);
    assert_snapshot!(run("", &tls.url(), LIST));
    let plain = Server::start(Api::generation2(), |_| vec![Ok(json!({}))]);
    assert_eq!(run("", &plain.url(), LIST).quiet_success(), "NO DATA\n");
}
