//! Candidates that services know: resources, verbs, addresses, plugins.

use prost_reflect::MethodDescriptor as Described;

use super::context::{Context, starting_with};
use super::fields;
use super::remote::{LIST, RemoteServices};
use super::resource_info::{self, ResourceInfo};
use super::shell::Candidate;
use crate::output::view::ResponseKind;
use crate::schema::resource::{Resource, alias, verb};
use crate::schema::spaceone::{is_plugin_server, is_version};
use prost_reflect::{MessageDescriptor, MethodDescriptor};

impl Context {
    fn version(&self) -> Option<&str> {
        self.line.value("api_version")
    }

    /// Resources, or first their services if there are several; and aliases, once one is begun.
    pub(super) fn resources(&self, word: &str) -> Vec<Candidate> {
        let Some(remote) = self.remote() else { return Vec::new() };
        let services = remote.services();
        let has_service = word.contains('.');
        let mut candidates = if !word.is_empty() && !has_service { self.aliases(&services) } else { Vec::new() };
        let with_dot = |service: &String| Candidate::new(&format!("{service}."), "");
        if !has_service && services.len() > 1 {
            candidates.extend(services.iter().map(with_dot));
            return candidates;
        }
        if is_plugin_server(word) && service_of(word).is_none_or(|service| !is_plugin_server(service)) {
            candidates.extend(services.iter().filter(|service| is_plugin_server(service)).map(with_dot));
        }
        let resources = self.resources_of(remote, word);
        // If the service says what fits here, only the aliases of that do.
        candidates
            .retain(|alias| resources.is_empty() || resources.iter().any(|known| is_same(&known.value, &alias.help)));
        candidates.extend(resources);
        candidates
    }

    fn resources_of(&self, remote: &RemoteServices, word: &str) -> Vec<Candidate> {
        let resources = remote.resources(service_of(word), self.version());
        let verb = self.verb_name();
        let has_verb = |resource: &&ResourceInfo| verb.is_some_and(|verb| resource.verb(verb).is_some());
        // A verb that no resource has is a command that takes any.
        let is_verb = self.line.value("verb").is_some() || resources.iter().any(|resource| has_verb(&resource));
        let with_version = word.split('.').nth(1).is_some_and(is_version) && word.matches('.').count() == 2;
        let fitting = resources.iter().filter(|resource| !is_verb || has_verb(resource));
        let candidates = fitting.filter_map(|resource| {
            let name = if with_version { resource.versioned.as_ref()? } else { &resource.name };
            Some(Candidate::new(name, &join(resource.verbs().map(|verb| verb.name().to_owned()))))
        });
        candidates.collect()
    }

    /// Addresses to explain. A single one is also offered with a dot, if anything can follow that.
    pub(super) fn addresses(&self, word: &str) -> Vec<Candidate> {
        let mut candidates = starting_with(word, self.addresses_at(word));
        if let [only] = &candidates[..] {
            let dotted = format!("{}.", only.value);
            if !only.value.ends_with('.') && !starting_with(&dotted, self.addresses_at(&dotted)).is_empty() {
                candidates.push(Candidate::new(&dotted, ""));
            }
        }
        candidates
    }

    /// Resources while no verb is begun, then verbs, then fields of the request.
    fn addresses_at(&self, word: &str) -> Vec<Candidate> {
        let Some(remote) = self.remote() else { return Vec::new() };
        let Some((first, below)) = word.split_once('.') else { return self.resources(word) };
        let mut candidates = Vec::new();
        if let Some(resource) = alias::find(first, &self.own_aliases()).ok().flatten()
            && let Some(resource) = self.resource_info(&resource)
        {
            // `repository` is an alias and a service: before a verb it is the alias.
            let is_verb = |text: &str| verb::is_known(text.split('.').next().unwrap_or_default());
            candidates = below_resource(&resource, below);
            candidates.retain(|candidate| is_verb(&candidate.value));
            candidates = fields::prefixed(&word[..=first.len()], candidates);
        }
        let resources = remote.resources(service_of(word), self.version());
        let resource = |dot: usize| {
            let resource = Resource::parse(&word[..dot]).ok()?;
            Some((resource_info::find(&resources, &resource, self.version())?, dot))
        };
        match word.rmatch_indices('.').find_map(|(dot, _)| resource(dot)) {
            Some((resource, dot)) => {
                candidates.extend(fields::prefixed(&word[..=dot], below_resource(resource, &word[dot + 1..])));
            }
            None => candidates.extend(self.resources(word)),
        }
        candidates
    }

    /// The verb to call: the typed one, or the command's, e.g. `list`.
    fn verb_name(&self) -> Option<&str> {
        let command = match self.commands()[..] {
            ["explain"] => None,
            // A template describes the rows of `list`.
            ["template", "set"] => Some(LIST),
            [_] => self.line.commands.first().map(String::as_str),
            ["plugin", "export"] => Some(LIST),
            ["plugin", "versions"] => Some("get_versions"),
            // These take specs, i.e. requests of `register`.
            ["plugin", "apply" | "diff" | "build" | "push" | "publish"] => Some("register"),
            ["plugin", verb] => Some(verb),
            _ => None,
        };
        self.line.value("verb").or(command)
    }

    /// The registered plugins that the line does not name yet.
    pub(super) fn plugins(&self) -> Vec<Candidate> {
        let (Some(remote), Some(resource)) = (self.remote(), self.resource()) else { return Vec::new() };
        let row = resource.verb(LIST).and_then(|list| ResponseKind::new(&list.output()).row().cloned());
        let Some(id) = row.and_then(|row| row.get_field_by_name("plugin_id")) else { return Vec::new() };
        let named: Vec<&str> = self.line.values("plugin_id").collect();
        let plugins = remote.values(&resource, &id);
        let others = plugins.iter().filter(|(plugin, _)| !named.contains(&plugin.as_str()));
        others.map(|(plugin, name)| Candidate::new(plugin, name)).collect()
    }

    /// The resource that is typed, or that the command is about.
    pub(super) fn resource(&self) -> Option<ResourceInfo> {
        let only_service = || match &self.remote()?.services()[..] {
            [] => Some(String::new()),
            [only] => Some(only.clone()),
            _ => None,
        };
        let typed = match self.commands()[..] {
            ["plugin", ..] => "repository.Plugin",
            _ => self.line.value("resource")?,
        };
        self.resource_info(&Resource::called(typed, || Ok(self.own_aliases()), only_service, Vec::new).ok()?)
    }

    fn resource_info(&self, resource: &Resource) -> Option<ResourceInfo> {
        let resources = self.remote()?.resources(Some(&resource.service), self.version());
        resource_info::find(&resources, resource, self.version()).cloned()
    }

    pub(super) fn method(&self) -> Option<MethodDescriptor> {
        self.resource()?.verb(self.verb_name()?)
    }

    /// The type of the rows, or of the only value, in the response.
    pub(super) fn row(&self) -> Option<MessageDescriptor> {
        ResponseKind::new(&self.method()?.output()).row().cloned()
    }

    /// The verbs of the resource, or of all if none is typed yet.
    pub(super) fn verbs(&self) -> Vec<Candidate> {
        if self.line.value("resource").is_some() {
            return self.resource().map(|resource| resource.verbs().map(verb_candidate).collect()).unwrap_or_default();
        }
        let resources = self.remote().map(|remote| remote.resources(None, self.version())).unwrap_or_default();
        let mut candidates: Vec<Candidate> = Vec::new();
        for resource in &resources {
            for method in resource.verbs() {
                match candidates.iter_mut().find(|candidate| candidate.value == method.name()) {
                    Some(candidate) => candidate.help = format!("{}, {}", candidate.help, resource.name),
                    None => candidates.push(Candidate::new(method.name(), &resource.name)),
                }
            }
        }
        candidates
    }
}

/// The service of a resource that is typed: up to the first dot, or to the second of `plugin.slack.Webhook`.
fn service_of(word: &str) -> Option<&str> {
    let dots = || word.match_indices('.').map(|(dot, _)| dot);
    let first = dots().next()?;
    let plugin = dots().nth(1).map(|dot| &word[..dot]).filter(|service| is_plugin_server(service));
    Some(plugin.filter(|service| !is_version(&service[first + 1..])).unwrap_or(&word[..first]))
}

/// True if an alias of `target` is the resource `name`, whatever its version.
fn is_same(name: &str, target: &str) -> bool {
    let plain = |name: &str| Resource::parse(name).ok().map(|resource| (resource.service, resource.name));
    name == target || plain(name) == plain(target)
}

/// The verbs of a resource, or the fields of a verb's request: what can follow a resource and a dot.
fn below_resource(resource: &ResourceInfo, below: &str) -> Vec<Candidate> {
    let Some((verb, path)) = below.split_once('.') else {
        return resource.verbs().map(verb_candidate).collect();
    };
    let fields = resource.verb(verb).map(|method| fields::names(&method.input(), path)).unwrap_or_default();
    fields::prefixed(&format!("{verb}."), fields)
}

/// A verb, with the fields of its request as help.
fn verb_candidate(method: Described) -> Candidate {
    Candidate::new(method.name(), &join(method.input().fields().map(|field| field.name().to_owned())))
}

fn join(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}
