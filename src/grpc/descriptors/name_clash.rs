//! Fields of equal names but for case and `_`: `fooBar` and `FOO_BAR`.
//!
//! protoc lets them be where nobody needs their JSON names, and nothing here does. prost-reflect refuses two fields
//! with one JSON name, and in proto3 two whose names differ only in case and in `_`.

use std::collections::HashSet;

use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FieldOptions, FileDescriptorProto};

/// Makes JSON names the fields' own. A file of proto3 with equal names becomes one of proto2, which packs
/// lists as before. There every field can tell whether it is set, and so a zero that was sent is shown.
pub(super) fn allow(file: &mut FileDescriptorProto) {
    let mut is_clash = false;
    for message in &mut file.message_type {
        name(message, &mut is_clash);
    }
    if is_clash && file.syntax.as_deref() == Some("proto3") {
        file.syntax = Some("proto2".to_owned());
        file.message_type.iter_mut().for_each(pack);
    }
}

fn name(message: &mut DescriptorProto, is_clash: &mut bool) {
    let mut names = HashSet::new();
    for field in &mut message.field {
        field.json_name = field.name.clone();
        *is_clash |= !names.insert(field.name().replace('_', "").to_ascii_lowercase());
    }
    message.nested_type.iter_mut().for_each(|nested| name(nested, is_clash));
}

/// Says of lists of numbers what goes without saying in proto3.
fn pack(message: &mut DescriptorProto) {
    let is_packable = |kind| !matches!(kind, Type::String | Type::Bytes | Type::Message | Type::Group);
    for field in &mut message.field {
        if field.label() == Label::Repeated && is_packable(field.r#type()) {
            field.options.get_or_insert_with(FieldOptions::default).packed.get_or_insert(true);
        }
    }
    message.nested_type.iter_mut().for_each(pack);
}

#[cfg(test)]
mod tests {
    use prost_reflect::DescriptorPool;
    use prost_types::FileDescriptorSet;

    use super::*;

    /// As protoc compiles it; protox refuses it too.
    fn alike(syntax: &str, names: [&str; 2]) -> FileDescriptorSet {
        let source = format!(
            "syntax = \"{syntax}\"; package a; message M {{ {label} string one = 1; {label} string two = 2;
            repeated int32 numbers = 3; repeated int32 loose = 4 [packed = false]; repeated string texts = 5; }}",
            label = if syntax == "proto2" { "optional" } else { "" },
        );
        let mut file = compile(&source);
        for (field, name) in file.message_type[0].field.iter_mut().zip(names) {
            (field.name, field.json_name) = (Some(name.to_owned()), None);
        }
        FileDescriptorSet { file: vec![file] }
    }

    fn compile(source: &str) -> FileDescriptorProto {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("a.proto"), source).unwrap();
        protox::compile(["a.proto"], [dir.path()]).unwrap().file.remove(0)
    }

    #[test]
    fn fields_whose_names_are_alike_are_told_apart() {
        for (syntax, names) in [
            ("proto3", ["fooBar", "FOO_BAR"]),
            ("proto3", ["foo_bar", "fooBar"]),
            ("proto3", ["id", "Id"]),
            ("proto2", ["eventType", "event_type"]),
        ] {
            let set = alike(syntax, names);
            assert!(DescriptorPool::from_file_descriptor_set(set.clone()).is_err(), "{names:?}");
            let mut allowed = set;
            allowed.file.iter_mut().for_each(allow);
            let pool = DescriptorPool::from_file_descriptor_set(allowed).unwrap();
            let message = pool.get_message_by_name("a.M").unwrap();
            assert_eq!(names.map(|name| message.get_field_by_name(name).unwrap().number()), [1, 2]);
            let packed = message.fields().skip(2).map(|field| field.is_packed()).collect::<Vec<_>>();
            assert_eq!(packed, [syntax == "proto3", false, false], "{names:?}");
        }
    }
}
