//! `get`: one row of a resource.

use clap::ValueEnum as _;

use super::Context;
use super::query_command::QueryCommand;
use crate::cli::{Format, Get, Request, Shown, suggestions};
use crate::commands::output_options::OutputOptions;
use crate::error::Result;

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let Request { parameter, json_parameter, file_parameter, .. } = &args.request;
    let has_request = !parameter.is_empty() || json_parameter.is_some() || !file_parameter.is_empty();
    if let Some(error) = suggestions::plural_of_get(&args.resource, &options(args))
        && !has_request
        && context.global.endpoint.is_none()
        && !context.own_aliases()?.contains_key(&args.resource)
    {
        return Err(error);
    }
    let resource = context.resource(&args.resource)?.with_api_version(args.request.api_version.as_deref())?;
    let output =
        OutputOptions::parse(args.shown.columns.as_deref(), args.shown.output)?.with_layout(&args.shown.layout)?;
    let query = QueryCommand::new("get", resource, &args.request, output);
    QueryCommand { watch: args.watch.watch, ..query }.run(context)
}

/// The options of the command line that choose columns, a format and an interval.
fn options(args: &Get) -> Vec<String> {
    let Get { shown: Shown { columns, output, .. }, watch, .. } = args;
    let format = output.to_possible_value().filter(|_| *output != Format::Yaml);
    let columns = columns.iter().flat_map(|columns| ["-c".to_owned(), columns.clone()]);
    let format = format.into_iter().flat_map(|format| ["-o".to_owned(), format.get_name().to_owned()]);
    let watch = watch.watch.map(|interval| format!("--watch={}", interval.as_secs_f64()));
    columns.chain(format).chain(watch).collect()
}
