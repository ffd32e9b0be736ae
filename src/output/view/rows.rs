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

/// Texts that cells were made of, for whoever goes through the same rows again: making JSON once more takes longer than
/// holding it. There is a limit to what is held; what is not held is made again.
#[derive(Debug, Default)]
pub struct Made {
    texts: Vec<u8>,
    /// Those cells whose texts do not stand in the rows themselves, in the order in which they came.
    cells: Vec<MadeCell>,
    /// There was no room for one of them: further ones would not be found by their places.
    is_full: bool,
}

#[derive(Debug)]
struct MadeCell {
    /// Where its text ends; it begins where the one before ends.
    end: u32,
    is_number: bool,
}

impl Made {
    /// Holds the next cell, unless it would have to hold more than `limit` bytes.
    pub(super) fn push(&mut self, cell: &Cell<'_>, limit: usize) {
        let end = self.texts.len() + cell.bytes.len();
        let size = end + (self.cells.len() + 1) * size_of::<MadeCell>();
        match u32::try_from(end) {
            Ok(end) if size <= limit && !self.is_full => {
                self.texts.extend_from_slice(&cell.bytes);
                self.cells.push(MadeCell { end, is_number: cell.is_number });
            }
            _ => self.is_full = true,
        }
    }

    /// The cell that was held as the `nth`, from 0.
    pub(super) fn get(&self, nth: usize) -> Option<Cell<'_>> {
        let MadeCell { end, is_number } = *self.cells.get(nth)?;
        let begin = nth.checked_sub(1).map_or(0, |before| self.cells[before].end);
        let text = self.texts.get(usize::try_from(begin).ok()?..usize::try_from(end).ok()?)?;
        Some(Cell { bytes: Cow::Borrowed(text), is_number })
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

    /// As [`Rows::each`], for whoever will go through them again.
    ///
    /// # Errors
    /// As [`Rows::each`].
    fn each_keeping(&self, headers: &[&str], _made: &mut Made, take: &mut TakeRow<'_>) -> io::Result<()> {
        self.each(headers, take)
    }

    /// As [`Rows::each`], with what these rows kept below the same `headers`.
    ///
    /// # Errors
    /// As [`Rows::each`].
    fn each_kept(&self, headers: &[&str], _made: &Made, take: &mut TakeRow<'_>) -> io::Result<()> {
        self.each(headers, take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, is_number: bool) -> Cell<'_> {
        Cell::of_checked(Cow::Borrowed(text.as_bytes()), is_number)
    }

    #[test]
    fn cells_are_held_in_their_order_until_one_finds_no_room() {
        let limit = 10 + 3 * size_of::<MadeCell>();
        let mut made = Made::default();
        for (text, is_number) in [("{}", false), ("", false), ("12345678", true), ("x", false), ("", false)] {
            made.push(&cell(text, is_number), limit);
        }
        assert_eq!(made.get(0), Some(cell("{}", false)));
        assert_eq!(made.get(1), Some(Cell::EMPTY));
        assert_eq!(made.get(2), Some(cell("12345678", true)));
        assert_eq!((made.get(3), made.get(4)), (None, None), "the last would stand at another's place");
    }
}
