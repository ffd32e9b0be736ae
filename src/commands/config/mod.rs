//! `config`: environments, endpoints and keys, in the files of the Python client.

mod alias;
mod check;
mod import;
mod init;

use std::io::{Read as _, Write as _};

use serde_json::{Value, json};

use super::Context;
use super::connector::exposed_key;
use crate::cli::{Config, Endpoint, Format, Global, Tls};
use crate::commands::output_options::{OutputOptions, columns};
use crate::config::{
    BUILT_IN, ConfigDir, EndpointUrl, Environment, EnvironmentName, ParseError, Selected, Selection, Source,
};
use crate::error::{Error, Result};
use crate::output::view::Document;
use crate::query::columns::cell_text;
use crate::secret;
use crate::terminal::prompt::Prompt;
use crate::terminal::sanitize;

/// The name of an environment that is given none, as in the Python client.
const DEFAULT_NAME: &str = "default";
/// The largest value that is read from standard input, in bytes.
const MAX_VALUE: u64 = 64 * 1024;

pub fn run(args: &Config, context: &mut Context<'_>) -> Result<()> {
    refuse_useless(args, context.global)?;
    match args {
        Config::Init(args) => init::run(args, context),
        Config::Import(args) => import::run(args, context),
        Config::Check(args) => check::run(args, context),
        Config::Set { key, value } => set(key, value, context),
        Config::Get { key, show_secrets } => get(key, *show_secrets, context),
        Config::Remove { key } => {
            let (dir, name) = selected(context)?;
            dir.update(&name, |environment| environment.remove(key))?;
            context.streams.diagnostics.done(&format!("{key} is removed from {name}"));
            Ok(())
        }
        Config::Show { show_secrets, output } => show(*show_secrets, *output, context),
        Config::Environment { switch: Some(name), .. } => switch(name, context),
        Config::Environment { remove: Some(name), .. } => remove(name, context),
        Config::Environment { output, .. } => list(*output, context),
        Config::Endpoint(Endpoint::Add { service, endpoint }) => {
            let url: EndpointUrl = endpoint.parse().map_err(ParseError::into_usage)?;
            let (dir, name) = selected(context)?;
            let mut changed = Environment::default();
            dir.update(&name, |environment| {
                environment.add_endpoint(service, &url)?;
                changed = environment.clone();
                Ok(())
            })?;
            warn_of_exposed_key(&name, &changed, context);
            context.streams.diagnostics.done(&format!("{service} of {name} is at {url}"));
            Ok(())
        }
        Config::Endpoint(Endpoint::Remove { service }) => {
            let (dir, name) = selected(context)?;
            dir.update(&name, |environment| environment.remove_endpoint(service))?;
            context.streams.diagnostics.done(&format!("{service} is removed from {name}"));
            Ok(())
        }
        Config::Endpoint(Endpoint::Show { output }) => show_endpoints(*output, context),
        Config::Alias(args) => alias::run(args, context),
    }
}

/// Refuses by name what the command line says of calls, where none is made: it would be lost without a word.
fn refuse_useless(args: &Config, global: &Global) -> Result<()> {
    if matches!(args, Config::Check(_)) {
        return Ok(());
    }
    let is_init = matches!(args, Config::Init(_));
    if let Some(url) = &global.endpoint {
        let keep =
            if is_init { format!("--service SERVICE={url}") } else { "`config endpoint add SERVICE URL`".into() };
        return Err(Error::usage("--endpoint is for calls, and this command makes none")
            .hint(format!("an environment keeps one for each service: {keep}")));
    }
    let Tls { ca, cert, key, tls_server_name } = &global.tls;
    let flags = [
        ("--domain-id", global.domain_id.is_some(), "x_domain_id ID"),
        ("--workspace-id", global.workspace_id.is_some(), "x_workspace_id ID"),
        ("--ca", ca.is_some(), "ca FILE"),
        ("--cert", cert.is_some(), "cert FILE"),
        ("--key", key.is_some(), "key FILE"),
        ("--tls-server-name", tls_server_name.is_some(), "tls_server_name NAME"),
    ];
    match flags.iter().find(|(_, is_given, _)| *is_given && !is_init) {
        Some((flag, _, kept)) => Err(Error::usage(format!("{flag} is for calls, and this command makes none"))
            .hint(format!("`spacectl config set {kept}` keeps it in an environment"))),
        None => Ok(()),
    }
}

/// Says so where others on the network could read the environment's key.
fn warn_of_exposed_key(name: &EnvironmentName, environment: &Environment, context: &mut Context<'_>) {
    if let Some((service, url)) = environment.exposed_endpoint() {
        context.streams.diagnostics.warn(&exposed_key(&url, &service, Some(name)));
    }
}

/// A key of a whole file that nothing reads is kept, for it may be another program's; but it may be a slip.
fn warn_of_slip(key: &str, context: &mut Context<'_>) {
    if let Some(known) = Environment::known_key_like(key) {
        context.streams.diagnostics.warn(&format!("nothing reads the key {key}: did you mean {known}?"));
    }
}

fn set(key: &str, value: &str, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let value = if value == "-" { read_value(key, context)? } else { value.to_owned() };
    let home = context.variables.home.as_deref();
    let mut key_file = None;
    let mut changed = Environment::default();
    dir.update(&name, |environment| {
        environment.set(key, &value)?;
        changed = environment.clone();
        key_file = environment.api_key_file(dir.file_of(&name).parent().unwrap_or(dir.path()), home)?;
        Ok(())
    })?;
    if key.starts_with("endpoints.") || changed.credential_keys().contains(&key) {
        warn_of_exposed_key(&name, &changed, context);
    }
    Environment::warning_of(key).iter().for_each(|warning| context.streams.diagnostics.warn(warning));
    if key == "registry" && !name.is_built_in() {
        context
            .streams
            .diagnostics
            .warn(&format!("only the environment {BUILT_IN} reads registry, and this is {name}"));
    }
    if let Some(path) = key_file.filter(|path| key == "api_key_file" && !path.exists()) {
        context.streams.diagnostics.warn(&format!("there is no file {} yet", path.display()));
    }
    context.streams.diagnostics.done(&format!("{key} is set in {name}"));
    Ok(())
}

/// The value of `key` from standard input. A person is asked for it, and does not see a secret.
fn read_value(key: &str, context: &mut Context<'_>) -> Result<String> {
    if let Some(mut prompt) = Prompt::new(context.streams) {
        let take = |answer: &str| Ok(answer.to_owned());
        return if secret::names_a_secret(key) {
            prompt.ask_hidden(&format!("{key}, not shown"), take)
        } else {
            prompt.ask(key, take)
        };
    }
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
        context.streams.diagnostics.warn(&warning);
    }
    let values = if show_secrets { environment.values().clone() } else { environment.masked() };
    OutputOptions::parse(None, output)?.write(Document::Value(values.into()), context.streams)
}

/// The value alone, for scripts; what is a mapping or a list comes as YAML.
fn get(key: &str, show_secrets: bool, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let environment = dir.load(&name)?;
    let value = environment.get(key, show_secrets)?;
    match value {
        Value::Object(_) | Value::Array(_) => {
            OutputOptions::parse(None, Format::Yaml)?.write(Document::Value(value), context.streams)
        }
        value => {
            let text = cell_text(&value);
            let shown = if context.streams.out_is_terminal { sanitize::control(&text) } else { text };
            Ok(writeln!(context.streams.out, "{shown}")?)
        }
    }
}

fn switch(name: &str, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(ParseError::into_usage)?;
    dir.switch(&name)?;
    context.streams.diagnostics.done(&format!("{name} is the current environment"));
    named_elsewhere(&name, context);
    Ok(())
}

/// Says so where `name` has become the current environment and another one is used all the same.
fn named_elsewhere(name: &EnvironmentName, context: &mut Context<'_>) {
    if let Some(other) = context.variables.environment.as_ref().filter(|other| *other != name.as_str()) {
        context
            .streams
            .diagnostics
            .note(&format!("SPACECTL_ENVIRONMENT is set: as long as it is, commands use {other}"));
    }
}

fn remove(name: &str, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let name = EnvironmentName::new(name).map_err(ParseError::into_usage)?;
    let removed = dir.remove(&name)?;
    context.streams.diagnostics.done(&format!("{name} is removed"));
    if removed.was_current {
        context
            .streams
            .diagnostics
            .note("no environment is current now: choose one with `spacectl config environment -s NAME`");
    }
    Ok(())
}

/// One name a line, as the Python client lists them, the built-in environment last; behind one that is selected stands
/// `(current)`, or what selects it instead.
fn list(output: Option<Format>, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).find(context.variables, &dir).unwrap_or_else(|error| {
        // A broken file must not hide what there is to choose from.
        let told = error.problems().iter().map(|problem| problem.message.as_str()).collect::<Vec<_>>();
        context.streams.diagnostics.warn(&told.join(": "));
        None
    });
    let mut names = dir.environments()?;
    if !names.iter().any(EnvironmentName::is_built_in) {
        names.push(EnvironmentName::built_in());
    }
    if let Some(output) = output {
        return list_as(output, &names, selected.as_ref(), context);
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

/// A row for each environment: whether it is the one in use, and by what.
fn list_as(
    output: Format,
    names: &[EnvironmentName],
    selected: Option<&Selected>,
    context: &mut Context<'_>,
) -> Result<()> {
    let rows = names.iter().map(|name| {
        let source = selected.filter(|selected| selected.name == *name).map(|selected| selected.source.to_string());
        json!({"name": name.as_str(), "current": source.is_some(), "source": source})
    });
    let columns = columns(output, "name|Name,current|Current,source|Source", "name");
    OutputOptions::parse(columns, output)?.write(Document::from_rows(rows), context.streams)
}

fn show_endpoints(output: Format, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let rows = dir.load(&name)?.endpoints()?.into_iter();
    let rows = rows.map(|(service, url)| json!({"service": service, "endpoint": url}));
    let columns = columns(output, "service|Service,endpoint|Endpoint", "service");
    OutputOptions::parse(columns, output)?.write(Document::from_rows(rows), context.streams)
}

/// The folder, and the environment that the command works on.
fn selected(context: &Context<'_>) -> Result<(ConfigDir, EnvironmentName)> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).require(context.variables, &dir)?;
    Ok((dir, selected.name))
}

fn selection(context: &Context<'_>) -> Selection {
    Selection { environment: context.global.environment.clone(), ..Selection::default() }
}
