//! Connections to remote services, and to the embedded one.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use backon::Retryable;
use http::Uri;
use tokio::net::TcpStream;
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::departure;
use super::response;
use super::retry::{self, Unprocessed};
use super::tls;
use super::unreadable::check_encoding;
use crate::error::{Error, Result};
use crate::grpc::connection::{PeerFault, PeerProbe, ProbedConnector};
use crate::grpc::diagnostics::Peer;
use crate::grpc::non_grpc_response::NonGrpcResponse;
use crate::net::endpoint::EndpointUrl;
use crate::net::tls::TlsSettings;
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// The longest headers or trailers that are read, in bytes: a status with its message and details. hyper's default of
/// 16 KiB is too little for some services' tracebacks.
const MAX_HEADERS: u32 = 1 << 20;

/// Sends calls. Cheap to clone: clones share the connection.
#[derive(Clone)]
pub enum Transport {
    /// An HTTP/2 connection.
    Remote(Remote),
    /// Services of this process, called without a connection.
    InProcess(Routes),
}

/// An HTTP/2 connection, and what explains its end.
#[derive(Clone)]
pub struct Remote {
    channel: Channel,
    probe: PeerProbe,
    peer: Arc<Peer>,
    /// How many requests had a gRPC response.
    response_count: Arc<AtomicUsize>,
}

/// Connects to `address` within `timeout`, TLS included; no timeout waits as long as the system does.
///
/// # Errors
/// Exit code 1, with a hint at what to look at: the name, the port, TLS on one side only, the certificate.
pub async fn connect(address: &EndpointUrl, tls: &TlsSettings, timeout: Option<Duration>) -> Result<Transport> {
    let handshake = if address.is_tls() { Some(tls::handshake(address, tls)?) } else { None };
    let (endpoint, probe) = (endpoint(address)?, PeerProbe::default());
    let peer = Arc::new(Peer { address: address.clone(), tls: tls.clone() });
    let connector = ProbedConnector::new(handshake, probe.clone());
    let connect = || endpoint.connect_with_connector(connector.clone());
    let connecting = connect.retry(retry::backoff()).when(|error| retry::may_connect_again(error));
    let connected = match timeout {
        None => connecting.await,
        Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| no_answer(address, limit))?,
    };
    match connected {
        Ok(channel) => Ok(Transport::Remote(Remote { channel, probe, peer, response_count: Arc::default() })),
        Err(error) => Err(refused(&peer, &error)),
    }
}

/// How long it takes to look up the host and to connect to its port; nothing is sent. `None` if that cannot be done
/// within `limit`: the error of a real connection says more.
pub async fn time_to_connect(address: &EndpointUrl, limit: Option<Duration>) -> Option<Duration> {
    let start = Instant::now();
    let connecting = TcpStream::connect((address.host(), address.port()));
    let connected = match limit {
        None => connecting.await,
        Some(limit) => tokio::time::timeout(limit, connecting).await.ok()?,
    };
    connected.ok().map(|_| start.elapsed())
}

impl Transport {
    /// How many requests had a response so far, errors included; 0 without a connection.
    pub(super) fn response_count(&self) -> usize {
        match self {
            Self::Remote(remote) => remote.response_count.load(Ordering::Relaxed),
            Self::InProcess(_) => 0,
        }
    }
}

fn endpoint(address: &EndpointUrl) -> Result<Endpoint> {
    let wrong = |error: &dyn StdError| Error::local(format!("cannot connect to {address}")).caused_by(error);
    let origin = address.http_uri().parse::<Uri>().map_err(|error| wrong(&error))?;
    // The connector does TLS; requests name the scheme `https` for it.
    let endpoint = Endpoint::from_shared(address.with_tls(false).http_uri())
        .and_then(|endpoint| endpoint.user_agent(concat!("spacectl/", env!("CARGO_PKG_VERSION"))))
        .map_err(|error| wrong(&error))?;
    // A message is read when it is whole. With hyper's default of 2 MiB, every 2 MiB would cost a round trip.
    let window = u32::try_from(MAX_MESSAGE_SIZE).ok();
    Ok(endpoint
        .origin(origin)
        .initial_stream_window_size(window)
        .initial_connection_window_size(window)
        .http2_max_header_list_size(MAX_HEADERS))
}

fn no_answer(address: &EndpointUrl, limit: Duration) -> Error {
    Error::local(format!("cannot connect to {address}: no answer within {limit:?}"))
        .hint("check the host and the port, and that no firewall is between; --connect-timeout waits longer")
}

fn refused(peer: &Peer, error: &tonic::transport::Error) -> Error {
    let failure = Error::local(format!("cannot connect to {}", peer.address));
    // The outermost error only says "transport error".
    let failure = match error.source() {
        Some(source) => failure.caused_by(source),
        None => failure.caused_by(error),
    };
    match peer.hint(error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Remote {
    /// Why the connection broke, with a hint. What the peer was seen to send says more than the error of HTTP/2.
    fn broken(&self, error: tonic::transport::Error) -> BoxError {
        let fault = self.probe.fault();
        // A peer that does not speak HTTP/2 is explained by its fault.
        if matches!(fault, None | Some(PeerFault::Gone | PeerFault::TooManyPings)) && retry::is_disclaimed(&error) {
            return with_source(Status::unavailable(""), Unprocessed(self.peer.with_hint(error).into()));
        }
        match fault {
            // A service that restarts ends connections so too: what only reads is sent again.
            Some(fault @ (PeerFault::Silent | PeerFault::Gone | PeerFault::TooManyPings)) => {
                with_source(Status::unavailable(""), self.peer.with_hint(fault))
            }
            Some(fault) => self.peer.with_hint(fault).into(),
            None => self.peer.with_hint(error).into(),
        }
    }

    /// `response`, prepared for tonic, if it is gRPC.
    async fn checked(&self, response: Response) -> std::result::Result<Response, BoxError> {
        if !NonGrpcResponse::is(&response) {
            check_encoding(response.headers()).map_err(Status::from)?;
            return Ok(response::prepare(response));
        }
        let answer = NonGrpcResponse::read(response).await;
        Err(with_source(Status::new(answer.code(), ""), self.peer.with_hint(answer)))
    }
}

fn with_source(mut status: Status, source: impl StdError + Send + Sync + 'static) -> BoxError {
    status.set_source(Arc::new(source));
    status.into()
}

type Response = http::Response<Body>;
type BoxError = Box<dyn StdError + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = std::result::Result<Response, BoxError>> + Send>>;

impl Service<http::Request<Body>> for Transport {
    type Response = Response;
    type Error = BoxError;
    type Future = Answer;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<std::result::Result<(), BoxError>> {
        match self {
            Self::Remote(remote) => remote.channel.poll_ready(cx).map_err(|error| remote.broken(error)),
            Self::InProcess(routes) => {
                Service::<http::Request<Body>>::poll_ready(routes, cx).map_err(|never: Infallible| match never {})
            }
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        match self {
            Self::Remote(remote) => {
                let answer = remote.channel.call(departure::observe(request));
                let remote = remote.clone();
                Box::pin(async move {
                    let response = answer.await.map_err(|error| remote.broken(error))?;
                    let response = remote.checked(response).await?;
                    remote.response_count.fetch_add(1, Ordering::Relaxed);
                    Ok(response)
                })
            }
            Self::InProcess(routes) => {
                let answer = routes.call(request);
                Box::pin(async move { answer.await.map_err(|never: Infallible| match never {}) })
            }
        }
    }
}
