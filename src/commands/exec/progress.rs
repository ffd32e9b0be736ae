//! How far a run over many documents is, for a person who waits.

use std::time::Duration;

use jiff::SignedDuration;
use tokio::time::Instant;

use crate::commands::Context;
use crate::terminal::io_streams::{Diagnostics, diagnostics_width};

/// What ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// How many columns lie between the bar's brackets, where there is room.
const LENGTH: usize = 40;

/// What a terminal shows where somebody types Ctrl-C.
const ECHO: usize = "^C".len();

/// A bar on standard error; nothing where no person looks on. Nothing but ASCII and carriage returns, which all terminals
/// know.
pub struct Progress {
    /// When it is drawn next; `None` where it never is.
    due: Option<Instant>,
    begun: Instant,
    count: usize,
    /// What goes to standard output comes out where the bar is.
    shares_terminal: bool,
    diagnostics: Diagnostics,
    /// What stands on the terminal.
    line: String,
}

impl Progress {
    /// For `count` documents, and for those who read what `context` says. Who has every step told sees how far it is.
    pub fn new(count: usize, context: &Context<'_>) -> Self {
        let diagnostics = context.streams.diagnostics.clone();
        let is_wanted = diagnostics.is_to_person() && !context.global.quiet && context.global.verbose == 0;
        let begun = Instant::now();
        let due = is_wanted.then(|| begun + PATIENCE);
        Self { due, begun, count, shares_terminal: context.streams.out_is_terminal, diagnostics, line: String::new() }
    }

    /// Done when it is to be drawn.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Draws it: so many have come to an end.
    pub fn draw(&mut self, ended: usize) {
        let now = Instant::now();
        self.due = Some(now + PERIOD);
        let line = line(ended, self.count, now - self.begun, diagnostics_width());
        self.replace(line);
    }

    /// Writes, while the bar is out of the way if it could be where `write` writes: to standard error, if `is_talk`.
    pub fn aside<T>(&mut self, is_talk: bool, write: impl FnOnce() -> T) -> T {
        if !is_talk && !self.shares_terminal {
            return write();
        }
        let line = self.line.clone();
        self.replace(String::new());
        let written = write();
        self.replace(line);
        written
    }

    /// Takes it away.
    pub fn clear(&mut self) {
        self.due = None;
        self.replace(String::new());
    }

    fn replace(&mut self, line: String) {
        if !self.line.is_empty() {
            let width = self.line.len() + ECHO;
            self.diagnostics.draw(&format!("\r{:width$}\r", ""));
        }
        if !line.is_empty() {
            self.diagnostics.draw(&line);
        }
        self.line = line;
    }
}

/// The bar after `elapsed`, as far as there is room for it in `width` columns and for what is typed behind it.
fn line(ended: usize, count: usize, elapsed: Duration, width: usize) -> String {
    let left = match ended {
        0 => String::new(),
        _ => {
            let each = elapsed.div_f64(ended as f64);
            let left = each.saturating_mul(u32::try_from(count.saturating_sub(ended)).unwrap_or(u32::MAX));
            let left = SignedDuration::from_secs(left.as_secs().try_into().unwrap_or(i64::MAX));
            format!(", {left:#} left")
        }
    };
    let text = format!(" {ended} of {count}{left}");
    let length = LENGTH.min(width.saturating_sub("[]".len() + text.len() + ECHO + 1));
    let done = length * ended.min(count) / count.max(1);
    let tip = usize::from(done < length);
    let mut line = format!("[{}{}{:rest$}]{text}", "=".repeat(done), ">".repeat(tip), "", rest = length - done - tip);
    line.truncate(width.saturating_sub(ECHO + 1));
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_shows_how_many_and_for_how_long() {
        let after = |ended, seconds| line(ended, 1000, Duration::from_secs(seconds), 80);
        assert_eq!(after(0, 1), format!("[>{}] 0 of 1000", " ".repeat(39)));
        assert_eq!(after(250, 50), format!("[{}>{}] 250 of 1000, 2m 30s left", "=".repeat(10), " ".repeat(29)));
        assert_eq!(after(1000, 50), format!("[{}] 1000 of 1000, 0s left", "=".repeat(40)));
    }

    #[test]
    fn it_never_takes_more_than_a_line() {
        for width in 0..100 {
            for ended in [0, 1, 999, 1000] {
                let line = line(ended, 1000, Duration::from_secs(100_000), width);
                assert!(line.len() <= width.saturating_sub(3), "{width}: {line}");
            }
        }
    }
}
