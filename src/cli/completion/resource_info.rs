//! What an endpoint offers, as it is typed.

use prost_reflect::{DescriptorPool, MethodDescriptor as Described, ServiceDescriptor};

use crate::codec::descriptor::MethodDescriptor;
use crate::schema::resource;
use crate::schema::resource::{Resource, verb};

/// A resource of a service.
#[derive(Clone, Debug)]
pub(super) struct ResourceInfo {
    /// The service's name in the configuration; empty for what is behind `--endpoint`.
    pub(super) configured: String,
    /// The resource as it is typed.
    pub(super) name: String,
    /// The same with its version; `None` for what is none of the platform's.
    pub(super) versioned: Option<String>,
    pub(super) service: ServiceDescriptor,
}

/// The resources among the services called `names`, those of other versions of the API than `version` left out; what
/// `api-resources` shows. The `siblings` are the services that are configured to be at the same endpoint.
pub(super) fn offers(
    configured: &str,
    siblings: &[String],
    names: &[String],
    pool: &DescriptorPool,
    version: Option<&str>,
) -> Vec<ResourceInfo> {
    let offer = |named: resource::Named| {
        let service = pool.get_service_by_name(&named.full_name)?;
        Some(ResourceInfo {
            configured: configured.to_owned(),
            versioned: named.versioned(),
            name: named.name,
            service,
        })
    };
    resource::names(configured, siblings, names, version).into_iter().filter_map(offer).collect()
}

/// The one that `resource` means, however it is written.
pub(super) fn meant<'a>(
    offers: &'a [ResourceInfo],
    resource: &Resource,
    version: Option<&str>,
) -> Option<&'a ResourceInfo> {
    let mut names: Vec<String> = offers.iter().map(|offer| offer.service.full_name().to_owned()).collect();
    names.sort();
    names.dedup();
    // The place is for an error, which nobody sees.
    let (found, full_name) = resource.choose(&names, version, "").ok()?;
    let mut fitting = offers.iter().filter(|offer| offer.service.full_name() == full_name);
    // What all services have is there once for each.
    fitting.clone().find(|offer| offer.name == found.to_string()).or_else(|| fitting.next())
}

impl ResourceInfo {
    /// The verbs that can be called.
    pub(super) fn verbs(&self) -> impl Iterator<Item = Described> {
        self.service.methods().filter(|method| !method.is_client_streaming())
    }

    pub(super) fn verb(&self, name: &str) -> Option<MethodDescriptor> {
        let verbs: Vec<Described> = self.verbs().collect();
        let names: Vec<&str> = verbs.iter().map(Described::name).collect();
        let meant = verb::among(name, &names)?;
        verbs.iter().find(|method| method.name() == meant).map(MethodDescriptor::from)
    }

    /// Whether `typed` is this resource.
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
            let offers = offers(configured, &[configured.to_owned()], &names, &pool, version);
            let mut names: Vec<String> = offers.into_iter().map(|offer| offer.name).collect();
            names.sort();
            names
        };
        assert_eq!(typed("repository", None), ["repository.Plugin", "repository.Repository", "repository.ServerInfo"]);
        assert_eq!(typed("", None), ["core.ServerInfo", "repository.Plugin", "repository.Repository"]);
        assert_eq!(typed("identity", Some("v2")), ["identity.ServerInfo"]);
        let offers = offers("repository", &["repository".to_owned()], &names, &pool, None);
        let plugin = offers.iter().find(|offer| offer.name == "repository.Plugin").unwrap();
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
        let offers = offers("repository", &["repository".to_owned()], &names, &pool, None);
        let meant = |typed: &str| {
            let resource = Resource::parse(typed).unwrap();
            super::meant(&offers, &resource, None).map(|offer| offer.name.clone())
        };
        for typed in
            ["repository.Plugin", "repository.plugins", "Repositories.PLUG-IN", "spaceone.api.repository.v1.Plugin"]
        {
            assert_eq!(meant(typed).as_deref(), Some("repository.Plugin"), "{typed}");
        }
        assert_eq!(meant("repository.server_info").as_deref(), Some("repository.ServerInfo"));
        assert_eq!(meant("repository.nope"), None);
        assert_eq!(
            super::meant(&offers, &Resource::parse("repository.Plugin").unwrap(), Some("v2")).map(|it| &it.name),
            None
        );
    }
}
