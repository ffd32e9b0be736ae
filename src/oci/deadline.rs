//! The time limit of a question to a registry, shared by all of its steps.

use std::time::Duration;

use tokio::time::{Instant, timeout_at};

/// The end of a question's time.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    end: Instant,
    limit: Duration,
}

impl Deadline {
    /// `limit` from now on.
    pub fn after(limit: Duration) -> Self {
        Self { end: Instant::now() + limit, limit }
    }

    /// Waits for `work`.
    ///
    /// # Errors
    /// The time is over; with the whole question's limit.
    pub async fn run<T>(&self, work: impl Future<Output = T>) -> Result<T, Duration> {
        timeout_at(self.end, work).await.map_err(|_| self.limit)
    }
}
