//! One step that another program does: its output passes through, and it does not outlive this one.

use std::io;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use tokio::process::{Child, Command};

use super::ending::{Asked, Ending};
use crate::error::{Error, Result};
use crate::plugin::builder::CommandLine;

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
    /// It cannot be run, or it fails; and that of [`Asked::obey`], after the program has ended.
    pub async fn run(self, line: &CommandLine, ending: &mut Ending) -> Result<()> {
        let failed = |why: String| {
            Error::local(format!("{} failed: {why}", self.name)).cause(format!("the command was: {line}"))
        };
        let program = line.program.display();
        let mut child = self.spawn(line).map_err(|error| failed(format!("{program} cannot be run: {error}")))?;
        let pid = child.id().and_then(|id| Pid::from_raw(id.try_into().unwrap_or_default()));
        let asked = tokio::select! {
            biased;
            asked = ending.asked() => asked,
            ended = child.wait() => {
                let status = ended.map_err(|error| failed(format!("{program} cannot be waited for: {error}")))?;
                if status.success() {
                    return Ok(());
                }
                match tokio::time::timeout(SAME_TIME, ending.asked()).await {
                    Ok(asked) => asked,
                    Err(_) => return Err(failed(format!("{program} {}", ended_with(status)))),
                }
            }
        };
        self.stop(&mut child, pid, asked, ending).await;
        Err(asked.obey())
    }

    fn spawn(self, line: &CommandLine) -> io::Result<Child> {
        let mut command = Command::new(&line.program);
        command.args(&line.arguments).kill_on_drop(true);
        command.stdout(if self.quiet { Stdio::null() } else { io::stderr().into() });
        if self.has_terminal {
            // In the terminal's eyes the two are one job: the program may ask there, and Ctrl-C reaches it by itself.
            command.stdin(Stdio::inherit());
        } else {
            // A group of its own is reached as a whole, the programs that it starts included.
            command.stdin(Stdio::null()).process_group(0);
        }
        command.spawn()
    }

    /// Hands on what was asked for, and waits for the end; whoever asks twice, or after a time of grace, gets it at once.
    async fn stop(self, child: &mut Child, pid: Option<Pid>, asked: Asked, ending: &mut Ending) {
        let Some(pid) = pid else { return };
        let signal = |child: &Child, signal| {
            // What has ended already needs no signal, and its number may be another's. A group keeps its own.
            let _ = match (self.has_terminal, child.id()) {
                (false, _) => kill_process_group(pid, signal),
                (true, Some(_)) => kill_process(pid, signal),
                (true, None) => Ok(()),
            };
        };
        signal(
            child,
            match asked {
                Asked::Interrupt => Signal::INT,
                Asked::Terminate => Signal::TERM,
            },
        );
        tokio::select! {
            _ = child.wait() => {}
            _ = ending.asked() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        // Of a group, what the program has left behind ends as well.
        signal(child, Signal::KILL);
        let _ = child.wait().await;
    }
}

fn ended_with(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("ended with exit status {code}"),
        // This names the signal.
        None => format!("was ended: {status}"),
    }
}
