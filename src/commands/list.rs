//! `list RESOURCE`: rows, ordered, paged and cut to columns by the service where it can, else here.

use super::Context;
use super::filters;
use super::present::Presentation;
use super::read::Reading;
use crate::cli::{List, Rows};
use crate::error::Result;
use crate::query::{Page, Wish};
use crate::view::{Columns, Sort};

pub fn run(args: &List, context: &mut Context<'_>) -> Result<()> {
    let resource = context.resource(&args.resource)?;
    let presentation = Presentation::parse(args.rows.columns.as_deref(), args.output)?;
    let wish = wish(&args.rows, presentation.columns())?;
    let filters = filters::read(&args.filters)?;
    let watch = args.watch.watch;
    Reading { verb: "list", resource, request: &args.request, presentation, filters, wish, watch }.run(context)
}

fn wish(rows: &Rows, columns: Option<&Columns>) -> Result<Wish> {
    Ok(Wish {
        only: columns.map(Columns::only_keys).unwrap_or_default(),
        minimal: match (rows.minimal, rows.all) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        },
        page: rows.limit.map(|limit| Page { number: rows.page.unwrap_or(1), limit }),
        sort: rows.sort.as_deref().map(|sort| Sort::parse(sort, columns)).transpose()?,
    })
}
