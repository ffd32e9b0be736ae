//! Types of fields in plain words and in protobuf's.

use prost_reflect::{Cardinality, FieldDescriptor, Kind};

use super::form::{Count, FieldForm};

/// The plain type: `text`, `list of whole numbers`, `mapping of texts to mappings`.
pub(super) fn plain(count: &Count, form: &FieldForm) -> String {
    let (one, many) = words(form);
    match count {
        Count::One => one.to_owned(),
        Count::List => format!("list of {many}"),
        Count::Map(key) => format!("mapping of {} to {many}", words(&FieldForm::Scalar(key.clone())).1),
    }
}

/// The singular and the plural of a form.
fn words(form: &FieldForm) -> (&'static str, &'static str) {
    match form {
        FieldForm::Scalar(kind) => match kind {
            Kind::Bool => ("true or false", "true or false"),
            Kind::String => ("text", "texts"),
            Kind::Bytes => ("bytes in base64", "bytes in base64"),
            Kind::Double | Kind::Float => ("number", "numbers"),
            Kind::Uint32 | Kind::Fixed32 | Kind::Uint64 | Kind::Fixed64 => {
                ("whole number from 0", "whole numbers from 0")
            }
            _ => ("whole number", "whole numbers"),
        },
        FieldForm::Choice(_) => ("choice", "choices"),
        FieldForm::Message(_) => ("mapping", "mappings"),
        FieldForm::AnyMapping => ("any mapping", "any mappings"),
        FieldForm::Anything => ("anything", "anything"),
        FieldForm::AnyList => ("any list", "any lists"),
        FieldForm::Typed => ("mapping with its @type", "mappings with their @type"),
        FieldForm::Timestamp => ("date and time", "dates and times"),
        FieldForm::Duration => ("duration", "durations"),
        FieldForm::FieldMask => ("names of fields", "names of fields"),
    }
}

/// How a value is written, if its type does not say.
pub(super) fn example(form: &FieldForm) -> Option<&'static str> {
    Some(match form {
        FieldForm::Timestamp => "written as \"2026-01-01T00:00:00Z\"",
        FieldForm::Duration => "in seconds, written as \"1.5s\"",
        FieldForm::FieldMask => "written as \"name,tags\"",
        _ => return None,
    })
}

/// The type in protobuf's words, with full or `short` names: `repeated spaceone.api.core.v2.Filter`, `map<string,
/// int32>`.
pub(super) fn proto(field: &FieldDescriptor, short: bool) -> String {
    match field.kind() {
        Kind::Message(entry) if field.is_map() => {
            let [key, value] = [entry.map_entry_key_field(), entry.map_entry_value_field()];
            format!("map<{}, {}>", name(&key.kind(), short), name(&value.kind(), short))
        }
        kind => {
            let label = match field.cardinality() {
                Cardinality::Repeated => "repeated ",
                // Only if it makes a difference: otherwise unset and 0 are the same.
                Cardinality::Optional if is_explicitly_optional(field) => "optional ",
                Cardinality::Optional | Cardinality::Required => "",
            };
            format!("{label}{}", name(&kind, short))
        }
    }
}

fn is_explicitly_optional(field: &FieldDescriptor) -> bool {
    field.containing_oneof().is_some_and(|oneof| oneof.is_synthetic())
}

fn name(kind: &Kind, short: bool) -> String {
    let (full, package) = match kind {
        Kind::Message(message) => (message.full_name(), message.package_name()),
        Kind::Enum(choice) => (choice.full_name(), choice.package_name()),
        scalar => return format!("{scalar:?}").to_lowercase(),
    };
    let in_package = full.strip_prefix(package).and_then(|name| name.strip_prefix('.')).unwrap_or(full);
    if short { in_package.to_owned() } else { full.to_owned() }
}
