//! Explains what rustls rejects about a certificate.

use jiff::Timestamp;
use tokio_rustls::rustls::pki_types::UnixTime;
use tokio_rustls::rustls::{CertificateError, Error, OtherError};

/// Why a certificate is rejected, with readable names and times; else in rustls's words.
pub(super) fn explain(error: &Error) -> String {
    let Error::InvalidCertificate(certificate) = error else { return error.to_string() };
    match certificate {
        CertificateError::NotValidForNameContext { expected, presented } => {
            let wanted = expected.to_str();
            match names(presented).as_slice() {
                [] => format!("the service's certificate is not for {wanted}: it holds no name of a host at all"),
                names => format!("the service's certificate is not for {wanted}, but for {}", names.join(", ")),
            }
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("the service's certificate expired on {}", date(*not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("the service's certificate is not valid before {}", date(*not_before))
        }
        _ if is_authority(certificate) => "the service shows the certificate of an authority as its own".to_owned(),
        _ => error.to_string(),
    }
}

/// The certificate of a CA, often one that signed itself, where the service's own should be.
pub(super) fn is_authority(error: &CertificateError) -> bool {
    let CertificateError::Other(OtherError(cause)) = error else { return false };
    matches!(cause.downcast_ref::<webpki::Error>(), Some(webpki::Error::CaUsedAsEndEntity))
}

/// The names that a certificate holds, out of rustls's `DnsName("a.example")` and `IpAddress(127.0.0.1)`.
pub(super) fn names(presented: &[String]) -> Vec<String> {
    let name = |text: &String| {
        let inner = ["DnsName(", "IpAddress("].iter().find_map(|kind| text.strip_prefix(kind));
        inner.and_then(|inner| inner.strip_suffix(')')).map(|name| name.trim_matches('"').to_owned())
    };
    presented.iter().filter_map(name).collect()
}

fn date(time: UnixTime) -> String {
    let timestamp = i64::try_from(time.as_secs()).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    timestamp.map_or_else(|| format!("second {} of Unix time", time.as_secs()), |timestamp| timestamp.to_string())
}
