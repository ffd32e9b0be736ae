//! Outcomes of `plugin apply` and `plugin publish` on standard output.

use std::collections::HashMap;
use std::io::Write as _;

use serde_json::{Map, Value};

use crate::cli::ApplyFormat;
use crate::error::Result;
use crate::plugin::report::{ApplyResult, ChangeOutcome};
use crate::terminal::io_streams::IoStreams;
use crate::text::{json, sanitize};
use crate::yaml;

/// Writes lines at once, and a document at the end.
pub struct ApplyReport {
    format: ApplyFormat,
    is_dry_run: bool,
    /// The fields of the document before its plugins.
    fields: Map<String, Value>,
    outcomes: Vec<Value>,
    released: HashMap<String, ReleasedImage>,
}

/// The image of a plugin, as it is in the registry.
pub struct ReleasedImage {
    /// `HOST/PATH:TAG`.
    pub image: String,
    pub digest: String,
}

impl ApplyReport {
    pub fn new(format: ApplyFormat, is_dry_run: bool) -> Self {
        let fields = Map::from_iter([("dry_run".to_owned(), is_dry_run.into())]);
        Self { format, is_dry_run, fields, outcomes: Vec::new(), released: HashMap::new() }
    }

    /// Adds a field to the document.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.fields.insert(key.to_owned(), value);
        self
    }

    /// Names the image in the outcome of its plugin.
    pub fn released(&mut self, plugin_id: &str, image: ReleasedImage) {
        self.released.insert(plugin_id.to_owned(), image);
    }

    pub fn add(&mut self, outcome: ChangeOutcome, streams: &mut IoStreams) -> Result<()> {
        let released = self.released.get(&outcome.plugin_id);
        match self.format {
            ApplyFormat::Json | ApplyFormat::Yaml => {
                let mut value = outcome.to_value();
                if let Some(ReleasedImage { image, digest }) = released {
                    value["image"] = image.clone().into();
                    value["digest"] = digest.clone().into();
                }
                self.outcomes.push(value);
            }
            ApplyFormat::Text => {
                let line = match released {
                    Some(ReleasedImage { image, digest }) => outcome.line_of_release(&format!("{image}@{digest}")),
                    None => outcome.line(self.is_dry_run),
                };
                writeln!(streams.out, "{line}")?;
            }
            ApplyFormat::Quiet if outcome.is_change() => {
                writeln!(streams.out, "{}", sanitize::control(&outcome.plugin_id))?;
            }
            ApplyFormat::Quiet => {}
        }
        // The next plugin can take long.
        streams.out.flush()?;
        if let (ApplyResult::Replaced { backup: Some(file), .. }, ApplyFormat::Text) = (&outcome.result, self.format) {
            streams.diagnostics.note(&format!("the old spec of {} is saved in {file}", outcome.plugin_id));
        }
        Ok(())
    }

    pub fn finish(mut self, streams: &mut IoStreams) -> Result<()> {
        self.fields.insert("plugins".to_owned(), self.outcomes.into());
        match self.format {
            ApplyFormat::Text | ApplyFormat::Quiet => {}
            ApplyFormat::Json => json::pretty(&mut *streams.out, &self.fields)?,
            ApplyFormat::Yaml => yaml::write_document(&mut *streams.out, &self.fields.into())?,
        }
        Ok(())
    }
}
