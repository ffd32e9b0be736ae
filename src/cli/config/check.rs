//! Arguments of `config check`.

use clap::Args;

use super::super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config check
  spacectl config check --endpoint grpc://127.0.0.1:50051

The key is tested by listing one row of a resource of the service. \
The exit code is 1 if anything fails.";

#[derive(Debug, Args)]
pub struct ConfigCheck {
    /// Check every environment
    #[arg(long)]
    pub all: bool,
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}
