//! A Repository service that answers on request, and a connection to cut.

use std::io;
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tonic::Status;

use super::server::{Api, Server};

/// Longest wait for calls that should come at once: passes quickly, fails late but surely.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Default)]
struct State {
    /// The calls that are not answered: their plugins, and how to answer.
    open: Vec<(String, UnboundedSender<Result<Value, Status>>)>,
    /// The most that were open at a time.
    most: usize,
    /// All plugins that came, in their order.
    came: Vec<String>,
}

/// A service that holds what it is asked until it is told the answer.
pub struct Desk {
    pub server: Server,
    state: Arc<Mutex<State>>,
}

impl Desk {
    pub fn new() -> Self {
        let state = Arc::<Mutex<State>>::default();
        let kept = Arc::clone(&state);
        let server = Server::arriving(Api::generation2(), move |call| {
            let (sender, receiver) = unbounded_channel();
            let text = |name: &str| call.request[name].as_str().map(str::to_owned);
            let id = text("plugin_id").or_else(|| Some(text("image")?.rsplit('/').next()?.to_owned()));
            let id = id.unwrap_or_else(|| call.method.clone());
            let mut state = kept.lock().unwrap();
            state.came.push(id.clone());
            state.open.push((id, sender));
            state.most = state.most.max(state.open.len());
            receiver
        });
        Self { server, state }
    }

    /// Waits until so many calls came in all.
    #[track_caller]
    pub fn wait_for(&self, count: usize) {
        let give_up = Instant::now() + PATIENCE;
        while self.came().len() < count {
            assert!(Instant::now() < give_up, "of {count} calls came {:?}", self.came());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// The plugins that calls came for, in the order of their coming; of a call that names none, its method.
    pub fn came(&self) -> Vec<String> {
        self.state.lock().unwrap().came.clone()
    }

    /// The plugins whose calls wait for an answer.
    pub fn open(&self) -> Vec<String> {
        self.state.lock().unwrap().open.iter().map(|(id, _)| id.clone()).collect()
    }

    /// The most calls that waited at a time.
    pub fn most(&self) -> usize {
        self.state.lock().unwrap().most
    }

    /// Does what the call for this plugin asks.
    #[track_caller]
    pub fn accept(&self, id: &str) {
        self.answer(id, Ok(json!({ "plugin_id": id, "name": format!("the plugin {id}"), "state": "ENABLED" })));
    }

    /// Refuses the call for this plugin.
    #[track_caller]
    pub fn refuse(&self, id: &str) {
        self.answer(id, Err(Status::already_exists(format!("{id} is there"))));
    }

    /// Answers the call for this plugin.
    #[track_caller]
    pub fn answer(&self, id: &str, answer: Result<Value, Status>) {
        let mut state = self.state.lock().unwrap();
        let at = state.open.iter().position(|(open, _)| open == id).unwrap_or_else(|| panic!("no call for {id}"));
        state.open.remove(at).1.send(answer).unwrap();
    }
}

/// A way to a server that can be cut.
pub struct Wire {
    port: u16,
    is_cut: Arc<AtomicBool>,
    is_deaf: Arc<AtomicBool>,
    sockets: Arc<Mutex<Vec<TcpStream>>>,
}

impl Wire {
    /// A port behind which the server at `port` is.
    pub fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let wire = Self {
            port: listener.local_addr().unwrap().port(),
            is_cut: Arc::default(),
            is_deaf: Arc::default(),
            sockets: Arc::default(),
        };
        let (is_cut, is_deaf) = (Arc::clone(&wire.is_cut), Arc::clone(&wire.is_deaf));
        let sockets = Arc::clone(&wire.sockets);
        std::thread::spawn(move || {
            while let Ok((near, _)) = listener.accept() {
                if is_cut.load(Ordering::SeqCst) {
                    // The listener goes, and with it the port.
                    return;
                }
                if is_deaf.load(Ordering::SeqCst) {
                    continue;
                }
                let far = TcpStream::connect(("127.0.0.1", port)).unwrap();
                for (mut from, mut to) in [(&near, &far), (&far, &near)].map(|(a, b)| (clone(a), clone(b))) {
                    std::thread::spawn(move || io::copy(&mut from, &mut to));
                }
                sockets.lock().unwrap().extend([near, far]);
            }
        });
        wire
    }

    pub fn url(&self) -> String {
        format!("grpc://127.0.0.1:{}", self.port)
    }

    /// Ends what goes through it; nobody can connect any more.
    pub fn cut(&self) {
        self.is_cut.store(true, Ordering::SeqCst);
        // Wakes the listener for its end.
        while TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
            std::thread::sleep(Duration::from_millis(5));
        }
        self.end_all();
    }

    /// Ends what goes through it, and from now on each connection at once: as a relay does whose service has died.
    pub fn lose_server(&self) {
        self.is_deaf.store(true, Ordering::SeqCst);
        self.end_all();
    }

    fn end_all(&self) {
        for socket in self.sockets.lock().unwrap().drain(..) {
            // One side may have ended it already.
            let _ = socket.shutdown(Shutdown::Both);
        }
    }
}

fn clone(socket: &TcpStream) -> TcpStream {
    socket.try_clone().unwrap()
}
