//! Compiles the bundled protos in pure Rust, so that building needs no protoc.

use std::path::PathBuf;
use std::{env, fs};

use anyhow::{Context, Result};
use prost::Message;
use protox::prost_reflect::prost_types::FileDescriptorSet;

const PROTO_DIR: &str = "proto";
/// The API's first generation: its names are the second's, so that it is a world of its own.
const FIRST_GENERATION_DIR: &str = "proto/generation1";
const FIRST_GENERATION_PROTO: &str = "spaceone/api/repository/v1/plugin.proto";
/// Protobuf's own files that services use.
const WELL_KNOWN: [&str; 7] = ["any", "duration", "empty", "field_mask", "struct", "timestamp", "wrappers"];
const PROTOS: [&str; 4] = [
    "spaceone/api/core/v1/server_info.proto",
    "spaceone/api/core/v2/query.proto",
    "spaceone/api/repository/v1/plugin.proto",
    "spaceone/api/repository/v1/repository.proto",
];

fn main() -> Result<()> {
    println!("cargo:rerun-if-changed={PROTO_DIR}");
    let descriptors = protox::compile(PROTOS, [PROTO_DIR])?;
    let out = PathBuf::from(env::var_os("OUT_DIR").context("cargo sets OUT_DIR")?);
    // Reflection and `explain` answer from these bytes.
    fs::write(out.join("descriptors.bin"), with_comments_only(descriptors.clone()).encode_to_vec())?;
    // `plugin lint` reads these, and nothing else does: no code is generated from them.
    let first = protox::compile([FIRST_GENERATION_PROTO], [FIRST_GENERATION_DIR])?;
    fs::write(out.join("generation1.bin"), with_comments_only(first).encode_to_vec())?;
    // Made into descriptors faster than prost-reflect's pool of all well-known types.
    let well_known = WELL_KNOWN.map(|name| format!("google/protobuf/{name}.proto"));
    let mut well_known = protox::compile(well_known, [PROTO_DIR])?;
    well_known.file.iter_mut().for_each(|file| file.source_code_info = None);
    fs::write(out.join("well_known.bin"), well_known.encode_to_vec())?;
    tonic_prost_build::configure()
        .build_client(false)
        .build_transport(false)
        // Sent without ever being decoded.
        .extern_path(".spaceone.api.repository.v1.PluginsInfo", "crate::local_service::EncodedPlugins")
        .compile_fds(descriptors)?;
    Ok(())
}

/// Leaves out where each word stands in its file: nobody reads that, and it is half of all bytes. What is commented
/// keeps its comment.
fn with_comments_only(mut descriptors: FileDescriptorSet) -> FileDescriptorSet {
    for info in descriptors.file.iter_mut().filter_map(|file| file.source_code_info.as_mut()) {
        info.location.retain(|location| location.leading_comments.is_some() || location.trailing_comments.is_some());
    }
    descriptors
}
