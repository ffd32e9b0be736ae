//! The authorities that the system trusts.

use rustls_native_certs::{CertificateResult, load_certs_from_paths, load_native_certs};

/// The certificates of the system's bundle, or of `SSL_CERT_FILE` and `SSL_CERT_DIR`.
///
/// The system's folder of single certificates is read only without a bundle: that takes as long as the rest of a
/// call. docs/tls.md says what to do about an authority that is only there.
pub fn system() -> CertificateResult {
    // Setting one of these, even to a missing file, excludes others.
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
