//! Counts how often a client waited for an answer before it asked on.
//!
//! What counts on an HTTP/2 connection are requests (frames with headers or data) and responses (frames with data, or with the
//! headers that end a stream). Whatever the two sides tell each other beside these nobody waits for: settings and their
//! acknowledgement, windows, pings, headers that data follow. A round trip begins with a request that is the connection's first
//! or that comes after part of a response; further requests before the next response belong to it, however many they are.

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const FRAME_HEADER: usize = 9;
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const END_STREAM: u8 = 1;

/// Where bytes come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Client,
    Server,
}

/// One connection.
#[derive(Debug)]
pub struct Turns {
    count: u64,
    /// Part of a response came since the last request, or nothing yet at all.
    is_answered: bool,
    client: Frames,
    server: Frames,
    /// Something came that is no HTTP/2 in plaintext.
    is_hidden: bool,
}

impl Turns {
    /// A connection on which nothing has passed.
    pub fn new() -> Self {
        let client = Frames { preface: PREFACE.len(), ..Frames::default() };
        Self { count: 0, is_answered: true, client, server: Frames::default(), is_hidden: false }
    }

    /// The next bytes from one side.
    pub fn saw(&mut self, side: Side, bytes: &[u8]) {
        if self.is_hidden {
            return;
        }
        let frames = if side == Side::Client { &mut self.client } else { &mut self.server };
        match frames.speaks(side, bytes) {
            None => self.is_hidden = true,
            Some(true) if side == Side::Server => self.is_answered = true,
            Some(true) if std::mem::take(&mut self.is_answered) => self.count += 1,
            Some(_) => {}
        }
    }

    /// How many round trips there were; `None` if the connection could not be read.
    pub fn count(&self) -> Option<u64> {
        (!self.is_hidden).then_some(self.count)
    }
}

/// One direction, frame by frame.
#[derive(Debug, Default)]
struct Frames {
    /// Bytes of the preface that have not come.
    preface: usize,
    /// Bytes of the current frame's payload that have not come.
    to_skip: usize,
    header: Vec<u8>,
}

impl Frames {
    /// Whether part of a request or of a response begins in `bytes`; `None` if they are no HTTP/2.
    fn speaks(&mut self, side: Side, mut bytes: &[u8]) -> Option<bool> {
        let mut speaks = false;
        while !bytes.is_empty() {
            if self.preface > 0 {
                let (now, rest) = bytes.split_at(self.preface.min(bytes.len()));
                if !PREFACE[PREFACE.len() - self.preface..].starts_with(now) {
                    return None;
                }
                (self.preface, bytes) = (self.preface - now.len(), rest);
                continue;
            }
            if self.to_skip > 0 {
                let skipped = self.to_skip.min(bytes.len());
                (self.to_skip, bytes) = (self.to_skip - skipped, &bytes[skipped..]);
                continue;
            }
            let taken = (FRAME_HEADER - self.header.len()).min(bytes.len());
            self.header.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [a, b, c, kind, flags, ..] = self.header[..]
                && self.header.len() == FRAME_HEADER
            {
                self.to_skip = usize::from(a) << 16 | usize::from(b) << 8 | usize::from(c);
                speaks |= match kind {
                    HEADERS => side == Side::Client || flags & END_STREAM != 0,
                    // Without any, it only ends a stream.
                    DATA => self.to_skip > 0,
                    _ => false,
                };
                self.header.clear();
            }
        }
        Some(speaks)
    }
}
