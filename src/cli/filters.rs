//! Filter options of every command whose request has a query.

use clap::Args;

/// Filter syntax, for the end of a help text.
macro_rules! grammar {
    () => {
        "\
Filters (quote them for the shell):
  KEY=VALUE  KEY!=VALUE    equal, not equal
  KEY~VALUE  KEY!~VALUE    contains, does not contain (ignoring case)
  KEY>VALUE  >=  <  <=     greater, less
  KEY in A,B  KEY not in A,B; quote values with commas: 'name in \"a, b\",c'
  KEY?  !KEY?              is set, is not set

Dates are UTC unless they have a zone, and cover all they name: 'created_at=2026-01', \
'created_at>=2026-01-31T10:00+09:00'. Relative times count back from the service's clock in s, m, h, \
d or w: 'created_at>-7d'."
    };
}
pub(super) use grammar;

/// Filter options.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// Show only matching rows, e.g. 'name~slack'
    ///
    /// Repeatable: rows must match every --filter.
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Show rows that match any --filter-any
    ///
    /// Repeatable. Rows that match --search are shown, too.
    #[arg(long, value_name = "FILTER")]
    pub filter_any: Vec<String>,
    /// Server-side keyword search
    #[arg(long, value_name = "WORD")]
    pub search: Option<String>,
}
