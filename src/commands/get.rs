//! `get`: one row of a resource.

use super::Context;
use super::query_command::QueryCommand;
use crate::cli::Get;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let resource = context.resource(&args.resource)?.with_api_version(args.request.api_version.as_deref())?;
    let output =
        OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.with_layout(&args.shown.layout)?;
    let query = QueryCommand::new("get", resource, &args.request, output);
    QueryCommand { watch: args.watch.watch, ..query }.run(context)
}
