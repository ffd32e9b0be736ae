//! One HTTP/1.1 request and its response, read up to a limit.
//!
//! Each request opens a connection: a question takes two or three, often to different hosts.

use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::uri::{PathAndQuery, Scheme};
use http::{HeaderValue, Method, Response, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::connect::connect;
use super::deadline::Deadline;
use super::proxy::{ProxyConfig, ProxyRoute};
use super::registry_error::RegistryError;
use super::tls::TrustStore;
use super::url::RegistryUrl;
use crate::net::host::is_loopback;

/// The longest response: many times a page of tags or a token.
const MAX_RESPONSE: usize = 8 * 1024 * 1024;

/// The URL of a request; `http` for loopback addresses only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HttpTarget(Uri);

impl HttpTarget {
    /// `path` in the API of `registry`.
    ///
    /// # Errors
    /// `path` is not valid.
    pub fn new(registry: &RegistryUrl, path: &str) -> Result<Self, RegistryError> {
        let scheme = if registry.is_plain_http() { Scheme::HTTP } else { Scheme::HTTPS };
        let uri = Uri::builder().scheme(scheme).authority(registry.api_authority()).path_and_query(path).build();
        uri.map(Self).map_err(|_| RegistryError::invalid_url(path))
    }

    /// Resolves a URL that a registry gave: absolute, or a path.
    ///
    /// # Errors
    /// It is not valid, leaves TLS, or leads without TLS to another machine.
    pub fn join(&self, url: &str) -> Result<Self, RegistryError> {
        let invalid = || RegistryError::invalid_url(url);
        let uri: Uri = url.parse().map_err(|_| invalid())?;
        let path = uri.path_and_query().map_or("/", PathAndQuery::as_str);
        let (Some(scheme), Some(authority)) = (uri.scheme(), uri.authority()) else {
            return if path.starts_with('/') { self.with_path(path) } else { Err(invalid()) };
        };
        let authority = authority.as_str().to_ascii_lowercase();
        let uri = Uri::builder().scheme(scheme.clone()).authority(authority).path_and_query(path).build();
        let target = Self(uri.map_err(|_| invalid())?);
        match scheme.as_str() {
            _ if target.authority().contains('@') => Err(invalid()),
            "https" => Ok(target),
            // Only a target without TLS on this machine may lead to another one.
            "http" if self.is_plain() && is_loopback(target.host()) => Ok(target),
            "http" => Err(RegistryError::plaintext(&format!("http://{}", target.authority()))),
            _ => Err(invalid()),
        }
    }

    /// The same URL with another query.
    ///
    /// # Errors
    /// `query` is not valid.
    pub fn with_query(&self, query: &str) -> Result<Self, RegistryError> {
        self.with_path(&format!("{}?{query}", self.0.path()))
    }

    fn with_path(&self, path: &str) -> Result<Self, RegistryError> {
        let uri = Uri::builder().scheme(self.scheme()).authority(self.authority()).path_and_query(path).build();
        uri.map(Self).map_err(|_| RegistryError::invalid_url(path))
    }

    pub fn query(&self) -> Option<&str> {
        self.0.query()
    }

    /// Whether credentials for one may be sent to the other.
    pub fn is_same_host(&self, other: &Self) -> bool {
        (self.scheme(), self.host(), self.port()) == (other.scheme(), other.host(), other.port())
    }

    pub fn authority(&self) -> &str {
        self.0.authority().map_or("", |authority| authority.as_str())
    }

    fn scheme(&self) -> &str {
        self.0.scheme_str().unwrap_or_default()
    }

    fn is_plain(&self) -> bool {
        self.scheme() == "http"
    }

    /// The host, an IPv6 address without its brackets.
    fn host(&self) -> &str {
        self.0.host().unwrap_or_default().trim_matches(['[', ']'])
    }

    fn port(&self) -> u16 {
        self.0.port_u16().unwrap_or(if self.is_plain() { 80 } else { 443 })
    }

    /// The URL without its query, which may be secret.
    fn shown(&self) -> String {
        format!("{}://{}{}", self.scheme(), self.authority(), self.0.path())
    }
}

#[derive(Clone, Debug)]
pub struct HttpRequest {
    pub method: Method,
    pub accept: &'static str,
    pub authorization: Option<HeaderValue>,
    /// A form, for POST.
    pub form: Option<String>,
}

/// Called with one log line for each request.
pub type RequestLog = dyn Fn(&str) + Send + Sync;

/// Sends and logs requests.
pub struct HttpClient {
    pub trust: TrustStore,
    pub proxy: ProxyConfig,
    pub log: Option<Box<RequestLog>>,
}

impl HttpClient {
    pub async fn send(
        &self,
        target: &HttpTarget,
        request: &HttpRequest,
        deadline: Deadline,
    ) -> Result<Response<Vec<u8>>, RegistryError> {
        let start = Instant::now();
        // A target without TLS is on this machine.
        let route = if target.is_plain() { None } else { self.proxy.route(target.host(), target.port())? };
        let proxy = route.as_ref().map(|route| format!(" through the proxy {route}")).unwrap_or_default();
        let timed_out =
            |limit| RegistryError::Timeout { limit, host: target.authority().to_owned(), proxy: proxy.clone() };
        let result = deadline.run(self.exchange(target, route, request)).await;
        let result = result.unwrap_or_else(|limit| Err(timed_out(limit)));
        if let Some(log) = &self.log {
            let outcome = match &result {
                Ok(response) => response.status().as_u16().to_string(),
                Err(_) => "no answer".to_owned(),
            };
            let elapsed = start.elapsed().as_secs_f64() * 1e3;
            log(&format!("{} {}{proxy}: {outcome} in {elapsed:.1} ms", request.method, target.shown()));
        }
        result
    }

    async fn exchange(
        &self,
        target: &HttpTarget,
        route: Option<ProxyRoute>,
        request: &HttpRequest,
    ) -> Result<Response<Vec<u8>>, RegistryError> {
        match route {
            Some(route) => self.exchange_tls(route.tunnel(target.host(), target.port()).await?, target, request).await,
            None if target.is_plain() => exchange_on(connect_to(target).await?, target, request).await,
            None => self.exchange_tls(connect_to(target).await?, target, request).await,
        }
    }

    async fn exchange_tls(
        &self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        target: &HttpTarget,
        request: &HttpRequest,
    ) -> Result<Response<Vec<u8>>, RegistryError> {
        let host = target.host().to_owned();
        let name = ServerName::try_from(host).map_err(|_| RegistryError::invalid_url(target.authority()))?;
        let config = self.trust.config(target.host(), target.port())?;
        let stream = TlsConnector::from(config).connect(name, stream).await;
        let stream = stream.map_err(|error| RegistryError::Handshake { error, host: target.authority().to_owned() })?;
        exchange_on(stream, target, request).await
    }
}

async fn connect_to(target: &HttpTarget) -> Result<TcpStream, RegistryError> {
    let failed = |error| RegistryError::Connection { error, host: target.authority().to_owned() };
    let stream = connect(target.host(), target.port()).await.map_err(failed)?;
    let peer = stream.peer_addr().map_err(failed)?;
    // A name such as localhost can resolve to another machine.
    if target.is_plain() && !peer.ip().is_loopback() {
        return Err(RegistryError::plaintext(&format!("{} ({})", target.shown(), peer.ip())));
    }
    Ok(stream)
}

async fn exchange_on(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &HttpTarget,
    request: &HttpRequest,
) -> Result<Response<Vec<u8>>, RegistryError> {
    let path = target.0.path_and_query().map_or("/", PathAndQuery::as_str);
    let mut builder = http::Request::builder()
        .method(&request.method)
        .uri(path)
        .header(HOST, target.authority())
        .header(USER_AGENT, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, request.accept);
    if let Some(authorization) = &request.authorization {
        builder = builder.header(AUTHORIZATION, authorization);
    }
    if request.form.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(request.form.clone().unwrap_or_default()));
    let message = builder.body(body).map_err(|_| RegistryError::invalid_url(&target.shown()))?;

    let failed = |error| RegistryError::Http { error, host: target.authority().to_owned(), plain: target.is_plain() };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(failed)?;
    // Ends with this function, however that ends.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let (head, mut incoming) = sender.send_request(message).await.map_err(failed)?.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(failed)?.into_data() else { continue };
        if body.len() + data.len() > MAX_RESPONSE {
            return Err(RegistryError::too_large(MAX_RESPONSE));
        }
        body.extend_from_slice(&data);
    }
    Ok(Response::from_parts(head, body))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(registry: &str) -> HttpTarget {
        HttpTarget::new(&registry.parse().unwrap(), "/v2/a/tags/list?n=1").unwrap()
    }

    #[test]
    fn nothing_leads_out_of_tls_or_off_this_machine_without_it() {
        let tls = target("h.example");
        let plain = target("127.0.0.1:5000");
        for (from, url, to) in [
            (&tls, "/x", Some("https://h.example/x")),
            (&tls, "https://other.example/x?y", Some("https://other.example/x")),
            (&tls, "http://h.example/x", None),
            (&tls, "http://127.0.0.1/x", None),
            (&plain, "http://127.0.0.1:5001/x", Some("http://127.0.0.1:5001/x")),
            (&plain, "http://[::1]:5001/x", Some("http://[::1]:5001/x")),
            (&plain, "http://h.example/x", None),
            (&plain, "https://H.example/x", Some("https://h.example/x")),
            (&tls, "ftp://h.example/x", None),
            (&tls, "https://me:hunter2@h.example/x", None),
            (&tls, "\u{1}", None),
        ] {
            assert_eq!(from.join(url).ok().map(|target| target.shown()).as_deref(), to, "{url}");
        }
        assert!(tls.is_same_host(&tls.join("https://h.example:443/x").unwrap()));
        assert!(!tls.is_same_host(&tls.join("https://h.example:444/x").unwrap()));
        assert!(!tls.is_same_host(&tls.join("https://h.example.evil/x").unwrap()));
        assert_eq!(tls.with_query("last=b").unwrap().0, "https://h.example/v2/a/tags/list?last=b");
    }
}
