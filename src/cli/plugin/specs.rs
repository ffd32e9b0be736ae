//! The specs of plugins.

use clap::{Args, ValueHint};

/// Register requests: where their fields come from, the later outranking the earlier.
#[derive(Debug, Args)]
#[command(next_help_heading = "Specs")]
pub struct Specs {
    /// Spec of a plugin as `exec register` takes it: YAML file, directory of .yml and .yaml files, or - for standard
    /// input; a file can hold several
    #[arg(
        short,
        long,
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        required_unless_present_any = ["json_parameter", "parameter"]
    )]
    pub file_parameter: Vec<String>,

    /// Fields of every spec as a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub json_parameter: Option<String>,

    /// Field of every spec, typed by the service: name=TEXT, tags.icon=TEXT, labels=[a,b], key=@FILE
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub parameter: Vec<String>,

    /// Take fields as they are named: translate nothing between the generations of the API
    #[arg(long)]
    pub strict: bool,
}
