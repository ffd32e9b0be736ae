//! Polling for what is not there yet.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

use crate::error::{Error, Result};
use crate::terminal::io_streams::Diagnostics;

/// Why a poll goes on.
pub enum Pending {
    /// A note for the user, and the cause for the error at the end.
    NotYet { note: String, cause: String },
    /// No answer, which may pass.
    NoAnswer(Error),
}

/// A poll that did not succeed in time.
pub struct PollTimeout {
    pub limit: Duration,
    pub last: Option<Pending>,
}

impl PollTimeout {
    /// The error that `what` is so after that time.
    pub fn into_error(self, what: &str) -> Error {
        let error = Error::local(format!("{what} after {:?}", self.limit));
        let error = match self.last {
            None => error.cause("there was no answer"),
            Some(Pending::NotYet { cause, .. }) => error.cause(cause),
            Some(Pending::NoAnswer(last)) => {
                let hints = last.problems().iter().flat_map(|problem| problem.hints.iter().cloned());
                hints.fold(error.cause(last.summary()), Error::hint)
            }
        };
        error.hint("pass --timeout to wait longer; 0 waits without end")
    }
}

/// Calls `attempt` until it is not pending, for `limit` at most.
pub async fn poll<T>(
    limit: Option<Duration>,
    diagnostics: &Diagnostics,
    mut attempt: impl AsyncFnMut() -> Result<std::result::Result<T, Pending>>,
) -> Result<std::result::Result<T, PollTimeout>> {
    let mut last = None;
    let polling = async {
        let mut noted = String::new();
        let backoff = ExponentialBuilder::new().with_min_delay(Duration::from_millis(300));
        let mut pauses = backoff.with_max_delay(Duration::from_secs(5)).without_max_times().build();
        loop {
            let pending = match attempt().await? {
                Ok(value) => return Ok(value),
                Err(pending) => last.insert(pending),
            };
            let (note, text): (fn(&Diagnostics, &str), String) = match pending {
                Pending::NotYet { note, .. } => (Diagnostics::note, note.clone()),
                Pending::NoAnswer(error) => (Diagnostics::warn_always, error.summary()),
            };
            if noted != text {
                note(diagnostics, &text);
                // Shown at once, not at the end.
                diagnostics.finish(None);
                noted = text;
            }
            tokio::time::sleep(pauses.next().unwrap_or_default()).await;
        }
    };
    let Some(limit) = limit else { return polling.await.map(Ok) };
    match tokio::time::timeout(limit, polling).await {
        Ok(polled) => polled.map(Ok),
        Err(_) => Ok(Err(PollTimeout { limit, last })),
    }
}
