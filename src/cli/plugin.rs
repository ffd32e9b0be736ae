//! `plugin`: a plugin's way from its sources to a service.

mod apply;
mod diff;
mod get;
mod init;
mod lint;
mod specs;

use clap::{Subcommand, ValueEnum};

pub use apply::{ApplyFormat, PluginApply};
pub use diff::{DiffFormat, PluginDiff};
pub use get::PluginGet;
pub use init::PluginInit;
pub use lint::{LintFormat, PluginLint};
pub use specs::Specs;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack -e local
  spacectl plugin get plugin-slack -o json";

#[derive(Debug, Subcommand)]
pub enum Plugin {
    /// Write a plugin's spec to begin with, and the schema by which an editor checks it
    #[command(after_help = init::EXAMPLES)]
    Init(PluginInit),
    /// Check plugins' specs, without a network: fields, image names, likely slips
    #[command(after_help = lint::EXAMPLES)]
    Lint(PluginLint),
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

/// A generation of the Repository API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Api {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
}
