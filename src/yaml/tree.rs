//! A document as written: scalars as their text, every part with its place, aliases shared instead of copied.
//!
//! Both syntaxes build it, and values, positions and typed parameters are all read off it, so that no two readers can
//! disagree on what a text says. The [`Builder`] holds the limits, and holds them before anything is expanded.

use std::collections::HashMap;
use std::rc::Rc;

use crate::error::{Error, Location};

/// How much is read from one text.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The deepest nesting, counted through aliases. Recursion over a tree is safe because of it, so keep it small.
    pub depth: usize,
    /// What a text may weigh once its aliases are expanded, in bytes of memory, roughly.
    pub weight: usize,
}

/// What a part costs beside its text: about what one entry of a `serde_json` map takes.
const PART_WEIGHT: usize = 64;

/// A place in a text; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    pub line: usize,
    pub column: usize,
}

impl Mark {
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place of the byte `offset` of `text`.
    pub fn of_offset(text: &str, offset: usize) -> Self {
        let mut mark = Self::START;
        mark.advance(&text[..offset]);
        mark
    }

    /// Moves behind `passed`.
    pub fn advance(&mut self, passed: &str) {
        let rest = match passed.rfind('\n') {
            None => passed,
            Some(end) => {
                self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
                self.column = 1;
                &passed[end + 1..]
            }
        };
        self.column += rest.chars().count();
    }

    pub fn in_source(self, source: &str) -> Location {
        Location { source: source.to_owned(), line: self.line, column: self.column }
    }
}

/// What is decided by about a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Something else stands where a mapping has to.
    NotAMapping,
    /// A mapping has the same key twice.
    KeyGivenTwice,
    /// Whatever else makes a text unreadable.
    Other,
}

/// Why a text cannot be read, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub at: Mark,
    pub kind: FaultKind,
    pub message: String,
    pub hint: Option<&'static str>,
}

impl Fault {
    pub fn new(at: Mark, message: impl Into<String>) -> Self {
        Self { at, kind: FaultKind::Other, message: message.into(), hint: None }
    }

    pub fn of_kind(mut self, kind: FaultKind) -> Self {
        self.kind = kind;
        self
    }

    pub fn hint(mut self, hint: &'static str) -> Self {
        self.hint = Some(hint);
        self
    }

    /// The fault as the error of the file or argument `source`; `kind` is one of the constructors of [`Error`].
    pub fn into_error(self, kind: impl FnOnce(String) -> Error, source: &str) -> Error {
        let error = kind(self.message).at(Some(self.at.in_source(source)));
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// One part of a document.
#[derive(Debug)]
pub struct Node {
    pub at: Mark,
    pub content: Content,
}

#[derive(Debug)]
pub enum Content {
    /// `plain`: not quoted and no block scalar, so that the schema decides what it is.
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Rc<Node>>),
    /// Keys and values in the order of the text; keys may repeat.
    Mapping(Vec<(Rc<Node>, Rc<Node>)>),
}

impl Node {
    /// What it is, for people.
    pub fn kind(&self) -> &'static str {
        match &self.content {
            Content::Scalar { .. } => "a single value",
            Content::List(_) => "a list",
            Content::Mapping(_) => "a mapping",
        }
    }
}

/// Builds one tree after another from the events of a text.
#[derive(Debug)]
pub struct Builder {
    limits: Limits,
    open: Vec<Open>,
    root: Option<Rc<Node>>,
    anchors: HashMap<usize, Anchored>,
    /// Of the whole file, aliases expanded.
    weight: usize,
}

/// A list or a mapping whose end has not come yet.
#[derive(Debug)]
struct Open {
    at: Mark,
    anchor: usize,
    is_mapping: bool,
    parts: Vec<Rc<Node>>,
    /// The file's weight before it.
    weight_before: usize,
    /// Levels below it, so far.
    height: usize,
}

#[derive(Debug)]
struct Anchored {
    node: Rc<Node>,
    weight: usize,
    /// Levels of nesting that it brings along: 0 for a scalar.
    height: usize,
}

impl Builder {
    pub fn new(limits: Limits) -> Self {
        Self { limits, open: Vec::new(), root: None, anchors: HashMap::new(), weight: 0 }
    }

    /// Adds a scalar; `anchor` is 0 for none, here and below.
    pub fn scalar(&mut self, at: Mark, text: String, plain: bool, anchor: usize) -> Result<(), Fault> {
        let weight = PART_WEIGHT + text.len();
        self.charge(at, weight)?;
        let node = Rc::new(Node { at, content: Content::Scalar { text, plain } });
        self.finish(Anchored { node, weight, height: 0 }, anchor);
        Ok(())
    }

    pub fn open(&mut self, at: Mark, is_mapping: bool, anchor: usize) -> Result<(), Fault> {
        self.check_depth(at, 1)?;
        let weight_before = self.weight;
        self.charge(at, PART_WEIGHT)?;
        self.open.push(Open { at, anchor, is_mapping, parts: Vec::new(), weight_before, height: 0 });
        Ok(())
    }

    pub fn close(&mut self) {
        let Some(Open { at, anchor, is_mapping, parts, weight_before, height }) = self.open.pop() else { return };
        let content = if is_mapping {
            let mut parts = parts.into_iter();
            let pairs = std::iter::from_fn(|| Some((parts.next()?, parts.next()?)));
            Content::Mapping(pairs.collect())
        } else {
            Content::List(parts)
        };
        let node = Rc::new(Node { at, content });
        self.finish(Anchored { node, weight: self.weight - weight_before, height: height + 1 }, anchor);
    }

    pub fn alias(&mut self, at: Mark, anchor: usize) -> Result<(), Fault> {
        let Some(Anchored { node, weight, height }) = self.anchors.get(&anchor) else {
            return Err(Fault::new(at, "the alias stands inside of what it points at, which never ends"));
        };
        let (node, weight, height) = (Rc::clone(node), *weight, *height);
        self.charge(at, weight)?;
        self.check_depth(at, height)?;
        self.finish(Anchored { node, weight, height }, 0);
        Ok(())
    }

    /// The tree that is complete, if there is one; anchors do not outlive their document.
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

    fn charge(&mut self, at: Mark, weight: usize) -> Result<(), Fault> {
        self.weight = self.weight.saturating_add(weight);
        if self.weight > self.limits.weight {
            let message = format!("more than {} MiB with its aliases expanded", self.limits.weight >> 20);
            return Err(Fault::new(at, message).hint("split the file, or repeat less of it by aliases"));
        }
        Ok(())
    }

    fn check_depth(&self, at: Mark, more: usize) -> Result<(), Fault> {
        if self.open.len() + more > self.limits.depth { Err(self.too_deep(at)) } else { Ok(()) }
    }

    /// The fault that `at` is nested too deep.
    pub fn too_deep(&self, at: Mark) -> Fault {
        Fault::new(at, format!("nested more than {} levels deep", self.limits.depth))
    }

    /// Where the innermost list or mapping begins whose end has not come yet.
    pub fn innermost(&self) -> Option<Mark> {
        self.open.last().map(|open| open.at)
    }

    /// Whether a part that comes now is the value of a key, and where that key stands.
    pub fn key_before(&self) -> Option<Mark> {
        let parent = self.open.last().filter(|open| open.is_mapping && open.parts.len() % 2 == 1)?;
        parent.parts.last().map(|key| key.at)
    }
}
