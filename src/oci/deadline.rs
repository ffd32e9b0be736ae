//! How long a question may still take. Each step of it keeps to that by itself, to say what it was that did not answer.

use std::time::{Duration, Instant};

use tokio::time::timeout;

/// The end of a question's time.
#[derive(Clone, Copy, Debug)]
pub struct Deadline {
    begun: Instant,
    limit: Duration,
}

impl Deadline {
    /// `limit` from now on.
    pub fn after(limit: Duration) -> Self {
        Self { begun: Instant::now(), limit }
    }

    /// What `work` gives.
    ///
    /// # Errors
    /// It takes longer than that; with the whole question's limit.
    pub async fn keep<T>(&self, work: impl Future<Output = T>) -> Result<T, Duration> {
        timeout(self.limit.saturating_sub(self.begun.elapsed()), work).await.map_err(|_| self.limit)
    }
}
