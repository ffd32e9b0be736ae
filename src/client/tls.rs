//! The certificates that this machine trusts, read only when a connection speaks TLS.

use tonic::transport::ClientTlsConfig;

use crate::error::{Error, Result};

/// A TLS configuration that trusts the system's roots (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others).
pub fn config() -> Result<ClientTlsConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut anchors = Vec::with_capacity(found.certs.len());
    // A certificate that cannot be read is as good as not installed; system stores often hold old ones.
    anchors.extend(found.certs.iter().filter_map(|der| Some(webpki::anchor_from_trusted_cert(der).ok()?.to_owned())));
    if anchors.is_empty() {
        let error = Error::local("no trusted certificates were found on this machine")
            .hint("install the system's CA certificates, or name a bundle in SSL_CERT_FILE");
        return Err(found.errors.iter().fold(error, |error, cause| error.cause(cause)));
    }
    Ok(ClientTlsConfig::new().trust_anchors(anchors))
}
