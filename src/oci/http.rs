//! One HTTP/1.1 request and its answer, of which no more is read than an answer of its kind may have.
//!
//! Each request makes a connection of its own: a question takes two or three, often to as many hosts.

use std::time::Instant;

use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST, USER_AGENT};
use http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;

use super::deadline::Deadline;
use super::dial::dial;
use super::proxy::{ProxyConfig, ProxyRoute};
use super::url::RegistryUrl;
use crate::net::host::is_loopback;
use crate::oci::registry_error::RegistryError;
use crate::oci::tls::TrustStore;
use crate::terminal::sanitize::percent;

/// The most of an answer that is read: many times a page of tags or a token.
pub const MAX_ANSWER: usize = 8 * 1024 * 1024;

/// Where a request goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestTarget {
    plain: bool,
    host: String,
    port: u16,
    /// As a URL has it.
    authority: String,
    /// The path, and the query if there is one.
    path: String,
}

impl RequestTarget {
    /// `path` of the API of `registry`.
    pub fn new(registry: &RegistryUrl, path: String) -> Self {
        Self {
            plain: registry.is_plain_http(),
            host: registry.api_host().to_owned(),
            port: registry.api_port(),
            authority: registry.api_authority().to_owned(),
            path,
        }
    }

    /// A URL that a registry gave: absolute, or relative to `self`.
    ///
    /// # Errors
    /// It is none, or leaves TLS, or leads from this machine to another without TLS.
    pub fn join(&self, url: &str) -> Result<Self, RegistryError> {
        let unusable = || RegistryError::Address(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| unusable())?;
        let path = uri.path_and_query().map_or("/", |path| path.as_str()).to_owned();
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return if path.starts_with('/') { Ok(Self { path, ..self.clone() }) } else { Err(unusable()) };
        };
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase();
        let plain = match scheme {
            "https" => false,
            // Only what began without TLS, on this machine, may go on without it, there.
            "http" if self.plain && is_loopback(&host) => true,
            "http" => return Err(RegistryError::Plaintext(format!("http://{authority}"))),
            _ => return Err(unusable()),
        };
        if authority.as_str().contains('@') {
            return Err(unusable());
        }
        let port = authority.port_u16().unwrap_or(if plain { 80 } else { 443 });
        Ok(Self { plain, host, port, authority: authority.as_str().to_ascii_lowercase(), path })
    }

    /// The same place with `query` for its own.
    pub fn with_query(&self, query: &str) -> Self {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        Self { path: format!("{path}?{query}"), ..self.clone() }
    }

    /// The same place with `name=value` behind its query.
    pub fn with_parameter(&self, name: &str, value: &str) -> Self {
        let joint = if self.path.contains('?') { '&' } else { '?' };
        Self { path: format!("{}{joint}{name}={}", self.path, percent(value)), ..self.clone() }
    }

    /// Whether a login for one may be sent to the other.
    pub fn is_same_host(&self, other: &Self) -> bool {
        (self.plain, &self.host, self.port) == (other.plain, &other.host, other.port)
    }

    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The URL without its query, which may hold what others must not see.
    fn shown(&self) -> String {
        let path = self.path.split_once('?').map_or(self.path.as_str(), |(path, _)| path);
        format!("{}://{}{path}", if self.plain { "http" } else { "https" }, self.authority)
    }
}

/// What is asked.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    pub method: Method,
    pub accept: &'static str,
    pub authorization: Option<HeaderValue>,
    /// A form, which POST sends.
    pub form: Option<String>,
}

/// What came back.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

/// Hears a line for each request.
pub type RequestListener = dyn Fn(&str) + Send + Sync;

/// Sends requests, and tells of each.
pub struct HttpClient {
    pub trust: TrustStore,
    pub proxy: ProxyConfig,
    pub tell: Option<Box<RequestListener>>,
}

impl HttpClient {
    pub async fn send(
        &self,
        target: &RequestTarget,
        request: &HttpRequest,
        deadline: Deadline,
    ) -> Result<HttpResponse, RegistryError> {
        let since = Instant::now();
        // What has no TLS is on this machine.
        let via = if target.plain { None } else { self.proxy.toward(&target.host, target.port)? };
        let proxy = via.as_ref().map(|via| format!(" through the proxy {via}")).unwrap_or_default();
        let exchanged = deadline.keep(self.exchange(target, via, request)).await;
        let late = |limit| RegistryError::Late { limit, at: target.authority.clone(), proxy: proxy.clone() };
        let result = exchanged.unwrap_or_else(|limit| Err(late(limit)));
        if let Some(tell) = &self.tell {
            let outcome = match &result {
                Ok(answer) => answer.status.as_u16().to_string(),
                Err(_) => "no answer".to_owned(),
            };
            let took = since.elapsed().as_secs_f64() * 1e3;
            tell(&format!("{} {}{proxy}: {outcome} in {took:.1} ms", request.method, target.shown()));
        }
        result
    }

    async fn exchange(
        &self,
        target: &RequestTarget,
        via: Option<ProxyRoute>,
        request: &HttpRequest,
    ) -> Result<HttpResponse, RegistryError> {
        match via {
            Some(via) => self.talk_tls(via.tunnel(&target.host, target.port).await?, target, request).await,
            None if target.plain => talk(connect(target).await?, target, request).await,
            None => self.talk_tls(connect(target).await?, target, request).await,
        }
    }

    async fn talk_tls(
        &self,
        way: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
        target: &RequestTarget,
        request: &HttpRequest,
    ) -> Result<HttpResponse, RegistryError> {
        let name =
            ServerName::try_from(target.host.clone()).map_err(|_| RegistryError::Address(target.authority.clone()))?;
        let settings = self.trust.settings(&target.host, target.port)?;
        let stream = TlsConnector::from(settings).connect(name, way).await;
        let stream = stream.map_err(|error| RegistryError::Handshake { error, at: target.authority.clone() })?;
        talk(stream, target, request).await
    }
}

async fn connect(target: &RequestTarget) -> Result<TcpStream, RegistryError> {
    let at = || target.authority.clone();
    let found = lookup_host((target.host.as_str(), target.port)).await;
    let addresses: Vec<_> = found.map_err(|error| RegistryError::Name { error, at: at() })?.collect();
    // What a name such as localhost leads to is somebody else's to say.
    if let Some(address) = addresses.iter().find(|address| target.plain && !address.ip().is_loopback()) {
        return Err(RegistryError::Plaintext(format!("{} ({})", target.shown(), address.ip())));
    }
    dial(addresses).await.map_err(|error| RegistryError::Connection { error, at: at() })
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    target: &RequestTarget,
    request: &HttpRequest,
) -> Result<HttpResponse, RegistryError> {
    let mut builder = http::Request::builder()
        .method(&request.method)
        .uri(&target.path)
        .header(HOST, &target.authority)
        .header(USER_AGENT, concat!(env!("CARGO_PKG_NAME"), "/", env!("CARGO_PKG_VERSION")))
        .header(ACCEPT, request.accept);
    if let Some(authorization) = &request.authorization {
        builder = builder.header(AUTHORIZATION, authorization);
    }
    if request.form.is_some() {
        builder = builder.header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    }
    let body = Full::new(Bytes::from(request.form.clone().unwrap_or_default()));
    let message = builder.body(body).map_err(|_| RegistryError::Address(target.shown()))?;

    let broken = |error| RegistryError::Http { error, at: target.authority.clone(), plain: target.plain };
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(broken)?;
    // Ends with this function, however that ends.
    let mut tasks = JoinSet::new();
    tasks.spawn(connection);
    let (head, mut incoming) = sender.send_request(message).await.map_err(broken)?.into_parts();
    let mut body = Vec::new();
    while let Some(frame) = incoming.frame().await {
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if body.len() + data.len() > MAX_ANSWER {
            return Err(RegistryError::TooLarge);
        }
        body.extend_from_slice(&data);
    }
    Ok(HttpResponse { status: head.status, headers: head.headers, body })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(registry: &str) -> RequestTarget {
        RequestTarget::new(&registry.parse().unwrap(), "/v2/a/tags/list?n=1".to_owned())
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
            (&plain, "https://h.example/x", Some("https://h.example/x")),
            (&tls, "ftp://h.example/x", None),
            (&tls, "https://me:hunter2@h.example/x", None),
            (&tls, "\u{1}", None),
        ] {
            assert_eq!(from.join(url).ok().map(|target| target.shown()).as_deref(), to, "{url}");
        }
        assert!(tls.is_same_host(&tls.join("https://h.example:443/x").unwrap()));
        assert!(!tls.is_same_host(&tls.join("https://h.example:444/x").unwrap()));
        assert!(!tls.is_same_host(&tls.join("https://h.example.evil/x").unwrap()));
    }

    #[test]
    fn a_query_is_replaced_or_lengthened() {
        assert_eq!(target("h").with_query("last=b").path, "/v2/a/tags/list?last=b");
        assert_eq!(target("h").with_parameter("scope", "a:b/c").path, "/v2/a/tags/list?n=1&scope=a%3Ab%2Fc");
    }
}
