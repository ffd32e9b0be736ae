//! Finds a resource among an endpoint's, a service among an environment's.

use std::collections::{HashMap, HashSet};

use super::Resource;
use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::fuzzy;
use crate::schema::spaceone::{self, ApiName, is_plugin_server};

/// The service of what all services have.
const SHARED: &str = "core";

/// The service that `typed` matches; `None` for no match, an error for several.
pub fn service_among(typed: &str, services: &[String]) -> Result<Option<String>> {
    match fuzzy::matches(typed, services.iter().map(String::as_str))[..] {
        [] => Ok(None),
        [only] => Ok(Some(only.to_owned())),
        ref several => {
            Err(Error::usage(format!("{typed:?} is ambiguous"))
                .hint(format!("name one of them: {}", several.join(", "))))
        }
    }
}

impl Resource {
    /// Chooses among the full names that `endpoint` has `offered`; returns the resource by its names there, and the
    /// full name.
    ///
    /// The one of its service, or the only one of that name in another package, e.g. `spaceone.api.core.v1.ServerInfo`
    /// for `repository.ServerInfo`; else the only fuzzy match. Without `api_version`, [`newest`] chooses among several
    /// versions.
    ///
    /// # Errors
    /// A usage error that names the nearest, the versions, or the candidates.
    pub fn choose(&self, offered: &[String], api_version: Option<&str>, endpoint: &str) -> Result<(Self, String)> {
        let found = match self.find(offered, api_version, endpoint)? {
            None => match &self.otherwise {
                Some(other) => return other.choose(offered, api_version, endpoint),
                None => return Err(self.unknown(offered, api_version, endpoint)),
            },
            Some(found) => found,
        };
        Ok((self.known_as(found, self.is_home(offered)), found.to_owned()))
    }

    fn find<'a>(&self, offered: &'a [String], api_version: Option<&str>, endpoint: &str) -> Result<Option<&'a str>> {
        let by_rule = self.full_name(api_version);
        let as_typed = self.to_string();
        if let Some(exact) = offered.iter().find(|name| **name == by_rule || **name == as_typed) {
            return Ok(Some(exact));
        }
        if let Some(typed) = &self.full_name {
            let found = self.find_in_full(offered, typed, endpoint)?;
            // `identity.v2.User` may also be a full name, of the package `identity.v2`.
            if found.is_some() || self.version.is_none() {
                return Ok(found);
            }
        }
        let is_wanted = |name: &&str| {
            let is_of = |wanted: &str| version(name).is_some_and(|version| fuzzy::is_variant(version, wanted));
            match &self.version {
                Some(wanted) => is_of(wanted),
                // What all services have has versions of its own.
                None => is_shared(name) || api_version.is_none_or(is_of),
            }
        };
        let candidates: Vec<&str> = offered.iter().map(String::as_str).filter(is_wanted).collect();
        let own = |name: &str| self.owns(name);
        let others = |name: &str| !self.owns(name) && !is_shared(name);
        let elsewhere = |name: &str| !self.owns(name);
        let is_home = self.is_home(offered);
        for (degree, fits_name) in fuzzy::DEGREES.into_iter().enumerate() {
            let fitting = |group: &dyn Fn(&str) -> bool| {
                let fits = |name: &&str| group(name) && fits_name(&self.name, last_part(name));
                newest(candidates.iter().copied().filter(fits).collect())
            };
            let of_service = fitting(&own);
            if !of_service.is_empty() {
                return self.only(&of_service, is_home, endpoint).map(Some);
            }
            if degree == 0
                && let [only] = fitting(&elsewhere)[..]
            {
                return Ok(Some(only));
            }
            let of_others = if degree > 0 && is_home { fitting(&others) } else { Vec::new() };
            for group in [of_others, fitting(&is_shared)] {
                if !group.is_empty() {
                    return self.only(&group, is_home, endpoint).map(Some);
                }
            }
        }
        Ok(None)
    }

    /// Like [`Resource::find`] for a full name: only the writing of its package may differ.
    fn find_in_full<'a>(&self, offered: &'a [String], typed: &str, endpoint: &str) -> Result<Option<&'a str>> {
        for fits_name in fuzzy::DEGREES {
            let fits = |name: &&str| {
                fuzzy::is_variant(package(typed), package(name)) && fits_name(last_part(typed), last_part(name))
            };
            let fitting: Vec<&str> = offered.iter().map(String::as_str).filter(fits).collect();
            if !fitting.is_empty() {
                return self.only(&fitting, self.is_home(offered), endpoint).map(Some);
            }
        }
        Ok(None)
    }

    /// Whether the endpoint has resources of this service; if not, other packages may be the service's.
    fn is_home(&self, offered: &[String]) -> bool {
        offered.iter().any(|name| self.owns(name))
    }

    /// This resource under the names that it has at the endpoint.
    fn known_as(&self, full_name: &str, is_home: bool) -> Self {
        let api = ApiName::parse(full_name);
        let is_own = |api: &ApiName<'_>| self.owns(full_name) || (api.service != SHARED && !is_home);
        let (service, name) = match api {
            // The endpoint's name tells one plugin's resources from another's.
            _ if is_plugin_server(&self.service) => (self.service.as_str(), last_part(full_name)),
            Some(api) if self.service.is_empty() || is_own(&api) => (api.service, api.resource),
            // Shared resources and other packages at the endpoint belong to the service that was typed.
            _ => (self.service.as_str(), last_part(full_name)),
        };
        let version = api.filter(|_| self.version.is_some() && !service.is_empty()).map(|api| api.version);
        let full_name = match version {
            Some(version) => Some(format!("{service}.{version}.{name}")),
            None => (self.full_name.is_some() || service.is_empty()).then(|| full_name.to_owned()),
        };
        Self {
            service: service.to_owned(),
            name: name.to_owned(),
            full_name,
            version: version.map(str::to_owned),
            alias: self.alias.clone(),
            otherwise: None,
        }
    }

    /// Whether `full_name` is of this resource's service, in any version.
    fn owns(&self, full_name: &str) -> bool {
        ApiName::parse(full_name).is_some_and(|name| {
            let is_same = || {
                fuzzy::is_variant(name.service, &self.service) || fuzzy::is_plural_variant(name.service, &self.service)
            };
            name.service != SHARED && (self.service.is_empty() || is_plugin_server(&self.service) || is_same())
        })
    }

    /// The only match; an error names several.
    fn only<'a>(&self, fitting: &[&'a str], is_home: bool, endpoint: &str) -> Result<&'a str> {
        if let [only] = fitting {
            return Ok(only);
        }
        // A plugin's own server has one name for both: only its URL distinguishes them.
        let is_plugin = is_plugin_server(&self.service);
        let asked = if is_plugin { &self.at_service("") } else { self };
        let mut names: Vec<String> = fitting.iter().map(|name| asked.known_as(name, is_home).to_string()).collect();
        if names.iter().collect::<HashSet<_>>().len() < names.len() {
            names = fitting.iter().map(ToString::to_string).collect();
        }
        let error = Error::usage(format!("{self} is ambiguous at {endpoint}")).hint(if is_plugin {
            format!("use --endpoint {endpoint}, and name one of them: {}", names.join(", "))
        } else {
            format!("name one of them: {}", names.join(", "))
        });
        Err(self.say_alias(error))
    }

    /// The error for a resource that is not offered.
    fn unknown(&self, offered: &[String], api_version: Option<&str>, endpoint: &str) -> Error {
        let is_home = self.is_home(offered);
        let typed = self.version.as_deref().or(self.full_name.as_deref().and_then(version));
        let asked = typed.or(api_version);
        let is_same = |name: &&str| {
            !is_shared(name)
                && version(name) != asked
                && !fuzzy::matches(&self.name, std::iter::once(last_part(name))).is_empty()
        };
        let same: Vec<&str> = offered.iter().map(String::as_str).filter(is_same).collect();
        let mut own: Vec<&str> = same.iter().copied().filter(|name| self.owns(name)).collect();
        if own.is_empty() && (self.full_name.is_none() || self.version.is_some()) {
            own = same;
        }
        if let (Some(asked), false) = (asked, own.is_empty()) {
            let error = Error::usage(format!("{endpoint} has no version {asked} of {self}"));
            own.sort_by_key(|name| std::cmp::Reverse(version(name).map(rank)));
            let hint = if typed.is_some() {
                let names: Vec<String> = own.iter().map(|name| self.known_as(name, is_home).to_string()).collect();
                format!("name it {}", names.join(" or "))
            } else {
                let mut flags: Vec<String> =
                    own.iter().filter_map(|name| version(name)).map(|it| format!("--api-version {it}")).collect();
                flags.dedup();
                format!("use {}, or leave --api-version out", flags.join(" or "))
            };
            return self.say_alias(error.hint(hint));
        }
        let error = self.say_alias(Error::usage(format!("{endpoint} has no resource {self}")));
        let near = nearest(&self.name, offered.iter().map(|name| last_part(name)));
        let of_near: Vec<&String> = offered.iter().filter(|name| Some(last_part(name)) == near).collect();
        match of_near.first() {
            // Of packages outside of the platform, only the full names tell them apart.
            Some(_) if of_near.len() > 1 && of_near.iter().any(|name| ApiName::parse(name).is_none()) => {
                let names: Vec<&str> = of_near.iter().map(|name| name.as_str()).collect();
                error.hint(format!("name one of them: {}", names.join(", ")))
            }
            Some(name) => {
                let near = self.known_as(name, is_home);
                let full_name = near.full_name.clone().filter(|_| near.version.is_some() || near.service.is_empty());
                error.hint(format!("did you mean {}?", Self { full_name, ..near }))
            }
            None => error.hint(format!("it offers {}", self.names_of(offered))),
        }
    }

    /// The offered resources as they can be typed.
    fn names_of(&self, offered: &[String]) -> String {
        let is_home = self.is_home(offered);
        let described = offered.iter().filter(|name| !is_reflection(name));
        let mut names: Vec<String> = described
            .map(|name| Self { full_name: None, version: None, ..self.known_as(name, is_home) }.to_string())
            .collect();
        names.sort_unstable();
        names.dedup();
        if names.is_empty() { "nothing".to_owned() } else { names.join(", ") }
    }
}

/// A resource of an endpoint, under the name that can be typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub full_name: String,
    /// Empty for a resource outside of the platform at an endpoint of no known service.
    pub service: String,
    pub resource: String,
    pub name: String,
}

impl Named {
    /// The name with its version; `None` outside of the platform.
    pub fn versioned(&self) -> Option<String> {
        let api = ApiName::parse(&self.full_name)?;
        Some(format!("{}.{}.{}", self.service, api.version, self.resource))
    }
}

/// All that the endpoint of `service` (empty for a single endpoint) has `offered`, without other versions than
/// `api_version`. The `siblings` are the services configured at the same endpoint. A name that its service alone does
/// not reach includes the version.
pub fn names(service: &str, siblings: &[String], offered: &[String], api_version: Option<&str>) -> Vec<Named> {
    let is_own = |api: &ApiName<'_>| {
        let is_same =
            |typed: &String| fuzzy::is_variant(typed, api.service) || fuzzy::is_plural_variant(typed, api.service);
        api.service != SHARED && (service.is_empty() || siblings.iter().any(is_same))
    };
    let of = |full_name: &String| {
        let (of, resource) = match ApiName::parse(full_name) {
            Some(api) if api.service != SHARED && api_version.is_some_and(|wanted| wanted != api.version) => {
                return None;
            }
            Some(api) if service.is_empty() || is_own(&api) => (api.service, api.resource),
            None if service.is_empty() => ("", full_name.as_str()),
            _ => (service, last_part(full_name)),
        };
        let name = if of.is_empty() { full_name.clone() } else { format!("{of}.{resource}") };
        Some(Named { full_name: full_name.clone(), service: of.to_owned(), resource: resource.to_owned(), name })
    };
    let mut named: Vec<Named> = offered.iter().filter(|name| !is_reflection(name)).filter_map(of).collect();
    let mut same: HashMap<String, Vec<usize>> = HashMap::new();
    let mut versions: HashMap<String, usize> = HashMap::new();
    for (at, one) in named.iter().enumerate() {
        same.entry(one.name.clone()).or_default().push(at);
        one.versioned().into_iter().for_each(|versioned| *versions.entry(versioned).or_default() += 1);
    }
    for group in same.into_values().filter(|group| group.len() > 1) {
        // The order in which `find` chooses.
        let order = |at: usize| {
            let full_name = &named[at].full_name;
            let is_own = ApiName::parse(full_name).is_some_and(|api| is_own(&api));
            (is_own, is_shared(full_name), rank(version(full_name).unwrap_or_default()))
        };
        let best = group.iter().map(|&at| order(at)).max();
        let is_reached: Vec<bool> = group.iter().map(|&at| Some(order(at)) == best).collect();
        let is_clear = is_reached.iter().filter(|is_reached| **is_reached).count() == 1;
        for (at, is_reached) in group.into_iter().zip(is_reached) {
            if let (false, Some(versioned)) = (is_reached && is_clear, named[at].versioned()) {
                let is_clear = versions.get(&versioned) == Some(&1);
                named[at].name = if is_clear { versioned } else { named[at].full_name.clone() };
            }
        }
    }
    named
}

/// Takes one of the versions of a resource: v1, else the highest.
fn newest(mut names: Vec<&str>) -> Vec<&str> {
    let mut best = HashMap::new();
    for api in names.iter().filter_map(|name| ApiName::parse(name)) {
        let known = best.entry((api.service, api.resource)).or_insert(rank(api.version));
        *known = rank(api.version).max(*known);
    }
    names.retain(|name| {
        ApiName::parse(name).is_none_or(|api| best.get(&(api.service, api.resource)) == Some(&rank(api.version)))
    });
    names
}

/// The order of versions: v1 first, v10 before v2 before v2beta1, and plugins' own last.
fn rank(version: &str) -> (u8, u64, bool, &str, u64) {
    match spaceone::parse_version(version) {
        Some((1, "", _)) => (3, 1, true, "", 0),
        Some((number, stage, count)) => (2, number, stage.is_empty(), stage, count),
        None => (u8::from(version != spaceone::PLUGIN_VERSION), 0, false, version, 0),
    }
}

pub fn is_reflection(full_name: &str) -> bool {
    full_name.starts_with("grpc.reflection.")
}

/// Whether a service is outside of the platform, or shared by all of its services.
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
    use crate::schema::resource::alias;

    const REPOSITORY: [&str; 6] = [
        "grpc.health.v1.Health",
        "spaceone.api.core.v1.ServerInfo",
        "spaceone.api.repository.v1.Plugin",
        "spaceone.api.repository.v1.Policy",
        "spaceone.api.repository.v1.Repository",
        "spaceone.api.repository.v2.Plugin",
    ];

    fn chosen<'a>(typed: &str, offered: &[&str], api_version: impl Into<Option<&'a str>>) -> Result<String> {
        let offered: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
        let resource = match typed.contains('.') {
            true => Resource::parse(typed)?,
            false => Resource::of_service("", typed)?,
        };
        let (resource, full_name) = resource.choose(&offered, api_version.into(), "local")?;
        Ok(format!("{resource} = {full_name}"))
    }

    #[track_caller]
    fn check(typed: &str, expected: &str) {
        for version in [None, Some("v1")] {
            assert_eq!(
                chosen(typed, &REPOSITORY, version).unwrap_or_else(|error| panic!("{typed}: {error}")),
                expected
            );
        }
    }

    #[track_caller]
    fn refused<'a>(typed: &str, offered: &[&str], api_version: impl Into<Option<&'a str>>) -> String {
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
    fn shared_resources_are_found_at_the_typed_service() {
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
            "error: \"AB\" is ambiguous\nhint: name one of them: a-b, a_b"
        );
    }

    #[test]
    fn another_services_resource_is_taken_only_under_its_very_name() {
        check("inventory.Plugin", "repository.Plugin = spaceone.api.repository.v1.Plugin");
        assert_eq!(
            refused("inventory.policies", &REPOSITORY, None),
            "error: local has no resource inventory.policies\nhint: did you mean repository.Policy?"
        );
    }

    #[test]
    fn nothing_is_guessed_between_several() {
        let offered = ["spaceone.api.lab.v1.PlugIn", "spaceone.api.lab.v1.Plugin", "spaceone.api.other.v1.Plugin"];
        assert_eq!(chosen("lab.Plugin", &offered, "v1").unwrap(), "lab.Plugin = spaceone.api.lab.v1.Plugin");
        assert_eq!(
            refused("lab.plugin", &offered, "v1"),
            "error: lab.plugin is ambiguous at local\nhint: name one of them: lab.PlugIn, lab.Plugin"
        );
        assert_eq!(
            refused("Plugin", &offered, "v1"),
            "error: Plugin is ambiguous at local\nhint: name one of them: lab.Plugin, other.Plugin"
        );
    }

    #[test]
    fn another_reading_counts_where_the_first_is_not_there() {
        let offered = REPOSITORY.map(str::to_owned);
        let choose = |name: &str, other: &str| {
            let other = Resource::parse(other).unwrap();
            let resource = Resource::of_service("repository", name).unwrap().otherwise(Some(other));
            resource.choose(&offered, None, "local").map(|(resource, _)| resource.to_string())
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
            aliased.choose(&["spaceone.api.lab.v1.Echo".to_owned()], None, "local").unwrap_err().to_string(),
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
            refused("spaceone.api.repository.v3.Plugin", &REPOSITORY, None),
            "error: local has no version v3 of spaceone.api.repository.v3.Plugin\n\
             hint: name it spaceone.api.repository.v1.Plugin or spaceone.api.repository.v2.Plugin"
        );
        assert_eq!(
            refused("repository.v3.plugins", &REPOSITORY, None),
            "error: local has no version v3 of repository.v3.plugins\n\
             hint: name it repository.v1.Plugin or repository.v2.Plugin"
        );
        for typed in ["repository.Policy", "repository.policies", "policy"] {
            assert_eq!(
                refused(typed, &REPOSITORY, "v2"),
                format!(
                    "error: local has no version v2 of {typed}\n\
                     hint: use --api-version v1, or leave --api-version out"
                )
            );
        }
    }

    /// What an identity service of today offers, and what it once did.
    const IDENTITY: [&str; 7] = [
        "spaceone.api.identity.plugin.AccountCollector",
        "spaceone.api.identity.v1.Policy",
        "spaceone.api.identity.v2.Policy",
        "spaceone.api.identity.v2.User",
        "spaceone.api.identity.v10.Role",
        "spaceone.api.identity.v2.Role",
        "spaceone.api.identity.plugin.Role",
    ];

    #[test]
    fn a_version_is_taken_by_itself() {
        for (typed, expected) in [
            ("identity.User", "identity.User = spaceone.api.identity.v2.User"),
            ("users", "identity.User = spaceone.api.identity.v2.User"),
            ("identity.policies", "identity.Policy = spaceone.api.identity.v1.Policy"),
            ("identity.Role", "identity.Role = spaceone.api.identity.v10.Role"),
            ("identity.account-collector", "identity.AccountCollector = spaceone.api.identity.plugin.AccountCollector"),
            ("identity.v2.User", "identity.v2.User = spaceone.api.identity.v2.User"),
            ("Identity.V2.users", "identity.v2.User = spaceone.api.identity.v2.User"),
            ("identity.v2.policy", "identity.v2.Policy = spaceone.api.identity.v2.Policy"),
            ("identity.plugin.Role", "identity.plugin.Role = spaceone.api.identity.plugin.Role"),
        ] {
            assert_eq!(chosen(typed, &IDENTITY, None).unwrap_or_else(|error| panic!("{typed}: {error}")), expected);
        }
        let of_v2 = chosen("identity.Role", &IDENTITY, "v2").unwrap();
        assert_eq!(of_v2, "identity.Role = spaceone.api.identity.v2.Role");
        assert_eq!(
            refused("identity.roles", &IDENTITY, "v1"),
            "error: local has no version v1 of identity.roles\n\
             hint: use --api-version v10 or --api-version v2 or --api-version plugin, or leave --api-version out"
        );
        // Its own package goes before the one of another, whatever their versions.
        let offered = ["spaceone.api.identity.v2.User", "spaceone.api.other.v1.User"];
        assert_eq!(chosen("identity.User", &offered, None).unwrap(), "identity.User = spaceone.api.identity.v2.User");
        let foreign = ["greet.v1.Greeter", "spaceone.api.greet.v1.Hello"];
        assert_eq!(chosen("greet.v1.greeter", &foreign, None).unwrap(), "greet.v1.Greeter = greet.v1.Greeter");
    }

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        let mut versions = ["v2beta1", "v2beta10", "plugin", "v10", "v1beta1", "v2", "v1", "other", "v2alpha9"];
        versions.sort_by_key(|version| std::cmp::Reverse(rank(version)));
        assert_eq!(versions, ["v1", "v10", "v2", "v2beta10", "v2beta1", "v2alpha9", "v1beta1", "other", "plugin"]);
    }

    #[test]
    fn other_packages_belong_to_the_service_whose_endpoint_has_them() {
        let offered = ["spaceone.api.secret.v1.Secret", "spaceone.api.user_secret.v1.UserSecret"];
        for typed in ["secret.UserSecret", "secret.user_secrets", "secret.v1.user-secret"] {
            let expected = "UserSecret = spaceone.api.user_secret.v1.UserSecret";
            assert!(chosen(typed, &offered, None).unwrap().ends_with(expected), "{typed}");
        }
        assert_eq!(
            refused("secret.UserSecret", &offered, "v2"),
            "error: local has no version v2 of secret.UserSecret\n\
             hint: use --api-version v1, or leave --api-version out"
        );
    }

    #[test]
    fn what_is_named_can_be_typed() {
        let named = |service: &str, siblings: &[&str], offered: &[&str], version: Option<&str>| {
            let offered: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
            let siblings: Vec<String> = siblings.iter().map(|&name| name.to_owned()).collect();
            let named = names(service, &siblings, &offered, version);
            for one in named.iter().filter(|one| one.name != one.full_name) {
                let found = Resource::parse(&one.name).unwrap().choose(&offered, version, "local").unwrap();
                assert_eq!(found.1, one.full_name, "{}", one.name);
            }
            named.into_iter().map(|named| named.name).collect::<Vec<_>>()
        };
        assert_eq!(
            named("identity", &["identity"], &IDENTITY, None),
            [
                "identity.AccountCollector",
                "identity.Policy",
                "identity.v2.Policy",
                "identity.User",
                "identity.Role",
                "identity.v2.Role",
                "identity.plugin.Role"
            ]
        );
        assert_eq!(named("", &[], &IDENTITY, Some("v2")), ["identity.Policy", "identity.User", "identity.Role"]);
        let secret =
            ["spaceone.api.secret.v1.Secret", "spaceone.api.user_secret.v1.UserSecret", "grpc.health.v1.Health"];
        assert_eq!(
            named("secret", &["secret"], &secret, None),
            ["secret.Secret", "secret.UserSecret", "secret.Health"]
        );
        assert_eq!(
            named("secret", &["secret", "user-secret"], &secret, None),
            ["secret.Secret", "user_secret.UserSecret", "secret.Health"]
        );
        assert_eq!(named("", &[], &secret, None), ["secret.Secret", "user_secret.UserSecret", "grpc.health.v1.Health"]);
        let health = ["grpc.health.v1.Health", "spaceone.api.other.v1.Health", "spaceone.api.secret.v1.Secret"];
        assert_eq!(named("secret", &["secret"], &health, None), ["secret.Health", "secret.v1.Health", "secret.Secret"]);
        let clash = ["spaceone.api.inventory.v1.Metric", "spaceone.api.inventory_v2.v1.Metric"];
        assert_eq!(
            named("inventory", &["inventory"], &clash, None),
            ["inventory.Metric", "spaceone.api.inventory_v2.v1.Metric"]
        );
    }
}
