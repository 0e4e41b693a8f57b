//! A TCP link that can be cut, half closed or silenced: what stands between a node and its database.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// What the link does to those who use it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Passes on what comes.
    Fine,
    /// Ends every connection and takes no new one.
    Cut,
    /// Tells the database that the node has ended, and the node nothing.
    HalfClosed,
    /// Swallows what comes, and says nothing.
    Silent,
}

/// The link. It goes with the value.
pub struct Link {
    /// Where the node connects to.
    pub address: SocketAddr,
    weather: watch::Sender<Weather>,
    passed: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Link {
    /// A link to a port of this machine.
    pub async fn to(port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (weather, watched) = watch::channel(Weather::Fine);
        let passed = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&passed);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            loop {
                let Ok((near, _)) = listener.accept().await else { return };
                if *watched.borrow() == Weather::Cut {
                    continue; // dropped
                }
                let Ok(far) = TcpStream::connect(("127.0.0.1", port)).await else { continue };
                let _ = (near.set_nodelay(true), far.set_nodelay(true));
                connections.spawn(connection(near, far, watched.clone(), Arc::clone(&counted)));
            }
        });
        Self { address, weather, passed, task }
    }

    /// Changes the weather.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }

    /// Bytes passed on so far.
    pub fn passed(&self) -> usize {
        self.passed.load(Ordering::Relaxed)
    }
}

async fn connection(
    near: TcpStream,
    far: TcpStream,
    mut weather: watch::Receiver<Weather>,
    passed: Arc<AtomicUsize>,
) {
    let ((near_read, near_write), (far_read, far_write)) = (near.into_split(), far.into_split());
    let up = pass(near_read, far_write, weather.clone(), true, Arc::clone(&passed));
    let down = pass(far_read, near_write, weather.clone(), false, passed);
    tokio::select! {
        _ = weather.wait_for(|weather| *weather == Weather::Cut) => {}
        _ = async { tokio::join!(up, down) } => {}
    }
}

/// One direction. A connection that has seen bad weather stays lost: its bytes are gone.
async fn pass(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut weather: watch::Receiver<Weather>,
    up: bool,
    passed: Arc<AtomicUsize>,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut lost = false;
    loop {
        let read = tokio::select! {
            read = from.read(&mut buffer) => read,
            _ = weather.changed() => {
                let now = *weather.borrow_and_update();
                match now {
                    Weather::Fine | Weather::Cut => {}
                    Weather::Silent => lost = true,
                    Weather::HalfClosed => {
                        lost = true;
                        if up {
                            let _ = to.shutdown().await;
                        }
                    }
                }
                continue;
            }
        };
        match read {
            Ok(0) | Err(_) if lost => tokio::time::sleep(Duration::from_secs(3600)).await,
            Ok(0) | Err(_) => {
                let _ = to.shutdown().await;
                return;
            }
            Ok(_) if lost => {}
            Ok(count) => {
                if to.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
                passed.fetch_add(count, Ordering::Relaxed);
            }
        }
    }
}
