//! Whether a host can be reached at all.

use std::time::{Duration, Instant};

use tokio::net::TcpStream;

use crate::net::endpoint::EndpointUrl;

/// How long it takes to look up the host's name and to connect to its port; nothing is sent. `None` if that cannot be
/// done within `limit`; the error is that of a real connection, which says more.
pub async fn reach(address: &EndpointUrl, limit: Option<Duration>) -> Option<Duration> {
    let start = Instant::now();
    let connecting = TcpStream::connect((address.host(), address.port()));
    let connected = match limit {
        None => connecting.await.ok(),
        Some(limit) => tokio::time::timeout(limit, connecting).await.ok().and_then(Result::ok),
    };
    connected.map(|_| start.elapsed())
}
