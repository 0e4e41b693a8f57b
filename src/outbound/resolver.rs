//! Names to addresses: every address is checked after it was looked up, and the connection goes to the address that was checked.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::guard::Guard;

/// Where names are looked up.
#[derive(Debug, Clone)]
pub enum Names {
    /// The machine's own resolver.
    System,
    /// These addresses, whatever the port: a test's answer of a name server.
    Fixed(HashMap<String, Vec<IpAddr>>),
}

/// Every address of a name leads inside. The one error that a caller finds below those of the HTTP client.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the address {0} may not be called")]
pub(super) struct Inside(pub(super) IpAddr);

/// The resolver that the HTTP client asks.
#[derive(Debug, Clone)]
pub(super) struct GuardedResolver {
    pub(super) names: Names,
    pub(super) guard: Guard,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (names, guard) = (self.names.clone(), self.guard.clone());
        Box::pin(async move {
            let found = look_up(&names, name.as_str()).await?;
            let (open, inside): (Vec<SocketAddr>, Vec<SocketAddr>) =
                found.into_iter().partition(|address| guard.admits(address.ip()));
            match (open.is_empty(), inside.first()) {
                (true, Some(address)) => Err(Inside(address.ip()).into()),
                (true, None) => Err(std::io::Error::other("the name has no address").into()),
                (false, _) => Ok(Box::new(open.into_iter()) as Addrs),
            }
        })
    }
}

async fn look_up(names: &Names, name: &str) -> std::io::Result<Vec<SocketAddr>> {
    match names {
        Names::System => tokio::net::lookup_host((name, 0)).await.map(Iterator::collect),
        Names::Fixed(table) => {
            let addresses = table.get(name).ok_or(std::io::ErrorKind::NotFound)?;
            Ok(addresses.iter().map(|address| SocketAddr::new(*address, 0)).collect())
        }
    }
}
