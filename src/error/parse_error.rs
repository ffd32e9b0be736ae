//! A text that cannot be what it is meant to be.

use crate::error::Error;

/// Why a text was refused, and what to write instead. Whether the command line or a file is at fault is known to
/// whoever read it.
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

    /// What to write instead.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// As an error of the command line.
    pub fn into_usage(self) -> Error {
        Self::add_hint(Error::usage(self.message), self.hint)
    }

    /// As an error of a file or a variable.
    pub fn into_local(self) -> Error {
        Self::add_hint(Error::local(self.message), self.hint)
    }

    fn add_hint(error: Error, hint: Option<String>) -> Error {
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}
