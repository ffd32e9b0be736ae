//! One value as text.

use std::borrow::Cow;

use serde_json::Value;

/// Text as it is, numbers by their own digits, nested values as compact JSON, nothing for null.
pub fn cell_text(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::String(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.to_string()),
    }
}
