//! Protobuf's own files (`google/protobuf/struct.proto` and the like).
//!
//! They are never taken from a server: they are the same everywhere, and the code that converts their messages relies
//! on that.

use std::sync::LazyLock;

use prost::Message as _;
use prost_reflect::DescriptorPool;
use prost_types::{FileDescriptorProto, FileDescriptorSet};

/// What the full names of their types begin with.
const PACKAGE: &str = "google.protobuf.";

/// The files that services use. prost-reflect's global pool has all of them, and takes 0.7 ms to be made: half as long
/// as a call of a typed client.
static COMMON_FILES: LazyLock<Vec<FileDescriptorProto>> = LazyLock::new(|| {
    let set = FileDescriptorSet::decode(&include_bytes!(concat!(env!("OUT_DIR"), "/well_known.bin"))[..]);
    set.map(|set| set.file).unwrap_or_default()
});

/// The file that describes descriptors, and with them options.
pub(super) const DESCRIPTOR_FILE: &str = "google/protobuf/descriptor.proto";

/// The files that services use: those of structs, timestamps and the like.
pub(super) fn common_files() -> &'static [FileDescriptorProto] {
    &COMMON_FILES
}

/// The name of the file that defines a type, if that is one of these files.
pub(super) fn file_of(full_name: &str) -> Option<String> {
    let name = full_name.strip_prefix(PACKAGE)?;
    let defines = |file: &&FileDescriptorProto| {
        file.message_type.iter().any(|message| message.name() == name)
            || file.enum_type.iter().any(|described| described.name() == name)
    };
    if let Some(file) = COMMON_FILES.iter().find(defines) {
        return Some(file.name().to_owned());
    }
    let pool = DescriptorPool::global();
    let of_message = pool.get_message_by_name(full_name).map(|message| message.parent_file());
    let file = of_message.or_else(|| pool.get_enum_by_name(full_name).map(|described| described.parent_file()))?;
    Some(file.name().to_owned())
}

/// Whether a file of that name is one of them. Asked for each file of a server, so without making their descriptors.
pub(in crate::grpc) fn is_well_known_file(name: &str) -> bool {
    matches!(
        name.strip_prefix("google/protobuf/"),
        Some(
            "any.proto"
                | "api.proto"
                | "compiler/plugin.proto"
                | "descriptor.proto"
                | "duration.proto"
                | "empty.proto"
                | "field_mask.proto"
                | "source_context.proto"
                | "struct.proto"
                | "timestamp.proto"
                | "type.proto"
                | "wrappers.proto"
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_are_those_that_the_library_knows() {
        let global = DescriptorPool::global();
        assert_eq!(global.files().filter(|file| is_well_known_file(file.name())).count(), 12);
        assert_eq!(global.files().count(), 12);
        for name in ["google/protobuf/other.proto", "google/api/http.proto", "struct.proto"] {
            assert!(!is_well_known_file(name));
        }
    }

    #[test]
    fn common_files_are_those_of_the_library() {
        let global = DescriptorPool::global();
        assert_eq!(common_files().len(), 7);
        for file in common_files() {
            for message in &file.message_type {
                let known = global.get_message_by_name(&format!("google.protobuf.{}", message.name())).unwrap();
                let fields: Vec<_> = known.fields().map(|field| (field.name().to_owned(), field.number())).collect();
                let mut own: Vec<_> = message.field.iter().map(|f| (f.name().to_owned(), f.number() as u32)).collect();
                own.sort_by_key(|(_, number)| *number);
                assert_eq!(own, fields, "{}", message.name());
                assert_eq!(file_of(known.full_name()).as_deref(), Some(known.parent_file().name()));
            }
        }
        assert_eq!(file_of("google.protobuf.Api").as_deref(), Some("google/protobuf/api.proto"));
        assert_eq!(file_of("google.protobuf.NullValue").as_deref(), Some("google/protobuf/struct.proto"));
        assert_eq!(file_of("google.protobuf.Other"), None);
    }
}
