//! Asks for confirmation before something is removed.

use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::prompt::Prompt;

/// Asks whether `verb` may remove `plugins`.
///
/// # Errors
/// As [`agreement`].
pub fn removal(verb: &str, plugins: &[&str], streams: &mut IoStreams) -> Result<()> {
    let named = plugins.join(", ");
    agreement(&format!("{verb} {named}"), &format!("{verb} removes {named}"), streams)
}

/// Asks whether to do `action`; without a terminal to ask on, the error begins with `fact`.
///
/// # Errors
/// The answer is no, or there is no terminal.
pub fn agreement(action: &str, fact: &str, streams: &mut IoStreams) -> Result<()> {
    let Some(mut prompt) = Prompt::new(streams) else {
        return Err(
            Error::usage(format!("{fact}: no terminal to confirm on")).hint("pass --yes to skip the confirmation")
        );
    };
    if prompt.confirm(action)? { Ok(()) } else { Err(Error::local("cancelled: nothing was changed")) }
}
