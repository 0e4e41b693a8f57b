//! Where mail goes: the relays of a node, by SMTP or into a folder.

mod bounds;
mod line;
pub(super) mod maildir;
mod order;

pub(super) use line::Line;
pub use maildir::Maildir;
pub(super) use order::Relays;

use std::path::Path;

use anyhow::Context;
use lettre::transport::smtp::authentication::Credentials;

use crate::config::{self, Config, RelayUrl};
use crate::delivery::smtp::{Server, Timers, TlsClient};

/// Where mail goes.
#[derive(Debug, Clone)]
pub struct Relay {
    /// As it is shown, without user and password.
    pub name: String,
    /// How it takes mail.
    pub way: Way,
    /// Connections at a time.
    pub connections: usize,
    /// Messages over one connection.
    pub messages_per_connection: u32,
    /// Messages a second, at most.
    pub rate: Option<u32>,
    /// Messages a day, at most.
    pub quota: Option<u32>,
    /// Rows of one connection that may be in doubt at a time: 2 lets a message follow while the answer to the one
    /// before is awaited or not yet written down, 1 does not.
    pub in_doubt_max: u32,
}

/// How a relay takes mail.
#[derive(Debug, Clone)]
pub enum Way {
    /// Into a folder of this machine.
    Maildir(Maildir),
    /// By SMTP.
    Smtp(Box<Server>),
}

impl Relay {
    /// Every relay of the configuration, in its order; passwords are read now. Where no `helo` is given, we call
    /// ourselves by the host of the public address.
    ///
    /// # Errors
    /// When a password cannot be read, or a Maildir cannot be made.
    pub fn all(config: &Config) -> anyhow::Result<Vec<Self>> {
        let tls = TlsClient::new(Vec::new())?;
        let helo = config.public_url.host();
        config.relays.iter().map(|relay| Self::from_config(relay, helo, &tls)).collect()
    }

    fn from_config(relay: &config::Relay, helo: &str, tls: &TlsClient) -> anyhow::Result<Self> {
        let way = match &relay.url {
            RelayUrl::Maildir(folder) => Way::Maildir(open_maildir(folder)?),
            RelayUrl::Smtp { security, host, port, user } => {
                let credentials = match (user, &relay.password) {
                    (Some(user), Some(password)) => Some(Credentials::new(user.clone(), password.read()?)),
                    _ => None,
                };
                Way::Smtp(Box::new(Server {
                    host: host.clone(),
                    port: *port,
                    security: *security,
                    credentials,
                    helo: relay.helo.clone().unwrap_or_else(|| helo.to_owned()),
                    timers: Timers::default(),
                    tls: tls.clone(),
                }))
            }
        };
        Ok(Self {
            name: relay.url.to_string(),
            way,
            connections: usize::try_from(relay.connections).unwrap_or(1).max(1),
            messages_per_connection: relay.messages_per_connection.max(1),
            rate: relay.rate,
            quota: relay.quota,
            in_doubt_max: relay.in_doubt_max,
        })
    }

    /// A Maildir of one writer, for tests and trials.
    ///
    /// # Errors
    /// When the folders cannot be made.
    pub fn maildir(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            name: format!("maildir:{}", folder.display()),
            way: Way::Maildir(open_maildir(folder)?),
            connections: 1,
            messages_per_connection: u32::MAX,
            rate: None,
            quota: None,
            in_doubt_max: 1,
        })
    }
}

fn open_maildir(folder: &Path) -> anyhow::Result<Maildir> {
    Maildir::open(folder).with_context(|| format!("cannot make the Maildir {}", folder.display()))
}
