//! A real gRPC server on the loopback address.
//!
//! It serves any API, given as protos; a closure answers.

use std::collections::HashMap;
use std::convert::Infallible;
use std::future::{Future, Ready, ready};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use bytes::Bytes;
use prost_reflect::prost::Message as _;
use prost_reflect::{DescriptorPool, MessageDescriptor, MethodDescriptor};
use serde_json::Value;
use spacectl::codec::encode;
use spacectl::grpc::raw_codec::RawCodec;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::oneshot;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tokio_stream::{Stream, StreamExt as _};
use tonic::service::{InterceptorLayer, Routes};
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Certificate, Identity, ServerTlsConfig};
use tonic::{Request, Response, Status};
use tower_service::Service;

use super::authority::{Authority, Issued};
use super::describing::Describing;

/// Where [`Reflection::Own`] is asked.
const DESCRIBING: &str = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

/// One call as a handler sees it.
#[derive(Clone, Debug)]
pub struct Call {
    pub service: String,
    pub method: String,
    pub request: Value,
    /// The same as it came.
    pub raw: Bytes,
    pub metadata: HashMap<String, String>,
}

/// A unary method answers with one value, a streaming one with any number; an error ends a stream.
pub type Answer = Vec<Result<Value, Status>>;

/// What a handler returns: all at once, or message by message as a test sends them.
type Arriving = Pin<Box<dyn Stream<Item = Result<Value, Status>> + Send>>;

type Handler = dyn Fn(&Call) -> Arriving + Send + Sync;

/// A whole answer in HTTP, in place of a handler's.
type RawAnswer = dyn Fn() -> http::Response<tonic::body::Body> + Send + Sync;

/// The protos that a server speaks.
pub struct Api(DescriptorPool);

impl Api {
    /// The first generation of the Repository API.
    pub fn generation1() -> Self {
        Self::compile("tests/proto/generation1", &repository_files())
    }

    /// The second generation, which the program bundles.
    pub fn generation2() -> Self {
        Self::compile("proto", &repository_files())
    }

    /// Every kind of field that a request can have.
    pub fn kinds() -> Self {
        Self::compile("tests/proto", &["kinds.proto"])
    }

    /// The services of a plugin: `collector`, `webhook`, `protocol` or `cost`.
    pub fn plugin(kind: &str) -> Self {
        Self::compile("tests/proto", &[&format!("plugin_{kind}.proto")])
    }

    /// An API written in the test.
    pub fn inline(source: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("test.proto"), source).unwrap();
        Self(pool(protox::compile(["test.proto"], [dir.path()]).unwrap()))
    }

    /// An API of several packages, each a file written in the test.
    pub fn of_packages(sources: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let files: Vec<String> = (0..sources.len()).map(|at| format!("test{at}.proto")).collect();
        files.iter().zip(sources).for_each(|(file, source)| std::fs::write(dir.path().join(file), source).unwrap());
        Self(pool(protox::compile(files, [dir.path()]).unwrap()))
    }

    fn compile(dir: &str, files: &[&str]) -> Self {
        let dir = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(dir);
        Self(pool(protox::compile(files, [dir]).unwrap()))
    }
}

fn pool(files: prost_types::FileDescriptorSet) -> DescriptorPool {
    DescriptorPool::from_file_descriptor_set(files).unwrap()
}

fn repository_files() -> [&'static str; 3] {
    [
        "spaceone/api/core/v1/server_info.proto",
        "spaceone/api/repository/v1/plugin.proto",
        "spaceone/api/repository/v1/repository.proto",
    ]
}

/// Which versions of reflection a server has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reflection {
    Both,
    /// As the platform's services.
    V1Alpha,
    /// v1alpha as [`Server::describing`] does it, with imports sent along or not.
    Own {
        imports: bool,
    },
    /// v1alpha, and v1 is never answered.
    BesideSilence,
    None,
}

/// A running server; it stops when it is dropped.
pub struct Server {
    address: SocketAddr,
    calls: Arc<Mutex<Vec<Call>>>,
    requests: Arc<AtomicUsize>,
    describing: Option<Describing>,
    /// For TLS: the certificate that is to be trusted, in PEM.
    authority: Option<String>,
    _stop: oneshot::Sender<()>,
}

impl Server {
    /// A server with reflection v1alpha only, as the platform's services.
    pub fn start(api: Api, handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::with_reflection(api, Reflection::V1Alpha, handler)
    }

    pub fn with_reflection(
        api: Api,
        reflection: Reflection,
        handler: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serve(api, reflection, None, "127.0.0.1:0", at_once(handler))
    }

    /// A server whose answers arrive as they are sent; one ends when its sender is dropped.
    pub fn arriving(
        api: Api,
        handler: impl Fn(&Call) -> UnboundedReceiver<Result<Value, Status>> + Send + Sync + 'static,
    ) -> Self {
        Self::arriving_on(0, api, handler)
    }

    /// As [`Server::arriving`], on this port.
    pub fn arriving_on(
        port: u16,
        api: Api,
        handler: impl Fn(&Call) -> UnboundedReceiver<Result<Value, Status>> + Send + Sync + 'static,
    ) -> Self {
        let handler = move |call: &Call| -> Arriving { Box::pin(UnboundedReceiverStream::new(handler(call))) };
        Self::serve(api, Reflection::V1Alpha, None, &format!("127.0.0.1:{port}"), Arc::new(handler))
    }

    /// A server with reflection whose every other call is answered by the same HTTP, well-formed or not.
    pub fn raw(api: Api, answer: impl Fn() -> http::Response<tonic::body::Body> + Send + Sync + 'static) -> Self {
        Self::serve_with(api, Reflection::V1Alpha, None, "127.0.0.1:0", at_once(|_| vec![]), Some(Arc::new(answer)))
    }

    /// A server on a port that another had before.
    pub fn on_port(port: u16, api: Api, handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(api, Reflection::V1Alpha, None, &format!("127.0.0.1:{port}"), at_once(handler))
    }

    /// As [`Server::on_port`], with other reflection.
    pub fn on_port_with(
        port: u16,
        api: Api,
        reflection: Reflection,
        handler: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serve(api, reflection, None, &format!("127.0.0.1:{port}"), at_once(handler))
    }

    /// A server that speaks TLS, with a certificate of its own for `names`, issued by an authority of its own.
    pub fn with_tls(api: Api, names: &[&str], handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let authority = Authority::new();
        let mut server = Self::with_identity(api, authority.issue(names), None, handler);
        server.authority = Some(authority.certificate());
        server
    }

    /// A server that speaks TLS with this certificate, and asks who calls if there are `clients`: the authority whose
    /// certificates it accepts, in PEM.
    pub fn with_identity(
        api: Api,
        identity: Issued,
        clients: Option<String>,
        handler: impl Fn(&Call) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let mut tls = ServerTlsConfig::new().identity(Identity::from_pem(&identity.certificate, &identity.key));
        if let Some(clients) = clients {
            tls = tls.client_ca_root(Certificate::from_pem(clients));
        }
        let mut server = Self::serve(api, Reflection::V1Alpha, Some(tls), "127.0.0.1:0", at_once(handler));
        server.authority = Some(identity.certificate);
        server
    }

    fn serve(
        api: Api,
        reflection: Reflection,
        tls: Option<ServerTlsConfig>,
        address: &str,
        handler: Arc<Handler>,
    ) -> Self {
        Self::serve_with(api, reflection, tls, address, handler, None)
    }

    fn serve_with(
        api: Api,
        reflection: Reflection,
        tls: Option<ServerTlsConfig>,
        address: &str,
        handler: Arc<Handler>,
        raw: Option<Arc<RawAnswer>>,
    ) -> Self {
        let calls = Arc::<Mutex<Vec<Call>>>::default();
        let describing = match reflection {
            Reflection::Own { imports } => Some(Describing::new(&api.0, imports)),
            Reflection::BesideSilence => Some(Describing::new(&api.0, true)),
            Reflection::Both | Reflection::V1Alpha | Reflection::None => None,
        };
        let methods = Methods {
            pool: api.0.clone(),
            handler,
            raw,
            calls: Arc::clone(&calls),
            describing: describing.clone(),
            is_silent: reflection == Reflection::BesideSilence,
        };
        let listen: SocketAddr = address.parse().unwrap();
        let requests = Arc::<AtomicUsize>::default();
        let counted = Arc::clone(&requests);
        let count = InterceptorLayer::new(move |request: Request<()>| {
            counted.fetch_add(1, Ordering::SeqCst);
            Ok(request)
        });
        let (ready, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let incoming = bind(listen).await;
                ready.send(incoming.local_addr().unwrap()).unwrap();
                let mut server = tonic::transport::Server::builder().layer(count);
                if let Some(tls) = tls {
                    server = server.tls_config(tls).unwrap();
                }
                let server = server.add_routes(routes(&api.0, reflection, methods));
                // Dropping the sender stops the server too.
                let stopped = async { drop(stopped.await) };
                server.serve_with_incoming_shutdown(incoming, stopped).await.unwrap();
            });
        });
        Self { address: address.recv().unwrap(), calls, requests, describing, authority: None, _stop: stop }
    }

    /// For TLS: the certificate that is to be trusted, in PEM.
    pub fn authority(&self) -> &str {
        self.authority.as_deref().unwrap()
    }

    /// Where it listens, as an endpoint.
    pub fn url(&self) -> String {
        let scheme = if self.authority.is_some() { "grpc+ssl" } else { "grpc" };
        format!("{scheme}://{}", self.address)
    }

    pub fn port(&self) -> u16 {
        self.address.port()
    }

    /// The calls that came, reflection not counted.
    pub fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }

    /// What answers [`Reflection::Own`].
    pub fn describing(&self) -> &Describing {
        self.describing.as_ref().unwrap()
    }

    /// How many requests came, those for reflection counted.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

/// Listens there; a port that another server had is free when its last connection has ended.
async fn bind(listen: SocketAddr) -> TcpIncoming {
    let give_up = Instant::now() + Duration::from_secs(60);
    loop {
        match TcpIncoming::bind(listen) {
            Err(error) if listen.port() != 0 && Instant::now() < give_up => {
                assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            bound => return bound.unwrap(),
        }
    }
}

fn at_once(handler: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Arc<Handler> {
    Arc::new(move |call: &Call| -> Arriving { Box::pin(tokio_stream::iter(handler(call))) })
}

fn routes(pool: &DescriptorPool, reflection: Reflection, methods: Methods) -> Routes {
    let described = || {
        let files = pool.encode_to_vec();
        tonic_reflection::server::Builder::configure().register_encoded_file_descriptor_set(files.leak())
    };
    let mut routes = Routes::builder();
    if reflection == Reflection::Both {
        routes.add_service(described().build_v1().unwrap());
    }
    if matches!(reflection, Reflection::Both | Reflection::V1Alpha) {
        routes.add_service(described().build_v1alpha().unwrap());
    }
    let mut routes = routes.routes();
    let router = std::mem::take(routes.axum_router_mut());
    *routes.axum_router_mut() = router.fallback_service(methods);
    routes
}

/// All methods of the API as one service.
#[derive(Clone)]
struct Methods {
    pool: DescriptorPool,
    handler: Arc<Handler>,
    raw: Option<Arc<RawAnswer>>,
    calls: Arc<Mutex<Vec<Call>>>,
    describing: Option<Describing>,
    /// Other reflection is never answered.
    is_silent: bool,
}

impl Methods {
    fn find(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        self.pool.get_service_by_name(service)?.methods().find(|candidate| candidate.name() == method)
    }
}

impl<B> Service<http::Request<B>> for Methods
where
    B: http_body::Body + Send + 'static,
    B::Error: Into<Box<dyn std::error::Error + Send + Sync>> + Send,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        if let (Some(describing), DESCRIBING) = (&self.describing, request.uri().path()) {
            let describing = describing.clone();
            let mut grpc = tonic::server::Grpc::new(tonic_prost::ProstCodec::default());
            return Box::pin(async move { Ok(grpc.streaming(describing, request).await) });
        }
        if self.is_silent && request.uri().path().starts_with("/grpc.reflection.") {
            return Box::pin(std::future::pending());
        }
        let Some(method) = self.find(request.uri().path()) else {
            return Box::pin(ready(Ok(Status::unimplemented("no such method").into_http())));
        };
        if let Some(raw) = &self.raw {
            return Box::pin(ready(Ok(raw())));
        }
        let streams = method.is_server_streaming();
        let answering = Answering { methods: self.clone(), method };
        let mut grpc = tonic::server::Grpc::new(RawCodec).max_decoding_message_size(usize::MAX);
        Box::pin(async move {
            if streams {
                Ok(grpc.server_streaming(answering, request).await)
            } else {
                Ok(grpc.unary(answering, request).await)
            }
        })
    }
}

struct Answering {
    methods: Methods,
    method: MethodDescriptor,
}

impl Answering {
    fn answer(&self, request: Request<Bytes>) -> Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>> {
        let metadata = request.metadata().clone().into_headers();
        let metadata = metadata
            .iter()
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        let raw = request.into_inner();
        // As grpc for Python answers what it cannot read.
        let Some(value) = super::decode_dynamic(&raw, &self.method.input()) else {
            let unread = Err(Status::internal("Exception deserializing request!"));
            return Box::pin(tokio_stream::iter([unread]));
        };
        let call = Call {
            service: self.method.parent_service().full_name().to_owned(),
            method: self.method.name().to_owned(),
            request: value,
            raw,
            metadata,
        };
        self.methods.calls.lock().unwrap().push(call.clone());
        let output = self.method.output();
        Box::pin((self.methods.handler)(&call).map(move |answer| answer.map(|value| encoded(&value, &output))))
    }
}

fn encoded(value: &Value, message: &MessageDescriptor) -> Bytes {
    let object = value.as_object().expect("an answer is an object");
    encode::encode(object, message).expect("the answer fits").into()
}

impl tonic::server::UnaryService<Bytes> for Answering {
    type Response = Bytes;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Bytes>, Status>> + Send>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        let mut answers = self.answer(request);
        Box::pin(async move { answers.next().await.expect("one answer").map(Response::new) })
    }
}

impl tonic::server::ServerStreamingService<Bytes> for Answering {
    type Response = Bytes;
    type ResponseStream = Pin<Box<dyn Stream<Item = Result<Bytes, Status>> + Send>>;
    type Future = Ready<Result<Response<Self::ResponseStream>, Status>>;

    fn call(&mut self, request: Request<Bytes>) -> Self::Future {
        ready(Ok(Response::new(self.answer(request))))
    }
}
