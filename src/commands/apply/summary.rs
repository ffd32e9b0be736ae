//! The account of a run: what was done, and how to go on.

use std::path::Path;

use serde_json::{Map, Value, json};

use crate::cli::SummaryFormat;
use crate::error::{Error, Result};
use crate::fs::shell_word;
use crate::manifest::scope::TaskResult;
use crate::secret::{self, mask};
use crate::terminal::io_streams::IoStreams;
use crate::text::json;
use crate::text::value_ext::map_texts;
use crate::yaml;

#[derive(Default)]
pub struct Summary {
    pub ok: usize,
    pub skipped: usize,
    /// Tasks at the top.
    pub total: usize,
    pub var: Map<String, Value>,
    results: Vec<Value>,
}

impl Summary {
    pub fn add(&mut self, id: Option<&str>, result: &TaskResult) {
        let TaskResult { name, spec, output, .. } = result;
        self.results.push(json!({ "name": name, "id": id, "spec": spec, "output": output }));
    }

    /// Writes the summary that `-o` asks for; secrets are masked.
    pub fn show(&self, format: SummaryFormat, streams: &mut IoStreams) -> Result<()> {
        if format == SummaryFormat::None {
            return Ok(());
        }
        let mut value = json!({ "var": self.var, "results": self.results, "success": self.ok, "skip": self.skipped });
        secret::mask_value("", &mut value);
        let value = map_texts(&value, &|text| mask::mask_known(text).into_owned());
        match format {
            SummaryFormat::Json => json::pretty(&mut streams.out, &value)?,
            _ => yaml::write_document(&mut streams.out, &value)?,
        }
        Ok(())
    }

    /// `error` with how many tasks were done, and how to go on.
    pub fn explain(&self, error: Error, file: &str, resume: Option<&Path>) -> Error {
        let done = if self.ok == 1 { "1 task was done".to_owned() } else { format!("{} tasks were done", self.ok) };
        let file = shell_word(Path::new(file));
        let go_on = match resume {
            Some(log) => {
                format!("{done}; to go on, run: spacectl apply {file} --resume {}", shell_word(log))
            }
            None if self.ok == 0 => return error,
            None => format!("{done}; a run with --resume FILE records them, and can be continued"),
        };
        error.hint(go_on)
    }
}
