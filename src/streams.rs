//! The process's streams and what is known of the terminals behind them.
//!
//! Facts go to [`Streams::out`] in the chosen format and nothing else does; everything that is said to a person goes
//! through [`Talk`] to standard error.

use std::io::{self, BufWriter, IsTerminal, Read, Write};

use clap::builder::StyledStr;
use serde_json::{Value, json};

use crate::error::Error;
use crate::escape;

/// How errors, warnings and notes are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TalkFormat {
    #[default]
    Text,
    /// One JSON object on standard error, at the end, and only if there is something to say.
    Json,
}

/// Standard input, output and error of one run.
pub struct Streams {
    pub input: Box<dyn Read>,
    /// Standard input is a terminal.
    pub in_is_terminal: bool,
    /// Buffered: whoever ends a run flushes it, and learns there whether the reader is still there.
    pub out: Box<dyn Write>,
    /// Standard output is a terminal.
    pub out_is_terminal: bool,
    /// The user has nothing against colour, where there is a terminal.
    pub color: bool,
    pub talk: Talk,
}

impl Streams {
    /// The streams of this process. `no_color` is the user's wish (`NO_COLOR`, <https://no-color.org>).
    pub fn of_process(no_color: bool) -> Self {
        let out = io::stdout();
        Self {
            in_is_terminal: io::stdin().is_terminal(),
            out_is_terminal: out.is_terminal(),
            color: !no_color,
            input: Box::new(io::stdin()),
            out: Box::new(BufWriter::with_capacity(64 * 1024, out)),
            talk: Talk {
                err: Box::new(io::stderr()),
                is_terminal: io::stderr().is_terminal(),
                color: !no_color && io::stderr().is_terminal(),
                format: TalkFormat::Text,
                said: Vec::new(),
            },
        }
    }
}

/// Notes, warnings and errors for the person or the log behind standard error.
pub struct Talk {
    err: Box<dyn Write>,
    is_terminal: bool,
    color: bool,
    format: TalkFormat,
    /// What waits for the JSON object at the end: the word and the text.
    said: Vec<(&'static str, String)>,
}

impl Talk {
    /// Chooses the format; set before the first word.
    pub fn set_format(&mut self, format: TalkFormat) {
        self.format = format;
    }

    /// Says what was done for the user that the user did not ask for by name.
    pub fn note(&mut self, text: &str) {
        self.say("note", text);
    }

    /// Says what will trouble the user later.
    pub fn warning(&mut self, text: &str) {
        self.say("warning", text);
    }

    /// Shows how a command is used, to a person who gave none.
    pub fn help(&mut self, help: &StyledStr) {
        if self.format == TalkFormat::Text {
            let text = if self.color { help.ansi().to_string() } else { help.to_string() };
            self.write(&format!("{text}\n"));
        }
    }

    /// Says that what was asked for is done, where nothing on standard output shows it.
    pub fn done(&mut self, text: &str) {
        match self.format {
            TalkFormat::Json => self.said.push(("note", text.to_owned())),
            TalkFormat::Text => self.write(&format!("{}\n", escape::control(text))),
        }
    }

    /// Whether a person reads along.
    pub fn is_to_person(&self) -> bool {
        self.is_terminal && self.format == TalkFormat::Text
    }

    /// Asks a person; the answer is typed behind the question.
    pub fn ask(&mut self, question: &str) {
        self.write(&format!("{}: ", escape::control(question)));
    }

    /// Says why an answer is not taken.
    pub fn refuse(&mut self, error: &Error) {
        let text = error.to_text(|word| self.label(word));
        self.write(&text);
    }

    fn say(&mut self, word: &'static str, text: &str) {
        match self.format {
            TalkFormat::Json => self.said.push((word, text.to_owned())),
            TalkFormat::Text => {
                let line = format!("{} {}\n", self.label(word), escape::control(text));
                self.write(&line);
            }
        }
    }

    /// Writes `error` and, in JSON, all that was said since the last time. Called once, last; a command that goes on for
    /// long calls it in between.
    pub fn finish(&mut self, error: Option<&Error>) {
        match self.format {
            TalkFormat::Text => {
                if let Some(error) = error {
                    let text = error.to_text(|word| self.label(word));
                    self.write(&text);
                }
            }
            TalkFormat::Json => {
                let mut object = serde_json::Map::new();
                if let Some(error) = error {
                    object.insert("error".into(), error.to_json());
                }
                for (key, word) in [("warnings", "warning"), ("notes", "note")] {
                    let texts: Vec<Value> =
                        self.said.iter().filter(|(said, _)| *said == word).map(|(_, text)| json!(text)).collect();
                    if !texts.is_empty() {
                        object.insert(key.into(), texts.into());
                    }
                }
                self.said.clear();
                if !object.is_empty() {
                    self.write(&format!("{}\n", crate::json::compact(&Value::Object(object))));
                }
            }
        }
    }

    fn label(&self, word: &str) -> String {
        let paint = match word {
            "error" => "1;31",
            "warning" => "1;33",
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
