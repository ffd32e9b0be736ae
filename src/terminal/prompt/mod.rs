//! Questions to a person at a terminal. They go to standard error, as all talk does; the answers come from standard input.

mod hidden;

use std::io::{self, ErrorKind, Read};

use self::hidden::Typed;
use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;

/// The longest answer, in bytes: terminals themselves end a line earlier.
const MAX_ANSWER: usize = 64 * 1024;

/// Asks a person, who is there.
pub struct Prompt<'a> {
    streams: &'a mut IoStreams,
}

impl<'a> Prompt<'a> {
    /// `None` if there is nobody to ask: input or talk is no terminal, or talk is for programs.
    pub fn new(streams: &'a mut IoStreams) -> Option<Self> {
        (streams.in_is_terminal && streams.diagnostics.is_to_person()).then_some(Self { streams })
    }

    /// Says something beforehand.
    pub fn say(&mut self, text: &str) {
        self.streams.diagnostics.println(text);
    }

    /// Asks until `read` makes something of the answer, and says each time why it did not. The answer comes without the
    /// space around it.
    ///
    /// # Errors
    /// The input ends (Ctrl-D). Ctrl-C ends the program.
    pub fn ask<T>(&mut self, question: &str, read: impl FnMut(&str) -> Result<T>) -> Result<T> {
        self.until(question, Self::line, read)
    }

    /// Asks for a yes or a no; without an answer it is no.
    ///
    /// # Errors
    /// As [`Prompt::ask`].
    pub fn confirm(&mut self, question: &str) -> Result<bool> {
        self.ask(&format!("{question}? [y/N]"), |answer| match answer.to_lowercase().as_str() {
            "y" | "yes" => Ok(true),
            "" | "n" | "no" => Ok(false),
            _ => Err(Error::local("answer y or n")),
        })
    }

    /// As [`Prompt::ask`], and what is typed is not shown.
    ///
    /// # Errors
    /// As [`Prompt::ask`].
    pub fn ask_hidden<T>(&mut self, question: &str, read: impl FnMut(&str) -> Result<T>) -> Result<T> {
        self.until(question, Self::hidden_line, read)
    }

    fn until<T>(
        &mut self,
        question: &str,
        answer: fn(&mut Self, &str) -> Result<String>,
        mut read: impl FnMut(&str) -> Result<T>,
    ) -> Result<T> {
        loop {
            match read(answer(self, question)?.trim()) {
                Ok(value) => return Ok(value),
                Err(error) => self.streams.diagnostics.refuse(&error),
            }
        }
    }

    /// Read byte by byte: what follows the line is for the next question.
    fn line(&mut self, question: &str) -> Result<String> {
        self.streams.diagnostics.prompt(question);
        let mut line = Vec::new();
        while let Some(byte) = next_byte(&mut self.streams.input).map_err(|error| unreadable(&error))? {
            match byte {
                b'\n' => return Ok(String::from_utf8_lossy(&line).into_owned()),
                byte if line.len() < MAX_ANSWER => line.push(byte),
                _ => return Err(Error::local("the answer does not end")),
            }
        }
        // The cursor still stands behind the question.
        self.streams.diagnostics.println("");
        Err(ended())
    }

    fn hidden_line(&mut self, question: &str) -> Result<String> {
        let IoStreams { input, diagnostics, .. } = &mut *self.streams;
        let line = hidden::read_line(input, || diagnostics.prompt(question));
        // The end of the line was not shown either.
        self.streams.diagnostics.println("");
        match line.map_err(|error| unreadable(&error))? {
            Typed::Line(line) => Ok(line),
            Typed::End => Err(ended()),
            Typed::Interrupt => {
                hidden::interrupt();
                Err(Error::local("interrupted"))
            }
        }
    }
}

/// One byte; `None` at the end. Standard input is buffered, so that this asks the system once a line.
fn next_byte(input: &mut dyn Read) -> io::Result<Option<u8>> {
    let mut byte = [0];
    loop {
        match input.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) => return Ok(Some(byte[0])),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::local("cannot read the answer").cause(error)
}

fn ended() -> Error {
    Error::local("the input ended before all was answered")
        .hint("nothing is written; start again, or give all by flags")
}
