//! What is shown of an answer, and how.

use clap::{Args, ValueEnum};

/// What is shown of an answer, and how.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Shown {
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Output format; quiet writes the values of one column, a line each
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml)]
    pub output: Format,
    /// Leave a table's cells whole where the terminal is too narrow for them
    #[arg(long)]
    pub wide: bool,
}

/// How results are written on standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    // A row, or a message, as JSON on a line.
    Jsonl,
    Yaml,
    Csv,
    // The one column's values, a line each.
    Quiet,
}
