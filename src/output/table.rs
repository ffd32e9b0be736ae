//! Rows in columns: the `presto` form of Python's tabulate, which spacectl has always printed.
//!
//! Cells stand between spaces, ` | ` keeps them apart, and a rule of `-` and `+` is below the headers. A column is at
//! least two wider than its header, one of numbers is aligned to the right, and no line ends in a space. tabulate reads
//! numbers out of text as well and prints "1.10" as 1.1; here a text stays what it is.

use std::borrow::Cow;
use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::fit::{self, Need};
use super::{Look, terminal};
use crate::output::view::{Cell, Made, Rows};
use crate::terminal::sanitize;

/// How much wider than its header a column is at least: tabulate's `MIN_PADDING`.
const HEADER_ROOM: usize = 2;

/// Writes the rows, and behind a blank line how many of how many they are; that also where the page has none of them,
/// but not where nothing matches.
pub(super) fn write(out: &mut dyn Write, list: &dyn Rows, look: Look) -> io::Result<()> {
    let headers = list.headers();
    if list.is_empty() || headers.is_empty() {
        writeln!(out, "NO DATA")?;
    } else {
        let mut grid = Grid::measure(&headers, list)?;
        if let Some(width) = look.width {
            grid.fit(width);
        }
        if look.styled { terminal::write(out, &grid)? } else { grid.write(out, ["", ""])? }
    }
    match list.total() {
        Some(total) if total > 0 => write!(out, "\n Count: {} / {total}\n", list.len()),
        _ => Ok(()),
    }
}

/// How many columns of a terminal a text takes that has no control characters.
fn width(text: &str) -> usize {
    if sanitize::is_plain(text.as_bytes()) { text.len() } else { text.width() }
}

/// A cell's text as it is shown, and how many columns of a terminal it takes. It `is_plain` where it is known to be
/// [such](sanitize::is_plain).
fn measured<'a>(cell: &'a Cell<'_>, is_plain: bool) -> (Cow<'a, [u8]>, usize) {
    let bytes = cell.bytes();
    if is_plain || sanitize::is_plain(bytes) {
        return (Cow::Borrowed(bytes), bytes.len());
    }
    let text = cell.text();
    let shown = sanitize::control(&text);
    let width = shown.width();
    (Cow::Owned(shown.into_owned().into_bytes()), width)
}

pub(super) struct Column<'a> {
    /// Cut already where the table is.
    pub(super) header: Cow<'a, str>,
    /// Without the space at either side.
    pub(super) width: usize,
    /// How wide the widest of its cells is.
    cells: usize,
    pub(super) is_number: bool,
    /// All of its cells are [plain](sanitize::is_plain), which need not be asked of them again.
    is_plain: bool,
    is_cut: bool,
}

/// The columns of a table, measured, and the rows that go into them: they are gone through once for measuring and once for
/// writing, so that few cells are held.
pub(super) struct Grid<'a> {
    pub(super) columns: Vec<Column<'a>>,
    headers: &'a [&'a str],
    rows: &'a dyn Rows,
    /// Of the cells, what need not be made twice.
    made: Made,
}

impl<'a> Grid<'a> {
    /// # Errors
    /// The rows cannot be gone through.
    pub(super) fn measure(headers: &'a [&'a str], rows: &'a dyn Rows) -> io::Result<Self> {
        let mut columns: Vec<Column> = headers.iter().map(|header| Column::new(header)).collect();
        let mut has_number = vec![false; columns.len()];
        let mut made = Made::default();
        rows.each_keeping(headers, &mut made, &mut |cells| {
            for (cell, (column, has_number)) in cells.iter().zip(columns.iter_mut().zip(&mut has_number)) {
                let is_plain = sanitize::is_plain(cell.bytes());
                let (_, width) = measured(cell, is_plain);
                column.is_plain &= is_plain;
                column.cells = column.cells.max(width);
                *has_number |= cell.is_number;
                column.is_number &= cell.is_number || cell.bytes().is_empty();
            }
            Ok(())
        })?;
        for (column, has_number) in columns.iter_mut().zip(has_number) {
            column.width = column.width.max(column.cells);
            column.is_number &= has_number;
        }
        Ok(Self { columns, headers, rows, made })
    }

    pub(super) fn row_count(&self) -> usize {
        self.rows.len()
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
            column.narrow(width);
        }
    }

    /// Hands each row's cells to `take`, as they are shown.
    pub(super) fn each(&self, mut take: impl FnMut(&[String]) -> io::Result<()>) -> io::Result<()> {
        self.rows.each_kept(self.headers, &self.made, &mut |cells| {
            let shown = cells.iter().zip(&self.columns).map(|(cell, column)| column.shown(cell).0);
            take(&shown.map(|text| String::from_utf8_lossy(&text).into_owned()).collect::<Vec<_>>())
        })
    }

    /// Writes the table, its header between these two.
    pub(super) fn write(&self, out: &mut dyn Write, [before, behind]: [&str; 2]) -> io::Result<()> {
        let mut line = Line::default();
        for column in &self.columns {
            line.cell(column.header.as_bytes(), width(&column.header), column);
        }
        out.write_all(before.as_bytes())?;
        out.write_all(line.end())?;
        writeln!(out, "{behind}")?;
        let rule: Vec<String> = self.columns.iter().map(|column| "-".repeat(column.width + 2)).collect();
        writeln!(out, "{}", rule.join("+"))?;
        self.rows.each_kept(self.headers, &self.made, &mut |cells| {
            for (cell, column) in cells.iter().zip(&self.columns) {
                let (text, width) = column.shown(cell);
                line.cell(&text, width, column);
            }
            out.write_all(line.end())?;
            out.write_all(b"\n")
        })
    }
}

/// One line of a table, made cell by cell.
#[derive(Default)]
struct Line {
    text: Vec<u8>,
    is_ended: bool,
}

impl Line {
    fn cell(&mut self, text: &[u8], width: usize, column: &Column<'_>) {
        if std::mem::take(&mut self.is_ended) {
            self.text.clear();
        }
        self.text.extend_from_slice(if self.text.is_empty() { b" " } else { b" | " });
        let room = column.width - width.min(column.width);
        if column.is_number {
            self.room(room);
            self.text.extend_from_slice(text);
        } else {
            self.text.extend_from_slice(text);
            self.room(room);
        }
    }

    fn room(&mut self, mut width: usize) {
        const SPACES: &[u8] = &[b' '; 64];
        while width > 0 {
            let part = width.min(SPACES.len());
            self.text.extend_from_slice(&SPACES[..part]);
            width -= part;
        }
    }

    /// The whole line, without a space at its end.
    fn end(&mut self) -> &[u8] {
        self.is_ended = true;
        self.text.trim_ascii_end()
    }
}

impl<'a> Column<'a> {
    fn new(header: &'a str) -> Self {
        let header = sanitize::control(header);
        Self { width: width(&header) + HEADER_ROOM, cells: 0, header, is_number: true, is_plain: true, is_cut: false }
    }

    fn need(&self) -> Need {
        Need { header: width(&self.header), cells: self.cells, is_number: self.is_number }
    }

    fn narrow(&mut self, to: usize) {
        self.width = to;
        self.is_cut = self.cells > to;
        if width(&self.header) > to {
            self.header = Cow::Owned(fit::cut(&self.header, to));
        }
    }

    /// As much of a cell as there is room for, and how wide that is.
    fn shown<'t>(&self, cell: &'t Cell<'_>) -> (Cow<'t, [u8]>, usize) {
        let (text, wide) = measured(cell, self.is_plain);
        if self.is_cut && wide > self.width {
            let cut = fit::cut(&String::from_utf8_lossy(&text), self.width);
            let wide = width(&cut);
            return (Cow::Owned(cut.into_bytes()), wide);
        }
        (text, wide)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::output::Format;
    use crate::output::tests::{document, written};
    use crate::output::view::Columns;

    /// Rows as they are written.
    pub(in crate::output) fn rows(values: &Value) -> Box<dyn Rows> {
        document(json!({"results": values})).into_rows()
    }

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
            write(&mut out, &*document(rows.clone()).into_rows(), look).unwrap();
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
        let rows = rows(&json!([{"a": "x", "a_long_header": "y"}]));
        let mut grid = Grid::measure(&["a", "a_long_header"], &*rows).unwrap();
        grid.fit(19);
        let mut out = Vec::new();
        grid.write(&mut out, ["", ""]).unwrap();
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
        fn a_table_fits_or_is_as_narrow_as_it_can_be(values in any_rows(), width in 20_usize..120) {
            let rows = rows(&values);
            let headers = ["a", "이름", "n"];
            let grid = || Grid::measure(&headers, &*rows).unwrap();
            let text = |grid: &Grid| {
                let mut out = Vec::new();
                grid.write(&mut out, ["", ""]).unwrap();
                String::from_utf8(out).unwrap()
            };
            let cells = |grid: &Grid| {
                let mut cells: Vec<String> = Vec::new();
                grid.each(|row| {
                    cells.extend(row.iter().map(|cell| cell.to_string()));
                    Ok(())
                })
                .unwrap();
                cells
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
            for (cut, whole) in cells(&cut).iter().zip(&cells(&whole)) {
                prop_assert!(super::width(cut) <= super::width(whole));
                prop_assert!(cut == whole || cut.ends_with('…'));
            }
        }

        #[test]
        fn separators_stand_below_each_other(values in any_rows()) {
            let rows = rows(&values);
            let headers = ["a", "이름", "n"];
            let mut out = Vec::new();
            Grid::measure(&headers, &*rows).unwrap().write(&mut out, ["", ""]).unwrap();
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
