//! The trace of `-v`: each step with its size and time.

use std::fmt;
use std::sync::Arc;
use std::time::Instant;

type Listener = dyn Fn(&str) + Send + Sync;

/// How much is traced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Detail {
    /// Each step and its time.
    Steps,
    /// Also the messages.
    Messages,
}

/// Passes lines to a listener, if there is one. Cheap to clone. A line never holds a value of metadata, nor a secret.
#[derive(Clone, Default)]
pub struct Trace(Option<(Detail, Arc<Listener>)>);

impl Trace {
    pub fn new(detail: Detail, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some((detail, Arc::new(listener))))
    }

    /// Traces a step. `line` is only called if there is a listener.
    pub fn step(&self, line: impl FnOnce() -> String) {
        self.trace(Detail::Steps, line);
    }

    /// Traces a step with the time since it began.
    pub fn timed(&self, since: Instant, line: impl FnOnce() -> String) {
        self.step(|| format!("{} in {}", line(), Took(since)));
    }

    /// Traces a message.
    pub fn message(&self, line: impl FnOnce() -> String) {
        self.trace(Detail::Messages, line);
    }

    fn trace(&self, detail: Detail, line: impl FnOnce() -> String) {
        if let Some((wanted, listener)) = &self.0
            && *wanted >= detail
        {
            listener(&line());
        }
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Trace").field(&self.0.as_ref().map(|(detail, _)| detail)).finish()
    }
}

/// The time since a moment, in milliseconds.
struct Took(Instant);

impl fmt::Display for Took {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} ms", self.0.elapsed().as_secs_f64() * 1e3)
    }
}

/// A number of bytes, short.
pub fn size(bytes: usize) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} bytes"),
        10_000..=9_999_999 => format!("{} kB", bytes / 1_000),
        _ => format!("{} MB", bytes / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    fn told(detail: Detail) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let listener = Arc::clone(&lines);
        let trace = Trace::new(detail, move |line| listener.lock().unwrap().push(line.to_owned()));
        trace.step(|| "step".into());
        trace.message(|| "message".into());
        drop(trace);
        Arc::into_inner(lines).unwrap().into_inner().unwrap()
    }

    #[test]
    fn messages_are_told_where_they_are_asked_for() {
        assert_eq!(told(Detail::Steps), ["step"]);
        assert_eq!(told(Detail::Messages), ["step", "message"]);
        Trace::default().step(|| unreachable!("nobody listens"));
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([0, 9_999, 10_000, 31_999_999].map(size), ["0 bytes", "9999 bytes", "10 kB", "31 MB"]);
    }
}
