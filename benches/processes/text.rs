//! Results for a terminal of 120 columns.

use std::fmt::Write as _;

use super::report::{CaseResult, ContestantResult, GoalResult, Report};

const HEADERS: [&str; 9] =
    ["", "wall ms", "x base", "CPU ms", "x base", "peak MiB", "bytes up", "bytes down", "round trips"];

/// What is known before anything is measured.
pub fn head(report: &Report) -> String {
    let mut text = format!("{}\n", machine(report));
    for note in &report.notes {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "note: {note}");
    }
    text.push_str(
        "Medians, and ratios of medians to the first of each table. Standard output goes to /dev/null while it is timed;\n\
         bytes and round trips are those of a run of its own through a proxy.\n",
    );
    text
}

pub fn machine(report: &Report) -> String {
    let machine = &report.machine;
    format!(
        "{}, {}: {} cores ({}), {} MiB, {}, load {}",
        report.date, machine.rustc, machine.cores, machine.cpu, machine.memory_mib, machine.kernel, machine.load
    )
}

pub fn case(case: &CaseResult) -> String {
    let rows = case.contestants.iter().map(|contestant| row(contestant).to_vec());
    let mut table = grid(&HEADERS, rows.collect());
    // What each is compared with stands first in its own words.
    table.insert_str(0, &format!("\n{}: {}\n", case.name, case.title));
    table
}

/// The cells of one line, as Markdown has them, too.
pub fn row(contestant: &ContestantResult) -> [String; 9] {
    let ContestantResult { wall_ms, cpu_ms, peak_mib, traffic, waited_round_trips, .. } = contestant;
    let bytes = |bytes: Option<u64>| bytes.map(|bytes| bytes.to_string()).unwrap_or_default();
    let counted = traffic.as_ref().and_then(|traffic| traffic.round_trips).map(|trips| trips.to_string());
    let trips = match waited_round_trips {
        Some(waited) => format!("{}, {waited:.1} waited", counted.as_deref().unwrap_or("?")),
        None => counted.unwrap_or_default(),
    };
    [
        contestant.name.clone(),
        number(wall_ms.median),
        format!("{:.2}", contestant.wall_ratio),
        number(cpu_ms.median),
        format!("{:.2}", contestant.cpu_ratio),
        format!("{:.1}", peak_mib.median),
        bytes(traffic.as_ref().map(|traffic| traffic.bytes_up)),
        bytes(traffic.as_ref().map(|traffic| traffic.bytes_down)),
        trips,
    ]
}

/// Milliseconds with three digits that count.
pub fn number(ms: f64) -> String {
    match ms {
        ms if ms < 10.0 => format!("{ms:.2}"),
        ms if ms < 100.0 => format!("{ms:.1}"),
        ms => format!("{ms:.0}"),
    }
}

pub fn goals(report: &Report) -> String {
    let rows = report.goals.iter().map(|GoalResult { goal, result, met, .. }| {
        vec![goal.clone(), result.clone().unwrap_or_default(), verdict(*met).to_owned()]
    });
    format!("\n{}", grid(&["goal", "result", ""], rows.collect()))
}

pub fn verdict(met: Option<bool>) -> &'static str {
    match met {
        Some(true) => "met",
        Some(false) => "not met",
        None => "not measured",
    }
}

/// Columns side by side: the first to the left, numbers to the right.
fn grid(headers: &[&str], rows: Vec<Vec<String>>) -> String {
    let headers = headers.iter().map(|&header| header.to_owned()).collect();
    let lines: Vec<Vec<String>> = std::iter::once(headers).chain(rows).collect();
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = (0..lines[0].len()).map(width).collect();
    lines.iter().fold(String::new(), |text, line| {
        let mut cells = line.iter().zip(&widths).enumerate().fold(String::new(), |mut cells, (at, (cell, width))| {
            let _ = if at == 0 { write!(cells, "  {cell:width$}") } else { write!(cells, "  {cell:>width$}") };
            cells
        });
        cells.truncate(cells.trim_end().len());
        text + &cells + "\n"
    })
}
