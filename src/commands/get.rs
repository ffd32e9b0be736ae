//! `get`: one row of a resource.

use super::Context;
use super::query_command::{QueryCommand, QueryOptions, TemplateSource};
use crate::cli::Get;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::query::filter::FilterSet;

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let command = QueryCommand {
        verb: "get",
        resource: context.resource(&args.resource)?.with_api_version(args.request.api_version.as_deref())?,
        request: &args.request,
        output: OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.wide(args.shown.wide),
        options: QueryOptions::default(),
        filters: FilterSet::default(),
        templates: TemplateSource::None,
        watch: args.watch.watch,
        all_fields_flag: "-o yaml",
    };
    command.run(context)
}
