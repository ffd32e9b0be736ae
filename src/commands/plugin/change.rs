//! `plugin enable|disable|deregister`: one call per plugin, in turn.

use serde_json::json;

use super::{fields_of, resource, with_progress};
use crate::cli::{PluginChange, PluginDeregister, PluginFormat};
use crate::commands::connector::Connector;
use crate::commands::method::Method;
use crate::commands::{Context, block_on, confirm, managed, nearest_ids};
use crate::error::{Error, ErrorKind, Result};
use crate::output::view::Document;
use crate::output::{OutputFormat, OutputStyle, Writer};
use crate::terminal::io_streams::IoStreams;
use crate::text::sanitize;

pub fn deregister(args: &PluginDeregister, context: &mut Context<'_>) -> Result<()> {
    let connector = Connector::new(context)?;
    if !args.yes {
        let ids = distinct(&args.plugins.plugin_id).join(", ");
        let question = format!("Deregister {ids} from {}", connector.location("repository")?);
        confirm::agreement(&question, &format!("deregister removes {ids}"), context.streams)?;
    }
    call_each("deregister", "deregistered", &args.plugins, &connector, context)
}

pub fn run(verb: &'static str, done: &str, args: &PluginChange, context: &mut Context<'_>) -> Result<()> {
    let connector = Connector::new(context)?;
    call_each(verb, done, args, &connector, context)
}

/// Calls `verb` for each plugin, up to the first failure.
fn call_each(
    verb: &'static str,
    done: &str,
    args: &PluginChange,
    connector: &Connector,
    context: &mut Context<'_>,
) -> Result<()> {
    let plugins = distinct(&args.plugin_id);
    block_on(async {
        let method = Method::reach(connector, &resource()?, verb, None).await?;
        let mut shown = Ok(());
        for (count, plugin) in plugins.iter().enumerate() {
            let request = method.encode_made(&fields_of(plugin))?;
            if let Err(error) = method.ask(request.clone()).await {
                let error = managed::explained(&method, request.clone(), error).await;
                let error = nearest_ids::suggest(&method, request, error, &context.streams.diagnostics).await;
                return Err(with_progress(name(error, plugin, plugins.len()), count, plugins.len()));
            }
            if shown.is_ok() {
                shown = show(plugin, done, args.output, context.streams);
            }
            // Without a reader the rest is still done.
            if shown.as_ref().is_err_and(|error| error.kind() != ErrorKind::BrokenPipe) {
                return shown;
            }
        }
        shown
    })
}

/// Names the plugin if there are more, unless the error begins with it.
fn name(error: Error, plugin: &str, count: usize) -> Error {
    let is_named = error.problems().first().is_some_and(|problem| problem.message.starts_with(plugin));
    if count == 1 || is_named { error } else { error.context(plugin) }
}

/// The plugins without repetitions: a second `deregister` would fail.
fn distinct(plugins: &[String]) -> Vec<&str> {
    let mut seen = std::collections::HashSet::new();
    plugins.iter().map(String::as_str).filter(|plugin| seen.insert(*plugin)).collect()
}

fn show(plugin: &str, done: &str, format: PluginFormat, streams: &mut IoStreams) -> Result<()> {
    let format = match format {
        PluginFormat::Text => {
            writeln!(streams.out, "{} {done}", sanitize::control(plugin))?;
            return Ok(streams.out.flush()?);
        }
        PluginFormat::Json => OutputFormat::Json,
        PluginFormat::Yaml => OutputFormat::Yaml,
    };
    let mut writer = Writer::new(&mut *streams.out, format, OutputStyle::default());
    writer.write(Document::Value(json!({ "plugin_id": plugin, "result": done })))?;
    writer.flush()
}
