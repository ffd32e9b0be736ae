//! `local`: serves the embedded Repository on a port, and empties it.

use std::cell::Cell;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use futures_util::FutureExt as _;
use prost::Message as _;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tonic::Status;

use super::confirm;
use super::connector;
use super::embedded::{self, RegistryAccess};
use super::{Context, block_on};
use crate::cli::{Global, Local, SyncMode};
use crate::codec::encode;
use crate::config::{BUILT_IN, registry_of_built_in};
use crate::error::parse_error::ParseError;
use crate::error::{Error, ErrorKind, Problem, Result};
use crate::local_service;
use crate::local_service::proto::repository::v1::{PluginInfo, RegisterPluginRequest};
use crate::local_service::{ConnectionLimits, OnWarning, ServiceOptions, Store};
use crate::oci::RegistryUrl;
use crate::spec::{self, Inputs, RequestTarget, SpanPart};
use crate::terminal::shutdown::Shutdown;

pub fn run(args: &Local, context: &mut Context<'_>) -> Result<()> {
    match args {
        Local::Reset { yes } => {
            reject_call_flags(context.global, "it removes the plugins of the environment local")?;
            reset(*yes, context)
        }
        Local::Serve { listen, data, registry, managed, max_connections, idle_timeout, sync, strict } => {
            let hint = "it serves the plugins of the environment local, or those of --data, in plaintext at --listen";
            reject_call_flags(context.global, hint)?;
            // Accepts the URL that it prints.
            let listen = listen.strip_prefix("grpc://").unwrap_or(listen);
            let managed =
                managed.as_deref().map(|folder| read_managed(folder, context)).transpose()?.unwrap_or_default();
            let options = ServiceOptions { strict: *strict, managed: managed.into(), ..ServiceOptions::default() };
            let limits = ConnectionLimits { max_connections: (*max_connections).into(), idle_timeout: *idle_timeout };
            serve(listen, data.clone(), registry.as_deref(), *sync, limits, options, context)
        }
    }
}

/// Rejects flags for calls to a service: the command would ignore them and use another service than the user expects.
fn reject_call_flags(global: &Global, hint: &str) -> Result<()> {
    let is_local = |flag: &str, value: &str| flag == "--environment" && value == BUILT_IN;
    let is_given = |value: &Option<String>, flag| value.as_deref().is_some_and(|value| !is_local(flag, value));
    let flags = global.call_flags();
    let given = flags.iter().find(|(flag, value)| is_given(value, flag)).map(|(flag, _)| *flag);
    match given.or((!global.header.is_empty()).then_some("-H")) {
        None => Ok(()),
        Some(flag) => Err(Error::usage(format!("{flag} is for calls, and this command makes none")).hint(hint)),
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
        let removed = format!("{} from {}", plugins(count), path.display());
        let fact = format!("local reset would remove {removed}");
        confirm::agreement(&format!("Remove {removed}"), &fact, context.streams)?;
    }
    let count = block_on(async { store.clear().await.map_err(failed) })?;
    context.streams.diagnostics.done(&format!("removed {} from {}", plugins(count), path.display()));
    Ok(())
}

fn plugins(count: usize) -> String {
    format!("{count} {}", if count == 1 { "plugin" } else { "plugins" })
}

/// Reads the specs in a folder as managed plugins.
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
            return Err(Error::local(format!("{}: {} is defined twice", request.label(), plugin.plugin_id))
                .hint("remove one of the specs, or change its plugin_id"));
        }
        plugins.push(plugin);
    }
    Ok(plugins)
}

fn serve(
    listen: &str,
    data: Option<PathBuf>,
    registry: Option<&str>,
    sync: SyncMode,
    limits: ConnectionLimits,
    options: ServiceOptions,
    context: &mut Context<'_>,
) -> Result<()> {
    let registry = match (registry, &data) {
        (Some(url), _) => {
            Some(url.parse::<RegistryUrl>().map_err(|error: ParseError| error.into_usage().context("--registry"))?)
        }
        // The registry of the environment `local` is for its own plugins.
        (None, Some(_)) => None,
        (None, None) => registry_of_built_in(context.variables)?,
    };
    let path = match data {
        Some(path) => path,
        None => context.variables.repository_database()?,
    };
    let store = Store::open(&path)?;
    let store = if sync == SyncMode::Full { store.with_full_sync()? } else { store };
    let access = RegistryAccess::of(context.variables);
    let trace = connector::trace(context.global.verbose, &context.streams.diagnostics);
    block_on(async {
        let cannot_listen = |error: std::io::Error| {
            Error::local(format!("cannot listen on {listen}"))
                .cause(error)
                .hint("set --listen to HOST:PORT, e.g. 127.0.0.1:50051; port 0 selects a free port")
        };
        let listener = TcpListener::bind(listen).await.map_err(cannot_listen)?;
        let address = listener.local_addr().map_err(cannot_listen)?;
        // A script that uses port 0 waits for this first line.
        writeln!(context.streams.out, "listening on grpc://{address}")?;
        context.streams.out.flush()?;
        let diagnostics = &context.streams.diagnostics;
        let images = match &registry {
            Some(registry) => format!("images are looked up at {registry}"),
            None => "image existence is not checked".to_owned(),
        };
        diagnostics.note(&format!("plugins are stored in {}; {images}; callers are not authenticated", path.display()));
        if !address.ip().is_loopback() {
            diagnostics.warn("everybody who reaches this address can register and remove plugins");
        }
        diagnostics.finish(None);
        let warner = diagnostics.clone();
        let on_warning = move |warning: &str| {
            warner.warn(warning);
            warner.finish(None);
        };
        let images = registry.map(|registry| embedded::images(registry, access, trace));
        let on_warning: OnWarning = Arc::new(on_warning);
        let options = ServiceOptions { on_warning: Some(Arc::clone(&on_warning)), images, ..options };
        let routes = local_service::routes(store, options).await?;
        let stop = Notify::new();
        let serve = local_service::serve(listener, routes, limits, Some(on_warning), stop.notified());
        // The first signal lets open calls end; the second does not.
        let mut shutdown = Shutdown::listen()?;
        shutdown.race_unless_critical(&Cell::new(true), |_| stop.notify_one(), serve.map(Ok)).await
    })
}
