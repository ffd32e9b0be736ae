//! Findings of a test, grouped while they come.

use std::collections::HashMap;

use super::rule::{TestRule, TestSeverity};
use super::step::Step;
use crate::schema::field_path::{FieldPath, Segment};
use crate::secret::mask::mask_text;
use crate::text::truncated;

/// The most findings of one rule.
pub(super) const MAX_OF_RULE: usize = 20;
/// The longest message, in characters: it can hold what a plugin answered.
const MAX_MESSAGE: usize = 1_000;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFinding {
    pub rule: TestRule,
    pub severity: TestSeverity,
    pub step: Option<Step>,
    /// The data case of the step.
    pub case: Option<String>,
    /// The field in the answer, e.g. `metadata.supported_stat` or `results[3].event_key`; empty if it is about the
    /// whole call.
    pub path: FieldPath,
    /// Lower case, no full stop. It may hold the plugin's text: sanitize and mask it.
    pub message: String,
    pub hint: Option<String>,
    /// How often: findings with the same rule, message and path without indexes are one.
    pub count: usize,
}

/// A finding before it is grouped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Deviation {
    pub rule: TestRule,
    pub severity: TestSeverity,
    pub path: FieldPath,
    pub message: String,
    /// A text that is appended to the message of the first of a group.
    pub detail: String,
    pub hint: Option<String>,
}

impl Deviation {
    /// With the rule's first severity. `path` has dots between its keys.
    pub fn new(rule: TestRule, path: &str, message: impl Into<String>) -> Self {
        Self::at(rule, dotted(path), message)
    }

    pub fn at(rule: TestRule, path: FieldPath, message: impl Into<String>) -> Self {
        let (severity, message) = (rule.severity(), message.into());
        Self { rule, severity, path, message, detail: String::new(), hint: None }
    }

    pub fn severity(self, severity: TestSeverity) -> Self {
        Self { severity, ..self }
    }

    pub fn warning(self) -> Self {
        self.severity(TestSeverity::Warning)
    }

    pub fn info(self) -> Self {
        self.severity(TestSeverity::Info)
    }

    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: detail.into(), ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// The path with these keys, from a text with dots between them.
pub(super) fn dotted(path: &str) -> FieldPath {
    FieldPath(path.split('.').filter(|key| !key.is_empty()).map(|key| Segment::Key(key.to_owned())).collect())
}

/// Groups findings while they come, so that a stream of any length takes bounded memory.
#[derive(Debug, Default)]
pub(super) struct FindingGroups {
    step: Option<Step>,
    case: Option<String>,
    findings: Vec<TestFinding>,
    indices: HashMap<(TestRule, Option<Step>, String), usize>,
    of_rules: HashMap<TestRule, OfRule>,
}

#[derive(Debug, Default)]
struct OfRule {
    shown: usize,
    omitted: usize,
}

impl FindingGroups {
    /// Names the data case of the calls that follow.
    pub fn begin_case(&mut self, case: Option<&str>) {
        self.case = case.map(str::to_owned);
    }

    /// Names the step that is reported about next.
    pub fn begin_answer(&mut self, step: Step) {
        self.step = Some(step);
    }

    /// Reports about a step, or the whole plugin, not about an answer.
    pub fn report_of(&mut self, step: Option<Step>, deviation: Deviation) {
        self.step = step;
        self.report(deviation);
    }

    pub fn report(&mut self, deviation: Deviation) {
        let Deviation { rule, severity, path, message, detail, hint } = deviation;
        let keys = path.0.iter().filter_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        });
        let case = self.case.clone().filter(|_| self.step.is_some());
        let key = keys.chain([message.as_str()]).chain(case.as_deref()).collect::<Vec<_>>().join("\0");
        if let Some(index) = self.indices.get(&(rule, self.step, key.clone())) {
            self.findings[*index].count += 1;
            return;
        }
        let of_rule = self.of_rules.entry(rule).or_default();
        if of_rule.shown == MAX_OF_RULE {
            of_rule.omitted += 1;
            return;
        }
        of_rule.shown += 1;
        self.indices.insert((rule, self.step, key), self.findings.len());
        let message = shortened(&(message + &detail));
        self.findings.push(TestFinding { rule, severity, step: self.step, case, path, message, hint, count: 1 });
    }

    /// The findings in the order of `steps`, those of no step first; `resource_failure` is the severity of that rule.
    pub fn findings(&self, steps: &[Step], resource_failure: TestSeverity) -> Vec<TestFinding> {
        let mut findings = self.findings.clone();
        for finding in findings.iter_mut().filter(|finding| finding.rule == TestRule::ResourceFailure) {
            finding.severity = resource_failure;
        }
        for (rule, OfRule { omitted, .. }) in self.of_rules.iter().filter(|(_, of_rule)| of_rule.omitted > 0) {
            if let Some(last) = findings.iter_mut().rfind(|finding| finding.rule == *rule) {
                last.message += &format!(" ({omitted} more findings of this rule are not shown)");
            }
        }
        findings.sort_by_key(|finding| steps.iter().position(|step| Some(*step) == finding.step));
        findings
    }
}

/// A text without its full stop, cut where it is too long to be shown. It is masked before: the part of a secret that
/// is left of a cut is not known to be one.
pub(super) fn shortened(message: &str) -> String {
    let message = mask_text(message.trim_end().trim_end_matches('.'));
    truncated(&message, MAX_MESSAGE).map(|message| format!("{message}…")).unwrap_or(message)
}
