//! `--filter`, `--filter-any` and `--search` as fields of a request's query.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value, json};

use super::query_field::QueryField;
use crate::error::{Error, Result};
use crate::query::filter::{ALL_FLAG, ANY_FLAG, Conditions, FilterSet, QueryCondition, SEARCH_FLAG};
use crate::text::value_ext;

/// Adds `filters` to `request`, whose type is `input`, for rows of the type `rows`, if that is known: conditions after
/// those that are there, the word of `--search` in place of another. FilterSet without a field are left out if they
/// `can_be_applied_here`; returns whether all had one.
///
/// # Errors
/// Usage errors: the request has no field for them, and they are never dropped, as other rows would come back; or as
/// [`FilterSet::resolve`].
pub fn add_filters(
    request: &mut Map<String, Value>,
    input: &MessageDescriptor,
    filters: &FilterSet,
    rows: Option<&MessageDescriptor>,
    can_be_applied_here: bool,
) -> Result<bool> {
    let query_field = QueryField::new(input);
    let mut is_sent = true;
    for flag in filters.flags() {
        let is_there = query_field.as_ref().is_some_and(|QueryField { message, .. }| match flag {
            SEARCH_FLAG => message.get_field_by_name(KEYWORD).is_some(),
            _ => condition_fields(message, field_of(flag)).is_some(),
        });
        if !is_there && (flag == SEARCH_FLAG || !can_be_applied_here) {
            return Err(unsupported(flag, input, filters));
        }
        is_sent &= is_there;
    }
    let Some(query_field) = query_field else { return Ok(is_sent) };
    let Conditions { all, any, keyword } = filters.resolve(rows)?;
    for (flag, conditions) in [(ALL_FLAG, all), (ANY_FLAG, any)] {
        if let (false, Some(fields)) = (conditions.is_empty(), condition_fields(&query_field.message, field_of(flag)))
            && let Some(query) = query_field.query_mut(request)
        {
            let conditions = conditions.into_iter().map(|condition| fields.message(condition));
            match query.entry(field_of(flag)).or_insert(Value::Null) {
                Value::Array(given) => given.extend(conditions),
                null @ Value::Null => *null = conditions.collect(),
                // Encoding refuses it.
                _ => {}
            }
        }
    }
    if let Some(keyword) = keyword
        && let Some(query) = query_field.query_mut(request)
    {
        query.insert(KEYWORD.into(), keyword.into());
    }
    Ok(is_sent)
}

/// Adds a condition to `request`, whose type is `input`; `false` if it has no field for conditions.
pub fn add_condition(request: &mut Map<String, Value>, input: &MessageDescriptor, condition: QueryCondition) -> bool {
    let Some(query_field) = QueryField::new(input) else { return false };
    let field = field_of(ALL_FLAG);
    let Some(fields) = condition_fields(&query_field.message, field) else { return false };
    let Some(query) = query_field.query_mut(request) else { return false };
    let given = query.entry(field).or_insert_with(|| json!([])).as_array_mut();
    given.map(|given| given.push(fields.message(condition))).is_some()
}

/// Whether `request`, of the type `input`, itself has alternative conditions or a search word.
pub fn has_alternatives(request: &Map<String, Value>, input: &MessageDescriptor) -> bool {
    let query = QueryField::new(input);
    let query = query.as_ref().and_then(|query_field| query_field.query_in(request));
    let is_given = |key: &str| query.and_then(|query| query.get(key)).is_some_and(|value| !value_ext::is_empty(value));
    is_given(field_of(ANY_FLAG)) || is_given(KEYWORD)
}

const KEYWORD: &str = "keyword";

/// The field of a query for the conditions of a flag.
fn field_of(flag: &str) -> &'static str {
    if flag == ANY_FLAG { "filter_or" } else { "filter" }
}

/// The field names of a condition.
struct ConditionFields {
    key: &'static str,
    value: &'static str,
    operator: &'static str,
}

/// The field names of the conditions in the list `field` of a query, if there is such a list. The platform's have two
/// names each; the Python client sends the short ones.
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
        json!({self.key: key, self.value: value, self.operator: operator.name()})
    }
}

fn unsupported(flag: &str, input: &MessageDescriptor, filters: &FilterSet) -> Error {
    let what = if flag == SEARCH_FLAG { "a search word" } else { "filters" };
    let error = Error::usage(format!("{flag}: {} does not take {what}", input.name()));
    if let Some(field) = filters.keys_that_are_one_value().find(|key| input.get_field_by_name(key).is_some()) {
        return error.hint(format!("{field} is a field of this request: use -p {field}=VALUE"));
    }
    let fields: Vec<FieldDescriptor> = input.fields().filter(|field| field.name() != "query").collect();
    let fields: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
    match fields.as_slice() {
        [] => error.hint("leave out the flag to list all rows: this service cannot filter"),
        fields => error.hint(format!("use -p to set the fields of this request: {}", fields.join(", "))),
    }
}
