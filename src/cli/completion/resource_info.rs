//! The resources of an endpoint, as they are typed.

use std::collections::BTreeSet;

use prost_reflect::{DescriptorPool, MethodDescriptor, ServiceDescriptor};

use crate::schema::resource::{self, Resource, verb};

/// A resource of a service.
#[derive(Clone, Debug)]
pub(super) struct ResourceInfo {
    /// The service's name in the configuration; empty with `--endpoint`.
    pub(super) configured: String,
    /// The resource as it is typed.
    pub(super) name: String,
    /// The same with its version; `None` if it is not one of the platform's.
    pub(super) versioned: Option<String>,
    pub(super) service: ServiceDescriptor,
}

/// The resources of the services called `names`, without those of other API versions than `version`, as `api-resources`
/// lists them. The `siblings` are the services that are configured with the same endpoint.
pub(super) fn from_names(
    configured: &str,
    siblings: &[String],
    names: &[String],
    pool: &DescriptorPool,
    version: Option<&str>,
) -> Vec<ResourceInfo> {
    let info = |named: resource::Named| {
        let service = pool.get_service_by_name(&named.full_name)?;
        Some(ResourceInfo {
            configured: configured.to_owned(),
            versioned: named.versioned(),
            name: named.name,
            service,
        })
    };
    resource::names(configured, siblings, names, version).into_iter().filter_map(info).collect()
}

/// Finds `resource`, in any accepted spelling.
pub(super) fn find<'a>(
    resources: &'a [ResourceInfo],
    resource: &Resource,
    version: Option<&str>,
) -> Option<&'a ResourceInfo> {
    let names: BTreeSet<&str> = resources.iter().map(|info| info.service.full_name()).collect();
    let names: Vec<String> = names.into_iter().map(str::to_owned).collect();
    // The endpoint is for an error, which is not shown.
    let (found, full_name) = resource.choose(&names, version, "").ok()?;
    let mut matching = resources.iter().filter(|info| info.service.full_name() == full_name);
    // What all services have is listed once for each.
    matching.clone().find(|info| info.name == found.to_string()).or_else(|| matching.next())
}

impl ResourceInfo {
    /// The verbs that can be called.
    pub(super) fn verbs(&self) -> impl Iterator<Item = MethodDescriptor> {
        self.service.methods().filter(|method| !method.is_client_streaming())
    }

    pub(super) fn verb(&self, name: &str) -> Option<MethodDescriptor> {
        let verbs: Vec<MethodDescriptor> = self.verbs().collect();
        let names: Vec<&str> = verbs.iter().map(MethodDescriptor::name).collect();
        let matched = verb::among(name, &names)?;
        verbs.iter().find(|method| method.name() == matched).cloned()
    }

    /// True if `typed` is this resource.
    #[cfg(test)]
    pub(super) fn is(&self, typed: &str) -> bool {
        self.name.eq_ignore_ascii_case(typed) || self.service.full_name() == typed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local_service::proto::FILE_DESCRIPTOR_SET;

    #[test]
    fn resources_are_named_as_they_are_typed() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
        let names: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
        let typed = |configured: &str, version: Option<&str>| {
            let resources = from_names(configured, &[configured.to_owned()], &names, &pool, version);
            let mut names: Vec<String> = resources.into_iter().map(|info| info.name).collect();
            names.sort();
            names
        };
        assert_eq!(typed("repository", None), ["repository.Plugin", "repository.Repository", "repository.ServerInfo"]);
        assert_eq!(typed("", None), ["core.ServerInfo", "repository.Plugin", "repository.Repository"]);
        assert_eq!(typed("identity", Some("v2")), ["identity.ServerInfo"]);
        let resources = from_names("repository", &["repository".to_owned()], &names, &pool, None);
        let plugin = resources.iter().find(|info| info.name == "repository.Plugin").unwrap();
        assert!(
            plugin.is("repository.plugin") && plugin.is("spaceone.api.repository.v1.Plugin") && !plugin.is("Plugin")
        );
        assert!(
            plugin.verb("register").is_some() && plugin.verb("Register").is_some() && plugin.verb("nope").is_none()
        );
    }

    #[test]
    fn what_is_forgiven_is_meant() {
        let pool = DescriptorPool::decode(FILE_DESCRIPTOR_SET).unwrap();
        let names: Vec<String> = pool.services().map(|service| service.full_name().to_owned()).collect();
        let resources = from_names("repository", &["repository".to_owned()], &names, &pool, None);
        let found = |typed: &str| {
            let resource = Resource::parse(typed).unwrap();
            find(&resources, &resource, None).map(|info| info.name.clone())
        };
        for typed in
            ["repository.Plugin", "repository.plugins", "Repositories.PLUG-IN", "spaceone.api.repository.v1.Plugin"]
        {
            assert_eq!(found(typed).as_deref(), Some("repository.Plugin"), "{typed}");
        }
        assert_eq!(found("repository.server_info").as_deref(), Some("repository.ServerInfo"));
        assert_eq!(found("repository.nope"), None);
        assert_eq!(
            find(&resources, &Resource::parse("repository.Plugin").unwrap(), Some("v2")).map(|it| &it.name),
            None
        );
    }
}
