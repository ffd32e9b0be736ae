//! What a service says of its messages: their fields, and what these hold.
//!
//! A call is made by the few types that its messages reach. They are [read](read::of_set) off the encoded files in a tenth of the time that the library, prost-reflect, takes to make its own of them, which knows far
//! more. It is asked where a message is to be taken for a `DynamicMessage` ([`MessageDescriptor::reflected`]), and whatever
//! it describes can be taken for this (`From`). Words and methods are the library's.

mod kind;
pub(crate) mod name_clash;
pub(crate) mod numbers;
pub(crate) mod parts;
mod read;
mod reflect;
#[cfg(test)]
mod tests;
mod types;

use std::fmt;
use std::sync::Arc;

pub use kind::{Cardinality, Kind};
use types::{Enum, Field, Message, Method, Types};

/// Reads the types of an encoded `FileDescriptorSet`, and finds `method` of `service`; `None` where it is none that compilers
/// write, or where anything about it is out of the ordinary: the library has to say what it is.
pub fn method_of_set(set: &bytes::Bytes, service: &str, method: &str) -> Option<MethodDescriptor> {
    let types = Arc::new(read::of_set(set)?);
    let is_meant = |known: &Method| types.text(known.service) == service && types.text(known.name) == method;
    let at = types.methods.iter().position(is_meant)?;
    Some(MethodDescriptor(Place { types, at }))
}

/// Where among the types of one description something is described.
#[derive(Clone)]
struct Place {
    types: Arc<Types>,
    at: usize,
}

impl Place {
    fn new(types: &Arc<Types>, at: usize) -> Self {
        Self { types: Arc::clone(types), at }
    }

    /// Another place of the same description.
    fn other(&self, at: usize) -> Self {
        Self::new(&self.types, at)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.types, &other.types) && self.at == other.at
    }
}

impl Eq for Place {}

/// A method of a service.
#[derive(Clone, PartialEq, Eq)]
pub struct MethodDescriptor(Place);

impl MethodDescriptor {
    fn method(&self) -> &Method {
        &self.0.types.methods[self.0.at]
    }

    pub fn name(&self) -> &str {
        self.0.types.text(self.method().name)
    }

    /// `package.Service`.
    pub fn service_full_name(&self) -> &str {
        self.0.types.text(self.method().service)
    }

    /// The service's name without its package's.
    pub fn service_name(&self) -> &str {
        short(self.service_full_name())
    }

    pub fn input(&self) -> MessageDescriptor {
        MessageDescriptor(self.0.other(self.method().input))
    }

    pub fn output(&self) -> MessageDescriptor {
        MessageDescriptor(self.0.other(self.method().output))
    }

    pub fn is_client_streaming(&self) -> bool {
        self.method().is_client_streaming
    }

    pub fn is_server_streaming(&self) -> bool {
        self.method().is_server_streaming
    }
}

/// A message type. Two are the same where they are the same type of one description.
#[derive(Clone, PartialEq, Eq)]
pub struct MessageDescriptor(Place);

impl MessageDescriptor {
    fn message(&self) -> &Message {
        &self.0.types.messages[self.0.at]
    }

    /// Its name without its package's and that of what is around it.
    pub fn name(&self) -> &str {
        short(self.full_name())
    }

    pub fn full_name(&self) -> &str {
        self.0.types.text(self.message().full_name)
    }

    /// The fields, in the order of their numbers.
    pub fn fields(&self) -> impl ExactSizeIterator<Item = FieldDescriptor> + '_ {
        self.message().fields.clone().map(|at| FieldDescriptor(self.0.other(at)))
    }

    pub fn get_field_by_name(&self, name: &str) -> Option<FieldDescriptor> {
        let at = self.message().fields.clone().find(|at| self.0.types.text(self.0.types.fields[*at].name) == name)?;
        Some(FieldDescriptor(self.0.other(at)))
    }

    /// Whether it stands for an entry of a field that is a map.
    pub fn is_map_entry(&self) -> bool {
        self.message().is_map_entry
    }

    /// Whether other files add fields to it.
    pub fn has_extensions(&self) -> bool {
        self.message().has_extensions
    }
}

/// A field of a message type.
#[derive(Clone, PartialEq, Eq)]
pub struct FieldDescriptor(Place);

impl FieldDescriptor {
    fn field(&self) -> &Field {
        &self.0.types.fields[self.0.at]
    }

    pub fn name(&self) -> &str {
        self.0.types.text(self.field().name)
    }

    pub fn number(&self) -> u32 {
        self.field().number
    }

    /// What it holds; of a list what its items are, of a map what its entries are.
    pub fn kind(&self) -> Kind {
        Kind::of(self.field().kind, &self.0.types)
    }

    pub fn cardinality(&self) -> Cardinality {
        self.field().cardinality
    }

    pub fn is_list(&self) -> bool {
        self.cardinality() == Cardinality::Repeated && !self.is_map()
    }

    pub fn is_map(&self) -> bool {
        self.cardinality() == Cardinality::Repeated && self.field().kind.message().is_some_and(|at| self.is_entry(at))
    }

    fn is_entry(&self, at: usize) -> bool {
        self.0.types.messages[at].is_map_entry
    }

    /// Of a field that is a map, those of its keys and of its values.
    pub fn map_entry(&self) -> Option<[Self; 2]> {
        let at = self.field().kind.message().filter(|at| self.is_map() && self.is_entry(*at))?;
        let fields = self.0.types.messages[at].fields.clone();
        let of = |number| fields.clone().find(|at| self.0.types.fields[*at].number == number);
        Some([of(1)?, of(2)?].map(|at| Self(self.0.other(at))))
    }

    pub fn is_group(&self) -> bool {
        self.field().is_group
    }

    /// A list whose items stand in one piece on the wire.
    pub fn is_packed(&self) -> bool {
        self.field().is_packed
    }

    /// Whether a field that was not sent is told apart from one that holds what it holds unset.
    pub fn supports_presence(&self) -> bool {
        self.field().supports_presence
    }

    /// Whether its description names what it holds unset.
    pub fn has_default(&self) -> bool {
        self.field().has_default
    }

    /// The value that an enum holds unset; 0 for other fields.
    pub fn default_number(&self) -> i32 {
        self.field().default_number
    }

    pub fn containing_oneof(&self) -> Option<OneofDescriptor> {
        let at = self.field().oneof?;
        Some(OneofDescriptor(self.0.other(at)))
    }
}

/// Fields of which one at most is set.
#[derive(Clone, PartialEq, Eq)]
pub struct OneofDescriptor(Place);

impl OneofDescriptor {
    pub fn name(&self) -> &str {
        self.0.types.text(self.0.types.oneofs[self.0.at].name)
    }

    pub fn fields(&self) -> impl Iterator<Item = FieldDescriptor> + '_ {
        let fields = self.0.types.messages[self.0.types.oneofs[self.0.at].message].fields.clone();
        let fields = fields.filter(|at| self.0.types.fields[*at].oneof == Some(self.0.at));
        fields.map(|at| FieldDescriptor(self.0.other(at)))
    }
}

/// An enum.
#[derive(Clone, PartialEq, Eq)]
pub struct EnumDescriptor(Place);

impl EnumDescriptor {
    fn description(&self) -> &Enum {
        &self.0.types.enums[self.0.at]
    }

    pub fn name(&self) -> &str {
        short(self.full_name())
    }

    pub fn full_name(&self) -> &str {
        self.0.types.text(self.description().full_name)
    }

    /// Its values, in the order of their numbers.
    pub fn values(&self) -> impl Iterator<Item = EnumValueDescriptor> + '_ {
        self.description().values.clone().map(|at| self.value(at))
    }

    /// The value that is shown for a number; there can be several of it.
    pub fn get_value(&self, number: i32) -> Option<EnumValueDescriptor> {
        let places = self.description().values.clone();
        let values = &self.0.types.values[places.clone()];
        let first = values.partition_point(|value| value.number < number);
        let mut of_number = values[first..].iter().take_while(|value| value.number == number);
        let at = of_number.position(|value| value.is_shown)?;
        Some(self.value(places.start + first + at))
    }

    pub fn get_value_by_name(&self, name: &str) -> Option<EnumValueDescriptor> {
        let is_meant = |at: &usize| self.0.types.text(self.0.types.values[*at].name) == name;
        self.description().values.clone().find(is_meant).map(|at| self.value(at))
    }

    fn value(&self, at: usize) -> EnumValueDescriptor {
        EnumValueDescriptor(self.0.other(at))
    }
}

/// A value of an enum.
#[derive(Clone, PartialEq, Eq)]
pub struct EnumValueDescriptor(Place);

impl EnumValueDescriptor {
    pub fn name(&self) -> &str {
        self.0.types.text(self.0.types.values[self.0.at].name)
    }

    pub fn number(&self) -> i32 {
        self.0.types.values[self.0.at].number
    }

    /// Of several values with one number, the one by which that is shown.
    pub fn is_shown(&self) -> bool {
        self.0.types.values[self.0.at].is_shown
    }
}

/// The last part of a full name.
fn short(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or(full_name, |(_, name)| name)
}

impl fmt::Debug for MethodDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.service_full_name(), self.name())
    }
}

impl fmt::Debug for MessageDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.full_name())
    }
}

impl fmt::Debug for FieldDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for EnumDescriptor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.full_name())
    }
}
