//! The TLS handshake: authorities and the client certificate.
//!
//! Files are read only if TLS is spoken.

use std::sync::Arc;

use tokio_rustls::rustls::client::ResolvesClientCert;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::sign::{CertifiedKey, SingleCertAndKey};
use tokio_rustls::rustls::{ClientConfig, Error as TlsError, InconsistentKeys, RootCertStore};

use super::pem::{self, Pem};
use crate::error::{Error, Result};
use crate::grpc::connection;
use crate::net::endpoint::EndpointUrl;
use crate::net::root_store;
use crate::net::tls::{Identity, TlsSettings};

/// The handshake with `address`.
pub(super) fn handshake(address: &EndpointUrl, tls: &TlsSettings) -> Result<connection::TlsHandshake> {
    let provider = Arc::new(ring::default_provider());
    let name = server_name(address, tls)?;
    let roots = match &tls.ca {
        Some(_) => named_roots(tls)?,
        None => system_roots()?,
    };
    let identity = tls.identity.as_ref().map(|identity| client_identity(identity, &provider)).transpose()?;
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::local("cannot set up TLS").caused_by(&error))?
        .with_root_certificates(roots);
    let mut config = match identity {
        Some(identity) => builder.with_client_cert_resolver(identity),
        None => builder.with_no_client_auth(),
    };
    config.alpn_protocols = vec![connection::HTTP2.to_vec()];
    Ok(connection::TlsHandshake { config: Arc::new(config), name })
}

/// The name to verify and to send as SNI.
fn server_name(address: &EndpointUrl, tls: &TlsSettings) -> Result<ServerName<'static>> {
    let Some(given) = &tls.server_name else {
        return ServerName::try_from(address.host().to_owned()).map_err(|_| {
            Error::local(format!("cannot connect to {address}: no certificate can hold the name {}", address.host()))
                .hint("--tls-server-name NAME says which one it holds")
        });
    };
    ServerName::try_from(given.value.clone()).map_err(|_| {
        let message = format!("`{}` is not a valid host name", given.value);
        let hint = "write only a name or an address, e.g. repository.example.com";
        let error = if given.is_option { Error::usage(message) } else { Error::local(message) };
        error.context(&given.by).hint(hint)
    })
}

/// The authorities in the user's file, and no others.
fn named_roots(tls: &TlsSettings) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    let Some(ca) = &tls.ca else { return Ok(roots) };
    let in_file = |error: Error| ca.context(error);
    let certificates = Pem::read(&ca.value).map_err(in_file)?.certificates().map_err(|error| {
        in_file(error).hint("it takes the certificates of the authorities to trust, such as your company's")
    })?;
    let count = certificates.len();
    for (index, certificate) in certificates.into_iter().enumerate() {
        roots.add(certificate).map_err(|_| in_file(pem::damaged(index, count)))?;
    }
    Ok(roots)
}

/// The authorities that this machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
fn system_roots() -> Result<RootCertStore> {
    let found = root_store::system();
    let mut roots = RootCertStore::empty();
    // System stores often hold old certificates that cannot be read.
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let error = Error::local("no trusted certificates found on this machine")
            .hint("install the system's CA certificates, or name those to trust with --ca FILE");
        return Err(found.errors.iter().fold(error, |error, cause| error.cause(cause)));
    }
    Ok(roots)
}

/// The client certificate with its chain and its key.
fn client_identity(identity: &Identity, provider: &CryptoProvider) -> Result<Arc<dyn ResolvesClientCert>> {
    let Identity { cert, key } = identity;
    let in_cert = Pem::read(&cert.value).map_err(|error| cert.context(error))?;
    let certificates = in_cert.certificates().map_err(|error| {
        cert.context(error).hint("it takes the client's own certificate first, then those that lead to its authority")
    })?;
    let key_file = key.as_ref().unwrap_or(cert);
    let key = match key {
        Some(key) => Pem::read(&key.value).and_then(|pem| pem.key()).map_err(|error| key.context(error))?,
        None if in_cert.has_key() => in_cert.key().map_err(|error| cert.context(error))?,
        None => {
            let hint = "name the key's file too, with --key or as `key` in the configuration";
            return Err(cert.context(Error::local("it holds a certificate, and not its private key")).hint(hint));
        }
    };
    let signer = provider.key_provider.load_private_key(key).map_err(|_| {
        let error = Error::local("its private key cannot be used, or is damaged");
        key_file.context(error).hint("RSA of 2048 to 8192 bits, ECDSA on P-256 or P-384, and Ed25519 can be")
    })?;
    let certified = CertifiedKey::new(certificates, signer);
    match certified.keys_match() {
        Ok(()) | Err(TlsError::InconsistentKeys(InconsistentKeys::Unknown)) => {
            Ok(Arc::new(SingleCertAndKey::from(certified)))
        }
        Err(TlsError::InconsistentKeys(_)) => {
            let which = format!("the private key is not that of the first certificate in {}", cert.value.display());
            Err(key_file.context(Error::local(which)).hint(
                "`openssl x509 -noout -pubkey -in CERT` and `openssl pkey -pubout -in KEY` print the same where two \
                 belong together; the client's own certificate comes first in its file, its authority's behind it",
            ))
        }
        Err(_) => Err(cert.context(pem::damaged(0, certified.cert.len()))),
    }
}
