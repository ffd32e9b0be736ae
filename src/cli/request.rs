//! Options that make up a request.

use clap::{Args, ValueHint};

/// Options that set the request's fields; -p overrides -j, which overrides -f.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Request")]
pub struct Request {
    /// Set a field, e.g. name=TEXT or tags.icon=TEXT
    ///
    /// Repeatable. A list is labels=[a,b]; key=@FILE reads a file.
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub parameter: Vec<String>,

    /// Set fields from a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub json_parameter: Option<String>,

    /// Set fields from a YAML file; - is stdin
    ///
    /// Repeatable. Of a directory, all .yml and .yaml files are read.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file_parameter: Vec<String>,

    /// API version [default: v1 if offered, else the highest]
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub api_version: Option<String>,

    /// Do not translate field names between API versions
    #[arg(long, hide_short_help = true)]
    pub strict: bool,

    /// Print the request without sending it
    ///
    /// It is YAML unless -o is json, jsonl or csv. Secrets are masked.
    #[arg(long)]
    pub dry_run: bool,
}
