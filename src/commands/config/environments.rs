//! `config list`, `use`, `current` and `config environment`.

use std::io::Write as _;

use serde_json::json;

use super::{selection, write_rows};
use crate::cli::Format;
use crate::commands::Context;
use crate::config::{ConfigDir, ENDPOINT_VARIABLE, EnvironmentName, ParseError, SelectedEnvironment, SelectionSource};
use crate::error::{Error, Result};
use crate::terminal::prompt::Prompt;

pub(super) fn switch(name: &str, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(ParseError::into_usage)?;
    dir.switch(&name)?;
    context.streams.diagnostics.done(&format!("{name} is the current environment"));
    note_variable(&name, context);
    Ok(())
}

/// Tells the user if commands use another environment than `name`, the new current one.
pub(super) fn note_variable(name: &EnvironmentName, context: &Context<'_>) {
    if let Some(other) = context.variables.environment.as_ref().filter(|other| *other != name.as_str()) {
        let note = format!("SPACECTL_ENVIRONMENT is set: as long as it is, commands use {other}");
        context.streams.diagnostics.note(&note);
    }
    note_endpoint(context);
}

/// Prints the name of the environment in use and nothing else, for scripts and prompts.
pub(super) fn current(context: &mut Context<'_>) -> Result<()> {
    note_endpoint(context);
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).require(context.variables, &dir)?;
    writeln!(context.streams.out, "{}", selected.name)?;
    warn_of_missing(&dir, &selected, context);
    Ok(())
}

/// Warns if the selected environment does not exist.
fn warn_of_missing(dir: &ConfigDir, selected: &SelectedEnvironment, context: &Context<'_>) {
    let SelectedEnvironment { name, source } = selected;
    if !name.is_built_in() && !dir.has(name) {
        let source = match source {
            SelectionSource::Flag => String::new(),
            source => format!(": it is named by {source}"),
        };
        let text = format!("there is no environment `{name}` in {}{source}", dir.path().display());
        context.streams.diagnostics.warn(&text);
    }
}

/// Tells the user if calls use no environment.
fn note_endpoint(context: &Context<'_>) {
    if context.variables.endpoint.is_some() {
        let note = format!("{ENDPOINT_VARIABLE} is set: as long as it is, calls go there, without an environment");
        context.streams.diagnostics.note(&note);
    }
}

/// Removes an environment. A person is asked first; a script has named it, and goes on.
pub(super) fn remove(name: &str, yes: bool, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(ParseError::into_usage)?;
    if !yes
        && dir.has(&name)
        && let Some(mut prompt) = Prompt::new(context.streams)
        && !prompt
            .confirm(&format!("Remove the environment {name} ({}), its key included", dir.file_of(&name).display()))?
    {
        return Err(Error::local("cancelled: nothing was changed"));
    }
    let was_current = dir.remove(&name)?;
    let diagnostics = &context.streams.diagnostics;
    diagnostics.done(&format!("{name} is removed"));
    if was_current {
        diagnostics.note("no environment is current now: choose one with `spacectl config environment -s NAME`");
    }
    Ok(())
}

/// Lists one name a line, as the Python client does, the built-in environment last. The one in use is marked with
/// `(current)`, or with what selects it instead.
pub(super) fn list(output: Option<Format>, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).find(context.variables, &dir).unwrap_or_else(|error| {
        // A broken file must not hide the other environments.
        let messages = error.problems().iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>();
        context.streams.diagnostics.warn(&messages.join(": "));
        None
    });
    note_endpoint(context);
    if let Some(selected) = &selected {
        warn_of_missing(&dir, selected, context);
    }
    let mut names = dir.environments()?;
    if !names.iter().any(EnvironmentName::is_built_in) {
        names.push(EnvironmentName::built_in());
    }
    let source = |name: &EnvironmentName| match &selected {
        Some(SelectedEnvironment { name: selected, source }) if selected == name => Some(*source),
        _ => None,
    };
    if let Some(output) = output {
        let rows = names.iter().map(|name| {
            let source = source(name).map(|source| source.to_string());
            json!({"name": name.as_str(), "current": source.is_some(), "source": source})
        });
        return write_rows(rows.collect(), "name|Name,current|Current,source|Source", "name", output, context);
    }
    for name in names {
        let mark = match source(&name) {
            Some(SelectionSource::Current) => " (current)".to_owned(),
            Some(source) => format!(" (by {source})"),
            None => String::new(),
        };
        writeln!(context.streams.out, "{name}{mark}")?;
    }
    Ok(())
}
