//! What is shown of a response: the chosen columns in the chosen format.

use std::cell::Cell;
use std::io::Write as _;

use prost_reflect::MessageDescriptor;

use crate::cli;
use crate::error::{Error, Result};
use crate::output::view::{Columns, Document, Shape};
use crate::output::{self, Format, Look, Writer};
use crate::terminal::io_streams::IoStreams;

/// What `-c` and `-o` ask for, and what is shown where they leave it open.
#[derive(Clone)]
pub struct OutputOptions {
    columns: Option<Columns>,
    format: Format,
    /// Cells are cut where the terminal is too narrow.
    fits: bool,
    /// The columns were chosen here and not by the user, who may want the others that there are.
    is_preset: bool,
    /// What a table is narrowed to without columns; `None` shows every field.
    fields: Option<Vec<String>>,
    /// The columns that come before others where none are chosen.
    first: Vec<String>,
    /// Something was not shown, and the user did not choose that.
    leaves_out: Cell<bool>,
}

impl OutputOptions {
    /// Reads the columns; a usage error if they cannot be, or not in this format, as several in quiet output.
    pub fn parse(columns: Option<&str>, format: cli::Format) -> Result<Self> {
        let format = format.into();
        let mut presentation = Self::new(format);
        if let Some(columns) = columns {
            let columns = Columns::parse(columns)?;
            if format == Format::Quiet {
                output::check_quiet(columns.len())?;
            }
            presentation.choose(columns)?;
        }
        Ok(presentation)
    }

    fn new(format: Format) -> Self {
        Self {
            columns: None,
            format,
            fits: false,
            is_preset: false,
            fields: None,
            first: Vec::new(),
            leaves_out: Cell::new(false),
        }
    }

    /// Cuts a table's cells to the terminal, unless `wide`.
    #[must_use]
    pub fn wide(self, wide: bool) -> Self {
        Self { fits: !wide, ..self }
    }

    /// Shows these columns, which the user chose; a usage error if the format cannot show them side by side.
    pub fn choose(&mut self, columns: Columns) -> Result<()> {
        if let (Some(header), Format::Json | Format::JsonLines | Format::Yaml) =
            (columns.repeated_header(), self.format)
        {
            return Err(Error::usage(format!("two columns are called {header}"))
                .hint("give each its own name, as in -c 'tags.a|A,tags.b|B'"));
        }
        self.columns = Some(columns);
        Ok(())
    }

    /// Shows these columns, which nobody asked for.
    pub fn preset(&mut self, columns: Columns) {
        (self.columns, self.is_preset) = (Some(columns), true);
    }

    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Whether columns that are kept for tables apply: it is a table, and none were chosen.
    pub fn is_open(&self) -> bool {
        self.columns.is_none() && self.format == Format::Table
    }

    /// Checks, before anything is sent, that the answer will have the columns and fit the format. A table without
    /// columns will show the fields that hold one plain value each.
    pub fn check(&mut self, response: &MessageDescriptor) -> Result<Shape> {
        let shape = Shape::of(response);
        if let Some(columns) = &self.columns {
            shape.check(columns)?;
        }
        let count = self.columns.as_ref().map(Columns::len).or_else(|| shape.column_count());
        // Columns that are all there is leave nothing out.
        self.is_preset &= shape.column_count() > self.columns.as_ref().map(Columns::len);
        if let (Format::Quiet, Some(count)) = (self.format, count) {
            output::check_quiet(count)?;
        }
        self.fields = if self.is_open() { shape.plain_fields() } else { None };
        Ok(shape)
    }

    /// Shows every field that is answered; for requests that say themselves which these are. After
    /// [`OutputOptions::check`].
    pub fn show_every_field(&mut self) {
        self.fields = None;
    }

    /// Shows these columns before others, where rows are shown side by side and no columns are chosen.
    pub fn show_first(&mut self, fields: Vec<String>) {
        if matches!(self.format, Format::Table | Format::Csv) {
            self.first = fields;
        }
    }

    /// Narrows a document to what is shown of it.
    pub fn select(&self, document: Document) -> Document {
        match (&self.columns, &self.fields) {
            (Some(columns), _) => {
                let document = document.select(columns);
                self.leave_out(self.is_preset && !document.is_empty());
                document
            }
            (None, Some(fields)) => {
                let (document, left_out) = document.narrow(fields);
                self.leave_out(left_out);
                document
            }
            (None, None) if !self.first.is_empty() => document.in_order(&self.first),
            (None, None) => document,
        }
    }

    /// How requests are shown instead of answers: whole, and as yaml where the format is one for an answer's rows.
    pub fn of_requests(&self) -> Self {
        let format = match self.format {
            Format::Table | Format::Quiet => Format::Yaml,
            format => format,
        };
        Self::new(format)
    }

    /// How the messages of a stream are shown: csv needs its header before the last of them, and so takes the fields
    /// that the type of the rows has, where columns are not chosen.
    pub fn of_stream(&self, shape: &Shape) -> Result<Self> {
        let columns = match (&self.columns, self.format) {
            (None, Format::Csv) => shape.columns().transpose()?,
            (columns, _) => columns.clone(),
        };
        Ok(Self { columns, ..self.clone() })
    }

    fn leave_out(&self, something: bool) {
        self.leaves_out.set(self.leaves_out.get() || something);
    }

    /// The document as text, for who writes it in a place or at a time of their own.
    pub fn text(&self, document: Document, look: Look) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        let mut writer = Writer::new(&mut text, self.format, look);
        writer.write(self.select(document))?;
        writer.finish()?;
        Ok(text)
    }

    pub fn format(&self) -> Format {
        self.format
    }

    /// Who reads standard output.
    pub fn look(&self, streams: &IoStreams) -> Look {
        let terminal = streams.out_is_terminal;
        let width = if self.fits && self.format == Format::Table { streams.out_width() } else { None };
        Look { terminal, styled: terminal && streams.color, width }
    }

    /// Where the documents of one command are written.
    pub fn writer<'a>(&self, streams: &'a mut IoStreams) -> Writer<'a> {
        let look = self.look(streams);
        Writer::new(&mut *streams.out, self.format, look)
    }

    /// Writes the one document of a command.
    pub fn write(&self, document: Document, streams: &mut IoStreams) -> Result<()> {
        let mut writer = self.writer(streams);
        writer.write(self.select(document))?;
        writer.finish()
    }

    /// Tells a person at a terminal, below what was written, that there is more; `how` shows it.
    pub fn tell_of_more(&self, how: &str, streams: &mut IoStreams) -> Result<()> {
        if self.leaves_out.get() && streams.out_is_terminal {
            streams.out.flush()?;
            streams.diagnostics.note(&format!("some fields are not shown: {how} shows them all"));
        }
        Ok(())
    }
}

/// What is shown of rows: `headed` for people, `name` alone for a shell's loop, and every key, as it is, for programs.
pub fn columns<'a>(output: cli::Format, headed: &'a str, name: &'a str) -> Option<&'a str> {
    match output {
        cli::Format::Table | cli::Format::Csv => Some(headed),
        cli::Format::Quiet => Some(name),
        cli::Format::Json | cli::Format::Jsonl | cli::Format::Yaml => None,
    }
}

impl From<cli::Format> for Format {
    fn from(format: cli::Format) -> Self {
        match format {
            cli::Format::Table => Self::Table,
            cli::Format::Json => Self::Json,
            cli::Format::Jsonl => Self::JsonLines,
            cli::Format::Yaml => Self::Yaml,
            cli::Format::Csv => Self::Csv,
            cli::Format::Quiet => Self::Quiet,
        }
    }
}
