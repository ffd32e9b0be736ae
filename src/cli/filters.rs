//! Which rows are wanted, for every verb whose request has a query.

use clap::Args;

/// How filters are written, for the end of a help text.
macro_rules! grammar {
    () => {
        "\
Filters, in single quotes: KEY=VALUE, != is not, ~ contains (in any case), !~ does not, > >= < <=,
`KEY in A,B`, `KEY not in A,B`, `KEY?` is there, `!KEY?` is not. Quotes inside hold anything:
'name in \"a, b\",c'. Dates are UTC or have a zone, and mean all of what they name:
'created_at=2026-01', 'created_at>=2026-01-31T10:00+09:00'. From now back, by the service's clock,
in s, m, h, d or w: 'created_at>-7d'."
    };
}
pub(super) use grammar;

/// Which rows are wanted.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters")]
pub struct Filters {
    /// Only rows for which this holds, as 'name~slack'; of several, all must
    #[arg(long, value_name = "FILTER")]
    pub filter: Vec<String>,
    /// Only rows for which this or another --filter-any holds, or in which --search finds its word
    #[arg(long, value_name = "FILTER")]
    pub filter_any: Vec<String>,
    /// Only rows in which the service finds this word; it knows where to look
    #[arg(long, value_name = "WORD")]
    pub search: Option<String>,
}
