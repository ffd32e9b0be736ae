//! The part of a description that a call of one method needs.
//!
//! A service describes all that it and its imports have, and making a pool of that takes longer than the call itself.
//! Here is chosen, from the encoded files and without decoding them, what messages of the method can hold: its request
//! and its response, and the messages and enums that their fields reach. Comments are left out, and options that say
//! nothing about how messages are read.

use std::collections::BTreeSet;

use super::index::{Index, Type};
use super::is_syntax;
use super::own::{DESCRIPTOR, PACKAGE};
use super::service;
use crate::codec::descriptor::numbers::{
    NAME, enumeration, field, file, message, method as method_numbers, oneof, option, service as service_numbers,
    set as set_numbers, value,
};
use crate::codec::descriptor::parts::{Broken, Part, parts, put, text};

/// Can hold a message of any type.
const ANY: &str = ".google.protobuf.Any";

/// The encoded `FileDescriptorSet` of what `method` of `service` needs of `files`, themselves encoded.
///
/// `None` where that cannot be told: a type is missing or can be any, an extension adds to one, or the files are not what
/// compilers write. Then the whole is needed, which tells what is wrong if something is.
pub(super) fn of_method<'a>(
    files: impl Iterator<Item = &'a [u8]> + Clone,
    service: &str,
    method: &str,
) -> Option<Vec<u8>> {
    let (at, service) = service::find(files.clone(), service).ok()??;
    let method = service::method(service, method).ok()??;
    let mut closure = Closure::new(Index::new(files).ok()?);
    closure.reach_method(at, method).ok()?;
    closure.encode(at, service, method).ok()
}

/// How much of a type is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Need {
    Nothing,
    /// Only that it is there, around another.
    Shell,
    Whole,
}

struct Closure<'a> {
    index: Index<'a>,
    /// For each type.
    needs: Vec<Need>,
    /// For each file the files that it refers to.
    imports: Vec<BTreeSet<usize>>,
    /// Types whose fields are still to be looked at.
    open: Vec<usize>,
}

impl<'a> Closure<'a> {
    fn new(index: Index<'a>) -> Self {
        Self { index, needs: Vec::new(), imports: Vec::new(), open: Vec::new() }
    }

    /// Finds all that the messages of `method`, which is of the file `at`, can hold.
    fn reach_method(&mut self, at: usize, method: &[u8]) -> Result<(), Broken> {
        self.reach(at, text(method, method_numbers::INPUT)?)?;
        self.reach(at, text(method, method_numbers::OUTPUT)?)?;
        while let Some(open) = self.open.pop() {
            let (file, bytes) = (self.index.types[open].file, self.index.types[open].bytes);
            for part in parts(bytes) {
                let part = part?;
                if part.number == message::FIELD {
                    let name = text(part.content, field::TYPE_NAME)?;
                    if !name.is_empty() {
                        self.reach(file, name)?;
                    }
                }
            }
        }
        // A type that is described further elsewhere is not to be had without that.
        for extended in std::mem::take(&mut self.index.extended) {
            if !extended.starts_with('.') || self.index.find(extended)?.is_some_and(|at| self.need(at) == Need::Whole) {
                return Err(Broken);
            }
        }
        Ok(())
    }

    fn need(&self, at: usize) -> Need {
        self.needs.get(at).copied().unwrap_or(Need::Nothing)
    }

    /// Takes in the type that the file `from` names.
    fn reach(&mut self, from: usize, name: &str) -> Result<(), Broken> {
        if name == ANY {
            return Err(Broken);
        }
        let at = self.index.find(name)?.ok_or(Broken)?;
        self.needs.resize(self.index.types.len(), Need::Nothing);
        self.imports.resize(self.index.files.len(), BTreeSet::new());
        let found = &self.index.types[at];
        if found.file != from {
            self.imports[from].insert(found.file);
        }
        if self.needs[at] == Need::Whole {
            return Ok(());
        }
        self.needs[at] = Need::Whole;
        if !found.is_enum {
            self.open.push(at);
        }
        let mut parent = found.parent;
        while let Some(around) = parent {
            self.needs[around] = self.needs[around].max(Need::Shell);
            parent = self.index.types[around].parent;
        }
        Ok(())
    }

    /// The files with what is needed of them; that at `at` with `method` of `service`.
    fn encode(&self, at: usize, service: &[u8], method: &[u8]) -> Result<Vec<u8>, Broken> {
        let mut set = Vec::new();
        let mut options = Options::default();
        for (file_at, described) in self.index.files.iter().enumerate() {
            let is_needed = |(need, found): (&Need, &Type<'_>)| *need > Need::Nothing && found.file == file_at;
            if file_at != at && !self.needs.iter().zip(&self.index.types).any(is_needed) {
                continue;
            }
            // Its stand-in has its name.
            if described.name == DESCRIPTOR {
                return Err(Broken);
            }
            let mut encoded = Vec::new();
            put(&mut encoded, file::NAME, described.name.as_bytes());
            for import in self.imports.get(file_at).into_iter().flatten() {
                put(&mut encoded, file::DEPENDENCY, self.index.files[*import].name.as_bytes());
            }
            let mut next = described.first_type;
            for part in parts(described.bytes) {
                let part = part?;
                match part.number {
                    file::SYNTAX if !is_syntax(part) => return Err(Broken),
                    file::PACKAGE | file::SYNTAX | file::EDITION => encoded.extend_from_slice(part.whole),
                    file::MESSAGE | file::ENUM => self.encode_type(&mut encoded, part, &mut next, &mut options)?,
                    _ => {}
                }
            }
            if file_at == at {
                put(&mut encoded, file::SERVICE, &one_method(service, method)?);
            }
            put(&mut set, set_numbers::FILE, &encoded);
        }
        if let Some(stand_in) = options.stand_in() {
            put(&mut set, set_numbers::FILE, &stand_in);
        }
        Ok(set)
    }

    /// Appends what is needed of a type. `next` is its place in the index, and then the place behind it.
    fn encode_type(
        &self,
        out: &mut Vec<u8>,
        part: Part<'_>,
        next: &mut usize,
        options: &mut Options,
    ) -> Result<(), Broken> {
        let at = *next;
        let (need, found) = (self.need(at), &self.index.types[at]);
        *next = found.end;
        if need > Need::Nothing {
            let encoded = if found.is_enum {
                encode_enum(found.bytes, options)?
            } else {
                self.encode_message(found.bytes, need, at + 1, options)?
            };
            put(out, part.number, &encoded);
        }
        Ok(())
    }

    /// A message, whose inner types are those of the index from `next` on.
    fn encode_message(
        &self,
        bytes: &[u8],
        need: Need,
        mut next: usize,
        options: &mut Options,
    ) -> Result<Vec<u8>, Broken> {
        let mut encoded = Vec::with_capacity(bytes.len());
        for part in parts(bytes) {
            let part = part?;
            match part.number {
                message::NAME => encoded.extend_from_slice(part.whole),
                message::NESTED | message::ENUM => self.encode_type(&mut encoded, part, &mut next, options)?,
                _ if need < Need::Whole => {}
                message::FIELD => put(&mut encoded, message::FIELD, &encode_field(part.content, options)?),
                message::ONEOF => put(&mut encoded, message::ONEOF, &without(part.content, oneof::OPTIONS)?),
                message::OPTIONS => options.keep(&mut encoded, part, Of::Message)?,
                _ => {}
            }
        }
        Ok(encoded)
    }
}

fn encode_field(field: &[u8], options: &mut Options) -> Result<Vec<u8>, Broken> {
    let mut encoded = Vec::with_capacity(field.len());
    for part in parts(field) {
        let part = part?;
        match part.number {
            field::OPTIONS => options.keep(&mut encoded, part, Of::Field)?,
            // Nothing here goes by it, and it is made up where it is missing.
            field::JSON_NAME => {}
            _ => encoded.extend_from_slice(part.whole),
        }
    }
    Ok(encoded)
}

fn encode_enum(bytes: &[u8], options: &mut Options) -> Result<Vec<u8>, Broken> {
    let mut encoded = Vec::with_capacity(bytes.len());
    for part in parts(bytes) {
        let part = part?;
        match part.number {
            NAME => encoded.extend_from_slice(part.whole),
            enumeration::VALUE => put(&mut encoded, enumeration::VALUE, &without(part.content, value::OPTIONS)?),
            enumeration::OPTIONS => options.keep(&mut encoded, part, Of::Enum)?,
            _ => {}
        }
    }
    Ok(encoded)
}

/// `service` with nothing but `method`.
fn one_method(service: &[u8], method: &[u8]) -> Result<Vec<u8>, Broken> {
    let mut encoded = Vec::new();
    put(&mut encoded, NAME, text(service, NAME)?.as_bytes());
    put(&mut encoded, service_numbers::METHOD, &without(method, method_numbers::OPTIONS)?);
    Ok(encoded)
}

/// `message` without the fields of one number.
fn without(message: &[u8], number: u32) -> Result<Vec<u8>, Broken> {
    let mut kept = Vec::with_capacity(message.len());
    for part in parts(message) {
        let part = part?;
        if part.number != number {
            kept.extend_from_slice(part.whole);
        }
    }
    Ok(kept)
}

/// What options are of.
#[derive(Clone, Copy, Debug)]
enum Of {
    Message,
    Field,
    Enum,
}

impl Of {
    /// The only option that is kept, by its number.
    fn kept(self) -> u32 {
        match self {
            Self::Message => option::MAP_ENTRY,
            Self::Field => option::PACKED,
            Self::Enum => option::ALLOW_ALIAS,
        }
    }
}

/// Keeps of options what says how messages are read, and in mind which kinds of options there are.
#[derive(Debug, Default)]
struct Options {
    of_messages: bool,
    of_fields: bool,
    of_enums: bool,
}

impl Options {
    /// Appends what is kept of the options that `part` holds, if that is anything.
    fn keep(&mut self, out: &mut Vec<u8>, part: Part<'_>, of: Of) -> Result<(), Broken> {
        let mut kept = Vec::new();
        for option in parts(part.content) {
            let option = option?;
            match option.number {
                option::UNINTERPRETED => return Err(Broken),
                number if number == of.kept() => kept.extend_from_slice(option.whole),
                _ => {}
            }
        }
        if !kept.is_empty() {
            match of {
                Of::Message => self.of_messages = true,
                Of::Field => self.of_fields = true,
                Of::Enum => self.of_enums = true,
            }
            put(out, part.number, &kept);
        }
        Ok(())
    }

    /// A file that has the types of these options, without a field: the library looks there before it makes descriptors of
    /// all that protobuf has, and takes what it does not know as it is.
    fn stand_in(&self) -> Option<Vec<u8>> {
        let types =
            [(self.of_messages, "MessageOptions"), (self.of_fields, "FieldOptions"), (self.of_enums, "EnumOptions")];
        let mut names = types.into_iter().filter_map(|(is_there, name)| is_there.then_some(name)).peekable();
        names.peek()?;
        let mut encoded = Vec::new();
        put(&mut encoded, file::NAME, DESCRIPTOR.as_bytes());
        put(&mut encoded, file::PACKAGE, PACKAGE.trim_end_matches('.').as_bytes());
        for name in names {
            let mut message = Vec::new();
            put(&mut message, message::NAME, name.as_bytes());
            put(&mut encoded, file::MESSAGE, &message);
        }
        Some(encoded)
    }
}
