//! `plugin enable|disable|deregister PLUGIN...`.

use clap::Args;
use clap::builder::NonEmptyStringValueParser;

use super::PluginFormat;

pub(super) const ENABLE_EXAMPLES: &str = "\
Examples:
  spacectl plugin enable plugin-slack
  spacectl plugin enable plugin-slack plugin-grafana -o json";

pub(super) const DISABLE_EXAMPLES: &str = "\
Examples:
  spacectl plugin disable plugin-slack
  spacectl plugin disable plugin-slack plugin-grafana -o json";

pub(super) const DEREGISTER_EXAMPLES: &str = "\
Examples:
  spacectl plugin deregister plugin-slack
  spacectl plugin deregister plugin-slack plugin-grafana --yes";

#[derive(Debug, Args)]
pub struct PluginChange {
    /// Ids of the plugins
    #[arg(value_name = "PLUGIN", required = true, value_parser = NonEmptyStringValueParser::new())]
    pub plugin_id: Vec<String>,
    /// Output format
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: PluginFormat,
}

#[derive(Debug, Args)]
pub struct PluginDeregister {
    #[command(flatten)]
    pub plugins: PluginChange,
    /// Skip the confirmation; required without a terminal
    #[arg(short, long)]
    pub yes: bool,
}
