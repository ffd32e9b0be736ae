//! A call's unhappy end, told: what was called, what the server said, what to do.

use tonic::{Code, Status};

use super::sent_status::{self, CutOff};
use super::{retry, unreadable};
use crate::error::{Error, ErrorKind, Outcome, code_name};
use crate::grpc::{diagnostics, non_grpc_response};
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// The error for `status`, which ended `what` ("register repository.Plugin at grpc://host:port").
///
/// The exit code is 64 + [`code`]. Only a client certificate that a proxy asks for in HTTP is the connection's affair, as
/// it is elsewhere.
pub fn error(what: &str, status: &Status) -> Error {
    let Some(source) = std::error::Error::source(status) else {
        let failed = Error::status(status.code(), format!("{what}: {}", code_name(status.code())));
        let failed = if status.message().is_empty() { failed } else { failed.cause(status.message()) };
        return hinted(failed, of_code(status.code(), status.message()));
    };
    // Made here: the cause below says more than the status.
    let code = code(status);
    let failed = match non_grpc_response::find(source) {
        Some(answer) if answer.is_about_certificate() => Error::local(what),
        _ => Error::status(code, format!("{what}: {}", code_name(code))),
    };
    let general = || match retry::is_unprocessed(status) {
        true => Some(NOT_PROCESSED),
        false => of_code(code, status.message()),
    };
    hinted(failed.caused_by(source), diagnostics::of(source).or_else(general))
}

/// The code that `status` stands for, also where it was made on this side, as gRPC clients do: a deadline that passed,
/// that of gRPC's table for a stream that was reset ("HTTP2 Transport Mapping", Errors), UNAVAILABLE for a connection that
/// broke, and what stands for an answer in HTTP that is no gRPC.
pub fn code(status: &Status) -> Code {
    let Some(source) = std::error::Error::source(status) else { return status.code() };
    let is_reset = |error: &h2::Error| error.is_reset();
    let has_code = non_grpc_response::find(source).is_some()
        || unreadable::is_in(source)
        || retry::sources(source).any(|error| error.is::<CutOff>() || error.downcast_ref().is_some_and(is_reset));
    if has_code { status.code() } else { Code::Unavailable }
}

/// As [`error`], for the first question on a connection: where that carries no gRPC, setting it up has failed.
pub fn first_error(what: &str, status: &Status) -> Error {
    match std::error::Error::source(status) {
        Some(source) if non_grpc_response::find(source).is_none() && !unreadable::is_in(source) => {
            // HTTP/2 is spoken there, and the call was broken off: as nginx does where what is behind it says nothing.
            let hint = diagnostics::of(source)
                .unwrap_or("a proxy between may have waited in vain for the service: is it running?");
            Error::local(what).caused_by(source).hint(hint)
        }
        _ => error(what, status),
    }
}

/// Whether a call failed because its answer is larger than one message may be, be it here or at the server. A request that
/// is too large for the server stays so, however little is asked for.
pub fn is_too_large(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Status(Code::OutOfRange | Code::ResourceExhausted))
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
        // tonic, of an answer that was compressed.
        || says("Error decompressing: size limit")
        // tonic, at a server and here. What a server decodes is a request, but its limit is another then: beyond the one
        // that holds here nothing is ever sent.
        || says("encoded message length too large")
        || (says("decoded message length too large") && says(&format!("the limit is: {MAX_MESSAGE_SIZE} bytes")))
}

/// Whether a service says that it did the work and cannot send the answer, in the words of one of gRPC's libraries.
fn tells_of_unsent_answer(message: &str) -> bool {
    // Python and Go.
    tells_of_large_answer(message)
        || message.contains("Failed to serialize response")
        || message.contains("error while marshaling")
}

/// The embedded Repository's words, which says so before it does anything; no other service tells why it is UNAVAILABLE.
const ASKS_REGISTRY: &str = "cannot ask the registry ";

/// What a call that ended in `status` has done. Only a service's own status says that it did nothing, or a proxy's refusal.
///
/// A service that says UNAVAILABLE may have been ended in the middle of the work, as may one for which a proxy says so (502,
/// 503, 504), and what it does after a deadline nobody hears of. One that cannot send its answer has done the work.
pub fn effect(status: &Status) -> Outcome {
    let Some(source) = std::error::Error::source(status) else {
        return match status.code() {
            // Made here: the answer cannot be read, or did not come in time.
            _ if !sent_status::is_sent(status) => Outcome::Unknown,
            Code::Unavailable if status.message().contains(ASKS_REGISTRY) => Outcome::Rejected,
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Outcome::Unknown,
            _ if tells_of_unsent_answer(status.message()) => Outcome::Unknown,
            _ => Outcome::Rejected,
        };
    };
    match non_grpc_response::find(source) {
        _ if retry::is_unprocessed(status) => Outcome::NotSent,
        Some(answer) if answer.is_rejection() => Outcome::Rejected,
        _ => Outcome::Unknown,
    }
}

/// `error` of a call of `verb`, which had this effect; with what to do where it may have changed something.
pub fn with_outcome(error: Error, verb: &str, effect: Outcome) -> Error {
    let says_so = || error.problems().iter().flat_map(|problem| &problem.hints).any(|hint| hint.contains("so look "));
    let is_in_doubt = effect == Outcome::Unknown && !retry::reads_only(verb) && !says_so();
    hinted(error.with_outcome(effect), is_in_doubt.then_some(LOOK))
}

const LOOK: &str = "the service may have done it: look at what is there before sending it again";
const NOT_PROCESSED: &str = "nothing was done: try again";

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

    fn sent(code: Code, message: &str) -> Status {
        let head = http::Response::builder().header("grpc-status", code as i32).header("grpc-message", message);
        let response = sent_status::mark(head.body(tonic::body::Body::empty()).unwrap());
        Status::from_header_map(response.headers()).unwrap()
    }

    #[test]
    fn a_proxy_that_rejects_a_request_is_told_from_one_whose_service_may_have_done_it() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        for (expected, answers) in [
            (Outcome::Rejected, &[301, 400, 401, 403, 404, 405, 413, 415][..]),
            (Outcome::Unknown, &[200, 204, 408, 429, 499, 500, 502, 503, 504, 520, 524]),
        ] {
            for http in answers {
                let response = http::Response::builder().status(*http).body(tonic::body::Body::empty()).unwrap();
                let answer = runtime.block_on(non_grpc_response::NotGrpc::read(response));
                let mut status = Status::new(answer.code(), "");
                status.set_source(Arc::new(answer));
                assert_eq!(effect(&status), expected, "{http}");
            }
        }
    }

    #[test]
    fn only_a_status_that_was_sent_says_that_nothing_was_done() {
        for code in [Code::AlreadyExists, Code::InvalidArgument, Code::Internal, Code::Unknown, Code::Unauthenticated] {
            assert_eq!(effect(&sent(code, "x")), Outcome::Rejected, "{code:?}");
            assert_eq!(effect(&Status::new(code, "x")), Outcome::Unknown, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled] {
            assert_eq!(effect(&sent(code, "x")), Outcome::Unknown, "{code:?}");
        }
        assert_eq!(effect(&sent(Code::Unavailable, "cannot ask the registry r.example.com: away")), Outcome::Rejected);
        assert_eq!(effect(&sent(Code::ResourceExhausted, "quota exceeded")), Outcome::Rejected);
        assert_eq!(effect(&sent(Code::ResourceExhausted, "Sent message larger than max (9 vs. 4)")), Outcome::Unknown);
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
            let mut status = Status::unknown("transport error");
            status.set_source(Arc::from(source));
            status
        };
        assert_eq!(effect(&broken("reset".into())), Outcome::Unknown);
        assert_eq!(effect(&broken(Box::new(retry::Unprocessed("refused".into())))), Outcome::NotSent);
    }

    #[test]
    fn what_may_have_been_done_comes_with_the_advice_to_look_once() {
        let hints = |verb, code| {
            let error = with_outcome(error("x", &Status::new(code, "")), verb, Outcome::Unknown);
            error.problems()[0].hints.clone()
        };
        assert_eq!(hints("register", Code::Internal), [LOOK]);
        assert!(hints("list", Code::Internal).is_empty());
        assert_eq!(hints("register", Code::Unavailable).len(), 1);
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
            (
                ResourceExhausted,
                "Error decompressing: size limit, of 4 bytes, exceeded while decompressing message",
                true,
            ),
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
