//! One case: first that everyone does the work, then how long they take for it.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::cases::Case;
use super::contestant::{Contestant, Program};
use super::proxy::{Proxy, Traffic};
use super::report::{CaseResult, Runs};
use super::stage::{self, FAR, Stage};

/// Where standard output goes while the clock runs.
const NOWHERE: &str = "/dev/null";

/// A contestant in its place.
struct Set<'a> {
    contestant: &'a Contestant,
    home: PathBuf,
    /// What it calls.
    address: Option<SocketAddr>,
    /// It calls through this.
    _far: Option<Proxy>,
    runs: Runs,
}

/// Measures `case` with files in `folder`.
///
/// # Errors
/// Somebody did not do the work, or not what the others did.
pub fn case(case: &Case, stage: &mut Stage, folder: &Path) -> Result<CaseResult> {
    measure(case, stage, folder).with_context(|| case.name.clone())
}

fn measure(case: &Case, stage: &mut Stage, folder: &Path) -> Result<CaseResult> {
    let mut sets = Vec::new();
    // What those who agree have printed, and who was the first of them.
    let mut agreed: Option<(&str, Vec<u8>)> = None;
    for (at, contestant) in case.contestants.iter().enumerate() {
        let home = folder.join(format!("{}-{at}", case.name));
        stage.prepare(contestant, &home)?;
        let (output, traffic) = check(case, contestant, stage, &home, folder)?;
        contestant.check.hold(&output).with_context(|| contestant.name.clone())?;
        if contestant.agrees {
            let (first, expected) = agreed.get_or_insert_with(|| (&contestant.name, output.clone()));
            ensure!(output == *expected, "{} prints something else than {first}: {}", contestant.name, {
                difference(&output, expected)
            });
        }
        let target = target(case, contestant, stage)?;
        let far = match target {
            Some(target) if contestant.far_of.is_some() => Some(stage::way(target, true)?),
            _ => None,
        };
        let address = far.as_ref().map(Proxy::address).or(target);
        let (name, far_of) = (contestant.name.clone(), contestant.far_of.clone());
        let runs = Runs { name, far_of, usages: Vec::new(), traffic };
        sets.push(Set { contestant, home, address, _far: far, runs });
    }
    drop(agreed);
    for set in &sets {
        if keeps_something(set.contestant) {
            stage.run(set.contestant, set.address, case.trusts, &set.home, Path::new(NOWHERE))?;
        }
    }
    for round in 0..case.rounds {
        for set in &mut sets {
            // Who takes part in fewer rounds does so all along the way.
            let wanted = set.contestant.rounds.unwrap_or(case.rounds).min(case.rounds);
            if set.runs.usages.len() * case.rounds <= round * wanted {
                let usage = stage.run(set.contestant, set.address, case.trusts, &set.home, Path::new(NOWHERE))?;
                set.runs.usages.push(usage);
            }
        }
    }
    let runs: Vec<Runs> = sets.into_iter().map(|set| set.runs).collect();
    let round_trip_ms = FAR.as_secs_f64() * 2000.0;
    Ok(CaseResult::new(&case.name, &case.title, &case.base, &runs, round_trip_ms))
}

/// What `contestant` prints, and what passes between it and the service meanwhile.
fn check(
    case: &Case,
    contestant: &Contestant,
    stage: &mut Stage,
    home: &Path,
    folder: &Path,
) -> Result<(Vec<u8>, Option<Traffic>)> {
    let out = folder.join("stdout");
    let way = match target(case, contestant, stage)? {
        Some(target) => Some(stage::way(target, contestant.far_of.is_some())?),
        None => None,
    };
    let address = way.as_ref().map(Proxy::address);
    if keeps_something(contestant) {
        stage.run(contestant, address, case.trusts, home, &out)?;
        way.as_ref().map(Proxy::take).transpose()?;
    }
    stage.run(contestant, address, case.trusts, home, &out)?;
    let traffic = way.as_ref().map(Proxy::take).transpose()?;
    let output = fs::read(&out)?;
    fs::remove_file(&out)?;
    // Were it not so, the count of round trips would say nothing.
    if contestant.program == Program::Floor && contestant.args.iter().any(|arg| arg == "list") {
        let trips = traffic.and_then(|traffic| traffic.round_trips);
        ensure!(trips.is_none_or(|trips| trips == 1), "the floor needs one round trip, and {trips:?} were counted");
    }
    Ok((output, traffic))
}

/// Whether it may find something that its last call has left behind for it.
fn keeps_something(contestant: &Contestant) -> bool {
    contestant.program == Program::Spacectl && contestant.port.is_some()
}

fn target(case: &Case, contestant: &Contestant, stage: &mut Stage) -> Result<Option<SocketAddr>> {
    let port = contestant.port;
    port.map(|port| Ok(stage::address(stage.listening(case.rows)?, port))).transpose()
}

/// The first line in which two outputs differ.
fn difference(output: &[u8], expected: &[u8]) -> String {
    let (output, expected) = (String::from_utf8_lossy(output), String::from_utf8_lossy(expected));
    let lines = output.lines().zip(expected.lines()).enumerate();
    let cut = |line: &str| line.chars().take(300).collect::<String>();
    match lines.into_iter().find(|(_, (one, other))| one != other) {
        Some((at, (one, other))) => format!("line {}:\n{}\n{}", at + 1, cut(one), cut(other)),
        None => format!("{} lines and {}", output.lines().count(), expected.lines().count()),
    }
}
