//! The JSON form of a field, protobuf's well-known types included.
//!
//! <https://protobuf.dev/programming-guides/json/>

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Value, json};

use crate::schema::well_known::WellKnown;

/// The form of one value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum FieldForm {
    /// Neither a message nor an enum; a wrapper (`google.protobuf.Int32Value`) is what it wraps.
    Scalar(Kind),
    Choice(EnumDescriptor),
    Message(MessageDescriptor),
    /// `google.protobuf.Struct`.
    AnyMapping,
    /// `google.protobuf.Value`.
    Anything,
    /// `google.protobuf.ListValue`.
    AnyList,
    /// `google.protobuf.Any`.
    Typed,
    Timestamp,
    Duration,
    FieldMask,
}

/// How many values a field has.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Count {
    One,
    List,
    /// A map with keys of this kind.
    Map(Kind),
}

impl FieldForm {
    pub fn of(kind: Kind) -> Self {
        let message = match kind {
            Kind::Message(message) => message,
            Kind::Enum(choice) => return Self::Choice(choice),
            scalar => return Self::Scalar(scalar),
        };
        match WellKnown::of(&message) {
            Some(WellKnown::Struct) => Self::AnyMapping,
            Some(WellKnown::Value) => Self::Anything,
            Some(WellKnown::ListValue) => Self::AnyList,
            Some(WellKnown::Any) => Self::Typed,
            Some(WellKnown::Timestamp) => Self::Timestamp,
            Some(WellKnown::Duration) => Self::Duration,
            Some(WellKnown::FieldMask) => Self::FieldMask,
            Some(WellKnown::Wrapper(wrapped)) => Self::of(wrapped.kind()),
            None => Self::Message(message),
        }
    }

    /// The message whose fields are known.
    pub fn message(&self) -> Option<&MessageDescriptor> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }
}

pub(super) fn of_field(field: &FieldDescriptor) -> (Count, FieldForm) {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            (Count::Map(entry.map_entry_key_field().kind()), FieldForm::of(entry.map_entry_value_field().kind()))
        }
        kind if field.is_list() => (Count::List, FieldForm::of(kind)),
        kind => (Count::One, FieldForm::of(kind)),
    }
}

/// A value that a field accepts: an empty one, if that shows its type.
pub(super) fn sample(count: &Count, form: &FieldForm) -> Value {
    match count {
        Count::One => one_sample(form),
        Count::List => json!([]),
        Count::Map(_) => json!({}),
    }
}

fn one_sample(form: &FieldForm) -> Value {
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
