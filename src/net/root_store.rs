//! The authorities that are trusted where none are named.

use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

/// The certificates of the system's bundle; `SSL_CERT_FILE` and `SSL_CERT_DIR` name others.
///
/// The system's folder, which has each of them once more in a file of its own, is searched only where there is no bundle:
/// that takes as long as all the rest of a call. An authority that was put there alone is not found, and docs/tls.md says
/// what to do about it.
pub fn system() -> CertificateResult {
    // Whoever sets one of these, be it to a file that is not there, wants no others than it names.
    let is_set = |name| std::env::var_os(name).is_some();
    if !is_set("SSL_CERT_FILE")
        && !is_set("SSL_CERT_DIR")
        && let Some(bundle) = openssl_probe::probe().cert_file
    {
        let found = load_certs_from_paths(Some(&bundle), None);
        if !found.certs.is_empty() {
            return found;
        }
    }
    load_native_certs()
}
