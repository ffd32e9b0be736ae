//! The last report for the READMEs, between markers so that the next can take its place.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};

use super::report::{CaseResult, Report};
use super::text;

const BEGIN: &str = "<!-- results: begin -->\n";
const END: &str = "<!-- results: end -->\n";

/// Lines of the project's README: what is done, in which case, and by which of spacectl's contestants.
const SHORT: [(&str, &str, &str); 8] = [
    ("`--version`", "version", "spacectl"),
    ("`list`, 10 rows", "list-10", "spacectl, cached"),
    ("the same, when the service is asked what it offers", "list-10", "spacectl, reflecting"),
    ("`list`, 10 rows, the service 50 ms away", "far-list-10", "spacectl, cached, far"),
    ("`list`, 1,000 rows, every column", "list-1000-table-all", "spacectl"),
    ("`list`, 100,000 rows, two columns", "list-100000-table-two", "spacectl"),
    ("`list`, 100,000 rows, every column", "list-100000-table-all", "spacectl"),
    ("1,000 registrations from one file", "register-1000", "spacectl"),
];

/// All results.
pub fn results(report: &Report) -> String {
    let mut markdown = format!("{}.\n\n", text::machine(report));
    for note in &report.notes {
        // Writing to a String cannot fail.
        let _ = writeln!(markdown, "- {note}");
    }
    markdown.push_str("\n| goal | result | |\n|---|--:|---|\n");
    for goal in &report.goals {
        let result = goal.result.as_deref().unwrap_or_default();
        let _ = writeln!(markdown, "| {} | {result} | {} |", goal.goal, text::verdict(goal.met));
    }
    for case in &report.cases {
        let _ = write!(markdown, "\n**{}**: {}\n\n", case.name, case.title);
        markdown.push_str(
            "| | runs | wall ms | x base | CPU ms | x base | peak MiB | bytes up | bytes down | round trips |\n",
        );
        markdown.push_str("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
        for contestant in &case.contestants {
            let [name, rest @ ..] = text::row(contestant);
            let _ = writeln!(markdown, "| {name} | {} | {} |", contestant.runs, rest.join(" | "));
        }
    }
    markdown
}

/// A handful of results.
fn short(report: &Report) -> String {
    let mut markdown =
        "| ms, median | a client written by hand | spacectl | Python client |\n|---|--:|--:|--:|\n".to_owned();
    for (what, case, contestant) in SHORT {
        let Some(case) = report.cases.iter().find(|result| result.name == case) else { continue };
        let wall = |name: &str| case.contestant(name).map(|contestant| text::number(contestant.wall_ms.median));
        let Some(spacectl) = wall(contestant) else { continue };
        let far = if contestant.ends_with(", far") { ", far" } else { "" };
        let floor = wall(&base(case, far)).unwrap_or_default();
        let python = wall(&format!("python{far}")).unwrap_or_default();
        let _ = writeln!(markdown, "| {what} | {floor} | {spacectl} | {python} |");
    }
    let _ = write!(markdown, "\n{} cores ({}), {}.\n", report.machine.cores, report.machine.cpu, report.machine.rustc);
    markdown
}

/// What spacectl is measured beside in a case.
fn base(case: &CaseResult, far: &str) -> String {
    let of_many = case.contestants.iter().find(|contestant| contestant.name == "floor, 16 in flight");
    of_many.map_or_else(|| format!("{}{far}", case.base), |floor| floor.name.clone())
}

/// Puts them into both READMEs.
pub fn update_readmes(report: &Report) -> Result<()> {
    ensure!(!report.quick && report.profile == "release", "the times of the last report mean nothing");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    replace(&root.join("benches/README.md"), &results(report))?;
    replace(&root.join("README.md"), &short(report))
}

fn replace(path: &Path, results: &str) -> Result<()> {
    let text = fs::read_to_string(path)?;
    let no_place = || format!("{} has no {} and {}", path.display(), BEGIN.trim(), END.trim());
    let (before, rest) = text.split_once(BEGIN).with_context(no_place)?;
    let (_, after) = rest.split_once(END).with_context(no_place)?;
    fs::write(path, format!("{before}{BEGIN}{results}{END}{after}"))?;
    println!("{}: updated", path.display());
    Ok(())
}
