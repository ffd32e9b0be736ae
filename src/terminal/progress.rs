//! A progress bar on standard error: count, rate, time left, what is in flight.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use tokio::time::Instant;

use super::io_streams::{Diagnostics, IoStreams};

/// A run that ends sooner shows no bar.
const DELAY: Duration = Duration::from_millis(300);

/// How often it is drawn.
const PERIOD: Duration = Duration::from_millis(100);

/// Nothing but ASCII, which all terminals know. The text is truncated where the terminal is narrow.
const TEMPLATE: &str = "[{bar:20}] {wide_msg}";
const CHARACTERS: &str = "=> ";

/// The most names in flight that are shown.
const MAX_NAMED: usize = 2;

/// How far a run over many things is. Diagnostics are written above the bar.
pub struct Progress {
    line: BarLine,
    is_wanted: bool,
    /// When it is drawn next; `None` where it never is.
    due: Option<Instant>,
    begun: Instant,
    /// What is done to each thing, as `compared`.
    done_word: &'static str,
    /// `None` if it is not known.
    total: Option<u64>,
    /// Whether standard output is the terminal that the bar is on.
    shares_terminal: bool,
    diagnostics: Diagnostics,
}

/// What a bar shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProgressState {
    pub done: u64,
    /// As of [`in_flight`].
    pub in_flight: String,
}

impl Progress {
    /// A bar for `total` things that are `done_word`; none for a single one. Without a terminal, with `-q`, which is
    /// silent, and with `-v`, which shows every step instead, it shows nothing.
    pub fn new(done_word: &'static str, total: usize, streams: &IoStreams) -> Self {
        Self::start(done_word, Some(total as u64), total > 1, streams)
    }

    /// As [`Progress::new`], for a total that comes later.
    pub fn without_total(done_word: &'static str, streams: &IoStreams) -> Self {
        Self::start(done_word, None, true, streams)
    }

    /// Shows nothing.
    pub fn none() -> Self {
        let (line, diagnostics, begun) = (BarLine::new(), Diagnostics::null(), Instant::now());
        Self {
            line,
            is_wanted: false,
            due: None,
            begun,
            done_word: "",
            total: None,
            shares_terminal: false,
            diagnostics,
        }
    }

    /// For work that says itself how far it is, by [`Progress::show`]; [`Progress::restart`] begins it.
    pub fn of_texts(streams: &IoStreams) -> Self {
        let mut progress = Self::start("", None, true, streams);
        progress.due = None;
        progress
    }

    /// Begins again, after [`Progress::clear`].
    pub fn restart(&mut self) {
        self.due = self.is_wanted.then(|| Instant::now() + DELAY);
    }

    fn start(done_word: &'static str, total: Option<u64>, is_worthwhile: bool, streams: &IoStreams) -> Self {
        let diagnostics = streams.diagnostics.clone();
        let is_wanted = is_worthwhile && diagnostics.shows_progress();
        let due = is_wanted.then(|| Instant::now() + DELAY);
        let (line, begun) = (BarLine::new(), Instant::now());
        Self { line, is_wanted, due, begun, done_word, total, shares_terminal: streams.out_is_terminal, diagnostics }
    }

    pub fn set_total(&mut self, total: u64) {
        self.total = Some(total);
    }

    /// Completes when the bar is to be drawn.
    pub async fn due(&self) {
        match self.due {
            Some(due) => tokio::time::sleep_until(due).await,
            None => std::future::pending().await,
        }
    }

    /// Draws the bar.
    pub fn draw(&mut self, state: &ProgressState) {
        self.redraw(
            if self.total.is_some() { state.done } else { 0 },
            text(self.done_word, state, self.total, self.begun.elapsed()),
        );
    }

    /// Draws an empty bar with this text.
    pub fn show(&mut self, text: String) {
        self.redraw(0, text);
    }

    fn redraw(&mut self, position: u64, text: String) {
        let bar = &self.line.bar;
        if bar.is_finished() {
            bar.reset();
        }
        // Each change of a bar that is shown draws it: the text first, the rest at once.
        bar.set_message(text);
        let total = self.total.unwrap_or_default().max(1);
        bar.update(|shown| {
            shown.set_len(total);
            shown.set_pos(position);
        });
        if bar.is_hidden() {
            bar.set_draw_target(ProgressDrawTarget::term_like(Box::new(RoomForEcho(Term::stderr()))));
            bar.tick();
        }
        self.diagnostics.set_bar(Some(self.line.clone()));
        self.due = Some(Instant::now() + PERIOD);
    }

    /// Draws the bar if it is due, for work that does not wait.
    pub fn tick(&mut self, state: impl FnOnce() -> ProgressState) {
        if self.due.is_some_and(|due| due <= Instant::now()) {
            self.draw(&state());
        }
    }

    /// Does `work`, and draws its `state` meanwhile; no bar without one, e.g. where a child writes.
    pub async fn during<T>(&mut self, state: impl Fn() -> Option<ProgressState>, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return done,
                () = self.due() => match state() {
                    Some(state) => self.draw(&state),
                    None => {
                        self.line.bar.finish_and_clear();
                        self.due = Some(Instant::now() + PERIOD);
                    }
                },
            }
        }
    }

    /// Writes to standard output while the bar is out of the way.
    pub fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.shares_terminal { self.line.suspend(write) } else { write() }
    }

    pub fn clear(&mut self) {
        self.due = None;
        self.line.bar.finish_and_clear();
        self.diagnostics.set_bar(None);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.clear();
    }
}

/// The line of a bar, for other writers to the same terminal.
#[derive(Clone)]
pub(super) struct BarLine {
    bar: ProgressBar,
    /// indicatif would wait for itself.
    is_suspended: Arc<AtomicBool>,
}

impl BarLine {
    fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(1), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(TEMPLATE) {
            bar.set_style(style.progress_chars(CHARACTERS));
        }
        Self { bar, is_suspended: Arc::default() }
    }

    pub(super) fn suspend<T>(&self, write: impl FnOnce() -> T) -> T {
        if self.is_suspended.swap(true, Ordering::SeqCst) {
            return write();
        }
        let written = self.bar.suspend(write);
        self.is_suspended.store(false, Ordering::SeqCst);
        written
    }
}

/// `in flight: plugin-a, plugin-b and 14 more`; nothing without names.
pub fn in_flight(names: impl ExactSizeIterator<Item = String>) -> String {
    let others = names.len().saturating_sub(MAX_NAMED);
    let named = names.take(MAX_NAMED).collect::<Vec<_>>().join(", ");
    match (named.is_empty(), others) {
        (true, _) => String::new(),
        (false, 0) => format!("in flight: {named}"),
        (false, more) => format!("in flight: {named} and {more} more"),
    }
}

/// `compared 120 of 400, 53/s, 5s left, in flight: plugin-a`.
fn text(done_word: &str, state: &ProgressState, total: Option<u64>, elapsed: Duration) -> String {
    let done = state.done;
    let seconds = elapsed.as_secs_f64();
    let rate = if seconds > 0.0 { done as f64 / seconds } else { 0.0 };
    let mut parts = vec![match total {
        Some(total) => format!("{done_word} {done} of {total}"),
        None => format!("{done_word} {done}"),
    }];
    if done > 0 {
        parts.push(if rate < 10.0 { format!("{rate:.1}/s") } else { format!("{rate:.0}/s") });
        let left = total.map(|total| total.saturating_sub(done) as f64 / rate);
        parts.extend(left.map(|left| format!("{} left", duration(left.ceil().min(1e9) as u64))));
    }
    parts.extend(Some(state.in_flight.clone()).filter(|names| !names.is_empty()));
    parts.join(", ").trim_start().to_owned()
}

/// `5s`, `3m05s` or `2h10m`.
fn duration(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        _ => format!("{}h{:02}m", seconds / 3_600, seconds / 60 % 60),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(done: u64, total: Option<u64>, seconds: u64, names: &[&str]) -> String {
        let in_flight = in_flight(names.iter().map(|name| (*name).to_owned()));
        text("sent", &ProgressState { done, in_flight }, total, Duration::from_secs(seconds))
    }

    #[test]
    fn count_rate_time_left_and_names() {
        assert_eq!(shown(120, Some(400), 2, &["a"]), "sent 120 of 400, 60/s, 5s left, in flight: a");
        assert_eq!(
            shown(3, Some(400), 2, &["a", "b", "c", "d"]),
            "sent 3 of 400, 1.5/s, 4m25s left, in flight: a, b and 2 more"
        );
        assert_eq!(shown(400, Some(400), 2, &[]), "sent 400 of 400, 200/s, 0s left");
    }

    #[test]
    fn what_is_not_known_is_not_shown() {
        assert_eq!(shown(0, Some(400), 2, &["플러그인"]), "sent 0 of 400, in flight: 플러그인");
        assert_eq!(shown(500, None, 2, &[]), "sent 500, 250/s");
        assert_eq!(shown(0, None, 0, &[]), "sent 0");
    }

    #[test]
    fn times_have_two_units() {
        assert_eq!(
            [0, 59, 60, 3_599, 3_600, 360_000].map(duration),
            ["0s", "59s", "1m00s", "59m59s", "1h00m", "100h00m"]
        );
    }

    #[test]
    fn who_writes_while_it_is_suspended_does_not_wait() {
        let line = BarLine::new();
        assert_eq!(line.suspend(|| line.suspend(|| 1)), 1);
        assert_eq!(line.suspend(|| 2), 2);
    }

    #[tokio::test]
    async fn work_without_a_bar_is_only_done() {
        let mut progress = Progress::none();
        progress.tick(|| unreachable!());
        assert_eq!(progress.during(|| unreachable!(), async { 1 }).await, 1);
    }
}
