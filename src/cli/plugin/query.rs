//! `plugin list`, `plugin get PLUGIN` and `plugin versions PLUGIN`.

use std::sync::LazyLock;

use clap::builder::{NonEmptyStringValueParser, PossibleValue};
use clap::{Args, ValueEnum};

use crate::cli::{Format, LayoutArgs, WatchArgs};

pub(super) const LIST_EXAMPLES: &str = "\
Examples:
  spacectl plugin list --filter 'name~slack' -c plugin_id,state
  spacectl plugin list -p state=ENABLED -s name -o json

Same as `spacectl list repository.Plugin`, whose help describes all options.";

pub(super) const GET_EXAMPLES: &str = "\
Examples:
  spacectl plugin get plugin-slack -o json
  spacectl plugin get plugin-slack -o spec > plugin.yml";

pub(super) const VERSIONS_EXAMPLES: &str = "\
Examples:
  spacectl plugin versions plugin-slack --latest
  spacectl plugin versions plugin-slack --wait 1.2.0 --timeout 10m";

#[derive(Debug, Args)]
pub struct PluginGet {
    /// Id of the plugin
    #[arg(value_name = "PLUGIN")]
    pub plugin_id: String,
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS", help_heading = "Output")]
    pub columns: Option<String>,
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = PluginGetFormat::Rows(Format::Yaml),
        help_heading = "Output"
    )]
    pub output: PluginGetFormat,
    #[command(flatten)]
    pub layout: LayoutArgs,
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// The formats of every command, and the plugin as a spec.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PluginGetFormat {
    Rows(Format),
    Spec,
}

impl ValueEnum for PluginGetFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<PluginGetFormat>> = LazyLock::new(|| {
            let rows = Format::value_variants().iter().copied().map(PluginGetFormat::Rows);
            rows.chain([PluginGetFormat::Spec]).collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Rows(format) => format.to_possible_value(),
            Self::Spec => Some(PossibleValue::new("spec").help("A spec that 'plugin apply' reads")),
        }
    }
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
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "quiet", help_heading = "Output")]
    pub output: Format,
}
