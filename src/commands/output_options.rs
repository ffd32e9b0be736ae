//! Columns and format of the documents that a command writes.

use std::cell::Cell;
use std::io::Write;
use std::rc::Rc;

use prost_reflect::MessageDescriptor;

use crate::cli;
use crate::error::{Error, Result};
use crate::output::view::{Document, ResponseKind, RowList, id_field};
use crate::output::{self, OutputFormat, OutputStyle, Writer};
use crate::query::{Column, Columns};
use crate::terminal::io_streams::IoStreams;

/// What `-c` and `-o` ask for, and the defaults of what they leave open.
#[derive(Clone)]
pub struct OutputOptions {
    columns: Option<Columns>,
    format: OutputFormat,
    layout: cli::LayoutArgs,
    /// The table fits the terminal's width.
    fits: bool,
    /// Cells wrap at the terminal's width.
    wraps: bool,
    /// The columns are a default: the user may want the others.
    is_preset: bool,
    /// The fields of a table without columns; `None` shows every field.
    fields: Option<Vec<String>>,
    /// The fields that come first where no columns are chosen.
    first: Vec<String>,
    /// The header of csv without rows, as far as the type of the rows says.
    default_header: Vec<String>,
    /// The field that identifies a row, if the resource is known.
    id: Option<String>,
    /// Fields were hidden without the user's choice.
    hides_fields: Cell<bool>,
    /// How many columns of a table did not fit.
    left_out: Rc<Cell<usize>>,
}

impl OutputOptions {
    /// Parses the columns; a usage error if they are not valid, or too many for quiet output.
    pub fn parse(columns: Option<&str>, format: impl Into<OutputFormat>) -> Result<Self> {
        let format = format.into();
        let mut output = Self::new(format);
        if let Some(columns) = columns {
            let columns = Columns::parse(columns)?;
            if format == OutputFormat::Quiet {
                output::check_quiet(columns.len())?;
            }
            output.choose(columns)?;
        }
        Ok(output)
    }

    fn new(format: OutputFormat) -> Self {
        Self {
            columns: None,
            format,
            layout: cli::LayoutArgs::default(),
            fits: false,
            wraps: false,
            is_preset: false,
            fields: None,
            first: Vec::new(),
            default_header: Vec::new(),
            id: None,
            hides_fields: Cell::new(false),
            left_out: Rc::default(),
        }
    }

    /// Sets the layout of tables and csv, and fits tables to the terminal; a usage error for options of other formats.
    pub fn with_layout(self, layout: &cli::LayoutArgs) -> Result<Self> {
        let is_csv = self.format == OutputFormat::Csv;
        let refused = |flag: &str, formats: &str| {
            Err(Error::usage(format!("{flag} is an option of {formats}"))
                .hint(format!("add {formats}, or remove {flag}")))
        };
        match layout {
            cli::LayoutArgs { bom: true, .. } if !is_csv => refused("--bom", "-o csv"),
            cli::LayoutArgs { csv_safe: true, .. } if !is_csv => refused("--csv-safe", "-o csv"),
            // Ids have no header.
            cli::LayoutArgs { no_headers: true, .. }
                if !is_csv && !matches!(self.format, OutputFormat::Table | OutputFormat::Quiet) =>
            {
                refused("--no-headers", "-o table or -o csv")
            }
            layout => Ok(Self { layout: *layout, fits: !layout.wide, ..self }),
        }
    }

    /// Wraps a table's cells at the terminal's width, for reports that are read as a whole.
    #[must_use]
    pub fn wrapping(self) -> Self {
        Self { wraps: true, ..self }
    }

    /// Sets the columns that the user chose; a usage error if headers repeat in a format of named values.
    pub fn choose(&mut self, columns: Columns) -> Result<()> {
        if let (Some(header), OutputFormat::Json | OutputFormat::JsonLines | OutputFormat::Yaml) =
            (columns.repeated_header(), self.format)
        {
            return Err(Error::usage(format!("two columns have the header {header}"))
                .hint("give each its own header, e.g. -c 'tags.a|A,tags.b|B'"));
        }
        self.columns = Some(columns);
        Ok(())
    }

    /// Sets default columns.
    pub fn preset(&mut self, columns: Columns) {
        (self.columns, self.is_preset) = (Some(columns), true);
    }

    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Whether templates apply: it is a table, and no columns are chosen.
    pub fn is_open(&self) -> bool {
        self.columns.is_none() && matches!(self.format, OutputFormat::Table | OutputFormat::Markdown)
    }

    /// Checks, before anything is sent, that the response has the columns and fits the format. A table without columns
    /// shows the fields that hold one plain value each; quiet output without columns is the ids of `resource`.
    pub fn check(&mut self, response: &MessageDescriptor, resource: &str) -> Result<ResponseKind> {
        let kind = ResponseKind::new(response);
        let id = id_field(resource);
        if self.format == OutputFormat::Quiet && self.columns.is_none() && kind.column_count() > Some(1) {
            let id = kind.id_field(&id).ok_or_else(|| output::no_id(Error::usage))?;
            self.columns = Some(Columns::from_iter([Column::from_field(&id)]));
        }
        self.id = Some(id);
        if let Some(columns) = &self.columns {
            kind.check(columns)?;
        }
        let count = self.columns.as_ref().map(Columns::len).or_else(|| kind.column_count());
        // Columns of all fields hide nothing.
        self.is_preset &= kind.column_count() > self.columns.as_ref().map(Columns::len);
        if let (OutputFormat::Quiet, Some(count)) = (self.format, count) {
            output::check_quiet(count)?;
        }
        self.default_header = kind.header();
        self.fields = if self.is_open() { kind.plain_fields() } else { None };
        Ok(kind)
    }

    /// Shows every field of the response, for requests that choose them. After [`OutputOptions::check`].
    pub fn show_every_field(&mut self) {
        self.fields = None;
    }

    /// Puts these fields first, in formats with columns if none are chosen.
    pub fn show_first(&mut self, fields: Vec<String>) {
        use OutputFormat::{Chart, Csv, Markdown, Table};
        if matches!(self.format, Table | Csv | Markdown | Chart) {
            if self.default_header.is_empty() {
                self.default_header.clone_from(&fields);
            }
            self.first = fields;
        }
    }

    /// Narrows a document to its columns.
    pub fn select(&self, document: Document) -> Document {
        match (&self.columns, &self.fields) {
            (Some(columns), _) => {
                let document = document.select(columns);
                self.hide(self.is_preset && !document.is_empty());
                document
            }
            (None, Some(fields)) => {
                let (document, left_out) = document.narrow(fields);
                self.hide(left_out);
                document
            }
            (None, None) if !self.first.is_empty() => document.in_order(&self.first),
            (None, None) => document,
        }
    }

    /// The options for requests: whole, and as YAML where the format is for rows.
    pub fn for_requests(&self) -> Self {
        let format = match self.format {
            OutputFormat::Json | OutputFormat::JsonLines | OutputFormat::Csv => self.format,
            _ => OutputFormat::Yaml,
        };
        Self::new(format)
    }

    /// The options for the messages of a stream: CSV needs its header before the last message, so without columns it
    /// takes the fields of the rows' type.
    pub fn for_stream(&self, kind: &ResponseKind) -> Self {
        let columns = match (&self.columns, self.format) {
            (None, OutputFormat::Csv) => kind.columns(),
            (columns, _) => columns.clone(),
        };
        Self { columns, ..self.clone() }
    }

    fn hide(&self, hides_fields: bool) {
        self.hides_fields.set(self.hides_fields.get() || hides_fields);
    }

    /// Formats one document.
    pub fn text(&self, document: Document, style: OutputStyle) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        let mut writer = self.writer_to(&mut text, style);
        writer.write(self.select(document))?;
        writer.finish()?;
        Ok(text)
    }

    /// Formats one document, and counts its rows; in a table, rows that differ from `last` are marked. `last` becomes
    /// this one.
    pub fn text_with_changes(
        &self,
        document: Document,
        last: &mut Option<RowList>,
        style: OutputStyle,
    ) -> Result<(Vec<u8>, usize)> {
        if self.format != OutputFormat::Table {
            let count = document.row_count();
            return Ok((self.text(document, style)?, count));
        }
        let list = self.select(document).into_list();
        let mut text = Vec::new();
        let mut writer = self.writer_to(&mut text, style);
        let count = writer.write_changes(last.as_ref(), &list)?;
        writer.finish()?;
        *last = Some(list);
        Ok((text, count))
    }

    pub fn format(&self) -> OutputFormat {
        self.format
    }

    /// How standard output is to style.
    pub fn style(&self, streams: &IoStreams) -> OutputStyle {
        let is_fitted = match self.format {
            OutputFormat::Table => self.fits || self.wraps,
            format => format == OutputFormat::Chart,
        };
        OutputStyle {
            terminal: streams.out_is_terminal,
            styled: streams.out_color,
            width: if is_fitted { streams.out_width() } else { None },
            wraps: self.wraps,
            no_headers: self.layout.no_headers,
            bom: self.layout.bom,
            csv_safe: self.layout.csv_safe,
            ascii: !streams.is_utf8,
            id: self.id.clone(),
        }
    }

    /// A writer for the documents of one command.
    pub fn writer<'a>(&self, streams: &'a mut IoStreams) -> Writer<'a> {
        let style = self.style(streams);
        self.writer_to(&mut *streams.out, style)
    }

    fn writer_to<'a>(&self, out: &'a mut dyn Write, style: OutputStyle) -> Writer<'a> {
        let left_out = Rc::clone(&self.left_out);
        Writer::new(out, self.format, style)
            .with_default_header(self.default_header.clone())
            .counting_left_out(left_out)
    }

    /// Writes the one document of a command.
    pub fn write(&self, document: Document, streams: &mut IoStreams) -> Result<()> {
        let mut writer = self.writer(streams);
        writer.write(self.select(document))?;
        writer.finish()
    }

    /// Tells a person at a terminal that columns did not fit, or else that fields are hidden, which `flag` shows.
    pub fn note_hidden_fields(&self, flag: &str, streams: &mut IoStreams) -> Result<()> {
        let hidden = || format!("some fields are hidden: use {flag} to show all");
        let note = self.left_out_note().or_else(|| self.hides_fields.get().then(hidden));
        if let Some(note) = note.filter(|_| streams.out_is_terminal) {
            streams.out.flush()?;
            streams.diagnostics.note(&note);
        }
        Ok(())
    }

    /// How many columns the terminal was too narrow for; `None` if all fit.
    pub fn left_out_note(&self) -> Option<String> {
        match self.left_out.get() {
            0 => None,
            1 => Some("1 column does not fit: use --wide or -c".to_owned()),
            count => Some(format!("{count} columns do not fit: use --wide or -c")),
        }
    }
}

/// The columns of rows: `headed` for people, `name` alone for quiet output, and every key for programs.
pub fn columns<'a>(output: cli::Format, headed: &'a str, name: &'a str) -> Option<&'a str> {
    match output {
        cli::Format::Table | cli::Format::Csv | cli::Format::Markdown => Some(headed),
        cli::Format::Name | cli::Format::Quiet => Some(name),
        cli::Format::Json | cli::Format::Jsonl | cli::Format::Yaml => None,
    }
}

impl From<cli::Format> for OutputFormat {
    fn from(format: cli::Format) -> Self {
        match format {
            cli::Format::Table => Self::Table,
            cli::Format::Json => Self::Json,
            cli::Format::Jsonl => Self::JsonLines,
            cli::Format::Yaml => Self::Yaml,
            cli::Format::Csv => Self::Csv,
            cli::Format::Markdown => Self::Markdown,
            // Without columns, both are the ids.
            cli::Format::Name | cli::Format::Quiet => Self::Quiet,
        }
    }
}

impl From<cli::StatFormat> for OutputFormat {
    fn from(format: cli::StatFormat) -> Self {
        match format {
            cli::StatFormat::Rows(format) => format.into(),
            cli::StatFormat::Chart => Self::Chart,
        }
    }
}
