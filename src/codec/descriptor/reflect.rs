//! To and from the library's descriptors.

use std::collections::HashMap;
use std::sync::Arc;

use prost_reflect as library;

use super::kind::{Cardinality, Code};
use super::types::{Enum, EnumValue, Field, Message, Method, Oneof, Types};
use super::{MessageDescriptor, MethodDescriptor, Place};
use crate::error::{Error, Result};

impl MessageDescriptor {
    /// The library's own of the same type.
    ///
    /// # Errors
    /// It makes nothing of the description that this was read from.
    pub fn reflected(&self) -> Result<library::MessageDescriptor> {
        let found = self.0.types.pool().and_then(|pool| pool.get_message_by_name(self.full_name()));
        found.ok_or_else(|| Error::local(format!("the description of {} does not fit together", self.full_name())))
    }
}

impl From<&library::MessageDescriptor> for MessageDescriptor {
    fn from(message: &library::MessageDescriptor) -> Self {
        let mut taking = Taking::new(message.parent_pool());
        let at = taking.message(message);
        taking.finish();
        Self(Place { types: Arc::new(taking.types), at })
    }
}

impl From<&library::MethodDescriptor> for MethodDescriptor {
    fn from(method: &library::MethodDescriptor) -> Self {
        let mut taking = Taking::new(method.parent_pool());
        let (input, output) = (taking.message(&method.input()), taking.message(&method.output()));
        taking.finish();
        let Taking { mut types, .. } = taking;
        let service = types.add_name(method.parent_service().full_name());
        let name = types.add_name(method.name());
        let (is_client_streaming, is_server_streaming) = (method.is_client_streaming(), method.is_server_streaming());
        types.methods.push(Method { service, name, input, output, is_client_streaming, is_server_streaming });
        Self(Place { types: Arc::new(types), at: 0 })
    }
}

/// Takes over a type and all that it reaches.
struct Taking {
    types: Types,
    /// The messages that have a place, in the order of their places.
    messages: Vec<library::MessageDescriptor>,
    places: HashMap<String, usize>,
    enums: HashMap<String, usize>,
}

impl Taking {
    fn new(pool: &library::DescriptorPool) -> Self {
        Self {
            types: Types::of_pool(pool.clone()),
            messages: Vec::new(),
            places: HashMap::new(),
            enums: HashMap::new(),
        }
    }

    /// The place of a message; its fields come later, as types can reach each other in a chain of any length.
    fn message(&mut self, message: &library::MessageDescriptor) -> usize {
        if let Some(place) = self.places.get(message.full_name()) {
            return *place;
        }
        let at = self.messages.len();
        let full_name = self.types.add_name(message.full_name());
        let has_extensions = message.extensions().next().is_some();
        self.types.messages.push(Message {
            full_name,
            fields: 0..0,
            is_map_entry: message.is_map_entry(),
            has_extensions,
        });
        self.messages.push(message.clone());
        self.places.insert(message.full_name().to_owned(), at);
        at
    }

    fn finish(&mut self) {
        let mut at = 0;
        while let Some(message) = self.messages.get(at).cloned() {
            self.fields(at, &message);
            at += 1;
        }
    }

    fn fields(&mut self, at: usize, message: &library::MessageDescriptor) {
        let (begin, first_oneof) = (self.types.fields.len(), self.types.oneofs.len());
        let oneofs: Vec<String> = message.oneofs().map(|oneof| oneof.name().to_owned()).collect();
        for oneof in &oneofs {
            let name = self.types.add_name(oneof);
            self.types.oneofs.push(Oneof { name, message: at });
        }
        for field in message.fields() {
            let kind = self.kind(&field.kind());
            let oneof = field.containing_oneof().and_then(|oneof| oneofs.iter().position(|name| name == oneof.name()));
            let described = Field {
                name: self.types.add_name(field.name()),
                number: field.number(),
                kind,
                is_group: field.is_group(),
                cardinality: match field.cardinality() {
                    library::Cardinality::Optional => Cardinality::Optional,
                    library::Cardinality::Required => Cardinality::Required,
                    library::Cardinality::Repeated => Cardinality::Repeated,
                },
                is_packed: field.is_packed(),
                supports_presence: field.supports_presence(),
                has_default: field.field_descriptor_proto().default_value.is_some(),
                default_number: default_number(&field),
                oneof: oneof.map(|oneof| first_oneof + oneof),
            };
            self.types.fields.push(described);
        }
        self.types.messages[at].fields = begin..self.types.fields.len();
    }

    fn kind(&mut self, kind: &library::Kind) -> Code {
        use library::Kind;
        match kind {
            Kind::Double => Code::Double,
            Kind::Float => Code::Float,
            Kind::Int64 => Code::Int64,
            Kind::Uint64 => Code::Uint64,
            Kind::Int32 => Code::Int32,
            Kind::Fixed64 => Code::Fixed64,
            Kind::Fixed32 => Code::Fixed32,
            Kind::Bool => Code::Bool,
            Kind::String => Code::String,
            Kind::Bytes => Code::Bytes,
            Kind::Uint32 => Code::Uint32,
            Kind::Sfixed32 => Code::Sfixed32,
            Kind::Sfixed64 => Code::Sfixed64,
            Kind::Sint32 => Code::Sint32,
            Kind::Sint64 => Code::Sint64,
            Kind::Message(message) => Code::Message(self.message(message)),
            Kind::Enum(described) => Code::Enum(self.enumeration(described)),
        }
    }

    fn enumeration(&mut self, described: &library::EnumDescriptor) -> usize {
        if let Some(place) = self.enums.get(described.full_name()) {
            return *place;
        }
        let (at, begin) = (self.types.enums.len(), self.types.values.len());
        let full_name = self.types.add_name(described.full_name());
        for value in described.values() {
            let name = self.types.add_name(value.name());
            let is_shown = described.get_value(value.number()).is_some_and(|shown| shown.name() == value.name());
            self.types.values.push(EnumValue { name, number: value.number(), is_shown });
        }
        let values = begin..self.types.values.len();
        self.types.enums.push(Enum { full_name, values, default: described.default_value().number() });
        self.enums.insert(described.full_name().to_owned(), at);
        at
    }
}

/// The value that an enum holds unset.
fn default_number(field: &library::FieldDescriptor) -> i32 {
    let library::Kind::Enum(described) = field.kind() else { return 0 };
    match field.default_value() {
        library::Value::EnumNumber(number) => number,
        _ => described.default_value().number(),
    }
}
