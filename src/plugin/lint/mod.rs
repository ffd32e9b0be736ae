//! Lint rules for specs of plugins.
//!
//! [`check`] takes texts and returns findings; it reads no file, sends nothing and never fails. `plugin lint` shows
//! them, `plugin publish` checks first. An *error* is refused by a service or this program, a *warning* is probably a
//! mistake.
//!
//! A new rule has an entry in the table of `rule`, a check in one of the files that `checker` runs, and a test.

mod checker;
mod duplicates;
mod fields;
mod finding;
mod generation;
mod image;
mod labels_and_tags;
pub mod placeholder;
mod registry;
pub mod report;
mod required;
mod resource_type;
mod rule;
mod secrets;
mod template;
#[cfg(test)]
mod tests;
mod walk;
mod yaml_1_1;

pub use finding::{Finding, count_errors};
pub use generation::{Generation, Generations};
pub use placeholder::PLACEHOLDER;
pub use rule::{Rule, Severity};

use crate::yaml::{self, Mark, YamlError};

/// A text to be checked.
#[derive(Clone, Debug)]
pub struct Input {
    /// A file as it was given, or `stdin`. One that ends in `.json` is read as JSON.
    pub name: String,
    /// The content, or why it cannot be read.
    pub text: Result<String, YamlError>,
}

impl Input {
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), text: yaml::decode(bytes) }
    }

    pub fn unreadable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), text: Err(YamlError::new(Mark::START, why)) }
    }
}

/// The findings in `inputs`, ordered by input, line and column.
pub fn check(inputs: &[Input], generations: &Generations) -> Vec<Finding> {
    let mut all = Vec::new();
    let mut ids = duplicates::Ids::default();
    for input in inputs {
        let (documents, mut findings) = checker::read(input);
        for document in &documents {
            findings.extend(checker::check(document, generations));
            findings.extend(ids.add(document));
        }
        findings.sort_by_key(|finding| (finding.location.line, finding.location.column));
        all.append(&mut findings);
    }
    all
}
