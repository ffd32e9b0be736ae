//! `plugin init NAME`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use crate::plugin::lint::Generation;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin init plugin-slack --resource-type notification.Protocol
  spacectl plugin init plugin-costs -r cost_analysis.DataSource -o -";

#[derive(Debug, Args)]
pub struct PluginInit {
    /// Image name, which becomes the plugin's id: lower-case letters, digits and -, at most 48
    #[arg(value_name = "NAME")]
    pub name: String,
    /// What the plugin extends, e.g. notification.Protocol
    #[arg(short, long, value_name = "SERVICE.RESOURCE", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub resource_type: String,
    /// Image with its namespace, without registry host and tag
    #[arg(long, value_name = "NAMESPACE/NAME")]
    pub image: Option<String>,
    /// Cloud or product that the plugin is for, e.g. aws or slack
    #[arg(long, value_name = "NAME")]
    pub provider: Option<String>,
    /// Generation of the API: 1 (up to 2.0.51) or 2 (2.0.52 and later)
    #[arg(long, value_name = "API", value_enum, default_value_t = Generation::Two)]
    pub api: Generation,
    /// File to write, or - for stdout
    #[arg(short, long, value_name = "FILE", default_value = "plugin.yml", value_hint = ValueHint::FilePath)]
    pub output: PathBuf,
    /// Overwrite an existing file
    #[arg(long)]
    pub force: bool,
}
