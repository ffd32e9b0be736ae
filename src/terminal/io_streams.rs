//! Standard input, output and error of one run.
//!
//! Facts go to [`IoStreams::out`], in the chosen format; all else goes through [`Diagnostics`] to standard error.

use std::io::{self, BufWriter, IsTerminal, Read, Write};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use tokio::sync::oneshot;

use super::color::{ColorChoice, ColorVariables};
pub use super::diagnostics::{DiagnosticFormat, Diagnostics, Rewriter};

/// Standard input, output and error of one run.
pub struct IoStreams {
    pub input: Box<dyn Read>,
    /// Standard input is a terminal.
    pub in_is_terminal: bool,
    /// Buffered: `run` flushes it at the end, and learns there whether the reader is still there.
    pub out: Box<dyn Write>,
    /// Standard output is a terminal.
    pub out_is_terminal: bool,
    /// Standard output is coloured.
    pub out_color: bool,
    /// The locale's characters are UTF-8.
    pub is_utf8: bool,
    pub diagnostics: Diagnostics,
    colors: ColorVariables,
}

impl IoStreams {
    /// The streams of this process, with what its environment says of them.
    pub fn from_process(colors: ColorVariables, is_utf8: bool) -> Self {
        let out = io::stdout();
        let mut streams = Self {
            in_is_terminal: io::stdin().is_terminal(),
            out_is_terminal: out.is_terminal(),
            out_color: false,
            is_utf8,
            input: Box::new(io::stdin()),
            out: Box::new(BufWriter::with_capacity(64 * 1024, out)),
            diagnostics: Diagnostics::new(Box::new(io::stderr()), io::stderr().is_terminal()),
            colors,
        };
        streams.set_color(ColorChoice::Auto);
        streams
    }

    /// Decides which of the streams are coloured.
    pub fn set_color(&mut self, choice: ColorChoice) {
        self.out_color = self.colors.decide(choice, self.out_is_terminal);
        self.diagnostics.set_color(|is_terminal| self.colors.decide(choice, is_terminal));
    }

    /// The columns of standard output's terminal; `None` without one, or if its size is unknown.
    pub fn out_width(&self) -> Option<usize> {
        if self.out_is_terminal { screen_size().map(|(columns, _)| columns) } else { None }
    }
}

/// The columns and lines of standard output's terminal; `None` if they are unknown.
pub fn screen_size() -> Option<(usize, usize)> {
    let (width, height) = terminal_size::terminal_size_of(io::stdout())?;
    (width.0 > 0 && height.0 > 0).then_some((width.0.into(), height.0.into()))
}

/// Completes when the reader of standard output has gone; never where only a write shows that, as with a file.
///
/// A command that waits for news would otherwise learn it only from the next one, which may never come.
pub async fn reader_gone() {
    let (gone, noticed) = oneshot::channel();
    // Not joined: it ends with the process.
    std::thread::spawn(move || {
        if wait_for_reader_to_go() {
            let _ = gone.send(());
        }
    });
    if noticed.await.is_err() {
        std::future::pending().await
    }
}

/// Blocks until the reader has gone; `false` if that cannot be watched.
fn wait_for_reader_to_go() -> bool {
    let out = io::stdout();
    // Without events to wait for, poll reports errors only: a pipe without a reader.
    let mut watched = [PollFd::new(&out, PollFlags::empty())];
    loop {
        match poll(&mut watched, None) {
            Err(Errno::INTR) => {}
            Err(_) => return false,
            Ok(_) => return watched[0].revents().intersects(PollFlags::ERR | PollFlags::HUP),
        }
    }
}
