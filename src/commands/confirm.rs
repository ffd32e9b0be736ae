//! Confirmations before something is removed.

use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::prompt::Prompt;

/// Asks whether to do `action`; without a terminal to ask on, fails with `fact`.
pub fn agreement(action: &str, fact: &str, streams: &mut IoStreams) -> Result<()> {
    let Some(mut prompt) = Prompt::new(streams) else { return Err(no_terminal(fact)) };
    if prompt.confirm(action)? { Ok(()) } else { Err(Error::local("cancelled: nothing was changed")) }
}

/// The error that nobody can confirm what `fact` says.
pub fn no_terminal(fact: &str) -> Error {
    Error::usage(format!("{fact}: no terminal to confirm on")).hint("pass --yes to skip the confirmation")
}
