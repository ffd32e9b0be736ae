//! `-p KEY=VALUE`: one value, set at one path.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use prost_reflect::{Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::MAX_DEPTH;
use super::source::{self, Stdin, Syntax, Text};
use super::typing::{Shape, Wrong};
use crate::error::{Error, Result};
use crate::schema::field_path::{FieldPath, Segment};
use crate::yaml::{Fault, value};

/// A parameter whose value waits for the descriptor.
#[derive(Debug)]
pub struct Param {
    /// The key as it was written.
    pub key: String,
    /// The key's segments, at least one.
    pub path: Vec<String>,
    given: Given,
}

#[derive(Debug)]
enum Given {
    Text(String),
    /// `@file`, read already so that nothing is sent before all is known to be readable.
    File {
        name: String,
        bytes: Vec<u8>,
    },
}

impl Param {
    /// Reads `KEY=VALUE`. The key ends at the first `=`; its segments are parted by `.`, and `\.` is a dot within one.
    /// `@FILE` is the file's content, `@-` that of standard input, `@@TEXT` the text `@TEXT`.
    ///
    /// # Errors
    /// Keys without a value, with an empty segment or with more segments than a file may have levels, and files that
    /// cannot be read.
    pub fn read(argument: &str, stdin: &mut Stdin<'_>) -> Result<Self> {
        let Some((key, value)) = argument.split_once('=') else {
            // Not echoed: it may be a value whose key was forgotten.
            return Err(Error::usage("-p takes KEY=VALUE, and there is no =").hint("write -p KEY= for an empty value"));
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
            Some("-") => Given::File { name: "stdin".to_owned(), bytes: stdin.read().map_err(|e| within(e, key))? },
            Some(file) => {
                let bytes = source::read_file(file).map_err(|error| within(error, key))?;
                Given::File { name: file.to_owned(), bytes }
            }
        };
        Ok(Self { key: key.to_owned(), path, given })
    }

    /// Whether it sets nothing.
    pub fn is_empty(&self) -> bool {
        match &self.given {
            Given::Text(text) => matches!(text.as_str(), "" | "null" | "{}" | "[]"),
            Given::File { bytes, .. } => bytes.is_empty(),
        }
    }

    /// Sets the value at `path`, which is the parameter's own or what it came to mean in `request`.
    pub fn apply(&self, path: &[String], request: &MessageDescriptor, values: &mut Map<String, Value>) -> Result<()> {
        let shape = Shape::at(request, path).map_err(|wrong| self.error(wrong))?;
        let value = match &self.given {
            Given::Text(text) => shape.value_of(text).map_err(|wrong| self.error(wrong))?,
            Given::File { name, bytes } => self.value_of_file(&shape, name, bytes)?,
        };
        // The value has levels of its own.
        if path.len() + height(&value) > MAX_DEPTH {
            return Err(self.error(Wrong::new(format!("nested more than {MAX_DEPTH} levels deep"))));
        }
        set(values, path, value).map_err(|wrong| self.error(wrong))
    }

    /// A file is raw for bytes and verbatim for text. Where there can be more it is YAML or JSON, read as a spec is;
    /// where there can be anything, its name says whether it is that or text.
    fn value_of_file(&self, shape: &Shape, name: &str, bytes: &[u8]) -> Result<Value> {
        if let Shape::Scalar(Kind::Bytes) = shape {
            return Ok(BASE64_STANDARD.encode(bytes).into());
        }
        let text = Text::of_bytes(name.to_owned(), bytes.to_vec()).map_err(|error| within(error, &self.key))?;
        match shape {
            Shape::Scalar(Kind::String) => Ok(text.content.into()),
            Shape::Free if Syntax::of_file(name).is_none() => Ok(text.content.into()),
            Shape::Scalar(_) | Shape::Verbatim => {
                shape.value_of(text.content.trim_end()).map_err(|wrong| self.error(wrong))
            }
            _ => self.only_document(&text),
        }
    }

    fn only_document(&self, text: &Text) -> Result<Value> {
        let failed = |fault: Fault| within(fault.into_error(Error::local, &text.name), &self.key);
        let mut documents = text.documents();
        let value = match documents.next() {
            None => return Err(self.error(Wrong::new(format!("{} is empty", text.name)))),
            Some(tree) => tree.and_then(|tree| value::of(&tree)).map_err(failed)?,
        };
        match documents.next() {
            None => Ok(value),
            Some(Err(fault)) => Err(failed(fault)),
            Some(Ok(_)) => Err(self.error(Wrong::new(format!("{} holds more than one document", text.name)))),
        }
    }

    fn error(&self, wrong: Wrong) -> Error {
        let mut path = FieldPath(self.path.iter().cloned().map(Segment::Key).collect());
        path.0.extend(wrong.inside.into_iter().rev());
        let error = Error::usage(format!("-p {path}: {}", wrong.message));
        match wrong.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

fn within(error: Error, key: &str) -> Error {
    error.context(format!("-p {key}"))
}

/// Splits a key at its dots; a backslash in front of a dot or a backslash takes away its meaning.
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

/// The levels of mappings and lists in `value`: 0 for a single value.
fn height(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(height).max().unwrap_or(0),
        Value::Object(map) => 1 + map.values().map(height).max().unwrap_or(0),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

/// Puts `value` at `path`, with the mappings on the way that are missing.
fn set(values: &mut Map<String, Value>, path: &[String], value: Value) -> Result<(), Wrong> {
    let Some((last, parents)) = path.split_last() else { return Ok(()) };
    let mut map = values;
    for name in parents {
        let below = map.entry(name.as_str()).or_insert(Value::Null);
        if below.is_null() {
            *below = Map::new().into();
        }
        let Value::Object(object) = below else {
            let hint = format!("set `{name}` whole, or make it a mapping where it comes from");
            return Err(Wrong::new(format!("`{name}` is no mapping, so that nothing can be set below it")).hint(hint));
        };
        map = object;
    }
    map.insert(last.clone(), value);
    Ok(())
}
