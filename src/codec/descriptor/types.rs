//! The types of one description, one after the other.

use std::ops::Range;
use std::sync::OnceLock;

use bytes::Bytes;
use prost_reflect::DescriptorPool;

use super::kind::{Cardinality, Code};
use super::name_clash;

/// Places are indices into these.
pub(super) struct Types {
    /// All names, in one piece.
    names: String,
    pub messages: Vec<Message>,
    pub fields: Vec<Field>,
    pub oneofs: Vec<Oneof>,
    pub enums: Vec<Enum>,
    pub values: Vec<EnumValue>,
    pub methods: Vec<Method>,
    /// What they were read from.
    set: Bytes,
    /// The library's own of the same, once it is needed; `None` if it makes nothing of it.
    pool: OnceLock<Option<DescriptorPool>>,
}

/// Where a name stands among all.
#[derive(Clone, Copy, Debug)]
pub(super) struct Name {
    begin: usize,
    end: usize,
}

pub(super) struct Message {
    pub full_name: Name,
    pub fields: Range<usize>,
    pub is_map_entry: bool,
    pub has_extensions: bool,
}

pub(super) struct Field {
    pub name: Name,
    pub number: u32,
    pub kind: Code,
    pub is_group: bool,
    pub cardinality: Cardinality,
    pub is_packed: bool,
    pub supports_presence: bool,
    pub has_default: bool,
    pub default_number: i32,
    pub oneof: Option<usize>,
}

pub(super) struct Oneof {
    pub name: Name,
    pub message: usize,
}

/// Values stand in the order of their numbers.
pub(super) struct Enum {
    pub full_name: Name,
    pub values: Range<usize>,
    /// The number of the value that is described first.
    pub default: i32,
}

#[derive(Clone, Copy)]
pub(super) struct EnumValue {
    pub name: Name,
    pub number: i32,
    /// Of several with one number, the one by which that is shown.
    pub is_shown: bool,
}

pub(super) struct Method {
    pub service: Name,
    pub name: Name,
    pub input: usize,
    pub output: usize,
    pub is_client_streaming: bool,
    pub is_server_streaming: bool,
}

impl Types {
    /// Without any yet; they will be those of `set`.
    pub fn of_set(set: Bytes) -> Self {
        Self {
            names: String::with_capacity(set.len() / 2),
            messages: Vec::new(),
            fields: Vec::new(),
            oneofs: Vec::new(),
            enums: Vec::new(),
            values: Vec::new(),
            methods: Vec::new(),
            set,
            pool: OnceLock::new(),
        }
    }

    /// Without any yet; they will be those of `pool`.
    pub fn of_pool(pool: DescriptorPool) -> Self {
        Self { pool: OnceLock::from(Some(pool)), ..Self::of_set(Bytes::new()) }
    }

    pub fn add_name(&mut self, name: &str) -> Name {
        let begin = self.names.len();
        self.names.push_str(name);
        Name { begin, end: self.names.len() }
    }

    /// Adds the name of what stands in a scope.
    pub fn add_name_in(&mut self, scope: Option<Name>, name: &str) -> Name {
        let Some(scope) = scope.filter(|scope| scope.begin < scope.end) else { return self.add_name(name) };
        let begin = self.names.len();
        self.names.extend_from_within(scope.begin..scope.end);
        self.names.push('.');
        self.names.push_str(name);
        Name { begin, end: self.names.len() }
    }

    pub fn text(&self, name: Name) -> &str {
        &self.names[name.begin..name.end]
    }

    pub fn pool(&self) -> Option<&DescriptorPool> {
        let decode = || DescriptorPool::decode(self.set.as_ref()).ok().or_else(|| name_clash::pool(&self.set));
        self.pool.get_or_init(decode).as_ref()
    }
}
