//! How far a run over many documents is, for a person who waits.

use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use crate::commands::Context;

/// What ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// A bar on standard error; nothing where no person looks on.
pub struct Progress {
    /// When it is drawn next; `None` where it never is.
    due: Option<Instant>,
    count: usize,
    /// What goes to standard output comes out between the bar's lines.
    shares_terminal: bool,
    bar: Option<ProgressBar>,
}

impl Progress {
    /// For `count` documents, and for those who read what `context` says. Who has every step told sees how far it is.
    pub fn new(count: usize, context: &Context<'_>) -> Self {
        let talk = &context.streams.talk;
        let is_wanted = talk.is_to_person() && !context.global.quiet && context.global.verbose == 0;
        let due = is_wanted.then(|| Instant::now() + PATIENCE);
        Self { due, count, shares_terminal: context.streams.out_is_terminal, bar: None }
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
        self.due = Some(Instant::now() + PERIOD);
        let count = self.count;
        let bar = self.bar.get_or_insert_with(|| {
            ProgressBar::with_draw_target(u64::try_from(count).ok(), ProgressDrawTarget::stderr()).with_style(style())
        });
        bar.set_position(u64::try_from(ended).unwrap_or(u64::MAX));
    }

    /// Writes, while the bar is out of the way if it could be where `write` writes: to standard error, if `is_talk`.
    pub fn aside<T>(&self, is_talk: bool, write: impl FnOnce() -> T) -> T {
        match &self.bar {
            Some(bar) if is_talk || self.shares_terminal => bar.suspend(write),
            _ => write(),
        }
    }

    /// Takes it away.
    pub fn clear(&mut self) {
        self.due = None;
        if let Some(bar) = self.bar.take() {
            bar.finish_and_clear();
        }
    }
}

/// A terminal that knows nothing but ASCII shows it, too.
fn style() -> ProgressStyle {
    let style = ProgressStyle::with_template("[{bar:40}] {pos} of {len}, {eta} left");
    style.unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}
