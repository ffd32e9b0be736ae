//! `--resume FILE`: the finished tasks of an earlier run.
//!
//! A line of JSON for each task that changed something. The file holds responses of services, tokens too: only its
//! owner can read it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use ring::digest::{SHA256, digest};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, shell_word};
use crate::spec::source::read_file;

/// A finished task.
#[derive(Debug, Deserialize, Serialize)]
struct Entry {
    /// Its place among the tasks that are recorded.
    position: usize,
    id: Option<String>,
    /// Of the environment and the rendered spec.
    hash: String,
    output: Value,
}

#[derive(Debug)]
pub struct ResumeLog {
    path: PathBuf,
    /// The environment or the endpoint.
    scope: String,
    entries: Vec<Entry>,
    /// Entries were dropped that are in the file.
    is_stale: bool,
    file: File,
}

impl ResumeLog {
    /// Opens or creates the file, before anything is sent.
    ///
    /// # Errors
    /// The file cannot be read or written, is not such a log, is in use, or can be read by others.
    pub fn open(path: &Path, scope: String) -> Result<Self> {
        let name = path.display();
        let failed = |error: std::io::Error| Error::local(format!("cannot write {name}")).cause(error);
        let file = OpenOptions::new().append(true).create(true).mode(0o600).open(path).map_err(failed)?;
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => {
                return Err(Error::local(format!("another run uses {name}")).hint("wait for it, or name another file"));
            }
            Err(TryLockError::Error(error)) => return Err(failed(error)),
            Ok(()) => {}
        }
        let metadata = file.metadata().map_err(failed)?;
        if !metadata.is_file() {
            return Err(Error::local(format!("{name} is not a regular file")));
        }
        let bytes = read_file(&path.to_string_lossy())?;
        let text = String::from_utf8_lossy(&bytes);
        let count = text.lines().count();
        let mut log = Self { path: path.to_owned(), scope, entries: Vec::new(), is_stale: false, file };
        for (index, line) in text.lines().enumerate() {
            match serde_json::from_str(line) {
                Ok(entry) => log.entries.push(entry),
                // The machine went down while it was written.
                Err(_) if index + 1 == count && !text.ends_with('\n') => log.is_stale = true,
                Err(_) => {
                    return Err(Error::local(format!("{name} is not a log of finished tasks"))
                        .hint("name another file: the run writes it"));
                }
            }
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(Error::local(format!("{name} can be read by others, and may hold tokens"))
                .hint(format!("run: chmod 600 {}", shell_word(path))));
        }
        Ok(log)
    }

    /// The output of the task at `position`, if it was finished with the same spec. The first that was not is run, and
    /// so is everything after it.
    ///
    /// # Errors
    /// The first recorded task is another one: the log is of another run.
    pub fn finished(&mut self, position: usize, spec: &Value) -> Result<Option<Value>> {
        let hash = self.hash(spec);
        let entry = self.entries.iter().position(|entry| entry.position == position);
        match entry.map(|at| (at, &self.entries[at])) {
            Some((_, entry)) if entry.hash == hash => return Ok(Some(entry.output.clone())),
            Some((0, _)) => {
                let name = self.path.display();
                return Err(Error::local(format!("{name} is of another run: its first task has another spec"))
                    .hint("use the same variables and environment, or name another file to begin again"));
            }
            _ => {}
        }
        let before = self.entries.len();
        self.entries.retain(|entry| entry.position < position);
        self.is_stale |= self.entries.len() < before;
        Ok(None)
    }

    /// Records a finished task.
    pub fn record(&mut self, position: usize, id: Option<&str>, spec: &Value, output: &Value) -> Result<()> {
        let entry = Entry { position, id: id.map(str::to_owned), hash: self.hash(spec), output: output.clone() };
        let line = line(&entry);
        self.entries.push(entry);
        let written = if std::mem::take(&mut self.is_stale) {
            self.rewrite()
        } else {
            self.file.write_all(line.as_bytes()).and_then(|()| self.file.sync_data())
        };
        written.map_err(|error| Error::local(format!("cannot write {}", self.path.display())).cause(error))
    }

    /// Replaces the file by one without the entries that were dropped.
    fn rewrite(&mut self) -> std::io::Result<()> {
        let text: String = self.entries.iter().map(line).collect();
        AtomicFile::beside(&self.path, text.as_bytes(), Readers::None)?.replace()?;
        self.file = OpenOptions::new().append(true).open(&self.path)?;
        self.file.try_lock().map_err(std::io::Error::from)
    }

    /// Removes the file, once all is done.
    pub fn remove(self) -> Result<()> {
        std::fs::remove_file(&self.path)
            .map_err(|error| Error::local(format!("cannot remove {}", self.path.display())).cause(error))
    }

    fn hash(&self, spec: &Value) -> String {
        let digest = digest(&SHA256, format!("{}{spec}", self.scope).as_bytes());
        digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn line(entry: &Entry) -> String {
    serde_json::to_string(entry).unwrap_or_default() + "\n"
}
