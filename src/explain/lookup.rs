//! From the words of a path to the field that they lead to.

use prost_reflect::{FieldDescriptor, MessageDescriptor, MethodDescriptor};

use super::describe::{Found, rows};
use super::form::{Form, of_field};
use crate::error::{Error, Result};
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::resource::Resource;

/// Finds what stands at `path` in what `method` takes and answers. Lists and mappings are stepped through to their
/// items, and the rows of a list stand beside the fields that hold them.
///
/// # Errors
/// A usage error that names the step that leads nowhere, and the nearest name.
pub fn find(resource: &Resource, method: &MethodDescriptor, path: &[&str]) -> Result<Found> {
    let (request, response) = (method.input(), method.output());
    let rows = rows(&response);
    let mut misses = Vec::new();
    let mut walk = |message: &MessageDescriptor| walk(message, path).map_err(|miss| misses.push(miss)).ok();
    let found = Found {
        request: walk(&request),
        // A row's own field is asked for more often than one of what comes around the rows.
        response: rows.as_ref().and_then(&mut walk).or_else(|| walk(&response)),
    };
    if found.request.is_some() || found.response.is_some() {
        return Ok(found);
    }
    // The one that came furthest is what was meant.
    let farthest = misses.into_iter().rev().max_by_key(|miss| miss.step);
    match farthest {
        Some(Miss { step: 0, name, .. }) => {
            let messages = [Some(request), rows, Some(response)];
            Err(unknown(resource, method, &name, messages.iter().flatten()))
        }
        Some(miss) => Err(miss.error),
        None => Err(Error::usage("no field is named")),
    }
}

/// A step that leads nowhere.
struct Miss {
    /// Counted from 0.
    step: usize,
    name: String,
    error: Error,
}

fn walk(message: &MessageDescriptor, path: &[&str]) -> Result<FieldDescriptor, Miss> {
    let mut below = Form::of(prost_reflect::Kind::Message(message.clone()));
    let mut found: Option<FieldDescriptor> = None;
    for (step, &name) in path.iter().enumerate() {
        let miss = |error| Miss { step, name: name.to_owned(), error };
        let Form::Message(message) = &below else {
            return Err(miss(nothing_below(found.as_ref(), &below)));
        };
        let field = message.get_field_by_name(name).ok_or_else(|| {
            let fields: Vec<FieldDescriptor> = message.fields().collect();
            let error = Error::usage(format!("{} has no field {name}", message.name()));
            miss(error.hint(hint_at_field(name, fields.iter().map(FieldDescriptor::name))))
        })?;
        below = of_field(&field).1;
        found = Some(field);
    }
    found.ok_or_else(|| Miss { step: 0, name: String::new(), error: Error::usage("no field is named") })
}

fn nothing_below(field: Option<&FieldDescriptor>, form: &Form) -> Error {
    let name = field.map_or("it", FieldDescriptor::name);
    match form {
        Form::AnyMapping | Form::Anything | Form::AnyList | Form::Typed => {
            Error::usage(format!("what stands below {name} is anyone's choice: no description tells of it"))
        }
        _ => Error::usage(format!("{name} is a plain value, with nothing below it")),
    }
}

/// A name that neither the request nor the response has.
fn unknown<'a>(
    resource: &Resource,
    method: &MethodDescriptor,
    name: &str,
    messages: impl Iterator<Item = &'a MessageDescriptor> + Clone,
) -> Error {
    let verb = method.name();
    let error = Error::usage(format!("{verb} of {resource} neither takes nor answers a field {name}"));
    let fields: Vec<FieldDescriptor> = messages.flat_map(|message| message.fields().collect::<Vec<_>>()).collect();
    match nearest(name, fields.iter().map(FieldDescriptor::name)) {
        Some(meant) => error.hint(format!("did you mean {meant}?")),
        None => error.hint(format!("run `spacectl explain {resource}.{verb}` to see its fields")),
    }
}
