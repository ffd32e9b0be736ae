//! Queries: filters, order, page and columns of lists.
//!
//! The platform's lists take a `query`. It differs between the generations of the API, and some requests have none, or
//! are one themselves: `statistics.Resource` has its page at the top. A request gets what its descriptor can carry; the
//! rest is applied here ([`ClientSideQuery`]) or refused. How rows are read and written is in [`crate::output`].

mod client_side;
pub mod columns;
pub mod filter;
mod filter_fields;
pub mod operator;
mod query_field;
mod stat_columns;
#[cfg(test)]
mod tests;
pub mod timestamp;

use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};

pub use self::client_side::{ClientSideQuery, Sort};
pub use self::columns::{Column, Columns, covers};
pub use self::filter_fields::{add_condition, add_filters, has_alternatives};
use self::query_field::QueryField;
pub use self::stat_columns::response_fields;
use crate::error::{Error, Result};
use crate::text::value_ext;

/// The field of a query that chooses rows.
const PAGE: &str = "page";

/// A query as the user asks for it.
#[derive(Clone, Debug, Default)]
pub struct QueryRequest {
    /// The fields to request; empty for all.
    pub only: Vec<String>,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    pub sort: Option<Sort>,
}

/// RowRange of the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Page {
    /// Counted from 1.
    pub number: u32,
    /// Rows a page.
    pub limit: u32,
}

impl Page {
    /// The first row, counted from 1, as the platform's `query.page.start` is.
    ///
    /// # Errors
    /// A usage error for a row beyond what the API can count.
    fn start(self) -> Result<u32> {
        self.number.saturating_sub(1).checked_mul(self.limit).and_then(|before| before.checked_add(1)).ok_or_else(
            || Error::usage(format!("page {} of {} rows is beyond what the API can count", self.number, self.limit)),
        )
    }
}

/// A range of the rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RowRange {
    /// The number of rows before the first.
    pub before: u32,
    /// The maximum number of rows; `None` for all that follow.
    pub limit: Option<u32>,
}

impl RowRange {
    pub fn from_page(page: Page) -> Self {
        Self { before: page.number.saturating_sub(1).saturating_mul(page.limit), limit: Some(page.limit) }
    }

    /// The query that cuts these rows out of all.
    pub fn client_side(self) -> ClientSideQuery {
        let limit = self.limit.map_or(0, to_usize);
        ClientSideQuery { sort: None, start: to_usize(self.before).saturating_add(1), limit }
    }

    /// The range that `request` itself asks for, or all rows; `request` is in the codec's form.
    pub fn from_request(request: &Map<String, Value>, input: &MessageDescriptor) -> Self {
        let page = page_in(request, input);
        let number = |key: &str| {
            let number = page.and_then(|page| page.get(key)).and_then(Value::as_u64).unwrap_or(0);
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        Self { before: number("start").saturating_sub(1), limit: Some(number("limit")).filter(|limit| *limit > 0) }
    }
}

/// The part of a query that a request could not carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnsupportedQuery {
    /// To be applied to the rows of the response.
    pub client_side: Option<ClientSideQuery>,
    /// `minimal` was asked for.
    pub minimal: bool,
}

/// Whether `request` itself chooses fields.
pub fn chooses_fields(request: &Map<String, Value>) -> bool {
    let is_chosen =
        |holder: &Map<String, Value>, key: &str| holder.get(key).is_some_and(|value| !value_ext::is_empty(value));
    let query = request.get("query").and_then(Value::as_object);
    is_chosen(request, "only")
        || query.is_some_and(|query| is_chosen(query, "only") || query.get("minimal") == Some(&Value::Bool(true)))
}

/// Adds to `request` as much of `wish` as its type `input` can carry. A page goes to the service only if the order does
/// too: in another order it would be another page.
pub fn apply(
    request: &mut Map<String, Value>,
    input: &MessageDescriptor,
    wish: &QueryRequest,
) -> Result<UnsupportedQuery> {
    let start = wish.page.map(Page::start).transpose()?;
    let query_field = QueryField::new(input);
    let field = |name: &str| query_field.as_ref().and_then(|field| field.message.get_field_by_name(name));
    let mut query = Map::new();
    if field("only").is_some() && !wish.only.is_empty() {
        query.insert("only".into(), wish.only.clone().into());
    }
    let minimal = wish.minimal.filter(|_| field("minimal").is_some());
    if let Some(minimal) = minimal {
        query.insert("minimal".into(), minimal.into());
    }
    let mut client_side = ClientSideQuery { sort: None, start: 0, limit: 0 };
    if let Some(sort) = &wish.sort {
        let one = json!({"key": sort.key(), "desc": sort.is_descending()});
        match field("sort") {
            Some(field) => drop(query.insert("sort".into(), if field.is_list() { json!([one]) } else { one })),
            None => client_side.sort = Some(sort.clone()),
        }
    }
    if let (Some(page), Some(start)) = (wish.page, start) {
        if field(PAGE).is_some() && client_side.sort.is_none() {
            query.insert(PAGE.into(), page_message(start, page.limit));
        } else {
            (client_side.start, client_side.limit) = (to_usize(start), to_usize(page.limit));
        }
    }
    if let (false, Some(query_field)) = (query.is_empty(), &query_field)
        && let Some(given) = query_field.query_mut(request)
    {
        given.extend(query);
    }
    let is_whole = client_side.sort.is_none() && client_side.limit == 0;
    Ok(UnsupportedQuery {
        client_side: (!is_whole).then_some(client_side),
        minimal: wish.minimal == Some(true) && minimal.is_none(),
    })
}

/// Whether requests of the type `input` can ask for a page, sorted if `is_sorted`.
pub fn can_page(input: &MessageDescriptor, is_sorted: bool) -> bool {
    let query_field = QueryField::new(input);
    let has = |name: &str| query_field.as_ref().is_some_and(|field| field.message.get_field_by_name(name).is_some());
    has(PAGE) && (!is_sorted || has("sort"))
}

/// Whether `request`, of the type `input`, itself chooses a page.
pub fn chooses_rows(request: &Map<String, Value>, input: &MessageDescriptor) -> bool {
    page_in(request, input).is_some_and(|page| !value_ext::is_empty(page))
}

fn page_in<'a>(request: &'a Map<String, Value>, input: &MessageDescriptor) -> Option<&'a Value> {
    QueryField::new(input)?.query_in(request)?.get(PAGE)
}

/// Sets the page of `request`, of the type `input`: `limit` rows from the row `start` on, counted from 1.
pub fn set_range(request: &mut Map<String, Value>, input: &MessageDescriptor, start: u32, limit: u32) {
    if let Some(query) = QueryField::new(input).as_ref().and_then(|query_field| query_field.query_mut(request)) {
        query.insert(PAGE.into(), page_message(start, limit));
    }
}

/// Removes the page of `request`, of the type `input`.
pub fn remove_range(request: &mut Map<String, Value>, input: &MessageDescriptor) {
    if chooses_rows(request, input)
        && let Some(query) = QueryField::new(input).as_ref().and_then(|query_field| query_field.query_mut(request))
    {
        query.shift_remove(PAGE);
    }
}

/// The API's `Page`. The first one has no start, as services of any age take it.
fn page_message(start: u32, limit: u32) -> Value {
    if start > 1 { json!({"start": start, "limit": limit}) } else { json!({"limit": limit}) }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
