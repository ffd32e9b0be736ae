//! `plugin`: a plugin's way from its sources to a service.

mod get;
mod init;
mod lint;

use clap::{Subcommand, ValueEnum};

pub use get::PluginGet;
pub use init::PluginInit;
pub use lint::{LintFormat, PluginLint};

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
}

/// A generation of the Repository API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Api {
    #[value(name = "1")]
    One,
    #[value(name = "2")]
    Two,
}
