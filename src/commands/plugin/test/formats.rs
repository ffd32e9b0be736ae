//! The report of a test as JSON, JUnit XML and workflow commands.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::{Value, json};

use super::report::{place, sentence};
use super::show::shown;
use super::step_report::{StepOutcome, StepReport, TestResult};
use crate::error::Result;
use crate::plugin::conformance::{TestFinding, TestSeverity};
use crate::plugin::lint::report::github;
use crate::secret::mask::mask_text;
use crate::text::json;

/// Writes one object with all that is known.
pub fn write_json(result: &TestResult, out: &mut dyn Write) -> Result<()> {
    let step = |report: &StepReport| {
        let (outcome, reason) = outcome(&report.outcome);
        json!({
            "step": report.title,
            "case": report.case,
            "outcome": outcome,
            "reason": reason,
            "milliseconds": u64::try_from(report.elapsed.as_millis()).unwrap_or(u64::MAX),
            "messages": report.messages,
            "bytes": report.bytes,
            "peak_per_second": report.peak,
            "stopped_by_limit": report.is_cut,
        })
    };
    let finding = |finding: &TestFinding| {
        json!({
            "rule": finding.rule.name(),
            "severity": finding.severity.word(),
            "step": finding.step.zip(result.kind).map(|(step, kind)| step.title(kind)),
            "case": finding.case,
            "path": finding.path.to_string(),
            "message": mask_text(&finding.message),
            "hint": finding.hint.as_deref().map(mask_text),
            "count": finding.count,
        })
    };
    let collected = result.collected.iter().map(|row| {
        json!({
            "resource_type": row.resource_type,
            "state": row.state,
            "count": row.count,
            "bytes": row.bytes,
            "largest": row.largest,
            "messages": row.messages.iter().map(|message| mask_text(message)).collect::<Vec<_>>(),
        })
    });
    let count = |severity| result.findings.iter().filter(|finding| finding.severity == severity).count();
    let document = json!({
        "plugin": {
            "target": mask_text(&result.target),
            "resource_type": result.kind.map(|kind| kind.resource_type()),
        },
        "interrupted": result.interrupted_step(),
        "steps": result.reports.iter().map(step).collect::<Value>(),
        "collected": collected.collect::<Value>(),
        "findings": result.findings.iter().map(finding).collect::<Value>(),
        "differences": result.differences.iter().map(|line| mask_text(line)).collect::<Vec<_>>(),
        "summary": {
            "errors": count(TestSeverity::Error),
            "warnings": count(TestSeverity::Warning),
            "infos": count(TestSeverity::Info),
        },
    });
    Ok(json::pretty(out, &document)?)
}

/// Writes a test case for each step, with its errors as failures, and one for what is about no step.
pub fn write_junit(result: &TestResult, out: &mut dyn Write) -> Result<()> {
    let is_error = |finding: &&TestFinding| finding.severity == TestSeverity::Error;
    let mut cases = Vec::new();
    let is_of =
        |finding: &TestFinding, report: &StepReport| finding.step == Some(report.step) && finding.case == report.case;
    for report in &result.reports {
        let (outcome, reason) = outcome(&report.outcome);
        let mut body = String::new();
        let findings = result.findings.iter().filter(|finding| is_of(finding, report));
        findings.clone().filter(is_error).for_each(|finding| body += &failure(finding, result));
        if outcome == "interrupted" {
            let how = xml(&reason.clone().unwrap_or_default());
            let _ = write!(body, "<error type=\"interrupted\" message=\"interrupted {how}\"/>");
        }
        if outcome == "skipped" && body.is_empty() {
            let _ = write!(body, "<skipped message=\"{}\"/>", xml(&reason.unwrap_or_default()));
        }
        let others: Vec<String> =
            findings.filter(|finding| !is_error(finding)).map(|finding| line(finding, result)).collect();
        if !others.is_empty() {
            let _ = write!(body, "<system-out>{}</system-out>", xml(&others.join("\n")));
        }
        cases.push((report.name(), report.elapsed.as_secs_f64(), body));
    }
    let others = result.findings.iter().filter(|finding| !result.reports.iter().any(|report| is_of(finding, report)));
    let others: String = others.filter(is_error).map(|finding| failure(finding, result)).collect();
    if !others.is_empty() || cases.is_empty() {
        let interrupted = match (result.interrupted, cases.is_empty()) {
            (Some(signal), true) => format!("<error type=\"interrupted\" message=\"interrupted by {signal}\"/>"),
            _ => String::new(),
        };
        cases.insert(0, ("plugin".to_owned(), 0.0, others + &interrupted));
    }
    if !result.differences.is_empty() {
        let text = xml(&result.differences.join("\n"));
        cases.push(("compare".to_owned(), 0.0, format!("<failure message=\"answers changed\">{text}</failure>")));
    }
    let count = |what: &str| cases.iter().filter(|(.., body)| body.contains(what)).count();
    let class = xml(result.kind.map_or("plugin", |kind| kind.resource_type()));
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    let (all, failed, skipped) = (cases.len(), count("<failure"), count("<skipped"));
    let errors = count("<error");
    writeln!(
        out,
        "<testsuite name=\"spacectl plugin test\" tests=\"{all}\" failures=\"{failed}\" errors=\"{errors}\" \
         skipped=\"{skipped}\">"
    )?;
    for (name, seconds, body) in cases {
        let name = xml(&name);
        writeln!(out, "  <testcase classname=\"{class}\" name=\"{name}\" time=\"{seconds:.3}\">{body}</testcase>")?;
    }
    Ok(writeln!(out, "</testsuite>")?)
}

fn failure(finding: &TestFinding, result: &TestResult) -> String {
    let (rule, text) = (finding.rule.name(), xml(&line(finding, result)));
    format!("<failure type=\"{rule}\" message=\"{}\">{text}</failure>", xml(&sentence(finding, result.kind)))
}

/// The finding and its hint.
fn line(finding: &TestFinding, result: &TestResult) -> String {
    let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
    format!("{}[{}]: {}{hint}", finding.severity.word(), finding.rule.name(), sentence(finding, result.kind))
}

/// Text for XML 1.0, which has no way to write most control characters.
fn xml(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(shown).collect();
    let mut escaped = String::new();
    for c in lines.join("\n").chars() {
        match c {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' => escaped += "&#10;",
            '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

/// Writes each finding as a workflow command.
pub fn write_github(result: &TestResult, out: &mut dyn Write) -> Result<()> {
    for finding in &result.findings {
        let level = match finding.severity {
            TestSeverity::Error => "error",
            TestSeverity::Warning => "warning",
            TestSeverity::Info => "notice",
        };
        let place = place(finding, result.kind);
        let title =
            if place.is_empty() { finding.rule.name().to_owned() } else { format!("{}: {place}", finding.rule.name()) };
        let hint = finding.hint.as_ref().map(|hint| format!("\nhint: {hint}")).unwrap_or_default();
        let text = mask_text(&format!("{}{hint}", sentence(finding, result.kind)));
        writeln!(out, "::{level} title={}::{}", github::property(&mask_text(&title)), github::data(&text))?;
    }
    if let (Some(signal), Some(step)) = (result.interrupted, result.interrupted_step()) {
        writeln!(out, "::error title=interrupted::{}", github::data(&format!("{step} was interrupted by {signal}")))?;
    }
    for line in &result.differences {
        writeln!(out, "::error title=compare::{}", github::data(&mask_text(line)))?;
    }
    Ok(())
}

fn outcome(outcome: &StepOutcome) -> (&'static str, Option<String>) {
    match outcome {
        StepOutcome::Ok => ("ok", None),
        StepOutcome::Skipped(why) => ("skipped", Some(mask_text(why))),
        StepOutcome::Failed(why) => ("failed", Some(mask_text(why))),
        StepOutcome::Interrupted(how) => ("interrupted", Some(mask_text(how))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_an_element() {
        assert_eq!(xml("a<b>&\"c\u{1b}\nd\u{ffff}"), "a&lt;b&gt;&amp;&quot;c\\u{1b}&#10;d\u{fffd}");
    }
}
