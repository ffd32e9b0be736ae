//! Lint rules for specs of plugins.
//!
//! [`check`] takes texts and returns findings; it reads no file and sends nothing. `plugin lint` shows
//! them, `plugin publish` checks first. An *error* is refused by a service or this program, a *warning* is probably a
//! mistake.
//!
//! A new rule has an entry in the table of `rule`, a check in one of the files that [`check`] runs, and a test.

mod checker;
mod fields;
mod finding;
mod generation;
mod image;
pub mod placeholder;
pub mod report;
mod rule;
mod secrets;
mod template;
#[cfg(test)]
mod tests;
mod values;
mod yaml_1_1;

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use prost_reflect::MessageDescriptor;

use self::checker::{Checker, LintDocument};
pub use self::finding::{Finding, count_errors};
pub use self::generation::Generation;
pub use self::placeholder::PLACEHOLDER;
pub use self::rule::{Rule, Severity};
use crate::error::{Location, Result};
use crate::oci::plugin_image::name_of;
use crate::schema::field_path::FieldPath;
use crate::spec::SpanPart;
use crate::yaml::{self, Mark, YamlError};

/// A text to be checked.
#[derive(Clone, Debug)]
pub struct Input {
    /// A file as it was given, or `stdin`. One that ends in `.json` is read as JSON.
    pub name: String,
    /// The content, or why it cannot be read.
    pub text: std::result::Result<String, YamlError>,
}

impl Input {
    pub fn from_bytes(name: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { name: name.into(), text: yaml::decode(bytes) }
    }

    pub fn unreadable(name: impl Into<String>, why: impl Into<String>) -> Self {
        Self { name: name.into(), text: Err(YamlError::new(Mark::START, why)) }
    }
}

/// The findings in `inputs`, ordered by input, line and column. Fails only with broken bundled descriptors.
pub fn check(inputs: &[Input], generations: &[Generation]) -> Result<Vec<Finding>> {
    check_with(inputs, generations, |_| ())
}

/// As [`check`]; calls `on_input` with the index of each input before it is checked.
pub fn check_with(
    inputs: &[Input],
    generations: &[Generation],
    mut on_input: impl FnMut(usize),
) -> Result<Vec<Finding>> {
    let requests = generations.iter().map(|generation| Ok((*generation, generation.request()?)));
    let requests: Vec<_> = requests.collect::<Result<_>>()?;
    let mut all = Vec::new();
    let mut plugins = HashMap::new();
    for (index, input) in inputs.iter().enumerate() {
        on_input(index);
        let (documents, mut findings) = checker::read(input);
        for document in &documents {
            findings.extend(check_document(document, &requests));
            findings.extend(check_duplicate(document, &mut plugins));
        }
        findings.sort_by_key(|finding| (finding.location.line, finding.location.column));
        all.append(&mut findings);
    }
    Ok(all)
}

/// Runs every rule that is about one document.
fn check_document(document: &LintDocument<'_>, generations: &[(Generation, MessageDescriptor)]) -> Vec<Finding> {
    let mut checker = Checker::new(document);
    fields::check(&mut checker, generations);
    values::check(&mut checker);
    placeholder::check(&mut checker);
    image::check(&mut checker);
    if generations.iter().any(|(generation, _)| *generation == Generation::One) {
        template::check(&mut checker);
    }
    yaml_1_1::check(&mut checker);
    secrets::check(&mut checker);
    checker.into_findings()
}

/// Rule `duplicate-plugin`; `plugins` has where each plugin is named first.
fn check_duplicate(document: &LintDocument<'_>, plugins: &mut HashMap<String, Location>) -> Option<Finding> {
    let given = document.text("plugin_id").filter(|id| !id.is_empty()).map(|id| ("plugin_id", id));
    let by_image = || document.text("image").map(|image| ("image", name_of(image)));
    let (field, id) = given.or_else(by_image).filter(|(_, id)| !id.is_empty())?;
    let location = document.locate(&FieldPath::default().key(field), SpanPart::Value);
    match plugins.entry(id.to_owned()) {
        Entry::Vacant(entry) => {
            entry.insert(location);
            None
        }
        Entry::Occupied(first) => {
            let rule = Rule::DuplicatePlugin;
            let message = format!("{field}: {id} is also the plugin of {}", first.get());
            let hint = "rename the image of one of them, or give it a plugin_id of its own".to_owned();
            Some(Finding { location, severity: rule.severity(), rule, message, hint: Some(hint) })
        }
    }
}
