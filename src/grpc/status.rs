//! The error for a gRPC status: call, server's words, hints, outcome.

use tonic::{Code, Status};

use super::response::{self, CutOff};
use super::{retry, unreadable};
use crate::error::{Error, ErrorKind, Outcome, code_name};
use crate::grpc::{diagnostics, non_grpc_response};
use crate::schema::spaceone::MAX_MESSAGE_SIZE;

/// The error for `status`, which ended `what` ("register repository.Plugin at grpc://host:port").
///
/// The exit code is 64 + [`code`], or 1 if a proxy asks for a client certificate in HTTP, as if it failed in TLS.
pub fn error(what: &str, status: &Status) -> Error {
    let Some(source) = std::error::Error::source(status) else {
        let failed = Error::status(status.code(), format!("{what}: {}", code_name(status.code())));
        let failed = if status.message().is_empty() { failed } else { failed.cause(status.message()) };
        let failed = if response::is_sent(status) { failed.with_sent_text(status.message()) } else { failed };
        let is_too_large = matches!(status.code(), Code::OutOfRange | Code::ResourceExhausted)
            && is_about_large_response(status.message());
        return failed.hints(hint_for_status(status, is_too_large)).with_response_too_large(is_too_large);
    };
    // The status was made here: its source says more.
    let code = code(status);
    let failed = match non_grpc_response::find(source) {
        Some(answer) if answer.is_about_certificate() => Error::local(what),
        _ => Error::status(code, format!("{what}: {}", code_name(code))),
    };
    let general = || match () {
        () if retry::is_unprocessed(status) => Some(NOT_PROCESSED),
        () if retry::sources(source).any(|error| error.downcast_ref().is_some_and(unreadable::is_about_headers)) => {
            Some(LONG_HEADERS)
        }
        () => hint_for_code(code),
    };
    failed.caused_by(source).hints(diagnostics::find_hint(source).or_else(general))
}

/// The code of `status`. A status that was made here has a code if gRPC says which: for an HTTP status ("HTTP to gRPC
/// Status Code Mapping") and for a stream that was reset ("HTTP2 Transport Mapping", Errors). Any other is UNAVAILABLE,
/// since the connection broke.
pub fn code(status: &Status) -> Code {
    let Some(source) = std::error::Error::source(status) else { return status.code() };
    let is_reset = |error: &h2::Error| error.is_reset();
    let has_code = non_grpc_response::find(source).is_some()
        || unreadable::is_in(source)
        || retry::sources(source).any(|error| error.is::<CutOff>() || error.downcast_ref().is_some_and(is_reset));
    if has_code { status.code() } else { Code::Unavailable }
}

/// As [`error`], for the first request on a connection: if that carries no gRPC, connecting has failed.
pub fn first_error(what: &str, status: &Status) -> Error {
    match std::error::Error::source(status) {
        Some(source) if non_grpc_response::find(source).is_none() && !unreadable::is_in(source) => {
            // HTTP/2 works, and the call was broken off: as nginx does if the service does not respond.
            let hint = diagnostics::find_hint(source)
                .unwrap_or("check that the service is running: a proxy between may have waited for it in vain");
            Error::local(what).caused_by(source).hint(hint)
        }
        _ => error(what, status),
    }
}

/// Whether a message is about a large response, by the texts of gRPC's libraries: they have no code for that.
fn is_about_large_response(message: &str) -> bool {
    let says = |words: &str| message.contains(words);
    // C++, Python and Node. "Received" is about a request, except where the service was itself the client of another
    // ("CLIENT:"). What it then sent was a request.
    (says("Sent message larger than max") && !says("CLIENT: Sent"))
        || says("CLIENT: Received message larger than max")
        // Go.
        || says("trying to send message larger than max")
        // tonic, if the response was compressed.
        || says("Error decompressing: size limit")
        // tonic: what a server encodes is a response. What was decoded is one only if the limit is ours; a request
        // beyond that is never sent.
        || says("encoded message length too large")
        || (says("decoded message length too large") && says(&format!("the limit is: {MAX_MESSAGE_SIZE} bytes")))
}

/// Whether a message says that the response to finished work cannot be sent, by the texts of gRPC's libraries.
fn is_about_unsent_response(message: &str) -> bool {
    // Python and Go.
    is_about_large_response(message)
        || message.contains("Failed to serialize response")
        || message.contains("error while marshaling")
}

/// Whether a message says that too much was sent in a time. Of disks and sizes it says other things.
fn is_about_quota(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["quota", "rate", "throttl", "too many"].iter().any(|word| message.contains(word))
}

/// The metadata of an UNAVAILABLE with which the embedded Repository promises that nothing was done.
pub const NOTHING_DONE: &str = "spacectl-nothing-done";

/// What a call that ended in `status` has done. It is known to have done nothing if a service has sent the status, or
/// if a proxy has refused the request.
///
/// Exceptions are UNAVAILABLE (also from a proxy, by 502, 503 or 504) and a deadline, after which the work may be done
/// in part, and a service that has done the work but cannot send its response.
pub fn outcome(status: &Status) -> Outcome {
    let Some(source) = std::error::Error::source(status) else {
        return match status.code() {
            // Made here: the response cannot be read, or did not come in time.
            _ if !response::is_sent(status) => Outcome::Unknown,
            _ if says_nothing_done(status) => Outcome::Rejected,
            Code::Unavailable | Code::DeadlineExceeded | Code::Cancelled => Outcome::Unknown,
            _ if is_about_unsent_response(status.message()) => Outcome::Unknown,
            _ => Outcome::Rejected,
        };
    };
    match non_grpc_response::find(source) {
        _ if retry::is_unprocessed(status) => Outcome::NotSent,
        Some(answer) if answer.is_rejection() => Outcome::Rejected,
        _ => Outcome::Unknown,
    }
}

fn says_nothing_done(status: &Status) -> bool {
    status.metadata().contains_key(NOTHING_DONE)
}

/// `error` of a call that had this outcome, with what to do where it may have changed something.
pub fn with_outcome(error: Error, is_read_only: bool, outcome: Outcome) -> Error {
    let is_in_doubt = outcome == Outcome::Unknown && !is_read_only;
    error.with_outcome(outcome).hints(is_in_doubt.then_some(LOOK))
}

/// Whether the service refused the token before it did anything: then a new one may help. Where another status of this
/// code comes from, e.g. from a service that this one called, only reads may be sent again.
pub fn is_token_refused(status: &Status, is_read_only: bool) -> bool {
    let text = status.message();
    let is_own = text.is_empty() || text.starts_with("ERROR_AUTHENTICATE_FAILURE");
    status.code() == Code::Unauthenticated && response::is_sent(status) && (is_own || is_read_only)
}

/// Adds `advice` on the key, or what to ask for, to an error about a key that a service misses or refuses, if it has no
/// better hint.
pub fn advise_on_key(error: Error, has_key: bool, advice: &str) -> Error {
    let ErrorKind::Status(code) = error.kind() else { return error };
    if error.problems().iter().any(|problem| !problem.hints.is_empty()) {
        return error;
    }
    match code {
        Code::Unauthenticated | Code::PermissionDenied if !has_key && !advice.is_empty() => error.hint(advice),
        Code::Unauthenticated if !advice.is_empty() => {
            error.hint(format!("{advice}; an expired key gives the same answer"))
        }
        Code::PermissionDenied => error.hint("the role of the key or session may not do this: ask for one that may"),
        _ => error,
    }
}

const LOOK: &str = "check what is there before sending it again: the service may have done it";
const QUOTA: &str = "wait a while, or send less at once (exec: --parallel): the service's words say what is used up";
const LONG_HEADERS: &str =
    "ask who runs the service: its headers may be longer than 1 MiB, beyond which they are not read";
const NOT_PROCESSED: &str = "nothing was done: try again";

fn hint_for_status(status: &Status, is_response_too_large: bool) -> Option<&'static str> {
    match status.code() {
        Code::Unavailable if says_nothing_done(status) => Some("nothing was changed: see to the cause, then try again"),
        Code::ResourceExhausted if is_about_quota(status.message()) => Some(QUOTA),
        _ if is_response_too_large => Some("ask for less at once: -l and --page, or -c with fewer columns"),
        code => hint_for_code(code),
    }
}

fn hint_for_code(code: Code) -> Option<&'static str> {
    match code {
        Code::AlreadyExists => Some("use the verb update, or `spacectl plugin apply -f FILE` for a plugin"),
        Code::Unavailable => Some("wait until the service is back: it is away or restarting"),
        Code::DeadlineExceeded => Some("use --timeout to wait longer"),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tonic::metadata::MetadataValue;

    use super::*;

    fn sent(code: Code, message: &str) -> Status {
        let head = http::Response::builder().header("grpc-status", code as i32).header("grpc-message", message);
        let response = response::prepare(head.body(tonic::body::Body::empty()).unwrap());
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
                let answer = runtime.block_on(non_grpc_response::NonGrpcResponse::read(response));
                let mut status = Status::new(answer.code(), "");
                status.set_source(Arc::new(answer));
                assert_eq!(outcome(&status), expected, "{http}");
            }
        }
    }

    #[test]
    fn only_a_status_that_was_sent_says_that_nothing_was_done() {
        for code in [Code::AlreadyExists, Code::InvalidArgument, Code::Internal, Code::Unknown, Code::Unauthenticated] {
            assert_eq!(outcome(&sent(code, "x")), Outcome::Rejected, "{code:?}");
            assert_eq!(outcome(&Status::new(code, "x")), Outcome::Unknown, "{code:?}");
        }
        for code in [Code::Unavailable, Code::DeadlineExceeded, Code::Cancelled] {
            assert_eq!(outcome(&sent(code, "x")), Outcome::Unknown, "{code:?}");
        }
        let mut nothing_done = sent(Code::Unavailable, "x");
        nothing_done.metadata_mut().insert(NOTHING_DONE, MetadataValue::from_static("1"));
        assert_eq!(outcome(&nothing_done), Outcome::Rejected);
        assert_eq!(outcome(&sent(Code::ResourceExhausted, "quota exceeded")), Outcome::Rejected);
        assert_eq!(outcome(&sent(Code::ResourceExhausted, "Sent message larger than max (9 vs. 4)")), Outcome::Unknown);
        let broken = |source: Box<dyn std::error::Error + Send + Sync>| {
            let mut status = Status::unknown("transport error");
            status.set_source(Arc::from(source));
            status
        };
        assert_eq!(outcome(&broken("reset".into())), Outcome::Unknown);
        assert_eq!(outcome(&broken(Box::new(retry::Unprocessed("refused".into())))), Outcome::NotSent);
    }

    #[test]
    fn what_may_have_been_done_comes_with_the_advice_to_look_once() {
        let hints = |is_read_only, code| {
            let error = with_outcome(error("x", &Status::new(code, "")), is_read_only, Outcome::Unknown);
            error.problems()[0].hints.clone()
        };
        assert_eq!(hints(false, Code::Internal), [LOOK]);
        assert!(hints(true, Code::Internal).is_empty());
        assert_eq!(hints(false, Code::Unavailable).last().unwrap(), LOOK);
    }

    #[test]
    fn a_quota_passes() {
        for (message, passes) in
            [("Quota exceeded", true), ("rate limit", true), ("Too many requests", true), ("disk full", false)]
        {
            let error = error("list", &Status::new(Code::ResourceExhausted, message));
            assert_eq!(error.problems()[0].hints.first().is_some_and(|hint| hint == QUOTA), passes, "{message}");
            assert!(!error.is_response_too_large());
        }
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
            (Code::Internal, "Sent message larger than max (9 vs. 4)", false),
        ] {
            let error = error("list", &Status::new(code, message));
            assert_eq!(
                (error.is_response_too_large(), !error.problems()[0].hints.is_empty()),
                (is_answer, is_answer),
                "{message}"
            );
        }
    }
}
