//! A run that goes on: its output is read as it comes, and it ends when it is told to.

use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Spacectl;

/// Longest wait for anything that should come at once: passes quickly, fails late but surely.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running command; killed when dropped.
pub struct Running {
    child: Child,
    stdout: Option<Receiver<Vec<u8>>>,
    stderr: Receiver<Vec<u8>>,
    /// What was read from standard output and error so far.
    pub out: String,
    pub err: String,
}

/// How a run ended.
#[derive(Debug, PartialEq, Eq)]
pub enum End {
    Exit(i32),
    Signal(i32),
}

impl Running {
    pub fn start(user: &Spacectl, args: &[&str]) -> Self {
        let mut command = user.command();
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stdout = Some(follow(child.stdout.take().unwrap()));
        let stderr = follow(child.stderr.take().unwrap());
        Self { child, stdout, stderr, out: String::new(), err: String::new() }
    }

    /// Starts it with a standard output that is read once, up to its first bytes, and then closed.
    pub fn start_and_leave(user: &Spacectl, args: &[&str]) -> Self {
        let mut command = user.command();
        let mut child = command.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdout.take().unwrap().read_exact(&mut [0]).unwrap();
        let stderr = follow(child.stderr.take().unwrap());
        Self { child, stdout: None, stderr, out: String::new(), err: String::new() }
    }

    /// Waits until standard output, or else standard error, holds what is asked for.
    #[track_caller]
    pub fn wait_for(&mut self, what: &str) -> &mut Self {
        let give_up = Instant::now() + PATIENCE;
        while !self.out.contains(what) && !self.err.contains(what) {
            assert!(Instant::now() < give_up, "no {what:?} in\n{}--- stderr\n{}", self.out, self.err);
            self.read(Duration::from_millis(10));
        }
        self
    }

    fn read(&mut self, time: Duration) {
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        if let Some(Ok(bytes)) = self.stdout.as_ref().map(|stdout| stdout.recv_timeout(time)) {
            self.out.push_str(&text(bytes));
        }
        while let Ok(bytes) = self.stderr.try_recv() {
            self.err.push_str(&text(bytes));
        }
    }

    /// Presses Ctrl-C.
    pub fn interrupt(&mut self) -> &mut Self {
        self.signal("INT")
    }

    /// Sends a signal by its name, as `TERM`.
    pub fn signal(&mut self, name: &str) -> &mut Self {
        let sent = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status().unwrap();
        assert!(sent.success());
        self
    }

    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as nobody can be asked to: at once, wherever it is.
    pub fn kill(&mut self) -> &mut Self {
        self.child.kill().unwrap();
        self
    }

    /// Waits for its end, with all that it wrote read.
    #[track_caller]
    pub fn end(&mut self) -> End {
        let give_up = Instant::now() + PATIENCE;
        let status = loop {
            self.read(Duration::from_millis(10));
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            assert!(Instant::now() < give_up, "it goes on\n{}--- stderr\n{}", self.out, self.err);
        };
        // The pipes close behind it.
        let rest = |receiver: &Receiver<Vec<u8>>| String::from_utf8(receiver.iter().flatten().collect()).unwrap();
        self.out.push_str(&self.stdout.as_ref().map(rest).unwrap_or_default());
        self.err.push_str(&rest(&self.stderr));
        status.code().map_or_else(|| End::Signal(status.signal().unwrap()), End::Exit)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn follow(mut pipe: impl std::io::Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(length @ 1..) = pipe.read(&mut buffer) {
            if sender.send(buffer[..length].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}
