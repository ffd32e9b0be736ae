//! Protobuf's well-known types, whose JSON form is not a mapping of fields.
//!
//! <https://protobuf.dev/programming-guides/json/>

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// A well-known type.
#[derive(Clone, Debug, PartialEq)]
pub enum WellKnown {
    /// `google.protobuf.Struct`: a mapping of anything.
    Struct,
    /// `google.protobuf.Value`: anything.
    Value,
    /// `google.protobuf.ListValue`: a list of anything.
    ListValue,
    /// `google.protobuf.Any`: a mapping that names its type.
    Any,
    /// `google.protobuf.Timestamp`: a text.
    Timestamp,
    /// `google.protobuf.Duration`: a text.
    Duration,
    /// `google.protobuf.FieldMask`: a text.
    FieldMask,
    /// `google.protobuf.Int32Value` and the like: what its one field holds, which is never a message.
    Wrapper(FieldDescriptor),
}

impl WellKnown {
    /// The well-known type that `message` is; `None` for a message that is a mapping of its fields.
    pub fn of(message: &MessageDescriptor) -> Option<Self> {
        // A server may give a type of its own such a name, but not such a file: those are never taken from servers.
        message.parent_file().name().strip_prefix("google/protobuf/")?;
        Some(match message.full_name().strip_prefix("google.protobuf.")? {
            "Struct" => Self::Struct,
            "Value" => Self::Value,
            "ListValue" => Self::ListValue,
            "Any" => Self::Any,
            "Timestamp" => Self::Timestamp,
            "Duration" => Self::Duration,
            "FieldMask" => Self::FieldMask,
            "BoolValue" | "BytesValue" | "DoubleValue" | "FloatValue" | "Int32Value" | "Int64Value" | "StringValue"
            | "UInt32Value" | "UInt64Value" => Self::Wrapper(message.get_field_by_name("value")?),
            _ => return None,
        })
    }

    /// Whether only a value tells its content.
    pub fn is_free(&self) -> bool {
        matches!(self, Self::Struct | Self::Value | Self::ListValue | Self::Any)
    }

    /// Whether it is one text, number or truth value.
    pub fn is_plain(&self) -> bool {
        !self.is_free()
    }
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;

    use super::*;

    #[test]
    fn the_types_of_protobuf_are_told_apart_from_messages() {
        let pool = DescriptorPool::global();
        let of = |name: &str| WellKnown::of(&pool.get_message_by_name(&format!("google.protobuf.{name}")).unwrap());
        for (name, known) in [
            ("Struct", WellKnown::Struct),
            ("Value", WellKnown::Value),
            ("ListValue", WellKnown::ListValue),
            ("Any", WellKnown::Any),
            ("Timestamp", WellKnown::Timestamp),
            ("Duration", WellKnown::Duration),
            ("FieldMask", WellKnown::FieldMask),
        ] {
            assert_eq!(of(name), Some(known), "{name}");
        }
        for name in ["Bool", "Bytes", "Double", "Float", "Int32", "Int64", "String", "UInt32", "UInt64"] {
            let known = of(&format!("{name}Value"));
            assert!(matches!(&known, Some(WellKnown::Wrapper(field)) if field.name() == "value"), "{name}");
        }
        assert_eq!(of("Empty"), None);
        assert_eq!(of("FileDescriptorProto"), None);
    }

    #[test]
    fn what_a_server_calls_so_and_is_none_is_a_message() {
        let source = "syntax = \"proto3\"; package google.protobuf;
            message Int32Value { Inner value = 1; } message BoolValue { repeated bool value = 1; }
            message FloatValue { float other = 1; } message Inner { bool on = 1; }";
        let file = protox::file::File::from_source("hostile.proto", source).unwrap();
        let pool = DescriptorPool::from_file_descriptor_set(prost_types::FileDescriptorSet {
            file: vec![file.file_descriptor_proto().clone()],
        })
        .unwrap();
        for message in pool.all_messages() {
            assert_eq!(WellKnown::of(&message), None, "{}", message.name());
        }
    }
}
