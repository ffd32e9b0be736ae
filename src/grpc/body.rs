//! Response and request bodies whose frames pass through a function.

use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http_body::Frame;
use tonic::Status;
use tonic::body::Body;

/// A frame, an error, or the end.
pub(super) type Polled = Option<Result<Frame<Bytes>, Status>>;

/// `body` with each frame, and its end, as `change` makes it.
pub(super) fn map(body: Body, change: impl FnMut(Polled) -> Polled + Send + Unpin + 'static) -> Body {
    Body::new(MappedBody { body, change })
}

struct MappedBody<F> {
    body: Body,
    change: F,
}

impl<F: FnMut(Polled) -> Polled + Unpin> http_body::Body for MappedBody<F> {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Polled> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(cx));
        Poll::Ready((self.change)(frame))
    }
}
