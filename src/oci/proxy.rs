//! The proxy through which a company's machines reach registries: `HTTPS_PROXY` and `NO_PROXY`, read as curl reads them
//! (<https://curl.se/docs/manpage.html#ENVIRONMENT>), and, as by docker, a port behind a name in `NO_PROXY`.
//!
//! A proxy passes bytes on (CONNECT: RFC 9110, 9.3.6): TLS is spoken with the registry, and the proxy sees its name alone.
//! Loopback addresses are never asked for through a proxy.

use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{HOST, PROXY_AUTHORIZATION};
use http::{HeaderValue, Method};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper::upgrade::{self, Upgraded};
use hyper_util::rt::TokioIo;
use tokio::net::lookup_host;
use tokio::task::JoinSet;

use super::dial::dial;
use crate::net::host::{check_host, in_url, is_loopback, read_port, split_port};
use crate::oci::registry_error::RegistryError;
use crate::secret::Secret;
use crate::secret::redact;

/// curl's, for a proxy whose URL names none.
const PORT: u16 = 1080;

/// What the environment says of proxies. It is not looked at before a registry is reached with TLS.
#[derive(Clone, Debug, Default)]
pub struct ProxyConfig {
    /// Secret, for it may hold a login.
    url: Option<Secret>,
    /// The hosts that are reached without it, between commas or blanks.
    direct: String,
}

/// A proxy on the way to a host. It shows itself without its login.
pub struct ProxyRoute {
    host: String,
    port: u16,
    login: Option<HeaderValue>,
}

impl ProxyConfig {
    /// The values of `HTTPS_PROXY` and `NO_PROXY`.
    pub fn new(https_proxy: Option<Secret>, no_proxy: Option<String>) -> Self {
        Self { url: https_proxy, direct: no_proxy.unwrap_or_default() }
    }

    /// The proxy through which `host` is reached, if there is one.
    ///
    /// # Errors
    /// What stands there is no proxy that can be used.
    pub(super) fn toward(&self, host: &str, port: u16) -> Result<Option<ProxyRoute>, RegistryError> {
        let Some(url) = &self.url else { return Ok(None) };
        let mut entries = self.direct.split([',', ' ', '\t']).filter(|entry| !entry.is_empty());
        if is_loopback(host) || entries.any(|entry| covers(entry, host, port)) {
            return Ok(None);
        }
        ProxyRoute::read(url.expose()).map(Some).map_err(RegistryError::ProxyUrl)
    }
}

impl ProxyRoute {
    fn read(url: &str) -> Result<Self, &'static str> {
        let url = url.trim();
        let (scheme, rest) = url.split_once("://").unwrap_or(("http", url));
        if !scheme.eq_ignore_ascii_case("http") {
            return Err("a proxy that is spoken to in HTTP is used, and no other");
        }
        let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (login, authority) = rest.rsplit_once('@').map_or((None, rest), |(login, rest)| (Some(login), rest));
        let (host, port) = split_port(authority)?;
        let (host, port) = (check_host(host)?, port.map_or(Ok(PORT), read_port)?);
        Ok(Self { host, port, login: login.map(basic).transpose()? })
    }

    /// A way for bytes to `host` and back.
    ///
    /// # Errors
    /// The proxy is not reached, or does not let it.
    pub async fn tunnel(&self, host: &str, port: u16) -> Result<TokioIo<Upgraded>, RegistryError> {
        let down = |error: Box<dyn std::error::Error + Send + Sync>| RegistryError::ProxyDown {
            error,
            proxy: self.to_string(),
        };
        let addresses = lookup_host((self.host.as_str(), self.port)).await.map_err(|error| down(error.into()))?;
        let socket = dial(addresses).await.map_err(|error| down(error.into()))?;

        let authority = format!("{}:{port}", in_url(host));
        let mut request = http::Request::builder().method(Method::CONNECT).uri(&authority).header(HOST, &authority);
        if let Some(login) = &self.login {
            request = request.header(PROXY_AUTHORIZATION, login);
        }
        let request = request.body(Empty::<Bytes>::new()).map_err(|_| RegistryError::Address(authority.clone()))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(socket)).await.map_err(|error| down(error.into()))?;
        // The connection leaves it with the upgrade; what fails before that ends with this function.
        let mut tasks = JoinSet::new();
        tasks.spawn(connection.with_upgrades());
        let answer = sender.send_request(request).await.map_err(|error| down(error.into()))?;
        if !answer.status().is_success() {
            return Err(RegistryError::ProxyRefused {
                status: answer.status(),
                proxy: self.to_string(),
                at: authority,
            });
        }
        upgrade::on(answer).await.map(TokioIo::new).map_err(|error| down(error.into()))
    }
}

impl fmt::Display for ProxyRoute {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", in_url(&self.host), self.port)
    }
}

/// `user:password` of a URL, as the header has it (RFC 7617).
fn basic(login: &str) -> Result<HeaderValue, &'static str> {
    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    let plain = [decoded(user), decoded(password)].join(&b':');
    for secret in [login.as_bytes(), password.as_bytes(), &decoded(password), &plain] {
        redact::remember(&String::from_utf8_lossy(secret));
    }
    let mut value =
        HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(plain))).map_err(|_| "its login cannot be sent")?;
    value.set_sensitive(true);
    Ok(value)
}

/// What `%40` and its like stand for (RFC 3986, 2.1); what is none of those stays.
fn decoded(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, behind)) = rest.split_first() {
        let digit = |at: usize| behind.get(at).and_then(|&digit| char::from(digit).to_digit(16));
        let encoded = digit(0).zip(digit(1)).and_then(|(high, low)| u8::try_from(high * 16 + low).ok());
        match encoded.filter(|_| first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &behind[2..];
            }
            None => {
                bytes.push(first);
                rest = behind;
            }
        }
    }
    bytes
}

/// Whether an entry of `NO_PROXY` is about `host`: a name is about what ends in it too.
fn covers(entry: &str, host: &str, port: u16) -> bool {
    // What cannot be split is an IPv6 address.
    let (entry, only) = split_port(entry).unwrap_or((entry, None));
    if only.is_some_and(|only| read_port(only) != Ok(port)) {
        return false;
    }
    let entry = entry.trim_matches(['[', ']']);
    if entry == "*" {
        return true;
    }
    if let Ok(address) = host.parse::<IpAddr>() {
        return is_in(address, entry);
    }
    let name = entry.trim_matches('.').to_ascii_lowercase();
    let host = host.trim_end_matches('.');
    !name.is_empty()
        && host.strip_suffix(name.as_str()).is_some_and(|before| before.is_empty() || before.ends_with('.'))
}

/// Whether `address` is the one that is written, or in a network as `10.0.0.0/8`.
fn is_in(address: IpAddr, written: &str) -> bool {
    let (network, bits) = match written.split_once('/') {
        Some((network, bits)) => (network, bits.parse().ok()),
        None => (written, Some(128)),
    };
    let prefix = |width: u32, bits: u32| width.saturating_sub(bits);
    match (address, network.parse(), bits) {
        (IpAddr::V4(address), Ok(IpAddr::V4(network)), Some(bits)) => {
            let different = address.to_bits() ^ network.to_bits();
            different.checked_shr(prefix(32, bits)).unwrap_or_default() == 0
        }
        (IpAddr::V6(address), Ok(IpAddr::V6(network)), Some(bits)) => {
            let different = address.to_bits() ^ network.to_bits();
            different.checked_shr(prefix(128, bits)).unwrap_or_default() == 0
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
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
            let via = proxy.toward(host, 443).unwrap();
            assert_eq!(via.is_none(), is_direct, "{direct:?} {host}");
        }
        assert!(ProxyConfig::default().toward("registry.example", 443).unwrap().is_none());
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
            let via = ProxyRoute::read(url).unwrap_or_else(|why| panic!("{url}: {why}"));
            let login = login.map(|login| format!("Basic {}", STANDARD.encode(login)));
            assert_eq!(via.to_string(), shown, "{url}");
            assert_eq!(via.login.as_ref().map(|login| login.to_str().unwrap()), login.as_deref(), "{url}");
            assert!(via.login.is_none_or(|login| login.is_sensitive()));
        }
        for url in ["", "https://h:1", "socks5://h:1", "http://h:0", "http://h:x", "http://me:hunter2@", "http://[::1"]
        {
            assert!(ProxyRoute::read(url).is_err(), "{url}");
        }
        let shown = format!("{:?}", ProxyConfig::new(Some(Secret::new("http://me:hunter2@h:1")), None));
        assert!(!shown.contains("hunter2"), "{shown}");
    }
}
