//! Specs: inputs become one request value whose parts know their source.
//!
//! [`read`] needs neither network nor descriptors, so that a mistake in the last of a hundred documents is found before
//! the first is sent. [`Draft::resolve`] then makes each document the request of one method. Encoding is the codec's.

mod draft;
mod image_warnings;
mod params;
pub(crate) mod precision_loss;
mod request;
mod required_fields;
pub(crate) mod source;
pub(crate) mod spans;
mod target;
pub(crate) mod translate;
pub(crate) mod typing;

use std::io::Read;
use std::rc::Rc;

pub use draft::{Draft, Resolved};
pub use request::SpecRequest;
pub use required_fields::{missing, needed};
pub use spans::SpanPart;
pub use target::{RequestTarget, SpecWarning};
pub use translate::RejectedField;

use crate::error::{Error, Result};
use crate::yaml::{self, Node, YamlError, value};
use params::Param;
use request::{JSON_SOURCE, Overrides, SpecDocument};
use source::{SourceText, Stdin, limits};

/// The request's inputs on the command line.
#[derive(Clone, Debug, Default)]
pub struct Inputs {
    /// `-f`: files, directories, or `-` for standard input.
    pub files: Vec<String>,
    /// `-j`: a JSON object.
    pub json: Option<String>,
    /// `-p`: `KEY=VALUE`.
    pub params: Vec<String>,
}

/// Reads all inputs: one draft per document in the order given, or an empty one without files. Files are YAML 1.2, or
/// JSON if their names end in `.json`, and hold any number of documents.
///
/// # Errors
/// The first input that cannot be read, with its place. Files beyond 32 MiB, documents deeper than 34 levels, and
/// aliases that lead back to themselves or expand beyond that are refused before they take memory.
pub fn read(inputs: &Inputs, stdin: &mut dyn Read) -> Result<Vec<Draft>> {
    read_with(inputs, stdin, |_, _| ())
}

/// Reads as [`read`] does and passes the name and bytes of each file to `on_file`: a pipe can be read only once, and a
/// file can change.
pub fn read_with(inputs: &Inputs, stdin: &mut dyn Read, mut on_file: impl FnMut(&str, &[u8])) -> Result<Vec<Draft>> {
    let mut stdin = Stdin::new(stdin);
    let json = inputs.json.as_deref().map(read_json).transpose()?;
    let params = inputs.params.iter().map(|param| Param::read(param, &mut stdin)).collect::<Result<_>>()?;
    let overrides = Rc::new(Overrides { json, params });
    if inputs.files.is_empty() {
        return Ok(vec![Draft { document: None, overrides }]);
    }
    let mut drafts = Vec::new();
    for argument in &inputs.files {
        for file in source::files(argument)? {
            let (name, bytes) = stdin.read_or_file(&file)?;
            on_file(&name, &bytes);
            read_documents(&SourceText::of_bytes(name, bytes)?, &overrides, &mut drafts)?;
        }
    }
    Ok(drafts)
}

fn read_documents(text: &SourceText, overrides: &Rc<Overrides>, drafts: &mut Vec<Draft>) -> Result<()> {
    let read = |tree: Result<Rc<Node>, YamlError>| {
        let tree = tree?;
        Ok((value::mapping(&tree)?, tree))
    };
    let documents: Vec<_> = text
        .documents()
        .map(read)
        .collect::<Result<_, _>>()
        .map_err(|fault: YamlError| fault.into_error(Error::local, &text.name))?;
    if documents.is_empty() {
        return Err(Error::local(format!("{} holds no document: it is empty or has only comments", text.name)));
    }
    let source: Rc<str> = text.name.as_str().into();
    let is_alone = documents.len() == 1;
    drafts.extend(documents.into_iter().enumerate().map(|(index, (value, tree))| {
        let document = SpecDocument { source: Rc::clone(&source), tree, value, index, is_alone };
        Draft { document: Some(document), overrides: Rc::clone(overrides) }
    }));
    Ok(())
}

fn read_json(argument: &str) -> Result<SpecDocument> {
    let read = || {
        let tree = yaml::parse_json(argument, limits(argument.len()))?;
        Ok(SpecDocument { source: JSON_SOURCE.into(), value: value::mapping(&tree)?, tree, index: 0, is_alone: true })
    };
    read().map_err(|fault: YamlError| fault.into_error(Error::usage, JSON_SOURCE))
}

#[cfg(test)]
mod tests;
