//! Types off the encoded files that describe them (`google/protobuf/descriptor.proto`).
//!
//! What is read is what compilers write, and of that what services use. Whatever is more than that (extensions, aliases,
//! defaults of the older syntax but an enum's) is left to the library, and so is whatever does not fit together: it has words for it.

use bytes::Bytes;

use super::kind::{Cardinality, Code};
use super::types::{Enum, EnumValue, Field, Message, Method, Name, Oneof, Types};
use crate::wire_format::{Entry, Odd, Reader, Wire, number};

/// How deep messages stand in each other at most: what is deeper, the library does not read either.
const MAX_DEPTH: usize = 100;
/// The most fields of a message and values of an enum: of those, each is compared with all.
const MAX_PARTS: usize = 1000;
/// The highest number of a field.
const MAX_NUMBER: u64 = (1 << 29) - 1;

// The numbers of the fields that are read: those of `FileDescriptorProto`, `DescriptorProto` and so on.
const SET_FILE: u32 = 1;

const FILE_PACKAGE: u32 = 2;
const FILE_MESSAGE: u32 = 4;
const FILE_ENUM: u32 = 5;
const FILE_SERVICE: u32 = 6;
const FILE_EXTENSION: u32 = 7;
const FILE_SYNTAX: u32 = 12;

const MESSAGE_FIELD: u32 = 2;
const MESSAGE_NESTED: u32 = 3;
const MESSAGE_ENUM: u32 = 4;
const MESSAGE_EXTENSION: u32 = 6;
const MESSAGE_OPTIONS: u32 = 7;
const MESSAGE_ONEOF: u32 = 8;
const OPTIONS_MAP_ENTRY: u32 = 7;

const FIELD_NUMBER: u32 = 3;
const FIELD_LABEL: u32 = 4;
const FIELD_TYPE: u32 = 5;
const FIELD_TYPE_NAME: u32 = 6;
const FIELD_DEFAULT: u32 = 7;
const FIELD_OPTIONS: u32 = 8;
const FIELD_ONEOF: u32 = 9;
const FIELD_PROTO3_OPTIONAL: u32 = 17;
const OPTIONS_PACKED: u32 = 2;

const ENUM_VALUE: u32 = 2;
const VALUE_NUMBER: u32 = 2;

const SERVICE_METHOD: u32 = 2;
const METHOD_INPUT: u32 = 2;
const METHOD_OUTPUT: u32 = 3;
const METHOD_CLIENT_STREAMING: u32 = 5;
const METHOD_SERVER_STREAMING: u32 = 6;

/// Of all that have a name.
const NAME: u32 = 1;

/// `FieldDescriptorProto.Type`, where it names another type.
const TYPE_GROUP: u64 = 10;
const TYPE_MESSAGE: u64 = 11;
const TYPE_ENUM: u64 = 14;

/// All that an encoded `FileDescriptorSet` describes; `None` for what is left to the library.
pub(super) fn of_set(set: &Bytes) -> Option<Types> {
    let mut reading = Reading { types: Types::of_set(set.clone()), bodies: Vec::new(), services: Vec::new() };
    reading.set(set).ok()?;
    Some(reading.types)
}

struct Reading<'a> {
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

impl<'a> Reading<'a> {
    fn set(&mut self, set: &'a [u8]) -> Result<(), Odd> {
        for file in of_number(set, SET_FILE) {
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

    fn file(&mut self, file: &'a [u8]) -> Result<(), Odd> {
        let (package, syntax) = (text(file, FILE_PACKAGE)?, text(file, FILE_SYNTAX)?);
        let is_proto3 = match syntax {
            "proto3" => true,
            "proto2" | "" => false,
            _ => return Err(Odd),
        };
        let name = (!package.is_empty()).then(|| self.types.add_name(package));
        let scope = Scope { name, depth: 0, is_proto3 };
        for part in parts(file) {
            let part = part?;
            match part.number {
                FILE_MESSAGE => self.message(part.message()?, scope)?,
                FILE_ENUM => self.enumeration(part.message()?, scope)?,
                FILE_SERVICE => self.services.push((name, part.message()?)),
                FILE_EXTENSION => return Err(Odd),
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds a message without its fields, and the types in it.
    fn message(&mut self, bytes: &'a [u8], scope: Scope) -> Result<(), Odd> {
        if scope.depth > MAX_DEPTH {
            return Err(Odd);
        }
        let full_name = self.types.add_name_in(scope.name, named(bytes)?);
        let (at, mut is_map_entry) = (self.types.messages.len(), false);
        self.types.messages.push(Message { full_name, fields: 0..0, is_map_entry, has_extensions: false });
        self.bodies.push(Body { bytes, is_proto3: scope.is_proto3 });
        let inside = Scope { name: Some(full_name), depth: scope.depth + 1, ..scope };
        for part in parts(bytes) {
            let part = part?;
            match part.number {
                MESSAGE_NESTED => self.message(part.message()?, inside)?,
                MESSAGE_ENUM => self.enumeration(part.message()?, inside)?,
                MESSAGE_OPTIONS => {
                    is_map_entry = value(part.message()?, OPTIONS_MAP_ENTRY)?.is_some_and(|value| value != 0)
                }
                MESSAGE_EXTENSION => return Err(Odd),
                _ => {}
            }
        }
        self.types.messages[at].is_map_entry = is_map_entry;
        Ok(())
    }

    fn enumeration(&mut self, bytes: &'a [u8], scope: Scope) -> Result<(), Odd> {
        let full_name = self.types.add_name_in(scope.name, named(bytes)?);
        let begin = self.types.values.len();
        for described in of_number(bytes, ENUM_VALUE) {
            let described = described?;
            let name = named(described)?;
            let number = value(described, VALUE_NUMBER)?.map_or(Ok(0), int32)?;
            let known = &self.types.values[begin..];
            let is_known = |value: &EnumValue| value.number == number || self.types.text(value.name) == name;
            if known.len() >= MAX_PARTS || known.iter().any(is_known) {
                return Err(Odd);
            }
            let name = self.types.add_name(name);
            self.types.values.push(EnumValue { name, number, is_shown: true });
        }
        let end = self.types.values.len();
        let Some(first) = self.types.values.get(begin).map(|value| value.number) else { return Err(Odd) };
        self.types.values[begin..].sort_unstable_by_key(|value| value.number);
        self.types.enums.push(Enum { full_name, values: begin..end, default: first });
        Ok(())
    }

    fn service(&mut self, package: Option<Name>, bytes: &'a [u8], index: &Index) -> Result<(), Odd> {
        let service = self.types.add_name_in(package, named(bytes)?);
        for described in of_number(bytes, SERVICE_METHOD) {
            let described = described?;
            let message = |number| match index.find(&self.types, text(described, number)?)? {
                Code::Message(at) => Ok(at),
                _ => Err(Odd),
            };
            let (input, output) = (message(METHOD_INPUT)?, message(METHOD_OUTPUT)?);
            let streams = |number| Ok::<_, Odd>(value(described, number)?.is_some_and(|value| value != 0));
            let (is_client_streaming, is_server_streaming) =
                (streams(METHOD_CLIENT_STREAMING)?, streams(METHOD_SERVER_STREAMING)?);
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
    fn new(types: &Types) -> Result<Self, Odd> {
        let messages = types.messages.iter().enumerate().map(|(at, message)| (message.full_name, Code::Message(at)));
        let enums = types.enums.iter().enumerate().map(|(at, described)| (described.full_name, Code::Enum(at)));
        let mut known: Vec<(Name, Code)> = messages.chain(enums).collect();
        known.sort_unstable_by(|(one, _), (other, _)| types.text(*one).cmp(types.text(*other)));
        let is_twice = known.windows(2).any(|pair| types.text(pair[0].0) == types.text(pair[1].0));
        if is_twice { Err(Odd) } else { Ok(Self(known)) }
    }

    /// The type of a name as descriptors write it, with a dot before it.
    fn find(&self, types: &Types, written: &str) -> Result<Code, Odd> {
        let full_name = written.strip_prefix('.').ok_or(Odd)?;
        let at = self.0.binary_search_by(|(name, _)| types.text(*name).cmp(full_name)).map_err(|_| Odd)?;
        Ok(self.0[at].1)
    }
}

/// Adds the fields of the message at `at`, and says where they are.
fn fields(types: &mut Types, index: &Index, at: usize, body: Body<'_>) -> Result<std::ops::Range<usize>, Odd> {
    let (begin, first_oneof) = (types.fields.len(), types.oneofs.len());
    for oneof in of_number(body.bytes, MESSAGE_ONEOF) {
        let name = types.add_name(named(oneof?)?);
        types.oneofs.push(Oneof { name, message: at });
    }
    for described in of_number(body.bytes, MESSAGE_FIELD) {
        let written = Written::read(described?)?;
        let known = &types.fields[begin..];
        let is_known =
            |field: &Field| field.number == written.number || are_alike(types.text(field.name), written.name);
        if known.len() >= MAX_PARTS || known.iter().any(is_known) {
            return Err(Odd);
        }
        let field = written.field(types, index, first_oneof, body.is_proto3)?;
        types.fields.push(field);
    }
    types.fields[begin..].sort_unstable_by_key(|field| field.number);
    Ok(begin..types.fields.len())
}

/// Whether two fields can have the same name in JSON, which the library refuses: there, `_` is left out.
fn are_alike(one: &str, other: &str) -> bool {
    letters(one).eq(letters(other))
}

fn letters(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().filter(|byte| *byte != b'_').map(|byte| byte.to_ascii_lowercase())
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
    fn read(described: &'a [u8]) -> Result<Self, Odd> {
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
                FIELD_NUMBER => {
                    let number = part.value()?;
                    written.number = u32::try_from(number).ok().filter(|_| number <= MAX_NUMBER).ok_or(Odd)?;
                }
                FIELD_LABEL => written.label = part.value()?,
                FIELD_TYPE => written.kind = part.value()?,
                FIELD_TYPE_NAME => written.type_name = part.text()?,
                FIELD_DEFAULT => written.default = Some(part.text()?),
                FIELD_OPTIONS => written.packed = value(part.message()?, OPTIONS_PACKED)?.map(|packed| packed != 0),
                FIELD_ONEOF => written.oneof = Some(usize::try_from(part.value()?).map_err(|_| Odd)?),
                FIELD_PROTO3_OPTIONAL => written.is_proto3_optional = part.value()? != 0,
                _ => {}
            }
        }
        if written.name.is_empty() || written.number == 0 { Err(Odd) } else { Ok(written) }
    }

    fn field(&self, types: &mut Types, index: &Index, first_oneof: usize, is_proto3: bool) -> Result<Field, Odd> {
        let kind = match (self.kind, Code::of_scalar(self.kind)) {
            (_, Some(scalar)) if self.type_name.is_empty() => scalar,
            (_, Some(_)) => return Err(Odd),
            (kind, None) => {
                let named = index.find(types, self.type_name)?;
                let is_right = match named {
                    Code::Message(_) => matches!(kind, TYPE_MESSAGE | TYPE_GROUP),
                    _ => kind == TYPE_ENUM,
                };
                if is_right { named } else { return Err(Odd) }
            }
        };
        let cardinality = match self.label {
            1 => Cardinality::Optional,
            2 => Cardinality::Required,
            3 => Cardinality::Repeated,
            _ => return Err(Odd),
        };
        let default_number = match (kind, self.default) {
            (Code::Enum(at), None) => types.enums[at].default,
            (Code::Enum(at), Some(name)) => {
                let mut values = types.values[types.enums[at].values.clone()].iter();
                values.find(|value| types.text(value.name) == name).ok_or(Odd)?.number
            }
            (_, None) => 0,
            (_, Some(_)) => return Err(Odd),
        };
        let oneof = match self.oneof {
            None => None,
            Some(oneof) => Some(first_oneof.checked_add(oneof).filter(|at| *at < types.oneofs.len()).ok_or(Odd)?),
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
fn is_entry(types: &Types, entry: &Message) -> Result<(), Odd> {
    let fields = &types.fields[entry.fields.clone()];
    let has = |number| fields.iter().any(|field| field.number == number && field.cardinality != Cardinality::Repeated);
    if fields.len() == 2 && has(1) && has(2) { Ok(()) } else { Err(Odd) }
}

/// A field of an encoded message.
struct Part<'a> {
    number: u32,
    wire: Wire,
    content: &'a [u8],
}

impl<'a> Part<'a> {
    fn message(&self) -> Result<&'a [u8], Odd> {
        if self.wire == Wire::Delimited { Ok(self.content) } else { Err(Odd) }
    }

    fn text(&self) -> Result<&'a str, Odd> {
        str::from_utf8(self.message()?).map_err(|_| Odd)
    }

    fn value(&self) -> Result<u64, Odd> {
        if self.wire == Wire::Varint { number(self.content) } else { Err(Odd) }
    }
}

fn parts(bytes: &[u8]) -> impl Iterator<Item = Result<Part<'_>, Odd>> {
    let mut reader = Reader::new(bytes);
    std::iter::from_fn(move || {
        let part = |entry: Entry| {
            let content = bytes.get(entry.value).ok_or(Odd)?;
            Ok(Part { number: entry.number, wire: entry.wire, content })
        };
        Some(reader.entry().transpose()?.and_then(part))
    })
}

/// The messages in the fields of one number.
fn of_number(bytes: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Odd>> {
    parts(bytes).filter_map(move |part| match part {
        Ok(part) => (part.number == number).then(|| part.message()),
        Err(odd) => Some(Err(odd)),
    })
}

/// The last field of a number.
fn last(bytes: &[u8], number: u32) -> Result<Option<Part<'_>>, Odd> {
    parts(bytes).try_fold(None, |last, part| part.map(|part| if part.number == number { Some(part) } else { last }))
}

/// The text of a field; empty where it is not there.
fn text(bytes: &[u8], number: u32) -> Result<&str, Odd> {
    last(bytes, number)?.map_or(Ok(""), |part| part.text())
}

/// The name of what has one.
fn named(bytes: &[u8]) -> Result<&str, Odd> {
    match text(bytes, NAME)? {
        "" => Err(Odd),
        name => Ok(name),
    }
}

/// The number in a field.
fn value(bytes: &[u8], number: u32) -> Result<Option<u64>, Odd> {
    last(bytes, number)?.map(|part| part.value()).transpose()
}

/// A number of an enum; negative ones are of 64 bits.
fn int32(number: u64) -> Result<i32, Odd> {
    i32::try_from(number.cast_signed()).map_err(|_| Odd)
}
