//! Visits all texts of a value.

use serde_json::{Map, Value};

use crate::schema::field_path::FieldPath;

/// Calls `visit` for every text, with its path and the mapping that has it.
pub fn texts<'a>(
    path: &FieldPath,
    value: &'a Value,
    owner: Option<&'a Map<String, Value>>,
    visit: &mut impl FnMut(&FieldPath, Option<&'a Map<String, Value>>, &'a str),
) {
    match value {
        Value::Object(entries) => {
            entries.iter().for_each(|(name, value)| texts(&path.key(name), value, Some(entries), visit));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| texts(&path.index(index), item, None, visit));
        }
        Value::String(text) => visit(path, owner, text),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}
