//! Findings as text, JSON, SARIF and workflow commands.

pub mod github;
mod sarif;

use std::io::{self, Write};

use clap::ValueEnum;
use serde_json::{Value, json};

use super::finding::{Finding, count_errors};
use super::rule::Severity;
use crate::text::json;
use crate::text::sanitize::{control, line_start};

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LintFormat {
    Text,
    Json,
    Sarif,
    Github,
}

/// Writes the findings, with styles if it is text and `styled`.
pub fn write(out: &mut dyn Write, findings: &[Finding], format: LintFormat, styled: bool) -> io::Result<()> {
    match format {
        LintFormat::Text => findings.iter().try_for_each(|finding| write_line(out, finding, styled)),
        LintFormat::Json => json::pretty(out, &document(findings)),
        LintFormat::Sarif => json::pretty(out, &sarif::log(findings)),
        LintFormat::Github => github::write(out, findings),
    }
}

/// Writes `plugin.yml:3:8: error[image-tag]: ...`.
fn write_line(out: &mut dyn Write, finding: &Finding, styled: bool) -> io::Result<()> {
    let Finding { location, severity, rule, message, hint } = finding;
    let label = format!("{}[{}]", severity.word(), rule.name());
    let label = match (styled, severity) {
        (false, _) => label,
        (true, Severity::Error) => format!("\x1b[1;31m{label}\x1b[0m"),
        (true, Severity::Warning) => format!("\x1b[1;33m{label}\x1b[0m"),
    };
    writeln!(out, "{}: {label}: {}", line_start(&location.to_string()), control(message))?;
    hint.iter().try_for_each(|hint| writeln!(out, "  hint: {}", control(hint)))
}

fn document(findings: &[Finding]) -> Value {
    let finding = |finding: &Finding| {
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
    };
    let errors = count_errors(findings);
    let list: Value = findings.iter().map(finding).collect();
    json!({ "findings": list, "errors": errors, "warnings": findings.len() - errors })
}
