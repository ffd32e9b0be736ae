//! A proxy that cuts, resets or delays connections at a byte or at an HTTP/2 frame boundary.
//!
//! It passes every byte on once, and does not repair anything.

use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use socket2::SockRef;

use super::rng::Rng;

#[derive(Clone, Copy, Debug)]
pub enum Action {
    /// Ends both connections (FIN).
    Cut,
    /// Ends both connections, and what is not read yet is discarded (RST).
    Reset,
    Delay(Duration),
}

/// After how much of one direction.
#[derive(Clone, Copy, Debug)]
pub enum Place {
    Bytes(u64),
    Frames(u64),
}

#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// Counted from 0, since [`Proxy::arm`].
    pub connection: usize,
    pub to_service: bool,
    pub place: Place,
    pub action: Action,
}

impl Fault {
    pub fn random(rng: &mut Rng, connection: usize, place: Place) -> Self {
        let action = match rng.below(8) {
            0..3 => Action::Cut,
            3..6 => Action::Reset,
            6 => Action::Delay(rng.moment(Duration::from_millis(60))),
            _ => Action::Delay(STALL),
        };
        Self { connection, to_service: rng.once_in(2), place, action }
    }

    /// Whether it lasts longer than a client waits with `--timeout 300ms`.
    pub fn is_stall(&self) -> bool {
        matches!(self.action, Action::Delay(STALL))
    }
}

const STALL: Duration = Duration::from_millis(450);

#[derive(Default)]
struct Shared {
    faults: Mutex<Vec<Fault>>,
    /// Connections since it was armed.
    connections: AtomicUsize,
    fired: AtomicUsize,
    /// Directions that still pass bytes on.
    open: AtomicUsize,
}

pub struct Proxy {
    port: u16,
    shared: Arc<Shared>,
}

struct Link {
    client: TcpStream,
    service: TcpStream,
    is_reset: AtomicBool,
    shared: Arc<Shared>,
}

impl Proxy {
    pub fn before(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), shared: Arc::default() };
        let shared = Arc::clone(&proxy.shared);
        std::thread::spawn(move || {
            while let Ok((client, _)) = listener.accept() {
                let number = shared.connections.fetch_add(1, Ordering::SeqCst);
                let Ok(service) = TcpStream::connect(("127.0.0.1", port)) else { continue };
                client.set_nodelay(true).unwrap();
                service.set_nodelay(true).unwrap();
                let link = Link { client, service, is_reset: AtomicBool::new(false), shared: Arc::clone(&shared) };
                let link = Arc::new(link);
                for to_service in [true, false] {
                    let is_here = |fault: &&Fault| fault.connection == number && fault.to_service == to_service;
                    let faults = shared.faults.lock().unwrap().iter().filter(is_here).copied().collect();
                    shared.open.fetch_add(1, Ordering::SeqCst);
                    let link = Arc::clone(&link);
                    std::thread::spawn(move || {
                        // Either side may end it at any time.
                        let _ = link.pass_on(to_service, faults);
                        link.end_of(to_service);
                        link.shared.open.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        proxy
    }

    /// Has these faults from the next connection on.
    pub fn arm(&self, faults: Vec<Fault>) {
        *self.shared.faults.lock().unwrap() = faults;
        self.shared.connections.store(0, Ordering::SeqCst);
    }

    pub fn url(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    pub fn fired(&self) -> usize {
        self.shared.fired.load(Ordering::SeqCst)
    }

    /// Waits until everything that the client sent has reached the service.
    pub fn drain(&self) {
        let give_up = Instant::now() + Duration::from_secs(5);
        while self.shared.open.load(Ordering::SeqCst) > 0 && Instant::now() < give_up {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Link {
    fn pass_on(&self, to_service: bool, mut faults: Vec<Fault>) -> io::Result<()> {
        let (mut from, mut to) = if to_service { (&self.client, &self.service) } else { (&self.service, &self.client) };
        let mut position = Position::new(to_service);
        let mut buffer = [0; 16 << 10];
        let mut filled = 0;
        let mut passed = 0;
        loop {
            while let Some(index) = faults.iter().position(|fault| position.is_at(fault.place)) {
                to.write_all(&buffer[passed..filled.min(position.chunk)])?;
                passed = position.chunk;
                self.shared.fired.fetch_add(1, Ordering::SeqCst);
                match faults.swap_remove(index).action {
                    Action::Cut => return self.end(Shutdown::Both),
                    Action::Reset => {
                        self.is_reset.store(true, Ordering::SeqCst);
                        return self.reset();
                    }
                    Action::Delay(time) => std::thread::sleep(time),
                }
            }
            if position.chunk < filled {
                position.feed(buffer[position.chunk]);
                continue;
            }
            to.write_all(&buffer[passed..filled])?;
            filled = from.read(&mut buffer)?;
            (position.chunk, passed) = (0, 0);
            if filled == 0 || self.is_reset.load(Ordering::SeqCst) {
                return Ok(());
            }
        }
    }

    fn end(&self, how: Shutdown) -> io::Result<()> {
        // The other one ends even if one has ended already.
        self.client.shutdown(how).and(self.service.shutdown(how))
    }

    /// Closing sends RST once both directions have ended: the other one stops reading.
    fn reset(&self) -> io::Result<()> {
        for socket in [&self.client, &self.service] {
            SockRef::from(socket).set_linger(Some(Duration::ZERO))?;
        }
        let _ = self.client.shutdown(Shutdown::Read);
        self.service.shutdown(Shutdown::Read)
    }

    fn end_of(&self, to_service: bool) {
        if !self.is_reset.load(Ordering::SeqCst) {
            let _ = if to_service { &self.service } else { &self.client }.shutdown(Shutdown::Write);
        }
    }
}

/// How far one direction is.
struct Position {
    /// Bytes of the current chunk.
    chunk: usize,
    bytes: u64,
    frames: u64,
    head: [u8; 9],
    in_head: usize,
    /// Bytes until the frame, or the client's preface, is complete.
    left: usize,
}

impl Position {
    fn new(is_client: bool) -> Self {
        // RFC 9113, section 3.4: the preface of a client is counted as a frame.
        let left = if is_client { 24 } else { 0 };
        Self { chunk: 0, bytes: 0, frames: 0, head: [0; 9], in_head: if is_client { 9 } else { 0 }, left }
    }

    fn feed(&mut self, byte: u8) {
        self.chunk += 1;
        self.bytes += 1;
        if self.in_head < 9 {
            self.head[self.in_head] = byte;
            self.in_head += 1;
            self.left = u32::from_be_bytes([0, self.head[0], self.head[1], self.head[2]]) as usize;
        } else {
            self.left -= 1;
        }
        if self.in_head == 9 && self.left == 0 {
            self.in_head = 0;
            self.frames += 1;
        }
    }

    fn is_at(&self, place: Place) -> bool {
        match place {
            Place::Bytes(bytes) => self.bytes == bytes,
            Place::Frames(frames) => self.frames == frames && self.in_head == 0,
        }
    }
}
