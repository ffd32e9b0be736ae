//! `version`: the version of this program, and what it was built from.

use clap::ValueEnum as _;
use serde_json::json;

use super::Context;
use crate::cli::Version;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::output::view::Document;
use crate::plugin::lint::Generation;

/// Empty if it is unknown, e.g. in a debug build.
const COMMIT: &str = env!("SPACECTL_BUILD_COMMIT");

pub fn run(args: &Version, context: &mut Context<'_>) -> Result<()> {
    let features: &[&str] = if cfg!(feature = "local") { &["local"] } else { &[] };
    let version = json!({
        "version": env!("CARGO_PKG_VERSION"),
        "commit": Some(COMMIT).filter(|commit| !commit.is_empty()),
        "target": env!("SPACECTL_BUILD_TARGET"),
        "features": features,
        "repository_api": Generation::value_variants().iter().map(ToString::to_string).collect::<Vec<_>>(),
    });
    OutputOptions::parse(None, args.output)?.write(Document::Value(version), context.streams)
}
