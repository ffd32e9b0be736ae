//! The address of a registry.

use std::fmt;
use std::str::FromStr;

use super::plugin_image::check_path;
use crate::error::parse_error::ParseError;
use crate::net::host::{check_host, in_url, is_loopback, read_port, split_port};

/// Docker Hub's names: in image names, in credentials, of its API, and the real Repository service's `registry_url`.
const DOCKER_HUB: [&str; 5] =
    ["docker.io", "index.docker.io", "registry-1.docker.io", "registry.hub.docker.com", "hub.docker.com"];

/// The address of a registry: `host[:port][/prefix]`, `https://...`, or `http://...` for a loopback address.
///
/// As in docker, the default scheme is HTTP for a loopback address and HTTPS for others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegistryUrl {
    /// `host[:port]`.
    authority: String,
    plain: bool,
    /// Goes before each image's name; without slashes at its ends, often empty.
    prefix: String,
}

impl RegistryUrl {
    /// Docker Hub.
    pub fn docker_hub() -> Self {
        Self::from_host("docker.io")
    }

    /// The registry with this valid host name.
    pub(super) fn from_host(host: &str) -> Self {
        Self { authority: host.to_owned(), plain: false, prefix: String::new() }
    }

    /// `host[:port]`, as in an image reference.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// Goes before each image's name; often empty.
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// Whether it is reached without TLS: only a loopback address is.
    pub fn is_plain_http(&self) -> bool {
        self.plain
    }

    /// Whether it is Docker Hub, by any of its names.
    pub fn is_docker_hub(&self) -> bool {
        self.authority == "docker.io"
    }

    /// `host[:port]` of the API. Docker Hub's is another host than in image references.
    pub(super) fn api_authority(&self) -> &str {
        if self.is_docker_hub() { "registry-1.docker.io" } else { &self.authority }
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
        const FORM: &str =
            "write HOST, HOST:PORT or https://HOST:PORT, with a prefix of image names after it if needed";
        let text = text.trim();
        if text.contains('@') {
            // The text is not repeated: it may have a password.
            return Err(ParseError::new("a registry's address cannot have a user or a password")
                .hint("log in with `docker login HOST`, and give the address alone"));
        }
        let invalid = |cause: &str, hint: &str| {
            ParseError::new(format!("`{text}` is not a valid registry address: {cause}")).hint(hint)
        };
        let (scheme, rest) = match text.split_once("://") {
            Some((scheme, rest)) => (Some(scheme.to_ascii_lowercase()), rest),
            None => (None, text),
        };
        if rest.contains(['?', '#']) {
            return Err(invalid("it has a query or a fragment", FORM));
        }
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (host, port) = split_port(authority).map_err(|cause| invalid(cause, FORM))?;
        let host = check_host(host).map_err(|cause| invalid(cause, FORM))?;
        let port = port.map(read_port).transpose().map_err(|cause| invalid(cause, "use a port from 1 to 65535"))?;
        let plain = match scheme.as_deref() {
            Some("https") => false,
            None => is_loopback(&host),
            Some("http") if is_loopback(&host) => true,
            Some("http") => {
                let hint = "use HTTPS: plain HTTP is for loopback addresses only (127.0.0.0/8, ::1, localhost), since \
                            it protects neither images nor logins";
                return Err(invalid("plain HTTP to another machine", hint));
            }
            Some(other) => return Err(invalid(&format!("unknown scheme {other}"), FORM)),
        };
        let prefix = path.trim_end_matches('/');
        // Many addresses in docker's configuration end in the API's version, which no image name has.
        let prefix = if matches!(prefix, "v1" | "v2") { "" } else { prefix };
        if !prefix.is_empty() && check_path(prefix).is_err() {
            return Err(invalid("the part after its host is not a valid prefix of image names", FORM));
        }
        let prefix = prefix.to_owned();
        if DOCKER_HUB.contains(&host.as_str()) && port.is_none_or(|port| port == 443) {
            return Ok(Self { prefix, ..Self::docker_hub() });
        }
        let host = in_url(&host);
        let authority = port.map_or_else(|| host.clone(), |port| format!("{host}:{port}"));
        Ok(Self { authority, plain, prefix })
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
            ("ftp://h", "unknown scheme ftp"),
            ("h:0", "1 to 65535"),
            ("h:+1", "1 to 65535"),
            ("::1:5000", "brackets"),
            ("[::1", "not closed"),
            ("[x]:1", "not an IPv6 address"),
            ("h?x=y", "query"),
            ("a b", "letters"),
            ("h/Upper", "not a valid prefix"),
            ("h/a:1", "not a valid prefix"),
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
                let host = check_host(split_port(url.authority()).unwrap().0).unwrap();
                prop_assert!(!url.is_plain_http() || is_loopback(&host));
                prop_assert_eq!(parse(&url.to_string()), url);
            }
        }
    }
}
