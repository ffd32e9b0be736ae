//! `plugin get`: one plugin, by its id.

use serde_json::json;

use super::{request, resource};
use crate::cli::PluginGet;
use crate::commands::Context;
use crate::commands::output_options::OutputOptions;
use crate::commands::read::{QueryCommand, QueryOptions, TemplateSource};
use crate::error::Result;
use crate::query::filter::FilterSet;

pub fn run(args: &PluginGet, context: &mut Context<'_>) -> Result<()> {
    let command = QueryCommand {
        verb: "get",
        resource: resource()?,
        request: &request(&json!({ "plugin_id": args.plugin_id })),
        output: OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.wide(args.shown.wide),
        options: QueryOptions::default(),
        filters: FilterSet::default(),
        templates: TemplateSource::None,
        watch: None,
        all_fields_flag: "-o yaml",
    };
    command.run(context)
}
