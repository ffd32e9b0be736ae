//! Errors: what failed, where, why and what to do; the exit code.
//!
//! An [`Error`] has one or more [`Problem`]s (a spec can have several wrong fields) and one [`ErrorKind`], which alone
//! decides the exit code. They are rendered here too, so that all errors look the same; where to write them is not
//! here.

mod details;
mod kinds;
pub mod panics;
pub mod parse_error;
mod render;

use std::fmt;

use serde_json::Value;
use tonic::Code;

use crate::text::value_ext::map_texts;
pub use kinds::{ErrorKind, Outcome, TerminationSignal, code_name};

/// The program's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A place in a text: a file, standard input or an argument. Lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Location {
    pub source: String,
    pub line: usize,
    pub column: usize,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.source, self.line, self.column)
    }
}

/// One wrong thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub location: Option<Location>,
    /// What failed: lower case, no full stop.
    pub message: String,
    /// Why, the nearest cause first.
    pub causes: Vec<String>,
    /// What to do about it.
    pub hints: Vec<String>,
}

impl Problem {
    pub fn new(message: impl Into<String>) -> Self {
        Self { location: None, message: message.into(), causes: Vec::new(), hints: Vec::new() }
    }

    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.location = location;
        self
    }

    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}

/// The reason why the program could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// Never empty.
    problems: Vec<Problem>,
    /// What a service says besides, each with its type under `@type`.
    details: Vec<Value>,
    outcome: Outcome,
    /// The message of a status that a service has sent, which may be empty.
    sent_text: Option<String>,
    is_response_too_large: bool,
    is_reported: bool,
}

impl std::error::Error for Error {}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self {
            kind,
            problems: vec![Problem::new(message)],
            details: Vec::new(),
            outcome: Outcome::None,
            sent_text: None,
            is_response_too_large: false,
            is_reported: false,
        }
    }

    /// The command line asks for something impossible.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, message)
    }

    /// Something failed on this machine.
    pub fn local(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Local, message)
    }

    /// A server answered with `code`.
    pub fn status(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Status(code), message)
    }

    /// A signal ended the run.
    pub fn from_signal(signal: TerminationSignal) -> Self {
        Self::new(ErrorKind::Signal(signal), format!("ended by {signal}"))
    }

    /// The compared things differ.
    pub fn diff() -> Self {
        Self::new(ErrorKind::Diff, "something differs")
    }

    /// The reader of standard output has gone.
    pub fn broken_pipe() -> Self {
        Self::new(ErrorKind::BrokenPipe, "the reader of the output has gone")
    }

    /// Several problems of one kind; `None` without any.
    pub fn from_problems(kind: ErrorKind, problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then(|| Self { problems, ..Self::new(kind, "") })
    }

    /// Marks a local error as one of a command whose exit code 1 means a difference.
    #[must_use]
    pub fn into_diff_failure(self) -> Self {
        match self.kind {
            ErrorKind::Local => Self { kind: ErrorKind::DiffFailed, ..self },
            _ => self,
        }
    }

    /// Takes the status of a program that is not the service for a failure here.
    #[must_use]
    pub fn into_local(self) -> Self {
        match self.kind {
            ErrorKind::Status(_) => Self { kind: ErrorKind::Local, ..self },
            _ => self,
        }
    }

    #[must_use]
    pub fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// Keeps the message of a status that a service has sent.
    #[must_use]
    pub fn with_sent_text(self, text: impl Into<String>) -> Self {
        Self { sent_text: Some(text.into()), ..self }
    }

    /// The message of the status, if a service has sent it: `None` if the call ended otherwise.
    pub fn sent_text(&self) -> Option<&str> {
        self.sent_text.as_deref()
    }

    /// Marks the error of a call whose response is larger than a message may be.
    #[must_use]
    pub fn with_response_too_large(self, is_response_too_large: bool) -> Self {
        Self { is_response_too_large, ..self }
    }

    /// True if asking for less at once helps.
    pub fn is_response_too_large(&self) -> bool {
        self.is_response_too_large
    }

    /// Marks the error as printed: only its exit code is left.
    #[must_use]
    pub fn already_reported(self) -> Self {
        Self { is_reported: true, ..self }
    }

    /// Adds what a service says besides: JSON objects with a type under `@type` (google.rpc's error details).
    #[must_use]
    pub fn with_details(self, details: Vec<Value>) -> Self {
        Self { details, ..self }
    }

    /// Adds a cause after those that are there.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.problems[0].causes.push(cause.to_string());
        self
    }

    /// Replaces the causes and the texts of details, which other programs have written.
    #[must_use]
    pub fn map_foreign_texts(mut self, change: impl Fn(&str) -> String) -> Self {
        for cause in self.problems.iter_mut().flat_map(|problem| &mut problem.causes) {
            *cause = change(cause);
        }
        self.sent_text = self.sent_text.map(|text| change(&text));
        self.details = self.details.iter().map(|detail| map_texts(detail, &change)).collect();
        self
    }

    /// Adds `error` and its sources, without those that only repeat their parent.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let causes = &mut self.problems[0].causes;
        for error in std::iter::successors(Some(error), |error| error.source()) {
            let text = error.to_string();
            if causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
        }
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.problems[0].hints.push(hint.into());
        self
    }

    /// Adds each of `hints`: an `Option` adds one or none.
    #[must_use]
    pub fn hints<H: Into<String>>(mut self, hints: impl IntoIterator<Item = H>) -> Self {
        self.problems[0].hints.extend(hints.into_iter().map(Into::into));
        self
    }

    /// Changes each hint.
    #[must_use]
    pub fn map_hints(mut self, change: impl Fn(&str) -> String) -> Self {
        let hints = self.problems.iter_mut().flat_map(|problem| &mut problem.hints);
        hints.for_each(|hint| *hint = change(hint));
        self
    }

    /// Keeps the hints that are `wanted`.
    #[must_use]
    pub fn with_hints(mut self, mut wanted: impl FnMut(&str) -> bool) -> Self {
        self.problems.iter_mut().for_each(|problem| problem.hints.retain(|hint| wanted(hint)));
        self
    }

    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.problems[0].location = location;
        self
    }

    /// Puts `context` before the first problem's message: "context: message".
    #[must_use]
    pub fn context(mut self, context: impl fmt::Display) -> Self {
        let message = &mut self.problems[0].message;
        *message = format!("{context}: {message}");
        self
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// True if nothing is left to print: it was printed, or the user caused it.
    pub fn is_silent(&self) -> bool {
        self.is_reported || self.kind.is_silent()
    }

    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

/// A failed write to standard output; a reader that has gone is not a failure.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::broken_pipe();
        }
        Self::local("cannot write the output").cause(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_alone_decides_the_exit_code() {
        assert_eq!(Error::usage("x").exit_code(), 2);
        assert_eq!(Error::local("x").exit_code(), 1);
        assert_eq!(Error::status(Code::AlreadyExists, "x").exit_code(), 70);
        let gone = std::io::Error::from(std::io::ErrorKind::BrokenPipe);
        assert_eq!(Error::from(gone).exit_code(), 0);
        for (signal, code) in [
            (TerminationSignal::Interrupt, 130),
            (TerminationSignal::Terminate, 143),
            (TerminationSignal::HangUp, 129),
            (TerminationSignal::Quit, 131),
        ] {
            assert_eq!(Error::from_signal(signal).exit_code(), code, "{signal}");
            assert_eq!(signal.number(), i32::from(code) - 128, "{signal}");
        }
        assert_eq!((Error::diff().exit_code(), Error::local("x").into_diff_failure().exit_code()), (1, 3));
        assert_eq!(Error::usage("x").into_diff_failure().exit_code(), 2);
    }
}
