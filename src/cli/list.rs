//! `list RESOURCE`.

use clap::{Args, ValueHint};

use super::filters::{self, Filters};
use super::{Format, Request, Watch};

pub(super) const EXAMPLES: &str = concat!(
    "\
Examples:
  spacectl list repository.Plugin -c 'plugin_id|ID,name|Name' -s name
  spacectl list repository.Plugin --filter 'name~slack' --filter 'created_at>-7d' -o csv

Columns: key or key|Alias, split by commas. In a key, `a.b` steps down, `labels.0` takes one item,
`list.key` takes the key of every item, `list.?k:=v=>key` only of the items whose k is v
(`?k:v` contains v, `?k:!v` does not contain v).

Without columns a table shows those of the resource's template (`spacectl template --help`), or else the
fields that hold one plain value. json, jsonl, yaml and csv hold every field.

",
    filters::grammar!()
);

#[derive(Debug, Args)]
pub struct List {
    /// What to list: SERVICE.RESOURCE, or an alias such as plugin
    pub resource: String,
    #[command(flatten)]
    pub listing: Listing,
}

/// What is listed of a resource, and how.
#[derive(Debug, Args)]
pub struct Listing {
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub rows: Rows,
    /// Output format; quiet writes the values of one column, a line each
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
    #[command(flatten)]
    pub watch: Watch,
}

/// Which rows, which columns, in which order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct Rows {
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS", conflicts_with_all = ["template", "minimal", "all"])]
    pub columns: Option<String>,
    /// YAML file of columns to show, in the form that `template set` takes, or - for standard input
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["minimal", "all"])]
    pub template: Option<String>,
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
    /// Rows to ask for at a time; csv, jsonl and quiet output begin with the first of them
    #[arg(long, value_name = "N", conflicts_with_all = ["page", "watch"], value_parser = clap::value_parser!(u32).range(1..))]
    pub page_size: Option<u32>,
    /// Key or column to sort by; -KEY sorts the largest first
    #[arg(short, long, value_name = "[-]KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
    /// Leave a table's cells whole where the terminal is too narrow for them
    #[arg(long)]
    pub wide: bool,
}
