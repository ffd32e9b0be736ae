//! `get RESOURCE`: one row.

use super::Context;
use super::present::Presentation;
use super::read::Reading;
use crate::cli::Get;
use crate::error::Result;
use crate::filter::Filters;
use crate::query::Wish;

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let resource = context.resource(&args.resource)?;
    let presentation = Presentation::parse(args.shown.columns.as_deref(), args.shown.output)?;
    let (wish, filters, watch) = (Wish::default(), Filters::default(), args.watch.watch);
    Reading { verb: "get", resource, request: &args.request, presentation, wish, filters, watch }.run(context)
}
