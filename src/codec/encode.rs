//! Encodes a request value as a message, by the server's descriptor.
//!
//! Stricter than the JSON mapping of protobuf where leniency hides mistakes: a number is not a text and a text is not a
//! number (64-bit integers excepted, whose JSON form is text), enum values are known ones, and an integer that a
//! `Struct` would round is refused. Every fault is found, not just the first, each with the path to it.

use std::collections::HashMap;

use prost_reflect::prost::Message as _;
use prost_reflect::{DynamicMessage, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value as FieldValue};
use serde::Deserializer;
use serde_json::{Map, Number, Value};

use super::decode::type_name;
use super::scalar;
use crate::schema::did_you_mean::{hint_at_field, nearest};
use crate::schema::field_path::{FieldPath, Segment};
use crate::schema::well_known::WellKnown;
use crate::text::value_ext::kind_of;

/// The kinds of faults that callers handle differently.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// This message has no field of the name.
    UnknownField(MessageDescriptor),
    /// The enum has no value of the name or number.
    UnknownValue,
    /// The service needs the field, and it is left out. Descriptors do not say so: callers that know add this.
    Missing,
    Other,
}

/// A part of a request that its message cannot take.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub kind: FaultKind,
    pub path: FieldPath,
    /// The key itself is wrong, not what it holds.
    pub at_key: bool,
    /// The fault without its path. Contains no values: they may be secret.
    pub message: String,
    /// A hint that is known without a search: see [`Fault::advice`].
    pub hint: Option<String>,
}

impl Fault {
    /// The hint. Looks for a similar field name, which takes its time where there are many faults.
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
    build(value, message).map(|message| message.encode_to_vec())
}

/// Everything that is wrong with the message that `value` describes. The bytes would take as long again.
pub fn check(value: &Map<String, Value>, message: &MessageDescriptor) -> Vec<Fault> {
    build(value, message).err().unwrap_or_default()
}

fn build(value: &Map<String, Value>, message: &MessageDescriptor) -> Result<DynamicMessage, Vec<Fault>> {
    let mut encoder = Encoder::default();
    let built = match WellKnown::of(message) {
        // A request that is whatever its caller wants.
        Some(WellKnown::Struct) => encoder.structure(value, message),
        _ => encoder.message(value, message),
    };
    if encoder.faults.is_empty() { Ok(built) } else { Err(encoder.faults) }
}

/// Its JSON form within an `Any` is `"value": {}` (protobuf's JSON mapping).
const EMPTY: &str = "google.protobuf.Empty";

/// The key that names the type of an `Any`.
const TYPE: &str = "@type";

/// One step to where the encoder is; a path is made of them where a fault needs it.
#[derive(Clone, Copy)]
enum Step<'value> {
    Key(&'value str),
    Index(usize),
}

#[derive(Default)]
struct Encoder<'value> {
    path: Vec<Step<'value>>,
    faults: Vec<Fault>,
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
        self.add_fault(FaultKind::Other, false, message.into(), hint);
    }

    fn key_fault(&mut self, message: String, hint: Option<String>) {
        self.add_fault(FaultKind::Other, true, message, hint);
    }

    fn add_fault(&mut self, kind: FaultKind, at_key: bool, message: String, hint: Option<String>) {
        self.faults.push(Fault { kind, path: self.path(), at_key, message, hint });
    }

    /// Adds a fault, in place of a value.
    fn expected<T>(&mut self, what: &str, found: &Value) -> Option<T> {
        self.fault(format!("expected {what}, found {}", kind_of(found)), None);
        None
    }

    fn at<T>(&mut self, step: Step<'value>, work: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let done = work(self);
        self.path.pop();
        done
    }

    fn message(&mut self, value: &'value Map<String, Value>, descriptor: &MessageDescriptor) -> DynamicMessage {
        self.fields(value.iter(), descriptor)
    }

    fn fields(
        &mut self,
        fields: impl Iterator<Item = (&'value String, &'value Value)>,
        descriptor: &MessageDescriptor,
    ) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        let mut chosen: HashMap<String, String> = HashMap::new();
        for (key, value) in fields {
            self.at(Step::Key(key), |encoder| {
                let Some(field) = descriptor.get_field_by_name(key) else {
                    let fault = format!("{} has no such field", descriptor.name());
                    return encoder.add_fault(FaultKind::UnknownField(descriptor.clone()), true, fault, None);
                };
                if !value.is_null() {
                    encoder.check_oneof(&field, &mut chosen);
                } else if field.is_list() || field.is_map() || !is_json_value(&field.kind()) {
                    return;
                }
                if let Some(value) = encoder.field(value, &field) {
                    message.set_field(&field, value);
                }
            });
        }
        message
    }

    /// Two names for one thing, such as a filter's `key` and `k`, cannot both be sent.
    fn check_oneof(&mut self, field: &FieldDescriptor, chosen: &mut HashMap<String, String>) {
        // A synthetic oneof only marks an optional field.
        let Some(oneof) = field.containing_oneof().filter(|oneof| oneof.fields().len() > 1) else { return };
        if let Some(other) = chosen.insert(oneof.name().to_owned(), field.name().to_owned()) {
            let hint = format!("leave out {other} or {}", field.name());
            self.key_fault(format!("cannot be given together with {other}"), Some(hint));
        }
    }

    fn field(&mut self, value: &'value Value, field: &FieldDescriptor) -> Option<FieldValue> {
        match field.kind() {
            Kind::Message(entry) if field.is_map() => match value {
                Value::Object(object) => Some(self.map(object, &entry)),
                _ => self.expected("a mapping", value),
            },
            kind if field.is_list() => self.list(value, &kind),
            kind => self.single(value, &kind),
        }
    }

    fn list(&mut self, value: &'value Value, kind: &Kind) -> Option<FieldValue> {
        let Value::Array(items) = value else { return self.expected("a list", value) };
        let items = items.iter().enumerate();
        let items = items.filter_map(|(index, item)| self.at(Step::Index(index), |encoder| encoder.single(item, kind)));
        Some(FieldValue::List(items.collect()))
    }

    fn map(&mut self, object: &'value Map<String, Value>, entry: &MessageDescriptor) -> FieldValue {
        let (key_kind, value_kind) = (entry.map_entry_key_field().kind(), entry.map_entry_value_field().kind());
        let mut entries = HashMap::with_capacity(object.len());
        for (key, value) in object {
            self.at(Step::Key(key), |encoder| {
                let Some(key) = scalar::map_key(key, &key_kind) else {
                    return encoder.key_fault(format!("expected {} as key", scalar::describe(&key_kind)), None);
                };
                if let Some(value) = encoder.single(value, &value_kind) {
                    entries.insert(key, value);
                }
            });
        }
        FieldValue::Map(entries)
    }

    fn single(&mut self, value: &'value Value, kind: &Kind) -> Option<FieldValue> {
        let encoded = match kind {
            Kind::Message(descriptor) => return self.submessage(value, descriptor).map(FieldValue::Message),
            Kind::Enum(descriptor) => return self.enumeration(value, descriptor),
            _ => scalar::encode(value, kind),
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

    fn enumeration(&mut self, value: &Value, descriptor: &EnumDescriptor) -> Option<FieldValue> {
        let names = || descriptor.values().map(|value| value.name().to_owned()).collect::<Vec<_>>();
        let known = match value {
            Value::String(name) => descriptor.get_value_by_name(name),
            Value::Number(_) => scalar::integer(value)
                .and_then(|number| i32::try_from(number).ok())
                .and_then(|number| descriptor.get_value(number)),
            Value::Null if descriptor.full_name() == "google.protobuf.NullValue" => descriptor.get_value(0),
            other => return self.expected(&format!("one of {}", names().join(", ")), other),
        };
        if known.is_none() {
            let names = names();
            let similar = value.as_str().and_then(|name| nearest(name, names.iter().map(String::as_str)));
            let hint = match similar {
                Some(name) => format!("did you mean {name}?"),
                None => format!("its values are {}", names.join(", ")),
            };
            let fault = format!("{} has no such value", descriptor.name());
            self.add_fault(FaultKind::UnknownValue, false, fault, Some(hint));
        }
        known.map(|value| FieldValue::EnumNumber(value.number()))
    }

    fn submessage(&mut self, value: &'value Value, descriptor: &MessageDescriptor) -> Option<DynamicMessage> {
        let form = match (WellKnown::of(descriptor), value) {
            (None, Value::Object(object)) => return Some(self.message(object, descriptor)),
            (Some(WellKnown::Struct), Value::Object(object)) => return Some(self.structure(object, descriptor)),
            (Some(WellKnown::Wrapper(_)), _) | (Some(WellKnown::ListValue), Value::Array(_)) => {
                return self.only_field(value, 1, descriptor);
            }
            (Some(WellKnown::Any), Value::Object(object)) => return self.any(object, descriptor),
            (Some(WellKnown::FieldMask), Value::String(text)) if is_field_mask(text) => {
                return field_mask(text, descriptor);
            }
            (Some(WellKnown::Value), _) => return self.json_value(value, descriptor),
            (Some(WellKnown::Struct) | None, _) => return self.expected("a mapping", value),
            (Some(WellKnown::ListValue), _) => return self.expected("a list", value),
            (Some(WellKnown::Timestamp), _) => "a time such as \"2026-01-01T00:00:00Z\"",
            (Some(WellKnown::Duration), _) => "a duration such as \"1.5s\"",
            (Some(WellKnown::FieldMask), _) => return self.expected("field names such as \"name,tags\"", value),
            (Some(WellKnown::Any), _) => "a mapping with an \"@type\"",
        };
        self.by_library(value, descriptor, &format!("expected {form}, found {}", kind_of(value)))
    }

    /// A `google.protobuf.Any`: `@type` and the fields of that type, or `type_url` and `value`, which is how one of an
    /// undescribed type is shown.
    fn any(&mut self, object: &'value Map<String, Value>, descriptor: &MessageDescriptor) -> Option<DynamicMessage> {
        let Some(url) = object.get(TYPE) else { return Some(self.message(object, descriptor)) };
        let find = |url: &Value| descriptor.parent_pool().get_message_by_name(type_name(url.as_str()?)?);
        let Some(described) = find(url) else {
            let hint = "write type.googleapis.com/PACKAGE.TYPE, or give type_url and, in base64, value instead";
            let fault = "the service describes no such type";
            self.at(Step::Key(TYPE), |encoder| encoder.fault(fault, Some(hint.to_owned())));
            return None;
        };
        let value = match WellKnown::of(&described) {
            // Some libraries write an empty message so, too.
            None if described.full_name() == EMPTY => DynamicMessage::new(described),
            None => self.fields(object.iter().filter(|(key, _)| *key != TYPE), &described),
            Some(_) => match object.get("value") {
                Some(value) => self.at(Step::Key("value"), |encoder| encoder.submessage(value, &described))?,
                None => DynamicMessage::new(described),
            },
        };
        let mut message = DynamicMessage::new(descriptor.clone());
        message.set_field_by_name("type_url", FieldValue::String(url.as_str()?.to_owned()));
        message.set_field_by_name("value", FieldValue::Bytes(value.encode_to_vec().into()));
        Some(message)
    }

    /// A `google.protobuf.Struct`.
    fn structure(&mut self, object: &'value Map<String, Value>, descriptor: &MessageDescriptor) -> DynamicMessage {
        let mut message = DynamicMessage::new(descriptor.clone());
        if let Some(fields) = descriptor.get_field(1)
            && let Kind::Message(entry) = fields.kind()
        {
            message.set_field(&fields, self.map(object, &entry));
        }
        message
    }

    /// A `google.protobuf.Value`. It has doubles only: an integer that would come back as another one is refused.
    fn json_value(&mut self, value: &'value Value, descriptor: &MessageDescriptor) -> Option<DynamicMessage> {
        let number = match value {
            Value::Null => 1,
            Value::Number(number) if is_rounded(number) => {
                let hint = "put it in quotes to make it text";
                self.fault("an integer beyond 2^53 would be rounded by the service", Some(hint.into()));
                return None;
            }
            Value::Number(_) => 2,
            Value::String(_) => 3,
            Value::Bool(_) => 4,
            Value::Object(_) => 5,
            Value::Array(_) => 6,
        };
        self.only_field(value, number, descriptor)
    }

    /// The message in which the field of this number is `value`, and no other is set.
    fn only_field(
        &mut self,
        value: &'value Value,
        number: u32,
        descriptor: &MessageDescriptor,
    ) -> Option<DynamicMessage> {
        let field = descriptor.get_field(number)?;
        let mut message = DynamicMessage::new(descriptor.clone());
        message.set_field(&field, self.field(value, &field)?);
        Some(message)
    }

    /// The message that prost-reflect's own JSON reader makes of `value`; `fault` if it refuses.
    fn by_library<'de>(
        &mut self,
        value: impl Deserializer<'de>,
        descriptor: &MessageDescriptor,
        fault: &str,
    ) -> Option<DynamicMessage> {
        let message = DynamicMessage::deserialize(descriptor.clone(), value).ok();
        if message.is_none() {
            self.fault(fault, None);
        }
        message
    }
}

/// Whether these can be names of fields, separated by commas.
fn is_field_mask(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | ','))
}

/// A `google.protobuf.FieldMask` of names as descriptors have them (`a_b`) or as JSON has them (`aB`).
fn field_mask(text: &str, descriptor: &MessageDescriptor) -> Option<DynamicMessage> {
    let mut message = DynamicMessage::new(descriptor.clone());
    let paths = text.split(',').filter(|path| !path.is_empty()).map(|path| {
        let mut name = String::with_capacity(path.len());
        for c in path.chars() {
            if c.is_ascii_uppercase() {
                name.push('_');
            }
            name.push(c.to_ascii_lowercase());
        }
        FieldValue::String(name)
    });
    message.set_field(&descriptor.get_field(1)?, FieldValue::List(paths.collect()));
    Some(message)
}

fn is_rounded(number: &Number) -> bool {
    const EXACT: u64 = 1 << 53;
    let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
    magnitude.is_some_and(|magnitude| magnitude > EXACT)
}

/// Whether a field is a `google.protobuf.Value`, for which null is a value.
fn is_json_value(kind: &Kind) -> bool {
    matches!(kind, Kind::Message(message) if WellKnown::of(message) == Some(WellKnown::Value))
}
