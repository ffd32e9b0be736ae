//! `--filter`, `--filter-any` and `--search` as conditions of a request's query.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::place::Place;
use crate::error::{Error, Result};
use crate::query::filter::{ALL_FLAG, ANY_FLAG, Conditions, FilterSet, QueryCondition, SEARCH_FLAG};
use crate::schema::value_ext;

/// Puts `filters` into `request`, whose message is `input`, for rows of the type `rows`, if that is known. They are added
/// to the conditions that stand there; the word of `--search` takes the place of another. Conditions that have no place are
/// left out if they `can_be_applied_here`; says whether all had one.
///
/// # Errors
/// Usage errors: the request has no place for them, which are never dropped, as other rows would come back; or as
/// [`FilterSet::resolve`].
pub fn select(
    request: &mut Map<String, Value>,
    input: &MessageDescriptor,
    filters: &FilterSet,
    rows: Option<&MessageDescriptor>,
    can_be_applied_here: bool,
) -> Result<bool> {
    let place = Place::of(input);
    let mut is_sent = true;
    for flag in filters.flags() {
        let is_there = place.as_ref().is_some_and(|Place { shape, .. }| match flag {
            SEARCH_FLAG => shape.get_field_by_name(KEYWORD).is_some(),
            _ => condition_fields(shape, field_of(flag)).is_some(),
        });
        if !is_there && (flag == SEARCH_FLAG || !can_be_applied_here) {
            return Err(no_place(flag, input, filters));
        }
        is_sent &= is_there;
    }
    let Some(place) = place else { return Ok(is_sent) };
    let Conditions { all, any, keyword } = filters.resolve(rows)?;
    for (flag, conditions) in [(ALL_FLAG, all), (ANY_FLAG, any)] {
        if let (false, Some(fields)) = (conditions.is_empty(), condition_fields(&place.shape, field_of(flag)))
            && let Some(query) = place.query_of(request)
        {
            let conditions = conditions.into_iter().map(|condition| fields.message(condition));
            match query.entry(field_of(flag)).or_insert(Value::Null) {
                Value::Array(given) => given.extend(conditions),
                null @ Value::Null => *null = conditions.collect(),
                // As for the query itself.
                _ => {}
            }
        }
    }
    if let Some(keyword) = keyword
        && let Some(query) = place.query_of(request)
    {
        query.insert(KEYWORD.into(), keyword.into());
    }
    Ok(is_sent)
}

/// Whether `request`, of the type `input`, has by itself conditions of which one has to hold, or a word to search for.
pub fn has_alternatives(request: &Map<String, Value>, input: &MessageDescriptor) -> bool {
    let query = Place::of(input);
    let query = query.as_ref().and_then(|place| place.query_in(request));
    let is_given = |key: &str| query.and_then(|query| query.get(key)).is_some_and(|value| !value_ext::is_empty(value));
    is_given(field_of(ANY_FLAG)) || is_given(KEYWORD)
}

const KEYWORD: &str = "keyword";

/// Where the conditions of a flag stand in a query.
fn field_of(flag: &str) -> &'static str {
    if flag == ANY_FLAG { "filter_or" } else { "filter" }
}

/// What a condition's parts are called.
struct ConditionFields {
    key: &'static str,
    value: &'static str,
    operator: &'static str,
}

/// The names of a condition's parts in the list `field` of a query, if there is such a list. The platform's have each
/// under two names; the Python client sends the short ones.
fn condition_fields(query: &MessageDescriptor, field: &str) -> Option<ConditionFields> {
    let Kind::Message(condition) = query.get_field_by_name(field).filter(FieldDescriptor::is_list)?.kind() else {
        return None;
    };
    let either = |names: [&'static str; 2]| names.into_iter().find(|name| condition.get_field_by_name(name).is_some());
    Some(ConditionFields {
        key: either(["k", "key"])?,
        value: either(["v", "value"])?,
        operator: either(["o", "operator"])?,
    })
}

impl ConditionFields {
    fn message(&self, QueryCondition { key, operator, value }: QueryCondition) -> Value {
        json!({self.key: key, self.value: value, self.operator: operator})
    }
}

fn no_place(flag: &str, input: &MessageDescriptor, filters: &FilterSet) -> Error {
    let what = if flag == SEARCH_FLAG { "word to search for" } else { "filters" };
    let error = Error::usage(format!("{flag}: {} takes no {what}", input.name()));
    if let Some(field) = filters.keys_that_are_one_value().find(|key| input.get_field_by_name(key).is_some()) {
        return error.hint(format!("{field} is a field of this request: -p {field}=VALUE asks for it"));
    }
    let fields: Vec<FieldDescriptor> = input.fields().filter(|field| field.name() != "query").collect();
    let fields: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
    match fields.as_slice() {
        [] => error.hint("this service can only answer with all rows"),
        fields => error.hint(format!("-p sets the fields of this request: {}", fields.join(", "))),
    }
}
