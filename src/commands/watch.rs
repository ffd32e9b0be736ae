//! `--watch`: one question put again and again, its answer shown where it is another one.

use std::io::Write as _;
use std::mem;
use std::time::Duration;

use jiff::Zoned;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tonic::Code;

use super::connector::Connector;
use super::read::{PreparedQuery, QueryCommand};
use crate::commands::output_options::OutputOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::output::Format;
use crate::output::view::Document;
use crate::spec::Draft;
use crate::terminal::io_streams;
use crate::terminal::io_streams::{Diagnostics, IoStreams};
use crate::terminal::redraw;
use crate::terminal::redraw::{Frame, Rows, Size};
use crate::terminal::shutdown::Shutdown;

/// What a screen is taken for that does not tell its size.
const USUAL: Size = Size { columns: 80, lines: 24 };

/// A question and how often it is put.
pub struct Watch<'a> {
    pub reading: &'a QueryCommand<'a>,
    pub connector: &'a Connector,
    pub every: Duration,
    /// The steps of the work are told.
    pub is_traced: bool,
}

impl Watch<'_> {
    /// Goes on until Ctrl-C, until nobody reads any more, or until an error that asking again cannot mend.
    pub async fn run(&self, draft: Draft, streams: &mut IoStreams) -> Result<()> {
        if streams.out_is_terminal && self.is_traced && streams.diagnostics.is_to_person() {
            return Err(Error::usage("-v writes its steps to the screen that --watch draws on")
                .hint("send them elsewhere, as in 2>steps.log, or leave out -v"));
        }
        // A command that prints the key may ask a person, who can still end it by Ctrl-C.
        self.connector.metadata()?;
        let mut shutdown = Shutdown::for_reads()?;
        let preparing = self.reading.prepare(self.connector, draft.clone(), &mut streams.diagnostics);
        let question = shutdown.race(preparing).await?;
        if question.method.is_streaming() {
            let (verb, resource) = (self.reading.verb, &self.reading.resource);
            return Err(
                Error::usage(format!("{verb} of {resource} streams what is new by itself")).hint("leave out --watch")
            );
        }
        // What was noted on the way is known before the first answer, whenever the end comes.
        streams.diagnostics.finish(None);
        let mut view = if streams.out_is_terminal {
            let place = question.method.caller().place();
            let (verb, resource) = (self.reading.verb, &self.reading.resource);
            let title = format!("Every {}s: {verb} {resource} at {place}", self.every.as_secs_f64());
            View::Screen(Screen::open(title, streams)?)
        } else {
            View::Changes(Changes::default())
        };
        let ended = self.go_on(draft, question, &mut view, &mut shutdown, streams).await;
        view.leave(streams);
        ended
    }

    async fn go_on(
        &self,
        draft: Draft,
        first: PreparedQuery,
        view: &mut View,
        shutdown: &mut Shutdown,
        streams: &mut IoStreams,
    ) -> Result<()> {
        let mut question = Some(first);
        // Another question, behind a failure, would have it noted once more.
        let mut is_noted = false;
        loop {
            match shutdown.race(self.ask(&mut question, &draft)).await {
                Ok((document, presentation, note)) => {
                    if let Some(note) = note.filter(|_| !mem::replace(&mut is_noted, true)) {
                        view.note(&note, &mut streams.diagnostics);
                    }
                    view.answer(document, presentation, streams)?;
                }
                Err(error) if is_final(error.kind()) => return Err(error),
                Err(error) => {
                    // Another version of the service may come back, which takes other requests.
                    question = None;
                    view.failure(&error, streams)?;
                }
            }
            // Steps that wait for their JSON object are told with the answer that they led to.
            streams.diagnostics.finish(None);
            shutdown.race(view.rest(self.every, streams)).await?;
        }
    }

    /// Asks through the connection that is there; where there is none any more, through a new one.
    async fn ask<'q>(
        &self,
        question: &'q mut Option<PreparedQuery>,
        draft: &Draft,
    ) -> Result<(Document, &'q OutputOptions, Option<String>)> {
        let question = match question {
            Some(question) => question,
            // What there is to note was noted the first time.
            None => {
                question.insert(self.reading.prepare(self.connector, draft.clone(), &mut Diagnostics::null()).await?)
            }
        };
        Ok((question.answer().await?, &question.presentation, question.note()))
    }
}

/// Whether asking again would be answered the same.
fn is_final(kind: ErrorKind) -> bool {
    match kind {
        ErrorKind::Usage | ErrorKind::Diff | ErrorKind::Signal(_) | ErrorKind::BrokenPipe => true,
        ErrorKind::Local | ErrorKind::DiffFailed => false,
        ErrorKind::Status(code) => matches!(
            code,
            Code::Unauthenticated
                | Code::PermissionDenied
                | Code::InvalidArgument
                | Code::NotFound
                | Code::Unimplemented
        ),
    }
}

/// Where answers are shown.
enum View {
    Screen(Screen),
    Changes(Changes),
}

impl View {
    fn answer(&mut self, document: Document, presentation: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        match self {
            Self::Screen(screen) => screen.answer(document, presentation, streams),
            Self::Changes(changes) => changes.answer(document, presentation, streams),
        }
    }

    /// Says something of all answers: a screen shows it above the rows.
    fn note(&mut self, note: &str, diagnostics: &mut Diagnostics) {
        match self {
            Self::Screen(screen) => screen.note = format!("note: {note}\n"),
            Self::Changes(_) => diagnostics.note(note),
        }
    }

    fn failure(&mut self, error: &Error, streams: &mut IoStreams) -> Result<()> {
        match self {
            Self::Screen(screen) => screen.failure(error, streams),
            Self::Changes(changes) => {
                changes.failure(error, &mut streams.diagnostics);
                Ok(())
            }
        }
    }

    /// Waits for the next time to ask; a screen that changes its size meanwhile is drawn anew.
    async fn rest(&mut self, time: Duration, streams: &mut IoStreams) -> Result<()> {
        let rested = tokio::time::sleep(time);
        let Self::Screen(screen) = self else {
            rested.await;
            return Ok(());
        };
        tokio::pin!(rested);
        loop {
            tokio::select! {
                () = &mut rested => return Ok(()),
                _ = screen.resized.recv() => screen.draw(streams)?,
            }
        }
    }

    /// Leaves the last answer where it is and what comes next below it.
    fn leave(&self, streams: &mut IoStreams) {
        if let Self::Screen(_) = self {
            // A terminal that is gone has no next line.
            let _ = streams.out.write_all(b"\r\n").and_then(|()| streams.out.flush());
        }
    }
}

/// A terminal: the newest answer, and above it why it is old if it is.
struct Screen {
    title: String,
    time: String,
    told: String,
    /// What stands there while nothing has failed.
    note: String,
    body: String,
    rows: Option<Rows>,
    resized: Signal,
}

impl Screen {
    fn open(title: String, streams: &mut IoStreams) -> Result<Self> {
        let resized = signal(SignalKind::window_change())
            .map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        streams.out.write_all(redraw::make_room(size()).as_bytes())?;
        let (time, told, note, body) = Default::default();
        Ok(Self { title, time, told, note, body, rows: None, resized })
    }

    fn answer(&mut self, document: Document, presentation: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        self.rows = rows(&document, presentation.format());
        let text = presentation.text(document, presentation.look(streams))?;
        self.body = String::from_utf8_lossy(&text).into_owned();
        self.told.clone_from(&self.note);
        self.draw_now(streams)
    }

    fn failure(&mut self, error: &Error, streams: &mut IoStreams) -> Result<()> {
        self.told = streams.diagnostics.to_text(error);
        self.draw_now(streams)
    }

    fn draw_now(&mut self, streams: &mut IoStreams) -> Result<()> {
        self.time = Zoned::now().strftime("%H:%M:%S").to_string();
        self.draw(streams)
    }

    fn draw(&self, streams: &mut IoStreams) -> Result<()> {
        let Self { title, time, told, body, rows, .. } = self;
        let frame = redraw::draw(&Frame { title, time, told, body, rows: *rows }, size());
        streams.out.write_all(frame.as_bytes())?;
        Ok(streams.out.flush()?)
    }
}

fn size() -> Size {
    io_streams::screen_size().map_or(USUAL, |(columns, lines)| Size { columns, lines })
}

/// Where a document's rows stand in the formats that have a line for each.
fn rows(document: &Document, format: Format) -> Option<Rows> {
    let first = match format {
        Format::Table => 2,
        Format::Csv => 1,
        Format::Quiet | Format::JsonLines => 0,
        Format::Json | Format::Yaml => return None,
    };
    Some(Rows { first, count: document.row_count() })
}

/// A pipe or a file: a document for each answer that is not the one before.
#[derive(Default)]
struct Changes {
    written: Option<Vec<u8>>,
    /// What the last failure said, since the last answer.
    told: Option<String>,
}

impl Changes {
    fn answer(&mut self, document: Document, presentation: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        self.told = None;
        let text = presentation.text(document, presentation.look(streams))?;
        if self.written.as_ref() == Some(&text) {
            return Ok(());
        }
        // Documents of rows alone do not show where the next begins.
        if self.written.is_some() && matches!(presentation.format(), Format::Table | Format::Csv | Format::Quiet) {
            streams.out.write_all(b"\n")?;
        }
        streams.out.write_all(&text)?;
        streams.out.flush()?;
        self.written = Some(text);
        Ok(())
    }

    /// Warns, once for each failure and not each time it is met.
    fn failure(&mut self, error: &Error, diagnostics: &mut Diagnostics) {
        let text = error.summary();
        if self.told.as_ref() != Some(&text) {
            diagnostics.warn_always(&text);
            diagnostics.finish(None);
            self.told = Some(text);
        }
    }
}
