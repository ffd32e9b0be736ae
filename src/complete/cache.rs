//! What services answered to completions, kept on disk for the next one.
//!
//! A file for each question, readable by its owner only and replaced as a whole. A file that cannot be read, is of another
//! version or answers another question is as good as none, and a file that cannot be written is left unwritten.

use std::fs::{self, DirBuilder, File};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The form of the files; other forms are not read.
const VERSION: &str = "spacectl completion 1";

/// No answer is larger, in bytes; larger ones are neither written nor read.
const MAX_BYTES: usize = 16 * 1024 * 1024;

/// A folder of answers.
#[derive(Clone, Debug)]
pub(super) struct Cache {
    folder: PathBuf,
}

/// One answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) bytes: Vec<u8>,
    /// How long ago it was given.
    pub(super) age: Duration,
}

impl Cache {
    /// The cache inside `cache_dir`, the user's folder for caches. Nothing is made before something is kept.
    pub(super) fn inside(cache_dir: &Path) -> Self {
        Self { folder: cache_dir.join("spacectl").join("completion") }
    }

    /// The answer to `question`, however old.
    pub(super) fn get(&self, question: &str) -> Option<Entry> {
        let file = File::open(self.file(question)).ok()?;
        // A clock that was set back makes no file new.
        let age = file.metadata().ok()?.modified().ok()?.elapsed().ok()?;
        let head = head(question);
        let mut bytes = Vec::new();
        file.take((head.len() + MAX_BYTES + 1) as u64).read_to_end(&mut bytes).ok()?;
        let bytes = bytes.strip_prefix(head.as_bytes()).filter(|bytes| bytes.len() <= MAX_BYTES)?.to_vec();
        Some(Entry { bytes, age })
    }

    /// Keeps the answer to `question`, if that can be done.
    pub(super) fn put(&self, question: &str, bytes: &[u8]) {
        // The next one asks again: a cache that cannot be written is nothing to tell anybody.
        let _ = self.write(question, bytes);
    }

    fn write(&self, question: &str, bytes: &[u8]) -> std::io::Result<()> {
        if bytes.len() > MAX_BYTES {
            return Ok(());
        }
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(&self.folder)?;
        // Made with mode 0600, and removed again if it cannot take its place.
        let mut file = tempfile::Builder::new().prefix(".").suffix(".tmp").tempfile_in(&self.folder)?;
        file.write_all(head(question).as_bytes())?;
        file.write_all(bytes)?;
        file.persist(self.file(question))?;
        Ok(())
    }

    /// Where the answer to `question` is kept. Two questions in one place, and a hash that changes with the compiler, cost
    /// an answer and no more: the question stands in the file.
    fn file(&self, question: &str) -> PathBuf {
        let mut hasher = DefaultHasher::new();
        question.hash(&mut hasher);
        self.folder.join(format!("{:016x}", hasher.finish()))
    }

    /// Removes answers that are older than `age`, which nobody asked for again.
    pub(super) fn forget(&self, age: Duration) {
        for entry in fs::read_dir(&self.folder).into_iter().flatten().flatten() {
            let modified = entry.metadata().and_then(|data| data.modified()).ok();
            if modified.and_then(|modified| modified.elapsed().ok()).is_some_and(|past| past > age) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn head(question: &str) -> String {
    format!("{VERSION} {}\n", question.escape_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cache() -> (tempfile::TempDir, Cache) {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::inside(folder.path());
        (folder, cache)
    }

    #[test]
    fn an_answer_is_kept_for_its_question() {
        let (_folder, cache) = cache();
        assert_eq!(cache.get("a\nb"), None);
        cache.put("a\nb", b"one");
        cache.put("a\nb", b"two\n\0");
        cache.put("c", b"");
        assert_eq!(cache.get("a\nb").unwrap().bytes, b"two\n\0");
        assert!(cache.get("a\nb").unwrap().age < Duration::from_secs(600));
        assert_eq!(cache.get("c").unwrap().bytes, b"");
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
        assert_eq!(cache.get("question").unwrap().bytes, b"answer");
    }

    #[test]
    fn an_old_answer_is_told_as_old_and_then_forgotten() {
        let (_folder, cache) = cache();
        cache.put("old", b"x");
        cache.put("new", b"x");
        let day = Duration::from_secs(24 * 3600);
        let file = File::options().write(true).open(cache.file("old")).unwrap();
        file.set_modified(std::time::SystemTime::now() - 2 * day).unwrap();
        assert!(cache.get("old").unwrap().age >= 2 * day);
        cache.forget(3 * day);
        assert!(cache.get("old").is_some());
        cache.forget(day);
        assert!(cache.get("old").is_none() && cache.get("new").is_some());
        file.set_modified(std::time::SystemTime::now() + 2 * day).unwrap();
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
        let cache = Cache::inside(file.path());
        cache.put("a", b"x");
        assert_eq!(cache.get("a"), None);
        cache.forget(Duration::ZERO);
    }

    #[test]
    fn an_answer_beyond_all_measure_is_not_kept() {
        let (_folder, cache) = cache();
        cache.put("a", &vec![0; MAX_BYTES + 1]);
        assert_eq!(cache.get("a"), None);
        cache.put("a", &vec![0; MAX_BYTES]);
        assert_eq!(cache.get("a").unwrap().bytes.len(), MAX_BYTES);
    }
}
