//! Reads a list out of a decoder's events, in one pass.

use std::fmt::Display;
use std::io::Write as _;

use serde_json::{Map, Number, Value};

use super::cell::CellKind;
use super::list::RowList;
use super::{RESULTS, VALUES};
use crate::codec::decode::{Sink, ValueSink, emit_value};

/// Takes a response whose field `results` holds the rows.
#[derive(Default)]
pub(super) struct ListSink {
    list: RowList,
    /// The response without its rows.
    envelope: ValueSink,
    /// Lists and mappings that are open, up to a row's cells.
    depth: usize,
    /// The key that came last beside the rows is that of the rows.
    is_results: bool,
    in_rows: bool,
    /// The column of the next cell.
    column: usize,
    /// A cell that is a list or mapping.
    nested: CompactJson,
}

/// The depth of rows in a response, and that of their cells.
const ROWS: usize = 2;
const CELLS: usize = 3;

impl RowList {
    /// A list of rows that came from no response.
    pub fn from_values(rows: impl IntoIterator<Item = Value>) -> Self {
        let mut sink = ListSink::in_rows();
        for row in rows {
            emit_value(&row, &mut sink);
        }
        sink.finish()
    }
}

impl ListSink {
    /// Takes a response of `length` bytes.
    pub fn with_capacity(length: usize) -> Self {
        // Cells take about as much as the message. Memory that is not used never becomes resident.
        Self { list: RowList::with_capacity(length + length / 4), ..Self::default() }
    }

    /// Takes rows alone.
    pub fn in_rows() -> Self {
        Self { in_rows: true, depth: ROWS, ..Self::default() }
    }

    pub fn finish(self) -> RowList {
        let mut list = self.list;
        list.set_envelope(match self.envelope.finish() {
            Some(Value::Object(envelope)) => envelope,
            _ => Map::from_iter([(RESULTS.to_owned(), Value::Array(Vec::new()))]),
        });
        list
    }

    /// The sink of what is beside the rows or within a cell; `None` for a cell.
    fn inner(&mut self) -> Option<&mut dyn Sink> {
        if !self.in_rows {
            return Some(&mut self.envelope);
        }
        if self.nested.depth > 0 { Some(&mut self.nested) } else { None }
    }

    /// Adds a cell to the row, or a row that is this value.
    fn cell(&mut self, kind: CellKind, text: &[u8]) {
        if self.depth == ROWS {
            self.list.push_row(true);
            self.column = self.list.column(VALUES, 0);
        }
        self.list.push_cell(self.column, kind, text);
        self.column += 1;
    }

    /// Ends a list or mapping within a cell.
    fn end_nested(&mut self, mark: u8) {
        self.nested.end(mark);
        if self.nested.depth == 0 {
            let text = std::mem::take(&mut self.nested.text);
            self.cell(CellKind::Json, &text);
            // Its memory serves the next cell.
            self.nested = CompactJson { text, ..CompactJson::default() };
            self.nested.text.clear();
        }
    }
}

impl Sink for ListSink {
    fn null(&mut self) {
        match self.inner() {
            Some(sink) => sink.null(),
            None => self.cell(CellKind::Null, b""),
        }
    }

    fn bool(&mut self, value: bool) {
        match self.inner() {
            Some(sink) => sink.bool(value),
            None => self.cell(CellKind::Json, if value { b"true" } else { b"false" }),
        }
    }

    fn number(&mut self, number: Number) {
        match self.inner() {
            Some(sink) => sink.number(number),
            None => self.cell(CellKind::Number, number.to_string().as_bytes()),
        }
    }

    fn text(&mut self, text: &str) {
        match self.inner() {
            Some(sink) => sink.text(text),
            None => self.cell(CellKind::Text, text.as_bytes()),
        }
    }

    fn begin_list(&mut self) {
        if self.in_rows {
            return self.nested.begin(b'[');
        }
        self.envelope.begin_list();
        if self.depth == 1 && self.is_results {
            self.envelope.end_list();
            self.in_rows = true;
        }
        self.depth += 1;
    }

    fn end_list(&mut self) {
        if self.nested.depth > 0 {
            return self.end_nested(b']');
        }
        if !std::mem::take(&mut self.in_rows) {
            self.envelope.end_list();
        }
        self.depth -= 1;
    }

    fn begin_mapping(&mut self) {
        if self.in_rows && (self.nested.depth > 0 || self.depth == CELLS) {
            return self.nested.begin(b'{');
        }
        if self.in_rows {
            self.list.push_row(false);
            self.column = 0;
        } else {
            self.envelope.begin_mapping();
        }
        self.depth += 1;
    }

    fn key(&mut self, key: &str) {
        if self.depth == 1 {
            self.is_results = key == RESULTS;
        }
        match self.inner() {
            Some(sink) => sink.key(key),
            None => self.column = self.list.column(key, self.column),
        }
    }

    fn end_mapping(&mut self) {
        if self.nested.depth > 0 {
            return self.end_nested(b'}');
        }
        if !self.in_rows {
            self.envelope.end_mapping();
        }
        self.depth -= 1;
    }
}

/// Writes a cell's JSON without going through a value: 0.5 million of them are in 100,000 rows.
#[derive(Default)]
struct CompactJson {
    text: Vec<u8>,
    /// Lists and mappings that are open.
    depth: usize,
    needs_comma: bool,
}

impl CompactJson {
    fn separate(&mut self) {
        if std::mem::replace(&mut self.needs_comma, true) {
            self.text.push(b',');
        }
    }

    fn value(&mut self, value: impl Display) {
        self.separate();
        // Writing to a Vec cannot fail.
        let _ = write!(self.text, "{value}");
    }

    fn begin(&mut self, mark: u8) {
        self.separate();
        self.text.push(mark);
        self.needs_comma = false;
        self.depth += 1;
    }

    fn end(&mut self, mark: u8) {
        self.text.push(mark);
        self.needs_comma = true;
        self.depth -= 1;
    }
}

impl Sink for CompactJson {
    fn null(&mut self) {
        self.value("null");
    }

    fn bool(&mut self, value: bool) {
        self.value(value);
    }

    fn number(&mut self, number: Number) {
        self.value(number);
    }

    fn text(&mut self, text: &str) {
        self.separate();
        // Writing text to a Vec cannot fail.
        let _ = serde_json::to_writer(&mut self.text, text);
    }

    fn begin_list(&mut self) {
        self.begin(b'[');
    }

    fn end_list(&mut self) {
        self.end(b']');
    }

    fn begin_mapping(&mut self) {
        self.begin(b'{');
    }

    fn key(&mut self, key: &str) {
        self.text(key);
        self.text.push(b':');
        self.needs_comma = false;
    }

    fn end_mapping(&mut self) {
        self.end(b'}');
    }
}
