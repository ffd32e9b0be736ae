//! A connection to the first address of a name that answers.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;

/// How long an address is waited for before the next one is tried beside it (RFC 8305, 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Connects to the first of `addresses` that lets it. One that says nothing does not hold up the others.
///
/// # Errors
/// None does; with why the last one did not.
pub async fn dial(addresses: impl IntoIterator<Item = SocketAddr>) -> io::Result<TcpStream> {
    let mut addresses = addresses.into_iter().peekable();
    // Dropped with this function, which ends what is still being tried.
    let mut tries = JoinSet::new();
    let mut failed = None;
    loop {
        if let Some(address) = addresses.next() {
            tries.spawn(TcpStream::connect(address));
        }
        let done = if addresses.peek().is_some() {
            timeout(HEAD_START, tries.join_next()).await.ok()
        } else {
            Some(tries.join_next().await)
        };
        match done {
            Some(Some(Ok(Ok(socket)))) => return Ok(socket),
            Some(Some(Ok(Err(error)))) => failed = Some(error),
            Some(Some(Err(panicked))) => failed = Some(io::Error::other(panicked)),
            // All have failed, and there is no other.
            Some(None) => return Err(failed.unwrap_or_else(|| io::Error::other("the name has no address"))),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use tokio::net::{TcpListener, TcpSocket};

    use super::*;

    fn run<T>(test: impl Future<Output = T>) -> T {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(test)
    }

    #[test]
    fn an_address_that_says_nothing_does_not_hold_up_the_next() {
        run(async {
            // Nobody takes the connections off its queue: when that is full, a further one hears nothing.
            let silent = TcpSocket::new_v4().unwrap();
            silent.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let silent = silent.listen(1).unwrap();
            let dead = silent.local_addr().unwrap();
            let mut queue = Vec::new();
            while let Ok(connected) = timeout(Duration::from_millis(300), TcpStream::connect(dead)).await {
                queue.push(connected.unwrap());
                assert!(queue.len() < 100, "the queue of a listener does not fill here");
            }
            let open = TcpListener::bind("127.0.0.1:0").await.unwrap();
            let alive = open.local_addr().unwrap();
            let closed: SocketAddr = "127.0.0.1:9".parse().unwrap();
            let begun = Instant::now();
            let socket = timeout(Duration::from_secs(20), dial([dead, closed, dead, alive])).await;
            assert_eq!(socket.expect("no dead address is waited for to its end").unwrap().peer_addr().unwrap(), alive);
            assert!(begun.elapsed() >= HEAD_START, "each has its head start");
        });
    }

    #[test]
    fn when_none_answers_the_last_reason_is_told() {
        let closed: SocketAddr = "127.0.0.1:9".parse().unwrap();
        let error = run(dial([closed, closed])).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused);
        assert_eq!(run(dial([])).unwrap_err().to_string(), "the name has no address");
    }
}
