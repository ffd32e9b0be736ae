//! Protobuf's wire format, written (<https://protobuf.dev/programming-guides/encoding/>).

use prost_reflect::Value as Field;
use prost_reflect::prost::encoding::{WireType, encode_key, encode_varint};

use crate::codec::descriptor::Kind;

/// What a single value is on the wire.
#[derive(Clone, Copy)]
pub(super) enum Payload<'a> {
    Varint(u64),
    Four([u8; 4]),
    Eight([u8; 8]),
    Bytes(&'a [u8]),
}

/// The bytes of a message that is being written.
#[derive(Default)]
pub(super) struct Buffer(Vec<u8>);

/// What was begun and has no end yet; ended in turn, the last first.
#[must_use]
pub(super) struct Open(usize);

impl Buffer {
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// A field with its number.
    pub fn field(&mut self, number: u32, payload: Payload<'_>) {
        let wire_type = match payload {
            Payload::Varint(_) => WireType::Varint,
            Payload::Four(_) => WireType::ThirtyTwoBit,
            Payload::Eight(_) => WireType::SixtyFourBit,
            Payload::Bytes(_) => WireType::LengthDelimited,
        };
        encode_key(number, wire_type, &mut self.0);
        self.bare(payload);
    }

    /// What stands in a packed list: the value alone.
    pub fn bare(&mut self, payload: Payload<'_>) {
        match payload {
            Payload::Varint(value) => encode_varint(value, &mut self.0),
            Payload::Four(bytes) => self.0.extend(bytes),
            Payload::Eight(bytes) => self.0.extend(bytes),
            Payload::Bytes(bytes) => {
                encode_varint(bytes.len() as u64, &mut self.0);
                self.0.extend_from_slice(bytes);
            }
        }
    }

    /// Bytes of a message that stand here as they are.
    pub fn append(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// Begins a field of a length that shows at its end.
    pub fn open(&mut self, number: u32) -> Open {
        encode_key(number, WireType::LengthDelimited, &mut self.0);
        // Most are so short that one byte holds their length.
        self.0.push(0);
        Open(self.0.len())
    }

    pub fn close(&mut self, Open(begin): Open) {
        let length = self.0.len() - begin;
        match u8::try_from(length) {
            Ok(length @ 0..0x80) => self.0[begin - 1] = length,
            _ => {
                let mut digits = Vec::new();
                encode_varint(length as u64, &mut digits);
                self.0.splice(begin - 1..begin, digits);
            }
        }
    }

    /// The old form of a message in another, which has an end instead of a length.
    pub fn open_group(&mut self, number: u32) {
        encode_key(number, WireType::StartGroup, &mut self.0);
    }

    pub fn close_group(&mut self, number: u32) {
        encode_key(number, WireType::EndGroup, &mut self.0);
    }
}

impl<'a> Payload<'a> {
    pub fn text(text: &'a str) -> Self {
        Self::Bytes(text.as_bytes())
    }

    pub fn double(value: f64) -> Self {
        Self::Eight(value.to_le_bytes())
    }

    pub fn truth(value: bool) -> Self {
        Self::Varint(value.into())
    }

    /// An integer of any width, negative ones in ten bytes; so are enums.
    pub fn signed(value: impl Into<i64>) -> Self {
        Self::Varint(value.into().cast_unsigned())
    }

    /// A field of this kind; `None` for what is no single value.
    pub fn of(value: &'a Field, kind: &Kind) -> Option<Self> {
        Some(match (value, kind) {
            (Field::Bool(value), _) => Self::truth(*value),
            (Field::I32(value), Kind::Sint32) => Self::Varint(zigzag(i64::from(*value))),
            (Field::I32(value), Kind::Sfixed32) => Self::Four(value.to_le_bytes()),
            (Field::I32(value) | Field::EnumNumber(value), _) => Self::signed(*value),
            (Field::I64(value), Kind::Sint64) => Self::Varint(zigzag(*value)),
            (Field::I64(value), Kind::Sfixed64) => Self::Eight(value.to_le_bytes()),
            (Field::I64(value), _) => Self::signed(*value),
            (Field::U32(value), Kind::Fixed32) => Self::Four(value.to_le_bytes()),
            (Field::U32(value), _) => Self::Varint((*value).into()),
            (Field::U64(value), Kind::Fixed64) => Self::Eight(value.to_le_bytes()),
            (Field::U64(value), _) => Self::Varint(*value),
            (Field::F32(value), _) => Self::Four(value.to_le_bytes()),
            (Field::F64(value), _) => Self::double(*value),
            (Field::String(text), _) => Self::text(text),
            (Field::Bytes(bytes), _) => Self::Bytes(bytes),
            (Field::Message(_) | Field::List(_) | Field::Map(_), _) => return None,
        })
    }

    /// Whether it is what a field holds that is not there.
    pub fn is_default(self) -> bool {
        match self {
            Self::Varint(value) => value == 0,
            // A negative zero is none.
            Self::Four(bytes) => bytes == [0; 4],
            Self::Eight(bytes) => bytes == [0; 8],
            Self::Bytes(bytes) => bytes.is_empty(),
        }
    }
}

/// What a `sint32` or `sint64` is: short for numbers that are near 0 on either side.
fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_put_before_what_is_longer_than_one_byte_can_tell() {
        for length in [0, 1, 127, 128, 300, 20_000] {
            let mut buffer = Buffer::default();
            let outer = buffer.open(1);
            let inner = buffer.open(2);
            buffer.field(3, Payload::Bytes(&vec![7; length]));
            buffer.close(inner);
            buffer.field(4, Payload::Varint(1));
            buffer.close(outer);
            let mut bytes = Vec::new();
            for (tail, number) in [(vec![], 3), (vec![], 2), (vec![0x20, 1], 1)] {
                let content = if number == 3 { vec![7; length] } else { std::mem::take(&mut bytes) };
                let content = [content, tail].concat();
                encode_key(number, WireType::LengthDelimited, &mut bytes);
                encode_varint(content.len() as u64, &mut bytes);
                bytes.extend(content);
            }
            assert_eq!(buffer.into_bytes(), bytes, "{length}");
        }
    }

    #[test]
    fn zigzag_keeps_numbers_near_zero_short() {
        let numbers = [0, -1, 1, -2, i64::MAX, i64::MIN];
        assert_eq!(numbers.map(zigzag), [0, 1, 2, 3, u64::MAX - 1, u64::MAX]);
    }
}
