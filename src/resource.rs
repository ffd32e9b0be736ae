//! What a user calls a resource, and what the API calls it.

use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::platform::ApiName;

/// A resource as it is typed: `repository.Plugin`, or by its full name, `grpc.health.v1.Health`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// The service that offers it, which is how the configuration names its endpoint.
    pub service: String,
    /// The resource alone: `Plugin`.
    pub name: String,
    /// The full name where it was typed in full.
    full_name: Option<String>,
}

impl Resource {
    /// Reads `service.Resource` or a full name such as `spaceone.api.repository.v1.Plugin`.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('.').collect();
        if parts.iter().any(|part| part.is_empty()) || parts.len() < 2 {
            return Err(Error::usage(format!("{text:?} is no resource")).hint(
                "write it as SERVICE.RESOURCE, for example repository.Plugin; `spacectl api-resources` lists them",
            ));
        }
        let name = parts[parts.len() - 1].to_owned();
        let (service, full_name) = match parts.as_slice() {
            [service, _] => (*service, None),
            // The platform's packages are spaceone.api.SERVICE.VERSION.
            ["spaceone", "api", service, ..] => (*service, Some(text.to_owned())),
            [service, ..] => (*service, Some(text.to_owned())),
            [] => ("", None),
        };
        Ok(Self { service: service.to_owned(), name, full_name })
    }

    /// The full name of its gRPC service, by the platform's rule `spaceone.api.SERVICE.VERSION.RESOURCE`.
    pub fn full_name(&self, api_version: &str) -> String {
        match &self.full_name {
            Some(full_name) => full_name.clone(),
            None => ApiName { service: &self.service, version: api_version, resource: &self.name }.full(),
        }
    }

    /// Which of the `offered` full names is meant, where the one by rule is not among them: the only one that ends in
    /// the resource's name, such as `spaceone.api.core.v1.ServerInfo` for `repository.ServerInfo`.
    pub fn find<'a>(&self, offered: &'a [String], api_version: &str) -> Option<&'a str> {
        let by_rule = self.full_name(api_version);
        if let Some(found) = offered.iter().find(|name| **name == by_rule) {
            return Some(found);
        }
        // Another version of the same resource is another resource.
        let is_own = |name: &str| ApiName::parse(name).is_some_and(|name| name.service == self.service);
        let mut same_name = offered.iter().filter(|name| last_part(name) == self.name && !is_own(name));
        match (self.full_name.is_none(), same_name.next(), same_name.next()) {
            (true, Some(only), None) => Some(only),
            _ => None,
        }
    }

    /// The error for a resource that is not among the `offered` full names.
    pub fn unknown(&self, offered: &[String], api_version: &str, place: &str) -> Error {
        let is_same = |name: &ApiName<'_>| name.service == self.service && name.resource == self.name;
        let known = offered.iter().filter_map(|name| ApiName::parse(name)).filter(is_same);
        let versions: Vec<&str> = known.map(|name| name.version).collect();
        if !versions.is_empty() {
            return Error::usage(format!("{place} has no version {api_version} of {self}"))
                .hint(format!("it has {}", versions.join(", ")));
        }
        let names: Vec<&str> = offered.iter().map(|name| last_part(name)).collect();
        let error = Error::usage(format!("{place} has no resource {self}"));
        match nearest(&self.name, names.iter().copied()) {
            Some(name) => error.hint(format!("did you mean {}.{name}?", self.service)),
            None => error.hint(format!("it offers {}", names.join(", "))),
        }
    }
}

impl std::fmt::Display for Resource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.full_name {
            Some(full_name) => f.write_str(full_name),
            None => write!(f, "{}.{}", self.service, self.name),
        }
    }
}

fn last_part(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered() -> Vec<String> {
        ["grpc.health.v1.Health", "spaceone.api.core.v1.ServerInfo", "spaceone.api.repository.v1.Plugin"]
            .map(str::to_owned)
            .to_vec()
    }

    #[test]
    fn the_platforms_rule_gives_the_full_name() {
        let plugin = Resource::parse("repository.Plugin").unwrap();
        assert_eq!(plugin.full_name("v1"), "spaceone.api.repository.v1.Plugin");
        assert_eq!(plugin.find(&offered(), "v1"), Some("spaceone.api.repository.v1.Plugin"));
    }

    #[test]
    fn full_names_are_taken_as_they_are() {
        let health = Resource::parse("grpc.health.v1.Health").unwrap();
        assert_eq!((health.service.as_str(), health.full_name("v1").as_str()), ("grpc", "grpc.health.v1.Health"));
        let plugin = Resource::parse("spaceone.api.repository.v1.Plugin").unwrap();
        assert_eq!(plugin.service, "repository");
    }

    #[test]
    fn a_resource_of_another_package_is_found_by_its_name() {
        let info = Resource::parse("repository.ServerInfo").unwrap();
        assert_eq!(info.find(&offered(), "v1"), Some("spaceone.api.core.v1.ServerInfo"));
        assert_eq!(Resource::parse("repository.Plugins").unwrap().find(&offered(), "v1"), None);
    }

    #[test]
    fn an_unknown_resource_names_the_nearest() {
        let error = Resource::parse("repository.Plugins").unwrap().unknown(&offered(), "v1", "local");
        assert_eq!(
            error.to_string(),
            "error: local has no resource repository.Plugins\nhint: did you mean repository.Plugin?"
        );
        assert_eq!(error.exit_code(), 2);
    }

    #[test]
    fn another_version_is_another_resource() {
        let plugin = Resource::parse("repository.Plugin").unwrap();
        assert_eq!(plugin.find(&offered(), "v9"), None);
        assert_eq!(
            plugin.unknown(&offered(), "v9", "local").to_string(),
            "error: local has no version v9 of repository.Plugin\nhint: it has v1"
        );
    }

    #[test]
    fn what_is_no_resource_is_refused() {
        for wrong in ["", "Plugin", "repository.", ".Plugin", "a..b"] {
            assert_eq!(Resource::parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
