//! How messages are read: what their descriptors say of it, looked up once.

use std::collections::HashMap;

use prost_reflect::{Cardinality, EnumDescriptor, FieldDescriptor, Kind, MessageDescriptor, Value};

use crate::codec::wire_format::Wire;
use crate::schema::well_known::WellKnown;

/// The index of a field among its message's fields, in the order of their numbers.
pub type FieldIndex = usize;

/// The index of a message type in a plan.
pub type MessageIndex = usize;

/// How messages of one type are read, with all types that it reaches.
#[derive(Debug)]
pub struct DecodePlan {
    /// The first is the type that the plan was made for.
    messages: Vec<MessagePlan>,
    enums: Vec<EnumNames>,
    /// By full name.
    indices: HashMap<String, MessageIndex>,
}

#[derive(Debug)]
pub(super) struct MessagePlan {
    pub form: JsonForm,
    /// In the order of their numbers.
    pub fields: Vec<FieldPlan>,
    /// Indices of `fields` by number, for small numbers; those without a field have [`NO_FIELD`].
    by_number: Vec<u8>,
}

const NO_FIELD: u8 = u8::MAX;
/// Numbers up to this one are looked up in a table.
const SMALL: u32 = 63;

/// The JSON form of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JsonForm {
    /// A mapping of its set fields.
    Fields,
    /// A mapping or a list of anything: the one field, whether it is set or not.
    Contents,
    /// Anything: whichever field is set.
    Value,
    /// The value of its one field, set or not.
    Wrapper,
    /// A text.
    Timestamp,
    Duration,
    FieldMask,
    /// The type's name, and the message of that type.
    Any,
}

#[derive(Debug)]
pub(super) struct FieldPlan {
    pub number: u32,
    pub name: String,
    pub kind: ValueKind,
    pub multiplicity: Multiplicity,
    is_group: bool,
    /// It is set where it was sent, whatever its value; otherwise only with another value than the default.
    pub has_presence: bool,
    pub default: Value,
    /// The other members of its `oneof`.
    pub rivals: Vec<FieldIndex>,
}

/// How many values a field has.
#[derive(Clone, Copy, Debug)]
pub(super) enum Multiplicity {
    One,
    List,
    /// The kind of a field is then that of the values; keys are never messages.
    Map {
        key: ValueKind,
    },
}

/// What a single value is, with the index of its message or enum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ValueKind {
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
    Message(MessageIndex),
}

/// The names of an enum's values, by their numbers, sorted.
#[derive(Debug)]
struct EnumNames(Vec<(i32, String)>);

impl ValueKind {
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
}

impl FieldPlan {
    /// Whether a value of this form holds many: the items of a list, one after another without keys.
    pub fn is_packed(&self, wire: Wire) -> bool {
        wire == Wire::Delimited && self.kind.wire() != Wire::Delimited
    }

    /// Whether the field's value can have this form.
    pub fn takes(&self, wire: Wire) -> bool {
        match self.multiplicity {
            Multiplicity::Map { .. } => wire == Wire::Delimited,
            _ if self.is_group => wire == Wire::Group,
            Multiplicity::One => wire == self.kind.wire(),
            Multiplicity::List => wire == self.kind.wire() || self.is_packed(wire),
        }
    }
}

impl MessagePlan {
    /// The index of the field with this number; `next`, after the field before, is tried first.
    #[inline(always)]
    pub fn index_of(&self, number: u32, next: FieldIndex) -> Option<FieldIndex> {
        if self.fields.get(next).is_some_and(|field| field.number == number) {
            return Some(next);
        }
        if number <= SMALL {
            let index = *self.by_number.get(usize::try_from(number).ok()?)?;
            return (index != NO_FIELD).then_some(usize::from(index));
        }
        self.fields.binary_search_by_key(&number, |field| field.number).ok()
    }
}

impl DecodePlan {
    pub fn new(message: &MessageDescriptor) -> Self {
        let mut builder = Builder::default();
        builder.index_of(message);
        let mut messages = Vec::new();
        // In the order in which they are found: types can reach each other in a chain of any length.
        while let Some(descriptor) = builder.descriptors.get(messages.len()).cloned() {
            let message = builder.message(&descriptor);
            if message.form == JsonForm::Any {
                for message in descriptor.parent_pool().all_messages() {
                    builder.index_of(&message);
                }
            }
            messages.push(message);
        }
        Self { messages, enums: builder.enums, indices: builder.indices }
    }

    pub(super) fn message(&self, index: MessageIndex) -> &MessagePlan {
        &self.messages[index]
    }

    pub(super) fn messages(&self) -> impl Iterator<Item = &MessagePlan> {
        self.messages.iter()
    }

    /// The index of a type that an `Any` can hold.
    pub(super) fn index_of(&self, full_name: &str) -> Option<MessageIndex> {
        self.indices.get(full_name).copied()
    }

    /// The name of an enum's value.
    pub(super) fn enum_name(&self, kind: ValueKind, number: i32) -> Option<&str> {
        let ValueKind::Enum(index) = kind else { return None };
        let EnumNames(names) = &self.enums[index];
        let at = names.binary_search_by_key(&number, |(number, _)| *number).ok()?;
        names.get(at).map(|(_, name)| name.as_str())
    }
}

#[derive(Default)]
struct Builder {
    indices: HashMap<String, MessageIndex>,
    /// The types that have an index, in that order.
    descriptors: Vec<MessageDescriptor>,
    enums: Vec<EnumNames>,
    enum_indices: HashMap<String, usize>,
}

impl Builder {
    /// The index of a type, which gets one when it is first asked for.
    fn index_of(&mut self, descriptor: &MessageDescriptor) -> MessageIndex {
        if let Some(index) = self.indices.get(descriptor.full_name()) {
            return *index;
        }
        let index = self.descriptors.len();
        self.indices.insert(descriptor.full_name().to_owned(), index);
        self.descriptors.push(descriptor.clone());
        index
    }

    fn message(&mut self, descriptor: &MessageDescriptor) -> MessagePlan {
        let form = match WellKnown::of(descriptor) {
            None => JsonForm::Fields,
            Some(WellKnown::Struct | WellKnown::ListValue) => JsonForm::Contents,
            Some(WellKnown::Value) => JsonForm::Value,
            Some(WellKnown::Wrapper(_)) => JsonForm::Wrapper,
            Some(WellKnown::Timestamp) => JsonForm::Timestamp,
            Some(WellKnown::Duration) => JsonForm::Duration,
            Some(WellKnown::FieldMask) => JsonForm::FieldMask,
            Some(WellKnown::Any) => JsonForm::Any,
        };
        // prost-reflect has them in the order of their numbers.
        let descriptors: Vec<FieldDescriptor> = descriptor.fields().collect();
        let fields: Vec<FieldPlan> = descriptors.iter().map(|field| self.field(field, &descriptors)).collect();
        let mut by_number = vec![NO_FIELD; SMALL as usize + 1];
        for (index, field) in (0_u8..).zip(fields.iter().take_while(|field| field.number <= SMALL)) {
            by_number[field.number as usize] = index;
        }
        MessagePlan { form, fields, by_number }
    }

    fn field(&mut self, field: &FieldDescriptor, all: &[FieldDescriptor]) -> FieldPlan {
        let (multiplicity, of_value) = match field.kind() {
            Kind::Message(entry) if field.is_map() => {
                let key = self.kind(&entry.map_entry_key_field().kind());
                (Multiplicity::Map { key }, entry.map_entry_value_field())
            }
            _ if field.cardinality() == Cardinality::Repeated => (Multiplicity::List, field.clone()),
            _ => (Multiplicity::One, field.clone()),
        };
        let is_rival = |other: &FieldDescriptor| {
            other != field && other.containing_oneof().is_some() && other.containing_oneof() == field.containing_oneof()
        };
        FieldPlan {
            number: field.number(),
            name: field.name().to_owned(),
            kind: self.kind(&of_value.kind()),
            multiplicity,
            is_group: field.is_group(),
            has_presence: field.supports_presence(),
            default: of_value.default_value(),
            rivals: (0..all.len()).filter(|at| is_rival(&all[*at])).collect(),
        }
    }

    fn kind(&mut self, kind: &Kind) -> ValueKind {
        match kind {
            Kind::Bool => ValueKind::Bool,
            Kind::Int32 => ValueKind::Int32,
            Kind::Sint32 => ValueKind::Sint32,
            Kind::Sfixed32 => ValueKind::Sfixed32,
            Kind::Int64 => ValueKind::Int64,
            Kind::Sint64 => ValueKind::Sint64,
            Kind::Sfixed64 => ValueKind::Sfixed64,
            Kind::Uint32 => ValueKind::Uint32,
            Kind::Fixed32 => ValueKind::Fixed32,
            Kind::Uint64 => ValueKind::Uint64,
            Kind::Fixed64 => ValueKind::Fixed64,
            Kind::Float => ValueKind::Float,
            Kind::Double => ValueKind::Double,
            Kind::String => ValueKind::String,
            Kind::Bytes => ValueKind::Bytes,
            Kind::Enum(kind) => ValueKind::Enum(self.enumeration(kind)),
            Kind::Message(message) => ValueKind::Message(self.index_of(message)),
        }
    }

    fn enumeration(&mut self, described: &EnumDescriptor) -> usize {
        if let Some(index) = self.enum_indices.get(described.full_name()) {
            return *index;
        }
        let index = self.enums.len();
        self.enum_indices.insert(described.full_name().to_owned(), index);
        let mut numbers: Vec<i32> = described.values().map(|value| value.number()).collect();
        numbers.sort_unstable();
        numbers.dedup();
        // With an alias, a number has several names, of which one is shown.
        let name = |number| Some((number, described.get_value(number)?.name().to_owned()));
        self.enums.push(EnumNames(numbers.into_iter().filter_map(name).collect()));
        index
    }
}
