//! A progress bar on standard error, for a person who waits for a run over many documents.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::commands::Context;

/// A run that ends sooner shows no bar.
const DELAY: Duration = Duration::from_millis(300);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// Nothing but ASCII, which all terminals know.
const TEMPLATE: &str = "[{bar:40}] {pos} of {len}, {eta} left";
const CHARACTERS: &str = "=> ";

pub struct Progress {
    bar: ProgressBar,
    /// When it is drawn next; `None` where it never is.
    due: Option<Instant>,
    /// Whether standard output is the terminal that the bar is on.
    shares_terminal: bool,
}

impl Progress {
    /// A bar for `count` documents. `-v` shows every step instead.
    pub fn new(count: usize, context: &Context<'_>) -> Self {
        let is_wanted =
            context.streams.diagnostics.is_to_person() && !context.global.quiet && context.global.verbose == 0;
        let bar = ProgressBar::with_draw_target(Some(count as u64), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars(CHARACTERS));
        }
        let due = is_wanted.then(|| Instant::now() + DELAY);
        Self { bar, due, shares_terminal: context.streams.out_is_terminal }
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
        if self.bar.is_hidden() {
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
        self.bar.set_position(done as u64);
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
