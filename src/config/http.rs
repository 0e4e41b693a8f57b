//! `[http]` and `[metrics]`: where kiosque listens.

use std::net::SocketAddr;

use super::outbound::Network;
use super::read::section;

section! {
    /// `[http]`: the public pages, the feeds and the API.
    pub struct Http {
        /// Address and port. The default is on loopback, for a proxy in front that speaks TLS.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 8080)),
        /// Names it answers to besides that of `public_url`, without ports.
        pub hosts: Vec<String>,
        /// The proxies in front whose `X-Forwarded-For` is believed; this machine's without the key.
        pub trusted_proxies: Vec<Network> = Network::of_this_machine(),
    }
}

section! {
    /// `[metrics]`: Prometheus metrics, on a listener of their own so that they are never public by accident.
    pub struct Metrics {
        /// Address and port.
        pub listen: SocketAddr = SocketAddr::from(([127, 0, 0, 1], 9090)),
    }
}
