//! `cargo bench --bench processes`: spacectl as a whole process beside a client written by hand. See benches/README.md.

mod cases;
mod certificate;
mod check;
mod contestant;
#[path = "../data/mod.rs"]
mod data;
mod goal;
#[path = "../programs/spawn/job.rs"]
mod job;
mod machine;
mod markdown;
mod measure;
mod options;
mod programs;
mod proxy;
mod report;
mod service;
mod spawn;
mod stage;
mod text;
mod turns;

use std::fs;
use std::process::ExitCode;

use anyhow::{Result, bail};

use cases::{Case, Specs};
use machine::Machine;
use options::{Options, Role};
use programs::{Abilities, Programs};
use report::{Binaries, Report};
use stage::{Stage, Trust};

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // anyhow's own form would add a backtrace where the environment asks panics for one.
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    match Role::of(std::env::args().skip(1))? {
        Role::Serve => service::run(),
        Role::Print => {
            print!("{}", markdown::results(&Report::read()?));
            Ok(())
        }
        Role::UpdateReadmes => markdown::update_readmes(&Report::read()?),
        Role::Measure(options) => measure(&options),
    }
}

fn measure(options: &Options) -> Result<()> {
    let (date, machine) = (jiff::Timestamp::now().strftime("%Y-%m-%d %H:%M UTC").to_string(), Machine::here());
    let programs = Programs::build()?;
    let reports = programs::report_folder()?;
    fs::create_dir_all(&reports)?;
    let folder = tempfile::tempdir_in(&reports)?;
    let specs = Specs::write(folder.path())?;
    let mut cases = cases::all(&programs, &specs, options.quick);
    cases.retain(|case| options.chooses(case));
    if cases.is_empty() {
        bail!("no case is called {}", options.filters.join(" or "));
    }
    let mut stage = Stage::new(programs.clone(), folder.path())?;
    let mut report = Report {
        date,
        quick: options.quick,
        profile: programs::profile_name()?,
        machine,
        binaries: Binaries::of(&programs)?,
        abilities: programs.abilities,
        notes: notes(options, &programs, &cases, stage.trust)?,
        goals: Vec::new(),
        cases: Vec::new(),
    };
    print!("{}", text::head(&report));
    for case in &cases {
        let result = measure::case(case, &mut stage, folder.path())?;
        print!("{}", text::case(&result));
        report.goals.extend(result.judge(&case.goals));
        report.cases.push(result);
    }
    report.goals.push(report.binaries.judge());
    print!("{}", text::goals(&report));
    println!("\nwritten to {}", report.write()?.display());
    Ok(())
}

/// What must be known of how these cases are measured.
fn notes(options: &Options, programs: &Programs, cases: &[Case], trust: Trust) -> Result<Vec<String>> {
    let Abilities { cache, parallel, jsonl } = programs.abilities;
    let mut notes = Vec::new();
    if options.quick {
        notes.push("so few rounds that the times mean nothing".to_owned());
    }
    if programs::profile_name()? != "release" {
        notes.push("not built as releases are: the times mean nothing".to_owned());
    }
    if programs::other_spacectl().is_some() {
        notes.push("SPACECTL_BIN is set: this is not the spacectl of this source".to_owned());
    }
    if cases.iter().any(|case| case.trusts) {
        notes.push(match trust {
            Trust::System => {
                "TLS: the authorities are those of the system's own bundle, with one more among them".to_owned()
            }
            Trust::Variable => {
                "TLS: SSL_CERT_FILE names a copy of the system's bundle with one authority more, for want of \
                                a mount namespace; other places that a system has are not looked into then"
                    .to_owned()
            }
        });
    }
    let missing = [(cache, "a cache of descriptors"), (parallel, "exec --parallel"), (jsonl, "-o jsonl")];
    notes.extend(
        missing
            .iter()
            .filter(|(is_there, _)| !is_there)
            .map(|(_, what)| format!("not available in this spacectl, and so not measured: {what}")),
    );
    if programs.python.is_none() {
        notes.push("PEERS_DIR is not set: the Python client is not measured".to_owned());
    }
    Ok(notes)
}
