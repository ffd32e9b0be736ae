//! The table's form, which is tabulate's `presto`.

use std::borrow::Cow;
use std::io::{self, Write};

use spacectl::repository::proto::repository::v1::PluginInfo;
use unicode_width::UnicodeWidthStr as _;

use super::columns::Column;

pub fn write(out: &mut impl Write, rows: &[PluginInfo], columns: &[Column], total_count: i32) -> io::Result<()> {
    let mut widths: Vec<usize> = columns.iter().map(|column| column.name.len() + 2).collect();
    let mut cells: Vec<Cow<'_, str>> = Vec::with_capacity(rows.len() * columns.len());
    for row in rows {
        for (column, widest) in columns.iter().zip(&mut widths) {
            let cell = (column.cell)(row);
            *widest = (*widest).max(width(&cell));
            cells.push(cell);
        }
    }
    let mut line = String::new();
    write_line(out, &mut line, columns.iter().map(|column| column.name), &widths)?;
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    writeln!(out, "{}", rule.join("+"))?;
    for row in cells.chunks_exact(columns.len()) {
        write_line(out, &mut line, row.iter().map(AsRef::as_ref), &widths)?;
    }
    write!(out, "\n Count: {} / {total_count}\n", rows.len())
}

fn write_line<'a>(
    out: &mut impl Write,
    line: &mut String,
    cells: impl Iterator<Item = &'a str>,
    widths: &[usize],
) -> io::Result<()> {
    line.clear();
    for (at, (cell, widest)) in cells.zip(widths).enumerate() {
        line.push_str(if at == 0 { " " } else { " | " });
        line.push_str(cell);
        line.extend(std::iter::repeat_n(' ', widest - width(cell)));
    }
    line.truncate(line.trim_end().len());
    line.push('\n');
    out.write_all(line.as_bytes())
}

fn width(text: &str) -> usize {
    if text.is_ascii() { text.len() } else { text.width() }
}
