//! The process's streams and what is known of the terminals behind them.
//!
//! Facts go to [`IoStreams::out`] in the chosen format and nothing else does; everything that is said to a person goes
//! through [`Diagnostics`] to standard error.

use std::collections::HashSet;
use std::io::{self, BufWriter, IsTerminal, Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::builder::StyledStr;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::error::Error;
use crate::secret::mask;
use crate::terminal::sanitize;

/// How errors, warnings and notes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiagnosticFormat {
    #[default]
    Text,
    /// One JSON object on standard error, at the end, and only if there is something to say.
    Json,
}

/// Standard input, output and error of one run.
pub struct IoStreams {
    pub input: Box<dyn Read>,
    /// Standard input is a terminal.
    pub in_is_terminal: bool,
    /// Buffered: whoever ends a run flushes it, and learns there whether the reader is still there.
    pub out: Box<dyn Write>,
    /// Standard output is a terminal.
    pub out_is_terminal: bool,
    /// The user has nothing against colour, where there is a terminal.
    pub color: bool,
    pub diagnostics: Diagnostics,
}

impl IoStreams {
    /// The streams of this process. `no_color` is the user's wish (`NO_COLOR`, <https://no-color.org>).
    pub fn from_process(no_color: bool) -> Self {
        let out = io::stdout();
        Self {
            in_is_terminal: io::stdin().is_terminal(),
            out_is_terminal: out.is_terminal(),
            color: !no_color,
            input: Box::new(io::stdin()),
            out: Box::new(BufWriter::with_capacity(64 * 1024, out)),
            diagnostics: Diagnostics::new(Box::new(io::stderr()), io::stderr().is_terminal(), !no_color),
        }
    }

    /// How many columns the terminal behind standard output has now; `None` if there is none, or if it does not tell.
    pub fn out_width(&self) -> Option<usize> {
        if self.out_is_terminal { screen_size().map(|(columns, _)| columns) } else { None }
    }
}

/// How many columns and lines the terminal behind standard output has now; `None` where it does not tell.
pub fn screen_size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    (width.0 > 0 && height.0 > 0).then_some((width.0.into(), height.0.into()))
}

/// How many columns the terminal behind standard error has now; as many as the first terminals had where it does not tell.
pub fn diagnostics_width() -> usize {
    let size = terminal_size::terminal_size_of(io::stderr());
    size.map(|(columns, _)| columns.0.into()).filter(|columns| *columns > 0).unwrap_or(80)
}

/// Whether this process was started so that the end of its terminal does not reach it, as by `nohup`. Asked before anybody
/// listens; `false` where the system has no `/proc` to tell.
pub fn hangup_is_ignored() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    // Signals count from 1, and this is the first.
    ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).is_some_and(|mask| mask & 1 == 1)
}

/// Done when the reader of standard output has gone; never where that does not show before writing, as with a file.
///
/// A command that waits for news would otherwise learn it only from the next one, which may never come.
pub async fn reader_gone() {
    let (gone, noticed) = oneshot::channel();
    // Left behind at the end of the process, as nobody else needs it.
    std::thread::spawn(move || {
        if waits_for_reader_to_go() {
            let _ = gone.send(());
        }
    });
    if noticed.await.is_err() {
        std::future::pending().await
    }
}

/// Blocks until the reader has gone; `false` if that cannot be watched.
fn waits_for_reader_to_go() -> bool {
    let out = io::stdout();
    // Asked for nothing, poll tells only of what has gone wrong: a pipe without a reader.
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => return watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
        }
    }
}

/// Notes, warnings and errors for the person or the log behind standard error. Clones speak with one voice.
#[derive(Clone)]
pub struct Diagnostics(Arc<Mutex<DiagnosticWriter>>);

struct DiagnosticWriter {
    err: Box<dyn Write + Send>,
    is_terminal: bool,
    color: bool,
    format: DiagnosticFormat,
    /// Nothing but errors is said.
    quiet: bool,
    /// What waits for the JSON object at the end: the word and the text.
    said: Vec<(&'static str, String)>,
    /// The errors that wait for it.
    failed: Vec<Error>,
    /// The hints that people were given with failures.
    hinted: HashSet<String>,
}

impl Diagnostics {
    fn new(err: Box<dyn Write + Send>, is_terminal: bool, color: bool) -> Self {
        let color = color && is_terminal;
        let (format, quiet, said, failed, hinted) =
            (DiagnosticFormat::Text, false, Vec::new(), Vec::new(), HashSet::new());
        Self(Arc::new(Mutex::new(DiagnosticWriter { err, is_terminal, color, format, quiet, said, failed, hinted })))
    }

    /// Talk that nobody hears, for what was told already.
    pub fn null() -> Self {
        Self::new(Box::new(io::sink()), false, false)
    }

    /// Talk that is kept back until it is [passed on](Self::pass_on), or forgotten.
    pub fn buffered() -> Self {
        let diagnostics = Self::null();
        diagnostics.set_format(DiagnosticFormat::Json);
        diagnostics
    }

    /// Says what was kept back, in the voice of `heard`.
    pub fn flush_into(&self, heard: &Self) {
        let said = std::mem::take(&mut self.writer().said);
        said.iter().for_each(|(word, text)| heard.writer().say(word, text));
    }

    /// Chooses the format; set before the first word.
    pub fn set_format(&self, format: DiagnosticFormat) {
        self.writer().format = format;
    }

    /// Says nothing but errors from now on.
    pub fn set_quiet(&self) {
        self.writer().quiet = true;
    }

    /// Says what was done for the user that the user did not ask for by name.
    pub fn note(&self, text: &str) {
        self.writer().say("note", text);
    }

    /// Says what will trouble the user later.
    pub fn warn(&self, text: &str) {
        self.writer().say("warning", text);
    }

    /// Says what failed where the work goes on all the same; also to those who want to hear of errors alone.
    pub fn warn_always(&self, text: &str) {
        let mut voice = self.writer();
        let quiet = std::mem::replace(&mut voice.quiet, false);
        voice.say("warning", text);
        voice.quiet = quiet;
    }

    /// Says which step of the work was done, to a user who wants to see the steps.
    pub fn trace(&self, text: &str) {
        self.writer().say("trace", text);
    }

    /// Shows how a command is used, to a person who gave none.
    pub fn help(&self, help: &StyledStr) {
        let mut voice = self.writer();
        if voice.format == DiagnosticFormat::Text {
            let text = if voice.color { help.ansi().to_string() } else { help.to_string() };
            voice.write(&format!("{text}\n"));
        }
    }

    /// Says that what was asked for is done, where nothing on standard output shows it.
    pub fn done(&self, text: &str) {
        let mut voice = self.writer();
        match voice.format {
            _ if voice.quiet => {}
            DiagnosticFormat::Json => voice.said.push(("note", mask::mask_known(text).into_owned())),
            DiagnosticFormat::Text => voice.write(&format!("{}\n", sanitize::control(&mask::mask_known(text)))),
        }
    }

    /// Says that a part of the work failed, while the rest goes on. In JSON the first of these is the object's error, and
    /// the others are what `more` holds. People are not given one hint twice.
    pub fn failure(&self, error: &Error) {
        let mut voice = self.writer();
        match voice.format {
            DiagnosticFormat::Json => voice.failed.push(error.clone()),
            DiagnosticFormat::Text => {
                let fresh = error.clone().with_hints(|hint| voice.hinted.insert(hint.to_owned()));
                voice.write_error(&fresh);
            }
        }
    }

    /// Says what work of many parts has come to, and what to do about it if not all of it is done: that is also for those
    /// who want to hear of errors alone.
    pub fn summary(&self, text: &str, is_whole: bool, hint: Option<&str>) {
        let mut voice = self.writer();
        match voice.format {
            _ if voice.quiet && is_whole => {}
            DiagnosticFormat::Json => {
                voice.said.extend([Some(text), hint].into_iter().flatten().map(|text| ("note", text.to_owned())))
            }
            DiagnosticFormat::Text => {
                let hint = hint.map(|hint| format!("{} {hint}\n", voice.label("hint"))).unwrap_or_default();
                voice.write(&format!("{text}\n{hint}"));
            }
        }
    }

    /// Writes `error` and, in JSON, all that was said since the last time. Called once, last; a command that goes on for
    /// long calls it in between.
    pub fn finish(&self, error: Option<&Error>) {
        self.writer().finish(error);
    }

    /// `error` as it would be written in text, for showing it elsewhere.
    pub fn to_text(&self, error: &Error) -> String {
        let voice = self.writer();
        error.to_text(|word| voice.label(word))
    }

    /// Whether a person reads along.
    pub fn is_to_person(&self) -> bool {
        let voice = self.writer();
        voice.is_terminal && voice.format == DiagnosticFormat::Text
    }

    /// Asks a person; the answer is typed behind the question.
    pub fn prompt(&self, question: &str) {
        self.writer().write(&format!("{}: ", sanitize::control(question)));
    }

    /// Says something that belongs to a question, to whom it is asked: also where nothing but errors is said.
    pub fn println(&self, text: &str) {
        self.writer().write(&format!("{}\n", sanitize::control(text)));
    }

    /// Writes what only a terminal can show, and what is overwritten there in a moment.
    pub fn draw(&self, text: &str) {
        self.writer().write(text);
    }

    /// Says why an answer is not taken.
    pub fn refuse(&self, error: &Error) {
        let text = self.to_text(error);
        self.writer().write(&text);
    }

    fn writer(&self) -> MutexGuard<'_, DiagnosticWriter> {
        // A voice that broke off in mid-sentence can still say the next one.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiagnosticWriter {
    fn say(&mut self, word: &'static str, text: &str) {
        let text = &*mask::mask_known(text);
        match self.format {
            _ if self.quiet => {}
            DiagnosticFormat::Json => self.said.push((word, text.to_owned())),
            DiagnosticFormat::Text => {
                let line = format!("{} {}\n", self.label(word), sanitize::control(text));
                self.write(&line);
            }
        }
    }

    fn finish(&mut self, error: Option<&Error>) {
        match self.format {
            DiagnosticFormat::Text => {
                if let Some(error) = error {
                    self.write_error(error);
                }
            }
            DiagnosticFormat::Json => {
                let mut object = serde_json::Map::new();
                let failed = std::mem::take(&mut self.failed);
                if let Some((first, others)) = failed.iter().chain(error).collect::<Vec<_>>().split_first() {
                    object.insert("error".into(), first.to_json_with(others));
                }
                for (key, word) in [("warnings", "warning"), ("notes", "note"), ("trace", "trace")] {
                    let texts: Vec<Value> =
                        self.said.iter().filter(|(said, _)| *said == word).map(|(_, text)| json!(text)).collect();
                    if !texts.is_empty() {
                        object.insert(key.into(), texts.into());
                    }
                }
                self.said.clear();
                if !object.is_empty() {
                    self.write(&format!("{}\n", crate::terminal::json::compact(&Value::Object(object))));
                }
            }
        }
    }

    fn write_error(&mut self, error: &Error) {
        let text = error.to_text(|word| self.label(word));
        self.write(&text);
    }

    /// A line's first word, painted where standard error is.
    pub fn label(&self, word: &str) -> String {
        let paint = match word {
            "error" => "1;31",
            "warning" => "1;33",
            "trace" => "2",
            _ => "1;36",
        };
        if self.color { format!("\x1b[{paint}m{word}:\x1b[0m") } else { format!("{word}:") }
    }

    fn write(&mut self, text: &str) {
        // Nothing can be said about a standard error that cannot be written to.
        let _ = self.err.write_all(text.as_bytes());
        let _ = self.err.flush();
    }
}
