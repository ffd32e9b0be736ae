//! The errors of registry requests, with their causes and hints.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, Response, StatusCode};
use serde::Deserialize;
use tokio_rustls::rustls::{CertificateError, Error as TlsError};

use super::image_ref::ImageRef;
use crate::error::Error;

/// The longest message of a registry that is repeated, in characters.
const MAX_MESSAGE: usize = 300;

/// Why a question was not answered. `host` is the host and port that it was about: the registry's, or those of its
/// token service or of a redirect.
#[derive(Debug)]
pub enum RegistryError {
    /// Of kind `NotFound` if the name is unknown.
    Connection { error: io::Error, host: String },
    /// TLS failed.
    Handshake { error: io::Error, host: String },
    /// The response is not HTTP, or ends early.
    Http { error: hyper::Error, host: String, plain: bool },
    /// `proxy` is empty or " through the proxy X".
    Timeout { limit: Duration, host: String, proxy: String },
    /// `HTTPS_PROXY` is not valid.
    ProxyUrl(&'static str),
    /// The proxy is not reached.
    Proxy { error: Box<dyn StdError + Send + Sync>, proxy: String },
    /// The proxy denies access or does not reach the host.
    ProxyRejected { status: StatusCode, proxy: String, host: String },
    /// The registry or its token service rejects the request or fails.
    Rejected { status: StatusCode, message: Option<String>, retry_after: Option<String>, host: String },
    /// The response is not a registry's.
    NotRegistry { status: StatusCode, media_type: Option<String>, host: String },
    /// Final, whatever is tried.
    Other { cause: String, hint: Option<&'static str> },
    /// The credential cannot be read.
    Credential(Error),
}

/// A registry's error response: <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>.
#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorBody {
    errors: Vec<ErrorItem>,
    /// In token services of Docker Hub and others.
    details: Option<String>,
    message: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct ErrorItem {
    code: Option<String>,
    message: Option<String>,
}

impl RegistryError {
    /// The error of a response with an unexpected status.
    pub fn from_response(response: &Response<Vec<u8>>, host: &str) -> Self {
        let status = response.status();
        // A TLS port answers plaintext with 400.
        let is_foreign =
            matches!(status, StatusCode::NOT_FOUND | StatusCode::BAD_REQUEST) && !is_registry_error(response);
        if is_foreign || !(status.is_client_error() || status.is_server_error()) {
            return Self::not_registry(response, host);
        }
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()).map(str::to_owned);
        Self::Rejected { status, message: message(response.body()), retry_after, host: host.to_owned() }
    }

    pub fn not_registry(response: &Response<Vec<u8>>, host: &str) -> Self {
        let media_type = media_type(response.headers());
        Self::NotRegistry { status: response.status(), media_type, host: host.to_owned() }
    }

    pub fn other(cause: impl Into<String>) -> Self {
        Self::Other { cause: cause.into(), hint: None }
    }

    pub fn invalid_url(url: &str) -> Self {
        Self::other(format!("it leads to {url:?}, which is not a valid URL"))
    }

    pub fn invalid_token() -> Self {
        Self::other("its token service returns an invalid token")
    }

    pub fn plaintext(url: &str) -> Self {
        let hint = Some("nothing was sent there: plaintext is for loopback addresses only");
        Self::Other { cause: format!("it leads to {url}, without TLS"), hint }
    }

    pub fn too_large(max_bytes: usize) -> Self {
        let hint = Some("check the host and the port: this may not be a registry");
        Self::Other { cause: format!("its response has more than {} MiB", max_bytes / 1024 / 1024), hint }
    }

    pub fn certificate(cause: String) -> Self {
        Self::Other { cause, hint: Some("put the CA certificate of the registry there, in PEM") }
    }

    /// Whether a retry may succeed: a registry or a network that is down, slow or overloaded.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Connection { .. } | Self::Http { .. } | Self::Timeout { .. } => true,
            Self::Rejected { status, .. } => {
                let is_busy = matches!(*status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT);
                is_busy || status.is_server_error()
            }
            // A proxy in front of a registry that restarts.
            Self::NotRegistry { status, .. } => status.is_server_error(),
            _ => false,
        }
    }

    /// Whether the registry or its token service denies access.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Rejected { status: StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, .. })
    }

    /// The error of a question about `image`; `login` is where the credential that was sent comes from.
    pub fn into_error(self, image: &ImageRef, login: Option<&str>) -> Error {
        let registry = image.registry().authority();
        let failed = || Error::local(format!("cannot ask the registry {registry} about the image {}", image.path()));
        let is_own = |host: &str| host == image.registry().api_authority();
        let service = |host: &str| if is_own(host) { "the registry" } else { "the service that the registry names" };
        let failed_at =
            |host: &str| if is_own(host) { failed() } else { failed().cause(format!("it leads to {host}")) };
        match self {
            Self::Connection { error, host } => {
                let hint = match error.kind() {
                    io::ErrorKind::NotFound => {
                        format!("the name {host} is not known here: check its spelling and your DNS")
                    }
                    io::ErrorKind::ConnectionRefused => {
                        format!("nothing listens there: is {} running?", service(&host))
                    }
                    _ => format!("check the network and the address of {}", service(&host)),
                };
                failed_at(&host).cause(error).hint(hint)
            }
            Self::Handshake { error, host } => {
                let failed = failed_at(&host).cause(&error);
                match handshake_hint(&error, &host) {
                    Some(hint) => failed.hint(hint),
                    None => failed,
                }
            }
            Self::Http { error, host, plain } => {
                let hint = if plain && is_own(&host) {
                    format!("something else may listen there; if it speaks TLS, write https://{registry}")
                } else {
                    format!("something else may listen there: check the address of {}", service(&host))
                };
                failed_at(&host).caused_by(&error).hint(hint)
            }
            Self::Timeout { limit, host, proxy } => failed_at(&host)
                .cause(format!("it did not answer within {} s{proxy}", limit.as_secs_f64()))
                .hint("try again, or check for a firewall in between"),
            Self::ProxyUrl(cause) => failed()
                .cause(format!("HTTPS_PROXY: {cause}"))
                .hint("write it as http://HOST:PORT or http://USER:PASSWORD@HOST:PORT; NO_PROXY lists exceptions"),
            Self::Proxy { error, proxy } => failed()
                .cause(format!("the proxy {proxy}"))
                .caused_by(&*error)
                .hint("HTTPS_PROXY names that proxy; to reach the registry directly, add its host to NO_PROXY"),
            Self::ProxyRejected { status, proxy, host } => {
                let hint = match status {
                    StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                        "write user and password into HTTPS_PROXY: http://USER:PASSWORD@HOST:PORT"
                    }
                    _ => "the proxy denies access or does not reach it; NO_PROXY lists the hosts to reach directly",
                };
                failed().cause(format!("the proxy {proxy} answers {status} for {host}")).hint(hint)
            }
            Self::Other { cause, hint } => match hint {
                Some(hint) => failed().cause(cause).hint(hint),
                None => failed().cause(cause),
            },
            Self::Credential(error) => error,
            Self::NotRegistry { status, media_type, host } => {
                let media_type = media_type.map(|media_type| format!(" with {media_type}")).unwrap_or_default();
                let what = if is_own(&host) { "a registry" } else { "a registry or token service" };
                let failed = failed_at(&host).cause(format!("{host} answers {status}{media_type}: it is not {what}"));
                if image.is_plain_http() && is_own(&host) && status == StatusCode::BAD_REQUEST {
                    return failed.hint(format!("if it speaks TLS, write https://{registry}"));
                }
                failed.hint("check the host and the port, and that a proxy in between passes on its path")
            }
            Self::Rejected { status, message, retry_after, host } => {
                let message = message.map(|message| format!(": {message}")).unwrap_or_default();
                let failed = failed().cause(format!("{host} answers {status}{message}"));
                match (status, login) {
                    (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, Some(login)) => failed.hint(format!(
                        "the login from {login} is not accepted or may not read this image, or there is no such image; \
                         log in again: docker login {registry}"
                    )),
                    (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, None) => failed.hint(format!(
                        "there is no such image, or it needs a login: docker login {registry} (or podman, buildah)"
                    )),
                    (StatusCode::TOO_MANY_REQUESTS, login) => {
                        let seconds = retry_after.filter(|wait| wait.bytes().all(|byte| byte.is_ascii_digit()));
                        let when = seconds.map_or_else(|| "later".to_owned(), |seconds| format!("in {seconds} s"));
                        let more = if login.is_none() { ", or log in: the limit is higher then" } else { "" };
                        failed.hint(format!("too many requests: try again {when}{more}"))
                    }
                    (status, _) if status.is_server_error() => {
                        let service = service(&host);
                        failed.hint(format!("{service} itself fails, or a proxy before it: try again later"))
                    }
                    _ => failed,
                }
            }
        }
    }
}

/// Whether an error response is in a registry's own form; for HEAD, without a body, the media type decides.
pub fn is_registry_error(response: &Response<Vec<u8>>) -> bool {
    if response.body().is_empty() {
        return media_type(response.headers()).is_none_or(|media_type| media_type.contains("json"));
    }
    serde_json::from_slice::<ErrorBody>(response.body()).is_ok_and(|body| !body.errors.is_empty())
}

fn message(body: &[u8]) -> Option<String> {
    let body: ErrorBody = serde_json::from_slice(body).ok()?;
    let errors = body.errors.into_iter().map(|error| match (error.code, error.message) {
        (Some(code), Some(message)) => format!("{code}: {message}"),
        (code, message) => code.or(message).unwrap_or_default(),
    });
    let all = errors.chain(body.details).chain(body.message).filter(|text| !text.is_empty());
    let text: String = all.collect::<Vec<_>>().join("; ").chars().take(MAX_MESSAGE).collect();
    (!text.is_empty()).then_some(text)
}

fn media_type(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(CONTENT_TYPE)?.to_str().ok()?;
    let media_type = value.split_once(';').map_or(value, |(media_type, _)| media_type).trim();
    (!media_type.is_empty()).then(|| media_type.chars().take(80).collect())
}

fn handshake_hint(error: &io::Error, host: &str) -> Option<String> {
    let inner = error.get_ref().and_then(|inner| (inner as &(dyn StdError + 'static)).downcast_ref::<TlsError>());
    let hint = match inner {
        None => {
            "the peer closed the connection during the TLS handshake: check that it speaks TLS, and for a proxy or \
                 firewall in between"
        }
        Some(TlsError::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature)) => {
            return Some(format!(
                "put your company's CA certificate into /etc/docker/certs.d/{host}/ca.crt: no CA that this machine \
                 trusts has issued this one"
            ));
        }
        Some(TlsError::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        )) => "its certificate is for another name: use the name in the certificate",
        Some(TlsError::InvalidCertificate(CertificateError::Expired | CertificateError::ExpiredContext { .. })) => {
            "it needs a new certificate, or this machine's clock is wrong"
        }
        Some(TlsError::InvalidCertificate(
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. },
        )) => "check this machine's clock",
        Some(TlsError::InvalidMessage(_)) => "it does not speak TLS there; plaintext is for loopback addresses only",
        Some(_) => return None,
    };
    Some(hint.to_owned())
}
