//! How much a server describes: small bytes can become large descriptors.

use tonic::Status;

use crate::codec::wire_format::{Malformed, Reader};

/// The most that is read of one server: many times what any service has.
const MAX_FILES: usize = 10_000;
const MAX_BYTES: usize = 16 << 20;
const MAX_DEFINITIONS: usize = 1_000_000;
/// The most bytes that the full names of all definitions have: a long name is repeated by each definition in it.
const MAX_NAMES: usize = 64 << 20;
/// How deep messages are nested at most, as in prost.
const MAX_DEPTH: usize = 100;

/// What a server has described so far.
#[derive(Default)]
pub(super) struct Volume {
    files: usize,
    bytes: usize,
    definitions: usize,
    names: usize,
}

/// What can hold definitions in `descriptor.proto`.
#[derive(Clone, Copy)]
enum Scope {
    File,
    Message,
    /// Enums and services: what is in them holds nothing.
    Group,
    Comments,
    Leaf,
}

impl Scope {
    /// The number of the field with the name.
    fn name(self) -> u32 {
        if matches!(self, Self::File) { 2 } else { 1 }
    }

    /// What a field of this number holds, if it holds a definition or a comment.
    fn inner(self, number: u32) -> Option<Self> {
        Some(match (self, number) {
            (Self::File, 4) | (Self::Message, 3) => Self::Message,
            (Self::File, 5 | 6) | (Self::Message, 4) => Self::Group,
            (Self::File, 9) => Self::Comments,
            (Self::File, 3 | 7) | (Self::Message, 2 | 5 | 6 | 8 | 9) | (Self::Group, 2) | (Self::Comments, 1) => {
                Self::Leaf
            }
            _ => return None,
        })
    }
}

impl Volume {
    /// Adds a file.
    ///
    /// # Errors
    /// It is more than is read.
    pub fn add(&mut self, file: &[u8]) -> Result<(), Status> {
        self.files += 1;
        self.bytes += file.len();
        check(self.files, MAX_FILES, "files")?;
        check(self.bytes >> 10, MAX_BYTES >> 10, "KiB")?;
        // What is malformed is reported when it is decoded.
        let _ = self.definitions(file, Scope::File, 0, 0);
        check(self.definitions, MAX_DEFINITIONS, "definitions")?;
        check(self.names >> 10, MAX_NAMES >> 10, "KiB of names")
    }

    fn definitions(&mut self, bytes: &[u8], scope: Scope, outer: usize, depth: usize) -> Result<(), Malformed> {
        let mut name = 0;
        let mut reader = Reader::new(bytes);
        while let Some(entry) = reader.entry()? {
            if entry.number == scope.name() {
                name = entry.value.len();
            }
        }
        let full = outer + name;
        self.definitions += 1;
        self.names = self.names.saturating_add(full);
        if matches!(scope, Scope::Leaf) || depth > MAX_DEPTH {
            return Ok(());
        }
        let mut reader = Reader::new(bytes);
        while let Some(entry) = reader.entry()? {
            if let Some(inner) = scope.inner(entry.number) {
                let outer = if matches!(scope, Scope::Comments) { 0 } else { full };
                self.definitions(&bytes[entry.value], inner, outer, depth + 1)?;
            }
        }
        Ok(())
    }
}

/// Refuses more than `max` imports or services.
pub(super) fn check_files(count: usize) -> Result<(), Status> {
    check(count, MAX_FILES, "files")
}

fn check(count: usize, max: usize, what: &str) -> Result<(), Status> {
    if count <= max {
        return Ok(());
    }
    Err(Status::resource_exhausted(format!("the server describes more than is read: {max} {what}")))
}

#[cfg(test)]
mod tests {
    use prost::Message as _;
    use prost_types::{DescriptorProto, FileDescriptorProto};

    use super::*;

    fn refusal(file: &FileDescriptorProto) -> Option<String> {
        Volume::default().add(&file.encode_to_vec()).err().map(|status| status.message().to_owned())
    }

    #[test]
    fn what_expands_is_refused_before_it_is_decoded() {
        let empty =
            |count| FileDescriptorProto { message_type: vec![DescriptorProto::default(); count], ..Default::default() };
        assert_eq!(refusal(&empty(1000)), None);
        let refused = refusal(&empty(MAX_DEFINITIONS)).unwrap();
        assert!(refused.ends_with("is read: 1000000 definitions"), "{refused}");
        let mut long = empty(1000);
        long.package = Some("x".repeat(100_000));
        let refused = refusal(&long).unwrap();
        assert!(refused.ends_with("is read: 65536 KiB of names"), "{refused}");
        let mut large = empty(0);
        large.package = Some("x".repeat(MAX_BYTES + 1024));
        assert!(refusal(&large).unwrap().ends_with("is read: 16384 KiB"));
    }
}
