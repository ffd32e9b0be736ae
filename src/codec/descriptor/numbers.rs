//! The numbers of the fields of descriptors (`google/protobuf/descriptor.proto`), by message.

/// Of `FileDescriptorProto`, `DescriptorProto` and whatever else has a name: that is its first field.
pub const NAME: u32 = 1;

/// `FileDescriptorSet`.
pub mod set {
    pub const FILE: u32 = 1;
}

/// `FileDescriptorProto`.
pub mod file {
    pub const NAME: u32 = super::NAME;
    pub const PACKAGE: u32 = 2;
    pub const DEPENDENCY: u32 = 3;
    pub const MESSAGE: u32 = 4;
    pub const ENUM: u32 = 5;
    pub const SERVICE: u32 = 6;
    pub const EXTENSION: u32 = 7;
    pub const SYNTAX: u32 = 12;
    pub const EDITION: u32 = 14;
}

/// `DescriptorProto`.
pub mod message {
    pub const NAME: u32 = super::NAME;
    pub const FIELD: u32 = 2;
    pub const NESTED: u32 = 3;
    pub const ENUM: u32 = 4;
    pub const EXTENSION: u32 = 6;
    pub const OPTIONS: u32 = 7;
    pub const ONEOF: u32 = 8;
}

/// `FieldDescriptorProto`.
pub mod field {
    pub const EXTENDEE: u32 = 2;
    pub const NUMBER: u32 = 3;
    pub const LABEL: u32 = 4;
    pub const TYPE: u32 = 5;
    pub const TYPE_NAME: u32 = 6;
    pub const DEFAULT: u32 = 7;
    pub const OPTIONS: u32 = 8;
    pub const ONEOF: u32 = 9;
    pub const JSON_NAME: u32 = 10;
    pub const PROTO3_OPTIONAL: u32 = 17;
}

/// `OneofDescriptorProto`.
pub mod oneof {
    pub const OPTIONS: u32 = 2;
}

/// `EnumDescriptorProto`.
pub mod enumeration {
    pub const VALUE: u32 = 2;
    pub const OPTIONS: u32 = 3;
}

/// `EnumValueDescriptorProto`.
pub mod value {
    pub const NUMBER: u32 = 2;
    pub const OPTIONS: u32 = 3;
}

/// `ServiceDescriptorProto`.
pub mod service {
    pub const METHOD: u32 = 2;
}

/// `MethodDescriptorProto`.
pub mod method {
    pub const INPUT: u32 = 2;
    pub const OUTPUT: u32 = 3;
    pub const OPTIONS: u32 = 4;
    pub const CLIENT_STREAMING: u32 = 5;
    pub const SERVER_STREAMING: u32 = 6;
}

/// What options say about the reading of messages: `FieldOptions.packed`, `MessageOptions.map_entry` and
/// `EnumOptions.allow_alias`.
pub mod option {
    pub const PACKED: u32 = 2;
    pub const MAP_ENTRY: u32 = 7;
    pub const ALLOW_ALIAS: u32 = 2;
    /// Options in the words of the source, which no compiler has looked at.
    pub const UNINTERPRETED: u32 = 999;
}
