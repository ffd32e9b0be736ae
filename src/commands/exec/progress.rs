//! Progress on standard error: a bar for many documents, a line for a stream.

use std::io;
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use tokio::time::Instant;

use crate::cli::Global;
use crate::terminal::io_streams::IoStreams;

/// A run that ends sooner shows no progress.
const DELAY: Duration = Duration::from_millis(300);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// Nothing but ASCII, which all terminals know.
const TEMPLATE: &str = "[{bar:40}] {pos} of {len}, {eta} left";
const CHARACTERS: &str = "=> ";
const LINE: &str = "{wide_msg}";

pub struct Progress {
    bar: ProgressBar,
    is_wanted: bool,
    /// When it is drawn next; `None` where it never is.
    due: Option<Instant>,
    /// Whether standard output is the terminal that the bar is on.
    shares_terminal: bool,
}

impl Progress {
    /// A bar for `count` documents; none for a single one. `-v` shows every step instead.
    pub fn new(count: usize, global: &Global, streams: &IoStreams) -> Self {
        let mut progress = Self::with_template(TEMPLATE, Some(count as u64), global, streams);
        progress.is_wanted &= count > 1;
        progress.restart();
        progress
    }

    /// A line with any text, for work of unknown length; [`Progress::restart`] begins it.
    pub fn line(global: &Global, streams: &IoStreams) -> Self {
        Self::with_template(LINE, None, global, streams)
    }

    fn with_template(template: &str, length: Option<u64>, global: &Global, streams: &IoStreams) -> Self {
        let is_wanted = streams.diagnostics.is_to_person() && !global.quiet && global.verbose == 0;
        let bar = ProgressBar::with_draw_target(length, ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style.progress_chars(CHARACTERS));
        }
        Self { bar, is_wanted, due: None, shares_terminal: streams.out_is_terminal }
    }

    /// Begins again, after [`Progress::clear`].
    pub fn restart(&mut self) {
        self.bar.reset();
        self.due = self.is_wanted.then(|| Instant::now() + DELAY);
    }

    /// Completes when the bar is to be drawn.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Draws the bar for so many documents that are done.
    pub fn draw(&mut self, done: usize) {
        self.redraw(|bar| bar.set_position(done as u64));
    }

    /// Draws the line with this text.
    pub fn show(&mut self, text: String) {
        self.redraw(|bar| bar.set_message(text));
    }

    fn redraw(&mut self, change: impl FnOnce(&ProgressBar)) {
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(RoomForEcho(Term::stderr()))));
        }
        change(&self.bar);
        self.bar.tick();
        self.due = Some(Instant::now() + PERIOD);
    }

    /// Writes while the bar is out of the way; `is_diagnostic` to standard error.
    pub fn suspend<T>(&self, is_diagnostic: bool, write: impl FnOnce() -> T) -> T {
        if is_diagnostic || self.shares_terminal { self.bar.suspend(write) } else { write() }
    }

    pub fn clear(&mut self) {
        self.due = None;
        self.bar.finish_and_clear();
    }
}

/// A terminal with two columns left free. indicatif fills the bar's line with blanks: the `^C` that the terminal echoes
/// would go to the next line, and the bar would stay.
#[derive(Debug)]
struct RoomForEcho(Term);

impl TermLike for RoomForEcho {
    fn width(&self) -> u16 {
        self.0.size().1.saturating_sub(2).max(1)
    }

    fn move_cursor_up(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_up(lines)
    }

    fn move_cursor_down(&self, lines: usize) -> io::Result<()> {
        self.0.move_cursor_down(lines)
    }

    fn move_cursor_right(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_right(columns)
    }

    fn move_cursor_left(&self, columns: usize) -> io::Result<()> {
        self.0.move_cursor_left(columns)
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.0.write_line(text)
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.0.write_str(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.0.clear_line()
    }

    fn flush(&self) -> io::Result<()> {
        self.0.flush()
    }
}
