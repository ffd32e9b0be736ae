//! A proxy that ends HTTP/2 connections as proxies, load balancers and services that restart do.

use std::collections::HashSet;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// What becomes of a request.
#[derive(Clone, Copy, Debug)]
pub enum Act {
    Pass,
    /// It is the last one of its connection, as GOAWAY says at once (nginx: `keepalive_requests`). Later ones are not
    /// processed; the connection ends when the earlier ones are answered.
    LastByGoAway,
    /// The same, after a GOAWAY that only says that the end is near (RFC 9113, section 6.8).
    LastByTwoGoAways,
    /// The same, and no GOAWAY says so.
    Last,
    /// A GOAWAY with this code says that neither it nor a later one is processed.
    NotProcessed(u32),
    /// It is passed on, and the connection ends at once.
    Cut,
}

type Rule = dyn Fn(usize) -> Act + Send + Sync;

/// A proxy before a server of this machine.
pub struct Proxy {
    port: u16,
    connections: Arc<AtomicUsize>,
}

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const GOAWAY: u8 = 7;
const END_STREAM: u8 = 1;
const MAX_STREAM: u32 = (1 << 31) - 1;
/// The client's first words on a connection (RFC 9113, section 3.4).
const PREFACE: usize = 24;

struct Frame {
    head: [u8; 9],
    payload: Vec<u8>,
}

impl Frame {
    fn new(kind: u8, stream: u32, payload: &[u8]) -> Self {
        let mut head = [0; 9];
        head[..3].copy_from_slice(&u32::try_from(payload.len()).unwrap().to_be_bytes()[1..]);
        head[3] = kind;
        head[5..].copy_from_slice(&stream.to_be_bytes());
        Self { head, payload: payload.to_vec() }
    }

    fn read(mut from: &TcpStream) -> io::Result<Self> {
        let mut head = [0; 9];
        from.read_exact(&mut head)?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        from.read_exact(&mut payload)?;
        Ok(Self { head, payload })
    }

    fn write(&self, mut to: &TcpStream) -> io::Result<()> {
        to.write_all(&[&self.head[..], &self.payload].concat())
    }

    fn kind(&self) -> u8 {
        self.head[3]
    }

    fn stream(&self) -> u32 {
        u32::from_be_bytes(self.head[5..].try_into().unwrap())
    }

    fn ends_stream(&self) -> bool {
        self.kind() == RST_STREAM || (matches!(self.kind(), DATA | HEADERS) && self.head[4] & END_STREAM != 0)
    }
}

/// What is known of a connection. Whoever writes to the client holds it.
#[derive(Default)]
struct Connection {
    requests: usize,
    newest: u32,
    /// No stream above it is passed on.
    last: Option<u32>,
    open: HashSet<u32>,
}

impl Proxy {
    /// A proxy before the server at `port`. `rule` says what becomes of each request, by its number on its connection,
    /// counted from 1.
    pub fn before(port: u16, rule: impl Fn(usize) -> Act + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let proxy = Self { port: listener.local_addr().unwrap().port(), connections: Arc::default() };
        let (connections, rule) = (Arc::clone(&proxy.connections), Arc::<Rule>::from(Box::new(rule) as Box<Rule>));
        std::thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                connections.fetch_add(1, Ordering::SeqCst);
                let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
                // Frames are small, and each is waited for.
                near.set_nodelay(true).unwrap();
                far.set_nodelay(true).unwrap();
                let connection = Arc::<Mutex<Connection>>::default();
                let (from, to, known) = (near.try_clone().unwrap(), far.try_clone().unwrap(), Arc::clone(&connection));
                let rule = Arc::clone(&rule);
                std::thread::spawn(move || {
                    // Either side may end it at any time.
                    let _ = requests(&from, &to, &known, &*rule);
                    let _ = to.shutdown(Shutdown::Both);
                });
                std::thread::spawn(move || {
                    let _ = answers(&far, &near, &connection);
                    // What the client still sends is read: else TCP takes back what the client has not read.
                    let _ = near.shutdown(Shutdown::Write);
                    let _ = far.shutdown(Shutdown::Both);
                });
            }
        });
        proxy
    }

    pub fn url(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    /// How many connections were made to it.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

impl Connection {
    fn go_away(&mut self, client: &TcpStream, last: u32, code: u32) -> io::Result<()> {
        self.last = Some(last);
        Frame::new(GOAWAY, 0, &[last.to_be_bytes(), code.to_be_bytes()].concat()).write(client)
    }
}

fn requests(client: &TcpStream, server: &TcpStream, known: &Mutex<Connection>, rule: &Rule) -> io::Result<()> {
    let mut preface = [0; PREFACE];
    (&*client).read_exact(&mut preface)?;
    (&*server).write_all(&preface)?;
    loop {
        let frame = Frame::read(client)?;
        let mut connection = known.lock().unwrap();
        let stream = frame.stream();
        if connection.last.is_some_and(|last| stream > last) {
            continue;
        }
        if frame.kind() == HEADERS && stream > connection.newest {
            connection.newest = stream;
            connection.requests += 1;
            connection.open.insert(stream);
            match rule(connection.requests) {
                Act::Pass => {}
                Act::Last => connection.last = Some(stream),
                Act::LastByGoAway => connection.go_away(client, stream, 0)?,
                Act::LastByTwoGoAways => {
                    connection.go_away(client, MAX_STREAM, 0)?;
                    connection.go_away(client, stream, 0)?;
                }
                Act::NotProcessed(code) => {
                    // Streams of a client have odd numbers.
                    connection.go_away(client, stream.saturating_sub(2), code)?;
                    connection.open.remove(&stream);
                    if connection.open.is_empty() {
                        server.shutdown(Shutdown::Both)?;
                    }
                    continue;
                }
                Act::Cut => {
                    frame.write(server)?;
                    return client.shutdown(Shutdown::Both);
                }
            }
        }
        frame.write(server)?;
        if frame.kind() == RST_STREAM {
            connection.open.remove(&stream);
            if connection.last.is_some() && connection.open.is_empty() {
                return Ok(());
            }
        }
    }
}

fn answers(server: &TcpStream, client: &TcpStream, known: &Mutex<Connection>) -> io::Result<()> {
    loop {
        let frame = Frame::read(server)?;
        let mut connection = known.lock().unwrap();
        let stream = frame.stream();
        frame.write(client)?;
        if frame.ends_stream() {
            connection.open.remove(&stream);
            if connection.last.is_some() && connection.open.is_empty() {
                return Ok(());
            }
        }
    }
}
