//! A list: its rows' cells, read once, in one arena.

use std::collections::HashMap;
use std::io;
use std::ops::Range;

use prost::encoding::{decode_varint, encode_varint};
use serde::ser::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::cell::{Cell, CellKind, KINDS};
use super::{RESULTS, TOTAL_COUNT};
use crate::query::columns::{cell_text, covers};
use crate::query::{Column, Columns};

/// Rows, and the response that they came in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RowList {
    /// The response with an empty list in place of the rows.
    pub(super) envelope: Map<String, Value>,
    /// The number of rows that match, whatever the page.
    pub(super) total: Option<u64>,
    /// The chosen columns; without a choice the rows' keys, each where it was first seen.
    headers: Vec<String>,
    /// The first column of each header.
    columns: HashMap<String, usize>,
    /// Whether the columns were chosen.
    is_selected: bool,
    rows: Vec<RowSpan>,
    /// Cells one after another: the column, the length with the kind, the text. The numbers are varints, so that a row
    /// of short cells takes little more than its texts.
    arena: Vec<u8>,
}

/// The cells of one row in the arena.
#[derive(Clone, Debug, PartialEq, Eq)]
struct RowSpan {
    cells: Range<usize>,
    /// The row is its only cell, and not a mapping.
    is_value: bool,
}

impl RowList {
    pub(super) fn with_capacity(length: usize) -> Self {
        Self { arena: Vec::with_capacity(length), ..Self::default() }
    }

    pub(super) fn set_envelope(&mut self, envelope: Map<String, Value>) {
        // Services that do not count leave the field out or send 0 beside their rows.
        self.total = envelope.get(TOTAL_COUNT).and_then(Value::as_u64).filter(|total| *total > 0);
        self.envelope = envelope;
    }

    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    pub fn is_selected(&self) -> bool {
        self.is_selected
    }

    pub fn len(&self) -> usize {
        self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many rows match, shown or not, if that is known.
    pub fn total(&self) -> Option<u64> {
        self.total
    }

    /// The column with this header, added if it is new; it is looked for at `guess` first.
    pub(super) fn column(&mut self, header: &str, guess: usize) -> usize {
        if self.headers.get(guess).is_some_and(|guessed| guessed == header) {
            return guess;
        }
        if let Some(column) = self.columns.get(header) {
            return *column;
        }
        self.columns.insert(header.to_owned(), self.headers.len());
        self.headers.push(header.to_owned());
        self.headers.len() - 1
    }

    /// Begins a row, which gets the cells that are pushed next.
    pub(super) fn push_row(&mut self, is_value: bool) {
        let end = self.arena.len();
        self.rows.push(RowSpan { cells: end..end, is_value });
    }

    pub(super) fn push_cell(&mut self, column: usize, kind: CellKind, text: &[u8]) {
        encode_varint(to_u64(column), &mut self.arena);
        encode_varint(to_u64(text.len()) * to_u64(KINDS.len()) + kind as u64, &mut self.arena);
        self.arena.extend_from_slice(text);
        if let Some(row) = self.rows.last_mut() {
            row.cells.end = self.arena.len();
        }
    }

    fn push_value(&mut self, column: usize, value: &Value) {
        let kind = match value {
            Value::Null => CellKind::Null,
            Value::String(_) => CellKind::Text,
            Value::Number(_) => CellKind::Number,
            Value::Bool(_) | Value::Array(_) | Value::Object(_) => CellKind::Json,
        };
        self.push_cell(column, kind, cell_text(value).as_bytes());
    }

    fn cells(&self, row: &RowSpan) -> impl Iterator<Item = (usize, Cell<'_>)> {
        let mut rest = self.arena.get(row.cells.clone()).unwrap_or_default();
        std::iter::from_fn(move || {
            let column = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            let tag = usize::try_from(decode_varint(&mut rest).ok()?).ok()?;
            let (bytes, others) = rest.split_at_checked(tag / KINDS.len())?;
            rest = others;
            Some((column, Cell { kind: KINDS[tag % KINDS.len()], bytes }))
        })
    }

    /// Calls `take` with the cells of each row, one per header.
    ///
    /// # Errors
    /// The first of `take`.
    pub fn each<'a>(&'a self, mut take: impl FnMut(&[Cell<'a>]) -> io::Result<()>) -> io::Result<()> {
        let mut cells = Vec::new();
        for row in &self.rows {
            self.fill(row, &mut cells);
            take(&cells)?;
        }
        Ok(())
    }

    fn fill<'a>(&'a self, row: &RowSpan, cells: &mut Vec<Cell<'a>>) {
        cells.clear();
        cells.resize(self.headers.len(), Cell::NULL);
        for (column, cell) in self.cells(row) {
            cells[column] = cell;
        }
    }

    /// Whether a row has this field; before columns are chosen.
    pub fn has_field(&self, name: &str) -> bool {
        !self.is_selected && self.columns.contains_key(name)
    }

    /// Calls `take` with each row, at least with its fields that paths from `names` can reach; with all if there are
    /// none. Before columns are chosen.
    pub fn each_row(&self, names: &[&str], mut take: impl FnMut(&Value)) {
        let is_wanted = |header: &str| names.is_empty() || names.iter().any(|name| covers(name, header));
        self.rows.iter().for_each(|row| take(&self.row_value(row, is_wanted)));
    }

    fn row_value(&self, row: &RowSpan, is_wanted: impl Fn(&str) -> bool) -> Value {
        let mut cells = self.cells(row).map(|(column, cell)| (&self.headers[column], cell));
        if row.is_value {
            return cells.next().map(|(_, cell)| cell.to_value()).unwrap_or_default();
        }
        let wanted = cells.filter(|(header, _)| is_wanted(header));
        Value::Object(wanted.map(|(header, cell)| (header.clone(), cell.to_value())).collect())
    }

    /// Narrows the rows to the columns; a cell that is missing is null.
    #[must_use]
    pub fn select(self, columns: &Columns) -> Self {
        if self.is_selected {
            return self;
        }
        let headers = columns.iter().map(|column| column.header().to_owned()).collect();
        let mut list = Self { headers, is_selected: true, ..Self::default() };
        let fields: Vec<Option<usize>> =
            columns.iter().map(|column| self.columns.get(column.first_name()?).copied()).collect();
        let mut cells = Vec::new();
        for row in &self.rows {
            list.push_row(false);
            self.fill(row, &mut cells);
            for (at, (column, field)) in columns.iter().zip(&fields).enumerate() {
                if column.is_one_name() && !row.is_value {
                    let Cell { kind, bytes } = field.map_or(Cell::NULL, |field| cells[field]);
                    list.push_cell(at, kind, bytes);
                } else {
                    let value =
                        self.row_value(row, |header| column.first_name().is_none_or(|name| covers(name, header)));
                    list.push_value(at, &column.select(&value));
                }
            }
        }
        Self { envelope: self.envelope, total: self.total, ..list }
    }

    /// Leaves out of the rows what is not among `fields`; see [`Document::narrow`](super::Document::narrow).
    pub(super) fn narrow(self, fields: &[String]) -> (Self, bool) {
        if self.is_selected {
            return (self, false);
        }
        let columns: Columns = fields
            .iter()
            .filter(|field| self.columns.contains_key(*field))
            .map(|field| Column::from_field(field))
            .collect();
        if columns.is_empty() {
            return (self, false);
        }
        let left_out = columns.len() < self.headers.len();
        (self.select(&columns), left_out)
    }

    /// The rows at these indexes, in this order; before columns are chosen.
    pub(super) fn pick(self, indexes: &[usize]) -> Self {
        if self.is_selected || indexes.iter().copied().eq(0..self.len()) {
            return self;
        }
        let mut list = Self::default();
        for row in indexes.iter().filter_map(|index| self.rows.get(*index)) {
            list.copy_row(&self, row);
        }
        Self { envelope: self.envelope, total: self.total, ..list }
    }

    /// Adds the rows of the next page; fields beside them are those of the last page that has them.
    pub fn append(&mut self, page: Self) {
        if self.rows.is_empty() {
            *self = page;
            return;
        }
        if !page.is_empty() {
            page.rows.iter().for_each(|row| self.copy_row(&page, row));
            self.envelope.extend(page.envelope);
            self.total = page.total.or(self.total);
        }
    }

    /// The same columns and no rows, of which this many match.
    pub(in crate::output) fn without_rows(&self, total: Option<u64>) -> Self {
        Self {
            total,
            headers: self.headers.clone(),
            columns: self.columns.clone(),
            is_selected: self.is_selected,
            ..Self::default()
        }
    }

    /// Adds a row of a list with the same columns.
    pub(in crate::output) fn push_from(&mut self, from: &Self, index: usize) {
        let Some(row) = from.rows.get(index) else { return };
        self.push_row(row.is_value);
        for (column, cell) in from.cells(row) {
            self.push_cell(column, cell.kind, cell.bytes);
        }
    }

    fn copy_row(&mut self, from: &Self, row: &RowSpan) {
        self.push_row(row.is_value);
        let mut next = 0;
        for (column, cell) in from.cells(row) {
            let column = self.column(&from.headers[column], next);
            self.push_cell(column, cell.kind, cell.bytes);
            next = column + 1;
        }
    }

    /// The rows, each as a mapping of its headers or as its value.
    pub fn rows(&self) -> impl Iterator<Item = ListRow<'_>> {
        self.rows.iter().map(|row| ListRow { list: self, row })
    }
}

/// One row, to be written whole.
#[derive(Clone, Copy)]
pub struct ListRow<'a> {
    list: &'a RowList,
    row: &'a RowSpan,
}

impl Serialize for ListRow<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut cells = self.list.cells(self.row);
        if self.row.is_value {
            return cells.next().map(|(_, cell)| cell).serialize(serializer);
        }
        serializer.collect_map(cells.map(|(column, cell)| (&self.list.headers[column], cell)))
    }
}

/// Serializes the row of a list that has no other; a column without a row is null.
pub(super) fn serialize_only_row<S: Serializer>(list: &RowList, serializer: S) -> Result<S::Ok, S::Error> {
    match list.rows().next() {
        Some(row) => row.serialize(serializer),
        None => serializer.collect_map(list.headers.iter().map(|header| (header, Cell::NULL))),
    }
}

/// The whole response, the rows in their place.
impl Serialize for RowList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = self.envelope.iter().map(|(name, value)| match value {
            _ if name == RESULTS => (name.as_str(), Field::Rows(self)),
            value => (name.as_str(), Field::Other(value)),
        });
        serializer.collect_map(fields)
    }
}

enum Field<'a> {
    Rows(&'a RowList),
    Other(&'a Value),
}

impl Serialize for Field<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Rows(list) => serializer.collect_seq(list.rows()),
            Self::Other(value) => value.serialize(serializer),
        }
    }
}

fn to_u64(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
