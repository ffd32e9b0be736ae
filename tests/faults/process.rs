//! Runs of the program: ended by signals, or under strace with a system call that fails.

use std::fmt;
use std::io::Read;
use std::net::TcpListener;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::report::Verdict;
use super::rng::Rng;
use super::support::Spacectl;

/// No command of the suite takes nearly as long.
const LIMIT: Duration = Duration::from_secs(60);

/// A signal, and when it is sent.
#[derive(Clone, Copy)]
pub struct Hit {
    pub after: Duration,
    pub signal: Signal,
}

impl Hit {
    /// One or two signals within `time`.
    pub fn random(rng: &mut Rng, time: Duration) -> Vec<Self> {
        let first = Self {
            after: rng.moment(time),
            signal: rng.pick(&[Signal::KILL, Signal::KILL, Signal::INT, Signal::TERM]),
        };
        let mut hits = vec![first];
        if rng.once_in(3) {
            hits.push(Self { after: rng.moment(time / 4), ..first });
        }
        hits
    }

    pub fn kill(rng: &mut Rng, time: Duration) -> Vec<Self> {
        vec![Self { after: rng.moment(time), signal: Signal::KILL }]
    }
}

/// How a run ended.
pub struct Ended {
    line: String,
    pub code: Option<i32>,
    pub signal: Option<i32>,
    pub out: String,
    pub err: String,
    /// The signals that it got before it ended.
    pub sent: Vec<i32>,
    pub hangs: bool,
}

impl Ended {
    pub fn ids(&self) -> Vec<&str> {
        self.out.lines().collect()
    }

    pub fn is_ok(&self) -> bool {
        self.code == Some(0)
    }
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, code, signal, out, err, sent, .. } = self;
        let (out, err) = (shortened(out), shortened(err));
        writeln!(
            f,
            "$ {line}\nexit code {code:?}, signal {signal:?}, sent {sent:?}\n--- stdout\n{out}--- stderr\n{err}"
        )
    }
}

/// The beginning and the end of a long text.
fn shortened(text: &str) -> String {
    match (text.get(..1000), text.get(text.len().saturating_sub(300)..)) {
        (Some(first), Some(last)) if text.len() > 1300 => format!("{first}\n...\n{last}"),
        _ => text.to_owned(),
    }
}

/// A run that goes on.
pub struct Run {
    child: Child,
    line: String,
    started: Instant,
    pipes: [JoinHandle<String>; 2],
}

impl Run {
    pub fn start(mut command: Command, line: &str) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = read(child.stdout.take().unwrap());
        let err = read(child.stderr.take().unwrap());
        Self { child, line: line.to_owned(), started: Instant::now(), pipes: [out, err] }
    }

    /// Waits for its end, and sends it signals until then.
    pub fn end(mut self, hits: &[Hit]) -> Ended {
        let mut hits = hits.iter();
        let mut hit = hits.next();
        let mut due = self.started + hit.map_or(LIMIT, |hit| hit.after);
        let mut sent = Vec::new();
        let mut hangs = false;
        let status = loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                break status;
            }
            let now = Instant::now();
            if let Some(current) = hit.filter(|_| now >= due) {
                // It is not waited for yet: its id is still its own.
                kill_process(Pid::from_child(&self.child), current.signal).unwrap();
                sent.push(current.signal.as_raw());
                hit = hits.next();
                due = now + hit.map_or(LIMIT, |hit| hit.after);
                continue;
            }
            if now >= self.started + LIMIT {
                hangs = true;
                self.child.kill().unwrap();
                sent.push(Signal::KILL.as_raw());
            }
            let wait = if hit.is_some() { due.saturating_duration_since(now) } else { Duration::from_millis(2) };
            std::thread::sleep(wait.clamp(Duration::from_micros(50), Duration::from_millis(2)));
        };
        let [out, err] = self.pipes.map(|pipe| pipe.join().unwrap());
        Ended { line: self.line, code: status.code(), signal: status.signal(), out, err, sent, hangs }
    }
}

fn read(mut pipe: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        // What came before an error counts.
        let _ = pipe.read_to_end(&mut bytes);
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs a command line, split at blanks.
pub fn run(user: &Spacectl, line: &str, hits: &[Hit]) -> Ended {
    start(user, line).end(hits)
}

pub fn start(user: &Spacectl, line: &str) -> Run {
    let mut command = user.command();
    command.args(line.split_whitespace());
    Run::start(command, line)
}

const STRACE: &str = "/usr/bin/strace";

pub fn no_strace() -> Option<&'static str> {
    let works = Command::new(STRACE).args(["-f", "-qq", "-e", "trace=none", "true"]).output();
    match works {
        Err(_) => Some("needs strace"),
        Ok(output) if !output.status.success() => Some("strace may not trace here"),
        Ok(_) => None,
    }
}

/// Runs a command line of which one of these system calls fails, or is its last. `None` if it failed where it never
/// does: at an eventfd or a socket of the program's own.
pub fn run_with_failing_call(
    user: &Spacectl,
    line: &str,
    calls: &[(&str, u64)],
    rng: &mut Rng,
    verdict: &mut Verdict,
) -> Option<Ended> {
    let (call, most) = rng.pick(calls);
    let when = 1 + rng.below(most);
    let effect = match rng.below(5) {
        0 => "signal=KILL".to_owned(),
        _ => format!("error={}", rng.pick(&["ENOSPC", "EIO", "EACCES"])),
    };
    let log = user.home().join("strace.log");
    let inject = format!("inject={call}:{effect}:when={when}");
    let plain = user.command();
    let mut command = Command::new(STRACE);
    command.args(["-f", "-qq", "-y", "-o"]).arg(&log).args(["-e", &format!("trace={call}"), "-e", &inject]);
    command.arg(plain.get_program()).args(line.split_whitespace());
    command.current_dir(plain.get_current_dir().unwrap()).env_clear();
    command.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    let mut ended = Run::start(command, line).end(&[]);
    let trace = std::fs::read_to_string(&log).unwrap_or_default();
    let injected = trace.lines().find(|line| line.contains("(INJECTED)")).unwrap_or_default();
    verdict.log(format!("{inject}\n{injected}"));
    if ["<anon_inode:", "<socket:", "<UNIX"].iter().any(|kind| injected.contains(kind)) {
        return None;
    }
    if effect.starts_with("signal") {
        verdict.faults += usize::from(ended.signal.is_some());
        ended.sent.push(Signal::KILL.as_raw());
    } else {
        verdict.faults += usize::from(!injected.is_empty());
    }
    Some(ended)
}

/// The service `local serve`, which can be killed and started again on its port.
pub struct Service {
    child: Child,
    pub port: u16,
}

impl Service {
    /// Starts it with the database `data`, on a port of its own.
    pub fn start(user: &Spacectl, data: &Path) -> Self {
        // Another process may get the port in between: that run fails, and says so.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { child: Self::spawn(user, data, port), port }
    }

    fn spawn(user: &Spacectl, data: &Path, port: u16) -> Child {
        let mut command = user.command();
        command.args(["local", "serve", "-q", "--listen", &format!("127.0.0.1:{port}"), "--data"]).arg(data);
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        // Its first line says that it listens.
        child.stdout.take().unwrap().read_exact(&mut [0]).expect("the service starts");
        child
    }

    /// Ends it at once, wherever it is, and starts it again.
    pub fn restart(&mut self, user: &Spacectl, data: &Path) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        self.child = Self::spawn(user, data, self.port);
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
