//! A line from the terminal that is not shown while it is typed.

use std::io::{self, Read};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, Termios, tcgetattr, tcsetattr};
use signal_hook::consts::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

/// What was typed.
pub(super) enum Typed {
    /// A line, without its end.
    Line(String),
    /// The end of the input: Ctrl-D on an empty line.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// Asks, and reads a line. From before the question on, the terminal neither shows nor obeys anything: what is pasted as
/// soon as the question stands there is hidden, too. Ctrl-C is only seen here, and another signal that ends the program
/// does so after the terminal is as it was, for whatever runs next.
pub(super) fn read_line(input: &mut dyn Read, ask: impl FnOnce()) -> io::Result<Typed> {
    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const DELETE: u8 = 0x7f;

    let _raw = Raw::enter()?;
    ask();
    let mut line = Vec::new();
    while let Some(byte) = super::next_byte(input)? {
        match byte {
            b'\r' | b'\n' => return Ok(Typed::Line(String::from_utf8_lossy(&line).into_owned())),
            CTRL_C => return Ok(Typed::Interrupt),
            CTRL_D if line.is_empty() => return Ok(Typed::End),
            CTRL_U => line.clear(),
            BACKSPACE | DELETE => erase(&mut line),
            byte if line.len() < super::MAX_ANSWER => line.push(byte),
            _ => return Err(io::ErrorKind::InvalidData.into()),
        }
    }
    Ok(Typed::End)
}

/// Ends the program as Ctrl-C does.
pub(super) fn interrupt() {
    // Fails for signals only that end no program.
    let _ = emulate_default_handler(SIGINT);
}

/// Takes the last character away, which can be several bytes.
fn erase(line: &mut Vec<u8>) {
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
    while line.pop().is_some_and(|byte| CONTINUATION.contains(&byte)) {}
}

/// The terminal of standard input, without echo, lines and signals until this is dropped, or until a signal ends the
/// program.
struct Raw;

/// How the terminal was before; `None` while it is so. Whoever changes the terminal holds this.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

impl Raw {
    fn enter() -> io::Result<Self> {
        watch_signals()?;
        let mut before = before();
        let mode = tcgetattr(io::stdin())?;
        let mut raw = mode.clone();
        raw.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question was shown counts.
        tcsetattr(io::stdin(), OptionalActions::Now, &raw)?;
        *before = Some(mode);
        Ok(Self)
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        restore(&mut before());
    }
}

fn before() -> MutexGuard<'static, Option<Termios>> {
    BEFORE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn restore(before: &mut Option<Termios>) {
    if let Some(mode) = before.take() {
        // There is nothing to be done about a terminal that has gone.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &mode);
    }
}

/// From the first hidden question on, a signal that ends the program restores the terminal first, and then ends it as
/// if nobody had looked. Nothing is dropped then, and a handler may do neither; so a thread of its own waits for them.
fn watch_signals() -> io::Result<()> {
    static WATCHED: Mutex<bool> = Mutex::new(false);
    let mut watched = WATCHED.lock().unwrap_or_else(PoisonError::into_inner);
    if !*watched {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGQUIT, SIGTERM])?;
        std::thread::Builder::new().spawn(move || {
            for signal in signals.forever() {
                // Held to the end: no other question may change the terminal again.
                let mut before = before();
                restore(&mut before);
                let _ = emulate_default_handler(signal);
            }
        })?;
        *watched = true;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::erase;

    #[test]
    fn backspace_takes_a_whole_character() {
        let mut line = "aé한".as_bytes().to_vec();
        for left in ["aé", "a", "", ""] {
            erase(&mut line);
            assert_eq!(line, left.as_bytes());
        }
    }
}
