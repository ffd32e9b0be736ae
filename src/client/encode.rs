//! A request value to a message, by the server's descriptor.
//!
//! Stricter than the JSON mapping of protobuf where leniency hides mistakes: a number is no text and a text is no
//! number (64-bit integers excepted, whose JSON form is text), enum values are known ones, and an integer that a
//! `Struct` would round is refused. Every fault is found, not just the first, each with the path to it.

use std::collections::HashMap;

use prost_reflect::{
    Cardinality, DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Field,
};
use serde_json::{Map, Number, Value};

use super::scalar;
use crate::nearest::{hint_at_field, nearest};
use crate::path::{FieldPath, Segment};
use crate::value::kind_of;
use crate::well_known::WellKnown;

/// What is decided by about a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// This message has no field of the name.
    UnknownField(MessageDescriptor),
    /// The enum has no value of the name or number.
    UnknownValue,
    /// Whatever else does not fit.
    Other,
}

/// A part of a request that its message cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub path: FieldPath,
    /// The key itself is wrong, not what it holds.
    pub at_key: bool,
    /// What is wrong, without the path. Holds no values: they may be secret.
    pub message: String,
    /// What to do about it, where that is known without a search: see [`Fault::advice`].
    pub hint: Option<String>,
}

impl Fault {
    /// What to do about it. Looks for the field that was meant, which takes its time where there are many faults.
    pub fn advice(&self) -> Option<String> {
        match (&self.kind, self.path.0.last()) {
            (FaultKind::UnknownField(message), Some(Segment::Key(name))) => {
                let fields: Vec<FieldDescriptor> = message.fields().collect();
                Some(hint_at_field(name, fields.iter().map(FieldDescriptor::name)))
            }
            _ => self.hint.clone(),
        }
    }
}

/// Builds the message that `value` describes, or says everything that is wrong with it.
pub fn encode(value: &Map<String, Value>, message: &MessageDescriptor) -> Result<DynamicMessage, Vec<Fault>> {
    let mut encoder = Encoder { path: FieldPath::default(), faults: Vec::new() };
    let encoded = match WellKnown::of(message) {
        // A request that is whatever its caller wants.
        Some(WellKnown::Struct) => encoder.json_object(value, message),
        _ => encoder.message(value, message),
    };
    if encoder.faults.is_empty() { Ok(encoded) } else { Err(encoder.faults) }
}

struct Encoder {
    path: FieldPath,
    faults: Vec<Fault>,
}

impl Encoder {
    fn fault(&mut self, message: impl Into<String>, hint: Option<String>) {
        self.fault_of(FaultKind::Other, message, hint);
    }

    fn fault_of(&mut self, kind: FaultKind, message: impl Into<String>, hint: Option<String>) {
        self.faults.push(Fault { kind, path: self.path.clone(), at_key: false, message: message.into(), hint });
    }

    fn expected(&mut self, what: &str, found: &Value) {
        self.fault(format!("expected {what}, found {}", kind_of(found)), None);
    }

    fn message(&mut self, value: &Map<String, Value>, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        let mut chosen: HashMap<String, String> = HashMap::new();
        for (key, value) in value {
            self.path.push_key(key);
            match descriptor.get_field_by_name(key) {
                None => self.unknown_field(descriptor),
                Some(field) => {
                    if !value.is_null() {
                        self.check_oneof(&field, &mut chosen);
                    }
                    if let Some(encoded) = self.field(value, &field) {
                        message.set_field(&field, encoded);
                    }
                }
            }
            self.path.pop();
        }
        message
    }

    fn unknown_field(&mut self, descriptor: &MessageDescriptor) {
        self.faults.push(Fault {
            kind: FaultKind::UnknownField(descriptor.clone()),
            path: self.path.clone(),
            at_key: true,
            message: format!("{} has no such field", descriptor.name()),
            hint: None,
        });
    }

    /// Two names for one thing, such as a filter's `key` and `k`, cannot both be sent.
    fn check_oneof(&mut self, field: &FieldDescriptor, chosen: &mut HashMap<String, String>) {
        // A synthetic oneof only marks an optional field.
        let Some(oneof) = field.containing_oneof().filter(|oneof| oneof.fields().len() > 1) else { return };
        if let Some(other) = chosen.insert(oneof.name().to_owned(), field.name().to_owned()) {
            self.faults.push(Fault {
                kind: FaultKind::Other,
                path: self.path.clone(),
                at_key: true,
                message: format!("cannot be given together with {other}"),
                hint: Some(format!("leave out {other} or {}", field.name())),
            });
        }
    }

    /// `None` leaves the field unset: it is null, or a fault was found.
    fn field(&mut self, value: &Value, field: &FieldDescriptor) -> Option<Field> {
        let kind = field.kind();
        if value.is_null() && !(is_json_value(&kind) && field.cardinality() != Cardinality::Repeated) {
            return None;
        }
        if field.is_map() {
            self.map(value, &kind)
        } else if field.is_list() {
            self.list(value, &kind)
        } else {
            self.single(value, &kind)
        }
    }

    fn list(&mut self, value: &Value, kind: &Kind) -> Option<Field> {
        let Value::Array(items) = value else {
            self.expected("a list", value);
            return None;
        };
        let mut encoded = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.path.push_index(index);
            encoded.extend(self.single(item, kind));
            self.path.pop();
        }
        Some(Field::List(encoded))
    }

    fn map(&mut self, value: &Value, entry: &Kind) -> Option<Field> {
        let Value::Object(object) = value else {
            self.expected("a mapping", value);
            return None;
        };
        let entry = entry.as_message()?;
        let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let mut encoded = HashMap::with_capacity(object.len());
        for (key, value) in object {
            self.path.push_key(key);
            match scalar::map_key(key, &key_kind) {
                None => self.faults.push(Fault {
                    kind: FaultKind::Other,
                    path: self.path.clone(),
                    at_key: true,
                    message: format!("expected {} as key", scalar::describe(&key_kind)),
                    hint: None,
                }),
                Some(key) => {
                    if let Some(value) = self.single(value, &value_kind) {
                        encoded.insert(key, value);
                    }
                }
            }
            self.path.pop();
        }
        Some(Field::Map(encoded))
    }

    fn single(&mut self, value: &Value, kind: &Kind) -> Option<Field> {
        let encoded = match kind {
            Kind::Message(descriptor) => return self.submessage(value, descriptor),
            Kind::Enum(descriptor) => return self.enumeration(value, descriptor),
            scalar_kind => scalar::encode(value, scalar_kind),
        };
        if encoded.is_none() {
            let hint = matches!((kind, value), (Kind::String, Value::Number(_) | Value::Bool(_)))
                .then(|| "put it in quotes to make it text".to_owned());
            let found = match value {
                // The kind fits, so the value does not.
                Value::Number(_) if !matches!(kind, Kind::String | Kind::Bool | Kind::Bytes) => "a number out of range",
                other => kind_of(other),
            };
            self.fault(format!("expected {}, found {found}", scalar::describe(kind)), hint);
        }
        encoded
    }

    fn enumeration(&mut self, value: &Value, descriptor: &EnumDescriptor) -> Option<Field> {
        let known = match value {
            Value::String(name) => descriptor.get_value_by_name(name),
            Value::Number(_) => scalar::integer(value)
                .and_then(|number| i32::try_from(number).ok())
                .and_then(|number| descriptor.get_value(number)),
            other => {
                self.expected(&format!("one of {}", value_names(descriptor).join(", ")), other);
                return None;
            }
        };
        if known.is_none() {
            let names = value_names(descriptor);
            let meant = value.as_str().and_then(|name| nearest(name, names.iter().map(String::as_str)));
            let hint = match meant {
                Some(name) => format!("did you mean {name}?"),
                None => format!("its values are {}", names.join(", ")),
            };
            self.fault_of(FaultKind::UnknownValue, format!("{} has no such value", descriptor.name()), Some(hint));
        }
        known.map(|value| Field::EnumNumber(value.number()))
    }

    fn submessage(&mut self, value: &Value, descriptor: &MessageDescriptor) -> Option<Field> {
        let message = match (WellKnown::of(descriptor), value) {
            (Some(WellKnown::Value), value) => self.json_value(value, descriptor),
            (Some(WellKnown::Struct), Value::Object(object)) => self.json_object(object, descriptor),
            (Some(WellKnown::ListValue), Value::Array(items)) => self.json_list(items, descriptor),
            (Some(WellKnown::Wrapper(inner)), value) => {
                let mut message = DynamicMessage::new(descriptor.clone());
                message.set_field(&inner, self.single(value, &inner.kind())?);
                message
            }
            (Some(WellKnown::Timestamp), value) => {
                return self.by_json_form(value, descriptor, "a time such as \"2026-01-01T00:00:00Z\"");
            }
            (Some(WellKnown::Duration), value) => {
                return self.by_json_form(value, descriptor, "a duration such as \"1.5s\"");
            }
            (Some(WellKnown::FieldMask), value) => {
                return self.by_json_form(value, descriptor, "field names such as \"name,tags\"");
            }
            (Some(WellKnown::Any), value) => {
                return self.by_json_form(value, descriptor, "a mapping with an \"@type\" that the service knows");
            }
            (None, Value::Object(object)) => self.message(object, descriptor),
            (Some(WellKnown::ListValue), other) => {
                self.expected("a list", other);
                return None;
            }
            (Some(WellKnown::Struct) | None, other) => {
                self.expected("a mapping", other);
                return None;
            }
        };
        Some(Field::Message(message))
    }

    /// What the library's own reader of JSON takes as this message.
    fn by_json_form(&mut self, value: &Value, descriptor: &MessageDescriptor, expected: &str) -> Option<Field> {
        match DynamicMessage::deserialize(descriptor.clone(), value) {
            Ok(message) => Some(Field::Message(message)),
            Err(_) => {
                self.expected(expected, value);
                None
            }
        }
    }

    fn json_object(&mut self, object: &Map<String, Value>, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        let Some(fields) = descriptor.get_field_by_name("fields") else { return message };
        let Some(value_type) = entry_value(&fields) else { return message };
        let mut entries = HashMap::with_capacity(object.len());
        for (key, value) in object {
            self.path.push_key(key);
            entries.insert(MapKey::String(key.clone()), Field::Message(self.json_value(value, &value_type)));
            self.path.pop();
        }
        message.set_field(&fields, Field::Map(entries));
        message
    }

    fn json_list(&mut self, items: &[Value], descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        let Some(values) = descriptor.get_field_by_name("values") else { return message };
        let Kind::Message(value_type) = values.kind() else { return message };
        let mut encoded = Vec::with_capacity(items.len());
        for (index, item) in items.iter().enumerate() {
            self.path.push_index(index);
            encoded.push(Field::Message(self.json_value(item, &value_type)));
            self.path.pop();
        }
        message.set_field(&values, Field::List(encoded));
        message
    }

    fn json_value(&mut self, value: &Value, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        let nested = |name: &str| match descriptor.get_field_by_name(name)?.kind() {
            Kind::Message(nested) => Some(nested),
            _ => None,
        };
        let (name, encoded) = match value {
            Value::Null => ("null_value", Field::EnumNumber(0)),
            Value::Bool(value) => ("bool_value", Field::Bool(*value)),
            Value::String(text) => ("string_value", Field::String(text.clone())),
            Value::Number(number) => ("number_value", Field::F64(self.json_number(number))),
            Value::Object(object) => match nested("struct_value") {
                Some(nested) => ("struct_value", Field::Message(self.json_object(object, &nested))),
                None => return message,
            },
            Value::Array(items) => match nested("list_value") {
                Some(nested) => ("list_value", Field::Message(self.json_list(items, &nested))),
                None => return message,
            },
        };
        message.set_field_by_name(name, encoded);
        message
    }

    /// A `Struct` holds every number as a double: an integer that would come back as another one is refused.
    fn json_number(&mut self, number: &Number) -> f64 {
        const EXACT: u64 = 1 << 53;
        let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
        if magnitude.is_some_and(|magnitude| magnitude > EXACT) {
            self.fault(
                "an integer beyond 2^53 would be rounded by the service",
                Some("put it in quotes to make it text".into()),
            );
        }
        number.as_f64().unwrap_or_default()
    }
}

/// Whether a field is a `google.protobuf.Value`, for which null is a value.
fn is_json_value(kind: &Kind) -> bool {
    matches!(kind, Kind::Message(message) if WellKnown::of(message) == Some(WellKnown::Value))
}

fn entry_value(map: &FieldDescriptor) -> Option<MessageDescriptor> {
    let entry = map.kind();
    match entry.as_message()?.map_entry_value_field().kind() {
        Kind::Message(value) => Some(value),
        _ => None,
    }
}

fn value_names(descriptor: &EnumDescriptor) -> Vec<String> {
    descriptor.values().map(|value| value.name().to_owned()).collect()
}
