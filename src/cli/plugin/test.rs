//! `plugin test --exec COMMAND|--image REF|--endpoint URL`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, FromArgMatches as _, ValueEnum, ValueHint};

use crate::cli::values::{Limit, count, duration};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin test --exec 'spaceone run plugin-server plugin -s src -p 50051'
  spacectl plugin test --image plugin-aws:1.2.0 --options options.yml --secret-data secret.json
  spacectl plugin test --endpoint grpc://127.0.0.1:50051 -r monitoring.Webhook --data payloads/

Without a flag that says what to test, ./plugin-test.toml does.

Exit codes: 0 no errors, 1 errors, 2 wrong usage, 64 + gRPC status if the plugin's refusals are the only errors.";

/// The arguments of a test.
const TESTING: [&str; 20] = [
    "exec",
    "image",
    "port",
    "start_timeout",
    "builder",
    "file_parameter",
    "resource_type",
    "options",
    "secret_data",
    "data",
    "schema",
    "filter",
    "limit",
    "dispatch",
    "config",
    "output",
    "record",
    "compare",
    "allow",
    "strict_collect",
];

#[derive(Debug, Args)]
pub struct PluginTest {
    /// Start the plugin with this command; it is ended afterwards
    #[arg(long, value_name = "COMMAND", conflicts_with = "image", help_heading = "Plugin")]
    pub exec: Option<String>,
    /// Start the plugin's image with docker or podman; the container is removed afterwards
    #[arg(long, value_name = "REF", value_parser = NonEmptyStringValueParser::new(), help_heading = "Plugin")]
    pub image: Option<String>,
    /// Port on which the plugin listens [default: 50051]
    #[arg(
        long,
        value_name = "PORT",
        value_parser = clap::value_parser!(u16).range(1..),
        help_heading = "Plugin"
    )]
    pub port: Option<u16>,
    /// Longest wait for the plugin's port
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "30s",
        value_parser = duration,
        hide_short_help = true,
        help_heading = "Plugin"
    )]
    pub start_timeout: Limit,
    /// docker, podman or the path of one [default: the first of them in PATH]
    #[arg(
        long,
        value_name = "BUILDER",
        value_parser = NonEmptyStringValueParser::new(),
        hide_short_help = true,
        help_heading = "Plugin"
    )]
    pub builder: Option<String>,
    /// Spec to compare with what the plugin says
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Plugin")]
    pub file_parameter: Option<String>,
    /// What the plugin extends, e.g. inventory.Collector [default: the spec's, or by its services]
    #[arg(short, long, value_name = "SERVICE.RESOURCE", help_heading = "Plugin")]
    pub resource_type: Option<String>,
    /// Read settings from this file [default: plugin-test.toml if it exists]
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Plugin")]
    pub config: Option<PathBuf>,

    /// Options of the plugin: a YAML or JSON file, or a JSON object
    #[arg(long, value_name = "FILE|JSON", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub options: Option<String>,
    /// Secret data: a YAML or JSON file; - is stdin. It is never shown
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub secret_data: Option<String>,
    /// Payload of Event.parse, or fields of other requests: a file or a directory of them; repeatable
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Input")]
    pub data: Vec<String>,
    /// Name of the secret's schema
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = "Input")]
    pub schema: Option<String>,
    /// Filter of collect: a YAML or JSON file, or a JSON object
    #[arg(
        long,
        value_name = "FILE|JSON",
        value_hint = ValueHint::FilePath,
        hide_short_help = true,
        help_heading = "Input"
    )]
    pub filter: Option<String>,
    /// Read at most this many messages of a stream
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Input")]
    pub limit: Option<u32>,
    /// Also call Notification.dispatch, which sends a message to people
    #[arg(long, help_heading = "Input")]
    pub dispatch: bool,

    /// Treat each FAILURE of a collect as an error
    #[arg(long, help_heading = "Rules")]
    pub strict_collect: bool,
    /// Ignore findings of a rule; repeatable
    #[arg(long, value_name = "RULE", help_heading = "Rules")]
    pub allow: Vec<String>,
    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = TESTING, help_heading = "Rules")]
    pub explain: Option<String>,
    /// List the rules
    #[arg(long, conflicts_with = "explain", conflicts_with_all = TESTING, help_heading = "Rules")]
    pub list_rules: bool,

    /// Output format
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = TestFormat::Text,
        help_heading = "Output"
    )]
    pub output: TestFormat,
    /// Write the answers to this directory, a file per step, with secrets masked
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        conflicts_with = "compare",
        help_heading = "Output"
    )]
    pub record: Option<PathBuf>,
    /// Show what differs from the answers in this directory
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub compare: Option<PathBuf>,
}

impl PluginTest {
    /// The arguments that test `image` by the settings in the working directory.
    ///
    /// # Errors
    /// Never: `image` is the only argument.
    pub fn of_image(image: &str) -> Result<Self, clap::Error> {
        let command = Self::augment_args(clap::Command::new("test"));
        Self::from_arg_matches(&command.try_get_matches_from(["test", &format!("--image={image}")])?)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum TestFormat {
    Text,
    Json,
    Junit,
    Github,
}
