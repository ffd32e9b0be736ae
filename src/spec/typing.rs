//! Typing of parameters by descriptor.
//!
//! The descriptor decides, never the look of the text: `name=123` is text for a text field, and `labels=[1.10,no]` is
//! typed item by item. Below a free-form field (`google.protobuf.Struct`) only `true`, `false`, `null` and integers are
//! more than text: `110` is a number, and the versions `1.9` and `1.10` are text. Text that begins with `[`, `{` or `"`
//! is YAML or JSON by the same rule, and quotes make text of anything: `tags.n="110"`. For other numbers there are
//! files and `-j`.

use std::rc::Rc;

use prost_reflect::{EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use serde_json::{Map, Value};

use super::source::limits;
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::field_path::Segment;
use crate::schema::well_known::WellKnown;
use crate::yaml::{Content, Node, YamlDocuments, value};

/// Why a parameter's text does not fit; never shows the value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ValueError {
    /// The path below the parameter's own, innermost first.
    pub inside: Vec<Segment>,
    pub message: String,
    pub hint: Option<String>,
}

impl ValueError {
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

/// The type of a value in a request. Well-known types are what their JSON form is
/// (<https://protobuf.dev/programming-guides/json/>): a wrapper is what it wraps, a Struct a mapping.
#[derive(Clone, Debug)]
pub enum FieldShape {
    /// Anything but a message.
    Scalar(Kind),
    /// Timestamp, Duration, FieldMask: text that the codec checks.
    Verbatim,
    Message(MessageDescriptor),
    Mapping {
        key: Kind,
        value: Box<FieldShape>,
    },
    List(Box<FieldShape>),
    /// Any JSON value.
    Free,
}

impl FieldShape {
    pub fn at(request: &MessageDescriptor, path: &[String]) -> Result<Self, ValueError> {
        path.iter().try_fold(Self::of_kind(Kind::Message(request.clone())), |shape, name| shape.step(name))
    }

    /// The type of the value at `name` in it.
    pub fn step(self, name: &str) -> Result<Self, ValueError> {
        match self {
            Self::Message(message) => field(&message, name).map(|field| Self::of_field(&field)),
            Self::Mapping { key, value } => {
                scalar(&key, name)?;
                Ok(*value)
            }
            Self::Free => Ok(Self::Free),
            Self::List(_) => {
                let hint = "write all its items: KEY=[a,b]";
                Err(ValueError::new("the items of a list cannot be set one by one").hint(hint))
            }
            Self::Scalar(_) | Self::Verbatim => {
                Err(ValueError::new(format!("`{name}` cannot be below a field that is {}", self.expected())))
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

    /// Types a parameter's text.
    pub fn value_of(&self, text: &str) -> Result<Value, ValueError> {
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

    fn value_of_tree(&self, node: &Node) -> Result<Value, ValueError> {
        match (self, &node.content) {
            (Self::Scalar(kind), Content::Scalar { text, .. }) => scalar(kind, text),
            (Self::Verbatim, Content::Scalar { text, .. }) => Ok((&**text).into()),
            (Self::Free, Content::Scalar { text, plain: true }) => Ok(free_scalar(text)),
            (Self::Free, Content::Scalar { text, plain: false }) => Ok((&**text).into()),
            (Self::Free, Content::List(items)) => list(&Self::Free, items),
            (Self::List(item), Content::List(items)) => list(item, items),
            (Self::Free | Self::Mapping { .. } | Self::Message(_), Content::Mapping(_)) => self.mapping(node),
            _ => Err(ValueError::new(format!("expected {}, found {}", self.expected(), node.kind()))),
        }
    }

    fn mapping(&self, node: &Node) -> Result<Value, ValueError> {
        let entries = value::entries(node).map_err(|fault| ValueError::new(fault.message))?;
        let mut map = Map::with_capacity(entries.len());
        for entry in entries {
            let below = |wrong: ValueError| wrong.below(Segment::Key(entry.name.to_owned()));
            let shape = self.clone().step(entry.name).map_err(below)?;
            // In a message, null leaves a field out, whatever its type (protobuf's JSON form).
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
            Self::Message(_) | Self::Mapping { .. } => "a mapping, e.g. {a: b}".to_owned(),
            Self::List(_) => "a list, e.g. [a,b]".to_owned(),
            Self::Free => "anything".to_owned(),
        }
    }
}

fn list(item: &FieldShape, nodes: &[Rc<Node>]) -> Result<Value, ValueError> {
    let mut values = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        values.push(item.value_of_tree(node).map_err(|wrong| wrong.below(Segment::Index(index)))?);
    }
    Ok(Value::Array(values))
}

fn field(message: &MessageDescriptor, name: &str) -> Result<FieldDescriptor, ValueError> {
    message.get_field_by_name(name).ok_or_else(|| {
        let fields: Vec<_> = message.fields().collect();
        let hint = hint_at_field(name, fields.iter().map(FieldDescriptor::name));
        ValueError::new(format!("{} has no such field", message.name())).hint(hint)
    })
}

fn parse(text: &str) -> Result<Rc<Node>, ValueError> {
    let mut documents = YamlDocuments::new(text, limits(text.len())).map_err(|fault| ValueError::new(fault.message))?;
    match documents.next() {
        None => Err(ValueError::new("expected a value, found nothing")),
        Some(Err(fault)) => Err(ValueError::new(fault.message).hint("quote text that begins with [, { or \"")),
        Some(Ok(tree)) => match documents.next() {
            None => Ok(tree),
            Some(_) => Err(ValueError::new("expected one value, found more")),
        },
    }
}

/// Types an unquoted word of a free-form value.
pub fn free_scalar(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "null" => Value::Null,
        _ => whole_number(text).map_or_else(|| text.into(), Value::from),
    }
}

/// An integer that a Struct's double holds exactly and that is written as it prints: `007` and `+1` are text.
fn whole_number(text: &str) -> Option<i64> {
    const EXACT: u64 = 1 << 53;
    text.parse().ok().filter(|number: &i64| number.unsigned_abs() <= EXACT && number.to_string() == text)
}

fn scalar(kind: &Kind, text: &str) -> Result<Value, ValueError> {
    let value = match kind {
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
    value.ok_or_else(|| ValueError::new(format!("expected {}", expected(kind))))
}

fn double(text: &str) -> Option<Value> {
    text.parse::<f64>().ok().filter(|double| double.is_finite()).map(Value::from)
}

fn enum_value(descriptor: &EnumDescriptor, text: &str) -> Result<Value, ValueError> {
    let by_number = || descriptor.get_value(text.parse().ok()?);
    if let Some(known) = descriptor.get_value_by_name(text).or_else(by_number) {
        return Ok(known.name().into());
    }
    let names: Vec<_> = descriptor.values().collect();
    let names = || names.iter().map(|value| value.name());
    let wrong = ValueError::new(format!("unknown value of {}", descriptor.name()));
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
