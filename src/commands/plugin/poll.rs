//! Waiting for what others are about to make: asked for again and again, until it is there or the time is up.

use std::time::Duration;

use crate::error::{Error, Result};
use crate::terminal::io_streams::Diagnostics;

/// The waits between two questions: the first, and what they grow to.
const FIRST_PAUSE: Duration = Duration::from_millis(300);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// What one question found.
pub enum Look<T> {
    There(T),
    /// It is not there: what a person is told, and why that is, for the error at the end.
    NotYet {
        note: String,
        why: String,
    },
    /// There was no answer, which may pass.
    Failed(Error),
}

/// How a wait without an error ended.
pub enum Waited<T> {
    There(T),
    /// The time is up.
    Late {
        limit: Duration,
        last: Last,
    },
}

/// The last that was heard.
pub enum Last {
    /// No question was answered in time.
    Nothing,
    NotYet(String),
    Failed(Error),
}

impl Last {
    /// `error` with this for its cause.
    pub fn explain(self, error: Error) -> Error {
        match self {
            Self::Nothing => error.cause("there was no answer"),
            Self::NotYet(why) => error.cause(why),
            Self::Failed(last) => {
                let hints = last.problems().iter().flat_map(|problem| problem.hints.iter().cloned());
                hints.fold(error.cause(last.summary()), Error::hint)
            }
        }
    }
}

/// Does `look` until it finds what is waited for, for `limit` at most. What a person should know is told when it changes.
///
/// # Errors
/// What `look` fails with: what does not pass.
pub async fn wait<T>(
    limit: Option<Duration>,
    diagnostics: &Diagnostics,
    look: impl AsyncFnMut() -> Result<Look<T>>,
) -> Result<Waited<T>> {
    let mut last = Last::Nothing;
    let waiting = until_there(&mut last, diagnostics, look);
    match limit {
        None => waiting.await.map(Waited::There),
        Some(limit) => match tokio::time::timeout(limit, waiting).await {
            Ok(found) => found.map(Waited::There),
            Err(_) => Ok(Waited::Late { limit, last }),
        },
    }
}

async fn until_there<T>(
    last: &mut Last,
    diagnostics: &Diagnostics,
    mut look: impl AsyncFnMut() -> Result<Look<T>>,
) -> Result<T> {
    let mut told = None;
    let mut pause = FIRST_PAUSE;
    loop {
        let (tell, text): (fn(&Diagnostics, &str), String) = match look().await? {
            Look::There(found) => return Ok(found),
            Look::NotYet { note, why } => {
                *last = Last::NotYet(why);
                (Diagnostics::note, note)
            }
            Look::Failed(error) => {
                let summary = error.summary();
                *last = Last::Failed(error);
                (Diagnostics::warn_always, summary)
            }
        };
        if told.as_ref() != Some(&text) {
            tell(diagnostics, &text);
            // Now and not at the end: whoever waits wants to know for what.
            diagnostics.finish(None);
            told = Some(text);
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
