//! `plugin get`, and other methods that read one plugin.

use super::resource;
use crate::cli::{PluginGet, Request};
use crate::commands::Context;
use crate::commands::output_options::OutputOptions;
use crate::commands::query_command::QueryCommand;
use crate::error::Result;
use crate::spec::Draft;

pub fn run(args: &PluginGet, context: &mut Context<'_>) -> Result<()> {
    let options = OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.wide(args.shown.wide);
    query("get", &args.plugin_id, options, context)
}

/// Calls `verb` with the plugin's id, and shows the response.
pub fn query(verb: &'static str, plugin: &str, options: OutputOptions, context: &mut Context<'_>) -> Result<()> {
    let request = Request::default();
    let command = QueryCommand::new(verb, resource()?, &request, options);
    command.run_draft(Draft::from_text("plugin_id", plugin), context)
}
