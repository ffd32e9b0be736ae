//! What may be sent again, and how long to wait before.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use backon::ExponentialBuilder;
use tonic::{Code, Status};

/// Two more tries, after about 100 ms and 300 ms, jittered so that many clients do not come back at once.
pub fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_factor(3.0)
        .with_max_times(2)
        .with_jitter()
}

/// Whether a verb only reads, by the platform's naming: `list`, `get`, `stat`, `analyze`, `search`, alone or as the
/// first word (`get_versions`).
pub fn reads_only(verb: &str) -> bool {
    let first_word = verb.split('_').next().unwrap_or(verb);
    matches!(first_word, "list" | "get" | "stat" | "analyze" | "search")
}

/// Whether a call of `verb` that ended in `status` may be sent again.
///
/// A verb that reads may be, when the service is not there at the moment. A verb that writes may be only where the
/// request cannot have been acted on: HTTP/2 promises that of a refused stream (RFC 9113, section 8.7).
pub fn may_send_again(verb: &str, status: &Status) -> bool {
    refused_stream(status) || (reads_only(verb) && status.code() == Code::Unavailable)
}

fn refused_stream(status: &Status) -> bool {
    sources(status).any(|error| {
        error
            .downcast_ref::<h2::Error>()
            .is_some_and(|error| error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM))
    })
}

/// Whether setting up a connection may be tried again: nothing was sent, and the failure was quick and may pass.
/// Waiting in vain, an unknown name or a refused certificate are not like that.
pub fn may_connect_again(error: &tonic::transport::Error) -> bool {
    sources(error).filter_map(|error| error.downcast_ref::<io::Error>()).any(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
        )
    })
}

/// An error and all that lies below it.
pub fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_verbs_that_read_are_sent_again_when_the_service_is_away() {
        let away = Status::unavailable("x");
        for verb in ["list", "get", "stat", "analyze", "get_versions"] {
            assert!(may_send_again(verb, &away), "{verb}");
        }
        for verb in ["register", "update", "deregister", "getaway", "enable", "create"] {
            assert!(!may_send_again(verb, &away), "{verb}");
        }
    }

    #[test]
    fn other_answers_are_final() {
        assert!(!may_send_again("list", &Status::internal("x")));
        assert!(!may_send_again("list", &Status::deadline_exceeded("x")));
    }
}
