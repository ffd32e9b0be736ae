//! A request value that knows where its parts came from.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::locate::Part;
use super::params::Param;
use super::renames::Plan;
use super::source::Text;
use crate::error::Location;
use crate::path::{FieldPath, Segment};

/// One document of a file.
#[derive(Clone, Debug)]
pub(super) struct Document {
    pub text: Rc<Text>,
    /// Counted from 0, over the documents that hold something.
    pub index: usize,
    /// Whether it is the file's only one.
    pub is_alone: bool,
}

/// What `-j` and `-p` say, for every document.
#[derive(Debug, Default)]
pub(super) struct Overrides {
    pub json: Option<Json>,
    pub params: Vec<Param>,
}

#[derive(Debug)]
pub(super) struct Json {
    pub text: Text,
    pub value: Map<String, Value>,
}

/// What is sent, still as plain data.
#[derive(Debug)]
pub struct Request {
    pub value: Map<String, Value>,
    pub(super) origin: Origin,
}

/// Where a request's parts came from.
#[derive(Debug)]
pub(super) struct Origin {
    pub document: Option<Document>,
    pub overrides: Rc<Overrides>,
    /// Where the parameters' values stand in the request, and the parameters' indices, in the order of setting.
    pub set: Vec<(Vec<String>, usize)>,
    pub plan: Plan,
}

impl Request {
    /// The place in a text that the value at `path` was read from, or that of its nearest ancestor that is there.
    /// `None` for what a parameter set. Reads the text again: meant for errors.
    pub fn locate(&self, path: &FieldPath, part: Part) -> Option<Location> {
        self.origin.locate(path, part)
    }

    /// The parameter that set the value at `path`, as `-p tags.icon`, if one did.
    pub fn describe_origin(&self, path: &FieldPath) -> Option<String> {
        self.origin.param(path).map(|param| format!("-p {}", param.key))
    }

    /// Whether the value at `path` stands in a file, and not on the command line.
    pub fn is_from_file(&self, path: &FieldPath) -> bool {
        self.origin.is_from_file(path)
    }

    /// What people know the request by: `spec.yml`, `spec.yml (document 2)`, `stdin`, or `request` if there was no
    /// file.
    pub fn label(&self) -> String {
        self.origin.label()
    }
}

impl Origin {
    pub fn label(&self) -> String {
        match &self.document {
            None => "request".to_owned(),
            Some(document) if document.is_alone => document.text.name.clone(),
            Some(document) => format!("{} (document {})", document.text.name, document.index + 1),
        }
    }

    pub fn locate(&self, path: &FieldPath, part: Part) -> Option<Location> {
        if self.param(path).is_some() {
            return None;
        }
        let mut path = path.clone();
        if let Some(Segment::Key(name)) = path.0.first_mut() {
            let given = self.plan.name_as_given(name).to_owned();
            *name = given;
            if let Some(json) = self.overrides.json.as_ref().filter(|json| json.value.contains_key(name.as_str())) {
                return json.text.locate(0, &path, part);
            }
        }
        match (&self.document, &self.overrides.json) {
            (Some(document), _) => document.text.locate(document.index, &path, part),
            (None, Some(json)) => json.text.locate(0, &path, part),
            (None, None) => None,
        }
    }

    fn is_from_file(&self, path: &FieldPath) -> bool {
        let by_json = |name: &str| self.overrides.json.as_ref().is_some_and(|json| json.value.contains_key(name));
        match path.0.first() {
            _ if self.param(path).is_some() => false,
            Some(Segment::Key(name)) if by_json(self.plan.name_as_given(name)) => false,
            _ => self.document.is_some(),
        }
    }

    /// The last parameter that set the value at `path` or one around it.
    fn param(&self, path: &FieldPath) -> Option<&Param> {
        let covers = |set: &[String]| {
            set.len() <= path.0.len()
                && set.iter().zip(&path.0).all(|(name, segment)| matches!(segment, Segment::Key(key) if key == name))
        };
        let (_, index) = self.set.iter().rev().find(|(set, _)| covers(set))?;
        self.overrides.params.get(*index)
    }
}
