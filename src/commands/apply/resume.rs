//! `--resume FILE`: the finished tasks of an earlier run.
//!
//! A line of JSON for each task that changed something. The file holds what services have answered, tokens too: only
//! its owner can read it.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::spec::source::read_file;

/// A finished task.
#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    /// Its place in the order of running.
    position: usize,
    id: Option<String>,
    /// Of the rendered spec.
    hash: String,
    output: Value,
}

#[derive(Debug)]
pub struct ResumeLog {
    path: PathBuf,
    entries: Vec<Entry>,
    /// Opened for the first new entry.
    file: Option<File>,
}

impl ResumeLog {
    /// # Errors
    /// The file cannot be read, is not such a log, or others can read it.
    pub fn open(path: &Path) -> Result<Self> {
        let name = path.display();
        let entries = match std::fs::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(Error::local(format!("cannot read {name}")).cause(error)),
            Ok(metadata) if metadata.permissions().mode() & 0o077 != 0 => {
                return Err(Error::local(format!("{name} can be read by others, and may hold tokens"))
                    .hint(format!("run: chmod 600 {}", crate::fs::shell_word(path))));
            }
            Ok(_) => {
                let bytes = read_file(&path.to_string_lossy())?;
                let text = String::from_utf8_lossy(&bytes);
                let mut entries = Vec::new();
                for (index, line) in text.lines().enumerate() {
                    match serde_json::from_str(line) {
                        Ok(entry) => entries.push(entry),
                        // The machine went down while it was written.
                        Err(_) if index + 1 == text.lines().count() && !text.ends_with('\n') => break,
                        Err(_) => {
                            return Err(Error::local(format!("{name} is not a log of finished tasks"))
                                .hint("name another file: it is written by the run"));
                        }
                    }
                }
                entries
            }
        };
        Ok(Self { path: path.to_owned(), entries, file: None })
    }

    /// The output of the task at `position`, if it was finished with the same spec. The first that was not is run, and
    /// so is everything after it.
    pub fn finished(&mut self, position: usize, spec: &Value) -> Option<Value> {
        let entry = self.entries.iter().find(|entry| entry.position == position);
        if let Some(entry) = entry.filter(|entry| entry.hash == hash(spec)) {
            return Some(entry.output.clone());
        }
        self.entries.retain(|entry| entry.position < position);
        None
    }

    /// Records a finished task.
    pub fn record(&mut self, position: usize, id: Option<&str>, spec: &Value, output: &Value) -> Result<()> {
        let entry = Entry { position, id: id.map(str::to_owned), hash: hash(spec), output: output.clone() };
        let failed = |error: std::io::Error| Error::local(format!("cannot write {}", self.path.display())).cause(error);
        let mut text = String::new();
        if self.file.is_none() {
            // What was finished before, without what is not valid any more.
            self.entries.iter().for_each(|entry| text += &line(entry));
            let mut options = OpenOptions::new();
            options.write(true).create(true).truncate(true).mode(0o600);
            self.file = Some(options.open(&self.path).map_err(failed)?);
        }
        text += &line(&entry);
        if let Some(file) = &mut self.file {
            file.write_all(text.as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
        }
        self.entries.push(entry);
        Ok(())
    }

    /// Removes the file, once all is done.
    pub fn remove(self) -> Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::local(format!("cannot remove {}", self.path.display())).cause(error))
            }
            _ => Ok(()),
        }
    }
}

fn line(entry: &Entry) -> String {
    serde_json::to_string(entry).unwrap_or_default() + "\n"
}

fn hash(spec: &Value) -> String {
    let digest = digest(&SHA256, spec.to_string().as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
