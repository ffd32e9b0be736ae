//! A screen that is redrawn in place.
//!
//! No state of the terminal is changed that would have to be restored: the cursor moves home, lines are overwritten, and
//! the rest is erased. A frame is one write, cut to the screen, so that nothing flickers or scrolls.

use std::borrow::Cow;

use console::{measure_text_width, truncate_str};

const HOME: &str = "\x1b[H";
const ERASE_LINE: &str = "\x1b[K";
const ERASE_BELOW: &str = "\x1b[J";

/// Columns and lines of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub lines: usize,
}

/// The content of the screen at one time.
#[derive(Clone, Debug, Default)]
pub struct Frame<'a> {
    /// The left part of the first line.
    pub title: &'a str,
    /// The right part of the first line.
    pub time: &'a str,
    /// Lines below the title that must be seen, e.g. why the rest is old.
    pub status: &'a str,
    pub body: &'a str,
    /// The body's lines that are rows; without it, lines are counted where they do not fit.
    pub rows: Option<RowLines>,
}

/// The lines of a body that are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowLines {
    /// How many lines come before them.
    pub first: usize,
    pub count: usize,
}

/// Scrolls what is on the screen away, before the first frame.
pub fn make_room(size: Size) -> String {
    "\n".repeat(size.lines)
}

/// Draws a frame; the cursor ends after its last line.
pub fn draw(frame: &Frame<'_>, size: Size) -> String {
    let title = title(frame, size.columns);
    let mut lines: Vec<Cow<'_, str>> = vec![title.into()];
    lines.extend(frame.status.lines().map(Cow::from));
    lines.push("".into());
    let room = size.lines.saturating_sub(lines.len());
    let body: Vec<&str> = frame.body.lines().collect();
    if body.len() <= room {
        lines.extend(body.into_iter().map(Cow::from));
    } else {
        let shown = room.saturating_sub(1);
        lines.extend(body[..shown].iter().copied().map(Cow::from));
        lines.push(hidden(frame.rows, body.len(), shown).into());
    }
    lines.truncate(size.lines);
    let lines: Vec<String> = lines.iter().map(|line| format!("{}{ERASE_LINE}", cut(line, size.columns))).collect();
    format!("{HOME}{}{ERASE_BELOW}", lines.join("\r\n"))
}

fn title(frame: &Frame<'_>, columns: usize) -> String {
    let time_width = measure_text_width(frame.time);
    let title = cut(frame.title, columns.saturating_sub(time_width + 1));
    let gap = columns.saturating_sub(measure_text_width(&title) + time_width);
    format!("{title}{}{}", " ".repeat(gap), frame.time)
}

fn hidden(rows: Option<RowLines>, lines: usize, shown: usize) -> String {
    let (count, what) = match rows {
        Some(rows) => (rows.count - shown.saturating_sub(rows.first).min(rows.count), "row"),
        None => (lines - shown, "line"),
    };
    match count {
        // Only lines below the rows are missing.
        0 => String::new(),
        1 => format!("1 more {what} is not shown"),
        count => format!("{count} more {what}s are not shown"),
    }
}

fn cut(line: &str, columns: usize) -> Cow<'_, str> {
    truncate_str(line, columns, if columns > 0 { "…" } else { "" })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The drawn lines without what moves the cursor and erases.
    fn drawn(frame: &Frame<'_>, columns: usize, lines: usize) -> Vec<String> {
        let text = draw(frame, Size { columns, lines });
        let text = text.strip_prefix(HOME).unwrap().strip_suffix(ERASE_BELOW).unwrap();
        text.split("\r\n").map(|line| line.strip_suffix(ERASE_LINE).unwrap().to_owned()).collect()
    }

    const TABLE: &str = " id\n----\n a\n b\n c\n\n Count: 3 / 3\n";

    fn table() -> Frame<'static> {
        Frame { title: "list", time: "12:00", status: "", body: TABLE, rows: Some(RowLines { first: 2, count: 3 }) }
    }

    #[test]
    fn what_fits_is_shown_whole() {
        let lines = ["list           12:00", "", " id", "----", " a", " b", " c", "", " Count: 3 / 3"];
        assert_eq!(drawn(&table(), 20, 9), lines);
        assert_eq!(drawn(&table(), 20, 40), lines);
    }

    #[test]
    fn what_does_not_fit_is_counted() {
        assert_eq!(drawn(&table(), 20, 6)[4..], [" a", "2 more rows are not…"].map(str::to_owned));
        assert_eq!(drawn(&table(), 40, 7)[4..], [" a", " b", "1 more row is not shown"].map(str::to_owned));
        let lines = Frame { rows: None, ..table() };
        assert_eq!(drawn(&lines, 40, 6).last().unwrap(), "4 more lines are not shown");
        assert_eq!(drawn(&table(), 40, 8).last().unwrap(), "", "all rows are there");
    }

    #[test]
    fn what_must_be_seen_stands_above() {
        let frame = Frame { status: "error: away\nhint: wait\n", ..table() };
        assert_eq!(drawn(&frame, 40, 5)[1..], ["error: away", "hint: wait", "", "3 more rows are not shown"]);
    }

    #[test]
    fn no_screen_is_too_small() {
        for columns in 0..9 {
            for lines in 1..9 {
                let drawn = drawn(&table(), columns, lines);
                assert!(
                    drawn.len() <= lines && drawn.iter().all(|line| measure_text_width(line) <= columns),
                    "{drawn:?}"
                );
            }
        }
    }

    #[test]
    fn lines_are_cut_by_what_they_take_on_the_screen() {
        assert_eq!(cut("플러그인", 8), "플러그인");
        assert_eq!(cut("플러그인", 7), "플러그…");
        assert_eq!(cut("플러그인", 6), "플러…");
        assert_eq!(cut("\x1b[1m id  \x1b[0m", 5), "\x1b[1m id  \x1b[0m");
        assert_eq!(cut("\x1b[1m name\x1b[0m", 3), "\x1b[1m n…\x1b[0m");
        assert_eq!(cut("abc", 3), "abc");
        assert_eq!(cut("abc", 0), "");
    }
}
