//! Small writes that are sent together.
//!
//! HTTP/2 flushes behind each frame of data. Of sixteen requests that are ready at once, each would be a system call and a
//! packet of its own, and wake the other side.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most that waits to be sent, in bytes.
const ENOUGH: usize = 32 * 1024;

/// A stream of which the first flush after reading sends at once, so that the other side can begin, and further ones wait
/// until nothing was written since the flush before.
///
/// Whoever flushes is woken to flush once more, which then sends. So this is for those who flush each time that they are
/// polled, as hyper's connections do.
pub(super) struct Gathering<S> {
    stream: S,
    held: Vec<u8>,
    /// How much of it is sent already.
    sent: usize,
    /// It was read from, and nothing was flushed since.
    is_fresh: bool,
    /// It was flushed, and nothing was written since.
    is_due: bool,
}

impl<S: AsyncWrite + Unpin> Gathering<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, held: Vec::new(), sent: 0, is_fresh: true, is_due: false }
    }

    fn send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.sent < self.held.len() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.held[self.sent..]))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.sent += sent,
            }
        }
        self.held.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }

    /// Makes room for so many more bytes; says whether they can be held. If not, nothing else is held either.
    fn make_room(&mut self, cx: &mut Context<'_>, more: usize) -> Poll<io::Result<bool>> {
        self.is_due = false;
        if self.held.len() + more > ENOUGH {
            ready!(self.send(cx))?;
        }
        Poll::Ready(Ok(more <= ENOUGH))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Gathering<S> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        self.is_fresh = true;
        Pin::new(&mut self.stream).poll_read(cx, space)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Gathering<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if !ready!(self.make_room(cx, bytes.len()))? {
            return Pin::new(&mut self.stream).poll_write(cx, bytes);
        }
        self.held.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let length = parts.iter().map(|part| part.len()).sum();
        if !ready!(self.make_room(cx, length))? {
            return Pin::new(&mut self.stream).poll_write_vectored(cx, parts);
        }
        parts.iter().for_each(|part| self.held.extend_from_slice(part));
        Poll::Ready(Ok(length))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.held.is_empty() {
            let (is_fresh, is_due) = (std::mem::take(&mut self.is_fresh), std::mem::replace(&mut self.is_due, true));
            if !is_fresh && !is_due {
                cx.waker().wake_by_ref();
                return Poll::Ready(Ok(()));
            }
            ready!(self.send(cx))?;
        }
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.send(cx))?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Wake, Waker};

    use super::*;

    /// A stream that takes so many bytes at a time, or as many as there are, and from which nothing ever comes.
    #[derive(Default)]
    struct Wire {
        packets: Vec<Vec<u8>>,
        most: Option<usize>,
        is_full: bool,
        flushes: usize,
    }

    impl AsyncRead for Wire {
        fn poll_read(self: Pin<&mut Self>, _: &mut Context<'_>, _: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
            Poll::Pending
        }
    }

    impl AsyncWrite for Wire {
        fn poll_write(mut self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
            if self.is_full {
                return Poll::Pending;
            }
            let taken = self.most.map_or(bytes.len(), |most| most.min(bytes.len()));
            self.packets.push(bytes[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            self.flushes += 1;
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[derive(Default)]
    struct Wakes(AtomicUsize);

    impl Wake for Wakes {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    struct Bench {
        gathering: Gathering<Wire>,
        wakes: Arc<Wakes>,
    }

    impl Bench {
        fn new(wire: Wire) -> Self {
            Self { gathering: Gathering::new(wire), wakes: Arc::default() }
        }

        fn with<T>(&mut self, work: impl FnOnce(Pin<&mut Gathering<Wire>>, &mut Context<'_>) -> T) -> T {
            let waker = Waker::from(Arc::clone(&self.wakes));
            work(Pin::new(&mut self.gathering), &mut Context::from_waker(&waker))
        }

        fn read(&mut self) {
            let mut space = [0; 8];
            assert!(self.with(|stream, cx| stream.poll_read(cx, &mut ReadBuf::new(&mut space))).is_pending());
        }

        fn write(&mut self, bytes: &[u8]) {
            let written = self.with(|stream, cx| stream.poll_write(cx, bytes));
            assert!(matches!(written, Poll::Ready(Ok(count)) if count == bytes.len()), "{written:?}");
        }

        fn flush(&mut self) -> bool {
            self.with(|stream, cx| stream.poll_flush(cx)).is_ready()
        }

        fn packets(&self) -> Vec<&[u8]> {
            self.gathering.stream.packets.iter().map(Vec::as_slice).collect()
        }
    }

    #[test]
    fn the_first_flush_after_reading_sends_and_what_follows_goes_together() {
        let mut bench = Bench::new(Wire::default());
        for round in 1..3 {
            bench.read();
            for part in [b"a", b"b", b"c"] {
                bench.write(part);
                assert!(bench.flush());
            }
            assert_eq!(bench.packets().len(), 2 * round - 1, "the first one alone");
            assert!(bench.flush());
            assert_eq!(bench.packets()[2 * round - 2..], [&b"a"[..], b"bc"]);
        }
    }

    #[test]
    fn who_flushes_is_woken_to_send_what_waits() {
        let mut bench = Bench::new(Wire::default());
        bench.write(b"a");
        bench.flush();
        assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 0, "nothing waits");
        bench.write(b"b");
        bench.flush();
        assert_eq!(bench.wakes.0.load(Ordering::Relaxed), 1);
        // Polled again, it reads, has nothing to write, and flushes.
        bench.read();
        bench.flush();
        assert_eq!(bench.packets(), [&b"a"[..], b"b"]);
        let flushes = bench.gathering.stream.flushes;
        bench.flush();
        assert_eq!(bench.gathering.stream.flushes, flushes + 1, "what holds nothing hands flushes on");
    }

    #[test]
    fn nothing_is_lost_or_sent_twice_where_the_stream_takes_little() {
        let mut bench = Bench::new(Wire { most: Some(3), ..Wire::default() });
        bench.write(b"0123456789");
        assert!(bench.flush());
        bench.write(b"abcdef");
        bench.gathering.stream.is_full = true;
        assert!(bench.flush(), "put off");
        assert!(!bench.flush(), "due, and there is no room");
        bench.write(b"gh");
        bench.gathering.stream.is_full = false;
        assert!(bench.flush());
        assert!(bench.flush());
        assert_eq!(bench.packets().concat(), b"0123456789abcdefgh");
    }

    #[test]
    fn what_is_large_goes_through_behind_what_waits() {
        let mut bench = Bench::new(Wire::default());
        let large = vec![b'x'; ENOUGH + 1];
        bench.write(b"a");
        bench.write(&large);
        assert_eq!(bench.packets(), [b"a", large.as_slice()]);
        bench.write(&large[..ENOUGH - 1]);
        bench.write(b"bc");
        assert_eq!(bench.packets().last().unwrap().len(), ENOUGH - 1, "as much waits as may");
        let parts = [IoSlice::new(b"d"), IoSlice::new(b"e")];
        assert!(matches!(bench.with(|stream, cx| stream.poll_write_vectored(cx, &parts)), Poll::Ready(Ok(2))));
        assert!(bench.with(|stream, cx| stream.poll_shutdown(cx)).is_ready());
        assert_eq!(bench.packets().last().unwrap(), b"bcde");
    }
}
