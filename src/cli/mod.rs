//! Types of the command line with their help texts, suggestions and completion.
//!
//! Nothing here runs a command, and nothing here knows of `commands`.

mod api_resources;
mod apply;
mod cache;
pub mod completion;
mod completion_args;
mod config;
mod exec;
mod explain;
mod filters;
mod get;
pub mod habits;
mod list;
mod local;
mod login;
mod man;
mod option_hints;
mod output_args;
mod parse;
mod plugin;
mod request;
mod resource_words;
mod stat;
mod suggested_line;
pub mod suggestions;
mod template;
mod tls;
mod values;
mod verb_hints;
mod version;
mod watch;

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use api_resources::{ApiResources, COLUMNS as API_RESOURCES_COLUMNS};
pub use apply::{Apply, SummaryFormat};
pub use cache::CacheCommand;
pub use completion_args::{Completion, CompletionCommand, CompletionInstall, Shell};
pub use config::{AliasCommand, ConfigCheck, ConfigCommand, ConfigImport, ConfigInit, EndpointCommand};
pub use exec::{Exec, ManyArgs};
pub use explain::{Explain, ExplainForm, ExplainFormat};
pub use filters::Filters;
pub use get::Get;
pub use list::{ListArgs, Listing, RowArgs};
pub use local::{Local, SyncMode};
pub use login::{Login, LoginScope, Logout, WhoAmI, WorkspaceCommand};
pub use man::Man;
pub use output_args::{Format, LayoutArgs, Shown};
pub use parse::parse;
pub use plugin::{
    ApplyFormat, Plugin, PluginApply, PluginBuild, PluginChange, PluginDeregister, PluginDiff, PluginEdit,
    PluginExport, PluginFormat, PluginGet, PluginGetFormat, PluginImage, PluginInit, PluginLint, PluginPublish,
    PluginSources, PluginTest, PluginVersions, Specs, TestFormat,
};
pub use request::Request;
pub use stat::{Stat, StatFormat};
pub use template::{TemplateColumns, TemplateCommand};
pub use tls::TlsArgs;
pub use values::{DEFAULT_PARALLEL, Limit, duration};
pub use version::Version;
pub use watch::{WatchArgs, join_watch};

use crate::terminal::color::ColorChoice;

/// The command line.
#[derive(Debug, Parser)]
#[command(
    name = NAME,
    about = ABOUT,
    version,
    max_term_width = TERM_WIDTH,
    propagate_version = false,
    after_long_help = EXAMPLES
)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const NAME: &str = "spacectl";
const ABOUT: &str = "Register plugins and call every resource of SpaceONE / Cloudforet over gRPC";
/// The widest line of help, in columns.
const TERM_WIDTH: usize = 100;

const EXAMPLES: &str = "\
Examples:
  spacectl --environment local plugin apply -f plugin.yml
  spacectl --environment local list repository.Plugin -c plugin_id,name

The environment `local` is an embedded Repository service that needs no configuration. \
To use a service of your own, see `spacectl config init --help`.

Exit codes: 0 success, 1 local failure, 2 usage error, 64 + gRPC status for an error from a service.";

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Environment to use [env: SPACECTL_ENVIRONMENT]
    ///
    /// `local` is built in: an embedded Repository service.
    #[arg(short, long, global = true, value_name = "NAME")]
    pub environment: Option<String>,

    /// Endpoint to call [env: SPACECTL_ENDPOINT]
    ///
    /// grpc://HOST:PORT, or grpc+ssl://HOST:PORT for TLS. The variable outranks --environment.
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub endpoint: Option<String>,

    /// Domain to send as x_domain_id [env: SPACECTL_DOMAIN_ID]
    ///
    /// [default: the environment's]
    #[arg(long, global = true, value_name = "ID", hide_short_help = true)]
    pub domain_id: Option<String>,

    /// Workspace to send as x_workspace_id [env: SPACECTL_WORKSPACE_ID]
    ///
    /// [default: the environment's]
    #[arg(long, global = true, value_name = "ID", hide_short_help = true)]
    pub workspace_id: Option<String>,

    /// Metadata to send with each call, e.g. 'x-tenant: a'; repeatable
    #[arg(short = 'H', long, global = true, value_name = "NAME: VALUE", hide_short_help = true)]
    pub header: Vec<String>,

    /// Timeout per connection, e.g. 500ms or 1m; 0 disables it
    #[arg(
        long,
        global = true,
        value_name = "DURATION",
        default_value = "3s",
        value_parser = duration,
        hide_short_help = true
    )]
    pub connect_timeout: Limit,

    /// Timeout per call, e.g. 30s; 0 disables it [env: SPACECTL_TIMEOUT]
    ///
    /// [default: 180s]
    #[arg(long, global = true, value_name = "DURATION", value_parser = duration, hide_short_help = true)]
    pub timeout: Option<Limit>,

    /// Do not read or write the descriptor cache
    #[arg(long, global = true, hide_short_help = true)]
    pub no_cache: bool,

    /// Log each step to stderr (-vv: message bodies too)
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Print only errors to stderr
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// Colour texts: auto (on a terminal), always or never
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        value_enum,
        default_value_t = ColorWhen::Auto,
        hide_short_help = true,
        hide_possible_values = true
    )]
    pub color: ColorWhen,

    /// Format of diagnostics on stderr: text, or one JSON object
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        value_enum,
        default_value_t = ErrorFormat::Text,
        hide_short_help = true
    )]
    pub error_format: ErrorFormat,

    #[command(flatten)]
    pub tls: TlsArgs,
}

/// The timeout of a call where none is given.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(180);

impl Global {
    /// The timeout of a call.
    pub fn timeout(&self) -> Limit {
        self.timeout.unwrap_or(Some(DEFAULT_TIMEOUT))
    }

    /// The flags that select a service and a caller, with their values.
    pub fn call_flags(&self) -> [(&'static str, Option<String>); 8] {
        let TlsArgs { ca, cert, key, tls_server_name } = &self.tls;
        let path = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        [
            ("--environment", self.environment.clone()),
            ("--endpoint", self.endpoint.clone()),
            ("--domain-id", self.domain_id.clone()),
            ("--workspace-id", self.workspace_id.clone()),
            ("--ca", path(ca)),
            ("--cert", path(cert)),
            ("--key", path(key)),
            ("--tls-server-name", tls_server_name.clone()),
        ]
    }
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call a verb of a resource, once per document
    #[command(after_long_help = exec::EXAMPLES)]
    Exec(Exec),
    /// List a resource's rows as table, json, yaml, csv or markdown
    #[command(after_long_help = list::EXAMPLES)]
    List(ListArgs),
    /// Show one row of a resource
    #[command(after_long_help = get::EXAMPLES)]
    Get(Get),
    /// Compute statistics over rows: groups, counts, sums
    #[command(after_long_help = stat::STAT_EXAMPLES)]
    Stat(Stat),
    /// Analyze values over time or by group: costs, metrics
    #[command(after_long_help = stat::ANALYZE_EXAMPLES)]
    Analyze(Stat),
    /// Create, lint, publish and manage plugins
    #[command(subcommand, after_long_help = plugin::EXAMPLES, aliases = habits::aliases("", "plugin"))]
    Plugin(Plugin),
    /// Run a manifest of tasks, or apply a plugin's spec
    #[command(after_long_help = apply::EXAMPLES)]
    Apply(Apply),
    /// List the services, resources and verbs of the endpoints
    #[command(after_long_help = api_resources::EXAMPLES, aliases = habits::aliases("", "api-resources"))]
    ApiResources(ApiResources),
    /// Explain a resource, a verb's request and response, or a field
    #[command(after_long_help = explain::EXAMPLES)]
    Explain(Explain),
    /// Log in as a person, or make a key for scripts
    #[command(after_long_help = login::LOGIN_EXAMPLES)]
    Login(Login),
    /// Remove the session of an environment
    #[command(after_long_help = login::LOGOUT_EXAMPLES)]
    Logout(Logout),
    /// Show which credential calls use, for whom, and until when
    #[command(name = "whoami", after_long_help = login::WHOAMI_EXAMPLES)]
    WhoAmI(WhoAmI),
    /// List the workspaces of your session, or switch between them
    #[command(subcommand, after_long_help = login::WORKSPACE_EXAMPLES, aliases = habits::aliases("", "workspace"))]
    Workspace(WorkspaceCommand),
    /// Manage environments, endpoints and keys
    #[command(subcommand, after_long_help = config::EXAMPLES)]
    Config(ConfigCommand),
    /// Manage the columns of a resource's tables
    #[command(subcommand, after_long_help = template::EXAMPLES)]
    Template(TemplateCommand),
    /// Run the embedded Repository service
    #[command(subcommand, after_long_help = local::EXAMPLES)]
    Local(Local),
    /// Manage the descriptor cache
    #[command(subcommand, after_long_help = cache::EXAMPLES)]
    Cache(CacheCommand),
    /// Print the completion script of a shell, or install it
    #[command(after_long_help = completion_args::EXAMPLES, aliases = habits::aliases("", "completion"))]
    Completion(Completion),
    /// Print the manual, or write a page per command
    #[command(after_long_help = man::EXAMPLES)]
    Man(Man),
    /// Show the version of spacectl
    #[command(after_long_help = "Examples:\n  spacectl version\n  spacectl version -o json")]
    Version(Version),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    Text,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    Auto,
    Always,
    Never,
}

impl From<ColorWhen> for ColorChoice {
    fn from(when: ColorWhen) -> Self {
        match when {
            ColorWhen::Auto => Self::Auto,
            ColorWhen::Always => Self::Always,
            ColorWhen::Never => Self::Never,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }
}
