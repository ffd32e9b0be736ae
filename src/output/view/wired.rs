//! A list in the bytes that it came in: its rows are read where they lie, each time that they are shown.

mod row;

use std::io::{self, Write};
use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value};

use prost_reflect::MessageDescriptor;
use row::{Making, Row};

use super::document::{RESULTS, total};
use super::rows::{Made, TakeRow};
use super::{Cell, Column, Columns, Document, List, Rows};
use crate::codec::decode::{DecodePlan, FieldIndex, Malformed, Sink, ValueSink, Workspace, serialize_into};
use crate::codec::wire_format::Reader;
use crate::terminal::json::{Layout, Text};

/// What is written at once, in bytes.
const PORTION: usize = 64 * 1024;

/// Which part of the response's own size the texts may have that are made of it and kept.
const MADE_PART: usize = 2;

/// The response of the type that a plan was made for.
const RESPONSE: usize = 0;

/// How the lists of one type are read.
#[derive(Debug)]
pub(super) struct ListPlan {
    plan: DecodePlan,
    /// The field of the response that holds the rows.
    results: FieldIndex,
    /// The type of a row.
    row: usize,
}

impl ListPlan {
    /// Of a response whose rows are mappings of their fields; `None` for lists that are read as plain values only.
    pub(super) fn of(response: &MessageDescriptor) -> Option<Self> {
        let plan = DecodePlan::new(response);
        let results = plan.field(RESPONSE, RESULTS)?;
        let row = plan.items(RESPONSE, results)?;
        Some(Self { plan, results, row })
    }
}

/// A list of at least one row.
#[derive(Clone, Debug)]
pub struct WireList {
    list: Arc<ListPlan>,
    bytes: Bytes,
    count: usize,
    total: Option<u64>,
    /// The response, with nothing in the rows' place.
    envelope: Map<String, Value>,
    /// The fields that a row has, each where it was first seen.
    seen: Vec<FieldIndex>,
    shown: Shown,
}

/// What is shown of the rows.
#[derive(Clone, Debug)]
enum Shown {
    /// All that they have.
    Whole,
    Columns(Arc<Vec<Chosen>>),
}

/// A column.
#[derive(Clone, Debug)]
struct Chosen {
    header: String,
    place: Place,
}

/// Where a column's cells stand.
#[derive(Clone, Debug)]
enum Place {
    Nowhere,
    Field(FieldIndex),
    /// Below a field.
    Below(FieldIndex, Box<Column>),
}

impl PartialEq for WireList {
    fn eq(&self, other: &Self) -> bool {
        let texts = |list: &Self| {
            let mut text = Vec::new();
            list.write_json(&mut text).ok().map(|()| text)
        };
        self.bytes == other.bytes && texts(self) == texts(other)
    }
}

impl WireList {
    /// Looks through a response; `None` if it is to be read as a plain value: broken, odd or without a row.
    pub(super) fn read(list: &Arc<ListPlan>, bytes: Bytes) -> Option<Self> {
        Self::try_read(list, bytes).ok().flatten()
    }

    fn try_read(list: &Arc<ListPlan>, bytes: Bytes) -> Result<Option<Self>, Malformed> {
        list.plan.check(RESPONSE, &bytes)?;
        let mut workspace = Workspace::default();
        let (mut count, mut seen) = (0, Vec::new());
        let mut is_seen = vec![false; list.plan.names(list.row).count()];
        for row in list.plan.messages(RESPONSE, list.results, &bytes) {
            let found = list.plan.find(list.row, row?, &mut workspace)?;
            for field in found.fields(&workspace).filter(|field| !is_seen[*field]).collect::<Vec<_>>() {
                is_seen[field] = true;
                seen.push(field);
            }
            workspace.leave(found);
            count += 1;
        }
        if count == 0 {
            return Ok(None);
        }
        let envelope = list.envelope(&bytes, &mut workspace)?;
        let total = total(&envelope);
        let list = Arc::clone(list);
        Ok(Some(Self { list, bytes, count, total, envelope, seen, shown: Shown::Whole }))
    }

    /// Narrows the rows to the columns; a cell that is missing is null.
    pub(super) fn select(self, columns: &Columns) -> Self {
        let Shown::Whole = self.shown else { return self };
        let chosen = columns.iter().map(|column| Chosen {
            header: column.header().to_owned(),
            place: match self.list.plan.field(self.list.row, column.first_name().unwrap_or_default()) {
                None => Place::Nowhere,
                Some(field) if column.is_one_name() => Place::Field(field),
                Some(field) => Place::Below(field, Box::new(column.clone())),
            },
        });
        let shown = Shown::Columns(Arc::new(chosen.collect()));
        Self { shown, ..self }
    }

    /// Leaves out of the rows what is not among `fields`, and says whether there was any of it; see
    /// [`super::Document::narrow`].
    pub(super) fn narrow(self, fields: &[String]) -> (Self, bool) {
        let Shown::Whole = self.shown else { return (self, false) };
        let chosen = fields.iter().filter_map(|name| {
            let field = self.list.plan.field(self.list.row, name)?;
            self.seen.contains(&field).then(|| Chosen { header: name.clone(), place: Place::Field(field) })
        });
        let chosen: Vec<Chosen> = chosen.collect();
        if chosen.is_empty() {
            return (self, false);
        }
        let left_out = chosen.len() < self.seen.len();
        (Self { shown: Shown::Columns(Arc::new(chosen)), ..self }, left_out)
    }

    /// Whether a row has this field.
    pub(super) fn has_field(&self, name: &str) -> bool {
        self.list.plan.field(self.list.row, name).is_some_and(|field| self.seen.contains(&field))
    }

    /// Hands each row to `take`, with those of its fields that are among `names`; with all if there are none.
    pub(super) fn each_row(&self, names: &[&str], take: &mut dyn FnMut(&Value)) {
        let places = names.iter().filter_map(|name| Some((*name, self.list.plan.field(self.list.row, name)?)));
        let places: Vec<(&str, FieldIndex)> = places.collect();
        // It was looked through: there is nothing that cannot be read.
        let _ = self.rows(|row, workspace| {
            let mut sink = ValueSink::default();
            if names.is_empty() {
                row.emit(&Shown::Whole, &mut sink, workspace)?;
            } else {
                sink.begin_mapping();
                for (name, field) in &places {
                    if row.found.has(*field, workspace) {
                        sink.key(name.as_bytes())?;
                        row.emit_place(&Place::Field(*field), &mut sink, workspace)?;
                    }
                }
                sink.end_mapping();
            }
            take(&sink.finish().unwrap_or_default());
            Ok(())
        });
    }

    /// The rows at these places, counted from 0, in this order; before anything is chosen of them.
    pub(super) fn pick(self, places: &[usize]) -> Document {
        if places.iter().copied().eq(0..self.count) {
            return Document::Wired(Box::new(self));
        }
        let number = self.list.plan.number(RESPONSE, self.list.results);
        let (mut rows, mut others) = (Vec::new(), Vec::new());
        let mut reader = Reader::new(&self.bytes);
        while let Ok(Some(entry)) = reader.entry() {
            let of = if Some(entry.number) == number { &mut rows } else { &mut others };
            of.push(&self.bytes[entry.key..entry.end]);
        }
        // Messages keep their meaning where their fields change places.
        let picked = places.iter().filter_map(|place| rows.get(*place));
        let bytes: Vec<u8> = picked.chain(&others).copied().flatten().copied().collect();
        match Self::read(&self.list, bytes.into()) {
            Some(list) => Document::Wired(Box::new(Self { total: self.total, ..list })),
            None => Document::List(List::new(self.envelope, Vec::new())),
        }
    }

    /// Takes the rows that are here for all that match, unless their number is known.
    pub(super) fn count_rows(&mut self) {
        self.total = self.total.or_else(|| u64::try_from(self.count).ok());
    }

    /// The same list of plain values.
    pub(super) fn into_list(self) -> List {
        let mut whole = Vec::new();
        let mut selected = Vec::new();
        // It was looked through: there is nothing that cannot be read.
        let _ = self.rows(|row, workspace| {
            if let Shown::Columns(columns) = &self.shown {
                let cells = columns.iter().map(|column| row.value(&column.place, workspace));
                selected.push(cells.collect::<Result<Vec<_>, _>>()?);
            } else {
                let mut sink = ValueSink::default();
                row.emit(&self.shown, &mut sink, workspace)?;
                whole.extend(sink.finish());
            }
            Ok(())
        });
        if self.is_selected() {
            let headers = self.headers().into_iter().map(str::to_owned).collect();
            List::of_selected(self.envelope, headers, selected)
        } else {
            List::new(self.envelope, whole)
        }
    }

    /// Writes the whole response as JSON, as [`crate::terminal::json::pretty`] would its value.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn write_json(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Text::new(Layout::Indented);
        text.begin_mapping();
        for (key, value) in &self.envelope {
            text.key(key.as_bytes()).map_err(unread)?;
            if key == RESULTS {
                text.begin_list();
                self.rows(|row, workspace| {
                    row.emit(&self.shown, &mut text, workspace)?;
                    Ok(hand_over(&mut text, out, PORTION)?)
                })?;
                text.end_list();
            } else {
                serialize_into(value, &mut text).map_err(unread)?;
            }
        }
        text.end_mapping();
        text.end_line();
        hand_over(&mut text, out, 0)
    }

    /// Writes each row as one line of JSON.
    ///
    /// # Errors
    /// `out` cannot be written to.
    pub fn write_json_lines(&self, out: &mut dyn Write) -> io::Result<()> {
        let mut text = Text::new(Layout::Line);
        self.rows(|row, workspace| {
            row.emit(&self.shown, &mut text, workspace)?;
            text.end_line();
            Ok(hand_over(&mut text, out, PORTION)?)
        })?;
        hand_over(&mut text, out, 0)
    }

    fn go_through<'a>(&'a self, headers: &[&str], mut making: Making<'a>, take: &mut TakeRow<'_>) -> io::Result<()> {
        let columns = &*self.columns(headers);
        let mut cells: Vec<Cell<'_>> = Vec::with_capacity(columns.len());
        // What a row's texts were kept in serves the next row.
        let mut spare: Vec<Vec<u8>> = Vec::new();
        self.rows(|row, workspace| {
            for column in columns {
                row.add_cell(&column.place, &mut cells, &mut making, &mut spare, workspace)?;
            }
            take(&cells)?;
            spare.extend(cells.drain(..).filter_map(Cell::into_room));
            // Cells below a field bring rooms of their own and take none.
            spare.truncate(columns.len());
            Ok(())
        })
    }

    /// What is shown below `headers`.
    fn columns(&self, headers: &[&str]) -> Arc<Vec<Chosen>> {
        if let Shown::Columns(columns) = &self.shown {
            return Arc::clone(columns);
        }
        let field = |header: &str| self.list.plan.field(self.list.row, header);
        let place = |header: &str| field(header).map_or(Place::Nowhere, Place::Field);
        let chosen = headers.iter().map(|header| Chosen { header: String::new(), place: place(header) });
        Arc::new(chosen.collect())
    }

    /// Goes through the rows.
    fn rows<'a>(&'a self, mut take: impl FnMut(Row<'a>, &mut Workspace) -> Result<(), Trouble>) -> io::Result<()> {
        let ListPlan { plan, results, row } = &*self.list;
        let mut workspace = Workspace::default();
        let mut each = |bytes: Result<_, Malformed>| {
            let bytes = bytes?;
            let found = plan.find(*row, bytes, &mut workspace)?;
            take(Row { plan, place: *row, bytes, found }, &mut workspace)?;
            workspace.leave(found);
            Ok(())
        };
        for bytes in plan.messages(RESPONSE, *results, &self.bytes) {
            each(bytes).map_err(|trouble| match trouble {
                Trouble::Malformed(malformed) => unread(malformed),
                Trouble::Output(error) => error,
            })?;
        }
        Ok(())
    }
}

impl ListPlan {
    /// The response without its rows.
    fn envelope(&self, bytes: &[u8], workspace: &mut Workspace) -> Result<Map<String, Value>, Malformed> {
        let found = self.plan.find(RESPONSE, bytes, workspace)?;
        let names: Vec<&str> = self.plan.names(RESPONSE).collect();
        let mut envelope = Map::new();
        for field in found.fields(workspace).collect::<Vec<_>>() {
            let value = if field == self.results {
                Value::Array(Vec::new())
            } else {
                let mut sink = ValueSink::default();
                self.plan.emit_field((RESPONSE, field), bytes, found, &mut sink, workspace)?;
                sink.finish().unwrap_or_default()
            };
            envelope.insert(names[field].to_owned(), value);
        }
        workspace.leave(found);
        Ok(envelope)
    }
}

impl Rows for WireList {
    fn headers(&self) -> Vec<&str> {
        match &self.shown {
            Shown::Columns(columns) => columns.iter().map(|column| column.header.as_str()).collect(),
            Shown::Whole => {
                let names: Vec<&str> = self.list.plan.names(self.list.row).collect();
                self.seen.iter().map(|field| names[*field]).collect()
            }
        }
    }

    fn is_selected(&self) -> bool {
        matches!(self.shown, Shown::Columns(_))
    }

    fn len(&self) -> usize {
        self.count
    }

    fn total(&self) -> Option<u64> {
        self.total
    }

    fn each(&self, headers: &[&str], take: &mut TakeRow<'_>) -> io::Result<()> {
        self.go_through(headers, Making::Each, take)
    }

    fn each_keeping(&self, headers: &[&str], made: &mut Made, take: &mut TakeRow<'_>) -> io::Result<()> {
        let limit = self.bytes.len() / MADE_PART;
        self.go_through(headers, Making::Keeping { made, limit }, take)
    }

    fn each_kept(&self, headers: &[&str], made: &Made, take: &mut TakeRow<'_>) -> io::Result<()> {
        self.go_through(headers, Making::Kept { made, next: 0 }, take)
    }
}

/// Why going through rows ended early.
enum Trouble {
    Malformed(Malformed),
    Output(io::Error),
}

impl From<Malformed> for Trouble {
    fn from(malformed: Malformed) -> Self {
        Self::Malformed(malformed)
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

/// What was looked through can be read: nobody sees this.
fn unread(malformed: Malformed) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, malformed)
}

/// Writes the text so far, if it is more than `enough`.
fn hand_over(text: &mut Text, out: &mut dyn Write, enough: usize) -> io::Result<()> {
    if text.bytes().len() > enough {
        out.write_all(text.bytes())?;
        text.drain();
    }
    Ok(())
}
