//! Atomic files, reads that end, locks with a limit, checks of permissions.
//!
//! Nothing here knows what a file holds.

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder, File, Metadata, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::io::Errno;
use rustix::process::geteuid;
use tempfile::{NamedTempFile, TempPath};

use crate::error::{Error, Result};

/// The longest wait for a lock. A change takes milliseconds: a process that holds it longer hangs or is suspended.
const LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const LOCK_POLL: Duration = Duration::from_millis(10);
/// More links than any system follows, one after the other.
const MAX_LINKS: usize = 40;
const NOT_REGULAR: &str = "not a regular file";

/// Who may read a file, apart from its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Nobody, whatever the process's umask says.
    None,
    /// Whom the process's umask allows, as with every new file.
    ByUmask,
    /// Whom these permission bits allow, those of the file to replace.
    Mode(u32),
}

/// A complete file that waits for its name in the same folder; removed if it is dropped before.
///
/// With several of them, everything that can fail for lack of space or rights has failed before the first one gets its
/// name. Readers see the old content or the new one.
#[derive(Debug)]
pub struct AtomicFile {
    // Not open: any number of files can wait.
    file: TempPath,
    target: PathBuf,
}

impl AtomicFile {
    /// Writes `content` into the folder of `path` and syncs it, so that it outlives a crash.
    pub fn beside(path: &Path, content: &[u8], readers: Readers) -> io::Result<Self> {
        let mut file = OpenAtomicFile::beside(path, readers)?;
        file.write_all(content)?;
        file.close()
    }

    /// Like [`AtomicFile::beside`], but a symbolic link at `path` stays, and the file that it leads to changes.
    pub fn behind_links(path: &Path, content: &[u8], readers: Readers) -> io::Result<Self> {
        match fs::canonicalize(path) {
            Ok(target) if target.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(target) => Self::beside(&target, content, readers),
            // A dangling link is not ours to mend.
            Err(error) if error.kind() == ErrorKind::NotFound && !path.is_symlink() => {
                Self::beside(path, content, readers)
            }
            Err(error) => Err(error),
        }
    }

    /// Renames it to its target, whatever is there now.
    pub fn replace(self) -> io::Result<()> {
        self.file.persist(&self.target).map_err(|refused| refused.error)?;
        sync(folder_of(&self.target));
        Ok(())
    }

    /// Renames it to its target; returns false if something is there already.
    pub fn create(self) -> io::Result<bool> {
        match self.file.persist_noclobber(&self.target) {
            Ok(()) => {
                sync(folder_of(&self.target));
                Ok(true)
            }
            Err(refused) if refused.error.kind() == ErrorKind::AlreadyExists => Ok(false),
            Err(refused) => Err(refused.error),
        }
    }
}

/// An [`AtomicFile`] whose content is written piece by piece.
#[derive(Debug)]
pub struct OpenAtomicFile {
    file: NamedTempFile,
    target: PathBuf,
}

impl OpenAtomicFile {
    /// Creates it, empty, in the folder of `path`.
    pub fn beside(path: &Path, readers: Readers) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".spacectl-").suffix(".tmp");
        if readers == Readers::ByUmask {
            builder.permissions(Permissions::from_mode(0o666));
        }
        let file = builder.tempfile_in(folder_of(path))?;
        if let Readers::Mode(mode) = readers {
            // Not by the builder: the umask would take bits away.
            file.as_file().set_permissions(Permissions::from_mode(mode))?;
        }
        Ok(Self { file, target: path.to_owned() })
    }

    /// Syncs it, so that it outlives a crash.
    pub fn close(self) -> io::Result<AtomicFile> {
        self.file.as_file().sync_all()?;
        Ok(AtomicFile { file: self.file.into_temp_path(), target: self.target })
    }
}

impl io::Write for OpenAtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Syncs the folder, so that the name outlives a crash as the content does; a folder that cannot be synced is ignored.
fn sync(folder: &Path) {
    if let Ok(folder) = File::open(folder) {
        let _ = folder.sync_all();
    }
}

/// The folder that a path is in.
pub fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Creates the folder and its parents; each new one is for its owner only.
pub fn create_private_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Opens a regular file to read, without waiting for anything: a named pipe would wait for its writer, and a device may
/// have no end. Open pipes are read where a path names one: `/dev/stdin`, and `<(...)` of a shell.
pub fn open_file(path: &Path) -> io::Result<File> {
    open_file_with(path, OFlags::RDONLY)
}

/// As [`open_file`], with other flags; a file that is created is for its owner only.
pub fn open_file_with(path: &Path, flags: OFlags) -> io::Result<File> {
    let not_regular = || Err(io::Error::new(ErrorKind::InvalidInput, NOT_REGULAR));
    let flags = flags | OFlags::NONBLOCK | OFlags::CLOEXEC | OFlags::NOCTTY;
    let file = match rustix::fs::open(path, flags, Mode::RUSR | Mode::WUSR) {
        Ok(file) => File::from(file),
        // A socket; to write, a pipe without a reader.
        Err(Errno::NXIO) => return not_regular(),
        Err(error) => return Err(error.into()),
    };
    let kind = file.metadata()?.file_type();
    if kind.is_dir() {
        return Err(Errno::ISDIR.into());
    }
    if !kind.is_file() {
        if !is_open_already(path) {
            return not_regular();
        }
        rustix::fs::fcntl_setfl(&file, rustix::fs::fcntl_getfl(&file)? - OFlags::NONBLOCK)?;
    }
    Ok(file)
}

/// Whether the path names what was opened for this process; or `/dev/null`, the usual word for no file.
fn is_open_already(path: &Path) -> bool {
    let is_one = |file: &str| path == Path::new(file);
    let is_in = |folder: &str| path.parent() == Some(Path::new(folder));
    is_one("/dev/null") || is_one("/dev/stdin") || is_in("/dev/fd") || is_in("/proc/self/fd")
}

/// Reads at most `max` bytes; more of them are an error of the kind [`ErrorKind::FileTooLarge`].
pub fn read_limited(reader: impl Read, max: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        let limit = if max < 1 << 20 { format!("{} KiB", max >> 10) } else { format!("{} MiB", max >> 20) };
        return Err(io::Error::new(ErrorKind::FileTooLarge, format!("it is larger than {limit}")));
    }
    Ok(bytes)
}

/// An exclusive lock on a folder, for those who change something in it; released when dropped.
///
/// There is no lock where there is no folder, or where folders cannot be locked (some network file systems): changes
/// stay whole, but of two at the same moment one may be lost.
pub struct Lock(#[expect(dead_code, reason = "unlocks when dropped")] Option<File>);

impl Lock {
    /// Locks `folder`; what was read before may have changed by then.
    ///
    /// # Errors
    /// Another process holds the lock for longer than [`LOCK_TIMEOUT`].
    pub fn acquire(folder: &Path) -> Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let Ok(file) = rustix::fs::open(folder, flags, Mode::empty()) else { return Ok(Self(None)) };
        let file = File::from(file);
        let deadline = Instant::now() + LOCK_TIMEOUT;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self(Some(file))),
                Err(TryLockError::Error(_)) => return Ok(Self(None)),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => thread::sleep(LOCK_POLL),
                Err(TryLockError::WouldBlock) => break,
            }
        }
        Err(Error::local(format!("{} is locked: nothing was changed", folder.display()))
            .cause(format!("another process has held the lock for {LOCK_TIMEOUT:?}"))
            .hint(format!("find that process with `fuser -v {}`, end it, and try again", shell_word(folder))))
    }
}

/// `path` as one word of a shell.
pub fn shell_word(path: &Path) -> String {
    let text = path.display().to_string();
    shlex::try_quote(&text).map(Into::into).unwrap_or_else(|_| format!("{text:?}"))
}

/// The file's permission bits if they give others than its owner anything.
pub fn shared_mode(path: &Path) -> Option<u32> {
    let mode = fs::metadata(path).ok()?.permissions().mode() & 0o777;
    (mode & 0o077 != 0).then_some(mode)
}

/// Checks that only the user and root can change the file at `path`, as ssh does: the file and every folder on the way
/// to it, up to `home` or the root. Links are followed: the folders that hold one are on the way, too.
///
/// # Errors
/// The first path where others can write, and the command that corrects it.
pub fn check_only_user_can_change(path: &Path, home: Option<&Path>) -> Result<()> {
    let user = geteuid().as_raw();
    let unchecked = |error: io::Error| Error::local("cannot check who can change this file").cause(error);
    for (folder, metadata) in folders_on_the_way(path, home).map_err(unchecked)? {
        check_owner_and_mode(&format!("the folder {}", folder.display()), &folder, &metadata, user)?;
    }
    let file = fs::canonicalize(path).map_err(unchecked)?;
    let what = if file == path { "this file".to_owned() } else { format!("the file {}", file.display()) };
    check_owner_and_mode(&what, &file, &fs::metadata(&file).map_err(unchecked)?, user)
}

fn check_owner_and_mode(what: &str, path: &Path, metadata: &Metadata, user: u32) -> Result<()> {
    let is_own = metadata.uid() == user;
    if !is_own && metadata.uid() != 0 {
        return Err(Error::local(format!("{what} belongs to another user, with the id {}", metadata.uid()))
            .hint(format!("run `sudo chown {user} {}`", shell_word(path))));
    }
    // ssh makes no exception for the sticky bit either: others can still put a folder there that is not there yet.
    if metadata.mode() & 0o022 == 0 {
        return Ok(());
    }
    let error = Error::local(format!("others can change {what}, whose mode is {:04o}", metadata.mode() & 0o7777));
    Err(if is_own && metadata.mode() & 0o1000 == 0 {
        error.hint(format!("run `chmod go-w {}`", shell_word(path)))
    } else {
        error.hint("move the configuration to a folder of your own, and name that in SPACECTL_CONFIG_DIR")
    })
}

/// The folders on the way to `path`, links resolved.
fn folders_on_the_way(path: &Path, home: Option<&Path>) -> io::Result<Vec<(PathBuf, Metadata)>> {
    let home = home.and_then(|home| fs::canonicalize(home).ok());
    let mut all = BTreeSet::new();
    let mut add = |path: &Path| -> io::Result<()> {
        for folder in path.ancestors().skip(1) {
            let real = fs::canonicalize(folder)?;
            let is_home = Some(&real) == home.as_ref();
            all.insert(real);
            if is_home {
                break;
            }
        }
        Ok(())
    };
    add(&fs::canonicalize(path)?)?;
    let mut next = std::path::absolute(path)?;
    for _ in 0..MAX_LINKS {
        add(&next)?;
        let Ok(target) = fs::read_link(&next) else { break };
        next = next.parent().unwrap_or(Path::new("/")).join(target);
    }
    all.into_iter().map(|folder| fs::metadata(&folder).map(|metadata| (folder, metadata))).collect()
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
        assert!(stage("one").create().unwrap());
        assert!(!stage("two").create().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), "one");
        stage("three").replace().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "three");
        drop(stage("four"));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn who_may_read_it_is_said_where_it_is_written() {
        let folder = tempfile::tempdir().unwrap();
        let mode = |readers, name: &str| {
            let path = folder.path().join(name);
            assert!(AtomicFile::beside(&path, b"", readers).unwrap().create().unwrap());
            fs::metadata(path).unwrap().permissions().mode() & 0o777
        };
        fs::write(folder.path().join("any"), "").unwrap();
        let any = fs::metadata(folder.path().join("any")).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(Readers::None, "a"), mode(Readers::ByUmask, "b")), (0o600, any));
        assert_eq!((mode(Readers::Mode(0o666), "c"), mode(Readers::Mode(0o400), "d")), (0o666, 0o400));
    }

    #[test]
    fn a_path_is_quoted_for_the_shell_where_it_must_be() {
        assert_eq!(shell_word(Path::new("/home/x/.spaceone/dev.yml")), "/home/x/.spaceone/dev.yml");
        assert_eq!(shell_word(Path::new("/a b/it's")), r#""/a b/it's""#);
    }
}
