//! Rules `label-text` and `tag-plain`.

use serde_json::Value;

use super::checker::Checker;
use super::finding::Violation;
use super::rule::Rule;
use crate::schema::field_path::FieldPath;
use crate::text::value_ext::kind_of;

/// The longest label that the service stores, in characters.
const MAX_LABEL: usize = 255;

pub fn check(checker: &mut Checker<'_>) {
    let spec = &checker.document.value;
    for (index, label) in spec.get("labels").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let message = match label.as_str().map(|text| text.chars().count()) {
            Some(..=MAX_LABEL) => continue,
            Some(length) => format!("the label has {length} characters, more than {MAX_LABEL}"),
            None => format!("expected text, found {}", kind_of(label)),
        };
        let hint = match label {
            Value::Number(_) | Value::Bool(_) => "quote it to make it text",
            _ => "use tags for anything longer than a word",
        };
        let path = FieldPath::default().key("labels").index(index);
        checker.report(Violation::new(Rule::LabelText, path, message).hint(hint));
    }
    for (name, tag) in spec.get("tags").and_then(Value::as_object).into_iter().flatten() {
        if tag.is_array() || tag.is_object() {
            let path = FieldPath::default().key("tags").key(name);
            let violation = Violation::new(Rule::TagPlain, path, format!("expected one value, found {}", kind_of(tag)));
            checker.report(violation.hint("split it into several tags, or write it as text"));
        }
    }
}
