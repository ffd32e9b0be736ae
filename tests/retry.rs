//! Requests that are sent again, after a connection broke or refused them.

mod support;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bytes::Bytes;
use h2::Reason;
use http::{HeaderMap, Response};
use prost_reflect::{DescriptorPool, MethodDescriptor};
use serde_json::{Value, json};
use spacectl::error::{Error, Outcome};
use spacectl::grpc::call::Caller;
use spacectl::grpc::channel;
use spacectl::grpc::metadata::Metadata;
use spacectl::grpc::retry::is_read_only;
use spacectl::net::endpoint::EndpointUrl;
use spacectl::net::tls::TlsSettings;
use support::{Act, Api, Call, End, Plugins, Proxy, Running, Server, Spacectl, row};
use tokio::net::{TcpListener, TcpStream};

fn method(verb: &str) -> MethodDescriptor {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/proto");
    let files = protox::compile(["spaceone/api/repository/v1/plugin.proto"], [dir]).unwrap();
    let pool = DescriptorPool::from_file_descriptor_set(files).unwrap();
    let service = pool.get_service_by_name("spaceone.api.repository.v1.Plugin").unwrap();
    service.methods().find(|method| method.name() == verb).unwrap()
}

/// How a peer resets a stream.
#[derive(Clone, Copy, Debug)]
enum Reset {
    /// Before it answers.
    AtOnce(Reason),
    /// In the middle of its answer.
    Amid(Reason),
}

/// Resets the first streams, all if `times` is `None`, answers the others, and counts them.
async fn serve(socket: TcpStream, reset: Reset, times: Option<usize>, seen: Arc<AtomicUsize>) {
    let mut connection = h2::server::handshake(socket).await.unwrap();
    while let Some(Ok((_, mut respond))) = connection.accept().await {
        let is_reset = times.is_none_or(|times| seen.load(Ordering::SeqCst) < times);
        seen.fetch_add(1, Ordering::SeqCst);
        let head = Response::builder().header("content-type", "application/grpc").body(()).unwrap();
        match reset {
            Reset::AtOnce(reason) if is_reset => respond.send_reset(reason),
            Reset::Amid(reason) if is_reset => {
                let mut body = respond.send_response(head, false).unwrap();
                // Half of a message's head.
                body.send_data(Bytes::from_static(&[0; 2]), false).unwrap();
                tokio::spawn(async move {
                    // A reset takes back what is not on its way yet.
                    for _ in 0..100 {
                        tokio::task::yield_now().await;
                    }
                    body.send_reset(reason);
                });
            }
            _ => {
                let mut body = respond.send_response(head, false).unwrap();
                // An empty message: not compressed, no bytes.
                body.send_data(Bytes::from_static(&[0; 5]), false).unwrap();
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                body.send_trailers(trailers).unwrap();
            }
        }
    }
}

/// Calls `verb` where so many streams are reset: what came of it, and how often it was sent.
fn call(verb: &str, reset: Reset, times: Option<usize>) -> (Result<Bytes, Error>, usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&seen);
        tokio::spawn(async move { serve(listener.accept().await.unwrap().0, reset, times, counted).await });
        let address: EndpointUrl = format!("grpc://127.0.0.1:{port}").parse().unwrap();
        let transport = channel::connect(&address, &TlsSettings::default(), None).await.unwrap();
        let caller = Caller::new(transport, Metadata::default(), Some(Duration::from_secs(3)), "test");
        let result = caller.unary(&method(verb), is_read_only(verb), Bytes::new()).await;
        (result, seen.load(Ordering::SeqCst))
    })
}

#[test]
fn a_refused_stream_is_sent_again_whatever_the_verb() {
    for verb in ["register", "list"] {
        assert_eq!(call(verb, Reset::AtOnce(Reason::REFUSED_STREAM), Some(5)), (Ok(Bytes::new()), 6));
    }
}

#[test]
fn what_is_refused_for_ever_is_not_sent() {
    let (result, sent) = call("register", Reset::AtOnce(Reason::REFUSED_STREAM), None);
    let error = result.unwrap_err();
    assert_eq!((error.exit_code(), error.outcome()), (64 + 14, Outcome::NotSent), "{error}");
    assert!(sent > 5, "{sent}");
    assert!(error.to_string().ends_with("\nhint: nothing was done: try again"), "{error}");
}

#[test]
fn a_stream_that_broke_is_sent_again_to_read_and_may_have_been_acted_on() {
    for (reset, code) in [
        (Reset::AtOnce(Reason::INTERNAL_ERROR), 13),
        (Reset::AtOnce(Reason::NO_ERROR), 13),
        (Reset::AtOnce(Reason::CANCEL), 1),
        (Reset::AtOnce(Reason::ENHANCE_YOUR_CALM), 8),
        (Reset::AtOnce(Reason::INADEQUATE_SECURITY), 7),
        (Reset::Amid(Reason::INTERNAL_ERROR), 13),
        (Reset::Amid(Reason::CANCEL), 1),
        // The HTTP library takes this for the end of the answer, which has no status then.
        (Reset::Amid(Reason::NO_ERROR), 2),
        // Whoever has begun to answer has begun the work.
        (Reset::Amid(Reason::REFUSED_STREAM), 14),
    ] {
        let (result, sent) = call("register", reset, None);
        let error = result.unwrap_err();
        assert_eq!((error.exit_code(), error.outcome(), sent), (64 + code, Outcome::Unknown, 1), "{reset:?} {error}");
        assert!(error.to_string().contains("hint: ") && error.to_string().contains("check what is there"), "{error}");
    }
    for reset in [Reset::AtOnce(Reason::INTERNAL_ERROR), Reset::AtOnce(Reason::CANCEL), Reset::Amid(Reason::CANCEL)] {
        assert_eq!(call("list", reset, Some(2)), (Ok(Bytes::new()), 3), "{reset:?}");
    }
    let (result, sent) = call("list", Reset::AtOnce(Reason::INTERNAL_ERROR), None);
    assert_eq!((result.unwrap_err().exit_code(), sent), (64 + 13, 3));
}

const REGISTER: &str = "exec register repository.Plugin -f many.yml -c plugin_id -o quiet";

fn id(n: usize) -> String {
    format!("p{n:04}")
}

fn ids(count: usize) -> String {
    (0..count).map(|n| id(n) + "\n").collect()
}

fn user_with(documents: usize) -> Spacectl {
    let user = Spacectl::new();
    let document = |n| format!("---\nname: {0}\nresource_type: a.B\nimage: x/{0}\n", id(n));
    user.file("many.yml", &(0..documents).map(document).collect::<String>());
    user
}

/// What was registered, and how often.
type Registered = Arc<Mutex<HashMap<String, usize>>>;

fn registering(registered: &Registered) -> impl Fn(&Call) -> Vec<Result<Value, tonic::Status>> + Send + Sync + 'static {
    let registered = Arc::clone(registered);
    move |call: &Call| {
        let name = call.request["name"].as_str().unwrap().to_owned();
        *registered.lock().unwrap().entry(name.clone()).or_default() += 1;
        vec![Ok(json!({ "plugin_id": name }))]
    }
}

#[track_caller]
fn assert_each_once(registered: &Registered, count: usize) {
    let registered = registered.lock().unwrap();
    let wrong: Vec<_> = (0..count).filter(|n| registered.get(&id(*n)) != Some(&1)).collect();
    assert!(wrong.is_empty() && registered.len() == count, "not registered once: {wrong:?} of {}", registered.len());
}

/// Registers so many through a proxy before a server that takes 200 streams at a time; says how many connections that
/// took.
#[track_caller]
fn register_through(rule: fn(usize) -> Act, documents: usize, more: &str) -> usize {
    let registered = Registered::default();
    let server = Server::start(Api::generation2(), registering(&registered));
    let proxy = Proxy::before(server.port(), rule);
    let run = user_with(documents).run(&format!("--endpoint {} {REGISTER}{more}", proxy.url()));
    assert_eq!((run.status, &run.stdout), (Some(0), &ids(documents)), "{run}");
    assert_eq!(run.stderr, format!("registered {documents}\n"));
    assert_each_once(&registered, documents);
    proxy.connections()
}

#[test]
fn documents_go_over_as_many_connections_as_it_takes() {
    assert!(register_through(|n| if n == 100 { Act::LastByGoAway } else { Act::Pass }, 450, "") >= 5);
    assert!(register_through(|n| if n == 3 { Act::LastByGoAway } else { Act::Pass }, 100, "") >= 34);
    assert!(register_through(|n| if n == 2 { Act::LastByGoAway } else { Act::Pass }, 30, " --parallel 1") >= 15);
    assert!(register_through(|_| Act::LastByGoAway, 40, "") >= 40);
    assert!(register_through(|n| if n == 5 { Act::LastByTwoGoAways } else { Act::Pass }, 60, "") >= 12);
    // More than the server takes at a time: one waits for its stream where the connection ends.
    assert!(register_through(|n| if n == 150 { Act::LastByGoAway } else { Act::Pass }, 600, " --parallel 256") >= 4);
}

#[test]
fn a_go_away_says_what_was_not_processed_whatever_its_reason() {
    const ENHANCE_YOUR_CALM: u32 = 11;
    register_through(|n| if n == 4 { Act::NotProcessed(0) } else { Act::Pass }, 40, "");
    register_through(|n| if n == 4 { Act::NotProcessed(ENHANCE_YOUR_CALM) } else { Act::Pass }, 40, "");
}

/// A rule that cuts the connection at the next request, once this is set.
fn cutting() -> (impl Fn(usize) -> Act + Send + Sync + 'static, Arc<AtomicBool>) {
    let is_next = Arc::<AtomicBool>::default();
    let cut = Arc::clone(&is_next);
    (move |_| if cut.swap(false, Ordering::SeqCst) { Act::Cut } else { Act::Pass }, is_next)
}

#[test]
fn what_was_passed_on_when_the_connection_broke_is_unknown() {
    let (cuts, is_next) = cutting();
    let server = Server::start(Api::generation2(), move |call: &Call| {
        is_next.store(call.request["name"] == id(1), Ordering::SeqCst);
        vec![Ok(json!({ "plugin_id": call.request["name"] }))]
    });
    let proxy = Proxy::before(server.port(), cuts);
    let run = user_with(9).run(&format!("--endpoint {} {REGISTER} --parallel 1 --keep-going", proxy.url()));
    assert_eq!((run.status, run.stdout.as_str()), (Some(78), ids(2).as_str()), "{run}");
    assert!(run.stderr.contains("\nregistered 2, unknown 1, not sent 6\nhint: check what is there"), "{run}");
}

#[test]
fn a_service_that_restarts_between_documents_loses_none() {
    let (registered, documents) = (Registered::default(), 60);
    let first = Server::start(Api::generation2(), registering(&registered));
    let (port, url) = (first.port(), first.url());
    let user = user_with(documents);
    let mut running = Running::start(
        &user,
        &[&["--endpoint", &url], &REGISTER.split(' ').collect::<Vec<_>>()[..], &["--parallel", "1"]].concat(),
    );
    running.wait_for(&id(9));
    drop(first);
    let _second = Server::on_port(port, Api::generation2(), registering(&registered));
    assert_eq!(running.end(), End::Exit(0), "{}", running.err);
    assert_eq!((running.out.as_str(), running.err.as_str()), (ids(documents).as_str(), "registered 60\n"));
    assert_each_once(&registered, documents);
}

fn listing() -> Server {
    listing_and(|_| false)
}

/// Lists 20 plugins; is told where each page starts.
fn listing_and(told: impl Fn(u64) -> bool + Send + Sync + 'static) -> Server {
    let row = |n: u64| json!({ "plugin_id": id(usize::try_from(n).unwrap()) });
    Server::start(Api::generation2(), move |call: &Call| {
        let start = call.request["query"]["page"]["start"].as_u64().unwrap_or(1);
        told(start);
        vec![Ok(json!({ "results": [row(start - 1)], "total_count": 20 }))]
    })
}

#[track_caller]
fn wait_for_connections(proxy: &Proxy, count: usize) {
    let give_up = Instant::now() + Duration::from_secs(60);
    while proxy.connections() < count {
        assert!(Instant::now() < give_up, "{} connections", proxy.connections());
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn lists_and_watches_outlive_their_connections() {
    for rule in [
        (|_| Act::LastByGoAway) as fn(usize) -> Act,
        |n| if n == 3 { Act::LastByGoAway } else { Act::Pass },
        |_| Act::LastByTwoGoAways,
    ] {
        let (user, server) = (Spacectl::new(), listing());
        let proxy = Proxy::before(server.port(), rule);
        let list = format!("--endpoint {} list repository.Plugin -c plugin_id -o quiet", proxy.url());
        assert_eq!(user.run(&format!("{list} --page-size 1")).quiet_success(), ids(20));
        // By what is known of the service by now.
        assert_eq!(user.run(&format!("{list} --page-size 1")).quiet_success(), ids(20));
        let before = proxy.connections();
        let mut running = Running::start(&user, &format!("{list} --watch 0.1").split(' ').collect::<Vec<_>>());
        wait_for_connections(&proxy, before + 5);
        running.wait_for(&id(0)).interrupt();
        assert_eq!((running.end(), running.err.as_str()), (End::Exit(130), ""));
    }
}

#[test]
fn a_connection_that_ends_while_it_is_idle_is_replaced() {
    let (user, server) = (Spacectl::new(), listing());
    let proxy = Proxy::before(server.port(), |n| if n > 4 { Act::Last } else { Act::Pass });
    let watch =
        ["--endpoint", &proxy.url(), "list", "repository.Plugin", "-c", "plugin_id", "-o", "quiet", "--watch", "0.2"];
    let mut running = Running::start(&user, &watch);
    wait_for_connections(&proxy, 4);
    running.interrupt();
    assert_eq!((running.end(), running.err.as_str()), (End::Exit(130), ""));
}

#[test]
fn a_read_whose_connection_breaks_is_sent_again() {
    let (user, (cuts, is_next)) = (Spacectl::new(), cutting());
    let cut = Arc::clone(&is_next);
    let server = listing_and(move |start| is_next.fetch_or(start == 2, Ordering::SeqCst));
    let proxy = Proxy::before(server.port(), cuts);
    let list = format!("--endpoint {} -v list repository.Plugin -c plugin_id -o quiet --page-size 1", proxy.url());
    let run = user.run(&list);
    assert_eq!((run.status, run.stdout), (Some(0), ids(20)), "{}", run.stderr);
    assert!(run.stderr.contains("answered UNAVAILABLE; sent again in "), "{}", run.stderr);
    // What is known of the service is asked for again as well.
    cut.store(true, Ordering::SeqCst);
    assert_eq!(user.run(&list).success(), ids(20));
}

const STREAMS: &str = r#"
    syntax = "proto3";
    package spaceone.api.lab.v1;
    message Text { string text = 1; }
    service Feed { rpc follow(Text) returns (stream Text); }"#;

#[test]
fn streams_are_begun_again_on_another_connection() {
    let server = Server::start(Api::inline(STREAMS), |call: &Call| vec![Ok(call.request.clone()); 2]);
    let proxy = Proxy::before(server.port(), |_| Act::LastByGoAway);
    let user = Spacectl::new();
    user.file("many.yml", "text: a\n---\ntext: b\n---\ntext: c\n");
    let run = user.run(&format!("--endpoint {} exec follow lab.Feed -f many.yml -o quiet", proxy.url()));
    assert_eq!((run.status, run.stdout.as_str(), run.stderr.as_str()), (Some(0), "a\na\nb\nb\nc\nc\n", "done 3\n"));
}

#[test]
fn plugin_commands_do_each_thing_once_over_many_connections() {
    for rule in [(|_| Act::LastByGoAway) as fn(usize) -> Act, |n| if n == 4 { Act::NotProcessed(0) } else { Act::Pass }]
    {
        let (user, service) = (Spacectl::new(), Plugins::generation2());
        service.reset([row("plugin-old", json!({ "resource_type": "a.B" }))]);
        let proxy = Proxy::before(service.server.port(), rule);
        let spec = |name: &str, image: &str| format!("---\nname: {name}\nresource_type: a.B\nimage: {image}\n");
        let specs = [spec("Old", "y/plugin-old"), spec("A", "x/plugin-a"), spec("B", "x/plugin-b")].concat();
        user.file("specs.yml", &specs);
        let apply = format!("--endpoint {} plugin apply -f specs.yml --replace --parallel 1", proxy.url());
        let applied = user.run(&apply).success();
        assert_eq!(
            service.written(),
            ["deregister plugin-old", "register plugin-old", "register plugin-a", "register plugin-b"],
            "{applied}"
        );
        let ids = "plugin-a plugin-b plugin-old";
        let disabled = user.run(&format!("--endpoint {} plugin disable {ids}", proxy.url())).quiet_success();
        assert_eq!(disabled, "plugin-a disabled\nplugin-b disabled\nplugin-old disabled\n");
        assert_eq!(service.written()[4..], ["disable plugin-a", "disable plugin-b", "disable plugin-old"]);
        assert!(proxy.connections() > 2);
    }
}
