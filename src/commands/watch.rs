//! `--watch`: sends a query again and again, and shows what changes.

use std::io::Write as _;
use std::mem;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tonic::Code;

use super::connector::Connector;
use super::paginator;
use super::prepared_query::PreparedQuery;
use super::query_command::QueryCommand;
use crate::commands::output_options::OutputOptions;
use crate::error::{Error, ErrorKind, Result};
use crate::output::view::{Document, RowList};
use crate::output::{OutputFormat, OutputStyle};
use crate::query::timestamp;
use crate::spec::Draft;
use crate::terminal::io_streams::{self, Diagnostics, IoStreams};
use crate::terminal::redraw::{self, Frame, RowLines, Size};
use crate::terminal::shutdown::Shutdown;

/// The size of a screen that does not say its size.
const DEFAULT_SIZE: Size = Size { columns: 80, lines: 24 };

/// A query and how often it is sent.
pub struct WatchLoop<'a> {
    pub command: &'a QueryCommand<'a>,
    pub connector: &'a Connector,
    pub interval: Duration,
    /// `-v` logs each step.
    pub is_traced: bool,
}

impl WatchLoop<'_> {
    /// Runs until Ctrl-C, until nobody reads the output, or until an error that a retry cannot mend.
    pub async fn run(&self, draft: Draft, streams: &mut IoStreams) -> Result<()> {
        if streams.out_is_terminal && self.is_traced && streams.diagnostics.is_to_person() {
            return Err(Error::usage("-v writes to the screen that --watch draws on")
                .hint("redirect its output, e.g. 2>steps.log, or leave out -v"));
        }
        // A command that prints the key may prompt, and Ctrl-C still ends it.
        self.connector.metadata()?;
        let mut shutdown = Shutdown::for_reads()?;
        let preparing = PreparedQuery::reach(self.command, self.connector, draft.clone(), &mut streams.diagnostics);
        let query = shutdown.race(preparing).await?;
        let (verb, resource) = (self.command.verb, &self.command.resource);
        if query.method.is_streaming() {
            return Err(Error::usage(format!("{verb} of {resource} streams changes itself")).hint("leave out --watch"));
        }
        // Notes so far come out before the first response, whenever the end comes.
        streams.diagnostics.finish(None);
        let screen = if streams.out_is_terminal {
            let endpoint = query.method.caller().endpoint();
            let title = format!("Every {}s: {verb} {resource} at {endpoint}", self.interval.as_secs_f64());
            Some(Screen::open(title, streams)?)
        } else {
            None
        };
        let mut view = View { screen, written: None, failure: None };
        let ended = self.repeat(draft, query, &mut view, &mut shutdown, streams).await;
        view.leave(streams);
        ended
    }

    async fn repeat(
        &self,
        draft: Draft,
        first: PreparedQuery,
        view: &mut View,
        shutdown: &mut Shutdown,
        streams: &mut IoStreams,
    ) -> Result<()> {
        let mut query = Some(first);
        // A query that is prepared again after a failure would print its note again.
        let mut is_noted = false;
        loop {
            match shutdown.race(self.fetch(&mut query, &draft)).await {
                Ok((document, output, note)) => {
                    if let Some(note) = note.filter(|_| !mem::replace(&mut is_noted, true)) {
                        view.note(&note, &mut streams.diagnostics);
                    }
                    view.show(document, output, streams)?;
                }
                Err(error) if is_final(error.kind()) => return Err(error),
                Err(error) => {
                    // Another version of the service may come back, which takes other requests.
                    query = None;
                    view.fail(&error, streams)?;
                }
            }
            // Diagnostics of a JSON object come out with the response that they led to.
            streams.diagnostics.finish(None);
            shutdown.race(view.wait(self.interval, streams)).await?;
        }
    }

    /// Sends the query over the connection that is there, or over a new one.
    async fn fetch<'q>(
        &self,
        query: &'q mut Option<PreparedQuery>,
        draft: &Draft,
    ) -> Result<(Document, &'q OutputOptions, Option<String>)> {
        let query = match query {
            Some(query) => query,
            // Notes were printed the first time.
            None => query.insert(
                PreparedQuery::reach(self.command, self.connector, draft.clone(), &mut Diagnostics::null()).await?,
            ),
        };
        Ok((paginator::fetch(query).await?, &query.output, query.note()))
    }
}

/// Whether a retry would have the same response.
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

/// Where responses are shown: on a screen, or in a pipe or a file, one document for each that differs from the one
/// before.
struct View {
    screen: Option<Screen>,
    written: Option<Vec<u8>>,
    /// The last failure since the last response.
    failure: Option<String>,
}

impl View {
    fn show(&mut self, document: Document, output: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        if let Some(screen) = &mut self.screen {
            return screen.show(document, output, streams);
        }
        self.failure = None;
        let text = output.text(document, output.style(streams))?;
        if self.written.as_ref() == Some(&text) {
            return Ok(());
        }
        // Documents of rows alone do not show where the next begins.
        if self.written.is_some()
            && !matches!(output.format(), OutputFormat::Json | OutputFormat::JsonLines | OutputFormat::Yaml)
        {
            streams.out.write_all(b"\n")?;
        }
        streams.out.write_all(&text)?;
        streams.out.flush()?;
        self.written = Some(text);
        Ok(())
    }

    /// Notes something about all responses; a screen shows it above the rows.
    fn note(&mut self, note: &str, diagnostics: &mut Diagnostics) {
        match &mut self.screen {
            Some(screen) => screen.note = format!("note: {note}\n"),
            None => diagnostics.note(note),
        }
    }

    /// Shows a failure; without a screen once, not each time it is met.
    fn fail(&mut self, error: &Error, streams: &mut IoStreams) -> Result<()> {
        if let Some(screen) = &mut self.screen {
            return screen.fail(error, streams);
        }
        let text = error.summary();
        if self.failure.as_ref() != Some(&text) {
            streams.diagnostics.warn_always(&text);
            streams.diagnostics.finish(None);
            self.failure = Some(text);
        }
        Ok(())
    }

    /// Waits for the next request; a screen that is resized meanwhile is drawn again.
    async fn wait(&mut self, time: Duration, streams: &mut IoStreams) -> Result<()> {
        let sleep = tokio::time::sleep(time);
        let Some(screen) = &mut self.screen else {
            sleep.await;
            return Ok(());
        };
        tokio::pin!(sleep);
        loop {
            tokio::select! {
                () = &mut sleep => return Ok(()),
                _ = screen.resized.recv() => screen.draw(streams)?,
            }
        }
    }

    /// Leaves the last response where it is, the cursor below it.
    fn leave(&self, streams: &mut IoStreams) {
        if self.screen.is_some() {
            // A terminal that is gone has no next line.
            let _ = streams.out.write_all(b"\r\n").and_then(|()| streams.out.flush());
        }
    }
}

/// A terminal: the newest response, and above it the failures since.
struct Screen {
    title: String,
    time: String,
    /// The failure, or the note.
    message: String,
    note: String,
    body: String,
    rows: Option<RowLines>,
    /// The rows that were shown last.
    last: Option<RowList>,
    resized: Signal,
}

impl Screen {
    fn open(title: String, streams: &mut IoStreams) -> Result<Self> {
        let resized = signal(SignalKind::window_change())
            .map_err(|error| Error::local("cannot wait for signals").cause(error))?;
        streams.out.write_all(redraw::make_room(size()).as_bytes())?;
        let (time, message, note, body) = Default::default();
        Ok(Self { title, time, message, note, body, rows: None, last: None, resized })
    }

    fn show(&mut self, document: Document, output: &OutputOptions, streams: &mut IoStreams) -> Result<()> {
        let style = output.style(streams);
        let first = first_row_line(output.format(), &style);
        let (text, count) = output.text_with_changes(document, &mut self.last, style)?;
        self.body = String::from_utf8_lossy(&text).into_owned();
        self.rows = first.map(|first| RowLines { first, count });
        let left_out = output.left_out_note().map(|note| format!("note: {note}\n")).unwrap_or_default();
        self.message = format!("{}{left_out}", self.note);
        self.draw_now(streams)
    }

    fn fail(&mut self, error: &Error, streams: &mut IoStreams) -> Result<()> {
        self.message = streams.diagnostics.to_text(error);
        self.draw_now(streams)
    }

    fn draw_now(&mut self, streams: &mut IoStreams) -> Result<()> {
        self.time = timestamp::now().to_zoned(TimeZone::system()).strftime("%H:%M:%S").to_string();
        self.draw(streams)
    }

    fn draw(&self, streams: &mut IoStreams) -> Result<()> {
        let Self { title, time, message, body, rows, .. } = self;
        let frame = redraw::draw(&Frame { title, time, status: message, body, rows: *rows }, size());
        streams.out.write_all(frame.as_bytes())?;
        Ok(streams.out.flush()?)
    }
}

fn size() -> Size {
    io_streams::screen_size().map_or(DEFAULT_SIZE, |(columns, lines)| Size { columns, lines })
}

/// How many lines come before the rows, in formats with one line per row.
fn first_row_line(format: OutputFormat, style: &OutputStyle) -> Option<usize> {
    match format {
        OutputFormat::Table | OutputFormat::Csv if style.no_headers => Some(0),
        OutputFormat::Table | OutputFormat::Markdown => Some(2),
        OutputFormat::Csv => Some(1),
        OutputFormat::Quiet | OutputFormat::JsonLines => Some(0),
        OutputFormat::Json | OutputFormat::Yaml | OutputFormat::Chart => None,
    }
}
