//! Output options of every command that prints a response.

use clap::{Args, ValueEnum};

/// Output options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Shown {
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml)]
    pub output: Format,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// Options for the layout of tables and csv.
#[derive(Clone, Copy, Debug, Default, Args)]
#[command(next_help_heading = "Output")]
pub struct LayoutArgs {
    /// Do not fit the table to the terminal width
    #[arg(long)]
    pub wide: bool,
    /// Print rows without header and count (table, csv)
    #[arg(long, hide_short_help = true)]
    pub no_headers: bool,
    /// Begin csv with a byte order mark, e.g. for Excel
    #[arg(long, hide_short_help = true)]
    pub bom: bool,
    /// Prefix csv cells that a spreadsheet would run with '
    ///
    /// Cells that begin with =, +, -, @, tab or a line break; not numbers.
    #[arg(long, hide_short_help = true)]
    pub csv_safe: bool,
}

/// Output formats of results on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table that fits the terminal
    Table,
    /// One JSON document
    Json,
    /// Each row or message as JSON on a line
    Jsonl,
    /// One YAML document
    Yaml,
    /// A header and the rows, for programs and spreadsheets
    Csv,
    /// A table for GitHub
    Markdown,
    /// The ids or names, one per line
    Name,
    /// The column of -c, or else the ids, one per line
    Quiet,
}
