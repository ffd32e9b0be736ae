//! The endpoint of a service: `grpc://host:port` or `grpc+ssl://host[:port]`.

use std::fmt;
use std::str::FromStr;

use crate::error::parse_error::ParseError;
use crate::net::host::{check_host, in_url, is_loopback, read_port, split_port};

/// The port of TLS where a `grpc+ssl` URL names none: gRPC has no port of its own, and TLS services are published
/// on HTTPS's.
const TLS_PORT: u16 = 443;

/// `grpc://host:port` (plain text) or `grpc+ssl://host[:port]` (TLS).
///
/// A path is dropped, as in the Python client: old configurations end in `/v1`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EndpointUrl {
    tls: bool,
    host: String,
    port: u16,
}

impl EndpointUrl {
    /// The host's name or address, in lower case; an IPv6 address without its brackets.
    pub fn host(&self) -> &str {
        &self.host
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// Whether the connection is encrypted (`grpc+ssl`).
    pub fn is_tls(&self) -> bool {
        self.tls
    }

    /// Whether others on the network can read what is sent there.
    pub fn is_exposed(&self) -> bool {
        !self.tls && !is_loopback(&self.host)
    }

    /// The same endpoint without or with TLS.
    #[must_use]
    pub fn with_tls(&self, tls: bool) -> Self {
        Self { tls, ..self.clone() }
    }

    /// The endpoint as an HTTP URI, which is how HTTP/2 names it.
    pub fn http_uri(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    /// `host:port`, with an IPv6 address in brackets.
    pub fn authority(&self) -> String {
        format!("{}:{}", in_url(&self.host), self.port)
    }
}

impl fmt::Display for EndpointUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "grpc+ssl" } else { "grpc" };
        write!(f, "{scheme}://{}", self.authority())
    }
}

impl FromStr for EndpointUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        if text.contains('@') {
            // The text is not repeated: it may hold a password.
            return Err(ParseError::new("an endpoint cannot hold a user or a password")
                .hint("write grpc+ssl://host:port, and put the key into `api_key` or SPACECTL_API_KEY"));
        }
        let refuse =
            |why: &str, hint: &str| ParseError::new(format!("`{text}` is not a valid endpoint: {why}")).hint(hint);

        let Some((scheme, rest)) = text.split_once("://") else {
            if let Some(corrected) = slashless(text) {
                return Err(refuse("`//` is missing after its scheme", &format!("write {corrected}")));
            }
            if is_socket(text) || text.starts_with('/') {
                return Err(refuse("it is a unix socket", TCP_ONLY));
            }
            let bracketed = bracketed(text);
            let address = bracketed.as_deref().unwrap_or(if text.is_empty() { "host:port" } else { text });
            return Err(refuse(
                "it has no scheme",
                &format!("write grpc://{address}, or grpc+ssl://{address} for TLS"),
            ));
        };
        let tls = match scheme.to_ascii_lowercase().as_str() {
            "grpc" => false,
            "grpc+ssl" => true,
            "unix" | "unix-abstract" => return Err(refuse("it is a unix socket", TCP_ONLY)),
            _ => {
                let hint = "write grpc://host:port for plain text, or grpc+ssl://host:port for TLS";
                return Err(refuse(&format!("its scheme is {scheme}"), hint));
            }
        };
        if rest.contains(['?', '#']) {
            return Err(refuse("it has a query or a fragment", "write only scheme://host:port"));
        }
        let authority = rest.split_once('/').map_or(rest, |(authority, _)| authority);
        if is_socket(rest) {
            return Err(refuse("it is a unix socket", TCP_ONLY));
        }
        let (host, port) = split_port(authority).map_err(|why| match bracketed(authority) {
            Some(address) => refuse(why, &format!("write {}://{address}", scheme.to_ascii_lowercase())),
            None => refuse(why, "write an IPv6 address as [::1]:port"),
        })?;
        let host = check_host(host).map_err(|why| refuse(why, "write scheme://host:port"))?;
        let port = match port {
            Some(port) => read_port(port),
            None if tls => Ok(TLS_PORT),
            None => {
                let hint = format!("write grpc://{authority}:PORT, for example grpc://{authority}:50051");
                return Err(refuse("it has no port", &hint));
            }
        };
        let port = port.map_err(|why| refuse(why, "a port is a number from 1 to 65535"))?;
        Ok(Self { tls, host, port })
    }
}

const TCP_ONLY: &str = "write grpc://host:port: only TCP is supported, so let the service listen on a port";

/// Whether it is `unix:PATH`, as gRPC's libraries name a socket.
fn is_socket(text: &str) -> bool {
    ["unix:", "unix-abstract:"].iter().any(|start| text.starts_with(start))
}

/// `::1:50051` with the brackets that an IPv6 address has before a port.
fn bracketed(text: &str) -> Option<String> {
    let (address, port) = text.rsplit_once(':')?;
    let is_port = port.parse::<u16>().is_ok_and(|port| port > 0);
    (address.contains("::") && is_port && address.parse::<std::net::Ipv6Addr>().is_ok())
        .then(|| format!("[{address}]:{port}"))
}

/// What `grpc:host:port` lacks. Of `grpc:50051`, grpc is the host.
fn slashless(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once(':')?;
    let address = rest.trim_start_matches('/');
    let is_scheme = ["grpc", "grpc+ssl"].contains(&scheme.to_ascii_lowercase().as_str());
    let is_port = address.chars().all(|c| c.is_ascii_digit());
    (is_scheme && !is_port).then(|| format!("{scheme}://{address}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> EndpointUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn both_schemes_are_read() {
        for (text, written, host, port, tls) in [
            ("grpc://localhost:50051", "grpc://localhost:50051", "localhost", 50051, false),
            ("grpc+ssl://a.example.com:8443", "grpc+ssl://a.example.com:8443", "a.example.com", 8443, true),
            ("grpc+ssl://a.example.com", "grpc+ssl://a.example.com:443", "a.example.com", 443, true),
            ("grpc://identity:50051/v1", "grpc://identity:50051", "identity", 50051, false),
            ("GRPC+SSL://A.Example.com:1/", "grpc+ssl://a.example.com:1", "a.example.com", 1, true),
            ("grpc://[::1]:50051", "grpc://[::1]:50051", "::1", 50051, false),
            ("grpc+ssl://[0:0:0:0:0:0:0:1]", "grpc+ssl://[::1]:443", "::1", 443, true),
            ("grpc://127.0.0.1:65535", "grpc://127.0.0.1:65535", "127.0.0.1", 65535, false),
            ("grpc://my_service:50051", "grpc://my_service:50051", "my_service", 50051, false),
            ("  grpc://h:1\n", "grpc://h:1", "h", 1, false),
        ] {
            let url = parse(text);
            assert_eq!((url.host(), url.port(), url.is_tls()), (host, port, tls), "{text}");
            assert_eq!(url.to_string(), written);
        }
    }

    #[test]
    fn what_is_no_endpoint_is_refused_with_advice() {
        for (text, part) in [
            ("", "grpc://host:port"),
            ("localhost:50051", "grpc://localhost:50051"),
            ("grpc:127.0.0.1:1", "hint: write grpc://127.0.0.1:1"),
            ("grpc:/h:1", "hint: write grpc://h:1"),
            ("grpc+ssl:h", "hint: write grpc+ssl://h"),
            ("grpc:50051", "hint: write grpc://grpc:50051, or"),
            ("grpc:", "hint: write grpc://grpc:, or"),
            ("https://a.example.com", "grpc+ssl://host:port"),
            ("grpcs://a:1", "its scheme is grpcs"),
            ("grpc://localhost", "grpc://localhost:50051"),
            ("grpc://[::1]", "grpc://[::1]:50051"),
            ("grpc://:50051", "no host"),
            ("grpc://", "no host"),
            ("grpc://h:", "1 to 65535"),
            ("grpc://h:0", "1 to 65535"),
            ("grpc://h:65536", "1 to 65535"),
            ("grpc://h:+80", "1 to 65535"),
            ("grpc://h:http", "1 to 65535"),
            ("grpc://::1:50051", "hint: write grpc://[::1]:50051"),
            ("grpc+ssl://fe80::1:443", "hint: write grpc+ssl://[fe80::1]:443"),
            ("::1:7108", "hint: write grpc://[::1]:7108, or grpc+ssl://[::1]:7108 for TLS"),
            ("unix:/run/x", "it is a unix socket\nhint: write grpc://host:port: only TCP"),
            ("unix:///run/x", "it is a unix socket\n"),
            ("grpc://unix:/run/x", "it is a unix socket\n"),
            ("/run/x.sock", "it is a unix socket\n"),
            ("grpc://::1", "[::1]:port"),
            ("grpc://[::1:50051", "not closed"),
            ("grpc://[::1]50051", "between"),
            ("grpc://[localhost]:50051", "not an IPv6 address"),
            ("grpc://[fe80::1%eth0]:50051", "not an IPv6 address"),
            ("grpc://a b:50051", "letters"),
            ("grpc://한글:50051", "letters"),
            ("grpc://h:50051?x=y", "query"),
        ] {
            let error = text.parse::<EndpointUrl>().unwrap_err().into_usage().to_string();
            assert!(error.contains(part), "{text}: {error}");
            // What the hint says to write can be typed.
            let written = error.split("hint: write ").nth(1).and_then(|hint| hint.split([',', ' ']).next());
            if let Some(url) = written.filter(|url| url.contains("://[") && !url.ends_with("PORT")) {
                parse(url);
            }
        }
        let long = format!("grpc://{}:1", "x".repeat(254));
        assert!(long.parse::<EndpointUrl>().is_err());
    }

    #[test]
    fn a_password_in_a_url_is_refused_and_not_repeated() {
        for text in ["grpc://user:hunter2@host:1", "hunter2@host", "https://hunter2@host"] {
            let error = text.parse::<EndpointUrl>().unwrap_err().into_local().to_string();
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "\\PC*") {
            let _ = text.parse::<EndpointUrl>();
        }

        #[test]
        fn what_is_written_is_read_again(
            tls: bool,
            host in "[a-z0-9_]([a-z0-9_.-]{0,20}[a-z0-9])?|\\[[0-9a-f]{1,4}::[0-9a-f]{1,4}\\]",
            port in 1u16..,
        ) {
            let scheme = if tls { "grpc+ssl" } else { "grpc" };
            let url = parse(&format!("{scheme}://{host}:{port}"));
            prop_assert_eq!(parse(&url.to_string()), url);
        }
    }
}
