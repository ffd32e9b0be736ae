//! Arguments of `list`.

use clap::{Args, ValueHint};

use super::filters::{self, Filters};
use super::{Format, Request, Watch};

pub(super) const EXAMPLES: &str = "\
Examples:
  spacectl list repository.Plugin -c 'plugin_id|ID,name|Name' -s name
  spacectl list repository.Plugin --filter 'name~slack' --filter 'created_at>-7d' -o csv";

/// Syntax of columns and filters.
pub(super) const DETAILS: &str = concat!(
    "
Columns (comma-separated, key or key|Alias):
  tags.icon              a nested key
  labels.0               one item of a list
  list.key               the key of every item
  list.?k:=v=>key        the key of the items whose k is v (`?k:v` contains v, `?k:!v` does not)
By default a table shows the columns of the resource's template (see `spacectl template --help`), else
every field with a single plain value; json, jsonl, yaml and csv show every field.

",
    filters::grammar!()
);

#[derive(Debug, Args)]
pub struct List {
    /// Resource, as SERVICE.RESOURCE or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub listing: Listing,
}

/// Options of `list` and `plugin list`.
#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub rows: Rows,
    /// Output format; quiet prints the values of one column, one per line
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
    #[command(flatten)]
    pub watch: Watch,
}

/// Options for rows, columns and their order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct Rows {
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS", conflicts_with_all = ["template", "minimal", "all"])]
    pub columns: Option<String>,
    /// Template file with the columns to show, or - for stdin
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["minimal", "all"])]
    pub template: Option<String>,
    /// Show only the fields that identify a row
    #[arg(short, long, conflicts_with = "all")]
    pub minimal: bool,
    /// Show every field
    #[arg(short, long)]
    pub all: bool,
    /// Maximum number of rows
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Page to show, from 1; a page has --limit rows
    #[arg(long, value_name = "N", requires = "limit", value_parser = clap::value_parser!(u32).range(1..))]
    pub page: Option<u32>,
    /// Rows per request; csv, jsonl and quiet print each page as it arrives
    #[arg(long, value_name = "N", conflicts_with_all = ["page", "watch"], value_parser = clap::value_parser!(u32).range(1..))]
    pub page_size: Option<u32>,
    /// Key or column to sort by; -KEY sorts in descending order
    #[arg(short, long, value_name = "[-]KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Do not truncate cells to the terminal width
    #[arg(long)]
    pub wide: bool,
}
