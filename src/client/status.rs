//! A call's unhappy end, told: what was called, what the server said, what to do.

use tonic::{Code, ConnectError, Status};

use super::{advice, not_grpc, retry};
use crate::error::{Effect, Error, Kind, code_name};
use crate::platform::MAX_MESSAGE_SIZE;

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

/// Whether a call failed because its answer is larger than one message may be, be it here or at the server. A request that
/// is too large for the server stays so, however little is asked for.
pub fn is_too_large(error: &Error) -> bool {
    matches!(error.kind(), Kind::Status(Code::OutOfRange | Code::ResourceExhausted))
        && error.problems().iter().flat_map(|problem| &problem.causes).any(|cause| tells_of_large_answer(cause))
}

/// Whether this is said of an answer, in the words of one of gRPC's libraries.
fn tells_of_large_answer(message: &str) -> bool {
    let says = |words: &str| message.contains(words);
    // C++, Python and Node: of a request a server says "Received". What speaks as a client is a server that has asked
    // another.
    (says("Sent message larger than max") && !says("CLIENT: Sent"))
        || says("CLIENT: Received message larger than max")
        // Go.
        || says("trying to send message larger than max")
        // tonic, at a server and here. What a server decodes is a request, but its limit is another then: beyond the one
        // that holds here nothing is ever sent.
        || says("encoded message length too large")
        || (says("decoded message length too large") && says(&format!("the limit is: {MAX_MESSAGE_SIZE} bytes")))
}

/// The embedded Repository's words, which says so before it does anything; no other service tells why it is UNAVAILABLE.
const ASKS_REGISTRY: &str = "cannot ask the registry ";

/// What a call that ended in `status` has done. A service that says UNAVAILABLE may have been ended in the middle of the
/// work, as may one for which a proxy says so (502, 503, 504), and what it does behind a deadline nobody hears of.
pub fn effect(status: &Status) -> Effect {
    match (status.code(), std::error::Error::source(status)) {
        (_, Some(source)) if retry::sources(source).any(|error| error.is::<ConnectError>()) => Effect::Unsent,
        (Code::Unavailable, None) if status.message().contains(ASKS_REGISTRY) => Effect::None,
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
        Code::AlreadyExists => Some("the verb update changes what is there, with the fields that it takes"),
        Code::Unavailable if message.contains(ASKS_REGISTRY) => Some(
            "the service has changed nothing, for it must ask its image registry first: see to that, and try again",
        ),
        Code::Unavailable => Some(
            "the service is away or restarting: try again; a verb that writes may have done its work, so look first",
        ),
        Code::DeadlineExceeded => {
            Some("--timeout waits longer; a verb that writes may have done its work, so look before sending it again")
        }
        Code::OutOfRange | Code::ResourceExhausted if tells_of_large_answer(message) => {
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
    fn a_proxy_that_refuses_a_request_is_told_from_one_whose_service_is_away() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (http, expected) in [
            (400, Effect::None),
            (403, Effect::None),
            (413, Effect::None),
            (429, Effect::Unknown),
            (502, Effect::Unknown),
            (503, Effect::Unknown),
            (504, Effect::Unknown),
        ] {
            let response = http::Response::builder().status(http).body(tonic::body::Body::empty()).unwrap();
            let answer = runtime.block_on(not_grpc::NotGrpc::read(response));
            let mut status = Status::new(answer.code(), "");
            status.set_source(Arc::new(answer));
            assert_eq!(effect(&status), expected, "{http}");
        }
        assert_eq!(effect(&Status::unavailable("cannot ask the registry r.example.com: away")), Effect::None);
    }

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

    #[test]
    fn an_answer_that_is_too_large_is_known_from_a_request_that_is() {
        use Code::{OutOfRange, ResourceExhausted};
        let here =
            format!("Error, decoded message length too large: found 9 bytes, the limit is: {MAX_MESSAGE_SIZE} bytes");
        for (code, message, is_answer) in [
            (ResourceExhausted, "Sent message larger than max (9 vs. 4)", true),
            (ResourceExhausted, "SERVER: Sent message larger than max (9 vs. 4)", true),
            (ResourceExhausted, "CLIENT: Sent message larger than max (9 vs. 4)", false),
            (ResourceExhausted, "Received message larger than max (9 vs. 4)", false),
            (ResourceExhausted, "SERVER: Received message larger than max (9 vs. 4)", false),
            (ResourceExhausted, "CLIENT: Received message larger than max (9 vs. 4)", true),
            (ResourceExhausted, "grpc: trying to send message larger than max (9 vs. 4)", true),
            (ResourceExhausted, "grpc: received message larger than max (9 vs. 4)", false),
            (OutOfRange, "Error, encoded message length too large: found 9 bytes, the limit is: 4 bytes", true),
            (OutOfRange, "Error, decoded message length too large: found 9 bytes, the limit is: 4 bytes", false),
            (OutOfRange, &here, true),
            (ResourceExhausted, "quota exceeded", false),
            (Code::Internal, "Sent message larger than max (9 vs. 4)", false),
        ] {
            let error = error("list", &Status::new(code, message));
            assert_eq!(
                (is_too_large(&error), !error.problems()[0].hints.is_empty()),
                (is_answer, is_answer),
                "{message}"
            );
        }
    }
}
