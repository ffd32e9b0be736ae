//! Arguments of `api-resources`.

use clap::Args;

use super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl api-resources --service repository --service identity
  spacectl api-resources -o quiet

Columns: service, resource, name, full_name, short_names, verbs.";

/// Columns that `-c` accepts.
pub const COLUMNS: [&str; 6] = ["service", "resource", "name", "full_name", "short_names", "verbs"];

#[derive(Debug, Args)]
pub struct ApiResources {
    /// Show only this service of the environment; repeatable
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS", help_heading = "Output")]
    pub columns: Option<String>,
    /// Output format
    ///
    /// quiet prints one resource name per line.
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}
