//! Mappings: their keys sorted, the last value of each.

use std::fmt::Write as _;

use super::find::{Scratch, Slot, Values, to_u32, to_usize};
use super::plan::{Field as Known, Kind, Plan};
use super::scalar::{int32, sint32, sint64, uint32};
use super::sink::Sink;
use crate::codec::wire_format::{Entry, Odd, Reader, fixed32, fixed64, number};

/// How many entries most mappings have at most; they are sorted where they are read.
const FEW: usize = 8;

/// A mapping where it stands in its message.
#[derive(Clone, Copy)]
pub(super) struct Mapping<'a> {
    pub field: &'a Known,
    /// The kind of its keys.
    pub key: Kind,
    pub slot: Slot,
    /// The message.
    pub bytes: &'a [u8],
}

impl<'a> Mapping<'a> {
    fn entries(self) -> impl Iterator<Item = Result<Entry, Odd>> + 'a {
        Values::entries(self.field, self.slot, self.bytes)
    }

    fn read(self, entry: Entry) -> Result<(Key<'a>, Option<&'a [u8]>), Odd> {
        let (key, value) = map_entry(self.key, self.field.kind, self.bytes.get(entry.value).ok_or(Odd)?)?;
        Ok((Key::of(self.key, key)?, value))
    }
}

impl Plan {
    /// Hands on a mapping, its keys sorted, the last value of each.
    pub(super) fn emit_map(
        &self,
        mapping: Mapping<'_>,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let mut few = [(Key::Bool(false), None); FEW];
        let mut count = 0;
        for entry in mapping.entries() {
            let (key, value) = mapping.read(entry?)?;
            match few[..count].binary_search_by(|(known, _)| known.cmp(&key)) {
                Ok(at) => few[at].1 = value,
                Err(_) if count == FEW => return self.emit_large_map(mapping, sink, scratch),
                Err(at) => {
                    few[at..=count].rotate_right(1);
                    few[at] = (key, value);
                    count += 1;
                }
            }
        }
        sink.begin_mapping();
        for (key, value) in &few[..count] {
            key.serialize_into(sink, &mut scratch.text)?;
            self.emit_value(mapping.field, *value, sink, scratch)?;
        }
        sink.end_mapping();
        Ok(())
    }

    fn emit_value(
        &self,
        field: &Known,
        value: Option<&[u8]>,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        match value {
            Some(value) => self.emit_single(field.kind, value, sink, scratch),
            None => self.emit_default(field.kind, field.default, sink, scratch),
        }
    }

    /// As [`Plan::emit_map`], for any number of entries.
    fn emit_large_map(&self, mapping: Mapping<'_>, sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
        let read = |at: u32| mapping.read(Reader::starting(mapping.bytes, to_usize(at)).entry()?.ok_or(Odd)?);
        // Where each entry begins: no more bytes than the entries themselves have. Those that are empty all have one key.
        let is_empty = |entry: &Result<Entry, Odd>| entry.as_ref().is_ok_and(|entry| entry.value.is_empty());
        let count = mapping.entries().filter(|entry| !is_empty(entry)).count();
        let mut places: Vec<u32> = Vec::with_capacity(count + 1);
        let mut empty = None;
        let mut is_sorted = true;
        let mut before = None;
        for entry in mapping.entries() {
            let entry = entry?;
            let at = to_u32(entry.key)?;
            if entry.value.is_empty() {
                empty = Some(at);
                is_sorted = false;
                continue;
            }
            let (key, _) = read(at)?;
            is_sorted &= before.replace(key).is_none_or(|before| before < key);
            places.push(at);
        }
        places.extend(empty);
        if !is_sorted {
            let mut odd = false;
            places.sort_unstable_by(|a, b| match (read(*a), read(*b)) {
                // Of one key, the later comes later.
                (Ok((key_a, _)), Ok((key_b, _))) => key_a.cmp(&key_b).then(a.cmp(b)),
                _ => {
                    odd = true;
                    a.cmp(b)
                }
            });
            if odd {
                return Err(Odd);
            }
        }
        sink.begin_mapping();
        for (index, at) in places.iter().enumerate() {
            let (key, value) = read(*at)?;
            let is_replaced = match places.get(index + 1) {
                Some(next) if !is_sorted => read(*next)?.0 == key,
                _ => false,
            };
            if is_replaced {
                continue;
            }
            key.serialize_into(sink, &mut scratch.text)?;
            self.emit_value(mapping.field, value, sink, scratch)?;
        }
        sink.end_mapping();
        Ok(())
    }
}

/// A mapping's key, in the order of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(&'a [u8]),
}

impl<'a> Key<'a> {
    fn of(kind: Kind, bytes: Option<&'a [u8]>) -> Result<Self, Odd> {
        let Some(bytes) = bytes else {
            return match kind {
                Kind::Bool => Ok(Self::Bool(false)),
                Kind::String => Ok(Self::Text(&[])),
                Kind::Uint32 | Kind::Fixed32 | Kind::Uint64 | Kind::Fixed64 => Ok(Self::Unsigned(0)),
                _ => Ok(Self::Signed(0)),
            };
        };
        Ok(match kind {
            Kind::Bool => Self::Bool(number(bytes)? != 0),
            Kind::Int32 => Self::Signed(int32(bytes)?.into()),
            Kind::Sint32 => Self::Signed(sint32(bytes)?.into()),
            Kind::Sfixed32 => Self::Signed(fixed32(bytes)?.cast_signed().into()),
            Kind::Int64 => Self::Signed(number(bytes)?.cast_signed()),
            Kind::Sint64 => Self::Signed(sint64(bytes)?),
            Kind::Sfixed64 => Self::Signed(fixed64(bytes)?.cast_signed()),
            Kind::Uint32 => Self::Unsigned(uint32(bytes)?.into()),
            Kind::Fixed32 => Self::Unsigned(fixed32(bytes)?.into()),
            Kind::Uint64 => Self::Unsigned(number(bytes)?),
            Kind::Fixed64 => Self::Unsigned(fixed64(bytes)?),
            Kind::String => Self::Text(bytes),
            // protobuf has no keys of other kinds.
            Kind::Float | Kind::Double | Kind::Bytes | Kind::Enum(_) | Kind::Message(_) => return Err(Odd),
        })
    }

    fn serialize_into(self, sink: &mut impl Sink, text: &mut String) -> Result<(), Odd> {
        text.clear();
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Text(key) => return sink.key(key),
            Self::Bool(key) => write!(text, "{key}"),
            Self::Signed(key) => write!(text, "{key}"),
            Self::Unsigned(key) => write!(text, "{key}"),
        };
        sink.key(text.as_bytes())
    }
}

/// A key and a value, as far as they were sent.
type Pair<'a> = (Option<&'a [u8]>, Option<&'a [u8]>);

/// The key and the value of a mapping's entry.
pub(super) fn map_entry(key: Kind, value: Kind, bytes: &[u8]) -> Result<Pair<'_>, Odd> {
    let (mut of_key, mut of_value) = (None, None);
    let mut reader = Reader::new(bytes);
    while let Some(entry) = reader.entry()? {
        let bytes = bytes.get(entry.value);
        match entry.number {
            1 if entry.wire == key.wire() => of_key = bytes,
            2 if entry.wire == value.wire() => {
                if of_value.is_some() && matches!(value, Kind::Message(_)) {
                    return Err(Odd);
                }
                of_value = bytes;
            }
            1 | 2 => return Err(Odd),
            _ => {}
        }
    }
    Ok((of_key, of_value))
}
