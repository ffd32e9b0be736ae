//! `plugin apply -f SPEC` and `plugin diff -f SPEC`.

use clap::{ArgGroup, Args, ValueEnum, ValueHint};

use super::PluginFormat;
use crate::cli::values::{DEFAULT_PARALLEL, parallel};

pub(super) const APPLY_EXAMPLES: &str = "\
Examples:
  spacectl plugin apply -f plugin.yml
  spacectl plugin apply -f plugins/ --prune --label team-a --dry-run

Fields that a spec leaves out stay as they are. \
A second run changes nothing, or finishes what was interrupted.";

pub(super) const DIFF_EXAMPLES: &str = "\
Examples:
  spacectl plugin diff -f plugin.yml
  spacectl plugin diff -f plugins/ -o json

Exit codes: 0 no differences, 1 differences, 2 wrong usage, 3 failed here, \
64 + gRPC status for an error from a service.";

/// Options that set the specs' fields; -p overrides -j, which overrides -f.
#[derive(Debug, Args)]
#[command(next_help_heading = "Specs")]
pub struct Specs {
    /// YAML file or directory with specs; - is stdin
    ///
    /// Repeatable. Of a directory, all .yml and .yaml files are read.
    #[arg(
        short,
        long,
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        required_unless_present_any = ["json_parameter", "parameter"]
    )]
    pub file_parameter: Vec<String>,
    /// Set fields of every spec from a JSON object
    #[arg(short, long, value_name = "JSON")]
    pub json_parameter: Option<String>,
    /// Set a field of every spec, e.g. tags.icon=TEXT
    ///
    /// Repeatable. A list is labels=[a,b]; key=@FILE reads a file.
    #[arg(short, long, value_name = "KEY=VALUE")]
    pub parameter: Vec<String>,
    /// Do not translate field names between API versions
    #[arg(long, hide_short_help = true)]
    pub strict: bool,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("asks").args(["prune", "replace"]).multiple(true)))]
pub struct PluginApply {
    #[command(flatten)]
    pub specs: Specs,
    /// Deregister and register again what cannot be updated
    ///
    /// The old spec is saved to PLUGIN.yml.replaced.
    #[arg(long, help_heading = "Changes")]
    pub replace: bool,
    /// Deregister plugins with this --label but without spec
    #[arg(long, requires = "label", help_heading = "Changes")]
    pub prune: bool,
    /// Label of the plugins that --prune may deregister
    #[arg(long, value_name = "LABEL", requires = "prune", help_heading = "Changes")]
    pub label: Option<String>,
    /// Skip the confirmations of --prune and --replace
    #[arg(short, long, requires = "asks", help_heading = "Changes")]
    pub yes: bool,
    /// Show what would change, without changing it
    #[arg(long, help_heading = "Changes")]
    pub dry_run: bool,
    /// Requests in flight at a time; 1 sends one after another
    #[arg(
        long,
        value_name = "N",
        default_value_t = DEFAULT_PARALLEL,
        value_parser = parallel,
        help_heading = "Changes"
    )]
    pub parallel: u16,
    /// Output format
    ///
    /// quiet prints the ids of changed plugins.
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: ApplyFormat,
}

impl PluginApply {
    /// The arguments `-f FILE...`.
    pub fn of_files(files: Vec<String>, dry_run: bool) -> Self {
        Self {
            specs: Specs { file_parameter: files, json_parameter: None, parameter: Vec::new(), strict: false },
            replace: false,
            prune: false,
            label: None,
            yes: false,
            dry_run,
            parallel: DEFAULT_PARALLEL,
            output: ApplyFormat::Text,
        }
    }
}

#[derive(Debug, Args)]
pub struct PluginDiff {
    #[command(flatten)]
    pub specs: Specs,
    /// Output format
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: PluginFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ApplyFormat {
    Text,
    Json,
    Yaml,
    Quiet,
}
