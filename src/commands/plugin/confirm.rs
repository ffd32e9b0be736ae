//! What takes away asks first; where nobody can be asked, the command line has to say it.

use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::prompt::Prompt;

/// Asks whether `plugins` may be removed.
///
/// # Errors
/// The answer is no, or nobody can be asked.
pub fn removal(verb: &str, plugins: &[&str], streams: &mut IoStreams) -> Result<()> {
    let named = plugins.join(", ");
    let Some(mut prompt) = Prompt::new(streams) else {
        return Err(Error::usage(format!("{verb} removes {named}, and nobody can be asked whether it may"))
            .hint("--yes removes without asking"));
    };
    if prompt.confirm(&format!("{verb} {named}"))? {
        Ok(())
    } else {
        Err(Error::local("nothing is removed, as you said no"))
    }
}
