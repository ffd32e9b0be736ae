//! Rows that are gone through as often as they are needed, and held by nobody.

use std::borrow::Cow;
use std::io;

use serde_json::Value;

use super::cell_text;

/// One cell of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cell<'a> {
    bytes: Cow<'a, [u8]>,
    /// It is a number, and not a text of digits.
    pub is_number: bool,
}

impl<'a> Cell<'a> {
    /// Where a row has nothing.
    pub const EMPTY: Self = Self { bytes: Cow::Borrowed(b""), is_number: false };

    pub fn of(value: &'a Value) -> Self {
        let bytes = match cell_text(value) {
            Cow::Borrowed(text) => Cow::Borrowed(text.as_bytes()),
            Cow::Owned(text) => Cow::Owned(text.into_bytes()),
        };
        Self { bytes, is_number: value.is_number() }
    }

    /// Of a text that was found to be UTF-8, or was made of such.
    pub(super) fn of_checked(bytes: Cow<'a, [u8]>, is_number: bool) -> Self {
        Self { bytes, is_number }
    }

    /// Its text as it came: what is written to a terminal is escaped first. UTF-8, which is not looked at once more.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.bytes)
    }

    /// The room of a text that was made for it.
    pub(super) fn into_room(self) -> Option<Vec<u8>> {
        match self.bytes {
            Cow::Owned(bytes) => Some(bytes),
            Cow::Borrowed(_) => None,
        }
    }

    /// Its text kept by itself.
    pub(super) fn into_owned(self) -> Cell<'static> {
        Cell { bytes: Cow::Owned(self.bytes.into_owned()), is_number: self.is_number }
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
