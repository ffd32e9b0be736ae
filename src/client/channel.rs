//! Connections: to a service far away, or to the one inside this process.

use std::convert::Infallible;
use std::error::Error as StdError;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use backon::Retryable;
use tonic::body::Body;
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint};
use tower_service::Service;

use super::retry;
use super::tls;
use crate::endpoint::EndpointUrl;
use crate::error::{Error, Result};

/// What calls are sent through. Cheap to clone: clones share the connection.
#[derive(Clone)]
pub enum Transport {
    /// An HTTP/2 connection.
    Remote(Channel),
    /// Services of this process, called without a connection.
    InProcess(Routes),
}

/// Connects to `address` within `timeout`, TLS included; no timeout waits as long as the system does.
///
/// # Errors
/// Exit code 1, with a hint at what to look at: the name, the port, TLS on one side only, the certificate.
pub async fn connect(address: &EndpointUrl, timeout: Option<Duration>) -> Result<Transport> {
    let endpoint = endpoint(address).map_err(|error| error.within(format!("cannot connect to {address}")))?;
    let connecting = (|| endpoint.connect()).retry(retry::backoff()).when(retry::may_connect_again);
    let connected = match timeout {
        None => connecting.await,
        Some(limit) => tokio::time::timeout(limit, connecting).await.map_err(|_| no_answer(address, limit))?,
    };
    connected.map(Transport::Remote).map_err(|error| refused(address, &error))
}

fn endpoint(address: &EndpointUrl) -> Result<Endpoint> {
    let wrong = |error: tonic::transport::Error| Error::local("not an endpoint").caused_by(&error);
    let endpoint = Endpoint::from_shared(address.http_uri())
        .and_then(|endpoint| endpoint.user_agent(concat!("spacectl/", env!("CARGO_PKG_VERSION"))))
        .map_err(wrong)?
        .tcp_nodelay(true);
    if address.is_tls() { endpoint.tls_config(tls::config()?).map_err(wrong) } else { Ok(endpoint) }
}

fn no_answer(address: &EndpointUrl, limit: Duration) -> Error {
    Error::local(format!("cannot connect to {address}: no answer within {limit:?}"))
        .hint("check the host and the port, and that no firewall is between; --connect-timeout waits longer")
}

fn refused(address: &EndpointUrl, error: &tonic::transport::Error) -> Error {
    let failure = Error::local(format!("cannot connect to {address}"));
    // The outermost error only says "transport error".
    let failure = match error.source() {
        Some(source) => failure.caused_by(source),
        None => failure.caused_by(error),
    };
    match advice(address, error) {
        Some(hint) => failure.hint(hint),
        None => failure,
    }
}

/// What to look at, by what went wrong below.
fn advice(address: &EndpointUrl, error: &tonic::transport::Error) -> Option<String> {
    let told: Vec<String> = retry::sources(error).map(ToString::to_string).collect();
    let tells = |words: &str| told.iter().any(|text| text.contains(words));
    if tells("InvalidContentType") || tells("corrupt message") {
        return Some(format!("the service does not speak TLS there: try {}", address.with_tls(false)));
    }
    if tells("UnknownIssuer") || tells("BadSignature") {
        return Some(
            "the certificate's issuer is not trusted here: install your company's CA certificate in the system, \
             or name it in SSL_CERT_FILE"
                .into(),
        );
    }
    if tells("CaUsedAsEndEntity") {
        return Some(
            "the service shows a CA's own certificate, which no client accepts: it needs one that the CA issued for it"
                .into(),
        );
    }
    if tells("not valid for name") || tells("NotValidForName") {
        return Some("the certificate is for another name: use the name that it holds".into());
    }
    if tells("certificate expired") || tells("Expired") {
        return Some("the service's certificate has expired (or this machine's clock is wrong)".into());
    }
    if tells("lookup address") || tells("dns error") {
        return Some(format!("the name {} is not known here: check its spelling and your DNS", address.host()));
    }
    let refused = retry::sources(error)
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .any(|error| error.kind() == io::ErrorKind::ConnectionRefused);
    refused
        .then(|| format!("nothing listens on port {} of {}: is the service running?", address.port(), address.host()))
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
            Self::Remote(channel) => channel.poll_ready(cx).map_err(BoxError::from),
            Self::InProcess(routes) => {
                Service::<http::Request<Body>>::poll_ready(routes, cx).map_err(|never: Infallible| match never {})
            }
        }
    }

    fn call(&mut self, request: http::Request<Body>) -> Answer {
        match self {
            Self::Remote(channel) => {
                let answer = channel.call(request);
                Box::pin(async move { answer.await.map_err(BoxError::from) })
            }
            Self::InProcess(routes) => {
                let answer = routes.call(request);
                Box::pin(async move { answer.await.map_err(|never: Infallible| match never {}) })
            }
        }
    }
}
