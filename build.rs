//! Compiles the bundled protos in pure Rust, so that building needs no protoc; and finds out what `version` shows.

use std::path::{Path, PathBuf};
use std::process::Command;
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
    println!("cargo:rustc-env=SPACECTL_BUILD_TARGET={}", env::var("TARGET")?);
    println!("cargo:rustc-env=SPACECTL_BUILD_COMMIT={}", commit().unwrap_or_default());
    Ok(())
}

/// The commit that is built: from who builds, from the crate's package, or from Git.
fn commit() -> Option<String> {
    println!("cargo:rerun-if-env-changed=SPACECTL_COMMIT");
    if let Ok(commit) = env::var("SPACECTL_COMMIT") {
        return Some(commit);
    }
    // Otherwise each commit would make developers wait for another build.
    if env::var("PROFILE").is_ok_and(|profile| profile == "debug") {
        return None;
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR")?);
    packaged_commit(&root).or_else(|| checked_out_commit(&root))
}

/// The commit that `cargo package` has written into the crate.
fn packaged_commit(root: &Path) -> Option<String> {
    let info = fs::read_to_string(root.join(".cargo_vcs_info.json")).ok()?;
    Some(info.split_once(r#""sha1": ""#)?.1.split_once('"')?.0.to_owned())
}

/// The commit of the checkout at `root`. A checkout around it is another program's.
fn checked_out_commit(root: &Path) -> Option<String> {
    if !root.join(".git").exists() {
        return None;
    }
    let git = |args: &[&str]| {
        let output = Command::new("git").arg("-C").arg(root).args(args).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    // Git appends to it at each commit and checkout.
    let log = root.join(git(&["rev-parse", "--git-path", "logs/HEAD"])?);
    if log.exists() {
        println!("cargo:rerun-if-changed={}", log.display());
    }
    git(&["rev-parse", "HEAD"])
}

/// Leaves out where each word stands in its file: nobody reads that, and it is half of all bytes. What is commented
/// keeps its comment.
fn with_comments_only(mut descriptors: FileDescriptorSet) -> FileDescriptorSet {
    for info in descriptors.file.iter_mut().filter_map(|file| file.source_code_info.as_mut()) {
        info.location.retain(|location| location.leading_comments.is_some() || location.trailing_comments.is_some());
    }
    descriptors
}
