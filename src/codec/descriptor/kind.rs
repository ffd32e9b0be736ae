//! What a field can hold.

use std::fmt;
use std::sync::Arc;

use super::types::Types;
use super::{EnumDescriptor, MessageDescriptor, Place};

/// What a single value is (<https://protobuf.dev/programming-guides/proto3/#scalar>), with what describes its message or
/// enum.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind<M = MessageDescriptor, E = EnumDescriptor> {
    Double,
    Float,
    Int64,
    Uint64,
    Int32,
    Fixed64,
    Fixed32,
    Bool,
    String,
    Message(M),
    Bytes,
    Uint32,
    Enum(E),
    Sfixed32,
    Sfixed64,
    Sint32,
    Sint64,
}

/// How often a field stands in a message (`FieldDescriptorProto.Label`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    Optional,
    Required,
    /// A list or a map.
    Repeated,
}

/// A kind with the place of its message or enum.
pub(super) type Code = Kind<usize, usize>;

impl Code {
    /// By the number that it has in `FieldDescriptorProto.Type`; `None` for messages, groups and enums.
    pub fn of_scalar(number: u64) -> Option<Self> {
        Some(match number {
            1 => Self::Double,
            2 => Self::Float,
            3 => Self::Int64,
            4 => Self::Uint64,
            5 => Self::Int32,
            6 => Self::Fixed64,
            7 => Self::Fixed32,
            8 => Self::Bool,
            9 => Self::String,
            12 => Self::Bytes,
            13 => Self::Uint32,
            15 => Self::Sfixed32,
            16 => Self::Sfixed64,
            17 => Self::Sint32,
            18 => Self::Sint64,
            _ => return None,
        })
    }

    pub fn message(self) -> Option<usize> {
        match self {
            Self::Message(at) => Some(at),
            _ => None,
        }
    }

    /// Values of a list can stand in one piece.
    pub fn is_packable(self) -> bool {
        !matches!(self, Self::String | Self::Bytes | Self::Message(_))
    }
}

impl Kind {
    pub(super) fn of(code: Code, types: &Arc<Types>) -> Self {
        match code {
            Code::Double => Self::Double,
            Code::Float => Self::Float,
            Code::Int64 => Self::Int64,
            Code::Uint64 => Self::Uint64,
            Code::Int32 => Self::Int32,
            Code::Fixed64 => Self::Fixed64,
            Code::Fixed32 => Self::Fixed32,
            Code::Bool => Self::Bool,
            Code::String => Self::String,
            Code::Bytes => Self::Bytes,
            Code::Uint32 => Self::Uint32,
            Code::Sfixed32 => Self::Sfixed32,
            Code::Sfixed64 => Self::Sfixed64,
            Code::Sint32 => Self::Sint32,
            Code::Sint64 => Self::Sint64,
            Code::Message(at) => Self::Message(MessageDescriptor(Place::new(types, at))),
            Code::Enum(at) => Self::Enum(EnumDescriptor(Place::new(types, at))),
        }
    }

    pub fn as_message(&self) -> Option<&MessageDescriptor> {
        match self {
            Self::Message(message) => Some(message),
            _ => None,
        }
    }
}

/// As protobuf writes it.
impl fmt::Debug for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Double => "double",
            Self::Float => "float",
            Self::Int64 => "int64",
            Self::Uint64 => "uint64",
            Self::Int32 => "int32",
            Self::Fixed64 => "fixed64",
            Self::Fixed32 => "fixed32",
            Self::Bool => "bool",
            Self::String => "string",
            Self::Bytes => "bytes",
            Self::Uint32 => "uint32",
            Self::Sfixed32 => "sfixed32",
            Self::Sfixed64 => "sfixed64",
            Self::Sint32 => "sint32",
            Self::Sint64 => "sint64",
            Self::Message(message) => message.full_name(),
            Self::Enum(described) => described.full_name(),
        })
    }
}
