//! Widths of a table's columns on a narrow terminal.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation as _;
use unicode_width::UnicodeWidthStr as _;

/// The end of a text that was cut.
const MARK: &str = "…";
/// The least width of a column: less of a text says nothing.
const NARROWEST: usize = 8;
/// What a column takes beside its cells: a space at either side, and the mark before the next.
const AROUND: usize = 3;

/// The widths that a column needs, in columns of the terminal.
#[derive(Clone, Copy, Debug)]
pub(super) struct ColumnWidth {
    pub(super) header: usize,
    /// The widest of its cells.
    pub(super) cells: usize,
    /// The cells are numbers. A part of a number is another number: they are not cut.
    pub(super) is_number: bool,
    /// The cells are the rows' ids, which people copy: neither they nor their header are cut.
    pub(super) is_id: bool,
}

impl ColumnWidth {
    fn whole(&self) -> usize {
        self.header.max(self.cells)
    }

    /// The least width, if `least` were enough for a text.
    fn at_least(&self, least: usize) -> usize {
        match self {
            Self { is_id: true, .. } => self.whole(),
            Self { is_number: true, .. } => least.max(self.cells).min(self.whole()),
            _ => least.min(self.whole()),
        }
    }
}

/// The length of a table's longest line, the rule.
pub(super) fn line_width(columns: impl IntoIterator<Item = usize>) -> usize {
    columns.into_iter().map(|width| width + AROUND).sum::<usize>().saturating_sub(1)
}

/// Distributes the `width` of a terminal among columns; `None` for one that is left out. The widest become narrower
/// first, all to the same width.
///
/// Given up in this order, and only if needed: texts of cells, headers, columns from the last. The id stays, or the
/// first column without one, even if its lines are longer than the terminal then.
pub(super) fn widths(columns: &[ColumnWidth], width: usize) -> Vec<Option<usize>> {
    let least: Vec<usize> = columns.iter().map(|column| column.at_least(NARROWEST)).collect();
    let headers: Vec<usize> = columns.iter().map(|column| column.at_least(column.header.max(NARROWEST))).collect();
    for floors in [&headers, &least] {
        if line_width(floors.iter().copied()) <= width {
            return level(columns, floors, width).into_iter().map(Some).collect();
        }
    }
    let mut is_shown = vec![false; columns.len()];
    let mut taken = 0;
    // The id has the first choice.
    let mut indexes: Vec<usize> = (0..columns.len()).collect();
    indexes.sort_by_key(|index| !columns[*index].is_id);
    for index in indexes {
        let line = taken + least[index] + AROUND;
        if taken == 0 || line <= width + 1 {
            (is_shown[index], taken) = (true, line);
        }
    }
    let shown = |index: &usize| is_shown[*index];
    let indexes: Vec<usize> = (0..columns.len()).filter(shown).collect();
    let some: Vec<ColumnWidth> = indexes.iter().map(|index| columns[*index]).collect();
    let floors: Vec<usize> = indexes.iter().map(|index| least[*index]).collect();
    let mut widths = vec![None; columns.len()];
    for (index, width) in indexes.into_iter().zip(level(&some, &floors, width)) {
        widths[index] = Some(width);
    }
    widths
}

/// Cuts columns to a common width, the largest with which a line takes at most `line`, but not below their floors.
fn level(columns: &[ColumnWidth], floors: &[usize], line: usize) -> Vec<usize> {
    let room = (line + 1).saturating_sub(AROUND * columns.len());
    let at_width = |width: usize| -> Vec<usize> {
        columns.iter().zip(floors).map(|(need, floor)| need.whole().min(width.max(*floor))).collect()
    };
    let fits = |width: usize| at_width(width).iter().sum::<usize>() <= room;
    // No column is wider than the widest, and floors that do not fit stay: the width is between.
    let (mut low, mut high) = (0, columns.iter().map(ColumnWidth::whole).max().unwrap_or(0));
    while low < high {
        let middle = high - (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle - 1 }
    }
    let mut widths = at_width(low);
    let mut left = room.saturating_sub(widths.iter().sum::<usize>());
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
    cut_with(text, width, MARK)
}

/// As [`cut`], with another mark, which is as narrow as `width`.
pub(super) fn cut_with(text: &str, width: usize, mark: &str) -> String {
    let room = width.saturating_sub(mark.width());
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
        let cut = format!("{}{mark}", text[..end].trim_end());
        if cut.width() <= width {
            return cut;
        }
    }
    mark.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(columns: &[(usize, usize)]) -> Vec<ColumnWidth> {
        let column = |(header, cells): &(usize, usize)| ColumnWidth {
            header: *header,
            cells: *cells,
            is_number: false,
            is_id: false,
        };
        columns.iter().map(column).collect()
    }

    /// As [`texts`], the first column being the id.
    fn with_id(columns: &[(usize, usize)]) -> Vec<ColumnWidth> {
        let mut columns = texts(columns);
        columns[0].is_id = true;
        columns
    }

    /// The widths of columns for whose cells there is this room; 0 for a column that is left out.
    fn widths_in(columns: &[ColumnWidth], room: usize) -> Vec<usize> {
        let width = room + AROUND * columns.len() - 1;
        widths(columns, width).into_iter().map(Option::unwrap_or_default).collect()
    }

    #[test]
    fn the_widest_are_cut_first_and_alike() {
        assert_eq!(widths_in(&texts(&[(4, 9), (4, 30), (4, 50), (4, 12)]), 60), [9, 20, 19, 12]);
        assert_eq!(widths_in(&texts(&[(4, 9), (4, 30)]), 39), [9, 30]);
        assert_eq!(widths_in(&texts(&[(4, 9), (4, 30)]), 80), [9, 30]);
        assert!(widths(&[], 10).is_empty());
    }

    #[test]
    fn cells_go_before_headers_and_headers_before_columns() {
        let columns = with_id(&[(4, 40), (13, 30), (10, 30)]);
        assert_eq!(widths_in(&columns, 63), [40, 13, 10]);
        assert_eq!(widths_in(&columns, 60), [40, 10, 10]);
        assert_eq!(widths_in(&columns, 56), [40, 8, 8]);
        assert_eq!(widths_in(&columns, 55), [40, 18, 0]);
        assert_eq!(widths_in(&columns, 45), [40, 8, 0]);
        assert_eq!(widths_in(&columns, 44), [40, 0, 0]);
        assert_eq!(widths_in(&columns, 0), [40, 0, 0]);
        // Without an id, the first column is cut as the others, and stays.
        assert_eq!(widths_in(&texts(&[(4, 100), (4, 30)]), 60), [30, 30]);
        assert_eq!(widths_in(&texts(&[(4, 100), (4, 30)]), 10), [13, 0]);
        assert_eq!(widths_in(&texts(&[(4, 100), (4, 30)]), 0), [8, 0]);
    }

    #[test]
    fn the_id_is_not_cut_wherever_and_however_long_it_is() {
        let mut columns = texts(&[(4, 30), (9, 90), (4, 50)]);
        columns[1].is_id = true;
        assert_eq!(widths_in(&columns, 115), [13, 90, 12]);
        assert_eq!(widths_in(&columns, 50), [0, 90, 0]);
    }

    #[test]
    fn a_later_column_may_fit_where_an_earlier_does_not() {
        let mut columns = with_id(&[(4, 20), (4, 30), (4, 4)]);
        columns[1].is_number = true;
        assert_eq!(widths_in(&columns, 40), [20, 0, 4]);
    }

    #[test]
    fn numbers_are_not_cut_and_their_headers_are() {
        let number = ColumnWidth { header: 20, cells: 12, is_number: true, is_id: false };
        assert_eq!(widths_in(&[texts(&[(4, 30)])[0], number], 20), [8, 12]);
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
            is_id: false,
        })
    }

    proptest! {
        #[test]
        fn the_width_is_kept_where_that_can_be_and_used(
            columns in prop::collection::vec(any_column(), 1..10), id in 0_usize..20, width in 0_usize..300,
        ) {
            let mut columns = columns;
            if let Some(column) = columns.get_mut(id) {
                column.is_id = true;
            }
            let widths = widths(&columns, width);
            let line = line_width(widths.iter().flatten().copied());
            let whole = line_width(columns.iter().map(ColumnWidth::whole));
            let least = line_width(columns.iter().map(|column| column.at_least(NARROWEST)));
            let first = if id < columns.len() { id } else { 0 };
            prop_assert!(widths[first].is_some());
            if least <= width {
                prop_assert!(!widths.contains(&None));
                prop_assert_eq!(line, whole.min(width));
            } else {
                prop_assert!(line <= width || widths.iter().flatten().count() == 1);
            }
            for (width, need) in widths.iter().zip(&columns) {
                let Some(width) = width else { continue };
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
