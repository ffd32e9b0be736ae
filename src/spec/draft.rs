//! What was given for one request, before it is known what the request can hold.

use std::collections::HashSet;
use std::rc::Rc;

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::advice;
use super::locate::Part;
use super::renames::{Given, Plan};
use super::request::{Document, Origin, Overrides, Request};
use crate::error::{self, Error, Problem, Result};
use crate::path::FieldPath;
use crate::value::is_empty;

/// The method that a request is for.
#[derive(Clone, Debug)]
pub struct Target<'a> {
    /// As in `service.Resource`: `repository`.
    pub service: &'a str,
    pub resource: &'a str,
    pub verb: &'a str,
    /// What the server says that the request holds.
    pub input: MessageDescriptor,
}

/// One document with all that overrides it.
#[derive(Debug)]
pub struct Draft {
    pub(super) value: Map<String, Value>,
    pub(super) document: Option<Document>,
    pub(super) overrides: Rc<Overrides>,
}

/// A request, and what the user has to know about it.
#[derive(Debug)]
pub struct Resolved {
    pub request: Request,
    /// What was done that was not asked for.
    pub notes: Vec<String>,
    /// What a service will probably refuse.
    pub warnings: Vec<String>,
}

impl Draft {
    /// Makes it the request for `target`: `-j` overwrites whole fields of the document, names of another API
    /// generation become those of `target` (not if `strict`), and each `-p` sets its value.
    ///
    /// # Errors
    /// Fields of another generation that hold something and have no successor, all of them at once; or parameters
    /// that `target` has no place for, all of them at once. The values of files and `-j` are not compared with
    /// `target`: the codec does that.
    pub fn resolve(self, target: &Target<'_>, strict: bool) -> Result<Resolved> {
        let Self { mut value, document, overrides } = self;
        if let Some(json) = &overrides.json {
            value.extend(json.value.iter().map(|(name, value)| (name.clone(), value.clone())));
        }
        let plan = if strict { Plan::default() } else { Plan::new(target, &given(&value, &overrides)) };
        let mut origin = Origin { document, overrides, set: Vec::new(), plan };
        refuse(&origin, &value)?;

        let named = |(name, value): (String, Value)| Some((origin.plan.name_in_request(&name)?.to_owned(), value));
        let mut value = value.into_iter().filter_map(named).collect();
        origin.set = apply_params(&origin, target, &mut value)?;

        let notes = origin.plan.notes();
        let warnings = advice::warnings(target, &value);
        Ok(Resolved { request: Request { value, origin }, notes, warnings })
    }
}

/// The names that are given at the top, each once, and whether what they hold in the end is empty.
fn given<'a>(value: &'a Map<String, Value>, overrides: &'a Overrides) -> Vec<Given<'a>> {
    let in_params = overrides.params.iter().filter_map(|param| param.path.first()).map(String::as_str);
    let mut seen = HashSet::new();
    let names = value.keys().map(String::as_str).chain(in_params).filter(|name| seen.insert(*name));
    let is_empty = |name: &str| {
        let mut params = overrides.params.iter().rev();
        match params.find(|param| param.path.first().is_some_and(|first| first == name)) {
            Some(last) => last.path.len() == 1 && last.is_empty(),
            None => value.get(name).is_none_or(is_empty),
        }
    };
    names.map(|name| Given { name, is_empty: is_empty(name) }).collect()
}

/// Fails if there is something that would be lost.
fn refuse(origin: &Origin, value: &Map<String, Value>) -> Result<()> {
    let problem = |refusal: &super::renames::Refusal| {
        let path = FieldPath::default().key(refusal.name);
        let location = value.contains_key(refusal.name).then(|| origin.locate(&path, Part::Key)).flatten();
        Problem::new(&refusal.message).hint(&refusal.hint).at(location)
    };
    match Error::from_problems(error::Kind::Local, origin.plan.refused.iter().map(problem).collect()) {
        Some(error) => Err(error),
        None => Ok(()),
    }
}

/// Sets every parameter; tells where each came to stand.
fn apply_params(
    origin: &Origin,
    target: &Target<'_>,
    value: &mut Map<String, Value>,
) -> Result<Vec<(Vec<String>, usize)>> {
    let mut set = Vec::new();
    let mut problems = Vec::new();
    for (index, param) in origin.overrides.params.iter().enumerate() {
        let mut path = param.path.clone();
        if let Some(first) = path.first_mut() {
            let Some(name) = origin.plan.name_in_request(first).map(str::to_owned) else { continue };
            *first = name;
        }
        if is_of_query(&path, &target.input) {
            path.insert(0, "query".to_owned());
        }
        match param.apply(&path, &target.input, value) {
            Ok(()) => set.push((path, index)),
            Err(error) => problems.extend_from_slice(error.problems()),
        }
    }
    match Error::from_problems(error::Kind::Usage, problems) {
        Some(error) => Err(error),
        None => Ok(set),
    }
}

/// Whether the request has no field of this name, but has a `query` that has: `count_only` for `query.count_only`.
fn is_of_query(path: &[String], request: &MessageDescriptor) -> bool {
    let Some(name) = path.first().filter(|name| request.get_field_by_name(name).is_none()) else { return false };
    let query = request.get_field_by_name("query").filter(|query| !query.is_list() && !query.is_map());
    match query.map(|query| query.kind()) {
        Some(Kind::Message(query)) => query.get_field_by_name(name).is_some(),
        _ => false,
    }
}
