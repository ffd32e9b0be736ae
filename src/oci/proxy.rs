//! The proxy to registries: `HTTPS_PROXY` and `NO_PROXY`.
//!
//! Read as curl does (<https://curl.se/docs/manpage.html#ENVIRONMENT>), and as docker does a port after a name in
//! `NO_PROXY`.
//!
//! The proxy passes bytes on (CONNECT: RFC 9110, 9.3.6): TLS is spoken with the registry, and the proxy sees only its
//! name. Loopback addresses are never reached through it. hyper-util matches `NO_PROXY`; its `Tunnel` is not used,
//! because its errors lose the proxy's status.

use std::fmt;

use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method, Uri};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::{self, Upgraded};
use hyper_util::client::proxy::matcher::Matcher;
use hyper_util::rt::TokioIo;
use percent_encoding::percent_decode_str;
use tokio::task::JoinSet;

use super::authorization::basic;
use super::connect::connect;
use super::registry_error::RegistryError;
use crate::net::host::{check_host, in_url, is_loopback, read_port, split_port};
use crate::secret::{Secret, mask};

/// curl's default.
const DEFAULT_PORT: u16 = 1080;

/// The proxy settings of the environment. They are parsed when a registry is first reached with TLS.
#[derive(Clone, Debug, Default)]
pub struct ProxyConfig {
    /// Secret: it may have a password.
    url: Option<Secret>,
    no_proxy: String,
}

/// A proxy for one connection. Displayed without its password.
pub struct ProxyRoute {
    host: String,
    port: u16,
    authorization: Option<HeaderValue>,
}

impl ProxyConfig {
    /// The values of `HTTPS_PROXY` and `NO_PROXY`.
    pub fn new(https_proxy: Option<Secret>, no_proxy: Option<String>) -> Self {
        Self { url: https_proxy, no_proxy: no_proxy.unwrap_or_default() }
    }

    /// The proxy to `host`; `None` if it is reached directly.
    ///
    /// # Errors
    /// `HTTPS_PROXY` is not usable.
    pub(super) fn route(&self, host: &str, port: u16) -> Result<Option<ProxyRoute>, RegistryError> {
        match &self.url {
            Some(url) if !is_loopback(host) && !self.is_direct(host, port) => {
                ProxyRoute::parse(url.expose()).map(Some).map_err(RegistryError::ProxyUrl)
            }
            _ => Ok(None),
        }
    }

    fn is_direct(&self, host: &str, port: u16) -> bool {
        let entries = self.no_proxy.split([',', ' ', '\t']).filter_map(|entry| {
            // What cannot be split is an IPv6 address.
            let (entry, only) = split_port(entry).unwrap_or((entry, None));
            let entry = match entry.trim_matches(['[', ']']).trim_matches('.') {
                // The matcher takes `*` for names only.
                "*" => "*,0.0.0.0/0,::/0",
                entry => entry,
            };
            only.is_none_or(|only| read_port(only) == Ok(port)).then_some(entry)
        });
        let no_proxy = entries.collect::<Vec<_>>().join(",");
        let uri = format!("https://{}", in_url(host.trim_end_matches('.'))).parse::<Uri>();
        let matcher = Matcher::builder().https("http://proxy".to_owned()).no(no_proxy).build();
        uri.is_ok_and(|uri| matcher.intercept(&uri).is_none())
    }
}

impl ProxyRoute {
    fn parse(url: &str) -> Result<Self, &'static str> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("only HTTP proxies are supported");
        }
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, authority) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let (host, port) = split_port(authority)?;
        let (host, port) = (check_host(host)?, port.map_or(Ok(DEFAULT_PORT), read_port)?);
        Ok(Self { host, port, authorization: login.map(authorization).transpose()? })
    }

    /// Opens a connection to `host` through the proxy.
    ///
    /// # Errors
    /// The proxy is not reached or rejects the request.
    pub async fn tunnel(&self, host: &str, port: u16) -> Result<TokioIo<Upgraded>, RegistryError> {
        let failed =
            |error: Box<dyn std::error::Error + Send + Sync>| RegistryError::Proxy { error, proxy: self.to_string() };
        let socket = connect(&self.host, self.port).await.map_err(|error| failed(error.into()))?;
        let authority = format!("{}:{port}", in_url(host));
        let mut request = http::Request::builder().method(Method::CONNECT).uri(&authority).header(HOST, &authority);
        if let Some(authorization) = &self.authorization {
            request = request.header(PROXY_AUTHORIZATION, authorization);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| RegistryError::invalid_url(&authority))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(socket)).await.map_err(|error| failed(error.into()))?;
        // The connection leaves the task with the upgrade; a failure before that ends with this function.
        let mut tasks = JoinSet::new();
        tasks.spawn(connection.with_upgrades());
        let response = sender.send_request(request).await.map_err(|error| failed(error.into()))?;
        if !response.status().is_success() {
            let (status, proxy) = (response.status(), self.to_string());
            return Err(RegistryError::ProxyRejected { status, proxy, host: authority });
        }
        upgrade::on(response).await.map(TokioIo::new).map_err(|error| failed(error.into()))
    }
}

impl fmt::Display for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", in_url(&self.host), self.port)
    }
}

/// The header for `user:password` of a URL.
fn authorization(login: &str) -> Result<HeaderValue, &'static str> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    [login, password].into_iter().for_each(mask::remember);
    let decode = |text| percent_decode_str(text).decode_utf8_lossy();
    basic(&decode(user), &decode(password)).map_err(|_| "its user or password is not valid")
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn the_hosts_of_no_proxy_are_reached_without_it() {
        for (direct, host, is_direct) in [
            ("", "registry.example", false),
            ("", "127.0.0.1", true),
            ("", "localhost", true),
            ("", "::1", true),
            ("*", "registry.example", true),
            ("registry.example", "registry.example", true),
            ("other, Registry.Example", "registry.example", true),
            ("example", "registry.example", true),
            (".example", "registry.example", true),
            (".registry.example.", "registry.example", true),
            ("istry.example", "registry.example", false),
            (".", "registry.example", false),
            ("registry.example:443", "registry.example", true),
            ("registry.example:8443", "registry.example", false),
            ("10.0.0.1", "10.0.0.1", true),
            ("10.0.0.0/8", "10.9.9.9", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.0.0.0/x", "10.0.0.0", false),
            ("0.0.0.0/0", "10.0.0.0", true),
            ("10.0.0.0/8", "fd00::1", false),
            ("fd00::/8", "fd12::1", true),
            ("fd00::1", "fd00::1", true),
            ("[fd00::1]:443", "fd00::1", true),
            ("fd00::1", "fd00::2", false),
            ("0.0.1", "10.0.0.1", false),
        ] {
            let proxy = ProxyConfig::new(Some(Secret::new("http://proxy.example:3128")), Some(direct.to_owned()));
            let route = proxy.route(host, 443).unwrap();
            assert_eq!(route.is_none(), is_direct, "{direct:?} {host}");
        }
        assert!(ProxyConfig::default().route("registry.example", 443).unwrap().is_none());
    }

    #[test]
    fn a_proxy_is_shown_without_its_login() {
        for (url, shown, login) in [
            ("http://proxy.example:3128/", "proxy.example:3128", None),
            ("proxy.example:3128", "proxy.example:3128", None),
            ("HTTP://Proxy.example", "proxy.example:1080", None),
            ("http://[::1]:3128", "[::1]:3128", None),
            ("http://me:hunter2@h:1", "h:1", Some("me:hunter2")),
            ("http://me:p%40%3a%zz@h:1", "h:1", Some("me:p@:%zz")),
            ("me@h:1", "h:1", Some("me:")),
        ] {
            let route = ProxyRoute::parse(url).unwrap_or_else(|why| panic!("{url}: {why}"));
            let login = login.map(|login| format!("Basic {}", STANDARD.encode(login)));
            assert_eq!(route.to_string(), shown, "{url}");
            assert_eq!(route.authorization.as_ref().map(|login| login.to_str().unwrap()), login.as_deref(), "{url}");
            assert!(route.authorization.is_none_or(|login| login.is_sensitive()));
        }
        for url in ["", "https://h:1", "socks5://h:1", "http://h:0", "http://h:x", "http://me:hunter2@", "http://[::1"]
        {
            assert!(ProxyRoute::parse(url).is_err(), "{url}");
        }
        let shown = format!("{:?}", ProxyConfig::new(Some(Secret::new("http://me:hunter2@h:1")), None));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
