//! `config`: environments, endpoints and keys, in the files of the Python client.

mod alias;

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::Path;

use serde_json::json;

use super::Context;
use super::present::Presentation;
use crate::cli::{Config, Endpoint, Format};
use crate::config::{ConfigDir, EndpointUrl, Environment, EnvironmentName, Invalid, Selection, Source};
use crate::error::{Error, Result};
use crate::view::Document;

/// The name of an environment that is given none, as in the Python client.
const DEFAULT_NAME: &str = "default";
/// The largest value that is read from standard input, in bytes.
const MAX_VALUE: u64 = 64 * 1024;

pub fn run(args: &Config, context: &mut Context<'_>) -> Result<()> {
    match args {
        Config::Init { import_file, force } => init(import_file.as_deref(), *force, context),
        Config::Set { key, value } => set(key, value, context),
        Config::Remove { key } => {
            let (dir, name) = selected(context)?;
            dir.update(&name, |environment| environment.remove(key))?;
            context.streams.talk.done(&format!("{key} is removed from {name}"));
            Ok(())
        }
        Config::Show { show_secrets, output } => show(*show_secrets, *output, context),
        Config::Environment { switch: Some(name), .. } => switch(name, context),
        Config::Environment { remove: Some(name), .. } => remove(name, context),
        Config::Environment { .. } => list(context),
        Config::Endpoint(Endpoint::Add { service, endpoint }) => {
            let url: EndpointUrl = endpoint.parse().map_err(Invalid::into_usage)?;
            let (dir, name) = selected(context)?;
            dir.update(&name, |environment| environment.add_endpoint(service, &url))?;
            context.streams.talk.done(&format!("{service} of {name} is at {url}"));
            Ok(())
        }
        Config::Endpoint(Endpoint::Remove { service }) => {
            let (dir, name) = selected(context)?;
            dir.update(&name, |environment| environment.remove_endpoint(service))?;
            context.streams.talk.done(&format!("{service} is removed from {name}"));
            Ok(())
        }
        Config::Endpoint(Endpoint::Show { output }) => show_endpoints(*output, context),
        Config::Alias(args) => alias::run(args, context),
    }
}

fn init(import_file: Option<&Path>, force: bool, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = match selection(context).named(context.variables)? {
        Some(selected) => selected.name,
        None => EnvironmentName::new(DEFAULT_NAME).map_err(Invalid::into_usage)?,
    };
    let environment = match import_file {
        None => Environment::default(),
        Some(path) => import(path, context)?,
    };
    dir.create(&name, &environment, force)?;
    dir.switch(&name)?;
    context.streams.talk.done(&format!("{name} is the current environment, kept in {}", dir.file_of(&name).display()));
    Ok(())
}

fn import(path: &Path, context: &mut Context<'_>) -> Result<Environment> {
    let mut environment = if path == Path::new("-") {
        Environment::read(&mut context.streams.input, "stdin")?
    } else {
        let source = path.display().to_string();
        let file = File::open(path).map_err(|error| Error::local(format!("cannot read {source}")).cause(error))?;
        Environment::read(file, &source)?
    };
    environment.check().map_err(|error| error.within(path.display()))?;
    // Paths in the file start at its folder, and the settings are about to move into another.
    if let Ok(path) = std::path::absolute(path)
        && let Some(folder) = path.parent()
    {
        environment.anchor_paths(folder);
    }
    for key in environment.values().keys() {
        warn_of_slip(key, context);
    }
    Ok(environment)
}

/// A key that nothing reads is kept, for it may be another program's; but it may be a slip.
fn warn_of_slip(key: &str, context: &mut Context<'_>) {
    if let Some(known) = Environment::known_key_like(key) {
        context.streams.talk.warning(&format!("nothing reads the key {key}: did you mean {known}?"));
    }
}

fn set(key: &str, value: &str, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let value = if value == "-" { read_value(context)? } else { value.to_owned() };
    dir.update(&name, |environment| environment.set(key, &value))?;
    warn_of_slip(key, context);
    context.streams.talk.done(&format!("{key} is set in {name}"));
    Ok(())
}

fn read_value(context: &mut Context<'_>) -> Result<String> {
    let mut text = String::new();
    let read = context.streams.input.by_ref().take(MAX_VALUE + 1).read_to_string(&mut text);
    read.map_err(|error| Error::local("cannot read the value from standard input").cause(error))?;
    if text.len() as u64 > MAX_VALUE {
        return Err(Error::local(format!("the value on standard input is longer than {MAX_VALUE} bytes")));
    }
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn show(show_secrets: bool, output: Format, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let environment = dir.load(&name)?;
    if let Some(warning) = dir.exposure(&name, &environment) {
        context.streams.talk.warning(&warning);
    }
    let values = if show_secrets { environment.values().clone() } else { environment.masked() };
    Presentation::parse(None, output)?.write(Document::Value(values.into()), context.streams)
}

fn switch(name: &str, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(Invalid::into_usage)?;
    dir.switch(&name)?;
    context.streams.talk.done(&format!("{name} is the current environment"));
    Ok(())
}

fn remove(name: &str, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(Invalid::into_usage)?;
    let removed = dir.remove(&name)?;
    context.streams.talk.done(&format!("{name} is removed"));
    if removed.was_current {
        context
            .streams
            .talk
            .note("no environment is current now: choose one with `spacectl config environment -s NAME`");
    }
    Ok(())
}

/// One name a line, as the Python client lists them, the built-in environment last; behind one that is selected stands
/// `(current)`, or what selects it instead.
fn list(context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).find(context.variables, &dir).unwrap_or_else(|error| {
        // A broken file must not hide what there is to choose from.
        let told = error.problems().iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>();
        context.streams.talk.warning(&told.join(": "));
        None
    });
    let mut names = dir.environments()?;
    if !names.iter().any(EnvironmentName::is_built_in) {
        names.push(EnvironmentName::built_in());
    }
    for name in names {
        let mark = match &selected {
            Some(selected) if selected.name == name && selected.source == Source::Current => " (current)".to_owned(),
            Some(selected) if selected.name == name => format!(" (by {})", selected.source),
            _ => String::new(),
        };
        writeln!(context.streams.out, "{name}{mark}")?;
    }
    Ok(())
}

fn show_endpoints(output: Format, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let rows = dir.load(&name)?.endpoints()?.into_iter();
    let rows = rows.map(|(service, url)| json!({"Service": service, "Endpoint": url})).collect();
    Presentation::parse(Some("Service,Endpoint"), output)?.write(Document::of_rows(rows), context.streams)
}

/// The folder, and the environment that the command works on.
fn selected(context: &Context<'_>) -> Result<(ConfigDir, EnvironmentName)> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).require(context.variables, &dir)?;
    Ok((dir, selected.name))
}

fn selection(context: &Context<'_>) -> Selection {
    Selection { environment: context.global.environment.clone(), endpoint: None }
}
