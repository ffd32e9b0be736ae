//! A call's unhappy end, told: what was called, what the server said, what to do.

use tonic::{Code, Status};

use crate::error::{Error, code_name};

/// The error for `status`, which ended `what` ("register repository.Plugin at grpc://host:port").
///
/// The exit code is 64 + the status code, also where the status was made on this side, as gRPC clients do: a deadline
/// that passed, and UNAVAILABLE for a connection that broke.
pub fn error(what: &str, status: &Status) -> Error {
    let source = std::error::Error::source(status);
    let code = if source.is_some() { Code::Unavailable } else { status.code() };
    let failed = Error::status(code, format!("{what}: {}", code_name(code)));
    let failed = match source {
        // Made here: the cause below says more than the status.
        Some(source) => failed.caused_by(source),
        None if status.message().is_empty() => failed,
        None => failed.cause(status.message()),
    };
    match advice(code, status.message()) {
        Some(hint) => failed.hint(hint),
        None => failed,
    }
}

fn advice(code: Code, message: &str) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => Some(
            "set a valid api_key: `spacectl config set api_key -`, or SPACECTL_API_KEY for one call; \
             an expired key gives the same answer",
        ),
        Code::PermissionDenied => Some("the api_key's role may not do this: ask for a key that may"),
        Code::AlreadyExists => Some("the verb update changes what is there, with the fields that it takes"),
        Code::Unavailable => Some(
            "the service is away or restarting: try again; a verb that writes may have done its work, so look first",
        ),
        Code::DeadlineExceeded => {
            Some("--timeout waits longer; a verb that writes may have done its work, so look before sending it again")
        }
        Code::OutOfRange if message.contains("message length too large") => {
            Some("ask for less at once: -l and --page, or -c with fewer columns")
        }
        _ => None,
    }
}
