//! `plugin get PLUGIN`.

use clap::Args;

use crate::cli::Shown;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack
  spacectl plugin get plugin-slack -o json";

#[derive(Debug, Args)]
pub struct PluginGet {
    /// Its plugin_id
    #[arg(value_name = "PLUGIN")]
    pub plugin_id: String,
    #[command(flatten)]
    pub shown: Shown,
}
