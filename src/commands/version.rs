//! `version`: the version of this program.

use serde_json::json;

use super::Context;
use crate::cli::Version;
use crate::commands::output_options::OutputOptions;
use crate::error::Result;
use crate::output::view::Document;

pub fn run(args: &Version, context: &mut Context<'_>) -> Result<()> {
    let version = Document::Value(json!({ "version": env!("CARGO_PKG_VERSION") }));
    OutputOptions::parse(None, args.output)?.write(version, context.streams)
}
