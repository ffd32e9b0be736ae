//! A response's bytes to a value, in one pass.
//!
//! The library's [`DynamicMessage`] knows all that protobuf allows, and takes several times as long. What is read here is
//! what services send; for anything else the answer is `None`, and the library's reader decides: groups, messages that
//! come in several parts, two fields of which only one can be set, bytes that are no message.

use std::cmp::Ordering;

use prost_reflect::prost::encoding::WireType;
use prost_reflect::{DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, Value as Field};
use serde_json::{Map, Value};

use super::decode;
use super::protobuf::{Cursor, Payload};
use crate::well_known::WellKnown;

/// The deepest nesting that is read. The library allows more.
const MAX_DEPTH: usize = 50;

/// The value of the `message` that `bytes` are, as [`decode::value`] has it.
pub(super) fn read(bytes: &[u8], message: &MessageDescriptor) -> Option<Value> {
    content(bytes, message, 0)
}

/// What was read of one field.
enum Read {
    /// `None` for a value that is not told from an unset field.
    One(Option<Value>),
    List(Vec<Value>),
    Map(Vec<(MapKey, Value)>),
}

fn content(bytes: &[u8], message: &MessageDescriptor, depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    match WellKnown::of(message) {
        None => fields(bytes, message, depth),
        Some(WellKnown::Struct) => json_object(bytes, depth),
        Some(WellKnown::ListValue) => json_list(bytes, depth),
        Some(WellKnown::Value) => json_value(bytes, depth),
        Some(_) => DynamicMessage::decode(message.clone(), bytes).ok().map(|message| decode::value(&message)),
    }
}

fn fields(bytes: &[u8], message: &MessageDescriptor, depth: usize) -> Option<Value> {
    let mut found: Vec<(u32, FieldDescriptor, Read)> = Vec::new();
    // Most writers keep to the order of the numbers.
    let mut highest = 0;
    let mut is_sorted = true;
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_at_end() {
        let (number, payload) = cursor.field()?;
        let Some(field) = message.get_field(number) else { continue };
        let kind = field.kind();
        let known = if number > highest { None } else { found.iter().rposition(|(known, ..)| *known == number) };
        is_sorted &= number >= highest;
        highest = highest.max(number);
        let read = if field.is_map() {
            let entry = entry(payload, &kind, depth)?;
            match known.map(|at| &mut found[at].2) {
                Some(Read::Map(entries)) => {
                    entries.push(entry);
                    continue;
                }
                _ => Read::Map(vec![entry]),
            }
        } else if field.is_list() {
            match known.map(|at| &mut found[at].2) {
                Some(Read::List(items)) => {
                    list(payload, &kind, items, depth)?;
                    continue;
                }
                _ => {
                    let mut items = Vec::new();
                    list(payload, &kind, &mut items, depth)?;
                    Read::List(items)
                }
            }
        } else {
            let oneof = field.containing_oneof();
            let excludes = |(_, other, _): &(_, FieldDescriptor, _)| other.containing_oneof() == oneof;
            if oneof.is_some() && found.iter().any(excludes) || matches!(kind, Kind::Message(_)) && known.is_some() {
                return None;
            }
            Read::One(one(payload, &kind, field.supports_presence(), depth)?)
        };
        match known {
            Some(at) => found[at].2 = read,
            None => found.push((number, field, read)),
        }
    }
    if !is_sorted {
        found.sort_by_key(|(number, ..)| *number);
    }
    let mut object = Map::with_capacity(found.len());
    object.extend(found.into_iter().filter_map(|(_, field, read)| Some((field.name().to_owned(), shown(read)?))));
    Some(Value::Object(object))
}

fn shown(read: Read) -> Option<Value> {
    match read {
        Read::One(value) => value,
        Read::List(items) => (!items.is_empty()).then_some(Value::Array(items)),
        Read::Map(mut entries) => {
            // Of equal keys the last wins: it stays behind the others, and overwrites them.
            entries.sort_by(|(a, _), (b, _)| a.cmp(b));
            Some(Value::Object(entries.into_iter().map(|(key, value)| (decode::map_key(&key), value)).collect()))
        }
    }
}

/// The field's value; `None` inside if that says nothing.
fn one(payload: Payload<'_>, kind: &Kind, has_presence: bool, depth: usize) -> Option<Option<Value>> {
    match (kind, payload) {
        (Kind::Message(message), Payload::Bytes(bytes)) => Some(Some(content(bytes, message, depth + 1)?)),
        (Kind::String, Payload::Bytes(bytes)) => {
            let text = str::from_utf8(bytes).ok()?;
            Some((has_presence || !text.is_empty()).then(|| text.into()))
        }
        _ => {
            let field = payload.to_field(kind)?;
            Some((has_presence || !field.is_default(kind)).then(|| decode::single(&field, kind)))
        }
    }
}

/// Adds the item that `payload` is, or all those that are packed in it.
fn list(payload: Payload<'_>, kind: &Kind, items: &mut Vec<Value>, depth: usize) -> Option<()> {
    match payload {
        // What has no length of its own can be packed, whatever the descriptor says.
        Payload::Bytes(bytes) if kind.wire_type() != WireType::LengthDelimited => {
            let mut cursor = Cursor::new(bytes);
            while !cursor.is_at_end() {
                items.extend(one(cursor.bare(kind.wire_type())?, kind, true, depth)?);
            }
        }
        payload => items.extend(one(payload, kind, true, depth)?),
    }
    Some(())
}

fn entry(payload: Payload<'_>, kind: &Kind, depth: usize) -> Option<(MapKey, Value)> {
    let (Payload::Bytes(bytes), Kind::Message(entry)) = (payload, kind) else { return None };
    let (mut key, mut value) = (None, None);
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_at_end() {
        match cursor.field()? {
            (1, payload) if key.is_none() => key = Some(payload),
            (2, payload) if value.is_none() => value = Some(payload),
            _ => return None,
        }
    }
    let key_kind = entry.map_entry_key_field().kind();
    if matches!(key_kind, Kind::Double | Kind::Float | Kind::Bytes | Kind::Enum(_) | Kind::Message(_)) {
        return None;
    }
    let key = match key {
        Some(key) => key.to_field(&key_kind)?.into_map_key()?,
        None => MapKey::default_value(&key_kind),
    };
    let value_field = entry.map_entry_value_field();
    let value_kind = value_field.kind();
    let value = match value {
        Some(value) => one(value, &value_kind, true, depth)??,
        None => decode::single(&Field::default_value_for_field(&value_field), &value_kind),
    };
    Some((key, value))
}

// The numbers here are those of google/protobuf/struct.proto, which is the same everywhere.

fn json_object(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut entries: Vec<(&str, Value)> = Vec::new();
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_at_end() {
        let (1, Payload::Bytes(entry)) = cursor.field()? else { return None };
        let (mut key, mut value) = (None, None);
        let mut cursor = Cursor::new(entry);
        while !cursor.is_at_end() {
            match cursor.field()? {
                (1, Payload::Bytes(bytes)) if key.is_none() => key = Some(str::from_utf8(bytes).ok()?),
                (2, Payload::Bytes(bytes)) if value.is_none() => value = Some(json_value(bytes, depth + 1)?),
                _ => return None,
            }
        }
        entries.push((key.unwrap_or_default(), value.unwrap_or_default()));
    }
    if !entries.is_sorted_by(|(a, _), (b, _)| a.cmp(b) == Ordering::Less) {
        // As above: of equal keys the last wins.
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
    }
    Some(Value::Object(entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect::<Map<_, _>>()))
}

fn json_list(bytes: &[u8], depth: usize) -> Option<Value> {
    let mut items = Vec::new();
    let mut cursor = Cursor::new(bytes);
    while !cursor.is_at_end() {
        let (1, Payload::Bytes(item)) = cursor.field()? else { return None };
        items.push(json_value(item, depth + 1)?);
    }
    Some(Value::Array(items))
}

fn json_value(bytes: &[u8], depth: usize) -> Option<Value> {
    if depth > MAX_DEPTH {
        return None;
    }
    let mut cursor = Cursor::new(bytes);
    if cursor.is_at_end() {
        return Some(Value::Null);
    }
    let field = cursor.field()?;
    if !cursor.is_at_end() {
        return None;
    }
    match field {
        (1, Payload::Varint(_)) => Some(Value::Null),
        (2, Payload::Eight(bytes)) => Some(decode::json_number(f64::from_le_bytes(bytes))),
        (3, Payload::Bytes(bytes)) => Some(str::from_utf8(bytes).ok()?.into()),
        (4, Payload::Varint(value)) => Some((value != 0).into()),
        (5, Payload::Bytes(bytes)) => json_object(bytes, depth + 1),
        (6, Payload::Bytes(bytes)) => json_list(bytes, depth + 1),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::client::encode::encode;
    use crate::client::protobuf::Buffer;

    fn kinds() -> MessageDescriptor {
        let files = protox::compile(["kinds.proto"], ["tests/proto"]).unwrap();
        let pool = prost_reflect::DescriptorPool::from_file_descriptor_set(files).unwrap();
        pool.get_message_by_name("test.kinds.Kinds").unwrap()
    }

    /// That both readers agree is held by tests/codec.rs; here, that there are two.
    #[test]
    fn what_services_send_is_read_in_one_pass() {
        let value = json!({
            "flag": true, "whole": -1, "long": "-7", "big": "9", "real": 0.5, "small": 0.1, "text": "x", "data": "AP8=",
            "color": "RED", "inner": {"text": "a", "children": [{"text": "b"}]}, "texts": ["", "y"], "longs": ["0", "-1"],
            "by_name": {"n": {"text": "c"}}, "by_number": {"3": "z"}, "k": "", "maybe": "",
            "object": {"a": null, "b": [1, 1.5, true, {"c": "d"}]}, "list": [], "at": "2026-01-01T00:00:00Z",
            "wrapped_long": "-5", "colors": ["RED", "COLOR_NONE"],
        });
        let kinds = kinds();
        let bytes = encode(value.as_object().unwrap(), &kinds).unwrap();
        assert_eq!(read(&bytes, &kinds).unwrap(), value);
        assert_eq!(read(&[], &kinds).unwrap(), json!({}));
    }

    #[test]
    fn what_is_unusual_is_left_to_the_library() {
        let kinds = kinds();
        let read = |write: &dyn Fn(&mut Buffer)| {
            let mut buffer = Buffer::default();
            write(&mut buffer);
            super::read(&buffer.into_bytes(), &kinds)
        };
        let inner = |buffer: &mut Buffer, number| {
            let open = buffer.open(number);
            buffer.close(open);
        };
        // Two parts of one message, both fields of which only one can be set, a group, another type, no UTF-8.
        assert_eq!(read(&|buffer| (0..2).for_each(|_| inner(buffer, 11))), None);
        assert_eq!(
            read(&|buffer| [18, 19].into_iter().for_each(|number| buffer.field(number, Payload::text("x")))),
            None
        );
        assert_eq!(read(&|buffer| buffer.open_group(99)), None);
        assert_eq!(read(&|buffer| buffer.field(1, Payload::text("x"))), None);
        assert_eq!(read(&|buffer| buffer.field(8, Payload::Bytes(&[0xff]))), None);
        let kind = kinds.get_field_by_name("inner").unwrap().kind();
        let nested = |depth| {
            let value = (0..depth).fold(json!({}), |inner, _| json!({ "children": [inner] }));
            super::read(
                &encode(value.as_object().unwrap(), kind.as_message().unwrap()).unwrap(),
                kind.as_message().unwrap(),
            )
        };
        assert!(nested(MAX_DEPTH).is_some() && nested(MAX_DEPTH + 1).is_none());
    }
}
