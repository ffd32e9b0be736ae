//! Reads, writes and removes the configuration's files.

use std::fs;
use std::io::{self, ErrorKind, Read};
use std::path::Path;

use crate::error::{Error, Result};
use crate::fs::{AtomicFile, Readers, create_private_folder, open_file, read_limited, shared_mode, shell_word};

/// The largest configuration file, in bytes.
const MAX_BYTES: u64 = 1024 * 1024;

/// The file's content; `None` if the file does not exist.
pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>> {
    match open_file(path) {
        Ok(file) => read_from(file, &path.display().to_string()).map(Some),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let is_forbidden = error.kind() == ErrorKind::PermissionDenied;
            let error = failed("read", path)(error);
            Err(if is_forbidden { error.hint("set SPACECTL_CONFIG_DIR to use another folder") } else { error })
        }
    }
}

/// What `reader` holds, up to 1 MiB; `source` names it in errors.
pub(super) fn read_from(reader: impl Read, source: &str) -> Result<Vec<u8>> {
    read_limited(reader, MAX_BYTES).map_err(|error| Error::local(format!("cannot read {source}")).cause(error))
}

/// Whether this user may not even see whether there is such a file, or its folder is not a folder.
pub(super) fn is_out_of_sight(path: &Path) -> bool {
    let hides = |error: io::Error| matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::NotADirectory);
    fs::symlink_metadata(path).is_err_and(hides)
}

/// Writes `content`, for its owner only, to a temporary file beside `path`, which [`AtomicFile`] then renames. If it is
/// to `replace`, a symbolic link is followed.
pub(super) fn stage(path: &Path, content: &str, replace: bool) -> Result<AtomicFile> {
    // Aliases can make it longer than what it was read from.
    if content.len() as u64 > MAX_BYTES {
        return Err(Error::local(format!("{} would become larger than 1 MiB, and is not written", path.display())));
    }
    let write = if replace { AtomicFile::behind_links } else { AtomicFile::beside };
    write(path, content.as_bytes(), Readers::None).map_err(failed("write", path))
}

/// Creates the file or replaces its content. A failure leaves the old content.
pub(super) fn replace(path: &Path, content: &str) -> Result<()> {
    stage(path, content, true)?.replace().map_err(failed("write", path))
}

/// As [`replace`]; a symbolic link itself is replaced.
pub(super) fn replace_itself(path: &Path, content: &str) -> Result<()> {
    let staged = AtomicFile::beside(path, content.as_bytes(), Readers::None);
    staged.and_then(AtomicFile::replace).map_err(failed("write", path))
}

/// Creates the folder and its parents, for their owner only.
pub(super) fn make_folder(path: &Path) -> Result<()> {
    create_private_folder(path).map_err(failed("create the folder", path))
}

/// Removes the file; returns false if there was none.
pub(super) fn remove(path: &Path) -> Result<bool> {
    match fs::remove_file(path) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(failed("remove", path)(error)),
    }
}

/// What `parse` makes of the names of the files in `folder`, sorted, symbolic links to files included; empty if the
/// folder does not exist. Names that are not Unicode are left out.
pub(super) fn names_in<T: Ord>(folder: &Path, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    entries_in(folder, |name| parse(name).filter(|_| folder.join(name).is_file()))
}

/// As [`names_in`], whatever the entries are.
pub(super) fn entries_in<T: Ord>(folder: &Path, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed("read the folder", folder)(error)),
    };
    let entries = entries.collect::<io::Result<Vec<_>>>().map_err(failed("read the folder", folder))?;
    let mut names: Vec<T> = entries.into_iter().filter_map(|entry| parse(entry.file_name().to_str()?)).collect();
    names.sort();
    Ok(names)
}

/// A warning if others than its owner can read or change the file at `path`, which holds a secret.
pub(super) fn exposure(path: &Path) -> Option<String> {
    let mode = shared_mode(path)?;
    Some(format!(
        "{} holds a secret, and its mode {mode:04o} lets others read or change it: run `chmod 600 {}`",
        path.display(),
        shell_word(path),
    ))
}

pub(super) fn failed(what: &str, path: &Path) -> impl Fn(io::Error) -> Error {
    let message = format!("cannot {what} {}", path.display());
    move |error| Error::local(&message).cause(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn create(path: &Path, content: &str) -> Result<bool> {
        Ok(stage(path, content, false)?.create().unwrap())
    }

    #[test]
    fn a_file_that_is_too_large_is_not_read_into_memory() {
        let error = read_from(io::repeat(b'a'), "dev.yml").unwrap_err();
        assert_eq!(error.problems()[0].message, "cannot read dev.yml");
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
