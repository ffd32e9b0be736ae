//! Comma-separated values: one header, the rows' keys of all documents together.
//!
//! Quoting is RFC 4180's, lines end in LF: its CRLF would reach the last column of everything that cuts lines, `cut`,
//! `awk` and `while read` first. Cells are data and written as they are; only a terminal gets them escaped.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{Terminator, WriterBuilder};

use crate::escape;
use crate::view::Rows;

/// What of the csv is written, and what waits until its header is known.
pub(super) struct Sheet {
    terminal: bool,
    has_header: bool,
    waiting: Vec<Box<dyn Rows>>,
}

impl Sheet {
    pub(super) fn new(terminal: bool) -> Self {
        Self { terminal, has_header: false, waiting: Vec::new() }
    }

    /// Writes the rows if their columns were chosen.
    pub(super) fn write(&mut self, out: &mut dyn Write, list: Box<dyn Rows>) -> io::Result<()> {
        if !list.is_selected() {
            self.waiting.push(list);
            return Ok(());
        }
        let headers = list.headers();
        let mut csv = writer(out);
        if !self.has_header {
            csv.write_record(&headers).map_err(io_error)?;
            self.has_header = true;
        }
        self.rows(&mut csv, &*list, &headers)
    }

    /// Writes the rows that waited.
    pub(super) fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        let mut headers: Vec<&str> = Vec::new();
        for list in &self.waiting {
            let new: Vec<&str> = list.headers().into_iter().filter(|header| !headers.contains(header)).collect();
            headers.extend(new);
        }
        if headers.is_empty() {
            return Ok(());
        }
        let mut csv = writer(out);
        csv.write_record(&headers).map_err(io_error)?;
        self.waiting.iter().try_for_each(|list| self.rows(&mut csv, &**list, &headers))
    }

    fn rows(&self, csv: &mut csv::Writer<&mut dyn Write>, list: &dyn Rows, headers: &[&str]) -> io::Result<()> {
        list.each(headers, &mut |cells| {
            for cell in cells {
                let text = if self.terminal { escape::control(&cell.text) } else { Cow::Borrowed(&*cell.text) };
                csv.write_field(text.as_bytes()).map_err(io_error)?;
            }
            csv.write_record(None::<&[u8]>).map_err(io_error)
        })?;
        csv.flush()
    }
}

fn writer(out: &mut dyn Write) -> csv::Writer<&mut dyn Write> {
    WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out)
}

/// The error of the output itself: the conversion that csv brings hides that a pipe was closed.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::output::tests::{document, written};
    use crate::output::{Format, Look, Writer};
    use crate::view::Columns;

    #[test]
    fn the_header_is_the_union_of_the_keys() {
        let rows = json!({"results": [{"a": "1.10", "b": null}, {"c": {"x": [1]}, "a": "b,\"c\"\nd"}]});
        assert_eq!(written(Format::Csv, [document(rows)]), "a,b,c\n1.10,,\n\"b,\"\"c\"\"\nd\",,\"{\"\"x\"\":[1]}\"\n");
    }

    #[test]
    fn chosen_columns_are_written_at_once_under_one_header() {
        let columns = Columns::parse("b,a|A").unwrap();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, Format::Csv, Look::default());
        for row in [json!({"a": 1}), json!({"b": 2})] {
            writer.write(document(json!({"results": [row]})).select(&columns)).unwrap();
        }
        drop(writer);
        assert_eq!(String::from_utf8(out).unwrap(), "b,A\n,1\n2,\n");
    }

    #[test]
    fn a_row_of_one_empty_cell_is_no_empty_line() {
        let rows = json!({"results": [{"a": ""}, {"a": null}, {"a": "x"}]});
        assert_eq!(written(Format::Csv, [document(rows)]), "a\n\"\"\n\"\"\nx\n");
    }

    #[test]
    fn only_a_terminal_gets_control_characters_escaped() {
        let rows = || document(json!({"results": [{"a": "\x1b[2J"}]}));
        assert_eq!(written(Format::Csv, [rows()]), "a\n\x1b[2J\n");
        let mut out = Vec::new();
        let look = Look { terminal: true, ..Look::default() };
        let mut writer = Writer::new(&mut out, Format::Csv, look);
        writer.write(rows()).unwrap();
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\n\\u{1b}[2J\n");
    }

    proptest! {
        #[test]
        fn it_reads_back_equal(rows in prop::collection::vec(["[\\PC\n\r\t\",]{0,9}", "[a ,\"]{0,3}"], 1..6)) {
            let results: Vec<Value> = rows.iter().map(|[a, b]| json!({"a": a, "b,": b})).collect();
            let text = written(Format::Csv, [document(json!({"results": results}))]);
            let read: Vec<Vec<String>> = csv::ReaderBuilder::new()
                .terminator(Terminator::Any(b'\n'))
                .from_reader(text.as_bytes())
                .records()
                .map(|record| record.unwrap().iter().map(str::to_owned).collect())
                .collect();
            prop_assert_eq!(read, rows.iter().map(|row| row.to_vec()).collect::<Vec<_>>());
        }
    }
}
