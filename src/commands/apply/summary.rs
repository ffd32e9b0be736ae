//! The account of a run: what was done, and how to go on.

use serde_json::{Map, Value, json};
use tonic::Code;

use crate::cli::{Apply, Global, SummaryFormat};
use crate::commands::resume_command;
use crate::error::{Error, ErrorKind, Result};
use crate::fs::shell_word;
use crate::manifest::scope::TaskResult;
use crate::secret::{self, mask};
use crate::terminal::io_streams::IoStreams;
use crate::text::json;
use crate::text::value_ext::map_texts;
use crate::yaml;

#[derive(Default)]
pub struct RunSummary {
    pub ok: usize,
    pub skipped: usize,
    /// Of the tasks that are `ok`, those that an earlier run has done.
    pub resumed: usize,
    pub var: Map<String, Value>,
    results: Vec<Value>,
}

impl RunSummary {
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

    /// How many tasks were done before `error`, and how to go on; `None` if none was.
    pub fn advice(&self, error: &Error, args: &Apply, file: &str, global: &Global) -> Option<String> {
        if self.ok == 0 || args.dry_run {
            return None;
        }
        let done = if self.ok == 1 { "1 task was done".to_owned() } else { format!("{} tasks were done", self.ok) };
        Some(match &args.resume {
            Some(log) if self.resumed > 0 && error.kind() == ErrorKind::Status(Code::Unauthenticated) => {
                let command = resume_command::manifest(args, file, global);
                let log = shell_word(log);
                format!(
                    "the tokens that {log} holds may have expired; to begin again, run `rm {log}` and then {command}"
                )
            }
            Some(_) => format!("{done}; to go on, run {}", resume_command::manifest(args, file, global)),
            None => {
                format!("{done}; another run starts with the first task; with --resume FILE, a run can be continued")
            }
        })
    }
}
