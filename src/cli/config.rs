//! `config`: environments, endpoints and keys.

mod check;
mod import;
mod init;

use clap::{Subcommand, ValueHint};

pub use check::ConfigCheck;
pub use import::ConfigImport;
pub use init::ConfigInit;

use super::Format;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Create an environment and make it the current one; on a terminal, asks for what it holds
    #[command(after_help = init::EXAMPLES)]
    Init(ConfigInit),
    /// Take over environments of the Python client, the console or cfctl
    #[command(after_help = import::EXAMPLES)]
    Import(ConfigImport),
    /// Try each endpoint of the environment, and say what to do about those that fail
    #[command(after_help = check::EXAMPLES)]
    Check(ConfigCheck),
    /// Set a key of the environment, such as api_key or x_domain_id
    #[command(after_help = SET_EXAMPLES)]
    Set {
        key: String,
        /// The value; - reads it from standard input, which keeps a secret out of the shell's history
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Show the value of one key, such as x_domain_id or endpoints.repository
    #[command(after_help = GET_EXAMPLES)]
    Get {
        key: String,
        /// Show a secret instead of ********
        #[arg(long)]
        show_secrets: bool,
    },
    /// Remove a key of the environment
    #[command(
        after_help = "Examples:\n  spacectl config remove x_workspace_id\n  spacectl config remove endpoints.inventory -e lab"
    )]
    Remove { key: String },
    /// Show the environment
    #[command(after_help = "Examples:\n  spacectl config show\n  spacectl config show -e lab -o json")]
    Show {
        /// Show api_key, token and the like instead of ********
        #[arg(long)]
        show_secrets: bool,
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
        output: Format,
    },
    /// List the environments, switch to one, or remove one
    #[command(after_help = "Examples:\n  spacectl config environment\n  spacectl config environment -s prod")]
    Environment {
        /// Make this environment the current one
        #[arg(short, long, value_name = "NAME", conflicts_with = "remove")]
        switch: Option<String>,
        /// Remove this environment and its settings
        #[arg(short, long, value_name = "NAME")]
        remove: Option<String>,
        /// Output format of the list, instead of a name a line
        #[arg(short, long, value_name = "FORMAT", value_enum, conflicts_with_all = ["switch", "remove"], help_heading = "Output")]
        output: Option<Format>,
    },
    /// Say where each service listens
    #[command(subcommand, after_help = ENDPOINT_EXAMPLES)]
    Endpoint(EndpointCommand),
    /// Give resources names of your own, in every environment
    #[command(subcommand, after_help = ALIAS_EXAMPLES)]
    Alias(AliasCommand),
}

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config init -e prod --service repository=grpc+ssl://repository.example.com
  spacectl config check";

const ENDPOINT_EXAMPLES: &str = "\
Examples:
  spacectl config endpoint add repository grpc+ssl://repository.example.com:443
  spacectl config endpoint show";

const SET_EXAMPLES: &str = "\
Examples:
  spacectl config set x_domain_id domain-123456
  spacectl config set api_key - < key.txt";

const ALIAS_EXAMPLES: &str = "\
Examples:
  spacectl config alias set p repository.Plugin
  spacectl config alias list --all";

const GET_EXAMPLES: &str = "\
Examples:
  spacectl config get x_domain_id
  spacectl config get endpoints.repository";

#[derive(Debug, Subcommand)]
pub enum EndpointCommand {
    /// Add a service's endpoint
    #[command(
        after_help = "Examples:\n  spacectl config endpoint add repository grpc+ssl://repository.example.com:443\n  spacectl config endpoint add identity grpc://127.0.0.1:50051 -e lab"
    )]
    Add {
        /// Name of the service: repository, identity, inventory, ...
        service: String,
        /// grpc://HOST:PORT or grpc+ssl://HOST:PORT
        // `endpoint` is the option that all commands take.
        #[arg(id = "added_endpoint", value_name = "ENDPOINT", value_hint = ValueHint::Url)]
        endpoint: String,
    },
    /// Remove a service's endpoint
    #[command(
        after_help = "Examples:\n  spacectl config endpoint remove inventory\n  spacectl config endpoint remove inventory -e lab"
    )]
    Remove { service: String },
    /// Show the endpoints
    #[command(after_help = "Examples:\n  spacectl config endpoint show\n  spacectl config endpoint show -e lab -o csv")]
    Show {
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// Give a resource a name, or a name another resource; yours outranks one that is built in
    #[command(after_help = ALIAS_SET_EXAMPLES)]
    Set {
        /// Letters, digits, `_` and `-`
        name: String,
        /// What it stands for, as SERVICE.RESOURCE
        resource: String,
    },
    /// Remove a name that you gave
    #[command(after_help = "Examples:\n  spacectl config alias remove p\n  spacectl config alias remove my_plugins")]
    Remove { name: String },
    /// Show your names, with --all also those that are built in
    #[command(visible_alias = "show", after_help = ALIAS_LIST_EXAMPLES)]
    List {
        /// The built-in ones too
        #[arg(short, long)]
        all: bool,
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

const ALIAS_SET_EXAMPLES: &str = "\
Examples:
  spacectl config alias set p repository.Plugin
  spacectl config alias set report cost_analysis.CostReport";

const ALIAS_LIST_EXAMPLES: &str = "\
Examples:
  spacectl config alias list
  spacectl config alias list --all -o json";
