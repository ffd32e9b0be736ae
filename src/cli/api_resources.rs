//! `api-resources`.

use clap::Args;

use super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl api-resources --service repository --service identity
  spacectl api-resources -o quiet

Columns: service, resource, name (service.resource), full_name, short_names, verbs.";

/// What `-c` can name.
pub const COLUMNS: [&str; 6] = ["service", "resource", "name", "full_name", "short_names", "verbs"];

#[derive(Debug, Args)]
pub struct ApiResources {
    /// Only this service, as the configuration names it; repeatable
    #[arg(long, value_name = "NAME")]
    pub service: Vec<String>,
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS", help_heading = "Output")]
    pub columns: Option<String>,
    /// Output format; quiet writes a line for each resource, as other commands take it
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}
