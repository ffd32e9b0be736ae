//! Matching of a typed verb with those of a resource.

use crate::schema::did_you_mean::nearest;
use crate::schema::resource::fuzzy;

/// Synonyms. The API has one or two verbs of each group, and which one differs from resource to resource.
pub const SYNONYMS: [&[&str]; 7] = [
    &["register", "create", "add", "new", "insert"],
    &["deregister", "delete", "remove", "unregister", "destroy", "rm", "uninstall"],
    &["update", "change", "modify", "edit", "patch", "set", "put", "replace"],
    &["get", "show", "describe", "read", "fetch", "view", "inspect", "info", "cat"],
    &["list", "ls", "search", "find", "query"],
    &["enable", "activate", "start"],
    &["disable", "deactivate", "stop"],
];

/// The verb named `typed`, or the only one that differs in case, `-` and `_` alone.
pub fn among<'a>(typed: &str, verbs: &[&'a str]) -> Option<&'a str> {
    if let Some(exact) = verbs.iter().find(|verb| **verb == typed) {
        return Some(exact);
    }
    let mut fitting = verbs.iter().filter(|verb| fuzzy::is_variant(typed, verb));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(only),
        _ => None,
    }
}

/// The hint for an unknown verb: those that differ in writing only, a synonym, the nearest, or else all.
pub fn hint_at(typed: &str, verbs: &[&str]) -> String {
    let variants: Vec<&str> = verbs.iter().copied().filter(|verb| fuzzy::is_variant(typed, verb)).collect();
    if !variants.is_empty() {
        return format!("name one of them: {}", variants.join(", "));
    }
    match synonym(typed, verbs).or_else(|| nearest(typed, verbs.iter().copied())) {
        Some(verb) => format!("did you mean {verb}?"),
        None if verbs.is_empty() => "it has no verbs at all".to_owned(),
        None => format!("its verbs are {}", verbs.join(", ")),
    }
}

/// The verb that is a synonym of `typed`.
pub fn synonym<'a>(typed: &str, verbs: &[&'a str]) -> Option<&'a str> {
    let group = SYNONYMS.iter().find(|group| group.iter().any(|word| fuzzy::is_variant(typed, word)))?;
    group.iter().find_map(|word| verbs.iter().find(|verb| *verb == word)).copied()
}

/// Whether `word` is a usual verb of any API.
pub fn is_known(word: &str) -> bool {
    SYNONYMS.iter().any(|group| group.contains(&word))
        || word.starts_with("get_")
        || ["stat", "analyze"].contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLUGIN: [&str; 8] = ["register", "update", "deregister", "enable", "disable", "get_versions", "get", "list"];

    #[test]
    fn writing_is_forgiven_and_number_is_not() {
        for (typed, verb) in [
            ("get-versions", Some("get_versions")),
            ("GetVersions", Some("get_versions")),
            ("Register", Some("register")),
            ("get", Some("get")),
            ("gets", None),
            ("get_version", None),
            ("create", None),
        ] {
            assert_eq!(among(typed, &PLUGIN), verb, "{typed}");
        }
        assert_eq!(among("check", &["Check", "CHECK"]), None);
        assert_eq!(hint_at("check", &["Check", "CHECK"]), "name one of them: Check, CHECK");
    }

    #[test]
    fn the_verb_that_does_the_same_is_named_first() {
        for (typed, hint) in [
            ("create", "did you mean register?"),
            ("Delete", "did you mean deregister?"),
            ("show", "did you mean get?"),
            ("get_version", "did you mean get_versions?"),
            ("regsiter", "did you mean register?"),
        ] {
            assert_eq!(hint_at(typed, &PLUGIN), hint, "{typed}");
        }
        assert_eq!(hint_at("register", &["create", "delete"]), "did you mean create?");
        assert_eq!(hint_at("sync", &["create", "delete"]), "its verbs are create, delete");
        assert_eq!(hint_at("sync", &[]), "it has no verbs at all");
    }
}
