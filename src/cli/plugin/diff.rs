//! `plugin diff -f SPEC`.

use clap::{Args, ValueEnum};

use super::Specs;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin diff -f plugin.yml
  spacectl plugin diff -f plugins/ -o json

Exit codes: 0 the same, 1 something differs, 2 wrong usage, 3 failed here, 64 + gRPC status for an answer from a service.";

#[derive(Debug, Args)]
pub struct PluginDiff {
    #[command(flatten)]
    pub specs: Specs,

    /// How differences are written
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = DiffFormat::Text, help_heading = "Output")]
    pub output: DiffFormat,
}

/// How differences are written on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DiffFormat {
    Text,
    Json,
    Yaml,
}
