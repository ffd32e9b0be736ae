//! CSV: one header with the keys of all documents' rows.
//!
//! Quoting is RFC 4180's, but lines end in LF: CRLF would reach the last column in `cut`, `awk` and `while read`. Cells
//! are written as they are, since programs read them back; only a terminal gets them escaped, and a spreadsheet guarded
//! on request.

use std::borrow::Cow;
use std::io::{self, Write};

use csv::{ErrorKind, Terminator, WriterBuilder};

use super::OutputStyle;
use crate::output::view::{Cell, RowList};
use crate::text::sanitize;

/// U+FEFF in UTF-8, which tells e.g. Excel the encoding.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// The first characters of a formula, also as full-width forms, and those that begin another cell.
const FORMULA_STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Writes lists below one header; those without chosen columns wait until all keys are known.
pub(super) struct CsvWriter {
    style: OutputStyle,
    has_header: bool,
    /// Something was written.
    has_begun: bool,
    waiting: Vec<RowList>,
    /// The header of lists without rows.
    pub(super) default_header: Vec<String>,
}

impl CsvWriter {
    pub(super) fn new(style: OutputStyle) -> Self {
        Self { style, has_header: false, has_begun: false, waiting: Vec::new(), default_header: Vec::new() }
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
    pub(super) fn finish(mut self, out: &mut dyn Write) -> io::Result<()> {
        let mut headers: Vec<&str> = Vec::new();
        let waiting = std::mem::take(&mut self.waiting);
        for list in &waiting {
            let new: Vec<&str> =
                list.headers().iter().map(String::as_str).filter(|header| !headers.contains(header)).collect();
            headers.extend(new);
        }
        let default_header = std::mem::take(&mut self.default_header);
        if headers.is_empty() && !waiting.is_empty() {
            headers.extend(default_header.iter().map(String::as_str));
        }
        let column = |list: &RowList, header: &str| list.headers().iter().position(|own| own == header);
        let columns = |list: &RowList| headers.iter().map(|header| column(list, header)).collect();
        let lists: Vec<_> = waiting.iter().map(|list| (list, columns(list))).collect();
        if headers.is_empty() { Ok(()) } else { self.records(out, &headers, &lists) }
    }

    /// Writes the header, if it is not empty, and the lists, of each the columns at these indexes.
    fn records(
        &mut self,
        out: &mut dyn Write,
        headers: &[&str],
        lists: &[(&RowList, Vec<Option<usize>>)],
    ) -> io::Result<()> {
        if self.style.bom && !std::mem::replace(&mut self.has_begun, true) {
            out.write_all(BYTE_ORDER_MARK)?;
        }
        let mut writer = WriterBuilder::new().terminator(Terminator::Any(b'\n')).from_writer(out);
        let into_io = |error: csv::Error| match error.into_kind() {
            ErrorKind::Io(error) => error,
            other => io::Error::other(format!("{other:?}")),
        };
        if !headers.is_empty() && !self.style.no_headers {
            let header = headers.iter().map(|header| self.shown(header.as_bytes(), false));
            writer.write_record(header).map_err(into_io)?;
        }
        for (list, columns) in lists {
            list.each(|cells| {
                let cell = |column: &Option<usize>| column.map_or(Cell::NULL, |column| cells[column]);
                let shown = columns.iter().map(cell).map(|cell| self.shown(cell.bytes, cell.is_number()));
                writer.write_record(shown).map_err(into_io)
            })?;
        }
        writer.flush()
    }

    fn shown<'t>(&self, text: &'t [u8], is_number: bool) -> Cow<'t, [u8]> {
        let guard: &[u8] = if self.style.csv_safe && !is_number && is_formula(text) { b"'" } else { b"" };
        if !self.style.terminal || sanitize::is_plain(text) {
            return if guard.is_empty() { Cow::Borrowed(text) } else { Cow::Owned([guard, text].concat()) };
        }
        Cow::Owned([guard, sanitize::control(&String::from_utf8_lossy(text)).as_bytes()].concat())
    }
}

/// Whether a spreadsheet may run a text: <https://owasp.org/www-community/attacks/CSV_Injection>. Quotes before it may
/// be taken for those of csv. A number as a text is a number for a spreadsheet, too.
fn is_formula(text: &[u8]) -> bool {
    let text = String::from_utf8_lossy(text);
    let begins = text.trim_start_matches(['"', '\'']).starts_with(FORMULA_STARTS);
    // Rust also parses `-inf` and `+nan`, which are names there.
    begins
        && !(text.parse::<f64>().is_ok() && text.bytes().all(|byte| !byte.is_ascii_alphabetic() || byte | 32 == b'e'))
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

    fn styled(style: OutputStyle, documents: impl IntoIterator<Item = Value>) -> String {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, OutputFormat::Csv, style);
        documents.into_iter().for_each(|rows| writer.write(document(json!({"results": rows}))).unwrap());
        writer.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_mark_of_the_byte_order_comes_first_and_once() {
        let style = OutputStyle { bom: true, ..OutputStyle::default() };
        assert_eq!(styled(style.clone(), [json!([{"a": 1}]), json!([{"a": 2}])]), "\u{feff}a\n1\n2\n");
        let columns = Columns::parse("a").unwrap();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out, OutputFormat::Csv, style);
        (0..2).for_each(|n| writer.write(document(json!({"results": [{"a": n}]})).select(&columns)).unwrap());
        writer.finish().unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "\u{feff}a\n0\n1\n");
    }

    #[test]
    fn rows_come_alone_without_headers() {
        let style = OutputStyle { no_headers: true, ..OutputStyle::default() };
        assert_eq!(styled(style, [json!([{"a": 1, "b": "x"}])]), "1,x\n");
    }

    #[test]
    fn formulas_are_guarded_and_numbers_are_not() {
        let safe = OutputStyle { csv_safe: true, ..OutputStyle::default() };
        let cell = |cell: Value| styled(safe.clone(), [json!([{"a": cell}])]).strip_prefix("a\n").unwrap().to_owned();
        for (text, written) in [
            ("=1+1", "'=1+1\n"),
            ("+82 10", "'+82 10\n"),
            ("-x", "'-x\n"),
            ("@SUM(1)", "'@SUM(1)\n"),
            ("\t=1", "'\t=1\n"),
            ("\r=1", "\"'\r=1\"\n"),
            ("\"=1\"", "\"'\"\"=1\"\"\"\n"),
            ("'=1", "''=1\n"),
            ("＝1", "'＝1\n"),
            ("-inf", "'-inf\n"),
            ("-5", "-5\n"),
            ("+1.5e3", "+1.5e3\n"),
            ("a=1", "a=1\n"),
            ("'quoted'", "'quoted'\n"),
            ("", "\"\"\n"),
        ] {
            assert_eq!(cell(json!(text)), written, "{text:?}");
        }
        assert_eq!(cell(json!(-5)), "-5\n");
        assert_eq!(cell(json!(-1e300)), "-1e+300\n");
        assert_eq!(styled(safe.clone(), [json!([{"=a": 1}])]), "'=a\n1\n");
        assert_eq!(styled(OutputStyle::default(), [json!([{"a": "=1"}])]), "a\n=1\n");
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
