//! A connection, with or without TLS, that notes what its peer turns out to be.
//!
//! HTTP/2 reports most failures in its own terms ("frame with invalid size", "broken pipe"). A [`PeerFault`] is what
//! the peer sent before.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, ready};

use http::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::connect::dns::{GaiAddrs, GaiResolver, Name};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{self, ClientConfig};
use tower_service::Service;

use super::certificate;

/// HTTP/2 in ALPN (RFC 9113, section 3.2): gRPC is spoken over nothing else.
pub(super) const HTTP2: &[u8] = b"h2";

/// The most of a first line of text that is shown, in bytes.
const MAX_LINE: usize = 80;

/// The most bytes that come together with a GOAWAY.
const MAX_GOAWAY: usize = 512;

type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why a connection carries no gRPC, or is not made.
#[derive(Clone, Debug, thiserror::Error)]
pub(super) enum PeerFault {
    /// The resolver does not know the name.
    #[error("{0}")]
    UnknownHost(Arc<io::Error>),
    /// The handshake failed, or an alert came after it: TLS 1.3 refuses a client certificate so.
    #[error("{}", certificate::explain(.0))]
    Tls(rustls::Error),
    /// The peer speaks TLS, but not HTTP/2 over it.
    #[error("HTTP/2 was not negotiated")]
    NoHttp2,
    /// Plaintext was answered by a TLS record.
    #[error("it answered in TLS")]
    SpeaksTls,
    /// Plaintext was answered by a line of some text protocol.
    #[error("it answered {0:?}")]
    SpeaksText(String),
    /// The connection ended before a byte of HTTP/2 came.
    #[error("it closed the connection without an answer")]
    Silent,
    /// The same, after an earlier connection carried HTTP/2: the service has gone away.
    #[error("it closed the connection without an answer")]
    Gone,
    /// A GOAWAY of gRPC's servers and proxies, after which h2 reports only a broken pipe.
    #[error("it closed the connection over too much traffic (too_many_pings)")]
    TooManyPings,
}

#[derive(Clone)]
pub(super) struct TlsHandshake {
    pub config: Arc<ClientConfig>,
    /// The name to verify and to send as SNI.
    pub name: ServerName<'static>,
}

impl TlsHandshake {
    async fn with(self, socket: TcpStream) -> Result<TlsStream<TcpStream>, BoxError> {
        let stream =
            TlsConnector::from(self.config).connect(self.name, socket).await.map_err(|error| match alert(&error) {
                Some(error) => BoxError::from(PeerFault::Tls(error.clone())),
                None => error.into(),
            })?;
        if stream.get_ref().1.alpn_protocol() == Some(HTTP2) { Ok(stream) } else { Err(PeerFault::NoHttp2.into()) }
    }
}

/// The system's resolver, whose errors have no type of their own.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = GaiAddrs;
    type Error = PeerFault;
    type Future = Pin<Box<dyn Future<Output = Result<GaiAddrs, PeerFault>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), PeerFault>> {
        self.0.poll_ready(cx).map_err(|error| PeerFault::UnknownHost(Arc::new(error)))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let looking = self.0.call(name);
        Box::pin(async move { looking.await.map_err(|error| PeerFault::UnknownHost(Arc::new(error))) })
    }
}

/// Makes connections with one [`PeerProbe`].
#[derive(Clone)]
pub(super) struct ProbedConnector {
    tcp: HttpConnector<Resolver>,
    tls: Option<TlsHandshake>,
    probe: PeerProbe,
}

impl ProbedConnector {
    pub fn new(tls: Option<TlsHandshake>, probe: PeerProbe) -> Self {
        let mut tcp = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        Self { tcp, tls, probe }
    }
}

impl Service<Uri> for ProbedConnector {
    type Response = TokioIo<ProbedStream>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(BoxError::from)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.tcp.call(uri);
        let (tls, probe) = (self.tls.clone(), self.probe.clone());
        Box::pin(async move {
            let socket = connecting.await?.into_inner();
            let stream: Box<dyn Stream> = match tls {
                Some(tls) => Box::new(tls.with(socket).await?),
                None => Box::new(socket),
            };
            probe.begin();
            Ok(TokioIo::new(ProbedStream { stream, probe, broken: None }))
        })
    }
}

/// What is known of the newest connection; shared by clones.
#[derive(Clone, Default)]
pub(super) struct PeerProbe(Arc<Mutex<Probed>>);

#[derive(Default)]
struct Probed {
    /// Of the newest connection.
    seen: Seen,
    /// One before it carried HTTP/2.
    has_spoken: bool,
}

#[derive(Default)]
enum Seen {
    /// Nothing came yet.
    #[default]
    Nothing,
    /// What came is HTTP/2.
    Http2,
    /// What came says what is wrong.
    PeerFault(PeerFault),
    /// It ended, and nothing had come.
    Silence,
}

impl PeerProbe {
    /// Why the newest connection carried no gRPC; `None` if it did, or still may.
    pub fn fault(&self) -> Option<PeerFault> {
        let known = self.known();
        match &known.seen {
            Seen::PeerFault(fault) => Some(fault.clone()),
            Seen::Silence if known.has_spoken => Some(PeerFault::Gone),
            Seen::Silence => Some(PeerFault::Silent),
            Seen::Nothing | Seen::Http2 => None,
        }
    }

    fn begin(&self) {
        let mut known = self.known();
        let before = std::mem::take(&mut known.seen);
        known.has_spoken |= matches!(before, Seen::Http2 | Seen::PeerFault(PeerFault::TooManyPings));
    }

    fn read(&self, bytes: &[u8]) {
        let seen = &mut self.known().seen;
        if let Seen::Nothing = *seen {
            *seen = match bytes {
                [] => Seen::Silence,
                // The length of a frame: 24 bits, of which the first eight are zero in any that may come first.
                [0, ..] => Seen::Http2,
                // A record: of the types 20 to 23 (RFC 8446, section 5.1), and a version that starts with 3.
                [20..=23, 3, ..] => Seen::PeerFault(PeerFault::SpeaksTls),
                text => Seen::PeerFault(PeerFault::SpeaksText(first_line(text))),
            };
        }
        if matches!(seen, Seen::Http2) && bytes.len() <= MAX_GOAWAY && has_goaway(bytes) {
            *seen = Seen::PeerFault(PeerFault::TooManyPings);
        }
    }

    fn failed(&self, error: &io::Error) {
        let seen = &mut self.known().seen;
        match alert(error) {
            Some(error) => *seen = Seen::PeerFault(PeerFault::Tls(error.clone())),
            None if matches!(*seen, Seen::Nothing) => *seen = Seen::Silence,
            None => {}
        }
    }

    fn known(&self) -> MutexGuard<'_, Probed> {
        // What was seen stays true, whatever panicked.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn alert(error: &io::Error) -> Option<&rustls::Error> {
    error.get_ref()?.downcast_ref::<rustls::Error>()
}

/// Whether `bytes`, which came together, have the debug data of that GOAWAY.
fn has_goaway(bytes: &[u8]) -> bool {
    const DATA: &[u8] = b"too_many_pings";
    bytes.windows(DATA.len()).any(|window| window == DATA)
}

fn first_line(text: &[u8]) -> String {
    let line = text.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    String::from_utf8_lossy(&line[..line.len().min(MAX_LINE)]).into_owned()
}

trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A stream that shows its [`PeerProbe`] what comes.
pub(super) struct ProbedStream {
    stream: Box<dyn Stream>,
    probe: PeerProbe,
    /// Why writing failed, while the rest is read.
    broken: Option<io::Error>,
}

impl ProbedStream {
    /// Writes, unless the other side has closed the connection. A peer that does so says why before; that has come
    /// already, and HTTP/2 would not read it, because it reads no more once a write has failed.
    fn write<T>(
        &mut self,
        cx: &mut Context<'_>,
        write: impl FnOnce(Pin<&mut Box<dyn Stream>>, &mut Context<'_>) -> Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if self.broken.is_none() {
            match write(Pin::new(&mut self.stream), cx) {
                Poll::Ready(Err(error)) if is_closed(&error) => self.broken = Some(error),
                done => return done,
            }
        }
        self.drain_after_error(cx).map(Err)
    }

    /// Reads to the end, which comes at once on a closed connection.
    fn drain_after_error(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let mut space = [0; 1024];
        loop {
            let mut read = ReadBuf::new(&mut space);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut read)) {
                Ok(()) if !read.filled().is_empty() => self.probe.read(read.filled()),
                Err(error) if alert(&error).is_some() => {
                    self.probe.failed(&error);
                    return Poll::Ready(error);
                }
                _ => {
                    let error = self.broken.take().unwrap_or_else(|| io::ErrorKind::BrokenPipe.into());
                    self.probe.failed(&error);
                    return Poll::Ready(error);
                }
            }
        }
    }
}

fn is_closed(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset | io::ErrorKind::ConnectionAborted
    )
}

impl AsyncRead for ProbedStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, space: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = space.filled().len();
        let done = Pin::new(&mut self.stream).poll_read(cx, space);
        match &done {
            Poll::Ready(Ok(())) if space.capacity() > before => self.probe.read(&space.filled()[before..]),
            Poll::Ready(Err(error)) => self.probe.failed(error),
            _ => {}
        }
        done
    }
}

impl AsyncWrite for ProbedStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.write(cx, |stream, cx| stream.poll_write(cx, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.write(cx, |stream, cx| stream.poll_flush(cx))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_connection_without_a_word_tells_another_thing_where_http2_was_spoken_before() {
        let probe = PeerProbe::default();
        let silence = || {
            probe.begin();
            probe.read(b"");
            probe.fault()
        };
        assert!(matches!(silence(), Some(PeerFault::Silent)));
        assert!(matches!(silence(), Some(PeerFault::Silent)));
        probe.begin();
        probe.read(&[0, 0, 6]);
        assert!(probe.fault().is_none());
        assert!(matches!(silence(), Some(PeerFault::Gone)));
        assert!(matches!(silence(), Some(PeerFault::Gone)));
        probe.begin();
        assert!(probe.fault().is_none(), "it may still be well");
    }
}
