//! The field of a request that holds its query.

use serde_json::{Map, Value};

use prost_reflect::{Kind, MessageDescriptor};

const QUERY: &str = "query";

/// The query of requests of one type.
pub(super) struct QueryField {
    /// The query's message.
    pub message: MessageDescriptor,
    /// The request is itself a query.
    is_top: bool,
}

impl QueryField {
    /// The query in messages of the type `input`, if they have one: the field `query`, or the whole message.
    pub fn new(input: &MessageDescriptor) -> Option<Self> {
        match input.get_field_by_name(QUERY).map(|field| field.kind()) {
            Some(Kind::Message(message)) => Some(Self { message, is_top: false }),
            Some(_) => None,
            None => is_query(input).then(|| Self { message: input.clone(), is_top: true }),
        }
    }

    /// The query of `request`, if it has one.
    pub fn query_in<'a>(&self, request: &'a Map<String, Value>) -> Option<&'a Map<String, Value>> {
        if self.is_top { Some(request) } else { request.get(QUERY)?.as_object() }
    }

    /// The query of `request`, added if it is missing; `None` if it is not a mapping, which encoding refuses.
    pub fn query_mut<'a>(&self, request: &'a mut Map<String, Value>) -> Option<&'a mut Map<String, Value>> {
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

/// Whether a message is a query: all of them have a page with a limit.
fn is_query(message: &MessageDescriptor) -> bool {
    match message.get_field_by_name("page").filter(|page| !page.is_list()).map(|page| page.kind()) {
        Some(Kind::Message(page)) => page.get_field_by_name("limit").is_some(),
        _ => false,
    }
}
