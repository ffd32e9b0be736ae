//! Emits map fields: their keys sorted, the last value of each.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt::Write as _;

use super::plan::{DecodePlan, FieldPlan, ValueKind};
use super::scalar::Scalar;
use super::sink::Sink;
use super::spans::{Span, Workspace, to_u32, to_usize, values};
use crate::codec::wire_format::{Entry, Malformed, Reader, Wire};

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
        // protobuf has no keys of other kinds; NaN would have no order.
        if matches!(kind, ValueKind::Float | ValueKind::Double | ValueKind::Bytes | ValueKind::Enum(_)) {
            return Err(Malformed::WireType);
        }
        // Only the offsets of the entries, so that a map takes no more memory than its bytes. Empty ones have one key.
        let is_empty = |entry: &Entry| entry.value.is_empty();
        let count = values(field, span, bytes).flatten().filter(|entry| !is_empty(entry)).count();
        let mut offsets: Vec<u32> = Vec::with_capacity(count + 1);
        let mut empty = None;
        for entry in values(field, span, bytes) {
            let entry = entry?;
            let offset = to_u32(entry.key)?;
            if is_empty(&entry) { empty = Some(offset) } else { offsets.push(offset) }
        }
        offsets.extend(empty);
        let read = |offset: u32| {
            let entry = Reader::starting_at(bytes, to_usize(offset)).entry()?.ok_or(Malformed::Truncated)?;
            let (key, value) = split_entry(kind, field.kind, &bytes[entry.value])?;
            Ok((Scalar::read(kind, key.unwrap_or_else(|| zero(kind)))?, value))
        };
        // It was checked: no key is malformed. Of one key, the later comes later.
        let key = |offset: &u32| read(*offset).map(|(key, _)| key).ok();
        offsets.sort_unstable_by(|one, other| {
            key(one).partial_cmp(&key(other)).unwrap_or(Ordering::Equal).then(one.cmp(other))
        });
        sink.begin_mapping();
        let mut entries = offsets.into_iter().map(read).peekable();
        while let Some(entry) = entries.next() {
            let (key, value) = entry?;
            if entries.peek().is_some_and(|next| next.as_ref().is_ok_and(|(next, _)| *next == key)) {
                continue;
            }
            emit_key(key, sink, &mut workspace.text);
            match value {
                Some(value) => self.emit_single(field.kind, &value, sink, workspace)?,
                None => self.emit_default(field, sink, workspace)?,
            }
        }
        sink.end_mapping();
        Ok(())
    }
}

/// The bytes of the key of an entry that has none.
fn zero(key: ValueKind) -> &'static [u8] {
    match key.wire() {
        Wire::Varint => &[0],
        Wire::Bytes4 => &[0; 4],
        Wire::Bytes8 => &[0; 8],
        Wire::Delimited | Wire::Group => &[],
    }
}

fn emit_key(key: Scalar<'_>, sink: &mut impl Sink, text: &mut String) {
    text.clear();
    // Writing to a String cannot fail.
    let _ = match key {
        Scalar::Text(key) => return sink.key(key),
        Scalar::Bool(key) => write!(text, "{key}"),
        Scalar::Int32(key) => write!(text, "{key}"),
        Scalar::Int64(key) => write!(text, "{key}"),
        Scalar::Uint32(key) => write!(text, "{key}"),
        Scalar::Uint64(key) => write!(text, "{key}"),
        Scalar::Float(_) | Scalar::Double(_) | Scalar::Bytes(_) | Scalar::Enum(_) => Ok(()),
    };
    sink.key(text);
}

type KeyAndValue<'a> = (Option<&'a [u8]>, Option<Cow<'a, [u8]>>);

/// The key and the value of a mapping's entry, as far as they were sent. A message in parts is their concatenation.
fn split_entry(key: ValueKind, value: ValueKind, bytes: &[u8]) -> Result<KeyAndValue<'_>, Malformed> {
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
