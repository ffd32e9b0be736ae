//! Fault injection: how to run it is in README.md.

mod apply;
mod files;
mod process;
mod proxy;
mod register;
mod report;
mod rng;
#[path = "../support/mod.rs"]
mod support;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use report::{Report, Verdict};
use rng::Rng;

/// Runs at a time. Most of a run is waiting.
const WORKERS: usize = 3;

/// The numbers of documents of one run, at most.
#[derive(Clone, Copy)]
pub struct Size {
    pub documents: u64,
}

/// A command under one kind of fault.
pub struct Scenario {
    pub name: &'static str,
    /// Its part of all faults, in percent.
    percent: usize,
    /// Why it cannot run here.
    skip: fn() -> Option<&'static str>,
    run: fn(&mut Rng, Size) -> Verdict,
}

const SCENARIOS: [Scenario; 15] = [
    Scenario { name: "register, frame boundary", percent: 14, skip: never, run: register::frame_boundary },
    Scenario { name: "register, byte offset", percent: 12, skip: never, run: register::byte_offset },
    Scenario { name: "register, GOAWAY", percent: 5, skip: never, run: register::go_away },
    Scenario { name: "register, client ended", percent: 12, skip: never, run: register::client_ended },
    Scenario { name: "register, service killed", percent: 9, skip: never, run: register::service_killed },
    Scenario { name: "apply, connection", percent: 7, skip: never, run: apply::connection },
    Scenario { name: "apply, client ended", percent: 7, skip: never, run: apply::client_ended },
    Scenario { name: "apply, system call", percent: 3, skip: process::no_strace, run: apply::system_call },
    Scenario { name: "configuration, client ended", percent: 8, skip: never, run: files::configuration_ended },
    Scenario {
        name: "configuration, system call",
        percent: 8,
        skip: process::no_strace,
        run: files::configuration_call,
    },
    Scenario { name: "configuration, full disk", percent: 2, skip: files::no_tmpfs, run: files::configuration_full },
    Scenario { name: "database, client ended", percent: 3, skip: never, run: files::database_ended },
    Scenario { name: "database, system call", percent: 6, skip: process::no_strace, run: files::database_call },
    Scenario { name: "database, full disk", percent: 2, skip: files::no_tmpfs, run: files::database_full },
    Scenario { name: "20 processes, some killed", percent: 2, skip: never, run: files::twenty_processes },
];

fn never() -> Option<&'static str> {
    None
}

/// When to stop.
struct Options {
    seed: u64,
    faults: usize,
    time: Duration,
    size: Size,
    /// Only the scenarios whose name contains this.
    scenario: String,
    /// Only this run.
    run: Option<u64>,
}

impl Options {
    /// From the arguments and `FAULTS`; `None` if the arguments name other tests.
    fn parse() -> Option<Self> {
        let clock = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(1, |time| time.as_secs());
        let mut options = Self {
            seed: clock,
            faults: 100,
            time: Duration::MAX,
            size: Size { documents: 40 },
            scenario: String::new(),
            run: None,
        };
        let variable = std::env::var("FAULTS").unwrap_or_default();
        let words = std::env::args().skip(1).chain(variable.split(' ').map(str::to_owned));
        let mut words = words.filter(|word| !word.is_empty());
        while let Some(word) = words.next() {
            let mut value = || words.next().unwrap_or_else(|| panic!("{word} needs a value"));
            match word.as_str() {
                "--full" => (options.faults, options.size.documents) = (5000, 200),
                "--seconds" => {
                    options.time = Duration::from_secs(value().parse().expect("seconds"));
                    (options.faults, options.size.documents) = (usize::MAX, 200);
                }
                "--faults" => options.faults = value().parse().expect("a number of faults"),
                "--documents" => options.size.documents = value().parse().expect("a number of documents"),
                "--seed" => options.seed = value().parse().expect("a seed"),
                "--scenario" => options.scenario = value(),
                "--run" => options.run = Some(value().parse().expect("the number of a run")),
                "--list" => return None,
                // Options of the usual harness, such as --nocapture.
                _ if word.starts_with('-') => {}
                filter if !"faults".contains(filter) => return None,
                _ => {}
            }
        }
        Some(options)
    }
}

fn main() -> ExitCode {
    let Some(options) = Options::parse() else { return ExitCode::SUCCESS };
    println!("seed {}", options.seed);
    let is_chosen = |scenario: &&Scenario| scenario.name.contains(&options.scenario);
    let scenarios: Vec<&Scenario> = SCENARIOS.iter().filter(is_chosen).collect();
    let report = Mutex::new(Report::new(&scenarios));
    for (index, scenario) in scenarios.iter().enumerate() {
        report.lock().unwrap().lines[index].skipped = (scenario.skip)();
    }
    let started = Instant::now();
    let percents: usize = scenarios.iter().map(|scenario| scenario.percent).sum();
    // The scenario that is farthest from its part of the faults comes next.
    let next = || {
        let mut report = report.lock().unwrap();
        let is_over = started.elapsed() >= options.time;
        let open = report.lines.iter().enumerate().filter(|(index, line)| {
            let goal = options.faults.saturating_mul(scenarios[*index].percent).div_ceil(percents);
            let is_open =
                options.run.map_or(line.faults < goal && !is_over && !line.has_failed_often(), |_| line.started == 0);
            line.skipped.is_none() && is_open
        });
        let index = open.min_by_key(|(index, line)| line.progress() * 1000 / scenarios[*index].percent)?.0;
        report.lines[index].started += 1;
        Some((index, options.run.unwrap_or(report.lines[index].started)))
    };
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((index, run)) = next() {
                    let scenario = scenarios[index];
                    let mut rng = Rng::new(options.seed, scenario.name, run);
                    let verdict = catch_unwind(AssertUnwindSafe(|| (scenario.run)(&mut rng, options.size)));
                    let verdict = verdict.unwrap_or_else(|_| Verdict::broken());
                    report.lock().unwrap().add(index, run, options.seed, &verdict);
                }
            });
        }
    });
    let report = report.into_inner().unwrap();
    print!("{report}");
    println!("seed {}, {:.0?}", options.seed, started.elapsed());
    if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
