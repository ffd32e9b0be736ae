//! One JSON object, for scripts.

use serde_json::{Value, json};

use crate::plugin::lint::{Counts, Finding};

pub fn document(findings: &[Finding]) -> Value {
    let Counts { errors, warnings } = Counts::of(findings);
    let findings: Vec<Value> = findings.iter().map(object).collect();
    json!({ "findings": findings, "errors": errors, "warnings": warnings })
}

fn object(finding: &Finding) -> Value {
    let Finding { location, severity, rule, message, hint } = finding;
    json!({
        "file": location.source,
        "line": location.line,
        "column": location.column,
        "severity": severity.word(),
        "rule": rule.name(),
        "message": message,
        "hint": hint,
    })
}
