//! How a test and each step of it went.

use std::time::{Duration, Instant};

use tonic::Code;

use crate::error::{Error, TerminationSignal};
use crate::plugin::conformance::{CollectedRow, PluginKind, Step, TestFinding, TestSeverity};

/// All that a test found.
pub struct TestResult {
    /// The plugin, as the user named it.
    pub target: String,
    pub kind: Option<PluginKind>,
    pub reports: Vec<StepReport>,
    pub collected: Vec<CollectedRow>,
    /// Without those of allowed rules.
    pub findings: Vec<TestFinding>,
    /// The differences from recorded answers.
    pub differences: Vec<String>,
    /// Why answers could not be written or compared.
    pub files_failed: Option<Error>,
    /// The status of each refusal that is an error.
    pub refusals: Vec<Code>,
    /// The signal that ended the test: nothing is recorded or compared then.
    pub interrupted: Option<TerminationSignal>,
}

impl TestResult {
    pub fn count(&self, severity: TestSeverity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }

    /// Whether there is an error or a difference.
    pub fn has_failed(&self) -> bool {
        self.count(TestSeverity::Error) > 0 || !self.differences.is_empty()
    }

    /// Whether the plugin did not start, or a step failed: its log may say why.
    pub fn has_failed_step(&self) -> bool {
        let mut outcomes = self.reports.iter().map(|report| &report.outcome);
        outcomes.any(|outcome| matches!(outcome, StepOutcome::Failed(_)))
            || self.reports.is_empty() && self.count(TestSeverity::Error) > 0
    }

    /// The step that a signal ended, or what came before the first.
    pub fn interrupted_step(&self) -> Option<String> {
        self.interrupted?;
        let is_interrupted = |report: &&StepReport| matches!(report.outcome, StepOutcome::Interrupted(_));
        let step = self.reports.iter().find(is_interrupted).map(StepReport::name);
        Some(step.unwrap_or_else(|| "the start of the plugin".to_owned()))
    }
}

/// One line of the report: a step, or one data case of it.
#[derive(Debug)]
pub struct StepReport {
    pub step: Step,
    /// `Collector.collect`.
    pub title: String,
    /// The data case.
    pub case: Option<String>,
    pub outcome: StepOutcome,
    /// Answers, or messages of streams.
    pub messages: usize,
    pub bytes: usize,
    /// The most messages within one second of a call.
    pub peak: usize,
    pub elapsed: Duration,
    /// Not all messages were read, because of `--limit`.
    pub is_cut: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub enum StepOutcome {
    Ok,
    /// It was not called, or its refusal says nothing; and why.
    Skipped(String),
    Failed(String),
    /// A signal ended it: which, and after how much.
    Interrupted(String),
}

impl StepReport {
    pub fn new(step: Step, title: String, case: Option<String>) -> Self {
        let (outcome, elapsed) = (StepOutcome::Ok, Duration::ZERO);
        Self { step, title, case, outcome, messages: 0, bytes: 0, peak: 0, elapsed, is_cut: false }
    }

    pub fn skipped(step: Step, title: String, why: impl Into<String>) -> Self {
        Self { outcome: StepOutcome::Skipped(why.into()), ..Self::new(step, title, None) }
    }

    /// The name with the data case.
    pub fn name(&self) -> String {
        match &self.case {
            Some(case) => format!("{} {case}", self.title),
            None => self.title.clone(),
        }
    }

    /// Notes that something is wrong, unless it is noted already.
    pub fn fail(&mut self, why: impl Into<String>) {
        if !matches!(self.outcome, StepOutcome::Failed(_)) {
            self.outcome = StepOutcome::Failed(why.into());
        }
    }
}

/// Counts the messages of one call by the second.
pub struct Rate {
    begun: Instant,
    second: u64,
    count: usize,
    pub peak: usize,
}

impl Rate {
    pub fn new() -> Self {
        Self { begun: Instant::now(), second: 0, count: 0, peak: 0 }
    }

    pub fn count(&mut self) {
        let second = self.begun.elapsed().as_secs();
        if second != self.second {
            (self.second, self.count) = (second, 0);
        }
        self.count += 1;
        self.peak = self.peak.max(self.count);
    }

    pub fn elapsed(&self) -> Duration {
        self.begun.elapsed()
    }
}
