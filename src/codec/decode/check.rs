//! Looks through messages before they are shown: what is odd is known before the first word is written.

use prost_reflect::DynamicMessage;

use super::find::{Entries, Field, MAX_DEPTH, Scratch, Slot, Values, only, places, to_u32};
use super::map::map_entry;
use super::plan::{Field as Known, Form, Kind, Many, Message, Plan, Set};
use crate::codec::wire_format::{Entry, Odd, Reader};

/// What is known of a message that was looked through.
#[derive(Clone, Copy, Debug)]
pub struct Checked {
    set: Set,
    /// Its fields come in the order of their numbers, and none twice that can come once only.
    pub is_in_order: bool,
}

impl Checked {
    /// The fields that are set, in the order of their numbers.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        places(self.set)
    }

    /// Whether fields are set that are not among these.
    pub fn has_more_than(self, fields: u64) -> bool {
        self.set & !fields != 0
    }
}

impl Plan {
    /// Looks through a message of type `place`, 0 being the type that the plan was made for, with all that is in it.
    ///
    /// # Errors
    /// It is to be read the other way, which may take it all the same.
    pub fn check(&self, place: usize, bytes: &[u8], scratch: &mut Scratch) -> Result<(), Odd> {
        // Offsets are kept in 32 bits.
        to_u32(bytes.len())?;
        self.check_message(place, bytes, 0, scratch).map(drop)
    }

    /// As [`Plan::check`] of a message with many of another type in its field `field`, of which each is told to `see`.
    ///
    /// # Errors
    /// As [`Plan::check`].
    pub fn check_each(
        &self,
        (place, field): (usize, Field),
        bytes: &[u8],
        scratch: &mut Scratch,
        mut see: impl FnMut(Checked),
    ) -> Result<(), Odd> {
        to_u32(bytes.len())?;
        let message = self.message(place);
        let Some(item) = self.items(place, field) else { return Err(Odd) };
        let mut entries = Entries::new(message, bytes);
        while let Some((at, known, entry)) = entries.next()? {
            if at == field {
                see(self.check_message(item, bytes.get(entry.value).ok_or(Odd)?, 1, scratch)?);
            } else {
                self.check_field(known, entry, bytes, 0, scratch)?;
            }
        }
        Ok(())
    }

    fn check_message(&self, place: usize, bytes: &[u8], depth: usize, scratch: &mut Scratch) -> Result<Checked, Odd> {
        if depth > MAX_DEPTH {
            return Err(Odd);
        }
        let message = self.message(place);
        if let Form::Foreign(descriptor) = &message.form {
            let descriptor = descriptor.reflected().map_err(|_| Odd)?;
            let decoded = DynamicMessage::decode(descriptor, bytes).map_err(|_| Odd);
            return decoded.map(|_| Checked { set: 0, is_in_order: false });
        }
        if matches!(message.form, Form::Struct | Form::List) {
            return self.check_contents(message, bytes, depth, scratch);
        }
        if let Form::Value = message.form
            && let Some((field, entry)) = only(message, bytes)?
        {
            self.check_field(field, entry, bytes, depth, scratch)?;
            return Ok(Checked { set: 1, is_in_order: true });
        }
        let mut checked = Checked { set: 0, is_in_order: true };
        let mut before = 0;
        let mut entries = Entries::new(message, bytes);
        while let Some((at, field, entry)) = entries.next()? {
            checked.is_in_order &= at > before || entries.is_first || !matches!(field.many, Many::One);
            checked.is_in_order &= at >= before;
            before = at;
            checked.set = field.mark(at, checked.set, &entry, bytes)?;
            self.check_field(field, entry, bytes, depth, scratch)?;
        }
        if matches!(message.form, Form::Timestamp | Form::Duration) {
            self.moment(message, bytes, scratch)?;
        }
        Ok(checked)
    }

    /// `google.protobuf.Struct` and `ListValue`: their one field comes as often as it likes.
    fn check_contents(
        &self,
        message: &Message,
        bytes: &[u8],
        depth: usize,
        scratch: &mut Scratch,
    ) -> Result<Checked, Odd> {
        let field = message.fields.first().ok_or(Odd)?;
        let mut checked = Checked { set: 0, is_in_order: true };
        for entry in Values::entries(field, Slot::of_all(bytes)?, bytes) {
            checked.set = 1;
            self.check_field(field, entry?, bytes, depth, scratch)?;
        }
        Ok(checked)
    }

    #[inline(always)]
    fn check_field(
        &self,
        field: &Known,
        entry: Entry,
        bytes: &[u8],
        depth: usize,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let value = bytes.get(entry.value).ok_or(Odd)?;
        match field.many {
            Many::Map { key } => {
                let (of_key, of_value) = map_entry(key, field.kind, value)?;
                of_key.map_or(Ok(()), |bytes| self.check_single(key, bytes, depth, scratch))?;
                of_value.map_or(Ok(()), |bytes| self.check_single(field.kind, bytes, depth, scratch))
            }
            Many::List if field.is_packed(entry.wire) => {
                let mut packed = Reader::new(value);
                while packed.packed(field.kind.wire())?.is_some() {}
                Ok(())
            }
            Many::One | Many::List => self.check_single(field.kind, value, depth, scratch),
        }
    }

    fn check_single(&self, kind: Kind, bytes: &[u8], depth: usize, scratch: &mut Scratch) -> Result<(), Odd> {
        match kind {
            // Nearly all texts are ASCII, which is seen faster.
            Kind::String if bytes.is_ascii() => Ok(()),
            Kind::String => str::from_utf8(bytes).map(drop).map_err(|_| Odd),
            Kind::Message(place) => self.check_message(place, bytes, depth + 1, scratch).map(drop),
            _ => Ok(()),
        }
    }
}
