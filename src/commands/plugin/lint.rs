//! `plugin lint`: checks specs without a network.

use std::collections::HashSet;
use std::fs;

use crate::cli::PluginLint;
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::plugin::lint::{self, Finding, Generation, Input, Rule, Severity, count_errors, report};
use crate::schema::did_you_mean::nearest;
use crate::spec::source::{self, Stdin};
use crate::terminal::io_streams::IoStreams;

pub fn run(args: &PluginLint, context: &mut Context<'_>) -> Result<()> {
    if args.list_rules {
        return list_rules(context.streams);
    }
    if let Some(rule) = &args.explain {
        return explain(rule, context.streams);
    }
    let inputs = inputs(args, context.streams)?;
    let generations = args.api.map_or_else(|| vec![Generation::One, Generation::Two], |api| vec![api]);
    let mut findings = lint::check(&inputs, &generations)?;
    if args.deny_warnings {
        findings.iter_mut().for_each(|finding| finding.severity = Severity::Error);
    }
    let IoStreams { out, out_is_terminal, color, .. } = &mut *context.streams;
    report::write(&mut **out, &findings, args.output, *out_is_terminal && *color)?;
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

fn list_rules(streams: &mut IoStreams) -> Result<()> {
    let width = Rule::ALL.iter().map(|rule| rule.name().len()).max().unwrap_or_default();
    for rule in Rule::ALL {
        writeln!(streams.out, "{:width$}  {:14}  {}", rule.name(), rule.levels(), rule.summary())?;
    }
    Ok(())
}

fn explain(name: &str, streams: &mut IoStreams) -> Result<()> {
    let Some(rule) = Rule::find(name) else {
        let near = nearest(name, Rule::ALL.iter().map(|rule| rule.name()));
        return Err(Error::usage(format!("unknown rule {name}")).hint(match near {
            Some(near) => format!("did you mean {near}?"),
            None => "run spacectl plugin lint --list-rules".to_owned(),
        }));
    };
    writeln!(streams.out, "{} ({}): {}\n\n{}", rule.name(), rule.levels(), rule.summary(), rule.explanation())?;
    Ok(())
}
