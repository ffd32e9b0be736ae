//! Marks a status that a service has sent.
//!
//! tonic reports a response that it cannot read (no message, no trailers, a bad compression flag) by a status that
//! looks like a service's. Only a status that was sent says that the work was not done.

use std::mem::take;
use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Response, StatusCode};
use tonic::Status;
use tonic::body::Body;

use super::body;

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

/// Marks the status in `response`, in headers or trailers; a response without one ends in [`CutOff`].
pub(super) fn mark(response: Response<Body>) -> Response<Body> {
    let (mut head, body) = response.into_parts();
    // With another HTTP status it comes from a proxy.
    if head.status == StatusCode::OK {
        mark_error(&mut head.headers);
    }
    let mut awaits_status = head.status == StatusCode::OK && !head.headers.contains_key(Status::GRPC_STATUS);
    if !awaits_status {
        return Response::from_parts(head, body);
    }
    let body = body::map(body, move |mut frame| {
        match &mut frame {
            Some(Ok(frame)) => {
                if let Some(trailers) = frame.trailers_mut() {
                    awaits_status = false;
                    mark_error(trailers);
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

/// Marks the status in headers or trailers, unless it is OK or not a number.
fn mark_error(headers: &mut HeaderMap) {
    headers.remove(MARK);
    let code = headers.get(Status::GRPC_STATUS).and_then(|code| code.to_str().ok()?.parse::<u32>().ok());
    if code.is_some_and(|code| code != 0) {
        headers.insert(MARK, HeaderValue::from_static("1"));
    }
}

/// UNKNOWN, as other gRPC clients have it.
fn cut_off() -> Status {
    let mut status = Status::unknown("");
    status.set_source(Arc::new(CutOff));
    status
}
