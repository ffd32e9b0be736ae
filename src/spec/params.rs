//! Parameters: `-p KEY=VALUE` sets one value at one path.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::source::{MAX_DEPTH, SourceText, Stdin, Syntax};
use super::typing::{FieldShape, ValueError};
use crate::error::{Error, Result};
use crate::schema::field_path::{FieldPath, Segment};
use crate::yaml::{YamlError, value};

/// A parameter whose value the descriptor will type.
#[derive(Debug)]
pub struct Param {
    /// As written.
    pub key: String,
    /// The key's segments, at least one.
    pub path: Vec<String>,
    given: Given,
}

#[derive(Debug)]
enum Given {
    Text(String),
    /// `@FILE`, read at once, so that nothing is sent before all files are known to be readable.
    File {
        name: String,
        bytes: Vec<u8>,
    },
}

impl Param {
    /// A top-level field's text.
    pub fn from_text(name: &str, text: &str) -> Self {
        Self { key: name.to_owned(), path: vec![name.to_owned()], given: Given::Text(text.to_owned()) }
    }

    /// Parses `KEY=VALUE`. The key ends at the first `=`; `.` separates its segments, and `\.` is a dot within one.
    /// `@FILE` is a file's content, `@-` standard input's, `@@TEXT` the text `@TEXT`.
    pub fn read(argument: &str, stdin: &mut Stdin<'_>) -> Result<Self> {
        let Some((key, value)) = argument.split_once('=') else {
            // Not echoed: it may be a value whose key was forgotten.
            return Err(Error::usage("-p needs KEY=VALUE: the = is missing").hint("write -p KEY= for an empty value"));
        };
        let path = segments(key);
        if path.iter().any(String::is_empty) {
            return Err(Error::usage(format!("-p {key}: a part of the key is empty")).hint("write \\. for a dot in it"));
        }
        if path.len() > MAX_DEPTH {
            return Err(Error::usage(format!(
                "-p: a key of {} parts, where at most {MAX_DEPTH} can be sent",
                path.len()
            )));
        }
        let given = match value.strip_prefix('@') {
            None => Given::Text(value.to_owned()),
            Some(text) if text.starts_with('@') => Given::Text(text.to_owned()),
            Some(file) => {
                let (name, bytes) = stdin.read_or_file(file).map_err(|error| within(error, key))?;
                Given::File { name, bytes }
            }
        };
        Ok(Self { key: key.to_owned(), path, given })
    }

    pub fn is_empty(&self) -> bool {
        match &self.given {
            Given::Text(text) => matches!(text.as_str(), "" | "null" | "{}" | "[]"),
            Given::File { bytes, .. } => bytes.is_empty(),
        }
    }

    /// Sets the value at `path`, which is the parameter's own after translation.
    pub fn apply(&self, path: &[String], request: &MessageDescriptor, values: &mut Map<String, Value>) -> Result<()> {
        let shape = FieldShape::at(request, path).map_err(|wrong| self.error(wrong))?;
        let value = match &self.given {
            Given::Text(text) => shape.value_of(text).map_err(|wrong| self.error(wrong))?,
            Given::File { name, bytes } => self.value_of_file(&shape, name, bytes)?,
        };
        if path.len() + height(&value) > MAX_DEPTH {
            return Err(self.error(ValueError::new(format!("nested more than {MAX_DEPTH} levels deep"))));
        }
        set(values, path, value).map_err(|wrong| self.error(wrong))
    }

    /// A file is raw for bytes and verbatim for text; elsewhere it is YAML or JSON. For a free-form value its name
    /// decides between text and YAML.
    fn value_of_file(&self, shape: &FieldShape, name: &str, bytes: &[u8]) -> Result<Value> {
        if let FieldShape::Scalar(Kind::Bytes) = shape {
            return Ok(BASE64_STANDARD.encode(bytes).into());
        }
        let text = SourceText::of_bytes(name.to_owned(), bytes.to_vec()).map_err(|error| within(error, &self.key))?;
        match shape {
            FieldShape::Scalar(Kind::String) => Ok(text.content.into()),
            FieldShape::Free if Syntax::of_file(name).is_none() => Ok(text.content.into()),
            FieldShape::Scalar(_) | FieldShape::Verbatim => {
                shape.value_of(text.content.trim_end()).map_err(|wrong| self.error(wrong))
            }
            _ => self.only_document(&text),
        }
    }

    fn only_document(&self, text: &SourceText) -> Result<Value> {
        let failed = |fault: YamlError| within(fault.into_error(Error::local, &text.name), &self.key);
        let documents: Vec<_> = text.documents().take(2).collect::<Result<_, _>>().map_err(failed)?;
        match &documents[..] {
            [tree] => value::of(tree).map_err(failed),
            [] => Err(self.error(ValueError::new(format!("{} is empty", text.name)))),
            _ => Err(self.error(ValueError::new(format!("{} holds more than one document", text.name)))),
        }
    }

    fn error(&self, wrong: ValueError) -> Error {
        let mut path = FieldPath(self.path.iter().cloned().map(Segment::Key).collect());
        path.0.extend(wrong.inside.into_iter().rev());
        Error::usage(format!("-p {path}: {}", wrong.message)).hints(wrong.hint)
    }
}

fn within(error: Error, key: &str) -> Error {
    error.context(format!("-p {key}"))
}

/// Splits a key at its dots; a backslash escapes a dot or a backslash.
fn segments(key: &str) -> Vec<String> {
    let mut segments = Vec::new();
    let mut segment = String::new();
    let mut chars = key.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => segment.push(chars.next_if(|next| matches!(next, '.' | '\\')).unwrap_or('\\')),
            '.' => segments.push(std::mem::take(&mut segment)),
            _ => segment.push(c),
        }
    }
    segments.push(segment);
    segments
}

/// The nesting of `value`: 0 for a single value.
fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(height).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Sets `value` at `path`, creating missing mappings on the way.
fn set(values: &mut Map<String, Value>, path: &[String], value: Value) -> Result<(), ValueError> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut map = values;
    for name in parents {
        let below = map.entry(name.as_str()).or_insert(Value::Null);
        if below.is_null() {
            *below = Map::new().into();
        }
        let Value::Object(object) = below else {
            let hint = format!("set `{name}` whole, or make it a mapping where it comes from");
            return Err(ValueError::new(format!("`{name}` is not a mapping: nothing can be set below it")).hint(hint));
        };
        map = object;
    }
    map.insert(last.clone(), value);
    Ok(())
}
