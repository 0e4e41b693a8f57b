//! The HTTP server: slow or greedy clients are cut off, and it stops in good order within a bound.
//!
//! `axum::serve` gives hyper no timer, so that a client may take for ever over its headers; hence this loop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::Request;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;

use super::client::Peer;
use super::live::Live;
use super::stalled::Patient;

/// What a connection may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For the headers of a request, and between two requests.
    pub headers_within: Duration,
    /// Bytes of a request's line and headers; what is larger than [`HEADER_BYTES`](super::host::HEADER_BYTES), but no larger
    /// than this, is refused with a page.
    pub header_bytes: usize,
    /// For each step of an answer on its way to a client that does not read.
    pub write_within: Duration,
    /// Connections at a time; who comes then waits until one ends.
    pub connections: usize,
    /// After the stop: for the requests on the wire.
    pub finish_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            headers_within: Duration::from_secs(10),
            header_bytes: 32 * 1024,
            write_within: Duration::from_secs(30),
            connections: 4096,
            finish_within: Duration::from_secs(10),
        }
    }
}

/// How long to wait when the machine has no file descriptor left for a connection.
const BREATH: Duration = Duration::from_millis(500);

/// Opens a listener.
///
/// # Errors
/// When the address is taken or not ours; the message names `key`, the key of the configuration.
pub async fn bind(key: &str, address: SocketAddr) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address} ({key})"))
}

/// Serves `front` until `stop` is done, then answers the requests on the wire within
/// [`Limits::finish_within`] and closes. Gives the number of connections that had to be cut.
pub async fn serve(
    listener: TcpListener,
    front: impl Into<Live>,
    limits: Limits,
    stop: impl Future<Output = ()>,
) -> usize {
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(limits.headers_within)
        .max_buf_size(limits.header_bytes);
    let front = front.into();
    let places = Arc::new(Semaphore::new(limits.connections));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            () = &mut stop => break,
            accepted = accept(&listener, &places) => accepted,
            // Reap what has ended, so that the set does not grow.
            Some(_) = connections.join_next() => continue,
        };
        match accepted {
            Ok((stream, peer, place)) => {
                if stream.set_nodelay(true).is_err() {
                    continue; // gone already
                }
                let stream = TokioIo::new(Patient::new(stream, limits.write_within));
                let front = front.clone();
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(peer);
                    front.call(request)
                });
                let connection = graceful.watch(http.serve_connection(stream, service));
                // A client's broken connection is nobody's concern here.
                connections.spawn(async move {
                    drop(connection.await);
                    drop(place);
                });
            }
            Err(error) if is_the_clients(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection");
                tokio::time::sleep(BREATH).await;
            }
        }
    }
    drop(listener);
    if tokio::time::timeout(limits.finish_within, graceful.shutdown()).await.is_ok() {
        return 0;
    }
    while connections.try_join_next().is_some() {}
    let cut = connections.len();
    connections.shutdown().await;
    cut
}

/// The next client, once there is a place for it.
async fn accept(
    listener: &TcpListener,
    places: &Arc<Semaphore>,
) -> io::Result<(TcpStream, Peer, OwnedSemaphorePermit)> {
    let place = Arc::clone(places).acquire_owned().await.map_err(io::Error::other)?;
    let (stream, peer) = listener.accept().await?;
    Ok((stream, Peer(peer.ip()), place))
}

/// Gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
