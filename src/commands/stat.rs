//! `stat` and `analyze`: what a service computes over many rows.

use super::query_command::{QueryCommand, QueryOptions};
use super::{Context, filters};
use crate::cli::Stat;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::query::Page;

/// Runs the verb `stat` or `analyze`.
pub fn run(verb: &'static str, args: &Stat, context: &mut Context<'_>) -> Result<()> {
    let page = args.rows.limit.map(|limit| Page { number: args.rows.page.unwrap_or(1), limit });
    let resource = context.resource(&args.resource)?.with_api_version(args.request.api_version.as_deref())?;
    let output = OutputOptions::parse(args.rows.columns.as_deref(), args.output)?.with_layout(&args.layout)?;
    let command = QueryCommand {
        options: QueryOptions { page, ..QueryOptions::default() },
        filters: filters::read(&args.filters)?,
        ..QueryCommand::new(verb, resource, &args.request, output)
    };
    command.run(context)
}
