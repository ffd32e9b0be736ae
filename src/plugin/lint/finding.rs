//! Findings: what is wrong with a spec, and where.

use super::rule::{Rule, Severity};
use crate::error::Location;
use crate::schema::field_path::FieldPath;
use crate::spec::SpanPart;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    pub location: Location,
    pub severity: Severity,
    pub rule: Rule,
    /// Lower case, without a full stop, and without values: they may be secret.
    pub message: String,
    pub hint: Option<String>,
}

/// Counts the errors among findings.
pub fn count_errors(findings: &[Finding]) -> usize {
    findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

/// A finding whose location is not looked up yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    pub rule: Rule,
    pub severity: Severity,
    pub path: FieldPath,
    pub part: SpanPart,
    /// Without the path.
    pub message: String,
    pub hint: Option<String>,
}

impl Violation {
    /// A violation by the value at `path`, with the rule's first severity.
    pub fn new(rule: Rule, path: FieldPath, message: impl Into<String>) -> Self {
        Self { rule, severity: rule.severity(), path, part: SpanPart::Value, message: message.into(), hint: None }
    }

    /// A violation by the value of a top-level field.
    pub fn in_field(rule: Rule, field: &str, message: impl Into<String>) -> Self {
        Self::new(rule, FieldPath::default().key(field), message)
    }

    pub fn warning(self) -> Self {
        Self { severity: Severity::Warning, ..self }
    }

    /// A violation by the key, not the value.
    pub fn at_key(self) -> Self {
        Self { part: SpanPart::Key, ..self }
    }

    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}
