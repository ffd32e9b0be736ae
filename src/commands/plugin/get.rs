//! `plugin get`, and other methods that read one plugin.

use std::time::Duration;

use super::service::PluginClient;
use super::{export, resource};
use crate::cli::{PluginGet, PluginGetFormat, Request};
use crate::commands::connector::Connector;
use crate::commands::output_options::OutputOptions;
use crate::commands::query_command::QueryCommand;
use crate::commands::{Context, block_on};
use crate::error::{Error, Result};
use crate::spec::Draft;

pub fn run(args: &PluginGet, context: &mut Context<'_>) -> Result<()> {
    let format = match args.output {
        PluginGetFormat::Rows(format) => format,
        PluginGetFormat::Spec => return show_spec(args, context),
    };
    let options = OutputOptions::parse(args.columns.as_deref(), format)?.with_layout(&args.layout)?;
    query("get", &args.plugin_id, options, args.watch.watch, context)
}

fn show_spec(args: &PluginGet, context: &mut Context<'_>) -> Result<()> {
    if args.columns.is_some() {
        return Err(Error::usage("a spec has no columns").hint("remove -c, or use -o yaml"));
    }
    if args.watch.watch.is_some() {
        return Err(Error::usage("a spec cannot be watched").hint("remove --watch, or use -o yaml"));
    }
    let connector = Connector::new(context)?;
    block_on(async {
        let service = PluginClient::connect(&connector).await?;
        let row = service.registered_row(&args.plugin_id, &context.streams.diagnostics).await?;
        export::print(&export::specs_of(vec![row], &service.fields), context.streams)
    })
}

/// Calls `verb` with the plugin's id, and shows the response, once or again and again.
pub fn query(
    verb: &'static str,
    plugin: &str,
    options: OutputOptions,
    watch: Option<Duration>,
    context: &mut Context<'_>,
) -> Result<()> {
    let request = Request::default();
    let command = QueryCommand { watch, ..QueryCommand::new(verb, resource()?, &request, options) };
    command.run_draft(Draft::from_text("plugin_id", plugin), context)
}
