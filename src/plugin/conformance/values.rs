//! Questions about answers.

use serde_json::{Map, Value};

/// The value at a path with dots, through mappings.
pub fn look_up<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    path.split('.').try_fold(value, |value, key| value.as_object()?.get(key))
}

/// The value at a path if it is true in Python, which drops other values from match rules.
pub fn truthy_at<'a>(value: &'a Value, path: &str) -> Option<&'a Value> {
    look_up(value, path).filter(|value| is_truthy(value))
}

fn is_truthy(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(true) => true,
    }
}

/// The text of a field; none if it is absent, null, empty or no text.
pub fn text<'a>(fields: &'a Value, field: &str) -> Option<&'a str> {
    fields.get(field).and_then(Value::as_str).filter(|text| !text.is_empty())
}

/// The items of a list, with their indexes; none if it is something else.
pub fn items<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = (usize, &'a Value)> {
    value.get(field).and_then(Value::as_array).into_iter().flatten().enumerate()
}

pub fn is_list_of_texts(value: &Value) -> bool {
    value.as_array().is_some_and(|items| items.iter().all(Value::is_string))
}

/// The length of a text of more than `max` characters.
pub fn longer_than(value: &Value, max: usize) -> Option<usize> {
    // Bytes first: most texts are short.
    let text = value.as_str().filter(|text| text.len() > max)?;
    Some(text.chars().count()).filter(|length| *length > max)
}

/// A key that MongoDB's library refuses, in mappings of mappings.
pub fn dollar_key(fields: &Map<String, Value>) -> Option<&str> {
    fields.iter().find_map(|(key, value)| match value {
        _ if key.starts_with('$') => Some(key.as_str()),
        Value::Object(fields) => dollar_key(fields),
        _ => None,
    })
}

/// The first text that a number which is not finite becomes in JSON.
pub fn non_finite(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text.as_str()).filter(|text| is_non_finite(text)),
        Value::Array(items) => items.iter().find_map(non_finite),
        Value::Object(fields) => fields.values().find_map(non_finite),
        _ => None,
    }
}

pub fn is_non_finite(text: &str) -> bool {
    matches!(text, "NaN" | "Infinity" | "-Infinity")
}
