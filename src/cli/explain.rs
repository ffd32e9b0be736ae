//! Arguments of `explain`.

use clap::{Args, ValueEnum};

use super::values::number;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl explain repository.Plugin.register
  spacectl explain repository.Plugin.register --skeleton > plugin.yml

Fields nest: repository.Plugin.list.query.page. Without an environment, the built-in Repository API is \
explained.";

const MAX_DEPTH: u8 = 10;

#[derive(Debug, Args)]
pub struct Explain {
    /// Path to explain: SERVICE.RESOURCE[.VERB[.FIELD]]
    #[arg(value_name = "RESOURCE[.VERB[.FIELD]]")]
    pub path: String,
    /// API version [default: v1 if offered, else the highest]
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub api_version: Option<String>,
    #[command(flatten)]
    pub form: ExplainForm,
}

/// Forms of the explanation.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ExplainForm {
    /// Print a YAML file to fill in; optional fields are commented out
    #[arg(long, conflicts_with_all = ["json_schema", "output"])]
    pub skeleton: bool,
    /// Print a JSON Schema for editors
    #[arg(long, conflicts_with_all = ["output", "depth"])]
    pub json_schema: bool,
    /// Levels of nested messages, up to 10
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = |text: &str| number(text, 0..=MAX_DEPTH))]
    pub depth: u8,
    /// Output format
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ExplainFormat::Text)]
    pub output: ExplainFormat,
}

/// Output formats of `explain`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    Text,
    Json,
    Yaml,
}
