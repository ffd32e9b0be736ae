//! `config`: environments, endpoints, keys and aliases.

mod alias;
mod check;
mod edit;
mod environments;
mod import;
mod init;

use std::io::Write as _;

use serde_json::{Value, json};

pub(super) use self::init::set_tls;
use super::Context;
use super::tls_flags::exposed_key;
use crate::cli::{ConfigCommand, EndpointCommand, Format, Global, TlsArgs};
use crate::commands::output_options::{OutputOptions, columns};
use crate::config::{
    BUILT_IN, ConfigDir, EndpointUrl, Environment, EnvironmentName, ParseError, Selection, reads_registry_only,
    service_of,
};
use crate::error::{Error, Result};
use crate::fs::read_limited;
use crate::output::view::Document;
use crate::query::columns::cell_text;
use crate::schema::did_you_mean::misspelt;
use crate::schema::spaceone::{SERVICES, is_plugin_server};
use crate::secret;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::prompt::Prompt;
use crate::text::sanitize;

/// The default name of an environment, as in the Python client.
pub(super) const DEFAULT_NAME: &str = "default";
/// The largest value that is read from standard input, in bytes.
const MAX_VALUE: u64 = 64 * 1024;

pub fn run(args: &ConfigCommand, context: &mut Context<'_>) -> Result<()> {
    refuse_call_flags(args, context.global)?;
    match args {
        ConfigCommand::Init(args) => init::run(args, context),
        ConfigCommand::Import(args) => import::run(args, context),
        ConfigCommand::Check(args) => check::run(args, context),
        ConfigCommand::Set { key, value } => set(key, value, context),
        ConfigCommand::Get { key, show_secrets } => get(key, *show_secrets, context),
        ConfigCommand::Remove { key } => {
            let (name, _) = update(context, |environment| environment.remove(key))?;
            context.streams.diagnostics.done(&format!("{key} is removed from {name}"));
            Ok(())
        }
        ConfigCommand::Show { show_secrets, output } => show(*show_secrets, *output, context),
        ConfigCommand::Edit => edit::run(context),
        ConfigCommand::Use { name } | ConfigCommand::Environment { switch: Some(name), .. } => {
            environments::switch(name, context)
        }
        ConfigCommand::Current => environments::current(context),
        ConfigCommand::Environment { remove: Some(name), yes, .. } => environments::remove(name, *yes, context),
        ConfigCommand::List { output } | ConfigCommand::Environment { output, .. } => {
            environments::list(*output, context)
        }
        ConfigCommand::Endpoint(EndpointCommand::Add { service, endpoint }) => {
            refuse_url_as_service(service, endpoint, |service, url| {
                format!("use `spacectl config endpoint add {service} {url}`")
            })?;
            let url: EndpointUrl = endpoint.parse().map_err(ParseError::into_usage)?;
            let (name, environment) = update(context, |environment| environment.add_endpoint(service, &url))?;
            warn_of_services([service.as_str()], "", &context.streams.diagnostics);
            warn_of_exposed_key(&name, &environment, &context.streams.diagnostics);
            context.streams.diagnostics.done(&format!("{service} of {name} is at {url}"));
            Ok(())
        }
        ConfigCommand::Endpoint(EndpointCommand::Remove { service }) => {
            let (name, _) = update(context, |environment| environment.remove_endpoint(service))?;
            context.streams.diagnostics.done(&format!("{service} is removed from {name}"));
            Ok(())
        }
        ConfigCommand::Endpoint(EndpointCommand::Show { output }) => {
            let (dir, name) = selected(context)?;
            let environment = dir.load(&name)?;
            let mut endpoints = environment.endpoints()?;
            if is_embedded(&name, &environment) {
                endpoints.push(("repository".to_owned(), BUILT_IN.to_owned()));
            }
            let rows =
                endpoints.into_iter().map(|(service, url)| json!({"service": service, "endpoint": url})).collect();
            write_rows(rows, "service|Service,endpoint|Endpoint", "service", *output, context)
        }
        ConfigCommand::Alias(args) => alias::run(args, context),
    }
}

/// Refuses the options of calls in a command that makes none, where they would have no effect.
fn refuse_call_flags(args: &ConfigCommand, global: &Global) -> Result<()> {
    if matches!(args, ConfigCommand::Check(_)) {
        return Ok(());
    }
    let is_init = matches!(args, ConfigCommand::Init(_));
    let refused = |flag: &str| Error::usage(format!("{flag} is for calls, and this command makes none"));
    if let Some(url) = &global.endpoint {
        let instead = if is_init {
            format!("--service SERVICE={url}")
        } else {
            format!("`spacectl config endpoint add SERVICE {url}`")
        };
        return Err(refused("--endpoint").hint(format!("an environment has an endpoint for each service: {instead}")));
    }
    let TlsArgs { ca, cert, key, tls_server_name } = &global.tls;
    let flags = [
        ("--domain-id", global.domain_id.is_some(), "x_domain_id ID"),
        ("--workspace-id", global.workspace_id.is_some(), "x_workspace_id ID"),
        ("-H", !global.header.is_empty(), "metadata.NAME VALUE"),
        ("--ca", ca.is_some(), "ca FILE"),
        ("--cert", cert.is_some(), "cert FILE"),
        ("--key", key.is_some(), "key FILE"),
        ("--tls-server-name", tls_server_name.is_some(), "tls_server_name NAME"),
    ];
    match flags.iter().find(|(_, is_given, _)| *is_given && !is_init) {
        Some((flag, _, setting)) => {
            Err(refused(flag).hint(format!("use `spacectl config set {setting}` to store it in an environment")))
        }
        None => Ok(()),
    }
}

/// Warns if others on the network could read the environment's key.
fn warn_of_exposed_key(name: &EnvironmentName, environment: &Environment, diagnostics: &Diagnostics) {
    if let Some((service, url)) = environment.exposed_endpoint() {
        diagnostics.warn(&exposed_key(&url, &service, Some(name)));
    }
}

/// Warns of what comes with a file from elsewhere: a command that will be run, and unknown keys that look like typing
/// errors. Other unknown keys may be another program's.
fn warn_of_content(environment: &Environment, prefix: &str, diagnostics: &Diagnostics) {
    if let Some(command) = environment.api_key_command() {
        diagnostics.note(&format!("{prefix}each call will run its api_key_command: {command}"));
    }
    for key in environment.values().keys() {
        if let Some(known) = Environment::known_key_like(key) {
            diagnostics.warn(&format!("nothing reads the key `{key}`: did you mean `{known}`?"));
        }
    }
    let endpoints = environment.endpoints().unwrap_or_default();
    warn_of_services(endpoints.iter().map(|(service, _)| service.as_str()), prefix, diagnostics);
}

/// Warns of services that are most likely typing errors: others are legitimate, e.g. plugins.
fn warn_of_services<'a>(services: impl IntoIterator<Item = &'a str>, prefix: &str, diagnostics: &Diagnostics) {
    for service in services {
        if let Some(known) = misspelt(service, SERVICES).filter(|_| !is_plugin_server(service)) {
            diagnostics.warn(&format!("{prefix}`{service}` is not a known service: did you mean `{known}`?"));
        }
    }
}

/// Refuses a URL in the place of a service's name; `right` says what to write, from a name and a URL.
fn refuse_url_as_service(service: &str, url: &str, right: impl Fn(&str, &EndpointUrl) -> String) -> Result<()> {
    let Ok(meant) = service.parse::<EndpointUrl>() else { return Ok(()) };
    let is_name = !url.is_empty() && url.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
    let name = if is_name { url } else { SERVICES[0] };
    Err(Error::usage(format!("`{meant}` is an endpoint: the service comes first")).hint(right(name, &meant)))
}

/// The error that `what`, a secret, was typed on the command line.
fn secret_on_command_line(what: &str, right: &str) -> Error {
    Error::usage(format!("{what} is not taken from the command line, where the shell's history and other users see it"))
        .hint(right)
}

fn set(key: &str, value: &str, context: &mut Context<'_>) -> Result<()> {
    // Before a person is asked for the value.
    let (dir, name) = selected(context)?;
    let before = dir.load(&name)?;
    before.check_key(key, value)?;
    before.check_likeness(key)?;
    if is_embedded(&name, &before) && key != "registry" {
        return Err(reads_registry_only(&name));
    }
    let service = service_of(key);
    let value = if value == "-" {
        read_value(key, context)?
    } else if service.is_none() && secret::names_a_secret(key) && !context.variables.is_in_manifest {
        let right = format!("use `spacectl config set {key} -`, which asks for it, or reads it from standard input");
        return Err(secret_on_command_line(&format!("`{key}`"), &right));
    } else {
        value.to_owned()
    };
    let environment = dir.update(&name, |environment| environment.set(key, &value))?;
    let diagnostics = &context.streams.diagnostics;
    warn_of_services(service, "", diagnostics);
    if service.is_some() || environment.credential_keys().contains(&key) {
        warn_of_exposed_key(&name, &environment, diagnostics);
    }
    if let Some(warning) = Environment::warning_of(key) {
        diagnostics.warn(&warning);
    }
    if key == "api_key" && context.variables.api_key.is_some() {
        diagnostics.warn("SPACECTL_API_KEY is set: it is used instead of this key");
    }
    if environment.credential_keys().contains(&key) && dir.session(&name).is_ok_and(|session| session.is_some()) {
        let logout = format!("remove it with `spacectl logout -e {name}`");
        diagnostics.warn(&format!("the session of {name} is used instead of this key: {logout}"));
    }
    if key == "registry" && !name.is_built_in() {
        diagnostics.warn(&format!("only the environment {BUILT_IN} reads registry, and this is {name}"));
    }
    if key == "api_key_file"
        && let Some(path) = environment.api_key_file(dir.path(), context.variables.home.as_deref())?
        && !path.exists()
    {
        diagnostics.warn(&format!("there is no file {} yet", path.display()));
    }
    diagnostics.done(&format!("{key} is set in {name}"));
    Ok(())
}

/// Reads the value of `key` from standard input. A person is prompted, and does not see a secret.
fn read_value(key: &str, context: &mut Context<'_>) -> Result<String> {
    if let Some(mut prompt) = Prompt::new(context.streams) {
        let take = |answer: &str| Ok(answer.to_owned());
        return if secret::names_a_secret(key) {
            prompt.ask_hidden(&format!("{key}, not shown"), take)
        } else {
            prompt.ask(key, take)
        };
    }
    let failed = || Error::local("cannot read the value from standard input");
    let bytes = read_limited(&mut context.streams.input, MAX_VALUE).map_err(|error| failed().cause(error))?;
    let text = String::from_utf8(bytes).map_err(|_| failed().cause("it is not UTF-8 text"))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

fn show(show_secrets: bool, output: Format, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let environment = dir.load(&name)?;
    if let Some(warning) = dir.exposure(&name, &environment) {
        context.streams.diagnostics.warn(&warning);
    }
    if is_embedded(&name, &environment) {
        context.streams.diagnostics.note(&format!(
            "`{name}` is built in: its service `repository` is a part of this program, and `registry` its only setting"
        ));
    }
    let values = if show_secrets { environment.values().clone() } else { environment.masked() };
    OutputOptions::parse(None, output)?.write(Document::Value(values.into()), context.streams)
}

/// Whether this is the built-in environment, which the Python client's one of that name outranks.
fn is_embedded(name: &EnvironmentName, environment: &Environment) -> bool {
    name.is_built_in() && !environment.has_endpoints()
}

/// Writes the bare value, for scripts; a mapping or a list as YAML.
fn get(key: &str, show_secrets: bool, context: &mut Context<'_>) -> Result<()> {
    let (dir, name) = selected(context)?;
    let value = dir.load(&name)?.get(key, show_secrets)?;
    if value.is_object() || value.is_array() {
        return OutputOptions::parse(None, Format::Yaml)?.write(Document::Value(value), context.streams);
    }
    let text = cell_text(&value);
    let text = if context.streams.out_is_terminal { sanitize::control(&text) } else { text };
    Ok(writeln!(context.streams.out, "{text}")?)
}

/// Writes rows with the columns `headed`, or as bare `name`s, or whole, as the format needs.
fn write_rows(rows: Vec<Value>, headed: &str, name: &str, output: Format, context: &mut Context<'_>) -> Result<()> {
    OutputOptions::parse(columns(output, headed, name), output)?.write(Document::from_rows(rows), context.streams)
}

/// Changes the selected environment.
fn update(
    context: &Context<'_>,
    change: impl FnOnce(&mut Environment) -> Result<()>,
) -> Result<(EnvironmentName, Environment)> {
    let (dir, name) = selected(context)?;
    let environment = dir.update(&name, change)?;
    Ok((name, environment))
}

/// The configuration's folder and the selected environment.
fn selected(context: &Context<'_>) -> Result<(ConfigDir, EnvironmentName)> {
    let dir = ConfigDir::locate(context.variables)?;
    let selected = selection(context).require(context.variables, &dir)?;
    Ok((dir, selected.name))
}

fn selection(context: &Context<'_>) -> Selection {
    Selection { environment: context.global.environment.clone(), ..Selection::default() }
}
