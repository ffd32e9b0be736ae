//! `spacectl apply FILE`.

use std::path::PathBuf;

use clap::{Args, ValueEnum, ValueHint};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl apply install.yml domain.name=acme --dry-run
  spacectl apply install.yml --resume install.log

Exit codes: 0 done, 1 failed here, 2 wrong manifest (nothing was sent), \
64 + gRPC status for an error from a service.";

#[derive(Debug, Args)]
pub struct Apply {
    /// Manifest to run; - is stdin. The spec of a plugin is applied as by `plugin apply`
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath, required_unless_present_any = ["schema", "file"])]
    pub manifest: Option<String>,
    /// Variables, as by --var
    #[arg(value_name = "KEY=VALUE")]
    pub assignments: Vec<String>,
    /// The same as FILE; repeatable for specs of plugins
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::AnyPath, hide_short_help = true)]
    pub file: Vec<String>,
    /// Set a variable, e.g. domain.name=acme; repeatable
    ///
    /// Values are text; [ and { begin JSON, and @FILE reads a file.
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Variables")]
    pub var: Vec<String>,
    /// YAML file with `var` and `env` to override
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath, help_heading = "Variables")]
    pub var_file: Option<String>,
    /// Set an environment variable of shell tasks and templates; repeatable
    #[arg(long, value_name = "KEY=VALUE", help_heading = "Variables")]
    pub env: Vec<String>,
    /// Print requests instead of sending them; reads are sent
    #[arg(long, help_heading = "Run")]
    pub dry_run: bool,
    /// Record finished tasks in a file, and skip those that are in it
    #[arg(
        long,
        value_name = "FILE",
        value_hint = ValueHint::FilePath,
        conflicts_with = "dry_run",
        help_heading = "Run"
    )]
    pub resume: Option<PathBuf>,
    /// Keep the file of --resume when all tasks are done
    #[arg(long, requires = "resume", help_heading = "Run")]
    pub keep: bool,
    /// Print a summary of variables and results at the end
    // Not named `output`: SPACECTL_OUTPUT is for responses.
    #[arg(
        id = "summary",
        short = 'o',
        long = "output",
        value_name = "FORMAT",
        value_enum,
        default_value = "none",
        help_heading = "Output"
    )]
    pub output: SummaryFormat,
    /// Print the JSON Schema of manifests, for editors
    #[arg(long, help_heading = "Output")]
    pub schema: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum SummaryFormat {
    Json,
    Yaml,
    None,
}
