//! What the descriptor makes of a parameter's text.
//!
//! The descriptor decides, never the look of the text: `name=123` is text for a text field, and in `labels=[1.10,no]`
//! every item is typed by what an item is. Where the descriptor leaves it open (below a `google.protobuf.Struct`),
//! only `true`, `false`, `null` and whole numbers are more than text: `110` is a number, and the versions `1.9` and
//! `1.10` are texts. Text that begins with `[`, `{` or `"` is YAML or JSON, whose words are typed by the same rule.
//! Quotes make text of anything: `tags.n="110"`. For other numbers there are files and `-j`.

use std::rc::Rc;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::LIMITS;
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::field_path::Segment;
use crate::schema::well_known::WellKnown;
use crate::yaml::{Content, Documents, Node, parse_json, value};

/// What is wrong with a parameter; never tells its value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Steps below the parameter's own path, the last first.
    pub inside: Vec<Segment>,
    pub message: String,
    pub hint: Option<String>,
}

impl Wrong {
    pub fn new(message: impl Into<String>) -> Self {
        Self { inside: Vec::new(), message: message.into(), hint: None }
    }

    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn below(mut self, segment: Segment) -> Self {
        self.inside.push(segment);
        self
    }
}

/// What a place in a request can hold. The well-known types are what their JSON form is
/// (<https://protobuf.dev/programming-guides/json/>): a wrapper is what it wraps, a Struct a mapping.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Anything but a message.
    Scalar(Kind),
    /// Timestamp, Duration, FieldMask: text, whose form the codec checks.
    Verbatim,
    Message(MessageDescriptor),
    Mapping {
        key: Kind,
        value: Box<Shape>,
    },
    List(Box<Shape>),
    /// Whatever JSON can say.
    Free,
}

impl Shape {
    /// What the request holds at `path`.
    pub fn at(request: &MessageDescriptor, path: &[String]) -> Result<Self, Wrong> {
        path.iter().try_fold(Self::of_kind(Kind::Message(request.clone())), |shape, name| shape.step(name))
    }

    /// What stands under `name` in it.
    pub fn step(self, name: &str) -> Result<Self, Wrong> {
        match self {
            Self::Message(message) => field(&message, name).map(|field| Self::of_field(&field)),
            Self::Mapping { key, value } => {
                scalar(&key, name)?;
                Ok(*value)
            }
            Self::Free => Ok(Self::Free),
            Self::List(_) => Err(Wrong::new("a list is set whole").hint("write all its items: KEY=[a,b]")),
            Self::Scalar(_) | Self::Verbatim => {
                Err(Wrong::new(format!("`{name}` has no place below a field that is {}", self.expected())))
            }
        }
    }

    fn of_field(field: &FieldDescriptor) -> Self {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => Self::Mapping {
                key: entry.map_entry_key_field().kind(),
                value: Box::new(Self::of_kind(entry.map_entry_value_field().kind())),
            },
            kind if field.is_list() => Self::List(Box::new(Self::of_kind(kind))),
            kind => Self::of_kind(kind),
        }
    }

    fn of_kind(kind: Kind) -> Self {
        let Kind::Message(message) = kind else { return Self::Scalar(kind) };
        match WellKnown::of(&message) {
            Some(WellKnown::Struct | WellKnown::Any) => {
                Self::Mapping { key: Kind::String, value: Box::new(Self::Free) }
            }
            Some(WellKnown::ListValue) => Self::List(Box::new(Self::Free)),
            Some(WellKnown::Value) => Self::Free,
            Some(WellKnown::Timestamp | WellKnown::Duration | WellKnown::FieldMask) => Self::Verbatim,
            Some(WellKnown::Wrapper(wrapped)) => Self::Scalar(wrapped.kind()),
            None => Self::Message(message),
        }
    }

    /// The value of a parameter's text.
    pub fn value_of(&self, text: &str) -> Result<Value, Wrong> {
        match self {
            Self::Scalar(kind) => scalar(kind, text),
            Self::Verbatim => Ok(text.into()),
            Self::Free if text.starts_with(['[', '{', '"']) => self.value_of_tree(&*parse(text)?),
            Self::Free => Ok(free_scalar(text)),
            Self::Message(_) | Self::Mapping { .. } if text.is_empty() => Ok(Map::new().into()),
            Self::List(_) if text.is_empty() => Ok(Value::Array(Vec::new())),
            _ => self.value_of_tree(&*parse(text)?),
        }
    }

    fn value_of_tree(&self, node: &Node) -> Result<Value, Wrong> {
        match (self, &node.content) {
            (Self::Scalar(kind), Content::Scalar { text, .. }) => scalar(kind, text),
            (Self::Verbatim, Content::Scalar { text, .. }) => Ok(text.as_str().into()),
            (Self::Free, Content::Scalar { text, plain: true }) => Ok(free_scalar(text)),
            (Self::Free, Content::Scalar { text, plain: false }) => Ok(text.as_str().into()),
            (Self::Free, Content::List(items)) => list(&Self::Free, items),
            (Self::List(item), Content::List(items)) => list(item, items),
            (Self::Free | Self::Mapping { .. } | Self::Message(_), Content::Mapping(_)) => self.mapping(node),
            _ => Err(Wrong::new(format!("expected {}, found {}", self.expected(), node.kind()))),
        }
    }

    fn mapping(&self, node: &Node) -> Result<Value, Wrong> {
        let entries = value::entries(node).map_err(|fault| Wrong::new(fault.message))?;
        let mut map = Map::with_capacity(entries.len());
        for entry in entries {
            let below = |wrong: Wrong| wrong.below(Segment::Key(entry.name.to_owned()));
            let shape = self.clone().step(entry.name).map_err(below)?;
            // In a message, null is how JSON leaves a field out, whatever the field's type.
            let is_unset = matches!(self, Self::Message(_))
                && matches!(&entry.value.content, Content::Scalar { text, plain: true } if value::is_null(text));
            let value = if is_unset { Value::Null } else { shape.value_of_tree(entry.value).map_err(below)? };
            map.insert(entry.name.to_owned(), value);
        }
        Ok(map.into())
    }

    fn expected(&self) -> String {
        match self {
            Self::Scalar(kind) => expected(kind),
            Self::Verbatim => "text".to_owned(),
            Self::Message(_) | Self::Mapping { .. } => "a mapping, as {a: b}".to_owned(),
            Self::List(_) => "a list, as [a,b]".to_owned(),
            Self::Free => "anything".to_owned(),
        }
    }
}

fn list(item: &Shape, nodes: &[Rc<Node>]) -> Result<Value, Wrong> {
    let typed = |(index, node): (usize, &Rc<Node>)| {
        item.value_of_tree(node).map_err(|wrong| wrong.below(Segment::Index(index)))
    };
    nodes.iter().enumerate().map(typed).collect()
}

fn field(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, Wrong> {
    message.get_field_by_name(name).ok_or_else(|| {
        let fields: Vec<_> = message.fields().collect();
        let hint = hint_at_field(name, fields.iter().map(FieldDescriptor::name));
        Wrong::new(format!("{} has no such field", message.name())).hint(hint)
    })
}

/// One YAML or JSON value on its own; JSON first, whose escapes YAML does not know all of.
fn parse(text: &str) -> Result<Rc<Node>, Wrong> {
    if let Ok(tree) = parse_json(text, LIMITS) {
        return Ok(tree);
    }
    let mut documents = Documents::new(text, LIMITS).map_err(|fault| Wrong::new(fault.message))?;
    match documents.next() {
        None => Err(Wrong::new("expected a value, found nothing")),
        Some(Err(fault)) => Err(Wrong::new(fault.message).hint("quote text that begins with [, { or \"")),
        Some(Ok(tree)) => match documents.next() {
            None => Ok(tree),
            Some(_) => Err(Wrong::new("expected one value, found more behind it")),
        },
    }
}

/// What an unquoted word is where the descriptor leaves it open.
pub fn free_scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => whole_number(text).map_or_else(|| text.into(), Value::from),
    }
}

/// The whole number that `text` writes, if a Struct, whose numbers are doubles, holds it exactly and it is written in
/// no other way: `007` and `+1` are text.
fn whole_number(text: &str) -> Option<i64> {
    const EXACT: u64 = 1 << 53;
    text.parse().ok().filter(|number: &i64| number.unsigned_abs() <= EXACT && number.to_string() == text)
}

fn scalar(kind: &Kind, text: &str) -> Result<Value, Wrong> {
    let value = match kind {
        // Base64, which the codec decodes.
        Kind::String | Kind::Bytes => Some(text.into()),
        Kind::Bool => text.parse::<bool>().ok().map(Value::from),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => text.parse::<i32>().ok().map(Value::from),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => text.parse::<i64>().ok().map(Value::from),
        Kind::Uint32 | Kind::Fixed32 => text.parse::<u32>().ok().map(Value::from),
        Kind::Uint64 | Kind::Fixed64 => text.parse::<u64>().ok().map(Value::from),
        Kind::Float => text.parse::<f32>().ok().filter(|float| float.is_finite()).and_then(|_| double(text)),
        Kind::Double => double(text),
        Kind::Enum(descriptor) => return enum_value(descriptor, text),
        Kind::Message(_) => None,
    };
    value.ok_or_else(|| Wrong::new(format!("expected {}", expected(kind))))
}

fn double(text: &str) -> Option<Value> {
    text.parse::<f64>().ok().filter(|double| double.is_finite()).map(Value::from)
}

fn enum_value(descriptor: &EnumDescriptor, text: &str) -> Result<Value, Wrong> {
    let by_number = || descriptor.get_value(text.parse().ok()?);
    if let Some(known) = descriptor.get_value_by_name(text).or_else(by_number) {
        return Ok(known.name().into());
    }
    let names: Vec<_> = descriptor.values().collect();
    let names = || names.iter().map(|value| value.name());
    let wrong = Wrong::new(format!("no such value of {}", descriptor.name()));
    Err(match nearest(text, names()) {
        Some(near) => wrong.hint(format!("did you mean {near}?")),
        None => wrong.hint(format!("one of {}", names().collect::<Vec<_>>().join(", "))),
    })
}

fn expected(kind: &Kind) -> String {
    let whole =
        |from: &dyn std::fmt::Display, to: &dyn std::fmt::Display| format!("a whole number from {from} to {to}");
    match kind {
        Kind::String => "text".to_owned(),
        Kind::Bytes => "base64 text".to_owned(),
        Kind::Bool => "true or false".to_owned(),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => whole(&i32::MIN, &i32::MAX),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => whole(&i64::MIN, &i64::MAX),
        Kind::Uint32 | Kind::Fixed32 => whole(&u32::MIN, &u32::MAX),
        Kind::Uint64 | Kind::Fixed64 => whole(&u64::MIN, &u64::MAX),
        Kind::Float | Kind::Double => "a number".to_owned(),
        Kind::Enum(descriptor) => format!("a value of {}", descriptor.name()),
        Kind::Message(_) => "a mapping".to_owned(),
    }
}
