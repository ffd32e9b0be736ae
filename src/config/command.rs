//! Runs the command that prints the key.

use std::io;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::fs::read_limited;
use crate::secret;

/// The largest content of a key's file or output of its command, in bytes.
pub(super) const MAX_BYTES: u64 = 64 * 1024;

/// How often to check whether the command has ended, once its output has.
const POLL: Duration = Duration::from_millis(5);

/// Runs `command` by the shell and returns its stdout. Its stdin and stderr are this program's, so that it may ask for
/// a passphrase on the terminal; Ctrl-C ends both. No error shows what it printed.
pub(super) fn output(command: &str, limit: Option<Duration>) -> Result<String> {
    let cannot_run = |error: io::Error| Error::local("it cannot be run").cause(error);
    let mut child = shell(command).stdout(Stdio::piped()).spawn().map_err(cannot_run)?;
    let result = read(&mut child, limit);
    if result.is_err() {
        // Programs that the shell started go on: in a process group of their own they could be killed, too, but could
        // not read from the terminal.
        let _ = child.kill();
        let _ = child.wait();
    }
    result
}

fn shell(command: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command);
    for name in secret::VARIABLES {
        shell.env_remove(name);
    }
    shell
}

fn read(child: &mut Child, limit: Option<Duration>) -> Result<String> {
    let limit = limit.unwrap_or(Duration::MAX);
    let start = Instant::now();
    let Some(stdout) = child.stdout.take() else { return Err(Error::local("it has no standard output")) };
    let (sender, receiver) = mpsc::channel();
    // Not joined: a process that the command left running may hold the pipe open for ever. After the limit, nobody
    // receives.
    thread::spawn(move || sender.send(read_limited(stdout, MAX_BYTES)));
    let late =
        || Error::local(format!("it did not end within {limit:?}")).hint("set a longer --timeout, or 0 for none");
    let unreadable = || Error::local("its output cannot be read");
    let read = receiver.recv_timeout(limit).map_err(|error| match error {
        RecvTimeoutError::Timeout => late(),
        RecvTimeoutError::Disconnected => unreadable(),
    })?;
    let bytes = read.map_err(|error| unreadable().cause(error))?;
    let status = loop {
        match child.try_wait().map_err(|error| Error::local("cannot wait for it").cause(error))? {
            Some(status) => break status,
            None if start.elapsed() >= limit => return Err(late()),
            None => thread::sleep(POLL),
        }
    };
    if !status.success() {
        return Err(Error::local(format!("it ended with {}", status_text(status)))
            .hint("run it by itself to see why; its output is not shown here, as it may be the key"));
    }
    String::from_utf8(bytes).map_err(|_| Error::local("its output is not UTF-8 text"))
}

fn status_text(status: ExitStatus) -> String {
    match status.code() {
        Some(code) => format!("exit status {code}"),
        // This names the signal.
        None => status.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fails(command: &str, limit: Option<Duration>) -> String {
        output(command, limit).unwrap_err().to_string()
    }

    #[test]
    fn what_a_command_prints_is_taken() {
        assert_eq!(output("printf 'a\\nb'; exit 0", None).unwrap(), "a\nb");
        assert_eq!(output("true", Some(Duration::from_secs(60))).unwrap(), "");
    }

    #[test]
    fn a_failure_names_the_status_and_never_the_output() {
        let error = fails("echo hunter2; exit 3", None);
        assert!(error.starts_with("error: it ended with exit status 3") && !error.contains("hunter"), "{error}");
        let error = fails("echo hunter2; kill -9 $$", None);
        assert!(error.contains("signal: 9") && !error.contains("hunter"), "{error}");
        let error = fails("printf 'hunter2\\377'", None);
        assert!(error.contains("not UTF-8 text") && !error.contains("hunter"), "{error}");
    }

    #[test]
    fn one_that_prints_without_end_is_ended() {
        assert!(fails("yes", None).contains("larger than 64 KiB"));
    }

    #[test]
    fn one_that_does_not_end_is_given_up() {
        let start = Instant::now();
        let limit = Some(Duration::from_millis(100));
        for command in ["exec sleep 600", "exec >&-; exec sleep 600", "sleep 1 & exec sleep 600"] {
            assert!(fails(command, limit).contains("did not end within 100ms"), "{command}");
        }
        assert!(start.elapsed() < Duration::from_secs(60));
    }
}
