//! An encoded message taken apart, without decoding what is inside.

use prost::encoding::{WireType, encode_key, encode_varint};

/// One field of an encoded message, as it stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    pub number: u32,
    /// With its key and length: what to copy.
    pub whole: &'a [u8],
    /// A text or a message without its length; the encoded value of a number.
    pub content: &'a [u8],
}

/// Bytes that are no message, or hold no text where one belongs. Groups count as that: descriptors have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Broken;

impl<'a> Part<'a> {
    pub fn text(&self) -> Result<&'a str, Broken> {
        str::from_utf8(self.content).map_err(|_| Broken)
    }
}

/// The fields of a message in their order.
pub(super) fn parts(message: &[u8]) -> Parts<'_> {
    Parts(message)
}

pub(super) struct Parts<'a>(&'a [u8]);

impl<'a> Parts<'a> {
    fn take(&mut self) -> Result<Part<'a>, Broken> {
        let start = self.0;
        let (key, after_key) = varint(start)?;
        let number = u32::try_from(key >> 3).ok().filter(|number| *number > 0).ok_or(Broken)?;
        let (content, rest) = match key & 7 {
            VARINT => {
                let (_, rest) = varint(after_key)?;
                after_key.split_at(after_key.len() - rest.len())
            }
            FIXED64 => after_key.split_at_checked(8).ok_or(Broken)?,
            FIXED32 => after_key.split_at_checked(4).ok_or(Broken)?,
            LENGTH_DELIMITED => {
                let (length, after_length) = varint(after_key)?;
                let length = usize::try_from(length).map_err(|_| Broken)?;
                after_length.split_at_checked(length).ok_or(Broken)?
            }
            _ => return Err(Broken),
        };
        self.0 = rest;
        Ok(Part { number, whole: &start[..start.len() - rest.len()], content })
    }
}

/// The wire types (<https://protobuf.dev/programming-guides/encoding/#structure>).
const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const LENGTH_DELIMITED: u64 = 2;
const FIXED32: u64 = 5;

/// A number in groups of seven bits, and what stands behind it.
fn varint(bytes: &[u8]) -> Result<(u64, &[u8]), Broken> {
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().take(10) {
        value |= u64::from(byte & 0x7f) << (7 * at);
        if *byte < 0x80 {
            return Ok((value, &bytes[at + 1..]));
        }
    }
    Err(Broken)
}

impl<'a> Iterator for Parts<'a> {
    type Item = Result<Part<'a>, Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let part = self.take();
        if part.is_err() {
            self.0 = &[];
        }
        Some(part)
    }
}

/// The text of a field that is set once; empty where it is not.
pub(super) fn text(message: &[u8], number: u32) -> Result<&str, Broken> {
    for part in parts(message) {
        let part = part?;
        if part.number == number {
            return part.text();
        }
    }
    Ok("")
}

/// Appends a text or a message as a field.
pub(super) fn put(message: &mut Vec<u8>, number: u32, content: &[u8]) {
    encode_key(number, WireType::LengthDelimited, message);
    encode_varint(content.len() as u64, message);
    message.extend_from_slice(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

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
        for broken in [&[0x0a, 5, 1][..], &[0x08], &[0x00], &[0xff; 12]] {
            assert_eq!(parts(broken).map(|part| part.err()).collect::<Vec<_>>(), [Some(Broken)], "{broken:?}");
        }
        assert_eq!(text(&[0x0a, 1, 0xff], 1), Err(Broken));
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_the_library_reads_them(value: u64, behind in proptest::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = Vec::new();
            encode_varint(value, &mut bytes);
            bytes.extend_from_slice(&behind);
            prop_assert_eq!(varint(&bytes), Ok((value, &behind[..])));
        }

        #[test]
        fn any_bytes_are_taken_apart_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let read: usize = parts(&bytes).map_while(Result::ok).map(|part| part.whole.len()).sum();
            prop_assert!(read <= bytes.len());
        }
    }
}
