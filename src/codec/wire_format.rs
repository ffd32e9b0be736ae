//! The wire format (<https://protobuf.dev/programming-guides/encoding/>): varints, keys and where a value ends.
//!
//! Both descriptors and the messages that they describe are read by it, where they lie.

use std::ops::Range;

/// Bytes that are read by another way, if by any: broken, or such as no serializer writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Odd;

/// How a value stands on the wire. Groups have been given up, and are [`Odd`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Varint,
    Bytes8,
    Delimited,
    Bytes4,
}

/// One field of a message: its number, its form, and the place of its value, which for [`Wire::Delimited`] begins
/// behind the length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: u32,
    pub wire: Wire,
    /// Where its key begins.
    pub key: usize,
    pub value: Range<usize>,
}

/// Goes through a message, field by field.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// Begins at an offset, such as a field's key.
    pub fn starting(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next field; `None` at the end.
    // Most of the time of a long list is spent here: worked into its callers, none of what it finds goes through memory.
    #[inline(always)]
    pub fn entry(&mut self) -> Result<Option<Entry>, Odd> {
        let key = self.at;
        if key >= self.bytes.len() {
            return Ok(None);
        }
        let tag = u32::try_from(self.varint()?).map_err(|_| Odd)?;
        let number = tag >> 3;
        if number == 0 {
            return Err(Odd);
        }
        let (wire, length) = match tag & 7 {
            0 => {
                let start = self.at;
                self.varint()?;
                return Ok(Some(Entry { number, wire: Wire::Varint, key, value: start..self.at }));
            }
            1 => (Wire::Bytes8, 8),
            2 => (Wire::Delimited, usize::try_from(self.varint()?).map_err(|_| Odd)?),
            5 => (Wire::Bytes4, 4),
            _ => return Err(Odd),
        };
        let start = self.at;
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(Odd)?;
        self.at = end;
        Ok(Some(Entry { number, wire, key, value: start..end }))
    }

    /// The next value of a packed list; `None` at the end.
    pub fn packed(&mut self, wire: Wire) -> Result<Option<Range<usize>>, Odd> {
        let start = self.at;
        if start >= self.bytes.len() {
            return Ok(None);
        }
        let length = match wire {
            Wire::Varint => {
                self.varint()?;
                self.at - start
            }
            Wire::Bytes4 => 4,
            Wire::Bytes8 => 8,
            Wire::Delimited => return Err(Odd),
        };
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(Odd)?;
        self.at = end;
        Ok(Some(start..end))
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Odd> {
        if let Some(&byte) = self.bytes.get(self.at)
            && byte < 0x80
        {
            self.at += 1;
            return Ok(byte.into());
        }
        self.long_varint()
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Odd> {
        let (value, length) = varint(self.bytes.get(self.at..).ok_or(Odd)?)?;
        self.at += length;
        Ok(value)
    }
}

/// The varint at the beginning of `bytes`, and its length.
fn varint(bytes: &[u8]) -> Result<(u64, usize), Odd> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            // The tenth byte has room for one bit.
            return if at == 9 && byte > 1 { Err(Odd) } else { Ok((value, at + 1)) };
        }
    }
    Err(Odd)
}

/// The number in a varint's own bytes.
pub fn number(bytes: &[u8]) -> Result<u64, Odd> {
    varint(bytes).map(|(value, _)| value)
}

/// The number in four bytes.
pub fn fixed32(bytes: &[u8]) -> Result<u32, Odd> {
    bytes.try_into().map(u32::from_le_bytes).map_err(|_| Odd)
}

/// The number in eight bytes.
pub fn fixed64(bytes: &[u8]) -> Result<u64, Odd> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| Odd)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost_reflect::prost::encoding::{decode_varint, encode_varint};

    use super::*;

    #[test]
    fn fields_are_told_with_their_places() {
        let bytes = [0x08, 0x96, 0x01, 0x12, 0x02, b'h', b'i', 0x1d, 1, 0, 0, 0, 0x21, 2, 0, 0, 0, 0, 0, 0, 0];
        let mut reader = Reader::new(&bytes);
        let mut next = || reader.entry().unwrap().map(|entry| (entry.number, entry.wire, entry.key, entry.value));
        assert_eq!(next(), Some((1, Wire::Varint, 0, 1..3)));
        assert_eq!(next(), Some((2, Wire::Delimited, 3, 5..7)));
        assert_eq!(next(), Some((3, Wire::Bytes4, 7, 8..12)));
        assert_eq!(next(), Some((4, Wire::Bytes8, 12, 13..21)));
        assert_eq!(next(), None);
        assert_eq!((number(&bytes[1..3]), fixed32(&bytes[8..12]), fixed64(&bytes[13..])), (Ok(150), Ok(1), Ok(2)));
    }

    #[test]
    fn what_is_broken_or_a_group_is_odd() {
        for bytes in [
            &[0x00][..],
            &[0x80],
            &[0x0a, 0x02, b'x'],
            &[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01],
            &[0x0b, 0x0c],
            &[0x0c],
            &[0x0e],
            &[0x0d, 1, 2, 3],
            &[0x09, 1, 2, 3, 4, 5, 6, 7],
            &[0x88, 0x80, 0x80, 0x80, 0x10, 0x01],
        ] {
            assert_eq!(Reader::new(bytes).entry(), Err(Odd), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn varints_are_those_of_prost(bytes in prop::collection::vec(prop_oneof![Just(0x80_u8), Just(0xff), any::<u8>()], 1..12)) {
            let mut rest = &bytes[..];
            let expected = decode_varint(&mut rest).ok().map(|value| (value, bytes.len() - rest.len()));
            prop_assert_eq!(varint(&bytes).ok(), expected);
        }

        #[test]
        fn every_number_is_read_back(value: u64) {
            let mut bytes = Vec::new();
            encode_varint(value, &mut bytes);
            prop_assert_eq!(varint(&bytes), Ok((value, bytes.len())));
        }
    }
}
