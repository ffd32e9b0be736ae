//! Mappings: their keys sorted, the last value of each.

use std::borrow::Cow;
use std::fmt::Write as _;

use super::plan::{DecodePlan, FieldPlan, ValueKind};
use super::scalar::{int32, sint32, sint64, uint32, utf8};
use super::sink::Sink;
use super::spans::{Span, Workspace, to_u32, to_usize, values};
use crate::codec::wire_format::{Entry, Malformed, Reader, fixed32, fixed64, number};

impl DecodePlan {
    /// Emits a mapping that is in the message `bytes`.
    pub(super) fn emit_map(
        &self,
        (field, kind): (&FieldPlan, ValueKind),
        span: Span,
        bytes: &[u8],
        sink: &mut impl Sink,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed> {
        // Only the places of the entries, so that a map takes no more memory than its bytes. Empty ones have one key.
        let is_empty = |entry: &Entry| entry.value.is_empty();
        let count = values(field, span, bytes).flatten().filter(|entry| !is_empty(entry)).count();
        let mut places: Vec<u32> = Vec::with_capacity(count + 1);
        let mut empty = None;
        for entry in values(field, span, bytes) {
            let entry = entry?;
            let place = to_u32(entry.key)?;
            if is_empty(&entry) { empty = Some(place) } else { places.push(place) }
        }
        places.extend(empty);
        let read = |place: u32| {
            let entry = Reader::starting_at(bytes, to_usize(place)).entry()?.ok_or(Malformed::Truncated)?;
            let (key, value) = split_entry(kind, field.kind, &bytes[entry.value])?;
            Ok((MapKey::new(kind, key)?, value))
        };
        // It was checked: no key is malformed. Of one key, the later comes later.
        let key = |place: &u32| read(*place).map(|(key, _)| key).ok();
        places.sort_unstable_by(|one, other| key(one).cmp(&key(other)).then(one.cmp(other)));
        sink.begin_mapping();
        for (index, place) in places.iter().enumerate() {
            let (key, value) = read(*place)?;
            if places.get(index + 1).is_some_and(|next| read(*next).is_ok_and(|(next, _)| next == key)) {
                continue;
            }
            key.emit(sink, &mut workspace.text);
            match value {
                Some(value) => self.emit_single(field.kind, &value, sink, workspace)?,
                None => self.emit_default(field, sink, workspace)?,
            }
        }
        sink.end_mapping();
        Ok(())
    }
}

/// A mapping's key, in the order of its kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MapKey<'a> {
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Text(&'a str),
}

impl<'a> MapKey<'a> {
    fn new(kind: ValueKind, bytes: Option<&'a [u8]>) -> Result<Self, Malformed> {
        let Some(bytes) = bytes else {
            return match kind {
                ValueKind::Bool => Ok(Self::Bool(false)),
                ValueKind::String => Ok(Self::Text("")),
                ValueKind::Uint32 | ValueKind::Fixed32 | ValueKind::Uint64 | ValueKind::Fixed64 => {
                    Ok(Self::Unsigned(0))
                }
                _ => Ok(Self::Signed(0)),
            };
        };
        Ok(match kind {
            ValueKind::Bool => Self::Bool(number(bytes)? != 0),
            ValueKind::Int32 => Self::Signed(int32(bytes)?.into()),
            ValueKind::Sint32 => Self::Signed(sint32(bytes)?.into()),
            ValueKind::Sfixed32 => Self::Signed(fixed32(bytes)?.cast_signed().into()),
            ValueKind::Int64 => Self::Signed(number(bytes)?.cast_signed()),
            ValueKind::Sint64 => Self::Signed(sint64(bytes)?),
            ValueKind::Sfixed64 => Self::Signed(fixed64(bytes)?.cast_signed()),
            ValueKind::Uint32 => Self::Unsigned(uint32(bytes)?.into()),
            ValueKind::Fixed32 => Self::Unsigned(fixed32(bytes)?.into()),
            ValueKind::Uint64 => Self::Unsigned(number(bytes)?),
            ValueKind::Fixed64 => Self::Unsigned(fixed64(bytes)?),
            ValueKind::String => Self::Text(utf8(bytes)?),
            // protobuf has no keys of other kinds.
            ValueKind::Float | ValueKind::Double | ValueKind::Bytes | ValueKind::Enum(_) | ValueKind::Message(_) => {
                return Err(Malformed::WireType);
            }
        })
    }

    fn emit(self, sink: &mut impl Sink, text: &mut String) {
        text.clear();
        // Writing to a String cannot fail.
        let _ = match self {
            Self::Text(key) => return sink.key(key),
            Self::Bool(key) => write!(text, "{key}"),
            Self::Signed(key) => write!(text, "{key}"),
            Self::Unsigned(key) => write!(text, "{key}"),
        };
        sink.key(text);
    }
}

type KeyAndValue<'a> = (Option<&'a [u8]>, Option<Cow<'a, [u8]>>);

/// The key and the value of a mapping's entry, as far as they were sent. A message in parts is their concatenation.
pub(super) fn split_entry(key: ValueKind, value: ValueKind, bytes: &[u8]) -> Result<KeyAndValue<'_>, Malformed> {
    let (mut of_key, mut of_value) = (None, None::<Cow<'_, [u8]>>);
    let mut reader = Reader::new(bytes);
    while let Some(entry) = reader.entry()? {
        let bytes = &bytes[entry.value];
        match entry.number {
            1 if entry.wire == key.wire() => of_key = Some(bytes),
            2 if entry.wire == value.wire() => match (&mut of_value, value) {
                (Some(before), ValueKind::Message(_)) => before.to_mut().extend_from_slice(bytes),
                (of_value, _) => *of_value = Some(Cow::Borrowed(bytes)),
            },
            1 | 2 => return Err(Malformed::WireType),
            _ => {}
        }
    }
    Ok((of_key, of_value))
}
