//! TCP connections to registries, token services and proxies.

use std::error::Error as _;
use std::io;
use std::time::Duration;

use http::Uri;
use http::uri::Scheme;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::net::TcpStream;
use tower_service::Service as _;

use crate::net::host::in_url;

/// The wait for all addresses of a host, shared equally among them.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Connects to the first address of `host` that answers (RFC 8305).
///
/// # Errors
/// No address answers, or the name has none ([`io::ErrorKind::NotFound`]).
pub async fn connect(host: &str, port: u16) -> io::Result<TcpStream> {
    let authority = format!("{}:{port}", in_url(host));
    let uri = Uri::builder().scheme(Scheme::HTTP).authority(authority).path_and_query("/").build();
    let mut connector = HttpConnector::new();
    connector.set_connect_timeout(Some(CONNECT_TIMEOUT));
    let stream = connector.call(uri.map_err(io::Error::other)?).await.map_err(|error| {
        // hyper-util exports neither the error's type nor its kinds.
        match error.source().and_then(|source| source.downcast_ref::<io::Error>()) {
            Some(source) if error.to_string() == "dns error" => {
                io::Error::new(io::ErrorKind::NotFound, source.to_string())
            }
            Some(source) => io::Error::new(source.kind(), source.to_string()),
            None => io::Error::other(error.to_string()),
        }
    })?;
    Ok(stream.into_inner())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connecting_fails_by_name_or_by_address() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        for (host, kind) in
            [("127.0.0.1", io::ErrorKind::ConnectionRefused), ("registry.invalid", io::ErrorKind::NotFound)]
        {
            assert_eq!(runtime.block_on(connect(host, 9)).unwrap_err().kind(), kind);
        }
    }
}
