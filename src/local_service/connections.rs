//! Serves the routes on a port, with limits on connections.
//!
//! tonic's own server has no limit for connections and none for idle ones, and it tries again without a pause if the
//! process has no descriptor left for a connection.

use std::future::pending;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::BodyExt as _;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};
use tonic::body::Body;
use tonic::service::Routes;
use tower_service::Service as _;

use super::types::{ConnectionLimits, OnWarning};

/// The time that open calls have after shutdown; a watched health status never ends by itself.
const GRACE: Duration = Duration::from_secs(10);

/// The time that a client without open calls has to close its connection.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// A client that does not answer a ping for this long is gone.
const PING_TIMEOUT: Duration = Duration::from_secs(20);
const PING_INTERVAL: Duration = Duration::from_secs(60);

/// The pause after a connection that could not be accepted. The usual cause, a lack of descriptors, lasts.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// Serves `routes` on `listener` until `shutdown` completes, then lets open calls end for at most ten seconds.
pub async fn serve(
    listener: TcpListener,
    routes: Routes,
    limits: ConnectionLimits,
    on_warning: Option<OnWarning>,
    shutdown: impl Future<Output = ()>,
) {
    let slots = Arc::new(Semaphore::new(limits.max_connections));
    let (stop, _) = watch::channel(());
    let accept_all = async {
        // What waits for a slot waits in the system's queue of connections, where its client is patient.
        while let Ok(slot) = Arc::clone(&slots).acquire_owned().await {
            let socket = accept(&listener, on_warning.as_ref()).await;
            let connection = serve_connection(socket, routes.clone(), limits.idle_timeout, stop.subscribe());
            tokio::spawn(async move {
                connection.await;
                drop(slot);
            });
        }
    };
    tokio::select! {
        () = accept_all => {}
        () = shutdown => {}
    }
    drop(listener);
    // No receiver: no connection.
    let _ = stop.send(());
    let _ = timeout(GRACE, stop.closed()).await;
}

async fn accept(listener: &TcpListener, on_warning: Option<&OnWarning>) -> TcpStream {
    let mut is_reported = false;
    loop {
        match listener.accept().await {
            Ok((socket, _)) => {
                // Only slower without it.
                let _ = socket.set_nodelay(true);
                return socket;
            }
            Err(error) => {
                if let Some(on_warning) = on_warning.filter(|_| !is_reported) {
                    on_warning(&format!("a connection has to wait: {error}"));
                }
                is_reported = true;
                sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Serves a connection until its client closes it, it was idle for too long, or `stopped` changes. Its open calls
/// end first, and the client knows by GOAWAY that a further one was not begun.
async fn serve_connection(
    socket: TcpStream,
    routes: Routes,
    idle_timeout: Option<Duration>,
    mut stopped: watch::Receiver<()>,
) {
    let (open_calls, _) = watch::channel(0);
    let idle_for = |limit| is_idle(open_calls.subscribe(), limit);
    let service = service_fn(|request| {
        let call = OpenCall::new(open_calls.clone());
        let response = routes.clone().call(request);
        // The call is open until its response's body has ended.
        let with_call = move |body: Body| {
            body.map_frame(move |frame| {
                let _ = &call;
                frame
            })
        };
        async move { response.await.map(|response| response.map(with_call)) }
    });
    let connection = http2::Builder::new(TokioExecutor::new())
        .timer(TokioTimer::new())
        .keep_alive_interval(PING_INTERVAL)
        .keep_alive_timeout(PING_TIMEOUT)
        .serve_connection(TokioIo::new(socket), service);
    let mut connection = pin!(connection);
    // The result tells how the client closed it, which is its own matter.
    tokio::select! {
        _ = &mut connection => return,
        _ = stopped.changed() => {}
        () = idle_for(idle_timeout) => {}
    }
    connection.as_mut().graceful_shutdown();
    tokio::select! {
        _ = connection => {}
        () = idle_for(Some(CLOSE_TIMEOUT)) => {}
    }
}

/// Completes when there was no open call for as long as `limit`.
async fn is_idle(mut open_calls: watch::Receiver<usize>, limit: Option<Duration>) {
    let Some(limit) = limit else { return pending().await };
    while open_calls.wait_for(|count| *count == 0).await.is_ok() {
        if timeout(limit, open_calls.changed()).await.is_err() {
            return;
        }
    }
}

/// Counts as an open call until it is dropped.
struct OpenCall(watch::Sender<usize>);

impl OpenCall {
    fn new(open_calls: watch::Sender<usize>) -> Self {
        open_calls.send_modify(|count| *count += 1);
        Self(open_calls)
    }
}

impl Drop for OpenCall {
    fn drop(&mut self) {
        self.0.send_modify(|count| *count -= 1);
    }
}
