//! Arguments of `version`.

use clap::Args;

use super::Format;

#[derive(Debug, Args)]
pub struct Version {
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
    pub output: Format,
}
