//! What fuzz targets share: the program without a process, a method, and types to read messages by.

use std::io::Cursor;
use std::path::Path;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, MethodDescriptor};
use spacectl::codec::encode::encode;
use spacectl::config::Variables;
use spacectl::error::Result;
use spacectl::grpc::descriptors::Description;
use spacectl::spec::{self, Inputs, RequestTarget, SpanPart};
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

/// `repository.Plugin.register` as the embedded service describes it.
static REGISTER: LazyLock<MethodDescriptor> = LazyLock::new(|| {
    let description = Description::from_sets(&spacectl::local_service::descriptor_sets());
    let service = "spaceone.api.repository.v1.Plugin";
    description.method(service, "register", "local").ok().flatten().expect("a method of the embedded service")
});

/// Reads `inputs`, and makes each document a request to register a plugin.
pub fn register(inputs: &Inputs, mut stdin: &[u8]) -> Result<()> {
    let input = REGISTER.input();
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: input.clone() };
    for draft in spec::read(inputs, &mut stdin)? {
        let request = draft.resolve(&target, false)?.request;
        if let Err(faults) = encode(&request.value, &input) {
            for fault in &faults {
                let _ = (fault.advice(), request.locate(&fault.path, SpanPart::Value));
            }
        }
    }
    Ok(())
}

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
