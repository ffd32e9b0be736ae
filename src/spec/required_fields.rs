//! Fields that services require.
//!
//! proto3 has no such mark, so this table has what is known, by verb, in the names of all API generations: a request
//! requires those that its descriptor has.

use serde_json::{Map, Value};

use crate::text::value_ext::is_empty;

/// Service, resource, verbs, and the fields that each of these verbs requires.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// From the `check_required` of the Repository service's methods, 1.12.5, and from 2.x's `ERROR_REQUIRED_PARAMETER`.
/// Without `domain_id`, which 1.12.5 requires too, but takes from the caller's token.
const TABLE: &[Row] = &[
    ("repository", "Plugin", &["register"], &["name", "service_type", "resource_type", "image"]),
    ("repository", "Plugin", &["update", "deregister", "enable", "disable", "get_versions", "get"], &["plugin_id"]),
    ("repository", "Repository", &["register"], &["name", "repository_type"]),
    ("repository", "Repository", &["update", "deregister", "get"], &["repository_id"]),
    ("repository", "Schema", &["create"], &["name", "service_type", "schema"]),
    ("repository", "Schema", &["update", "delete", "get"], &["name"]),
    ("repository", "Schema", &["list"], &["repository_id"]),
    ("repository", "Policy", &["create"], &["policy_id", "name", "permissions"]),
    ("repository", "Policy", &["update", "delete", "get"], &["policy_id"]),
    ("repository", "Policy", &["list"], &["repository_id"]),
];

/// The fields that `verb` is known to require, of any API generation.
pub fn needed(service: &str, resource: &str, verb: &str) -> &'static [&'static str] {
    let about = |row: &&Row| row.0 == service && row.1 == resource && row.2.contains(&verb);
    TABLE.iter().find(about).map_or(&[], |row| row.3)
}

/// Those of the `needed` fields that the request has and `value` lacks. An empty message is sent; an empty text or list
/// is not.
pub fn missing<'a>(
    needed: &'a [&'a str],
    value: &'a Map<String, Value>,
    has: impl Fn(&str) -> bool + 'a,
) -> impl Iterator<Item = &'a str> + 'a {
    needed
        .iter()
        .copied()
        .filter(move |name| has(name) && value.get(*name).is_none_or(|value| !value.is_object() && is_empty(value)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_verbs_have_required_fields() {
        assert_eq!(needed("repository", "Plugin", "enable"), ["plugin_id"]);
        assert_eq!(needed("repository", "Plugin", "list"), [""; 0]);
        assert_eq!(needed("identity", "Plugin", "enable"), [""; 0]);
        assert_eq!(needed("repository", "Project", "get"), [""; 0]);
    }

    #[test]
    fn each_verb_is_in_one_row() {
        let mut seen = std::collections::HashSet::new();
        for (service, resource, verbs, _) in TABLE {
            verbs.iter().for_each(|verb| assert!(seen.insert((service, resource, verb)), "{resource}.{verb}"));
        }
    }
}
