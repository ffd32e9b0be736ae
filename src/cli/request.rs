//! Options that make up a request.

use clap::{Args, ValueHint};

/// Options that set the request's fields; -p overrides -j, which overrides -f.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Request")]
pub struct Request {
    /// Set a field, e.g. name=TEXT, tags.icon=TEXT, labels=[a,b], key=@FILE
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub parameter: Vec<String>,

    /// Set fields from a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub json_parameter: Option<String>,

    /// Set fields from a YAML file, a directory of .yml and .yaml files, or - for stdin
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file_parameter: Vec<String>,

    /// API version [default: v1 if offered, else the highest]
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub api_version: Option<String>,

    /// Do not translate field names between API versions
    #[arg(long)]
    pub strict: bool,

    /// Print the request, secrets masked, without sending it
    ///
    /// As YAML, unless -o is json, jsonl or csv.
    #[arg(long)]
    pub dry_run: bool,
}
