//! Reads messages by their [`Plan`]: checked once, then as often as they are to be shown.

use std::fmt::Write as _;
use std::ops::Range;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use prost_reflect::DynamicMessage;

use super::dynamic;
use super::plan::{Field as Known, Form, Kind, Many, Message, Plan, Set};
use super::sink::{Sink, hand_on};
use super::wire::{Entry, Odd, Reader, Wire, fixed32, fixed64, number};

/// How deep messages nest here; deeper ones are [`Odd`].
const MAX_DEPTH: usize = 64;

/// The years 1 to 9999 in seconds, as the JSON form of a timestamp has them.
const SECONDS: Range<i64> = -62_135_596_800..253_402_300_800;
/// The longest duration in seconds: 10,000 years.
const LONGEST: i64 = 315_576_000_000;
const NANOS: i32 = 1_000_000_000;

/// How many entries most mappings have at most; they are sorted where they are read.
const FEW: usize = 8;

/// A field of a message, by its place among the message's fields in the order of their numbers.
pub type Field = usize;

/// Room that reading works in, kept from one message to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    slots: Vec<Slot>,
    /// Slots that are in use.
    used: usize,
    depth: usize,
    text: String,
}

/// Where a field's values stand in their message.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    /// Where the key of the first one begins.
    first: u32,
    /// The last one.
    start: u32,
    end: u32,
}

impl Slot {
    fn value(self, bytes: &[u8]) -> Result<&[u8], Odd> {
        bytes.get(to_usize(self.start)..to_usize(self.end)).ok_or(Odd)
    }
}

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

/// The fields that were found in one message.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Those that are set.
    set: Set,
    /// The slot of the first field.
    base: usize,
}

impl Found {
    /// Whether the field is set: a list or mapping with something in it, a message, or a value that is told apart from
    /// one that was never sent.
    pub fn has(self, field: Field) -> bool {
        self.set & 1 << field != 0
    }

    /// The fields that are set, in the order of their numbers.
    pub fn fields(self) -> impl Iterator<Item = Field> {
        places(self.set)
    }
}

fn places(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = usize::try_from(set.trailing_zeros()).ok().filter(|_| set != 0)?;
        set &= set - 1;
        Some(place)
    })
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
            let decoded = DynamicMessage::decode(descriptor.clone(), bytes).map_err(|_| Odd);
            return decoded.map(|_| Checked { set: 0, is_in_order: false });
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
            Kind::String => str::from_utf8(bytes).map(drop).map_err(|_| Odd),
            Kind::Message(place) => self.check_message(place, bytes, depth + 1, scratch).map(drop),
            _ => Ok(()),
        }
    }

    /// Finds the fields of a message, and what follows in `scratch` belongs to them until [`Scratch::leave`].
    ///
    /// # Errors
    /// As [`Plan::check`], which need not have been asked before.
    pub fn find(&self, place: usize, bytes: &[u8], scratch: &mut Scratch) -> Result<Found, Odd> {
        find_in(self.message(place), usize::MAX, bytes, scratch)
    }

    /// As [`Plan::find`], of the fields up to the one at `last`; of a message that is in order ([`Checked`]).
    ///
    /// # Errors
    /// As [`Plan::find`].
    pub fn find_until(&self, place: usize, last: Field, bytes: &[u8], scratch: &mut Scratch) -> Result<Found, Odd> {
        find_in(self.message(place), last, bytes, scratch)
    }

    /// Hands what a message says to `sink`.
    ///
    /// # Errors
    /// As [`Plan::check`]; none if that had none.
    pub fn emit(&self, place: usize, bytes: &[u8], sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
        let message = self.message(place);
        match &message.form {
            Form::Value => return self.emit_anything(message, bytes, sink, scratch),
            Form::Foreign(descriptor) => {
                let dynamic = DynamicMessage::decode(descriptor.clone(), bytes).map_err(|_| Odd)?;
                return hand_on(&dynamic::value(&dynamic), sink);
            }
            Form::Timestamp | Form::Duration => {
                self.moment(message, bytes, scratch)?;
                let text = std::mem::take(&mut scratch.text);
                let handed_on = sink.text(text.as_bytes());
                scratch.text = text;
                return handed_on;
            }
            Form::Fields | Form::Struct | Form::List | Form::Wrapper => {}
        }
        scratch.enter()?;
        let found = find_in(message, usize::MAX, bytes, scratch)?;
        match (&message.form, message.fields.first()) {
            (Form::Struct | Form::List | Form::Wrapper, Some(_)) if found.has(0) => {
                self.emit_field_of(message, 0, bytes, found, sink, scratch)?;
            }
            (Form::Struct, _) => {
                sink.begin_mapping();
                sink.end_mapping();
            }
            (Form::List, _) => {
                sink.begin_list();
                sink.end_list();
            }
            (Form::Wrapper, Some(field)) => self.emit_default(field.kind, field.default, sink, scratch)?,
            _ => {
                sink.begin_mapping();
                for at in found.fields() {
                    sink.key(message.fields[at].name.as_bytes())?;
                    self.emit_field_of(message, at, bytes, found, sink, scratch)?;
                }
                sink.end_mapping();
            }
        }
        scratch.leave(found);
        scratch.depth -= 1;
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
            Many::List => {
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
            Many::Map { key } => self.emit_map(field, key, slot, bytes, sink, scratch),
        }
    }

    /// Hands on a mapping, its keys sorted, the last value of each.
    fn emit_map(
        &self,
        field: &Known,
        kind: Kind,
        slot: Slot,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let mut few = [(Key::Bool(false), None); FEW];
        let mut count = 0;
        for entry in Values::entries(field, slot, bytes) {
            let (key, value) = map_entry(kind, field.kind, bytes.get(entry?.value).ok_or(Odd)?)?;
            let key = Key::of(kind, key)?;
            match few[..count].binary_search_by(|(known, _)| known.cmp(&key)) {
                Ok(at) => few[at].1 = value,
                Err(_) if count == FEW => return self.emit_large_map(field, kind, slot, bytes, sink, scratch),
                Err(at) => {
                    few[at..=count].rotate_right(1);
                    few[at] = (key, value);
                    count += 1;
                }
            }
        }
        sink.begin_mapping();
        for (key, value) in &few[..count] {
            key.hand_on(sink, &mut scratch.text)?;
            self.emit_value(field, *value, sink, scratch)?;
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
    fn emit_large_map(
        &self,
        field: &Known,
        kind: Kind,
        slot: Slot,
        bytes: &[u8],
        sink: &mut impl Sink,
        scratch: &mut Scratch,
    ) -> Result<(), Odd> {
        let read = |at: u32| -> Result<(Key<'_>, Option<&[u8]>), Odd> {
            let entry = Reader::starting(bytes, to_usize(at)).entry()?.ok_or(Odd)?;
            let (key, value) = map_entry(kind, field.kind, bytes.get(entry.value).ok_or(Odd)?)?;
            Ok((Key::of(kind, key)?, value))
        };
        // Where each entry begins: no more bytes than the entries themselves have. Those that are empty all have one key.
        let is_empty = |entry: &Result<Entry, Odd>| entry.as_ref().is_ok_and(|entry| entry.value.is_empty());
        let count = Values::entries(field, slot, bytes).filter(|entry| !is_empty(entry)).count();
        let mut places: Vec<u32> = Vec::with_capacity(count + 1);
        let mut empty = None;
        let mut is_sorted = true;
        let mut before = None;
        for entry in Values::entries(field, slot, bytes) {
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
            key.hand_on(sink, &mut scratch.text)?;
            self.emit_value(field, value, sink, scratch)?;
        }
        sink.end_mapping();
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
        let mut entries = Entries::new(message, bytes);
        let mut last = None;
        while let Some((_, field, entry)) = entries.next()? {
            last = Some((field.kind, entry.value));
        }
        let Some((kind, value)) = last else {
            sink.null();
            return Ok(());
        };
        let value = bytes.get(value).ok_or(Odd)?;
        match kind {
            Kind::Enum(_) => sink.null(),
            Kind::Double => {
                let number = f64::from_bits(fixed64(value)?);
                hand_on(&dynamic::json_number(number), sink)?;
            }
            kind => {
                scratch.enter()?;
                self.emit_single(kind, value, sink, scratch)?;
                scratch.depth -= 1;
            }
        }
        Ok(())
    }

    fn emit_single(&self, kind: Kind, bytes: &[u8], sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
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
            Kind::Float => return hand_on(&dynamic::float(f32::from_bits(fixed32(bytes)?)), sink),
            Kind::Double => return hand_on(&dynamic::double(f64::from_bits(fixed64(bytes)?)), sink),
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
    fn emit_default(&self, kind: Kind, default: i32, sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
        match kind {
            Kind::Bool => sink.bool(false),
            Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 | Kind::Uint32 | Kind::Fixed32 => sink.number(0.into()),
            Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 | Kind::Uint64 | Kind::Fixed64 => return sink.text(b"0"),
            Kind::Float | Kind::Double => return hand_on(&dynamic::double(0.0), sink),
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

    /// The text of a timestamp or a duration, in `scratch`.
    fn moment(&self, message: &Message, bytes: &[u8], scratch: &mut Scratch) -> Result<(), Odd> {
        let found = find_in(message, usize::MAX, bytes, scratch)?;
        let value = |at| if found.has(at) { scratch.slots[found.base + at].value(bytes).map(Some) } else { Ok(None) };
        let seconds = value(0)?.map_or(Ok(0), number)?.cast_signed();
        let nanos = value(1)?.map_or(Ok(0), int32)?;
        scratch.leave(found);
        scratch.text.clear();
        // Writing to a String cannot fail.
        let _ = match message.form {
            Form::Timestamp if SECONDS.contains(&seconds) && (0..NANOS).contains(&nanos) => {
                write!(scratch.text, "{}", prost_types::Timestamp { seconds, nanos })
            }
            Form::Duration
                if seconds.abs() <= LONGEST
                    && nanos.abs() < NANOS
                    && (seconds == 0 || nanos == 0 || (seconds > 0) == (nanos > 0)) =>
            {
                write!(scratch.text, "{}", prost_types::Duration { seconds, nanos })
            }
            _ => return Err(Odd),
        };
        Ok(())
    }

    /// A field of the type `place` by its name.
    pub fn field(&self, place: usize, name: &str) -> Option<Field> {
        self.message(place).fields.iter().position(|field| field.name == name)
    }

    /// The names of the fields of the type `place`, in the order of their numbers.
    pub fn names(&self, place: usize) -> impl Iterator<Item = &str> {
        self.message(place).fields.iter().map(|field| field.name.as_str())
    }

    /// The place of the type of a field that holds any number of messages.
    pub fn items(&self, place: usize, field: Field) -> Option<usize> {
        match self.message(place).fields.get(field) {
            Some(Known { many: Many::List, kind: Kind::Message(place), .. }) => Some(*place),
            _ => None,
        }
    }

    /// Whether a field holds one text, which stands on the wire as it is.
    pub fn is_text(&self, place: usize, field: Field) -> bool {
        matches!(self.message(place).fields.get(field), Some(Known { many: Many::One, kind: Kind::String, .. }))
    }

    /// The messages in a field that holds any number of them, in their order; with an error the last.
    pub fn messages<'a>(
        &'a self,
        place: usize,
        field: Field,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = Result<&'a [u8], Odd>> {
        let number = self.message(place).fields[field].number;
        let mut reader = Reader::new(bytes);
        std::iter::from_fn(move || {
            loop {
                match reader.entry().transpose()? {
                    Ok(entry) if entry.number == number => return Some(bytes.get(entry.value).ok_or(Odd)),
                    Ok(_) => {}
                    Err(odd) => return Some(Err(odd)),
                }
            }
        })
    }
}

impl Scratch {
    /// Where a field's only value stands, or the last one.
    ///
    /// # Errors
    /// `bytes` are not those in which the field was found.
    pub fn value<'a>(&self, field: Field, bytes: &'a [u8], found: Found) -> Result<&'a [u8], Odd> {
        self.slots.get(found.base + field).ok_or(Odd)?.value(bytes)
    }

    /// Forgets what was found in a message.
    pub fn leave(&mut self, found: Found) {
        self.used = found.base;
    }

    fn enter(&mut self) -> Result<(), Odd> {
        self.depth += 1;
        if self.depth > 2 * MAX_DEPTH { Err(Odd) } else { Ok(()) }
    }
}

/// Finds the fields of a message, those up to the one at `last` at least.
fn find_in(message: &Message, last: Field, bytes: &[u8], scratch: &mut Scratch) -> Result<Found, Odd> {
    let mut found = Found { set: 0, base: scratch.used };
    let end = found.base + message.fields.len();
    if scratch.slots.len() < end {
        scratch.slots.resize(end, Slot::default());
    }
    let slots = &mut scratch.slots[found.base..end];
    let mut entries = Entries::new(message, bytes);
    while let Some((at, field, entry)) = entries.next()? {
        if at > last {
            break;
        }
        let slot = &mut slots[at];
        let first = if entries.is_first { to_u32(entry.key)? } else { slot.first };
        *slot = Slot { first, start: to_u32(entry.value.start)?, end: to_u32(entry.value.end)? };
        found.set = field.mark(at, found.set, &entry, bytes)?;
    }
    scratch.used = end;
    Ok(found)
}

/// The known fields of one message, as they come.
struct Entries<'a> {
    message: &'a Message,
    reader: Reader<'a>,
    /// Those that came.
    seen: Set,
    /// The one that was given last came for the first time.
    is_first: bool,
    guess: usize,
}

impl<'a> Entries<'a> {
    fn new(message: &'a Message, bytes: &'a [u8]) -> Self {
        Self { message, reader: Reader::new(bytes), seen: 0, is_first: false, guess: 0 }
    }

    /// The next known field, with its place.
    ///
    /// # Errors
    /// It is broken or has another form than its type, it is a message in two parts, or another member of its `oneof` came
    /// before.
    #[inline(always)]
    fn next(&mut self) -> Result<Option<(usize, &'a Known, Entry)>, Odd> {
        while let Some(entry) = self.reader.entry()? {
            let Some(at) = self.message.place(entry.number, self.guess) else { continue };
            let field = &self.message.fields[at];
            self.is_first = self.seen & 1 << at == 0;
            let is_alone = matches!((field.many, field.kind), (Many::One, Kind::Message(_)));
            if !field.takes(entry.wire) || self.seen & field.rivals != 0 || (is_alone && !self.is_first) {
                return Err(Odd);
            }
            self.seen |= 1 << at;
            // A list's items follow each other.
            self.guess = if matches!(field.many, Many::One) { at + 1 } else { at };
            return Ok(Some((at, field, entry)));
        }
        Ok(None)
    }
}

/// The values of one field that can have many.
struct Values<'a> {
    number: u32,
    reader: Reader<'a>,
    bytes: &'a [u8],
    end: usize,
}

impl<'a> Values<'a> {
    fn new(field: &Known, slot: Slot, bytes: &'a [u8]) -> Self {
        let reader = Reader::starting(bytes, to_usize(slot.first));
        Self { number: field.number, reader, bytes, end: to_usize(slot.end) }
    }

    fn entries(field: &Known, slot: Slot, bytes: &'a [u8]) -> impl Iterator<Item = Result<Entry, Odd>> {
        let mut values = Self::new(field, slot, bytes);
        std::iter::from_fn(move || values.entry().transpose())
    }

    fn entry(&mut self) -> Result<Option<Entry>, Odd> {
        while let Some(entry) = self.reader.entry()? {
            if entry.value.end > self.end {
                break;
            }
            if entry.number == self.number {
                return Ok(Some(entry));
            }
        }
        Ok(None)
    }
}

impl<'a> Iterator for Values<'a> {
    type Item = Result<(Wire, &'a [u8]), Odd>;

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.entry().transpose()?;
        Some(entry.and_then(|entry| Ok((entry.wire, self.bytes.get(entry.value).ok_or(Odd)?))))
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

    fn hand_on(self, sink: &mut impl Sink, text: &mut String) -> Result<(), Odd> {
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
fn map_entry(key: Kind, value: Kind, bytes: &[u8]) -> Result<Pair<'_>, Odd> {
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

impl Known {
    /// The fields that are `set` in a message, once this one, at `at`, has come in `entry`.
    #[inline(always)]
    fn mark(&self, at: Field, set: Set, entry: &Entry, bytes: &[u8]) -> Result<Set, Odd> {
        let is_set = match self.many {
            Many::One => self.has_presence || !is_default(self, bytes.get(entry.value.clone()).ok_or(Odd)?)?,
            // An empty piece adds nothing, and takes nothing away.
            Many::List if entry.value.is_empty() && self.is_packed(entry.wire) => return Ok(set),
            Many::List | Many::Map { .. } => true,
        };
        Ok(if is_set { set | 1 << at } else { set & !(1 << at) })
    }
}

/// Whether a value is the one that a field has which was not sent.
fn is_default(field: &Known, bytes: &[u8]) -> Result<bool, Odd> {
    Ok(match field.kind {
        Kind::Bool | Kind::Int64 | Kind::Uint64 | Kind::Sint64 => number(bytes)? == 0,
        Kind::Int32 | Kind::Uint32 | Kind::Sint32 => uint32(bytes)? == 0,
        Kind::Enum(_) => int32(bytes)? == field.default,
        Kind::Sfixed32 | Kind::Fixed32 => fixed32(bytes)? == 0,
        Kind::Sfixed64 | Kind::Fixed64 => fixed64(bytes)? == 0,
        Kind::Float => f32::from_bits(fixed32(bytes)?) == 0.0,
        Kind::Double => f64::from_bits(fixed64(bytes)?) == 0.0,
        Kind::String | Kind::Bytes => bytes.is_empty(),
        Kind::Message(_) => false,
    })
}

/// A number of 32 bits, of which a varint may have more: the upper ones are left out, as protobuf has it.
#[expect(clippy::cast_possible_truncation, reason = "protobuf leaves out the upper bits")]
fn uint32(bytes: &[u8]) -> Result<u32, Odd> {
    number(bytes).map(|number| number as u32)
}

fn int32(bytes: &[u8]) -> Result<i32, Odd> {
    uint32(bytes).map(u32::cast_signed)
}

/// ZigZag: 0, -1, 1, -2, ...
fn sint32(bytes: &[u8]) -> Result<i32, Odd> {
    uint32(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

fn sint64(bytes: &[u8]) -> Result<i64, Odd> {
    number(bytes).map(|number| (number >> 1).cast_signed() ^ -(number & 1).cast_signed())
}

/// 64-bit integers are texts in JSON.
fn text_of(number: impl std::fmt::Display, sink: &mut impl Sink, scratch: &mut Scratch) -> Result<(), Odd> {
    scratch.text.clear();
    // Writing to a String cannot fail.
    let _ = write!(scratch.text, "{number}");
    sink.text(scratch.text.as_bytes())
}

fn to_u32(offset: usize) -> Result<u32, Odd> {
    u32::try_from(offset).map_err(|_| Odd)
}

fn to_usize(offset: u32) -> usize {
    // No message that could be held has an offset that does not fit.
    usize::try_from(offset).unwrap_or(usize::MAX)
}
