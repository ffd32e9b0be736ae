//! The value of a message by prost-reflect's `DynamicMessage`: the oracle of the decoder's tests.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, skip_field};
use prost_reflect::{
    DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage as _, SerializeOptions,
    Value as Field,
};
use serde_json::{Map, Number, Value};

/// How deep a message of any type that is opened can stand in another one. Each is read by itself, and without a bound
/// they would hold each other for as long as their bytes last. It is as deep as the library reads one message.
const MAX_DEPTH: usize = 100;

/// Decodes `bytes`; `None` if they are not such a message.
pub fn decode_dynamic(bytes: &[u8], message: &MessageDescriptor) -> Option<Value> {
    library_reads(bytes, message).map(|message| value(&message))
}

fn library_reads(bytes: &[u8], message: &MessageDescriptor) -> Option<DynamicMessage> {
    let read = DynamicMessage::decode(message.clone(), bytes).ok()?;
    (!has_misread_map(bytes, message)).then_some(read)
}

/// Whether a map comes with another wire type than its entries have: the library takes its bytes for an entry.
fn has_misread_map(bytes: &[u8], message: &MessageDescriptor) -> bool {
    let mut rest = bytes;
    while let Ok((number, wire)) = decode_key(&mut rest) {
        let field = message.get_field(number);
        if wire != WireType::LengthDelimited {
            if field.is_some_and(|field| field.is_map()) {
                return true;
            }
            if skip_field(wire, number, &mut rest, DecodeContext::default()).is_err() {
                return false;
            }
            continue;
        }
        let length = decode_varint(&mut rest).ok().and_then(|length| usize::try_from(length).ok());
        let Some((value, others)) = length.and_then(|length| rest.split_at_checked(length)) else { return false };
        rest = others;
        if let Some(Kind::Message(inner)) = field.map(|field| field.kind())
            && has_misread_map(value, &inner)
        {
            return true;
        }
    }
    false
}

/// The value of a message.
fn value(message: &DynamicMessage) -> Value {
    value_at(message, 0)
}

/// As [`value`], of a message with `depth` others around it, of which the outermost is one of any type: what is around
/// that does not count, so that it is opened alike wherever it stands.
fn value_at(message: &DynamicMessage, depth: usize) -> Value {
    let descriptor = message.descriptor();
    match descriptor.full_name().strip_prefix("google.protobuf.") {
        Some("Struct") => get(message, "fields", depth).unwrap_or_else(|| Value::Object(Map::new())),
        Some("ListValue") => get(message, "values", depth).unwrap_or_else(|| Value::Array(Vec::new())),
        Some("Value") => json_value(message, depth),
        Some(
            "BoolValue" | "BytesValue" | "DoubleValue" | "FloatValue" | "Int32Value" | "Int64Value" | "StringValue"
            | "UInt32Value" | "UInt64Value",
        ) => get(message, "value", depth).unwrap_or_default(),
        Some("Duration") if has_two_signs(message) => by_fields(message, depth),
        Some("Timestamp" | "Duration" | "FieldMask") => by_json_form(message, depth),
        // One of a type that the service did not describe is shown by its fields.
        Some("Any") => any(message, depth).unwrap_or_else(|| by_fields(message, depth)),
        _ => by_fields(message, depth),
    }
}

fn by_fields(message: &DynamicMessage, depth: usize) -> Value {
    let fields = message.fields().map(|(field, value)| (field.name().to_owned(), shown(value, &field, depth)));
    Value::Object(fields.collect())
}

/// A `google.protobuf.Any`: the type's address, and beside it what the message says; behind `value`, if that is no
/// mapping of its fields. `None` if the type is not known, or the bytes are none of its, or it is too deep.
fn any(message: &DynamicMessage, depth: usize) -> Option<Value> {
    const TYPE: &str = "@type";
    if depth > MAX_DEPTH {
        return None;
    }
    let field = |name| message.get_field_by_name(name);
    let (url, bytes) = (field("type_url")?, field("value")?);
    let (url, bytes) = (url.as_str()?, bytes.as_bytes()?);
    let descriptor = message.descriptor().parent_pool().get_message_by_name(url.rsplit_once('/')?.1)?;
    let is_mapping = !is_well_known(descriptor.full_name());
    let inner = value_at(&library_reads(bytes, &descriptor)?, depth + 1);
    let mut shown = Map::from_iter([(TYPE.to_owned(), url.into())]);
    match inner {
        Value::Object(fields) if is_mapping => shown.extend(fields),
        inner => drop(shown.insert("value".into(), inner)),
    }
    Some(Value::Object(shown))
}

fn is_well_known(full_name: &str) -> bool {
    const NAMES: [&str; 7] = ["Struct", "ListValue", "Value", "Any", "Timestamp", "Duration", "FieldMask"];
    let name = full_name.strip_prefix("google.protobuf.").unwrap_or_default();
    NAMES.contains(&name) || (name.ends_with("Value") && !name.is_empty())
}

fn get(message: &DynamicMessage, name: &str, depth: usize) -> Option<Value> {
    let field = message.descriptor().get_field_by_name(name)?;
    Some(shown(&message.get_field(&field), &field, depth))
}

/// A set field of a `google.protobuf.Value`; none is set for null.
fn json_value(message: &DynamicMessage, depth: usize) -> Value {
    match message.fields().next() {
        Some((_, Field::F64(number))) => json_number(*number),
        Some((field, value)) if field.name() != "null_value" => shown(value, &field, depth),
        _ => Value::Null,
    }
}

/// A `Struct` knows doubles only; what is whole was meant as an integer.
fn json_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53: exact")]
        let whole = number as i64;
        return whole.into();
    }
    double(number)
}

fn by_json_form(message: &DynamicMessage, depth: usize) -> Value {
    let options = SerializeOptions::new().use_proto_field_name(true).skip_default_fields(true);
    message.serialize_with_options(serde_json::value::Serializer, &options).unwrap_or_else(|_| {
        // A time outside the years 1 to 9999, which has no text.
        by_fields(message, depth)
    })
}

/// Whether a duration says two things: the library would write its text with the sign of either.
fn has_two_signs(duration: &DynamicMessage) -> bool {
    let sign = |name| match duration.get_field_by_name(name).as_deref() {
        Some(Field::I64(seconds)) => seconds.signum(),
        Some(Field::I32(nanos)) => i64::from(nanos.signum()),
        _ => 0,
    };
    sign("seconds") * sign("nanos") < 0
}

fn shown(value: &Field, field: &FieldDescriptor, depth: usize) -> Value {
    let kind = field.kind();
    match value {
        Field::List(items) => items.iter().map(|item| single(item, &kind, depth)).collect(),
        Field::Map(entries) => {
            let Some(value_kind) = kind.as_message().map(|entry| entry.map_entry_value_field().kind()) else {
                return Value::Null;
            };
            let mut sorted: Vec<_> = entries.iter().collect();
            sorted.sort_unstable_by_key(|(key, _)| *key);
            Value::Object(
                sorted.into_iter().map(|(key, value)| (map_key(key), single(value, &value_kind, depth))).collect(),
            )
        }
        other => single(other, &kind, depth),
    }
}

fn single(field: &Field, kind: &Kind, depth: usize) -> Value {
    match field {
        Field::Bool(value) => (*value).into(),
        Field::I32(number) => (*number).into(),
        Field::U32(number) => (*number).into(),
        Field::I64(number) => number.to_string().into(),
        Field::U64(number) => number.to_string().into(),
        Field::F32(number) => float(*number),
        Field::F64(number) => double(*number),
        Field::String(text) => text.as_str().into(),
        Field::Bytes(bytes) => STANDARD.encode(bytes).into(),
        Field::EnumNumber(number) => match kind.as_enum().and_then(|kind| kind.get_value(*number)) {
            Some(known) => known.name().into(),
            // Newer than the descriptor: better a number than nothing.
            None => (*number).into(),
        },
        Field::Message(message) => value_at(message, if depth > 0 { depth + 1 } else { 0 }),
        Field::List(_) | Field::Map(_) => Value::Null, // Neither lists nor maps nest in protobuf.
    }
}

fn double(number: f64) -> Value {
    match Number::from_f64(number) {
        Some(number) => number.into(),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

/// The shortest text of the float, not the digits that widening it would add.
fn float(number: f32) -> Value {
    if number.is_finite() { number.to_string().parse().map_or(Value::Null, double) } else { double(f64::from(number)) }
}

fn map_key(key: &MapKey) -> String {
    match key {
        MapKey::Bool(key) => key.to_string(),
        MapKey::I32(key) => key.to_string(),
        MapKey::I64(key) => key.to_string(),
        MapKey::U32(key) => key.to_string(),
        MapKey::U64(key) => key.to_string(),
        MapKey::String(key) => key.clone(),
    }
}
