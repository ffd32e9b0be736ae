//! What fuzz targets share: a user's variables, methods, types, a request.

use std::path::Path;
use std::sync::LazyLock;

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor, ServiceDescriptor};
use spacectl::codec::encode::encode;
use spacectl::config::Variables;
use spacectl::error::Result;
use spacectl::spec::{self, Inputs, RequestTarget, SpanPart};
use tempfile::TempDir;

/// A home folder for the whole run.
pub static HOME: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a temporary folder"));

/// The types of `tests/proto/kinds.proto`: every kind of field.
pub static KINDS: LazyLock<DescriptorPool> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/proto");
    let files = protox::compile(["kinds.proto"], [root]).expect("kinds.proto");
    DescriptorPool::from_file_descriptor_set(files).expect("kinds.proto")
});

static PLUGIN: LazyLock<ServiceDescriptor> = LazyLock::new(|| {
    let pool = spacectl::local_service::descriptors().expect("the bundled descriptors");
    pool.get_service_by_name("spaceone.api.repository.v1.Plugin").expect("a service of theirs")
});

/// A method of `repository.Plugin` as the embedded service has it.
pub fn plugin_method(verb: &str) -> MethodDescriptor {
    PLUGIN.methods().find(|method| method.name() == verb).expect("a method of the embedded service")
}

/// Reads `inputs`, and makes each document a request to register a plugin. The library's reader is the oracle.
pub fn register(inputs: &Inputs, mut stdin: &[u8]) -> Result<()> {
    let input = plugin_method("register").input();
    let target = RequestTarget { service: "repository", resource: "Plugin", verb: "register", input: input.clone() };
    for draft in spec::read(inputs, &mut stdin)? {
        let request = draft.resolve(&target, false)?.request;
        match encode(&request.value, &input) {
            Ok(bytes) => drop(DynamicMessage::decode(input.clone(), &*bytes).expect("a message that a server reads")),
            Err(faults) => {
                for fault in &faults {
                    let _ = (fault.advice(), request.locate(&fault.path, SpanPart::Value));
                }
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
