//! A request value to a message's bytes, by the server's descriptor.
//!
//! Stricter than the JSON mapping of protobuf where leniency hides mistakes: a number is no text and a text is no
//! number (64-bit integers excepted, whose JSON form is text), enum values are known ones, and an integer that a
//! `Struct` would round is refused. Every fault is found, not just the first, each with the path to it.

use std::collections::HashMap;

use prost_reflect::DynamicMessage;
use prost_reflect::prost::Message as _;
use serde_json::{Map, Number, Value};

use super::protobuf::{Buffer, Payload};
use super::scalar;
use crate::codec::descriptor::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor};
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::field_path::{FieldPath, Segment};
use crate::schema::value_ext::kind_of;
use crate::schema::well_known::WellKnown;

/// What is decided by about a fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// This message has no field of the name.
    UnknownField(MessageDescriptor),
    /// The enum has no value of the name or number.
    UnknownValue,
    /// The service needs the field, and it is left out. Descriptors do not tell that: whoever knows it says so.
    Missing,
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

/// The bytes of the message that `value` describes, or everything that is wrong with it.
pub fn encode(value: &Map<String, Value>, message: &MessageDescriptor) -> Result<Vec<u8>, Vec<Fault>> {
    let mut encoder = Encoder { path: Vec::new(), faults: Vec::new(), out: Buffer::default() };
    match WellKnown::of(message) {
        // A request that is whatever its caller wants.
        Some(WellKnown::Struct) => encoder.json_object(value),
        _ => encoder.message(value, message),
    }
    if encoder.faults.is_empty() { Ok(encoder.out.into_bytes()) } else { Err(encoder.faults) }
}

/// One step to where the encoder is; a path is made of them where a fault needs it.
#[derive(Clone, Copy)]
enum Step<'value> {
    Key(&'value str),
    Index(usize),
}

struct Encoder<'value> {
    path: Vec<Step<'value>>,
    faults: Vec<Fault>,
    /// What is written so far; of no use once there is a fault.
    out: Buffer,
}

/// Where a single value goes.
#[derive(Clone, Copy)]
enum Place {
    /// A field, which is left out where it holds what it holds unset.
    Implicit(u32),
    /// A field that is set or not, or one of several in a list.
    Explicit(u32),
    /// A field whose message has an end instead of a length.
    Group(u32),
    /// A packed list.
    Packed,
}

impl Place {
    fn of(field: &FieldDescriptor) -> Self {
        match field.number() {
            number if field.is_group() => Self::Group(number),
            number if field.is_list() || field.supports_presence() => Self::Explicit(number),
            number => Self::Implicit(number),
        }
    }
}

impl<'value> Encoder<'value> {
    fn path(&self) -> FieldPath {
        let segment = |step: &Step<'_>| match step {
            Step::Key(key) => Segment::Key((*key).to_owned()),
            Step::Index(index) => Segment::Index(*index),
        };
        FieldPath(self.path.iter().map(segment).collect())
    }

    fn fault(&mut self, message: impl Into<String>, hint: Option<String>) {
        self.fault_of(FaultKind::Other, message, hint);
    }

    fn fault_of(&mut self, kind: FaultKind, message: impl Into<String>, hint: Option<String>) {
        self.faults.push(Fault { kind, path: self.path(), at_key: false, message: message.into(), hint });
    }

    fn expected(&mut self, what: &str, found: &Value) {
        self.fault(format!("expected {what}, found {}", kind_of(found)), None);
    }

    fn message(&mut self, value: &'value Map<String, Value>, descriptor: &MessageDescriptor) {
        let mut chosen: HashMap<String, String> = HashMap::new();
        for (key, value) in value {
            self.path.push(Step::Key(key));
            match descriptor.get_field_by_name(key) {
                None => self.unknown_field(descriptor),
                Some(field) => {
                    if !value.is_null() {
                        self.check_oneof(&field, &mut chosen);
                    }
                    self.field(value, &field);
                }
            }
            self.path.pop();
        }
    }

    fn unknown_field(&mut self, descriptor: &MessageDescriptor) {
        self.faults.push(Fault {
            kind: FaultKind::UnknownField(descriptor.clone()),
            path: self.path(),
            at_key: true,
            message: format!("{} has no such field", descriptor.name()),
            hint: None,
        });
    }

    /// Two names for one thing, such as a filter's `key` and `k`, cannot both be sent.
    fn check_oneof(&mut self, field: &FieldDescriptor, chosen: &mut HashMap<String, String>) {
        // A synthetic oneof only marks an optional field.
        let Some(oneof) = field.containing_oneof().filter(|oneof| oneof.fields().nth(1).is_some()) else { return };
        if let Some(other) = chosen.insert(oneof.name().to_owned(), field.name().to_owned()) {
            self.faults.push(Fault {
                kind: FaultKind::Other,
                path: self.path(),
                at_key: true,
                message: format!("cannot be given together with {other}"),
                hint: Some(format!("leave out {other} or {}", field.name())),
            });
        }
    }

    /// What is null leaves the field unset.
    fn field(&mut self, value: &'value Value, field: &FieldDescriptor) {
        let kind = field.kind();
        if value.is_null() && !(is_json_value(&kind) && field.cardinality() != Cardinality::Repeated) {
            return;
        }
        if field.is_map() {
            self.map(value, field);
        } else if field.is_list() {
            self.list(value, field, &kind);
        } else {
            self.single(value, &kind, Place::of(field));
        }
    }

    fn list(&mut self, value: &'value Value, field: &FieldDescriptor, kind: &Kind) {
        let Value::Array(items) = value else { return self.expected("a list", value) };
        let packed = (field.is_packed() && !items.is_empty()).then(|| self.out.open(field.number()));
        let place = if packed.is_some() { Place::Packed } else { Place::of(field) };
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Index(index));
            self.single(item, kind, place);
            self.path.pop();
        }
        packed.into_iter().for_each(|open| self.out.close(open));
    }

    fn map(&mut self, value: &'value Value, field: &FieldDescriptor) {
        let Value::Object(object) = value else { return self.expected("a mapping", value) };
        let Some([key_field, value_field]) = field.map_entry() else {
            return self.fault("the service describes it as a mapping without keys or without values", None);
        };
        let (key_kind, value_kind) = (key_field.kind(), value_field.kind());
        for (key, value) in object {
            self.path.push(Step::Key(key));
            let entry = self.out.open(field.number());
            match scalar::map_key(key, &key_kind) {
                None => self.faults.push(Fault {
                    kind: FaultKind::Other,
                    path: self.path(),
                    at_key: true,
                    message: format!("expected {} as key", scalar::describe(&key_kind)),
                    hint: None,
                }),
                Some(key) => {
                    self.put(Payload::of(&key.into(), &key_kind), Place::of(&key_field));
                    self.single(value, &value_kind, Place::of(&value_field));
                }
            }
            self.out.close(entry);
            self.path.pop();
        }
    }

    fn single(&mut self, value: &'value Value, kind: &Kind, place: Place) {
        let encoded;
        let payload = match (kind, value) {
            (Kind::Message(descriptor), _) => return self.submessage(value, descriptor, place),
            (Kind::Enum(descriptor), _) => return self.enumeration(value, descriptor, place),
            (Kind::String, Value::String(text)) => Some(Payload::text(text)),
            (scalar_kind, _) => {
                encoded = scalar::encode(value, scalar_kind);
                encoded.as_ref().and_then(|field| Payload::of(field, scalar_kind))
            }
        };
        if payload.is_none() {
            let hint = matches!((kind, value), (Kind::String, Value::Number(_) | Value::Bool(_)))
                .then(|| "put it in quotes to make it text".to_owned());
            let found = match value {
                // The kind fits, so the value does not.
                Value::Number(_) if !matches!(kind, Kind::String | Kind::Bool | Kind::Bytes) => "a number out of range",
                other => kind_of(other),
            };
            self.fault(format!("expected {}, found {found}", scalar::describe(kind)), hint);
        }
        self.put(payload, place);
    }

    fn put(&mut self, payload: Option<Payload<'_>>, place: Place) {
        match (payload, place) {
            (None, _) => {}
            (Some(payload), Place::Implicit(_)) if payload.is_default() => {}
            (Some(payload), Place::Implicit(number) | Place::Explicit(number) | Place::Group(number)) => {
                self.out.field(number, payload);
            }
            (Some(payload), Place::Packed) => self.out.bare(payload),
        }
    }

    fn enumeration(&mut self, value: &Value, descriptor: &EnumDescriptor, place: Place) {
        let known = match value {
            Value::String(name) => descriptor.get_value_by_name(name),
            Value::Number(_) => scalar::integer(value)
                .and_then(|number| i32::try_from(number).ok())
                .and_then(|number| descriptor.get_value(number)),
            other => return self.expected(&format!("one of {}", value_names(descriptor).join(", ")), other),
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
        self.put(known.map(|value| Payload::signed(value.number())), place);
    }

    fn submessage(&mut self, value: &'value Value, descriptor: &MessageDescriptor, place: Place) {
        match place {
            Place::Implicit(number) | Place::Explicit(number) => {
                let message = self.out.open(number);
                self.content(value, descriptor);
                self.out.close(message);
            }
            Place::Group(number) => {
                self.out.open_group(number);
                self.content(value, descriptor);
                self.out.close_group(number);
            }
            // No message is ever packed.
            Place::Packed => {}
        }
    }

    fn content(&mut self, value: &'value Value, descriptor: &MessageDescriptor) {
        let form = match (WellKnown::of(descriptor), value) {
            (Some(WellKnown::Value), value) => return self.json_value(value),
            (Some(WellKnown::Struct), Value::Object(object)) => return self.json_object(object),
            (Some(WellKnown::ListValue), Value::Array(items)) => return self.json_list(items),
            (Some(WellKnown::Wrapper(inner)), value) => return self.single(value, &inner.kind(), Place::of(&inner)),
            (None, Value::Object(object)) => return self.message(object, descriptor),
            (Some(WellKnown::ListValue), other) => return self.expected("a list", other),
            (Some(WellKnown::Struct) | None, other) => return self.expected("a mapping", other),
            (Some(WellKnown::Timestamp), _) => "a time such as \"2026-01-01T00:00:00Z\"",
            (Some(WellKnown::Duration), _) => "a duration such as \"1.5s\"",
            (Some(WellKnown::FieldMask), _) => "field names such as \"name,tags\"",
            (Some(WellKnown::Any), _) => "a mapping with an \"@type\" that the service knows",
        };
        // What the library's own reader of JSON takes as this message.
        match descriptor.reflected().map(|message| DynamicMessage::deserialize(message, value)) {
            Ok(Ok(message)) => self.out.append(&message.encode_to_vec()),
            Ok(Err(_)) => self.expected(form, value),
            Err(error) => error.problems().iter().for_each(|problem| self.fault(&*problem.message, None)),
        }
    }

    // The numbers here are those of google/protobuf/struct.proto, which is the same everywhere.

    fn json_object(&mut self, object: &'value Map<String, Value>) {
        for (key, value) in object {
            self.path.push(Step::Key(key));
            let entry = self.out.open(1);
            self.put(Some(Payload::text(key)), Place::Implicit(1));
            let inner = self.out.open(2);
            self.json_value(value);
            self.out.close(inner);
            self.out.close(entry);
            self.path.pop();
        }
    }

    fn json_list(&mut self, items: &'value [Value]) {
        for (index, item) in items.iter().enumerate() {
            self.path.push(Step::Index(index));
            let inner = self.out.open(1);
            self.json_value(item);
            self.out.close(inner);
            self.path.pop();
        }
    }

    fn json_value(&mut self, value: &'value Value) {
        match value {
            Value::Null => self.out.field(1, Payload::Varint(0)),
            Value::Number(number) => {
                let number = self.json_number(number);
                self.out.field(2, Payload::double(number));
            }
            Value::String(text) => self.out.field(3, Payload::text(text)),
            Value::Bool(value) => self.out.field(4, Payload::truth(*value)),
            Value::Object(object) => {
                let inner = self.out.open(5);
                self.json_object(object);
                self.out.close(inner);
            }
            Value::Array(items) => {
                let inner = self.out.open(6);
                self.json_list(items);
                self.out.close(inner);
            }
        }
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

fn value_names(descriptor: &EnumDescriptor) -> Vec<String> {
    descriptor.values().map(|value| value.name().to_owned()).collect()
}
