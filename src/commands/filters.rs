//! `--filter`, `--filter-any` and `--search`, for every verb whose request has a query.

use super::method::Method;
use crate::cli;
use crate::error::Result;
use crate::filter::Filters;
use crate::query;
use crate::spec::Request;

/// Reads the filters, before anything is connected to.
pub fn read(args: &cli::Filters) -> Result<Filters> {
    Filters::parse(&args.filter, &args.filter_any, args.search.as_deref())
}

/// Puts them into the request of `method`.
pub fn put(filters: &Filters, method: &Method, request: &mut Request) -> Result<()> {
    // What the rows are takes a description of its own, where they are not what this method answers with.
    if filters.flags().next().is_none() {
        return Ok(());
    }
    query::select(&mut request.value, &method.input(), filters, method.rows().as_ref())
}
