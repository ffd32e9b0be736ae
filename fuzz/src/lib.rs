//! What fuzz targets share: the program without a process, and types to read messages by.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use prost_reflect::DescriptorPool;
use spacectl::config::Variables;
use spacectl::terminal::io_streams::{Diagnostics, IoStreams};
use tempfile::TempDir;

/// A home folder for the whole run.
pub static HOME: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// The types of `tests/proto/kinds.proto`: every kind of field.
pub static KINDS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/proto");
    let files = protox::compile(["kinds.proto"], [root]).expect("kinds.proto");
    DescriptorPool::from_file_descriptor_set(files).expect("kinds.proto")
});

/// The variables of a user whose home is [`HOME`].
pub fn variables() -> Variables {
    let home = HOME.path().to_path_buf();
    Variables {
        data_dir: Some(home.join("data")),
        cache_dir: Some(home.join("cache")),
        home: Some(home),
        ..Variables::default()
    }
}

/// Runs `spacectl` with `args`, and returns its exit code.
pub fn run(args: &[&str], stdin: &[u8]) -> u8 {
    let mut streams = IoStreams {
        input: Box::new(Cursor::new(stdin.to_vec())),
        in_is_terminal: false,
        out: Box::new(std::io::sink()),
        out_is_terminal: false,
        color: false,
        diagnostics: Diagnostics::null(),
    };
    let args = ["spacectl"].iter().chain(args).map(Into::into);
    spacectl::run(args, &variables(), &mut streams)
}
