//! Kinds of errors with exit codes, signals, and outcomes of calls.

use std::fmt;

use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use tonic::Code;

/// The kind of an error, which alone decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The command line asks for something impossible: exit 2.
    Usage,
    /// Something failed on this machine: a file, the configuration, a spec, the set-up of a connection: exit 1.
    Local,
    /// As `Local`, in a command whose exit code 1 means a difference: exit 3.
    DiffFailed,
    /// The compared things differ, as was shown: nothing to report, exit 1.
    Diff,
    /// A server answered with this gRPC status: exit 64 + its number.
    Status(Code),
    /// A signal ended the run: nothing to report, exit 128 + its number, as in shells.
    Signal(TerminationSignal),
    /// The reader of standard output has gone, as `head` does: nothing to report, exit 0.
    BrokenPipe,
}

impl ErrorKind {
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Local | Self::Diff => 1,
            Self::DiffFailed => 3,
            // gRPC has 17 codes, so this stays below the 128 + signal of shells.
            Self::Status(code) => 64 + code as u8,
            Self::BrokenPipe => 0,
            Self::Signal(signal) => 128 + signal as u8,
        }
    }

    /// True if nothing should be printed, because the user caused it.
    pub fn is_silent(self) -> bool {
        matches!(self, Self::BrokenPipe | Self::Signal(_) | Self::Diff)
    }

    /// The kind's name in JSON.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Usage => "usage",
            Self::Local | Self::DiffFailed => "local",
            Self::Diff => "differs",
            Self::Status(_) => "status",
            Self::BrokenPipe => "reader-gone",
            Self::Signal(_) => "interrupted",
        }
    }
}

/// A signal that ends a run, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TerminationSignal {
    /// Ctrl-C.
    Interrupt = SIGINT as isize,
    /// A job's runner ends it.
    Terminate = SIGTERM as isize,
    /// The terminal has gone.
    HangUp = SIGHUP as isize,
    /// Ctrl-\\.
    Quit = SIGQUIT as isize,
}

impl TerminationSignal {
    pub fn number(self) -> i32 {
        self as i32
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

/// The effect of a failed call on the service.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Outcome {
    /// There was no call.
    #[default]
    None,
    /// None: the service answered that it did not do it.
    Rejected,
    /// Unknown: the answer is missing or unreadable.
    Unknown,
    /// None: it was never sent, or HTTP/2 promises that it was not processed.
    NotSent,
}

impl Outcome {
    /// The outcome's name in texts and JSON; `None` without a call.
    pub fn name(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Rejected => Some("rejected"),
            Self::Unknown => Some("unknown"),
            Self::NotSent => Some("not sent"),
        }
    }

    /// True if the service or the connection may be down, so that further calls would probably fail too.
    pub fn is_in_doubt(self) -> bool {
        matches!(self, Self::Unknown | Self::NotSent)
    }
}

/// The name of a status code in the gRPC specification.
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
