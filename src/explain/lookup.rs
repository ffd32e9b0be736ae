//! The field that a path leads to, in the request and the response of a verb.

use prost_reflect::{FieldDescriptor, Kind, MessageDescriptor, MethodDescriptor};

use super::describe::{FoundField, rows};
use super::form::{FieldForm, of_field};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::resource::Resource;

/// Finds the field at `path` in the request and the response of `method`. Lists and mappings are stepped through to
/// their items, and the rows of a list are searched before the fields around them.
///
/// # Errors
/// A usage error that names the step without a field, and the nearest name.
pub fn find(resource: &Resource, method: &MethodDescriptor, path: &[&str]) -> Result<FoundField> {
    let (request, response) = (method.input(), method.output());
    let rows = rows(&response);
    let mut misses = Vec::new();
    let mut walk = |message: &MessageDescriptor| walk(message, path).map_err(|miss| misses.push(miss)).ok();
    let found =
        FoundField { request: walk(&request), response: rows.as_ref().and_then(&mut walk).or_else(|| walk(&response)) };
    if found.request.is_some() || found.response.is_some() {
        return Ok(found);
    }
    match misses.into_iter().rev().max_by_key(|(step, _)| *step) {
        Some((1.., error)) => Err(error),
        _ => {
            let messages = [Some(request), rows, Some(response)];
            Err(unknown(resource, method, path.first().unwrap_or(&""), messages.iter().flatten()))
        }
    }
}

/// The last field of `path`, or the number of the first step that is missing, with an error about it.
fn walk(message: &MessageDescriptor, path: &[&str]) -> Result<FieldDescriptor, (usize, Error)> {
    let mut form = FieldForm::of(Kind::Message(message.clone()));
    let mut found: Option<FieldDescriptor> = None;
    for (step, &name) in path.iter().enumerate() {
        let FieldForm::Message(message) = &form else {
            return Err((step, no_fields(found.as_ref().map_or("it", FieldDescriptor::name), &form)));
        };
        let field = message.get_field_by_name(name).ok_or_else(|| {
            let fields: Vec<FieldDescriptor> = message.fields().collect();
            let error = Error::usage(format!("{} has no field {name}", message.name()));
            (step, error.hint(hint_at_field(name, fields.iter().map(FieldDescriptor::name))))
        })?;
        form = of_field(&field).1;
        found = Some(field);
    }
    found.ok_or_else(|| (0, Error::usage("no field is named")))
}

fn no_fields(name: &str, form: &FieldForm) -> Error {
    let well_known = match form {
        FieldForm::AnyMapping => "Struct",
        FieldForm::Anything => "Value",
        FieldForm::AnyList => "ListValue",
        FieldForm::Typed => "Any",
        _ => return Error::usage(format!("{name} is a scalar: it has no fields")),
    };
    Error::usage(format!("{name} is free-form ({well_known}): it has no documented fields"))
}

/// The error for a name that neither the request nor the response has.
fn unknown<'a>(
    resource: &Resource,
    method: &MethodDescriptor,
    name: &str,
    messages: impl Iterator<Item = &'a MessageDescriptor>,
) -> Error {
    let verb = method.name();
    let error = Error::usage(format!("neither request nor response of {resource}.{verb} has a field {name}"));
    let fields: Vec<FieldDescriptor> = messages.flat_map(|message| message.fields().collect::<Vec<_>>()).collect();
    match nearest(name, fields.iter().map(FieldDescriptor::name)) {
        Some(near) => error.hint(format!("did you mean {near}?")),
        None => error.hint(format!("run `spacectl explain {resource}.{verb}` to see its fields")),
    }
}
