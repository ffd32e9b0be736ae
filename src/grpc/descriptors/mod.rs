//! Descriptors: all that a server describes, and of it what a call needs.

mod closure;
mod index;
mod own;
mod pool;
mod service;

use bytes::Bytes;
use prost_reflect::{DescriptorPool, MessageDescriptor};
use tonic::Code;

use crate::codec::descriptor;
use crate::codec::descriptor::MethodDescriptor;
use crate::codec::descriptor::numbers::file;
use crate::codec::descriptor::parts::{Broken, Part, parts, text};
use crate::error::{Error, Result, code_name};

pub(super) use own::is_own;
pub use pool::Gaps;
pub(super) use pool::undefined_types;

/// What a server said of itself, as it said it: raw bytes, so that options unknown here survive. Protobuf's own files
/// are not among them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The full names of all services, sorted.
    pub services: Vec<String>,
    /// Encoded files, each once; those that the asked ones import are among them.
    pub files: Vec<Bytes>,
}

impl Description {
    /// What encoded `FileDescriptorSet`s describe, and nobody was asked for.
    pub fn of_sets(sets: &[&'static [u8]]) -> Self {
        let files = sets.iter().flat_map(|set| parts(set)).map_while(std::result::Result::ok);
        let files: Vec<Bytes> = files.map(|part: Part<'static>| Bytes::from_static(part.content)).collect();
        let services = files.iter().filter_map(|file| service::of_file(file).ok()).flatten();
        let mut services: Vec<String> = services.map(|(name, _)| name).collect();
        services.sort();
        Self { services, files: files.into_iter().filter(|file| !is_own(name_of(file))).collect() }
    }

    /// The names of the methods of `service`, in their order; `None` if it is not described. Nothing is decoded for it.
    ///
    /// # Errors
    /// The files are none, as `place` sent them.
    pub fn methods(&self, service: &str, place: &str) -> Result<Option<Vec<String>>> {
        match self.find_methods(service) {
            Ok(methods) => Ok(methods),
            // The library has words for it.
            Err(Broken) => {
                let (pool, gaps) = pool(&self.files);
                match pool.get_service_by_name(service) {
                    Some(service) => Ok(Some(service.methods().map(|method| method.name().to_owned()).collect())),
                    None => gaps.of_service(service, &pool).map_or(Ok(None), |why| Err(unfit(place, why))),
                }
            }
        }
    }

    fn find_methods(&self, service: &str) -> std::result::Result<Option<Vec<String>>, Broken> {
        let Some((_, service)) = service::find(self.raw(), service)? else { return Ok(None) };
        Ok(Some(service::methods(service)?.into_iter().map(|(name, _)| name.to_owned()).collect()))
    }

    fn raw(&self) -> impl Iterator<Item = &[u8]> + Clone {
        self.files.iter().map(AsRef::as_ref)
    }

    /// What a call of `method` of `service` needs.
    pub fn closure(&self, service: &str, method: &str) -> Closure {
        Closure(closure::of_method(self.raw(), service, method).map(Bytes::from))
    }
}

/// The descriptors of all that `files` describe, onto protobuf's own, and the parts that are missing.
pub(super) fn pool(files: &[Bytes]) -> (DescriptorPool, Gaps) {
    pool::build(files)
}

/// A type that is called an entry of a map and is none: the library takes it for one, and panics over it later.
fn odd_entry(pool: &DescriptorPool) -> Option<MessageDescriptor> {
    let is_entry = |entry: &MessageDescriptor| entry.get_field(1).is_some() && entry.get_field(2).is_some();
    pool.all_messages().find(|message| message.is_map_entry() && !is_entry(message))
}

/// Whether a `FileDescriptorProto.syntax` is one of those that are known here.
fn is_syntax(part: Part<'_>) -> bool {
    matches!(part.content, b"proto2" | b"proto3")
}

/// The error for a description that lacks something needed: `why`. `place` is the server as errors name it.
pub fn unfit(place: &str, why: &str) -> Error {
    let what = format!("cannot ask {place} what it offers: {}", code_name(Code::Internal));
    Error::status(Code::Internal, what).cause(format!("the descriptors do not fit together: {why}"))
}

/// The descriptors that a call of one method needs, encoded; `None` where that is all that its server describes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closure(pub Option<Bytes>);

impl Closure {
    /// The method, as `description` has it, of which this is a part. `None` if there is no such service or method.
    ///
    /// # Errors
    /// The description does not fit together. `place` is the server as errors name it.
    pub fn method(
        &self,
        service: &str,
        method: &str,
        description: &Description,
        place: &str,
    ) -> Result<Option<MethodDescriptor>> {
        if let Some(part) = &self.0
            && let Some(found) = descriptor::method_of_set(part, service, method)
        {
            return Ok(Some(found));
        }
        // Should the part not stand by itself, the whole says what is wrong with it.
        let part = self.0.as_ref().and_then(|part| DescriptorPool::decode(part.as_ref()).ok());
        let part = part.filter(|part| odd_entry(part).is_none());
        let (pool, gaps) = part.map_or_else(|| pool(&description.files), |part| (part, Gaps::default()));
        let described = pool.get_service_by_name(service);
        let found = described.and_then(|service| service.methods().find(|candidate| candidate.name() == method));
        let gap = match &found {
            Some(found) => gaps.of_method(found),
            None => gaps.of_service(service, &pool),
        };
        match gap {
            Some(why) => Err(unfit(place, why)),
            None => Ok(found.as_ref().map(MethodDescriptor::from)),
        }
    }
}

/// The head of an encoded file, known without decoding it.
pub(super) struct Head<'a> {
    pub name: &'a str,
    pub imports: Vec<&'a str>,
    /// Whether it is written in a syntax that is known here. Go's libraries make up another for a file that they lack.
    pub is_readable: bool,
}

/// Reads the head of an encoded file; `None` if it is not one.
pub(super) fn head(file: &[u8]) -> Option<Head<'_>> {
    let (mut name, mut imports, mut is_readable) = ("", Vec::new(), true);
    for part in parts(file) {
        let part = part.ok()?;
        match part.number {
            file::NAME => name = part.text().ok()?,
            file::DEPENDENCY => imports.push(part.text().ok()?),
            file::SYNTAX => is_readable = is_syntax(part),
            _ => {}
        }
    }
    Some(Head { name, imports, is_readable })
}

fn name_of(file: &[u8]) -> &str {
    text(file, file::NAME).unwrap_or_default()
}
