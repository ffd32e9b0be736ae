//! Prepares responses for tonic: repairs trailers, marks a sent status.
//!
//! tonic 0.14 panics over status details that are not clean base64, and replaces a status whose message is not UTF-8.
//! It reports a response that it cannot read (no message, no trailers, a bad compression flag) by a status that looks
//! like a service's. Only a status that was sent says that the work was not done.

use std::mem::take;
use std::sync::Arc;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use http::{HeaderMap, HeaderValue, Response, StatusCode};
use http_body::Body as _;
use percent_encoding::{AsciiSet, CONTROLS, percent_decode, utf8_percent_encode};
use tonic::Status;
use tonic::body::Body;

use super::body;

/// Accepts base64 with or without padding, and with trailing bits.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// The ASCII characters that are escaped in a message.
const ESCAPED: &AsciiSet = &CONTROLS.add(b'%');

/// The metadata that marks a status. tonic copies headers and trailers into the status that it reads from them.
pub(super) const MARK: &str = "spacectl-status-was-sent";

/// A response ended before its status: its stream was reset, or a proxy lost the service. hyper reports a reset with
/// CANCEL or NO_ERROR as the end of the body.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the answer ended without a status")]
pub(super) struct CutOff;

/// Whether a service sent this status.
pub(super) fn is_sent(status: &Status) -> bool {
    status.metadata().contains_key(MARK)
}

/// `response` as tonic can read it. Its status is marked, in headers or trailers; one without ends in [`CutOff`].
pub(super) fn prepare(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    // With another HTTP status it comes from a proxy.
    let is_by_service = head.status == StatusCode::OK;
    // Before a message, OK comes too early: trailers carry the status (gRPC over HTTP/2, "Responses").
    if !body.is_end_stream() && head.headers.get(Status::GRPC_STATUS).is_some_and(|status| status == "0") {
        head.headers.remove(Status::GRPC_STATUS);
    }
    let has_status = head.headers.contains_key(Status::GRPC_STATUS);
    // An encoding without a message, for which tonic would refuse the response.
    if has_status {
        head.headers.remove("grpc-encoding");
    }
    prepare_status(&mut head.headers, is_by_service);
    let mut awaits_status = is_by_service && !has_status;
    let body = body::map(body, move |mut frame| {
        match &mut frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    awaits_status = false;
                    prepare_status(trailers, is_by_service);
                }
            }
            Some(Err(_)) => awaits_status = false,
            None if take(&mut awaits_status) => return Some(Err(cut_off())),
            None => {}
        }
        frame
    });
    Response::from_parts(head, body)
}

/// Repairs the status in headers or trailers. One that is `by_service` is marked, unless it is OK or not a number.
fn prepare_status(headers: &mut HeaderMap, by_service: bool) {
    if let Some(message) = headers.get(Status::GRPC_MESSAGE).and_then(repaired_message) {
        headers.insert(Status::GRPC_MESSAGE, message);
    }
    if let Some(details) = headers.get(Status::GRPC_STATUS_DETAILS) {
        match repaired_details(details) {
            Some(details) => headers.insert(Status::GRPC_STATUS_DETAILS, details),
            None => headers.remove(Status::GRPC_STATUS_DETAILS),
        };
    }
    headers.remove(MARK);
    let code = headers.get(Status::GRPC_STATUS).and_then(|code| code.to_str().ok()?.parse::<u32>().ok());
    if by_service && code.is_some_and(|code| code != 0) {
        headers.insert(MARK, HeaderValue::from_static("1"));
    }
}

/// UNKNOWN, as other gRPC clients have it.
fn cut_off() -> Status {
    let mut status = Status::unknown("");
    status.set_source(Arc::new(CutOff));
    status
}

/// A message that is not UTF-8, made so by U+FFFD; `None` for any other.
fn repaired_message(message: &HeaderValue) -> Option<HeaderValue> {
    let decoded = percent_decode(message.as_bytes());
    if decoded.clone().decode_utf8().is_ok() {
        return None;
    }
    HeaderValue::try_from(utf8_percent_encode(&decoded.decode_utf8_lossy(), ESCAPED).to_string()).ok()
}

/// Details in clean base64; the first of those that a proxy has joined by commas. `None` for what is not base64.
fn repaired_details(details: &HeaderValue) -> Option<HeaderValue> {
    let first = details.as_bytes().split(|byte| *byte == b',').next()?;
    let of_standard = |byte: &u8| match byte {
        b'-' => b'+',
        b'_' => b'/',
        other => *other,
    };
    let text: Vec<u8> = first.iter().filter(|byte| !byte.is_ascii_whitespace()).map(of_standard).collect();
    HeaderValue::try_from(LENIENT.encode(LENIENT.decode(text).ok()?)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn details_are_made_clean_or_left_out() {
        for (details, expected) in [
            ("CAMSAW0", Some("CAMSAW0=")),
            ("CAMSAW0=", Some("CAMSAW0=")),
            ("CAMSAW0a-_8", Some("CAMSAW0a+/8=")),
            ("CAMSAW0=,CAMSAW0=", Some("CAMSAW0=")),
            ("CAMSAW0, CAMSAW0", Some("CAMSAW0=")),
            ("CAMS AW0=", Some("CAMSAW0=")),
            ("CAMSAW1", Some("CAMSAW0=")),
            ("", Some("")),
            ("CAMSA", None),
            ("CAM=SAW0", None),
            ("{\"a\":1}", None),
            ("!!!", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(Status::GRPC_STATUS_DETAILS, details.parse().unwrap());
            prepare_status(&mut headers, true);
            let repaired = headers.get(Status::GRPC_STATUS_DETAILS).map(|details| details.to_str().unwrap());
            assert_eq!(repaired, expected, "{details:?}");
        }
    }

    #[test]
    fn a_message_keeps_its_status_whatever_its_bytes() {
        for (message, expected) in [
            (&b"plain 100%"[..], "plain 100%"),
            (b"%EC%97%86%EC%9D%8C", "없음"),
            (b"caf%E9 %0A%25", "caf\u{fffd} \n%"),
            (b"caf\xe9", "caf\u{fffd}"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(Status::GRPC_STATUS, HeaderValue::from_static("5"));
            headers.insert(Status::GRPC_MESSAGE, HeaderValue::from_bytes(message).unwrap());
            prepare_status(&mut headers, true);
            let status = Status::from_header_map(&headers).unwrap();
            assert_eq!((status.code(), status.message()), (tonic::Code::NotFound, expected));
        }
    }
}
