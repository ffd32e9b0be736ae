//! `plugin export --dir DIR`.

use std::path::PathBuf;

use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueHint};

use super::ApplyFormat;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl plugin export --dir plugins
  spacectl plugin export --label team-a --filter 'provider=aws' > team-a.yml

Then 'plugin diff -f plugins' shows no differences, and 'plugin apply -f plugins' \
with another environment registers the same plugins there.";

#[derive(Debug, Args)]
pub struct PluginExport {
    /// Export only plugins with this label
    #[arg(long, value_name = "LABEL", value_parser = NonEmptyStringValueParser::new(), help_heading = "Plugins")]
    pub label: Option<String>,
    /// Export only matching plugins, e.g. 'name~slack'
    ///
    /// Repeatable: plugins must match every --filter. The syntax is that of 'plugin list'.
    #[arg(long, value_name = "FILTER", help_heading = "Plugins")]
    pub filter: Vec<String>,
    /// Include the plugins of managed repositories
    #[arg(long, help_heading = "Plugins")]
    pub managed: bool,
    /// Directory for a file per plugin [default: stdout]
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath, help_heading = "Output")]
    pub dir: Option<PathBuf>,
    /// Overwrite files that have other content
    #[arg(long, requires = "dir", help_heading = "Output")]
    pub force: bool,
    /// Format of the summary of --dir
    ///
    /// quiet prints the ids of plugins whose files were written.
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "text", help_heading = "Output")]
    pub output: ApplyFormat,
}
