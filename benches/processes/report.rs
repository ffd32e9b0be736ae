//! What was found, as `target/bench/report.json` keeps it.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use super::goal::Goal;
use super::machine::Machine;
use super::programs::{self, Abilities, Programs};
use super::proxy::Traffic;
use super::spawn::Usage;

#[derive(Debug, Deserialize, Serialize)]
pub struct Report {
    /// When the run began, in UTC.
    pub date: String,
    /// So few rounds that the times mean nothing.
    pub quick: bool,
    /// The profile of cargo that everything was built in.
    pub profile: String,
    pub machine: Machine,
    pub binaries: Binaries,
    pub abilities: Abilities,
    /// What must be known of how it was measured.
    pub notes: Vec<String>,
    pub goals: Vec<GoalResult>,
    pub cases: Vec<CaseResult>,
}

/// Sizes in bytes.
#[derive(Debug, Deserialize, Serialize)]
pub struct Binaries {
    pub spacectl: u64,
    pub floor: u64,
    pub empty: u64,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct GoalResult {
    pub case: String,
    pub goal: String,
    /// `None` if it was not measured.
    pub result: Option<String>,
    pub met: Option<bool>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct CaseResult {
    pub name: String,
    pub title: String,
    /// The contestant that ratios are to.
    pub base: String,
    pub contestants: Vec<ContestantResult>,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct ContestantResult {
    pub name: String,
    pub runs: usize,
    pub wall_ms: Spread,
    pub cpu_ms: Spread,
    pub peak_mib: Spread,
    /// The median wall time over that of the base.
    pub wall_ratio: f64,
    /// The median of the ratios within each round, where both were run in every one.
    pub wall_ratio_paired: Option<f64>,
    pub cpu_ratio: f64,
    /// What passed between it and the service.
    pub traffic: Option<TrafficResult>,
    /// By how many round trips it took longer far away than near by, where it was far away.
    pub waited_round_trips: Option<f64>,
}

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Spread {
    pub median: f64,
    pub least: f64,
    pub most: f64,
}

#[derive(Debug, Deserialize, Serialize)]
pub struct TrafficResult {
    pub bytes_up: u64,
    pub bytes_down: u64,
    /// `None` over TLS, which hides them.
    pub round_trips: Option<u64>,
}

/// What one contestant did in a case.
#[derive(Debug)]
pub struct Runs {
    pub name: String,
    pub far_of: Option<String>,
    pub usages: Vec<Usage>,
    pub traffic: Option<Traffic>,
}

impl Report {
    fn path() -> Result<PathBuf> {
        Ok(programs::report_folder()?.join("report.json"))
    }

    /// Reads the last one.
    pub fn read() -> Result<Self> {
        let path = Self::path()?;
        let text =
            fs::read_to_string(&path).with_context(|| format!("there is no {}: run it first", path.display()))?;
        serde_json::from_str(&text).with_context(|| format!("{} cannot be read", path.display()))
    }

    /// Writes it in the last one's place, and says where.
    pub fn write(&self) -> Result<PathBuf> {
        let path = Self::path()?;
        fs::write(&path, serde_json::to_string_pretty(self)? + "\n")?;
        Ok(path)
    }
}

impl Binaries {
    /// What nobody starts the binary for.
    const MOST: u64 = 10_000_000;

    pub fn of(programs: &Programs) -> Result<Self> {
        let size = |path: &PathBuf| -> Result<u64> { Ok(fs::metadata(path)?.len()) };
        Ok(Self { spacectl: size(&programs.spacectl)?, floor: size(&programs.floor)?, empty: size(&programs.empty)? })
    }

    pub fn judge(&self) -> GoalResult {
        let result = format!("{:.2} MB", self.spacectl as f64 / 1e6);
        let goal = "the binary, with everything in it: 10 MB".to_owned();
        GoalResult { case: "binary".into(), goal, result: Some(result), met: Some(self.spacectl <= Self::MOST) }
    }
}

impl CaseResult {
    /// `round_trip_ms` is how long one takes far away.
    pub fn new(name: &str, title: &str, base: &str, runs: &[Runs], round_trip_ms: f64) -> Self {
        let median = |name: &str, value: fn(&Usage) -> f64| {
            runs.iter().find(|runs| runs.name == name).map(|runs| Spread::of(runs.usages.iter().map(value)).median)
        };
        let base_usages = runs.iter().find(|runs| runs.name == base).map(|runs| &runs.usages[..]).unwrap_or_default();
        let contestants = runs.iter().map(|runs| {
            let wall_ms = Spread::of(runs.usages.iter().map(wall));
            let cpu_ms = Spread::of(runs.usages.iter().map(cpu));
            let paired = runs.usages.iter().zip(base_usages).map(|(usage, base)| wall(usage) / wall(base));
            let near = runs.far_of.as_ref().and_then(|near| median(near, wall));
            ContestantResult {
                name: runs.name.clone(),
                runs: runs.usages.len(),
                wall_ms,
                cpu_ms,
                peak_mib: Spread::of(runs.usages.iter().map(|usage| usage.peak_bytes as f64 / 1_048_576.0)),
                wall_ratio: wall_ms.median / median(base, wall).unwrap_or(f64::NAN),
                wall_ratio_paired: (runs.usages.len() == base_usages.len()).then(|| Spread::of(paired).median),
                cpu_ratio: cpu_ms.median / median(base, cpu).unwrap_or(f64::NAN),
                traffic: runs.traffic.map(TrafficResult::from),
                waited_round_trips: near.map(|near| (wall_ms.median - near) / round_trip_ms),
            }
        });
        Self {
            name: name.to_owned(),
            title: title.to_owned(),
            base: base.to_owned(),
            contestants: contestants.collect(),
        }
    }

    pub fn contestant(&self, name: &str) -> Option<&ContestantResult> {
        self.contestants.iter().find(|contestant| contestant.name == name)
    }

    pub fn judge(&self, goals: &[Goal]) -> Vec<GoalResult> {
        goals.iter().map(|goal| goal.judge(self)).collect()
    }
}

fn wall(usage: &Usage) -> f64 {
    usage.wall_ns as f64 / 1e6
}

fn cpu(usage: &Usage) -> f64 {
    usage.cpu_ns as f64 / 1e6
}

impl Spread {
    fn of(values: impl Iterator<Item = f64>) -> Self {
        let mut sorted: Vec<f64> = values.collect();
        sorted.sort_by(f64::total_cmp);
        let at = |index: usize| sorted.get(index).copied().unwrap_or(f64::NAN);
        let middle = sorted.len() / 2;
        let median =
            if sorted.len() % 2 == 1 { at(middle) } else { f64::midpoint(at(middle.saturating_sub(1)), at(middle)) };
        Self { median, least: at(0), most: at(sorted.len().saturating_sub(1)) }
    }
}

impl From<Traffic> for TrafficResult {
    fn from(traffic: Traffic) -> Self {
        Self { bytes_up: traffic.up, bytes_down: traffic.down, round_trips: traffic.round_trips }
    }
}
