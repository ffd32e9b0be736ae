//! The backups of one plugin in one folder.
//!
//! `PLUGIN.yml.replacing` is there from before a plugin is deregistered until its replacement is registered, and
//! becomes `PLUGIN.yml.replaced` then: a file of the first name is a replacement to be finished.

use std::fs;
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;
use serde_json::{Map, Value};

use super::backup::{self, Backup};
use super::plan;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, open_file_with};

/// The most unfinished replacements of one plugin, each at another service.
const MAX_PENDING: usize = 9;

/// More than any spec that can be sent.
const MAX_BYTES: u64 = 256 << 20;

#[derive(Clone, Debug)]
pub struct BackupStore {
    folder: PathBuf,
    plugin_id: String,
    /// As in [`Backup::scope`].
    scope: String,
}

/// The unfinished replacements of the plugin at this service.
#[derive(Debug, Default)]
pub struct PendingBackups {
    pub trusted: Option<(PathBuf, Backup)>,
    /// A file that others may have written.
    pub untrusted: Option<UntrustedFile>,
}

/// A backup, by its content, that may be someone else's. A trusted one is a regular file of this user, not a link,
/// that no one else can read or write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UntrustedFile {
    pub path: PathBuf,
    pub why: String,
}

impl BackupStore {
    /// Next to the spec's file `source`; without one, in the current folder.
    pub fn new(source: Option<&str>, plugin_id: &str, scope: &str) -> Self {
        let folder = source.and_then(|source| Path::new(source).parent()).unwrap_or(Path::new(""));
        Self { folder: folder.to_owned(), plugin_id: plugin_id.to_owned(), scope: scope.to_owned() }
    }

    /// Fails if no file can be made in the folder.
    pub fn check(&self) -> Result<()> {
        let path = self.path("replaced", 1);
        AtomicFile::beside(&path, b"", Readers::None).map(drop).map_err(|error| self.cannot_write(&path, error))
    }

    pub fn scan(&self) -> Result<PendingBackups> {
        let mut found = PendingBackups::default();
        for path in self.pending_paths() {
            let Some((text, untrusted)) = read(&path)? else { continue };
            let is_ours = |backup: &Backup| {
                backup.scope == self.scope && plan::plugin_id(&backup.spec) == Some(self.plugin_id.as_str())
            };
            match (Backup::parse(&text).filter(is_ours), untrusted) {
                (Some(backup), None) => found.trusted = found.trusted.or(Some((path, backup))),
                // The target of a link is not read.
                (backup, Some(why)) if backup.is_some() || text.is_empty() => {
                    found.untrusted = found.untrusted.or(Some(UntrustedFile { path, why }));
                }
                _ => {}
            }
        }
        Ok(found)
    }

    /// Writes the backup of a plugin that is about to be deregistered. An earlier one is finished, not overwritten.
    pub fn begin(&self, is_disabled: bool, spec: Map<String, Value>) -> Result<Backup> {
        let backup = Backup { scope: self.scope.clone(), is_disabled, spec };
        match self.scan()?.trusted {
            Some((_, before)) if before == backup => return Ok(backup),
            Some(_) => {
                self.finish()?;
            }
            None => {}
        }
        let text = backup.to_text(&self.plugin_id);
        for path in self.pending_paths() {
            if self.create(&path, &text)? {
                return Ok(backup);
            }
        }
        Err(Error::local(format!("cannot back up {} before its replacement", self.plugin_id))
            .cause("too many replacements were begun there and not finished")
            .hint(format!("check {}, and move it away", self.path("replacing", 1).display())))
    }

    /// Renames the pending backup to a finished one, and returns its path.
    pub fn finish(&self) -> Result<Option<PathBuf>> {
        let Some((pending, backup)) = self.scan()?.trusted else { return Ok(None) };
        let text = backup.to_text(&self.plugin_id);
        let mut count = 1;
        let path = loop {
            let path = self.path("replaced", count);
            // A run that was stopped here has written the same.
            if self.create(&path, &text)? || read(&path)?.is_some_and(|(there, _)| there == text) {
                break path;
            }
            count += 1;
        };
        remove(&pending)?;
        Ok(Some(path))
    }

    /// Removes the pending backup: the plugin is as it was.
    pub fn discard(&self) -> Result<()> {
        self.scan()?.trusted.map_or(Ok(()), |(path, _)| remove(&path))
    }

    fn pending_paths(&self) -> impl Iterator<Item = PathBuf> {
        (1..=MAX_PENDING).map(|count| self.path("replacing", count))
    }

    fn path(&self, suffix: &str, count: usize) -> PathBuf {
        let number = if count == 1 { String::new() } else { format!(".{count}") };
        self.folder.join(format!("{}.{suffix}{number}", backup::file_name(&self.plugin_id)))
    }

    /// Returns `false` if there is a file of the name.
    fn create(&self, path: &Path, text: &str) -> Result<bool> {
        // Most names that are taken cost no file; one that is taken meanwhile is not overwritten either.
        if fs::symlink_metadata(path).is_ok() {
            return Ok(false);
        }
        let create = || AtomicFile::beside(path, text.as_bytes(), Readers::None)?.create();
        create().map_err(|error| self.cannot_write(path, error))
    }

    fn cannot_write(&self, path: &Path, error: io::Error) -> Error {
        Error::local(format!("cannot write the backup of {} to {}", self.plugin_id, path.display()))
            .cause(error)
            .hint("make the folder of the spec writable: a plugin is not replaced without a backup")
    }
}

/// The content of a file, and why it is not trusted, if so; `None` if no regular file has the name.
fn read(path: &Path) -> Result<Option<(String, Option<String>)>> {
    let content = || -> io::Result<Option<(String, Option<String>)>> {
        let mut file = match open_file_with(path, OFlags::RDONLY | OFlags::NOFOLLOW) {
            // A pipe, a device, a folder.
            Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::IsADirectory) => return Ok(None),
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Ok(Some((String::new(), Some("it is a symbolic link".to_owned()))));
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if metadata.len() > MAX_BYTES {
            return Ok(None);
        }
        let untrusted = if metadata.uid() != geteuid().as_raw() {
            Some(format!("it belongs to another user, with the id {}", metadata.uid()))
        } else {
            (metadata.mode() & 0o077 != 0).then(|| format!("its mode is {:04o}", metadata.mode() & 0o7777))
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some((String::from_utf8_lossy(&bytes).into_owned(), untrusted)))
    };
    match content() {
        // Another run can remove it at any time.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        content => content.map_err(|error| Error::local(format!("cannot read {}", path.display())).cause(error)),
    }
}

/// Removes a file, if another run did not.
fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        removed => removed.map_err(|error| Error::local(format!("cannot remove {}", path.display())).cause(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::SystemTime;

    use serde_json::json;
    use tempfile::TempDir;

    use super::*;

    fn spec(name: &str) -> Map<String, Value> {
        let Value::Object(spec) = json!({"name": name, "image": "x/plugin-a"}) else { panic!("an object") };
        spec
    }

    fn store(folder: &TempDir, place: &str) -> BackupStore {
        let source = folder.path().join("a.yml");
        BackupStore::new(source.to_str(), "plugin-a", place)
    }

    fn pending(store: &BackupStore) -> Option<Backup> {
        store.scan().unwrap().trusted.map(|(_, backup)| backup)
    }

    fn files(folder: &TempDir) -> Vec<String> {
        let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_begun_is_pending_until_it_is_finished_and_no_earlier_one_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, "here");
        for (name, count) in [("one", 1), ("two", 2), ("one", 2)] {
            let backup = store.begin(name == "two", spec(name)).unwrap();
            let path = store.path("replacing", 1);
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(pending(&store), Some(backup));
            store.finish().unwrap().unwrap();
            assert_eq!(pending(&store), None);
            assert_eq!(files(&folder).len(), count);
        }
        assert_eq!(files(&folder), ["plugin-a.yml.replaced", "plugin-a.yml.replaced.2"]);
        assert_eq!(store.finish().unwrap(), None);
    }

    #[test]
    fn what_another_run_takes_away_meanwhile_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (store(&folder, "here"), store(&folder, "there"));
        std::thread::scope(|scope| {
            let coming_and_going = scope.spawn(|| {
                for _ in 0..2000 {
                    there.begin(false, spec("theirs")).unwrap();
                    there.discard().unwrap();
                }
            });
            while !coming_and_going.is_finished() {
                assert_eq!(pending(&here), None);
            }
        });
    }

    #[test]
    fn what_another_service_has_pending_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        store(&folder, "there").begin(false, spec("theirs")).unwrap();
        let here = store(&folder, "here");
        assert_eq!(pending(&here), None);
        here.begin(false, spec("ours")).unwrap();
        assert_eq!(pending(&here).unwrap().spec, spec("ours"));
        here.discard().unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replacing"]);
        assert_eq!(pending(&store(&folder, "there")).unwrap().spec, spec("theirs"));
    }

    #[test]
    fn what_was_begun_before_is_kept_when_something_else_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, "here");
        store.begin(true, spec("one")).unwrap();
        store.begin(true, spec("one")).unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replacing"]);
        store.begin(true, spec("two")).unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replaced", "plugin-a.yml.replacing"]);
    }

    #[test]
    fn nothing_is_written_for_a_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(&folder, "here");
        let taken = store.path("replaced", 1);
        fs::write(&taken, "before").unwrap();
        // A file that is made and removed again moves the time of its folder.
        let long_ago = SystemTime::UNIX_EPOCH;
        File::open(folder.path()).unwrap().set_modified(long_ago).unwrap();
        assert!(!store.create(&taken, "after").unwrap());
        assert_eq!(fs::metadata(folder.path()).unwrap().modified().unwrap(), long_ago);
        assert_eq!(fs::read_to_string(&taken).unwrap(), "before");
    }

    #[test]
    fn a_folder_that_takes_nothing_is_known_before() {
        let missing = BackupStore::new(Some("/nowhere/at/all/a.yml"), "plugin-a", "here");
        assert!(missing.check().unwrap_err().to_string().contains("/nowhere/at/all/plugin-a.yml.replaced"));
    }
}
