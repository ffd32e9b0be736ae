//! Modules that only compute: `csv`, `join`, `concat` and `date`.

pub mod csv;
pub mod date;
pub mod join;

use serde_json::{Map, Value};

/// The rows of a list of mappings.
pub fn rows<'a>(value: &'a Value, what: &str) -> Result<Vec<&'a Map<String, Value>>, String> {
    let expected = || format!("{what} must be a list of mappings");
    let items = value.as_array().ok_or_else(expected)?;
    items.iter().map(|item| item.as_object().ok_or_else(expected)).collect()
}

/// The keys of all rows, in the order of their appearance.
pub fn columns(rows: &[&Map<String, Value>]) -> Vec<String> {
    let mut names: Map<String, Value> = Map::new();
    for name in rows.iter().flat_map(|row| row.keys()) {
        names.entry(name).or_insert(Value::Null);
    }
    names.keys().cloned().collect()
}
