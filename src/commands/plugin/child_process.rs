//! Child processes that show their output and do not outlive this one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

use super::process_table::{adopt_orphans, descendants_in_group};
use crate::error::{Error, Result};
use crate::plugin::builder::CommandLine;
use crate::secret;
use crate::terminal::shutdown::Shutdown;

/// The time that a child has to end after a signal.
const GRACE: Duration = Duration::from_secs(10);

/// How much later than the child's end a terminal's signal to both may be seen.
const SIGNAL_DELAY: Duration = Duration::from_millis(100);

/// A builder's command, `build` or `push`.
pub struct BuilderProcess<'a> {
    pub name: &'a str,
    pub line: &'a CommandLine,
    /// Discards standard output.
    pub quiet: bool,
    /// The child may prompt. No other child may run meanwhile: a signal ends all of them.
    pub has_terminal: bool,
}

impl BuilderProcess<'_> {
    /// Runs it with its standard output on standard error; passes on signals.
    pub async fn run(&self, shutdown: &mut Shutdown) -> Result<()> {
        let program = self.line.program.display();
        let failed = |why: String| {
            Error::local(format!("{} failed: {why}", self.name)).cause(format!("the command was: {}", self.line))
        };
        let mut child = self.spawn().map_err(|error| failed(format!("{program} cannot be run: {error}")))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let received = tokio::select! {
            biased;
            received = shutdown.signal() => received,
            ended = child.wait() => {
                let status = ended.map_err(|error| failed(format!("{program} cannot be waited for: {error}")))?;
                if status.success() {
                    return Ok(());
                }
                match timeout(SIGNAL_DELAY, shutdown.signal()).await {
                    Ok(received) => received,
                    Err(_) => return Err(failed(format!("{program} {}", describe(status)))),
                }
            }
        };
        if let Some(signal) = Signal::from_named_raw(received.number()) {
            self.kill(&child, pid, signal);
        }
        tokio::select! {
            _ = child.wait() => {}
            _ = shutdown.signal() => {}
            () = sleep(GRACE) => {}
        }
        self.kill(&child, pid, Signal::KILL);
        let _ = child.wait().await;
        Err(Error::from_signal(received))
    }

    fn spawn(&self) -> io::Result<Child> {
        let mut command = command(self.line);
        command.stdout(if self.quiet { Stdio::null() } else { io::stderr().into() });
        if self.has_terminal {
            // For the terminal both are one job: the child may prompt there, Ctrl-C reaches both, and Ctrl-Z stops
            // both. A group of its own in the foreground would hide Ctrl-C and Ctrl-Z from this process.
            command.stdin(Stdio::inherit());
            adopt_orphans();
        } else {
            // A group includes the processes that the child starts.
            command.stdin(Stdio::null()).process_group(0);
        }
        command.spawn()
    }

    /// Signals the child and the processes that it has started, also after the child has ended.
    fn kill(&self, child: &Child, pid: Option<Pid>, signal: Signal) {
        let Some(pid) = pid else { return };
        if !self.has_terminal {
            // Members that are left keep the number of the group from other groups.
            let _ = kill_process_group(pid, signal);
            return;
        }
        // The group has this process and what its shell runs with it, e.g. `| tee log`: only the child's part counts.
        // After the child's end its number may be another process's.
        let child = child.id().map(|_| pid);
        for pid in child.into_iter().chain(descendants_in_group().into_iter().filter(|pid| Some(*pid) != child)) {
            let _ = kill_process(pid, signal);
        }
    }
}

/// The command of `line`, which is killed when its child is dropped, and does not inherit secrets.
pub fn command(line: &CommandLine) -> Command {
    let mut command = Command::new(&line.program);
    command.args(&line.arguments).kill_on_drop(true);
    for name in secret::VARIABLES {
        command.env_remove(name);
    }
    command
}

/// Whether a command ends well within `limit`; its output is discarded.
pub async fn succeeds(line: &CommandLine, limit: Duration) -> bool {
    let mut command = command(line);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    timeout(limit, command.status()).await.is_ok_and(|ended| ended.is_ok_and(|status| status.success()))
}

/// How a process ended, after its name.
pub fn describe(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit status {code}"),
        // This names the signal.
        None => format!("was ended: {status}"),
    }
}
