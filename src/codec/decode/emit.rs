//! Hands on what messages say, as often as they are to be shown.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::DynamicMessage;

use super::dynamic;
use super::find::{Entries, Field, Found, Scratch, Slot, Values, find_in, only};
use super::map::Mapping;
use super::plan::{Field as Known, Form, Kind, Many, Message, Plan};
use super::scalar::{int32, sint32, sint64, uint32};
use super::sink::{Sink, serialize_into};
use crate::codec::wire_format::{Odd, Reader, fixed32, fixed64, number};

impl Plan {
    /// Hands what a message says to `sink`.
    ///
    /// # Errors
    /// As [`Plan::check`]; none if that had none.
    pub fn emit(&self, place: usize, bytes: &[u8], sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
        let message = self.message(place);
        match &message.form {
            Form::Value => return self.emit_anything(message, bytes, sink, scratch),
            Form::Foreign(descriptor) => {
                let descriptor = descriptor.reflected().map_err(|_| Odd)?;
                let dynamic = DynamicMessage::decode(descriptor, bytes).map_err(|_| Odd)?;
                return serialize_into(&dynamic::value(&dynamic), sink);
            }
            Form::Timestamp | Form::Duration => {
                self.moment(message, bytes, scratch)?;
                let text = std::mem::take(&mut scratch.text);
                let handed_on = sink.text(text.as_bytes());
                scratch.text = text;
                return handed_on;
            }
            Form::Struct | Form::List => return self.emit_contents(message, bytes, sink, scratch),
            Form::Fields | Form::Wrapper => {}
        }
        scratch.enter()?;
        let found = find_in(message, usize::MAX, bytes, scratch)?;
        match (&message.form, message.fields.first()) {
            (Form::Wrapper, Some(_)) if found.has(0) => {
                self.emit_field_of(message, 0, bytes, found, sink, scratch)?;
            }
            (Form::Wrapper, Some(field)) => self.emit_default(field.kind, field.default, sink, scratch)?,
            _ => self.emit_mapping(message, found.fields(), bytes, found, sink, scratch)?,
        }
        scratch.leave(found);
        scratch.depth -= 1;
        Ok(())
    }

    /// As [`Plan::emit`], of the fields of these `names` alone; of all where none of them is set, or where the message is
    /// no mapping of its fields.
    ///
    /// # Errors
    /// As [`Plan::emit`].
    pub fn emit_some(
        &self,
        place: usize,
        names: &[&str],
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let message = self.message(place);
        let Form::Fields = message.form else { return self.emit(place, bytes, sink, scratch) };
        let found = find_in(message, usize::MAX, bytes, scratch)?;
        let is_named = |at: &Field| names.contains(&message.fields[*at].name.as_str());
        if found.fields().any(|at| is_named(&at)) {
            self.emit_mapping(message, found.fields().filter(is_named), bytes, found, sink, scratch)?;
        } else {
            self.emit_mapping(message, found.fields(), bytes, found, sink, scratch)?;
        }
        scratch.leave(found);
        Ok(())
    }

    /// Hands on some of the fields that were `found` in a message, with their names.
    fn emit_mapping(
        &self,
        message: &Message,
        fields: impl Iterator<Item = Field>,
        bytes: &[u8],
        found: Found,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        sink.begin_mapping();
        for at in fields {
            sink.key(message.fields[at].name.as_bytes())?;
            self.emit_field_of(message, at, bytes, found, sink, scratch)?;
        }
        sink.end_mapping();
        Ok(())
    }

    /// Hands on a field that is set, as it was `found` in its message.
    ///
    /// # Errors
    /// As [`Plan::emit`].
    pub fn emit_field(
        &self,
        (place, field): (usize, Field),
        bytes: &[u8],
        found: Found,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        self.emit_field_of(self.message(place), field, bytes, found, sink, scratch)
    }

    fn emit_field_of(
        &self,
        message: &Message,
        at: Field,
        bytes: &[u8],
        found: Found,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let field = &message.fields[at];
        let slot = scratch.slots[found.base + at];
        match field.many {
            Many::One => self.emit_single(field.kind, slot.value(bytes)?, sink, scratch),
            Many::List => self.emit_list(field, slot, bytes, sink, scratch),
            Many::Map { key } => self.emit_map(Mapping { field, key, slot, bytes }, sink, scratch),
        }
    }

    fn emit_list(
        &self,
        field: &Known,
        slot: Slot,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        sink.begin_list();
        for value in Values::new(field, slot, bytes) {
            let (wire, value) = value?;
            if field.is_packed(wire) {
                let mut packed = Reader::new(value);
                while let Some(place) = packed.packed(field.kind.wire())? {
                    self.emit_single(field.kind, value.get(place).ok_or(Odd)?, sink, scratch)?;
                }
            } else {
                self.emit_single(field.kind, value, sink, scratch)?;
            }
        }
        sink.end_list();
        Ok(())
    }

    /// `google.protobuf.Struct` and `ListValue`: what their one field holds, which need not be found first.
    fn emit_contents(
        &self,
        message: &Message,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let field = message.fields.first().ok_or(Odd)?;
        let slot = Slot::of_all(bytes)?;
        scratch.enter()?;
        match field.many {
            Many::Map { key } => self.emit_map(Mapping { field, key, slot, bytes }, sink, scratch)?,
            Many::One | Many::List => self.emit_list(field, slot, bytes, sink, scratch)?,
        }
        scratch.depth -= 1;
        Ok(())
    }

    /// `google.protobuf.Value`: what is set in it, or null.
    fn emit_anything(
        &self,
        message: &Message,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let last = match only(message, bytes)? {
            Some((field, entry)) => Some((field.kind, entry.value)),
            None => {
                let mut entries = Entries::new(message, bytes);
                let mut last = None;
                while let Some((_, field, entry)) = entries.next()? {
                    last = Some((field.kind, entry.value));
                }
                last
            }
        };
        let Some((kind, value)) = last else {
            sink.null();
            return Ok(());
        };
        let value = bytes.get(value).ok_or(Odd)?;
        match kind {
            Kind::Enum(_) => sink.null(),
            Kind::Double => {
                let number = f64::from_bits(fixed64(value)?);
                serialize_into(&dynamic::json_number(number), sink)?;
            }
            kind => {
                scratch.enter()?;
                self.emit_single(kind, value, sink, scratch)?;
                scratch.depth -= 1;
            }
        }
        Ok(())
    }

    pub(super) fn emit_single(
        &self,
        kind: Kind,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        match kind {
            Kind::Bool => sink.bool(number(bytes)? != 0),
            Kind::Int32 => sink.number(int32(bytes)?.into()),
            Kind::Sint32 => sink.number(sint32(bytes)?.into()),
            Kind::Sfixed32 => sink.number(fixed32(bytes)?.cast_signed().into()),
            Kind::Uint32 => sink.number(uint32(bytes)?.into()),
            Kind::Fixed32 => sink.number(fixed32(bytes)?.into()),
            Kind::Int64 => return text_of(number(bytes)?.cast_signed(), sink, scratch),
            Kind::Sint64 => return text_of(sint64(bytes)?, sink, scratch),
            Kind::Sfixed64 => return text_of(fixed64(bytes)?.cast_signed(), sink, scratch),
            Kind::Uint64 => return text_of(number(bytes)?, sink, scratch),
            Kind::Fixed64 => return text_of(fixed64(bytes)?, sink, scratch),
            Kind::Float => return serialize_into(&dynamic::float(f32::from_bits(fixed32(bytes)?)), sink),
            Kind::Double => return serialize_into(&dynamic::double(f64::from_bits(fixed64(bytes)?)), sink),
            Kind::String => return sink.text(bytes),
            Kind::Bytes => {
                let mut text = std::mem::take(&mut scratch.text);
                text.clear();
                STANDARD.encode_string(bytes, &mut text);
                let handed_on = sink.text(text.as_bytes());
                scratch.text = text;
                return handed_on;
            }
            Kind::Enum(place) => return self.emit_enum(place, int32(bytes)?, sink),
            Kind::Message(place) => return self.emit(place, bytes, sink, scratch),
        }
        Ok(())
    }

    /// What a value is that was not sent, where there must be one.
    pub(super) fn emit_default(
        &self,
        kind: Kind,
        default: i32,
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        match kind {
            Kind::Bool => sink.bool(false),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => sink.number(0.into()),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => return sink.text(b"0"),
            Kind::Float | Kind::Double => return serialize_into(&dynamic::double(0.0), sink),
            Kind::String | Kind::Bytes => return sink.text(b""),
            Kind::Enum(place) => return self.emit_enum(place, default, sink),
            Kind::Message(place) => return self.emit(place, &[], sink, scratch),
        }
        Ok(())
    }

    fn emit_enum(&self, place: usize, number: i32, sink: &mut impl Sink) -> Result<(), Odd> {
        match self.enum_name(place, number) {
            Some(name) => sink.text(name.as_bytes())?,
            // Newer than the descriptor: better a number than nothing.
            None => sink.number(number.into()),
        }
        Ok(())
    }
}

/// 64-bit integers are texts in JSON.
fn text_of(number: impl std::fmt::Display, sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
    scratch.text.clear();
    // Writing to a String cannot fail.
    let _ = write!(scratch.text, "{number}");
    sink.text(scratch.text.as_bytes())
}
