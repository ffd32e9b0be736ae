//! Where a registry is reached.

use std::fmt;
use std::str::FromStr;

use crate::error::parse_error::ParseError;
use crate::net::host::{check_host, in_url, is_loopback, read_port, split_port};
use crate::oci::plugin_image::check_path;

/// The names under which Docker Hub goes: in image names, in logins, for its API, and as the real Repository service
/// has it in `registry_url`.
const DOCKER_HUB: [&str; 5] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"];

/// A registry as a user names it: `host[:port][/prefix]`, `https://...`, or `http://...` for a loopback address.
///
/// Without a scheme, a loopback address is spoken to in plain text and every other in TLS, as docker does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryUrl {
    /// As [`RegistryUrl::authority`] says.
    authority: String,
    /// The host alone, an IPv6 address without its brackets.
    host: String,
    port: Option<u16>,
    plain: bool,
    /// What stands before each image's name, without slashes at its ends; often empty.
    prefix: String,
}

impl RegistryUrl {
    /// Docker Hub.
    pub fn docker_hub() -> Self {
        Self::from_host("docker.io")
    }

    /// A registry of a fixed, valid host name.
    pub(super) fn from_host(host: &str) -> Self {
        Self { authority: host.to_owned(), host: host.to_owned(), port: None, plain: false, prefix: String::new() }
    }

    /// `host[:port]`, as it stands before an image's name.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// What stands before each image's name there; empty if nothing does.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether it is spoken to without TLS, which only a loopback address is.
    pub fn is_plain_http(&self) -> bool {
        self.plain
    }

    /// Whether it is Docker Hub, by whichever of its names.
    pub fn is_docker_hub(&self) -> bool {
        self.host == "docker.io"
    }

    /// The host to connect to. Docker Hub's API has another than its images.
    pub(super) fn api_host(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.host }
    }

    /// The port to connect to.
    pub(super) fn api_port(&self) -> u16 {
        self.port.unwrap_or(if self.plain { 80 } else { 443 })
    }

    /// The host and port as they stand in a URL of the API.
    pub(super) fn api_authority(&self) -> &str {
        if self.is_docker_hub() { self.api_host() } else { &self.authority }
    }
}

impl fmt::Display for RegistryUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.plain { "http" } else { "https" };
        write!(f, "{scheme}://{}", self.authority)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

impl FromStr for RegistryUrl {
    type Err = ParseError;

    fn from_str(text: &str) -> Result<Self, ParseError> {
        let text = text.trim();
        if text.contains('@') {
            // The text is not repeated: it may hold a password.
            return Err(ParseError::new("a registry's address holds no user and no password")
                .hint("log in with `docker login HOST`, and give the address alone"));
        }
        let refuse = |why: &str, hint: &str| ParseError::new(format!("`{text}` is no registry: {why}")).hint(hint);
        let written =
            "write HOST, HOST:PORT or https://HOST:PORT, with a prefix of image names behind it if there is one";
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if rest.contains(['?', '#']) {
            return Err(refuse("it has a query or a fragment", written));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_port(authority).map_err(|why| refuse(why, written))?;
        let host = check_host(host).map_err(|why| refuse(why, written))?;
        let port = port.map(read_port).transpose().map_err(|why| refuse(why, "a port is a number from 1 to 65535"))?;
        let plain = match scheme.as_deref() {
            Some("https") => false,
            None => is_loopback(&host),
            Some("http") if is_loopback(&host) => true,
            Some("http") => {
                let hint = "plain HTTP is spoken with loopback addresses only (127.0.0.0/8, ::1, localhost): an image \
                            and a login would pass the network unprotected";
                return Err(refuse("it is not on this machine, and speaks plain HTTP", hint));
            }
            Some(other) => return Err(refuse(&format!("its scheme is {other}"), written)),
        };
        let prefix = path.trim_end_matches('/');
        // The version of the API is no part of an image's name, and stands in many addresses of docker's configuration.
        let prefix = if matches!(prefix, "v1" | "v2") { "" } else { prefix };
        if !prefix.is_empty() && check_path(prefix).is_err() {
            return Err(refuse("what stands behind its host is no part of an image's name", written));
        }
        let prefix = prefix.to_owned();
        if DOCKER_HUB.contains(&host.as_str()) && port.is_none_or(|port| port == 443) {
            return Ok(Self { prefix, ..Self::docker_hub() });
        }
        let shown = in_url(&host);
        let authority = port.map_or_else(|| shown.clone(), |port| format!("{shown}:{port}"));
        Ok(Self { authority, host, port, plain, prefix })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parse(text: &str) -> RegistryUrl {
        text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[test]
    fn a_loopback_address_alone_is_spoken_to_in_plain_text() {
        for (text, written) in [
            ("127.0.0.1:5000", "http://127.0.0.1:5000"),
            ("127.9.9.9:5000", "http://127.9.9.9:5000"),
            ("localhost", "http://localhost"),
            ("[::1]:5000", "http://[::1]:5000"),
            ("http://localhost:5000/", "http://localhost:5000"),
            ("https://127.0.0.1:5000", "https://127.0.0.1:5000"),
            ("ghcr.io", "https://ghcr.io"),
            ("harbor.example.com:8443/team/plugins", "https://harbor.example.com:8443/team/plugins"),
            ("https://Harbor.Example.com/team/", "https://harbor.example.com/team"),
            ("https://index.docker.io/v1/", "https://docker.io"),
            ("registry.hub.docker.com", "https://docker.io"),
            ("10.0.0.1:5000", "https://10.0.0.1:5000"),
            (" ghcr.io\n", "https://ghcr.io"),
        ] {
            let url = parse(text);
            assert_eq!(url.to_string(), written, "{text}");
            assert_eq!(url.is_plain_http(), written.starts_with("http:"));
        }
        for text in ["http://ghcr.io", "http://10.0.0.1:5000", "http://localhost.example.com", "http://[::2]"] {
            let error = text.parse::<RegistryUrl>().unwrap_err().into_usage().to_string();
            assert!(error.contains("plain HTTP"), "{text}: {error}");
        }
    }

    #[test]
    fn what_is_no_registry_is_refused_with_advice() {
        for (text, part) in [
            ("", "no host"),
            ("ftp://h", "its scheme is ftp"),
            ("h:0", "1 to 65535"),
            ("h:+1", "1 to 65535"),
            ("::1:5000", "brackets"),
            ("[::1", "not closed"),
            ("[x]:1", "no IPv6"),
            ("h?x=y", "query"),
            ("a b", "letters"),
            ("h/Upper", "no part of an image's name"),
            ("h/a:1", "no part of an image's name"),
        ] {
            let error = text.parse::<RegistryUrl>().unwrap_err().into_usage().to_string();
            assert!(error.contains(part), "{text}: {error}");
        }
        let error = "https://me:hunter2@h".parse::<RegistryUrl>().unwrap_err().into_usage().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_plain_text_is_for_loopback(text in "(http://)?\\PC*") {
            if let Ok(url) = text.parse::<RegistryUrl>() {
                prop_assert!(!url.is_plain_http() || is_loopback(url.api_host()));
                prop_assert_eq!(parse(&url.to_string()), url);
            }
        }
    }
}
