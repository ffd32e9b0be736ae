//! A terminal's screen that is drawn anew in place.
//!
//! Nothing of the terminal is set that would have to be set back: the cursor goes home, lines are overwritten, and what
//! was below them is erased. A frame is written in one piece, cut to the screen, so that nothing flickers or scrolls.

use unicode_width::UnicodeWidthChar;

/// Before the first frame, so many of them as the screen has lines: what stood there scrolls away unharmed.
const SCROLL: &str = "\n";
const HOME: &str = "\x1b[H";
const ERASE_LINE: &str = "\x1b[K";
const ERASE_BELOW: &str = "\x1b[J";
const PLAIN: &str = "\x1b[0m";

/// Columns and lines of a screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub columns: usize,
    pub lines: usize,
}

/// What stands on the screen at one time.
#[derive(Clone, Debug, Default)]
pub struct Frame<'a> {
    /// The first line: what is shown, and at its right end since when.
    pub title: &'a str,
    pub time: &'a str,
    /// Lines below the title that must be seen, as why the rest is old.
    pub told: &'a str,
    pub body: &'a str,
    /// Where the body's rows are, a line each, if it has such; else its lines are counted when they are cut.
    pub rows: Option<Rows>,
}

/// The lines of a body that are rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rows {
    /// Lines before them.
    pub first: usize,
    pub count: usize,
}

/// Makes room on a screen for the first frame.
pub fn make_room(size: Size) -> String {
    SCROLL.repeat(size.lines)
}

/// The frame as it is written to a terminal; the cursor ends behind its last line.
pub fn draw(frame: &Frame<'_>, size: Size) -> String {
    let mut lines = vec![title(frame, size.columns)];
    lines.extend(frame.told.lines().map(str::to_owned));
    lines.push(String::new());
    let room = size.lines.saturating_sub(lines.len());
    let body: Vec<&str> = frame.body.lines().collect();
    if body.len() <= room {
        lines.extend(body.into_iter().map(str::to_owned));
    } else {
        let shown = room.saturating_sub(1);
        lines.extend(body[..shown].iter().map(|line| (*line).to_owned()));
        lines.push(hidden(frame.rows, body.len(), shown));
    }
    lines.truncate(size.lines);
    let lines: Vec<String> = lines.iter().map(|line| format!("{}{ERASE_LINE}", cut(line, size.columns))).collect();
    format!("{HOME}{}{ERASE_BELOW}", lines.join("\r\n"))
}

fn title(frame: &Frame<'_>, columns: usize) -> String {
    let (left, time) = (cut(frame.title, columns.saturating_sub(width(frame.time) + 1)), frame.time);
    let between = columns.saturating_sub(width(&left) + width(time));
    format!("{left}{}{time}", " ".repeat(between))
}

fn hidden(rows: Option<Rows>, lines: usize, shown: usize) -> String {
    let (count, what) = match rows {
        Some(rows) => (rows.count - shown.saturating_sub(rows.first).min(rows.count), "row"),
        None => (lines - shown, "line"),
    };
    match count {
        // Only what stands below the rows found no room.
        0 => String::new(),
        1 => format!("1 more {what} is not shown"),
        count => format!("{count} more {what}s are not shown"),
    }
}

fn width(text: &str) -> usize {
    text.chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// As much of a line as fits into `columns`, with `…` where something is left out. Styles take no room, and end there.
fn cut(line: &str, columns: usize) -> String {
    let mut kept = String::new();
    // Up to where the line would be kept if it has to be cut, and the columns that are taken.
    let (mut end, mut taken) = (0, 0);
    let mut is_styled = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        kept.push(c);
        if c == '\x1b' {
            is_styled = true;
            for c in chars.by_ref() {
                kept.push(c);
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
            continue;
        }
        taken += c.width().unwrap_or(0);
        if taken < columns {
            end = kept.len();
        }
        if taken > columns {
            kept.truncate(end);
            kept.push_str(if columns > 0 { "…" } else { "" });
            kept.push_str(if is_styled { PLAIN } else { "" });
            break;
        }
    }
    kept
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
        Frame { title: "list", time: "12:00", told: "", body: TABLE, rows: Some(Rows { first: 2, count: 3 }) }
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
        let frame = Frame { told: "error: away\nhint: wait\n", ..table() };
        assert_eq!(drawn(&frame, 40, 5)[1..], ["error: away", "hint: wait", "", "3 more rows are not shown"]);
    }

    #[test]
    fn no_screen_is_too_small() {
        for columns in 0..9 {
            for lines in 1..9 {
                let drawn = drawn(&table(), columns, lines);
                assert!(drawn.len() <= lines && drawn.iter().all(|line| width(line) <= columns), "{drawn:?}");
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
