//! Which requests may be sent again, and when.

use std::error::Error as StdError;
use std::io;
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBackoff, ExponentialBuilder, Retryable as _};
use tokio::time::Instant;
use tonic::{Code, ConnectError, Status};

use super::response::CutOff;
use super::status_details;

/// The longest total wait of a request that the peer does not process, since any request had a response.
const PATIENCE: Duration = Duration::from_secs(10);

/// The same if nothing listens: a service that restarts is back by then.
const RESTART: Duration = Duration::from_secs(3);

/// A service that asks to wait longer is not waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// The metadata with which a service says when to send a request again, in milliseconds.
const PUSHBACK: &str = "grpc-retry-pushback-ms";

/// Two more attempts, after about 100 ms and 300 ms.
pub fn backoff() -> ExponentialBuilder {
    ExponentialBuilder::new()
        .with_min_delay(Duration::from_millis(100))
        .with_factor(3.0)
        .with_max_times(2)
        .with_jitter()
}

/// Whether the platform's methods of this name only read. `get_or_create` does not.
pub fn is_read_only(verb: &str) -> bool {
    matches!(verb, "list" | "get" | "stat" | "analyze") || (verb.starts_with("get_") && !verb.starts_with("get_or_"))
}

/// HTTP/2 promises that a request was not acted on. It reads as its cause does.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unprocessed(#[source] pub(super) Box<dyn StdError + Send + Sync>);

/// Whether the request that ended in `status` was not acted on.
pub(super) fn is_unprocessed(status: &Status) -> bool {
    sources(status).any(|error| error.is::<Unprocessed>())
}

/// Whether `error`, with which a request ended before its response began, promises that it was not acted on.
///
/// HTTP/2 promises it for a refused stream, and for a stream above the last one that a GOAWAY names (RFC 9113, sections
/// 6.8 and 8.7): h2 ends no other stream with a GOAWAY of the peer. A request that still waited when its connection
/// ended, or that has no connection, was never sent.
pub(super) fn is_disclaimed(error: &(dyn StdError + 'static)) -> bool {
    sources(error).any(|error| {
        let by_peer = |error: &h2::Error| {
            error.is_remote() && (error.is_go_away() || error.reason() == Some(h2::Reason::REFUSED_STREAM))
        };
        error.is::<ConnectError>()
            || error.downcast_ref().is_some_and(by_peer)
            || error.downcast_ref().is_some_and(never_sent)
    })
}

fn never_sent(error: &hyper::Error) -> bool {
    // A request that waited for fewer open streams (SETTINGS_MAX_CONCURRENT_STREAMS) was not sent. hyper has only a
    // text for that; should it change, the outcome is unknown.
    let waited_for_stream =
        || error.is_user() && error.source().is_some_and(|why| why.to_string() == "runtime dropped the dispatch task");
    error.is_canceled() || waited_for_stream()
}

/// Whether the connection, or the stream, broke under a request that had been sent.
fn is_broken(error: &(dyn StdError + 'static)) -> bool {
    let is_by_peer = |error: &h2::Error| error.is_remote();
    // hyper passes on the error of the socket.
    sources(error)
        .any(|error| error.is::<CutOff>() || error.is::<io::Error>() || error.downcast_ref().is_some_and(is_by_peer))
}

/// Whether a call that only reads, and ended in `status`, may be sent again after a while: the service is not there at
/// the moment, or the connection broke.
fn may_read_again(status: &Status) -> bool {
    status.code() == Code::Unavailable || is_broken(status)
}

/// How long to wait before a call that only reads, and ended in `status`, is sent again; `None` if it is not. What the
/// service asks for (gRPC proposal A6, "Pushback", and `google.rpc.RetryInfo`) goes before `next`.
fn wait_to_read_again(status: &Status, next: Duration) -> Option<Duration> {
    let wait = match (status.metadata().get(PUSHBACK), status_details::retry_delay(status)) {
        // A negative number, or no number, forbids it.
        (Some(milliseconds), _) => Duration::from_millis(milliseconds.to_str().ok()?.parse().ok()?),
        (None, Some(delay)) => delay.max(next),
        (None, None) if may_read_again(status) => next,
        (None, None) => return None,
    };
    (wait <= LONGEST_WAIT).then_some(wait)
}

/// Calls `send` until it succeeds, fails for good, or was called often enough.
///
/// A request that was not processed is sent again until the `deadline`; the limit on its waits starts over when
/// `answered`, the number of responses to all requests, has grown. A request that only reads is also sent again after a
/// failure that may pass. Before each wait, `notify` gets the failure and the length of the wait, which never goes
/// beyond the `deadline`.
pub(super) async fn send_again<T, F: Future<Output = Result<T, Status>>>(
    is_read_only: bool,
    deadline: Option<Instant>,
    answered: impl Fn() -> usize,
    notify: impl Fn(&Status, Duration),
    send: impl Fn() -> F,
) -> Result<T, Status> {
    let mut unprocessed = Unanswered::new(answered());
    let adjust = |status: &Status, next: Option<Duration>| {
        let wait = match patience(status) {
            Some(patience) => unprocessed.wait(answered(), patience),
            None => next.filter(|_| is_read_only).and_then(|next| wait_to_read_again(status, next)),
        };
        wait.filter(|wait| deadline.is_none_or(|deadline| Instant::now() + *wait < deadline))
    };
    send.retry(backoff()).adjust(adjust).notify(notify).await
}

/// `wait` as the trace names it.
pub(super) fn when(wait: Duration) -> String {
    if wait.is_zero() { "at once".to_owned() } else { format!("in {wait:.0?}") }
}

/// The longest total wait of a request that ended in `status`; `None` if it may have been acted on.
fn patience(status: &Status) -> Option<Duration> {
    let has_no_connection = || sources(status).any(|error| error.is::<ConnectError>());
    match is_unprocessed(status) {
        false => None,
        true if has_no_connection() => may_connect_again(status).then_some(RESTART),
        true => Some(PATIENCE),
    }
}

/// The waits of one request since any request had a response. The first is 0: most peers that end a connection accept
/// the next one.
struct Unanswered {
    answered: usize,
    waited: Duration,
    waits: Option<ExponentialBackoff>,
}

impl Unanswered {
    fn new(answered: usize) -> Self {
        Self { answered, waited: Duration::ZERO, waits: None }
    }

    fn wait(&mut self, answered: usize, patience: Duration) -> Option<Duration> {
        if answered != self.answered {
            *self = Self::new(answered);
        }
        if self.waited >= patience {
            return None;
        }
        let Some(waits) = &mut self.waits else {
            let waits = ExponentialBuilder::new()
                .with_min_delay(Duration::from_millis(10))
                .with_max_delay(Duration::from_secs(1))
                .without_max_times()
                .with_jitter();
            self.waits = Some(waits.build());
            return Some(Duration::ZERO);
        };
        let wait = waits.next()?;
        self.waited += wait;
        Some(wait)
    }
}

/// Whether connecting may be tried again: the failure was quick and may pass, unlike a timeout, an unknown name or a
/// refused certificate.
pub fn may_connect_again(error: &(dyn StdError + 'static)) -> bool {
    sources(error).filter_map(|error| error.downcast_ref::<io::Error>()).any(|error| {
        matches!(
            error.kind(),
            io::ErrorKind::ConnectionRefused | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
        )
    })
}

/// An error and its sources.
pub fn sources<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_reads_is_sent_again_where_the_service_is_away() {
        for verb in ["list", "get", "stat", "analyze", "get_versions"] {
            assert!(is_read_only(verb), "{verb}");
        }
        for verb in ["register", "update", "getaway", "enable", "create", "get_or_create", "list_and_reset"] {
            assert!(!is_read_only(verb), "{verb}");
        }
        assert!(may_read_again(&Status::unavailable("x")));
        assert!(!may_read_again(&Status::internal("x")) && !may_read_again(&Status::deadline_exceeded("x")));
    }

    #[test]
    fn a_service_says_how_long_to_wait() {
        use tonic::metadata::MetadataMap;
        use tonic_types::{ErrorDetails, StatusExt as _};
        let next = Duration::from_millis(300);
        let after = |seconds| {
            let details = ErrorDetails::with_retry_info(Some(Duration::from_secs(seconds)));
            wait_to_read_again(&Status::with_error_details(Code::ResourceExhausted, "x", details), next)
        };
        assert_eq!([after(7), after(0), after(31)], [Some(Duration::from_secs(7)), Some(next), None]);
        let pushback = |value: &'static str| {
            let mut metadata = MetadataMap::new();
            metadata.insert(PUSHBACK, value.parse().unwrap());
            wait_to_read_again(&Status::with_metadata(Code::Unavailable, "x", metadata), next)
        };
        assert_eq!(pushback("20"), Some(Duration::from_millis(20)));
        assert_eq!(["-1", "soon", "", "60000"].map(pushback), [None; 4]);
        assert_eq!(wait_to_read_again(&Status::resource_exhausted("quota"), next), None);
    }

    #[test]
    fn what_is_not_processed_goes_again_as_long_as_others_are_answered() {
        let mut unanswered = Unanswered::new(0);
        assert_eq!(unanswered.wait(0, PATIENCE), Some(Duration::ZERO));
        let mut waited = Duration::ZERO;
        while let Some(wait) = unanswered.wait(0, PATIENCE) {
            assert!((Duration::from_millis(10)..=Duration::from_secs(2)).contains(&wait), "{wait:?}");
            waited += wait;
        }
        assert!((PATIENCE..PATIENCE * 2).contains(&waited), "{waited:?}");
        assert_eq!(unanswered.wait(0, PATIENCE), None);
        for answered in 1..1000 {
            assert_eq!(unanswered.wait(answered, PATIENCE), Some(Duration::ZERO));
        }
    }
}
