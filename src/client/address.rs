//! Where a service listens.

use std::fmt;

/// A host, a port, and whether TLS is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name or an IP address; IPv6 without brackets.
    pub host: String,
    pub port: u16,
    pub tls: bool,
}

impl Address {
    /// The address as an HTTP URI, which is how HTTP/2 names it.
    pub(super) fn http_uri(&self) -> String {
        format!("{}://{}", if self.tls { "https" } else { "http" }, self.authority())
    }

    fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// As the platform writes endpoints: `grpc://host:port`, `grpc+ssl://host:port`.
impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "grpc+ssl" } else { "grpc" }, self.authority())
    }
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn ipv6_is_bracketed() {
        let address = Address { host: "::1".into(), port: 443, tls: true };
        assert_eq!(address.to_string(), "grpc+ssl://[::1]:443");
        assert_eq!(address.http_uri(), "https://[::1]:443");
    }
}
