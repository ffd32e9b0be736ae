//! An encoded message taken apart, without decoding what is inside.

use prost::encoding::{WireType, encode_key, encode_varint};

use crate::codec::wire_format;
use crate::codec::wire_format::{Odd, Reader, Wire};

/// One field of an encoded message, as it stands there.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Part<'a> {
    pub number: u32,
    pub wire: Wire,
    /// With its key and length: what to copy.
    pub whole: &'a [u8],
    /// A text or a message without its length; the encoded value of a number.
    pub content: &'a [u8],
}

/// Bytes that are no message, or hold no text where one belongs. Groups count as that: descriptors have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken;

impl<'a> Part<'a> {
    /// What it holds if that is a message.
    pub fn message(&self) -> Result<&'a [u8], Broken> {
        if self.wire == Wire::Delimited { Ok(self.content) } else { Err(Broken) }
    }

    pub fn text(&self) -> Result<&'a str, Broken> {
        str::from_utf8(self.message()?).map_err(|_| Broken)
    }

    pub fn value(&self) -> Result<u64, Broken> {
        if self.wire == Wire::Varint { Ok(wire_format::number(self.content)?) } else { Err(Broken) }
    }
}

impl From<Odd> for Broken {
    fn from(Odd: Odd) -> Self {
        Self
    }
}

/// The fields of a message in their order.
pub(crate) fn parts(message: &[u8]) -> Parts<'_> {
    Parts { message, reader: Reader::new(message) }
}

pub(crate) struct Parts<'a> {
    message: &'a [u8],
    reader: Reader<'a>,
}

impl<'a> Parts<'a> {
    fn take(&mut self) -> Result<Option<Part<'a>>, Broken> {
        let Some(entry) = self.reader.entry()? else { return Ok(None) };
        let whole = self.message.get(entry.key..entry.value.end).ok_or(Broken)?;
        let content = self.message.get(entry.value).ok_or(Broken)?;
        Ok(Some(Part { number: entry.number, wire: entry.wire, whole, content }))
    }
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        let part = self.take();
        if part.is_err() {
            self.reader = Reader::new(&[]);
        }
        part.transpose()
    }
}

/// The field of a number; of several the last, as protobuf has it.
pub(crate) fn last(message: &[u8], number: u32) -> Result<Option<Part<'_>>, Broken> {
    parts(message).try_fold(None, |last, part| part.map(|part| if part.number == number { Some(part) } else { last }))
}

/// The text of a field; empty where it is not set.
pub(crate) fn text(message: &[u8], number: u32) -> Result<&str, Broken> {
    last(message, number)?.map_or(Ok(""), |part| part.text())
}

/// The number in a field.
pub(crate) fn value(message: &[u8], number: u32) -> Result<Option<u64>, Broken> {
    last(message, number)?.map(|part| part.value()).transpose()
}

/// Appends a text or a message as a field.
pub(crate) fn put(message: &mut Vec<u8>, number: u32, content: &[u8]) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(content.len() as u64, message);
    message.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use prost::encoding::{DecodeContext, decode_key, skip_field};

    use super::*;

    #[test]
    fn a_message_is_its_parts() {
        let mut message = vec![0x08, 0x96, 0x01];
        put(&mut message, 2, b"text");
        message.extend_from_slice(&[0x1d, 1, 2, 3, 4]);
        let taken: Vec<Part> = parts(&message).map(Result::unwrap).collect();
        assert_eq!(taken.iter().map(|part| part.number).collect::<Vec<_>>(), [1, 2, 3]);
        assert_eq!((taken[1].text(), taken[0].content), (Ok("text"), &[0x96, 0x01][..]));
        assert_eq!(taken.iter().flat_map(|part| part.whole).copied().collect::<Vec<_>>(), message);
        assert_eq!((text(&message, 2), text(&message, 9)), (Ok("text"), Ok("")));
    }

    #[test]
    fn what_is_no_message_is_told_once() {
        // The tenth byte of a number has room for one bit.
        const TOO_MUCH: &[u8] = &[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02];
        for broken in [&[0x0a, 5, 1][..], &[0x08], &[0x00], &[0xff; 12], TOO_MUCH] {
            assert_eq!(parts(broken).map(|part| part.err()).collect::<Vec<_>>(), [Some(Broken)], "{broken:?}");
        }
        assert_eq!(text(&[0x0a, 1, 0xff], 1), Err(Broken));
    }

    /// The numbers and lengths of the fields; groups are refused.
    fn by_the_library(mut bytes: &[u8]) -> Option<Vec<(u32, usize)>> {
        let mut parts = Vec::new();
        while !bytes.is_empty() {
            let before = bytes.len();
            let (number, wire_type) = decode_key(&mut bytes).ok()?;
            if matches!(wire_type, WireType::StartGroup | WireType::EndGroup) {
                return None;
            }
            skip_field(wire_type, number, &mut bytes, DecodeContext::default()).ok()?;
            parts.push((number, before - bytes.len()));
        }
        Some(parts)
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart_as_the_library_does_or_refused(
            bytes in proptest::collection::vec(prop_oneof![Just(0x80_u8), Just(0xff), 0..0x20_u8, any::<u8>()], 0..40),
        ) {
            let taken: Result<Vec<(u32, usize)>, Broken> =
                parts(&bytes).map(|part| part.map(|part| (part.number, part.whole.len()))).collect();
            prop_assert_eq!(taken.ok(), by_the_library(&bytes));
        }
    }
}
