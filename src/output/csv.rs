//! Comma-separated values: one header, the rows' keys of all documents together.
//!
//! Quoting is RFC 4180's, lines end in LF: its CRLF would reach the last column of everything that cuts lines, `cut`,
//! `awk` and `while read` first. Cells are data and written as they are; only a terminal gets them escaped.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::output::view::Rows;
use crate::terminal::sanitize;

/// What is written at once, in bytes.
const PORTION: usize = 64 * 1024;

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
        if !std::mem::replace(&mut self.has_header, true) {
            self.header(out, &headers)?;
        }
        self.rows(out, &*list, &headers)
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
        self.header(out, &headers)?;
        self.waiting.iter().try_for_each(|list| self.rows(out, &**list, &headers))
    }

    fn header(&self, out: &mut dyn Write, headers: &[&str]) -> io::Result<()> {
        let mut record = Record::default();
        headers.iter().for_each(|header| record.field(self.shown(header).as_bytes()));
        record.end();
        out.write_all(&record.bytes)
    }

    fn rows(&self, out: &mut dyn Write, list: &dyn Rows, headers: &[&str]) -> io::Result<()> {
        let mut records = Record::default();
        list.each(headers, &mut |cells| {
            for cell in cells {
                if self.terminal {
                    records.field(sanitize::control(&cell.text()).as_bytes());
                } else {
                    records.field(cell.bytes());
                }
            }
            records.end();
            if records.bytes.len() > PORTION {
                out.write_all(&records.bytes)?;
                records.bytes.clear();
            }
            Ok(())
        })?;
        out.write_all(&records.bytes)
    }

    fn shown<'t>(&self, text: &'t str) -> Cow<'t, str> {
        if self.terminal { sanitize::control(text) } else { Cow::Borrowed(text) }
    }
}

/// What a field is quoted for, by byte.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    special[b',' as usize] = true;
    special[b'"' as usize] = true;
    special[b'\n' as usize] = true;
    special[b'\r' as usize] = true;
    special
};

fn needs_quotes(text: &[u8]) -> bool {
    /// JSON has a quote or a comma among so many bytes.
    const FEW: usize = 8;
    let is_special = |byte: &u8| SPECIAL[usize::from(*byte)];
    let (begin, rest) = text.split_at(text.len().min(FEW));
    // Of other texts, each byte is looked at, to the last: that is quicker than to ask behind each whether to go on.
    begin.iter().any(is_special) || rest.iter().fold(false, |any, byte| any | is_special(byte))
}

/// Records as they grow, field by field.
#[derive(Default)]
struct Record {
    bytes: Vec<u8>,
    /// Fields of the record that is not ended.
    fields: usize,
    /// The only one of them is empty.
    is_empty: bool,
}

impl Record {
    fn field(&mut self, text: &[u8]) {
        if self.fields > 0 {
            self.bytes.push(b',');
        }
        self.is_empty = self.fields == 0 && text.is_empty();
        self.fields += 1;
        if !needs_quotes(text) {
            self.bytes.extend_from_slice(text);
            return;
        }
        self.bytes.push(b'"');
        // JSON in a cell has a quote every few bytes: going from one to the next would take longer.
        self.bytes.reserve(text.len() * 2);
        for &byte in text {
            self.bytes.push(byte);
            if byte == b'"' {
                self.bytes.push(byte);
            }
        }
        self.bytes.push(b'"');
    }

    /// Ends the record; one that is nothing but an empty field would be an empty line, which readers pass over.
    fn end(&mut self) {
        if self.is_empty {
            self.bytes.extend_from_slice(b"\"\"");
        }
        self.bytes.push(b'\n');
        (self.fields, self.is_empty) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use csv::Terminator;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;
    use crate::output::tests::{document, written};
    use crate::output::view::Columns;
    use crate::output::{Format, Look, Writer};

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
        fn records_are_those_of_a_library(rows in prop::collection::vec(prop::collection::vec("[a,\"\n\r 플]{0,5}", 1..4), 0..5)) {
            let mut ours = Record::default();
            let builder = &mut csv::WriterBuilder::new();
            let mut theirs = builder.flexible(true).terminator(Terminator::Any(b'\n')).from_writer(Vec::new());
            for row in &rows {
                row.iter().for_each(|field| ours.field(field.as_bytes()));
                ours.end();
                theirs.write_record(row).unwrap();
            }
            let theirs = theirs.into_inner().unwrap();
            prop_assert_eq!(String::from_utf8(ours.bytes).unwrap(), String::from_utf8(theirs).unwrap());
        }

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
