//! What is shown of a response: the chosen columns in the chosen format.

use prost_reflect::MessageDescriptor;

use crate::cli;
use crate::error::{Error, Result};
use crate::output::{self, Format, Look, Writer};
use crate::streams::Streams;
use crate::view::{Columns, Document, Shape};

/// What `-c` and `-o` ask for.
pub struct Presentation {
    columns: Option<Columns>,
    format: Format,
}

impl Presentation {
    /// Reads the columns; a usage error if they cannot be, or not in this format.
    pub fn parse(columns: Option<&str>, format: cli::Format) -> Result<Self> {
        let columns = columns.map(Columns::parse).transpose()?;
        let repeated = columns.as_ref().and_then(Columns::repeated_header);
        if let (Some(header), cli::Format::Json | cli::Format::Yaml) = (repeated, format) {
            return Err(Error::usage(format!("two columns are called {header}"))
                .hint("give each its own name, as in -c 'tags.a|A,tags.b|B'"));
        }
        Ok(Self { columns, format: format.into() })
    }

    pub fn columns(&self) -> Option<&Columns> {
        self.columns.as_ref()
    }

    /// Checks, before anything is sent, that the answer will have the columns and fit the format.
    pub fn check(&self, response: &MessageDescriptor) -> Result<Shape> {
        let shape = Shape::of(response);
        if let Some(columns) = &self.columns {
            shape.check(columns)?;
        }
        let count = self.columns.as_ref().map(Columns::len).or_else(|| shape.column_count());
        if let (Format::Quiet, Some(count)) = (self.format, count) {
            output::check_quiet(count)?;
        }
        Ok(shape)
    }

    /// Narrows a document to the columns, if any were chosen.
    pub fn select(&self, document: Document) -> Document {
        match &self.columns {
            Some(columns) => document.select(columns),
            None => document,
        }
    }

    /// How requests are shown instead of answers: whole, and as yaml where the format is one for an answer's rows.
    pub fn of_requests(&self) -> Self {
        let format = match self.format {
            Format::Table | Format::Quiet => Format::Yaml,
            format => format,
        };
        Self { columns: None, format }
    }

    /// How the messages of a stream are shown: csv needs its header before the last of them, and so takes the fields
    /// that the type of the rows has, where columns are not chosen.
    pub fn of_stream(&self, shape: &Shape) -> Result<Self> {
        let columns = match (&self.columns, self.format) {
            (None, Format::Csv) => shape.columns().transpose()?,
            (columns, _) => columns.clone(),
        };
        Ok(Self { columns, format: self.format })
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

    /// Where the documents of one command are written.
    pub fn writer<'a>(&self, streams: &'a mut Streams) -> Writer<'a> {
        let look = look(streams);
        Writer::new(&mut *streams.out, self.format, look)
    }

    /// Writes the one document of a command.
    pub fn write(&self, document: Document, streams: &mut Streams) -> Result<()> {
        let mut writer = self.writer(streams);
        writer.write(self.select(document))?;
        writer.finish()
    }
}

/// Who reads standard output.
pub fn look(streams: &Streams) -> Look {
    Look { terminal: streams.out_is_terminal, styled: streams.out_is_terminal && streams.color }
}

impl From<cli::Format> for Format {
    fn from(format: cli::Format) -> Self {
        match format {
            cli::Format::Table => Self::Table,
            cli::Format::Json => Self::Json,
            cli::Format::Yaml => Self::Yaml,
            cli::Format::Csv => Self::Csv,
            cli::Format::Quiet => Self::Quiet,
        }
    }
}
