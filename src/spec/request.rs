//! Requests as plain data whose parts know their source.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::params::Param;
use crate::error::Location;
use crate::schema::field_path::{FieldPath, Segment};
use crate::spec::spans;
use crate::spec::spans::SpanPart;
use crate::spec::translate::{RejectedField, Translation};
use crate::yaml::Node;
use crate::yaml::value::{self, MappingEntry};

/// The name of `-j` in places.
pub(super) const JSON_SOURCE: &str = "-j";

/// One document of a file, or `-j`.
#[derive(Clone, Debug)]
pub(super) struct SpecDocument {
    /// The file as given, `stdin` or `-j`.
    pub source: Rc<str>,
    pub tree: Rc<Node>,
    pub value: Map<String, Value>,
    /// Counted from 0, without empty documents.
    pub index: usize,
    pub is_alone: bool,
}

/// `-j` and `-p`, which apply to every document.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    pub json: Option<SpecDocument>,
    pub params: Vec<Param>,
}

/// A request as plain data.
#[derive(Debug)]
pub struct SpecRequest {
    pub value: Map<String, Value>,
    pub(super) origin: RequestOrigin,
}

/// The sources of a request's parts.
#[derive(Debug)]
pub(super) struct RequestOrigin {
    pub document: Option<SpecDocument>,
    pub overrides: Rc<Overrides>,
    /// The paths that parameters set, and the parameters' indices, in the order of setting.
    pub set: Vec<(Vec<String>, usize)>,
    pub plan: Translation,
}

/// The text that holds a part of a request.
pub(super) struct Holder<'a> {
    pub tree: &'a Node,
    source: &'a str,
    /// The part's path by the names in the text.
    path: FieldPath,
}

impl SpecRequest {
    /// The place of the value at `path`, or of its nearest ancestor; `None` for what a parameter set.
    pub fn locate(&self, path: &FieldPath, part: SpanPart) -> Option<Location> {
        let Holder { tree, source, path } = self.origin.holder(path)?;
        Some(spans::locate(tree, &path, part).in_source(source))
    }

    /// The parameter that set the value at `path`: `-p tags.icon`.
    pub fn describe_origin(&self, path: &FieldPath) -> Option<String> {
        self.origin.param(path).map(|param| format!("-p {}", param.key))
    }

    /// Whether the value at `path` comes from a file, not from the command line.
    pub fn is_from_file(&self, path: &FieldPath) -> bool {
        let RequestOrigin { document, overrides, .. } = &self.origin;
        let by_json = |name: &str| overrides.json.as_ref().is_some_and(|json| json.value.contains_key(name));
        match path.0.first() {
            _ if self.origin.param(path).is_some() => false,
            Some(Segment::Key(name)) if self.origin.plan.names_as_given(name).any(by_json) => false,
            _ => document.is_some(),
        }
    }

    /// The given fields that this service cannot hold. A request with any must not be sent.
    pub fn refusals(&self) -> &[RejectedField] {
        &self.origin.plan.refused
    }

    /// The file of the request's document as given; `stdin` for standard input.
    pub fn source(&self) -> Option<&str> {
        self.origin.document.as_ref().map(|document| &*document.source)
    }

    /// The document's place and number, counted from 1; `None` if it is the file's only one.
    pub fn place(&self) -> Option<(Location, usize)> {
        let document = self.origin.document.as_ref().filter(|document| !document.is_alone)?;
        Some((document.tree.at.in_source(&document.source), document.index + 1))
    }

    /// The request's name in messages: `spec.yml`, `spec.yml (document 2)`, `stdin`, or `request` without a file.
    pub fn label(&self) -> String {
        match &self.origin.document {
            None => "request".to_owned(),
            Some(document) if document.is_alone => document.source.to_string(),
            Some(document) => format!("{} (document {})", document.source, document.index + 1),
        }
    }
}

impl RequestOrigin {
    /// The text that holds, or would hold, the value at `path`; `None` for what a parameter set.
    pub fn holder(&self, path: &FieldPath) -> Option<Holder<'_>> {
        if self.param(path).is_some() {
            return None;
        }
        let mut path = path.clone();
        if let Some(Segment::Key(name)) = path.0.first_mut() {
            for SpecDocument { tree, source, .. } in self.texts() {
                let entries = value::entries(tree).unwrap_or_default();
                let is_there = |given: &&str| entries.iter().any(|entry| entry.name == *given);
                let given = self.plan.names_as_given(name).find(is_there).map(str::to_owned);
                if let Some(given) = given {
                    *name = given;
                    return Some(Holder { tree, source, path });
                }
            }
        }
        let SpecDocument { tree, source, .. } = self.document.as_ref().or(self.overrides.json.as_ref())?;
        Some(Holder { tree, source, path })
    }

    /// Whether the document or `-j` has this top-level field.
    pub fn is_in_text(&self, name: &str) -> bool {
        let has = |entries: Vec<MappingEntry>| entries.iter().any(|entry| entry.name == name);
        self.texts().any(|text| value::entries(&text.tree).is_ok_and(has))
    }

    /// `-j` and the document: the first that has a field wins.
    pub fn texts(&self) -> impl Iterator<Item = &SpecDocument> {
        self.overrides.json.iter().chain(&self.document)
    }

    /// The last parameter that set the value at `path` or an ancestor.
    pub fn param(&self, path: &FieldPath) -> Option<&Param> {
        let covers = |set: &[String]| {
            set.len() <= path.0.len()
                && set.iter().zip(&path.0).all(|(name, segment)| matches!(segment, Segment::Key(key) if key == name))
        };
        let (_, index) = self.set.iter().rev().find(|(set, _)| covers(set))?;
        self.overrides.params.get(*index)
    }
}
