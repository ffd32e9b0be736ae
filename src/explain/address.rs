//! The path to explain: `SERVICE[.VERSION].RESOURCE[.VERB[.FIELD...]]`.

use crate::error::{Error, Result};
use crate::schema::did_you_mean::nearest;
use crate::schema::resource::Resource;
use crate::schema::spaceone::{PLUGIN_VERSION, is_plugin_server, is_version};

/// A path as typed. Where its resource ends depends on what is offered, since a full name such as
/// `grpc.health.v1.Health` has any number of parts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    text: String,
    /// By the text alone: the first two parts, three with a version, or the five of a platform's full name.
    resource: Resource,
    /// The resource's length in the text, in bytes.
    length: usize,
}

/// Whether the path leads to a plugin's own server, as `plugin.slack.Webhook.init` does. In `plugin.Plugin.get`, the
/// third part is written like a verb: it is one of the service `plugin`, or of an alias.
pub fn is_at_plugin_server(text: &str) -> bool {
    let mut parts = text.split('.').skip(1);
    is_plugin_server(text)
        && parts.next().is_some_and(|name| !is_version(name))
        && parts.next().is_some_and(|resource| resource.starts_with(char::is_uppercase))
}

impl Address {
    pub fn parse(text: &str) -> Result<Self> {
        if text.split('.').any(str::is_empty) {
            // For its error: an empty part is invalid.
            Resource::parse(text)?;
        }
        let parts = match text.split('.').nth(1) {
            Some("api") if text.starts_with("spaceone.api.") => 5,
            // `repository.plugin.list` is a verb of a resource, unless there is a version of that name.
            _ if is_at_plugin_server(text) => 3,
            Some(version) if is_version(version) && !version.eq_ignore_ascii_case(PLUGIN_VERSION) => 3,
            _ => 2,
        };
        Self::with_parts(text, parts)
    }

    /// Takes the first `parts` as the resource.
    fn with_parts(text: &str, parts: usize) -> Result<Self> {
        let length = text.match_indices('.').nth(parts - 1).map_or(text.len(), |(at, _)| at);
        Ok(Self { text: text.to_owned(), resource: Resource::parse(&text[..length])?, length })
    }

    /// The same with [`PLUGIN_VERSION`] as the version: `monitoring.plugin.Webhook.verify`.
    fn with_plugin_version(&self) -> Option<Self> {
        let is_plugin = self.text[..self.length].split('.').nth(1)? == PLUGIN_VERSION;
        if is_plugin && self.length < self.text.len() { Self::with_parts(&self.text, 3).ok() } else { None }
    }

    pub fn resource(&self) -> &Resource {
        &self.resource
    }

    /// A path into `resource`; `below` is the verb and the fields, or empty.
    pub fn of(resource: Resource, below: &str) -> Self {
        let name = resource.to_string();
        let text = if below.is_empty() { name.clone() } else { format!("{name}.{below}") };
        Self { text, resource, length: name.len() }
    }

    /// The verb and the fields.
    pub fn below(&self) -> Vec<String> {
        parts(&self.text[self.length..])
    }

    /// Chooses the resource among the full names that `place` has `offered`; returns it with the verb and fields, and
    /// its full name.
    ///
    /// # Errors
    /// Those of [`Resource::choose`]; for a misspelled full name, the nearest.
    pub fn choose(
        &self,
        offered: &[String],
        api_version: Option<&str>,
        place: &str,
    ) -> Result<((Resource, Vec<String>), String)> {
        let in_full = offered.iter().filter_map(|name| Some((name, self.after(name)?)));
        if let Some((name, below)) = in_full.max_by_key(|(name, _)| name.len()) {
            return Ok(((Resource::parse(name)?, parts(below)), name.clone()));
        }
        if let Some(other) = self.with_plugin_version()
            && let Ok((resource, name)) = other.resource.choose(offered, api_version, place)
        {
            return Ok(((resource, other.below()), name));
        }
        match self.resource.choose(offered, api_version, place) {
            Ok((resource, name)) => Ok(((resource, self.below()), name)),
            Err(error) => self
                .without_service(offered, api_version, place)
                .ok_or_else(|| self.misspelled(offered, place).unwrap_or(error)),
        }
    }

    /// The choice where the text begins with a resource, whose service goes without saying behind `--endpoint`.
    fn without_service(
        &self,
        offered: &[String],
        api_version: Option<&str>,
        place: &str,
    ) -> Option<((Resource, Vec<String>), String)> {
        let (name, _) = self.text.split_once('.')?;
        let is_service = |full: &String| full.rsplit('.').skip(1).any(|part| part.eq_ignore_ascii_case(name));
        if offered.iter().any(is_service) {
            return None;
        }
        let (resource, full_name) = Resource::of_service("", name).ok()?.choose(offered, api_version, place).ok()?;
        Some(((resource, parts(&self.text[name.len()..])), full_name))
    }

    /// The error for a misspelled full name, which has as many parts as the right one.
    fn misspelled(&self, offered: &[String], place: &str) -> Option<Error> {
        let count = |text: &str| text.split('.').count();
        let beginning =
            |count: usize| self.text.match_indices('.').nth(count - 1).map_or(&*self.text, |(at, _)| &self.text[..at]);
        let long = offered.iter().filter(|name| count(name) > 2 && count(name) <= count(&self.text));
        let mut typed = long.map(|name| (name, beginning(count(name))));
        let (name, typed) = typed.find(|(name, typed)| nearest(typed, [&***name]).is_some())?;
        Some(Error::usage(format!("{place} has no resource {typed}")).hint(format!("did you mean {name}?")))
    }

    fn after(&self, full_name: &str) -> Option<&str> {
        self.text.strip_prefix(full_name).filter(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

fn parts(below: &str) -> Vec<String> {
    below.split('.').skip(1).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str, offered: &[&str]) -> (String, String) {
        let offered: Vec<String> = offered.iter().map(|&name| name.to_owned()).collect();
        let address = Address::parse(text).unwrap();
        let ((resource, below), _) = address.choose(&offered, None, "local").unwrap();
        (resource.to_string(), below.join("/"))
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
    fn a_version_is_part_of_the_resource() {
        let offered = ["spaceone.api.identity.v2.User", "spaceone.api.repository.v1.Plugin"];
        let plugins = ["spaceone.api.repository.plugin.List", "spaceone.api.repository.v1.Plugin"];
        for (text, offered, resource, rest) in [
            ("identity.v2.User", &offered, "identity.v2.User", ""),
            ("identity.v2.users.list.query", &offered, "identity.v2.User", "list/query"),
            ("identity.User.list", &offered, "identity.User", "list"),
            ("repository.plugin.list", &offered, "repository.Plugin", "list"),
            ("repository.plugin.list", &plugins, "repository.plugin.List", ""),
            ("repository.plugin.List.verify.options", &plugins, "repository.plugin.List", "verify/options"),
            ("repository.plugin.get", &plugins, "repository.Plugin", "get"),
        ] {
            assert_eq!(split(text, offered), (resource.to_owned(), rest.to_owned()), "{text}");
        }
    }

    #[test]
    fn full_names_are_recognized_among_the_offered() {
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
        assert_eq!(plugin.resource().full_name(None), "spaceone.api.repository.v1.Plugin");
    }

    #[test]
    fn an_unknown_resource_names_the_nearest() {
        let offered = ["grpc.health.v1.Health", "spaceone.api.repository.v1.Plugin"].map(str::to_owned);
        let error = |text: &str| Address::parse(text).unwrap().choose(&offered, None, "local").unwrap_err().to_string();
        for (text, wrong, right) in [
            ("grpc.heatlh.v1.Health.Check", "grpc.heatlh.v1.Health", "grpc.health.v1.Health"),
            ("repository.Plugn.register", "repository.Plugn", "repository.Plugin"),
        ] {
            assert_eq!(error(text), format!("error: local has no resource {wrong}\nhint: did you mean {right}?"));
        }
    }

    #[test]
    fn a_path_can_lead_into_a_resource_that_is_known() {
        let address = Address::of(Resource::parse("repository.Plugin").unwrap(), "register.tags");
        assert_eq!(address, Address::parse("repository.Plugin.register.tags").unwrap());
        assert_eq!(address.below(), ["register", "tags"]);
        let address = Address::of(Resource::parse("repository.Plugin").unwrap(), "");
        assert_eq!(address, Address::parse("repository.Plugin").unwrap());
    }

    #[test]
    fn what_names_no_resource_is_refused() {
        for wrong in ["", "repository", "repository.", "repository.Plugin.", ".Plugin", "a..b", "."] {
            assert_eq!(Address::parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }
}
