//! Resources and verbs among typed words: what calls them, and the field of their id.

use std::path::Path;

use super::habits;
use crate::schema::resource::alias::Own;
use crate::schema::resource::{Resource, alias, fuzzy, verb};
use crate::secret::snake_case;
use crate::spec::source::Syntax;

/// Commands that take a resource and a request.
pub(super) const CALLS: [&str; 5] = ["exec", "list", "get", "stat", "analyze"];

/// The verbs of a plugin.
const PLUGIN_VERBS: [&str; 8] =
    ["register", "update", "deregister", "enable", "disable", "get_versions", "get", "list"];

/// The usual verbs of other resources.
const VERBS: [&str; 7] = ["create", "update", "delete", "enable", "disable", "get", "list"];

/// Other verbs that some have: taken as typed.
const OTHER_VERBS: [&str; 4] = ["register", "deregister", "set", "search"];

/// Resources that have `register` and `deregister`.
const REGISTERED: [&str; 3] = ["repository.Repository", "cost_analysis.DataSource", "monitoring.DataSource"];

/// Commands whose word with a `/` is an image.
const IMAGE_COMMANDS: [&str; 4] = ["run", "test", "pull", "push"];

/// The command that calls a verb, or the verb that the API has for the word of another tool.
pub(super) fn call(verb: &str, resource: &str) -> String {
    let is_of_api = |word: &str| VERBS.contains(&word) || OTHER_VERBS.contains(&word);
    let verb = match target(resource).as_deref() {
        Some("repository.Plugin") if verb != "search" => verb::synonym(verb, &PLUGIN_VERBS),
        _ if is_of_api(verb) => None,
        Some(name) if REGISTERED.contains(&name) => verb::synonym(verb, &["register", "deregister"]),
        _ => None,
    }
    .or_else(|| if is_of_api(verb) { None } else { verb::synonym(verb, &VERBS) })
    .unwrap_or(verb);
    match verb::among(verb, &CALLS[1..]) {
        Some(command) => format!("{command} {resource}"),
        None => format!("exec {verb} {resource}"),
    }
}

/// The typed words with `plugin/NAME`, as in kubectl, split into resource and id; `None` if no word is of this kind.
pub(super) fn with_ids_apart<'a>(words: &[&'a str]) -> Option<Vec<&'a str>> {
    if words.iter().any(|word| IMAGE_COMMANDS.contains(word)) {
        return None;
    }
    let is_value = |index: usize| {
        let before = index.checked_sub(1).map(|before| words[before]);
        before.is_some_and(|before| before.starts_with('-') && !habits::is_flag(before))
    };
    let parts = |index: usize| {
        let (resource, id) = words[index].split_once('/')?;
        let is_one = !id.is_empty() && !id.contains('/') && is_resource(resource) && !is_value(index);
        let is_path = || Syntax::of_file(id).is_some() || Path::new(words[index]).exists();
        (is_one && !is_path()).then_some((resource, id))
    };
    let (mut apart, mut first): (Vec<&str>, Option<&str>) = (Vec::new(), None);
    for (index, word) in words.iter().enumerate() {
        match parts(index) {
            Some((resource, id)) => {
                // The rows of another resource need a line of their own.
                match first {
                    None => apart.extend([resource, id]),
                    Some(first) if target(first) == target(resource) => apart.push(id),
                    Some(_) => {}
                }
                first = first.or(Some(resource));
            }
            None => {
                apart.push(word);
                // `plugin get plugin/NAME` names it already.
                first = first.or_else(|| (is_resource(word) && !is_value(index)).then_some(*word));
            }
        }
    }
    (apart != words).then_some(apart)
}

pub(super) fn is_plugin(resource: &str) -> bool {
    target(resource).as_deref() == Some("repository.Plugin")
}

/// Whether `word` is the plural of an alias: `plugins`.
pub(super) fn is_plural(word: &str) -> bool {
    let is_of = |alias: &str| word.len() > alias.len() && fuzzy::is_plural_variant(word, alias);
    alias::built_in(word).is_none() && alias::BUILT_IN.iter().any(|(alias, _)| is_of(alias))
}

/// The field with the id of a resource's rows: `plugin_id`.
pub(super) fn id_field(resource: &str) -> String {
    let target = target(resource).unwrap_or_else(|| resource.to_owned());
    match &*target {
        "identity.Provider" => "provider".to_owned(),
        "identity.WorkspaceUser" => "user_id".to_owned(),
        "config.UserConfig" | "config.DomainConfig" => "name".to_owned(),
        _ => format!("{}_id", snake_case(target.rsplit('.').next().unwrap_or_default())),
    }
}

/// The id column of the resource of a command line.
pub(super) fn id_column(words: &[&str]) -> String {
    words.iter().find(|word| is_resource(word)).map_or_else(|| "COLUMN".to_owned(), |resource| id_field(resource))
}

/// True if `word` can only be a resource: a built-in alias, also in the plural, or a name with a dot that is not a
/// file's.
pub(super) fn is_resource(word: &str) -> bool {
    if Syntax::of_file(word).is_some() {
        return false;
    }
    if word.contains('.') { Resource::parse(word).is_ok() } else { aliased(word).is_some() }
}

/// `repository.Plugin` for `plugin`, `plugins` and itself.
fn target(word: &str) -> Option<String> {
    if word.contains('.') { Some(word.to_owned()) } else { aliased(word) }
}

/// The resource that a word without a dot is an alias of, also in the plural, or the name of.
fn aliased(word: &str) -> Option<String> {
    let own = Own::new();
    let found =
        [alias::find, alias::find_variant, alias::find_by_resource].iter().find_map(|find| find(word, &own).ok()?);
    found.map(|resource| resource.to_string())
}
