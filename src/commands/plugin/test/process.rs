//! A plugin that is started for a test, and ended with all its processes.

use std::ffi::OsString;
use std::fs::{File, TryLockError};
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Stdio;
use std::time::Duration;

use rustix::fs::OFlags;
use rustix::process::{Pid, Signal, geteuid, kill_process_group};
use tokio::process::Child;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::log::LogTail;
use crate::commands::plugin::child_process::{command, describe, succeeds};
use crate::error::parse_error::ParseError;
use crate::error::{Error, Result};
use crate::fs::open_file_with;
use crate::plugin::builder::{CommandLine, ImageBuilder};
use crate::terminal::shutdown::Shutdown;

/// The port on which plugins listen by default, and in their images.
pub const PLUGIN_PORT: u16 = 50051;

/// The time that a plugin has to end after SIGTERM.
const GRACE: Duration = Duration::from_secs(5);

/// The longest wait for the rest of the log after the plugin's end: what it has started may hold the pipe open.
const LOG_GRACE: Duration = Duration::from_millis(500);

/// The longest wait for the removal of a container.
const REMOVAL_LIMIT: Duration = Duration::from_secs(20);

const SHELL_HINT: &str = "--exec runs no shell: start one with --exec \"sh -c '...'\"";

/// A running plugin. Its process group is killed when this is dropped.
pub struct PluginProcess {
    child: Child,
    group: Option<Pid>,
    /// The port of the loopback address on which it should listen.
    pub port: u16,
    log: LogTail,
    readers: JoinSet<()>,
    /// Removes the container.
    removal: Option<CommandLine>,
    /// Keeps other tests from the port.
    lock: Option<File>,
}

impl PluginProcess {
    /// Runs a command, split by the shell's rules, without a shell.
    pub fn start(command: &str, port: u16) -> Result<Self> {
        let words = shlex::split(command).filter(|words| !words.is_empty());
        let mut words = words.ok_or_else(|| {
            Error::usage("--exec: not a command").hint("check its quotes; it is split as a shell does, without a shell")
        })?;
        let line =
            CommandLine { program: words.remove(0).into(), arguments: words.into_iter().map(OsString::from).collect() };
        let lock = lock_port(port)?;
        // An answer of what listens there already would be taken for the plugin's.
        if TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).is_err() {
            return Err(Error::local(format!("the plugin is not started: port {port} is in use")).hint(
                "end what listens there, or let the plugin listen on another port, and name that with --port; \
                 --endpoint tests a plugin that is running already",
            ));
        }
        let mut process = Self::spawn(&line, port, None)?;
        process.lock = lock;
        Ok(process)
    }

    /// Runs an image, whose plugin listens on `inner_port`, published on a free port of the loopback address.
    pub fn start_image(builder: &ImageBuilder, image: &str, inner_port: u16) -> Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|listener| listener.local_addr());
        let port = free.map_err(|error| Error::local("there is no free port").cause(error))?.port();
        let name = format!("spacectl-plugin-test-{}-{port}", std::process::id());
        let line = builder.run(&name, port, inner_port, image).map_err(ParseError::into_local)?;
        Self::spawn(&line, port, Some(builder.remove(&name)))
    }

    fn spawn(line: &CommandLine, port: u16, removal: Option<CommandLine>) -> Result<Self> {
        let mut command = command(line);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group includes the processes that the plugin starts.
        command.process_group(0);
        let mut child = command.spawn().map_err(|error| {
            let what = format!("the plugin is not started: {} cannot be run", line.program.display());
            let hint = match needs_shell(line) {
                true => SHELL_HINT.to_owned(),
                false => format!("check that {} is installed, and in PATH", line.program.display()),
            };
            Error::local(what).cause(error).hint(hint)
        })?;
        let group = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
        let (log, mut readers) = (LogTail::default(), JoinSet::new());
        if let Some(pipe) = child.stdout.take() {
            readers.spawn(log.clone().follow(pipe));
        }
        if let Some(pipe) = child.stderr.take() {
            readers.spawn(log.clone().follow(pipe));
        }
        Ok(Self { child, group, port, log, readers, removal, lock: None })
    }

    /// Waits for its end.
    pub async fn ended(&mut self) -> String {
        match self.child.wait().await {
            Ok(status) => describe(status),
            Err(error) => format!("cannot be waited for: {error}"),
        }
    }

    /// Ends it and what it has started: politely, and after a while, or on a signal, at once.
    pub async fn stop(&mut self, shutdown: &mut Shutdown) {
        self.signal(Signal::TERM);
        tokio::select! {
            _ = self.child.wait() => {}
            _ = shutdown.signal() => {}
            () = tokio::time::sleep(GRACE) => {}
        }
        self.signal(Signal::KILL);
        let _ = self.child.wait().await;
        self.group = None;
        if let Some(removal) = self.removal.take() {
            // It fails where the container is gone already, as it should be.
            succeeds(&removal, REMOVAL_LIMIT).await;
        }
        let _ = timeout(LOG_GRACE, async { while self.readers.join_next().await.is_some() {} }).await;
    }

    /// The last lines of its output.
    pub fn log(&self) -> Vec<String> {
        self.log.lines()
    }

    /// Signals its group, also after its own end: processes that are left keep the group's number from others.
    fn signal(&self, signal: Signal) {
        if let Some(group) = self.group {
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for PluginProcess {
    fn drop(&mut self) {
        self.signal(Signal::KILL);
    }
}

/// Locks the port until the end of the test. gRPC servers of one user can listen on one port at the same time, and
/// each connection reaches any of them. There is no lock where its file cannot be opened or locked.
fn lock_port(port: u16) -> Result<Option<File>> {
    let name = format!("spacectl-plugin-test-{}-{port}.lock", geteuid().as_raw());
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW;
    let Ok(file) = open_file_with(&std::env::temp_dir().join(name), flags) else { return Ok(None) };
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::Error(_)) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            Err(Error::local(format!("the plugin is not started: port {port} is in use by another `plugin test`"))
                .hint("wait for its end, or let the plugin listen on another port, and name that with --port"))
        }
    }
}

/// Whether the command looks like one for a shell: `cd src && ...`, `NAME=VALUE ...`.
fn needs_shell(line: &CommandLine) -> bool {
    let is_operator = |word: &OsString| ["&&", "||", "|", ";"].iter().any(|operator| word == operator);
    let program = line.program.to_string_lossy();
    program == "cd" || program.contains('=') || line.arguments.iter().any(is_operator)
}
