//! The process that starts what is measured, as the harness has it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use anyhow::{Context as _, Result, anyhow};

pub use super::job::{Job, Usage};

pub struct Spawner {
    process: Child,
    jobs: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Spawner {
    /// Starts it by `command`.
    pub fn start(mut command: Command) -> Result<Self> {
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (jobs, answers) = (process.stdin.take(), process.stdout.take());
        let (jobs, answers) = jobs.zip(answers).context("no pipes to the process that starts others")?;
        Ok(Self { process, jobs, answers: BufReader::new(answers) })
    }

    /// Starts a program and waits for its end.
    pub fn measure(&mut self, job: &Job) -> Result<Usage> {
        writeln!(self.jobs, "{}", serde_json::to_string(job)?)?;
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let usage: Result<Usage, String> =
            serde_json::from_str(&line).context("the process that starts others has ended")?;
        usage.map_err(|error| anyhow!(error))
    }
}

impl Drop for Spawner {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
