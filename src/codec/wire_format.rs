//! Reads protobuf's wire format: varints, keys, lengths.
//!
//! <https://protobuf.dev/programming-guides/encoding/>
//!
//! Messages are not copied: what is returned are offsets into their bytes.

use std::ops::Range;

use thiserror::Error;

/// How deep messages and groups nest at most, as in prost.
pub(super) const MAX_DEPTH: usize = 100;

/// Bytes that are not a message of their type.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub enum Malformed {
    #[error("a value ends before its last byte")]
    Truncated,
    #[error("a varint is longer than 64 bits")]
    Varint,
    #[error("a field has an invalid key")]
    Key,
    #[error("a field has another wire type than its description says")]
    WireType,
    #[error("a group has no matching end")]
    Group,
    #[error("a text is not UTF-8")]
    Utf8,
    #[error("messages are nested more than {MAX_DEPTH} deep")]
    Depth,
    #[error("the message is larger than 4 GiB")]
    Size,
}

/// The form of a value on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wire {
    Varint,
    Bytes8,
    Delimited,
    /// The older form of a message in a message, which has an end instead of a length.
    Group,
    Bytes4,
}

/// One field of a message, by its offsets in the message's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: u32,
    pub wire: Wire,
    /// Where its key begins.
    pub key: usize,
    /// The value without its length or its end.
    pub value: Range<usize>,
    /// Where the next field begins.
    pub end: usize,
}

/// Goes through a message, field by field.
#[derive(Clone)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::starting_at(bytes, 0)
    }

    /// Begins at the key of a field.
    pub fn starting_at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at }
    }

    /// The next field; `None` at the end.
    // Most of the time of a long list is spent here: inlined, none of the entry goes through memory.
    #[inline(always)]
    pub fn entry(&mut self) -> Result<Option<Entry>, Malformed> {
        let key = self.at;
        if key >= self.bytes.len() {
            return Ok(None);
        }
        let (number, wire_type) = self.key()?;
        let (wire, length) = match wire_type {
            0 => {
                let start = self.at;
                self.varint()?;
                return Ok(Some(Entry { number, wire: Wire::Varint, key, value: start..self.at, end: self.at }));
            }
            1 => (Wire::Bytes8, 8),
            2 => (Wire::Delimited, self.length()?),
            3 => {
                let value = self.at..self.skip_group(number)?;
                return Ok(Some(Entry { number, wire: Wire::Group, key, value, end: self.at }));
            }
            5 => (Wire::Bytes4, 4),
            _ => return Err(Malformed::Key),
        };
        let value = self.take(length)?;
        Ok(Some(Entry { number, wire, key, end: value.end, value }))
    }

    /// The next value of a packed list; `None` at the end.
    pub fn packed(&mut self, wire: Wire) -> Result<Option<Range<usize>>, Malformed> {
        if self.at >= self.bytes.len() {
            return Ok(None);
        }
        let start = self.at;
        match wire {
            Wire::Varint => self.varint().map(|_| Some(start..self.at)),
            Wire::Bytes4 => self.take(4).map(Some),
            Wire::Bytes8 => self.take(8).map(Some),
            Wire::Delimited | Wire::Group => Err(Malformed::WireType),
        }
    }

    #[inline(always)]
    fn take(&mut self, length: usize) -> Result<Range<usize>, Malformed> {
        let start = self.at;
        let end = start.checked_add(length).filter(|end| *end <= self.bytes.len()).ok_or(Malformed::Truncated)?;
        self.at = end;
        Ok(start..end)
    }

    /// A field's number and its wire type.
    #[inline(always)]
    fn key(&mut self) -> Result<(u32, u32), Malformed> {
        let key = u32::try_from(self.varint()?).map_err(|_| Malformed::Key)?;
        if key >> 3 == 0 { Err(Malformed::Key) } else { Ok((key >> 3, key & 7)) }
    }

    /// Skips the group with this number, and says where its content ends.
    #[inline(never)]
    fn skip_group(&mut self, number: u32) -> Result<usize, Malformed> {
        let mut open = vec![number];
        loop {
            let end = self.at;
            let (number, wire_type) = self.key()?;
            let length = match wire_type {
                0 => self.varint().map(|_| 0)?,
                1 => 8,
                2 => self.length()?,
                3 if open.len() > MAX_DEPTH => return Err(Malformed::Depth),
                3 => {
                    open.push(number);
                    0
                }
                4 if open.pop() != Some(number) => return Err(Malformed::Group),
                4 if open.is_empty() => return Ok(end),
                4 => 0,
                5 => 4,
                _ => return Err(Malformed::Key),
            };
            self.take(length)?;
        }
    }

    #[inline(always)]
    fn length(&mut self) -> Result<usize, Malformed> {
        usize::try_from(self.varint()?).map_err(|_| Malformed::Truncated)
    }

    #[inline(always)]
    fn varint(&mut self) -> Result<u64, Malformed> {
        if let Some(&byte) = self.bytes.get(self.at)
            && byte < 0x80
        {
            self.at += 1;
            return Ok(byte.into());
        }
        self.long_varint()
    }

    #[inline(never)]
    fn long_varint(&mut self) -> Result<u64, Malformed> {
        let (value, length) = varint(self.bytes.get(self.at..).ok_or(Malformed::Truncated)?)?;
        self.at += length;
        Ok(value)
    }
}

/// The varint at the beginning of `bytes`, and its length.
fn varint(bytes: &[u8]) -> Result<(u64, usize), Malformed> {
    let mut value = 0;
    for (at, &byte) in bytes.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            // The tenth byte has room for one bit.
            return if at == 9 && byte > 1 { Err(Malformed::Varint) } else { Ok((value, at + 1)) };
        }
    }
    Err(if bytes.len() < 10 { Malformed::Truncated } else { Malformed::Varint })
}

/// The number in a varint's own bytes.
pub fn number(bytes: &[u8]) -> Result<u64, Malformed> {
    varint(bytes).map(|(value, _)| value)
}

/// The number in four bytes.
pub fn fixed32(bytes: &[u8]) -> Result<u32, Malformed> {
    bytes.try_into().map(u32::from_le_bytes).map_err(|_| Malformed::Truncated)
}

/// The number in eight bytes.
pub fn fixed64(bytes: &[u8]) -> Result<u64, Malformed> {
    bytes.try_into().map(u64::from_le_bytes).map_err(|_| Malformed::Truncated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost_reflect::prost::encoding::{decode_varint, encode_varint};

    use super::*;

    #[test]
    fn fields_are_found_with_their_offsets() {
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
    fn a_group_ends_where_its_own_end_is() {
        let bytes = [0x0b, 0x13, 0x18, 0x01, 0x14, 0x22, 0x01, 0x0c, 0x0c, 0x08, 0x01];
        let mut reader = Reader::new(&bytes);
        let group = Entry { number: 1, wire: Wire::Group, key: 0, value: 1..8, end: 9 };
        assert_eq!(reader.entry(), Ok(Some(group)));
        assert_eq!(reader.entry().unwrap().unwrap().number, 1);
        assert_eq!(reader.entry(), Ok(None));
    }

    #[test]
    fn malformed_fields_are_refused() {
        for (bytes, why) in [
            (&[0x00][..], Malformed::Key),
            (&[0x80], Malformed::Truncated),
            (&[0x0a, 0x02, b'x'], Malformed::Truncated),
            (&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], Malformed::Truncated),
            (&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02], Malformed::Varint),
            (&[0x0b, 0x14], Malformed::Group),
            (&[0x0b, 0x0b, 0x0c], Malformed::Truncated),
            (&[0x0c], Malformed::Key),
            (&[0x0e], Malformed::Key),
            (&[0x0d, 1, 2, 3], Malformed::Truncated),
            (&[0x09, 1, 2, 3, 4, 5, 6, 7], Malformed::Truncated),
            (&[0x88, 0x80, 0x80, 0x80, 0x10, 0x01], Malformed::Key),
            (&[0x0b; 200], Malformed::Depth),
        ] {
            assert_eq!(Reader::new(bytes).entry(), Err(why), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn varints_are_those_of_prost(
            bytes in prop::collection::vec(prop_oneof![Just(0x80_u8), Just(0xff), any::<u8>()], 1..12),
        ) {
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
