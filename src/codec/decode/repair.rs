//! Repairs texts that are not UTF-8.
//!
//! One of them must not hide the rest of a response.

use bytes::Bytes;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::plan::{DecodePlan, MessageIndex, Multiplicity, ValueKind};
use super::scalar::Scalar;
use crate::codec::wire_format::{Entry, MAX_DEPTH, Malformed, Reader, Wire};
use crate::schema::field_path::FieldPath;

/// The most texts that are named.
const MAX_NAMED: usize = 5;

/// A message with U+FFFD in place of bytes that are not UTF-8.
#[derive(Debug)]
pub struct RepairedTexts {
    pub bytes: Bytes,
    /// Where the first such texts are.
    pub paths: Vec<FieldPath>,
    /// How many there are.
    pub count: usize,
}

impl DecodePlan {
    /// Replaces what is not UTF-8 in the texts of a message of the plan's type; `None` if all are UTF-8, or the message
    /// is malformed otherwise.
    pub fn repair(&self, bytes: &[u8]) -> Option<RepairedTexts> {
        let mut repair = Repair { plan: self, path: FieldPath::default(), paths: Vec::new(), count: 0 };
        let repaired = repair.message(0, bytes, 0).ok()?;
        let Repair { paths, count, .. } = repair;
        (count > 0).then(|| RepairedTexts { bytes: repaired.into(), paths, count })
    }
}

struct Repair<'a> {
    plan: &'a DecodePlan,
    path: FieldPath,
    paths: Vec<FieldPath>,
    count: usize,
}

impl Repair<'_> {
    fn message(&mut self, index: MessageIndex, bytes: &[u8], depth: usize) -> Result<Vec<u8>, Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed::Depth);
        }
        let message = self.plan.message(index);
        let any_type = self.plan.any_type(message, bytes);
        // How many items each list has had.
        let mut items = vec![0; message.fields.len()];
        let (mut repaired, mut reader) = (Vec::with_capacity(bytes.len()), Reader::new(bytes));
        while let Some(entry) = reader.entry()? {
            let Some(at) = message.index_of(entry.number, 0) else {
                repaired.extend_from_slice(&bytes[entry.key..entry.end]);
                continue;
            };
            let field = &message.fields[at];
            let value = &bytes[entry.value.clone()];
            let pushed = self.path.0.len();
            self.path.push_key(&field.name);
            let new = match field.multiplicity {
                Multiplicity::Map { key } if entry.wire == Wire::Delimited => {
                    Some(self.map_entry(key, field.kind, value, depth)?)
                }
                _ if field.is_packed(entry.wire) => None,
                Multiplicity::One if entry.number == 2 && any_type.is_some() => {
                    // Its own fields are shown beside `@type`.
                    self.path.pop();
                    self.value(any_type.map_or(field.kind, ValueKind::Message), value, depth)?
                }
                Multiplicity::List => {
                    self.path.push_index(items[at]);
                    items[at] += 1;
                    self.value(field.kind, value, depth)?
                }
                Multiplicity::One | Multiplicity::Map { .. } => self.value(field.kind, value, depth)?,
            };
            self.path.0.truncate(pushed);
            push(&entry, bytes, new.as_deref(), &mut repaired);
        }
        Ok(repaired)
    }

    fn map_entry(
        &mut self,
        key: ValueKind,
        value: ValueKind,
        bytes: &[u8],
        depth: usize,
    ) -> Result<Vec<u8>, Malformed> {
        let (mut repaired, mut reader) = (Vec::with_capacity(bytes.len()), Reader::new(bytes));
        self.path.push_key("");
        while let Some(entry) = reader.entry()? {
            let part = &bytes[entry.value.clone()];
            let new = match entry.number {
                1 => {
                    self.path.pop();
                    self.path.push_key(key_text(key, part));
                    self.value(key, part, depth)?
                }
                2 => self.value(value, part, depth)?,
                _ => None,
            };
            push(&entry, bytes, new.as_deref(), &mut repaired);
        }
        self.path.pop();
        Ok(repaired)
    }

    /// What a value becomes; `None` if it stays as it is.
    fn value(&mut self, kind: ValueKind, bytes: &[u8], depth: usize) -> Result<Option<Vec<u8>>, Malformed> {
        match kind {
            ValueKind::Message(index) => self.message(index, bytes, depth + 1).map(Some),
            ValueKind::String if str::from_utf8(bytes).is_err() => {
                self.count += 1;
                if self.paths.len() < MAX_NAMED {
                    self.paths.push(self.path.clone());
                }
                Ok(Some(String::from_utf8_lossy(bytes).into_owned().into_bytes()))
            }
            _ => Ok(None),
        }
    }
}

/// Appends an entry of `bytes`, with its value or a `new` one.
fn push(entry: &Entry, bytes: &[u8], new: Option<&[u8]>, repaired: &mut Vec<u8>) {
    match (new, entry.wire) {
        (Some(new), Wire::Delimited) => {
            encode_key(entry.number, WireType::LengthDelimited, repaired);
            encode_varint(new.len() as u64, repaired);
            repaired.extend_from_slice(new);
        }
        (Some(new), Wire::Group) => {
            repaired.extend_from_slice(&bytes[entry.key..entry.value.start]);
            repaired.extend_from_slice(new);
            repaired.extend_from_slice(&bytes[entry.value.end..entry.end]);
        }
        _ => repaired.extend_from_slice(&bytes[entry.key..entry.end]),
    }
}

/// The key of a map's entry as a path names it.
fn key_text(kind: ValueKind, bytes: &[u8]) -> String {
    match Scalar::read(kind, bytes) {
        _ if kind == ValueKind::String => String::from_utf8_lossy(bytes).into_owned(),
        Ok(Scalar::Bool(key)) => key.to_string(),
        Ok(Scalar::Int32(key)) => key.to_string(),
        Ok(Scalar::Uint32(key)) => key.to_string(),
        Ok(Scalar::Int64(key)) => key.to_string(),
        Ok(Scalar::Uint64(key)) => key.to_string(),
        _ => String::new(),
    }
}
