//! Responses as documents: lists with their rows, or one value.
//!
//! A response is a list or one value, as its type says ([`ResponseKind`]). It becomes a [`Document`], which is sorted
//! and cut here where the service cannot do it, and narrowed to the columns that were asked for or that a [`Template`]
//! has. How columns are written and what a query can carry is in [`crate::query`]; how documents are written is in
//! [`crate::output`].

mod cell;
mod document;
mod id_field;
mod list;
mod list_sink;
mod response_kind;
mod template;
#[cfg(test)]
mod tests;

pub use cell::Cell;
pub use document::Document;
pub use id_field::{id_field, id_index};
pub use list::RowList;
pub use response_kind::ResponseKind;
pub use template::{FittedColumns, TableTemplate};

/// The field that holds the rows of a list.
pub const RESULTS: &str = "results";
/// The field that counts the rows that match, whatever the page.
const TOTAL_COUNT: &str = "total_count";
/// The header over rows that are plain values, as the Python client names it.
const VALUES: &str = "Values";
