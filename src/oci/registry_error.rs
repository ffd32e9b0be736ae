//! What can go wrong with a registry, and what to do about it: all such advice in one place.

use std::error::Error as StdError;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, StatusCode};
use serde::Deserialize;
use tokio_rustls::rustls::{CertificateError, Error as TlsError};

use super::http::{HttpResponse, MAX_ANSWER};
use crate::error::Error;
use crate::oci::image_ref::ImageRef;
use crate::oci::tls::TrustStore;

/// The most of a registry's own words that is repeated, in characters.
const MAX_WORDS: usize = 300;

/// Why a question was not answered. `at` is the host and port that it was about: the registry's, or those of its token
/// service or of where it redirects.
#[derive(Debug)]
pub enum RegistryError {
    /// The host's name leads nowhere.
    Name { error: io::Error, at: String },
    /// No connection.
    Connection { error: io::Error, at: String },
    /// The handshake of TLS failed.
    Handshake { error: io::Error, at: String },
    /// TLS cannot be spoken at all.
    Settings(TlsError),
    /// The certificates for a registry cannot be used.
    Certificates { file: PathBuf, why: String },
    /// What came is no HTTP, or it ended in the middle.
    Http { error: hyper::Error, at: String, plain: bool },
    /// More came than an answer may have.
    TooLarge,
    /// It took longer than the limit; with the proxy between, as it is told.
    Late { limit: Duration, at: String, proxy: String },
    /// What names a proxy names none that can be used.
    ProxyUrl(&'static str),
    /// The proxy is not reached, or it is none.
    ProxyDown { error: Box<dyn StdError + Send + Sync>, proxy: String },
    /// The proxy does not let one through.
    ProxyRefused { status: StatusCode, proxy: String, at: String },
    /// The registry leads to an address that is none.
    Address(String),
    /// The registry leads to a place without TLS.
    Plaintext(String),
    /// The registry sends from one place to the next without end.
    Redirects,
    /// There are more tags than an image may have, or their list does not end.
    Endless,
    /// The registry or its token service refuses, or cannot do it.
    Refused { status: StatusCode, words: Option<String>, wait: Option<String>, at: String },
    /// What answers is no registry.
    NoRegistry { status: StatusCode, kind: Option<String>, at: String },
    /// A token that cannot be sent.
    Token,
    /// The login cannot be had; all said.
    Credential(Error),
}

/// The words of a registry: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Words {
    errors: Vec<Word>,
    /// As Docker Hub's and others' token services have it.
    details: Option<String>,
    message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Word {
    code: Option<String>,
    message: Option<String>,
}

impl RegistryError {
    /// The fault that `answer`, which is none of those hoped for, stands for.
    pub fn of_answer(answer: &HttpResponse, at: &str) -> Self {
        let status = answer.status;
        // What speaks TLS says so with 400 to whoever does not.
        let is_foreign = matches!(status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) && !is_registry_word(answer);
        if is_foreign || !(status.is_client_error() || status.is_server_error()) {
            return Self::no_registry(answer, at);
        }
        let wait = answer.headers.get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self::Refused { status, words: words(&answer.body), wait, at: at.to_owned() }
    }

    /// What answers is no registry.
    pub fn no_registry(answer: &HttpResponse, at: &str) -> Self {
        Self::NoRegistry { status: answer.status, kind: media_type(&answer.headers), at: at.to_owned() }
    }

    /// Whether time can mend it: a registry or a network that is away, slow, or asked too much for the moment.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Name { .. } | Self::Connection { .. } | Self::Http { .. } | Self::Late { .. } => true,
            Self::Refused { status, .. } => {
                let is_slow = matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
                is_slow || status.is_server_error()
            }
            // A proxy before a registry that restarts, in words of its own.
            Self::NoRegistry { status, .. } => status.is_server_error(),
            _ => false,
        }
    }

    /// Whether the registry, or its token service, does not let this caller in.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. })
    }

    /// The fault as an error about asking for `place`; `login` is where the login came from that was sent.
    pub fn into_error(self, place: &ImageRef, login: Option<&str>) -> Error {
        let host = place.registry().authority();
        let failed = || Error::local(format!("cannot ask the registry {host} about the image {}", place.path()));
        let is_own = |at: &str| at == place.registry().api_authority();
        let failed_at = |at: &str| if is_own(at) { failed() } else { failed().cause(format!("it leads to {at}")) };
        match self {
            Self::Name { error, at } => failed_at(&at)
                .cause(error)
                .hint(format!("the name {at} is not known here: check its spelling and your DNS")),
            Self::Connection { error, at } => {
                let hint = match (error.kind(), is_own(&at)) {
                    (io::ErrorKind::ConnectionRefused, true) => "nothing listens there: is the registry running?",
                    (io::ErrorKind::ConnectionRefused, false) => {
                        "nothing listens there: is the service that the registry names running?"
                    }
                    (_, true) => "check the network, and the registry's address",
                    (_, false) => "check the network, and the address that the registry names",
                };
                failed_at(&at).cause(error).hint(hint)
            }
            Self::Handshake { error, at } => {
                let hint = on_handshake(&error, &at);
                let failed = failed_at(&at).cause(&error);
                match hint {
                    Some(hint) => failed.hint(hint),
                    None => failed,
                }
            }
            Self::Settings(error) => failed().cause("TLS cannot be spoken").cause(error),
            Self::Certificates { file, why } => failed()
                .cause(format!("{}: {why}", file.display()))
                .hint("it must hold the certificate of the registry's authority, in PEM"),
            Self::Http { error, at, plain } => {
                let hint = match (is_own(&at), plain) {
                    (true, true) => format!("something else may listen there; if it speaks TLS, write https://{host}"),
                    (true, false) => "something else may listen there: check the host and the port".to_owned(),
                    (false, _) => "something else may listen there than what the registry names".to_owned(),
                };
                failed_at(&at).caused_by(&error).hint(hint)
            }
            Self::TooLarge => failed()
                .cause(format!("it answers more than {} MiB", MAX_ANSWER / 1024 / 1024))
                .hint("what listens there may be no registry: check the host and the port"),
            Self::Late { limit, at, proxy } => failed_at(&at)
                .cause(format!("it did not answer within {} s{proxy}", limit.as_secs_f64()))
                .hint("try again; is something between that lets nothing through?"),
            Self::ProxyUrl(why) => failed()
                .cause(format!("HTTPS_PROXY: {why}"))
                .hint("write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; NO_PROXY names what is reached without it"),
            Self::ProxyDown { error, proxy } => failed()
                .cause(format!("the proxy {proxy}"))
                .caused_by(&*error)
                .hint("HTTPS_PROXY names that proxy; if the registry is reached without it, name the registry's host in NO_PROXY"),
            Self::ProxyRefused { status, proxy, at } => {
                let failed = failed().cause(format!("the proxy {proxy} answers {status} for {at}"));
                failed.hint(match status {
                    StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                        "write a login that it takes into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"
                    }
                    _ => "the proxy does not let you through, or does not reach it; NO_PROXY names what is reached without it",
                })
            }
            Self::Address(url) => failed().cause(format!("it leads to {url:?}, which is no address")),
            Self::Plaintext(url) => failed()
                .cause(format!("it leads to {url}, without TLS"))
                .hint("nothing is sent there: only loopback addresses are spoken to without TLS"),
            Self::Redirects => failed().cause("it sends from one place to the next and does not end"),
            Self::Endless => failed().cause("its list of tags does not end"),
            Self::Token => failed().cause("its token service gives something that is no token"),
            Self::Credential(error) => error,
            Self::NoRegistry { status, kind, at } => {
                let kind = kind.map(|kind| format!(" with {kind}")).unwrap_or_default();
                if !is_own(&at) {
                    return failed()
                        .cause(format!("it leads to {at}, which answers {status}{kind}, as no such service does"))
                        .hint("something else listens there than what the registry names");
                }
                let failed = failed().cause(format!("{at} answers {status}{kind}, which no registry does"));
                if place.is_plain_http() && status == StatusCode::BAD_REQUEST {
                    return failed.hint(format!("if it speaks TLS, write https://{host}"));
                }
                failed.hint("something else listens there: check the host, the port and what a proxy passes on (/v2/)")
            }
            Self::Refused { status, words, wait, at } => {
                let said = words.map(|words| format!(": {words}")).unwrap_or_default();
                let failed = failed().cause(format!("{at} answers {status}{said}"));
                match (status, login) {
                    (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(login)) => failed.hint(format!(
                        "the login from {login} is not accepted, or may not read this image, or there is no such image; \
                         log in again: docker login {host}"
                    )),
                    (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) => failed.hint(format!(
                        "there is no such image, or it needs a login: docker login {host} (or podman login, buildah login)"
                    )),
                    (StatusCode::TOO_MANY_REQUESTS, login) => {
                        let wait = wait.filter(|wait| wait.bytes().all(|byte| byte.is_ascii_digit()));
                        let wait = wait.map_or_else(|| "later".to_owned(), |seconds| format!("in {seconds} s"));
                        let more = if login.is_none() { ", or log in: those with a login may ask more often" } else { "" };
                        failed.hint(format!("it has been asked too often: try again {wait}{more}"))
                    }
                    (status, _) if status.is_server_error() => {
                        let who = if is_own(&at) { "the registry" } else { "the service that the registry names" };
                        failed.hint(format!("{who} itself fails, or a proxy before it: try again later"))
                    }
                    _ => failed,
                }
            }
        }
    }
}

/// Whether a refusal is in a registry's own words; a HEAD's has none, and is told by its kind.
pub fn is_registry_word(answer: &HttpResponse) -> bool {
    let kind = media_type(&answer.headers);
    if answer.body.is_empty() {
        return kind.is_none_or(|kind| kind.contains("json"));
    }
    serde_json::from_slice::<Words>(&answer.body).is_ok_and(|words| !words.errors.is_empty())
}

fn words(body: &[u8]) -> Option<String> {
    let words: Words = serde_json::from_slice(body).ok()?;
    let of_errors = words.errors.into_iter().map(|word| match (word.code, word.message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (code, message) => code.or(message).unwrap_or_default(),
    });
    let all = of_errors.chain(words.details).chain(words.message).filter(|text| !text.is_empty());
    let text: String = all.collect::<Vec<_>>().join("; ").chars().take(MAX_WORDS).collect();
    (!text.is_empty()).then_some(text)
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let kind = value.split_once(';').map_or(value, |(kind, _)| kind).trim();
    (!kind.is_empty()).then(|| kind.chars().take(80).collect())
}

fn on_handshake(error: &io::Error, at: &str) -> Option<String> {
    let inner = error.get_ref().and_then(|inner| (inner as &(dyn StdError + 'static)).downcast_ref::<TlsError>());
    let Some(inner) = inner else {
        return Some(
            "it ended the handshake: does it speak TLS, and does a proxy or firewall let you through?".to_owned(),
        );
    };
    Some(match inner {
        TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => format!(
            "no authority that this machine trusts has issued its certificate: put your company's CA certificate into {}",
            TrustStore::file_for(at)
        ),
        TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => "its certificate is for another name: use the name that it holds".to_owned(),
        TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. }) => {
            "it needs a new certificate; if that day is still to come, this machine's clock is wrong".to_owned()
        }
        TlsError::InvalidCertificate(CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. }) => {
            "check this machine's clock".to_owned()
        }
        TlsError::InvalidMessage(_) => {
            "it does not speak TLS there; plain HTTP is spoken with loopback addresses only".to_owned()
        }
        _ => return None,
    })
}
