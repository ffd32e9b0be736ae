//! Rows in columns: the `presto` form of Python's tabulate, which spacectl has always printed.
//!
//! Cells stand between spaces, ` | ` keeps them apart, and a rule of `-` and `+` is below the headers. A column is at
//! least two wider than its header, one of numbers is aligned to the right, and no line ends in a space. tabulate reads
//! numbers out of text as well and prints "1.10" as 1.1; here a text stays what it is.

use std::borrow::Cow;
use std::io::{self, Write};

use serde_json::Value;
use unicode_width::UnicodeWidthStr;

use super::fit::{self, Need};
use super::{Look, cell, terminal};
use crate::escape;
use crate::view::List;

/// How much wider than its header a column is at least: tabulate's `MIN_PADDING`.
const HEADER_ROOM: usize = 2;

/// Writes the rows, and behind a blank line how many of how many they are; that also where the page has none of them,
/// but not where nothing matches.
pub(super) fn write(out: &mut dyn Write, list: &List, look: Look) -> io::Result<()> {
    let headers = list.headers();
    if list.is_empty() || headers.is_empty() {
        writeln!(out, "NO DATA")?;
    } else {
        let mut grid = Grid::new(&headers, list.cells(&headers));
        if let Some(width) = look.width {
            grid.fit(width);
        }
        if look.styled { terminal::write(out, &grid)? } else { grid.write(out)? }
    }
    match list.total() {
        Some(total) if total > 0 => write!(out, "\n Count: {} / {total}\n", list.len()),
        _ => Ok(()),
    }
}

/// Text and how many columns of a terminal it takes.
pub(super) struct Cell<'a> {
    pub(super) text: Cow<'a, str>,
    width: usize,
}

impl<'a> Cell<'a> {
    fn new(text: Cow<'a, str>) -> Self {
        let width = text.width();
        Self { text, width }
    }

    fn cut(&mut self, width: usize) {
        if self.width > width {
            *self = Self::new(Cow::Owned(fit::cut(&self.text, width)));
        }
    }
}

pub(super) struct Column<'a> {
    pub(super) header: Cell<'a>,
    /// Without the space at either side.
    pub(super) width: usize,
    /// How wide the widest of its cells is.
    cells: usize,
    pub(super) is_number: bool,
}

pub(super) struct Grid<'a> {
    pub(super) columns: Vec<Column<'a>>,
    pub(super) rows: Vec<Vec<Cell<'a>>>,
}

impl<'a> Grid<'a> {
    pub(super) fn new(headers: &[&'a str], rows: impl Iterator<Item = Vec<&'a Value>>) -> Self {
        let mut columns: Vec<Column> = headers.iter().map(|header| Column::new(header)).collect();
        let mut has_number = vec![false; columns.len()];
        let rows = rows
            .map(|values| {
                let with_columns = values.into_iter().zip(columns.iter_mut().zip(&mut has_number));
                with_columns
                    .map(|(value, (column, has_number))| {
                        let cell = Cell::new(cell::shown(value));
                        column.width = column.width.max(cell.width);
                        column.cells = column.cells.max(cell.width);
                        *has_number |= value.is_number();
                        column.is_number &= value.is_number() || cell.text.is_empty();
                        cell
                    })
                    .collect()
            })
            .collect();
        for (column, has_number) in columns.iter_mut().zip(has_number) {
            column.is_number &= has_number;
        }
        Self { columns, rows }
    }

    /// Makes lines not longer than `width` columns of a terminal, if that can be: the room beside headers goes first,
    /// then cells are cut.
    pub(super) fn fit(&mut self, width: usize) {
        // The longest line is the rule: two more than each column, and a mark between.
        let around = (self.columns.len() * 3).saturating_sub(1);
        let room = width.saturating_sub(around);
        if self.columns.iter().map(|column| column.width).sum::<usize>() <= room {
            return;
        }
        let needs: Vec<Need> = self.columns.iter().map(Column::need).collect();
        for (column, width) in self.columns.iter_mut().zip(fit::widths(&needs, room)) {
            column.width = width;
            column.header.cut(width);
        }
        for row in &mut self.rows {
            row.iter_mut().zip(&self.columns).for_each(|(cell, column)| cell.cut(column.width));
        }
    }

    pub(super) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut line = String::new();
        self.line(&mut line, self.columns.iter().map(|column| &column.header));
        out.write_all(line.as_bytes())?;
        let rule: Vec<String> = self.columns.iter().map(|column| "-".repeat(column.width + 2)).collect();
        writeln!(out, "{}", rule.join("+"))?;
        for row in &self.rows {
            self.line(&mut line, row.iter());
            out.write_all(line.as_bytes())?;
        }
        Ok(())
    }

    fn line<'c>(&self, line: &mut String, cells: impl Iterator<Item = &'c Cell<'c>>) {
        line.clear();
        for (at, (cell, column)) in cells.zip(&self.columns).enumerate() {
            line.push_str(if at == 0 { " " } else { " | " });
            let room = std::iter::repeat_n(' ', column.width - cell.width);
            if column.is_number {
                line.extend(room);
                line.push_str(&cell.text);
            } else {
                line.push_str(&cell.text);
                line.extend(room);
            }
        }
        line.truncate(line.trim_end().len());
        line.push('\n');
    }
}

impl<'a> Column<'a> {
    fn new(header: &'a str) -> Self {
        let header = Cell::new(escape::control(header));
        Self { width: header.width + HEADER_ROOM, cells: 0, header, is_number: true }
    }

    fn need(&self) -> Need {
        Need { header: self.header.width, cells: self.cells, is_number: self.is_number }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::output::Format;
    use crate::output::tests::{document, written};
    use crate::view::{Columns, Document};

    fn table(response: Value) -> String {
        written(Format::Table, [document(response)])
    }

    /// Every expected text here was printed by tabulate 0.10.0 (`tablefmt="presto", headers="keys"`).
    #[test]
    fn the_form_is_that_of_tabulate() {
        let long = json!({"plugin_id": "plugin-long-name", "name": "x", "z": ""});
        let rows = json!({"results": [{"plugin_id": "p", "name": "n"}, long]});
        let expected = [
            " plugin_id        | name   | z",
            "------------------+--------+-----",
            " p                | n      |",
            " plugin-long-name | x      |",
            "",
        ];
        assert_eq!(table(rows), expected.join("\n"));
        let rows = json!({"results": [{"n": 1, "s": "a"}, {"n": null, "s": null}, {"n": 22222, "s": "b"}]});
        let expected = ["     n | s", "-------+-----", "     1 | a", "       |", " 22222 | b", ""];
        assert_eq!(table(rows), expected.join("\n"));
        let rows = json!({"results": [{"only": ""}, {"only": "x"}]});
        assert_eq!(table(rows), " only\n--------\n\n x\n");
    }

    #[test]
    fn what_matches_is_counted_behind_a_blank_line() {
        let rows = json!({"results": [{"a": "b"}], "total_count": 9});
        assert_eq!(table(rows), " a\n-----\n b\n\n Count: 1 / 9\n");
        assert_eq!(table(json!({"results": [], "total_count": 9})), "NO DATA\n\n Count: 0 / 9\n");
        assert_eq!(table(json!({"results": [], "total_count": 0})), "NO DATA\n");
        assert_eq!(table(json!({"results": []})), "NO DATA\n");
    }

    #[test]
    fn texts_stay_what_they_are_and_nested_values_are_json() {
        let rows =
            json!({"results": [{"v": "1.10", "n": {"a": [1, "x"]}}, {"v": "1.0", "n": [], "b": true, "f": 1.5}]});
        let columns = Columns::parse("v,n,b,f").unwrap();
        let expected = [
            " v    | n             | b    |   f",
            "------+---------------+------+-----",
            " 1.10 | {\"a\":[1,\"x\"]} |      |",
            " 1.0  | []            | true | 1.5",
            "",
        ];
        assert_eq!(written(Format::Table, [document(rows).select(&columns)]), expected.join("\n"));
    }

    #[test]
    fn wide_characters_stay_aligned_and_controls_are_shown() {
        let rows = json!({"results": [{"이름": "플러그인", "e": "🚀"}, {"이름": "a\x1b[2J\n", "e": "e\u{301}"}]});
        let expected =
            [" 이름         | e", "--------------+-----", " 플러그인     | 🚀", " a\\u{1b}[2J\\n | e\u{301}", ""];
        assert_eq!(table(rows), expected.join("\n"));
    }

    #[test]
    fn a_table_that_is_too_wide_is_cut_to_the_terminal() {
        let rows = json!({"results": [
            {"plugin_id": "plugin-slack", "name": "슬랙 알림 프로토콜", "about": "sends\nwhat happens to a channel", "size": 1_234_567},
            {"plugin_id": "plugin-aws", "name": "AWS", "about": "", "size": 1},
        ]});
        let table = |width| {
            let mut out = Vec::new();
            let look = Look { width: Some(width), ..Look::default() };
            let Document::List(list) = document(rows.clone()) else { panic!("a list") };
            write(&mut out, &list, look).unwrap();
            String::from_utf8(out).unwrap()
        };
        let narrow = [
            " plugin_id    | name        | about       |    size",
            "--------------+-------------+-------------+---------",
            " plugin-slack | 슬랙 알림…  | sends\\nwha… | 1234567",
            " plugin-aws   | AWS         |             |       1",
            "",
        ];
        assert_eq!(table(52), narrow.join("\n"));
        assert_eq!(table(200), written(Format::Table, [document(rows.clone())]));
    }

    #[test]
    fn the_room_beside_headers_is_given_up_before_anything_is_cut() {
        let values = [json!("x"), json!("y")];
        let mut grid = Grid::new(&["a", "a_long_header"], std::iter::once(values.iter().collect()));
        grid.fit(19);
        let mut out = Vec::new();
        grid.write(&mut out).unwrap();
        let expected = " a | a_long_header\n---+---------------\n x | y\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    /// Rows of three columns in scripts of every width.
    pub(in crate::output) fn any_rows() -> impl Strategy<Value = Value> {
        let text = "([a-z |]|[가-힣]|[一-三]|e\u{301}|🚀|👩\u{200d}💻|❤\u{fe0f}|\u{1b}|\n|\u{202e}|é){0,12}";
        let cell = prop_oneof![
            4 => text.prop_map(Value::from),
            1 => any::<i64>().prop_map(Value::from),
            1 => Just(Value::Null),
        ];
        let row = (cell.clone(), cell, any::<u32>());
        prop::collection::vec(row, 1..8)
            .prop_map(|rows| rows.into_iter().map(|(a, b, c)| json!({"a": a, "이름": b, "n": c})).collect())
    }

    proptest! {
        #[test]
        fn a_table_fits_or_is_as_narrow_as_it_can_be(rows in any_rows(), width in 20_usize..120) {
            let rows = rows.as_array().unwrap();
            let headers = ["a", "이름", "n"];
            let grid = || {
                Grid::new(&headers, rows.iter().map(|row| headers.iter().map(|header| &row[*header]).collect()))
            };
            let text = |grid: &Grid| {
                let mut out = Vec::new();
                grid.write(&mut out).unwrap();
                String::from_utf8(out).unwrap()
            };
            let (whole, mut cut) = (grid(), grid());
            cut.fit(width);
            let widest = |text: &str| text.lines().map(UnicodeWidthStr::width).max().unwrap();
            // The most that must stay: the first column, numbers of 20 and 10 digits, and what is between.
            prop_assert!(widest(&text(&cut)) <= width.max(48 + 20 + 10 + 8), "{}", text(&cut));
            // Without numbers of that length, and with the first column cut, less is enough.
            let is_number = whole.columns[0].is_number || whole.columns[1].is_number;
            if width >= 8 + 8 + 10 + 8 && !is_number {
                prop_assert!(widest(&text(&cut)) <= width, "{}", text(&cut));
            }
            if widest(&text(&whole)) <= width {
                prop_assert_eq!(text(&cut), text(&whole));
            }
            for (cut, whole) in cut.rows.iter().flatten().zip(whole.rows.iter().flatten()) {
                prop_assert!(cut.width <= whole.width);
                prop_assert!(cut.text == whole.text || cut.text.ends_with('…'));
            }
        }

        #[test]
        fn separators_stand_below_each_other(rows in any_rows()) {
            let rows = rows.as_array().unwrap();
            let headers = ["a", "이름", "n"];
            let cells = rows.iter().map(|row| headers.iter().map(|header| &row[*header]).collect());
            let mut out = Vec::new();
            Grid::new(&headers, cells).write(&mut out).unwrap();
            let text = String::from_utf8(out).unwrap();
            prop_assert_eq!(text.lines().count(), rows.len() + 2);
            // The last column holds numbers of at least one digit, so no line ends before its separators.
            let rule = text.lines().nth(1).unwrap();
            for place in rule.match_indices('+').map(|(at, _)| at) {
                for line in text.lines() {
                    let mut marks = line.match_indices(['|', '+']).map(|(at, _)| line[..at].width());
                    prop_assert!(marks.any(|mark| mark == place), "{}", text);
                }
            }
        }
    }
}
