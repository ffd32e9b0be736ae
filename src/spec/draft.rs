//! The inputs of one request, before its method is known.

use std::collections::HashSet;
use std::rc::Rc;

use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::params::Param;
use super::request::{Overrides, RequestOrigin, SpecDocument, SpecRequest};
use super::target::{RequestTarget, SpecWarning};
use crate::error::{self, Error, Result};
use crate::spec::translate::{GivenField, Translation};
use crate::spec::{image_warnings, precision_loss};
use crate::text::value_ext::is_empty;
use crate::yaml::Node;

/// One document with all that overrides it.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(super) document: Option<SpecDocument>,
    pub(super) overrides: Rc<Overrides>,
}

/// A request with notes and warnings about it.
#[derive(Debug)]
pub struct Resolved {
    pub request: SpecRequest,
    /// What was translated or left out.
    pub notes: Vec<String>,
    pub warnings: Vec<SpecWarning>,
}

impl Draft {
    /// A draft of a value that was made of a part of the file `source`, whose places `tree` has.
    pub fn from_value(source: &Rc<str>, tree: Rc<Node>, value: Map<String, Value>) -> Self {
        let document = SpecDocument { source: Rc::clone(source), tree, value, index: 0, is_alone: true };
        Self { document: Some(document), overrides: Rc::default() }
    }

    /// A draft of one text field.
    pub fn from_text(name: &str, text: &str) -> Self {
        let params = vec![Param::from_text(name, text)];
        Self { document: None, overrides: Rc::new(Overrides { json: None, params }) }
    }

    /// The fields of its document, as written.
    pub fn fields(&self) -> Option<&Map<String, Value>> {
        self.document.as_ref().map(|document| &document.value)
    }

    /// Makes the request for `target`: names of another API generation become those of `target` (not if `strict`), `-j`
    /// overwrites whole fields of the document, and each `-p` sets its value. Fields of another generation that have a
    /// value and no successor are [`SpecRequest::refusals`]. The codec checks the values of files and `-j`.
    ///
    /// # Errors
    /// All parameters that `target` cannot hold.
    pub fn resolve(self, target: &RequestTarget<'_>, strict: bool) -> Result<Resolved> {
        let Self { mut document, overrides } = self;
        let of_document = document.as_mut().map(|document| std::mem::take(&mut document.value)).unwrap_or_default();
        let of_json = overrides.json.as_ref().map(|json| json.value.clone()).unwrap_or_default();
        let texts = [of_json, of_document];
        let plan = if strict {
            Translation::default()
        } else {
            let are_together = |a: &str, b: &str| texts.iter().any(|text| text.contains_key(a) && text.contains_key(b));
            Translation::new(target, &given(&texts, &overrides.params), are_together)
        };
        let [of_json, of_document] = texts;
        let mut value = renamed(of_document, &plan);
        value.extend(renamed(of_json, &plan));
        let mut origin = RequestOrigin { document, overrides, set: Vec::new(), plan };
        origin.set = apply_params(&origin, target, &mut value)?;

        let notes = origin.plan.notes();
        let mut warnings = image_warnings::warnings(target, &value);
        let texts = origin.document.iter().chain(&origin.overrides.json);
        warnings.extend(texts.filter_map(|text| precision_loss::warning(&origin, &text.tree, &target.input)));
        Ok(Resolved { request: SpecRequest { value, origin }, notes, warnings })
    }
}

/// The fields by their names in the request, without those that are left out.
fn renamed(text: Map<String, Value>, plan: &Translation) -> Map<String, Value> {
    let named = |(name, part): (String, Value)| Some((plan.name_in_request(&name)?.to_owned(), part));
    text.into_iter().filter_map(named).collect()
}

/// The given top-level names, each once, and whether their final value is empty. The first of `texts` wins, and
/// parameters win over both.
fn given<'a>(texts: &'a [Map<String, Value>], params: &'a [Param]) -> Vec<GivenField<'a>> {
    let in_params = params.iter().filter_map(|param| param.path.first()).map(String::as_str);
    let mut seen = HashSet::new();
    let names = texts.iter().flat_map(Map::keys).map(String::as_str).chain(in_params).filter(|name| seen.insert(*name));
    let is_empty = |name: &str| match params.iter().rev().find(|param| param.path.first().is_some_and(|p| p == name)) {
        Some(last) => last.path.len() == 1 && last.is_empty(),
        None => texts.iter().find_map(|text| text.get(name)).is_none_or(is_empty),
    };
    names.map(|name| GivenField { name, is_empty: is_empty(name) }).collect()
}

/// Applies every parameter; returns the paths that each set.
fn apply_params(
    origin: &RequestOrigin,
    target: &RequestTarget<'_>,
    value: &mut Map<String, Value>,
) -> Result<Vec<(Vec<String>, usize)>> {
    let mut set = Vec::new();
    let mut problems = Vec::new();
    for (index, param) in origin.overrides.params.iter().enumerate() {
        let mut path = param.path.clone();
        let Some(first) = path.first_mut() else { continue };
        let Some(name) = origin.plan.name_in_request(first).map(str::to_owned) else {
            if origin.plan.is_refused(first) && !origin.is_in_text(first) {
                // For the refusal to name the parameter.
                set.push((vec![first.clone()], index));
            }
            continue;
        };
        *first = name;
        if is_of_query(&path, &target.input) {
            path.insert(0, "query".to_owned());
        }
        match param.apply(&path, &target.input, value) {
            Ok(()) => set.push((path, index)),
            Err(error) => problems.extend_from_slice(error.problems()),
        }
    }
    match Error::from_problems(error::ErrorKind::Usage, problems) {
        Some(error) => Err(error),
        None => Ok(set),
    }
}

/// Whether only the request's `query` has the field: `count_only` for `query.count_only`.
fn is_of_query(path: &[String], request: &MessageDescriptor) -> bool {
    let Some(name) = path.first().filter(|name| request.get_field_by_name(name).is_none()) else { return false };
    let query = request.get_field_by_name("query").filter(|query| !query.is_list() && !query.is_map());
    match query.map(|query| query.kind()) {
        Some(Kind::Message(query)) => query.get_field_by_name(name).is_some(),
        _ => false,
    }
}
