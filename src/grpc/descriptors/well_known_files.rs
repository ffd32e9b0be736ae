//! Protobuf's own files (`google/protobuf/struct.proto` and the like).
//!
//! They are never taken from a server: they are the same everywhere, and the code that converts their messages relies on
//! that.

/// What the full names of their types begin with.
pub(super) const PACKAGE: &str = "google.protobuf.";

/// The file that describes descriptors, and with them options.
pub(super) const DESCRIPTOR_FILE: &str = "google/protobuf/descriptor.proto";

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
    use prost_reflect::DescriptorPool;

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
}
