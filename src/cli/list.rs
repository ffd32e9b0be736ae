//! Arguments of `list`.

use clap::{Args, ValueHint};

use super::filters::{self, Filters};
use super::values::count;
use super::{Format, LayoutArgs, Request, WatchArgs};

pub(super) const EXAMPLES: &str = concat!(
    "\
Examples:
  spacectl list repository.Plugin -c 'plugin_id|ID,name|Name' -s name
  spacectl list plugin --filter 'name~slack' --filter 'created_at>-7d' -o csv

Columns (comma-separated, key or key|Alias):
  tags.icon              a nested key
  labels.0               one item of a list
  list.key               the key of every item
  list.?k:=v=>key        the key of the items whose k is v
  list.?k:v=>key         the key of the items whose k contains v
  list.?k:!v=>key        the key of the items whose k does not contain v

By default a table shows the columns of the resource's template (see `spacectl template --help`), \
or else every field with a single plain value; json, jsonl, yaml and csv show every field.

",
    filters::grammar!()
);

#[derive(Debug, Args)]
pub struct ListArgs {
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
    pub rows: RowArgs,
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
    #[command(flatten)]
    pub layout: LayoutArgs,
    #[command(flatten)]
    pub watch: WatchArgs,
}

/// Options for rows, columns and their order.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct RowArgs {
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS", conflicts_with_all = ["template", "minimal", "all"])]
    pub columns: Option<String>,
    /// Template file with the columns to show; - is stdin
    #[arg(short, long, value_name = "FILE", value_hint = ValueHint::FilePath, conflicts_with_all = ["minimal", "all"])]
    pub template: Option<String>,
    /// Show only the fields that identify a row
    #[arg(short, long, conflicts_with = "all")]
    pub minimal: bool,
    /// Show every field
    #[arg(short, long)]
    pub all: bool,
    /// Maximum number of rows
    #[arg(short, long, value_name = "N", value_parser = count)]
    pub limit: Option<u32>,
    /// Page to show, from 1; a page has --limit rows
    #[arg(long, value_name = "N", requires = "limit", value_parser = count, hide_short_help = true)]
    pub page: Option<u32>,
    /// Rows per request
    ///
    /// csv, jsonl and quiet print each page as it arrives.
    #[arg(
        long,
        value_name = "N",
        conflicts_with_all = ["page", "watch"],
        value_parser = count,
        hide_short_help = true
    )]
    pub page_size: Option<u32>,
    /// Key or column to sort by; -KEY for descending order
    #[arg(short, long, value_name = "KEY", allow_hyphen_values = true)]
    pub sort: Option<String>,
}
