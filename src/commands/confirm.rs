//! Confirmations before something is removed.

use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::prompt::Prompt;

/// Asks `question`; without a terminal to ask on, fails with `fact`.
pub fn agreement(question: &str, fact: &str, streams: &mut IoStreams) -> Result<()> {
    let prompt = Prompt::new(streams).ok_or_else(|| no_terminal(fact))?;
    confirm(prompt, question)
}

/// As [`agreement`]; without a terminal, scripts go on.
pub fn agreement_on_terminal(question: &str, streams: &mut IoStreams) -> Result<()> {
    Prompt::new(streams).map_or(Ok(()), |prompt| confirm(prompt, question))
}

fn confirm(mut prompt: Prompt<'_>, question: &str) -> Result<()> {
    if prompt.confirm(question)? { Ok(()) } else { Err(cancelled()) }
}

/// The error of an answer other than yes.
pub fn cancelled() -> Error {
    Error::local("cancelled: nothing was changed")
}

/// The error that nobody can confirm what `fact` says.
pub fn no_terminal(fact: &str) -> Error {
    Error::usage(format!("{fact}: no terminal to confirm on")).hint("pass --yes to skip the confirmation")
}
