//! Writes responses to standard output, as long as somebody reads them.

use bytes::Bytes;

use crate::commands::managed;
use crate::commands::method::Method;
use crate::commands::output_options::OutputOptions;
use crate::error::panics;
use crate::error::{ErrorKind, Outcome, Result};
use crate::output::Writer;
use crate::output::view::{Document, ResponseKind};
use crate::terminal::io_streams::IoStreams;

/// What responses are decoded by, and how they are shown.
pub struct ResponseContext<'a> {
    pub method: &'a Method,
    pub options: &'a OutputOptions,
    pub kind: &'a ResponseKind,
}

impl ResponseContext<'_> {
    /// Sends a request, and decodes as much of the response as is shown.
    ///
    /// # Errors
    /// The call's own, and why a plugin cannot be changed.
    pub async fn call(&self, request: Bytes) -> Result<Document> {
        let response = match self.method.ask_bytes(request.clone()).await {
            Err(error) => return Err(managed::explained(self.method, request, error).await),
            Ok(response) => response,
        };
        let decoding = panics::catch_async(self.decode(response));
        decoding.await.unwrap_or_else(|panic| Err(panics::error(panic).with_outcome(Outcome::Unknown)))
    }

    /// Decodes as much of a response as is shown.
    pub async fn decode(&self, response: Bytes) -> Result<Document> {
        self.method.document(response, self.kind, self.options.columns()).await
    }
}

/// Writes responses until one cannot be written.
pub struct ResponseWriter<'a> {
    options: &'a OutputOptions,
    writer: Writer<'a>,
    written: Result<()>,
}

impl<'a> ResponseWriter<'a> {
    pub fn new(context: &ResponseContext<'a>, streams: &'a mut IoStreams) -> Self {
        Self { options: context.options, writer: context.options.writer(streams), written: Ok(()) }
    }

    pub fn write(&mut self, response: Document) {
        if self.written.is_ok() {
            self.written = self.writer.write(self.options.select(response));
        }
    }

    pub fn flush(&mut self) {
        if self.written.is_ok() {
            self.written = self.writer.flush();
        }
    }

    /// Why the first response that could not be written was not.
    pub fn written(&self) -> &Result<()> {
        &self.written
    }

    /// Whether the run may go on: also without a reader, but not where its responses are lost.
    pub fn may_continue(&self) -> bool {
        self.written.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::BrokenPipe)
    }

    /// Writes what waited for the last response.
    pub fn finish(self) -> Result<()> {
        self.written.and(self.writer.finish())
    }
}
