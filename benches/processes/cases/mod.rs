//! What is measured, side by side.

mod far;
mod list;
mod register;
mod start;

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::Result;

use super::contestant::Contestant;
use super::data::registrations;
use super::goal::Goal;
use super::programs::Programs;

/// Contestants that take turns, so that whatever the machine does meanwhile meets all of them alike.
#[derive(Clone, Debug)]
pub struct Case {
    pub name: String,
    /// What each of them does, for people.
    pub title: String,
    /// How many plugins the service has.
    pub rows: usize,
    pub rounds: usize,
    pub contestants: Vec<Contestant>,
    /// What the others' ratios are to.
    pub base: String,
    pub goals: Vec<Goal>,
    /// The system trusts who issued the service's certificate.
    pub trusts: bool,
}

impl Case {
    fn new(name: impl Into<String>, title: impl Into<String>, rounds: usize, contestants: Vec<Contestant>) -> Self {
        let base = contestants.first().map(|first| first.name.clone()).unwrap_or_default();
        let (name, title) = (name.into(), title.into());
        Self { name, title, rows: 10, rounds, contestants, base, goals: Vec::new(), trusts: false }
    }

    fn with_goals(self, goals: impl IntoIterator<Item = Goal>) -> Self {
        Self { goals: goals.into_iter().collect(), ..self }
    }

    fn of_rows(self, rows: usize) -> Self {
        Self { rows, ..self }
    }

    /// Whether `filter` chooses it: its name, or the words that its name begins with.
    pub fn is_chosen(&self, filter: &str) -> bool {
        self.name.strip_prefix(filter).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    }

    /// The same with so few rounds that they only show that it works.
    fn quick(mut self) -> Self {
        self.rounds = if self.rows > 10 { 1 } else { 2 };
        for contestant in &mut self.contestants {
            contestant.rounds = contestant.rounds.map(|_| 1);
        }
        self
    }
}

/// Files that programs read.
#[derive(Clone, Debug)]
pub struct Specs {
    /// 10 registrations.
    pub ten: PathBuf,
    /// 1,000 registrations.
    pub thousand: PathBuf,
}

impl Specs {
    /// Writes them into `folder`.
    pub fn write(folder: &Path) -> Result<Self> {
        let specs = Self { ten: folder.join("10.yml"), thousand: folder.join("1000.yml") };
        fs::write(&specs.ten, registrations::yaml(10))?;
        fs::write(&specs.thousand, registrations::yaml(1000))?;
        Ok(specs)
    }
}

/// All cases, in the order in which they are measured.
pub fn all(programs: &Programs, specs: &Specs, quick: bool) -> Vec<Case> {
    // Without optimisation, as where it only has to be seen that it works, so many would take a quarter of an hour.
    let many = if quick { 10_000 } else { 100_000 };
    let mut cases = start::cases(programs);
    cases.extend(list::short(programs, specs));
    cases.extend(far::cases(programs, specs, many));
    cases.extend(register::cases(programs, specs));
    cases.extend(list::long(programs, [1000, many]));
    if quick { cases.into_iter().map(Case::quick).collect() } else { cases }
}
