//! Where cases are measured: services, the ways to them, homes.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use super::certificate::Certificates;
use super::contestant::{Contestant, Port, Program, URL};
use super::programs::Programs;
use super::proxy::Proxy;
use super::service::{Listening, Start};
use super::spawn::{Job, Spawner, Usage};

/// Each way, where a service is far away.
pub const FAR: Duration = Duration::from_millis(50);

/// Each way, where round trips are only counted: what is sent together arrives before the first of it can be answered.
const APART: Duration = Duration::from_millis(2);

/// How a process comes to trust the service's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The system's own bundle has the issuer, in a mount namespace in which nobody else is.
    System,
    /// `SSL_CERT_FILE` names a copy of the bundle that has the issuer, as namespaces cannot be made here.
    Variable,
}

pub struct Stage {
    programs: Programs,
    folder: PathBuf,
    certificates: Certificates,
    services: HashMap<usize, Service>,
    spawner: Spawner,
    trusting: Spawner,
    pub trust: Trust,
}

impl Stage {
    pub fn new(programs: Programs, folder: &Path) -> Result<Self> {
        let certificates = Certificates::make(folder)?;
        let (trusting, trust) = match namespace(&certificates) {
            Some(mut command) => {
                command.arg(&programs.spawn);
                (command, Trust::System)
            }
            None => (Command::new(&programs.spawn), Trust::Variable),
        };
        let spawner = Spawner::start(Command::new(&programs.spawn))?;
        let (trusting, folder) = (Spawner::start(trusting)?, folder.to_owned());
        Ok(Self { programs, folder, certificates, services: HashMap::new(), spawner, trusting, trust })
    }

    /// The service with so many plugins.
    pub fn listening(&mut self, rows: usize) -> Result<Listening> {
        if let Some(service) = self.services.get(&rows) {
            return Ok(service.listening);
        }
        let Certificates { certificate, key, .. } = self.certificates.clone();
        let service = Service::start(&Start { rows, certificate, key })?;
        Ok(self.services.entry(rows).or_insert(service).listening)
    }

    /// Makes the home of `contestant`, and what has to be there.
    pub fn prepare(&mut self, contestant: &Contestant, home: &Path) -> Result<()> {
        fs::create_dir_all(home)?;
        for args in &contestant.preparations {
            let job = self.job(self.programs.spacectl.clone(), args.clone(), home, Path::new("/dev/null"));
            run(&mut self.spawner, &job)?;
        }
        Ok(())
    }

    /// Runs `contestant` once, its standard output going to `out`.
    pub fn run(
        &mut self,
        contestant: &Contestant,
        address: Option<SocketAddr>,
        trusts: bool,
        home: &Path,
        out: &Path,
    ) -> Result<Usage> {
        if contestant.forgets {
            let data = home.join(".local/share/spacectl");
            if data.exists() {
                fs::remove_dir_all(data)?;
            }
        }
        let url = address.map(|address| url(contestant, address)).unwrap_or_default();
        if contestant.program == Program::Python && contestant.port.is_some() {
            configure_python(home, &url)?;
        }
        let args = contestant.args.iter().map(|arg| arg.replace(URL, &url)).collect();
        let mut job = self.job(contestant.executable(&self.programs), args, home, out);
        if trusts && self.trust == Trust::Variable {
            job.variables.push(("SSL_CERT_FILE".to_owned(), self.certificates.bundle.clone()));
        }
        run(if trusts { &mut self.trusting } else { &mut self.spawner }, &job)
            .with_context(|| format!("{} {}", contestant.name, job.args.join(" ")))
    }

    fn job(&self, program: PathBuf, args: Vec<String>, home: &Path, out: &Path) -> Job {
        let folders = [("HOME", ""), ("XDG_CACHE_HOME", ".cache"), ("XDG_DATA_HOME", ".local/share")];
        let mut variables: Vec<_> =
            folders.into_iter().map(|(name, folder)| (name.to_owned(), home.join(folder))).collect();
        variables.push(("LANG".to_owned(), "C.UTF-8".into()));
        variables.push(("PYTHONWARNINGS".to_owned(), "ignore".into()));
        let (out, talk) = (out.to_owned(), self.folder.join("stderr"));
        Job { program, args, variables, folder: home.to_owned(), out, talk }
    }
}

/// The address of `port`.
pub fn address(listening: Listening, port: Port) -> SocketAddr {
    match port {
        Port::Plain => listening.plain,
        Port::Along => listening.along,
        Port::Tls => listening.tls,
    }
}

/// A way to `target` that counts, and is as long as is said.
pub fn way(target: SocketAddr, is_far: bool) -> Result<Proxy> {
    Proxy::start(target, if is_far { FAR } else { APART })
}

fn url(contestant: &Contestant, address: SocketAddr) -> String {
    let is_tls = contestant.port == Some(Port::Tls);
    let scheme = match contestant.program {
        Program::Floor if is_tls => "https",
        Program::Floor => "http",
        _ if is_tls => "grpc+ssl",
        _ => "grpc",
    };
    format!("{scheme}://{address}")
}

fn run(spawner: &mut Spawner, job: &Job) -> Result<Usage> {
    let usage = spawner.measure(job)?;
    let said = || fs::read_to_string(&job.talk).unwrap_or_default();
    ensure!(usage.code == Some(0), "ended with {:?}: {}", usage.code, said());
    Ok(usage)
}

/// Writes the Python client's configuration, which knows no other way to a service.
fn configure_python(home: &Path, url: &str) -> Result<()> {
    let folder = home.join(".spaceone");
    fs::create_dir_all(folder.join("environments"))?;
    fs::write(folder.join("environment.yml"), "environment: bench\n")?;
    fs::write(folder.join("environments/bench.yml"), format!("api_key: none\nendpoints:\n  repository: {url}\n"))?;
    Ok(())
}

/// What starts a program for which the system's bundle has the issuer; `None` if that cannot be done here.
fn namespace(certificates: &Certificates) -> Option<Command> {
    let system = certificates.system.as_ref()?;
    let make = |script: &str| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "sh", "-euc", script]).arg(&certificates.bundle).arg(system);
        command
    };
    let mut trial = make("mount --bind \"$0\" \"$1\"");
    let works = trial.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    works.is_ok_and(|status| status.success()).then(|| make("mount --bind \"$0\" \"$1\"; shift; exec \"$@\""))
}

struct Service {
    process: Child,
    listening: Listening,
}

impl Service {
    fn start(start: &Start) -> Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        let mut process = command.arg("serve").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        if let Some(input) = &mut process.stdin {
            writeln!(input, "{}", serde_json::to_string(start)?)?;
        }
        let mut line = String::new();
        let output = process.stdout.take().context("no pipe to the service")?;
        BufReader::new(output).read_line(&mut line)?;
        let listening = serde_json::from_str(&line).context("the service does not start")?;
        Ok(Self { process, listening })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // It has nothing to lose.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
