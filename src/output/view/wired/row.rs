//! One row of a list, and its cells.

use std::borrow::Cow;

use serde_json::{Map, Number, Value};

use super::{Place, Shown};
use crate::codec::decode::{DecodePlan, FieldIndex, FieldSpans, Malformed, Sink, ValueSink, Workspace, serialize_into};
use crate::output::view::{Cell, Column, Made};
use crate::terminal::json::{Layout, Text};

/// What becomes of cells whose texts have to be made.
pub(super) enum Making<'a> {
    /// Each is made where it is shown.
    Each,
    /// They are kept, too, up to so many bytes.
    Keeping { made: &'a mut Made, limit: usize },
    /// They were kept before.
    Kept { made: &'a Made, next: usize },
}

impl<'a> Making<'a> {
    fn cell(&mut self, make: impl FnOnce() -> Result<Cell<'static>, Malformed>) -> Result<Cell<'a>, Malformed> {
        match self {
            Self::Each => make(),
            Self::Keeping { made, limit } => {
                let cell = make()?;
                made.push(&cell, *limit);
                Ok(cell)
            }
            Self::Kept { made, next } => {
                *next += 1;
                match made.get(*next - 1) {
                    Some(cell) => Ok(cell),
                    None => make(),
                }
            }
        }
    }
}

/// One row where it lies.
pub(super) struct Row<'a> {
    pub plan: &'a DecodePlan,
    pub place: usize,
    pub bytes: &'a [u8],
    pub found: FieldSpans,
}

impl<'a> Row<'a> {
    pub fn emit(&self, shown: &Shown, sink: &mut impl Sink, workspace: &mut Workspace) -> Result<(), Malformed> {
        let Shown::Columns(columns) = shown else { return self.plan.emit(self.place, self.bytes, sink, workspace) };
        sink.begin_mapping();
        for column in &**columns {
            sink.key(column.header.as_bytes())?;
            self.emit_place(&column.place, sink, workspace)?;
        }
        sink.end_mapping();
        Ok(())
    }

    pub fn emit_place(&self, place: &Place, sink: &mut impl Sink, workspace: &mut Workspace) -> Result<(), Malformed> {
        match place {
            Place::Field(field) if self.found.has(*field, workspace) => {
                return self.emit_field(*field, sink, workspace);
            }
            Place::Below(field, column) => {
                if let Some(value) = self.below(*field, column, workspace)? {
                    return serialize_into(&value, sink);
                }
            }
            Place::Field(_) | Place::Nowhere => {}
        }
        sink.null();
        Ok(())
    }

    pub fn value(&self, place: &Place, workspace: &mut Workspace) -> Result<Value, Malformed> {
        let mut sink = ValueSink::default();
        self.emit_place(place, &mut sink, workspace)?;
        Ok(sink.finish().unwrap_or_default())
    }

    /// Adds the cell at `place` to `cells`.
    pub fn add_cell<'c>(
        &self,
        place: &Place,
        cells: &mut Vec<Cell<'c>>,
        making: &mut Making<'c>,
        spare: &mut Vec<Vec<u8>>,
        workspace: &mut Workspace,
    ) -> Result<(), Malformed>
    where
        'a: 'c,
    {
        match place {
            Place::Field(field) if self.found.has(*field, workspace) => {
                let value = workspace.value(*field, self.bytes, self.found)?;
                match self.plan.text(self.place, *field, value)? {
                    Some(text) => cells.push(Cell::of_checked(Cow::Borrowed(text), false)),
                    None => cells.push(making.cell(|| {
                        let mut sink = CellSink::new(spare.pop().unwrap_or_default());
                        self.emit_field(*field, &mut sink, workspace)?;
                        Ok(sink.finish())
                    })?),
                }
            }
            Place::Below(field, column) => cells.push(making.cell(|| {
                Ok(match self.below(*field, column, workspace)? {
                    Some(value) => Cell::of(&value).into_owned(),
                    None => Cell::EMPTY,
                })
            })?),
            Place::Field(_) | Place::Nowhere => cells.push(Cell::EMPTY),
        }
        Ok(())
    }

    /// What a column finds below a field: in a row that has that field alone, since no other is on its way.
    fn below(&self, field: FieldIndex, column: &Column, workspace: &mut Workspace) -> Result<Option<Value>, Malformed> {
        if !self.found.has(field, workspace) {
            return Ok(None);
        }
        let name = column.first_name().unwrap_or_default().to_owned();
        let row = Value::Object(Map::from_iter([(name, self.value(&Place::Field(field), workspace)?)]));
        Ok(column.value(&row).map(Cow::into_owned))
    }

    fn emit_field(&self, field: FieldIndex, sink: &mut impl Sink, workspace: &mut Workspace) -> Result<(), Malformed> {
        self.plan.emit_field((self.place, field), self.bytes, self.found, sink, workspace)
    }
}

/// Makes a cell: JSON, but for a text that stands alone.
struct CellSink {
    text: Text,
    is_number: bool,
}

impl CellSink {
    /// In the room that `spare` has.
    fn new(spare: Vec<u8>) -> Self {
        Self { text: Text::in_room_of(Layout::Raw, spare), is_number: false }
    }

    fn finish(self) -> Cell<'static> {
        Cell::of_checked(Cow::Owned(self.text.into_bytes()), self.is_number)
    }

    fn is_alone(&self) -> bool {
        self.text.depth() == 0
    }
}

impl Sink for CellSink {
    fn null(&mut self) {
        if !self.is_alone() {
            self.text.null();
        }
    }

    fn bool(&mut self, value: bool) {
        self.text.bool(value);
    }

    fn number(&mut self, number: Number) {
        self.is_number = self.is_alone();
        self.text.number(number);
    }

    fn text(&mut self, text: &[u8]) -> Result<(), Malformed> {
        if self.is_alone() {
            self.text.push(text);
            return Ok(());
        }
        self.text.text(text)
    }

    fn begin_list(&mut self) {
        self.text.begin_list();
    }

    fn end_list(&mut self) {
        self.text.end_list();
    }

    fn begin_mapping(&mut self) {
        self.text.begin_mapping();
    }

    fn key(&mut self, key: &[u8]) -> Result<(), Malformed> {
        self.text.key(key)
    }

    fn end_mapping(&mut self) {
        self.text.end_mapping();
    }
}
