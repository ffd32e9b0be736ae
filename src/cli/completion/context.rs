//! Candidates for an argument, by what the command line around it says.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Instant;

use super::fields;
use super::parsed_line::ParsedLine;
use super::remote::RemoteServices;
use super::shell::Candidate;
use crate::cli::API_RESOURCES_COLUMNS;
use crate::config::{Selection, Variables};
use crate::net::tls::TlsSettings;
use crate::plugin::conformance::{PluginKind, TestRule};
use crate::plugin::lint::Rule;
use crate::plugin::resource_type;
use crate::query::{Column, Columns};
use prost_reflect::MessageDescriptor;

/// The kind of an argument, known by its id.
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
    /// One of the user's aliases.
    Alias,
    /// `SERVICE.RESOURCE[.VERB[.FIELD]]`.
    Address,
    /// A registered plugin.
    Plugin,
    /// A rule of `plugin lint`.
    LintRule,
    /// A rule of `plugin test`.
    TestRule,
    /// A resource type of plugins.
    ResourceType,
    /// A variable of a manifest.
    ManifestVar,
    Path,
}

/// The line around the word to complete, and what can be found out about it.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) line: ParsedLine,
    pub(super) variables: Variables,
    deadline: Instant,
    /// Opened on first use: most words need no service.
    services: OnceLock<Option<RemoteServices>>,
    /// The word can be an argument that is completed here, with or without candidates.
    was_asked: AtomicBool,
    /// The end of the word that is a file's name.
    file: Mutex<Option<String>>,
}

impl Context {
    pub(super) fn new(line: ParsedLine, variables: Variables, deadline: Instant) -> Self {
        let (services, was_asked, file) = Default::default();
        Self { line, variables, deadline, services, was_asked, file }
    }

    /// True if the word can be an argument that is completed here.
    pub(super) fn was_asked(&self) -> bool {
        self.was_asked.load(Ordering::Relaxed)
    }

    /// The end of the word that is a file's name, if it can be one.
    pub(super) fn file(&self) -> Option<String> {
        self.file.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Completes `word` as an argument of this kind.
    pub(super) fn candidates(&self, kind: ArgKind, word: &str) -> Vec<Candidate> {
        self.was_asked.store(true, Ordering::Relaxed);
        let candidates = match kind {
            ArgKind::Environment => self.environments(),
            ArgKind::Endpoint => self.endpoints(),
            ArgKind::Service => self.services(),
            ArgKind::Resource => match self.commands()[..] {
                ["template", action @ ("remove" | "show")] => self.templates(word, action == "show"),
                _ => self.resources(word),
            },
            ArgKind::Verb => self.verbs(),
            ArgKind::Columns => self.columns(word),
            ArgKind::Sort => self.sort_keys(word),
            ArgKind::Parameter => self.parameters(word),
            ArgKind::Filter => self.filters(word),
            ArgKind::Key => self.keys(),
            ArgKind::Alias => self.own_aliases().iter().map(|(name, target)| Candidate::new(name, target)).collect(),
            ArgKind::Address => self.addresses(word),
            ArgKind::Plugin => self.plugins(),
            ArgKind::LintRule => Rule::ALL.iter().map(|rule| Candidate::new(rule.name(), rule.summary())).collect(),
            ArgKind::TestRule => TestRule::ALL.iter().map(|rule| Candidate::new(rule.name(), rule.summary())).collect(),
            ArgKind::ResourceType => self.resource_types(),
            ArgKind::ManifestVar => self.manifest_vars(word),
            ArgKind::Path => self.path(word),
        };
        starting_with(word, candidates)
    }

    pub(super) fn remote(&self) -> Option<&RemoteServices> {
        let open = || RemoteServices::open(&self.selection(), self.tls()?, &self.variables, self.deadline);
        self.services.get_or_init(open).as_ref()
    }

    /// The TLS options of the line; `None` if they contradict each other.
    fn tls(&self) -> Option<TlsSettings> {
        let file = |id: &str| self.line.value(id).map(|text| self.expand_home(text));
        let server_name = self.line.value("tls_server_name").map(str::to_owned);
        TlsSettings::from_options(file("ca"), file("cert"), file("client_key"), server_name).ok()
    }

    /// Expands `~/` as the shell will do, which asks before that.
    pub(super) fn expand_home(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), &self.variables.home) {
            (Some(below), Some(home)) => home.join(below),
            _ => PathBuf::from(text),
        }
    }

    pub(super) fn selection(&self) -> Selection {
        let value = |id: &str| self.line.value(id).map(str::to_owned);
        Selection {
            environment: value("environment"),
            endpoint: value("endpoint"),
            domain_id: value("domain_id"),
            workspace_id: value("workspace_id"),
            headers: value("header").into_iter().collect(),
            without_session: false,
        }
    }

    pub(super) fn commands(&self) -> Vec<&str> {
        self.line.commands.iter().map(String::as_str).collect()
    }

    fn columns(&self, word: &str) -> Vec<Candidate> {
        if self.commands() == ["api-resources"] {
            return fields::columns_named(&API_RESOURCES_COLUMNS, word);
        }
        self.row().map(|row| fields::columns(&row, word)).unwrap_or_default()
    }

    /// Headers of the chosen columns, and fields that have an order.
    fn sort_keys(&self, word: &str) -> Vec<Candidate> {
        let minus = if word.starts_with('-') { "-" } else { "" };
        let columns = self.line.value("columns").and_then(|columns| Columns::parse(columns).ok());
        let headers = columns.iter().flat_map(Columns::iter).map(Column::header);
        let mut candidates: Vec<Candidate> =
            headers.map(|header| Candidate::new(&format!("{minus}{header}"), "column")).collect();
        let fields = self.row().map(|row| fields::sort_keys(&row, word)).unwrap_or_default();
        fields.into_iter().for_each(|field| push_new(&mut candidates, field));
        candidates
    }

    /// Keys of the request; after `=` the values that the type lists, or that rows have.
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
        self.values(&method.input(), key, &format!("{key}="))
    }

    /// Fields of rows with an operator; values after the operators of whole values: `=`, `!=`, `in` and `not in`.
    fn filters(&self, word: &str) -> Vec<Candidate> {
        let Some(row) = self.row() else { return Vec::new() };
        let Some(end) = word.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.'))) else {
            return fields::keys(&row, word, &["=", "~"]);
        };
        let (key, rest) = word.split_at(end);
        let rest = rest.trim_start();
        let list = rest.strip_prefix("in ").or_else(|| rest.strip_prefix("not ")?.trim_start().strip_prefix("in "));
        let (given, value) = match list {
            Some(list) => list.rsplit_once(',').unwrap_or(("", list)),
            None => match rest.strip_prefix("!=").or_else(|| rest.strip_prefix('=')) {
                Some(value) => ("", value),
                None => return Vec::new(),
            },
        };
        let before = &word[..word.len() - value.trim_start().len()];
        let mut candidates = self.values(&row, key, before);
        candidates.retain(|candidate| {
            let value = &candidate.value[before.len()..];
            let is_given = list.is_some() && given.split(',').any(|given| given.trim() == value);
            !is_given && !needs_quotes(value, list.is_some())
        });
        candidates
    }

    /// Values of the field `key`, each after the text `before`.
    fn values(&self, message: &MessageDescriptor, key: &str, before: &str) -> Vec<Candidate> {
        let Some(field) = fields::at(message, key) else { return Vec::new() };
        let mut values = fields::values(&field);
        // Rows are searched for their top-level fields only.
        if fields::holds_text(&field)
            && !key.contains('.')
            && let (Some(remote), Some(resource)) = (self.remote(), self.resource())
        {
            values.extend(remote.values(&resource, &field).iter().map(|(value, name)| Candidate::new(value, name)));
        }
        fields::prefixed(before, values)
    }

    /// The resource types that plugins extend; to test one, those that can be tested.
    fn resource_types(&self) -> Vec<Candidate> {
        let is_test = self.commands().last() == Some(&"test");
        let is_offered = |name: &str| !is_test || PluginKind::from_resource_type(name).is_some();
        let known = resource_type::KNOWN.into_iter().filter(|known| is_offered(known.name));
        known.map(|known| Candidate::new(known.name, known.purpose)).collect()
    }

    pub(super) fn path(&self, word: &str) -> Vec<Candidate> {
        *self.file.lock().unwrap_or_else(PoisonError::into_inner) = Some(word.to_owned());
        Vec::new()
    }
}

/// True if a filter would parse this word as something else without quotes.
fn needs_quotes(value: &str, in_list: bool) -> bool {
    value.starts_with(['=', '!', '~', '<', '>', '"', '\'']) || value.trim() != value || (in_list && value.contains(','))
}

/// Adds a candidate unless its value is there.
pub(super) fn push_new(candidates: &mut Vec<Candidate>, new: Candidate) {
    if candidates.iter().all(|candidate| candidate.value != new.value) {
        candidates.push(new);
    }
}

/// The candidates that start with `word`; or else those that do in another case.
pub(super) fn starting_with(word: &str, mut candidates: Vec<Candidate>) -> Vec<Candidate> {
    if candidates.iter().any(|candidate| candidate.value.starts_with(word)) {
        candidates.retain(|candidate| candidate.value.starts_with(word));
    } else {
        let word = word.to_lowercase();
        candidates.retain(|candidate| candidate.value.to_lowercase().starts_with(&word));
    }
    candidates
}
