//! Cache files on disk, which save questions to services.
//!
//! A file for each key, readable by its owner only and replaced as a whole, so that any number of processes can use it.
//! A file that cannot be read, that others could have written, of another version or for another key counts as absent.
//! One that cannot be written is skipped.

use std::fs::{self, DirBuilder, Metadata};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use bytes::Bytes;

/// The program's folder in that for caches.
const FOLDER: &str = "spacectl";

/// What is cached, each kind in a folder of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CacheKind {
    folder: &'static str,
    /// The format of the files; others are not read.
    format: &'static str,
    /// Larger values are neither written nor read.
    max_bytes: usize,
}

impl CacheKind {
    /// Responses to completions.
    pub const COMPLETION: Self =
        Self { folder: "completion", format: "spacectl completion 1", max_bytes: 16 * 1024 * 1024 };
    /// Descriptions of services.
    pub const DESCRIPTORS: Self = Self {
        folder: "descriptors",
        format: concat!("spacectl descriptors 2 of ", env!("CARGO_PKG_VERSION")),
        max_bytes: 4 * 1024 * 1024,
    };
    const ALL: [Self; 2] = [Self::COMPLETION, Self::DESCRIPTORS];
}

/// One kind of cache files.
#[derive(Clone, Debug)]
pub struct FileCache {
    kind: CacheKind,
    folder: PathBuf,
}

/// A cached value.
#[derive(Debug, PartialEq, Eq)]
pub struct CachedBytes {
    pub bytes: Bytes,
    /// The time since it was written, or last [used](FileCache::renew).
    pub age: Duration,
}

impl FileCache {
    /// The cache inside `cache_dir`, the user's folder for caches. Nothing is created before something is put.
    pub fn inside(cache_dir: &Path, kind: CacheKind) -> Self {
        Self { kind, folder: folder(cache_dir, kind) }
    }

    /// The value of `key`, however old.
    pub fn get(&self, key: &str) -> Option<CachedBytes> {
        let mut file = crate::fs::open_file(&self.file(key)).ok()?;
        let metadata = file.metadata().ok()?;
        // A time in the future, after the clock was set back, says nothing.
        let age = metadata.modified().ok()?.elapsed().ok()?;
        let (head, max) = (self.head(key), self.kind.max_bytes);
        if !is_of_user_alone(&metadata) {
            return None;
        }
        let length = usize::try_from(metadata.len()).ok()?;
        if length > head.len() + max {
            return None;
        }
        let mut bytes = vec![0; length];
        file.read_exact(&mut bytes).ok()?;
        bytes.starts_with(head.as_bytes()).then(|| CachedBytes { bytes: Bytes::from(bytes).slice(head.len()..), age })
    }

    /// Stores the value of `key`, if possible; returns whether there was none before.
    pub fn put(&self, key: &str, bytes: &[u8]) -> bool {
        // Not worth a message: the next run asks again.
        self.write(key, bytes).unwrap_or(false)
    }

    fn write(&self, key: &str, bytes: &[u8]) -> io::Result<bool> {
        if bytes.len() > self.kind.max_bytes {
            return Ok(false);
        }
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        let path = self.file(key);
        let is_new = !path.exists();
        // Created with mode 0600, and removed again if it cannot be renamed.
        let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(&self.folder)?;
        file.write_all(self.head(key).as_bytes())?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(is_new)
    }

    /// Notes that `key` is in use.
    pub fn renew(&self, key: &str) {
        let _ = crate::fs::open_file(&self.file(key)).and_then(|file| file.set_modified(SystemTime::now()));
    }

    /// The file for `key`. Collisions, and a hash that changes with the compiler, cost a value and no more: the file
    /// holds the key.
    fn file(&self, key: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        key.hash(&mut hasher);
        self.folder.join(format!("{:016x}", hasher.finish()))
    }

    /// Removes files that were not used for `age`, and the oldest of more than `max`.
    pub fn forget(&self, age: Duration, max: usize) {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let Ok(modified) = entry.metadata().and_then(|data| data.modified()) else { continue };
            if modified.elapsed().is_ok_and(|past| past > age) {
                let _ = fs::remove_file(entry.path());
            } else {
                files.push((modified, entry.path()));
            }
        }
        if files.len() > max {
            files.sort();
            for (_, path) in &files[..files.len() - max] {
                let _ = fs::remove_file(path);
            }
        }
    }

    fn head(&self, key: &str) -> String {
        format!("{} {}\n", self.kind.format, key.escape_default())
    }
}

/// The files that were removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClearedCache {
    pub files: usize,
    pub bytes: u64,
}

/// The program's folder in `cache_dir`.
pub fn program_folder(cache_dir: &Path) -> PathBuf {
    cache_dir.join(FOLDER)
}

/// Removes all cache files from `cache_dir`, and nothing else.
///
/// # Errors
/// A file cannot be removed, or a folder not be read; with its path.
pub fn clear(cache_dir: &Path) -> Result<ClearedCache, (PathBuf, io::Error)> {
    let mut cleared = ClearedCache::default();
    for kind in CacheKind::ALL {
        let folder = folder(cache_dir, kind);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) => match fs::symlink_metadata(&folder) {
                Ok(_) => return Err((folder, error)),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    return Err((program_folder(cache_dir), error));
                }
                Err(_) => continue,
            },
        };
        for entry in entries {
            let entry = entry.map_err(|error| (folder.clone(), error))?;
            let bytes = entry.metadata().map_or(0, |metadata| metadata.len());
            match fs::remove_file(entry.path()) {
                Ok(()) => cleared = ClearedCache { files: cleared.files + 1, bytes: cleared.bytes + bytes },
                // By another process.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err((entry.path(), error)),
            }
        }
        // Fails if another process has just written there.
        let _ = fs::remove_dir(&folder);
    }
    let _ = fs::remove_dir(program_folder(cache_dir));
    Ok(cleared)
}

fn folder(cache_dir: &Path, kind: CacheKind) -> PathBuf {
    program_folder(cache_dir).join(kind.folder)
}

/// Whether no other user can have written it.
fn is_of_user_alone(metadata: &Metadata) -> bool {
    metadata.uid() == rustix::process::geteuid().as_raw() && metadata.mode() & 0o022 == 0
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    fn cache() -> (tempfile::TempDir, FileCache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = FileCache::inside(folder.path(), CacheKind::COMPLETION);
        (folder, cache)
    }

    #[test]
    fn an_answer_is_kept_for_its_question() {
        let (_folder, cache) = cache();
        assert_eq!(cache.get("a\nb"), None);
        assert!(cache.put("a\nb", b"one"));
        assert!(!cache.put("a\nb", b"two\n\0"));
        cache.put("c", b"");
        assert_eq!(cache.get("a\nb").unwrap().bytes, b"two\n\0"[..]);
        assert!(cache.get("a\nb").unwrap().age < Duration::from_secs(600));
        assert_eq!(cache.get("c").unwrap().bytes, b""[..]);
        assert_eq!(cache.get("d"), None);
        assert_eq!(fs::read_dir(&cache.folder).unwrap().count(), 2);
    }

    #[test]
    fn a_broken_file_is_as_good_as_none() {
        let (_folder, cache) = cache();
        cache.put("question", b"answer");
        let whole = fs::read(cache.file("question")).unwrap();
        for broken in [&b""[..], b"\xff\xfe", &whole[..10], b"spacectl completion 0 question\nanswer", &[b'x'; 100]] {
            fs::write(cache.file("question"), broken).unwrap();
            assert_eq!(cache.get("question"), None, "{broken:?}");
        }
        fs::copy(cache.file("question"), cache.file("other")).unwrap();
        assert_eq!(cache.get("other"), None);
        cache.put("question", b"answer");
        assert_eq!(cache.get("question").unwrap().bytes, b"answer"[..]);
    }

    #[test]
    fn an_old_answer_is_told_as_old_and_then_forgotten() {
        let (_folder, cache) = cache();
        cache.put("old", b"x");
        cache.put("new", b"x");
        let day = Duration::from_secs(24 * 3600);
        let file = File::options().write(true).open(cache.file("old")).unwrap();
        file.set_modified(SystemTime::now() - 2 * day).unwrap();
        assert!(cache.get("old").unwrap().age >= 2 * day);
        cache.forget(3 * day, 9);
        assert!(cache.get("old").is_some());
        cache.forget(day, 9);
        assert!(cache.get("old").is_none() && cache.get("new").is_some());
    }

    #[test]
    fn what_is_of_use_is_not_forgotten_and_of_too_many_the_oldest_are() {
        let (_folder, cache) = cache();
        let hours = |hours: u64| Duration::from_secs(hours * 3600);
        for age in 1..=5 {
            cache.put(&age.to_string(), b"x");
            let file = File::open(cache.file(&age.to_string())).unwrap();
            file.set_modified(SystemTime::now() - hours(age)).unwrap();
        }
        cache.renew("4");
        cache.renew("none");
        assert!(cache.get("4").unwrap().age < hours(1));
        cache.forget(hours(9), 3);
        let left = (1..=5).filter(|age| cache.get(&age.to_string()).is_some()).collect::<Vec<_>>();
        assert_eq!(left, [1, 2, 4]);
    }

    #[test]
    fn a_file_of_tomorrow_or_that_others_can_write_is_as_good_as_none() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, cache) = cache();
        cache.put("a", b"x");
        let file = File::open(cache.file("a")).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(24 * 3600)).unwrap();
        assert_eq!(cache.get("a"), None);
        cache.put("a", b"x");
        fs::set_permissions(cache.file("a"), fs::Permissions::from_mode(0o620)).unwrap();
        assert_eq!(cache.get("a"), None);
        fs::set_permissions(cache.file("a"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(cache.get("a").is_some());
    }

    #[test]
    fn all_that_is_kept_is_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(clear(folder.path()).unwrap(), ClearedCache::default());
        let caches = CacheKind::ALL.map(|kind| FileCache::inside(folder.path(), kind));
        caches.iter().for_each(|cache| assert!(cache.put("a", b"xyz")));
        let kept = caches.iter().map(|cache| fs::metadata(cache.file("a")).unwrap().len()).sum();
        fs::write(program_folder(folder.path()).join("mine"), "").unwrap();
        assert_eq!(clear(folder.path()).unwrap(), ClearedCache { files: 2, bytes: kept });
        assert_eq!(fs::read_dir(program_folder(folder.path())).unwrap().count(), 1);
        fs::remove_file(program_folder(folder.path()).join("mine")).unwrap();
        caches[1].put("a", b"");
        fs::create_dir(caches[1].folder.join("strange")).unwrap();
        assert_eq!(clear(folder.path()).unwrap_err().0, caches[1].folder.join("strange"));
        fs::remove_dir(caches[1].folder.join("strange")).unwrap();
        clear(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn where_no_folder_is_nothing_has_to_be_removed() {
        let folder = tempfile::tempdir().unwrap();
        let file = program_folder(folder.path());
        fs::write(&file, "").unwrap();
        assert_eq!(clear(folder.path()).unwrap(), ClearedCache::default());
        assert!(file.exists(), "it is somebody else's");
        assert_eq!(clear(&file).unwrap(), ClearedCache::default());
        fs::remove_file(&file).unwrap();
        let strange = super::folder(folder.path(), CacheKind::COMPLETION);
        fs::create_dir_all(strange.parent().unwrap()).unwrap();
        fs::write(&strange, "").unwrap();
        assert_eq!(clear(folder.path()).unwrap_err().0, strange);
    }

    #[test]
    fn one_kind_is_not_read_as_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let [completion, descriptors] = CacheKind::ALL.map(|kind| FileCache::inside(folder.path(), kind));
        completion.put("a", b"x");
        descriptors.put("a", b"y");
        fs::copy(completion.file("a"), descriptors.file("a")).unwrap();
        assert!(completion.get("a").is_some() && descriptors.get("a").is_none());
    }

    #[test]
    fn others_read_neither_the_folder_nor_the_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let (_folder, cache) = cache();
        cache.put("a", b"x");
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&cache.folder), mode(&cache.file("a"))), (0o700, 0o600));
    }

    #[test]
    fn a_folder_that_cannot_be_made_is_no_trouble() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let cache = FileCache::inside(file.path(), CacheKind::DESCRIPTORS);
        cache.put("a", b"x");
        assert_eq!(cache.get("a"), None);
        cache.forget(Duration::ZERO, 0);
    }

    #[test]
    fn an_answer_beyond_all_measure_is_not_kept() {
        let (_folder, cache) = cache();
        let most = cache.kind.max_bytes;
        cache.put("a", &vec![0; most + 1]);
        assert_eq!(cache.get("a"), None);
        cache.put("a", &vec![0; most]);
        assert_eq!(cache.get("a").unwrap().bytes.len(), most);
    }
}
