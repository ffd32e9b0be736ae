//! What to do about a connection that carries no gRPC: all such hint in one place.

use std::error::Error as StdError;
use std::io;

use http::StatusCode;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::certificate;
use super::retry;
use crate::grpc::connection::PeerFault;
use crate::grpc::non_grpc_response::NonGrpcResponse;
use crate::net::endpoint::EndpointUrl;
use crate::net::tls::Tls;

/// The other side of a connection, as far as hint depends on it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub address: EndpointUrl,
    pub tls: Tls,
}

/// A failure below gRPC with the hint that belongs to it. It reads as its cause does.
#[derive(Debug, thiserror::Error)]
#[error("{cause}")]
pub(super) struct WithHint {
    hint: Option<String>,
    #[source]
    cause: Box<dyn StdError + Send + Sync>,
}

/// The hint that `error` or anything below it carries.
pub(super) fn of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a str> {
    retry::sources(error).find_map(|error| error.downcast_ref::<WithHint>())?.hint.as_deref()
}

impl Peer {
    /// Adds to `cause` what to do about it.
    pub fn with_hint(&self, cause: impl Into<Box<dyn StdError + Send + Sync>>) -> WithHint {
        let cause = cause.into();
        WithHint { hint: self.hint(&*cause), cause }
    }

    /// What to do about `error`, which ended a connection or a call below gRPC.
    pub fn hint(&self, error: &(dyn StdError + 'static)) -> Option<String> {
        let sources = || retry::sources(error);
        if let Some(answer) = sources().find_map(|error| error.downcast_ref::<NonGrpcResponse>()) {
            return Some(self.hint_for_http(answer));
        }
        if let Some(fault) = sources().find_map(|error| error.downcast_ref::<PeerFault>()) {
            return self.hint_for_fault(fault);
        }
        let (host, port) = (self.address.host(), self.address.port());
        let kinds = || sources().filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
        if kinds().any(|kind| kind == io::ErrorKind::ConnectionRefused) {
            return Some(format!("nothing listens on port {port} of {host}: is the service running?"));
        }
        let closed = [io::ErrorKind::UnexpectedEof, io::ErrorKind::ConnectionReset, io::ErrorKind::BrokenPipe];
        if self.address.is_tls() && kinds().any(|kind| closed.contains(&kind)) {
            return Some(format!(
                "it ended the handshake without a word: if it does not speak TLS, use {}; else a proxy or firewall \
                 between may not let you through",
                self.address.with_tls(false)
            ));
        }
        None
    }

    fn hint_for_fault(&self, fault: &PeerFault) -> Option<String> {
        let hint = match fault {
            PeerFault::UnknownHost(_) => {
                format!("check the spelling of {} and your DNS: the name is not known here", self.address.host())
            }
            PeerFault::Tls(error) => return self.hint_for_tls(error),
            PeerFault::NoHttp2 => NO_HTTP2.to_owned(),
            PeerFault::SpeaksTls => format!("it speaks TLS: use {}", self.address.with_tls(true)),
            PeerFault::SpeaksText(line) if line.starts_with("HTTP/") => format!(
                "a web server answers there, and no gRPC: check the port; if it speaks TLS, use {}",
                self.address.with_tls(true)
            ),
            PeerFault::SpeaksText(_) => "something else listens there: check the host and the port".to_owned(),
            PeerFault::Silent if self.address.is_tls() && self.tls.identity.is_none() => {
                format!("it may not speak gRPC, or may ask for a client certificate: {GIVE_CERTIFICATE}")
            }
            PeerFault::Silent if self.address.is_tls() => {
                "it may not speak gRPC, or may not accept the client certificate".to_owned()
            }
            PeerFault::Gone => return None,
            PeerFault::Silent => {
                format!("it may not speak gRPC; if it speaks TLS, use {}", self.address.with_tls(true))
            }
        };
        Some(hint)
    }

    fn hint_for_tls(&self, error: &TlsError) -> Option<String> {
        match error {
            TlsError::InvalidCertificate(certificate) => self.hint_for_certificate(certificate),
            TlsError::AlertReceived(alert) => self.hint_for_alert(*alert),
            TlsError::InvalidMessage(_) => {
                Some(format!("it does not speak TLS there: try {}", self.address.with_tls(false)))
            }
            TlsError::PeerIncompatible(_) => Some(TOO_OLD.to_owned()),
            TlsError::NoApplicationProtocol => Some(NO_HTTP2.to_owned()),
            _ => None,
        }
    }

    fn hint_for_certificate(&self, error: &CertificateError) -> Option<String> {
        let hint = match error {
            CertificateError::NotValidForNameContext { presented, .. } => {
                return Some(self.hint_for_name(&certificate::names(presented)));
            }
            CertificateError::NotValidForName => self.hint_for_name(&[]),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => match &self.tls.ca {
                None => {
                    "no authority that this machine trusts has issued the service's certificate: name your company's \
                         CA certificate with --ca FILE, or as `ca` in the configuration"
                        .to_owned()
                }
                Some(ca) => format!(
                    "no authority in {} has issued the service's certificate; or the service does not send the \
                     certificates between the two",
                    ca.value.display()
                ),
            },
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                "the service needs a new certificate; if that day is still to come, this machine's clock is wrong"
                    .to_owned()
            }
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                "check this machine's clock; if it is right, the service needs a certificate that is valid now"
                    .to_owned()
            }
            CertificateError::InvalidPurpose | CertificateError::InvalidPurposeContext { .. } => {
                "the service needs a certificate that is issued for servers (extended key usage serverAuth)".to_owned()
            }
            _ if certificate::is_authority(error) => {
                "the service needs a certificate of its own, which the authority issued for it; one that signed itself \
                 must not be an authority (basicConstraints CA:FALSE)"
                    .to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }

    fn hint_for_name(&self, held: &[String]) -> String {
        let fitting = held.iter().find(|name| !name.contains('*'));
        match (held, fitting) {
            ([], _) => {
                "the service needs a certificate that holds its name as subjectAltName; a common name (CN) is not \
                        looked at"
                    .to_owned()
            }
            (_, Some(name)) => format!(
                "use an endpoint of a name that it holds; or, if {} is that service, --tls-server-name {name} \
                 (`tls_server_name` in the configuration)",
                self.address.authority()
            ),
            (_, None) => {
                "use an endpoint of a name that it holds, or give such a name with --tls-server-name".to_owned()
            }
        }
    }

    /// An alert says what the other side thinks: of this side's certificate, if it is about one.
    fn hint_for_alert(&self, alert: AlertDescription) -> Option<String> {
        use AlertDescription as Alert;
        let hint = match (alert, &self.tls.identity) {
            (Alert::CertificateRequired, None) => {
                format!("the service asks for a client certificate: {GIVE_CERTIFICATE}")
            }
            // Older ways to say that there is none.
            (Alert::BadCertificate | Alert::NoCertificate, None) => {
                format!("the service may ask for a client certificate: {GIVE_CERTIFICATE}")
            }
            (Alert::HandshakeFailure, None) => {
                format!(
                    "the service may ask for a client certificate: {GIVE_CERTIFICATE}; or it shares no \
                     cipher with this program"
                )
            }
            (Alert::CertificateExpired, Some(identity)) => {
                format!("the client certificate in {} has expired", identity.cert.value.display())
            }
            (Alert::CertificateRevoked, Some(identity)) => {
                format!("the client certificate in {} is revoked", identity.cert.value.display())
            }
            (
                Alert::UnknownCA
                | Alert::BadCertificate
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnsupportedCertificate
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::HandshakeFailure,
                Some(identity),
            ) => not_accepted(identity.cert.value.display()),
            (Alert::ProtocolVersion, _) => TOO_OLD.to_owned(),
            (Alert::NoApplicationProtocol, _) => NO_HTTP2.to_owned(),
            (Alert::UnrecognisedName, _) => {
                "the service does not know the name that it was asked for: --tls-server-name says another".to_owned()
            }
            _ => return None,
        };
        Some(hint)
    }

    fn hint_for_http(&self, answer: &NonGrpcResponse) -> String {
        if answer.is_about_certificate() {
            return match &self.tls.identity {
                None => format!("the service asks for a client certificate: {GIVE_CERTIFICATE}"),
                Some(identity) => not_accepted(identity.cert.value.display()),
            };
        }
        match answer.status {
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE => {
                "a proxy answers, and the service behind it does not: is it running?".to_owned()
            }
            StatusCode::GATEWAY_TIMEOUT => {
                "a proxy answers, and the service behind it did not in time (nginx: grpc_read_timeout)".to_owned()
            }
            StatusCode::NOT_FOUND => {
                "a web server or proxy answers, and passes this path to no gRPC service (nginx: grpc_pass); it must \
                 pass /grpc.reflection. too"
                    .to_owned()
            }
            StatusCode::PAYLOAD_TOO_LARGE => {
                "a proxy takes no request as large as this one (nginx: client_max_body_size)".to_owned()
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                "a proxy before the service refuses: it may ask for a network, a login or a client certificate"
                    .to_owned()
            }
            status if status.is_redirection() => match &answer.location {
                Some(location) => {
                    format!("it sends callers to {location}, as web sites do: use the endpoint of the gRPC service")
                }
                None => WEB_SERVER.to_owned(),
            },
            _ => WEB_SERVER.to_owned(),
        }
    }
}

const GIVE_CERTIFICATE: &str = "--cert FILE and --key FILE, or `cert` and `key` in the configuration";
const NO_HTTP2: &str =
    "it speaks TLS, and no HTTP/2 over it, which gRPC needs: check the port; nginx needs `listen … ssl http2`";
const TOO_OLD: &str = "TLS 1.2 and 1.3 are spoken here, and the service must speak one of them";
const WEB_SERVER: &str =
    "a web server or proxy answers there, and no gRPC service: check the host, the port and what the proxy passes on";

fn not_accepted(cert: impl std::fmt::Display) -> String {
    format!(
        "the service does not accept the client certificate in {cert}: check that it is the right one, issued by an \
         authority that the service trusts, with its chain in the file, and not expired"
    )
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::{InvalidMessage, PeerIncompatible};

    use super::*;
    use crate::net::tls::{Given, Identity};

    fn peer(url: &str, shows: bool) -> Peer {
        let identity = shows.then(|| Identity { cert: Given::new("me.pem".into(), "--cert"), key: None });
        Peer { address: url.parse().unwrap(), tls: Tls { identity, ..Tls::default() } }
    }

    fn hint(shows: bool, fault: PeerFault) -> String {
        peer("grpc+ssl://h:1", shows).hint(&fault).unwrap_or_default()
    }

    #[test]
    fn an_alert_is_about_the_certificate_that_was_or_was_not_shown() {
        use AlertDescription as Alert;
        for (alert, shows, part) in [
            (
                Alert::CertificateRequired,
                false,
                "the service asks for a client certificate: --cert FILE and --key FILE",
            ),
            (Alert::BadCertificate, false, "may ask for a client certificate"),
            (Alert::HandshakeFailure, false, "may ask for a client certificate: --cert FILE and --key FILE"),
            (Alert::HandshakeFailure, false, "it shares no cipher"),
            (Alert::UnknownCA, true, "does not accept the client certificate in me.pem"),
            (Alert::BadCertificate, true, "does not accept the client certificate in me.pem"),
            (Alert::CertificateExpired, true, "the client certificate in me.pem has expired"),
            (Alert::CertificateRevoked, true, "the client certificate in me.pem is revoked"),
            (Alert::ProtocolVersion, false, "TLS 1.2 and 1.3"),
            (Alert::ProtocolVersion, true, "TLS 1.2 and 1.3"),
            (Alert::NoApplicationProtocol, true, "no HTTP/2 over it"),
            (Alert::UnrecognisedName, false, "--tls-server-name"),
        ] {
            let hint = hint(shows, PeerFault::Tls(TlsError::AlertReceived(alert)));
            assert!(hint.contains(part), "{alert:?} {shows}: {hint}");
        }
        // What no certificate of ours can have caused is not blamed on it.
        assert_eq!(hint(false, PeerFault::Tls(TlsError::AlertReceived(Alert::UnknownCA))), "");
        assert_eq!(hint(true, PeerFault::Tls(TlsError::AlertReceived(Alert::InternalError))), "");
    }

    #[test]
    fn a_service_of_another_age_or_protocol_is_told_from_one_without_tls() {
        for (error, part) in [
            (TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13), "TLS 1.2 and 1.3"),
            (TlsError::InvalidMessage(InvalidMessage::InvalidContentType), "try grpc://h:1"),
            (TlsError::NoApplicationProtocol, "no HTTP/2 over it"),
        ] {
            let hint = hint(false, PeerFault::Tls(error));
            assert!(hint.contains(part), "{hint}");
        }
        assert!(hint(false, PeerFault::NoHttp2).contains("no HTTP/2 over it"));
    }

    #[test]
    fn silence_is_explained_by_what_was_and_was_not_shown() {
        assert!(hint(false, PeerFault::Silent).contains("may ask for a client certificate: --cert FILE"));
        assert!(hint(true, PeerFault::Silent).contains("may not accept the client certificate"));
        let plain = peer("grpc://h:1", false).hint(&PeerFault::Silent).unwrap();
        assert!(plain.contains("use grpc+ssl://h:1"), "{plain}");
    }

    #[test]
    fn advice_is_found_below_other_errors() {
        let advised = peer("grpc://h:1", false).with_hint(PeerFault::SpeaksTls);
        assert_eq!(advised.to_string(), "it answered in TLS");
        let mut status = tonic::Status::unavailable("");
        assert_eq!(of(&status), None);
        status.set_source(std::sync::Arc::new(advised));
        assert_eq!(of(&status), Some("it speaks TLS: use grpc+ssl://h:1"));
        assert_eq!(of(&io::Error::other("x")), None);
    }
}
