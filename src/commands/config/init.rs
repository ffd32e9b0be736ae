//! `config init`: an environment from a file, flags or answers.

use std::path::Path;

use super::environments::note_variable;
use super::{
    DEFAULT_NAME, read_value, refuse_url_as_service, secret_on_command_line, warn_of_content, warn_of_exposed_key,
    warn_of_services,
};
use crate::cli::{ConfigInit, TlsArgs};
use crate::commands::Context;
use crate::commands::connector::selection;
use crate::config::{ConfigDir, EndpointUrl, Environment, EnvironmentName, ParseError, how_to_create};
use crate::error::{Error, Result};
use crate::fs::open_file;
use crate::grpc::metadata::MetadataEntry;
use crate::schema::did_you_mean::misspelt;
use crate::schema::spaceone::SERVICES;
use crate::terminal::prompt::Prompt;

const STDIN: &str = "-";

/// What is to be made.
struct Wanted {
    name: EnvironmentName,
    environment: Environment,
    /// Whether it may take the place of one that is there.
    overwrite: bool,
}

pub fn run(args: &ConfigInit, context: &mut Context<'_>) -> Result<()> {
    let dir = ConfigDir::locate(context.variables)?;
    let default = match selection(context).named(context.variables)? {
        Some(selected) => selected.name,
        None => EnvironmentName::new(DEFAULT_NAME).map_err(ParseError::into_usage)?,
    };
    let is_given = gives_something(args, context);
    let prompt = if is_given { None } else { Prompt::new(context.streams) };
    let nobody_asked = !is_given && prompt.is_none();
    let wanted = match prompt {
        Some(prompt) => ask(prompt, &default, &dir, args.force)?,
        None => Wanted { name: default, environment: given(args, context)?, overwrite: args.force },
    };
    let Wanted { name, environment, overwrite } = wanted;
    // With a name it is made, as the Python client's scripts expect, and a note says what is missing.
    if environment.values().is_empty() && !is_given {
        let why = if nobody_asked { ", and there is no terminal to ask on" } else { "" };
        return Err(Error::usage(format!("the environment `{name}` would be empty{why}"))
            .hint(format!("use `{}`", how_to_create(name.as_str()))));
    }
    dir.create_current(&name, &environment, overwrite)?;
    let diagnostics = &context.streams.diagnostics;
    warn_of_exposed_key(&name, &environment, diagnostics);
    if !environment.has_endpoints() {
        diagnostics.note(&format!("{name} has no endpoints: add each with `spacectl config endpoint add SERVICE URL`"));
    }
    diagnostics.done(&format!("{name} is the current environment, stored in {}", dir.file_of(&name).display()));
    note_variable(&name, context);
    Ok(())
}

/// Whether the command line says anything of what the environment is to be.
fn gives_something(args: &ConfigInit, context: &Context<'_>) -> bool {
    let ConfigInit { import_file, service, api_key, api_key_file, api_key_command, force: _ } = args;
    !service.is_empty()
        || [api_key, api_key_command].iter().any(|given| given.is_some())
        || [import_file, api_key_file].iter().any(|given| given.is_some())
        || context.global.call_flags().iter().any(|(_, value)| value.is_some())
}

/// The environment that the command line describes; flags outrank the file.
fn given(args: &ConfigInit, context: &mut Context<'_>) -> Result<Environment> {
    if args.api_key.as_deref().is_some_and(|key| key != STDIN) {
        let right =
            "use --api-key - and give it on standard input, or --api-key-file FILE or --api-key-command COMMAND";
        return Err(secret_on_command_line("the key", right));
    }
    let mut environment = match &args.import_file {
        None => Environment::default(),
        Some(path) if path == Path::new(STDIN) && args.api_key.is_some() => {
            return Err(Error::usage("both the settings and the key would be read from standard input")
                .hint("give one of them by a file"));
        }
        Some(path) => import(path, context)?,
    };
    for service in &args.service {
        let (service, url) = service.split_once('=').unwrap_or((service, ""));
        refuse_url_as_service(service, url, |service, url| format!("use `--service {service}={url}`"))?;
        if url.is_empty() {
            return Err(Error::usage(format!("--service {service}: it says no endpoint"))
                .hint(format!("use `--service {service}=grpc+ssl://HOST:443`")));
        }
        warn_of_services([service], "", &context.streams.diagnostics);
        environment.set(&format!("endpoints.{service}"), url).map_err(|error| error.context("--service"))?;
    }
    if args.api_key.is_some() {
        environment.set("api_key", &read_value("api_key", context)?)?;
    }
    if let Some(path) = &args.api_key_file {
        if !path.exists() {
            context.streams.diagnostics.warn(&format!("there is no file {} yet", path.display()));
        }
        set_path(&mut environment, "api_key_file", "--api-key-file", path)?;
    }
    if let Some(command) = &args.api_key_command {
        environment.set("api_key_command", command)?;
    }
    for (key, id) in [("x_domain_id", &context.global.domain_id), ("x_workspace_id", &context.global.workspace_id)] {
        if let Some(id) = id {
            environment.set(key, id)?;
        }
    }
    for header in &context.global.header {
        environment.set_metadata(&MetadataEntry::parse(header).map_err(|error| error.into_usage().context("-H"))?)?;
    }
    set_tls(&mut environment, &context.global.tls)?;
    Ok(environment)
}

/// Keeps what the command line says of TLS, as `config set` does.
pub(in crate::commands) fn set_tls(environment: &mut Environment, tls: &TlsArgs) -> Result<()> {
    for (key, flag, path) in [("ca", "--ca", &tls.ca), ("cert", "--cert", &tls.cert), ("key", "--key", &tls.key)] {
        path.iter().try_for_each(|path| set_path(environment, key, flag, path))?;
    }
    if let Some(name) = &tls.tls_server_name {
        environment.set("tls_server_name", name).map_err(|error| error.context("--tls-server-name"))?;
    }
    if environment.get("key", false).is_ok() && environment.get("cert", false).is_err() {
        return Err(Error::usage("--key needs a client certificate: add --cert FILE"));
    }
    Ok(())
}

fn set_path(environment: &mut Environment, key: &str, flag: &str, path: &Path) -> Result<()> {
    let text =
        path.to_str().ok_or_else(|| Error::usage(format!("{flag} {}: the path is not UTF-8", path.display())))?;
    environment.set(key, text).map_err(|error| error.context(flag))
}

fn import(path: &Path, context: &mut Context<'_>) -> Result<Environment> {
    let mut environment = if path == Path::new(STDIN) {
        Environment::read(&mut context.streams.input, "stdin")?
    } else {
        let source = path.display().to_string();
        let file = open_file(path).map_err(|error| Error::local(format!("cannot read {source}")).cause(error))?;
        Environment::read(file, &source)?
    };
    environment.check().map_err(|error| error.context(path.display()))?;
    let diagnostics = &context.streams.diagnostics;
    if path != Path::new(STDIN)
        && let Some(key) = environment.make_paths_absolute(path.parent().unwrap_or(Path::new("")))?
    {
        diagnostics.note(&format!("api_key_file is now {key}, as it was relative to the file's folder"));
    }
    warn_of_content(&environment, "", diagnostics);
    Ok(environment)
}

/// All questions come before anything is written.
fn ask(mut prompt: Prompt<'_>, default: &EnvironmentName, dir: &ConfigDir, force: bool) -> Result<Wanted> {
    let name = prompt.ask(&format!("name of the environment [{default}]"), |answer| {
        let name = if answer.is_empty() { default.as_str() } else { answer };
        let name = EnvironmentName::new(name).map_err(ParseError::into_local)?;
        if name.is_built_in() {
            return Err(Error::local(format!("`{name}` is built in and needs no configuration")));
        }
        Ok(name)
    })?;
    let overwrite = dir.has(&name) && {
        if !force && !prompt.confirm(&format!("{name} exists already: replace it"))? {
            return Err(Error::local(format!("{name} stays as it is")).hint(
                "change it with `spacectl config set` and `spacectl config endpoint add`, or choose another name",
            ));
        }
        true
    };
    let mut environment = Environment::default();
    ask_endpoints(&mut prompt, &mut environment)?;
    prompt
        .ask_hidden("api_key, not shown (enter for none)", |answer| set_given(&mut environment, "api_key", answer))?;
    prompt.ask("x_domain_id (enter for none)", |answer| set_given(&mut environment, "x_domain_id", answer))?;
    Ok(Wanted { name, environment, overwrite })
}

fn ask_endpoints(prompt: &mut Prompt<'_>, environment: &mut Environment) -> Result<()> {
    prompt.say(&format!("services, such as {}", SERVICES.join(", ")));
    loop {
        let question =
            if environment.has_endpoints() { "another service (enter for none)" } else { "service (enter for none)" };
        let service = prompt.ask(question, |answer| {
            if answer.is_empty() {
                return Ok(None);
            }
            // Checked with a place that any service may have.
            let anywhere: EndpointUrl = "grpc://localhost:1".parse().map_err(ParseError::into_local)?;
            environment.clone().add_endpoint(answer, &anywhere)?;
            Ok(Some(answer.to_owned()))
        })?;
        let Some(service) = service else { return Ok(()) };
        if let Some(meant) = misspelt(&service, SERVICES) {
            prompt.say(&format!("{service} is taken; if {meant} was meant, skip it"));
        }
        let question = format!("endpoint of {service}, grpc://HOST:PORT or grpc+ssl://HOST:PORT (enter skips)");
        prompt.ask(&question, |answer| set_given(environment, &format!("endpoints.{service}"), answer))?;
    }
}

/// Sets `key` unless the answer is empty.
fn set_given(environment: &mut Environment, key: &str, answer: &str) -> Result<()> {
    if answer.trim().is_empty() { Ok(()) } else { environment.set(key, answer) }
}
