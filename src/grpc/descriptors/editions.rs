//! Files in protobuf's editions 2023 and 2024, rewritten as proto2.
//!
//! Their messages are the same on the wire.
//!
//! <https://protobuf.dev/editions/features/>. Of a field with implicit presence a zero that was sent is shown.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldDescriptorProto, FieldOptions, FileDescriptorProto, MessageOptions};

/// `Edition` in descriptor.proto.
pub(super) const EDITIONS: RangeInclusive<i32> = 1000..=1001;

const LEGACY_REQUIRED: i32 = 3;
const EXPANDED: i32 = 2;
const DELIMITED: i32 = 2;

/// `FeatureSet`, as far as it changes the wire format; 0 is what the scope around has.
#[derive(Clone, Copy, Message)]
struct Features {
    #[prost(int32, tag = "1")]
    field_presence: i32,
    #[prost(int32, tag = "3")]
    repeated_field_encoding: i32,
    #[prost(int32, tag = "5")]
    message_encoding: i32,
}

/// The options of files, messages and fields; each has its features under another of these numbers. prost's types have
/// none of them.
#[derive(Clone, Copy, Message)]
struct Featured {
    #[prost(message, optional, tag = "50")]
    of_file: Option<Features>,
    #[prost(message, optional, tag = "12")]
    of_message: Option<Features>,
    #[prost(message, optional, tag = "21")]
    of_field: Option<Features>,
}

#[derive(Message)]
struct FeaturedFile {
    #[prost(message, repeated, tag = "4")]
    messages: Vec<FeaturedMessage>,
    #[prost(message, optional, tag = "8")]
    options: Option<Featured>,
}

#[derive(Message)]
struct FeaturedMessage {
    #[prost(message, repeated, tag = "2")]
    fields: Vec<FeaturedField>,
    #[prost(message, repeated, tag = "3")]
    nested: Vec<Self>,
    #[prost(message, optional, tag = "7")]
    options: Option<Featured>,
}

#[derive(Message)]
struct FeaturedField {
    #[prost(message, optional, tag = "8")]
    options: Option<Featured>,
}

impl Features {
    /// These features, with what `options` say instead.
    fn with(self, options: Option<Featured>) -> Self {
        let own = options.and_then(|options| options.of_file.or(options.of_message).or(options.of_field));
        let own = own.unwrap_or_default();
        let or = |own: i32, outer: i32| if own == 0 { outer } else { own };
        Self {
            field_presence: or(own.field_presence, self.field_presence),
            repeated_field_encoding: or(own.repeated_field_encoding, self.repeated_field_encoding),
            message_encoding: or(own.message_encoding, self.message_encoding),
        }
    }
}

/// Makes `file`, which was read from `raw`, one of proto2.
///
/// # Errors
/// The features cannot be read.
pub(super) fn resolve(file: &mut FileDescriptorProto, raw: &[u8]) -> Result<(), prost::DecodeError> {
    let featured = FeaturedFile::decode(raw)?;
    // Without a word all is as in proto3.
    let features = Features::default().with(featured.options);
    file.syntax = Some("proto2".to_owned());
    for (message, featured) in file.message_type.iter_mut().zip(&featured.messages) {
        resolve_message(message, featured, features);
    }
    Ok(())
}

fn resolve_message(message: &mut DescriptorProto, featured: &FeaturedMessage, outer: Features) {
    let features = outer.with(featured.options);
    let is_entry = |message: &DescriptorProto| message.options.as_ref().is_some_and(MessageOptions::map_entry);
    let entries = message.nested_type.iter().filter(|nested| is_entry(nested)).map(|nested| nested.name().to_owned());
    let entries: HashSet<String> = entries.collect();
    let in_entry = is_entry(message);
    for (field, featured) in message.field.iter_mut().zip(&featured.fields) {
        // Maps and their values have a length, whatever other messages have.
        let is_map = in_entry || field.type_name().rsplit('.').next().is_some_and(|name| entries.contains(name));
        resolve_field(field, features.with(featured.options), is_map);
    }
    for (nested, featured) in message.nested_type.iter_mut().zip(&featured.nested) {
        resolve_message(nested, featured, features);
    }
}

fn resolve_field(field: &mut FieldDescriptorProto, features: Features, is_map: bool) {
    if features.message_encoding == DELIMITED && field.r#type() == Type::Message && !is_map {
        field.set_type(Type::Group);
    }
    match (field.label(), field.r#type()) {
        (Label::Repeated, Type::String | Type::Bytes | Type::Message | Type::Group) => {}
        (Label::Repeated, _) => {
            let is_packed = features.repeated_field_encoding != EXPANDED;
            field.options.get_or_insert_with(FieldOptions::default).packed = Some(is_packed);
        }
        (Label::Optional, _) if features.field_presence == LEGACY_REQUIRED && field.oneof_index.is_none() => {
            field.set_label(Label::Required);
        }
        _ => {}
    }
}
