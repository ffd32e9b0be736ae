//! Which certificates are trusted: those that the system trusts, and those that docker and podman trust for one registry.
//!
//! <https://docs.docker.com/engine/security/certificates/> and containers-certs.d(5): `certs.d/HOST[:PORT]/*.crt`. The
//! client certificates that may lie beside them are not shown.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::net::host::in_url;
use crate::oci::registry_error::RegistryError;

/// HTTP/1.1 in ALPN (RFC 7301).
const HTTP1: &[u8] = b"http/1.1";

/// More than that is no certificate.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// What TLS is spoken with.
#[derive(Debug)]
pub struct TrustStore {
    folders: Vec<PathBuf>,
    /// Read when TLS is spoken for the first time.
    system: OnceLock<RootCertStore>,
}

impl Default for TrustStore {
    fn default() -> Self {
        Self::new(["/etc/docker/certs.d", "/etc/containers/certs.d"].map(PathBuf::from).into())
    }
}

impl TrustStore {
    /// `folders` hold a folder for each registry.
    pub fn new(folders: Vec<PathBuf>) -> Self {
        Self { folders, system: OnceLock::new() }
    }

    /// The settings for a handshake with `authority`.
    pub fn settings(&self, host: &str, port: u16) -> Result<Arc<ClientConfig>, RegistryError> {
        let mut roots = self.system.get_or_init(system).clone();
        for file in self.files(host, port) {
            let unreadable = |why: String| RegistryError::Certificates { file: file.clone(), why };
            let is_large = fs::metadata(&file).is_ok_and(|metadata| metadata.len() > MAX_BYTES);
            if is_large {
                return Err(unreadable("it is too large".to_owned()));
            }
            let bytes = fs::read(&file).map_err(|error| unreadable(error.to_string()))?;
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
            .map_err(RegistryError::Settings)?
            .with_root_certificates(roots)
            .with_no_client_auth();
        config.alpn_protocols = vec![HTTP1.to_vec()];
        Ok(Arc::new(config))
    }

    /// Where one would put the certificate of a registry's authority.
    pub fn file_for(authority: &str) -> String {
        format!("/etc/docker/certs.d/{authority}/ca.crt")
    }

    fn files(&self, host: &str, port: u16) -> Vec<PathBuf> {
        let host = in_url(host);
        let mut names = vec![format!("{host}:{port}")];
        if port == 443 {
            names.push(host);
        }
        let folders = self.folders.iter().flat_map(|folder| names.iter().map(move |name| folder.join(name)));
        // A folder that is not there, or not for us to read, holds nothing.
        let entries = folders.filter_map(|folder| fs::read_dir(folder).ok()).flatten().filter_map(Result::ok);
        let files: BTreeSet<_> = entries.map(|entry| entry.path()).filter(|path| is_crt(path)).collect();
        files.into_iter().collect()
    }
}

fn is_crt(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "crt")
}

/// The authorities that this machine trusts; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others. Where there is none, no
/// certificate will be accepted but those of the folders.
fn system() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    // A certificate that cannot be read is as good as not installed; system stores often hold old ones.
    roots.add_parsable_certificates(crate::net::root_store::system().certs);
    roots
}
