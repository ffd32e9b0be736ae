//! `plugin enable|disable|deregister`: one call for each plugin, in turn.

use serde_json::{Map, json};

use super::{confirm, resource};
use crate::cli::{PluginChange, PluginDeregister, PluginFormat};
use crate::commands::connector::Connector;
use crate::commands::managed;
use crate::commands::method::Method;
use crate::commands::{Context, block_on};
use crate::error::{Error, ErrorKind, Result};
use crate::output::view::Document;
use crate::output::{self, OutputStyle, Writer};
use crate::terminal::io_streams::IoStreams;

pub fn enable(args: &PluginChange, context: &mut Context<'_>) -> Result<()> {
    run("enable", "enabled", args, context)
}

pub fn disable(args: &PluginChange, context: &mut Context<'_>) -> Result<()> {
    run("disable", "disabled", args, context)
}

pub fn deregister(args: &PluginDeregister, context: &mut Context<'_>) -> Result<()> {
    if !args.yes {
        confirm::removal("deregister", &distinct(&args.plugins.plugin_id), context.streams)?;
    }
    run("deregister", "deregistered", &args.plugins, context)
}

/// Calls `verb` for each plugin; the first failure ends it, and says how far it came.
fn run(verb: &'static str, done: &str, args: &PluginChange, context: &mut Context<'_>) -> Result<()> {
    let plugins = distinct(&args.plugin_id);
    let connector = Connector::new(context)?;
    block_on(async {
        let method = Method::reach(&connector, &resource()?, verb, None).await?;
        let mut shown = Ok(());
        let mut report = Report::new(args.output, context.streams);
        for (count, plugin) in plugins.iter().enumerate() {
            let called = async {
                let fields = Map::from_iter([("plugin_id".to_owned(), (*plugin).into())]);
                let request = method.encode_made(&fields)?;
                match method.ask(request.clone()).await {
                    Err(error) => Err(managed::explained(&method, request, error).await),
                    answered => answered,
                }
            };
            if let Err(error) = called.await {
                return Err(if plugins.len() > 1 { stopped(error, plugin, count, plugins.len()) } else { error });
            }
            // Without a reader the rest is still done, as it was asked for.
            if shown.is_ok() {
                shown = report.write(plugin, done);
            }
            match &shown {
                Err(error) if error.kind() != ErrorKind::BrokenPipe => return shown,
                _ => {}
            }
        }
        shown
    })
}

/// Says how far a run over several plugins came.
fn stopped(error: Error, label: &str, done: usize, count: usize) -> Error {
    let left = count - done - 1;
    // Some begin with the plugin by themselves.
    let is_named = error.problems().first().is_some_and(|problem| problem.message.starts_with(label));
    let error = if is_named { error } else { error.context(label) };
    error.hint(format!("done before it: {done} of {count}; not sent: {left}"))
}

/// The plugins, each once: what is removed twice is not there the second time.
fn distinct(plugins: &[String]) -> Vec<&str> {
    let mut distinct: Vec<&str> = Vec::with_capacity(plugins.len());
    for plugin in plugins {
        if !distinct.contains(&plugin.as_str()) {
            distinct.push(plugin);
        }
    }
    distinct
}

/// Tells what is done as soon as it is.
struct Report<'a> {
    format: PluginFormat,
    streams: &'a mut IoStreams,
}

impl<'a> Report<'a> {
    fn new(format: PluginFormat, streams: &'a mut IoStreams) -> Self {
        Self { format, streams }
    }

    fn write(&mut self, plugin: &str, done: &str) -> Result<()> {
        let out = &mut *self.streams.out;
        let format = match self.format {
            PluginFormat::Text => {
                writeln!(out, "{} {done}", crate::terminal::sanitize::control(plugin))?;
                return Ok(out.flush()?);
            }
            PluginFormat::Json => output::OutputFormat::Json,
            PluginFormat::Yaml => output::OutputFormat::Yaml,
        };
        let mut writer = Writer::new(out, format, OutputStyle::default());
        writer.write(Document::Value(json!({ "plugin_id": plugin, "result": done })))?;
        writer.flush()
    }
}
