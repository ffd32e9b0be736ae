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

    /// Where the documents of one command are written.
    pub fn writer<'a>(&self, streams: &'a mut Streams) -> Writer<'a> {
        let look =
            Look { terminal: streams.out_is_terminal, styled: streams.out_is_terminal && streams.color, width: None };
        Writer::new(&mut *streams.out, self.format, look)
    }

    /// Writes the one document of a command.
    pub fn write(&self, document: Document, streams: &mut Streams) -> Result<()> {
        let mut writer = self.writer(streams);
        writer.write(self.select(document))?;
        writer.finish()
    }
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
