//! `@modules/print`: writes a value to standard output or a file.
//!
//! The form is that of the Python client.

use std::fmt;
use std::io::Write;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers};
use crate::manifest::engine::from_json;
use crate::output::view::Document;
use crate::output::{OutputFormat, OutputStyle, Writer};
use crate::terminal::io_streams::IoStreams;
use crate::text::json;
use crate::yaml;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PrintSpec {
    pub data: Value,
    #[serde(default)]
    output: PrintFormat,
    path: Option<PathSpec>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum PrintFormat {
    #[default]
    Json,
    Yaml,
    Table,
    Csv,
    Quiet,
    Text,
}

/// A file's path: text, or its parts.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum PathSpec {
    Text(String),
    Parts(Vec<String>),
}

impl fmt::Display for PathSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(path) => f.write_str(path),
            Self::Parts(parts) => match parts.split_last() {
                Some((name, folders)) => {
                    folders.iter().try_for_each(|folder| write!(f, "{folder}/"))?;
                    f.write_str(&name.replace('/', ""))
                }
                None => Ok(()),
            },
        }
    }
}

impl PathSpec {
    /// Writes a file as a whole, and makes its folders.
    pub fn write(&self, content: &[u8]) -> Result<()> {
        let name = self.to_string();
        let path = Path::new(&name);
        let failed = |error: std::io::Error| Error::local(format!("cannot write {name}")).cause(error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let readers = match std::fs::metadata(path) {
            // A device or a pipe is written to, not replaced.
            Ok(there) if !there.is_file() => return std::fs::write(path, content).map_err(failed),
            Ok(there) => Readers::Mode(there.permissions().mode()),
            Err(_) => Readers::ByUmask,
        };
        AtomicFile::behind_links(path, content, readers).and_then(AtomicFile::replace).map_err(failed)
    }
}

/// Prints, and returns what happened for the line of progress.
pub fn run(spec: &PrintSpec, streams: &mut IoStreams) -> Result<String> {
    let Some(path) = &spec.path else {
        write(&mut streams.out, &spec.data, spec.output)?;
        writeln!(streams.out)?;
        streams.out.flush()?;
        return Ok(String::new());
    };
    let mut content = Vec::new();
    match (&spec.data, spec.output) {
        (Value::Array(_), PrintFormat::Csv) => write(&mut content, &spec.data, PrintFormat::Csv)?,
        (Value::Array(rows), format) => write_file(&mut content, &json!({ "results": rows }), format)?,
        (data, format) => write_file(&mut content, data, format)?,
    }
    path.write(&content)?;
    Ok(format!("saved {path}"))
}

fn write_file(out: &mut Vec<u8>, data: &Value, format: PrintFormat) -> Result<()> {
    match format {
        PrintFormat::Yaml => out.extend_from_slice(yaml::to_text(&sorted(data)).as_bytes()),
        _ => json::pretty(out, data)?,
    }
    Ok(())
}

fn write(out: &mut dyn Write, data: &Value, format: PrintFormat) -> Result<()> {
    let is_empty = data.as_object().is_some_and(Map::is_empty);
    let rows = |out: &mut dyn Write, format| {
        let rows = data.as_array().cloned().unwrap_or_default();
        let is_scalar = rows.first().is_some_and(|row| !row.is_object() && !row.is_array());
        let rows = rows.into_iter().map(|row| if is_scalar { json!({ "Values": row }) } else { row });
        let mut writer = Writer::new(out, format, OutputStyle::default());
        writer.write(Document::from_rows(rows))?;
        writer.finish()
    };
    match (format, data) {
        (PrintFormat::Text, Value::String(text)) => writeln!(out, "{text}")?,
        (PrintFormat::Text, data) => writeln!(out, "{}", from_json(data))?,
        (PrintFormat::Quiet, Value::Array(_)) => rows(out, OutputFormat::Quiet)?,
        (PrintFormat::Table, Value::Array(_)) => rows(out, OutputFormat::Table)?,
        (PrintFormat::Csv, Value::Array(_)) => rows(out, OutputFormat::Csv)?,
        _ if is_empty => writeln!(out)?,
        (PrintFormat::Json, _) => json::pretty(out, data)?,
        (_, data) => {
            writeln!(out, "---")?;
            writeln!(out, "{}", yaml::to_text(&sorted(data)))?;
        }
    }
    Ok(())
}

/// With keys in the order of the alphabet, as PyYAML writes them.
fn sorted(data: &Value) -> Value {
    match data {
        Value::Object(fields) => {
            let mut fields: Vec<(&String, &Value)> = fields.iter().collect();
            fields.sort_by_key(|(name, _)| *name);
            fields.into_iter().map(|(name, value)| (name.clone(), sorted(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
