//! Naming rules and conventions that all SpaceONE services share.

/// The largest message in bytes, as the services and their Python client limit it.
pub const MAX_MESSAGE_SIZE: usize = 256 * 1024 * 1024;

/// The services that an installation usually has, for suggestions only.
pub const SERVICES: [&str; 13] = [
    "repository",
    "identity",
    "inventory",
    "plugin",
    "secret",
    "monitoring",
    "statistics",
    "notification",
    "cost_analysis",
    "dashboard",
    "config",
    "file_manager",
    "alert_manager",
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ApiName<'a> {
    pub service: &'a str,
    pub version: &'a str,
    pub resource: &'a str,
}

impl<'a> ApiName<'a> {
    /// Parses a full name; `None` for one that is not the platform's.
    pub fn parse(full_name: &'a str) -> Option<Self> {
        let mut parts = full_name.strip_prefix("spaceone.api.")?.split('.');
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(service), Some(version), Some(resource), None) => Some(Self { service, version, resource }),
            _ => None,
        }
    }

    pub fn full(self) -> String {
        format!("spaceone.api.{}.{}.{}", self.service, self.version, self.resource)
    }
}

/// The files that a platform's service usually imports. A service whose library does not send imports along is asked
/// for these at once. Empty for other services.
pub fn usual_imports(full_name: &str) -> Vec<String> {
    let Some(ApiName { service, version, .. }) = ApiName::parse(full_name) else { return Vec::new() };
    let mut imports: Vec<String> = [
        "google/api/annotations.proto",
        "google/api/http.proto",
        "spaceone/api/core/v1/query.proto",
        "spaceone/api/core/v2/query.proto",
    ]
    .map(str::to_owned)
    .into();
    // The file of the resource that the service is named after has shared types.
    imports.push(format!("spaceone/api/{service}/{version}/{service}.proto"));
    imports
}

/// Whether a method is called without credentials, e.g. to log in: the methods of identity, config and monitoring that
/// exclude `authentication`.
pub fn takes_no_key(full_name: &str, method: &str) -> bool {
    const METHODS: [(&str, &str, &str); 10] = [
        ("identity", "Token", "issue"),
        ("identity", "Token", "grant"),
        ("identity", "Domain", "get_auth_info"),
        ("identity", "Domain", "get_public_key"),
        ("identity", "UserProfile", "reset_password"),
        ("config", "PublicConfig", "get"),
        ("config", "PublicConfig", "list"),
        // Their callers have a key in the request or in the URL.
        ("monitoring", "Event", "create"),
        ("monitoring", "Alert", "get_alert_info"),
        ("monitoring", "Alert", "update_state"),
    ];
    let name = ApiName::parse(full_name);
    name.is_some_and(|ApiName { service, resource, .. }| METHODS.contains(&(service, resource, method)))
}

pub fn short_name(full_name: &str) -> String {
    match ApiName::parse(full_name) {
        Some(ApiName { service, resource, .. }) => format!("{service}.{resource}"),
        None => full_name.to_owned(),
    }
}

/// Whether a text field of this name holds a time in ISO 8601, UTC. The API has no type for it: the 255 fields named
/// `..._at` in 2.0.435, and the 116 in 1.12.54, are all `string`.
pub fn is_time_field(field: &str) -> bool {
    field.ends_with("_at")
}

/// The package of the services that plugins serve.
pub const PLUGIN_VERSION: &str = "plugin";

/// Whether the endpoint of this name, e.g. `plugin.slack`, is a plugin's own server. It gets no key: the platform's
/// services call plugins without their caller's, too (`token="NO_TOKEN"` in their connectors).
pub fn is_plugin_server(service: &str) -> bool {
    plugin_of(service).is_some()
}

/// The plugin of an endpoint's name: `slack` of `plugin.slack`.
pub fn plugin_of(service: &str) -> Option<&str> {
    service.strip_prefix(PLUGIN_VERSION)?.strip_prefix('.')
}

/// Whether `part` of a name is a version, in any case.
pub fn is_version(part: &str) -> bool {
    let part = part.to_ascii_lowercase();
    part == PLUGIN_VERSION || parse_version(&part).is_some()
}

/// The number, stage and stage number of a version: 2, `beta` and 1 of `v2beta1`.
pub(super) fn parse_version(version: &str) -> Option<(u64, &str, u64)> {
    let rest = version.strip_prefix('v')?;
    let (number, rest) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len()));
    let (stage, count) = rest.split_at(rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len()));
    let count = if count.is_empty() { 0 } else { count.parse().ok()? };
    ["", "alpha", "beta"].contains(&stage).then_some((number.parse().ok()?, stage, count))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_guessed_of_the_platforms_services_alone() {
        let imports = usual_imports("spaceone.api.repository.v1.Plugin");
        assert_eq!(imports.last().unwrap(), "spaceone/api/repository/v1/repository.proto");
        assert!(usual_imports("grpc.health.v1.Health").is_empty());
    }

    #[test]
    fn one_logs_in_without_a_key_in_any_version() {
        for version in ["v1", "v2"] {
            assert!(takes_no_key(&format!("spaceone.api.identity.{version}.Token"), "issue"));
            assert!(!takes_no_key(&format!("spaceone.api.identity.{version}.User"), "issue"));
            assert!(!takes_no_key(&format!("spaceone.api.identity.{version}.Domain"), "get"));
        }
        assert!(!takes_no_key("spaceone.api.monitoring.v1.Token", "issue"));
    }

    #[test]
    fn a_full_name_comes_apart_and_together() {
        let name = ApiName::parse("spaceone.api.repository.v1.Plugin").unwrap();
        assert_eq!(name, ApiName { service: "repository", version: "v1", resource: "Plugin" });
        assert_eq!(name.full(), "spaceone.api.repository.v1.Plugin");
        for other in ["grpc.health.v1.Health", "spaceone.api.repository.Plugin", "spaceone.api.a.b.c.d", ""] {
            assert_eq!(ApiName::parse(other), None, "{other}");
        }
        assert_eq!(short_name("grpc.health.v1.Health"), "grpc.health.v1.Health");
    }

    #[test]
    fn versions_are_not_resources() {
        for version in ["v1", "V2", "v10", "v2beta1", "v1alpha", "plugin", "Plugin"] {
            assert!(is_version(version), "{version}");
        }
        for other in ["", "v", "vx", "User", "v1x", "volume", "2", "v99999999999999999999"] {
            assert!(!is_version(other), "{other}");
        }
        assert_eq!(parse_version("v2beta1"), Some((2, "beta", 1)));
    }
}
