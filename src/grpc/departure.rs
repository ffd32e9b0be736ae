//! The departure of a request's message for its connection.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::Request;
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;

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
    match request.extensions().get::<Departure>().cloned() {
        Some(departure) => request.map(|body| Body::new(ObservedBody { body, departure })),
        None => request,
    }
}

struct ObservedBody {
    body: Body,
    departure: Departure,
}

impl http_body::Body for ObservedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        if frame.is_some() && !self.departure.leave() {
            return Poll::Ready(Some(Err(Status::cancelled("the deadline passed before it was sent"))));
        }
        Poll::Ready(frame)
    }
}
