//! Runs jobs side by side: starts and outcomes are in their order.

use std::collections::{BTreeMap, HashSet, VecDeque};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

/// The most outcomes that are returned together, and at most half of what may be in flight, rounded up: while those are
/// written, the service works on the other half. The embedded service responds at once: output and Ctrl-C get a turn.
const MAX_TOGETHER: usize = 8;

/// One thing to do.
pub struct Job<R> {
    pub request: R,
    /// The id that it is about, if known. Of two jobs about one id, the later one waits for the end of the earlier one.
    pub subject: Option<String>,
}

/// How many jobs run at a time, and which failure ends the starting of more.
pub struct PoolLimits<E> {
    /// At least one.
    pub width: usize,
    /// Whether no more is sent after a job that failed so.
    pub ends: fn(&E) -> bool,
}

/// A job's index and outcome.
pub type Completed<T, E> = (usize, Result<T, E>);

pub struct OrderedPool<R, S, F, T, E> {
    waiting: VecDeque<Job<R>>,
    send: S,
    limits: PoolLimits<E>,
    is_stopped: bool,
    /// How many were sent.
    sent: usize,
    in_flight: FuturesUnordered<InFlight<F>>,
    /// The ids that those in flight are about.
    subjects: HashSet<String>,
    completed: BTreeMap<usize, Result<T, E>>,
    /// The index of the outcome that is returned next.
    next: usize,
    /// Outcomes were ready one after another, and no other task has had a turn since.
    is_hasty: bool,
}

impl<R, S, F, T, E> OrderedPool<R, S, F, T, E>
where
    S: FnMut(R) -> F,
    F: Future<Output = Result<T, E>>,
{
    /// Sends nothing yet. `send` begins one job.
    pub fn new(jobs: impl IntoIterator<Item = Job<R>>, limits: PoolLimits<E>, send: S) -> Self {
        Self {
            waiting: jobs.into_iter().collect(),
            send,
            limits,
            is_stopped: false,
            sent: 0,
            in_flight: FuturesUnordered::new(),
            subjects: HashSet::new(),
            completed: BTreeMap::new(),
            next: 0,
            is_hasty: false,
        }
    }

    /// Sends no more from now on.
    pub fn shutdown(&mut self) {
        self.is_stopped = true;
    }

    /// How many were never sent so far.
    pub fn unsent(&self) -> usize {
        self.waiting.len()
    }

    pub fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// The indices of those that are in flight, in their order.
    pub fn indices_in_flight(&self) -> Vec<usize> {
        let mut indices: Vec<usize> = self.in_flight.iter().map(|job| job.index).collect();
        indices.sort_unstable();
        indices
    }

    /// How many have come to an end.
    pub fn ended(&self) -> usize {
        self.sent - self.in_flight.len()
    }

    /// The outcomes that are ready, in the order of their jobs and without a gap; waits for the next one. None is left
    /// once nothing is in flight and nothing is to be sent any more. Nothing is lost where this is dropped.
    pub async fn next(&mut self) -> Vec<Completed<T, E>> {
        if std::mem::take(&mut self.is_hasty) {
            tokio::task::yield_now().await;
        }
        let ready = poll_fn(|context| self.poll_next(context)).await;
        self.is_hasty = ready.len() == self.together();
        ready
    }

    /// Leaves the jobs in flight that are not `wanted` any more, and returns their indices; sends no more. The outcomes
    /// of later jobs are returned by [`OrderedPool::abandon`] then, since there is a gap before them.
    pub fn leave(&mut self, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        self.shutdown();
        let (wanted, left): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.in_flight).into_iter().partition(|job| wanted(job.index));
        self.in_flight = wanted.into_iter().collect();
        let mut left: Vec<usize> = left.into_iter().map(|job| job.index).collect();
        left.sort_unstable();
        left
    }

    /// Leaves those that are in flight as they are: the outcomes that are known, and the places of those that are not.
    pub fn abandon(mut self) -> (Vec<Completed<T, E>>, Vec<usize>) {
        let left = self.leave(|_| false);
        (self.completed.into_iter().collect(), left)
    }

    /// The most outcomes that are handed back together.
    fn together(&self) -> usize {
        self.limits.width.div_ceil(2).clamp(1, MAX_TOGETHER)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Vec<Completed<T, E>>> {
        let mut ready = Vec::new();
        while ready.len() < self.together() {
            let at_once = self.fill(context);
            if let Some(outcome) = self.completed.remove(&self.next) {
                ready.push((self.next, outcome));
                self.next += 1;
                continue;
            }
            if at_once {
                continue;
            }
            match self.in_flight.poll_next_unpin(context) {
                Poll::Ready(Some(completed)) => self.complete(completed),
                Poll::Pending if ready.is_empty() => return Poll::Pending,
                Poll::Pending | Poll::Ready(None) => break,
            }
        }
        Poll::Ready(ready)
    }

    /// Sends as many as may be in flight, up to one that has its outcome at once; says whether there was one.
    fn fill(&mut self, context: &mut Context<'_>) -> bool {
        while !self.is_stopped && self.in_flight.len() < self.limits.width.max(1) {
            let Some(next) = self.waiting.front() else { break };
            if next.subject.as_ref().is_some_and(|subject| self.subjects.contains(subject)) {
                // Later jobs wait with it: they start in their order.
                break;
            }
            let Some(Job { request, subject }) = self.waiting.pop_front() else { break };
            self.subjects.extend(subject.clone());
            let mut job = InFlight { index: self.sent, subject, outcome: Box::pin((self.send)(request)) };
            self.sent += 1;
            // Polled here: what counts as sent is on its way.
            match Pin::new(&mut job).poll(context) {
                Poll::Ready(completed) => {
                    self.complete(completed);
                    return true;
                }
                Poll::Pending => self.in_flight.push(job),
            }
        }
        false
    }

    fn complete(&mut self, (index, subject, outcome): (usize, Option<String>, Result<T, E>)) {
        if let Some(subject) = subject {
            self.subjects.remove(&subject);
        }
        if outcome.as_ref().is_err_and(self.limits.ends) {
            self.shutdown();
        }
        self.completed.insert(index, outcome);
    }
}

/// A job that was sent.
struct InFlight<F> {
    index: usize,
    subject: Option<String>,
    outcome: Pin<Box<F>>,
}

impl<F: Future> Future for InFlight<F> {
    type Output = (usize, Option<String>, F::Output);

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = std::task::ready!(self.outcome.as_mut().poll(context));
        Poll::Ready((self.index, self.subject.take(), outcome))
    }
}

#[cfg(test)]
#[path = "ordered_pool_tests.rs"]
mod tests;
