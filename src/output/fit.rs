//! Widths of a table's columns on a narrow terminal.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The end of a text that was cut.
const MARK: &str = "…";
/// The least width of a column: less of a text says nothing.
const NARROWEST: usize = 8;
/// The longest identifier of the platform. The key of that width is cut last: people copy it.
const IDENTIFIER: usize = 48;

/// The widths that a column needs, in columns of the terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnWidth {
    pub(super) header: usize,
    /// The widest of its cells.
    pub(super) cells: usize,
    /// The cells are numbers. A part of a number is another number: they are not cut.
    pub(super) is_number: bool,
}

impl ColumnWidth {
    fn whole(&self) -> usize {
        self.header.max(self.cells)
    }

    /// The least width, if `least` were enough for a text.
    fn at_least(&self, least: usize) -> usize {
        let least = if self.is_number { least.max(self.cells) } else { least };
        least.min(self.whole())
    }
}

/// Distributes `room` among columns. The widest become narrower first, all to the same width.
///
/// Given up in this order, and only if needed: texts of cells, headers, the column at `key`. If even that is too
/// little, lines are longer than the terminal anyway, and headers and the key stay.
pub(super) fn widths(columns: &[ColumnWidth], key: usize, room: usize) -> Vec<usize> {
    let least: Vec<usize> = columns.iter().map(|column| column.at_least(NARROWEST)).collect();
    let with_key = |mut floors: Vec<usize>| {
        if let (Some(floor), Some(key)) = (floors.get_mut(key), columns.get(key))
            && key.whole() <= IDENTIFIER
        {
            *floor = key.whole();
        }
        floors
    };
    let headers = with_key(columns.iter().map(|column| column.at_least(column.header.max(NARROWEST))).collect());
    let floors = [headers, with_key(least.clone()), least];
    match floors.iter().find(|floors| floors.iter().sum::<usize>() <= room) {
        Some(floors) => level(columns, floors, room),
        None => floors[0].clone(),
    }
}

/// Cuts columns to a common width, the largest that `room` allows, but not below their floors.
fn level(columns: &[ColumnWidth], floors: &[usize], room: usize) -> Vec<usize> {
    let at_width = |width: usize| -> Vec<usize> {
        columns.iter().zip(floors).map(|(need, floor)| need.whole().min(width.max(*floor))).collect()
    };
    let fits = |width: usize| at_width(width).iter().sum::<usize>() <= room;
    // The floors fit, and no column is wider than the widest: the width is between.
    let (mut low, mut high) = (0, columns.iter().map(ColumnWidth::whole).max().unwrap_or(0));
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    let mut widths = at_width(low);
    let mut left = room - widths.iter().sum::<usize>();
    for (width, need) in widths.iter_mut().zip(columns) {
        if left > 0 && *width < need.whole() {
            *width += 1;
            left -= 1;
        }
    }
    widths
}

/// `text`, cut if it is wider than `width`.
pub(super) fn fitting(text: &str, width: usize) -> Cow<'_, str> {
    if text.width() > width { Cow::Owned(cut(text, width)) } else { Cow::Borrowed(text) }
}

/// The beginning of `text` and a mark, not wider than `width`. A grapheme is left whole or left out.
pub(super) fn cut(text: &str, width: usize) -> String {
    let room = width.saturating_sub(MARK.width());
    let mut ends = Vec::new();
    let mut taken = 0;
    for (at, character) in text.grapheme_indices(true) {
        taken += character.width();
        if taken > room {
            break;
        }
        ends.push(at + character.len());
    }
    // Some graphemes have other widths side by side than alone.
    while let Some(end) = ends.pop() {
        let cut = format!("{}{MARK}", text[..end].trim_end());
        if cut.width() <= width {
            return cut;
        }
    }
    MARK.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(columns: &[(usize, usize)]) -> Vec<ColumnWidth> {
        columns.iter().map(|(header, cells)| ColumnWidth { header: *header, cells: *cells, is_number: false }).collect()
    }

    #[test]
    fn the_widest_are_cut_first_and_alike() {
        assert_eq!(widths(&texts(&[(4, 9), (4, 30), (4, 50), (4, 12)]), 0, 60), [9, 20, 19, 12]);
        assert_eq!(widths(&texts(&[(4, 9), (4, 30)]), 0, 39), [9, 30]);
        assert_eq!(widths(&texts(&[(4, 9), (4, 30)]), 0, 80), [9, 30]);
        assert!(widths(&[], 0, 10).is_empty());
    }

    #[test]
    fn cells_go_before_headers_and_headers_before_the_first_column() {
        let columns = texts(&[(4, 40), (13, 30), (10, 30)]);
        assert_eq!(widths(&columns, 0, 63), [40, 13, 10]);
        assert_eq!(widths(&columns, 0, 60), [40, 10, 10]);
        assert_eq!(widths(&columns, 0, 56), [40, 8, 8]);
        assert_eq!(widths(&columns, 0, 30), [10, 10, 10]);
        // Identifiers are never that long.
        assert_eq!(widths(&texts(&[(4, 100), (4, 30)]), 0, 60), [30, 30]);
    }

    #[test]
    fn the_key_is_not_cut_wherever_it_is() {
        assert_eq!(widths(&texts(&[(4, 30), (9, 25), (4, 50)]), 1, 50), [13, 25, 12]);
    }

    #[test]
    fn where_nothing_fits_headers_and_the_first_column_stay() {
        assert_eq!(widths(&texts(&[(4, 40), (2, 3), (10, 40), (4, 40)]), 0, 0), [40, 3, 10, 8]);
        assert_eq!(widths(&texts(&[(4, 100), (4, 40)]), 0, 0), [8, 8]);
    }

    #[test]
    fn numbers_are_not_cut_and_their_headers_are() {
        let number = ColumnWidth { header: 20, cells: 12, is_number: true };
        assert_eq!(widths(&[texts(&[(4, 30)])[0], number], 0, 20), [8, 12]);
    }

    #[test]
    fn no_character_is_cut_in_two() {
        assert_eq!(cut("plugin-slack", 8), "plugin-…");
        assert_eq!(cut("플러그인", 5), "플러…");
        assert_eq!(cut("플러그인", 6), "플러…");
        assert_eq!(cut("e\u{301}e\u{301}e\u{301}", 2), "e\u{301}…");
        assert_eq!(cut("👩\u{200d}💻👩\u{200d}💻👩\u{200d}💻", 4), "👩\u{200d}💻…");
        assert_eq!(cut("👩\u{200d}💻👩\u{200d}💻👩\u{200d}💻", 2), "…");
        assert_eq!(cut("🇰🇷🇰🇷🇰🇷", 4), "🇰🇷…");
        assert_eq!(cut("two words", 6), "two w…");
        assert_eq!(cut("two words", 5), "two…");
    }

    fn any_column() -> impl Strategy<Value = ColumnWidth> {
        (0_usize..40, 0_usize..120, prop::bool::weighted(0.2)).prop_map(|(header, cells, is_number)| ColumnWidth {
            header,
            cells,
            is_number,
        })
    }

    proptest! {
        #[test]
        fn room_is_kept_where_that_can_be_and_used(
            columns in prop::collection::vec(any_column(), 1..10), key in 0_usize..10, room in 0_usize..300,
        ) {
            let widths = widths(&columns, key, room);
            let sum: usize = widths.iter().sum();
            let whole: usize = columns.iter().map(ColumnWidth::whole).sum();
            let least: usize = columns.iter().map(|column| column.at_least(NARROWEST)).sum();
            if least <= room {
                prop_assert_eq!(sum, whole.min(room));
            }
            for (width, need) in widths.iter().zip(&columns) {
                prop_assert!((need.at_least(NARROWEST)..=need.whole()).contains(width));
                prop_assert!(!need.is_number || *width >= need.cells);
            }
        }

        #[test]
        fn what_is_cut_begins_as_the_text_and_is_as_wide_as_asked_for(text in "\\PC{0,40}", width in 1_usize..30) {
            let cut = cut(&text, width);
            prop_assert!(cut.width() <= width);
            let kept = cut.strip_suffix(MARK).unwrap();
            prop_assert!(text.starts_with(kept));
            let ends: Vec<usize> = text.grapheme_indices(true).map(|(at, part)| at + part.len()).collect();
            let is_whole = |end: usize| ends.contains(&end) || text[..end].ends_with(char::is_whitespace);
            let rest = &text[kept.len()..];
            prop_assert!(kept.is_empty() || is_whole(kept.len()) || rest.starts_with(char::is_whitespace));
        }
    }
}
