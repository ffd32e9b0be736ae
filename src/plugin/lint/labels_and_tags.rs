//! What labels and tags hold.

use serde_json::Value;

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;
use crate::schema::value_ext::kind_of;

/// The longest label that the service keeps, in characters.
const LONGEST_LABEL: usize = 255;

pub fn check(sink: &mut Sink<'_>) {
    let document = sink.document;
    if let Some(Value::Array(labels)) = document.value.get("labels") {
        for (index, label) in labels.iter().enumerate() {
            let Some(message) = of_label(label) else { continue };
            let mut path = FieldPath::default().key("labels");
            path.push_index(index);
            let found = Found::new(Rule::LabelText, Severity::Error, path, message);
            sink.add(match label {
                Value::Number(_) | Value::Bool(_) => found.hint("put it in quotes to make it text"),
                _ => found.hint("what is more than a word belongs to tags"),
            });
        }
    }
    if let Some(Value::Object(tags)) = document.value.get("tags") {
        for (name, tag) in tags.iter().filter(|(_, tag)| tag.is_array() || tag.is_object()) {
            let path = FieldPath::default().key("tags").key(name);
            let message = format!("{}, where one value is expected", kind_of(tag));
            let found = Found::new(Rule::TagPlain, Severity::Warning, path, message);
            sink.add(found.hint("make a tag of each of its parts, or one text"));
        }
    }
}

fn of_label(label: &Value) -> Option<String> {
    match label {
        Value::String(text) if text.chars().count() <= LONGEST_LABEL => None,
        Value::String(text) => {
            Some(format!("a label of {} characters, of {LONGEST_LABEL} at most", text.chars().count()))
        }
        other => Some(format!("expected text, found {}", kind_of(other))),
    }
}
