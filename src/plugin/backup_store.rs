//! Where the old specs of replaced plugins are kept: `PLUGIN.yml.replacing` from before a plugin is taken away until the
//! new one is there, and `PLUGIN.yml.replaced` from then on. What is found under the first name is work to be finished.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;

use super::plan;
use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers};
use crate::plugin::backup;
use crate::plugin::backup::Kept;

/// How many unfinished replacements of one plugin, at as many services, a folder can hold.
const MOST_PENDING: usize = 9;

/// No spec that can be sent is larger.
const MAX_BYTES: u64 = 256 << 20;

/// The files of one plugin in one folder.
#[derive(Clone, Debug)]
pub struct BackupStore {
    folder: PathBuf,
    plugin_id: String,
    /// Whose plugin it is, as of [`Kept::place`].
    place: String,
}

/// A file that says it is a backup, and that somebody else may have put there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Untrusted {
    pub path: PathBuf,
    /// Why it is not trusted.
    pub why: String,
}

/// What a file that can be read holds.
struct Content {
    text: String,
    /// Why it may be somebody else's.
    fault: Option<String>,
}

impl BackupStore {
    /// For the plugin whose spec stands in the file `source`; without one, in the folder where the program runs.
    pub fn beside(source: Option<&str>, plugin_id: &str, place: &str) -> Self {
        let folder = source.and_then(|source| Path::new(source).parent()).unwrap_or(Path::new(""));
        Self { folder: folder.to_owned(), plugin_id: plugin_id.to_owned(), place: place.to_owned() }
    }

    /// Finds out whether something can be kept there, while nothing is done.
    ///
    /// # Errors
    /// No file can be made there.
    pub fn check(&self) -> Result<()> {
        let path = self.path("replaced", 1);
        AtomicFile::beside(&path, b"", Readers::None).map(drop).map_err(|error| self.cannot_keep(&path, error))
    }

    /// The unfinished replacement of this plugin at this place.
    ///
    /// # Errors
    /// A file of that name cannot be read.
    pub fn pending(&self) -> Result<Option<Kept>> {
        Ok(self.find_pending()?.map(|(_, kept)| kept))
    }

    /// Where that is kept.
    ///
    /// # Errors
    /// As [`BackupStore::pending`].
    pub fn place_of_pending(&self) -> Result<Option<PathBuf>> {
        Ok(self.find_pending()?.map(|(path, _)| path))
    }

    /// A file that would be the unfinished replacement of this plugin at this place, if it were trusted: such a file is
    /// this user's, a regular file and no link, and nobody else can read or write it.
    ///
    /// # Errors
    /// As [`BackupStore::pending`].
    pub fn untrusted(&self) -> Result<Option<Untrusted>> {
        for count in 1..=MOST_PENDING {
            let path = self.path("replacing", count);
            let Some(Content { text, fault: Some(why) }) = read(&path)? else { continue };
            // What a link leads to is not looked at.
            if text.is_empty() || self.parse(&text).is_some() {
                return Ok(Some(Untrusted { path, why }));
            }
        }
        Ok(None)
    }

    fn find_pending(&self) -> Result<Option<(PathBuf, Kept)>> {
        for count in 1..=MOST_PENDING {
            let path = self.path("replacing", count);
            if let Some(Content { text, fault: None }) = read(&path)?
                && let Some(kept) = self.parse(&text)
            {
                return Ok(Some((path, kept)));
            }
        }
        Ok(None)
    }

    /// The backup that a file holds, if it is of this plugin at this place.
    fn parse(&self, text: &str) -> Option<Kept> {
        let ours = |kept: &Kept| kept.place == self.place && plan::plugin_id(&kept.spec) == Some(&self.plugin_id);
        Kept::read(text).filter(ours)
    }

    /// Keeps a plugin that is going to be taken away, and says where. What was kept before stays.
    ///
    /// # Errors
    /// The file cannot be written.
    pub fn begin(
        &self,
        is_disabled: bool,
        spec: serde_json::Map<String, serde_json::Value>,
    ) -> Result<(PathBuf, Kept)> {
        let kept = Kept { place: self.place.clone(), is_disabled, spec };
        if let Some((path, before)) = self.find_pending()? {
            if before == kept {
                return Ok((path, kept));
            }
            self.finish()?;
        }
        let text = kept.to_text(&self.plugin_id);
        for count in 1..=MOST_PENDING {
            let path = self.path("replacing", count);
            if self.create(&path, &text)? {
                return Ok((path, kept));
            }
        }
        Err(Error::local(format!("cannot keep {} before it is replaced", self.plugin_id))
            .cause("too many replacements were begun there and not finished")
            .hint(format!("look at {}, and move it away", self.path("replacing", 1).display())))
    }

    /// Renames what is pending to what is done, and says to which file; `None` if nothing is pending.
    ///
    /// # Errors
    /// The file cannot be renamed.
    pub fn finish(&self) -> Result<Option<PathBuf>> {
        let Some((pending, kept)) = self.find_pending()? else { return Ok(None) };
        let text = kept.to_text(&self.plugin_id);
        let mut count = 1;
        let path = loop {
            let path = self.path("replaced", count);
            // The same may lie there from a run that was stopped here.
            if self.create(&path, &text)? || read(&path)?.is_some_and(|there| there.text == text) {
                break path;
            }
            count += 1;
        };
        remove(&pending)?;
        Ok(Some(path))
    }

    /// Forgets what is pending: the plugin is as it was.
    ///
    /// # Errors
    /// The file cannot be removed.
    pub fn discard(&self) -> Result<()> {
        self.find_pending()?.map_or(Ok(()), |(path, _)| remove(&path))
    }

    fn path(&self, what: &str, count: usize) -> PathBuf {
        let name = backup::file_name(&self.plugin_id);
        let number = if count == 1 { String::new() } else { format!(".{count}") };
        self.folder.join(format!("{name}.{what}{number}"))
    }

    /// `false` if there is a file already.
    fn create(&self, path: &Path, text: &str) -> Result<bool> {
        // Nothing is written in vain for a name that is taken; one that is taken meanwhile stays as well.
        if fs::symlink_metadata(path).is_ok() {
            return Ok(false);
        }
        let create = || AtomicFile::beside(path, text.as_bytes(), Readers::None)?.create();
        create().map_err(|error| self.cannot_keep(path, error))
    }

    fn cannot_keep(&self, path: &Path, error: io::Error) -> Error {
        Error::local(format!("cannot keep the old spec of {} in {}", self.plugin_id, path.display()))
            .cause(error)
            .hint("a plugin is replaced only where its old spec can be kept, beside the new one")
    }
}

/// The content of a file; `None` if nothing has the name, or something that is no file.
fn read(path: &Path) -> Result<Option<Content>> {
    let content = || -> io::Result<Option<Content>> {
        // A pipe must not be waited for.
        let flags = (OFlags::NOFOLLOW | OFlags::NONBLOCK).bits();
        #[expect(clippy::cast_possible_wrap, reason = "these are the system's own bits, which it takes as an int")]
        let mut file = match OpenOptions::new().read(true).custom_flags(flags as i32).open(path) {
            Err(error) if error.raw_os_error() == Some(Errno::LOOP.raw_os_error()) => {
                return Ok(Some(Content { text: String::new(), fault: Some("it is a symbolic link".to_owned()) }));
            }
            opened => opened?,
        };
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > MAX_BYTES {
            return Ok(None);
        }
        let fault = if metadata.uid() != geteuid().as_raw() {
            Some(format!("it belongs to another user, with the id {}", metadata.uid()))
        } else if metadata.mode() & 0o077 != 0 {
            Some(format!("its mode is {:04o}", metadata.mode() & 0o7777))
        } else {
            None
        };
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(Some(Content { text: String::from_utf8_lossy(&bytes).into_owned(), fault }))
    };
    match content() {
        Ok(content) => Ok(content),
        // Another run can have taken it away after it was seen.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::local(format!("cannot read {}", path.display())).cause(error)),
    }
}

fn remove(path: &Path) -> Result<()> {
    match fs::remove_file(path) {
        Ok(()) => Ok(()),
        // By another run that had the same to do.
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Error::local(format!("cannot remove {}", path.display())).cause(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::SystemTime;

    use serde_json::{Map, Value, json};
    use tempfile::TempDir;

    use super::*;

    fn spec(name: &str) -> Map<String, Value> {
        let Value::Object(spec) = json!({"name": name, "image": "x/plugin-a"}) else { panic!("an object") };
        spec
    }

    fn keeper(folder: &TempDir, place: &str) -> BackupStore {
        let source = folder.path().join("a.yml");
        BackupStore::beside(source.to_str(), "plugin-a", place)
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
        let keeper = keeper(&folder, "here");
        for (name, count) in [("one", 1), ("two", 2), ("one", 2)] {
            let (path, kept) = keeper.begin(name == "two", spec(name)).unwrap();
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(keeper.pending().unwrap(), Some(kept));
            keeper.finish().unwrap().unwrap();
            assert_eq!(keeper.pending().unwrap(), None);
            assert_eq!(files(&folder).len(), count);
        }
        assert_eq!(files(&folder), ["plugin-a.yml.replaced", "plugin-a.yml.replaced.2"]);
        assert_eq!(keeper.finish().unwrap(), None);
    }

    #[test]
    fn what_another_run_takes_away_meanwhile_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let (here, there) = (keeper(&folder, "here"), keeper(&folder, "there"));
        std::thread::scope(|scope| {
            let coming_and_going = scope.spawn(|| {
                for _ in 0..2000 {
                    there.begin(false, spec("theirs")).unwrap();
                    there.discard().unwrap();
                }
            });
            while !coming_and_going.is_finished() {
                assert_eq!(here.pending().unwrap(), None);
            }
        });
    }

    #[test]
    fn what_another_service_has_pending_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        keeper(&folder, "there").begin(false, spec("theirs")).unwrap();
        let here = keeper(&folder, "here");
        assert_eq!(here.pending().unwrap(), None);
        here.begin(false, spec("ours")).unwrap();
        assert_eq!(here.pending().unwrap().unwrap().spec, spec("ours"));
        here.discard().unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replacing"]);
        assert_eq!(keeper(&folder, "there").pending().unwrap().unwrap().spec, spec("theirs"));
    }

    #[test]
    fn what_was_begun_before_is_kept_when_something_else_is_begun() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = keeper(&folder, "here");
        keeper.begin(true, spec("one")).unwrap();
        keeper.begin(true, spec("one")).unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replacing"]);
        keeper.begin(true, spec("two")).unwrap();
        assert_eq!(files(&folder), ["plugin-a.yml.replaced", "plugin-a.yml.replacing"]);
    }

    #[test]
    fn nothing_is_written_for_a_name_that_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let keeper = keeper(&folder, "here");
        let taken = keeper.path("replaced", 1);
        fs::write(&taken, "before").unwrap();
        // A file that is made and removed again moves the time of its folder.
        let long_ago = SystemTime::UNIX_EPOCH;
        File::open(folder.path()).unwrap().set_modified(long_ago).unwrap();
        assert!(!keeper.create(&taken, "after").unwrap());
        assert_eq!(fs::metadata(folder.path()).unwrap().modified().unwrap(), long_ago);
        assert_eq!(fs::read_to_string(&taken).unwrap(), "before");
    }

    #[test]
    fn a_folder_that_takes_nothing_is_known_before() {
        let missing = BackupStore::beside(Some("/nowhere/at/all/a.yml"), "plugin-a", "here");
        assert!(missing.check().unwrap_err().to_string().contains("/nowhere/at/all/plugin-a.yml.replaced"));
    }
}
