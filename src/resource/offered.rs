//! A resource among those that an endpoint offers, a service among those that an environment has.

use super::{Resource, forgive};
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::platform::ApiName;

/// What all services have: it belongs to none of them.
const SHARED: &str = "core";

/// The service that `typed` means among `services`; `None` if it is like none of them. An error says between which
/// ones nothing decides.
pub fn service_among(typed: &str, services: &[String]) -> Result<Option<String>> {
    match forgive::meant(typed, services.iter().map(String::as_str))[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.to_owned())),
        ref several => Err(Error::usage(format!("{typed:?} can be several services"))
            .hint(format!("name one of them: {}", several.join(", ")))),
    }
}

impl Resource {
    /// Which of the full names that `place` has `offered` is meant, and the resource under the names that it has there.
    ///
    /// The one by rule, or the only one of that name in another package, such as `spaceone.api.core.v1.ServerInfo` for
    /// `repository.ServerInfo`; else the only one that is like it, of its service or of what all services have.
    ///
    /// # Errors
    /// A usage error that names the nearest, the versions that there are, or the candidates where several fit.
    pub fn choose(&self, offered: &[String], api_version: &str, place: &str) -> Result<(Self, String)> {
        let found = match self.find(offered, api_version, place)? {
            None => match &self.otherwise {
                Some(other) => return other.choose(offered, api_version, place),
                None => return Err(self.unknown(offered, api_version, place)),
            },
            Some(found) => found,
        };
        Ok((self.known_as(found), found.to_owned()))
    }

    fn find<'a>(&self, offered: &'a [String], api_version: &str, place: &str) -> Result<Option<&'a str>> {
        let by_rule = self.full_name(api_version);
        if let Some(exact) = offered.iter().find(|name| **name == by_rule) {
            return Ok(Some(exact));
        }
        if self.full_name.is_some() {
            return self.find_in_full(offered, &by_rule, place);
        }
        // Another version of the same resource is another resource.
        let is_of_version = |name: &str| is_shared(name) || version(name) == Some(api_version);
        let is_elsewhere = |name: &&str| last_part(name) == self.name && !self.owns(name) && is_of_version(name);
        let elsewhere: Vec<&str> = offered.iter().map(String::as_str).filter(is_elsewhere).collect();
        if let [only] = elsewhere[..] {
            return Ok(Some(only));
        }
        let own = |name: &str| self.owns(name) && version(name) == Some(api_version);
        let groups: [&dyn Fn(&str) -> bool; 2] = [&own, &is_shared];
        for is_alike in forgive::DEGREES {
            for group in groups {
                let fits = |name: &&str| group(name) && is_alike(&self.name, last_part(name));
                let fitting: Vec<&str> = offered.iter().map(String::as_str).filter(fits).collect();
                if !fitting.is_empty() {
                    return self.only(&fitting, place).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// As [`Resource::find`], of a name with its package, where only the writing of that is forgiven.
    fn find_in_full<'a>(&self, offered: &'a [String], typed: &str, place: &str) -> Result<Option<&'a str>> {
        for is_alike in forgive::DEGREES {
            let fits = |name: &&str| {
                forgive::alike(package(typed), package(name)) && is_alike(last_part(typed), last_part(name))
            };
            let fitting: Vec<&str> = offered.iter().map(String::as_str).filter(fits).collect();
            if !fitting.is_empty() {
                return self.only(&fitting, place).map(Some);
            }
        }
        Ok(None)
    }

    /// This resource under the names that the API has for it.
    fn known_as(&self, full_name: &str) -> Self {
        let (service, name) = match ApiName::parse(full_name) {
            Some(name) if name.service != SHARED || self.service.is_empty() => (name.service, name.resource),
            // What all services have is asked of the one that is meant.
            _ => (self.service.as_str(), last_part(full_name)),
        };
        let in_full = self.full_name.is_some() || service.is_empty();
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            full_name: in_full.then(|| full_name.to_owned()),
            alias: self.alias.clone(),
            otherwise: None,
        }
    }

    /// Whether `full_name` is of this resource's service, of any version.
    fn owns(&self, full_name: &str) -> bool {
        ApiName::parse(full_name).is_some_and(|name| {
            let is_same =
                || forgive::alike(name.service, &self.service) || forgive::alike_in_number(name.service, &self.service);
            name.service != SHARED && (self.service.is_empty() || is_same())
        })
    }

    /// The only one of those that fit, of which there is one at least.
    fn only<'a>(&self, fitting: &[&'a str], place: &str) -> Result<&'a str> {
        if let [only] = fitting {
            return Ok(only);
        }
        let names: Vec<String> = fitting.iter().map(|name| self.known_as(name).to_string()).collect();
        let error = Error::usage(format!("{self} can be several resources of {place}"))
            .hint(format!("name one of them: {}", names.join(", ")));
        Err(self.say_alias(error))
    }

    /// The error for a resource that is not among the `offered` full names.
    fn unknown(&self, offered: &[String], api_version: &str, place: &str) -> Error {
        let asked = self.full_name.as_deref().and_then(version).unwrap_or(api_version);
        let is_same = |name: &&String| self.owns(name) && !forgive::meant(&self.name, [last_part(name)]).is_empty();
        let versions: Vec<&str> = offered.iter().filter(is_same).filter_map(|name| version(name)).collect();
        if !versions.is_empty() {
            let error = Error::usage(format!("{place} has no version {asked} of {self}"))
                .hint(format!("it has {}", versions.join(", ")));
            return self.say_alias(error);
        }
        let error = self.say_alias(Error::usage(format!("{place} has no resource {self}")));
        let meant = nearest(&self.name, offered.iter().map(|name| last_part(name)));
        match meant.and_then(|meant| offered.iter().find(|name| last_part(name) == meant)) {
            Some(name) => error.hint(format!("did you mean {}?", self.known_as(name))),
            None => error.hint(format!("it offers {}", self.names_of(offered))),
        }
    }

    /// What is offered, each as it can be typed in this resource's place.
    fn names_of(&self, offered: &[String]) -> String {
        let described = offered.iter().filter(|name| !is_reflection(name));
        let mut names: Vec<String> =
            described.map(|name| Self { full_name: None, ..self.known_as(name) }.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }
}

/// Whether a gRPC service is there to describe the others.
pub fn is_reflection(full_name: &str) -> bool {
    full_name.starts_with("grpc.reflection.")
}

/// Whether a service is none of the platform's own, or one that all of them have.
fn is_shared(full_name: &str) -> bool {
    ApiName::parse(full_name).is_none_or(|name| name.service == SHARED)
}

fn version(full_name: &str) -> Option<&str> {
    ApiName::parse(full_name).map(|name| name.version)
}

fn last_part(full_name: &str) -> &str {
    full_name.rsplit('.').next().unwrap_or(full_name)
}

fn package(full_name: &str) -> &str {
    full_name.rsplit_once('.').map_or("", |(package, _)| package)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::alias;

    const REPOSITORY: [&str; 6] = [
        "grpc.health.v1.Health",
        "spaceone.api.core.v1.ServerInfo",
        "spaceone.api.repository.v1.Plugin",
        "spaceone.api.repository.v1.Policy",
        "spaceone.api.repository.v1.Repository",
        "spaceone.api.repository.v2.Plugin",
    ];

    fn chosen(typed: &str, offered: &[&str], api_version: &str) -> Result<String> {
        let offered: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
        let resource = match typed.contains('.') {
            true => Resource::parse(typed)?,
            false => Resource::of_service("", typed)?,
        };
        let (resource, full_name) = resource.choose(&offered, api_version, "local")?;
        Ok(format!("{resource} = {full_name}"))
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        assert_eq!(chosen(typed, &REPOSITORY, "v1").unwrap_or_else(|error| panic!("{typed}: {error}")), expected);
    }

    #[track_caller]
    fn refused(typed: &str, offered: &[&str], api_version: &str) -> String {
        let error = chosen(typed, offered, api_version).unwrap_err();
        assert_eq!(error.exit_code(), 2);
        error.to_string()
    }

    #[test]
    fn one_that_fits_is_found_however_it_is_written() {
        let plugin = "repository.Plugin = spaceone.api.repository.v1.Plugin";
        for typed in [
            "repository.Plugin",
            "repository.plugin",
            "Repository.PLUGINS",
            "repositories.plug-in",
            "Plugin",
            "plugins",
        ] {
            check(typed, plugin);
        }
        check("repository.policies", "repository.Policy = spaceone.api.repository.v1.Policy");
        check(
            "spaceone.api.Repository.v1.plugins",
            "spaceone.api.repository.v1.Plugin = spaceone.api.repository.v1.Plugin",
        );
    }

    #[test]
    fn what_all_services_have_is_found_at_the_service_that_is_meant() {
        check("repository.ServerInfo", "repository.ServerInfo = spaceone.api.core.v1.ServerInfo");
        check("repository.server-info", "repository.ServerInfo = spaceone.api.core.v1.ServerInfo");
        check("repository.health", "repository.Health = grpc.health.v1.Health");
        check("server_info", "core.ServerInfo = spaceone.api.core.v1.ServerInfo");
        check("health", "grpc.health.v1.Health = grpc.health.v1.Health");
        check("GRPC.health.v1.health", "grpc.health.v1.Health = grpc.health.v1.Health");
    }

    #[test]
    fn a_service_is_forgiven_as_its_resources_are() {
        let offered = ["spaceone.api.cost_analysis.v1.DataSource", "spaceone.api.cost_analysis.v1.DataSourceRule"];
        for typed in ["cost-analysis.DataSource", "cost_analysis.data_source", "CostAnalysis.data-sources"] {
            let expected = "cost_analysis.DataSource = spaceone.api.cost_analysis.v1.DataSource";
            assert_eq!(chosen(typed, &offered, "v1").unwrap(), expected, "{typed}");
        }
        let services = ["cost_analysis", "repository", "a-b", "a_b"].map(str::to_owned);
        assert_eq!(service_among("Cost-Analysis", &services).unwrap().as_deref(), Some("cost_analysis"));
        assert_eq!(service_among("a_b", &services).unwrap().as_deref(), Some("a_b"));
        assert_eq!(service_among("identity", &services).unwrap(), None);
        assert_eq!(
            service_among("AB", &services).unwrap_err().to_string(),
            "error: \"AB\" can be several services\nhint: name one of them: a-b, a_b"
        );
    }

    #[test]
    fn another_services_resource_is_taken_only_under_its_very_name() {
        check("inventory.Plugin", "repository.Plugin = spaceone.api.repository.v1.Plugin");
        assert_eq!(
            refused("inventory.policies", &REPOSITORY, "v1"),
            "error: local has no resource inventory.policies\nhint: did you mean repository.Policy?"
        );
    }

    #[test]
    fn nothing_is_guessed_between_several() {
        let offered = ["spaceone.api.lab.v1.PlugIn", "spaceone.api.lab.v1.Plugin", "spaceone.api.other.v1.Plugin"];
        assert_eq!(chosen("lab.Plugin", &offered, "v1").unwrap(), "lab.Plugin = spaceone.api.lab.v1.Plugin");
        assert_eq!(
            refused("lab.plugin", &offered, "v1"),
            "error: lab.plugin can be several resources of local\nhint: name one of them: lab.PlugIn, lab.Plugin"
        );
        assert_eq!(
            refused("Plugin", &offered, "v1"),
            "error: Plugin can be several resources of local\nhint: name one of them: lab.Plugin, other.Plugin"
        );
    }

    #[test]
    fn another_reading_counts_where_the_first_is_not_there() {
        let offered = REPOSITORY.map(str::to_owned);
        let choose = |name: &str, other: &str| {
            let other = Resource::parse(other).unwrap();
            let resource = Resource::of_service("repository", name).unwrap().otherwise(Some(other));
            resource.choose(&offered, "v1", "local").map(|(resource, _)| resource.to_string())
        };
        assert_eq!(choose("policies", "repository.Plugin").unwrap(), "repository.Policy");
        assert_eq!(choose("repos", "repository.Repository").unwrap(), "repository.Repository");
        let error = choose("rules", "inventory.CollectorRule").unwrap_err().to_string();
        assert!(error.starts_with("error: local has no resource inventory.CollectorRule\n"), "{error}");
    }

    #[test]
    fn an_unknown_resource_names_the_nearest() {
        assert_eq!(
            refused("inventory.Plugn", &REPOSITORY, "v1"),
            "error: local has no resource inventory.Plugn\nhint: did you mean repository.Plugin?"
        );
        assert_eq!(
            refused("repository.Plugn", &REPOSITORY, "v1"),
            "error: local has no resource repository.Plugn\nhint: did you mean repository.Plugin?"
        );
        assert_eq!(
            refused("Plugn", &REPOSITORY, "v1"),
            "error: local has no resource Plugn\nhint: did you mean repository.Plugin?"
        );
        let aliased = alias::find("sa", &alias::Own::new()).unwrap().unwrap();
        assert_eq!(
            aliased.choose(&["spaceone.api.lab.v1.Echo".to_owned()], "v1", "local").unwrap_err().to_string(),
            "error: local has no resource identity.ServiceAccount\n\
             cause: sa is an alias of identity.ServiceAccount\nhint: it offers lab.Echo"
        );
    }

    #[test]
    fn another_version_is_another_resource() {
        assert_eq!(
            chosen("repository.plugins", &REPOSITORY, "v2").unwrap(),
            "repository.Plugin = spaceone.api.repository.v2.Plugin"
        );
        assert_eq!(
            refused("spaceone.api.repository.v3.Plugin", &REPOSITORY, "v1"),
            "error: local has no version v3 of spaceone.api.repository.v3.Plugin\nhint: it has v1, v2"
        );
        for typed in ["repository.Policy", "repository.policies", "policy"] {
            assert_eq!(
                refused(typed, &REPOSITORY, "v2"),
                format!("error: local has no version v2 of {typed}\nhint: it has v1")
            );
        }
    }
}
