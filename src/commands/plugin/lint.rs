//! `plugin lint`: checks specs without a network.

use std::collections::HashSet;
use std::fs;

use super::rule_help;
use crate::cli::PluginLint;
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::plugin::lint::{self, Finding, Generation, Input, Rule, Severity, count_errors, report};
use crate::spec::source::{self, Stdin};
use crate::terminal::io_streams::IoStreams;
use crate::terminal::progress::{Progress, ProgressState, in_flight};

pub fn run(args: &PluginLint, context: &mut Context<'_>) -> Result<()> {
    let rows = || Rule::ALL.iter().map(|rule| (rule.name(), rule.levels(), rule.summary()));
    if args.list_rules {
        return rule_help::list(rows(), context.streams);
    }
    if let Some(name) = &args.explain {
        let rule = Rule::find(name).ok_or_else(|| rule_help::unknown("plugin lint", name, rows()))?;
        return rule_help::explain((rule.name(), rule.levels(), rule.summary()), rule.explanation(), context.streams);
    }
    let inputs = inputs(args, context.streams)?;
    let generations = args.api.map_or_else(|| vec![Generation::One, Generation::Two], |api| vec![api]);
    let mut progress = Progress::new("checked", inputs.len(), context.streams);
    let state = |index: usize| {
        let in_flight = in_flight(std::iter::once(inputs[index].name.clone()));
        ProgressState { done: index as u64, in_flight }
    };
    let mut findings = lint::check_with(&inputs, &generations, |index| progress.tick(|| state(index)))?;
    progress.clear();
    if args.deny_warnings {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    }
    let IoStreams { out, out_color, .. } = &mut *context.streams;
    report::write(&mut **out, &findings, args.output, *out_color)?;
    conclude(&findings, inputs.len(), context.streams)
}

/// The inputs of all arguments in their order, each file once.
fn inputs(args: &PluginLint, streams: &mut IoStreams) -> Result<Vec<Input>> {
    let mut stdin = Stdin::new(&mut *streams.input);
    let mut inputs = Vec::new();
    let mut seen = HashSet::new();
    for argument in args.file_parameter.iter().chain(&args.files) {
        if argument == "-" {
            inputs.push(Input::from_bytes("stdin", stdin.read()?));
            continue;
        }
        // A file that cannot be read is a finding, and the others are checked.
        let files = match source::files(argument) {
            Ok(files) => files,
            Err(error) => {
                inputs.push(Input::unreadable(argument, error.summary()));
                continue;
            }
        };
        for file in files {
            if seen.insert(fs::canonicalize(&file).unwrap_or_else(|_| file.clone().into())) {
                inputs.push(match source::read_file(&file) {
                    Ok(bytes) => Input::from_bytes(file, bytes),
                    Err(error) => Input::unreadable(file, error.summary()),
                });
            }
        }
    }
    Ok(inputs)
}

/// Reports the counts; as an error if there are errors.
fn conclude(findings: &[Finding], files: usize, streams: &IoStreams) -> Result<()> {
    let count = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let errors = count_errors(findings);
    let (warnings, files) = (findings.len() - errors, count(files, "file"));
    let counts = match (errors, warnings) {
        (0, 0) => {
            streams.diagnostics.done(&format!("{files} checked, no findings"));
            return Ok(());
        }
        (0, _) => {
            streams.diagnostics.done(&format!("{} in {files}, no errors", count(warnings, "warning")));
            return Ok(());
        }
        (_, 0) => count(errors, "error"),
        _ => format!("{} and {}", count(errors, "error"), count(warnings, "warning")),
    };
    Err(Error::local(format!("{counts} in {files}"))
        .hint("run spacectl plugin lint --explain RULE to see why a rule exists"))
}
