//! Scalars as protobuf encodes them and as JSON shows them.

use serde_json::{Number, Value};

use crate::codec::wire_format::{Malformed, number};

/// A number of 32 bits. A varint may have more: protobuf leaves out the upper ones.
#[expect(clippy::cast_possible_truncation, reason = "protobuf leaves out the upper bits")]
pub(super) fn uint32(bytes: &[u8]) -> Result<u32, Malformed> {
    number(bytes).map(|number| number as u32)
}

pub(super) fn int32(bytes: &[u8]) -> Result<i32, Malformed> {
    uint32(bytes).map(u32::cast_signed)
}

/// ZigZag: 0, -1, 1, -2, ...
pub(super) fn sint32(bytes: &[u8]) -> Result<i32, Malformed> {
    uint32(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

pub(super) fn sint64(bytes: &[u8]) -> Result<i64, Malformed> {
    number(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// A number in a `google.protobuf.Value`, which has doubles only: whole ones are shown as integers.
pub(super) fn json_number(number: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0; // 2^53
    if number.fract() == 0.0 && number.abs() <= EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "integral and within 2^53: exact")]
        let whole = number as i64;
        return whole.into();
    }
    double(number)
}

pub(super) fn double(number: f64) -> Value {
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
pub(super) fn float(number: f32) -> Value {
    if number.is_finite() { number.to_string().parse().map_or(Value::Null, double) } else { double(f64::from(number)) }
}
