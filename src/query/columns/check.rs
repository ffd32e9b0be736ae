//! Checks a path against the type of the rows.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::selector::PathStep;
use crate::error::{Error, Result};
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::well_known::WellKnown;

/// Whether the type says nothing about its contents.
pub fn is_free(message: &MessageDescriptor) -> bool {
    WellKnown::of(message).is_some_and(|known| known.is_free())
}

fn is_one_value(message: &MessageDescriptor) -> bool {
    WellKnown::of(message).is_some_and(|known| known.is_plain())
}

/// Whether a field holds one text, number, timestamp or enum value, and not a list or message.
pub fn is_plain(field: &FieldDescriptor) -> bool {
    let has_fields = match field.kind() {
        Kind::Message(message) => !is_one_value(&message),
        _ => false,
    };
    !field.is_list() && !field.is_map() && !has_fields
}

/// Checks that `steps` can lead somewhere in a `row`. `others` are names to suggest, beside those of the fields.
pub fn check(steps: &[PathStep], row: &MessageDescriptor, others: &[&str]) -> Result<()> {
    let Some((first, rest)) = steps.split_first() else {
        return Ok(());
    };
    if is_free(row) {
        return Ok(());
    }
    let Some(name) = first.name() else {
        return Err(Error::usage(format!("a condition needs a list, and {} is not one", row.name())));
    };
    let field = row.get_field_by_name(name).ok_or_else(|| unknown(name, row, others))?;
    if field.is_map() { Ok(()) } else { below(rest, &field) }
}

fn below(steps: &[PathStep], field: &FieldDescriptor) -> Result<()> {
    let Some((first, rest)) = steps.split_first() else {
        return Ok(());
    };
    let steps = match first {
        PathStep::Index { .. } if field.is_list() => rest,
        PathStep::Where(condition) if field.is_list() => {
            item(condition.key.steps(), field)?;
            rest
        }
        _ => steps,
    };
    item(steps, field)
}

/// Checks `steps` in a field's value, or in the items of its list.
fn item(steps: &[PathStep], field: &FieldDescriptor) -> Result<()> {
    match field.kind() {
        _ if steps.is_empty() => Ok(()),
        Kind::Message(message) if !is_one_value(&message) => check(steps, &message, &[]),
        _ => Err(Error::usage(format!("{} is a plain value without fields", field.name()))),
    }
}

fn unknown(name: &str, row: &MessageDescriptor, others: &[&str]) -> Error {
    let fields: Vec<FieldDescriptor> = row.fields().collect();
    let fields: Vec<&str> = fields.iter().map(FieldDescriptor::name).collect();
    let error = Error::usage(format!("{} has no field {name}", row.name()));
    match nearest(name, others.iter().copied()) {
        Some(other) => error.hint(format!("did you mean {other}?")),
        None => error.hint(hint_at_field(name, fields)),
    }
}
