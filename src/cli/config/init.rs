//! `config init`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config init -e prod --service repository=grpc+ssl://r.example.com --api-key - < key.txt
  spacectl config init -e prod -f prod.yml

Without any option, on a terminal, it asks. A key is never taken from the command line
itself, where the shell's history and other users see it.";

#[derive(Debug, Args)]
pub struct ConfigInit {
    /// YAML file to take the settings from; - is standard input
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub import_file: Option<PathBuf>,
    /// Where a service listens, as repository=grpc://HOST:PORT; may be given several times
    #[arg(long, value_name = "SERVICE=URL")]
    pub service: Vec<String>,
    /// Read the key from standard input: --api-key -
    #[arg(long, value_name = "-", group = "key", allow_hyphen_values = true)]
    pub api_key: Option<String>,
    /// File to read the key from at each call
    #[arg(long, value_name = "FILE", group = "key", value_hint = ValueHint::FilePath)]
    pub api_key_file: Option<PathBuf>,
    /// Command that prints the key, run by the shell at each call
    #[arg(long, value_name = "COMMAND", group = "key", value_hint = ValueHint::CommandString)]
    pub api_key_command: Option<String>,
    /// Replace an environment that exists
    #[arg(long)]
    pub force: bool,
}
