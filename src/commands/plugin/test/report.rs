//! The report of a test as text.

use std::io::Write as _;
use std::time::Duration;

use serde_json::{Value, json};

use super::show::{counted, grouped, shown};
use super::step_report::{StepOutcome, StepReport};
use crate::cli::Format;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::grpc::trace::size;
use crate::output::view::Document;
use crate::plugin::conformance::{CollectedRow, PluginKind, TestFinding, TestSeverity};
use crate::terminal::io_streams::IoStreams;

/// The widest name of a step for which the others leave room.
const NAME_WIDTH: usize = 24;

/// The columns of the table of a collect.
const COLLECTED: &str = "type|Resource Type,state|State,count|Count,size|Size,largest|Largest";

/// Writes `Collector.collect  ok  1,204 messages in 3.2 s`.
pub fn write_step(report: &StepReport, streams: &mut IoStreams) -> Result<()> {
    let time = shown_time(report.elapsed);
    let (word, style, text) = match &report.outcome {
        StepOutcome::Ok if report.step.is_stream() => {
            let end = if report.is_cut { ", stopped by --limit" } else { "" };
            ("ok", "32", format!("{} in {time}{}{end}", volume(report), rate(report)))
        }
        StepOutcome::Ok => ("ok", "32", time),
        StepOutcome::Skipped(why) => ("skipped", "33", why.clone()),
        StepOutcome::Failed(why) => ("failed", "31", format!("{why} ({time})")),
        StepOutcome::Interrupted(how) => ("interrupted", "31", format!("{how} ({time})")),
    };
    let word = format!("{word:7}");
    let word = if streams.out_color { format!("\x1b[{style}m{word}\x1b[0m") } else { word };
    writeln!(streams.out, "{:NAME_WIDTH$}  {word}  {}", shown(&report.name()), shown(&text))?;
    // A step can take minutes: its line is there before the next begins.
    Ok(streams.out.flush()?)
}

fn volume(report: &StepReport) -> String {
    format!("{}, {},", counted(report.messages, "message"), size(report.bytes))
}

fn rate(report: &StepReport) -> String {
    if report.elapsed < Duration::from_secs(1) {
        return String::new();
    }
    format!(" ({}/s, peak {}/s)", grouped(mean(report.messages, report.elapsed)), grouped(report.peak))
}

/// Messages per second.
fn mean(messages: usize, elapsed: Duration) -> usize {
    let millis = usize::try_from(elapsed.as_millis()).unwrap_or(usize::MAX).max(1);
    messages.saturating_mul(1_000) / millis
}

/// A stream that goes on: `Collector.collect: 1,204 messages, 3 MB, 376/s, 3.2 s`.
pub fn progress_line(name: &str, messages: usize, bytes: usize, elapsed: Duration) -> String {
    let (count, size, mean) = (counted(messages, "message"), size(bytes), grouped(mean(messages, elapsed)));
    format!("{}: {count}, {size}, {mean}/s, {}", shown(name), shown_time(elapsed))
}

/// `12 ms`, `3.2 s`.
pub fn shown_time(time: Duration) -> String {
    match time.as_millis() {
        millis @ ..1_000 => format!("{millis} ms"),
        millis => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
    }
}

/// Writes what was collected, by resource type and state, and the first messages of failures.
pub fn write_collected(rows: &[CollectedRow], streams: &mut IoStreams) -> Result<()> {
    if rows.is_empty() {
        return Ok(());
    }
    writeln!(streams.out)?;
    let row = |row: &CollectedRow| {
        json!({
            "type": cell(&row.resource_type),
            "state": row.state,
            "count": row.count,
            "size": size(usize::try_from(row.bytes).unwrap_or(usize::MAX)),
            "largest": size(row.largest),
        })
    };
    let options = OutputOptions::parse(Some(COLLECTED), Format::Table)?.wrapping();
    let rows_of_table: Vec<Value> = rows.iter().map(row).collect();
    options.write(options.select(Document::from_rows(rows_of_table)), streams)?;
    for row in rows {
        for message in &row.messages {
            writeln!(
                streams.out,
                "message of {} {}: {}",
                shown(&row.resource_type),
                shown(&row.state),
                shown(message)
            )?;
        }
    }
    Ok(())
}

/// A plugin's text at the beginning of a line: what begins with `::` would be a command of GitHub.
fn cell(text: &str) -> String {
    if text.is_empty() || text.starts_with(char::is_alphanumeric) { text.to_owned() } else { format!("'{text}'") }
}

/// Writes the findings as `plugin lint` does: `error[event-key]: Event.parse results[].event_key: ...`.
pub fn write_findings(findings: &[TestFinding], kind: Option<PluginKind>, streams: &mut IoStreams) -> Result<()> {
    for finding in findings {
        let (word, style) = (finding.severity.word(), style(finding.severity));
        let label = format!("{word}[{}]", finding.rule.name());
        let label = if streams.out_color { format!("\x1b[{style}m{label}\x1b[0m") } else { label };
        writeln!(streams.out, "{label}: {}", shown(&sentence(finding, kind)))?;
        if let Some(hint) = &finding.hint {
            writeln!(streams.out, "  hint: {}", shown(hint))?;
        }
    }
    Ok(())
}

fn style(severity: TestSeverity) -> &'static str {
    match severity {
        TestSeverity::Error => "1;31",
        TestSeverity::Warning => "1;33",
        TestSeverity::Info => "1;36",
    }
}

/// `Collector.init metadata.x: message (3 times)`.
pub fn sentence(finding: &TestFinding, kind: Option<PluginKind>) -> String {
    let place = place(finding, kind);
    let place = if place.is_empty() { place } else { format!("{place}: ") };
    let times = if finding.count > 1 { format!(" ({} times)", grouped(finding.count)) } else { String::new() };
    format!("{place}{}{times}", finding.message)
}

/// `Event.parse CASE results[3].event_key`.
pub fn place(finding: &TestFinding, kind: Option<PluginKind>) -> String {
    let step = finding.step.zip(kind).map(|(step, kind)| step.title(kind));
    let path = Some(finding.path.to_string()).filter(|path| !path.is_empty());
    step.into_iter().chain(finding.case.clone()).chain(path).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_short() {
        let shown = [0, 999, 1_000, 3_279, 61_000].map(|millis| shown_time(Duration::from_millis(millis)));
        assert_eq!(shown, ["0 ms", "999 ms", "1.0 s", "3.2 s", "61.0 s"]);
    }
}
