//! Child processes that show their output and do not outlive this one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

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
    /// The child may prompt.
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
            // For the terminal both are one job: the child may prompt there, and gets Ctrl-C by itself.
            command.stdin(Stdio::inherit());
        } else {
            // A group includes the processes that the child starts.
            command.stdin(Stdio::null()).process_group(0);
        }
        command.spawn()
    }

    /// Signals the child, or its whole group: also after the child has ended, as members of its group may be left,
    /// and keep the number from other groups. The number of the child itself may be another process's then.
    fn kill(&self, child: &Child, pid: Option<Pid>, signal: Signal) {
        let _ = match pid {
            Some(pid) if !self.has_terminal => kill_process_group(pid, signal),
            Some(pid) if child.id().is_some() => kill_process(pid, signal),
            _ => Ok(()),
        };
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
