//! TLS: a trusted service, a service that asks who calls, and each way in which that fails.

mod support;

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use insta::assert_snapshot;
use serde_json::json;
use support::{Api, Authority, Issued, Run, Server, Spacectl};
use tokio_rustls::rustls;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

const LIST: &str = "list repository.Plugin -c plugin_id";

fn service(names: &[&str]) -> Server {
    Server::with_tls(Api::generation2(), names, |_| vec![Ok(json!({}))])
}

fn plaintext() -> Server {
    Server::start(Api::generation2(), |_| vec![Ok(json!({}))])
}

/// A service with this certificate, that accepts callers whose certificate is of the authority `clients`.
fn service_with(identity: Issued, clients: Option<&Authority>) -> Server {
    let clients = clients.map(Authority::certificate);
    Server::with_identity(Api::generation2(), identity, clients, |_| vec![Ok(json!({}))])
}

/// Lists at `url` as a user whose system trusts nothing.
fn list(user: &Spacectl, url: &str, flags: &str) -> Run {
    user.file("none.pem", "");
    let mut run = user.run_with(&[("SSL_CERT_FILE", "none.pem")], &format!("--endpoint {url} {LIST} {flags}"));
    let port = url.rsplit(':').next().unwrap();
    run.stderr = run.stderr.replace(port, "[PORT]");
    run
}

/// As [`list`], where `ca.pem` holds `authority`.
fn trusting(authority: &str, url: &str) -> Run {
    let user = Spacectl::new();
    user.file("ca.pem", authority);
    list(&user, url, "--ca ca.pem")
}

#[test]
fn the_systems_authorities_are_trusted_unless_others_are_named() {
    let (server, other) = (service(&["localhost", "127.0.0.1"]), service(&["127.0.0.1"]));
    let user = Spacectl::new();
    user.file("system.pem", server.authority()).file("company.pem", other.authority());
    let of_system = |flags: &str, server: &Server| {
        user.run_with(&[("SSL_CERT_FILE", "system.pem")], &format!("--endpoint {} {LIST} {flags}", server.url()))
    };
    assert_eq!(of_system("", &server).quiet_success(), "NO DATA\n");
    assert_eq!(of_system("--ca company.pem", &other).quiet_success(), "NO DATA\n");
    // Instead of the system's, not besides them.
    assert_eq!(of_system("--ca company.pem", &server).status, Some(1));
    let both = format!("{}{}", server.authority(), other.authority());
    assert_eq!(trusting(&both, &server.url()).quiet_success(), "NO DATA\n");
}

#[test]
fn an_unknown_authority_is_refused() {
    let (server, other) = (service(&["127.0.0.1"]), service(&["127.0.0.1"]));
    assert_snapshot!(trusting(other.authority(), &server.url()));
    let user = Spacectl::new();
    user.file("system.pem", other.authority());
    let run = user.run_with(&[("SSL_CERT_FILE", "system.pem")], &format!("--endpoint {} {LIST}", server.url()));
    assert!(
        run.stderr.contains("hint: name your company's CA certificate") && run.stderr.contains("--ca FILE"),
        "{run}"
    );
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn a_certificate_for_another_name_is_refused_until_that_name_is_given() {
    let server = service(&["elsewhere.example", "*.apps.example", "10.0.0.1"]);
    assert_snapshot!(trusting(server.authority(), &server.url()));
    assert_eq!(server.calls().len(), 0);

    let user = Spacectl::new();
    user.file("ca.pem", server.authority());
    let named = |name: &str| list(&user, &server.url(), &format!("--ca ca.pem --tls-server-name {name}"));
    for name in ["elsewhere.example", "repository.apps.example", "10.0.0.1"] {
        assert_eq!(named(name).quiet_success(), "NO DATA\n", "{name}");
    }
    assert_eq!(named("nowhere.example").status, Some(1));
    assert_snapshot!(named("https://elsewhere.example"));
}

#[test]
fn a_certificate_without_a_name_or_with_patterns_only_says_so() {
    let authority = Authority::new();
    let unnamed = service_with(authority.issue(&[]), None);
    assert_snapshot!(trusting(&authority.certificate(), &unnamed.url()));
    let patterns = service_with(authority.issue(&["*.apps.example"]), None);
    assert_snapshot!(trusting(&authority.certificate(), &patterns.url()));
}

#[test]
fn a_certificate_out_of_its_time_is_refused() {
    let authority = Authority::new();
    let expired = authority.issue_with(&["127.0.0.1"], |it| it.not_after = rcgen::date_time_ymd(2020, 2, 29));
    assert_snapshot!(trusting(&authority.certificate(), &service_with(expired, None).url()));
    let early = authority.issue_with(&["127.0.0.1"], |it| it.not_before = rcgen::date_time_ymd(2999, 1, 1));
    assert_snapshot!(trusting(&authority.certificate(), &service_with(early, None).url()));
}

#[test]
fn a_certificate_that_signed_itself_is_trusted_by_itself_unless_it_is_an_authoritys() {
    let own = service_with(Issued::by_itself(&["127.0.0.1"], false), None);
    assert_eq!(trusting(own.authority(), &own.url()).quiet_success(), "NO DATA\n");
    let authoritys = service_with(Issued::by_itself(&["127.0.0.1"], true), None);
    assert_snapshot!(trusting(authoritys.authority(), &authoritys.url()));
}

#[test]
fn a_certificate_for_clients_does_not_make_a_service() {
    let authority = Authority::new();
    let clients = authority.issue_with(&["127.0.0.1"], |it| {
        it.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ClientAuth];
    });
    assert_snapshot!(trusting(&authority.certificate(), &service_with(clients, None).url()));
}

#[test]
fn a_client_certificate_is_shown_to_a_service_that_asks() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = service_with(authority.issue(&["127.0.0.1"]), Some(&clients));
    let me = clients.issue(&["me"]);
    let user = Spacectl::new();
    user.file("ca.pem", &authority.certificate()).file("me.pem", &me.certificate).file("me.key", &me.key);
    user.file("both.pem", &format!("{}{}", me.key, me.certificate));
    user.file("chain.pem", &format!("{}{}", me.certificate, clients.certificate()));
    for flags in ["--cert me.pem --key me.key", "--cert both.pem", "--cert chain.pem --key both.pem"] {
        let run = list(&user, &server.url(), &format!("--ca ca.pem {flags}"));
        assert_eq!(run.quiet_success(), "NO DATA\n", "{flags}");
    }
    assert_eq!(server.calls().len(), 3);
    // Nobody who does not ask minds.
    let other = service_with(authority.issue(&["127.0.0.1"]), None);
    assert_eq!(list(&user, &other.url(), "--ca ca.pem --cert both.pem").quiet_success(), "NO DATA\n");
}

#[test]
fn a_service_that_asks_for_a_client_certificate_and_gets_none_or_a_strangers_says_so() {
    let (authority, clients, strangers) = (Authority::new(), Authority::new(), Authority::new());
    let server = service_with(authority.issue(&["127.0.0.1"]), Some(&clients));
    let user = Spacectl::new();
    user.file("ca.pem", &authority.certificate());
    assert_snapshot!(list(&user, &server.url(), "--ca ca.pem"));
    let stranger = strangers.issue(&["me"]);
    user.file("me.pem", &format!("{}{}", stranger.certificate, stranger.key));
    assert_snapshot!(list(&user, &server.url(), "--ca ca.pem --cert me.pem"));
    let late = clients.issue_with(&["me"], |it| it.not_after = rcgen::date_time_ymd(2020, 2, 29));
    user.file("me.pem", &format!("{}{}", late.certificate, late.key));
    assert_snapshot!(list(&user, &server.url(), "--ca ca.pem --cert me.pem"));
    assert_eq!(server.calls().len(), 0);
    // TLS 1.3 refuses after the handshake, and it is told alike however the connection breaks.
    for _ in 0..20 {
        let run = list(&user, &server.url(), "--ca ca.pem");
        assert!(run.stderr.contains("cause: received fatal alert: "), "{run}");
    }
}

#[test]
fn files_that_are_something_else_are_named_with_what_they_are() {
    let server = service(&["127.0.0.1"]);
    let (me, other) = (Authority::new().issue(&["me"]), Authority::new().issue(&["you"]));
    let user = Spacectl::new();
    user.file("ca.pem", server.authority()).file("me.pem", &me.certificate).file("me.key", &me.key);
    user.file("other.key", &other.key).file("empty.pem", "").file("notes.txt", "hello\n");
    user.file("locked.key", "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n");
    user.file("cut.pem", &server.authority()[..300]);
    user.file("odd.key", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n");
    std::fs::create_dir(user.path("folder")).unwrap();
    let told: Vec<String> = [
        "--ca nowhere.pem",
        "--ca folder",
        "--ca empty.pem",
        "--ca notes.txt",
        "--ca me.key",
        "--ca cut.pem",
        "--cert me.key",
        "--cert me.pem",
        "--cert me.pem --key me.pem",
        "--cert me.pem --key nowhere.key",
        "--cert me.pem --key locked.key",
        "--cert me.pem --key odd.key",
        "--cert me.pem --key other.key",
        "--key me.key",
    ]
    .iter()
    .map(|flags| {
        format!(
            "$ {flags}\n{}",
            list(&user, &server.url(), &format!("--ca ca.pem {flags}").replace("--ca ca.pem --ca", "--ca"))
        )
    })
    .collect();
    assert_snapshot!(told.join("\n"));
    assert_eq!(server.calls().len(), 0);
}

#[test]
fn plaintext_to_tls_and_tls_to_plaintext_say_which_to_use() {
    let tls = service(&["127.0.0.1"]);
    let user = Spacectl::new();
    assert_snapshot!(list(&user, &tls.url().replace("grpc+ssl", "grpc"), ""));
    assert_snapshot!(trusting(tls.authority(), &plaintext().url().replace("grpc", "grpc+ssl")));
}

#[test]
fn flags_of_tls_for_what_speaks_none_are_refused_before_anything_is_sent() {
    let server = plaintext();
    let user = Spacectl::new();
    assert_snapshot!(list(&user, &server.url(), "--ca nowhere.pem"));
    assert_snapshot!(user.run(&format!("-e local {LIST} --tls-server-name x")));
    assert_eq!(user.run(&format!("-e local {LIST} --cert x")).status, Some(2));
    assert_eq!(server.calls().len(), 0);
}

/// Something that answers every connection with `words`, and reads on until the other side has gone.
fn stranger(words: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let _ = socket.write_all(words);
            if words.is_empty() {
                let _ = socket.read(&mut [0; 64]);
                continue;
            }
            let _ = std::io::copy(&mut socket, &mut std::io::sink());
        }
    });
    address.to_string()
}

#[test]
fn what_is_no_grpc_at_all_is_told_by_what_it_says() {
    let user = Spacectl::new();
    let web = stranger(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
    assert_snapshot!(list(&user, &format!("grpc://{web}"), ""));
    let ssh = stranger(b"SSH-2.0-OpenSSH_9.2\x1b[2J\r\n");
    assert_snapshot!(list(&user, &format!("grpc://{ssh}"), ""));
    let silent = stranger(b"");
    assert_snapshot!(list(&user, &format!("grpc://{silent}"), ""));
    user.file("ca.pem", service(&["127.0.0.1"]).authority());
    assert_snapshot!(list(&user, &format!("grpc+ssl://{silent}"), "--ca ca.pem"));
}

/// Something that speaks TLS, and nothing over it: reads on until the other side has gone.
fn tls_alone(authority: &Authority, versions: &[&'static rustls::SupportedProtocolVersion], asks: bool) -> String {
    let issued = authority.issue(&["127.0.0.1"]);
    let certificate = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = rustls::RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.certificate().as_bytes()).unwrap()).unwrap();
    let clients = rustls::server::WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let builder = rustls::ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder =
        if asks { builder.with_client_cert_verifier(clients.build().unwrap()) } else { builder.with_no_client_auth() };
    let config = Arc::new(builder.with_single_cert(vec![certificate], key).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let mut socket = socket.unwrap();
            let mut session = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
            // It ends in an error where the other side is refused, or goes away.
            let _ = std::io::copy(&mut rustls::Stream::new(&mut session, &mut socket), &mut std::io::sink());
        }
    });
    format!("grpc+ssl://{address}")
}

#[test]
fn tls_without_http2_and_an_older_tls_that_asks_who_calls_are_told() {
    let authority = Authority::new();
    let no_alpn = tls_alone(&authority, rustls::ALL_VERSIONS, false);
    assert_snapshot!(trusting(&authority.certificate(), &no_alpn));
    // TLS 1.2 asks and refuses within the handshake.
    let older = tls_alone(&authority, &[&rustls::version::TLS12], true);
    assert_snapshot!(trusting(&authority.certificate(), &older));
}

#[test]
fn a_handshake_that_never_ends_is_given_up() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("grpc+ssl://127.0.0.1:{}", silent.local_addr().unwrap().port());
    let user = Spacectl::new();
    user.file("ca.pem", service(&["127.0.0.1"]).authority());
    assert_snapshot!(list(&user, &url, "--ca ca.pem --connect-timeout 300ms"));
}

#[test]
fn certificates_are_looked_for_only_where_tls_is_spoken() {
    // No certificate at all: whoever asks for one fails.
    let tls = service(&["127.0.0.1"]);
    assert_snapshot!(list(&Spacectl::new(), &tls.url(), ""));
    assert_eq!(list(&Spacectl::new(), &plaintext().url(), "").quiet_success(), "NO DATA\n");
}

/// A user whose environment `prod` says `settings`, with these endpoints.
fn configured(settings: &str, repository: &str) -> Spacectl {
    let user = Spacectl::new();
    let folder = user.home().join(".spaceone/environments");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("prod.yml"), format!("{settings}endpoints:\n  repository: {repository}\n")).unwrap();
    std::fs::write(user.home().join(".spaceone/environment.yml"), "environment: prod\n").unwrap();
    user
}

#[test]
fn an_environment_holds_the_same_settings() {
    let (authority, clients) = (Authority::new(), Authority::new());
    let server = service_with(authority.issue(&["repository.example"]), Some(&clients));
    let me = clients.issue(&["me"]);
    let settings = "ca: pki/ca.pem\ncert: ~/me.pem\nkey: ~/me.key\ntls_server_name: repository.example\n";
    let user = configured(settings, &server.url());
    let beside = user.home().join(".spaceone/environments/pki");
    std::fs::create_dir(&beside).unwrap();
    std::fs::write(beside.join("ca.pem"), authority.certificate()).unwrap();
    std::fs::write(user.home().join("me.pem"), &me.certificate).unwrap();
    std::fs::write(user.home().join("me.key"), &me.key).unwrap();
    assert_eq!(user.run(LIST).quiet_success(), "NO DATA\n");

    // A flag outranks the file; a certificate's key does not come from elsewhere.
    let wrong = user.run(&format!("{LIST} --tls-server-name nowhere.example"));
    assert!(wrong.stderr.contains("is not for nowhere.example, but for repository.example"), "{wrong}");
    user.file("mine.pem", &me.certificate);
    let alone = user.run(&format!("{LIST} --cert mine.pem"));
    assert!(alone.stderr.contains("--cert: mine.pem: it holds a certificate, and not its private key"), "{alone}");

    // The certificate of one installation does not go to another host.
    user.file("ca.pem", &authority.certificate());
    let elsewhere = format!("{LIST} --endpoint {} --ca ca.pem --tls-server-name repository.example", server.url());
    let unnamed = user.run(&elsewhere);
    assert!(unnamed.stderr.contains(": the service asks for one"), "{unnamed}");
    assert_eq!(user.run(&format!("{elsewhere} -e prod")).quiet_success(), "NO DATA\n");

    std::fs::remove_file(beside.join("ca.pem")).unwrap();
    assert_snapshot!(user.run(LIST));
}

#[test]
fn an_environments_plaintext_endpoints_have_no_use_for_its_certificates() {
    let server = plaintext();
    let user = configured("ca: nowhere.pem\ncert: nowhere.pem\n", &server.url());
    assert_eq!(user.run(LIST).quiet_success(), "NO DATA\n");
}

#[test]
fn config_sets_shows_and_moves_paths() {
    let user = configured("", "grpc://127.0.0.1:1");
    for setting in ["ca company.pem", "cert '~/me.pem'", "key /keys/me.key", "tls_server_name repo.example"] {
        user.run(&format!("config set {setting}")).success();
    }
    assert_snapshot!(user.run("config show"));
    let pem = "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----\n";
    assert_snapshot!(user.run_with_input("config set key -", pem));
    assert_snapshot!(user.run("config set tls-server-name repo.example"));

    user.file("import/prod.yml", "ca: company.pem\n");
    user.run("config init -e imported -f import/prod.yml").success();
    let imported = user.run("config show -e imported").success();
    assert!(imported.contains("ca: [HOME]/work/import/company.pem\n"), "{imported}");
}

#[test]
fn explain_refuses_flags_of_tls_for_local_as_every_call_does() {
    let user = Spacectl::local();
    for line in ["explain repository.Plugin.get", "list repository.Plugin"] {
        let run = user.run(&format!("{line} --ca /nowhere"));
        assert_eq!(run.status, Some(2), "{run}");
        assert!(run.stderr.contains("--ca is for TLS"), "{run}");
    }
}
