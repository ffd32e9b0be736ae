//! `explain RESOURCE[.VERB[.FIELD]]`.

use clap::{Args, ValueEnum};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl explain repository.Plugin.register
  spacectl explain repository.Plugin.register --skeleton > plugin.yml

A field can stand below others: repository.Plugin.list.query.page. Without an environment, what is
explained is the Repository API that this program comes with.";

#[derive(Debug, Args)]
pub struct Explain {
    /// What to explain, as SERVICE.RESOURCE[.VERB[.FIELD]]
    #[arg(value_name = "RESOURCE[.VERB[.FIELD]]")]
    pub path: String,
    /// API version [default: v1 if offered, else the highest]
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub api_version: Option<String>,
    #[command(flatten)]
    pub form: ExplainForm,
}

/// In which form it is explained.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct ExplainForm {
    /// Print a YAML file to fill in: what the verb needs, and commented out, what it can take
    #[arg(long, conflicts_with_all = ["json_schema", "output"])]
    pub skeleton: bool,
    /// Print a JSON Schema, by which an editor completes and checks a file for the verb
    #[arg(long, conflicts_with_all = ["output", "depth"])]
    pub json_schema: bool,
    /// Levels of messages inside of messages to show, up to 10
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u8).range(0..=10))]
    pub depth: u8,
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = ExplainFormat::Text)]
    pub output: ExplainFormat,
}

/// How an explanation is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ExplainFormat {
    Text,
    Json,
    Yaml,
}
