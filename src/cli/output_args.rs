//! Output options of every command that prints a response.

use clap::{Args, ValueEnum};

/// Output options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub struct Shown {
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Output format
    ///
    /// quiet prints the values of one column, one per line.
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Yaml)]
    pub output: Format,
    /// Do not truncate cells to the terminal width
    #[arg(long)]
    pub wide: bool,
}

/// Output formats of results on stdout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    Table,
    Json,
    // One row or message as JSON per line.
    Jsonl,
    Yaml,
    Csv,
    // The values of one column, one per line.
    Quiet,
}
