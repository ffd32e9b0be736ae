//! `config import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::config::import::ImportSource;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config import ~/Downloads/spacectl_config.yaml -e prod
  spacectl config import --from cfctl

Of several environments, -e NAME takes the one of that name; to a single one it gives it.";

#[derive(Debug, Args)]
pub struct ConfigImport {
    /// File to read, or the folder ~/.spaceone or ~/.cfctl of another place; - is standard input
    #[arg(value_hint = ValueHint::AnyPath)]
    pub file: Option<PathBuf>,
    /// Program that wrote it, where its content does not tell; without FILE, reads that program's own place
    #[arg(long, value_name = "PROGRAM", value_enum)]
    pub from: Option<ImportSource>,
    /// Replace environments that exist
    #[arg(long)]
    pub force: bool,
}
