//! Answers on standard output, as long as somebody reads there.

use bytes::Bytes;

use crate::commands::managed;
use crate::commands::method::Method;
use crate::commands::output_options::OutputOptions;
use crate::error::panics;
use crate::error::{ErrorKind, Outcome, Result};
use crate::output::Writer;
use crate::output::view::{Document, ResponseKind};
use crate::terminal::io_streams::IoStreams;

/// What answers look like.
pub struct Form<'a> {
    pub method: &'a Method,
    pub presentation: &'a OutputOptions,
    pub shape: &'a ResponseKind,
}

impl Form<'_> {
    /// Sends one request to a method that answers once.
    ///
    /// # Errors
    /// The call's own; of a plugin that cannot be changed, why.
    pub async fn ask(&self, request: Bytes) -> Result<Bytes> {
        match self.method.ask_bytes(request.clone()).await {
            Err(error) => Err(managed::explained(self.method, request, error).await),
            answered => answered,
        }
    }

    /// Sends a request, and reads the answer as far as it is shown.
    ///
    /// # Errors
    /// As of [`Form::ask`] and [`Form::document`].
    pub async fn answer(&self, request: Bytes) -> Result<Document> {
        let answer = self.ask(request).await?;
        panics::catch(|| self.document(answer))
            .unwrap_or_else(|panic| Err(panics::error(panic).with_outcome(Outcome::Unknown)))
    }

    /// What an answer says, as far as it is shown.
    ///
    /// # Errors
    /// It is not what its type says.
    pub fn document(&self, answer: Bytes) -> Result<Document> {
        self.method.document(answer, self.shape, self.presentation.columns())
    }
}

/// Where the answers of a run go.
pub struct Answers<'a> {
    form: &'a Form<'a>,
    writer: Writer<'a>,
    /// What the first that could not be shown failed with.
    shown: Result<()>,
}

impl<'a> Answers<'a> {
    pub fn new(form: &'a Form<'a>, streams: &'a mut IoStreams) -> Self {
        Self { form, writer: form.presentation.writer(streams), shown: Ok(()) }
    }

    /// Shows an answer, unless an earlier one could not be shown.
    pub fn show(&mut self, answer: Document) {
        if self.shown.is_ok() {
            self.shown = self.writer.write(self.form.presentation.select(answer));
        }
    }

    /// Hands on to the reader what was shown so far.
    pub fn flush(&mut self) {
        if self.shown.is_ok() {
            self.shown = self.writer.flush();
        }
    }

    /// Why an answer could not be shown, if one could not.
    pub fn shown(&self) -> &Result<()> {
        &self.shown
    }

    /// Whether the work that the answers come from is to go on: it was asked for with or without a reader, but not where
    /// its answers cannot be kept.
    pub fn may_go_on(&self) -> bool {
        self.shown.as_ref().err().is_none_or(|error| error.kind() == ErrorKind::BrokenPipe)
    }

    /// Shows what waited for the last.
    ///
    /// # Errors
    /// Why not all is shown.
    pub fn finish(self) -> Result<()> {
        self.shown.and(self.writer.finish())
    }
}
