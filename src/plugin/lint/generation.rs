//! The generations of the Repository API that a spec can be for.

use std::fmt;

use prost_reflect::{DescriptorPool, MessageDescriptor};

use crate::error::{Error, Result};
use crate::local_service;

/// The service and the method that take a spec, in every generation.
const SERVICE: &str = "spaceone.api.repository.v1.Plugin";
const METHOD: &str = "register";

/// Services with one description of their requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Generation {
    /// 1.8.5 to 2.0.51.
    One,
    /// 2.0.52 and later.
    Two,
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::One => "API 1 (1.8.5 to 2.0.51)",
            Self::Two => "API 2 (2.0.52 and later)",
        })
    }
}

impl Generation {
    /// The generation of a service, by how it describes the request of `register`.
    pub fn of(input: &MessageDescriptor) -> Self {
        if input.get_field_by_name("service_type").is_some() { Self::One } else { Self::Two }
    }

    /// What takes a spec.
    ///
    /// # Errors
    /// As [`Generation::register`].
    pub fn request(self) -> Result<MessageDescriptor> {
        Ok(self.register()?.input())
    }

    /// The method that takes a spec.
    ///
    /// # Errors
    /// None, unless the program was built from broken descriptors.
    pub fn register(self) -> Result<prost_reflect::MethodDescriptor> {
        let unreadable = |error| Error::local("the bundled descriptors cannot be read").caused_by(&error);
        let pool: DescriptorPool = match self {
            Self::One => local_service::first_generation(),
            Self::Two => local_service::descriptors(),
        }
        .map_err(unreadable)?;
        let service = pool.get_service_by_name(SERVICE);
        let method = service.and_then(|service| service.methods().find(|method| method.name() == METHOD));
        method.ok_or_else(|| Error::local(format!("{SERVICE}.{METHOD} is not described for {self}")))
    }
}

/// The generations that a check is for, with what each says of a spec.
#[derive(Clone, Debug)]
pub struct Generations(Vec<Described>);

#[derive(Clone, Debug)]
pub(super) struct Described {
    pub generation: Generation,
    pub input: MessageDescriptor,
}

impl Generations {
    /// # Errors
    /// None, unless the program was built from broken descriptors.
    pub fn new(generations: &[Generation]) -> Result<Self> {
        let described =
            |generation: &Generation| Ok(Described { generation: *generation, input: generation.request()? });
        generations.iter().map(described).collect::<Result<_>>().map(Self)
    }

    /// Every generation that is known.
    ///
    /// # Errors
    /// None, unless the program was built from broken descriptors.
    pub fn all() -> Result<Self> {
        Self::new(&[Generation::One, Generation::Two])
    }

    pub(super) fn iter(&self) -> std::slice::Iter<'_, Described> {
        self.0.iter()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn has(&self, generation: Generation) -> bool {
        self.0.iter().any(|described| described.generation == generation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_generation_is_known_by_its_description() {
        for generation in [Generation::One, Generation::Two] {
            assert_eq!(Generation::of(&generation.request().unwrap()), generation);
        }
    }
}
