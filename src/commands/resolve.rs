//! The way from a resource and a verb to a method: what the service calls them, by its own description.

use std::sync::Arc;

use prost_reflect::MethodDescriptor;

use crate::error::{Error, Result};
use crate::grpc::cache_entry::Kept;
use crate::grpc::call::Caller;
use crate::grpc::descriptors::{Closure, Description};
use crate::grpc::reflection;
use crate::grpc::reflection::Way;
use crate::schema::resource::{Resource, verb as verbs};

/// A method as the command line names it.
#[derive(Clone, Copy, Debug)]
pub struct MethodRef<'a> {
    /// With its service named as the environment names it.
    pub resource: &'a Resource,
    pub verb: &'a str,
    /// `None` leaves it to what there is.
    pub api_version: Option<&'a str>,
}

/// A method as the service names it, and what describes it.
#[derive(Clone, Debug)]
pub struct Found {
    pub resource: Resource,
    /// The service's full name.
    pub service: String,
    pub method: String,
    pub description: Arc<Description>,
    pub closure: Closure,
    /// How the description was got; `None` if nobody was asked for it.
    pub way: Option<Way>,
}

impl MethodRef<'_> {
    /// The full name that the resource has by the platform's rule.
    pub fn by_rule(&self) -> String {
        self.resource.full_name(self.api_version)
    }

    /// Asks the endpoint behind `caller` for its own description. One round trip is enough if the service is called
    /// `expected`, or as it is by the platform's rule where nothing is expected.
    pub async fn ask(&self, caller: &Caller, expected: Option<String>) -> Result<Found> {
        let asked = expected.unwrap_or_else(|| self.by_rule());
        let (description, way) = reflection::fetch(caller, &asked).await?;
        self.go_on(asked, description, way, caller).await
    }

    /// As [`MethodRef::ask`], in the way in which `kept` was got; `None` if it is still word for word what was said.
    pub async fn ask_again(&self, kept: &Kept, caller: &Caller) -> Result<Option<Found>> {
        let (description, way) = reflection::fetch_again(caller, &kept.service, &kept.way).await?;
        if description == kept.description && way == kept.way {
            return Ok(None);
        }
        self.go_on(kept.service.clone(), description, way, caller).await.map(Some)
    }

    /// `asked` is the service whose files were asked for.
    async fn go_on(&self, asked: String, description: Description, way: Way, caller: &Caller) -> Result<Found> {
        let place = caller.place();
        let (resource, service) = self.choose(&description, place)?;
        let (description, way) = if service == asked || description.methods(&service, place)?.is_some() {
            (description, way)
        } else {
            reflection::fetch(caller, &service).await?
        };
        self.find(resource, service, Arc::new(description), Some(way), place)
    }

    /// What is sought in `description`, which describes all that `place` has.
    pub fn among(&self, description: Description, place: &str) -> Result<Found> {
        let (resource, service) = self.choose(&description, place)?;
        self.find(resource, service, Arc::new(description), None, place)
    }

    /// The resource under the names that it has there, and its service's full name. The one by rule need not be listed.
    fn choose(&self, description: &Description, place: &str) -> Result<(Resource, String)> {
        let by_rule = self.by_rule();
        if description.methods(&by_rule, place)?.is_some() {
            return Ok((self.resource.clone(), by_rule));
        }
        self.resource.choose(&description.services, self.api_version, place)
    }

    fn find(
        &self,
        resource: Resource,
        service: String,
        description: Arc<Description>,
        way: Option<Way>,
        place: &str,
    ) -> Result<Found> {
        let method = method_of(&description, &service, self.verb, &resource, place)?;
        let closure = description.closure(&service, &method);
        Ok(Found { resource, service, method, description, closure, way })
    }

    /// What was found when `kept` was; `None` if it would be something else now.
    pub fn as_kept(&self, kept: Kept) -> Option<Found> {
        let Kept { description, way, service, method, closure } = kept;
        let resource = if service == self.by_rule() {
            self.resource.clone()
        } else {
            // Nothing is told of what does not fit: the service is asked.
            let (resource, name) = self.resource.choose(&description.services, self.api_version, "").ok()?;
            Some(resource).filter(|_| name == service)?
        };
        Some(Found { resource, service, method, description: Arc::new(description), closure, way: Some(way) })
    }
}

impl Found {
    /// Another method of the same resource.
    pub fn sibling(&self, verb: &str, place: &str) -> Result<Self> {
        let method = method_of(&self.description, &self.service, verb, &self.resource, place)?;
        let closure = self.description.closure(&self.service, &method);
        Ok(Self { method, closure, ..self.clone() })
    }

    /// Its descriptor, in a pool of what it needs.
    pub fn descriptor(&self, place: &str) -> Result<MethodDescriptor> {
        let found = self.closure.method(&self.service, &self.method, &self.description, place)?;
        found.ok_or_else(|| undescribed(&self.service, place))
    }

    /// As it is kept for the next run; `None` if nobody was asked.
    pub fn to_kept(&self) -> Option<Kept> {
        Some(Kept {
            description: (*self.description).clone(),
            way: self.way.clone()?,
            service: self.service.clone(),
            method: self.method.clone(),
            closure: self.closure.clone(),
        })
    }
}

/// The method of `service` that the user calls `verb`.
fn method_of(description: &Description, service: &str, verb: &str, resource: &Resource, place: &str) -> Result<String> {
    let methods = description.methods(service, place)?.ok_or_else(|| undescribed(service, place))?;
    let names: Vec<&str> = methods.iter().map(String::as_str).collect();
    Ok(meant(verb, &names, resource, place)?.to_owned())
}

fn undescribed(service: &str, place: &str) -> Error {
    Error::local(format!("{place} offers {service} but does not describe it"))
}

/// Which of the methods `names` the user calls `verb`. They are those of `resource` at `place`.
pub fn meant<'a>(verb: &str, names: &[&'a str], resource: &Resource, place: &str) -> Result<&'a str> {
    verbs::among(verb, names).ok_or_else(|| {
        Error::usage(format!("{resource} at {place} has no verb {verb}")).hint(verbs::hint_at(verb, names))
    })
}
