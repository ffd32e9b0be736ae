//! The Repository service that the benchmark calls, in a process of its own.

use std::collections::HashMap;
use std::future::ready;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow};
use bytes::Bytes;
use prost::{DecodeError, Message as _};
use spacectl::grpc::raw_codec::RawCodec;
use spacectl::local_service::proto::repository::v1::{PluginQuery, RegisterPluginRequest, RepositoryPluginRequest};
use tokio_stream::{Stream, StreamExt as _};
use tonic::service::Routes;
use tonic::transport::server::{Server, TcpIncoming};
use tonic::{Code, Request, Response, Status, Streaming, async_trait};
use tonic_reflection::pb::v1alpha as reflection;
use tonic_reflection::pb::v1alpha::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1alpha::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1alpha::server_reflection_server::{ServerReflection, ServerReflectionServer};

use crate::data;

/// How long each byte to and from the far port takes.
pub const DELAY: Duration = Duration::from_millis(50);

/// Serves plugins 0 to `count` until standard input ends. Prints its port and the far port first.
pub fn run(count: usize) -> Result<()> {
    thread::spawn(|| std::process::exit(std::io::stdin().read(&mut [0]).map_or(1, |_| 0)));
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        let near = TcpIncoming::bind(([127, 0, 0, 1], 0).into()).map_err(|error| anyhow!(error))?;
        let (address, far) = (near.local_addr()?, TcpListener::bind(("127.0.0.1", 0))?);
        println!("{} {}", address.port(), far.local_addr()?.port());
        thread::spawn(move || far.incoming().flatten().try_for_each(|client| forward(client, address)));

        let responses = Arc::default();
        let call = axum::routing::post(async move |request: axum::extract::Request| {
            let path = request.uri().path().to_owned();
            let method = tower::service_fn(|message: Request<Bytes>| {
                ready(respond(count, &responses, &path, message.into_inner()).map(Response::new))
            });
            tonic::server::Grpc::new(RawCodec).unary(method, request).await
        });
        let plugins = axum::Router::new().route("/spaceone.api.repository.v1.Plugin/{method}", call);
        let routes = Routes::from(plugins).add_service(ServerReflectionServer::new(Reflection));
        Ok(Server::builder().add_routes(routes).serve_with_incoming(near.with_nodelay(Some(true))).await?)
    })
}

/// Responses by path and request: to what was asked before, the service responds in next to no time.
type Responses = Mutex<HashMap<(String, Bytes), Bytes>>;

fn respond(count: usize, responses: &Responses, path: &str, request: Bytes) -> Result<Bytes, Status> {
    let key = (path.to_owned(), request.clone());
    let mut responses = responses.lock().unwrap();
    if let Some(response) = responses.get(&key) {
        return Ok(response.clone());
    }
    let malformed = |error: DecodeError| Status::invalid_argument(error.to_string());
    let number = |name: &str| name.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap_or(0);
    let response = match path.rsplit('/').next() {
        Some("list") => {
            let query = PluginQuery::decode(request).map_err(malformed)?.query.unwrap_or_default();
            data::list_response(count, &query.only)
        }
        Some("get") => match number(&RepositoryPluginRequest::decode(request).map_err(malformed)?.plugin_id) {
            number if number < count => data::plugin(number, &[]),
            _ => return Err(Status::not_found("no such plugin")),
        },
        Some("register") => {
            data::plugin(number(&RegisterPluginRequest::decode(request).map_err(malformed)?.image), &[])
        }
        _ => return Err(Status::unimplemented("not part of the benchmark")),
    };
    Ok(responses.entry(key).or_insert(response.into()).clone())
}

/// Reflection as the platform's services have it: v1alpha only, one file for a symbol, and an unknown symbol does not end
/// the stream, as it does with tonic-reflection's own.
struct Reflection;

#[async_trait]
impl ServerReflection for Reflection {
    type ServerReflectionInfoStream = Pin<Box<dyn Stream<Item = Result<Description, Status>> + Send>>;

    async fn server_reflection_info(
        &self,
        requests: Request<Streaming<reflection::ServerReflectionRequest>>,
    ) -> Result<Response<Self::ServerReflectionInfoStream>, Status> {
        let responses = requests.into_inner().map(|request| {
            let message_response = Some(describe(request?.message_request));
            Ok(Description { message_response, ..Description::default() })
        });
        Ok(Response::new(Box::pin(responses)))
    }
}

type Description = reflection::ServerReflectionResponse;

fn describe(request: Option<MessageRequest>) -> MessageResponse {
    let file = match request {
        Some(MessageRequest::ListServices(_)) => {
            let names = data::API.services().map(|service| service.full_name().to_owned());
            let service = names.map(|name| reflection::ServiceResponse { name }).collect();
            return MessageResponse::ListServicesResponse(reflection::ListServiceResponse { service });
        }
        Some(MessageRequest::FileContainingSymbol(symbol)) => {
            let service = data::API.get_service_by_name(&symbol).map(|service| service.parent_file());
            service.or_else(|| Some(data::API.get_message_by_name(&symbol)?.parent_file()))
        }
        Some(MessageRequest::FileByFilename(name)) => data::API.get_file_by_name(&name),
        _ => None,
    };
    let Some(file) = file else {
        let error_message = "not found".to_owned();
        return MessageResponse::ErrorResponse(reflection::ErrorResponse {
            error_code: Code::NotFound.into(),
            error_message,
        });
    };
    let file_descriptor_proto = vec![file.encode_to_vec()];
    MessageResponse::FileDescriptorResponse(reflection::FileDescriptorResponse { file_descriptor_proto })
}

/// Connects `client` to `address`, [`DELAY`] away.
fn forward(client: TcpStream, address: SocketAddr) -> std::io::Result<()> {
    let server = TcpStream::connect(address)?;
    for (mut from, mut to) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        to.set_nodelay(true)?;
        let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
        thread::spawn(move || {
            let mut buffer = vec![0; 1 << 16];
            while let Ok(length @ 1..) = from.read(&mut buffer) {
                let _ = sender.send((Instant::now() + DELAY, buffer[..length].to_vec()));
            }
        });
        thread::spawn(move || {
            for (due, bytes) in receiver {
                sleep(due.saturating_duration_since(Instant::now()));
                let _ = to.write_all(&bytes);
            }
            let _ = to.shutdown(Shutdown::Write);
        });
    }
    Ok(())
}
