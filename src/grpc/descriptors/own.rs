//! Protobuf's own files (`google/protobuf/struct.proto` and the like).
//!
//! They are not taken from a server: they are the same everywhere, and what converts their messages relies on that.

use crate::codec::descriptor::parts::{Part, parts};

/// What the full names of their types begin with.
pub(super) const PACKAGE: &str = "google.protobuf.";

/// The file that describes descriptors, and with them options.
pub(super) const DESCRIPTOR: &str = "google/protobuf/descriptor.proto";

/// The encoded `FileDescriptorSet` of all of them, without comments.
const FILES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/protobuf.bin"));

/// Each file, encoded; those that services use most come first.
pub(super) fn files() -> impl Iterator<Item = &'static [u8]> {
    parts(FILES).map_while(Result::ok).map(|part: Part<'static>| part.content)
}

/// Whether a file of that name is one of them.
pub(in crate::grpc) fn is_own(name: &str) -> bool {
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
    use std::collections::BTreeSet;

    use prost_reflect::DescriptorPool;

    use super::*;
    use crate::codec::descriptor::numbers::file;
    use crate::codec::descriptor::parts::text;

    #[test]
    fn they_are_those_that_the_library_knows() {
        let global = DescriptorPool::global();
        let known: BTreeSet<String> = global.files().map(|file| file.name().to_owned()).collect();
        let ours: BTreeSet<String> = files().map(|bytes| text(bytes, file::NAME).unwrap().to_owned()).collect();
        assert_eq!(ours, known);
        assert!(known.iter().all(|name| is_own(name)));
        assert!(!is_own("google/protobuf/other.proto") && !is_own("google/api/http.proto") && !is_own("struct.proto"));
    }

    #[test]
    fn their_types_are_those_of_the_library() {
        let global = DescriptorPool::global();
        let mut set = DescriptorPool::new();
        set.decode_file_descriptor_set(FILES).unwrap();
        let types = |pool: &DescriptorPool| {
            let field = |field: prost_reflect::FieldDescriptor| {
                format!("{} {:?} {:?} {}", field.full_name(), field.kind(), field.cardinality(), field.number())
            };
            let fields = pool.all_messages().flat_map(|message| message.fields().collect::<Vec<_>>());
            fields.map(field).collect::<BTreeSet<String>>()
        };
        // The library describes options of newer editions that it does not read; services have no use for those.
        let of_services = |names: BTreeSet<String>| {
            let is_of_services = |name: &String| !name.contains("Descriptor") && !name.contains("Options");
            names.into_iter().filter(is_of_services).collect::<BTreeSet<_>>()
        };
        assert_eq!(of_services(types(&set)), of_services(types(&global)));
    }
}
