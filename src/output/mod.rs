//! Documents in a format: one file per format, one writer for all.
//!
//! JSON texts are written in [`crate::text::json`], YAML in [`crate::yaml`]. What a document holds, and which of it
//! is shown, is in [`view`].

mod changes;
mod chart;
mod csv;
mod fit;
mod markdown;
mod quiet;
mod report;
mod table;
pub mod view;

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

pub use quiet::{check_columns as check_quiet, no_id};

use crate::error::Result;
use crate::output::view::{Document, RowList};
use crate::text::json;
use crate::yaml;

/// The formats of `-o`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputFormat {
    Table,
    Json,
    /// Each row of a list, or each value, as one line of JSON.
    JsonLines,
    Yaml,
    Csv,
    Markdown,
    Quiet,
    Chart,
}

/// How the output is to style.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OutputStyle {
    /// It goes to a terminal, which would obey control characters.
    pub terminal: bool,
    /// Styles are wanted.
    pub styled: bool,
    /// The width of a table's or chart's lines.
    pub width: Option<usize>,
    /// Cells that are too wide wrap instead of being cut.
    pub wraps: bool,
    /// Tables and csv are rows alone.
    pub no_headers: bool,
    /// Csv begins with a byte order mark.
    pub bom: bool,
    /// Cells of csv that a spreadsheet would run are guarded.
    pub csv_safe: bool,
    /// Charts are drawn with ASCII characters.
    pub ascii: bool,
    /// The field that identifies a row, if that is known.
    pub id: Option<String>,
}

/// Writes the documents of a command, so that together they are valid in the format.
pub struct Writer<'a> {
    out: &'a mut dyn Write,
    format: OutputFormat,
    style: OutputStyle,
    csv: csv::CsvWriter,
    /// Documents so far.
    count: usize,
    left_out: Rc<Cell<usize>>,
}

impl<'a> Writer<'a> {
    pub fn new(out: &'a mut dyn Write, format: OutputFormat, style: OutputStyle) -> Self {
        Self { out, format, csv: csv::CsvWriter::new(style.clone()), style, count: 0, left_out: Rc::default() }
    }

    /// Sets the header of csv without rows and without chosen columns.
    #[must_use]
    pub fn with_default_header(mut self, header: Vec<String>) -> Self {
        self.csv.default_header = header;
        self
    }

    /// Counts in `left_out` the columns that a table had no room for, of the table with the most.
    #[must_use]
    pub fn counting_left_out(mut self, left_out: Rc<Cell<usize>>) -> Self {
        left_out.set(0);
        self.left_out = left_out;
        self
    }

    /// Writes `document`; csv without chosen columns waits for [`Writer::finish`], since its header names the keys of
    /// all rows.
    ///
    /// # Errors
    /// The output cannot be written to; or the format needs an id or numbers, and the document has none.
    pub fn write(&mut self, document: Document) -> Result<()> {
        match self.format {
            OutputFormat::Json => json::pretty(self.out, &document)?,
            OutputFormat::JsonLines => match document {
                Document::List(list) => list.rows().try_for_each(|row| json::line(self.out, &row))?,
                one => json::line(self.out, &one)?,
            },
            OutputFormat::Yaml => yaml::write_document(self.out, &document.into_value())?,
            OutputFormat::Csv => self.csv.write(self.out, document.into_list())?,
            OutputFormat::Quiet => quiet::write(self.out, &document.into_list(), self.style.id.as_deref())?,
            OutputFormat::Table | OutputFormat::Markdown | OutputFormat::Chart => {
                if self.count > 0 && !self.style.no_headers {
                    writeln!(self.out)?;
                }
                let list = document.into_list();
                match self.format {
                    OutputFormat::Markdown => markdown::write(self.out, &list)?,
                    OutputFormat::Chart => chart::write(self.out, &list, &self.style)?,
                    _ => {
                        let left_out = table::write(self.out, &list, &self.style)?;
                        self.left_out.set(self.left_out.get().max(left_out));
                    }
                }
            }
        }
        self.count += 1;
        Ok(())
    }

    /// Writes a table of `new` in which the changes since `old` are marked, and returns how many rows it has with those
    /// that were removed.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn write_changes(&mut self, old: Option<&RowList>, new: &RowList) -> Result<usize> {
        let compared = old.and_then(|old| changes::compare(old, new, self.style.id.as_deref()));
        let (list, changes) = match &compared {
            Some((list, changes)) => (list, changes),
            None => (new, &vec![changes::RowChange::Unchanged; new.len()]),
        };
        self.left_out.set(table::write_changes(self.out, list, Some(changes), &self.style)?);
        Ok(list.len())
    }

    /// Hands on what is written so far, for a reader who follows a stream.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }

    /// Writes what waited for the last document.
    ///
    /// # Errors
    /// The output cannot be written to.
    pub fn finish(self) -> Result<()> {
        Ok(self.csv.finish(self.out)?)
    }
}

#[cfg(test)]
pub(in crate::output) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::output::view::ResponseKind;
    use crate::query::Columns;

    /// A response whose form only its value tells.
    pub(super) fn document(response: Value) -> Document {
        let pool = prost_reflect::DescriptorPool::global();
        let response_type = pool.get_message_by_name("google.protobuf.Struct").unwrap();
        ResponseKind::new(&response_type).document(response)
    }

    pub(super) fn written(format: OutputFormat, documents: impl IntoIterator<Item = Document>) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, format, OutputStyle::default());
        for document in documents {
            writer.write(document).unwrap();
        }
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn an_empty_list_is_valid_in_every_format() {
        let empty = || [document(json!({"results": []}))];
        assert_eq!(written(OutputFormat::Table, empty()), "NO DATA\n");
        assert_eq!(written(OutputFormat::Json, empty()), "{\n    \"results\": []\n}\n");
        assert_eq!(written(OutputFormat::Yaml, empty()), "---\nresults: []\n");
        assert_eq!(written(OutputFormat::Csv, empty()), "");
        assert_eq!(written(OutputFormat::Quiet, empty()), "");
    }

    #[test]
    fn an_empty_list_has_the_columns_that_were_asked_for() {
        let columns = Columns::parse("plugin_id,name|Name").unwrap();
        let empty = document(json!({"results": []})).select(&columns);
        assert_eq!(written(OutputFormat::Csv, [empty]), "plugin_id,Name\n");
    }

    #[test]
    fn several_documents_stay_valid_together() {
        let documents = || [document(json!({"a": 1})), document(json!({"a": 2, "b": "x"}))];
        assert_eq!(written(OutputFormat::Yaml, documents()), "---\na: 1\n---\na: 2\nb: x\n");
        assert_eq!(written(OutputFormat::Table, documents()), "   a\n-----\n   1\n\n   a | b\n-----+-----\n   2 | x\n");
        assert_eq!(
            written(OutputFormat::Json, documents()),
            "{\n    \"a\": 1\n}\n{\n    \"a\": 2,\n    \"b\": \"x\"\n}\n"
        );
        assert_eq!(written(OutputFormat::Csv, documents()), "a,b\n1,\n2,x\n");
    }

    #[test]
    fn one_value_is_one_row_and_an_empty_object_is_none() {
        let one = || document(json!({"a": 1, "b": "x"}));
        let columns = Columns::parse("b,a|b").unwrap();
        assert_eq!(written(OutputFormat::Table, [one()]), "   a | b\n-----+-----\n   1 | x\n");
        assert_eq!(written(OutputFormat::Table, [one().select(&columns)]), " b   |   b\n-----+-----\n x   |   1\n");
        assert_eq!(written(OutputFormat::Csv, [one().select(&columns)]), "b,b\nx,1\n");
        assert_eq!(written(OutputFormat::Table, [document(json!("1.10"))]), " Values\n----------\n 1.10\n");
        let empty = || document(json!({}));
        let columns = Columns::parse("b").unwrap();
        assert_eq!(written(OutputFormat::Table, [empty()]), "NO DATA\n");
        assert_eq!(written(OutputFormat::Table, [empty().select(&columns)]), "NO DATA\n");
        assert_eq!(written(OutputFormat::Yaml, [empty().select(&columns)]), "---\nb: null\n");
    }

    #[test]
    fn tables_are_kept_apart_by_a_blank_line() {
        let list = || document(json!({"results": ["a"]}));
        assert_eq!(
            written(OutputFormat::Table, [list(), list()]),
            " Values\n----------\n a\n\n Values\n----------\n a\n"
        );
    }

    #[test]
    fn a_reader_that_went_away_is_recognised_in_every_format() {
        struct Gone;

        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        for format in
            [OutputFormat::Table, OutputFormat::Json, OutputFormat::Yaml, OutputFormat::Csv, OutputFormat::Quiet]
        {
            let mut gone = Gone;
            let mut writer = Writer::new(&mut gone, format, OutputStyle::default());
            let result = writer.write(document(json!({"results": ["a"]}))).and_then(|()| writer.finish());
            assert_eq!(result.unwrap_err().kind(), crate::error::ErrorKind::BrokenPipe, "{format:?}");
        }
    }
}
