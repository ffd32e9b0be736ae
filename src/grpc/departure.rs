//! The departure of a request's message for its connection.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use http::Request;
use tonic::Status;
use tonic::body::Body;

use super::body;

const WAITING: u8 = 0;
const LEFT: u8 = 1;
const CANCELLED: u8 = 2;

/// The departure of one request, which travels with it as an extension.
#[derive(Clone, Debug, Default)]
pub(super) struct Departure(Arc<AtomicU8>);

impl Departure {
    /// Begins again, for a request that is sent again.
    pub fn reset(&self) {
        self.0.store(WAITING, Ordering::SeqCst);
    }

    /// Keeps a message back that has not left yet. From then on it never leaves.
    pub fn cancel(&self) {
        // What has left stays so.
        let _ = self.0.compare_exchange(WAITING, CANCELLED, Ordering::SeqCst, Ordering::SeqCst);
    }

    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst) == CANCELLED
    }

    /// Says whether the message may leave.
    fn leave(&self) -> bool {
        let before = self.0.compare_exchange(WAITING, LEFT, Ordering::SeqCst, Ordering::SeqCst);
        before != Err(CANCELLED)
    }
}

/// `request`, whose message leaves as its [`Departure`] says, if it has one.
pub(super) fn observe(request: Request<Body>) -> Request<Body> {
    let Some(departure) = request.extensions().get::<Departure>().cloned() else { return request };
    let late = || Status::cancelled("the deadline passed before it was sent");
    let change = move |frame: body::Polled| {
        if frame.is_some() && !departure.leave() { Some(Err(late())) } else { frame }
    };
    request.map(|body| body::map(body, change))
}
