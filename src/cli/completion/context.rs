//! What the arguments of this command line can be.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use prost_reflect::MethodDescriptor as Described;

use super::fields;
use super::shell::Candidate;
use crate::cli::API_RESOURCES_COLUMNS;
use crate::cli::completion::parsed_line::ParsedLine;
use crate::cli::completion::remote::{LIST, RemoteServices};
use crate::cli::completion::resource_info;
use crate::cli::completion::resource_info::ResourceInfo;
use crate::codec::descriptor::{MessageDescriptor, MethodDescriptor};
use crate::config::{BUILT_IN, ConfigDir, Environment, EnvironmentName, Selection, Variables};
use crate::net::tls::Tls;
use crate::output::view::{ResponseKind, TableTemplate};
use crate::query::{Column, Columns};
use crate::schema::resource::alias;
use crate::schema::resource::alias::Own;
use crate::schema::resource::{Resource, verb};
use crate::schema::spaceone::is_version;

/// What an argument is, told by its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ArgKind {
    Environment,
    Endpoint,
    Service,
    Resource,
    Verb,
    Columns,
    Sort,
    Parameter,
    Filter,
    Key,
    /// One of the user's names for resources.
    OwnAlias,
    /// `SERVICE.RESOURCE[.VERB[.FIELD]]`.
    Address,
    /// A plugin that is registered.
    Plugin,
    Path,
}

/// The line around the word that is completed, and what can be found out about it.
#[derive(Debug)]
pub(super) struct Context {
    line: ParsedLine,
    variables: Variables,
    deadline: Instant,
    /// Found out when it is first asked for: most words need no service.
    reach: OnceLock<Option<RemoteServices>>,
    /// The word can be an argument that is completed here, whether anything is known of it or not.
    asked: AtomicBool,
    /// The part of the word, at its end, that is to be the name of a file.
    file: Mutex<Option<String>>,
}

impl Context {
    pub(super) fn new(line: ParsedLine, variables: Variables, deadline: Instant) -> Self {
        Self {
            line,
            variables,
            deadline,
            reach: OnceLock::new(),
            asked: AtomicBool::new(false),
            file: Mutex::default(),
        }
    }

    /// Whether the word can be an argument that is completed here.
    pub(super) fn was_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed)
    }

    /// The part of the word that is to be the name of a file, if one was asked for.
    pub(super) fn file(&self) -> Option<String> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// What `word` can become as an argument of this kind.
    pub(super) fn candidates(&self, kind: ArgKind, word: &str) -> Vec<Candidate> {
        self.asked.store(true, Ordering::Relaxed);
        let candidates = match kind {
            ArgKind::Environment => self.environments(),
            ArgKind::Endpoint => self.endpoints(),
            ArgKind::Service => self.services(),
            ArgKind::Resource => match self.commands()[..] {
                ["template", deed @ ("remove" | "show")] => self.templates(word, deed == "show"),
                _ => self.resources(word),
            },
            ArgKind::Verb => self.verbs(),
            ArgKind::Columns => self.columns(word),
            ArgKind::Sort => self.sort_keys(word),
            ArgKind::Parameter => self.parameters(word),
            ArgKind::Filter => self.filters(word),
            ArgKind::Key => self.keys(),
            ArgKind::OwnAlias => self.own_aliases().iter().map(|(name, target)| candidate(name, target)).collect(),
            ArgKind::Address => self.addresses(word),
            ArgKind::Plugin => self.plugins(),
            ArgKind::Path => self.path(word),
        };
        beginning_with(word, candidates)
    }

    fn reach(&self) -> Option<&RemoteServices> {
        let find = || RemoteServices::of(&self.selection(), self.tls()?, &self.variables, self.deadline);
        self.reach.get_or_init(find).as_ref()
    }

    /// What the line says of TLS; `None` if that makes no sense.
    fn tls(&self) -> Option<Tls> {
        let file = |id: &str| self.line.value(id).map(|text| self.in_home(text));
        let server_name = self.line.value("tls_server_name").map(str::to_owned);
        Tls::of_flags(file("ca"), file("cert"), file("client_key"), server_name).ok()
    }

    /// A file as the shell will hand it over, which asks before it puts the home folder in the place of `~`.
    fn in_home(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.variables.home) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(text),
        }
    }

    fn selection(&self) -> Selection {
        let of = |id: &str| self.line.value(id).map(str::to_owned);
        Selection {
            environment: of("environment"),
            endpoint: of("endpoint"),
            domain_id: of("domain_id"),
            workspace_id: of("workspace_id"),
        }
    }

    fn commands(&self) -> Vec<&str> {
        self.line.commands.iter().map(String::as_str).collect()
    }

    fn version(&self) -> Option<&str> {
        self.line.value("api_version")
    }

    fn environments(&self) -> Vec<Candidate> {
        let mut candidates = vec![candidate(BUILT_IN, "the Repository service inside this program")];
        if let Ok(dir) = ConfigDir::locate(&self.variables) {
            let current = dir.current().ok().flatten();
            for name in dir.environments().unwrap_or_default().iter().filter(|name| !name.is_built_in()) {
                candidates.push(candidate(name.as_str(), if current.as_ref() == Some(name) { "current" } else { "" }));
            }
        }
        candidates
    }

    /// All environments that have a file, with what it says.
    fn configured(&self) -> Vec<(EnvironmentName, Environment)> {
        let Ok(dir) = ConfigDir::locate(&self.variables) else { return Vec::new() };
        let names = dir.environments().unwrap_or_default();
        names.into_iter().filter_map(|name| dir.load(&name).ok().map(|environment| (name, environment))).collect()
    }

    /// The environment that this line works on, with what its file says.
    fn chosen(&self) -> Option<Environment> {
        let dir = ConfigDir::locate(&self.variables).ok()?;
        let selected = self.selection().find(&self.variables, &dir).ok()??;
        dir.load(&selected.name).ok()
    }

    /// The URLs that the configuration has.
    fn endpoints(&self) -> Vec<Candidate> {
        let mut candidates: Vec<Candidate> = Vec::new();
        for (name, environment) in self.configured() {
            for (service, _) in environment.endpoints().unwrap_or_default() {
                // Only what is an endpoint: nothing else, such as a password in a URL, is shown.
                let Ok(Some(url)) = environment.endpoint(&service) else { continue };
                let url = url.to_string();
                if candidates.iter().all(|known| known.value != url) {
                    candidates.push(candidate(&url, &format!("{service} of {name}")));
                }
            }
        }
        candidates
    }

    /// The services of the environment; those of the others where one is to be added.
    fn services(&self) -> Vec<Candidate> {
        let own = match self.line.commands.first().map(String::as_str) {
            Some("config") => self.chosen().and_then(|own| own.endpoints().ok()).unwrap_or_default(),
            _ => {
                return self
                    .reach()
                    .map(RemoteServices::services)
                    .unwrap_or_default()
                    .iter()
                    .map(|name| candidate(name, ""))
                    .collect();
            }
        };
        if self.line.commands.last().is_none_or(|command| command != "add") {
            return own.iter().map(|(service, url)| candidate(service, url)).collect();
        }
        let mut candidates: Vec<Candidate> = Vec::new();
        for (name, environment) in self.configured() {
            for (service, _) in environment.endpoints().unwrap_or_default() {
                let is_known = own.iter().any(|(known, _)| *known == service);
                if !is_known && candidates.iter().all(|known| known.value != service) {
                    candidates.push(candidate(&service, &format!("as in {name}")));
                }
            }
        }
        candidates
    }

    /// The keys of the environment: those that can be set, or those that are.
    fn keys(&self) -> Vec<Candidate> {
        let chosen = self.chosen().unwrap_or_default();
        let endpoints = chosen.endpoints().unwrap_or_default();
        let endpoints = endpoints.iter().map(|(service, url)| candidate(&format!("endpoints.{service}"), url));
        if self.line.commands.last().is_some_and(|command| matches!(command.as_str(), "remove" | "get")) {
            let keys = chosen.values().keys().map(|key| candidate(key, ""));
            return keys.chain(endpoints).collect();
        }
        Environment::settable_keys().map(|key| candidate(key, "")).chain(endpoints).collect()
    }

    /// Resources, or first the services that have them where there are several; and aliases, once one is begun.
    fn resources(&self, word: &str) -> Vec<Candidate> {
        let Some(reach) = self.reach() else { return Vec::new() };
        let services = reach.services();
        let is_full = word.contains('.');
        let begins_alias = !word.is_empty() && !is_full;
        if !is_full && services.len() > 1 {
            let mut candidates = if begins_alias { self.aliases(&services) } else { Vec::new() };
            candidates.extend(services.iter().map(|service| candidate(&format!("{service}."), "")));
            return candidates;
        }
        let resources = self.resources_of(reach, word);
        let mut candidates = if begins_alias { self.aliases(&services) } else { Vec::new() };
        // Where the service tells what fits here, only the aliases of that do.
        candidates
            .retain(|alias| resources.is_empty() || resources.iter().any(|known| is_same(&known.value, &alias.help)));
        candidates.extend(resources);
        candidates
    }

    /// The aliases of what `services` may have; of anything where no service is known by name. Their help is what they
    /// stand for.
    fn aliases(&self, services: &[String]) -> Vec<Candidate> {
        let own = self.own_aliases();
        let is_there = |target: &str| {
            let service = target.split('.').next().unwrap_or_default();
            services.is_empty() || services.iter().any(|known| known == service)
        };
        let aliases = alias::all(&own).filter(|(_, target)| is_there(target));
        aliases.map(|(name, target)| candidate(name, target)).collect()
    }

    fn own_aliases(&self) -> Own {
        ConfigDir::locate(&self.variables).and_then(|dir| dir.aliases()).unwrap_or_default()
    }

    fn resources_of(&self, reach: &RemoteServices, word: &str) -> Vec<Candidate> {
        let service = word.split_once('.').map(|(service, _)| service);
        let offers = reach.offers(service, self.version());
        let verb = self.verb_name();
        let has_verb = |offer: &&ResourceInfo| verb.is_some_and(|verb| offer.verb(verb).is_some());
        // What no resource has as a verb is a command that takes any.
        let is_verb =
            verb.is_some_and(|_| self.line.value("verb").is_some() || offers.iter().any(|offer| has_verb(&offer)));
        let fitting = offers.iter().filter(|offer| !is_verb || has_verb(offer));
        let with_version = word.split('.').nth(1).is_some_and(is_version) && word.matches('.').count() == 2;
        let offered = fitting.filter_map(|offer| {
            let name = if with_version { offer.versioned.as_ref()? } else { &offer.name };
            Some(candidate(name, &names(offer.verbs().map(|verb| verb.name().to_owned()))))
        });
        offered.collect()
    }

    /// The resources that have a template of the user's; those with a built-in one too where these can be shown.
    fn templates(&self, word: &str, with_built_in: bool) -> Vec<Candidate> {
        let names = ConfigDir::locate(&self.variables).and_then(|dir| dir.templates()).unwrap_or_default();
        let mut candidates: Vec<Candidate> = names.iter().map(|name| candidate(name.as_str(), "set")).collect();
        for name in TableTemplate::built_in_resources().filter(|_| with_built_in) {
            if candidates.iter().all(|known| known.value != name) {
                candidates.push(candidate(name, "built in"));
            }
        }
        if !word.is_empty() && !word.contains('.') {
            let mut aliases = self.aliases(&[]);
            aliases.retain(|alias| candidates.iter().any(|resource| resource.value == alias.help));
            candidates.extend(aliases);
        }
        candidates
    }

    /// What can be explained. The only one that fits is also offered with a dot, if anything can stand behind that.
    fn addresses(&self, word: &str) -> Vec<Candidate> {
        let mut candidates = beginning_with(word, self.addresses_at(word));
        if let [only] = &candidates[..] {
            let dotted = format!("{}.", only.value);
            if !only.value.ends_with('.') && !beginning_with(&dotted, self.addresses_at(&dotted)).is_empty() {
                candidates.push(candidate(&dotted, ""));
            }
        }
        candidates
    }

    /// Resources while no verb is begun, then verbs, then fields of the request.
    fn addresses_at(&self, word: &str) -> Vec<Candidate> {
        let Some(reach) = self.reach() else { return Vec::new() };
        let Some((first, below)) = word.split_once('.') else { return self.resources(word) };
        let own = self.own_aliases();
        let mut candidates = Vec::new();
        if let Some(resource) = alias::find(first, &own).ok().flatten()
            && let Some(offer) = self.offer_of(&resource)
        {
            // `repository` is an alias and a service. Before what is a verb anywhere, the alias is meant.
            let is_verb = |text: &str| verb::is_known(text.split('.').next().unwrap_or_default());
            candidates = below_resource(&offer, below);
            candidates.retain(|candidate| is_verb(&candidate.value));
            candidates = fields::prefixed(&word[..=first.len()], candidates);
        }
        let offers = reach.offers(Some(first), self.version());
        let resource = |at: usize| {
            let resource = Resource::parse(&word[..at]).ok()?;
            Some((resource_info::meant(&offers, &resource, self.version())?, at))
        };
        match word.rmatch_indices('.').find_map(|(at, _)| resource(at)) {
            Some((offer, at)) => {
                candidates.extend(fields::prefixed(&word[..=at], below_resource(offer, &word[at + 1..])));
            }
            None => candidates.extend(self.resources(word)),
        }
        candidates
    }

    /// The verb that is called: the one that is typed, else the command, as in `list`.
    fn verb_name(&self) -> Option<&str> {
        let command = match self.commands()[..] {
            // `explain` is a command and no verb of anything.
            ["explain"] => None,
            // A template is for what `list` shows.
            ["template", "set"] => Some(LIST),
            [_] => self.line.commands.first().map(String::as_str),
            ["plugin", "versions"] => Some("get_versions"),
            // What takes a spec takes what registers it.
            ["plugin", "apply" | "diff" | "build" | "push" | "publish"] => Some("register"),
            ["plugin", verb] => Some(verb),
            _ => None,
        };
        self.line.value("verb").or(command)
    }

    /// The plugins that are registered, those that are named already left out.
    fn plugins(&self) -> Vec<Candidate> {
        let (Some(reach), Some(offer)) = (self.reach(), self.offer()) else { return Vec::new() };
        let Some(row) = offer.verb(LIST).and_then(|list| ResponseKind::new(&list.output()).row().cloned()) else {
            return Vec::new();
        };
        let Some(id) = row.get_field_by_name("plugin_id") else { return Vec::new() };
        let named: Vec<&str> = self.line.values("plugin_id").collect();
        let plugins = reach.values(&offer, &id);
        let others = plugins.iter().filter(|(plugin, _)| !named.contains(&plugin.as_str()));
        others.map(|(plugin, name)| candidate(plugin, name)).collect()
    }

    /// The resource that is typed, or that the command is about.
    fn offer(&self) -> Option<ResourceInfo> {
        let only_service = || match &self.reach()?.services()[..] {
            [] => Some(String::new()),
            [only] => Some(only.clone()),
            _ => None,
        };
        let typed = match self.commands()[..] {
            ["plugin", ..] => "repository.Plugin",
            _ => self.line.value("resource")?,
        };
        self.offer_of(&Resource::called(typed, || Ok(self.own_aliases()), only_service, Vec::new).ok()?)
    }

    fn offer_of(&self, resource: &Resource) -> Option<ResourceInfo> {
        let offers = self.reach()?.offers(Some(&resource.service), self.version());
        resource_info::meant(&offers, resource, self.version()).cloned()
    }

    fn method(&self) -> Option<MethodDescriptor> {
        self.offer()?.verb(self.verb_name()?)
    }

    /// The type of the rows, or of the one value, that is answered.
    fn row(&self) -> Option<MessageDescriptor> {
        ResponseKind::new(&self.method()?.output()).row().cloned()
    }

    /// The verbs of the resource, or where none is typed yet those of all.
    fn verbs(&self) -> Vec<Candidate> {
        if self.line.value("resource").is_some() {
            let fields = |method: &Described| names(method.input().fields().map(|field| field.name().to_owned()));
            let verbs = self.offer().map(|offer| offer.verbs().collect::<Vec<_>>()).unwrap_or_default();
            return verbs.iter().map(|method| candidate(method.name(), &fields(method))).collect();
        }
        let offers = self.reach().map(|reach| reach.offers(None, self.version())).unwrap_or_default();
        let mut verbs: Vec<(String, Vec<String>)> = Vec::new();
        for offer in &offers {
            for method in offer.verbs() {
                match verbs.iter_mut().find(|(verb, _)| verb == method.name()) {
                    Some((_, resources)) => resources.push(offer.name.clone()),
                    None => verbs.push((method.name().to_owned(), vec![offer.name.clone()])),
                }
            }
        }
        verbs.into_iter().map(|(verb, resources)| candidate(&verb, &names(resources.into_iter()))).collect()
    }

    fn columns(&self, word: &str) -> Vec<Candidate> {
        if self.commands() == ["api-resources"] {
            return fields::columns_named(&API_RESOURCES_COLUMNS, word);
        }
        self.row().map(|row| fields::columns(&row, word)).unwrap_or_default()
    }

    fn sort_keys(&self, word: &str) -> Vec<Candidate> {
        let (minus, _) = word.split_at(usize::from(word.starts_with('-')));
        // Sorting by a column's own name works too.
        let columns = self.line.value("columns").and_then(|columns| Columns::parse(columns).ok());
        let headers = columns.iter().flat_map(Columns::iter).map(Column::header);
        let mut candidates: Vec<Candidate> =
            headers.map(|header| candidate(&format!("{minus}{header}"), "column")).collect();
        for key in self.row().map(|row| fields::sort_keys(&row, word)).unwrap_or_default() {
            if candidates.iter().all(|known| known.value != key.value) {
                candidates.push(key);
            }
        }
        candidates
    }

    /// Keys of the request; behind `=` the values that the type lists, or that rows have.
    fn parameters(&self, word: &str) -> Vec<Candidate> {
        let Some((key, value)) = word.split_once('=') else {
            let given: Vec<&str> =
                self.line.values("parameter").filter_map(|given| given.split_once('=')).map(|(key, _)| key).collect();
            let Some(method) = self.method() else { return Vec::new() };
            let mut keys = fields::keys(&method.input(), word, &["="]);
            keys.retain(|key| !given.contains(&key.value.trim_end_matches('=')));
            return keys;
        };
        if let Some(file) = value.strip_prefix('@') {
            return if file.starts_with('@') { Vec::new() } else { self.path(file) };
        }
        let Some(method) = self.method() else { return Vec::new() };
        self.values_behind(&method.input(), key, &format!("{key}="))
    }

    /// Fields of rows with an operator; values behind those that ask for whole ones: `=`, `!=`, `in` and `not in`.
    fn filters(&self, word: &str) -> Vec<Candidate> {
        let Some(row) = self.row() else { return Vec::new() };
        let Some(end) = word.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))) else {
            return fields::keys(&row, word, &["=", "~"]);
        };
        let (key, rest) = word.split_at(end);
        let rest = rest.trim_start();
        let words = rest.strip_prefix("in ").or_else(|| rest.strip_prefix("not ")?.trim_start().strip_prefix("in "));
        let given = words.map(|words| words.rsplit_once(',').map_or("", |(given, _)| given));
        let value = match words {
            Some(words) => words.rsplit(',').next().unwrap_or(words),
            None => match rest.strip_prefix("!=").or_else(|| rest.strip_prefix('=')) {
                Some(value) => value,
                None => return Vec::new(),
            },
        };
        let before = &word[..word.len() - value.trim_start().len()];
        let mut candidates = self.values_behind(&row, key, before);
        candidates.retain(|candidate| {
            let value = &candidate.value[before.len()..];
            let is_given = given.is_some_and(|given| given.split(',').any(|given| given.trim() == value));
            !is_given && !needs_quotes(value, words.is_some())
        });
        candidates
    }

    fn values_behind(&self, message: &MessageDescriptor, key: &str, before: &str) -> Vec<Candidate> {
        let Some(field) = fields::at(message, key) else { return Vec::new() };
        let mut values = fields::values(&field);
        // Rows are asked for fields of their own only.
        if fields::holds_text(&field)
            && !key.contains('.')
            && let (Some(reach), Some(offer)) = (self.reach(), self.offer())
        {
            values.extend(reach.values(&offer, &field).iter().map(|(value, name)| candidate(value, name)));
        }
        fields::prefixed(before, values)
    }

    fn path(&self, word: &str) -> Vec<Candidate> {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(word.to_owned());
        Vec::new()
    }
}

/// Whether a filter takes this word for something else, unless quotes make it one.
fn needs_quotes(value: &str, in_list: bool) -> bool {
    value.starts_with(['=', '!', '~', '<', '>', '"', '\'']) || value.trim() != value || (in_list && value.contains(','))
}

/// Whether an alias of `target` stands for the resource that is offered as `name`, whatever its version.
fn is_same(name: &str, target: &str) -> bool {
    let plain = |name: &str| Resource::parse(name).ok().map(|resource| (resource.service, resource.name));
    name == target || plain(name) == plain(target)
}

/// The verbs of a resource, or the fields of a verb's request: what can stand behind the resource and a dot.
fn below_resource(offer: &ResourceInfo, below: &str) -> Vec<Candidate> {
    let Some((verb, path)) = below.split_once('.') else {
        let verb = |method: Described| {
            candidate(method.name(), &names(method.input().fields().map(|field| field.name().to_owned())))
        };
        return offer.verbs().map(verb).collect();
    };
    let fields = offer.verb(verb).map(|method| fields::names(&method.input(), path)).unwrap_or_default();
    fields::prefixed(&format!("{verb}."), fields)
}

fn candidate(value: &str, help: &str) -> Candidate {
    Candidate { value: value.to_owned(), help: help.to_owned() }
}

/// Names as one line of help.
fn names(names: impl Iterator<Item = String>) -> String {
    names.collect::<Vec<_>>().join(", ")
}

/// The candidates that begin with `word`; if none does, those that do without regard to case.
fn beginning_with(word: &str, candidates: Vec<Candidate>) -> Vec<Candidate> {
    let folded = word.to_lowercase();
    let (exact, others): (Vec<_>, Vec<_>) =
        candidates.into_iter().partition(|candidate| candidate.value.starts_with(word));
    if exact.is_empty() {
        return others.into_iter().filter(|one| one.value.to_lowercase().starts_with(&folded)).collect();
    }
    exact
}
