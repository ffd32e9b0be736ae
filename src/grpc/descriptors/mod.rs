//! A server's descriptors: files as sent, the pool, the part of one method.
//!
//! Files that do not fit together are repaired as far as possible; [`Gaps`] says what is missing and why. How the files
//! are fetched is not here: see [`super::reflection`].

mod closure;
mod editions;
mod file_header;
mod name_clash;
mod pool;
mod well_known_files;

use bytes::Bytes;
use prost::Message as _;
use prost_reflect::{DescriptorPool, MethodDescriptor};
use tonic::Code;

use crate::error::{Error, Result, code_name};

pub(super) use file_header::FileHeader;
pub use pool::Gaps;
use pool::Repaired;
pub(super) use pool::undefined_types;
pub(super) use well_known_files::is_well_known_file;

/// A server's own description: encoded files as sent, so that the next answer can be compared with them.
///
/// Protobuf's own files are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The full names of all services, sorted.
    pub services: Vec<String>,
    /// Encoded files, each once, with those that they import.
    pub files: Vec<Bytes>,
}

/// `FileDescriptorSet` with its files encoded.
#[derive(prost::Message)]
struct EncodedFiles {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    file: Vec<Bytes>,
}

impl Description {
    /// A description from encoded `FileDescriptorSet`s that the program itself has.
    pub fn from_sets(sets: &[&'static [u8]]) -> Self {
        let sets = sets.iter().filter_map(|set| EncodedFiles::decode(*set).ok());
        let (mut services, mut files) = (Vec::new(), Vec::new());
        for file in sets.flat_map(|set| set.file) {
            let Ok(header) = FileHeader::decode(file.as_ref()) else { continue };
            if !is_well_known_file(&header.name) {
                files.push(file);
            }
            services.extend(header.into_services().map(|(name, _)| name));
        }
        services.sort();
        Self { services, files }
    }

    /// The names of the methods of `service`, in their order; `None` if it is not described.
    ///
    /// # Errors
    /// The files cannot be read. `endpoint` is the server as errors name it.
    pub fn methods(&self, service: &str, endpoint: &str) -> Result<Option<Vec<String>>> {
        let headers = self.files.iter().filter_map(|file| FileHeader::decode(file.as_ref()).ok());
        if let Some((_, service)) = headers.flat_map(FileHeader::into_services).find(|(name, _)| name == service) {
            return Ok(Some(service.method.iter().map(|method| method.name().to_owned()).collect()));
        }
        let (pool, gaps) = pool(&self.files);
        gaps.of_service(service, &pool).map_or(Ok(None), |why| Err(misfit(endpoint, why)))
    }

    /// A method in a pool of the types that its messages reach; `None` if the service does not exist or method.
    ///
    /// # Errors
    /// Something that it needs does not fit together. `endpoint` is the server as errors name it.
    pub fn method(&self, service: &str, method: &str, endpoint: &str) -> Result<Option<MethodDescriptor>> {
        let find = |pool: &DescriptorPool| {
            pool.get_service_by_name(service)?.methods().find(|candidate| candidate.name() == method)
        };
        let repaired = Repaired::new(&self.files);
        let closure = closure::of_method(&repaired, service, method);
        let part = closure.and_then(|set| DescriptorPool::from_file_descriptor_set(set).ok());
        if let Some(found) = part.as_ref().and_then(find) {
            return Ok(Some(found));
        }
        let (pool, gaps) = repaired.into_pool();
        let found = find(&pool);
        let gap = match &found {
            Some(found) => gaps.of_method(found),
            None => gaps.of_service(service, &pool),
        };
        match gap {
            Some(why) => Err(misfit(endpoint, why)),
            None => Ok(found),
        }
    }
}

/// The pool of all that `files` describe, with protobuf's own types, and the parts that are missing.
pub(super) fn pool(files: &[Bytes]) -> (DescriptorPool, Gaps) {
    Repaired::new(files).into_pool()
}

/// The error for a description that lacks something needed. `endpoint` is the server as errors name it.
pub fn misfit(endpoint: &str, why: &str) -> Error {
    let what = format!("cannot ask {endpoint} what it offers: {}", code_name(Code::Internal));
    Error::status(Code::Internal, what).cause(format!("the descriptors do not fit together: {why}"))
}
