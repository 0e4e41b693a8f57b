//! A way that takes time: what goes in at one end comes out at the other some milliseconds later, in both directions.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// Connections to it arrive elsewhere, late. It ends with the value.
#[derive(Debug)]
pub(super) struct Delay {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Delay {
    /// Leads to `target`; each direction takes `one_way`. There is no limit to what is on the way.
    pub(super) async fn to(target: SocketAddr, one_way: Duration) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(carry(near, target, one_way));
            }
        });
        Ok(Self { address, task })
    }
}

impl Drop for Delay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(near: TcpStream, target: SocketAddr, one_way: Duration) -> std::io::Result<()> {
    let far = TcpStream::connect(target).await?;
    for stream in [&near, &far] {
        stream.set_nodelay(true)?;
    }
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    tokio::join!(direction(near_in, far_out, one_way), direction(far_in, near_out, one_way));
    Ok(())
}

/// Until one end closes; what was on the way still arrives.
async fn direction(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, one_way: Duration) {
    let (sender, mut on_the_way) = mpsc::unbounded_channel::<(Instant, Vec<u8>)>();
    let read = async move {
        let mut block = vec![0; 64 * 1024];
        while let Ok(count @ 1..) = from.read(&mut block).await {
            if sender.send((Instant::now() + one_way, block[..count].to_vec())).is_err() {
                return;
            }
        }
    };
    let write = async move {
        while let Some((at, block)) = on_the_way.recv().await {
            tokio::time::sleep_until(at).await;
            if to.write_all(&block).await.is_err() {
                return;
            }
        }
        // The other end is gone already if this fails.
        let _ = to.shutdown().await;
    };
    tokio::join!(read, write);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_comes_out_is_what_went_in_a_while_before() {
        let echo = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let target = echo.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = echo.accept().await.unwrap();
            let (mut from, mut to) = stream.split();
            tokio::io::copy(&mut from, &mut to).await.unwrap();
        });
        let way = Delay::to(target, Duration::from_millis(15)).await.unwrap();
        let mut stream = TcpStream::connect(way.address).await.unwrap();
        let sent: Vec<u8> = (0..200_000_u32).map(|n| n.to_le_bytes()[0]).collect();
        let began = Instant::now();
        stream.write_all(&sent).await.unwrap();
        let mut back = vec![0; sent.len()];
        stream.read_exact(&mut back).await.unwrap();
        assert_eq!(back, sent);
        assert!(began.elapsed() >= Duration::from_millis(30), "{:?}", began.elapsed());
    }
}
