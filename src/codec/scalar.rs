//! Single values: texts, numbers, truth values, bytes.

use base64::Engine as _;
use base64::alphabet;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use prost_reflect::{Kind, MapKey, Value as Field};
use serde_json::Value;

/// The field that `value` is; `None` if it is of another kind or out of range. Enums and messages are no single values.
pub(super) fn encode(value: &Value, kind: &Kind) -> Option<Field> {
    match kind {
        Kind::Bool => value.as_bool().map(Field::Bool),
        Kind::String => value.as_str().map(|text| Field::String(text.to_owned())),
        Kind::Bytes => value.as_str().and_then(from_base64).map(|bytes| Field::Bytes(bytes.into())),
        Kind::Double => double(value).map(Field::F64),
        Kind::Float => double(value).and_then(float).map(Field::F32),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => integer(value)?.try_into().ok().map(Field::I32),
        Kind::Uint32 | Kind::Fixed32 => integer(value)?.try_into().ok().map(Field::U32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => long_integer(value)?.try_into().ok().map(Field::I64),
        Kind::Uint64 | Kind::Fixed64 => long_integer(value)?.try_into().ok().map(Field::U64),
        Kind::Message(_) | Kind::Enum(_) => None,
    }
}

/// A map's key as its kind; `None` if the text is not of that kind.
pub(super) fn map_key(key: &str, kind: &Kind) -> Option<MapKey> {
    match kind {
        Kind::String => Some(MapKey::String(key.to_owned())),
        Kind::Bool => key.parse().ok().map(MapKey::Bool),
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => key.parse().ok().map(MapKey::I32),
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => key.parse().ok().map(MapKey::I64),
        Kind::Uint32 | Kind::Fixed32 => key.parse().ok().map(MapKey::U32),
        Kind::Uint64 | Kind::Fixed64 => key.parse().ok().map(MapKey::U64),
        _ => None,
    }
}

fn double(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        // What JSON has no numbers for.
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// The nearest float; `None` where only infinity is near.
fn float(number: f64) -> Option<f32> {
    #[expect(clippy::cast_possible_truncation, reason = "rounding to the nearest float is what the field holds")]
    let rounded = number as f32;
    (rounded.is_finite() || !number.is_finite()).then_some(rounded)
}

/// A whole number, whatever its size.
pub(super) fn integer(value: &Value) -> Option<i128> {
    let number = value.as_number()?;
    number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from)).or_else(|| {
        // 1e3 and 2.0 are integers too.
        let float = number.as_f64().filter(|float| float.fract() == 0.0 && float.abs() < 9e15)?;
        #[expect(clippy::cast_possible_truncation, reason = "integral and below 2^53: exact")]
        let exact = float as i128;
        Some(exact)
    })
}

/// JSON writes 64-bit integers as text, since many readers round them.
fn long_integer(value: &Value) -> Option<i128> {
    integer(value).or_else(|| value.as_str()?.parse().ok())
}

/// Standard or URL-safe, padded or not, as the JSON mapping asks of readers.
fn from_base64(text: &str) -> Option<Vec<u8>> {
    const LENIENT: GeneralPurposeConfig =
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
    const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
    const URL_SAFE: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);
    STANDARD.decode(text).or_else(|_| URL_SAFE.decode(text)).ok()
}

/// What a field of this kind takes, in the words of errors.
pub(super) fn describe(kind: &Kind) -> &'static str {
    match kind {
        Kind::Double | Kind::Float => "a number",
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => "a whole number of 32 bits",
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => "a whole number of 64 bits",
        Kind::Uint32 | Kind::Fixed32 => "a whole number of 32 bits, not negative",
        Kind::Uint64 | Kind::Fixed64 => "a whole number of 64 bits, not negative",
        Kind::Bool => "true or false",
        Kind::String => "text",
        Kind::Bytes => "bytes in base64",
        Kind::Message(_) => "a mapping",
        Kind::Enum(_) => "the name of a value",
    }
}
