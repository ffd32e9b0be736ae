//! Arguments of `config`: environments, endpoints, keys and aliases.

mod check;
mod import;
mod init;

use clap::{Subcommand, ValueHint};

pub use check::ConfigCheck;
pub use import::ConfigImport;
pub use init::ConfigInit;

use super::{Format, habits};
use crate::config::Environment;

#[derive(Debug, Subcommand)]
pub enum ConfigCommand {
    /// Create an environment and switch to it
    #[command(after_long_help = init::EXAMPLES)]
    Init(ConfigInit),
    /// Import environments of the Python client, the console or cfctl
    #[command(after_long_help = import::EXAMPLES)]
    Import(ConfigImport),
    /// Test each endpoint of the environment and the key
    #[command(after_long_help = check::EXAMPLES)]
    Check(ConfigCheck),
    /// Set a key of the environment, e.g. api_key or x_domain_id
    #[command(after_long_help = set_notes())]
    Set {
        /// Key to set, or endpoints.SERVICE
        key: String,
        /// Value; - reads it from stdin
        ///
        /// Stdin keeps a secret out of the shell's history.
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Print the value of a key, e.g. x_domain_id or endpoints.repository
    #[command(after_long_help = GET_EXAMPLES)]
    Get {
        /// Key to print, or endpoints.SERVICE
        key: String,
        /// Print a secret instead of ********
        #[arg(long)]
        show_secrets: bool,
    },
    /// Remove a key of the environment
    #[command(after_long_help = REMOVE_EXAMPLES, aliases = habits::aliases("config", "remove"))]
    Remove {
        /// Key to remove, or endpoints.SERVICE
        key: String,
    },
    /// Print the environment, secrets masked
    #[command(visible_alias = "view", after_long_help = SHOW_EXAMPLES)]
    Show {
        /// Print secrets instead of ********
        #[arg(long)]
        show_secrets: bool,
        /// Print as
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
        output: Format,
    },
    /// Edit the environment's file in your editor
    #[command(after_long_help = EDIT_EXAMPLES)]
    Edit,
    /// List environments, the one in use marked
    #[command(alias = "get-contexts", aliases = habits::aliases("config", "list"), after_long_help = LIST_EXAMPLES)]
    List {
        /// Print as [default: names]
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
        output: Option<Format>,
    },
    /// Switch to an environment
    #[command(alias = "use-context", after_long_help = USE_EXAMPLES)]
    Use {
        /// Environment to switch to
        #[arg(id = "switch", value_name = "NAME")]
        name: String,
    },
    /// Print the name of the environment in use
    #[command(alias = "current-context", after_long_help = CURRENT_EXAMPLES)]
    Current,
    /// List environments, switch to one, or remove one
    #[command(after_long_help = "Examples:\n  spacectl config environment\n  spacectl config environment -s prod")]
    Environment {
        /// Switch to this environment
        #[arg(short, long, value_name = "NAME", conflicts_with = "remove")]
        switch: Option<String>,
        /// Remove this environment
        #[arg(short, long, value_name = "NAME")]
        remove: Option<String>,
        /// Skip the confirmation
        #[arg(short, long, requires = "remove")]
        yes: bool,
        /// Print as [default: names]
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, help_heading = "Output")]
        #[arg(conflicts_with_all = ["switch", "remove"])]
        output: Option<Format>,
    },
    /// Manage the endpoints of the environment
    #[command(subcommand, after_long_help = ENDPOINT_EXAMPLES)]
    Endpoint(EndpointCommand),
    /// Manage your aliases of resources, for all environments
    #[command(subcommand, after_long_help = ALIAS_EXAMPLES)]
    Alias(AliasCommand),
}

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl config init -e prod --service repository=grpc+ssl://r.example.com
  spacectl config check";

const SHOW_EXAMPLES: &str = "\
Examples:
  spacectl config show
  spacectl config show -e lab -o json";

const EDIT_EXAMPLES: &str = "\
Examples:
  spacectl config edit
  EDITOR='code --wait' spacectl config edit -e lab

The editor is that of VISUAL, else that of EDITOR, else vi. It gets a private copy of the file, which is checked \
before it replaces the file.";

const LIST_EXAMPLES: &str = "\
Examples:
  spacectl config list
  spacectl config list -o csv";

const USE_EXAMPLES: &str = "\
Examples:
  spacectl config use prod
  spacectl config use local";

const CURRENT_EXAMPLES: &str = "\
Examples:
  spacectl config current
  spacectl config current -e lab";

const ENDPOINT_EXAMPLES: &str = "\
Examples:
  spacectl config endpoint add repository grpc+ssl://repository.example.com:443
  spacectl config endpoint show";

const ENDPOINT_ADD_EXAMPLES: &str = "\
Examples:
  spacectl config endpoint add repository grpc+ssl://repository.example.com:443
  spacectl config endpoint add identity grpc://127.0.0.1:50051 -e lab";

const ENDPOINT_REMOVE_EXAMPLES: &str = "\
Examples:
  spacectl config endpoint remove inventory
  spacectl config endpoint remove inventory -e lab";

const REMOVE_EXAMPLES: &str = "\
Examples:
  spacectl config remove x_workspace_id
  spacectl config remove endpoints.inventory -e lab";

const SET_EXAMPLES: &str = "\
Examples:
  spacectl config set x_domain_id domain-123456
  spacectl config set api_key - < key.txt";

/// The examples of `config set`, and the keys.
fn set_notes() -> String {
    let keys: Vec<_> = Environment::key_help().collect();
    let width = keys.iter().map(|(key, _)| key.len()).max().unwrap_or_default();
    let lines = keys.iter().map(|(key, help)| format!("\n  {key:width$}  {help}"));
    format!("{SET_EXAMPLES}\n\nKeys:{}", lines.collect::<String>())
}

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
    /// Add the endpoint of a service
    #[command(after_long_help = ENDPOINT_ADD_EXAMPLES, aliases = habits::aliases("config endpoint", "add"))]
    Add {
        /// Service, e.g. repository, or plugin.NAME for a plugin's own server
        service: String,
        /// grpc://HOST:PORT or grpc+ssl://HOST:PORT
        // The id `endpoint` is the option of all commands.
        #[arg(id = "added_endpoint", value_name = "URL", value_hint = ValueHint::Url)]
        endpoint: String,
    },
    /// Remove the endpoint of a service
    #[command(after_long_help = ENDPOINT_REMOVE_EXAMPLES, aliases = habits::aliases("config endpoint", "remove"))]
    Remove {
        /// Service whose endpoint to remove
        service: String,
    },
    /// List the endpoints
    #[command(
        after_long_help = "Examples:\n  spacectl config endpoint show\n  spacectl config endpoint show -e lab -o csv",
        aliases = habits::aliases("config endpoint", "show")
    )]
    Show {
        /// Print as
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum AliasCommand {
    /// Set an alias; yours override built-in ones
    #[command(after_long_help = ALIAS_SET_EXAMPLES, aliases = habits::aliases("config alias", "set"))]
    Set {
        /// Alias, of letters, digits, `_` and `-`
        name: String,
        /// Resource, as SERVICE.RESOURCE
        resource: String,
    },
    /// Remove an alias of yours
    #[command(
        after_long_help = "Examples:\n  spacectl config alias remove p\n  spacectl config alias remove my_plugins",
        aliases = habits::aliases("config alias", "remove")
    )]
    Remove {
        /// Alias to remove
        name: String,
    },
    /// List your aliases
    #[command(
        visible_alias = "show",
        aliases = habits::aliases("config alias", "list"),
        after_long_help = ALIAS_LIST_EXAMPLES
    )]
    List {
        /// Also list the built-in ones
        #[arg(short, long)]
        all: bool,
        /// Print as
        ///
        /// [env: SPACECTL_OUTPUT]
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
