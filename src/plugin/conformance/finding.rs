//! Findings of a test, grouped while they come.

use super::rule::{TestRule, TestSeverity};
use super::step::Step;
use crate::schema::field_path::FieldPath;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestFinding {
    pub rule: TestRule,
    pub severity: TestSeverity,
    pub step: Option<Step>,
    /// The field in the answer, e.g. `metadata.supported_stat` or `results[3].event_key`; empty if it is about the
    /// whole call.
    pub path: FieldPath,
    /// Lower case, no full stop. It may hold the plugin's text: sanitize and mask it.
    pub message: String,
    pub hint: Option<String>,
    /// How often: findings with the same rule, message and path without indexes are one.
    pub count: usize,
    /// The step's first answer that it is about, counted from 1; 0 if it is about none.
    pub answer: usize,
}
