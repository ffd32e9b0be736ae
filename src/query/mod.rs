//! What a list is asked for: rows, order, page and columns.
//!
//! The platform's lists take a `query`; its shape differs between the generations of the API and some requests have
//! none, or are one themselves: `statistics.Resource` has its page at the top. What a request can carry is put into it,
//! by its descriptor; the rest is left to be applied here, or refused.

pub mod filter;
mod place;
mod response;
mod select;
#[cfg(test)]
mod tests;

use prost_reflect::MessageDescriptor;
use serde_json::{Map, Value, json};

use self::place::Place;
pub use self::response::response_fields;
pub use self::select::{has_alternatives, select};
use crate::error::{Error, Result};
use crate::output::view::{Local, Sort};
use crate::schema::value_ext;

/// The part of a query that asks for some of the rows.
const PAGE: &str = "page";

/// What the user asked of a list.
#[derive(Clone, Debug, Default)]
pub struct QueryRequest {
    /// The fields that are needed; empty needs all.
    pub only: Vec<String>,
    /// Only the fields that identify a row; `Some(false)` asks for every field.
    pub minimal: Option<bool>,
    pub page: Option<Page>,
    pub sort: Option<Sort>,
}

/// Part of the rows.
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
            || Error::usage(format!("page {} of {} rows lies beyond what the API can count", self.number, self.limit)),
        )
    }
}

/// Rows one behind the other, out of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Part {
    /// How many rows come before its first.
    pub before: u32,
    /// How many rows it has at most; `None` for all that follow.
    pub limit: Option<u32>,
}

impl Part {
    /// The part that `request` asks for by itself, or all rows. It is read as it came out of the codec.
    pub fn of(request: &Map<String, Value>, input: &MessageDescriptor) -> Self {
        let page = page_in(request, input);
        let number = |key: &str| {
            let number = page.and_then(|page| page.get(key)).and_then(Value::as_u64).unwrap_or(0);
            u32::try_from(number).unwrap_or(u32::MAX)
        };
        Self { before: number("start").saturating_sub(1), limit: Some(number("limit")).filter(|limit| *limit > 0) }
    }
}

/// What a request could not carry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// To be applied to the rows that come back.
    pub local: Option<Local>,
    /// `minimal` was asked for, and the service has no such form.
    pub minimal: bool,
}

/// Whether `request` says by itself which fields it wants.
pub fn chooses_fields(request: &Map<String, Value>) -> bool {
    let is_chosen =
        |holder: &Map<String, Value>, key: &str| holder.get(key).is_some_and(|value| !value_ext::is_empty(value));
    let query = request.get("query").and_then(Value::as_object);
    is_chosen(request, "only")
        || query.is_some_and(|query| is_chosen(query, "only") || query.get("minimal") == Some(&Value::Bool(true)))
}

/// Puts into `request` as much of `wish` as its message `input` can carry. A page goes to the service only if the order
/// does too, for a page of rows in another order would be another page.
pub fn apply(request: &mut Map<String, Value>, input: &MessageDescriptor, wish: &QueryRequest) -> Result<Left> {
    let start = wish.page.map(Page::start).transpose()?;
    let place = Place::of(input);
    let field = |name: &str| place.as_ref().and_then(|place| place.shape.get_field_by_name(name));
    let mut query = Map::new();
    if field("only").is_some() && !wish.only.is_empty() {
        query.insert("only".into(), wish.only.clone().into());
    }
    let minimal = wish.minimal.filter(|_| field("minimal").is_some());
    if let Some(minimal) = minimal {
        query.insert("minimal".into(), minimal.into());
    }
    let mut local = Local { sort: None, start: 0, limit: 0 };
    if let Some(sort) = &wish.sort {
        let one = json!({"key": sort.key(), "desc": sort.is_descending()});
        match field("sort") {
            Some(field) => drop(query.insert("sort".into(), if field.is_list() { json!([one]) } else { one })),
            None => local.sort = Some(sort.clone()),
        }
    }
    if let (Some(page), Some(start)) = (wish.page, start) {
        if field(PAGE).is_some() && local.sort.is_none() {
            query.insert(PAGE.into(), part(start, page.limit));
        } else {
            (local.start, local.limit) = (to_usize(start), to_usize(page.limit));
        }
    }
    if let (false, Some(place)) = (query.is_empty(), &place)
        && let Some(given) = place.query_of(request)
    {
        given.extend(query);
    }
    let is_whole = local.sort.is_none() && local.limit == 0;
    Ok(Left { local: (!is_whole).then_some(local), minimal: wish.minimal == Some(true) && minimal.is_none() })
}

/// Whether requests of the type `input` can ask for a part of the rows, in the order that was asked for if one was.
pub fn can_page(input: &MessageDescriptor, is_sorted: bool) -> bool {
    let place = Place::of(input);
    let has = |name: &str| place.as_ref().is_some_and(|place| place.shape.get_field_by_name(name).is_some());
    has(PAGE) && (!is_sorted || has("sort"))
}

/// Whether `request`, of the type `input`, says by itself which part of the rows it wants.
pub fn chooses_rows(request: &Map<String, Value>, input: &MessageDescriptor) -> bool {
    page_in(request, input).is_some_and(|page| !value_ext::is_empty(page))
}

fn page_in<'a>(request: &'a Map<String, Value>, input: &MessageDescriptor) -> Option<&'a Value> {
    Place::of(input)?.query_in(request)?.get(PAGE)
}

/// Asks in `request`, of the type `input`, for `limit` rows from the row `start` on, counted from 1.
pub fn put_part(request: &mut Map<String, Value>, input: &MessageDescriptor, start: u32, limit: u32) {
    if let Some(query) = Place::of(input).as_ref().and_then(|place| place.query_of(request)) {
        query.insert(PAGE.into(), part(start, limit));
    }
}

/// Asks in `request`, of the type `input`, for no part of the rows any more.
pub fn remove_part(request: &mut Map<String, Value>, input: &MessageDescriptor) {
    if chooses_rows(request, input)
        && let Some(query) = Place::of(input).as_ref().and_then(|place| place.query_of(request))
    {
        query.shift_remove(PAGE);
    }
}

/// The API's `Page`. The first needs no start, and services of any age take it so.
fn part(start: u32, limit: u32) -> Value {
    if start > 1 { json!({"start": start, "limit": limit}) } else { json!({"limit": limit}) }
}

fn to_usize(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
