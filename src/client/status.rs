//! A call's unhappy end, told: what was called, what the server said, what to do.

use tonic::{Code, Status};

use super::retry;
use crate::error::{Error, code_name};

/// The error for `status`, which ended `what` ("register repository.Plugin at grpc://host:port").
///
/// The exit code is 64 + the status code, also where the status was made on this side, as gRPC clients do for a
/// connection that breaks and a deadline that passes.
pub fn error(what: &str, status: &Status) -> Error {
    let code = status.code();
    let failed = Error::status(code, format!("{what}: {}", code_name(code)));
    let failed = match std::error::Error::source(status) {
        // Made here: the cause below says more than the status.
        Some(source) => failed.caused_by(source),
        None if status.message().is_empty() => failed,
        None => failed.cause(status.message()),
    };
    match advice(status) {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

fn advice(status: &Status) -> Option<&'static str> {
    if retry::sources(status)
        .filter_map(|error| error.downcast_ref::<h2::Error>())
        .any(|error| matches!(error.reason(), Some(h2::Reason::FRAME_SIZE_ERROR | h2::Reason::PROTOCOL_ERROR)))
    {
        return Some("what listens there does not speak plaintext HTTP/2: if it speaks TLS, use grpc+ssl://");
    }
    match status.code() {
        Code::Unauthenticated => Some(
            "set a valid api_key: `spacectl config set api_key KEY`, or SPACECTL_API_KEY for one call; \
             an expired key gives the same answer",
        ),
        Code::PermissionDenied => Some("the api_key's role may not do this: ask for a key that may"),
        Code::DeadlineExceeded => Some("--timeout waits longer"),
        Code::OutOfRange if status.message().contains("message length too large") => {
            Some("ask for less at once: -l and --page, or -c with fewer columns")
        }
        _ => None,
    }
}
