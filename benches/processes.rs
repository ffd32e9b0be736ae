//! Measures spacectl as a process beside a typed client: see benches/README.md.

mod data;
mod service;

use std::env;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

use anyhow::{Context as _, Result, bail, ensure};
use wait4::Wait4 as _;

/// Entries that take turns. Ratios are to the first.
#[derive(Clone, Copy)]
struct Case {
    name: &'static str,
    /// How many plugins the service has.
    plugins: usize,
    /// How many documents `specs.yml` has.
    specs: usize,
    /// Each byte to and from the service takes [`service::DELAY`].
    is_far: bool,
    rounds: usize,
    entries: &'static [Entry],
}

/// A command, and how many lines of its output hold which text.
///
/// Entries of a case that expect the same print the same, byte for byte, except for the Python client.
struct Entry {
    name: &'static str,
    /// Variables, the program, arguments. HTTP and GRPC are the URL of the service.
    command: &'static str,
    lines: usize,
    text: &'static str,
}

const CASES: [Case; 8] = [
    Case { name: "version", plugins: 0, specs: 0, is_far: false, rounds: 200, entries: &VERSION },
    Case { name: "help", plugins: 0, specs: 0, is_far: false, rounds: 200, entries: &HELP },
    Case { name: "tab", plugins: 10, specs: 0, is_far: false, rounds: 100, entries: &TAB },
    Case { name: "list-10", plugins: 10, specs: 0, is_far: false, rounds: 150, entries: &LIST },
    Case { name: "list-10-far", plugins: 10, specs: 0, is_far: true, rounds: 5, entries: &LIST },
    Case { name: "list-100000", plugins: 100_000, specs: 0, is_far: false, rounds: 9, entries: &LIST_ALL },
    Case { name: "register-1000", plugins: 0, specs: 1000, is_far: false, rounds: 15, entries: &REGISTER },
    Case { name: "specs-100-far", plugins: 0, specs: 100, is_far: true, rounds: 3, entries: &SPECS },
];

const EMPTY: Entry = entry("empty process", "empty", 0, "");
const VERSION: [Entry; 3] = [
    EMPTY,
    entry("spacectl", "spacectl --version", 1, "spacectl "),
    entry("Python client", "python version", 1, "version:"),
];
const HELP: [Entry; 3] =
    [EMPTY, entry("spacectl", "spacectl --help", 1, "Usage:"), entry("Python client", "python --help", 1, "Usage:")];
const TAB: [Entry; 2] =
    [EMPTY, entry("spacectl", "COMPLETE=fish spacectl -- spacectl --endpoint GRPC plugin get plugin-", 10, "plugin-")];
const LIST: [Entry; 4] = [
    entry("floor", "floor HTTP list plugin_id name state resource_type provider", 10, "plugin-"),
    entry("spacectl, cached", "spacectl --endpoint GRPC list repository.Plugin", 10, "plugin-"),
    entry("spacectl, reflecting", "spacectl --endpoint GRPC --no-cache list repository.Plugin", 10, "plugin-"),
    entry("Python client", "python list repository.Plugin", 10, "plugin-"),
];
const LIST_ALL: [Entry; 3] = [
    entry("floor", "floor HTTP list", 100_000, "plugin-"),
    entry("spacectl", "spacectl --endpoint GRPC list repository.Plugin -a", 100_000, "plugin-"),
    entry("Python client", "python list repository.Plugin -a", 100_000, "plugin-"),
];
const REGISTER: [Entry; 2] = [
    entry("floor, 16 in flight", "floor HTTP register 1000 16", 1000, "plugin-"),
    entry(
        "spacectl",
        "spacectl --endpoint GRPC exec register Plugin -f specs.yml -c plugin_id,name -o csv",
        1000,
        "plugin-",
    ),
];
const SPECS: [Entry; 3] = [
    entry("floor, 16 in flight", "floor HTTP register 100 16", 100, "plugin-"),
    entry("plugin diff", "spacectl --endpoint GRPC plugin diff -f specs.yml", 100, "+ image"),
    entry("plugin apply", "spacectl --endpoint GRPC plugin apply -f specs.yml", 100, "-mon-webhook"),
];

const fn entry(name: &'static str, command: &'static str, lines: usize, text: &'static str) -> Entry {
    Entry { name, command, lines, text }
}

/// No case has more rows than this with `BENCH_QUICK`.
const QUICK_ROWS: usize = 1000;

const HEADER: &str = "
| case | | runs | wall ms: min, median, max | x | CPU ms: min, median, max | x | peak MiB | x message | round trips |
|---|---|--:|--:|--:|--:|--:|--:|--:|--:|";

fn main() -> Result<()> {
    let args: Vec<String> = env::args().skip(1).filter(|arg| arg != "--bench").collect();
    if let [command, count] = &args[..]
        && command == "serve"
    {
        return service::run(count.parse()?);
    }
    let is_quick = env::var_os("BENCH_QUICK").is_some_and(|value| !value.is_empty() && value != "0");
    let profile = env::current_exe()?.ancestors().nth(2).context("cargo runs this from `deps`")?.to_owned();
    let folder = tempfile::tempdir_in(&profile)?;
    build(&profile, folder.path())?;
    if is_quick || !profile.ends_with("release") {
        println!("These numbers mean nothing.\n");
    }
    println!("{}\n{HEADER}", environment()?.trim_end());
    for mut case in CASES.into_iter().filter(|case| args.is_empty() || args.iter().any(|arg| arg == case.name)) {
        if is_quick {
            (case.rounds, case.plugins) = (0, case.plugins.min(QUICK_ROWS));
        }
        case.measure(folder.path()).context(case.name)?;
    }
    Ok(())
}

/// Builds the programs in the profile of this one, as their users do, and copies them into `folder`.
fn build(profile: &Path, folder: &Path) -> Result<()> {
    let (target, name) = profile.parent().zip(profile.file_name()).context("a profile has a folder")?;
    // One after another: cargo gives to packages that it builds together the features that any of them needs.
    for package in ["spacectl", "spacectl-bench-programs"] {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--quiet", "--bins", "--package", package]).current_dir(env!("CARGO_MANIFEST_DIR"));
        // What cargo tells a program that it runs makes ring's build script run again.
        let is_of_run =
            |name: &str| name == "OUT_DIR" || name.starts_with("CARGO_PKG") || name.starts_with("CARGO_MAN");
        env::vars().filter(|(name, _)| is_of_run(name)).for_each(|(name, _)| _ = cargo.env_remove(name));
        cargo.arg("--profile").arg(if name == "debug" { "dev".as_ref() } else { name }).arg("--target-dir").arg(target);
        ensure!(cargo.status()?.success(), "cannot build {package}");
    }
    let spacectl = env::var_os("SPACECTL_BIN").map_or_else(|| profile.join("spacectl"), PathBuf::from);
    let [floor, empty] = ["bench-floor", "bench-empty"].map(|name| profile.join(name));
    for (name, program) in [("spacectl", spacectl), ("floor", floor), ("empty", empty)] {
        fs::copy(&program, folder.join(name)).with_context(|| format!("cannot copy {}", program.display()))?;
    }
    if let Some(peers) = env::var_os("PEERS_DIR").filter(|value| !value.is_empty()) {
        let python = fs::canonicalize(Path::new(&peers).join("py2/bin/spacectl")).context("no client in PEERS_DIR")?;
        std::os::unix::fs::symlink(python, folder.join("python"))?;
    }
    Ok(())
}

/// Says when and where this is measured.
fn environment() -> Result<String> {
    let script = "echo \"$(date +%F), $(nproc) cores ($(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -n 1)), \
                  $(uname -sr), $(rustc --version)\"";
    Ok(String::from_utf8(Command::new("sh").args(["-c", script]).output()?.stdout)?)
}

impl Case {
    /// Checks what each entry does, lets them take turns, and prints a row for each.
    fn measure(&self, folder: &Path) -> Result<()> {
        let (_service, near, far) = serve(self.plugins)?;
        let port = if self.is_far { far } else { near };
        let entries = self.entries.iter().filter(|entry| !entry.is_python() || folder.join("python").exists());
        let mut runs: Vec<(&Entry, PathBuf, Vec<Usage>)> = Vec::new();
        for (index, entry) in entries.enumerate() {
            let home = folder.join(format!("{}-{index}", self.name));
            fs::create_dir_all(home.join(".spaceone/environments"))?;
            fs::write(home.join("specs.yml"), data::specs(self.specs))?;
            // The Python client takes no service from the command line.
            let endpoint = format!("api_key: none\nendpoints:\n  repository: grpc://127.0.0.1:{port}\n");
            fs::write(home.join(".spaceone/environments/bench.yml"), endpoint)?;
            fs::write(home.join(".spaceone/environment.yml"), "environment: bench\n")?;
            // This run also fills the caches of spacectl and of the service.
            let output = home.join("stdout");
            let usage = entry.run(folder, &home, port, File::create(&output)?.into())?;
            self.check(entry, &output).context(entry.name)?;
            runs.push((entry, home, if self.rounds == 0 { vec![usage] } else { Vec::new() }));
        }
        for round in 0..self.rounds {
            for (entry, home, usages) in &mut runs {
                // The Python client takes seconds.
                if round % 30 == 0 || !entry.is_python() {
                    usages.push(entry.run(folder, home, port, Stdio::null())?);
                }
            }
        }
        for (entry, _, usages) in &runs {
            println!("{}", self.row(entry, usages, &runs[0].2));
        }
        Ok(())
    }

    /// Counts lines, and compares the output with that of the first entry.
    ///
    /// It is not held in memory: Linux counts the peak of this process into those that it starts.
    fn check(&self, entry: &Entry, output: &Path) -> Result<()> {
        let mut count = 0;
        for line in BufReader::new(File::open(output)?).lines() {
            count += usize::from(line?.contains(entry.text));
        }
        let expected = if entry.lines > QUICK_ROWS { self.plugins } else { entry.lines };
        ensure!(count == expected, "{count} lines hold `{}`, not {expected}", entry.text);
        let first = &self.entries[0];
        if (entry.lines, entry.text) == (first.lines, first.text) && !entry.is_python() {
            let first = output.with_file_name(format!("../{}-0/stdout", self.name));
            ensure!(Command::new("cmp").args([&first, output]).status()?.success(), "not what the first prints");
        }
        Ok(())
    }

    fn row(&self, entry: &Entry, usages: &[Usage], base: &[Usage]) -> String {
        let cells = |value: fn(&Usage) -> f64| {
            let [min, median, max] = spread(usages, value);
            format!("{min:.2}, {median:.2}, {max:.2} | {:.2}", median / spread(base, value)[1])
        };
        let [_, peak, _] = spread(usages, |usage| usage.peak_bytes);
        // The message is its rows, which are of one length.
        let message = || (self.plugins * data::list_response(1, &[]).len()) as f64;
        let of_message = if self.plugins < QUICK_ROWS { String::new() } else { format!("{:.2}", peak / message()) };
        let waited_ms = spread(usages, |usage| usage.wall_ms - usage.cpu_ms)[1];
        let round_trips = waited_ms / service::DELAY.as_secs_f64() / 2000.0;
        let round_trips = if self.is_far { format!("{round_trips:.1}") } else { String::new() };
        format!(
            "| {} | {} | {} | {} | {} | {:.1} | {of_message} | {round_trips} |",
            self.name,
            entry.name,
            usages.len(),
            cells(|usage| usage.wall_ms),
            cells(|usage| usage.cpu_ms),
            peak / 1_048_576.0,
        )
    }
}

impl Entry {
    fn is_python(&self) -> bool {
        self.command.starts_with("python ")
    }

    /// Runs the command in `home`, and fails if it does.
    fn run(&self, folder: &Path, home: &Path, port: u16, stdout: Stdio) -> Result<Usage> {
        let command = self.command.replace("GRPC", &format!("grpc://127.0.0.1:{port}"));
        let command = command.replace("HTTP", &format!("http://127.0.0.1:{port}"));
        let mut words = command.split(' ').peekable();
        let variable = words.next_if(|word| word.contains('=')).and_then(|word| word.split_once('='));
        let program = folder.join(words.next().context("no program")?);
        let stderr = home.join("stderr");
        let mut command = Command::new(program);
        command.args(words).env_clear().env("HOME", home).env("LANG", "C.UTF-8").envs(variable).current_dir(home);
        command.stdin(Stdio::null()).stdout(stdout).stderr(File::create(&stderr)?);

        let start = Instant::now();
        let ended = command.spawn()?.wait4()?;
        let wall_ms = start.elapsed().as_secs_f64() * 1000.0;
        // 1 is how `plugin diff` says that something differs.
        let is_done = ended.status.success() || self.name == "plugin diff" && ended.status.code() == Some(1);
        if !is_done {
            bail!("{}: {}: {}", self.name, ended.status, fs::read_to_string(stderr)?);
        }
        let cpu_ms = (ended.rusage.utime + ended.rusage.stime).as_secs_f64() * 1000.0;
        Ok(Usage { wall_ms, cpu_ms, peak_bytes: ended.rusage.maxrss as f64 })
    }
}

/// What one run took.
struct Usage {
    wall_ms: f64,
    cpu_ms: f64,
    peak_bytes: f64,
}

/// Returns the minimum, the median and the maximum.
fn spread(usages: &[Usage], value: fn(&Usage) -> f64) -> [f64; 3] {
    let mut values: Vec<f64> = usages.iter().map(value).collect();
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    [values[0], f64::midpoint(values[last / 2], values[last.div_ceil(2)]), values[last]]
}

/// Starts the service as a process of its own, and returns it with its ports. It ends when it is dropped.
fn serve(plugins: usize) -> Result<(Child, u16, u16)> {
    let mut command = Command::new(env::current_exe()?);
    command.args(["serve", &plugins.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut process = command.spawn()?;
    let mut line = String::new();
    BufReader::new(process.stdout.take().context("no output")?).read_line(&mut line)?;
    let (near, far) = line.trim().split_once(' ').context("the service does not start")?;
    Ok((process, near.parse()?, far.parse()?))
}
