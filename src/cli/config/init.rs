//! Arguments of `config init`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config init -e prod --service repository=grpc+ssl://r.example.com
  spacectl config init -e prod -f prod.yml --api-key - < key.txt

Without options, on a terminal, it asks for the settings. \
A key is not read from the command line, where the shell's history and other users see it.";

#[derive(Debug, Args)]
pub struct ConfigInit {
    /// YAML file to read the settings from; - is stdin
    #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub import_file: Option<PathBuf>,
    /// Endpoint of a service, e.g. repository=grpc://HOST:PORT; repeatable
    #[arg(long, value_name = "SERVICE=URL")]
    pub service: Vec<String>,
    /// Read the key from stdin: --api-key -
    #[arg(long, value_name = "STDIN", group = "key", allow_hyphen_values = true)]
    pub api_key: Option<String>,
    /// File to read the key from on each call
    #[arg(long, value_name = "FILE", group = "key", value_hint = ValueHint::FilePath)]
    pub api_key_file: Option<PathBuf>,
    /// Shell command that prints the key, run on each call
    #[arg(long, value_name = "COMMAND", group = "key", value_hint = ValueHint::CommandString)]
    pub api_key_command: Option<String>,
    /// Replace an existing environment
    #[arg(long)]
    pub force: bool,
}
