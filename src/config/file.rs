//! Reading and replacing the configuration's files.

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers};

/// No configuration is longer; whatever is, is another file.
const MAX_BYTES: u64 = 1024 * 1024;

/// The longest wait for a lock: a change takes milliseconds, so that whoever holds it longer hangs or is suspended.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
/// The pause between two tries.
const LOCK_PAUSE: Duration = Duration::from_millis(10);

/// What to do about a folder that is another user's.
const ANOTHER_FOLDER: &str = "SPACECTL_CONFIG_DIR names another folder for the configuration";

/// The file's content; `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match File::open(path) {
        Ok(file) => read_from(file, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let is_barred = error.kind() == ErrorKind::PermissionDenied;
            let failed = Error::local(format!("cannot read {}", path.display())).cause(error);
            Err(if is_barred { failed.hint(ANOTHER_FOLDER) } else { failed })
        }
    }
}

/// Whether this user may not even see whether there is such a file.
pub(super) fn is_out_of_sight(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err_and(|error| error.kind() == ErrorKind::PermissionDenied)
}

/// What `reader` holds, up to a bound that no configuration reaches; `source` names it in errors.
pub(super) fn read_from(reader: impl Read, source: &str) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader
        .take(MAX_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::local(format!("cannot read {source}")).cause(error))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(Error::local(format!("{source} is no configuration: it is larger than 1 MiB")));
    }
    Ok(bytes)
}

/// Puts `content` in the place of what `path` holds, or makes the file; readable by its owner only. Readers see the
/// old content or the new one, and a failure leaves the old one. A symbolic link stays, and the file behind it changes.
pub(super) fn replace(path: &Path, content: &str) -> Result<()> {
    Staged::instead_of(path, content)?.replace()
}

/// As [`replace`], but never in the place of anything: `false` says that there is something already.
pub(super) fn create(path: &Path, content: &str) -> Result<bool> {
    Staged::new(path, content)?.create()
}

/// A complete file that waits to be put in its place; removed if it is dropped before. With several of them, all that can
/// fail for want of space or rights has failed before the first is in its place.
pub(super) struct Staged {
    file: AtomicFile,
    /// The path that errors name.
    path: PathBuf,
    /// The file behind it.
    target: PathBuf,
}

impl Staged {
    /// For a path where nothing is.
    pub(super) fn new(path: &Path, content: &str) -> Result<Self> {
        Self::write(path, content, || Ok(path.to_owned()))
    }

    /// For a path where something may be, or a symbolic link to it.
    pub(super) fn instead_of(path: &Path, content: &str) -> Result<Self> {
        Self::write(path, content, || match fs::canonicalize(path) {
            Ok(target) if target.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(target) => Ok(target),
            // A link that leads nowhere is not ours to mend.
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => Ok(path.to_owned()),
            Err(error) => Err(error),
        })
    }

    fn write(path: &Path, content: &str, target: impl Fn() -> io::Result<PathBuf>) -> Result<Self> {
        check_size(path, content)?;
        let write = || {
            let target = target()?;
            let file = AtomicFile::beside(&target, content.as_bytes(), Readers::None)?;
            Ok(Self { file, path: path.to_owned(), target })
        };
        write().map_err(|error| cannot_write(path, error))
    }

    /// Puts it in its place, whatever is there.
    pub(super) fn replace(self) -> Result<()> {
        self.file.replace(&self.target).map_err(|error| cannot_write(&self.path, error))
    }

    /// Puts it in its place unless something is there; `false` says that there is.
    pub(super) fn create(self) -> Result<bool> {
        self.file.create(&self.target).map_err(|error| cannot_write(&self.path, error))
    }
}

/// What could not be read again is not written; aliases can make it long.
fn check_size(path: &Path, content: &str) -> Result<()> {
    if content.len() as u64 > MAX_BYTES {
        return Err(Error::local(format!("{} would become larger than 1 MiB, and is not written", path.display())));
    }
    Ok(())
}

fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::local(format!("cannot write {}", path.display())).cause(error)
}

/// Makes the folder and those above it, each that is new for its owner only.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(path)
        .map_err(|error| Error::local(format!("cannot make the folder {}", path.display())).cause(error))
}

/// Removes the file; `false` says that there was none.
pub(super) fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(Error::local(format!("cannot remove {}", path.display())).cause(error)),
    }
}

/// The names of the files in `folder`, those behind symbolic links included; none if there is no such folder.
/// Names that are not Unicode are left out.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>> {
    let failed = |error: io::Error| Error::local(format!("cannot read the folder {}", folder.display())).cause(error);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        if let Ok(name) = entry.file_name().into_string()
            && entry.path().is_file()
        {
            names.push(name);
        }
    }
    Ok(names)
}

/// The file's permission bits, if others than its owner have any.
pub(super) fn shared_mode(path: &Path) -> Option<u32> {
    let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).ok()?.permissions()) & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Other systems protect a user's folder by other means than the file's mode.
/// What to warn about: the file at `path`, which holds a secret, is not its owner's alone.
pub(super) fn exposure(path: &Path) -> Option<String> {
    let mode = shared_mode(path)?;
    Some(format!(
        "{} holds a secret, and its mode {mode:04o} lets others read or change it: run `chmod 600 {}`",
        path.display(),
        shell_word(path),
    ))
}

/// Whether others than its owner may change the file at `path`.
pub(super) fn others_can_write(path: &Path) -> bool {
    shared_mode(path).is_some_and(|mode| mode & 0o022 != 0)
}

/// `path` as one word of a shell.
pub(super) fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | '+' | ',' | ':' | '@');
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

/// Keeps others that do the same from changing what lies in a folder, until it is dropped.
///
/// Where there is no folder, or folders cannot be locked (some network file systems), there is no lock: changes stay
/// whole, but of two at the same moment one may be lost.
pub(super) struct Lock(#[expect(dead_code, reason = "held to be unlocked when dropped")] Option<File>);

impl Lock {
    /// Locks `folder`. What was read before may have changed by then.
    ///
    /// # Errors
    /// Another process holds the lock for longer than [`LOCK_TIMEOUT`].
    pub(super) fn acquire(folder: &Path) -> Result<Self> {
        let Ok(file) = File::open(folder) else { return Ok(Self(None)) };
        let give_up = Instant::now() + LOCK_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Some(file))),
                Err(TryLockError::Error(_)) => return Ok(Self(None)),
                Err(TryLockError::WouldBlock) if Instant::now() < give_up => thread::sleep(LOCK_PAUSE),
                Err(TryLockError::WouldBlock) => break,
            }
        }
        Err(Error::local(format!("{} is locked: nothing was changed", folder.display()))
            .cause(format!("another process has held the lock for {LOCK_TIMEOUT:?}"))
            .hint(format!(
                "find that process with `fuser -v {}`, end it or let it end, and try again",
                shell_word(folder)
            )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_too_large_is_not_read_into_memory() {
        let error = read_from(io::repeat(b'a'), "dev.yml").unwrap_err();
        assert_eq!(error.problems()[0].message, "dev.yml is no configuration: it is larger than 1 MiB");
        assert_eq!(read_from(io::repeat(b'a').take(MAX_BYTES), "x").unwrap().len() as u64, MAX_BYTES);
    }

    #[test]
    fn what_could_not_be_read_again_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.yml");
        let largest = "a".repeat(usize::try_from(MAX_BYTES).unwrap());
        let error = replace(&path, &format!("{largest}a")).unwrap_err().to_string();
        assert!(error.ends_with("dev.yml would become larger than 1 MiB, and is not written"), "{error}");
        assert!(create(&path, &format!("{largest}a")).is_err());
        assert!(!path.exists());
        replace(&path, &largest).unwrap();
        assert!(read(&path).unwrap().is_some());
    }

    #[test]
    fn what_cannot_be_replaced_stays_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.yml");
        fs::create_dir(&path).unwrap();
        assert!(replace(&path, "a: b").is_err());
        assert!(!create(&path, "a: b").unwrap());
        assert!(path.is_dir());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn an_existing_file_is_not_created_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("dev.yml");
        assert!(create(&path, "old").unwrap());
        assert!(!create(&path, "new").unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_where_the_folder_should_be_stays() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "mine").unwrap();
        assert!(make_folder(&file.join("environments")).is_err());
        assert!(make_folder(&file).is_err());
        assert!(replace(&file.join("dev.yml"), "a: b").is_err());
        assert!(read(&file.join("dev.yml")).is_err());
        assert_eq!(fs::read_to_string(&file).unwrap(), "mine");
    }

    #[test]
    fn a_path_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(shell_word(Path::new("/home/x/.spaceone/dev.yml")), "/home/x/.spaceone/dev.yml");
        assert_eq!(shell_word(Path::new("/a b/it's")), r"'/a b/it'\''s'");
    }

    mod unix {
        use super::*;
        use std::os::unix::fs::{PermissionsExt, symlink};

        fn mode(path: &Path) -> u32 {
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        }

        fn set_mode(path: &Path, mode: u32) {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        }

        #[test]
        fn files_and_folders_are_their_owners_only() {
            let folder = tempfile::tempdir().unwrap();
            let (a, b) = (folder.path().join("a"), folder.path().join("a/b"));
            make_folder(&b).unwrap();
            assert_eq!((mode(&a), mode(&b)), (0o700, 0o700));
            let path = b.join("dev.yml");
            assert!(create(&path, "x").unwrap());
            assert_eq!(mode(&path), 0o600);
            set_mode(&path, 0o644);
            assert_eq!(shared_mode(&path), Some(0o644));
            replace(&path, "y").unwrap();
            assert_eq!(mode(&path), 0o600);
            assert_eq!(shared_mode(&path), None);
        }

        #[test]
        fn a_link_stays_a_link_and_its_file_changes() {
            let folder = tempfile::tempdir().unwrap();
            let (file, link) = (folder.path().join("file"), folder.path().join("link"));
            fs::write(&file, "old").unwrap();
            symlink("file", &link).unwrap();
            replace(&link, "new").unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
            assert_eq!(mode(&file), 0o600);
        }

        #[test]
        fn a_link_that_leads_nowhere_is_not_replaced() {
            let folder = tempfile::tempdir().unwrap();
            let link = folder.path().join("link");
            symlink("missing", &link).unwrap();
            assert!(replace(&link, "new").is_err());
            assert!(!create(&link, "new").unwrap());
            assert!(link.is_symlink());
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }

        #[test]
        fn an_unwritable_folder_leaves_the_old_content() {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("dev.yml");
            fs::write(&path, "old").unwrap();
            set_mode(folder.path(), 0o500);
            // The superuser may write everywhere.
            let is_superuser = fs::write(folder.path().join("probe"), "").is_ok();
            let replaced = replace(&path, "new");
            set_mode(folder.path(), 0o700);
            if !is_superuser {
                assert!(replaced.is_err());
                assert_eq!(fs::read_to_string(&path).unwrap(), "old");
                assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
            }
        }
    }
}
