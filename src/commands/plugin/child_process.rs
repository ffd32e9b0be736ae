//! One step that another program does: its output passes through, and it does not outlive this one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};
use tokio::process::{Child, Command};
use tokio::signal::unix::{Signal as Changes, SignalKind, signal};

use crate::error::{Error, Result, TerminationSignal};
use crate::plugin::builder::CommandLine;
use crate::secret;
use crate::terminal::shutdown::Shutdown;

/// How long a program may take to end once it was asked to.
const GRACE: Duration = Duration::from_secs(10);

/// How long after a program's end a signal may come that ended it: whoever sends one to both, as a terminal does, is seen
/// by the program first if that is quicker.
const SAME_TIME: Duration = Duration::from_millis(100);

/// How a step's program is run.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// As errors name it: `build`, `push`.
    pub name: &'static str,
    /// Its standard output is not wanted.
    pub quiet: bool,
    /// There is a terminal that it may ask on.
    pub has_terminal: bool,
}

impl Step {
    /// Runs `line` to its end. What it writes to standard output goes to standard error, where all talk goes.
    ///
    /// # Errors
    /// It cannot be run, or it fails; and that of whoever asks for the end, after the program has ended.
    pub async fn run(self, line: &CommandLine, shutdown: &mut Shutdown) -> Result<()> {
        let failed = |why: String| {
            Error::local(format!("{} failed: {why}", self.name)).cause(format!("the command was: {line}"))
        };
        let program = line.program.display();
        let mut running = self.spawn(line).map_err(|error| failed(format!("{program} cannot be run: {error}")))?;
        let lost = |error| failed(format!("{program} cannot be waited for: {error}"));
        let asked = tokio::select! {
            biased;
            ending = shutdown.signal() => Some(ending),
            ended = running.ended() => {
                let is_success = ended.map_err(lost)?;
                // Nobody has to be waited for if it did its work.
                if is_success { None } else { tokio::time::timeout(SAME_TIME, shutdown.signal()).await.ok() }
            }
        };
        if let Some(ending) = asked {
            self.shutdown(&mut running, ending, shutdown).await;
            return Err(Error::from_signal(ending));
        }
        let status = running.child.wait().await.map_err(lost)?;
        if status.success() { Ok(()) } else { Err(failed(format!("{program} {}", ended_with(status)))) }
    }

    fn spawn(self, line: &CommandLine) -> io::Result<Running> {
        let mut command = Command::new(&line.program);
        command.args(&line.arguments).kill_on_drop(true);
        for name in secret::VARIABLES {
            command.env_remove(name);
        }
        command.stdout(if self.quiet { Stdio::null() } else { io::stderr().into() });
        if self.has_terminal {
            // In the terminal's eyes the two are one job: the program may ask there, and Ctrl-C reaches it by itself.
            command.stdin(Stdio::inherit());
        } else {
            // A group of its own is reached as a whole, the programs that it starts included.
            command.stdin(Stdio::null()).process_group(0);
        }
        // Before it can end.
        let changes = signal(SignalKind::child())?;
        let child = command.spawn()?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let pid = pid.ok_or_else(|| io::Error::other("it has no number"))?;
        Ok(Running { child, pid, changes })
    }

    /// Hands on what was asked for, and waits for the end; whoever asks twice, or after a time of grace, gets it at once.
    async fn shutdown(self, running: &mut Running, ending: TerminationSignal, shutdown: &mut Shutdown) {
        let pid = running.pid;
        let send = |signal| {
            // What has ended already is past hearing it.
            let _ = if self.has_terminal { kill_process(pid, signal) } else { kill_process_group(pid, signal) };
        };
        send(match ending {
            TerminationSignal::Interrupt => Signal::INT,
            TerminationSignal::Terminate => Signal::TERM,
            TerminationSignal::HangUp => Signal::HUP,
            TerminationSignal::Quit => Signal::QUIT,
        });
        tokio::select! {
            _ = running.ended() => {}
            _ = shutdown.signal() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        // Of a group, what the program has left behind ends as well.
        send(Signal::KILL);
        let _ = running.child.wait().await;
    }
}

/// A program that was started. Until `child` is waited for, its number is nobody else's, though it may have ended: signals
/// to it, and to the group that has its number, go astray only after that.
struct Running {
    child: Child,
    pid: Pid,
    /// Comes when a child of this process has ended.
    changes: Changes,
}

impl Running {
    /// Done when it has ended, and says whether well. It is not waited for by that.
    async fn ended(&mut self) -> io::Result<bool> {
        let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
        loop {
            if let Some(status) = waitid(WaitId::Pid(self.pid), options)? {
                return Ok(status.exit_status() == Some(0));
            }
            self.changes.recv().await;
        }
    }
}

fn ended_with(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit status {code}"),
        // This names the signal.
        None => format!("was ended: {status}"),
    }
}

#[cfg(test)]
mod tests {
    use rustix::process::{test_kill_process, test_kill_process_group};

    use super::*;

    #[tokio::test]
    async fn what_has_ended_keeps_its_number_until_it_is_waited_for() {
        let step = Step { name: "build", quiet: true, has_terminal: false };
        for (program, is_success) in [("true", true), ("false", false)] {
            let line = CommandLine { program: program.into(), arguments: Vec::new() };
            let mut running = step.spawn(&line).unwrap();
            assert_eq!(running.ended().await.unwrap(), is_success);
            assert_eq!(running.ended().await.unwrap(), is_success, "asked again");
            assert!(test_kill_process(running.pid).is_ok() && test_kill_process_group(running.pid).is_ok());
            running.child.wait().await.unwrap();
            assert!(test_kill_process(running.pid).is_err() && test_kill_process_group(running.pid).is_err());
        }
    }
}
