//! The command line: its words, their help, nothing else.

mod api_resources;
mod cache;
pub mod complete;
mod completion;
mod config;
mod duration;
mod exec;
mod explain;
mod filters;
mod get;
mod list;
mod local;
mod man;
mod output_args;
mod plugin;
mod request;
mod stat;
pub mod suggestions;
mod template;
mod tls;
mod version;
mod watch;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum, ValueHint};

pub use api_resources::{ApiResources, COLUMNS as API_RESOURCES_COLUMNS};
pub use cache::Cache;
pub use completion::{Completion, Shell};
pub use config::{AliasCommand, ConfigCheck, ConfigCommand, ConfigImport, ConfigInit, EndpointCommand};
pub use duration::{Limit, duration};
pub use exec::{Exec, Many};
pub use explain::{Explain, ExplainForm, ExplainFormat};
pub use filters::Filters;
pub use get::Get;
pub use list::{List, Listing, Rows};
pub use local::Local;
pub use man::Man;
pub use output_args::{Format, Shown};
pub use plugin::{
    Api, ApplyFormat, DiffFormat, LintFormat, Plugin, PluginApply, PluginBuild, PluginChange, PluginDeregister,
    PluginDiff, PluginFormat, PluginGet, PluginImage, PluginInit, PluginLint, PluginPublish, PluginSources,
    PluginVersions, Specs,
};
pub use request::Request;
pub use stat::Stat;
pub use template::{Template, TemplateColumns};
pub use tls::Tls;
pub use version::Version;
pub use watch::{Watch, join_watch};

/// All of a command line.
#[derive(Debug, Parser)]
#[command(name = NAME, about = ABOUT, version, max_term_width = TERM_WIDTH, propagate_version = false, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const NAME: &str = "spacectl";
const ABOUT: &str = "Register plugins and call every resource of SpaceONE / Cloudforet over gRPC";
/// Help is not written wider than this, in columns.
const TERM_WIDTH: usize = 100;

const EXAMPLES: &str = "\
Examples:
  spacectl --environment local plugin apply -f plugin.yml
  spacectl --environment local list repository.Plugin -c plugin_id,name

`local` is a Repository service inside this program: it needs no configuration.
For a service of your own: spacectl config init --help

Exit codes: 0 done, 1 failed here, 2 wrong usage, 64 + gRPC status for an answer from a service.";

/// What every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct Global {
    /// Environment to use instead of the current one; `local` is built in [env: SPACECTL_ENVIRONMENT]
    #[arg(short, long, global = true, value_name = "NAME")]
    pub environment: Option<String>,

    /// Endpoint for this call, grpc://HOST:PORT or grpc+ssl://HOST:PORT; needs no configuration
    #[arg(long, global = true, value_name = "URL", value_hint = ValueHint::Url)]
    pub endpoint: Option<String>,

    /// Domain to send with each call as x_domain_id, instead of the environment's
    #[arg(long, global = true, value_name = "ID", hide_short_help = true)]
    pub domain_id: Option<String>,

    /// Workspace to send with each call as x_workspace_id, instead of the environment's
    #[arg(long, global = true, value_name = "ID", hide_short_help = true)]
    pub workspace_id: Option<String>,

    /// Longest wait for a connection, as 3, 500ms or 1m; 0 waits without end
    #[arg(long, global = true, value_name = "TIME", default_value = "3s", value_parser = duration::duration, hide_short_help = true)]
    pub connect_timeout: Limit,

    /// Longest wait for the answer to a call, as 180, 30s or 5m; 0 waits without end
    #[arg(long, global = true, value_name = "TIME", default_value = "180s", value_parser = duration::duration, hide_short_help = true)]
    pub timeout: Limit,

    /// Neither use nor keep on disk how services describe themselves: ask them first, each time
    #[arg(long, global = true, hide_short_help = true)]
    pub no_cache: bool,

    /// Tell each step on standard error: what is sent where, how long it takes; -vv shows the messages, too
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "quiet")]
    pub verbose: u8,

    /// Say nothing but errors on standard error
    #[arg(short, long, global = true)]
    pub quiet: bool,

    /// How errors, warnings and notes are written on standard error: lines, or one JSON object
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = ErrorFormat::Text, hide_short_help = true)]
    pub error_format: ErrorFormat,

    #[command(flatten)]
    pub tls: Tls,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call any verb of a resource, once for each document given
    #[command(after_help = exec::EXAMPLES)]
    Exec(Exec),
    /// List a resource's rows as a table, json, jsonl, yaml or csv
    #[command(after_help = list::EXAMPLES)]
    List(List),
    /// Show one row of a resource
    #[command(after_help = get::EXAMPLES)]
    Get(Get),
    /// Compute statistics over a resource's rows: groups, counts, sums
    #[command(after_help = stat::STAT_EXAMPLES)]
    Stat(Stat),
    /// Compute values over time or by groups: costs, metrics
    #[command(after_help = stat::ANALYZE_EXAMPLES)]
    Analyze(Stat),
    /// Write, check, publish, register and look after plugins
    #[command(subcommand, after_help = plugin::EXAMPLES)]
    Plugin(Plugin),
    /// Show what the environment's endpoints offer: services, resources, verbs
    #[command(after_help = api_resources::EXAMPLES)]
    ApiResources(ApiResources),
    /// Explain a resource, what a verb takes and answers, or a field
    #[command(after_help = explain::EXAMPLES)]
    Explain(Explain),
    /// Set up environments, endpoints and keys
    #[command(subcommand, after_help = config::EXAMPLES)]
    Config(ConfigCommand),
    /// Choose the columns that a resource's tables show
    #[command(subcommand, after_help = template::EXAMPLES)]
    Template(Template),
    /// The Repository service inside this program
    #[command(subcommand, after_help = local::EXAMPLES)]
    Local(Local),
    /// What is kept on disk of services, so that calls are quick
    #[command(subcommand, after_help = cache::EXAMPLES)]
    Cache(Cache),
    /// Print the script by which a shell completes spacectl's command lines
    #[command(after_help = completion::EXAMPLES, after_long_help = completion::PLACES)]
    Completion(Completion),
    /// Print the manual, or write a page for every command
    #[command(after_help = man::EXAMPLES)]
    Man(Man),
    /// Show this program's version
    #[command(after_help = "Examples:\n  spacectl version\n  spacectl version -o json")]
    Version(Version),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    Text,
    Json,
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
