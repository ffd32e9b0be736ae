//! Arguments of `stat` and `analyze`.

use std::sync::LazyLock;

use clap::builder::PossibleValue;
use clap::{Args, ValueEnum};

use super::values::count;
use super::{Filters, Format, LayoutArgs, Request};

pub(super) const STAT_EXAMPLES: &str = "\
Examples:
  spacectl stat identity.Project -p distinct=project_group_id
  spacectl stat inventory.Server -f servers_by_provider.yml -o chart

The request needs a query: `distinct` names a field whose values are wanted, `aggregate` lists stages \
(group, unwind, count, sort, project, limit, skip), `filter` selects the rows. Set it with -p, -j, or \
in a file under `query`:

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

The request needs a query: `fields` names what to compute, `group_by` what to group by; some services \
also need `granularity`, `start` and `end`. Set it with -p, -j, or in a file under `query`:

  query:
    granularity: MONTHLY
    start: 2026-01
    end: 2026-03
    group_by: [provider]
    fields:
      cost: {key: cost, operator: sum}";

#[derive(Debug, Args)]
pub struct Stat {
    /// Resource to compute over, as SERVICE.RESOURCE or an alias
    pub resource: String,
    #[command(flatten)]
    pub request: Request,
    #[command(flatten)]
    pub filters: Filters,
    #[command(flatten)]
    pub rows: StatRows,
    /// Print as
    ///
    /// [env: SPACECTL_OUTPUT]
    #[arg(
        short,
        long,
        value_name = "FORMAT",
        value_enum,
        default_value_t = StatFormat::Rows(Format::Table),
        help_heading = "Output"
    )]
    pub output: StatFormat,
    #[command(flatten)]
    pub layout: LayoutArgs,
}

/// The formats of every command, and bars.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatFormat {
    Rows(Format),
    Chart,
}

impl ValueEnum for StatFormat {
    fn value_variants<'a>() -> &'a [Self] {
        static VARIANTS: LazyLock<Vec<StatFormat>> = LazyLock::new(|| {
            let rows = Format::value_variants().iter().copied().map(StatFormat::Rows);
            rows.chain([StatFormat::Chart]).collect()
        });
        &VARIANTS
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        match self {
            Self::Rows(format) => format.to_possible_value(),
            Self::Chart => Some(PossibleValue::new("chart").help("The numbers as bars")),
        }
    }
}

/// Options for rows and columns of the result.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rows and columns")]
pub struct StatRows {
    /// Columns to show: key or key|Alias, comma-separated
    #[arg(short, long, value_name = "COLUMNS")]
    pub columns: Option<String>,
    /// Maximum number of rows
    #[arg(short, long, value_name = "N", value_parser = count)]
    pub limit: Option<u32>,
    /// Page to show, from 1; a page has --limit rows
    #[arg(long, value_name = "N", requires = "limit", value_parser = count, hide_short_help = true)]
    pub page: Option<u32>,
}
