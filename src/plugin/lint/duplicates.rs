//! Two specs of one plugin.

use std::collections::HashMap;

use super::finding::{Finding, Severity};
use super::rule::Rule;
use super::spec::Document;
use crate::error::Location;
use crate::oci::plugin_image::name_of;
use crate::schema::field_path::FieldPath;
use crate::spec::SpanPart;

/// The plugins that were met, and where.
#[derive(Debug, Default)]
pub struct Ids(HashMap<String, Location>);

impl Ids {
    /// Adds a document; the finding if another one is about the same plugin.
    pub fn add(&mut self, document: &Document<'_>) -> Option<Finding> {
        let given = document.text("plugin_id").filter(|id| !id.is_empty()).map(|id| ("plugin_id", id));
        let by_image = || document.text("image").map(|image| ("image", name_of(image)));
        let (field, id) = given.or_else(by_image).filter(|(_, id)| !id.is_empty())?;
        let location = document.locate(&FieldPath::default().key(field), SpanPart::Value);
        match self.0.get(id) {
            None => {
                self.0.insert(id.to_owned(), location);
                None
            }
            Some(first) => Some(Finding {
                message: format!("{field}: {id} is the plugin of {first}, too"),
                location,
                severity: Severity::Error,
                rule: Rule::DuplicatePlugin,
                hint: Some("give one of them another image, or a plugin_id of its own".to_owned()),
            }),
        }
    }
}
