//! Compiles the bundled protos in pure Rust, so that building needs no protoc.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use anyhow::{Context, Result};
use prost::Message;
use protox::prost_reflect::prost_types::{FileDescriptorProto, FileDescriptorSet};

const PROTO_DIR: &str = "proto";
/// The API's first generation: its names are the second's, so that it is a world of its own.
const FIRST_GENERATION_DIR: &str = "proto/generation1";
const FIRST_GENERATION_PROTO: &str = "spaceone/api/repository/v1/plugin.proto";
/// Protobuf's own files, those that services use most first: they are looked through in this order.
const PROTOBUFS_OWN: [&str; 12] = [
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/wrappers.proto",
    "google/protobuf/any.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/source_context.proto",
    "google/protobuf/type.proto",
    "google/protobuf/api.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/compiler/plugin.proto",
];
/// Which functions stand together in the released program.
const LAYOUT: &str = "layout/functions.ld";
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
    // What services import and need not describe.
    let mut own = protox::compile(PROTOBUFS_OWN, [PROTO_DIR])?;
    own.file.iter_mut().for_each(|file| file.source_code_info = None);
    let place = |file: &FileDescriptorProto| PROTOBUFS_OWN.iter().position(|name| *name == file.name());
    own.file.sort_by_key(place);
    fs::write(out.join("protobuf.bin"), own.encode_to_vec())?;
    tonic_prost_build::configure().build_client(false).build_transport(false).compile_fds(descriptors)?;
    link_for_a_quick_start();
    Ok(())
}

/// A third of what a short call takes is spent before `main`, where libraries are mapped and addresses written into the
/// program. What is released is linked to do less of it.
fn link_for_a_quick_start() {
    let is = |name: &str, value: &str| env::var(name).is_ok_and(|found| found == value);
    if !is("PROFILE", "release") || !is("CARGO_CFG_TARGET_OS", "linux") || !is("CARGO_CFG_TARGET_ENV", "gnu") {
        return;
    }
    // What has all of its libraries inside is linked as rustc does that.
    if env::var("CARGO_CFG_TARGET_FEATURE").is_ok_and(|features| features.split(',').any(|name| name == "crt-static")) {
        return;
    }
    // At a fixed address, as Go's programs are: its 13,000 pointers to itself need not be written at each start.
    println!("cargo:rustc-link-arg-bins=-no-pie");
    // What short commands call stands together: see its README.
    println!("cargo:rerun-if-changed={LAYOUT}");
    let chooses_a_linker = env::var_os("RUSTC_LINKER").is_some()
        || env::var("CARGO_ENCODED_RUSTFLAGS").is_ok_and(|flags| flags.contains("link"));
    if is("CARGO_CFG_TARGET_ARCH", "x86_64") && !chooses_a_linker {
        let root = env::var("CARGO_MANIFEST_DIR").unwrap_or_default();
        println!("cargo:rustc-link-arg-bins=-Wl,-T,{root}/{LAYOUT}");
    }
    // What makes backtraces comes along instead of from libgcc_s.so, which asks the processor at each start what it can do.
    let linker = env::var_os("RUSTC_LINKER").unwrap_or_else(|| "cc".into());
    let found = Command::new(linker).arg("-print-file-name=libgcc_eh.a").output().ok();
    let found = found.and_then(|output| String::from_utf8(output.stdout).ok());
    if found.is_some_and(|path| Path::new(path.trim()).is_absolute()) {
        println!("cargo:rustc-link-lib=dylib:+verbatim=libgcc_eh.a");
    }
}

/// Leaves out where each word stands in its file: nobody reads that, and it is half of all bytes. What is commented
/// keeps its comment.
fn with_comments_only(mut descriptors: FileDescriptorSet) -> FileDescriptorSet {
    for info in descriptors.file.iter_mut().filter_map(|file| file.source_code_info.as_mut()) {
        info.location.retain(|location| location.leading_comments.is_some() || location.trailing_comments.is_some());
    }
    descriptors
}
