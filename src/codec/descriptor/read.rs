//! Types off the encoded files that describe them (`google/protobuf/descriptor.proto`).
//!
//! What is read is what compilers write, and of that what services use. Whatever is more than that (extensions, aliases,
//! defaults of the older syntax but an enum's) is left to the library, and so is whatever does not fit together: it has words for it.

use bytes::Bytes;

use super::kind::{Cardinality, Code};
use super::numbers::{NAME, enumeration, field, file, message, method, option, service, set, value as of_value};
use super::parts::{Broken, parts, text, value};
use super::types::{Enum, EnumValue, Field, Message, Method, Name, Oneof, Types};

/// How deep messages stand in each other at most: what is deeper, the library does not read either.
const MAX_DEPTH: usize = 100;
/// The most fields of a message and values of an enum: of those, each is compared with all.
const MAX_PARTS: usize = 1000;
/// The highest number of a field.
const MAX_NUMBER: u64 = (1 << 29) - 1;

/// `FieldDescriptorProto.Type`, where it names another type.
const TYPE_GROUP: u64 = 10;
const TYPE_MESSAGE: u64 = 11;
const TYPE_ENUM: u64 = 14;

/// All that an encoded `FileDescriptorSet` describes; `None` for what is left to the library.
pub(super) fn of_set(set: &Bytes) -> Option<Types> {
    let mut reading = QueryCommand { types: Types::of_set(set.clone()), bodies: Vec::new(), services: Vec::new() };
    reading.set(set).ok()?;
    Some(reading.types)
}

struct QueryCommand<'a> {
    types: Types,
    /// The messages, in the order of their places.
    bodies: Vec<Body<'a>>,
    /// With their packages.
    services: Vec<(Option<Name>, &'a [u8])>,
}

#[derive(Clone, Copy)]
struct Body<'a> {
    bytes: &'a [u8],
    is_proto3: bool,
}

/// Where a type is described.
#[derive(Clone, Copy)]
struct Scope {
    name: Option<Name>,
    depth: usize,
    is_proto3: bool,
}

impl<'a> QueryCommand<'a> {
    fn set(&mut self, set: &'a [u8]) -> Result<(), Broken> {
        for file in of_number(set, set::FILE) {
            self.file(file?)?;
        }
        // Types refer to each other in any order.
        let index = Index::new(&self.types)?;
        for (at, body) in self.bodies.iter().enumerate() {
            self.types.messages[at].fields = fields(&mut self.types, &index, at, *body)?;
        }
        self.types
            .messages
            .iter()
            .filter(|message| message.is_map_entry)
            .try_for_each(|entry| is_entry(&self.types, entry))?;
        for (package, service) in std::mem::take(&mut self.services) {
            self.service(package, service, &index)?;
        }
        Ok(())
    }

    fn file(&mut self, file: &'a [u8]) -> Result<(), Broken> {
        let (package, syntax) = (text(file, file::PACKAGE)?, text(file, file::SYNTAX)?);
        let is_proto3 = match syntax {
            "proto3" => true,
            "proto2" | "" => false,
            _ => return Err(Broken),
        };
        let name = (!package.is_empty()).then(|| self.types.add_name(package));
        let scope = Scope { name, depth: 0, is_proto3 };
        for part in parts(file) {
            let part = part?;
            match part.number {
                file::MESSAGE => self.message(part.message()?, scope)?,
                file::ENUM => self.enumeration(part.message()?, scope)?,
                file::SERVICE => self.services.push((name, part.message()?)),
                file::EXTENSION => return Err(Broken),
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds a message without its fields, and the types in it.
    fn message(&mut self, bytes: &'a [u8], scope: Scope) -> Result<(), Broken> {
        if scope.depth > MAX_DEPTH {
            return Err(Broken);
        }
        let full_name = self.types.add_name_in(scope.name, named(bytes)?);
        let (at, mut is_map_entry) = (self.types.messages.len(), false);
        self.types.messages.push(Message { full_name, fields: 0..0, is_map_entry, has_extensions: false });
        self.bodies.push(Body { bytes, is_proto3: scope.is_proto3 });
        let inside = Scope { name: Some(full_name), depth: scope.depth + 1, ..scope };
        for part in parts(bytes) {
            let part = part?;
            match part.number {
                message::NESTED => self.message(part.message()?, inside)?,
                message::ENUM => self.enumeration(part.message()?, inside)?,
                message::OPTIONS => {
                    is_map_entry = value(part.message()?, option::MAP_ENTRY)?.is_some_and(|value| value != 0)
                }
                message::EXTENSION => return Err(Broken),
                _ => {}
            }
        }
        self.types.messages[at].is_map_entry = is_map_entry;
        Ok(())
    }

    fn enumeration(&mut self, bytes: &'a [u8], scope: Scope) -> Result<(), Broken> {
        let full_name = self.types.add_name_in(scope.name, named(bytes)?);
        let begin = self.types.values.len();
        for described in of_number(bytes, enumeration::VALUE) {
            let described = described?;
            let name = named(described)?;
            let number = value(described, of_value::NUMBER)?.map_or(Ok(0), int32)?;
            let known = &self.types.values[begin..];
            let is_known = |value: &EnumValue| value.number == number || self.types.text(value.name) == name;
            if known.len() >= MAX_PARTS || known.iter().any(is_known) {
                return Err(Broken);
            }
            let name = self.types.add_name(name);
            self.types.values.push(EnumValue { name, number, is_shown: true });
        }
        let end = self.types.values.len();
        let Some(first) = self.types.values.get(begin).map(|value| value.number) else { return Err(Broken) };
        self.types.values[begin..].sort_unstable_by_key(|value| value.number);
        self.types.enums.push(Enum { full_name, values: begin..end, default: first });
        Ok(())
    }

    fn service(&mut self, package: Option<Name>, bytes: &'a [u8], index: &Index) -> Result<(), Broken> {
        let service = self.types.add_name_in(package, named(bytes)?);
        for described in of_number(bytes, service::METHOD) {
            let described = described?;
            let message = |number| match index.find(&self.types, text(described, number)?)? {
                Code::Message(at) => Ok(at),
                _ => Err(Broken),
            };
            let (input, output) = (message(method::INPUT)?, message(method::OUTPUT)?);
            let streams = |number| Ok::<_, Broken>(value(described, number)?.is_some_and(|value| value != 0));
            let (is_client_streaming, is_server_streaming) =
                (streams(method::CLIENT_STREAMING)?, streams(method::SERVER_STREAMING)?);
            let name = self.types.add_name(named(described)?);
            let method = Method { service, name, input, output, is_client_streaming, is_server_streaming };
            self.types.methods.push(method);
        }
        Ok(())
    }
}

/// Types by their full names.
struct Index(Vec<(Name, Code)>);

impl Index {
    fn new(types: &Types) -> Result<Self, Broken> {
        let messages = types.messages.iter().enumerate().map(|(at, message)| (message.full_name, Code::Message(at)));
        let enums = types.enums.iter().enumerate().map(|(at, described)| (described.full_name, Code::Enum(at)));
        let mut known: Vec<(Name, Code)> = messages.chain(enums).collect();
        known.sort_unstable_by(|(one, _), (other, _)| types.text(*one).cmp(types.text(*other)));
        let is_twice = known.windows(2).any(|pair| types.text(pair[0].0) == types.text(pair[1].0));
        if is_twice { Err(Broken) } else { Ok(Self(known)) }
    }

    /// The type of a name as descriptors write it, with a dot before it.
    fn find(&self, types: &Types, written: &str) -> Result<Code, Broken> {
        let full_name = written.strip_prefix('.').ok_or(Broken)?;
        let at = self.0.binary_search_by(|(name, _)| types.text(*name).cmp(full_name)).map_err(|_| Broken)?;
        Ok(self.0[at].1)
    }
}

/// Adds the fields of the message at `at`, and says where they are.
fn fields(types: &mut Types, index: &Index, at: usize, body: Body<'_>) -> Result<std::ops::Range<usize>, Broken> {
    let (begin, first_oneof) = (types.fields.len(), types.oneofs.len());
    for oneof in of_number(body.bytes, message::ONEOF) {
        let name = types.add_name(named(oneof?)?);
        types.oneofs.push(Oneof { name, message: at });
    }
    for described in of_number(body.bytes, message::FIELD) {
        let written = Written::read(described?)?;
        let known = &types.fields[begin..];
        let is_known = |field: &Field| field.number == written.number || types.text(field.name) == written.name;
        if known.len() >= MAX_PARTS || known.iter().any(is_known) {
            return Err(Broken);
        }
        let field = written.field(types, index, first_oneof, body.is_proto3)?;
        types.fields.push(field);
    }
    types.fields[begin..].sort_unstable_by_key(|field| field.number);
    Ok(begin..types.fields.len())
}

/// A `FieldDescriptorProto`.
struct Written<'a> {
    name: &'a str,
    number: u32,
    label: u64,
    kind: u64,
    type_name: &'a str,
    default: Option<&'a str>,
    packed: Option<bool>,
    oneof: Option<usize>,
    is_proto3_optional: bool,
}

impl<'a> Written<'a> {
    fn read(described: &'a [u8]) -> Result<Self, Broken> {
        let mut written = Self {
            name: "",
            number: 0,
            label: 1,
            kind: 0,
            type_name: "",
            default: None,
            packed: None,
            oneof: None,
            is_proto3_optional: false,
        };
        for part in parts(described) {
            let part = part?;
            match part.number {
                NAME => written.name = part.text()?,
                field::NUMBER => {
                    let number = part.value()?;
                    written.number = u32::try_from(number).ok().filter(|_| number <= MAX_NUMBER).ok_or(Broken)?;
                }
                field::LABEL => written.label = part.value()?,
                field::TYPE => written.kind = part.value()?,
                field::TYPE_NAME => written.type_name = part.text()?,
                field::DEFAULT => written.default = Some(part.text()?),
                field::OPTIONS => written.packed = value(part.message()?, option::PACKED)?.map(|packed| packed != 0),
                field::ONEOF => written.oneof = Some(usize::try_from(part.value()?).map_err(|_| Broken)?),
                field::PROTO3_OPTIONAL => written.is_proto3_optional = part.value()? != 0,
                _ => {}
            }
        }
        if written.name.is_empty() || written.number == 0 { Err(Broken) } else { Ok(written) }
    }

    fn field(&self, types: &mut Types, index: &Index, first_oneof: usize, is_proto3: bool) -> Result<Field, Broken> {
        let kind = match (self.kind, Code::of_scalar(self.kind)) {
            (_, Some(scalar)) if self.type_name.is_empty() => scalar,
            (_, Some(_)) => return Err(Broken),
            (kind, None) => {
                let named = index.find(types, self.type_name)?;
                let is_right = match named {
                    Code::Message(_) => matches!(kind, TYPE_MESSAGE | TYPE_GROUP),
                    _ => kind == TYPE_ENUM,
                };
                if is_right { named } else { return Err(Broken) }
            }
        };
        let cardinality = match self.label {
            1 => Cardinality::Optional,
            2 => Cardinality::Required,
            3 => Cardinality::Repeated,
            _ => return Err(Broken),
        };
        let default_number = match (kind, self.default) {
            (Code::Enum(at), None) => types.enums[at].default,
            (Code::Enum(at), Some(name)) => {
                let mut values = types.values[types.enums[at].values.clone()].iter();
                values.find(|value| types.text(value.name) == name).ok_or(Broken)?.number
            }
            (_, None) => 0,
            (_, Some(_)) => return Err(Broken),
        };
        let oneof = match self.oneof {
            None => None,
            Some(oneof) => Some(first_oneof.checked_add(oneof).filter(|at| *at < types.oneofs.len()).ok_or(Broken)?),
        };
        let is_repeated = cardinality == Cardinality::Repeated;
        Ok(Field {
            name: types.add_name(self.name),
            number: self.number,
            kind,
            is_group: self.kind == TYPE_GROUP,
            cardinality,
            is_packed: is_repeated && kind.is_packable() && self.packed.unwrap_or(is_proto3),
            supports_presence: self.is_proto3_optional
                || oneof.is_some()
                || (!is_repeated && (kind.message().is_some() || !is_proto3)),
            has_default: self.default.is_some(),
            default_number,
            oneof,
        })
    }
}

/// An entry of a map has a key and a value, each once.
fn is_entry(types: &Types, entry: &Message) -> Result<(), Broken> {
    let fields = &types.fields[entry.fields.clone()];
    let has = |number| fields.iter().any(|field| field.number == number && field.cardinality != Cardinality::Repeated);
    if fields.len() == 2 && has(1) && has(2) { Ok(()) } else { Err(Broken) }
}

/// The messages in the fields of one number.
fn of_number(bytes: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Broken>> {
    parts(bytes).filter_map(move |part| match part {
        Ok(part) => (part.number == number).then(|| part.message()),
        Err(odd) => Some(Err(odd)),
    })
}

/// The name of what has one.
fn named(bytes: &[u8]) -> Result<&str, Broken> {
    match text(bytes, NAME)? {
        "" => Err(Broken),
        name => Ok(name),
    }
}

/// A number of an enum; negative ones are of 64 bits.
fn int32(number: u64) -> Result<i32, Broken> {
    i32::try_from(number.cast_signed()).map_err(|_| Broken)
}
