//! What the command line and the process environment ask of this program.

use anyhow::{Result, bail};

use super::cases::Case;

/// What this process is.
#[derive(Debug)]
pub enum Role {
    /// The service that others call.
    Serve,
    /// What prints the last report in Markdown.
    Print,
    /// What puts the last report into the READMEs.
    UpdateReadmes,
    /// The harness.
    Measure(Options),
}

#[derive(Debug, Default)]
pub struct Options {
    /// Cases to measure; all if there is none.
    pub filters: Vec<String>,
    /// Only show that it works.
    pub quick: bool,
}

impl Role {
    pub fn of(args: impl Iterator<Item = String>) -> Result<Self> {
        let quick = std::env::var_os("BENCH_QUICK").is_some_and(|value| !value.is_empty() && value != "0");
        let mut options = Options { quick, ..Options::default() };
        for arg in args {
            match &*arg {
                "serve" => return Ok(Self::Serve),
                "--markdown" => return Ok(Self::Print),
                "--update-readmes" => return Ok(Self::UpdateReadmes),
                // cargo says so to every bench.
                "--bench" => {}
                _ if arg.starts_with('-') => {
                    bail!("there are --markdown, --update-readmes and names of cases, and not {arg}")
                }
                _ => options.filters.push(arg),
            }
        }
        Ok(Self::Measure(options))
    }
}

impl Options {
    pub fn chooses(&self, case: &Case) -> bool {
        self.filters.is_empty() || self.filters.iter().any(|filter| case.is_chosen(filter))
    }
}
