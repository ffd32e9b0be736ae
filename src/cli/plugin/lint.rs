//! `plugin lint -f FILE`.

use clap::{Args, ValueHint};

use crate::plugin::lint::Generation;
use crate::plugin::lint::report::LintFormat;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin lint plugin.yml
  spacectl plugin lint -f . --api 2 --deny-warnings -o sarif

Exit codes: 0 no errors, 1 errors, 2 wrong usage. A warning is an error with --deny-warnings.";

/// The arguments of checks.
const CHECKING: [&str; 5] = ["file_parameter", "files", "api", "deny_warnings", "output"];

#[derive(Debug, Args)]
pub struct PluginLint {
    /// YAML file or directory with specs; - is stdin
    ///
    /// Repeatable. Of a directory, all .yml and .yaml files are read.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub file_parameter: Vec<String>,
    /// Same as -f
    #[arg(
        value_name = "FILE",
        value_hint = ValueHint::AnyPath,
        required_unless_present_any = ["file_parameter", "explain", "list_rules"]
    )]
    pub files: Vec<String>,
    /// Generation of the API: 1 (up to 2.0.51) or 2 (2.0.52 and later) [default: both]
    #[arg(long, value_name = "API", value_enum)]
    pub api: Option<Generation>,
    /// Treat warnings as errors
    #[arg(short = 'D', long)]
    pub deny_warnings: bool,
    /// Output format
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = LintFormat::Text)]
    pub output: LintFormat,
    /// Explain a rule
    #[arg(long, value_name = "RULE", conflicts_with_all = CHECKING)]
    pub explain: Option<String>,
    /// List the rules
    #[arg(long, conflicts_with = "explain", conflicts_with_all = CHECKING)]
    pub list_rules: bool,
}
