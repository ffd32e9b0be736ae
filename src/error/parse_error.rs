//! The error of a text that cannot be parsed.

use crate::error::Error;

/// A text that cannot be parsed, and what to write instead. The caller knows if it came from the command line or a
/// file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ParseError {
    message: String,
    hint: Option<String>,
}

impl ParseError {
    /// `message` says what is wrong: lower case, no full stop.
    pub fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    /// Adds what to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Converts it into an error of the command line.
    pub fn into_usage(self) -> Error {
        Error::usage(self.message).hints(self.hint)
    }

    /// Converts it into an error of a file or a variable.
    pub fn into_local(self) -> Error {
        Error::local(self.message).hints(self.hint)
    }
}
