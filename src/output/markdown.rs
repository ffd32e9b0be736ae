//! Tables in GitHub's Markdown, e.g. for pull requests.
//!
//! A cell is text: what would be markup, HTML or the end of the cell is escaped. Cells are not padded, so that a
//! changed row changes one line. The form is that of GitHub Flavored Markdown 0.29, section 4.10.

use std::io::{self, Write};

use crate::output::view::RowList;
use crate::text::sanitize;

/// Writes the rows and, after a blank line, how many of how many they are.
pub(super) fn write(out: &mut dyn Write, list: &RowList) -> io::Result<()> {
    if list.is_empty() || list.headers().is_empty() {
        writeln!(out, "NO DATA")?;
    } else {
        // One column of numbers is aligned to the right, as in tables.
        let mut is_number = vec![true; list.headers().len()];
        list.each(|cells| {
            for (cell, is_number) in cells.iter().zip(&mut is_number) {
                *is_number &= cell.is_number() || cell.bytes.is_empty();
            }
            Ok(())
        })?;
        let mut line = String::new();
        list.headers().iter().for_each(|header| push(&mut line, header));
        writeln!(out, "{line}|")?;
        let rule = is_number.iter().map(|is_number| if *is_number { "| ---: " } else { "| --- " });
        writeln!(out, "{}|", rule.collect::<String>())?;
        list.each(|cells| {
            line.clear();
            cells.iter().for_each(|cell| push(&mut line, &cell.text()));
            writeln!(out, "{line}|")
        })?;
    }
    match list.total() {
        Some(total) if total > 0 => write!(out, "\nCount: {} / {total}\n", list.len()),
        _ => Ok(()),
    }
}

/// Adds a cell to its line.
fn push(line: &mut String, text: &str) {
    line.push_str("| ");
    let text = sanitize::control(text);
    let mut before = ' ';
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            // Entities stay text in HTML, too, wherever the table is copied to.
            '<' => line.push_str("&lt;"),
            '>' => line.push_str("&gt;"),
            '&' => line.push_str("&amp;"),
            // Within a word it marks nothing, and ids are full of it.
            '_' if before.is_alphanumeric() && chars.peek().is_some_and(|next| next.is_alphanumeric()) => {
                line.push('_')
            }
            '\\' | '|' | '`' | '*' | '_' | '~' | '[' | ']' | '$' => line.extend(['\\', c]),
            c => line.push(c),
        }
        before = c;
    }
    if !text.is_empty() {
        line.push(' ');
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use crate::output::OutputFormat;
    use crate::output::tests::{document, written};

    fn markdown(response: Value) -> String {
        written(OutputFormat::Markdown, [document(response)])
    }

    #[test]
    fn a_list_is_a_table_with_its_count() {
        let rows = json!([{"plugin_id": "plugin-a_b", "name": "슬랙 🚀", "n": 1}, {"plugin_id": "b", "n": null}]);
        let expected = [
            "| plugin_id | name | n |",
            "| --- | --- | ---: |",
            "| plugin-a_b | 슬랙 🚀 | 1 |",
            "| b | | |",
            "",
            "Count: 2 / 9",
            "",
        ];
        assert_eq!(markdown(json!({"results": rows, "total_count": 9})), expected.join("\n"));
        assert_eq!(markdown(json!({"results": []})), "NO DATA\n");
        let two = || document(json!({"results": ["a"]}));
        let text = written(OutputFormat::Markdown, [two(), two()]);
        assert_eq!(text, "| Values |\n| --- |\n| a |\n\n| Values |\n| --- |\n| a |\n");
    }

    #[test]
    fn a_cell_stays_a_text_in_its_cell() {
        let cell = |text: &str| markdown(json!({"results": [text]})).lines().nth(2).unwrap().to_owned();
        assert_eq!(cell("a|b"), "| a\\|b |");
        assert_eq!(cell("a\\|b"), "| a\\\\\\|b |");
        assert_eq!(cell("two\nlines\r"), "| two\\\\nlines\\\\r |");
        assert_eq!(cell("<img src=x onerror=y> & co"), "| &lt;img src=x onerror=y&gt; &amp; co |");
        assert_eq!(cell("`a` *b* _c_ ~~d~~ [e](f)"), "| \\`a\\` \\*b\\* \\_c\\_ \\~\\~d\\~\\~ \\[e\\](f) |");
        assert_eq!(cell("__init__"), "| \\_\\_init\\_\\_ |");
        assert_eq!(cell("# - 1."), "| # - 1. |");
        let headers = markdown(json!({"results": [{"a|b": 1}]}));
        assert_eq!(headers, "| a\\|b |\n| ---: |\n| 1 |\n");
    }

    proptest! {
        #[test]
        fn each_row_has_its_cells(cells in prop::collection::vec("[a|\\\\<&\n`\u{2028}]{0,9}", 1..5)) {
            let row: serde_json::Map<String, Value> =
                cells.iter().enumerate().map(|(at, cell)| (format!("c{at}"), json!(cell))).collect();
            let text = markdown(json!({"results": [row]}));
            prop_assert_eq!(text.lines().count(), 3);
            for line in text.lines() {
                // A bar with an even number of backslashes before it ends a cell.
                let ends = line.match_indices('|').filter(|(at, _)| {
                    let before = &line[..*at];
                    (before.len() - before.trim_end_matches('\\').len()).is_multiple_of(2)
                });
                prop_assert_eq!(ends.count(), cells.len() + 1);
                prop_assert!(!line.contains('<'));
            }
        }
    }
}
