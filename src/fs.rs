//! Files that are complete before they have their name, so that nobody ever reads half of one.

use std::fs::{File, Permissions};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use tempfile::NamedTempFile;

/// Who may read a file, apart from its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Nobody, whatever the process's umask says.
    None,
    /// Whom the process's umask lets, as with every new file.
    ByUmask,
}

/// A complete file that waits for its name in the same folder; removed if it is dropped before.
#[derive(Debug)]
pub struct AtomicFile(NamedTempFile);

impl AtomicFile {
    /// Writes `content` into the folder of `path`, and sees to it that it outlives a crash.
    ///
    /// # Errors
    /// There is no such folder, or it takes nothing.
    pub fn beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".spacectl-").suffix(".tmp");
        if readers == Readers::ByUmask {
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(folder_of(path))?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        Ok(Self(file))
    }

    /// Gives it the name `path`, whatever has that now.
    ///
    /// # Errors
    /// The folder does not let it, or a folder has the name.
    pub fn replace(self, path: &Path) -> io::Result<()> {
        self.0.persist(path).map_err(|refused| refused.error)?;
        sync(folder_of(path));
        Ok(())
    }

    /// Gives it the name `path` unless something has that; `false` says so.
    ///
    /// # Errors
    /// The folder does not let it.
    pub fn create(self, path: &Path) -> io::Result<bool> {
        match self.0.persist_noclobber(path) {
            Ok(_) => {
                sync(folder_of(path));
                Ok(true)
            }
            Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(refused) => Err(refused.error),
        }
    }
}

/// The name has to outlive a crash as the content does; a folder that cannot be asked for that still has it.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// The folder that a path is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_file_has_its_name_when_it_is_complete_and_takes_nobody_elses_unless_it_is_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.yml");
        let stage = |content: &str| AtomicFile::beside(&path, content.as_bytes(), Readers::None).unwrap();
        assert!(stage("one").create(&path).unwrap());
        assert!(!stage("two").create(&path).unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        stage("three").replace(&path).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        drop(stage("four"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn who_may_read_it_is_said_where_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |readers, name: &str| {
            let path = folder.path().join(name);
            assert!(AtomicFile::beside(&path, b"", readers).unwrap().create(&path).unwrap());
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        fs::write(folder.path().join("any"), "").unwrap();
        let any = fs::metadata(folder.path().join("any")).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(Readers::None, "a"), mode(Readers::ByUmask, "b")), (0o600, any));
    }
}
