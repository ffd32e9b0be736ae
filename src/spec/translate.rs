//! Field names that differ between the API's generations.
//!
//! The server's descriptor decides; this table only says what became of a field that it lacks. It never adds a field.

use super::target::RequestTarget;

/// The differences of one resource's requests.
struct Differences {
    service: &'static str,
    resource: &'static str,
    /// Pairs of names of one field in different generations.
    renamed: &'static [(&'static str, &'static str)],
    /// Fields that only some generations have, and their verbs.
    one_sided: &'static [(&'static str, &'static [&'static str])],
}

/// From the API on PyPI, `spaceone-api` 1.8.1 to 2.0.435: 2.0.52 began the second generation.
const TABLE: &[Differences] = &[
    Differences {
        service: "repository",
        resource: "Plugin",
        renamed: &[("service_type", "resource_type")],
        one_sided: &[
            // Before 2.0.52.
            ("template", &["register", "update"]),
            ("project_id", &["register"]),
            ("domain_id", &["register", "update", "enable", "disable", "deregister", "get", "get_versions", "list"]),
            ("only", &["get"]),
            // Since 2.0.52.
            ("docs", &["register", "update"]),
            ("plugin_id", &["register"]),
            // Since 1.8.5.
            ("registry_type", &["register", "list"]),
            ("registry_config", &["register"]),
        ],
    },
    Differences {
        service: "repository",
        resource: "Repository",
        renamed: &[],
        one_sided: &[("query", &["list"]), ("name", &["list"]), ("domain_id", &["list"])],
    },
];

/// A given top-level field.
#[derive(Clone, Copy, Debug)]
pub struct GivenField<'a> {
    pub name: &'a str,
    /// Null, empty text, an empty mapping or an empty list.
    pub is_empty: bool,
}

/// The changes that make the given fields fit the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Translation {
    /// From the given name to the request's.
    pub translated: Vec<(&'static str, &'static str)>,
    pub dropped: Vec<&'static str>,
    pub refused: Vec<RejectedField>,
}

/// A field that only another generation's request can hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RejectedField {
    pub name: &'static str,
    /// Without the name.
    pub message: String,
    pub hint: String,
}

impl Translation {
    /// Finds the changes for the given fields; the codec judges those that the table does not have. `are_together` says
    /// whether two names are in one text, where neither overrides the other.
    pub fn new(
        target: &RequestTarget<'_>,
        given: &[GivenField<'_>],
        are_together: impl Fn(&str, &str) -> bool,
    ) -> Self {
        let mut plan = Self::default();
        let has = |name: &str| target.input.get_field_by_name(name).is_some();
        let find = |name: &str| given.iter().find(|given| given.name == name);
        let about = |row: &&Differences| row.service == target.service && row.resource == target.resource;
        for row in TABLE.iter().filter(about) {
            let both_ways = row.renamed.iter().flat_map(|&(a, b)| [(a, b), (b, a)]);
            for (from, to) in both_ways.filter(|(from, to)| !has(from) && has(to) && find(from).is_some()) {
                if are_together(from, to) {
                    plan.refused.push(RejectedField {
                        name: from,
                        message: format!("the same field as {to}, and both are given"),
                        hint: format!("leave out {from}: this service calls it {to}"),
                    });
                } else {
                    plan.translated.push((from, to));
                }
            }
            let belongs = |verbs: &[&str]| verbs.contains(&target.verb);
            for &(name, _) in row.one_sided.iter().filter(|(name, verbs)| belongs(verbs) && !has(name)) {
                match find(name) {
                    None => {}
                    Some(given) if given.is_empty => plan.dropped.push(name),
                    Some(_) => plan.refused.push(RejectedField {
                        name,
                        message: "unknown to this service: its value would be lost".to_owned(),
                        hint: format!("leave out {name}: this service's API has nothing in its place"),
                    }),
                }
            }
        }
        plan
    }

    /// A field's name in the request; `None` if it is left out.
    pub fn name_in_request<'a>(&self, given: &'a str) -> Option<&'a str> {
        if self.dropped.contains(&given) || self.is_refused(given) {
            return None;
        }
        Some(self.translated.iter().find(|(from, _)| *from == given).map_or(given, |(_, to)| to))
    }

    pub fn is_refused(&self, given: &str) -> bool {
        self.refused.iter().any(|refusal| refusal.name == given)
    }

    /// The names that a field of the request can be given by.
    pub fn names_as_given<'a>(&self, in_request: &'a str) -> impl Iterator<Item = &'a str> {
        let other = self.translated.iter().find(|(_, to)| *to == in_request).map(|(from, _)| *from);
        std::iter::once(in_request).chain(other)
    }

    /// One line for each change.
    pub fn notes(&self) -> Vec<String> {
        let translated =
            self.translated.iter().map(|(from, to)| format!("{from} is called {to} by this service: translated"));
        let dropped = self.dropped.iter().map(|name| format!("{name} is empty and unknown to this service: left out"));
        translated.chain(dropped).collect()
    }
}
