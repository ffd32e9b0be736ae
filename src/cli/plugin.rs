//! `plugin`: a plugin's way from its sources to a service.

mod apply;
mod diff;
mod get;
mod specs;

use clap::Subcommand;

pub use apply::{ApplyFormat, PluginApply};
pub use diff::{DiffFormat, PluginDiff};
pub use get::PluginGet;
pub use specs::Specs;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack -e local
  spacectl plugin get plugin-slack -o json";

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Show a plugin that is registered
    #[command(after_help = get::EXAMPLES)]
    Get(PluginGet),
    /// Show what specs would change at the service, field by field
    #[command(after_help = diff::EXAMPLES)]
    Diff(PluginDiff),
    /// Register and update plugins so that the service has what specs say
    #[command(after_help = apply::EXAMPLES)]
    Apply(PluginApply),
}
