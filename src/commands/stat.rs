//! `stat RESOURCE` and `analyze RESOURCE`: what the service computes over many rows.

use super::present::Presentation;
use super::read::Reading;
use super::{Context, filters};
use crate::cli::Stat;
use crate::error::Result;
use crate::query::{Page, Wish};

/// Runs either: `verb` tells which.
pub fn run(verb: &'static str, args: &Stat, context: &mut Context<'_>) -> Result<()> {
    let resource = context.resource(&args.resource)?;
    let presentation = Presentation::parse(args.rows.columns.as_deref(), args.output)?;
    let page = args.rows.limit.map(|limit| Page { number: args.rows.page.unwrap_or(1), limit });
    let wish = Wish { page, ..Wish::default() };
    let filters = filters::read(&args.filters)?;
    Reading { verb, resource, request: &args.request, presentation, wish, filters, watch: None }.run(context)
}
