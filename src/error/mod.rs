//! What failed, where, why and what to do; and the exit code that tells scripts.
//!
//! An [`Error`] holds one or more [`Problem`]s (a spec can have several wrong fields) and one [`ErrorKind`], which alone
//! decides the exit code. Rendering is here too, so that every error of the program looks alike.

pub mod panics;
pub mod parse_error;

use std::fmt::{self, Write as _};

use serde_json::{Map, Value, json};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use tonic::Code;

use crate::secret::mask;
use crate::terminal::sanitize;

/// The program's result.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Who can mend it; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something that cannot be: exit 2.
    Usage,
    /// Something here failed: a file, the configuration, a spec, setting up the connection: exit 1.
    Local,
    /// As `Local`, in a command whose exit code 1 says that something differs: exit 3.
    DiffFailed,
    /// What was compared differs, as was shown: nothing to say, exit 1.
    Diff,
    /// A server answered with this gRPC status: exit 64 + its number.
    Status(Code),
    /// A signal ended it: nothing to say, exit 128 + its number as shells count.
    Signal(TerminationSignal),
    /// The reader of standard output went away, as `head` does: nothing to say, exit 0.
    BrokenPipe,
}

impl ErrorKind {
    /// What the process exits with.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Local | Self::Diff => 1,
            Self::DiffFailed => 3,
            // gRPC has 17 codes, so this stays below the 128 + signal of shells.
            Self::Status(code) => 64 + code as u8,
            Self::BrokenPipe => 0,
            Self::Signal(ending) => ending.exit_code(),
        }
    }

    /// Whether whoever runs the program knows already, having done it.
    pub fn is_silent(self) -> bool {
        matches!(self, Self::BrokenPipe | Self::Signal(_) | Self::Diff)
    }
}

/// A signal by which somebody asks for the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationSignal {
    /// A person pressed Ctrl-C.
    Interrupt,
    /// Whoever runs the job wants it to end.
    Terminate,
    /// The terminal has gone.
    HangUp,
    /// A person pressed Ctrl-\\.
    Quit,
}

impl TerminationSignal {
    /// The signal's number.
    pub fn signal(self) -> i32 {
        match self {
            Self::Interrupt => SIGINT,
            Self::Terminate => SIGTERM,
            Self::HangUp => SIGHUP,
            Self::Quit => SIGQUIT,
        }
    }

    fn exit_code(self) -> u8 {
        match self {
            Self::Interrupt => 130,
            Self::Terminate => 143,
            Self::HangUp => 129,
            Self::Quit => 131,
        }
    }
}

impl fmt::Display for TerminationSignal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interrupt => "Ctrl-C",
            Self::Terminate => "SIGTERM",
            Self::HangUp => "SIGHUP",
            Self::Quit => "SIGQUIT",
        })
    }
}

/// What a call that failed has done at the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// There was no call.
    #[default]
    None,
    /// Nothing: the service has answered that it did not do it.
    Rejected,
    /// It may have been carried out: there is no answer, or none that can be read.
    Unknown,
    /// Nothing: it was never sent, or HTTP/2 promises that it was not processed.
    NotSent,
}

impl Outcome {
    /// The word for it, the same everywhere; `None` where there was no call.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rejected => Some("rejected"),
            Self::Unknown => Some("unknown"),
            Self::NotSent => Some("not sent"),
        }
    }

    /// Whether the service, or the connection to it, may be away, so that further calls would very likely end alike.
    pub fn is_in_doubt(self) -> bool {
        matches!(self, Self::Unknown | Self::NotSent)
    }
}

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

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands, if it stands in a text.
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

    fn to_json(&self) -> Map<String, Value> {
        let text = |text: &String| Value::from(mask::mask_known(text));
        let mut object = Map::new();
        object.insert("message".into(), text(&self.message));
        if let Some(at) = &self.location {
            object.insert("location".into(), json!({"source": at.source, "line": at.line, "column": at.column}));
        }
        if !self.causes.is_empty() {
            object.insert("causes".into(), self.causes.iter().map(text).collect());
        }
        if !self.hints.is_empty() {
            object.insert("hints".into(), self.hints.iter().map(text).collect());
        }
        object
    }
}

/// Why the program could not do what it was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    /// Never empty.
    problems: Vec<Problem>,
    outcome: Outcome,
    is_told: bool,
}

impl Error {
    fn new(kind: ErrorKind, problem: Problem) -> Self {
        Self { kind, problems: vec![problem], outcome: Outcome::None, is_told: false }
    }

    /// The command line asks for something that cannot be.
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, Problem::new(message))
    }

    /// Something on this machine failed.
    pub fn local(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Local, Problem::new(message))
    }

    /// A server answered `code`.
    pub fn status(code: Code, message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Status(code), Problem::new(message))
    }

    /// A signal asked for the end.
    pub fn from_signal(ending: TerminationSignal) -> Self {
        Self::new(ErrorKind::Signal(ending), Problem::new(format!("ended by {ending}")))
    }

    /// What was compared differs.
    pub fn diff() -> Self {
        Self::new(ErrorKind::Diff, Problem::new("something differs"))
    }

    /// The same error for a command that compares, whose exit code 1 is not a failure.
    #[must_use]
    pub fn into_diff_failure(self) -> Self {
        match self.kind {
            ErrorKind::Local => Self { kind: ErrorKind::DiffFailed, ..self },
            _ => self,
        }
    }

    /// The reader of standard output went away.
    pub fn broken_pipe() -> Self {
        Self::new(ErrorKind::BrokenPipe, Problem::new("the reader of the output has gone"))
    }

    /// Several problems of one kind; `None` if there are none.
    pub fn from_problems(kind: ErrorKind, problems: Vec<Problem>) -> Option<Self> {
        (!problems.is_empty()).then_some(Self { kind, problems, outcome: Outcome::None, is_told: false })
    }

    /// The same error of a call that had this outcome.
    #[must_use]
    pub fn with_outcome(self, outcome: Outcome) -> Self {
        Self { outcome, ..self }
    }

    /// The same error, of which all was said already: only its exit code is left.
    #[must_use]
    pub fn already_reported(self) -> Self {
        Self { is_told: true, ..self }
    }

    /// Adds why, behind the causes that stand already.
    #[must_use]
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.first_mut().causes.push(cause.to_string());
        self
    }

    /// The same error, with `change` made to its causes where that gives another text.
    #[must_use]
    pub fn map_causes(mut self, change: impl Fn(&str) -> Option<String>) -> Self {
        for cause in self.problems.iter_mut().flat_map(|problem| &mut problem.causes) {
            if let Some(changed) = change(cause) {
                *cause = changed;
            }
        }
        self
    }

    /// Adds `error` and each of its sources, leaving out one that only repeats what its parent said.
    #[must_use]
    pub fn caused_by(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(error) = next {
            let text = error.to_string();
            let causes = &mut self.first_mut().causes;
            if causes.last().is_none_or(|last| !last.contains(&text)) {
                causes.push(text);
            }
            next = error.source();
        }
        self
    }

    /// Adds what to do.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.first_mut().hints.push(hint.into());
        self
    }

    /// The same error with those of its hints that are `wanted`.
    #[must_use]
    pub fn with_hints(mut self, mut wanted: impl FnMut(&str) -> bool) -> Self {
        self.problems.iter_mut().for_each(|problem| problem.hints.retain(|hint| wanted(hint)));
        self
    }

    /// Says where it stands.
    #[must_use]
    pub fn at(mut self, location: Option<Location>) -> Self {
        self.first_mut().location = location;
        self
    }

    /// Puts `what` before the first problem's message: "what: message".
    #[must_use]
    pub fn context(mut self, what: impl fmt::Display) -> Self {
        let first = self.first_mut();
        first.message = format!("{what}: {}", first.message);
        self
    }

    fn first_mut(&mut self) -> &mut Problem {
        &mut self.problems[0]
    }

    pub fn kind(&self) -> ErrorKind {
        self.kind
    }

    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// What the call that failed has done; [`Outcome::None`] of what is no call.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Whether there is nothing left to say, because it was said or because everybody knows.
    pub fn is_silent(&self) -> bool {
        self.is_told || self.kind.is_silent()
    }

    /// What the process exits with.
    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }

    /// What failed and why on one line, for a warning that takes the error's place.
    pub fn summary(&self) -> String {
        let told = self.problems.iter().flat_map(|problem| {
            let place = problem.location.iter().map(ToString::to_string);
            place.chain([problem.message.clone()]).chain(problem.causes.iter().cloned())
        });
        mask::mask_known(&told.collect::<Vec<_>>().join(": ")).into_owned()
    }

    /// The error as lines for people, each ended; `label` paints a line's first word ("error", "hint").
    pub fn to_text(&self, label: impl Fn(&str) -> String) -> String {
        let mut text = String::new();
        for problem in self.problems.iter() {
            let place = problem.location.as_ref().map(|at| format!("{at}: ")).unwrap_or_default();
            let mut line = |word: &str, said: &str| {
                // Writing to a String cannot fail.
                let _ = writeln!(text, "{} {}", label(word), sanitize::control(&mask::mask_known(said)));
            };
            line("error", &format!("{place}{}", problem.message));
            problem.causes.iter().for_each(|cause| line("cause", cause));
            problem.hints.iter().for_each(|hint| line("hint", hint));
        }
        text
    }

    /// The error as one JSON object: the first problem's parts at the top, further problems under `more`.
    pub fn to_json(&self) -> Value {
        let mut object = Map::new();
        let kind = match self.kind {
            ErrorKind::Usage => "usage",
            ErrorKind::Local | ErrorKind::DiffFailed => "local",
            ErrorKind::Diff => "differs",
            ErrorKind::Status(_) => "status",
            ErrorKind::BrokenPipe => "reader-gone",
            ErrorKind::Signal(_) => "interrupted",
        };
        object.insert("kind".into(), kind.into());
        object.insert("exit_code".into(), self.exit_code().into());
        if let ErrorKind::Status(code) = self.kind {
            object.insert("code".into(), code_name(code).into());
            object.insert("grpc_status".into(), (code as i32).into());
        }
        if let Some(outcome) = self.outcome.word() {
            object.insert("outcome".into(), outcome.into());
        }
        object.extend(self.problems[0].to_json());
        if self.problems.len() > 1 {
            let more = self.problems[1..].iter().map(|problem| Value::Object(problem.to_json()));
            object.insert("more".into(), more.collect());
        }
        Value::Object(object)
    }

    /// As [`Error::to_json`], with `others` that the same run has come to behind the further problems.
    pub fn to_json_with(&self, others: &[&Self]) -> Value {
        let mut object = self.to_json();
        if let (Value::Object(object), [_, ..]) = (&mut object, others) {
            let more = object.entry("more").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(more) = more {
                more.extend(others.iter().map(|other| other.to_json()));
            }
        }
        object
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.to_text(|word| format!("{word}:")).trim_end())
    }
}

impl std::error::Error for Error {}

/// Writing to standard output: a reader that went away is no failure of ours.
impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::BrokenPipe {
            return Self::broken_pipe();
        }
        Self::local("cannot write the output").cause(error)
    }
}

/// A status code's name as the gRPC specification spells it.
pub fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
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
        for ending in [TerminationSignal::Interrupt, TerminationSignal::Terminate, TerminationSignal::HangUp] {
            assert_eq!(i32::from(Error::from_signal(ending).exit_code()), 128 + ending.signal(), "{ending}");
        }
        assert_eq!((Error::diff().exit_code(), Error::local("x").into_diff_failure().exit_code()), (1, 3));
        assert_eq!(Error::usage("x").into_diff_failure().exit_code(), 2);
    }

    #[test]
    fn text_says_what_then_why_then_what_to_do() {
        let at = Location { source: "spec.yml".into(), line: 3, column: 1 };
        let error = Error::local("imge: no such field").at(Some(at)).cause("because").hint("image?");
        assert_eq!(error.to_string(), "error: spec.yml:3:1: imge: no such field\ncause: because\nhint: image?");
    }

    #[test]
    fn a_server_cannot_write_to_the_terminal_through_an_error() {
        assert_eq!(Error::local("a\x1b[2Jb").to_string(), "error: a\\u{1b}[2Jb");
    }

    #[test]
    fn json_holds_the_same() {
        let error = Error::status(Code::AlreadyExists, "refused").cause("ERROR_X: y").hint("z");
        assert_eq!(
            error.to_json(),
            json!({
                "kind": "status", "exit_code": 70, "code": "ALREADY_EXISTS", "grpc_status": 6,
                "message": "refused", "causes": ["ERROR_X: y"], "hints": ["z"]
            })
        );
    }
}
