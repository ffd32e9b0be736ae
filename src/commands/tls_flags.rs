//! The TLS options of the command line, and warnings where there is no TLS.

use crate::cli;
use crate::config::{BUILT_IN, Destination, EndpointUrl, EnvironmentName};
use crate::error::{Error, Result};
use crate::net::tls::TlsSettings;

/// Refuses TLS options where no TLS is spoken: who types `--ca` must not send a key in plaintext unawares. The TLS
/// settings of a configuration are for those of its endpoints that speak it.
pub fn refuse_useless(flags: &TlsSettings, destination: &Destination) -> Result<()> {
    let Some(flag) = flags.first_given() else { return Ok(()) };
    match destination {
        Destination::Url(url) if url.is_tls() => Ok(()),
        Destination::Url(url) => Err(Error::usage(format!("{flag} is for TLS, and {url} is plaintext"))
            .hint(format!("if the service speaks TLS, its endpoint is {}", url.with_tls(true)))),
        Destination::Embedded => {
            Err(Error::usage(format!("{flag} is for TLS, and the environment {BUILT_IN} is inside this program")))
        }
    }
}

/// The TLS options of the command line.
pub fn tls_of(flags: &cli::TlsArgs) -> Result<TlsSettings> {
    let cli::TlsArgs { ca, cert, key, tls_server_name } = flags;
    TlsSettings::from_options(ca.clone(), cert.clone(), key.clone(), tls_server_name.clone())
}

/// The warning that the key goes to `url`, the endpoint of `service`, in plaintext.
pub fn exposed_key(url: &EndpointUrl, service: &str, environment: Option<&EnvironmentName>) -> String {
    let tls = url.with_tls(true);
    let change = match environment {
        Some(name) => format!("`spacectl config set -e {name} endpoints.{service} {tls}`"),
        None => format!("--endpoint {tls}"),
    };
    format!(
        "the key goes to {url} unencrypted, and others on the network can read it: \
         if the service speaks TLS, use {change}"
    )
}
