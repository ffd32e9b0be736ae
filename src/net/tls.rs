//! TLS settings as the user gave them. Nothing here reads a file.

use std::path::PathBuf;

use crate::error::{Error, Result};

/// TLS settings. Without any, the system's authorities are trusted, no client certificate is sent, and the service's
/// certificate must hold the endpoint's host.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TlsSettings {
    /// The authorities to trust instead of the system's: a file of PEM certificates.
    pub ca: Option<Given<PathBuf>>,
    /// The client certificate, for a service that asks for one.
    pub identity: Option<Identity>,
    /// The name that the service's certificate must hold, if it is not the endpoint's host; also sent as SNI.
    pub server_name: Option<Given<String>>,
}

/// A client certificate and its private key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// A file of PEM certificates: the client's own first, then its chain.
    pub cert: Given<PathBuf>,
    /// The key's file, in PEM; `None` if the key is in the certificate's file.
    pub key: Option<Given<PathBuf>>,
}

/// A value and where the user gave it, which errors name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Given<T> {
    pub value: T,
    /// `--ca`, or a file and its key: "prod.yml: `ca`".
    pub by: String,
    /// Whether that is an option of the command line.
    pub is_option: bool,
}

impl<T> Given<T> {
    pub fn new(value: T, by: impl Into<String>) -> Self {
        Self { value, by: by.into(), is_option: false }
    }

    fn from_option(value: T, by: &str) -> Self {
        Self { is_option: true, ..Self::new(value, by) }
    }
}

impl Given<PathBuf> {
    /// Adds to `error` which file it is about, and where that was given.
    pub fn context(&self, error: Error) -> Error {
        error.context(self.value.display()).context(&self.by)
    }
}

impl TlsSettings {
    /// The TLS options of the command line.
    ///
    /// # Errors
    /// A usage error for a key without its certificate.
    pub fn from_options(
        ca: Option<PathBuf>,
        cert: Option<PathBuf>,
        key: Option<PathBuf>,
        server_name: Option<String>,
    ) -> Result<Self> {
        let key = key.map(|key| Given::from_option(key, "--key"));
        let identity = match (cert, key) {
            (Some(cert), key) => Some(Identity { cert: Given::from_option(cert, "--cert"), key }),
            (None, None) => None,
            (None, Some(_)) => {
                return Err(Error::usage("--key needs a client certificate: add --cert FILE"));
            }
        };
        Ok(Self {
            ca: ca.map(|ca| Given::from_option(ca, "--ca")),
            identity,
            server_name: server_name.map(|name| Given::from_option(name, "--tls-server-name")),
        })
    }

    /// The settings of `self`, completed by those of `other`. A certificate and its key stay together.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            ca: self.ca.or(other.ca),
            identity: self.identity.or(other.identity),
            server_name: self.server_name.or(other.server_name),
        }
    }

    /// Where the first of the settings was given, if there is any.
    pub fn first_given(&self) -> Option<&str> {
        let ca = self.ca.as_ref().map(|ca| &ca.by);
        let cert = self.identity.as_ref().map(|identity| &identity.cert.by);
        let name = self.server_name.as_ref().map(|name| &name.by);
        ca.or(cert).or(name).map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(by: &str, key: bool) -> Identity {
        let file = || Given::new(PathBuf::from("x.pem"), by);
        Identity { cert: file(), key: key.then(file) }
    }

    #[test]
    fn each_setting_is_outranked_by_itself_and_a_key_never_leaves_its_certificate() {
        let file = TlsSettings {
            ca: Some(Given::new("file.pem".into(), "file")),
            identity: Some(identity("file", true)),
            server_name: None,
        };
        let flags = TlsSettings {
            ca: None,
            identity: Some(identity("flag", false)),
            server_name: Some(Given::new("a".into(), "flag")),
        };
        assert_eq!(flags.first_given(), Some("flag"));
        assert_eq!(TlsSettings::default().first_given(), None);
        let both = flags.clone().or(file.clone());
        assert_eq!(both, TlsSettings { ca: file.ca, ..flags });
    }
}
