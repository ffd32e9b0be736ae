//! Connections: to a service far away, or to the one inside this process.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use backon::Retryable;
use http::Uri;
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::departure;
use super::retry::{self, Unprocessed};
use super::tls;
use super::unreadable::check_encoding;
use super::{repair, sent_status};
use crate::error::{Error, Result};
use crate::grpc::connection::{Connector, Finding, Watch};
use crate::grpc::diagnostics::Peer;
use crate::grpc::non_grpc_response::NotGrpc;
use crate::net::endpoint::EndpointUrl;
use crate::net::tls::Tls;
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// What calls are sent through. Cheap to clone: clones share the connection.
#[derive(Clone)]
pub enum Transport {
    /// An HTTP/2 connection.
    Remote(Remote),
    /// Services of this process, called without a connection.
    InProcess(Routes),
}

/// A connection, and what explains its end.
#[derive(Clone)]
pub struct Remote {
    channel: Channel,
    watch: Watch,
    peer: Arc<Peer>,
    /// How many requests were answered in gRPC.
    answered: Arc<AtomicUsize>,
}

/// Connects to `address` within `timeout`, TLS included; no timeout waits as long as the system does.
///
/// # Errors
/// Exit code 1, with a hint at what to look at: the name, the port, TLS on one side only, the certificate.
pub async fn connect(address: &EndpointUrl, tls: &Tls, timeout: Option<Duration>) -> Result<Transport> {
    let handshake = if address.is_tls() { Some(tls::handshake(address, tls)?) } else { None };
    let (endpoint, watch) = (endpoint(address)?, Watch::default());
    let peer = Arc::new(Peer { address: address.clone(), tls: tls.clone() });
    let connector = Connector::new(handshake, watch.clone());
    let connect = || endpoint.connect_with_connector(connector.clone());
    let connecting = connect.retry(retry::backoff()).when(|error| retry::may_connect_again(error));
    let connected = match timeout {
        None => connecting.await,
        Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| no_answer(address, limit))?,
    };
    match connected {
        Ok(channel) => Ok(Transport::Remote(Remote { channel, watch, peer, answered: Arc::default() })),
        Err(error) => Err(refused(&peer, &error)),
    }
}

impl Transport {
    /// How many requests were answered so far, be it with an error. Without a connection nobody needs to know.
    pub(super) fn answered(&self) -> usize {
        match self {
            Self::Remote(remote) => remote.answered.load(Ordering::Relaxed),
            Self::InProcess(_) => 0,
        }
    }
}

fn endpoint(address: &EndpointUrl) -> Result<Endpoint> {
    let wrong = |error: &dyn StdError| Error::local(format!("cannot connect to {address}")).caused_by(error);
    let origin = address.http_uri().parse::<Uri>().map_err(|error| wrong(&error))?;
    // TLS is the connector's own affair; requests name the scheme that it stands for.
    let endpoint = Endpoint::from_shared(address.with_tls(false).http_uri())
        .and_then(|endpoint| endpoint.user_agent(concat!("spacectl/", env!("CARGO_PKG_VERSION"))))
        .map_err(|error| wrong(&error))?;
    // A message is held whole before it is read: whoever sends it need not wait for word that some of it was taken, which
    // costs a round trip for every 2 MiB, as hyper has it.
    let window = u32::try_from(MAX_MESSAGE_SIZE).ok();
    Ok(endpoint.origin(origin).initial_stream_window_size(window).initial_connection_window_size(window))
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
    match peer.advice(error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

impl Remote {
    /// Why the connection broke, and what to do. What was seen of the other side outranks what HTTP/2 makes of it.
    fn broken(&self, error: tonic::transport::Error) -> BoxError {
        let finding = self.watch.finding();
        // What is known of a peer that speaks no HTTP/2 tells more.
        if matches!(finding, None | Some(Finding::Gone)) && retry::is_disclaimed(&error) {
            return with_source(Status::unavailable(""), Unprocessed(self.peer.advise(error).into()));
        }
        match finding {
            // A service that is about to restart ends connections so too: a verb that reads is sent again.
            Some(finding @ (Finding::Silent | Finding::Gone)) => {
                with_source(Status::unavailable(""), self.peer.advise(finding))
            }
            Some(finding) => self.peer.advise(finding).into(),
            None => self.peer.advise(error).into(),
        }
    }

    /// `response` as tonic can read it, if it is gRPC.
    async fn checked(&self, response: Response) -> std::result::Result<Response, BoxError> {
        if !NotGrpc::is(&response) {
            check_encoding(response.headers()).map_err(Status::from)?;
            return Ok(repair::response(response));
        }
        let answer = NotGrpc::read(response).await;
        Err(with_source(Status::new(answer.code(), ""), self.peer.advise(answer)))
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
                    remote.answered.fetch_add(1, Ordering::Relaxed);
                    Ok(sent_status::mark(response))
                })
            }
            Self::InProcess(routes) => {
                let answer = routes.call(request);
                Box::pin(async move { answer.await.map_err(|never: Infallible| match never {}) })
            }
        }
    }
}
