//! Rows that are gone through as often as they are needed, and held by nobody.

use std::borrow::Cow;
use std::io;

use serde_json::Value;

use super::cell_text;

/// One cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    /// As it came: what is written to a terminal is escaped first.
    pub text: Cow<'a, str>,
    /// It is a number, and not a text of digits.
    pub is_number: bool,
}

impl<'a> Cell<'a> {
    /// Where a row has nothing.
    pub const EMPTY: Self = Self { text: Cow::Borrowed(""), is_number: false };

    pub fn of(value: &'a Value) -> Self {
        Self { text: cell_text(value), is_number: value.is_number() }
    }
}

/// Takes the cells of one row.
pub type TakeRow<'a> = dyn FnMut(&[Cell<'_>]) -> io::Result<()> + 'a;

/// Rows below headers.
pub trait Rows {
    /// The chosen columns; without a choice the rows' keys, each where it was first seen.
    fn headers(&self) -> Vec<&str>;

    /// Whether the columns were chosen, and so are the same whatever the rows hold.
    fn is_selected(&self) -> bool;

    fn len(&self) -> usize;

    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many rows match, shown or not, if that is known.
    fn total(&self) -> Option<u64>;

    /// Hands each row's cells below `headers` to `take`; chosen columns stay as they were chosen.
    ///
    /// # Errors
    /// The first of `take`.
    fn each(&self, headers: &[&str], take: &mut TakeRow<'_>) -> io::Result<()>;
}
