//! Which fields a service does not do without.
//!
//! proto3 has no word for that, so descriptors do not tell; what is known of services stands here, by verb, in the
//! names of all generations: a request has those that its descriptor has. Of what is not here nothing is claimed.

use serde_json::{Map, Value};

use crate::schema::value_ext::is_empty;

/// A service, a resource of it, verbs of that, and the fields that each of these verbs refuses to go without.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

/// From the `check_required` of the Repository service's methods, 1.12.5, and from what 2.x refuses with
/// `ERROR_REQUIRED_PARAMETER`. `domain_id`, which 1.12.5 asks for too, is not among them: the service takes it from
/// the caller's token.
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

/// The fields that `verb` needs, as far as that is known. Some of them may be of another generation than the request.
pub fn needed(service: &str, resource: &str, verb: &str) -> &'static [&'static str] {
    let about = |row: &&Row| row.0 == service && row.1 == resource && row.2.contains(&verb);
    TABLE.iter().find(about).map_or(&[], |row| row.3)
}

/// Those of the `needed` fields that `value` leaves out, where the request has them. Neither an empty text nor an empty list
/// is sent; an empty message is.
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
    fn what_is_known_is_told_and_nothing_else() {
        assert_eq!(needed("repository", "Plugin", "enable"), ["plugin_id"]);
        assert_eq!(needed("repository", "Plugin", "list"), [""; 0]);
        assert_eq!(needed("identity", "Plugin", "enable"), [""; 0]);
        assert_eq!(needed("repository", "Project", "get"), [""; 0]);
    }

    #[test]
    fn each_verb_stands_in_one_row() {
        let mut seen = std::collections::HashSet::new();
        for (service, resource, verbs, _) in TABLE {
            verbs.iter().for_each(|verb| assert!(seen.insert((service, resource, verb)), "{resource}.{verb}"));
        }
    }
}
