//! A call's unhappy end, told: what was called, what the server said, what to do.

use tonic::{Code, ConnectError, Status};

use super::{advice, not_grpc, retry};
use crate::error::{Effect, Error, Kind, code_name};

/// The error for `status`, which ended `what` ("register repository.Plugin at grpc://host:port").
///
/// The exit code is 64 + the status code, also where the status was made on this side, as gRPC clients do: a deadline
/// that passed, UNAVAILABLE for a connection that broke, and what stands for an answer in HTTP that is no gRPC. Only a
/// client certificate that a proxy asks for in HTTP is the connection's affair, as it is elsewhere.
pub fn error(what: &str, status: &Status) -> Error {
    let Some(source) = std::error::Error::source(status) else {
        let failed = Error::status(status.code(), format!("{what}: {}", code_name(status.code())));
        let failed = if status.message().is_empty() { failed } else { failed.cause(status.message()) };
        return hinted(failed, of_code(status.code(), status.message()));
    };
    // Made here: the cause below says more than the status.
    let (failed, code) = match not_grpc::find(source) {
        Some(answer) if answer.is_about_certificate() => (Error::local(what), Code::Unavailable),
        Some(_) => (Error::status(status.code(), format!("{what}: {}", code_name(status.code()))), status.code()),
        None => {
            (Error::status(Code::Unavailable, format!("{what}: {}", code_name(Code::Unavailable))), Code::Unavailable)
        }
    };
    hinted(failed.caused_by(source), advice::of(source).or_else(|| of_code(code, status.message())))
}

/// As [`error`], for the first question on a connection: where that carries no gRPC, setting it up has failed.
pub fn first_error(what: &str, status: &Status) -> Error {
    match std::error::Error::source(status) {
        Some(source) if not_grpc::find(source).is_none() => {
            // HTTP/2 is spoken there, and the call was broken off: as nginx does where what is behind it says nothing.
            let hint =
                advice::of(source).unwrap_or("a proxy between may have waited in vain for the service: is it running?");
            Error::local(what).caused_by(source).hint(hint)
        }
        _ => error(what, status),
    }
}

/// Whether a call failed because its answer is larger than one message may be: here, as tonic says it, or at the server, as
/// gRPC's libraries for C++, Python and Go do.
pub fn is_too_large(error: &Error) -> bool {
    let says = |cause: &String| cause.contains(TOO_LARGE) || cause.contains("larger than max");
    matches!(error.kind(), Kind::Status(Code::OutOfRange | Code::ResourceExhausted))
        && error.problems().iter().flat_map(|problem| &problem.causes).any(says)
}

/// tonic's words.
const TOO_LARGE: &str = "message length too large";

/// What a call that ended in `status` has done. A service that says UNAVAILABLE may have been ended in the middle of the
/// work, and what it does behind a deadline nobody hears of.
pub fn effect(status: &Status) -> Effect {
    match (status.code(), std::error::Error::source(status)) {
        (_, Some(source)) if retry::sources(source).any(|error| error.is::<ConnectError>()) => Effect::Unsent,
        (Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled, _) => Effect::Unknown,
        // Made here, and by no proxy's answer: the connection broke.
        (_, Some(source)) if not_grpc::find(source).is_none() => Effect::Unknown,
        _ => Effect::None,
    }
}

fn hinted(error: Error, hint: Option<&str>) -> Error {
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

fn of_code(code: Code, message: &str) -> Option<&'static str> {
    match code {
        Code::Unauthenticated => Some(
            "set a valid api_key: `spacectl config set api_key -`, or SPACECTL_API_KEY for one call; \
             an expired key gives the same answer",
        ),
        Code::PermissionDenied => Some("the api_key's role may not do this: ask for a key that may"),
        Code::AlreadyExists => Some("the verb update changes what is there, with the fields that it takes"),
        // The embedded Repository's words; no other service tells why.
        Code::Unavailable if message.contains("cannot ask the registry ") => Some(
            "the service has changed nothing, for it must ask its image registry first: see to that, and try again",
        ),
        Code::Unavailable => Some(
            "the service is away or restarting: try again; a verb that writes may have done its work, so look first",
        ),
        Code::DeadlineExceeded => {
            Some("--timeout waits longer; a verb that writes may have done its work, so look before sending it again")
        }
        Code::OutOfRange if message.contains(TOO_LARGE) => {
            Some("ask for less at once: -l and --page, or -c with fewer columns")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_was_done_is_unknown_unless_a_service_has_said_so_or_nothing_was_sent() {
        for code in [Code::AlreadyExists, Code::InvalidArgument, Code::Internal, Code::Unknown, Code::Unauthenticated] {
            assert_eq!(effect(&Status::new(code, "x")), Effect::None, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled] {
            assert_eq!(effect(&Status::new(code, "x")), Effect::Unknown, "{code:?}");
        }
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
            let mut status = Status::unknown("transport error");
            status.set_source(Arc::from(source));
            status
        };
        assert_eq!(effect(&broken("reset".into())), Effect::Unknown);
        assert_eq!(effect(&broken(Box::new(ConnectError("refused".into())))), Effect::Unsent);
    }
}
