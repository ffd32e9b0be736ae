//! Whether a request's message has left for its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::Request;
use tonic::Status;
use tonic::body::Body;

use super::body;

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const CANCELLED: u8 = 2;

/// The state of one message; an extension of its request.
#[derive(Clone, Debug, Default)]
pub(super) struct Departure(Arc<AtomicU8>);

impl Departure {
    /// Starts over, for a request that is sent again.
    pub fn reset(&self) {
        self.0.store(WAITING, Ordering::SeqCst);
    }

    /// Stops a message that has not left yet: it never will.
    pub fn cancel(&self) {
        let _ = self.0.compare_exchange(WAITING, CANCELLED, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) == CANCELLED
    }

    /// Whether the message may leave; then it has.
    fn leave(&self) -> bool {
        let before = self.0.compare_exchange(WAITING, LEFT, Ordering::SeqCst, Ordering::SeqCst);
        before != Err(CANCELLED)
    }
}

/// `request`, whose message leaves only if its [`Departure`] allows it.
pub(super) fn observe(request: Request<Body>) -> Request<Body> {
    let Some(departure) = request.extensions().get::<Departure>().cloned() else { return request };
    let late = || Status::cancelled("the deadline passed before it was sent");
    let change = move |frame: body::Polled| {
        if frame.is_some() && !departure.leave() { Some(Err(late())) } else { frame }
    };
    request.map(|body| body::map(body, change))
}
