//! Outcomes of `plugin apply` and `plugin publish` on standard output.

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
}

impl ApplyReport {
    pub fn new(format: ApplyFormat, is_dry_run: bool) -> Self {
        let fields = Map::from_iter([("dry_run".to_owned(), is_dry_run.into())]);
        Self { format, is_dry_run, fields, outcomes: Vec::new() }
    }

    /// Adds a field to the document.
    pub fn with(mut self, key: &str, value: Value) -> Self {
        self.fields.insert(key.to_owned(), value);
        self
    }

    pub fn add(&mut self, outcome: ChangeOutcome, streams: &mut IoStreams) -> Result<()> {
        match self.format {
            ApplyFormat::Json | ApplyFormat::Yaml => self.outcomes.push(outcome.to_value()),
            ApplyFormat::Text => writeln!(streams.out, "{}", outcome.line(self.is_dry_run))?,
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
