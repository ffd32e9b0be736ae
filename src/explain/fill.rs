//! Sample values for skeletons.

use prost_reflect::Kind;
use serde_json::{Value, json};

use super::form::{Count, FieldForm};

/// A value that a field accepts: an empty one, if that shows its type.
pub(super) fn sample(count: &Count, form: &FieldForm) -> Value {
    match count {
        Count::One => of_form(form),
        Count::List => json!([]),
        Count::Map(_) => json!({}),
    }
}

fn of_form(form: &FieldForm) -> Value {
    match form {
        FieldForm::Scalar(Kind::Bool) => json!(false),
        FieldForm::Scalar(Kind::String | Kind::Bytes) | FieldForm::Anything | FieldForm::FieldMask => json!(""),
        FieldForm::Scalar(_) => json!(0),
        // The first value is the default; the second one says more.
        FieldForm::Choice(choice) => match choice.values().nth(1).or_else(|| choice.values().next()) {
            Some(value) => json!(value.name()),
            None => json!(0),
        },
        FieldForm::Message(_) | FieldForm::AnyMapping => json!({}),
        FieldForm::AnyList => json!([]),
        FieldForm::Typed => json!({"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}),
        FieldForm::Timestamp => json!("2026-01-01T00:00:00Z"),
        FieldForm::Duration => json!("1.5s"),
    }
}
