//! Certificates and private keys from PEM files (RFC 7468).
//!
//! rustls decodes a section. The sections are found here, so that errors can say what a file holds instead, and a
//! section that is not needed cannot spoil one that is. Errors never repeat any content.

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::error::{Error, Result};
use crate::fs;

/// Many times a bundle of all public authorities.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

const CERTIFICATE: &str = "CERTIFICATE";
/// A key under a passphrase as PKCS #8 has it, and as OpenSSL wrote it before that (RFC 1421, section 4.6.1.1).
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const OLD_ENCRYPTED: &[u8] = b"Proc-Type: 4,ENCRYPTED";

pub(super) struct Pem {
    sections: Vec<Section>,
}

struct Section {
    /// The text after `BEGIN`.
    label: String,
    /// From the `BEGIN` line to the `END` line.
    text: Vec<u8>,
}

impl Pem {
    /// Reads a file with at least one section.
    pub fn read(path: &Path) -> Result<Self> {
        let bytes = fs::open_file(path).and_then(|file| fs::read_limited(file, MAX_BYTES));
        let bytes = bytes.map_err(|error| Error::local("cannot be read").cause(error))?;
        Self::parse(&bytes)
    }

    fn parse(bytes: &[u8]) -> Result<Self> {
        let mut sections: Vec<Section> = Vec::new();
        let mut is_open = false;
        for line in bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).split_inclusive(|byte| *byte == b'\n') {
            if let Some(label) = line.strip_prefix(b"-----BEGIN ") {
                let label = String::from_utf8_lossy(label);
                let label = label.trim_end().trim_end_matches('-').to_owned();
                sections.push(Section { label, text: Vec::new() });
                is_open = true;
            }
            if is_open && let Some(section) = sections.last_mut() {
                section.text.extend_from_slice(line);
            }
            if line.starts_with(b"-----END ") {
                is_open = false;
            }
        }
        if sections.is_empty() { Err(no_pem(bytes)) } else { Ok(Self { sections }) }
    }

    /// All certificates, at least one.
    pub fn certificates(&self) -> Result<Vec<CertificateDer<'static>>> {
        let of_kind: Vec<_> = self.sections.iter().filter(|section| section.label == CERTIFICATE).collect();
        if of_kind.is_empty() {
            return Err(Error::local(format!("it holds {}, and no certificate", self.contents())));
        }
        let count = of_kind.len();
        let read = |(index, section): (usize, &Section)| {
            CertificateDer::from_pem_slice(&section.text).map_err(|_| damaged(index, count))
        };
        of_kind.into_iter().enumerate().map(read).collect()
    }

    pub fn has_key(&self) -> bool {
        self.sections.iter().any(Section::is_key)
    }

    /// The first private key.
    pub fn key(&self) -> Result<PrivateKeyDer<'static>> {
        let Some(section) = self.sections.iter().find(|section| section.is_key()) else {
            return Err(Error::local(format!("it holds {}, and no private key", self.contents())));
        };
        if section.is_encrypted() {
            return Err(Error::local("its private key is protected by a passphrase, which is not supported").hint(
                "remove it with `openssl pkey -in PROTECTED -out PLAIN`, and protect the file with `chmod 600 PLAIN`",
            ));
        }
        if section.label == "OPENSSH PRIVATE KEY" || section.label == "DSA PRIVATE KEY" {
            return Err(Error::local(format!("it holds an {}, which TLS cannot use", section.label)));
        }
        PrivateKeyDer::from_pem_slice(&section.text).map_err(|_| Error::local("its private key is cut off or damaged"))
    }

    /// The kinds of sections, as errors name them.
    fn contents(&self) -> String {
        let mut kinds: Vec<String> = self.sections.iter().map(Section::kind).collect();
        kinds.dedup();
        kinds.truncate(3);
        kinds.join(" and ")
    }
}

impl Section {
    fn is_key(&self) -> bool {
        self.label.ends_with("PRIVATE KEY")
    }

    fn is_encrypted(&self) -> bool {
        self.label == ENCRYPTED || self.text.windows(OLD_ENCRYPTED.len()).any(|window| window == OLD_ENCRYPTED)
    }

    fn kind(&self) -> String {
        match self.label.as_str() {
            CERTIFICATE => "a certificate".to_owned(),
            "CERTIFICATE REQUEST" | "NEW CERTIFICATE REQUEST" => "a request for a certificate".to_owned(),
            label if label.ends_with("PRIVATE KEY") => "a private key".to_owned(),
            label => format!("PEM of the kind {label:?}"),
        }
    }
}

pub(super) fn damaged(index: usize, count: usize) -> Error {
    let which = if count == 1 { "its certificate".to_owned() } else { format!("certificate {} of {count}", index + 1) };
    Error::local(format!("{which} is cut off or damaged"))
}

/// The error for a file without PEM, with a hint by how it starts.
fn no_pem(bytes: &[u8]) -> Error {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Error::local("it is empty");
    }
    let error = Error::local("it is not PEM, which starts with -----BEGIN");
    // DER starts with a SEQUENCE, here one with a length of two bytes; then comes a SEQUENCE in a certificate, the
    // version 3 in PKCS #12, and the version 0 or 1 in a key.
    match bytes {
        [0x30, 0x82, _, _, 0x30, ..] => {
            error.hint("it may be a certificate in DER: `openssl x509 -inform der -in FILE -out FILE.pem`")
        }
        [0x30, 0x82, _, _, 0x02, 0x01, 0x03, ..] => {
            error.hint("it may be PKCS #12: `openssl pkcs12 -in FILE -out FILE.pem -noenc` writes certificate and key")
        }
        [0x30, _, ..] => {
            error.hint("it may be a private key in DER: `openssl pkey -inform der -in FILE -out FILE.pem`")
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pem(label: &str) -> String {
        format!("-----BEGIN {label}-----\nAAAA\n-----END {label}-----\n")
    }

    fn certificates(text: &str) -> Result<usize, String> {
        let read = Pem::parse(text.as_bytes()).and_then(|pem| pem.certificates());
        read.map(|found| found.len()).map_err(|error| error.to_string())
    }

    fn key(text: &str) -> Result<(), String> {
        Pem::parse(text.as_bytes()).and_then(|pem| pem.key()).map(drop).map_err(|error| error.to_string())
    }

    #[test]
    fn what_is_around_certificates_and_keys_does_not_matter() {
        let both = format!("\u{feff}Subject: me\r\n{}text\n{}", pem(CERTIFICATE), pem("EC PARAMETERS"));
        let both = format!("{both}{}{}", pem("EC PRIVATE KEY"), pem(CERTIFICATE)).replace('\n', "\r\n");
        assert_eq!(certificates(&both), Ok(2));
        assert_eq!(key(&both), Ok(()));
        assert!(Pem::parse(both.as_bytes()).unwrap().has_key());
        for kind in ["PRIVATE KEY", "RSA PRIVATE KEY"] {
            assert_eq!(key(&pem(kind)), Ok(()));
        }
    }

    #[test]
    fn what_is_there_instead_is_said() {
        for (text, said) in [
            (pem("PRIVATE KEY"), "it holds a private key, and no certificate"),
            (pem("CERTIFICATE REQUEST"), "it holds a request for a certificate, and no certificate"),
            (pem("PKCS7"), "it holds PEM of the kind \"PKCS7\", and no certificate"),
            (format!("{}{}", pem("X\u{1b}"), pem("Y")), "kind \"X\\u{1b}\" and PEM of the kind \"Y\", and"),
            (" \n".to_owned(), "it is empty"),
            (String::new(), "it is empty"),
            ("hello".to_owned(), "it is not PEM"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n".to_owned(), "its certificate is cut off or damaged"),
            (format!("{}-----BEGIN CERTIFICATE-----\n", pem(CERTIFICATE)), "certificate 2 of 2 is cut off"),
        ] {
            let error = certificates(&text).unwrap_err();
            assert!(error.contains(said), "{text:?}: {error}");
        }
        assert!(key(&pem(CERTIFICATE)).unwrap_err().contains("it holds a certificate, and no private key"));
        assert!(key("-----BEGIN PRIVATE KEY-----\n!\n").unwrap_err().contains("cut off or damaged"));
        assert!(key(&pem("OPENSSH PRIVATE KEY")).unwrap_err().contains("OPENSSH"));
    }

    #[test]
    fn a_passphrase_is_named_with_what_to_do() {
        let old = "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\nAAAA\n\
                   -----END RSA PRIVATE KEY-----\n";
        for text in [pem(ENCRYPTED).as_str(), old] {
            let error = key(text).unwrap_err();
            assert!(error.contains("passphrase") && error.contains("openssl pkey -in"), "{error}");
        }
    }

    #[test]
    fn der_is_answered_with_how_to_make_pem_of_it() {
        for (bytes, said) in [
            (&[0x30, 0x82, 1, 1, 0x30, 0][..], "openssl x509 -inform der"),
            (&[0x30, 0x82, 1, 1, 0x02, 0x01, 0x03], "openssl pkcs12"),
            (&[0x30, 0x82, 1, 1, 0x02, 0x01, 0x00], "openssl pkey -inform der"),
            (&[0x30, 0x2e, 0x02, 0x01], "openssl pkey -inform der"),
        ] {
            let error = Pem::parse(bytes).map(drop).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered_and_no_secret_is_repeated(
            before in any::<Vec<u8>>(), label in "[A-Z ]{0,12}(PRIVATE KEY|CERTIFICATE)", body in any::<Vec<u8>>(),
        ) {
            let mut bytes = before;
            bytes.extend(format!("\n-----BEGIN {label}-----\nhunter2").bytes());
            bytes.extend(body);
            let read = Pem::parse(&bytes).unwrap();
            for told in [read.key().map(drop), read.certificates().map(drop)] {
                prop_assert!(!told.err().is_some_and(|error| error.to_string().contains("hunter2")));
            }
        }
    }
}
