//! Through the routes: in the process, and on a port.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use prost::Message;
use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tonic::Streaming;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tonic_health::pb::{HealthCheckRequest, HealthCheckResponse};
use tonic_prost::ProstCodec;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{ServerReflectionRequest, ServerReflectionResponse};

use super::*;
use crate::local_service::proto::core::v1::VersionInfo;
use crate::local_service::{API_VERSION, ConnectionLimits, routes, serve};

async fn new_routes(folder: &TempDir) -> Routes {
    let store = Store::open(&folder.path().join("plugins.db")).unwrap();
    routes(store, ServiceOptions::default()).await.unwrap()
}

/// Calls a method in the process, as the environment `local` does.
async fn call<Q, A>(routes: &Routes, path: &'static str, request: Q) -> Result<A, Status>
where
    Q: Message + 'static,
    A: Message + Default + 'static,
{
    let mut client = Grpc::new(routes.clone());
    client.ready().await.unwrap();
    let codec = ProstCodec::<Q, A>::default();
    let response = client.unary(Request::new(request), PathAndQuery::from_static(path), codec).await?;
    Ok(response.into_inner())
}

#[tokio::test]
async fn all_services_answer_in_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let routes = new_routes(&folder).await;
    let registered: PluginInfo =
        call(&routes, "/spaceone.api.repository.v1.Plugin/register", registration("x/a")).await.unwrap();
    assert_eq!(registered.plugin_id, "a");
    let version: VersionInfo = call(&routes, "/spaceone.api.core.v1.ServerInfo/get_version", ()).await.unwrap();
    assert_eq!(version.version, API_VERSION);
    let service = "spaceone.api.repository.v1.Plugin".to_owned();
    let health: HealthCheckResponse =
        call(&routes, "/grpc.health.v1.Health/Check", HealthCheckRequest { service }).await.unwrap();
    assert_eq!(health.status, 1, "serving");
    let unknown: Result<(), Status> = call(&routes, "/spaceone.api.repository.v1.Plugin/stat", ()).await;
    assert_eq!(refused(unknown).0, Code::Unimplemented);
}

#[tokio::test]
async fn both_reflections_list_all_services() {
    let folder = tempfile::tempdir().unwrap();
    let routes = new_routes(&folder).await;
    for path in [
        "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
        "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo",
    ] {
        let mut client = Grpc::new(routes.clone());
        client.ready().await.unwrap();
        let request = ServerReflectionRequest {
            host: String::new(),
            message_request: Some(MessageRequest::ListServices(String::new())),
        };
        // The messages of both versions are the same on the wire.
        let codec = ProstCodec::<ServerReflectionRequest, ServerReflectionResponse>::default();
        let requests = Request::new(tokio_stream::once(request));
        let mut answers =
            client.streaming(requests, PathAndQuery::from_static(path), codec).await.unwrap().into_inner();
        let answer = answers.message().await.unwrap().unwrap();
        let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response else {
            panic!("another answer: {answer:?}");
        };
        let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
        for name in [
            "spaceone.api.repository.v1.Plugin",
            "spaceone.api.repository.v1.Repository",
            "spaceone.api.core.v1.ServerInfo",
            "grpc.health.v1.Health",
        ] {
            assert!(names.contains(&name), "{name} is not in {names:?}");
        }
    }
}

#[tokio::test]
async fn messages_beyond_grpcs_usual_limit_pass_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let routes = new_routes(&folder).await;
    let text = "x".repeat(5 << 20);
    let request = RegisterPluginRequest { docs: object(serde_json::json!({"en": text})), ..registration("x/a") };
    let mut client = Grpc::new(routes).max_decoding_message_size(usize::MAX);
    client.ready().await.unwrap();
    let codec = ProstCodec::<RegisterPluginRequest, PluginInfo>::default();
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/register");
    let answer = client.unary(Request::new(request.clone()), path, codec).await.unwrap().into_inner();
    assert_eq!(answer.docs, request.docs);
}

/// Serves a new store with `limits`: its address, the server, and what ends it.
async fn served(folder: &TempDir, limits: ConnectionLimits) -> (SocketAddr, JoinHandle<()>, oneshot::Sender<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (end, ended) = oneshot::channel::<()>();
    let server = tokio::spawn(serve(listener, new_routes(folder).await, limits, None, async {
        let _ = ended.await;
    }));
    (address, server, end)
}

async fn connect(address: SocketAddr) -> Grpc<Channel> {
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap().connect().await.unwrap();
    let mut client = Grpc::new(channel);
    client.ready().await.unwrap();
    client
}

/// Lists the plugins, and returns how many there are.
async fn count(client: &mut Grpc<Channel>) -> Result<i32, Status> {
    let codec = ProstCodec::<PluginQuery, PluginsInfo>::default();
    let path = PathAndQuery::from_static("/spaceone.api.repository.v1.Plugin/list");
    client.ready().await.unwrap();
    Ok(client.unary(Request::new(PluginQuery::default()), path, codec).await?.into_inner().total_count)
}

/// Watches the health of the service, which never ends by itself.
async fn watch(client: &mut Grpc<Channel>) -> Streaming<HealthCheckResponse> {
    let codec = ProstCodec::<HealthCheckRequest, HealthCheckResponse>::default();
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Watch");
    let request = Request::new(HealthCheckRequest { service: String::new() });
    let mut watched = client.server_streaming(request, path, codec).await.unwrap().into_inner();
    assert_eq!(watched.message().await.unwrap().unwrap().status, 1, "serving");
    watched
}

#[tokio::test]
async fn the_end_is_clean_even_if_a_client_watches_forever() {
    let folder = tempfile::tempdir().unwrap();
    let (address, server, end) = served(&folder, ConnectionLimits::default()).await;
    let _watched = watch(&mut connect(address).await).await;
    // Has no call, so that nobody waits for it.
    let _silent = TcpStream::connect(address).await.unwrap();
    end.send(()).unwrap();
    let begun = Instant::now();
    server.await.unwrap();
    let took = begun.elapsed().as_secs();
    assert!((10..15).contains(&took), "{took} s");
}

#[tokio::test]
async fn a_server_with_idle_connections_ends_soon() {
    let folder = tempfile::tempdir().unwrap();
    let (address, server, end) = served(&folder, ConnectionLimits::default()).await;
    let mut client = connect(address).await;
    assert_eq!(count(&mut client).await.unwrap(), 0);
    let _silent = TcpStream::connect(address).await.unwrap();
    end.send(()).unwrap();
    tokio::time::timeout(Duration::from_secs(5), server).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_server_that_nobody_ends_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let (address, server, _end) = served(&folder, ConnectionLimits::default()).await;
    assert_eq!(count(&mut connect(address).await).await.unwrap(), 0);
    assert!(!server.is_finished());
    server.abort();
}

#[tokio::test]
async fn a_connection_beyond_the_limit_waits_for_another_to_end() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ConnectionLimits { max_connections: 1, ..ConnectionLimits::default() };
    let (address, _server, _end) = served(&folder, limits).await;
    let mut first = connect(address).await;
    assert_eq!(count(&mut first).await.unwrap(), 0);
    let mut second = connect(address).await;
    let mut counted = Box::pin(count(&mut second));
    assert!(tokio::time::timeout(Duration::from_millis(300), &mut counted).await.is_err(), "it waits");
    assert_eq!(count(&mut first).await.unwrap(), 0);
    drop(first);
    assert_eq!(counted.await.unwrap(), 0);
}

#[tokio::test]
async fn idle_connections_end_and_others_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let limits = ConnectionLimits { idle_timeout: Some(Duration::from_millis(200)), ..ConnectionLimits::default() };
    let (address, _server, _end) = served(&folder, limits).await;
    let mut watching = connect(address).await;
    let mut watched = watch(&mut watching).await;
    // It never speaks, and is closed.
    let mut silent = TcpStream::connect(address).await.unwrap();
    let mut received = Vec::new();
    tokio::time::timeout(Duration::from_secs(5), silent.read_to_end(&mut received)).await.unwrap().unwrap();
    // A client whose connection was closed connects again.
    let mut client = connect(address).await;
    for _ in 0..3 {
        assert_eq!(count(&mut client).await.unwrap(), 0);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
    assert!(tokio::time::timeout(Duration::from_millis(1), watched.message()).await.is_err(), "still open");
    assert_eq!(count(&mut watching).await.unwrap(), 0);
}
