//! `api-resources`.

use clap::Args;

use super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl api-resources
  spacectl api-resources --endpoint grpc://127.0.0.1:50051";

#[derive(Debug, Args)]
pub struct ApiResources {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}
