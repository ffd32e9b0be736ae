//! What is asked about: `SERVICE.RESOURCE[.VERB[.FIELD...]]`.

use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::resource::Resource;

/// A path as it is typed. Where the resource ends in it depends on what is offered, since a full name such as
/// `grpc.health.v1.Health` has any number of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    /// As it is without knowing what is offered: the first two parts, or the five of one of the platform's full names.
    resource: Resource,
    /// How much of the text that is, in bytes.
    length: usize,
}

impl Address {
    /// Reads `repository.Plugin`, `repository.Plugin.register.tags`, `spaceone.api.repository.v1.Plugin.register`.
    ///
    /// # Errors
    /// A usage error for what names no resource.
    pub fn parse(text: &str) -> Result<Self> {
        if text.split('.').any(str::is_empty) {
            // For its words: this is no resource.
            Resource::parse(text)?;
        }
        let parts = if text.starts_with("spaceone.api.") { 5 } else { 2 };
        let length = text.match_indices('.').nth(parts - 1).map_or(text.len(), |(at, _)| at);
        Ok(Self { text: text.to_owned(), resource: Resource::parse(&text[..length])?, length })
    }

    /// The resource, as far as the text alone tells.
    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// Which of the `offered` full names is meant, if the one by rule is not there.
    pub fn find<'a>(&self, offered: &'a [String], api_version: &str) -> Option<&'a str> {
        let in_full = offered.iter().filter(|name| self.behind(name).is_some()).max_by_key(|name| name.len());
        in_full.map(String::as_str).or_else(|| self.resource.find(offered, api_version))
    }

    /// The error for a resource that is not among the `offered` full names.
    pub fn unknown(&self, offered: &[String], api_version: &str, place: &str) -> Error {
        let parts = |text: &str| text.split('.').count();
        // A full name with a slip in it is as long as what was meant.
        let as_long =
            |count: usize| self.text.match_indices('.').nth(count - 1).map_or(&*self.text, |(at, _)| &self.text[..at]);
        let meant = offered.iter().filter(|name| parts(name) > 2 && parts(name) <= parts(&self.text));
        let meant =
            meant.map(|name| (name, as_long(parts(name)))).find(|(name, typed)| nearest(typed, [&***name]).is_some());
        match meant {
            Some((name, typed)) => {
                Error::usage(format!("{place} has no resource {typed}")).hint(format!("did you mean {name}?"))
            }
            None => self.resource.unknown(offered, api_version, place),
        }
    }

    /// The resource, now that it is known to be `full_name`, and the verb and fields that follow it.
    pub fn split<'a>(&'a self, full_name: &str) -> Result<(Resource, Vec<&'a str>)> {
        let (resource, rest) = match self.behind(full_name) {
            Some(rest) => (Resource::parse(full_name)?, rest),
            None => (self.resource.clone(), &self.text[self.length..]),
        };
        Ok((resource, rest.split('.').skip(1).collect()))
    }

    /// What follows `full_name`, if the text begins with that.
    fn behind(&self, full_name: &str) -> Option<&str> {
        self.text.strip_prefix(full_name).filter(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, offered: &[&str]) -> (String, String) {
        let offered: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
        let address = Address::parse(text).unwrap();
        let found = address.find(&offered, "v1").unwrap();
        let (resource, rest) = address.split(found).unwrap();
        (resource.to_string(), rest.join("/"))
    }

    #[test]
    fn two_parts_are_the_resource_and_the_rest_leads_into_it() {
        let offered = ["grpc.health.v1.Health", "spaceone.api.repository.v1.Plugin"];
        for (text, resource, rest) in [
            ("repository.Plugin", "repository.Plugin", ""),
            ("repository.Plugin.list", "repository.Plugin", "list"),
            ("repository.Plugin.list.query.page", "repository.Plugin", "list/query/page"),
            ("repository.Health.Check", "repository.Health", "Check"),
        ] {
            assert_eq!(split(text, &offered), (resource.to_owned(), rest.to_owned()), "{text}");
        }
    }

    #[test]
    fn full_names_are_told_by_what_is_offered() {
        let offered = ["grpc.health.v1.Health", "a.b", "a.b.C", "spaceone.api.repository.v1.Plugin"];
        for (text, resource, rest) in [
            ("grpc.health.v1.Health", "grpc.health.v1.Health", ""),
            ("grpc.health.v1.Health.Check.service", "grpc.health.v1.Health", "Check/service"),
            ("a.b.C.get", "a.b.C", "get"),
            ("spaceone.api.repository.v1.Plugin.list.query", "spaceone.api.repository.v1.Plugin", "list/query"),
        ] {
            assert_eq!(split(text, &offered), (resource.to_owned(), rest.to_owned()), "{text}");
        }
        let plugin = Address::parse("spaceone.api.repository.v1.Plugin.register").unwrap();
        assert_eq!(plugin.resource().full_name("v1"), "spaceone.api.repository.v1.Plugin");
    }

    #[test]
    fn an_unknown_resource_names_the_nearest() {
        let offered = ["grpc.health.v1.Health", "spaceone.api.repository.v1.Plugin"].map(str::to_owned);
        let told = |text: &str| Address::parse(text).unwrap().unknown(&offered, "v1", "local").to_string();
        for (text, wrong, meant) in [
            ("grpc.heatlh.v1.Health.Check", "grpc.heatlh.v1.Health", "grpc.health.v1.Health"),
            ("repository.Plugn.register", "repository.Plugn", "repository.Plugin"),
        ] {
            assert_eq!(told(text), format!("error: local has no resource {wrong}\nhint: did you mean {meant}?"));
        }
    }

    #[test]
    fn what_names_no_resource_is_refused() {
        for wrong in ["", "repository", "repository.", "repository.Plugin.", ".Plugin", "a..b", "."] {
            assert_eq!(Address::parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
