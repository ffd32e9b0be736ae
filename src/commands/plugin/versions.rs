//! `plugin versions`: the tags of a plugin's image, as the service lists them.

use std::time::Duration;

use bytes::Bytes;
use serde_json::Value;
use tonic::Code;

use super::service::is_no_plugin;
use super::{describe_tags, fields_of, get, resource};
use crate::cli::PluginVersions;
use crate::commands::connector::{Connector, is_local_without_registry};
use crate::commands::method::Method;
use crate::commands::output_options::OutputOptions;
use crate::commands::plugin::poll::{Pending, poll};
use crate::commands::{Context, block_on, nearest_ids};
use crate::error::{Error, ErrorKind, Result};
use crate::oci::newest;
use crate::output::view::Document;
use crate::terminal::io_streams::Diagnostics;
use crate::terminal::shutdown::Shutdown;

const VERB: &str = "get_versions";

const NO_REGISTRY: &str = "the environment local has no image registry, so its plugins have no versions: set one with \
                           `spacectl config set registry HOST -e local`";

pub fn run(args: &PluginVersions, context: &mut Context<'_>) -> Result<()> {
    let plugin = &args.plugin_id;
    let options = OutputOptions::parse(None, args.output)?;
    if is_local_without_registry(context) {
        context.streams.diagnostics.note(NO_REGISTRY);
    }
    if let Some(tag) = &args.wait {
        wait(plugin, tag, context)?;
        return options.write(Document::Value(tag.clone().into()), context.streams);
    }
    if args.latest {
        let connector = Connector::new(context)?;
        let tags = block_on(async {
            let (method, request) = request(&connector, plugin).await?;
            let tags = read(&method, request.clone()).await;
            match tags {
                Ok(tags) => Ok(tags),
                Err(error) => Err(nearest_ids::suggest(&method, request, error, &context.streams.diagnostics).await),
            }
        })?;
        let newest = newest(&tags).ok_or_else(|| {
            Error::local(format!("{plugin} has no tag that is a version")).cause(describe_tags(&tags))
        })?;
        return options.write(Document::Value(newest.into()), context.streams);
    }
    get::query(VERB, plugin, options, None, context)
}

/// Waits until `tag` is among the plugin's versions.
fn wait(plugin: &str, tag: &str, context: &mut Context<'_>) -> Result<()> {
    let connector = Connector::new(context)?;
    // Prompts for a key and errors of the configuration are not part of the wait.
    connector.metadata()?;
    connector.settings().destination(&connector.locate(&resource()?)?.service)?;
    let limit = context.global.timeout();
    let diagnostics = &context.streams.diagnostics;
    block_on(async { Shutdown::listen()?.race(poll_versions(&connector, plugin, tag, limit, diagnostics)).await })
}

async fn poll_versions(
    connector: &Connector,
    plugin: &str,
    tag: &str,
    limit: Option<Duration>,
    diagnostics: &Diagnostics,
) -> Result<()> {
    let attempt = async || match async {
        let (method, request) = request(connector, plugin).await?;
        read(&method, request).await
    }
    .await
    {
        Ok(tags) if tags.iter().any(|known| known == tag) => Ok(Ok(())),
        Ok(tags) => {
            let note = format!("{plugin} has no version {tag} yet: waiting for it");
            Ok(Err(Pending::NotYet { note, cause: describe_tags(&tags) }))
        }
        Err(error) if is_no_plugin(&error) => {
            let note = format!("{plugin} is not registered yet: waiting for it");
            Ok(Err(Pending::NotYet { note, cause: error.summary() }))
        }
        Err(error) if is_transient(&error) => Ok(Err(Pending::NoAnswer(error))),
        Err(error) => Err(error),
    };
    let polled = poll(limit, diagnostics, attempt).await?;
    polled.map_err(|timeout| timeout.into_error(&format!("{plugin} has no version {tag}")))
}

/// Whether it may pass: the service is away, slow or overloaded. The configuration was checked, so that a local error
/// is one of the connection.
fn is_transient(error: &Error) -> bool {
    use Code::{DeadlineExceeded, ResourceExhausted, Unavailable};
    let code = ErrorKind::Status;
    let kinds = [ErrorKind::Local, code(Unavailable), code(DeadlineExceeded), code(ResourceExhausted)];
    kinds.contains(&error.kind()) || error.outcome().is_in_doubt()
}

async fn request(connector: &Connector, plugin: &str) -> Result<(Method, Bytes)> {
    let method = Method::reach(connector, &resource()?, VERB, None).await?;
    let request = method.encode_made(&fields_of(plugin))?;
    Ok((method, request))
}

async fn read(method: &Method, request: Bytes) -> Result<Vec<String>> {
    let answer = method.ask(request).await?;
    let tags = answer.get("results").and_then(Value::as_array);
    Ok(tags.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect())
}
