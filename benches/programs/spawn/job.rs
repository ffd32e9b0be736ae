//! What is asked of the process that starts others, and what it answers: a line of JSON each.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// One start of a program.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub struct Job {
    pub program: PathBuf,
    pub args: Vec<String>,
    /// All that the process environment holds.
    pub variables: Vec<(String, PathBuf)>,
    pub folder: PathBuf,
    /// Where standard output goes; `/dev/null` where it is timed.
    pub out: PathBuf,
    /// Where standard error goes.
    pub talk: PathBuf,
}

/// What one start took.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Usage {
    /// From before it was started until it had ended.
    pub wall_ns: u64,
    /// In user mode and in the kernel.
    pub cpu_ns: u64,
    /// The most memory that it had at a time.
    pub peak_bytes: u64,
    /// `None` if a signal ended it.
    pub code: Option<i32>,
}
