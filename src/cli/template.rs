//! `template`: the columns of a resource's tables.

use clap::{Args, Subcommand, ValueHint};

use super::Format;

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl template set repository.Plugin -c 'plugin_id|ID,name,tags.icon|Icon'
  spacectl template show repository.Plugin

A template is a file, ~/.spaceone/template/SERVICE.RESOURCE.yml, with columns as -c takes them:

  template:
    list:
    - plugin_id|ID
    - name

Tables of `list` show these columns, unless -c, -t, -m or -a asks for others.
json, jsonl, yaml and csv hold every field, unless -c or -t asks for less.";

#[derive(Debug, Subcommand)]
pub enum Template {
    /// Set the columns that tables of a resource show
    #[command(after_help = SET_EXAMPLES)]
    Set {
        /// Whose tables, as SERVICE.RESOURCE
        resource: String,
        #[command(flatten)]
        columns: TemplateColumns,
    },
    /// Remove a template that was set
    #[command(
        after_help = "Examples:\n  spacectl template remove repository.Plugin\n  spacectl template remove plugin"
    )]
    Remove {
        /// Whose, as SERVICE.RESOURCE
        resource: String,
    },
    /// Show a resource's template in the form that `set -f` takes
    #[command(
        after_help = "Examples:\n  spacectl template show repository.Plugin\n  spacectl template show plugin > plugin_columns.yml"
    )]
    Show {
        /// Whose, as SERVICE.RESOURCE
        resource: String,
        /// Output format; all but yaml and json have a line for each column
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml, help_heading = "Output")]
        output: Format,
    },
    /// List the templates that there are: built in, or set
    #[command(after_help = "Examples:\n  spacectl template list\n  spacectl template list -o json")]
    List {
        /// Output format
        #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
        output: Format,
    },
}

const SET_EXAMPLES: &str = "\
Examples:
  spacectl template set repository.Plugin -c 'plugin_id|ID,name,tags.icon|Icon'
  spacectl template set repository.Plugin -f plugin_columns.yml";

/// Where a template's columns come from.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct TemplateColumns {
    /// YAML file, or - for standard input: `template: {list: [plugin_id, name|Name]}`
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub file: Option<String>,
    /// The columns, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
}
