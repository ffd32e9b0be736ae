//! Scalars as protobuf encodes them and as JSON shows them.

use prost_reflect::Value;
use serde_json::{Number, Value as Json};

use super::plan::ValueKind;
use crate::codec::wire_format::{Malformed, fixed32, fixed64, number};

/// A value that is not a message. Those of one kind are in the order of their numbers or texts.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Int32(i32),
    Int64(i64),
    Uint32(u32),
    Uint64(u64),
    Float(f32),
    Double(f64),
    Text(&'a str),
    Bytes(&'a [u8]),
    Enum(i32),
}

impl<'a> Scalar<'a> {
    /// Reads a value of this kind from its bytes.
    ///
    /// # Errors
    /// The bytes are malformed, or the kind is a message.
    pub fn read(kind: ValueKind, bytes: &'a [u8]) -> Result<Self, Malformed> {
        Ok(match kind {
            ValueKind::Bool => Self::Bool(number(bytes)? != 0),
            ValueKind::Int32 => Self::Int32(int32(bytes)?),
            // ZigZag: 0, -1, 1, -2, ...
            ValueKind::Sint32 => {
                let number = uint32(bytes)?;
                Self::Int32((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
            }
            ValueKind::Sfixed32 => Self::Int32(fixed32(bytes)?.cast_signed()),
            ValueKind::Int64 => Self::Int64(number(bytes)?.cast_signed()),
            ValueKind::Sint64 => {
                let number = number(bytes)?;
                Self::Int64((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
            }
            ValueKind::Sfixed64 => Self::Int64(fixed64(bytes)?.cast_signed()),
            ValueKind::Uint32 => Self::Uint32(uint32(bytes)?),
            ValueKind::Fixed32 => Self::Uint32(fixed32(bytes)?),
            ValueKind::Uint64 => Self::Uint64(number(bytes)?),
            ValueKind::Fixed64 => Self::Uint64(fixed64(bytes)?),
            ValueKind::Float => Self::Float(f32::from_bits(fixed32(bytes)?)),
            ValueKind::Double => Self::Double(f64::from_bits(fixed64(bytes)?)),
            ValueKind::String => Self::Text(utf8(bytes)?),
            ValueKind::Bytes => Self::Bytes(bytes),
            ValueKind::Enum(_) => Self::Enum(int32(bytes)?),
            ValueKind::Message(_) => return Err(Malformed::WireType),
        })
    }

    /// A field's default; `None` for a message.
    pub fn from_default(value: &'a Value) -> Option<Self> {
        Some(match value {
            Value::Bool(value) => Self::Bool(*value),
            Value::I32(number) => Self::Int32(*number),
            Value::I64(number) => Self::Int64(*number),
            Value::U32(number) => Self::Uint32(*number),
            Value::U64(number) => Self::Uint64(*number),
            Value::F32(number) => Self::Float(*number),
            Value::F64(number) => Self::Double(*number),
            Value::String(text) => Self::Text(text),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::EnumNumber(number) => Self::Enum(*number),
            Value::Message(_) | Value::List(_) | Value::Map(_) => return None,
        })
    }
}

/// A number of 32 bits. A varint may have more: protobuf leaves out the upper ones.
#[expect(clippy::cast_possible_truncation, reason = "protobuf leaves out the upper bits")]
fn uint32(bytes: &[u8]) -> Result<u32, Malformed> {
    number(bytes).map(|number| number as u32)
}

pub(super) fn int32(bytes: &[u8]) -> Result<i32, Malformed> {
    uint32(bytes).map(u32::cast_signed)
}

/// A number in a `google.protobuf.Value`, which has doubles only: whole ones are shown as integers.
pub(super) fn json_number(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53: exact")]
        let whole = number as i64;
        return whole.into();
    }
    double(number)
}

pub(super) fn double(number: f64) -> Json {
    match Number::from_f64(number) {
        Some(number) => number.into(),
        None if number.is_nan() => "NaN".into(),
        None if number > 0.0 => "Infinity".into(),
        None => "-Infinity".into(),
    }
}

pub(super) fn utf8(bytes: &[u8]) -> Result<&str, Malformed> {
    str::from_utf8(bytes).map_err(|_| Malformed::Utf8)
}

/// The shortest text of the float, not the digits that widening it would add.
pub(super) fn float(number: f32) -> Json {
    if number.is_finite() { number.to_string().parse().map_or(Json::Null, double) } else { double(f64::from(number)) }
}
