//! The generations of the Repository API that a spec can be for.

use std::fmt;

use clap::ValueEnum;
use prost_reflect::{MessageDescriptor, MethodDescriptor};

use crate::error::{Error, Result};
use crate::local_service;

const SERVICE: &str = "spaceone.api.repository.v1.Plugin";
const METHOD: &str = "register";

/// Versions of the API with the same fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Generation {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
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
    /// The generation of a service, by the request of its `register`.
    pub fn of(input: &MessageDescriptor) -> Self {
        if input.get_field_by_name("service_type").is_some() { Self::One } else { Self::Two }
    }

    /// The request that a spec is. Fails only with broken bundled descriptors.
    pub fn request(self) -> Result<MessageDescriptor> {
        Ok(self.register()?.input())
    }

    /// The method that takes a spec. Fails as [`Generation::request`].
    pub fn register(self) -> Result<MethodDescriptor> {
        let pool = match self {
            Self::One => local_service::first_generation(),
            Self::Two => local_service::descriptors(),
        };
        let pool = pool.map_err(|error| Error::local("the bundled descriptors cannot be read").caused_by(&error))?;
        let service = pool.get_service_by_name(SERVICE);
        let method = service.and_then(|service| service.methods().find(|method| method.name() == METHOD));
        method.ok_or_else(|| Error::local(format!("the bundled descriptors of {self} have no {SERVICE}.{METHOD}")))
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
