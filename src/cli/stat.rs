//! `stat RESOURCE` and `analyze RESOURCE`.

use clap::Args;

use super::{Filters, Format, Request};

pub(super) const STAT_EXAMPLES: &str = "\
Examples:
  spacectl stat identity.Project -p distinct=project_group_id
  spacectl stat inventory.Server -f servers_by_provider.yml -o csv

Services ask for a query: `distinct` names a field whose values are wanted, `aggregate` lists stages (group, unwind,
count, sort, project, limit, skip), and `filter` says which rows count. It is given like every field: by -p as above,
by -j, or in a file of -f, there below `query`:

  query:
    aggregate:
    - group:
        keys:
        - {key: provider, name: provider}
        fields:
        - {operator: count, name: count}
    - sort: {key: count, desc: true}";

pub(super) const ANALYZE_EXAMPLES: &str = "\
Examples:
  spacectl analyze inventory.CloudService -f services_by_provider.yml -l 10
  spacectl analyze cost_analysis.Cost -f monthly.yml -o csv

Services ask for a query: `fields` names what is computed, `group_by` what it is computed for, and some want a
`granularity` with `start` and `end`. It is given like every field: by -p as above, by -j, or in a file of -f, there
below `query`:

  query:
    granularity: MONTHLY
    start: 2026-01
    end: 2026-03
    group_by: [provider]
    fields:
      cost: {key: cost, operator: sum}";

#[derive(Debug, Args)]
pub struct Stat {
    /// What to compute over, as SERVICE.RESOURCE
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub rows: StatRows,
    /// Output format; quiet writes the values of one column, a line each
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value_t = Format::Table, help_heading = "Output")]
    pub output: Format,
}

/// Which rows of the result, and which columns.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct StatRows {
    /// Columns to show, as key or key|Alias, split by commas
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Number of rows
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: Option<u32>,
    /// Page to show, counted from 1; each has --limit rows
    #[arg(long, value_name = "N", requires = "limit", value_parser = clap::value_parser!(u32).range(1..))]
    pub page: Option<u32>,
    /// Leave a table's cells whole where the terminal is too narrow for them
    #[arg(long)]
    pub wide: bool,
}
