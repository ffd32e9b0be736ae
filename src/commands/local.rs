//! `local`: serves the embedded Repository on a port, and empties it.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use prost::Message as _;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tonic::Status;

use super::confirm;
use super::connector;
use super::{Context, block_on};
use crate::cli::{Global, Local, TlsArgs};
use crate::codec::encode;
use crate::config::{BUILT_IN, registry_of_built_in};
use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::local_service;
use crate::local_service::proto::repository::v1::{PluginInfo, RegisterPluginRequest};
use crate::local_service::{ServiceOptions, Store};
use crate::oci::RegistryUrl;
use crate::spec::{self, Inputs, RequestTarget, SpanPart};

pub fn run(args: &Local, context: &mut Context<'_>) -> Result<()> {
    match args {
        Local::Reset { yes } => {
            refuse_useless(context.global, "it removes the plugins of the environment local")?;
            reset(*yes, context)
        }
        Local::Serve { listen, data, registry, managed, strict } => {
            let hint = "it serves the plugins of the environment local, or those of --data, in plaintext at --listen";
            refuse_useless(context.global, hint)?;
            // As what it prints can be given to it.
            let listen = listen.strip_prefix("grpc://").unwrap_or(listen);
            let managed =
                managed.as_deref().map(|folder| read_managed(folder, context)).transpose()?.unwrap_or_default();
            let options = ServiceOptions { strict: *strict, managed: managed.into(), ..ServiceOptions::default() };
            serve(listen, data.clone(), registry.as_deref(), options, context)
        }
    }
}

/// Refuses by name what the command line says of calls to a service: it would be lost without a word, on the way to another
/// place than was meant.
fn refuse_useless(global: &Global, hint: &str) -> Result<()> {
    let TlsArgs { ca, cert, key, tls_server_name } = &global.tls;
    let is_other = global.environment.as_deref().is_some_and(|name| name != BUILT_IN);
    let flags = [
        ("--environment", is_other),
        ("--endpoint", global.endpoint.is_some()),
        ("--domain-id", global.domain_id.is_some()),
        ("--workspace-id", global.workspace_id.is_some()),
        ("--ca", ca.is_some()),
        ("--cert", cert.is_some()),
        ("--key", key.is_some()),
        ("--tls-server-name", tls_server_name.is_some()),
    ];
    match flags.iter().find(|(_, is_given)| *is_given) {
        None => Ok(()),
        Some((flag, _)) => Err(Error::usage(format!("{flag} is for calls, and this command makes none")).hint(hint)),
    }
}

/// Removes all plugins. The file stays: another process may have it open, and would go on with a file without a name.
fn reset(yes: bool, context: &mut Context<'_>) -> Result<()> {
    let path = context.variables.repository_database()?;
    let store = Store::open(&path)?;
    let failed =
        |status: Status| Error::local(format!("cannot empty {}", path.display())).cause(status.message().to_owned());
    let count = block_on(async { store.count().await.map_err(failed) })?;
    if count == 0 {
        context.streams.diagnostics.done(&format!("{} has no plugins: nothing to remove", path.display()));
        return Ok(());
    }
    if !yes {
        let action = format!("remove {} from {}", plugins(count), path.display());
        confirm::agreement(&action, &format!("local reset would {action}"), context.streams)?;
    }
    let count = block_on(async { store.clear().await.map_err(failed) })?;
    context.streams.diagnostics.done(&format!("removed {} from {}", plugins(count), path.display()));
    Ok(())
}

fn plugins(count: usize) -> String {
    format!("{count} {}", if count == 1 { "plugin" } else { "plugins" })
}

/// The plugins that the specs in a folder describe.
fn read_managed(folder: &str, context: &mut Context<'_>) -> Result<Vec<PluginInfo>> {
    const REQUEST: &str = "spaceone.api.repository.v1.RegisterPluginRequest";
    let broken =
        |error: &dyn std::error::Error| Error::local("the API of the local repository is broken").caused_by(error);
    let pool = local_service::descriptors().map_err(|error| broken(&error))?;
    let input = pool.get_message_by_name(REQUEST).ok_or_else(|| Error::local(format!("there is no {REQUEST}")))?;
    let inputs = Inputs { files: vec![folder.to_owned()], ..Inputs::default() };
    let mut plugins: Vec<PluginInfo> = Vec::new();
    for draft in spec::read(&inputs, &mut context.streams.input)? {
        let target =
            RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: input.clone() };
        let resolved = draft.resolve(&target, false)?;
        resolved.warnings.iter().for_each(|warning| context.streams.diagnostics.warn(&warning.message));
        let request = resolved.request;
        let bytes = encode::encode(&request.value, &input).map_err(|faults| {
            let problem = |fault: encode::Fault| {
                let part = if fault.at_key { SpanPart::Key } else { SpanPart::Value };
                Problem::new(format!("{}: {}", fault.path, fault.message)).at(request.locate(&fault.path, part))
            };
            let problems = faults.into_iter().map(problem).collect();
            Error::from_problems(ErrorKind::Local, problems)
                .unwrap_or_else(|| Error::local(format!("{folder} cannot be read")))
        })?;
        let spec = RegisterPluginRequest::decode(&*bytes).map_err(|error| broken(&error))?;
        let plugin = local_service::managed_plugin(spec)
            .map_err(|status| Error::local(format!("{}: {}", request.label(), status.message())))?;
        if plugins.iter().any(|other| other.plugin_id == plugin.plugin_id) {
            return Err(Error::local(format!("{}: {} is there already", request.label(), plugin.plugin_id))
                .hint("remove one of the two specs, or give one of them another plugin_id"));
        }
        plugins.push(plugin);
    }
    Ok(plugins)
}

fn serve(
    listen: &str,
    data: Option<PathBuf>,
    registry: Option<&str>,
    options: ServiceOptions,
    context: &mut Context<'_>,
) -> Result<()> {
    let registry = match (registry, &data) {
        (Some(url), _) => {
            Some(url.parse::<RegistryUrl>().map_err(|error: ParseError| error.into_usage().context("--registry"))?)
        }
        // Other plugins than those of the environment `local` have nothing to do with its settings.
        (None, Some(_)) => None,
        (None, None) => registry_of_built_in(context.variables)?,
    };
    let path = match data {
        Some(path) => path,
        None => context.variables.repository_database()?,
    };
    let store = Store::open(&path)?;
    let access = connector::RegistryAccess::of(context.variables);
    let trace = connector::trace(context.global.verbose, &context.streams.diagnostics);
    block_on(async {
        let cannot_listen = |error: std::io::Error| {
            Error::local(format!("cannot listen on {listen}"))
                .cause(error)
                .hint("--listen takes HOST:PORT, as 127.0.0.1:50051; port 0 takes a free one")
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        // The first line of standard output: what a script that asked for port 0 waits for.
        writeln!(context.streams.out, "listening on grpc://{address}")?;
        context.streams.out.flush()?;
        let diagnostics = &mut context.streams.diagnostics;
        let looked_for = match &registry {
            Some(registry) => format!("their images are looked for at {registry}"),
            None => "whether their images exist is not looked up".to_owned(),
        };
        diagnostics
            .note(&format!("plugins are kept in {}; {looked_for}, and callers are not authenticated", path.display()));
        if !address.ip().is_loopback() {
            diagnostics.warn("everybody who reaches this address can register and remove plugins");
        }
        diagnostics.finish(None);
        // The service hears of warnings in its calls; they are told here, where the terminal is.
        let (told, mut warnings) = mpsc::unbounded_channel::<String>();
        let on_warning = move |warning: &str| drop(told.send(warning.to_owned()));
        let images = registry.map(|registry| connector::images(registry, access, trace));
        let options = ServiceOptions { on_warning: Some(Arc::new(on_warning)), images, ..options };
        let routes = local_service::routes(store, options).await?;
        let serving = local_service::serve(listener, routes, asked_to_end()?);
        let telling = async {
            while let Some(warning) = warnings.recv().await {
                diagnostics.warn(&warning);
                diagnostics.finish(None);
            }
            // Nobody is left to warn, yet the service goes on.
            std::future::pending().await
        };
        tokio::select! {
            ended = serving => ended,
            never = telling => never,
        }
    })
}

/// Done when Ctrl-C or SIGTERM asks this process to end.
fn asked_to_end() -> Result<impl Future<Output = ()>> {
    let cannot_wait = |error: std::io::Error| Error::local("cannot wait for signals").cause(error);
    let mut interrupt = signal(SignalKind::interrupt()).map_err(cannot_wait)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(cannot_wait)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
