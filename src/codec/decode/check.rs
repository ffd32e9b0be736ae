//! Checks that a message is well-formed, before any of it is emitted.

use super::plan::{DecodePlan, FieldPlan, MessageIndex, Multiplicity, ValueKind};
use super::spans::Entries;
use crate::codec::wire_format::{Entry, MAX_DEPTH, Malformed, Reader};

impl DecodePlan {
    /// Checks a message and all that is in it. The type 0 is the one that the plan was made for.
    ///
    /// # Errors
    /// The bytes are not such a message.
    pub fn check(&self, index: MessageIndex, bytes: &[u8]) -> Result<(), Malformed> {
        // Offsets have 32 bits.
        u32::try_from(bytes.len()).map_err(|_| Malformed::Size)?;
        self.check_message(index, bytes, 0)
    }

    fn check_message(&self, index: MessageIndex, bytes: &[u8], depth: usize) -> Result<(), Malformed> {
        if depth > MAX_DEPTH {
            return Err(Malformed::Depth);
        }
        let mut entries = Entries::new(self.message(index), bytes);
        while let Some((_, field, entry)) = entries.next()? {
            self.check_field(field, &entry, &bytes[entry.value.clone()], depth)?;
        }
        Ok(())
    }

    #[inline(always)]
    fn check_field(&self, field: &FieldPlan, entry: &Entry, value: &[u8], depth: usize) -> Result<(), Malformed> {
        match field.multiplicity {
            Multiplicity::Map { key } => self.check_entry(key, field.kind, value, depth),
            Multiplicity::List if field.is_packed(entry.wire) => {
                let mut packed = Reader::new(value);
                while packed.packed(field.kind.wire())?.is_some() {}
                Ok(())
            }
            Multiplicity::One | Multiplicity::List => self.check_single(field.kind, value, depth),
        }
    }

    /// Checks a mapping's entry. Of a value in parts, each has to be whole by itself.
    fn check_entry(&self, key: ValueKind, value: ValueKind, bytes: &[u8], depth: usize) -> Result<(), Malformed> {
        let mut reader = Reader::new(bytes);
        while let Some(entry) = reader.entry()? {
            let kind = match entry.number {
                1 => key,
                2 => value,
                _ => continue,
            };
            if entry.wire != kind.wire() {
                return Err(Malformed::WireType);
            }
            self.check_single(kind, &bytes[entry.value], depth)?;
        }
        Ok(())
    }

    fn check_single(&self, kind: ValueKind, bytes: &[u8], depth: usize) -> Result<(), Malformed> {
        match kind {
            // Nearly all texts are ASCII, which is seen faster.
            ValueKind::String if bytes.is_ascii() => Ok(()),
            ValueKind::String => str::from_utf8(bytes).map(drop).map_err(|_| Malformed::Utf8),
            ValueKind::Message(index) => self.check_message(index, bytes, depth + 1),
            _ => Ok(()),
        }
    }
}
