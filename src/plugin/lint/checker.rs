//! Documents of texts, and the collector of what is wrong with one.

use std::rc::Rc;

use serde_json::{Map, Value};

use super::Input;
use super::finding::{Finding, Violation};
use super::rule::{Rule, Severity};
use crate::error::Location;
use crate::schema::field_path::FieldPath;
use crate::spec::source::{self, Syntax};
use crate::spec::{SpanPart, spans};
use crate::yaml::{Mark, Node, YamlError, YamlErrorKind, value};

/// The most findings of one document, which has a dozen fields.
pub const MAX_FINDINGS: usize = 100;

/// One document of a text.
pub struct LintDocument<'a> {
    /// The name of the text.
    source: &'a str,
    pub tree: Rc<Node>,
    pub value: Map<String, Value>,
}

impl LintDocument<'_> {
    pub fn is_json(&self) -> bool {
        Syntax::of_file(self.source) == Some(Syntax::Json)
    }

    pub fn locate(&self, path: &FieldPath, part: SpanPart) -> Location {
        spans::locate(&self.tree, path, part).in_source(self.source)
    }

    /// The text of a field, trimmed.
    pub fn text(&self, field: &str) -> Option<&str> {
        self.value.get(field).and_then(Value::as_str).map(str::trim)
    }

    /// `resource_type`, or `service_type` of API 1.
    pub fn type_field(&self) -> &'static str {
        let is_given = |field: &&str| self.value.contains_key(*field);
        ["resource_type", "service_type"].into_iter().find(is_given).unwrap_or("resource_type")
    }
}

/// Reads the documents of a text, up to a syntax error.
pub fn read(input: &Input) -> (Vec<LintDocument<'_>>, Vec<Finding>) {
    let (mut documents, mut findings) = (Vec::new(), Vec::new());
    let finding = |rule: Rule, fault: &YamlError| Finding {
        location: fault.at.in_source(&input.name),
        severity: Severity::Error,
        rule,
        message: fault.message.clone(),
        hint: fault.hint.as_deref().map(str::to_owned),
    };
    let content = match &input.text {
        Ok(content) => content,
        Err(fault) => return (documents, vec![finding(Rule::Unreadable, fault)]),
    };
    for tree in source::documents(&input.name, content) {
        let tree = match tree {
            Ok(tree) => tree,
            Err(fault) => {
                findings.push(finding(Rule::Syntax, &fault));
                break;
            }
        };
        match value::mapping(&tree) {
            Ok(value) => documents.push(LintDocument { source: &input.name, tree, value }),
            Err(fault) => {
                let rule = match fault.kind {
                    YamlErrorKind::KeyGivenTwice => Rule::DuplicateKey,
                    YamlErrorKind::NotAMapping => Rule::NotAMapping,
                    YamlErrorKind::Other => Rule::Syntax,
                };
                findings.push(finding(rule, &fault));
            }
        }
    }
    if documents.is_empty() && findings.is_empty() {
        let fault = YamlError::new(Mark::START, "no document: the file is empty or has only comments");
        findings.push(finding(Rule::Unreadable, &fault));
    }
    (documents, findings)
}

/// Collects the violations in one document.
pub struct Checker<'a> {
    pub document: &'a LintDocument<'a>,
    findings: Vec<Finding>,
    omitted: usize,
}

impl<'a> Checker<'a> {
    pub fn new(document: &'a LintDocument<'a>) -> Self {
        Self { document, findings: Vec::new(), omitted: 0 }
    }

    pub fn into_findings(mut self) -> Vec<Finding> {
        if let (omitted @ 1.., Some(last)) = (self.omitted, self.findings.last_mut()) {
            last.message += &format!(" ({omitted} more findings in this document are not shown)");
        }
        self.findings
    }

    pub fn report(&mut self, violation: Violation) {
        if self.findings.len() >= MAX_FINDINGS {
            self.omitted += 1;
            return;
        }
        let Violation { rule, severity, path, part, message, hint } = violation;
        let location = self.document.locate(&path, part);
        let message = if path.0.is_empty() { message } else { format!("{path}: {message}") };
        self.findings.push(Finding { location, severity, rule, message, hint });
    }
}
