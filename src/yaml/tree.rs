//! A document as written: scalars as text, each node with its place.
//!
//! Values, places and typed parameters are all read from it, so that no two readers disagree. The [`TreeBuilder`]
//! checks the [`Limits`] before anything is expanded.

use std::borrow::Cow;
use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Error, Location};

/// The limits for one text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The deepest nesting, counted through aliases. Recursion over a tree relies on it, so keep it small.
    pub depth: usize,
    /// The approximate memory in bytes of the tree and its values, with all aliases expanded.
    pub weight: usize,
}

/// The memory of a node and of the value that is made of it, beside their texts: 64 and 8 to 16 bytes for the node in
/// its list, 72 for a `serde_json` value in a list, 60 for half an entry of a map.
const PART_WEIGHT: usize = 152;
/// The memory of a text beside its bytes: what the allocator adds, and rounds up.
const TEXT_WEIGHT: usize = 24;

/// A place in a text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
}

impl Mark {
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place of the byte `offset` of `text`.
    pub fn from_offset(text: &str, offset: usize) -> Self {
        let before = &text[..offset];
        let line = &before[before.rfind('\n').map_or(0, |end| end + 1)..];
        Self { line: before.matches('\n').count() + 1, column: line.chars().count() + 1 }
    }

    pub fn in_source(self, source: &str) -> Location {
        Location { source: source.to_owned(), line: self.line, column: self.column }
    }
}

/// The faults that callers tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YamlErrorKind {
    NotAMapping,
    KeyGivenTwice,
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    pub at: Mark,
    pub kind: YamlErrorKind,
    pub message: String,
    pub hint: Option<Cow<'static, str>>,
}

impl YamlError {
    pub fn new(at: Mark, message: impl Into<String>) -> Self {
        Self { at, kind: YamlErrorKind::Other, message: message.into(), hint: None }
    }

    pub fn of_kind(mut self, kind: YamlErrorKind) -> Self {
        self.kind = kind;
        self
    }

    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The error of the file or argument `source`; `kind` is a constructor of [`Error`].
    pub fn into_error(self, kind: impl FnOnce(String) -> Error, source: &str) -> Error {
        kind(self.message).at(Some(self.at.in_source(source))).hints(self.hint)
    }
}

/// A part of a document.
#[derive(Debug)]
pub struct Node {
    pub at: Mark,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    /// `plain`: neither quoted nor a block scalar, so that the schema decides its type.
    Scalar {
        text: Box<str>,
        plain: bool,
    },
    List(Box<[Rc<Node>]>),
    /// In the order of the text; keys may repeat.
    Mapping(Box<[(Rc<Node>, Rc<Node>)]>),
}

impl Node {
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }
}

/// Builds one tree after another from parser events.
#[derive(Debug)]
pub struct TreeBuilder {
    limits: Limits,
    open: Vec<Open>,
    root: Option<Rc<Node>>,
    anchors: HashMap<usize, Anchored>,
    /// The weight of the whole file, aliases expanded.
    weight: usize,
}

/// A list or mapping without its end yet.
#[derive(Debug)]
struct Open {
    at: Mark,
    anchor: usize,
    is_mapping: bool,
    parts: Vec<Rc<Node>>,
    weight_before: usize,
    /// The levels below it so far.
    height: usize,
}

#[derive(Debug)]
struct Anchored {
    node: Rc<Node>,
    weight: usize,
    /// The levels of nesting: 0 for a scalar.
    height: usize,
}

impl TreeBuilder {
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Vec::new(), root: None, anchors: HashMap::new(), weight: 0 }
    }

    /// Adds a scalar. `anchor` is 0 for none, here and below.
    pub fn scalar(&mut self, at: Mark, text: Cow<'_, str>, plain: bool, anchor: usize) -> Result<(), YamlError> {
        // Once in the node, and once in the value.
        let weight = PART_WEIGHT + 2 * if text.is_empty() { 0 } else { TEXT_WEIGHT + text.len() };
        self.charge(at, weight)?;
        let text = text.into();
        let node = Rc::new(Node { at, content: Content::Scalar { text, plain } });
        self.finish(Anchored { node, weight, height: 0 }, anchor);
        Ok(())
    }

    pub fn open(&mut self, at: Mark, is_mapping: bool, anchor: usize) -> Result<(), YamlError> {
        self.check_depth(at, 1)?;
        let weight_before = self.weight;
        self.charge(at, PART_WEIGHT)?;
        self.open.push(Open { at, anchor, is_mapping, parts: Vec::new(), weight_before, height: 0 });
        Ok(())
    }

    pub fn close(&mut self) {
        let Some(Open { at, anchor, is_mapping, parts, weight_before, height }) = self.open.pop() else { return };
        let content = if is_mapping {
            let mut pairs = Vec::with_capacity(parts.len() / 2);
            let mut parts = parts.into_iter();
            pairs.extend(std::iter::from_fn(|| Some((parts.next()?, parts.next()?))));
            Content::Mapping(pairs.into())
        } else {
            Content::List(parts.into())
        };
        let node = Rc::new(Node { at, content });
        self.finish(Anchored { node, weight: self.weight - weight_before, height: height + 1 }, anchor);
    }

    pub fn alias(&mut self, at: Mark, anchor: usize) -> Result<(), YamlError> {
        let Some(Anchored { node, weight, height }) = self.anchors.get(&anchor) else {
            return Err(YamlError::new(at, "the alias is inside of its own anchor, which never ends"));
        };
        let (node, weight, height) = (Rc::clone(node), *weight, *height);
        self.charge(at, weight)?;
        self.check_depth(at, height)?;
        self.finish(Anchored { node, weight, height }, 0);
        Ok(())
    }

    /// The complete tree, if there is one; anchors end with their document.
    pub fn take(&mut self) -> Option<Rc<Node>> {
        self.anchors.clear();
        self.root.take()
    }

    fn finish(&mut self, part: Anchored, anchor: usize) {
        match self.open.last_mut() {
            Some(parent) => {
                parent.height = parent.height.max(part.height);
                parent.parts.push(Rc::clone(&part.node));
            }
            None => self.root = Some(Rc::clone(&part.node)),
        }
        if anchor != 0 {
            self.anchors.insert(anchor, part);
        }
    }

    fn charge(&mut self, at: Mark, weight: usize) -> Result<(), YamlError> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > self.limits.weight {
            let message = format!("more than {} MiB with its aliases expanded", self.limits.weight >> 20);
            return Err(YamlError::new(at, message).hint("split the file, or repeat less of it by aliases"));
        }
        Ok(())
    }

    fn check_depth(&self, at: Mark, more: usize) -> Result<(), YamlError> {
        if self.open.len() + more > self.limits.depth { Err(self.too_deep(at)) } else { Ok(()) }
    }

    pub fn too_deep(&self, at: Mark) -> YamlError {
        YamlError::new(at, format!("nested more than {} levels deep", self.limits.depth))
    }

    /// The place of the innermost list or mapping without its end yet.
    pub fn innermost(&self) -> Option<Mark> {
        self.open.last().map(|open| open.at)
    }

    /// The place of the key whose value comes next, if a value does.
    pub fn key_before(&self) -> Option<Mark> {
        let parent = self.open.last().filter(|open| open.is_mapping && open.parts.len() % 2 == 1)?;
        parent.parts.last().map(|key| key.at)
    }
}
