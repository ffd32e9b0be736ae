//! Templates in a manifest, as written: `${{ expression }}`.
//!
//! Each text is rendered by itself, once, and never parsed again: quotes, line breaks and braces in a value are
//! harmless, and a value cannot become a key. Comments of Jinja are off, because `${#name}` is bash.

use std::collections::HashSet;
use std::rc::Rc;

use minijinja::Environment;
use serde_json::{Map, Value};

use super::written::{WrittenNumber, WrittenNumbers};
use crate::error::Location;
use crate::schema::field_path::FieldPath;
use crate::yaml::{Content, Mark, Node, YamlError, value};

pub const OPEN: &str = "${{";
pub const CLOSE: &str = "}}";

/// A text of a manifest, and where it is.
#[derive(Clone, Debug)]
pub struct TemplateText {
    pub source: Rc<str>,
    pub at: Mark,
    pub form: TextForm,
}

#[derive(Clone, Debug)]
pub enum TextForm {
    /// It has no template.
    Plain(String),
    /// It is one expression: its value keeps its type.
    Expression(String),
    /// It has expressions or blocks in it.
    Mixed(String),
}

/// A part of a manifest whose texts may be templates.
#[derive(Clone, Debug)]
pub enum TemplateTree {
    /// Null, true, false or a number.
    Value(Value),
    /// A number with another text than the usual one.
    Number(WrittenNumber),
    Text(TemplateText),
    List(Vec<TemplateTree>),
    Mapping(Vec<(TemplateText, TemplateTree)>),
}

/// A rendered value, and the texts in it that came out of templates: they are typed by their fields, as `-p` is.
#[derive(Clone, Debug, Default)]
pub struct Rendered {
    pub value: Value,
    pub templated: HashSet<FieldPath>,
    /// The values that a dry run does not know.
    pub unknown: HashSet<FieldPath>,
    /// The texts of its numbers.
    pub numbers: WrittenNumbers,
}

impl Rendered {
    /// Whether a dry run does not know the value at `path`, or a part of it.
    pub fn is_unknown(&self, path: &FieldPath) -> bool {
        self.unknown.iter().any(|unknown| unknown.0.starts_with(&path.0) || path.0.starts_with(&unknown.0))
    }
}

impl TemplateText {
    pub fn new(source: &Rc<str>, at: Mark, text: &str) -> Self {
        let form = if !text.contains(OPEN) && !text.contains("{%") {
            TextForm::Plain(text.to_owned())
        } else {
            match whole_expression(text) {
                Some(expression) => TextForm::Expression(expression.to_owned()),
                None => TextForm::Mixed(text.to_owned()),
            }
        };
        Self { source: Rc::clone(source), at, form }
    }

    pub fn location(&self) -> Location {
        self.at.in_source(&self.source)
    }

    /// The text as written, if it has no template.
    pub fn plain(&self) -> Option<&str> {
        if let TextForm::Plain(text) = &self.form { Some(text) } else { None }
    }

    /// The text as written.
    pub fn written(&self) -> String {
        match &self.form {
            TextForm::Plain(text) | TextForm::Mixed(text) => text.clone(),
            TextForm::Expression(expression) => format!("{OPEN}{expression}{CLOSE}"),
        }
    }
}

/// The expression that `text` is, if it is nothing else.
fn whole_expression(text: &str) -> Option<&str> {
    let inner = text.trim().strip_prefix(OPEN)?.strip_suffix(CLOSE)?;
    // `${{ a }} ${{ b }}` also begins and ends so.
    Environment::empty().compile_expression(inner.trim()).is_ok().then_some(inner)
}

impl TemplateTree {
    /// # Errors
    /// A value that no request can hold, or a key that is not text or is repeated.
    pub fn new(source: &Rc<str>, node: &Node) -> Result<Self, YamlError> {
        match &node.content {
            Content::Scalar { text, .. } => Ok(match value::of(node)? {
                Value::String(_) => Self::Text(TemplateText::new(source, node.at, text)),
                Value::Number(number) => match WrittenNumber::from_scalar(text, &number) {
                    Some(written) => Self::Number(written),
                    None => Self::Value(number.into()),
                },
                other => Self::Value(other),
            }),
            Content::List(items) => {
                items.iter().map(|item| Self::new(source, item)).collect::<Result<_, _>>().map(Self::List)
            }
            Content::Mapping(_) => {
                let entry = |entry: value::MappingEntry<'_>| {
                    let key = TemplateText::new(source, entry.key.at, entry.name);
                    Ok((key, Self::new(source, entry.value)?))
                };
                value::entries(node)?.into_iter().map(entry).collect::<Result<_, _>>().map(Self::Mapping)
            }
        }
    }

    /// The value, if no part of it is a template.
    pub fn fixed(&self) -> Option<Value> {
        match self {
            Self::Value(value) => Some(value.clone()),
            Self::Number(written) => Some(written.number.clone().into()),
            Self::Text(text) => text.plain().map(Value::from),
            Self::List(items) => items.iter().map(Self::fixed).collect::<Option<Vec<_>>>().map(Value::from),
            Self::Mapping(entries) => {
                let entry = |(key, value): &(TemplateText, Self)| Some((key.plain()?.to_owned(), value.fixed()?));
                entries.iter().map(entry).collect::<Option<Map<_, _>>>().map(Value::from)
            }
        }
    }

    /// The place of the first text in it.
    pub fn location(&self) -> Option<Location> {
        let mut location = None;
        self.each_text(&mut |text| {
            location.get_or_insert_with(|| text.location());
        });
        location
    }

    /// The value of a key of a mapping.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Mapping(entries) = self else { return None };
        entries.iter().find(|(key, _)| key.plain() == Some(name)).map(|(_, value)| value)
    }

    /// Calls `visit` with each text, keys included.
    pub fn each_text(&self, visit: &mut impl FnMut(&TemplateText)) {
        match self {
            Self::Value(_) | Self::Number(_) => {}
            Self::Text(text) => visit(text),
            Self::List(items) => items.iter().for_each(|item| item.each_text(visit)),
            Self::Mapping(entries) => entries.iter().for_each(|(key, value)| {
                visit(key);
                value.each_text(visit);
            }),
        }
    }
}
