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
    query::select(&mut request.value, &method.input(), filters, method.rows().as_ref())
}
