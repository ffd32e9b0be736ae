//! A path against the type of the rows that it will walk through.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor};

use super::selector::Step;
use crate::error::{Error, Result};
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::well_known::WellKnown;

/// The type says nothing about what is inside.
pub(super) fn is_free(message: &MessageDescriptor) -> bool {
    WellKnown::of(message).is_some_and(|known| known.is_free())
}

fn is_one_value(message: &MessageDescriptor) -> bool {
    WellKnown::of(message).is_some_and(|known| known.is_plain())
}

/// A field that holds one text, number, moment or name of an enumeration: neither a list nor anything with parts.
pub fn is_plain(field: &FieldDescriptor) -> bool {
    let has_parts = match field.kind() {
        Kind::Message(message) => !is_one_value(&message),
        _ => false,
    };
    !field.is_list() && !field.is_map() && !has_parts
}

/// Checks that `steps` can lead somewhere in a `row`. Where its first is unknown, `others` are names beside the fields'
/// that may have been meant.
pub(super) fn check(steps: &[Step], row: &MessageDescriptor, others: &[&str]) -> Result<()> {
    let Some((first, rest)) = steps.split_first() else {
        return Ok(());
    };
    if is_free(row) {
        return Ok(());
    }
    let Some(name) = first.name() else {
        return Err(Error::usage(format!("a condition cannot be put to {}, which is no list", row.name())));
    };
    let field = row.get_field_by_name(name).ok_or_else(|| unknown(name, row, others))?;
    if field.is_map() { Ok(()) } else { below(rest, &field) }
}

fn below(steps: &[Step], field: &FieldDescriptor) -> Result<()> {
    let Some((first, rest)) = steps.split_first() else {
        return Ok(());
    };
    let steps = match first {
        Step::Index { .. } if field.is_list() => rest,
        Step::Where(condition) if field.is_list() => {
            item(condition.key.steps(), field)?;
            rest
        }
        _ => steps,
    };
    item(steps, field)
}

/// Checks `steps` in a field's value, or in the items of its list.
fn item(steps: &[Step], field: &FieldDescriptor) -> Result<()> {
    match field.kind() {
        _ if steps.is_empty() => Ok(()),
        Kind::Message(message) if !is_one_value(&message) => check(steps, &message, &[]),
        _ => Err(Error::usage(format!("{} is a plain value, with nothing below it", field.name()))),
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
