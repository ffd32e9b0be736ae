//! What is wrong with a plugin's spec, before it goes anywhere.
//!
//! [`check`] takes texts and gives findings; it reads no file, asks nobody and never fails. `plugin lint` shows them,
//! and whoever is about to send a spec calls it first. An *error* is what a service or this program refuses, a *warning*
//! what is taken and probably not meant.
//!
//! A text passes `document` (YAML, one tree for each document) and then each group of rules: `fields` (what the API's
//! generations say), `required`, `placeholder`, `image`, `registry`, `resource_type`, `template`, `values` (labels and tags), `texts` (what
//! other readers of YAML make of them), `secrets`; `duplicates` sees all documents together.

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
mod spec;
mod template;
#[cfg(test)]
mod tests;
mod yaml_1_1;

pub use finding::{Counts, Finding, Severity};
pub use generation::{Generation, Generations};
pub use placeholder::PLACEHOLDER;
pub use rule::Rule;

use crate::yaml::{self, Mark, YamlError};

/// A text that is to be checked.
#[derive(Clone, Debug)]
pub struct Input {
    /// What findings call it: a file as it was given, or `stdin`. One that ends in `.json` is read as JSON.
    pub name: String,
    /// What it holds, or why that is not known.
    pub text: Result<String, YamlError>,
}

impl Input {
    /// A file's bytes.
    pub fn of_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), text: yaml::decode(bytes) }
    }

    /// A file that cannot be read; `why` says so.
    pub fn unreadable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), text: Err(YamlError::new(Mark::START, why)) }
    }
}

/// All that is wrong with the specs in `inputs`, for services of any of the `generations`: in the order of the inputs, of
/// lines and of columns.
pub fn check(inputs: &[Input], generations: &Generations) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut ids = duplicates::Ids::default();
    for input in inputs {
        let documents = spec::read(input);
        let mut of_input = documents.findings;
        for document in &documents.documents {
            of_input.extend(spec::check(document, generations));
            of_input.extend(ids.add(document));
        }
        of_input.sort_by_key(|finding| (finding.location.line, finding.location.column));
        found.append(&mut of_input);
    }
    found
}
