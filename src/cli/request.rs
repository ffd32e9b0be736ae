//! What a request is made of.

use clap::{Args, ValueHint};

/// Where a request's fields come from: -f, then -j, then -p; the later outranks the earlier.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Request")]
pub struct Request {
    /// Field of the request, typed by the service: name=TEXT, tags.icon=TEXT, labels=[a,b], key=@FILE
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub parameter: Vec<String>,

    /// Fields of the request as a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub json_parameter: Option<String>,

    /// YAML file, directory of .yml and .yaml files, or - for standard input
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file_parameter: Vec<String>,

    /// API version [default: v1 if offered, else the highest]
    #[arg(long, value_name = "VERSION", hide_short_help = true)]
    pub api_version: Option<String>,

    /// Send fields as they are named: translate nothing between the generations of the API
    #[arg(long)]
    pub strict: bool,

    /// Show what would be sent where, secrets masked, and send nothing; in yaml unless -o is json, jsonl or csv
    #[arg(long)]
    pub dry_run: bool,
}
