//! Resources: what a user types, and what the API calls it.
//!
//! A name that exists as typed is taken as it is. Otherwise case, `-` for `_`, camel for snake and singular for plural
//! are forgiven ([`fuzzy`]), if exactly one resource fits: among aliases ([`alias`]), among known names
//! ([`from_list`]), and among what an endpoint offers ([`from_endpoint`]).

pub mod alias;
mod from_endpoint;
mod from_list;
pub mod fuzzy;
pub mod verb;

use std::fmt;

use crate::error::{Error, Result};
use crate::schema::spaceone::{ApiName, PLUGIN_VERSION, SERVICES, is_version};

pub use from_endpoint::{Named, is_reflection, names, service_among};

/// A resource as typed: `repository.Plugin`, an alias, or the full name `grpc.health.v1.Health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// Its service, which names the endpoint in the configuration; empty if the only endpoint decides.
    pub service: String,
    /// Without its service: `Plugin`.
    pub name: String,
    /// If typed in full.
    full_name: Option<String>,
    /// If typed as `identity.v2.User`, which may be a full name, too.
    version: Option<String>,
    /// The alias that was typed.
    alias: Option<String>,
    /// The resource to take if this one does not exist.
    otherwise: Option<Box<Self>>,
}

impl Resource {
    /// Parses `service.Resource`, `service.version.Resource`, `plugin.NAME.Resource` or a full name such as
    /// `spaceone.api.repository.v1.Plugin`.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        if parts.len() < 2 || !parts.iter().all(|part| is_name(part)) {
            return Err(not_a_resource(text));
        }
        let name = parts[parts.len() - 1].to_owned();
        let (service, full_name) = match parts.as_slice() {
            [service, _] => (*service, None),
            // The plugin's own server has an endpoint of this name.
            [PLUGIN_VERSION, plugin, _] if !is_version(plugin) => (&text[..text.len() - name.len() - 1], None),
            ["spaceone", "api", service, ..] => (*service, Some(text.to_owned())),
            [service, ..] => (*service, Some(text.to_owned())),
            [] => ("", None),
        };
        let version = match parts.as_slice() {
            [_, version, _] if is_version(version) => Some((*version).to_owned()),
            _ => None,
        };
        Ok(Self { service: service.to_owned(), name, full_name, version, alias: None, otherwise: None })
    }

    /// A resource typed without its service, of the only `service`, which is empty if the only endpoint decides.
    pub fn of_service(service: &str, name: &str) -> Result<Self> {
        if !is_name(name) {
            return Err(not_a_resource(name));
        }
        let (service, name) = (service.to_owned(), name.to_owned());
        Ok(Self { service, name, full_name: None, version: None, alias: None, otherwise: None })
    }

    /// The resource that a user calls `text`.
    ///
    /// With a dot it is parsed. Without one it is, in this order: an alias, the user's own before built-in ones; with
    /// one service only, behind `--endpoint` or in the environment, a resource of that; a fuzzy match of an alias; the
    /// only resource of that name that has an alias. Nothing is connected to. `offered`, the names that can be typed,
    /// is for the error alone.
    pub fn called(
        text: &str,
        own: impl FnOnce() -> Result<alias::Own>,
        only_service: impl FnOnce() -> Option<String>,
        offered: impl FnOnce() -> Vec<String>,
    ) -> Result<Self> {
        if text.is_empty() || text.contains('.') {
            return Self::parse(text);
        }
        let own = own()?;
        if let Some(resource) = alias::find(text, &own)? {
            return Ok(resource);
        }
        let variant = alias::find_variant(text, &own);
        if let Some(service) = only_service() {
            return Ok(Self::of_service(&service, text)?.otherwise(variant.unwrap_or_default()));
        }
        if let Some(resource) = variant?.map_or_else(|| alias::find_by_resource(text, &own), |found| Ok(Some(found)))? {
            return Ok(resource);
        }
        let offered = if is_name(text) { offered() } else { Vec::new() };
        Err(alias::without_service(text, &offered).unwrap_or_else(|| alias::unknown(text, &own)))
    }

    /// This resource if an endpoint has it, else `other`.
    #[must_use]
    pub fn otherwise(self, other: Option<Self>) -> Self {
        Self { otherwise: other.map(Box::new), ..self }
    }

    #[must_use]
    pub fn at_service(&self, service: &str) -> Self {
        Self { service: service.to_owned(), ..self.clone() }
    }

    /// Whether it was typed by a full name outside of the platform, e.g. `grpc.health.v1.Health`, whose first part is
    /// not a configured service.
    pub fn is_foreign(&self) -> bool {
        // `identity.v2.User` may be a full name, but hardly is one.
        let is_of_platform = self.version.is_some() && SERVICES.contains(&self.service.as_str());
        !is_of_platform && self.full_name.as_deref().is_some_and(|name| ApiName::parse(name).is_none())
    }

    /// This resource in the version of `--api-version`, which outranks the version of an alias. A typed name with
    /// another version is a usage error.
    pub fn with_api_version(self, api_version: Option<&str>) -> Result<Self> {
        let in_full = self.full_name.as_deref().and_then(ApiName::parse).map(|name| name.version);
        match (self.version.as_deref().or(in_full), api_version) {
            (Some(version), Some(wanted)) if !fuzzy::is_variant(version, wanted) => match self.alias {
                Some(_) => Ok(Self { full_name: None, version: None, ..self }),
                None => Err(Error::usage(format!("{self} and --api-version {wanted} name different versions"))
                    .hint(format!("leave --api-version out, or write {}.{}", self.service, self.name))),
            },
            _ => Ok(self),
        }
    }

    /// The full name of its gRPC service, by the rule `spaceone.api.SERVICE.VERSION.RESOURCE`; v1 by default, which
    /// most services have.
    pub fn full_name(&self, api_version: Option<&str>) -> String {
        match (&self.full_name, &self.version) {
            (Some(full_name), None) => full_name.clone(),
            (_, version) => {
                let version = version.as_deref().or(api_version).unwrap_or("v1");
                ApiName { service: &self.service, version, resource: &self.name }.full()
            }
        }
    }

    /// Adds the alias that was typed to an error about this resource.
    pub fn say_alias(&self, error: Error) -> Error {
        match &self.alias {
            Some(alias) => error.cause(format!("{alias} is an alias of {self}")),
            None => error,
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.full_name {
            Some(full_name) => f.write_str(full_name),
            None if self.service.is_empty() => f.write_str(&self.name),
            None => write!(f, "{}.{}", self.service, self.name),
        }
    }
}

const HOW_TO_WRITE: &str =
    "write it as SERVICE.RESOURCE, for example repository.Plugin; `spacectl api-resources` lists them";

fn not_a_resource(text: &str) -> Error {
    unknown_resource(text).hint(HOW_TO_WRITE)
}

fn unknown_resource(text: &str) -> Error {
    Error::usage(format!("unknown resource {text:?}"))
}

/// Whether `part` is a protobuf identifier, or one with `-` for `_`.
fn is_name(part: &str) -> bool {
    let mut letters = part.chars();
    letters.next().is_some_and(|c| c.is_alphabetic() || c == '_')
        && letters.all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_platforms_rule_gives_the_full_name() {
        let plugin = Resource::parse("repository.Plugin").unwrap();
        assert_eq!(plugin.full_name(None), "spaceone.api.repository.v1.Plugin");
        assert_eq!(plugin.to_string(), "repository.Plugin");
    }

    #[test]
    fn full_names_are_taken_as_they_are() {
        let health = Resource::parse("grpc.health.v1.Health").unwrap();
        assert_eq!((health.service.as_str(), health.full_name(Some("v1")).as_str()), ("grpc", "grpc.health.v1.Health"));
        let plugin = Resource::parse("spaceone.api.repository.v1.Plugin").unwrap();
        assert_eq!(plugin.service, "repository");
    }

    #[test]
    fn a_version_can_stand_between_service_and_resource() {
        let user = Resource::parse("identity.v2.User").unwrap();
        assert_eq!((user.service.as_str(), user.name.as_str()), ("identity", "User"));
        assert_eq!(user.full_name(Some("v1")), "spaceone.api.identity.v2.User");
        assert_eq!(user.to_string(), "identity.v2.User");
        assert_eq!(Resource::parse("a.b.C").unwrap().full_name(None), "a.b.C");
    }

    #[test]
    fn what_is_no_resource_is_refused() {
        for wrong in
            ["", "Plugin", "repository.", ".Plugin", "a..b", "a b.c", "a.b\n", "a.\u{1b}[2J", "-a.b", "a/b.c", "1.5"]
        {
            assert_eq!(Resource::parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
        for wrong in ["", "a b", "-x", "a.b", "plugin\0"] {
            assert_eq!(Resource::of_service("repository", wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
