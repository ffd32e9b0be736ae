//! Notes, warnings and errors on standard error, as text or as one JSON object.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use clap::builder::StyledStr;
use serde_json::{Map, Value, json};

use super::progress::BarLine;
use crate::error::Error;
use crate::secret::mask;
use crate::text::sanitize;

/// The format of errors, warnings and notes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DiagnosticFormat {
    #[default]
    Text,
    /// One JSON object at the end, unless there is nothing to report.
    Json,
}

/// A change of notes and hints.
pub type Rewriter = Box<dyn Fn(&str) -> String + Send>;

/// Writes notes, warnings and errors to standard error. Clones write to the same stream.
#[derive(Clone)]
pub struct Diagnostics(Arc<Mutex<DiagnosticWriter>>);

struct DiagnosticWriter {
    err: Box<dyn Write + Send>,
    is_terminal: bool,
    color: bool,
    format: DiagnosticFormat,
    /// Only errors are written.
    quiet: bool,
    /// Each step is written.
    verbose: bool,
    /// The bar at the end of the terminal.
    bar: Option<BarLine>,
    /// Labels and texts that wait for the JSON object.
    messages: Vec<(&'static str, String)>,
    /// Errors that wait for the JSON object.
    errors: Vec<Error>,
    /// The hints that were written with failures.
    shown_hints: HashSet<String>,
    /// Messages that are not written twice.
    shown_once: HashSet<String>,
    /// Completes the commands in notes and hints.
    rewrite: Rewriter,
}

impl Diagnostics {
    pub(super) fn new(err: Box<dyn Write + Send>, is_terminal: bool) -> Self {
        Self(Arc::new(Mutex::new(DiagnosticWriter {
            err,
            is_terminal,
            color: false,
            format: DiagnosticFormat::Text,
            quiet: false,
            verbose: false,
            bar: None,
            messages: Vec::new(),
            errors: Vec::new(),
            shown_hints: HashSet::new(),
            shown_once: HashSet::new(),
            rewrite: Box::new(str::to_owned),
        })))
    }

    /// Discards everything.
    pub fn null() -> Self {
        Self::new(Box::new(io::sink()), false)
    }

    /// Buffers messages for [`Diagnostics::flush_into`].
    pub fn buffered() -> Self {
        let diagnostics = Self::null();
        diagnostics.set_format(DiagnosticFormat::Json);
        diagnostics
    }

    /// Writes the buffered messages to `target`.
    pub fn flush_into(&self, target: &Self) {
        let messages = std::mem::take(&mut self.writer().messages);
        messages.iter().for_each(|(label, text)| target.writer().message(label, text));
    }

    /// Writes the buffered messages to `target`, each text only the first time.
    pub fn flush_once_into(&self, target: &Self) {
        self.writer().messages.retain(|(_, text)| target.writer().shown_once.insert(text.clone()));
        self.flush_into(target);
    }

    /// Chooses the format, before the first message.
    pub fn set_format(&self, format: DiagnosticFormat) {
        self.writer().format = format;
    }

    /// Changes notes and hints by `rewrite` from now on.
    pub fn set_rewriter(&self, rewrite: Rewriter) {
        self.writer().rewrite = rewrite;
    }

    /// Decides whether texts are coloured, by whether they go to a terminal.
    pub(super) fn set_color(&self, decide: impl FnOnce(bool) -> bool) {
        let mut writer = self.writer();
        writer.color = decide(writer.is_terminal);
    }

    /// Whether texts are coloured.
    pub fn has_color(&self) -> bool {
        self.writer().color
    }

    /// Suppresses everything but errors from now on.
    pub fn set_quiet(&self) {
        self.writer().quiet = true;
    }

    /// Says that each step is written from now on.
    pub fn set_verbose(&self) {
        self.writer().verbose = true;
    }

    /// Writes above this bar from now on.
    pub(super) fn set_bar(&self, bar: Option<BarLine>) {
        self.writer().bar = bar;
    }

    /// Reports what was done without being asked for.
    pub fn note(&self, text: &str) {
        self.writer().message("note", text);
    }

    /// Reports what may cause trouble later.
    pub fn warn(&self, text: &str) {
        self.writer().message("warning", text);
    }

    /// Reports a failure that did not stop the work, also where only errors are wanted.
    pub fn warn_always(&self, text: &str) {
        let mut writer = self.writer();
        let quiet = std::mem::replace(&mut writer.quiet, false);
        writer.message("warning", text);
        writer.quiet = quiet;
    }

    /// Reports a step of the work.
    pub fn trace(&self, text: &str) {
        self.writer().message("trace", text);
    }

    /// Shows the usage of a command that was given without its arguments.
    pub fn help(&self, help: &StyledStr) {
        let mut writer = self.writer();
        if writer.format == DiagnosticFormat::Text {
            let text = if writer.color { help.ansi().to_string() } else { help.to_string() };
            writer.write(&format!("{text}\n"));
        }
    }

    /// Confirms what was asked for, where nothing on standard output shows it.
    pub fn done(&self, text: &str) {
        let mut writer = self.writer();
        match writer.format {
            _ if writer.quiet => {}
            DiagnosticFormat::Json => writer.messages.push(("note", mask::mask_known(text).into_owned())),
            DiagnosticFormat::Text => writer.write(&format!("{}\n", sanitize::control(&mask::mask_known(text)))),
        }
    }

    /// Reports that a part of the work failed while the rest goes on. In JSON the first is the object's error, and the
    /// others are its `more`. In text no hint is written twice.
    pub fn failure(&self, error: &Error) {
        let mut writer = self.writer();
        let error = error.clone().map_hints(&writer.rewrite);
        match writer.format {
            DiagnosticFormat::Json => writer.errors.push(error),
            DiagnosticFormat::Text => {
                let error = error.with_hints(|hint| writer.shown_hints.insert(hint.to_owned()));
                writer.write_error(&error);
            }
        }
    }

    /// Reports the result of work of many parts, with a hint if it is not complete; then also where only errors are
    /// wanted.
    pub fn summary(&self, text: &str, is_complete: bool, hint: Option<&str>) {
        let mut writer = self.writer();
        let hint = hint.map(|hint| (writer.rewrite)(hint));
        let hint = hint.as_deref();
        match writer.format {
            _ if writer.quiet && is_complete => {}
            DiagnosticFormat::Json => {
                writer.messages.extend([Some(text), hint].into_iter().flatten().map(|text| ("note", text.to_owned())))
            }
            DiagnosticFormat::Text => {
                let hint = hint.map(|hint| format!("{} {hint}\n", writer.label("hint"))).unwrap_or_default();
                writer.write(&format!("{text}\n{hint}"));
            }
        }
    }

    /// Writes `error` and, in JSON, all that was reported since the last time. Called at the end of a run, and in
    /// between by a command that does not end.
    pub fn finish(&self, error: Option<&Error>) {
        self.writer().finish(error);
    }

    /// Renders `error` as text, for showing it elsewhere.
    pub fn to_text(&self, error: &Error) -> String {
        let writer = self.writer();
        error.to_text(|word| writer.label(word))
    }

    /// True if a person reads along.
    pub fn is_to_person(&self) -> bool {
        let writer = self.writer();
        writer.is_terminal && writer.format == DiagnosticFormat::Text
    }

    /// True if a person looks on who did not ask for silence, or for every step.
    pub fn shows_progress(&self) -> bool {
        let writer = self.writer();
        writer.is_terminal && writer.format == DiagnosticFormat::Text && !writer.quiet && !writer.verbose
    }

    /// Asks a question; the answer is typed in the same line.
    pub fn prompt(&self, question: &str) {
        self.writer().write(&format!("{}: ", sanitize::control(question)));
    }

    /// Writes a line that belongs to a question, also where only errors are wanted.
    pub fn println(&self, text: &str) {
        self.writer().write(&format!("{}\n", sanitize::control(text)));
    }

    /// Writes what only a terminal shows, and what will be overwritten.
    pub fn draw(&self, text: &str) {
        self.writer().write(text);
    }

    /// Says why an answer is not accepted.
    pub fn refuse(&self, error: &Error) {
        let text = self.to_text(error);
        self.writer().write(&text);
    }

    fn writer(&self) -> MutexGuard<'_, DiagnosticWriter> {
        // A panic in the middle of a message does not spoil the next.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DiagnosticWriter {
    fn message(&mut self, label: &'static str, text: &str) {
        let text = &*mask::mask_known(&(self.rewrite)(text)).into_owned();
        match self.format {
            _ if self.quiet => {}
            DiagnosticFormat::Json => self.messages.push((label, text.to_owned())),
            DiagnosticFormat::Text => {
                let line = format!("{} {}\n", self.label(label), sanitize::control(text));
                self.write(&line);
            }
        }
    }

    fn finish(&mut self, error: Option<&Error>) {
        let error = error.map(|error| error.clone().map_hints(&self.rewrite));
        let error = error.as_ref();
        if self.format == DiagnosticFormat::Text {
            error.into_iter().for_each(|error| self.write_error(error));
            return;
        }
        let mut object = Map::new();
        let errors = std::mem::take(&mut self.errors);
        if let Some((first, others)) = errors.iter().chain(error).collect::<Vec<_>>().split_first() {
            object.insert("error".into(), first.to_json_with(others));
        }
        let messages = std::mem::take(&mut self.messages);
        for (key, label) in [("warnings", "warning"), ("notes", "note"), ("trace", "trace")] {
            let texts: Vec<Value> =
                messages.iter().filter(|(other, _)| *other == label).map(|(_, text)| json!(text)).collect();
            if !texts.is_empty() {
                object.insert(key.into(), texts.into());
            }
        }
        if !object.is_empty() {
            self.write(&format!("{}\n", crate::text::json::compact(&Value::Object(object))));
        }
    }

    fn write_error(&mut self, error: &Error) {
        let text = error.to_text(|word| self.label(word));
        self.write(&text);
    }

    /// A line's first word.
    fn label(&self, word: &str) -> String {
        let style = match word {
            "error" => "1;31",
            "warning" => "1;33",
            "trace" => "2",
            _ => "1;36",
        };
        if self.color { format!("\x1b[{style}m{word}:\x1b[0m") } else { format!("{word}:") }
    }

    fn write(&mut self, text: &str) {
        let bar = self.bar.clone();
        let err = &mut self.err;
        let mut write = || {
            // A standard error that cannot be written to cannot be reported.
            let _ = err.write_all(text.as_bytes());
            let _ = err.flush();
        };
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }
}
