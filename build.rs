//! Compiles the bundled protos in pure Rust, so that building needs no protoc.

use std::{env, fs, path::PathBuf};

use anyhow::{Context, Result};
use prost::Message;

const PROTO_DIR: &str = "proto";
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
    // Reflection answers with these bytes.
    fs::write(out.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().build_client(false).build_transport(false).compile_fds(descriptors)?;
    Ok(())
}
