//! Where a request has its query.

use serde_json::{Map, Value};

use prost_reflect::{Kind, MessageDescriptor};

const QUERY: &str = "query";

/// The place of the query in requests of one type.
pub(super) struct Place {
    /// The query's message.
    pub shape: MessageDescriptor,
    /// The request is one itself.
    is_top: bool,
}

impl Place {
    /// The query in messages of the type `input`, if they have one: the field `query`, or the whole message.
    pub fn of(input: &MessageDescriptor) -> Option<Self> {
        match input.get_field_by_name(QUERY).map(|field| field.kind()) {
            Some(Kind::Message(shape)) => Some(Self { shape, is_top: false }),
            Some(_) => None,
            None => is_query(input).then(|| Self { shape: input.clone(), is_top: true }),
        }
    }

    /// The query of `request`, if it has one.
    pub fn query_in<'a>(&self, request: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        if self.is_top { Some(request) } else { request.get(QUERY)?.as_object() }
    }

    /// The query of `request`, made if it is not there; `None` if something else stands in its place, of which
    /// encoding says where it comes from.
    pub fn query_of<'a>(&self, request: &'a mut Map<String, Value>) -> Option<&'a mut Map<String, Value>> {
        if self.is_top {
            return Some(request);
        }
        let query = request.entry(QUERY).or_insert(Value::Null);
        if query.is_null() {
            *query = Map::new().into();
        }
        query.as_object_mut()
    }
}

/// Whether a message is a query, by what none is without: a page of so many rows.
fn is_query(message: &MessageDescriptor) -> bool {
    match message.get_field_by_name("page").filter(|page| !page.is_list()).map(|page| page.kind()) {
        Some(Kind::Message(page)) => page.get_field_by_name("limit").is_some(),
        _ => false,
    }
}
