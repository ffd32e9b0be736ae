//! What to do about a connection that carries no gRPC: all hints of that kind.

use std::error::Error as StdError;
use std::fmt::Display;
use std::io;

use http::StatusCode;
use tokio_rustls::rustls::{AlertDescription, CertificateError, Error as TlsError};

use super::certificate;
use super::connection::PeerFault;
use super::non_grpc_response::NonGrpcResponse;
use super::retry;
use crate::net::endpoint::EndpointUrl;
use crate::net::tls::TlsSettings;

/// The other side of a connection, as far as hints depend on it.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub address: EndpointUrl,
    pub tls: TlsSettings,
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
pub(super) fn find_hint<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a str> {
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
        if let Some(response) = sources().find_map(|error| error.downcast_ref::<NonGrpcResponse>()) {
            return Some(self.hint_for_http(response));
        }
        if let Some(fault) = sources().find_map(|error| error.downcast_ref::<PeerFault>()) {
            return self.hint_for_fault(fault);
        }
        let is_calm = |error: &h2::Error| error.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM) && error.is_remote();
        if sources().any(|error| error.downcast_ref().is_some_and(is_calm)) {
            return Some(CALM.to_owned());
        }
        let mut kinds = sources().filter_map(|error| error.downcast_ref::<io::Error>()).map(io::Error::kind);
        kinds.find_map(|kind| match kind {
            io::ErrorKind::ConnectionRefused => {
                let (host, port) = (self.address.host(), self.address.port());
                Some(format!("check that the service is running: nothing listens on port {port} of {host}"))
            }
            io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe
                if self.address.is_tls() =>
            {
                Some(format!(
                    "use {} if the service is plaintext: the peer closed the connection during the TLS handshake; else \
                     check for a proxy or firewall between",
                    self.address.with_tls(false)
                ))
            }
            _ => None,
        })
    }

    fn hint_for_fault(&self, fault: &PeerFault) -> Option<String> {
        let tls = self.address.with_tls(true);
        Some(match fault {
            PeerFault::UnknownHost(_) => {
                format!("check the spelling of {} and your DNS: the name is unknown here", self.address.host())
            }
            PeerFault::Tls(error) => return self.hint_for_tls(error),
            PeerFault::NoHttp2 => NO_HTTP2.to_owned(),
            PeerFault::SpeaksTls => format!("use {tls}: the service speaks TLS"),
            PeerFault::SpeaksText(line) if line.starts_with("HTTP/") => {
                format!("check the port: a web server answers there; if it speaks TLS, use {tls}")
            }
            PeerFault::SpeaksText(_) => "check the host and the port: something else listens there".to_owned(),
            PeerFault::Gone => return None,
            PeerFault::TooManyPings => CALM.to_owned(),
            PeerFault::Silent => match (self.address.is_tls(), &self.tls.identity) {
                (false, _) => format!("use {tls} if the service speaks TLS; or it may not speak gRPC"),
                (true, None) => format!("{GIVE_CERTIFICATE}, if the service asks for one; or it may not speak gRPC"),
                (true, Some(identity)) => {
                    format!("{}; or it may not speak gRPC", not_accepted(identity.cert.value.display()))
                }
            },
        })
    }

    fn hint_for_tls(&self, error: &TlsError) -> Option<String> {
        match error {
            TlsError::InvalidCertificate(certificate) => self.hint_for_certificate(certificate),
            TlsError::AlertReceived(alert) => self.hint_for_alert(*alert),
            TlsError::InvalidMessage(_) => {
                Some(format!("use {}: the service does not speak TLS there", self.address.with_tls(false)))
            }
            TlsError::PeerIncompatible(_) => Some(TOO_OLD.to_owned()),
            TlsError::NoApplicationProtocol => Some(NO_HTTP2.to_owned()),
            _ => None,
        }
    }

    fn hint_for_certificate(&self, error: &CertificateError) -> Option<String> {
        use CertificateError as Fault;
        let hint = match (error, &self.tls.ca) {
            (Fault::NotValidForNameContext { presented, .. }, _) => {
                return Some(self.hint_for_name(&certificate::names(presented)));
            }
            (Fault::NotValidForName, _) => return Some(self.hint_for_name(&[])),
            (Fault::UnknownIssuer | Fault::BadSignature, None) => {
                "name your company's CA certificate with --ca FILE, or as `ca` in the configuration: no authority that \
                 this machine trusts has issued the service's certificate"
            }
            (Fault::UnknownIssuer | Fault::BadSignature, Some(ca)) => {
                let ca = ca.value.display();
                return Some(format!(
                    "check that the service sends its whole chain: no authority in {ca} has issued its certificate"
                ));
            }
            (Fault::Expired | Fault::ExpiredContext { .. }, _) => {
                "renew the service's certificate; if that day is still to come, set this machine's clock"
            }
            (Fault::NotValidYet | Fault::NotValidYetContext { .. }, _) => {
                "check this machine's clock; if it is right, issue a certificate that is valid now"
            }
            (Fault::InvalidPurpose | Fault::InvalidPurposeContext { .. }, _) => {
                "issue the service a certificate for servers (extended key usage serverAuth)"
            }
            _ if certificate::is_authority(error) => {
                "issue the service a certificate of its own; one that signed itself needs basicConstraints CA:FALSE"
            }
            _ => return None,
        };
        Some(hint.to_owned())
    }

    fn hint_for_name(&self, names: &[String]) -> String {
        if names.is_empty() {
            return "issue a certificate with the service's name as subjectAltName: a common name (CN) is not used"
                .to_owned();
        }
        let Some(name) = names.iter().find(|name| !name.contains('*')) else {
            return "use an endpoint by a name that it holds, or give such a name with --tls-server-name".to_owned();
        };
        format!(
            "use an endpoint by a name that it holds; or, if {} is that service, --tls-server-name {name} \
             (`tls_server_name` in the configuration)",
            self.address.authority()
        )
    }

    /// An alert says what the other side thinks: of this side's certificate, if it is about one.
    fn hint_for_alert(&self, alert: AlertDescription) -> Option<String> {
        use AlertDescription as Alert;
        let cert = self.tls.identity.as_ref().map(|identity| identity.cert.value.display());
        Some(match (alert, cert) {
            (Alert::CertificateRequired, None) => format!("{GIVE_CERTIFICATE}: the service asks for one"),
            // Older texts for a missing one.
            (Alert::BadCertificate | Alert::NoCertificate, None) => {
                format!("{GIVE_CERTIFICATE}: the service may ask for one")
            }
            (Alert::HandshakeFailure, None) => {
                format!("{GIVE_CERTIFICATE}: the service may ask for one; or it shares no cipher with this program")
            }
            (Alert::CertificateExpired, Some(cert)) => {
                format!("renew the client certificate in {cert}: it has expired")
            }
            (Alert::CertificateRevoked, Some(cert)) => format!("get a new client certificate: {cert} is revoked"),
            (
                Alert::UnknownCA
                | Alert::BadCertificate
                | Alert::CertificateUnknown
                | Alert::CertificateRequired
                | Alert::UnsupportedCertificate
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::HandshakeFailure,
                Some(cert),
            ) => not_accepted(cert),
            (Alert::ProtocolVersion, _) => TOO_OLD.to_owned(),
            (Alert::NoApplicationProtocol, _) => NO_HTTP2.to_owned(),
            (Alert::UnrecognisedName, _) => {
                "use --tls-server-name: the service does not know the name that it was asked for".to_owned()
            }
            _ => return None,
        })
    }

    fn hint_for_http(&self, response: &NonGrpcResponse) -> String {
        if response.is_about_certificate() {
            return match &self.tls.identity {
                None => format!("{GIVE_CERTIFICATE}: the service asks for one"),
                Some(identity) => not_accepted(identity.cert.value.display()),
            };
        }
        let hint = match (response.status, &response.location) {
            (StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE, _) => {
                "check that the service is running: a proxy answers in its place"
            }
            (StatusCode::GATEWAY_TIMEOUT, _) => {
                "raise the proxy's limit (nginx: grpc_read_timeout): the service behind it did not answer in time"
            }
            (StatusCode::TOO_MANY_REQUESTS, _) => {
                "wait a while, or send less at once (exec: --parallel): a proxy limits how much may be sent"
            }
            (StatusCode::NOT_FOUND, _) => {
                "check what the proxy passes on (nginx: grpc_pass): no gRPC service is behind this path; it must pass \
                 /grpc.reflection. too"
            }
            (StatusCode::PAYLOAD_TOO_LARGE, _) => {
                "raise the proxy's limit (nginx: client_max_body_size): it takes no request as large as this one"
            }
            (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN, _) => {
                "check what the proxy asks for: a network, a login or a client certificate"
            }
            (status, Some(location)) if status.is_redirection() => {
                return format!("use the endpoint of the gRPC service: a web site sends callers to {location}");
            }
            _ => "check the host, the port and what the proxy passes on: a web server or proxy answers there",
        };
        hint.to_owned()
    }
}

/// RFC 9113, section 7. gRPC's servers say it with "too_many_pings", too.
const CALM: &str = "wait a while, or send less at once (exec: --parallel): the peer takes no more for now";
const GIVE_CERTIFICATE: &str =
    "give a client certificate with --cert FILE and --key FILE, or as `cert` and `key` in the configuration";
const NO_HTTP2: &str =
    "check the port: the service speaks TLS without HTTP/2, which gRPC needs (nginx: `listen … ssl http2`)";
const TOO_OLD: &str = "enable TLS 1.2 or 1.3 on the service: nothing older is spoken here";

fn not_accepted(cert: impl Display) -> String {
    format!(
        "check the client certificate in {cert}: the service accepts one that an authority which it trusts has issued, \
         with its chain in the file, and not expired"
    )
}

#[cfg(test)]
mod tests {
    use tokio_rustls::rustls::{InvalidMessage, PeerIncompatible};

    use super::*;
    use crate::net::tls::{Given, Identity};

    fn peer(url: &str, shows: bool) -> Peer {
        let identity = shows.then(|| Identity { cert: Given::new("me.pem".into(), "--cert"), key: None });
        Peer { address: url.parse().unwrap(), tls: TlsSettings { identity, ..TlsSettings::default() } }
    }

    fn hint(shows: bool, fault: PeerFault) -> String {
        peer("grpc+ssl://h:1", shows).hint(&fault).unwrap_or_default()
    }

    #[test]
    fn an_alert_is_about_the_certificate_that_was_or_was_not_shown() {
        use AlertDescription as Alert;
        for (alert, shows, part) in [
            (Alert::CertificateRequired, false, "give a client certificate with --cert FILE and --key FILE"),
            (Alert::BadCertificate, false, "the service may ask for one"),
            (
                Alert::HandshakeFailure,
                false,
                "--cert FILE and --key FILE, or as `cert` and `key` in the configuration: the service may ask",
            ),
            (Alert::HandshakeFailure, false, "it shares no cipher"),
            (Alert::UnknownCA, true, "check the client certificate in me.pem"),
            (Alert::BadCertificate, true, "check the client certificate in me.pem"),
            (Alert::CertificateExpired, true, "renew the client certificate in me.pem: it has expired"),
            (Alert::CertificateRevoked, true, "me.pem is revoked"),
            (Alert::ProtocolVersion, false, "TLS 1.2 or 1.3"),
            (Alert::ProtocolVersion, true, "TLS 1.2 or 1.3"),
            (Alert::NoApplicationProtocol, true, "without HTTP/2"),
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
            (TlsError::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13), "TLS 1.2 or 1.3"),
            (TlsError::InvalidMessage(InvalidMessage::InvalidContentType), "use grpc://h:1"),
            (TlsError::NoApplicationProtocol, "without HTTP/2"),
        ] {
            let hint = hint(false, PeerFault::Tls(error));
            assert!(hint.contains(part), "{hint}");
        }
        assert!(hint(false, PeerFault::NoHttp2).contains("without HTTP/2"));
    }

    #[test]
    fn silence_is_explained_by_what_was_and_was_not_shown() {
        assert!(hint(false, PeerFault::Silent).contains("--cert FILE"));
        assert!(hint(true, PeerFault::Silent).contains("check the client certificate in me.pem"));
        let plain = peer("grpc://h:1", false).hint(&PeerFault::Silent).unwrap();
        assert!(plain.contains("use grpc+ssl://h:1"), "{plain}");
    }

    #[test]
    fn a_hint_is_found_below_other_errors() {
        let hinted = peer("grpc://h:1", false).with_hint(PeerFault::SpeaksTls);
        assert_eq!(hinted.to_string(), "it answered in TLS");
        let mut status = tonic::Status::unavailable("");
        assert_eq!(find_hint(&status), None);
        status.set_source(std::sync::Arc::new(hinted));
        assert_eq!(find_hint(&status), Some("use grpc+ssl://h:1: the service speaks TLS"));
        assert_eq!(find_hint(&io::Error::other("x")), None);
    }
}
