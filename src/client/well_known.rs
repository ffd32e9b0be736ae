//! The message types whose JSON form is not a mapping of their fields (protobuf's "well-known types").

use prost_reflect::{FieldDescriptor, MessageDescriptor};

/// What a well-known type looks like in JSON, if not a mapping of its fields.
pub(super) fn json_form(full_name: &str) -> Option<&'static str> {
    Some(match full_name {
        "google.protobuf.Timestamp" => "a time such as \"2026-01-01T00:00:00Z\"",
        "google.protobuf.Duration" => "a duration such as \"1.5s\"",
        "google.protobuf.FieldMask" => "field names such as \"name,tags\"",
        "google.protobuf.Any" => "a mapping with an \"@type\" that the service knows",
        "google.protobuf.BoolValue" => "true or false",
        "google.protobuf.StringValue" | "google.protobuf.BytesValue" => "text",
        "google.protobuf.DoubleValue"
        | "google.protobuf.FloatValue"
        | "google.protobuf.Int32Value"
        | "google.protobuf.Int64Value"
        | "google.protobuf.UInt32Value"
        | "google.protobuf.UInt64Value" => "a number",
        _ => return None,
    })
}

/// The one field of a wrapper type (`google.protobuf.Int32Value` and the like).
pub(super) fn wrapped(descriptor: &MessageDescriptor) -> Option<FieldDescriptor> {
    let is_wrapper = descriptor.package_name() == "google.protobuf" && descriptor.name().ends_with("Value");
    let is_json = matches!(descriptor.name(), "Value" | "ListValue");
    descriptor.get_field_by_name("value").filter(|_| is_wrapper && !is_json)
}
