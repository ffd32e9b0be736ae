//! A certificate for the loopback address, and authorities that a system trusts with the one among them that issued it.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Where distributions keep the authorities that they trust.
const BUNDLES: [&str; 4] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Files in PEM.
#[derive(Clone, Debug)]
pub struct Certificates {
    pub certificate: PathBuf,
    pub key: PathBuf,
    /// The system's bundle with the issuer behind it.
    pub bundle: PathBuf,
    /// Where the system has its own; `None` if it has none.
    pub system: Option<PathBuf>,
}

impl Certificates {
    /// Makes them in `folder`.
    pub fn make(folder: &Path) -> Result<Self> {
        let mut parameters = CertificateParams::new([])?;
        parameters.distinguished_name.push(DnType::OrganizationName, "spacectl benchmark");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(parameters, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let issued = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &issuer)?;

        let system = BUNDLES.iter().find_map(|path| fs::canonicalize(path).ok());
        let mut trusted = system.as_ref().map(fs::read_to_string).transpose()?.unwrap_or_default();
        trusted.push_str(&issuer.pem());
        let files = Self {
            certificate: folder.join("certificate.pem"),
            key: folder.join("key.pem"),
            bundle: folder.join("bundle.pem"),
            system,
        };
        fs::write(&files.certificate, issued.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        fs::write(&files.bundle, trusted)?;
        Ok(files)
    }
}
