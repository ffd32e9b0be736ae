//! `get RESOURCE`: one row.

use super::Context;
use super::present::Presentation;
use super::read::Reading;
use crate::cli::Get;
use crate::error::Result;
use crate::query::Wish;
use crate::resource::Resource;

pub fn run(args: &Get, context: &mut Context<'_>) -> Result<()> {
    let resource = Resource::parse(&args.resource)?;
    let presentation = Presentation::parse(args.shown.columns.as_deref(), args.shown.output)?;
    let (wish, watch) = (Wish::default(), args.watch.watch);
    Reading { verb: "get", resource, request: &args.request, presentation, wish, watch }.run(context)
}
