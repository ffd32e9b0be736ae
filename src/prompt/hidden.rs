//! A line from the terminal that is not shown while it is typed.

use std::io::{self, Read};

/// What was typed.
pub(super) enum Typed {
    /// A line, without its end.
    Line(String),
    /// The end of the input: Ctrl-D on an empty line.
    End,
    /// Ctrl-C.
    Interrupt,
}

/// Reads a line. While it is typed, the terminal neither shows nor obeys anything, and Ctrl-C is only seen here. Left to
/// the terminal, it would end the program and leave a terminal that shows nothing to whatever runs next.
#[cfg(unix)]
pub(super) fn read_line(input: &mut dyn Read) -> io::Result<Typed> {
    const CTRL_C: u8 = 0x03;
    const CTRL_D: u8 = 0x04;
    const BACKSPACE: u8 = 0x08;
    const CTRL_U: u8 = 0x15;
    const DELETE: u8 = 0x7f;

    let _raw = Raw::enter()?;
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
#[cfg(unix)]
pub(super) fn interrupt() {
    use rustix::process::{Signal, getpid, kill_process};
    // A process may always send itself a signal.
    let _ = kill_process(getpid(), Signal::INT);
}

/// Takes the last character away, which can be several bytes.
#[cfg(unix)]
fn erase(line: &mut Vec<u8>) {
    const CONTINUATION: std::ops::RangeInclusive<u8> = 0x80..=0xbf;
    while line.pop().is_some_and(|byte| CONTINUATION.contains(&byte)) {}
}

/// The terminal of standard input, without echo, lines and signals until this is dropped.
#[cfg(unix)]
struct Raw(rustix::termios::Termios);

#[cfg(unix)]
impl Raw {
    fn enter() -> io::Result<Self> {
        use rustix::termios::{LocalModes, OptionalActions, SpecialCodeIndex, tcgetattr, tcsetattr};
        let before = tcgetattr(io::stdin())?;
        let mut raw = before.clone();
        raw.local_modes -= LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG;
        raw.special_codes[SpecialCodeIndex::VMIN] = 1;
        raw.special_codes[SpecialCodeIndex::VTIME] = 0;
        // What was typed before the question was shown counts.
        tcsetattr(io::stdin(), OptionalActions::Drain, &raw)?;
        Ok(Self(before))
    }
}

#[cfg(unix)]
impl Drop for Raw {
    fn drop(&mut self) {
        // There is nothing to be done about a terminal that has gone.
        let _ = rustix::termios::tcsetattr(io::stdin(), rustix::termios::OptionalActions::Drain, &self.0);
    }
}

#[cfg(windows)]
pub(super) fn read_line(_input: &mut dyn Read) -> io::Result<Typed> {
    match rpassword::read_password() {
        Ok(line) => Ok(Typed::Line(line)),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(Typed::End),
        Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(Typed::Interrupt),
        Err(error) => Err(error),
    }
}

/// There, Ctrl-C has ended the program already.
#[cfg(windows)]
pub(super) fn interrupt() {}

#[cfg(all(test, unix))]
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
