//! Arguments of `config import`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::config::import::ImportSource;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config import ~/Downloads/spacectl_config.yaml -e prod
  spacectl config import --from cfctl

If there are several environments, -e NAME selects one; otherwise all are imported. \
A single environment is given the name of -e NAME.";

#[derive(Debug, Args)]
pub struct ConfigImport {
    /// File, or folder such as ~/.cfctl, to read; - is stdin
    #[arg(value_hint = ValueHint::AnyPath)]
    pub file: Option<PathBuf>,
    /// Program that wrote it; without FILE, read its default folder
    #[arg(long, value_name = "PROGRAM", value_enum)]
    pub from: Option<ImportSource>,
    /// Replace existing environments
    #[arg(long)]
    pub force: bool,
}
