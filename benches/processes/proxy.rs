//! A proxy that counts what passes, and can be far away.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};

use super::turns::{Side, Turns};

/// How long a connection may take to be closed after its client has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// What passed since it was last asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Bytes from the client.
    pub up: u64,
    /// Bytes to the client.
    pub down: u64,
    /// How often the client waited for an answer before it asked on: see [`Turns`]. `None` where the connection cannot be
    /// read because it is TLS.
    pub round_trips: Option<u64>,
}

/// Stands between clients and one service.
pub struct Proxy {
    address: SocketAddr,
    seen: Arc<Seen>,
}

#[derive(Default)]
struct Seen {
    up: AtomicU64,
    down: AtomicU64,
    /// Of each connection.
    turns: Mutex<Vec<Arc<Mutex<Turns>>>>,
    /// Ways of connections that are open.
    open: AtomicUsize,
}

impl Proxy {
    /// Listens on a free port for what is to reach `target`, each byte `delay` after it came.
    pub fn start(target: SocketAddr, delay: Duration) -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let seen = Arc::<Seen>::default();
        let shared = Arc::clone(&seen);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                // A client that cannot be served fails, and that is noticed.
                let _ = connect(client, target, delay, &shared);
            }
        });
        Ok(Self { address, seen })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What passed since the last call, once every connection is closed.
    pub fn take(&self) -> Result<Traffic> {
        let begun = Instant::now();
        while self.seen.open.load(Ordering::SeqCst) > 0 {
            if begun.elapsed() > PATIENCE {
                bail!("a connection was not closed though its client has ended");
            }
            thread::sleep(Duration::from_millis(1));
        }
        let turns = std::mem::take(&mut *lock(&self.seen.turns));
        Ok(Traffic {
            up: self.seen.up.swap(0, Ordering::SeqCst),
            down: self.seen.down.swap(0, Ordering::SeqCst),
            round_trips: turns.iter().map(|turns| lock(turns).count()).sum(),
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(client: TcpStream, target: SocketAddr, delay: Duration, seen: &Arc<Seen>) -> std::io::Result<()> {
    let server = TcpStream::connect(target)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let ways = [(Side::Client, client.try_clone()?, server.try_clone()?), (Side::Server, server, client)];
    let turns = Arc::new(Mutex::new(Turns::new()));
    lock(&seen.turns).push(Arc::clone(&turns));
    for (side, from, to) in ways {
        seen.open.fetch_add(1, Ordering::SeqCst);
        let (seen, turns) = (Arc::clone(seen), Arc::clone(&turns));
        thread::spawn(move || {
            let count = if side == Side::Client { &seen.up } else { &seen.down };
            let look = |bytes: &[u8]| {
                count.fetch_add(bytes.len() as u64, Ordering::SeqCst);
                lock(&turns).saw(side, bytes);
            };
            carry(from, to, delay, look);
            seen.open.fetch_sub(1, Ordering::SeqCst);
        });
    }
    Ok(())
}

/// Carries one way until its end, and lets `look` see all that comes.
fn carry(mut from: TcpStream, mut to: TcpStream, delay: Duration, look: impl Fn(&[u8])) {
    let (sender, arriving) = mpsc::channel::<(Instant, Vec<u8>)>();
    let delivering = thread::spawn(move || {
        for (due, bytes) in arriving {
            thread::sleep(due.saturating_duration_since(Instant::now()));
            if to.write_all(&bytes).is_err() {
                break;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    });
    let mut buffer = vec![0; 1 << 16];
    // An end by an error is an end.
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..length];
        look(bytes);
        if sender.send((Instant::now() + delay, bytes.to_vec())).is_err() {
            break;
        }
    }
    drop(sender);
    let _ = delivering.join();
}
