//! Resolves a method by reflection, or by what an earlier run cached of it.

use std::collections::BTreeSet;
use std::sync::Arc;

use prost::Message as _;
use prost_reflect::{MethodDescriptor, ServiceDescriptor};
use prost_types::FileDescriptorProto;
use prost_types::method_options::IdempotencyLevel;

use super::call::Caller;
use super::descriptor_cache::DescriptorCache;
use super::descriptors::{self, Description, Gaps, misfit};
use super::reflection::{self, ReflectionRoute};
use super::retry::is_read_only;
use crate::error::{Error, Result};
use crate::schema::resource::{Resource, verb as verbs};

/// A method as the command line names it.
#[derive(Clone, Copy, Debug)]
pub struct MethodRef<'a> {
    /// With its service named as the environment names it.
    pub resource: &'a Resource,
    pub verb: &'a str,
    /// `None` takes the version that the service offers.
    pub api_version: Option<&'a str>,
}

/// A method as its service describes it.
#[derive(Clone, Debug)]
pub struct ResolvedMethod {
    pub resource: Resource,
    pub descriptor: MethodDescriptor,
    /// By its name, or by the description (`idempotency_level = NO_SIDE_EFFECTS`).
    pub is_read_only: bool,
    pub(super) description: Arc<Description>,
    /// How the description was fetched; `None` for the embedded service's.
    pub(super) route: Option<ReflectionRoute>,
}

/// What a service describes now, compared with what was cached.
pub enum Revalidation {
    Same,
    Changed(Box<ResolvedMethod>),
}

impl MethodRef<'_> {
    /// The service's full name by the platform's rule.
    pub fn service_by_rule(&self) -> String {
        self.resource.full_name(self.api_version)
    }

    /// Asks the endpoint of `caller` to describe the method. A description that is cached saves a round trip where the
    /// service has another name than by rule.
    pub async fn resolve(&self, caller: &Caller, cache: Option<&DescriptorCache>) -> Result<ResolvedMethod> {
        let by_rule = self.service_by_rule();
        let cached = cache.and_then(|cache| cache.get(&by_rule));
        let cached = cached.and_then(|(description, _)| self.choose(&description, "").ok());
        let asked = cached.map_or_else(|| by_rule.clone(), |(_, service)| service);
        let (description, route) = self.fetch(caller, &asked, None).await?;
        let resolved = self.find(Arc::new(description), Some(route), caller.endpoint())?;
        let service = resolved.descriptor.parent_service().full_name();
        if let Some(cache) = cache.filter(|_| service != by_rule && service != asked) {
            self.store(cache, &resolved);
        }
        Ok(resolved)
    }

    /// Caches what describes `resolved`, unless it was not fetched.
    pub fn store(&self, cache: &DescriptorCache, resolved: &ResolvedMethod) {
        if let Some(route) = resolved.route.clone() {
            cache.put(&self.service_by_rule(), &resolved.description, route);
        }
    }

    /// Resolves by what is cached; `None` where that does not fit.
    pub fn resolve_cached(&self, cache: &DescriptorCache) -> Option<ResolvedMethod> {
        let (description, route) = cache.get(&self.service_by_rule())?;
        self.find(Arc::new(description), Some(route), "").ok()
    }

    /// Asks for the description again, in the way in which `cached` was fetched, and compares them byte by byte.
    pub async fn revalidate(&self, cached: &ResolvedMethod, caller: &Caller) -> Result<Revalidation> {
        let service = cached.descriptor.parent_service();
        let (description, route) = self.fetch(caller, service.full_name(), cached.route.as_ref()).await?;
        if description == *cached.description && Some(&route) == cached.route.as_ref() {
            return Ok(Revalidation::Same);
        }
        let changed = self.find(Arc::new(description), Some(route), caller.endpoint())?;
        Ok(Revalidation::Changed(Box::new(changed)))
    }

    /// Resolves by `description`, which holds all that `endpoint` has.
    pub fn resolve_in(&self, description: Description, endpoint: &str) -> Result<ResolvedMethod> {
        self.find(Arc::new(description), None, endpoint)
    }

    async fn fetch(
        &self,
        caller: &Caller,
        asked: &str,
        route: Option<&ReflectionRoute>,
    ) -> Result<(Description, ReflectionRoute)> {
        let choose = |description: &Description| self.choose(description, caller.endpoint());
        let (_, description, route) = fetch_service(caller, asked, route, choose).await?;
        Ok((description, route))
    }

    /// The resource and the service under the names that they have there.
    fn choose(&self, description: &Description, endpoint: &str) -> Result<(Resource, String)> {
        choose((self.resource.clone(), self.service_by_rule()), description, endpoint, |services| {
            self.resource.choose(services, self.api_version, endpoint)
        })
    }

    fn find(
        &self,
        description: Arc<Description>,
        route: Option<ReflectionRoute>,
        endpoint: &str,
    ) -> Result<ResolvedMethod> {
        let (resource, service) = self.choose(&description, endpoint)?;
        ResolvedMethod::new(resource, &service, self.verb, description, route, endpoint)
    }
}

impl ResolvedMethod {
    fn new(
        resource: Resource,
        service: &str,
        verb: &str,
        description: Arc<Description>,
        route: Option<ReflectionRoute>,
        endpoint: &str,
    ) -> Result<Self> {
        let names = description.methods(service, endpoint)?.ok_or_else(|| undescribed(service, endpoint))?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let method = match_verb(verb, &names, &resource, endpoint)?;
        let descriptor = description.method(service, method, endpoint)?;
        let descriptor = descriptor.ok_or_else(|| undescribed(service, endpoint))?;
        let is_read_only = is_read_only(method) || has_no_side_effects(&description, service, method);
        Ok(Self { resource, descriptor, is_read_only, description, route })
    }

    /// The method among the types of these `names` too, as far as the service describes them; `None` if it describes
    /// none of them.
    pub async fn with_types(&self, names: &BTreeSet<String>, caller: &Caller) -> Option<Self> {
        let mut description = (*self.description).clone();
        let before = description.files.len();
        let fetching = async {
            for name in names {
                // Who does not answer for one type does not for the next.
                let Ok((fetched, _)) = reflection::fetch(caller, name, None).await else { break };
                for file in fetched.files {
                    if !description.files.contains(&file) {
                        description.files.push(file);
                    }
                }
            }
        };
        match caller.timeout() {
            Some(timeout) => drop(tokio::time::timeout(timeout, fetching).await),
            None => fetching.await,
        }
        if description.files.len() == before {
            return None;
        }
        let (service, method) = (self.descriptor.parent_service(), self.descriptor.name());
        let descriptor = description.method(service.full_name(), method, caller.endpoint()).ok().flatten()?;
        Some(Self { descriptor, description: Arc::new(description), ..self.clone() })
    }

    /// Another method of the same resource.
    pub fn sibling(&self, verb: &str, endpoint: &str) -> Result<Self> {
        let (resource, description) = (self.resource.clone(), Arc::clone(&self.description));
        Self::new(
            resource,
            self.descriptor.parent_service().full_name(),
            verb,
            description,
            self.route.clone(),
            endpoint,
        )
    }
}

/// Fetches the description of the service that `choose` takes of those that are there, with what else it says of it.
/// One round trip is enough if that is `asked`.
async fn fetch_service<T>(
    caller: &Caller,
    asked: &str,
    route: Option<&ReflectionRoute>,
    choose: impl FnOnce(&Description) -> Result<(T, String)>,
) -> Result<((T, String), Description, ReflectionRoute)> {
    let (description, route) = reflection::fetch(caller, asked, route).await?;
    let chosen = choose(&description)?;
    if chosen.1 == asked || description.methods(&chosen.1, caller.endpoint())?.is_some() {
        return Ok((chosen, description, route));
    }
    let (description, route) = reflection::fetch(caller, &chosen.1, None).await?;
    Ok((chosen, description, route))
}

/// `by_rule` if that service is described, listed or not; else what `choose` takes of the listed ones.
fn choose<T>(
    by_rule: (T, String),
    description: &Description,
    endpoint: &str,
    choose: impl FnOnce(&[String]) -> Result<(T, String)>,
) -> Result<(T, String)> {
    if description.methods(&by_rule.1, endpoint)?.is_some() { Ok(by_rule) } else { choose(&description.services) }
}

/// The descriptor of the service `by_rule`, or else of the one that `choose` takes of the listed ones.
pub async fn describe_service<T>(
    caller: &Caller,
    by_rule: (T, String),
    choose_listed: impl FnOnce(&[String]) -> Result<(T, String)>,
) -> Result<(T, ServiceDescriptor, Gaps)> {
    let (asked, endpoint) = (by_rule.1.clone(), caller.endpoint());
    let choose = |description: &Description| choose(by_rule, description, endpoint, choose_listed);
    let ((chosen, name), description, _) = fetch_service(caller, &asked, None, choose).await?;
    let (pool, gaps) = descriptors::pool(&description.files);
    let service = pool.get_service_by_name(&name).ok_or_else(|| match gaps.of_service(&name, &pool) {
        Some(why) => misfit(endpoint, why),
        None => undescribed(&name, endpoint),
    })?;
    Ok((chosen, service, gaps))
}

/// The method of `service`, which is `resource` at `endpoint`, that the user calls `verb`.
pub fn find_method(
    service: &ServiceDescriptor,
    resource: &Resource,
    verb: &str,
    endpoint: &str,
) -> Result<prost_reflect::MethodDescriptor> {
    let methods: Vec<_> = service.methods().collect();
    let names: Vec<&str> = methods.iter().map(prost_reflect::MethodDescriptor::name).collect();
    let name = match_verb(verb, &names, resource, endpoint)?;
    let found = methods.iter().find(|method| method.name() == name).cloned();
    found.ok_or_else(|| Error::local(format!("{endpoint} does not describe {name} of {resource}")))
}

/// The one of the methods `names` that the user calls `verb`.
fn match_verb<'a>(verb: &str, names: &[&'a str], resource: &Resource, endpoint: &str) -> Result<&'a str> {
    verbs::among(verb, names).ok_or_else(|| {
        Error::usage(format!("{resource} at {endpoint} has no verb {verb}")).hint(verbs::hint_at(verb, names))
    })
}

fn undescribed(service: &str, endpoint: &str) -> Error {
    Error::local(format!("{endpoint} offers {service} but does not describe it"))
}

/// Whether a method's options promise that a call changes nothing.
fn has_no_side_effects(description: &Description, service: &str, method: &str) -> bool {
    let files = description.files.iter().filter_map(|file| FileDescriptorProto::decode(file.clone()).ok());
    files.into_iter().any(|file| {
        let is_wanted =
            |name: &str| service.strip_suffix(name).is_some_and(|rest| rest.trim_end_matches('.') == file.package());
        let service = file.service.iter().find(|service| is_wanted(service.name()));
        let method = service.and_then(|service| service.method.iter().find(|known| known.name() == method));
        let options = method.and_then(|method| method.options.as_ref());
        options.is_some_and(|options| options.idempotency_level() == IdempotencyLevel::NoSideEffects)
    })
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    #[test]
    fn a_description_can_mark_a_method_as_read_only() {
        let source = r#"syntax = "proto3"; package a.b; message M {}
            service S {
                rpc search(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
                rpc reset(M) returns (M) { option idempotency_level = IDEMPOTENT; }
                rpc get_or_create(M) returns (M);
            }"#;
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("t.proto"), source).unwrap();
        let set = protox::compile(["t.proto"], [dir.path()]).unwrap();
        let files = set.file.iter().map(|file| Bytes::from(file.encode_to_vec())).collect();
        let description = Description { services: vec!["a.b.S".to_owned()], files };
        assert!(has_no_side_effects(&description, "a.b.S", "search"));
        for (service, method) in
            [("a.b.S", "reset"), ("a.b.S", "get_or_create"), ("b.S", "search"), ("a.b.T", "search")]
        {
            assert!(!has_no_side_effects(&description, service, method), "{service}.{method}");
        }
    }
}
