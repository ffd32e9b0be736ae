//! `plugin`: a plugin's way from its sources to a service.

mod get;

use clap::Subcommand;

pub use get::PluginGet;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack -e local
  spacectl plugin get plugin-slack -o json";

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Show a plugin that is registered
    #[command(after_help = get::EXAMPLES)]
    Get(PluginGet),
}
