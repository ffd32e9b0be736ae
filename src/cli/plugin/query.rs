//! `plugin list`, `plugin get PLUGIN` and `plugin versions PLUGIN`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use crate::cli::{Format, Shown};

pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  spacectl plugin list --filter 'name~slack' -c plugin_id,state
  spacectl plugin list -p state=ENABLED -s name -o json

Same as `spacectl list repository.Plugin`, whose help describes all options.";

pub(super) const GET_EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack
  spacectl plugin get plugin-slack -o json";

pub(super) const VERSIONS_EXAMPLES: &str = "\
Examples:
  spacectl plugin versions plugin-slack --latest
  spacectl plugin versions plugin-slack --wait 1.2.0 --timeout 10m";

#[derive(Debug, Args)]
pub struct PluginGet {
    /// Id of the plugin
    #[arg(value_name = "PLUGIN")]
    pub plugin_id: String,
    #[command(flatten)]
    pub shown: Shown,
}

#[derive(Debug, Args)]
pub struct PluginVersions {
    /// Id of the plugin
    #[arg(value_name = "PLUGIN", value_parser = NonEmptyStringValueParser::new())]
    pub plugin_id: String,
    /// Only the newest version, such as 1.2.0
    ///
    /// A pre-release if no release exists.
    #[arg(long, conflicts_with = "wait")]
    pub latest: bool,
    /// Wait until the tag exists, up to --timeout
    ///
    /// The plugin may be registered later.
    #[arg(long, value_name = "TAG", value_parser = NonEmptyStringValueParser::new())]
    pub wait: Option<String>,
    /// Output format
    ///
    /// quiet prints a version per line.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "quiet", help_heading = "Output")]
    pub output: Format,
}
