//! `plugin lint`: what is wrong with specs, told without asking anybody.

use std::collections::HashSet;
use std::fs;
use std::io::Write as _;

use super::generation;
use crate::cli::{LintFormat, PluginLint};
use crate::commands::Context;
use crate::error::{Error, Result};
use crate::plugin::lint::{self, Counts, Finding, Generations, Input, Rule, Severity, report};
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
    let generations = match args.api {
        Some(api) => Generations::new(&[generation(api)])?,
        None => Generations::all()?,
    };
    let mut findings = lint::check(&inputs, &generations);
    if args.deny_warnings {
        for finding in &mut findings {
            finding.severity = Severity::Error;
        }
    }
    let IoStreams { out, out_is_terminal, color, .. } = &mut *context.streams;
    let format = match args.output {
        LintFormat::Text => report::Format::Text { styled: *out_is_terminal && *color },
        LintFormat::Json => report::Format::Json,
        LintFormat::Sarif => report::Format::Sarif,
        LintFormat::Github => report::Format::Github,
    };
    report::write(&mut **out, &findings, format)?;
    conclude(&findings, inputs.len(), context.streams)
}

/// What all of the arguments name, each file once, in their order.
fn inputs(args: &PluginLint, streams: &mut IoStreams) -> Result<Vec<Input>> {
    let mut stdin = Stdin::new(&mut *streams.input);
    let mut inputs = Vec::new();
    let mut seen = HashSet::new();
    let mut is_new = |file: &String| seen.insert(fs::canonicalize(file).unwrap_or_else(|_| file.into()));
    for argument in args.file_parameter.iter().chain(&args.files) {
        if argument == "-" {
            inputs.push(Input::of_bytes("stdin", stdin.read()?));
            continue;
        }
        // One file that cannot be read hides no other.
        match source::files(argument) {
            Ok(files) => {
                inputs.extend(files.into_iter().filter(&mut is_new).map(|file| match source::read_file(&file) {
                    Ok(bytes) => Input::of_bytes(file, bytes),
                    Err(error) => Input::unreadable(file, error.summary()),
                }))
            }
            Err(error) => inputs.push(Input::unreadable(argument, error.summary())),
        }
    }
    Ok(inputs)
}

/// Says how it went, and by the error that there are errors.
fn conclude(findings: &[Finding], files: usize, streams: &IoStreams) -> Result<()> {
    let Counts { errors, warnings } = Counts::of(findings);
    let counted = |count: usize, word: &str| match count {
        0 => None,
        1 => Some(format!("1 {word}")),
        count => Some(format!("{count} {word}s")),
    };
    let counts: Vec<String> = [counted(errors, "error"), counted(warnings, "warning")].into_iter().flatten().collect();
    let files = counted(files, "file").unwrap_or_default();
    if errors > 0 {
        return Err(Error::local(format!("{} in {files}", counts.join(" and ")))
            .hint("spacectl plugin lint --explain RULE tells what a rule is for"));
    }
    match counts.first() {
        Some(warnings) => streams.diagnostics.done(&format!("{warnings} in {files}, no errors")),
        None => streams.diagnostics.done(&format!("{files} checked, nothing found")),
    }
    Ok(())
}

fn list_rules(streams: &mut IoStreams) -> Result<()> {
    let widest = Rule::ALL.iter().map(|rule| rule.name().len()).max().unwrap_or_default();
    for rule in Rule::ALL {
        writeln!(streams.out, "{:widest$}  {:14}  {}", rule.name(), rule.levels(), rule.summary())?;
    }
    Ok(())
}

fn explain(name: &str, streams: &mut IoStreams) -> Result<()> {
    let Some(rule) = Rule::find(name) else {
        let near = nearest(name, Rule::ALL.iter().map(|rule| rule.name()));
        return Err(Error::usage(format!("no rule is called {name}")).hint(match near {
            Some(near) => format!("did you mean {near}?"),
            None => "spacectl plugin lint --list-rules lists them".to_owned(),
        }));
    };
    writeln!(streams.out, "{} ({}): {}\n\n{}", rule.name(), rule.levels(), rule.summary(), rule.explanation())?;
    Ok(())
}
