//! What the Repository service does not go without.

use super::finding::Severity;
use super::rule::Rule;
use super::spec::{Found, Sink};
use crate::schema::field_path::FieldPath;
use crate::schema::value_ext::is_empty;

pub fn check(sink: &mut Sink<'_>) {
    let document = sink.document;
    for (field, advice) in [
        ("name", "the name that people see: `name: Slack Notification Protocol`"),
        (document.type_field(), "what the plugin extends: `resource_type: notification.Protocol`"),
        ("image", "the image without registry host and tag: `image: acme/plugin-slack`"),
    ] {
        match document.value.get(field) {
            None => {
                let message = format!("{field} is missing");
                let found = Found::new(Rule::RequiredField, Severity::Error, FieldPath::default(), message);
                sink.add(found.hint(advice));
            }
            Some(value) if is_empty(value) || value.as_str().is_some_and(is_blank) => {
                let found = Found::in_field(Rule::RequiredField, Severity::Error, field, "required, and empty");
                sink.add(found.hint(advice));
            }
            // What is of another type is another rule's.
            Some(_) => {}
        }
    }
}

fn is_blank(text: &str) -> bool {
    text.trim().is_empty()
}
