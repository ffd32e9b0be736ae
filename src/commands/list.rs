//! `list`: rows of a resource, sorted, paged and narrowed to columns.

use super::method::LIST;
use super::query_command::{QueryCommand, QueryOptions, TemplateSource};
use super::{Context, filters, template};
use crate::cli::{ListArgs, Listing, Request, RowArgs};
use crate::commands::output_options::OutputOptions;
use crate::error::{Error, Result};
use crate::output::view::TableTemplate;
use crate::query::Page;
use crate::schema::resource::Resource;

const STDIN: &str = "-";

pub fn run(args: &ListArgs, context: &mut Context<'_>) -> Result<()> {
    let api_version = args.listing.request.api_version.as_deref();
    show(context.resource(&args.resource)?.with_api_version(api_version)?, &args.listing, context)
}

/// Lists `resource`.
pub fn show(resource: Resource, args: &Listing, context: &mut Context<'_>) -> Result<()> {
    let RowArgs { minimal, all, limit, page, page_size, sort, .. } = &args.rows;
    let output = OutputOptions::parse(args.rows.columns.as_deref(), args.output)?.with_layout(&args.layout)?;
    let command = QueryCommand {
        options: QueryOptions {
            only_shown_fields: true,
            minimal: if *minimal { Some(true) } else { all.then_some(false) },
            page: limit.map(|limit| Page { number: page.unwrap_or(1), limit }),
            page_size: *page_size,
            sort: sort.as_deref(),
        },
        filters: filters::read(&args.filters)?,
        templates: match &args.rows.template {
            Some(file) if file == STDIN => TemplateSource::Given(from_stdin(&args.request, context)?),
            Some(file) => TemplateSource::Given(template::read_file(file)?),
            None => TemplateSource::Stored(context.variables),
        },
        watch: args.watch.watch,
        all_fields_flag: "-a",
        ..QueryCommand::new(LIST, resource, &args.request, output)
    };
    command.run(context)
}

/// Reads the template from standard input, which can be read only once.
fn from_stdin(request: &Request, context: &mut Context<'_>) -> Result<TableTemplate> {
    let files = request.file_parameter.iter().map(String::as_str);
    let values = request.parameter.iter().filter_map(|parameter| parameter.split_once("=@")).map(|(_, file)| file);
    if files.chain(values).any(|file| file == STDIN) {
        return Err(Error::usage("standard input is used twice").hint("use - once among -t, -f and -p KEY=@-"));
    }
    template::read(&mut context.streams.input, "stdin")
}
