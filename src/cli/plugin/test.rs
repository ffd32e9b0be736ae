//! `plugin test --exec COMMAND|--image REF|--endpoint URL`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, FromArgMatches as _, ValueEnum, ValueHint};

use crate::cli::values::{Limit, count, duration};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin test --exec 'spaceone run plugin-server plugin -s src'
  spacectl plugin test --image plugin-aws:1.2.0 --secret-data secret.json

Without --exec, --image and --endpoint, the settings in plugin-test.toml say what to test.

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
    /// Start the plugin with this command
    ///
    /// It is ended afterwards, with all that it started.
    #[arg(long, value_name = "COMMAND", conflicts_with = "image", help_heading = "Plugin")]
    pub exec: Option<String>,
    /// Start the plugin's image with docker or podman
    ///
    /// The container is removed afterwards.
    #[arg(long, value_name = "REF", value_parser = NonEmptyStringValueParser::new(), help_heading = "Plugin")]
    pub image: Option<String>,
    /// Port of the plugin [default: 50051]
    ///
    /// With --image, the port in its container.
    #[arg(long, value_name = "PORT", value_parser = clap::value_parser!(u16).range(1..), help_heading = "Plugin")]
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
    /// docker, podman or the path of one
    ///
    /// [default: the first of the two in PATH]
    #[arg(
        long,
        value_name = "BUILDER",
        value_parser = NonEmptyStringValueParser::new(),
        hide_short_help = true,
        help_heading = "Plugin"
    )]
    pub builder: Option<String>,
    /// Spec to compare with the plugin's answers
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Plugin")]
    pub file_parameter: Option<String>,
    /// Resource type of the plugin, e.g. inventory.Collector
    ///
    /// By default what the spec says, or its services.
    #[arg(short, long, value_name = "TYPE", help_heading = "Plugin")]
    pub resource_type: Option<String>,
    /// Settings to read [default: plugin-test.toml if it exists]
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        hide_short_help = true,
        help_heading = "Plugin"
    )]
    pub config: Option<PathBuf>,

    /// Options of each request
    ///
    /// A YAML or JSON file, or a JSON object.
    #[arg(long, value_name = "FILE|JSON", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub options: Option<String>,
    /// Secret data of each request; - is stdin
    ///
    /// A YAML or JSON file. Its texts are masked in all output.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Input")]
    pub secret_data: Option<String>,
    /// Payload of Event.parse
    ///
    /// For other calls, fields of their requests. Repeatable. Of a directory, each .json, .yml and .yaml file is a
    /// payload.
    #[arg(long, value_name = "FILE", value_hint = ValueHint::AnyPath, help_heading = "Input")]
    pub data: Vec<String>,
    /// Name of the secret's schema
    #[arg(long, value_name = "NAME", hide_short_help = true, help_heading = "Input")]
    pub schema: Option<String>,
    /// Filter of collect
    ///
    /// A YAML or JSON file, or a JSON object.
    #[arg(
        long,
        value_name = "FILE|JSON",
        value_hint = ValueHint::FilePath,
        hide_short_help = true,
        help_heading = "Input"
    )]
    pub filter: Option<String>,
    /// Read at most N messages of a stream
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Input")]
    pub limit: Option<u32>,
    /// Also send a message: Notification.dispatch
    #[arg(long, help_heading = "Input")]
    pub dispatch: bool,

    /// Treat each FAILURE of a collect as an error
    #[arg(long, hide_short_help = true, help_heading = "Rules")]
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

    /// text, json, junit or github
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = TestFormat::Text,
        hide_possible_values = true,
        help_heading = "Output"
    )]
    pub output: TestFormat,
    /// Write the answers to files in this directory
    ///
    /// A file per step; secrets are masked.
    #[arg(
        long,
        value_name = "DIR",
        value_hint = ValueHint::DirPath,
        conflicts_with = "compare",
        help_heading = "Output"
    )]
    pub record: Option<PathBuf>,
    /// Show what differs from recorded answers
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub compare: Option<PathBuf>,
}

impl PluginTest {
    /// The arguments that test `image` by the settings in the working directory.
    ///
    /// # Errors
    /// Never: `image` is the only argument.
    pub fn from_image(image: &str) -> Result<Self, clap::Error> {
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
