//! Where in encoded files each type is defined.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use super::own;
use crate::codec::descriptor::numbers::{NAME, field, file, message};
use crate::codec::descriptor::parts::{Broken, parts, text};

/// How deep messages stand in each other at most: what is deeper, the library does not read either.
const MAX_DEPTH: usize = 100;

/// Where a type stands.
#[derive(Clone, Copy)]
struct Place<'s> {
    file: usize,
    /// The message around it.
    parent: Option<usize>,
    /// How many are around it.
    depth: usize,
    /// The full name of what is around it.
    scope: &'s str,
}

/// A file and what is in it.
pub(super) struct File<'a> {
    pub bytes: &'a [u8],
    /// No other's, even where the server has two files of one name.
    pub name: Cow<'a, str>,
    /// It is one of protobuf's own, and not the server's.
    pub is_own: bool,
    /// Its types are those of the index from here on.
    pub first_type: usize,
}

/// A message or an enum.
pub(super) struct Type<'a> {
    pub file: usize,
    /// The message around it.
    pub parent: Option<usize>,
    pub bytes: &'a [u8],
    pub is_enum: bool,
    /// The place behind it and the types inside it.
    pub end: usize,
}

/// Every type of some files, by its full name.
#[derive(Default)]
pub(super) struct Index<'a> {
    pub files: Vec<File<'a>>,
    pub types: Vec<Type<'a>>,
    by_name: HashMap<String, usize>,
    file_names: HashSet<&'a str>,
    /// The messages that extensions extend, as it is written there.
    pub extended: Vec<&'a str>,
    /// How many of protobuf's own files are in it.
    own_files: usize,
}

impl<'a> Index<'a> {
    /// What `files` define.
    pub fn new(files: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, Broken> {
        let mut index = Self::default();
        files.into_iter().try_for_each(|file| index.add(file, false))?;
        Ok(index)
    }

    fn add(&mut self, bytes: &'a [u8], is_own: bool) -> Result<(), Broken> {
        let (name, package) = (text(bytes, file::NAME)?, text(bytes, file::PACKAGE)?);
        let at = self.files.len();
        let name = if self.file_names.insert(name) { name.into() } else { format!("{name}#{at}").into() };
        self.files.push(File { bytes, name, is_own, first_type: self.types.len() });
        let place = Place { file: at, parent: None, depth: 0, scope: package };
        for part in parts(bytes) {
            let part = part?;
            match part.number {
                file::MESSAGE => self.add_type(place, part.content, false)?,
                file::ENUM => self.add_type(place, part.content, true)?,
                file::EXTENSION => self.extended.push(text(part.content, field::EXTENDEE)?),
                _ => {}
            }
        }
        Ok(())
    }

    fn add_type(&mut self, place: Place<'_>, bytes: &'a [u8], is_enum: bool) -> Result<(), Broken> {
        let Place { file, parent, depth, scope } = place;
        if depth > MAX_DEPTH {
            return Err(Broken);
        }
        let full_name = below(scope, text(bytes, NAME)?);
        let at = self.types.len();
        self.types.push(Type { file, parent, bytes, is_enum, end: at + 1 });
        if !is_enum {
            let place = Place { file, parent: Some(at), depth: depth + 1, scope: &full_name };
            for part in parts(bytes) {
                let part = part?;
                match part.number {
                    message::NESTED => self.add_type(place, part.content, false)?,
                    message::ENUM => self.add_type(place, part.content, true)?,
                    message::EXTENSION => self.extended.push(text(part.content, field::EXTENDEE)?),
                    _ => {}
                }
            }
        }
        self.types[at].end = self.types.len();
        self.by_name.entry(full_name).or_insert(at);
        Ok(())
    }

    /// The type of that full name, as it is written in a descriptor; one of protobuf's own where the files do not
    /// define it. `None` where nothing does, or where nobody but protobuf should.
    pub fn find(&mut self, written: &str) -> Result<Option<usize>, Broken> {
        // Names that are not full depend on where they stand; compilers write full ones.
        let Some(full_name) = written.strip_prefix('.') else { return Ok(None) };
        let is_own = full_name.starts_with(own::PACKAGE);
        loop {
            if let Some(found) = self.by_name.get(full_name) {
                let file = &self.files[self.types[*found].file];
                return Ok((file.is_own == is_own).then_some(*found));
            }
            let Some(next) = own::files().nth(self.own_files).filter(|_| is_own) else { return Ok(None) };
            self.own_files += 1;
            self.add(next, true)?;
        }
    }
}

/// A full name.
pub(super) fn below(scope: &str, name: &str) -> String {
    if scope.is_empty() { name.to_owned() } else { format!("{scope}.{name}") }
}
