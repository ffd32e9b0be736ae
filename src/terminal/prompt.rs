//! Questions to a person at a terminal.
//!
//! They are asked on standard error, and answered on standard input.

use std::io::{self, ErrorKind, Read, Write as _};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::{emulate_default_handler, unregister};
use signal_hook::{SigId, flag};

use crate::error::{Error, Result};
use crate::terminal::io_streams::IoStreams;

/// The longest answer in bytes: of a longer line, Linux drops the rest without a sign (N_TTY_BUF_SIZE).
const MAX_ANSWER: usize = 4094;

/// The code of a key that has no effect (`_POSIX_VDISABLE` of Linux).
const DISABLED: u8 = 0;

/// Asks a person, who is there.
pub struct Prompt<'a> {
    streams: &'a mut IoStreams,
}

impl<'a> Prompt<'a> {
    /// `None` if nobody can be asked: standard input or standard error is not a terminal, or errors are JSON.
    pub fn new(streams: &'a mut IoStreams) -> Option<Self> {
        (streams.in_is_terminal && streams.diagnostics.is_to_person()).then_some(Self { streams })
    }

    /// Writes a line before the questions.
    pub fn say(&mut self, text: &str) {
        self.streams.diagnostics.println(text);
    }

    /// Asks until `parse` accepts the trimmed answer, and shows each time why it did not.
    ///
    /// # Errors
    /// The input ends (Ctrl-D). Ctrl-C ends the program.
    pub fn ask<T>(&mut self, question: &str, mut parse: impl FnMut(&str) -> Result<T>) -> Result<T> {
        self.ask_line(question, |line| parse(line.trim()))
    }

    /// As [`Prompt::ask`], for the answer as it was typed.
    fn ask_line<T>(&mut self, question: &str, mut parse: impl FnMut(&str) -> Result<T>) -> Result<T> {
        loop {
            match parse(&self.read_answer(question)?) {
                Ok(value) => return Ok(value),
                Err(error) => self.streams.diagnostics.refuse(&error),
            }
        }
    }

    /// Asks for a yes or a no; an empty answer is a no.
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

    /// As [`Prompt::ask`], without showing what is typed; blanks at its ends are a part of it.
    ///
    /// # Errors
    /// As [`Prompt::ask`].
    pub fn ask_hidden<T>(&mut self, question: &str, parse: impl FnMut(&str) -> Result<T>) -> Result<T> {
        // From before the question on: what is pasted at once is hidden, too.
        let hidden = HiddenInput::start().map_err(|error| unreadable(&error))?;
        let answer = self.ask_line(question, parse);
        drop(hidden);
        answer
    }

    fn read_answer(&mut self, question: &str) -> Result<String> {
        self.streams.diagnostics.prompt(question);
        let line = read_line(&mut self.streams.input).map_err(|error| unreadable(&error))?;
        // The cursor is still in the question's line where the end of the answer's was not shown.
        if line.is_none() || terminal_mode().is_some() {
            self.streams.diagnostics.println("");
        }
        let line = line.ok_or_else(|| {
            Error::local("the input ended before all questions were answered")
                .hint("nothing was changed: start again, or pass all values as flags")
        })?;
        if line.len() > MAX_ANSWER {
            return Err(Error::local(format!("the answer is longer than {MAX_ANSWER} bytes")));
        }
        Ok(String::from_utf8_lossy(&line).into_owned())
    }
}

/// Reads a line without its end, byte by byte: what follows it answers the next question. `None` at the end of the
/// input.
fn read_line(input: &mut dyn Read) -> io::Result<Option<Vec<u8>>> {
    let (mut line, mut byte) = (Vec::new(), [0]);
    while line.len() <= MAX_ANSWER {
        match input.read(&mut byte) {
            Ok(0) => return Ok(None),
            Ok(_) if byte[0] == b'\n' => break,
            Ok(_) => line.push(byte[0]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(Some(line))
}

/// Lets signals end the program until this is dropped, although a `Shutdown` handles them: the read of an answer cannot
/// be raced against it. Without a `Shutdown`, signals would end nothing afterwards.
pub struct DefaultSignals(Vec<SigId>);

impl DefaultSignals {
    pub fn restore() -> Result<Self> {
        let always = Arc::new(AtomicBool::new(true));
        let register = |signal| flag::register_conditional_default(signal, Arc::clone(&always));
        let registered: io::Result<_> = [SIGINT, SIGQUIT, SIGTERM].into_iter().map(register).collect();
        registered.map(Self).map_err(|error| Error::local("cannot wait for signals").cause(error))
    }
}

impl Drop for DefaultSignals {
    fn drop(&mut self) {
        for id in self.0.drain(..) {
            unregister(id);
        }
    }
}

fn unreadable(error: &io::Error) -> Error {
    Error::local("cannot read the answer").cause(error)
}

/// The terminal of standard input, not showing what is typed until this is dropped or a signal ends the program.
///
/// Not rpassword: that shows the question before it hides the input, and raises Ctrl-C's signal, which ends the
/// program, before it restores the terminal.
struct HiddenInput;

/// The mode that the terminal had before its input was hidden. Only the holder changes the terminal.
static TERMINAL_MODE: Mutex<Option<Termios>> = Mutex::new(None);

fn terminal_mode() -> MutexGuard<'static, Option<Termios>> {
    TERMINAL_MODE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl HiddenInput {
    fn start() -> io::Result<Self> {
        restore_on_signals()?;
        let mut saved = terminal_mode();
        let mode = tcgetattr(io::stdin())?;
        let mut hidden = mode.clone();
        hidden.local_modes -= LocalModes::ECHO;
        // The shell would show what is typed after Ctrl-Z and `fg`: the key has no effect meanwhile.
        hidden.special_codes[SpecialCodeIndex::VSUSP] = DISABLED;
        // Keeps what was typed before the question.
        tcsetattr(io::stdin(), OptionalActions::Now, &hidden)?;
        *saved = Some(mode);
        Ok(Self)
    }
}

impl Drop for HiddenInput {
    fn drop(&mut self) {
        restore(&mut terminal_mode());
    }
}

fn restore(saved: &mut Option<Termios>) {
    if let Some(mode) = saved.take() {
        // Nothing can be done for a terminal that has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// Makes signals that end the program restore the terminal first. A signal handler may not, so a thread does; it stays,
/// since signal-hook does not give a signal's default back.
fn restore_on_signals() -> io::Result<()> {
    static IS_STARTED: Mutex<bool> = Mutex::new(false);
    let mut is_started = IS_STARTED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*is_started {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        std::thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                // Locked to the end: no other question may change the terminal again.
                let mut saved = terminal_mode();
                if saved.is_some() {
                    restore(&mut saved);
                    // Ends the question's line.
                    let _ = io::stderr().write_all(b"\n");
                }
                let _ = emulate_default_handler(signal);
            }
        })?;
        *is_started = true;
    }
    Ok(())
}
