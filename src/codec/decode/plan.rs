//! What is to be known of message types while their bytes are read, looked up once.

use std::collections::HashMap;

use crate::codec::descriptor::{EnumValueDescriptor, FieldDescriptor, Kind as Type, MessageDescriptor};
use crate::codec::wire_format::Wire;
use crate::schema::well_known::WellKnown;

/// The most fields of a message: a set of them is one number.
const MAX_FIELDS: usize = 64;

/// A set of a message's fields, by their places in [`Message::fields`].
pub(super) type Set = u64;

/// How messages of one type are read.
///
/// It knows the types that the message reaches, and nothing of the pool that they come from, so that it is small.
#[derive(Debug)]
pub struct Plan {
    /// The first is the type that it was made for.
    messages: Vec<Message>,
    enums: Vec<Enum>,
}

#[derive(Debug)]
pub(super) struct Message {
    pub form: Form,
    /// In the order of their numbers.
    pub fields: Vec<Field>,
    /// Places in `fields` by number, for small numbers; those without a field have [`NO_FIELD`].
    by_number: Vec<u8>,
}

const NO_FIELD: u8 = u8::MAX;
/// Numbers up to this one are looked up in a table.
const SMALL: u32 = 63;

/// What a message's JSON form is.
#[derive(Debug)]
pub(super) enum Form {
    /// A mapping of its set fields.
    Fields,
    /// A mapping of anything: the one field, whether it is set or not.
    Struct,
    /// A list of anything: the same.
    List,
    /// Anything: whichever field is set.
    Value,
    /// What its one field holds, set or not.
    Wrapper,
    /// A text, of `seconds` and `nanos`.
    Timestamp,
    Duration,
    /// Read the other way.
    Foreign(MessageDescriptor),
}

#[derive(Debug)]
pub(super) struct Field {
    pub number: u32,
    pub name: String,
    pub kind: Kind,
    pub many: Many,
    /// It is set where it was sent, whatever its value; otherwise only with another value than the default.
    pub has_presence: bool,
    /// The default of an enum, by its number.
    pub default: i32,
    /// The other members of its `oneof`.
    pub rivals: Set,
}

/// How often a field can stand in a message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Many {
    One,
    List,
    /// The kind of a field is then that of the values; keys are never messages.
    Map {
        key: Kind,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int32,
    Sint32,
    Sfixed32,
    Int64,
    Sint64,
    Sfixed64,
    Uint32,
    Fixed32,
    Uint64,
    Fixed64,
    Float,
    Double,
    String,
    Bytes,
    Enum(usize),
    Message(usize),
}

/// The names of an enum's values, by their numbers, sorted.
#[derive(Debug)]
pub(super) struct Enum(Vec<(i32, String)>);

impl Enum {
    pub fn name(&self, number: i32) -> Option<&str> {
        let at = self.0.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        self.0.get(at).map(|(_, name)| name.as_str())
    }
}

impl Kind {
    pub fn wire(self) -> Wire {
        match self {
            Self::Bool
            | Self::Int32
            | Self::Sint32
            | Self::Int64
            | Self::Sint64
            | Self::Uint32
            | Self::Uint64
            | Self::Enum(_) => Wire::Varint,
            Self::Sfixed32 | Self::Fixed32 | Self::Float => Wire::Bytes4,
            Self::Sfixed64 | Self::Fixed64 | Self::Double => Wire::Bytes8,
            Self::String | Self::Bytes | Self::Message(_) => Wire::Delimited,
        }
    }

    /// Values of a list can stand in one piece, without keys of their own.
    pub fn is_packable(self) -> bool {
        self.wire() != Wire::Delimited
    }
}

impl Field {
    /// Whether a value that stands so on the wire is one packed piece of a list.
    pub fn is_packed(&self, wire: Wire) -> bool {
        wire == Wire::Delimited && self.kind.is_packable()
    }

    /// Whether the field's value can stand so on the wire.
    pub fn takes(&self, wire: Wire) -> bool {
        match self.many {
            Many::One => wire == self.kind.wire(),
            Many::List => wire == self.kind.wire() || self.is_packed(wire),
            Many::Map { .. } => wire == Wire::Delimited,
        }
    }
}

impl Message {
    /// The place of the field with this number. `guess` is where it probably is: behind the one before.
    #[inline(always)]
    pub fn place(&self, number: u32, guess: usize) -> Option<usize> {
        if self.fields.get(guess).is_some_and(|field| field.number == number) {
            return Some(guess);
        }
        if number <= SMALL {
            let place = *self.by_number.get(usize::try_from(number).ok()?)?;
            return (place != NO_FIELD).then_some(usize::from(place));
        }
        self.fields.binary_search_by_key(&number, |field| field.number).ok()
    }
}

impl Plan {
    /// How messages of this type are read; `None` if they are such as are read the other way only: of more than 64 fields,
    /// with groups or extensions, or types that only bear the name of one of protobuf's own.
    pub fn of(message: &MessageDescriptor) -> Option<Self> {
        let mut maker = Maker::default();
        maker.place(message);
        let mut messages = Vec::new();
        // As they come up: types can reach each other in a chain of any length.
        while let Some(message) = maker.descriptors.get(messages.len()).cloned() {
            messages.push(maker.message(&message)?);
        }
        Some(Self { messages, enums: maker.enums })
    }

    pub(super) fn message(&self, place: usize) -> &Message {
        &self.messages[place]
    }

    pub(super) fn enum_name(&self, place: usize, number: i32) -> Option<&str> {
        self.enums[place].name(number)
    }
}

#[derive(Default)]
struct Maker {
    places: HashMap<String, usize>,
    /// The types that have a place, in the order of their places.
    descriptors: Vec<MessageDescriptor>,
    enums: Vec<Enum>,
    enum_places: HashMap<String, usize>,
}

impl Maker {
    /// The place of a type, which is given one when it first comes up.
    fn place(&mut self, descriptor: &MessageDescriptor) -> usize {
        if let Some(place) = self.places.get(descriptor.full_name()) {
            return *place;
        }
        let place = self.descriptors.len();
        self.places.insert(descriptor.full_name().to_owned(), place);
        self.descriptors.push(descriptor.clone());
        place
    }

    fn message(&mut self, descriptor: &MessageDescriptor) -> Option<Message> {
        if descriptor.has_extensions() {
            return None;
        }
        let mut descriptors: Vec<FieldDescriptor> = descriptor.fields().collect();
        if descriptors.len() > MAX_FIELDS {
            return None;
        }
        descriptors.sort_by_key(FieldDescriptor::number);
        let form = match WellKnown::of(descriptor) {
            None => Form::Fields,
            Some(WellKnown::Struct) => Form::Struct,
            Some(WellKnown::ListValue) => Form::List,
            Some(WellKnown::Value) => Form::Value,
            Some(WellKnown::Wrapper(_)) => Form::Wrapper,
            Some(WellKnown::Timestamp) => Form::Timestamp,
            Some(WellKnown::Duration) => Form::Duration,
            Some(WellKnown::Any | WellKnown::FieldMask) => Form::Foreign(descriptor.clone()),
        };
        let fields = match form {
            Form::Foreign(_) => Vec::new(),
            _ => descriptors.iter().map(|field| self.field(field, &descriptors)).collect::<Option<Vec<_>>>()?,
        };
        let mut by_number = Vec::new();
        for (place, field) in fields.iter().enumerate().filter(|(_, field)| field.number <= SMALL) {
            let number = usize::try_from(field.number).ok()?;
            by_number.resize(number + 1, NO_FIELD);
            by_number[number] = u8::try_from(place).ok()?;
        }
        Some(Message { form, fields, by_number }).filter(Self::is_what_it_is_called)
    }

    fn field(&mut self, field: &FieldDescriptor, all: &[FieldDescriptor]) -> Option<Field> {
        if field.is_group() {
            return None;
        }
        // Of a mapping that of its values.
        let mut default = field.default_number();
        let (many, kind) = match field.kind() {
            Type::Message(entry) if field.is_map() => {
                let [key, value] = field.map_entry()?;
                // What protobuf asks of the two; a server can describe anything.
                if entry.fields().len() != 2
                    || key.is_list()
                    || value.is_list()
                    || value.is_group()
                    || value.has_default()
                {
                    return None;
                }
                default = value.default_number();
                (Many::Map { key: self.kind(&key.kind())? }, self.kind(&value.kind())?)
            }
            kind if field.is_list() => (Many::List, self.kind(&kind)?),
            kind => (Many::One, self.kind(&kind)?),
        };
        let rivals = field.containing_oneof().map_or(0, |oneof| {
            let members = all.iter().enumerate().filter(|(_, other)| other.containing_oneof().as_ref() == Some(&oneof));
            members.filter(|(_, other)| other.number() != field.number()).fold(0, |set, (place, _)| set | 1 << place)
        });
        let (number, name) = (field.number(), field.name().to_owned());
        Some(Field { number, name, kind, many, has_presence: field.supports_presence(), default, rivals })
    }

    fn kind(&mut self, kind: &Type) -> Option<Kind> {
        Some(match kind {
            Type::Bool => Kind::Bool,
            Type::Int32 => Kind::Int32,
            Type::Sint32 => Kind::Sint32,
            Type::Sfixed32 => Kind::Sfixed32,
            Type::Int64 => Kind::Int64,
            Type::Sint64 => Kind::Sint64,
            Type::Sfixed64 => Kind::Sfixed64,
            Type::Uint32 => Kind::Uint32,
            Type::Fixed32 => Kind::Fixed32,
            Type::Uint64 => Kind::Uint64,
            Type::Fixed64 => Kind::Fixed64,
            Type::Float => Kind::Float,
            Type::Double => Kind::Double,
            Type::String => Kind::String,
            Type::Bytes => Kind::Bytes,
            Type::Enum(kind) => {
                if let Some(place) = self.enum_places.get(kind.full_name()) {
                    return Some(Kind::Enum(*place));
                }
                // Of several names for one number, the one by which the number is shown.
                let shown = kind.values().filter(EnumValueDescriptor::is_shown);
                let names: Vec<(i32, String)> = shown.map(|value| (value.number(), value.name().to_owned())).collect();
                self.enum_places.insert(kind.full_name().to_owned(), self.enums.len());
                self.enums.push(Enum(names));
                Kind::Enum(self.enums.len() - 1)
            }
            Type::Message(message) => Kind::Message(self.place(message)),
        })
    }

    /// Whether a type that has the name of one of protobuf's own has its fields, too.
    fn is_what_it_is_called(message: &Message) -> bool {
        let fields: Vec<(u32, Kind)> = message.fields.iter().map(|field| (field.number, field.kind)).collect();
        let first_is_many = |is: fn(Many) -> bool| message.fields.first().is_some_and(|field| is(field.many));
        let all_are_one = message.fields.iter().all(|field| matches!(field.many, Many::One));
        match message.form {
            Form::Fields | Form::Foreign(_) => true,
            Form::Struct => {
                matches!(fields[..], [(1, Kind::Message(_))])
                    && first_is_many(|many| matches!(many, Many::Map { key: Kind::String }))
            }
            Form::List => {
                matches!(fields[..], [(1, Kind::Message(_))]) && first_is_many(|many| matches!(many, Many::List))
            }
            Form::Value => {
                let kinds = matches!(
                    fields[..],
                    [
                        (1, Kind::Enum(_)),
                        (2, Kind::Double),
                        (3, Kind::String),
                        (4, Kind::Bool),
                        (5, Kind::Message(_)),
                        (6, Kind::Message(_))
                    ]
                );
                kinds && all_are_one && message.fields.iter().all(|field| field.has_presence)
            }
            // That it has one field was looked at where it was recognised.
            Form::Wrapper => matches!(fields[..], [(1, _)]) && all_are_one,
            Form::Timestamp | Form::Duration => {
                matches!(fields[..], [(1, Kind::Int64), (2, Kind::Int32)]) && all_are_one
            }
        }
    }
}
