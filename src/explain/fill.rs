//! Sample values for skeletons.

use prost_reflect::Kind;
use serde_json::{Value, json};

use super::form::{Count, Form};

/// A value that a field accepts: an empty one, if that shows its type.
pub(super) fn sample(count: &Count, form: &Form) -> Value {
    match count {
        Count::One => of_form(form),
        Count::List => json!([]),
        Count::Map(_) => json!({}),
    }
}

fn of_form(form: &Form) -> Value {
    match form {
        Form::Scalar(Kind::Bool) => json!(false),
        Form::Scalar(Kind::String | Kind::Bytes) | Form::Anything | Form::FieldMask => json!(""),
        Form::Scalar(_) => json!(0),
        // The first value is the default; the second one says more.
        Form::Choice(choice) => match choice.values().nth(1).or_else(|| choice.values().next()) {
            Some(value) => json!(value.name()),
            None => json!(0),
        },
        Form::Message(_) | Form::AnyMapping => json!({}),
        Form::AnyList => json!([]),
        Form::Typed => json!({"@type": "type.googleapis.com/google.protobuf.Empty", "value": {}}),
        Form::Timestamp => json!("2026-01-01T00:00:00Z"),
        Form::Duration => json!("1.5s"),
    }
}
