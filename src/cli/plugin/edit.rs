//! `plugin edit PLUGIN`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::ApplyFormat;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin edit plugin-slack
  EDITOR='code --wait' spacectl plugin edit plugin-slack -e prod

The editor is $VISUAL, else $EDITOR, else vi. It gets the plugin as a spec, in a file that only you can read. \
If nothing is changed, nothing is sent. If the spec cannot be applied, the file is left and named.";

#[derive(Debug, Args)]
pub struct PluginEdit {
    /// Id of the plugin
    #[arg(value_name = "PLUGIN", value_parser = NonEmptyStringValueParser::new())]
    pub plugin_id: String,
    /// Skip the confirmation; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
    /// Output format
    ///
    /// quiet prints the id if the plugin was changed.
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: ApplyFormat,
}
