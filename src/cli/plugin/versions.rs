//! `plugin versions PLUGIN`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin versions plugin-slack --latest
  spacectl plugin versions plugin-slack --wait 1.2.0 --timeout 10m";

#[derive(Debug, Args)]
pub struct PluginVersions {
    /// Its plugin_id
    #[arg(value_name = "PLUGIN", value_parser = NonEmptyStringValueParser::new())]
    pub plugin_id: String,
    /// Only the newest tag that reads as a version, such as 1.2.0 or v2.0; `latest` is none, and 1.3.0-rc.1 counts only
    /// where no version is final
    #[arg(long, conflicts_with = "wait")]
    pub latest: bool,
    /// Ask again until there is this tag, for as long as --timeout says; the plugin need not be registered yet
    #[arg(long, value_name = "TAG", value_parser = NonEmptyStringValueParser::new())]
    pub wait: Option<String>,
    /// Output format; quiet writes a version a line
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Quiet, help_heading = "Output")]
    pub output: Format,
}
