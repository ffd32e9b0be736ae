//! Responses that cannot be read: their outcome is unknown.

use std::error::Error as StdError;
use std::sync::Arc;

use http::HeaderMap;
use tonic::Status;

use super::retry;
use crate::error::panics;

const GRPC_ENCODING: &str = "grpc-encoding";

/// Why a response cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Unreadable {
    #[error("the response is compressed with {0:?}: only gzip is supported")]
    Encoding(String),
    /// A library panicked over it.
    #[error("internal error while reading the answer: {0}")]
    Panic(String),
}

/// Whether `error` or one below it says that a response cannot be read.
pub(super) fn is_in(error: &(dyn StdError + 'static)) -> bool {
    retry::sources(error).any(|error| error.is::<Unreadable>())
}

/// Whether `error` is how h2 refuses headers or trailers that are longer than it reads.
pub(super) fn is_about_headers(error: &h2::Error) -> bool {
    matches!(error.reason(), Some(h2::Reason::PROTOCOL_ERROR | h2::Reason::ENHANCE_YOUR_CALM)) && !error.is_remote()
}

/// Awaits `call`, and turns a panic into an error.
pub(super) async fn guard<T>(call: impl Future<Output = Result<T, Status>>) -> Result<T, Status> {
    panics::catch_async(call).await.unwrap_or_else(|panic| Err(Unreadable::Panic(panic).into()))
}

/// Refuses an encoding that cannot be decoded. tonic does too, but by UNIMPLEMENTED, which means an unknown method.
pub(super) fn check_encoding(headers: &HeaderMap) -> Result<(), Unreadable> {
    match headers.get(GRPC_ENCODING).map(|encoding| encoding.as_bytes()) {
        // A response without messages.
        _ if headers.contains_key(Status::GRPC_STATUS) => Ok(()),
        None | Some(b"gzip" | b"identity") => Ok(()),
        Some(other) => Err(Unreadable::Encoding(String::from_utf8_lossy(other).into_owned())),
    }
}

impl From<Unreadable> for Status {
    fn from(unreadable: Unreadable) -> Self {
        let mut status = Self::internal("");
        status.set_source(Arc::new(unreadable));
        status
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::super::status;
    use super::*;
    use crate::error::Outcome;

    #[test]
    fn a_library_that_panics_over_an_answer_leaves_open_what_was_done() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let status = runtime.block_on(guard(async { panic!("boom") as Result<(), Status> })).unwrap_err();
        assert_eq!((status.code(), status::outcome(&status)), (Code::Internal, Outcome::Unknown));
        let error = status::error("register", &status).to_string();
        assert_eq!(error, "error: register: INTERNAL\ncause: internal error while reading the answer: boom",);
    }
}
