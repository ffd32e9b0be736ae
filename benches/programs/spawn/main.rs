//! Starts what is measured, and says what it took: a line of JSON in, a line of JSON out, until there is no more.
//!
//! Linux counts into a process's peak memory what its parent had when it was started, so this is a process of its own that
//! has next to nothing.

mod job;

use std::fs::File;
use std::io::{self, BufRead as _, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use job::{Job, Usage};
use wait4::Wait4 as _;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    for line in io::stdin().lock().lines() {
        let usage = start(&serde_json::from_str(&line?)?).map_err(|error| error.to_string());
        writeln!(out, "{}", serde_json::to_string(&usage)?)?;
        out.flush()?;
    }
    Ok(())
}

fn start(job: &Job) -> io::Result<Usage> {
    let named = |path: &PathBuf, error| io::Error::other(format!("{}: {error}", path.display()));
    let file = |path: &PathBuf| File::create(path).map_err(|error| named(path, error));
    let (out, talk) = (file(&job.out)?, file(&job.talk)?);
    let mut command = Command::new(&job.program);
    command.args(&job.args).env_clear().envs(job.variables.iter().map(|(name, value)| (name, value)));
    command.current_dir(&job.folder).stdin(Stdio::null()).stdout(out).stderr(talk);
    let begun = Instant::now();
    let mut child = command.spawn().map_err(|error| named(&job.program, error))?;
    let ended = child.wait4()?;
    let wall = begun.elapsed();
    Ok(Usage {
        wall_ns: nanoseconds(wall),
        cpu_ns: nanoseconds(ended.rusage.utime + ended.rusage.stime),
        peak_bytes: ended.rusage.maxrss,
        code: ended.status.code(),
    })
}

fn nanoseconds(time: Duration) -> u64 {
    // Centuries fit.
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
