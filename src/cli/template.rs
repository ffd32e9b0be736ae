//! Arguments of `template`.

use clap::{Args, Subcommand, ValueHint};

use super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl template set repository.Plugin -c 'plugin_id|ID,name,tags.icon|Icon'
  spacectl template show repository.Plugin

A template is a file, ~/.spaceone/template/SERVICE.RESOURCE.yml, with the columns of -c:

  template:
    list:
    - plugin_id|ID
    - name

Tables of `list` show these columns unless -c, -t, -m or -a is given. \
json, jsonl, yaml and csv show every field unless -c or -t is given.";

#[derive(Debug, Subcommand)]
pub enum TemplateCommand {
    /// Set the columns of a resource's tables
    #[command(override_usage = SET_USAGE, after_long_help = SET_EXAMPLES)]
    Set {
        /// Resource, as SERVICE.RESOURCE or an alias
        resource: String,
        #[command(flatten)]
        columns: TemplateColumns,
    },
    /// Remove a template
    #[command(
        after_long_help = "Examples:\n  spacectl template remove repository.Plugin\n  spacectl template remove plugin"
    )]
    Remove {
        /// Resource, as SERVICE.RESOURCE or an alias
        resource: String,
    },
    /// Show a resource's template, as `template set -f` reads it
    #[command(after_long_help = "Examples:\n  spacectl template show repository.Plugin\n  \
                      spacectl template show plugin > columns.yml")]
    Show {
        /// Resource, as SERVICE.RESOURCE or an alias
        resource: String,
        /// Output format; all but yaml and json print one column per line
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
        output: Format,
    },
    /// List all templates, built-in and your own
    #[command(after_long_help = "Examples:\n  spacectl template list\n  spacectl template list -o json")]
    List {
        /// Print as
        ///
        /// [env: SPACECTL_OUTPUT]
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

const SET_USAGE: &str = "\
spacectl template set [OPTIONS] <RESOURCE> --columns <COLUMNS>
       spacectl template set [OPTIONS] <RESOURCE> --file <FILE>";

const SET_EXAMPLES: &str = "\
Examples:
  spacectl template set repository.Plugin -c 'plugin_id|ID,name,tags.icon|Icon'
  spacectl template set repository.Plugin -f plugin_columns.yml";

/// Source of a template's columns.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TemplateColumns {
    /// Template file; - is stdin
    ///
    /// It holds the columns: `template: {list: [plugin_id, name|Name]}`.
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<String>,
    /// Columns: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
}
