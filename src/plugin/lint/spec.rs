//! From a text to its documents, and through the rules that are about one of them.

use std::fmt::Write as _;
use std::rc::Rc;

use serde_json::{Map, Value};

use super::finding::{Finding, Severity};
use super::generation::Generations;
use super::rule::Rule;
use super::{
    Input, fields, image, labels_and_tags, placeholder, registry, required, resource_type, secrets, template, yaml_1_1,
};
use crate::error::Location;
use crate::schema::field_path::FieldPath;
use crate::spec::SpanPart;
use crate::spec::source::{SourceText, Syntax};
use crate::spec::spans;
use crate::yaml::{Mark, Node, YamlError, YamlErrorKind, value};

/// The most that is told of one document. A spec has a dozen fields: what breaks more rules is none.
const MAX_FINDINGS: usize = 100;

/// One spec, as its text says it.
pub struct Document<'a> {
    /// What its text is called.
    pub source: &'a str,
    pub tree: Rc<Node>,
    pub value: Map<String, Value>,
}

impl Document<'_> {
    /// The place of the value at `path`, or of its key.
    pub fn locate(&self, path: &FieldPath, part: SpanPart) -> Location {
        spans::locate(&self.tree, path, part).in_source(self.source)
    }

    /// A field's text without blanks around it; `None` if it is anything else.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value.get(field).and_then(Value::as_str).map(str::trim)
    }

    /// The name that the spec uses for what it extends: `resource_type` or, as in API 1, `service_type`.
    pub fn type_field(&self) -> &'static str {
        let is_given = |field: &&str| self.value.contains_key(*field);
        ["resource_type", "service_type"].into_iter().find(is_given).unwrap_or("resource_type")
    }
}

/// What a text holds.
pub struct Documents<'a> {
    pub documents: Vec<Document<'a>>,
    pub findings: Vec<Finding>,
}

/// Reads a text up to the place where it cannot be understood.
pub fn read(input: &Input) -> Documents<'_> {
    let mut read = Documents { documents: Vec::new(), findings: Vec::new() };
    let text = match &input.text {
        Ok(text) => text,
        Err(fault) => {
            read.findings.push(of_fault(Rule::Unreadable, fault, &input.name));
            return read;
        }
    };
    let syntax = Syntax::of_file(&input.name).unwrap_or(Syntax::Yaml);
    let text = SourceText { name: input.name.clone(), content: text.clone(), syntax };
    for tree in text.documents() {
        match tree {
            Ok(tree) => match value::mapping(&tree) {
                Ok(value) => read.documents.push(Document { source: &input.name, tree, value }),
                Err(fault) => read.findings.push(of_fault(rule_of(&fault), &fault, &input.name)),
            },
            Err(fault) => {
                read.findings.push(of_fault(Rule::Syntax, &fault, &input.name));
                // Nothing is to be read behind it.
                break;
            }
        }
    }
    if read.documents.is_empty() && read.findings.is_empty() {
        let fault = YamlError::new(Mark::START, "no document: it is empty or has only comments");
        read.findings.push(of_fault(Rule::Unreadable, &fault, &input.name));
    }
    read
}

/// Which rule a tree breaks that is no spec's value.
fn rule_of(fault: &YamlError) -> Rule {
    match fault.kind {
        YamlErrorKind::KeyGivenTwice => Rule::DuplicateKey,
        YamlErrorKind::NotAMapping => Rule::NotAMapping,
        YamlErrorKind::Other => Rule::Syntax,
    }
}

fn of_fault(rule: Rule, fault: &YamlError, source: &str) -> Finding {
    Finding {
        location: fault.at.in_source(source),
        severity: Severity::Error,
        rule,
        message: fault.message.clone(),
        hint: fault.hint.map(str::to_owned),
    }
}

/// Every rule that looks at one document alone.
pub fn check(document: &Document<'_>, generations: &Generations) -> Vec<Finding> {
    let mut sink = Sink { document, findings: Vec::new(), left_out: 0 };
    fields::check(&mut sink, generations);
    required::check(&mut sink);
    placeholder::check(&mut sink);
    image::check(&mut sink);
    registry::check(&mut sink);
    resource_type::check(&mut sink);
    template::check(&mut sink, generations);
    labels_and_tags::check(&mut sink);
    yaml_1_1::check(&mut sink);
    secrets::check(&mut sink);
    if let (left_out @ 1.., Some(last)) = (sink.left_out, sink.findings.last_mut()) {
        // Writing to a String cannot fail.
        let _ = write!(last.message, " ({left_out} more findings in this document are not shown)");
    }
    sink.findings
}

/// Takes what the rules find in one document.
pub struct Sink<'a> {
    pub document: &'a Document<'a>,
    findings: Vec<Finding>,
    left_out: usize,
}

impl Sink<'_> {
    /// Whether what is found from here on is counted only, so that nothing more has to be found out about it.
    pub fn is_full(&self) -> bool {
        self.findings.len() >= MAX_FINDINGS
    }

    pub fn add(&mut self, found: Found) {
        if self.is_full() {
            self.left_out += 1;
            return;
        }
        let Found { rule, severity, path, part, message, hint } = found;
        let location = self.document.locate(&path, part);
        let message = if path.0.is_empty() { message } else { format!("{path}: {message}") };
        self.findings.push(Finding { location, severity, rule, message, hint });
    }
}

/// A finding before its place is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    pub rule: Rule,
    pub severity: Severity,
    pub path: FieldPath,
    pub part: SpanPart,
    /// Without the path.
    pub message: String,
    pub hint: Option<String>,
}

impl Found {
    /// About the value at `path`.
    pub fn new(rule: Rule, severity: Severity, path: FieldPath, message: impl Into<String>) -> Self {
        Self { rule, severity, path, part: SpanPart::Value, message: message.into(), hint: None }
    }

    /// About the value of a field at the top.
    pub fn in_field(rule: Rule, severity: Severity, field: &str, message: impl Into<String>) -> Self {
        Self::new(rule, severity, FieldPath::default().key(field), message)
    }

    /// About the key, not the value.
    pub fn at_key(mut self) -> Self {
        self.part = SpanPart::Key;
        self
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
