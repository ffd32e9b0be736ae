//! Rule `duplicate-plugin`: two specs of one plugin.

use std::collections::HashMap;

use super::checker::LintDocument;
use super::finding::Finding;
use super::rule::Rule;
use crate::error::Location;
use crate::oci::plugin_image::name_of;
use crate::schema::field_path::FieldPath;
use crate::spec::SpanPart;

/// The plugins of all documents, and where each is named first.
#[derive(Debug, Default)]
pub struct Ids(HashMap<String, Location>);

impl Ids {
    /// Adds a document; returns a finding if an earlier one is about the same plugin.
    pub fn add(&mut self, document: &LintDocument<'_>) -> Option<Finding> {
        let given = document.text("plugin_id").filter(|id| !id.is_empty()).map(|id| ("plugin_id", id));
        let by_image = || document.text("image").map(|image| ("image", name_of(image)));
        let (field, id) = given.or_else(by_image).filter(|(_, id)| !id.is_empty())?;
        let location = document.locate(&FieldPath::default().key(field), SpanPart::Value);
        let Some(first) = self.0.get(id) else {
            self.0.insert(id.to_owned(), location);
            return None;
        };
        let rule = Rule::DuplicatePlugin;
        let message = format!("{field}: {id} is the plugin of {first}, too");
        let hint = "rename the image of one of them, or give it a plugin_id of its own";
        Some(Finding { location, severity: rule.severity(), rule, message, hint: Some(hint.to_owned()) })
    }
}
