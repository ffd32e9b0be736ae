//! What results are held against. Nothing fails over a goal: it is reported as met or not.

use super::report::{CaseResult, ContestantResult, GoalResult};

/// What is wanted of a case's results.
#[derive(Clone, Debug)]
pub struct Goal {
    text: String,
    rule: Rule,
}

/// `who` and `base` are contestants; of several runs, medians count.
#[derive(Clone, Copy, Debug)]
pub enum Rule {
    /// At most so many milliseconds longer than `base`.
    WallOver { who: &'static str, base: &'static str, ms: f64 },
    /// At most so many times as long as `base`.
    WallTimes { who: &'static str, base: &'static str, factor: f64 },
    /// At most so many milliseconds.
    WallAtMost { who: &'static str, ms: f64 },
    /// At most so many microseconds for each of `count`.
    WallEach { who: &'static str, count: usize, us: f64 },
    /// At least so many times as fast as `than`.
    WallFaster { who: &'static str, than: &'static str, factor: f64 },
    /// At most so many times the CPU time of `base`.
    CpuTimes { who: &'static str, base: &'static str, factor: f64 },
    /// At most so many times as much memory as there are bytes in the answer.
    PeakOfMessage { who: &'static str, factor: f64 },
    /// At most so many round trips more than `base`.
    TripsOver { who: &'static str, base: &'static str, trips: u64 },
}

impl Goal {
    pub fn new(text: impl Into<String>, rule: Rule) -> Self {
        Self { text: text.into(), rule }
    }

    /// How `case` did; with no result if what the goal is about was not measured.
    pub fn judge(&self, case: &CaseResult) -> GoalResult {
        let (result, met) = self.rule.judge(case).unzip();
        GoalResult { case: case.name.clone(), goal: self.text.clone(), result, met }
    }
}

impl Rule {
    fn judge(self, case: &CaseResult) -> Option<(String, bool)> {
        let wall = |who| Some(case.contestant(who)?.wall_ms.median);
        let cpu = |who| Some(case.contestant(who)?.cpu_ms.median);
        match self {
            Self::WallOver { who, base, ms } => {
                let over = wall(who)? - wall(base)?;
                Some((format!("{over:+.2} ms"), over <= ms))
            }
            Self::WallTimes { who, base, factor } => {
                let times = wall(who)? / wall(base)?;
                Some((format!("{times:.2} x"), times <= factor))
            }
            Self::WallAtMost { who, ms } => {
                let took = wall(who)?;
                Some((format!("{took:.1} ms"), took <= ms))
            }
            Self::WallEach { who, count, us } => {
                let each = wall(who)? * 1000.0 / f64::from(u32::try_from(count).ok()?);
                Some((format!("{each:.1} us"), each <= us))
            }
            Self::WallFaster { who, than, factor } => {
                let times = wall(than)? / wall(who)?;
                Some((format!("{times:.2} x"), times >= factor))
            }
            Self::CpuTimes { who, base, factor } => {
                let times = cpu(who)? / cpu(base)?;
                Some((format!("{times:.2} x"), times <= factor))
            }
            Self::PeakOfMessage { who, factor } => {
                let ContestantResult { peak_mib, traffic, .. } = case.contestant(who)?;
                let times = peak_mib.median / (traffic.as_ref()?.bytes_down as f64 / 1_048_576.0);
                Some((format!("{times:.2} x"), times <= factor))
            }
            Self::TripsOver { who, base, trips } => {
                let count = |who| case.contestant(who)?.traffic.as_ref()?.round_trips;
                let (who, base) = (count(who)?, count(base)?);
                Some((format!("{who} and {base}"), who <= base + trips))
            }
        }
    }
}
