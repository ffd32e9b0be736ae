//! TLS with registries: the CA certificates that are trusted.
//!
//! <https://docs.docker.com/engine/security/certificates/> and containers-certs.d(5): `certs.d/HOST[:PORT]/*.crt`.
//! Client certificates beside them are not used.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::registry_error::RegistryError;
use crate::fs::{open_file, read_limited};
use crate::net::host::in_url;

/// The largest certificate file.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// The trusted certificates.
#[derive(Debug)]
pub struct TrustStore {
    folders: Vec<PathBuf>,
    /// Read for the first TLS connection.
    system: OnceLock<RootCertStore>,
}

impl Default for TrustStore {
    fn default() -> Self {
        Self::new(["/etc/docker/certs.d", "/etc/containers/certs.d"].map(PathBuf::from).into())
    }
}

impl TrustStore {
    /// `folders` have a folder for each registry.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, system: OnceLock::new() }
    }

    /// The TLS configuration for a registry.
    ///
    /// # Errors
    /// A certificate of the registry cannot be read.
    pub fn config(&self, host: &str, port: u16) -> Result<Arc<ClientConfig>, RegistryError> {
        let mut roots = self.system.get_or_init(system).clone();
        for file in self.files(host, port) {
            let unreadable = |cause: String| RegistryError::certificate(format!("{}: {cause}", file.display()));
            let bytes = open_file(&file).and_then(|file| read_limited(file, MAX_BYTES));
            let bytes = bytes.map_err(|error| unreadable(error.to_string()))?;
            let certificates = CertificateDer::pem_slice_iter(&bytes).collect::<Result<Vec<_>, _>>();
            let certificates = certificates.map_err(|error| unreadable(error.to_string()))?;
            if certificates.is_empty() {
                return Err(unreadable("it holds no certificate in PEM".to_owned()));
            }
            for certificate in certificates {
                roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
            }
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| RegistryError::other(format!("TLS is not available: {error}")))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    fn files(&self, host: &str, port: u16) -> BTreeSet<PathBuf> {
        let host = in_url(host);
        let mut names = vec![format!("{host}:{port}")];
        if port == 443 {
            names.push(host);
        }
        let folders = self.folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        // A missing or unreadable folder has no certificates.
        let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
        let files = entries.map(|entry| entry.path());
        files.filter(|path| path.extension().is_some_and(|extension| extension == "crt")).collect()
    }
}

/// The CA certificates of the system, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // System stores often have old certificates that cannot be parsed.
    roots.add_parsable_certificates(crate::net::root_store::system().certs);
    roots
}
