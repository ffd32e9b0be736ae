//! Where the fields of a message stand.

use super::plan::{Field as Known, Kind, Many, Message, Plan, Set};
use super::scalar::{int32, uint32};
use crate::codec::wire_format::{Entry, Odd, Reader, Wire, fixed32, fixed64, number};

/// How deep messages nest here; deeper ones are [`Odd`].
pub(super) const MAX_DEPTH: usize = 64;

/// A field of a message, by its place among the message's fields in the order of their numbers.
pub type Field = usize;

/// Room that reading works in, kept from one message to the next.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) slots: Vec<Slot>,
    /// Slots that are in use.
    used: usize,
    pub(super) depth: usize,
    pub(super) text: String,
}

/// Where a field's values stand in their message.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Slot {
    /// Where the key of the first one begins.
    first: u32,
    /// The last one.
    start: u32,
    end: u32,
}

impl Slot {
    /// Where the values of a field stand that is the only one of its message, wherever they are.
    pub(super) fn of_all(bytes: &[u8]) -> Result<Self, Odd> {
        Ok(Self { first: 0, start: 0, end: to_u32(bytes.len())? })
    }

    pub(super) fn value(self, bytes: &[u8]) -> Result<&[u8], Odd> {
        bytes.get(to_usize(self.start)..to_usize(self.end)).ok_or(Odd)
    }
}

/// The fields that were found in one message.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// Those that are set.
    set: Set,
    /// The slot of the first field.
    pub(super) base: usize,
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

pub(super) fn places(mut set: Set) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let place = usize::try_from(set.trailing_zeros()).ok().filter(|_| set != 0)?;
        set &= set - 1;
        Some(place)
    })
}

impl Plan {
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

    /// A field of the type `place` by its name.
    pub fn field(&self, place: usize, name: &str) -> Option<Field> {
        self.message(place).fields.iter().position(|field| field.name == name)
    }

    /// The names of the fields of the type `place`, in the order of their numbers.
    pub fn names(&self, place: usize) -> impl Iterator<Item = &str> {
        self.message(place).fields.iter().map(|field| field.name.as_str())
    }

    /// The number of a field of the type `place`.
    pub fn number(&self, place: usize, field: Field) -> Option<u32> {
        self.message(place).fields.get(field).map(|field| field.number)
    }

    /// The place of the type of a field that holds any number of messages.
    pub fn items(&self, place: usize, field: Field) -> Option<usize> {
        match self.message(place).fields.get(field) {
            Some(Known { many: Many::List, kind: Kind::Message(place), .. }) => Some(*place),
            _ => None,
        }
    }

    /// What a field with the `value` says, where that is one text which stands there or in this plan as it is shown.
    ///
    /// # Errors
    /// As [`Plan::check`]; none if that had none.
    pub fn text<'a>(&'a self, place: usize, field: Field, value: &'a [u8]) -> Result<Option<&'a [u8]>, Odd> {
        match self.message(place).fields.get(field) {
            Some(Known { many: Many::One, kind: Kind::String, .. }) => Ok(Some(value)),
            Some(Known { many: Many::One, kind: Kind::Enum(names), .. }) => {
                Ok(self.enum_name(*names, int32(value)?).map(str::as_bytes))
            }
            _ => Ok(None),
        }
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

    pub(super) fn enter(&mut self) -> Result<(), Odd> {
        self.depth += 1;
        if self.depth > 2 * MAX_DEPTH { Err(Odd) } else { Ok(()) }
    }
}

/// Finds the fields of a message, those up to the one at `last` at least.
pub(super) fn find_in(message: &Message, last: Field, bytes: &[u8], scratch: &mut Scratch) -> Result<Found, Odd> {
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
pub(super) struct Entries<'a> {
    message: &'a Message,
    reader: Reader<'a>,
    /// Those that came.
    seen: Set,
    /// The one that was given last came for the first time.
    pub(super) is_first: bool,
    guess: usize,
}

impl<'a> Entries<'a> {
    pub(super) fn new(message: &'a Message, bytes: &'a [u8]) -> Self {
        Self { message, reader: Reader::new(bytes), seen: 0, is_first: false, guess: 0 }
    }

    /// The next known field, with its place.
    ///
    /// # Errors
    /// It is broken or has another form than its type, it is a message in two parts, or another member of its `oneof` came
    /// before.
    #[inline(always)]
    pub(super) fn next(&mut self) -> Result<Option<(usize, &'a Known, Entry)>, Odd> {
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

/// The known field of a message that holds that and nothing else; `None` of another message.
///
/// # Errors
/// As [`Entries::next`].
#[inline(always)]
pub(super) fn only<'a>(message: &'a Message, bytes: &[u8]) -> Result<Option<(&'a Known, Entry)>, Odd> {
    let mut reader = Reader::new(bytes);
    let Some(entry) = reader.entry()?.filter(|entry| entry.value.end == bytes.len()) else { return Ok(None) };
    let Some(at) = message.place(entry.number, usize::MAX) else { return Ok(None) };
    let field = &message.fields[at];
    if field.takes(entry.wire) { Ok(Some((field, entry))) } else { Err(Odd) }
}

/// The values of one field that can have many.
pub(super) struct Values<'a> {
    field: &'a Known,
    reader: Reader<'a>,
    bytes: &'a [u8],
    end: usize,
}

impl<'a> Values<'a> {
    pub(super) fn new(field: &'a Known, slot: Slot, bytes: &'a [u8]) -> Self {
        let reader = Reader::starting(bytes, to_usize(slot.first));
        Self { field, reader, bytes, end: to_usize(slot.end) }
    }

    pub(super) fn entries(field: &'a Known, slot: Slot, bytes: &'a [u8]) -> impl Iterator<Item = Result<Entry, Odd>> {
        let mut values = Self::new(field, slot, bytes);
        std::iter::from_fn(move || values.entry().transpose())
    }

    fn entry(&mut self) -> Result<Option<Entry>, Odd> {
        while let Some(entry) = self.reader.entry()? {
            if entry.value.end > self.end {
                break;
            }
            if entry.number == self.field.number {
                return if self.field.takes(entry.wire) { Ok(Some(entry)) } else { Err(Odd) };
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

impl Known {
    /// The fields that are `set` in a message, once this one, at `at`, has come in `entry`.
    #[inline(always)]
    pub(super) fn mark(&self, at: Field, set: Set, entry: &Entry, bytes: &[u8]) -> Result<Set, Odd> {
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

pub(super) fn to_u32(offset: usize) -> Result<u32, Odd> {
    u32::try_from(offset).map_err(|_| Odd)
}

pub(super) fn to_usize(offset: u32) -> usize {
    // No message that could be held has an offset that does not fit.
    usize::try_from(offset).unwrap_or(usize::MAX)
}
