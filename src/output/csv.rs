//! CSV: one header with the keys of all documents' rows.
//!
//! Quoting is RFC 4180's, but lines end in LF: CRLF would reach the last column in `cut`, `awk` and `while read`. Cells
//! are written as they are; only a terminal gets them escaped.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{ErrorKind, Terminator, WriterBuilder};

use crate::output::view::RowList;
use crate::text::sanitize;

/// Writes lists below one header; those without chosen columns wait until all keys are known.
pub(super) struct CsvWriter {
    is_terminal: bool,
    has_header: bool,
    waiting: Vec<RowList>,
    /// The header of lists without rows.
    pub(super) default_header: Vec<String>,
}

impl CsvWriter {
    pub(super) fn new(is_terminal: bool) -> Self {
        Self { is_terminal, has_header: false, waiting: Vec::new(), default_header: Vec::new() }
    }

    /// Writes the rows if their columns were chosen.
    pub(super) fn write(&mut self, out: &mut dyn Write, list: RowList) -> io::Result<()> {
        if !list.is_selected() {
            self.waiting.push(list);
            return Ok(());
        }
        let has_header = std::mem::replace(&mut self.has_header, true);
        let columns: Vec<Option<usize>> = (0..list.headers().len()).map(Some).collect();
        let headers: Vec<&str> = list.headers().iter().map(String::as_str).collect();
        self.records(out, if has_header { &[] } else { &headers }, &[(&list, columns)])
    }

    /// Writes the rows that waited.
    pub(super) fn finish(self, out: &mut dyn Write) -> io::Result<()> {
        let mut headers: Vec<&str> = Vec::new();
        for list in &self.waiting {
            let new: Vec<&str> =
                list.headers().iter().map(String::as_str).filter(|header| !headers.contains(header)).collect();
            headers.extend(new);
        }
        if headers.is_empty() && !self.waiting.is_empty() {
            headers.extend(self.default_header.iter().map(String::as_str));
        }
        let column = |list: &RowList, header: &str| list.headers().iter().position(|own| own == header);
        let columns = |list: &RowList| headers.iter().map(|header| column(list, header)).collect();
        let lists: Vec<_> = self.waiting.iter().map(|list| (list, columns(list))).collect();
        if headers.is_empty() { Ok(()) } else { self.records(out, &headers, &lists) }
    }

    /// Writes the header, if it is not empty, and the lists, of each the columns at these indexes.
    fn records(
        &self,
        out: &mut dyn Write,
        headers: &[&str],
        lists: &[(&RowList, Vec<Option<usize>>)],
    ) -> io::Result<()> {
        let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out);
        let into_io = |error: csv::Error| match error.into_kind() {
            ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        };
        if !headers.is_empty() {
            let header = headers.iter().map(|header| self.shown(header.as_bytes()));
            writer.write_record(header).map_err(into_io)?;
        }
        for (list, columns) in lists {
            list.each(|cells| {
                let cell = |column: &Option<usize>| column.map_or(&[][..], |column| cells[column].bytes);
                writer.write_record(columns.iter().map(|column| self.shown(cell(column)))).map_err(into_io)
            })?;
        }
        writer.flush()
    }

    fn shown<'t>(&self, text: &'t [u8]) -> Cow<'t, [u8]> {
        if !self.is_terminal || sanitize::is_plain(text) {
            return Cow::Borrowed(text);
        }
        Cow::Owned(sanitize::control(&String::from_utf8_lossy(text)).into_owned().into_bytes())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::output::tests::{document, written};
    use crate::output::{OutputFormat, OutputStyle, Writer};
    use crate::query::Columns;

    #[test]
    fn the_header_is_the_union_of_the_keys() {
        let rows = json!({"results": [{"a": "1.10", "b": null}, {"c": {"x": [1]}, "a": "b,\"c\"\nd"}]});
        assert_eq!(
            written(OutputFormat::Csv, [document(rows)]),
            "a,b,c\n1.10,,\n\"b,\"\"c\"\"\nd\",,\"{\"\"x\"\":[1]}\"\n"
        );
    }

    #[test]
    fn chosen_columns_are_written_at_once_under_one_header() {
        let columns = Columns::parse("b,a|A").unwrap();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, OutputFormat::Csv, OutputStyle::default());
        for row in [json!({"a": 1}), json!({"b": 2})] {
            writer.write(document(json!({"results": [row]})).select(&columns)).unwrap();
        }
        drop(writer);
        assert_eq!(String::from_utf8(out).unwrap(), "b,A\n,1\n2,\n");
    }

    #[test]
    fn a_row_of_one_empty_cell_is_no_empty_line() {
        let rows = json!({"results": [{"a": ""}, {"a": null}, {"a": "x"}]});
        assert_eq!(written(OutputFormat::Csv, [document(rows)]), "a\n\"\"\n\"\"\nx\n");
    }

    #[test]
    fn only_a_terminal_gets_control_characters_escaped() {
        let rows = || document(json!({"results": [{"a": "\x1b[2J"}]}));
        assert_eq!(written(OutputFormat::Csv, [rows()]), "a\n\x1b[2J\n");
        let mut out = Vec::new();
        let style = OutputStyle { terminal: true, ..OutputStyle::default() };
        let mut writer = Writer::new(&mut out, OutputFormat::Csv, style);
        writer.write(rows()).unwrap();
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\n\\u{1b}[2J\n");
    }

    proptest! {
        #[test]
        fn it_reads_back_equal(rows in prop::collection::vec(["[\\PC\n\r\t\",]{0,9}", "[a ,\"]{0,3}"], 1..6)) {
            let results: Vec<Value> = rows.iter().map(|[a, b]| json!({"a": a, "b,": b})).collect();
            let text = written(OutputFormat::Csv, [document(json!({"results": results}))]);
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
