//! Tables of reports on a terminal: cells wrap instead of being cut.

use std::io::{self, Write};

use comfy_table::{ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle};

use crate::output::view::RowList;
use crate::text::sanitize;

/// The form of [`super::table`].
const PRESTO: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('|'))
    .content_lines(ContentLineStyle::none().junction('|'))
    .header_separator(LineStyle::none().fill('-').junction('+'));

/// Writes the rows with lines of at most `width` columns, the header between `marks`.
pub(super) fn write(out: &mut dyn Write, list: &RowList, width: usize, marks: [&str; 2]) -> io::Result<()> {
    let mut table = Table::new();
    table
        .load_style(PRESTO)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(u16::try_from(width).unwrap_or(u16::MAX))
        .set_header(list.headers().iter().map(|header| sanitize::control(header).into_owned()));
    list.each(|cells| {
        table.add_row(cells.iter().map(|cell| sanitize::control(&cell.text()).into_owned()));
        Ok(())
    })?;
    let mut is_header = true;
    for line in table.lines() {
        // A header wraps too; the line below it begins the rows.
        is_header &= !line.starts_with('-');
        let [before, after] = if is_header { marks } else { ["", ""] };
        writeln!(out, "{before}{}{after}", line.trim_end())?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::output::tests::document;

    #[test]
    fn cells_wrap_and_nothing_is_cut() {
        let rows = json!([{"name": "a\u{1b}b", "problem": "nothing listens on port 1 of 127.0.0.1"}]);
        let list = document(json!({ "results": rows })).into_list();
        let mut out = Vec::new();
        write(&mut out, &list, 30, ["<", ">"]).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.lines().all(|line| line.chars().count() <= 32), "{text}");
        assert!(text.lines().count() > 4 && text.starts_with('<') && text.contains("a\\u{1b}b"), "{text}");
        for word in "nothing listens on port 1 of 127.0.0.1".split(' ') {
            assert!(text.contains(word), "{word}: {text}");
        }
    }
}
