//! The registry client against servers that answer as registries do, and as nobody should.

mod support;

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, Instant};

use spacectl::error::Result;
use spacectl::oci::{CredentialFiles, ImageRef, ProxyConfig, RegistryClient};
use spacectl::secret::Secret;
use support::{Authority, Issued, Spacectl};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// "me:hunter2", as a login file and the header Authorization have it.
const ME: &str = "bWU6aHVudGVyMg==";

/// A web server that answers each request by a closure, with exactly what that says, and remembers what it was asked.
struct Web {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn start(answer: impl Fn(&str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&heads);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut head = Vec::new();
                let mut byte = [0];
                while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).is_ok_and(|count| count == 1) {
                    head.push(byte[0]);
                }
                let head = String::from_utf8(head).unwrap();
                asked.lock().unwrap().push(head.clone());
                // The client may have had enough.
                let _ = stream.write_all(answer(&head).as_bytes());
            }
        });
        Self { address, heads }
    }

    fn asked(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }

    fn place(&self) -> ImageRef {
        ImageRef::new(&self.address.to_string().parse().unwrap(), "x/plugin-a").unwrap()
    }
}

fn http(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n{headers}\r\n{body}")
}

fn json(status: &str, body: &str) -> String {
    http(status, "Content-Type: application/json\r\n", body)
}

/// A login for `host` in a file of docker's.
fn login(host: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("config.json");
    std::fs::write(&file, format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{ME}\"}}}}}}")).unwrap();
    (folder, file)
}

fn ask<T>(question: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(question)
}

fn client(logins: Vec<PathBuf>) -> RegistryClient {
    RegistryClient::new(CredentialFiles::new(logins), Duration::from_secs(10))
}

fn tags(web: &Web, logins: Vec<PathBuf>) -> Result<Option<Vec<String>>> {
    ask(client(logins).tags(&web.place()))
}

/// The error of a question, after a look that it does not tell a secret.
fn refused(web: &Web, logins: Vec<PathBuf>) -> String {
    let error = tags(web, logins).unwrap_err().to_string();
    assert!(!error.contains("hunter2") && !error.contains(ME), "{error}");
    error
}

#[track_caller]
fn assert_says(error: &str, parts: &[&str]) {
    for part in parts {
        assert!(error.contains(part), "no {part:?} in {error}");
    }
}

#[test]
fn all_pages_are_read_where_the_first_one_was() {
    let web = Web::start(|head| {
        let (link, tags) = match head.split_whitespace().nth(1).unwrap() {
            "/v2/x/plugin-a/tags/list" => {
                ("Link: </v2/x/plugin-a/tags/list?last=1.1&n=2>; rel=\"next\"\r\n", "\"1.0\",\"1.1\"")
            }
            // As a proxy may spoil it: only its query counts.
            "/v2/x/plugin-a/tags/list?last=1.1&n=2" => {
                ("Link: <http://inside.example/y?last=1.2>; rel=\"next\"\r\n", "\"1.1\",\"1.2\"")
            }
            "/v2/x/plugin-a/tags/list?last=1.2" => ("", "\"latest\",\"not a tag\""),
            other => panic!("{other}"),
        };
        http("200 OK", link, &format!("{{\"name\": \"x\", \"tags\": [{tags}]}}"))
    });
    assert_eq!(tags(&web, vec![]).unwrap().unwrap(), ["1.0", "1.1", "1.2", "latest"]);
}

#[test]
fn an_image_that_is_not_there_is_told_from_a_web_server() {
    let unknown = "{\"errors\": [{\"code\": \"NAME_UNKNOWN\", \"message\": \"not known\"}]}";
    assert_eq!(tags(&Web::start(move |_| json("404 Not Found", unknown)), vec![]).unwrap(), None);
    let empty = Web::start(|_| json("200 OK", "{\"name\": \"x\", \"tags\": null}"));
    assert_eq!(tags(&empty, vec![]).unwrap().unwrap(), [""; 0]);

    // Without words, what the registry's own address answers tells them apart.
    for (own, is_registry) in [("200 OK", true), ("401 Unauthorized", true), ("404 Not Found", false)] {
        let web = Web::start(move |head| {
            let status = if head.starts_with("GET /v2/ ") { own } else { "404 Not Found" };
            http(status, "", "")
        });
        let found = tags(&web, vec![]).map_err(|error| error.to_string());
        match is_registry {
            true => assert_eq!(found, Ok(None), "{own}"),
            false => assert_says(&found.unwrap_err(), &["404 Not Found: it is not a registry"]),
        }
    }

    let page = "<html>Welcome</html>";
    for status in ["404 Not Found", "200 OK"] {
        let web = Web::start(move |_| http(status, "Content-Type: text/html\r\n", page));
        assert_says(&refused(&web, vec![]), &["text/html: it is not a registry", "check the host and the port"]);
        let head = ask(client(vec![]).digest(&web.place(), "1.0")).unwrap_err().error.to_string();
        assert_says(&head, &["it is not a registry"]);
    }
}

#[test]
fn a_tags_digest_is_asked_for_with_every_kind_of_manifest() {
    let web = Web::start(|head| {
        if head.starts_with("HEAD /v2/x/plugin-a/manifests/1.0 ") {
            let kinds = ["vnd.oci.image.index.v1+json", "vnd.docker.distribution.manifest.v2+json"];
            assert!(kinds.iter().all(|kind| head.contains(kind)), "{head}");
            return http("200 OK", "Docker-Content-Digest: sha256:abc\r\n", "");
        }
        json("404 Not Found", "")
    });
    assert_eq!(ask(client(vec![]).digest(&web.place(), "1.0")).unwrap().as_deref(), Some("sha256:abc"));
    assert_eq!(ask(client(vec![]).digest(&web.place(), "2.0")).unwrap(), None);
    assert!(ask(client(vec![]).digest(&web.place(), "../x")).is_err());
}

#[test]
fn a_login_is_sent_when_it_is_asked_for_and_never_told() {
    let web = Web::start(|head| {
        if head.contains(&format!("authorization: Basic {ME}\r\n")) {
            return json("200 OK", "{\"tags\": [\"1.0\"]}");
        }
        http("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "")
    });
    let (_folder, file) = login(&web.address.to_string());
    assert_eq!(tags(&web, vec![file.clone()]).unwrap().unwrap(), ["1.0"]);
    assert!(!web.asked()[0].contains(ME));
    assert_says(&refused(&web, vec![]), &["401", &format!("docker login {}", web.address)]);

    let closed = Web::start(|_| http("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", ""));
    let (_folder, file) = login(&closed.address.to_string());
    assert_says(&refused(&closed, vec![file.clone()]), &[&format!("the login from {}", file.display())]);
    // The login of another registry is none for this one.
    let (_folder, other) = login("127.0.0.1:1");
    assert_says(&refused(&closed, vec![other]), &["it needs a login"]);
}

#[test]
fn a_token_service_changes_the_login_for_a_token() {
    let service = Web::start(|head| {
        let path = head.split_whitespace().nth(1).unwrap();
        assert_eq!(path, "/token?a=b&scope=repository%3Ax%2Fplugin-a%3Apull&service=here");
        assert!(head.contains(&format!("authorization: Basic {ME}\r\n")), "{head}");
        json("200 OK", "{\"token\": \"\", \"access_token\": \"the-token\"}")
    });
    let challenge =
        format!("WWW-Authenticate: Bearer realm=\"http://{}/token?a=b\",service=\"here\"\r\n", service.address);
    let web = Web::start(move |head| {
        assert!(!head.contains(ME), "the registry itself gets no login");
        if head.contains("authorization: Bearer the-token\r\n") {
            return json("200 OK", "{\"tags\": [\"1.0\"]}");
        }
        http("401 Unauthorized", &challenge, "")
    });
    let (_folder, file) = login(&web.address.to_string());
    assert_eq!(tags(&web, vec![file]).unwrap().unwrap(), ["1.0"]);
}

#[test]
fn a_token_for_the_registry_itself_needs_no_token_service() {
    let web = Web::start(|head| {
        if head.contains("authorization: Bearer own-token\r\n") {
            return json("200 OK", "{\"tags\": [\"1.0\"]}");
        }
        http("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"https://registry.invalid/token\"\r\n", "")
    });
    let (_folder, file) = login(&web.address.to_string());
    let content = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, content.replace("\"auth\":", "\"registrytoken\": \"own-token\", \"auth\":")).unwrap();
    assert_eq!(tags(&web, vec![file]).unwrap().unwrap(), ["1.0"]);
}

#[test]
fn a_token_service_can_refuse_fail_or_lie() {
    for (answer, parts) in [
        (
            json("401 Unauthorized", "{\"details\": \"incorrect username or password\"}"),
            &["incorrect username", "the login from"][..],
        ),
        (json("503 Service Unavailable", ""), &["503", "try again later"]),
        (json("200 OK", "{\"token\": \"a\\r\\nX-Evil: b\"}"), &["invalid token"]),
        (json("200 OK", "{\"token\": \"\"}"), &["it is not a registry or token service"]),
        (json("200 OK", "<html>"), &["answers 200 OK with application/json: it is not a registry or token service"]),
        (http("302 Found", "Location: https://elsewhere.example/\r\n", ""), &["302"]),
    ] {
        let service = Web::start(move |_| answer.clone());
        let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{}/\"\r\n", service.address);
        let web = Web::start(move |_| http("401 Unauthorized", &challenge, ""));
        let (_folder, file) = login(&web.address.to_string());
        assert_says(&refused(&web, vec![file]), parts);
    }
}

#[test]
fn no_login_goes_where_a_registry_sends_it_without_tls() {
    for realm in ["http://token.example/", "http://192.0.2.1/"] {
        let web = Web::start(move |_| {
            http("401 Unauthorized", &format!("WWW-Authenticate: Bearer realm=\"{realm}\"\r\n"), "")
        });
        let (_folder, file) = login(&web.address.to_string());
        assert_says(&refused(&web, vec![file]), &["without TLS", "nothing was sent there"]);
    }
}

#[test]
fn a_redirect_is_followed_without_the_login() {
    let elsewhere = Web::start(|_| json("200 OK", "{\"tags\": [\"1.0\"]}"));
    let location = format!("Location: http://{}/list\r\n", elsewhere.address);
    let web = Web::start(move |head| {
        if head.contains(ME) {
            return http("307 Temporary Redirect", &location, "");
        }
        http("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "")
    });
    let (_folder, file) = login(&web.address.to_string());
    assert_eq!(tags(&web, vec![file]).unwrap().unwrap(), ["1.0"]);
    let asked = elsewhere.asked();
    assert!(asked[0].starts_with("GET /list ") && !asked[0].to_lowercase().contains("authorization"), "{asked:?}");

    let round = Web::start(|_| http("302 Found", "Location: /v2/again\r\n", ""));
    assert_says(&refused(&round, vec![]), &["do not end"]);
    let out = Web::start(|_| http("302 Found", "Location: http://registry.example/\r\n", ""));
    assert_says(&refused(&out, vec![]), &["http://registry.example, without TLS"]);
}

#[test]
fn bad_days_of_a_registry_are_told_with_what_to_do() {
    let many = Web::start(|_| {
        let body = "{\"errors\": [{\"code\": \"TOOMANYREQUESTS\", \"message\": \"pull rate limit\"}]}";
        http("429 Too Many Requests", "Retry-After: 30\r\n", body)
    });
    assert_says(&refused(&many, vec![]), &["TOOMANYREQUESTS: pull rate limit", "try again in 30 s, or log in"]);
    let tls = Web::start(|_| http("400 Bad Request", "", "The plain HTTP request was sent to HTTPS port"));
    assert_says(&refused(&tls, vec![]), &["400", "if it speaks TLS, write https://127.0.0.1"]);
    let broken = Web::start(|_| http("502 Bad Gateway", "", "<html>"));
    assert_says(&refused(&broken, vec![]), &["502", "the registry itself fails"]);
    let no_http = Web::start(|_| "220 smtp.example ESMTP\r\n".to_owned());
    assert_says(&refused(&no_http, vec![]), &["something else may listen there"]);
    let cut = Web::start(|_| "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{".to_owned());
    assert_says(&refused(&cut, vec![]), &["cannot ask the registry"]);

    let place = ImageRef::new(&"127.0.0.1:9".parse().unwrap(), "a").unwrap();
    let down = ask(client(vec![]).tags(&place)).unwrap_err().to_string();
    assert_says(&down, &["refused", "is the registry running?"]);
    let place = ImageRef::new(&"registry.invalid".parse().unwrap(), "a").unwrap();
    assert_says(&ask(client(vec![]).tags(&place)).unwrap_err().to_string(), &["registry.invalid is not known here"]);
}

#[test]
fn what_has_no_end_is_ended() {
    let same = Web::start(|_| http("200 OK", "Link: <?last=1.0>; rel=next\r\n", "{\"tags\": [\"1.0\"]}"));
    assert_says(&refused(&same, vec![]), &["does not end"]);
    assert!(same.asked().len() <= 3);

    let huge = Web::start(|_| {
        let body = "[".repeat(9 * 1024 * 1024);
        json("200 OK", &body)
    });
    assert_says(&refused(&huge, vec![]), &["more than 8 MiB"]);

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = ImageRef::new(&silent.local_addr().unwrap().to_string().parse().unwrap(), "a").unwrap();
    let begun = Instant::now();
    let short = RegistryClient::new(CredentialFiles::default(), Duration::from_millis(300));
    assert_says(&ask(short.tags(&place)).unwrap_err().to_string(), &["within 0.3 s"]);
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[test]
fn each_request_is_told_without_a_secret() {
    let web = Web::start(|_| json("200 OK", "{\"tags\": [\"1.0\"]}"));
    let lines = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&lines);
    let client = client(vec![]).on_request(move |line| told.lock().unwrap().push(line.to_owned()));
    ask(client.tags(&web.place())).unwrap();
    let lines = lines.lock().unwrap();
    assert!(lines[0].starts_with(&format!("GET http://{}/v2/x/plugin-a/tags/list: 200 in ", web.address)), "{lines:?}");
}

/// A server that speaks TLS with the certificate of `issued`, and gives each the same answer; its port.
async fn speak_tls(issued: &Issued, answer: String) -> u16 {
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(issued.certificate.as_bytes()).unwrap()],
            PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap(),
        )
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(socket).await else { continue };
            let _ = stream.read(&mut [0; 4096]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    port
}

/// A proxy that knows CONNECT, lets in who has the login "me:hunter2", and reaches every name on this machine; with the
/// heads of what it was asked.
async fn start_proxy() -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let heads = Arc::new(Mutex::new(Vec::new()));
    let asked = Arc::clone(&heads);
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let asked = Arc::clone(&asked);
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.ends_with(b"\r\n\r\n") {
                    head.push(socket.read_u8().await.unwrap());
                }
                let head = String::from_utf8(head).unwrap();
                asked.lock().unwrap().push(head.clone());
                if !head.contains(&format!("proxy-authorization: Basic {ME}\r\n")) {
                    let answer = http("407 Proxy Authentication Required", "Proxy-Authenticate: Basic\r\n", "");
                    socket.write_all(answer.as_bytes()).await.unwrap();
                    return;
                }
                let authority = head.strip_prefix("CONNECT ").unwrap().split_once(' ').unwrap().0;
                let port: u16 = authority.rsplit_once(':').unwrap().1.parse().unwrap();
                let Ok(mut there) = tokio::net::TcpStream::connect(("127.0.0.1", port)).await else {
                    socket.write_all(http("502 Bad Gateway", "", "").as_bytes()).await.unwrap();
                    return;
                };
                socket.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").await.unwrap();
                let _ = tokio::io::copy_bidirectional(&mut socket, &mut there).await;
            });
        }
    });
    (address, heads)
}

#[test]
fn a_registry_is_reached_through_the_proxy_of_the_environment() {
    let authority = Authority::new();
    let issued = authority.issue(&["registry.example"]);
    let folder = tempfile::tempdir().unwrap();
    ask(async {
        let port = speak_tls(&issued, json("200 OK", "{\"tags\": [\"1.0\"]}")).await;
        let own = folder.path().join(format!("registry.example:{port}"));
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("ca.crt"), authority.certificate()).unwrap();
        let (address, heads) = start_proxy().await;
        let lines = Arc::new(Mutex::new(Vec::new()));
        let through = |url: String, direct: &str| {
            let told = Arc::clone(&lines);
            client(vec![])
                .with_certificates(vec![folder.path().into()])
                .with_proxy(ProxyConfig::new(Some(Secret::new(url)), Some(direct.to_owned())))
                .on_request(move |line| told.lock().unwrap().push(line.to_owned()))
        };
        let place = |registry: String| ImageRef::new(&registry.parse().unwrap(), "a").unwrap();
        let registry = place(format!("registry.example:{port}"));

        let tags = through(format!("http://me:hunter2@{address}"), "").tags(&registry).await.unwrap().unwrap();
        assert_eq!(tags, ["1.0"]);
        let asked = heads.lock().unwrap().clone();
        assert_says(&asked[0], &[&format!("CONNECT registry.example:{port} HTTP/1.1\r\n")]);
        assert_eq!(asked.len(), 1, "what is asked of the registry is not seen by the proxy");
        let told = lines.lock().unwrap().concat();
        assert_says(&told, &[&format!("/v2/a/tags/list through the proxy {address}: 200 in ")]);

        for (url, place, parts) in [
            (
                format!("http://{address}"),
                &registry,
                &["answers 407", "HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"][..],
            ),
            (
                format!("http://me:hunter2@{address}"),
                &place("registry.example:9".to_owned()),
                &["answers 502 Bad Gateway for registry.example:9", "NO_PROXY"],
            ),
            (
                "http://me:hunter2@127.0.0.1:9".to_owned(),
                &registry,
                &["the proxy 127.0.0.1:9\ncause: Connection refused", "HTTPS_PROXY names that proxy"],
            ),
            (format!("socks5://me:hunter2@{address}"), &registry, &["HTTPS_PROXY: only HTTP proxies"]),
        ] {
            let error = through(url, "").tags(place).await.unwrap_err().to_string();
            assert_says(&error, parts);
            assert!(!error.contains("hunter2") && !error.contains(ME), "{error}");
        }
        let before = heads.lock().unwrap().len();
        let direct = through(format!("http://me:hunter2@{address}"), "other.example,.example");
        let unknown = direct.tags(&registry).await.unwrap_err().to_string();
        assert_says(&unknown, &["the name registry.example", "is not known here"]);
        let loopback = place(format!("https://localhost:{port}"));
        let error = through(format!("http://me:hunter2@{address}"), "").tags(&loopback).await.unwrap_err().to_string();
        assert_says(&error, &["certificate"]);
        assert_eq!(heads.lock().unwrap().len(), before, "neither was asked for through the proxy");
        let told = lines.lock().unwrap().concat();
        assert!(!told.contains("hunter2") && !told.contains(ME), "{told}");
    });
}

#[test]
fn the_proxy_is_that_of_https_proxy() {
    let user = Spacectl::local();
    user.run("config set registry registry.example -e local").success();
    user.file("a.yml", "name: A\nresource_type: inventory.Collector\nimage: x/plugin-a\n");
    for name in ["HTTPS_PROXY", "https_proxy"] {
        let proxy = (name, "http://me:hunter2@127.0.0.1:9");
        let run = user.run_with(&[proxy], "exec register repository.Plugin -f a.yml -v");
        assert_eq!(run.status, Some(78), "{run}");
        let parts =
            ["/v2/x/plugin-a/tags/list through the proxy 127.0.0.1:9: no answer", "HTTPS_PROXY names that proxy"];
        assert_says(&run.to_string(), &parts);
        assert!(!run.to_string().contains("hunter2"), "{run}");
    }
}

#[test]
fn what_a_registry_leads_to_is_told_by_its_own_name() {
    let web =
        Web::start(|_| http("401 Unauthorized", "WWW-Authenticate: Bearer realm=\"http://127.0.0.1:9/token\"\r\n", ""));
    let down = refused(&web, vec![]);
    assert_says(
        &down,
        &[&format!("the registry {} about", web.address), "it leads to 127.0.0.1:9\ncause: Connection refused"],
    );
    assert!(!down.contains("is the registry running?"), "{down}");

    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let service = silent.local_addr().unwrap();
    let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{service}/token\"\r\n");
    let web = Web::start(move |_| http("401 Unauthorized", &challenge, ""));
    let short = RegistryClient::new(CredentialFiles::default(), Duration::from_secs(1));
    let late = ask(short.tags(&web.place())).unwrap_err().to_string();
    assert_says(&late, &[&format!("it leads to {service}\ncause: it did not answer within 1 s")]);

    let authority = Authority::new();
    let issued = authority.issue(&["localhost"]);
    ask(async {
        let port = speak_tls(&issued, String::new()).await;
        let location = format!("Location: https://LocalHost:{port}/\r\n");
        let web = Web::start(move |_| http("307 Temporary Redirect", &location, ""));
        let untrusted = client(vec![]).tags(&web.place()).await.unwrap_err().to_string();
        assert_says(&untrusted, &[&format!("/etc/docker/certs.d/localhost:{port}/ca.crt")]);
    });
}

#[test]
fn a_companys_authority_is_trusted_for_its_registry_alone() {
    let authority = Authority::new();
    let issued = authority.issue(&["localhost"]);
    let folder = tempfile::tempdir().unwrap();
    ask(async {
        let port = speak_tls(&issued, json("200 OK", "{\"tags\": [\"1.0\"]}")).await;
        let place = ImageRef::new(&format!("https://localhost:{port}").parse().unwrap(), "a").unwrap();
        let trusting = || client(vec![]).with_certificates(vec![folder.path().into()]);
        let untrusted = trusting().tags(&place).await.unwrap_err().to_string();
        assert_says(&untrusted, &["UnknownIssuer", &format!("/etc/docker/certs.d/localhost:{port}/ca.crt")]);

        let own = folder.path().join(format!("localhost:{port}"));
        std::fs::create_dir(&own).unwrap();
        std::fs::write(own.join("ca.crt"), authority.certificate()).unwrap();
        assert_eq!(trusting().tags(&place).await.unwrap().unwrap(), ["1.0"]);
        std::fs::write(own.join("ca.crt"), "no certificate").unwrap();
        assert_says(&trusting().tags(&place).await.unwrap_err().to_string(), &["ca.crt: it holds no certificate"]);

        let plain = ImageRef::new(&format!("localhost:{port}").parse().unwrap(), "a").unwrap();
        assert_says(
            &trusting().tags(&plain).await.unwrap_err().to_string(),
            &["if it speaks TLS, write https://localhost"],
        );
    });
}

#[test]
fn a_helpers_login_is_used_and_its_words_are_not_shown() {
    use std::os::unix::fs::PermissionsExt as _;

    let web = Web::start(|head| {
        if head.contains(ME) {
            return json("200 OK", "{\"tags\": [\"1.0\"]}");
        }
        http("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "")
    });
    let programs = tempfile::tempdir().unwrap();
    let helper = |script: &str| {
        let file = programs.path().join("docker-credential-test");
        std::fs::write(&file, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    };
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let user = Spacectl::local().variable("PATH", &path);
    std::fs::create_dir(user.home().join(".docker")).unwrap();
    std::fs::write(user.home().join(".docker/config.json"), "{\"credsStore\": \"test\"}").unwrap();
    user.run(&format!("config set registry {} -e local", web.address)).success();
    user.file("spec.yml", "name: A\nresource_type: inventory.Collector\nimage: x/plugin-a\n");
    let register = "exec register repository.Plugin -f spec.yml -o quiet -c plugin_id";

    helper("echo hunter2; exit 3");
    let run = user.run(register);
    assert_eq!(run.status, Some(78), "{run}");
    assert!(!run.to_string().contains("hunter2"), "{run}");
    assert_says(&run.to_string(), &["docker-credential-test", "exit status: 3"]);
    let address = web.address.to_string();
    // It inherits what it may need, and not the key.
    helper(
        "read server; test \"$server\" = \"$EXPECTED\" && test -z \"${SPACECTL_API_KEY+set}\" && \
         echo '{\"Username\": \"me\", \"Secret\": \"hunter2\"}'",
    );
    let run = user.run_with(&[("EXPECTED", &address), ("SPACECTL_API_KEY", "k")], register);
    assert_eq!(run.status, Some(0), "{run}");
    helper("echo 'credentials not found in native keychain'; exit 1");
    let run = user.run("exec get_versions repository.Plugin -p plugin_id=plugin-a");
    assert_says(&run.to_string(), &["it needs a login"]);

    // A pipe in the file's place, which would be waited for.
    let file = user.home().join(".docker/config.json");
    std::fs::remove_file(&file).unwrap();
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &file, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    let run = user.run("exec get_versions repository.Plugin -p plugin_id=plugin-a");
    assert_says(&run.to_string(), &["config.json", "not a regular file"]);
}

#[test]
fn a_registry_that_repeats_a_login_or_a_token_does_not_show_it() {
    let token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl";
    let basic = Web::start(move |head| {
        let said = head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default();
        if said.is_empty() {
            return http("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "");
        }
        let words = format!("no {said}, me:hunter2, password hunter2, ?p=hunter2, {token}");
        json("403 Forbidden", &format!("{{\"errors\": [{{\"code\": \"DENIED\", \"message\": \"{words}\"}}]}}"))
    });
    let (_folder, file) = login(&basic.address.to_string());
    let error = refused(&basic, vec![file]);
    let words = "DENIED: no Basic ********, ********, password ********, ?p=********, ********";
    assert!(error.contains(words), "{error}");

    // What a token service gives is a secret in any form.
    let bearer = Web::start(move |head| {
        let host = head.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default().to_owned();
        if head.starts_with("GET /token") {
            return json("200 OK", "{\"token\": \"opaque/token+1\"}");
        }
        if head.contains("Bearer opaque/token+1") {
            return json("403 Forbidden", "{\"errors\": [{\"message\": \"opaque/token+1 or opaque%2Ftoken%2B1\"}]}");
        }
        let challenge = format!("WWW-Authenticate: Bearer realm=\"http://{host}/token\",service=\"x\"\r\n");
        http("401 Unauthorized", &challenge, "")
    });
    assert!(refused(&bearer, Vec::new()).contains("403 Forbidden: ******** or ********"));
}

#[test]
fn the_environment_local_looks_for_images_where_its_configuration_says() {
    let web = Web::start(|head| {
        if head.starts_with("GET /v2/x/plugin-a/tags/list ") {
            return json("200 OK", "{\"tags\": [\"1.9\", \"latest\", \"1.10\"]}");
        }
        json("404 Not Found", "{\"errors\": [{\"code\": \"NAME_UNKNOWN\"}]}")
    });
    let user = Spacectl::local();
    let set = user.run(&format!("config set registry {} -e local", web.address));
    assert_eq!(set.status, Some(0), "{set}");
    let shown = user.run("config show -e local");
    assert_says(&shown.to_string(), &[&format!("registry: http://{}", web.address)]);
    user.file("a.yml", "name: A\nresource_type: inventory.Collector\nimage: x/plugin-a\n");
    user.file("b.yml", "name: B\nresource_type: inventory.Collector\nimage: x/plugin-b\nregistry_type: GITHUB\n");

    let run = user.run("exec register repository.Plugin -f a.yml -o quiet -c plugin_id -v");
    assert_eq!(run.status, Some(0), "{run}");
    assert_says(&run.to_string(), &["images are looked up at http://", "/v2/x/plugin-a/tags/list: 200 in"]);
    let run = user.run("exec get_versions repository.Plugin -p plugin_id=plugin-a -o json");
    assert_says(&run.to_string(), &["\"total_count\": 3"]);
    let versions = run.to_string();
    let order: Vec<_> =
        ["1.10", "1.9", "latest"].iter().map(|tag| versions.find(&format!("\"{tag}\"")).unwrap()).collect();
    assert!(order.is_sorted(), "{versions}");

    let run = user.run("exec register repository.Plugin -f b.yml");
    assert_eq!(run.status, Some(77), "{run}");
    let words = "ERROR_NO_IMAGE_IN_REGISTRY: Image does not found. (registry_type = GITHUB, image = x/plugin-b)";
    assert_says(&run.to_string(), &[words]);
    // What is there already is told before the registry is asked.
    let before = web.asked().len();
    let run = user.run("exec register repository.Plugin -f a.yml");
    assert_says(&run.to_string(), &["ERROR_SAVE_UNIQUE_VALUES"]);
    assert_eq!(web.asked().len(), before);
    let run = user.run("list repository.Plugin -o quiet -c plugin_id");
    assert_says(&run.to_string(), &["plugin-a"]);
    assert!(!run.to_string().contains("plugin-b"), "{run}");

    assert_eq!(user.run_with_input("config set token - -e local", "t").status, Some(2));
    user.run("config set registry 127.0.0.1:9 -e local").success();
    let run = user.run("exec register repository.Plugin -f b.yml");
    assert_eq!(run.status, Some(78), "{run}");
    let hint = "hint: nothing was changed";
    assert_says(&run.to_string(), &["UNAVAILABLE", "refused", "is the registry running?", hint]);
    assert_eq!(user.run("config set registry http://registry.example.com -e local").status, Some(2));
    // Without the registry all is as it was.
    user.run("config remove registry -e local").success();
    user.run("exec register repository.Plugin -f b.yml").success();
}

#[test]
fn the_environment_local_stays_built_in() {
    let user = Spacectl::local();
    for line in ["config set token t", "config endpoint add repository grpc://h:1", "config set registry http://h"] {
        assert_ne!(user.run(line).status, Some(0), "{line}");
        assert!(!user.home().join(".spaceone/environments/local.yml").exists(), "{line}");
    }
    user.run("config set registry 127.0.0.1:1").success();
    let run = user.run("list repository.Plugin");
    assert_eq!(run.status, Some(0), "{run}");
    assert!(!run.stderr.contains("warning"), "{run}");
}

#[test]
fn local_serve_takes_the_registry_of_its_flag_or_of_its_environment() {
    let user = Spacectl::new();
    user.run("config set registry localhost:1 -e local").success();
    for (flags, said) in [
        (&[][..], "looked up at http://localhost:1"),
        (&["--registry", "ghcr.io/team"], "looked up at https://ghcr.io/team"),
        (&["--data", "other.db"], "image existence is not checked"),
        (&["--data", "other.db", "--registry", "[::1]:5000"], "looked up at http://[::1]:5000"),
    ] {
        let mut served = user.command();
        served.args(["local", "serve", "--listen", "127.0.0.1:0"]).args(flags);
        let mut served = served.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(served.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
        served.kill().unwrap();
        served.wait().unwrap();
        assert_says(&line, &[said]);
    }
    let run = user.run("local serve --registry registry.example.com/Team");
    assert_eq!(run.status, Some(2), "{run}");
}

#[test]
fn a_registry_in_another_environment_is_read_by_nobody() {
    let user = Spacectl::new();
    user.run("config init -e prod --service repository=grpc://h:1").success();
    let run = user.run("config set registry ghcr.io -e prod");
    assert_says(&run.stderr, &["only the environment local reads registry, and this is prod"]);
}

#[test]
fn nobody_waits_for_a_slow_registry_but_who_asked() {
    let (release, released) = mpsc::channel::<()>();
    let web = Web::start(move |_| {
        // Not for ever: a test that fails ends too.
        let _ = released.recv_timeout(Duration::from_secs(60));
        json("200 OK", "{\"tags\": [\"1.0\"]}")
    });
    let user = Spacectl::local();
    user.file("a.yml", "name: A\nresource_type: inventory.Collector\nimage: x/plugin-a\n");
    user.file("b.yml", "name: B\nresource_type: inventory.Collector\nimage: x/plugin-b\n");
    user.run("exec register repository.Plugin -f a.yml").success();
    user.run(&format!("config set registry {}", web.address)).success();
    let mut slow = user.command();
    slow.args(["exec", "register", "repository.Plugin", "-f", "b.yml", "-q", "-o", "quiet", "-c", "plugin_id"]);
    let mut slow = slow.spawn().unwrap();
    let begun = Instant::now();
    while web.asked().is_empty() {
        assert!(begun.elapsed() < Duration::from_secs(60), "the registry is not asked");
        thread::sleep(Duration::from_millis(10));
    }
    user.run("exec disable repository.Plugin -p plugin_id=plugin-a").success();
    let list = user.run("list repository.Plugin -o quiet -c plugin_id").success();
    assert_eq!((list.as_str(), slow.try_wait().unwrap()), ("plugin-a\n", None));
    release.send(()).unwrap();
    assert!(slow.wait().unwrap().success());
    let list = user.run("list repository.Plugin -o quiet -c plugin_id").success();
    assert_eq!(list, "plugin-a\nplugin-b\n");
}
