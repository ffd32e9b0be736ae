//! The counts of all runs, and the table that shows them.

use std::fmt;

use super::Scenario;
use super::process::Ended;

/// What one run has shown.
#[derive(Default)]
pub struct Verdict {
    pub faults: usize,
    lost: Vec<String>,
    doubled: Vec<String>,
    wrong: Vec<String>,
    /// What was done, for whoever looks for the cause.
    log: String,
}

impl Verdict {
    /// A run that the suite itself could not finish; the panic's message is on stderr.
    pub fn broken() -> Self {
        Self { wrong: vec!["the run itself failed".to_owned()], ..Self::default() }
    }

    pub fn log(&mut self, text: impl fmt::Display) {
        self.log.push_str(&format!("{text}\n"));
    }

    /// Something that was done or there before is gone, unless `is_there`.
    pub fn keeps(&mut self, is_there: bool, what: impl fmt::Display) {
        if !is_there {
            self.lost.push(what.to_string());
        }
    }

    /// Something was done once at most, unless it was not `is_single`.
    pub fn single(&mut self, is_single: bool, what: impl fmt::Display) {
        if !is_single {
            self.doubled.push(what.to_string());
        }
    }

    /// What the program said is true, unless it is not `is_true`.
    pub fn told(&mut self, is_true: bool, what: impl fmt::Display) {
        if !is_true {
            self.wrong.push(what.to_string());
        }
    }

    /// Checks what holds for every end of the program, and logs it.
    pub fn program(&mut self, ended: &Ended) {
        self.log(ended);
        self.told(!ended.hangs, "it did not end");
        for text in ["panicked at", "internal error"] {
            self.told(!ended.err.contains(text), text);
        }
        if let Some(signal) = ended.signal {
            self.told(ended.sent.contains(&signal), format!("it ended by signal {signal}, which nobody sent"));
        }
    }
}

/// The counts of one scenario.
pub struct Line {
    name: &'static str,
    pub skipped: Option<&'static str>,
    pub started: u64,
    ended: usize,
    pub faults: usize,
    lost: usize,
    doubled: usize,
    wrong: usize,
    failed: usize,
}

impl Line {
    /// After so many failures, more of them tell nothing new.
    pub fn has_failed_often(&self) -> bool {
        self.failed >= 10
    }

    /// Its faults; runs that have not ended count as one.
    pub fn progress(&self) -> usize {
        self.faults + (self.started as usize).saturating_sub(self.ended)
    }
}

pub struct Report {
    pub lines: Vec<Line>,
}

/// Failures that are shown in full.
const MAX_SHOWN: usize = 5;

impl Report {
    pub fn new(scenarios: &[&Scenario]) -> Self {
        let line = |scenario: &&Scenario| Line {
            name: scenario.name,
            skipped: None,
            started: 0,
            ended: 0,
            faults: 0,
            lost: 0,
            doubled: 0,
            wrong: 0,
            failed: 0,
        };
        Self { lines: scenarios.iter().map(line).collect() }
    }

    /// Counts a run; prints what is needed to repeat it if it failed, and a line after every 500 faults.
    pub fn add(&mut self, index: usize, run: u64, seed: u64, verdict: &Verdict) {
        let before: usize = self.lines.iter().map(|line| line.faults).sum();
        let now = before + verdict.faults;
        if before / 500 < now / 500 {
            println!("{now} faults");
        }
        let line = &mut self.lines[index];
        line.ended += 1;
        line.faults += verdict.faults;
        line.lost += verdict.lost.len();
        line.doubled += verdict.doubled.len();
        line.wrong += verdict.wrong.len();
        let name = line.name;
        let kinds = [("lost", &verdict.lost), ("doubled", &verdict.doubled), ("told wrongly", &verdict.wrong)];
        let failures = kinds.iter().flat_map(|(kind, all)| all.iter().map(move |what| format!("{kind}: {what}")));
        let failures: Vec<String> = failures.take(MAX_SHOWN).collect();
        if !failures.is_empty() {
            line.failed += 1;
            println!("FAILED: --seed {seed} --scenario '{name}' --run {run}");
            println!("  {}\n{}", failures.join("\n  "), verdict.log);
        }
    }

    pub fn is_clean(&self) -> bool {
        self.lines.iter().all(|line| line.lost + line.doubled + line.wrong == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut row = |cells: [&str; 6]| {
            let [name, faults, runs, lost, doubled, wrong] = cells;
            writeln!(f, "{name:<28} | {faults:>6} | {runs:>6} | {lost:>5} | {doubled:>7} | {wrong}")
        };
        row(["scenario", "faults", "runs", "lost", "doubled", "told wrongly"])?;
        let mut sums = [0; 5];
        for line in &self.lines {
            if let Some(reason) = line.skipped {
                row([line.name, "", "", "", "", &format!("skipped: {reason}")])?;
                continue;
            }
            let counts = [line.faults, line.ended, line.lost, line.doubled, line.wrong];
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            let [faults, runs, lost, doubled, wrong] = counts.map(|count| count.to_string());
            row([line.name, &faults, &runs, &lost, &doubled, &wrong])?;
        }
        let [faults, runs, lost, doubled, wrong] = sums.map(|count| count.to_string());
        row(["all", &faults, &runs, &lost, &doubled, &wrong])
    }
}
