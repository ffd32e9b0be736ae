//! Integers of the kinds that are more than a varint.

use crate::codec::wire_format::{Odd, number};

/// A number of 32 bits, of which a varint may have more: the upper ones are left out, as protobuf has it.
#[expect(clippy::cast_possible_truncation, reason = "protobuf leaves out the upper bits")]
pub(super) fn uint32(bytes: &[u8]) -> Result<u32, Odd> {
    number(bytes).map(|number| number as u32)
}

pub(super) fn int32(bytes: &[u8]) -> Result<i32, Odd> {
    uint32(bytes).map(u32::cast_signed)
}

/// ZigZag: 0, -1, 1, -2, ...
pub(super) fn sint32(bytes: &[u8]) -> Result<i32, Odd> {
    uint32(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

pub(super) fn sint64(bytes: &[u8]) -> Result<i64, Odd> {
    number(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}
