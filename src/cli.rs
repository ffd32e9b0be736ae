//! The command line: its words, their help, nothing else.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

/// Register plugins and call every resource of SpaceONE / Cloudforet over gRPC
#[derive(Debug, Parser)]
#[command(name = "spacectl", version, max_term_width = 100, propagate_version = false, after_help = EXAMPLES)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

const EXAMPLES: &str = "\
Examples:
  spacectl --environment local exec register repository.Plugin -f plugin.yml
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

    /// Longest wait for a connection, as 3, 500ms or 1m; 0 waits without end
    #[arg(long, global = true, value_name = "TIME", default_value = "3s", value_parser = duration, hide_short_help = true)]
    pub connect_timeout: Limit,

    /// Longest wait for the answer to a call, as 180, 30s or 5m; 0 waits without end
    #[arg(long, global = true, value_name = "TIME", default_value = "180s", value_parser = duration, hide_short_help = true)]
    pub timeout: Limit,

    /// How errors, warnings and notes are written on standard error: lines, or one JSON object
    #[arg(long, global = true, value_name = "FORMAT", value_enum, default_value_t = ErrorFormat::Text, hide_short_help = true)]
    pub error_format: ErrorFormat,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Call any verb of a resource, once for each document given
    #[command(after_help = EXEC_EXAMPLES)]
    Exec(Exec),
    /// List a resource's rows as a table, json, yaml or csv
    #[command(after_help = LIST_EXAMPLES)]
    List(List),
    /// Show one row of a resource
    #[command(after_help = GET_EXAMPLES)]
    Get(Get),
    /// Show what the environment's endpoints offer: services, resources, verbs
    #[command(after_help = API_RESOURCES_EXAMPLES)]
    ApiResources(ApiResources),
    /// Set up environments, endpoints and keys
    #[command(subcommand)]
    Config(Config),
    /// The Repository service inside this program
    #[command(subcommand)]
    Local(Local),
    /// Show this program's version
    Version(Version),
}

const EXEC_EXAMPLES: &str = "\
Examples:
  spacectl exec register repository.Plugin -f plugin.yml
  spacectl exec disable repository.Plugin -p plugin_id=plugin-slack-noti-protocol";

const LIST_EXAMPLES: &str = "\
Examples:
  spacectl list repository.Plugin -c 'plugin_id|ID,name|Name' -s name
  spacectl list repository.Plugin -p state=ENABLED -o csv > plugins.csv

Columns: key or key|Alias, split by commas. In a key, `a.b` steps down, `labels.0` takes one item,
`list.key` takes the key of every item, `list.?k:=v=>key` only of the items whose k is v
(`?k:v` contains v, `?k:!v` does not contain v).";

const GET_EXAMPLES: &str = "\
Examples:
  spacectl get repository.Plugin -p plugin_id=plugin-slack-noti-protocol
  spacectl get repository.Plugin -p plugin_id=plugin-slack-noti-protocol -o json";

const API_RESOURCES_EXAMPLES: &str = "\
Examples:
  spacectl api-resources
  spacectl api-resources --endpoint grpc://127.0.0.1:50051";

/// Where a request's fields come from: -f, then -j, then -p; the later outranks the earlier.
#[derive(Debug, Args)]
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

    /// Version of the API
    #[arg(short = 'v', long, value_name = "VERSION", default_value = "v1", hide_short_help = true)]
    pub api_version: String,

    /// Send fields as they are named: translate nothing between the generations of the API
    #[arg(long)]
    pub strict: bool,
}

/// What is shown of an answer, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Shown {
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Output format; quiet writes the values of one column, a line each
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml)]
    pub output: Format,
}

#[derive(Debug, Args)]
pub struct Exec {
    /// What to do: register, update, enable, get_versions, ...
    pub verb: String,
    /// What to do it to, as SERVICE.RESOURCE
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub shown: Shown,
}

#[derive(Debug, Args)]
pub struct List {
    /// What to list, as SERVICE.RESOURCE
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub rows: Rows,
    /// Output format; quiet writes the values of one column, a line each
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}

/// Which rows, which columns, in which order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct Rows {
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS", conflicts_with_all = ["minimal", "all"])]
    pub columns: Option<String>,
    /// Only the fields that identify a row
    #[arg(short, long, conflicts_with = "all")]
    pub minimal: bool,
    /// Every field
    #[arg(short, long)]
    pub all: bool,
    /// Number of rows
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Page to show, counted from 1; each has --limit rows
    #[arg(long, value_name = "N", requires = "limit", value_parser = clap::value_parser!(u32).range(1..))]
    pub page: Option<u32>,
    /// Key or column to sort by; -KEY sorts the largest first
    #[arg(short, long, value_name = "[-]KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
}

#[derive(Debug, Args)]
pub struct Get {
    /// What to show, as SERVICE.RESOURCE
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub shown: Shown,
}

#[derive(Debug, Args)]
pub struct ApiResources {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}

#[derive(Debug, Args)]
pub struct Version {
    /// Output format
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
    pub output: Format,
}

#[derive(Debug, Subcommand)]
pub enum Config {
    /// Create an environment, empty or from a file, and make it the current one
    #[command(after_help = INIT_EXAMPLES)]
    Init {
        /// YAML file to take the settings from
        #[arg(short = 'f', long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        import_file: Option<PathBuf>,
        /// Replace an environment that exists
        #[arg(long)]
        force: bool,
    },
    /// Set a key of the environment, such as api_key or x_domain_id
    #[command(after_help = SET_EXAMPLES)]
    Set {
        key: String,
        /// The value; - reads it from standard input, which keeps a secret out of the shell's history
        #[arg(allow_hyphen_values = true)]
        value: String,
    },
    /// Remove a key of the environment
    Remove { key: String },
    /// Show the environment
    Show {
        /// Show api_key, token and the like instead of ********
        #[arg(long)]
        show_secrets: bool,
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
        output: Format,
    },
    /// List the environments, switch to one, or remove one
    Environment {
        /// Make this environment the current one
        #[arg(short, long, value_name = "NAME", conflicts_with = "remove")]
        switch: Option<String>,
        /// Remove this environment and its settings
        #[arg(short, long, value_name = "NAME")]
        remove: Option<String>,
    },
    /// Say where each service listens
    #[command(subcommand)]
    Endpoint(Endpoint),
}

const INIT_EXAMPLES: &str = "\
Examples:
  spacectl config init -e prod -f prod.yml
  spacectl config init -e lab && spacectl config endpoint add repository grpc://127.0.0.1:50051";

const SET_EXAMPLES: &str = "\
Examples:
  spacectl config set x_domain_id domain-123456
  spacectl config set api_key - < key.txt";

#[derive(Debug, Subcommand)]
pub enum Endpoint {
    /// Add a service's endpoint
    Add {
        /// Name of the service: repository, identity, inventory, ...
        service: String,
        /// grpc://HOST:PORT or grpc+ssl://HOST:PORT
        #[arg(value_hint = ValueHint::Url)]
        endpoint: String,
    },
    /// Remove a service's endpoint
    Remove { service: String },
    /// Show the endpoints
    Show {
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

#[derive(Debug, Subcommand)]
pub enum Local {
    /// Serve it on a port, for other programs, until Ctrl-C or SIGTERM
    #[command(after_help = SERVE_EXAMPLES)]
    Serve {
        /// Address to listen on; port 0 takes a free one, which is printed
        #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:50051")]
        listen: String,
        /// Database file, instead of the one of the environment `local`
        #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
        data: Option<PathBuf>,
        /// Refuse what a current Repository service refuses
        #[arg(long)]
        strict: bool,
    },
}

const SERVE_EXAMPLES: &str = "\
Examples:
  spacectl local serve
  spacectl local serve --listen 127.0.0.1:0 --data /tmp/plugins.db --strict";

/// How results are written on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    Yaml,
    Csv,
    // The one column's values, a line each.
    Quiet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ErrorFormat {
    Text,
    Json,
}

/// A time limit; `None` is none.
pub type Limit = Option<Duration>;

/// `3`, `500ms`, `3s`, `5m`, `1h`; plain numbers are seconds.
fn duration(text: &str) -> Result<Limit, String> {
    let wrong = || format!("{text:?} is no time: write it as 3, 500ms, 30s, 5m or 1h");
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let number: u64 = text[..digits].parse().map_err(|_| wrong())?;
    let unit = match &text[digits..] {
        "ms" => 1,
        "" | "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return Err(wrong()),
    };
    let millis = number.checked_mul(unit).filter(|millis| *millis < 1 << 40).ok_or_else(wrong)?;
    Ok((millis > 0).then(|| Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn times() {
        assert_eq!(duration("3"), Ok(Some(Duration::from_secs(3))));
        assert_eq!(duration("500ms"), Ok(Some(Duration::from_millis(500))));
        assert_eq!(duration("5m"), Ok(Some(Duration::from_secs(300))));
        assert_eq!(duration("0"), Ok(None));
        for wrong in ["", "s", "-1", "1.5", "3 s", "3d", "99999999999999999999"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
