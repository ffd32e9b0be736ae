//! A gRPC server whose descriptors, headers and bytes are a test's own, also such as no library sends.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use prost_reflect::prost::Message as _;
use prost_types::FileDescriptorProto;
use spacectl::grpc::raw_codec::RawCodec;
use tokio::sync::oneshot;
use tokio_stream::{Stream, StreamExt as _};
use tonic::body::Body;
use tonic::codec::CompressionEncoding;
use tonic::service::Routes;
use tonic::transport::server::TcpIncoming;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;
use tonic_reflection::pb::v1::{
    ErrorResponse, FileDescriptorResponse, ListServiceResponse, ServerReflectionRequest, ServerReflectionResponse,
    ServiceResponse,
};
use tower_service::Service;

/// Answers a reflection question; an error ends the stream.
type Reflect = dyn Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync;

/// Answers the message of a call to a path.
type Answer = dyn Fn(&str, Bytes) -> http::Response<Body> + Send + Sync;

/// Answers with one message.
type Unary = dyn Fn(&str, Bytes) -> Bytes + Send + Sync;

/// A running server; it stops when it is dropped.
pub struct OddServer {
    address: SocketAddr,
    paths: Arc<Mutex<Vec<String>>>,
    _stop: oneshot::Sender<()>,
}

impl OddServer {
    pub fn start(
        reflect: impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static,
        answer: impl Fn(&str, Bytes) -> http::Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(Arc::new(reflect)), Calls::Odd(Arc::new(answer)), None)
    }

    /// A server that takes one stream at a time.
    pub fn one_at_a_time(
        reflect: impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static,
        answer: impl Fn(&str, Bytes) -> http::Response<Body> + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(Arc::new(reflect)), Calls::Odd(Arc::new(answer)), Some(1))
    }

    /// A server of which all is odd: reflection is answered as any call, and no request is read.
    pub fn without_reflection(answer: impl Fn(&str, Bytes) -> http::Response<Body> + Send + Sync + 'static) -> Self {
        Self::serve(None, Calls::Odd(Arc::new(answer)), None)
    }

    /// A server that compresses all that it sends, whatever the client accepts.
    pub fn gzip(
        reflect: impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static,
        answer: impl Fn(&str, Bytes) -> Bytes + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(Arc::new(reflect)), Calls::Gzip(Arc::new(answer)), None)
    }

    fn serve(reflect: Option<Arc<Reflect>>, calls: Calls, max_streams: Option<u32>) -> Self {
        let paths = Arc::<Mutex<Vec<String>>>::default();
        let serving = Serving { reflect, calls, paths: Arc::clone(&paths) };
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let incoming = TcpIncoming::bind("127.0.0.1:0".parse().unwrap()).unwrap();
                ready.send(incoming.local_addr().unwrap()).unwrap();
                let mut routes = Routes::builder().routes();
                let router = std::mem::take(routes.axum_router_mut());
                *routes.axum_router_mut() = router.fallback_service(serving);
                // Dropping the sender stops the server too.
                let stopped = async { drop(stopped.await) };
                let mut server = tonic::transport::Server::builder().max_concurrent_streams(max_streams);
                let server = server.add_routes(routes);
                server.serve_with_incoming_shutdown(incoming, stopped).await.unwrap();
            });
        });
        Self { address: address.recv().unwrap(), paths, _stop: stop }
    }

    /// Where it listens, as an endpoint.
    pub fn url(&self) -> String {
        format!("grpc://{}", self.address)
    }

    /// The paths that were called, reflection not counted.
    pub fn paths(&self) -> Vec<String> {
        self.paths.lock().unwrap().clone()
    }
}

/// Reflection of `services` and `files` as most servers have it: an import is sent only when it is asked for by name.
pub fn reflecting(
    services: &[&str],
    files: Vec<FileDescriptorProto>,
) -> impl Fn(&MessageRequest) -> Result<MessageResponse, Status> + Send + Sync + 'static {
    let services: Vec<String> = services.iter().map(ToString::to_string).collect();
    move |question| {
        let file = match question {
            MessageRequest::ListServices(_) => {
                let service = services.iter().map(|name| ServiceResponse { name: name.clone() }).collect();
                return Ok(MessageResponse::ListServicesResponse(ListServiceResponse { service }));
            }
            MessageRequest::FileContainingSymbol(symbol) => files.iter().find(|file| defines(file, symbol)),
            MessageRequest::FileByFilename(name) => files.iter().find(|file| file.name() == name),
            _ => None,
        };
        Ok(match file {
            Some(file) => sent(&[file]),
            None => refused(Code::NotFound, "not found"),
        })
    }
}

/// Descriptors as an answer.
pub fn sent(files: &[&FileDescriptorProto]) -> MessageResponse {
    let file_descriptor_proto = files.iter().map(|file| file.encode_to_vec()).collect();
    MessageResponse::FileDescriptorResponse(FileDescriptorResponse { file_descriptor_proto })
}

/// An error as an answer, after which the stream goes on.
pub fn refused(code: Code, message: &str) -> MessageResponse {
    MessageResponse::ErrorResponse(ErrorResponse { error_code: code as i32, error_message: message.to_owned() })
}

fn defines(file: &FileDescriptorProto, symbol: &str) -> bool {
    let messages = file.message_type.iter().map(|message| message.name());
    let names = messages.chain(file.service.iter().map(|service| service.name()));
    let full =
        |name: &str| if file.package().is_empty() { name.to_owned() } else { format!("{}.{name}", file.package()) };
    names.map(full).any(|name| name == symbol)
}

/// The file of this name and source, which may import others of `sources`; what it imports is not checked for use.
pub fn compile(sources: &[(&str, &str)]) -> Vec<FileDescriptorProto> {
    let dir = tempfile::tempdir().unwrap();
    for (name, source) in sources {
        let path = dir.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, source).unwrap();
    }
    protox::compile(sources.iter().map(|(name, _)| name), [dir.path()]).unwrap().file
}

/// A gRPC response of these headers, message and trailers. Without trailers there is no body at all.
pub fn response(
    headers: &[(&str, &[u8])],
    message: Option<&[u8]>,
    trailers: Option<&[(&str, &[u8])]>,
) -> http::Response<Body> {
    let body = match trailers {
        None => Body::empty(),
        Some(trailers) => {
            let message = message.map(|message| Frame::data(framed(0, message)));
            let frames = message.into_iter().chain([Frame::trailers(map(trailers))]);
            Body::new(StreamBody::new(tokio_stream::iter(frames.map(Ok::<_, Status>))))
        }
    };
    let mut response = http::Response::new(body);
    *response.headers_mut() = map(headers);
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response
}

/// A message as it is in a body, after its flag and its length.
pub fn framed(flag: u8, message: &[u8]) -> Bytes {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[flag][..], &length, message].concat().into()
}

fn map(headers: &[(&str, &[u8])]) -> HeaderMap {
    let header = |(name, value): &(&str, &[u8])| (name.parse().unwrap(), HeaderValue::from_bytes(value).unwrap());
    let mut map = HeaderMap::new();
    for (name, value) in headers.iter().map(header) {
        let name: http::HeaderName = name;
        map.append(name, value);
    }
    map
}

#[derive(Clone)]
enum Calls {
    Odd(Arc<Answer>),
    Gzip(Arc<Unary>),
}

#[derive(Clone)]
struct Serving {
    reflect: Option<Arc<Reflect>>,
    calls: Calls,
    paths: Arc<Mutex<Vec<String>>>,
}

impl<B> Service<http::Request<B>> for Serving
where
    B: http_body::Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + std::fmt::Debug + Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, mut request: http::Request<B>) -> Self::Future {
        let compresses = matches!(self.calls, Calls::Gzip(_));
        if compresses {
            request.headers_mut().insert("grpc-accept-encoding", HeaderValue::from_static("gzip"));
        }
        let path = request.uri().path().to_owned();
        if let (true, Some(reflect)) = (path.starts_with("/grpc.reflection."), &self.reflect) {
            let reflecting = Reflecting(Arc::clone(reflect));
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            if compresses {
                grpc = grpc.send_compressed(CompressionEncoding::Gzip);
            }
            return Box::pin(async move { Ok(grpc.streaming(reflecting, request).await) });
        }
        self.paths.lock().unwrap().push(path.clone());
        let reads = self.reflect.is_some();
        match self.calls.clone() {
            Calls::Gzip(answer) => {
                let mut grpc = tonic::server::Grpc::new(RawCodec).send_compressed(CompressionEncoding::Gzip);
                Box::pin(async move { Ok(grpc.unary(Compressing { answer, path }, request).await) })
            }
            Calls::Odd(answer) => Box::pin(async move {
                let message = match reads {
                    true => request.into_body().collect().await.unwrap().to_bytes().slice(5..),
                    false => Bytes::new(),
                };
                Ok(answer(&path, message))
            }),
        }
    }
}

struct Compressing {
    answer: Arc<Unary>,
    path: String,
}

impl tonic::server::UnaryService<Bytes> for Compressing {
    type Response = Bytes;
    type Future = Ready<Result<Response<Bytes>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new((self.answer)(&self.path, request.into_inner()))))
    }
}

struct Reflecting(Arc<Reflect>);

impl tonic::server::StreamingService<ServerReflectionRequest> for Reflecting {
    type Response = ServerReflectionResponse;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<ServerReflectionResponse, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Streaming<ServerReflectionRequest>>) -> Self::Future {
        let reflect = Arc::clone(&self.0);
        let answers = request.into_inner().map(move |question| {
            let question = question?.message_request.ok_or_else(|| Status::invalid_argument("no question"))?;
            Ok(ServerReflectionResponse { message_response: Some(reflect(&question)?), ..Default::default() })
        });
        ready(Ok(Response::new(Box::pin(answers))))
    }
}
