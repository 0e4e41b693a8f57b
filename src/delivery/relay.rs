//! The relays of a node: which one is used, and for how long a troubled one is left alone.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context;
use lettre::transport::smtp::authentication::Credentials;
use tokio::sync::Semaphore;

use crate::clock::Timestamp;
use crate::config::{self, Config, RelayUrl};
use crate::delivery::maildir::Maildir;
use crate::delivery::retry;
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
            in_doubt_max: 1,
        })
    }
}

fn open_maildir(folder: &Path) -> anyhow::Result<Maildir> {
    Maildir::open(folder).with_context(|| format!("cannot make the Maildir {}", folder.display()))
}

/// Troubles after an established conversation that make a relay be left alone, when nothing went well between.
const STUMBLES: u32 = 3;

#[derive(Debug, Default)]
struct Health {
    /// Changes with each trouble, so that several workers who meet one trouble count it once.
    version: u64,
    troubles: u32,
    stumbles: u32,
    until: Timestamp,
}

/// A relay and how it is.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) relay: Relay,
    pub(super) permits: Arc<Semaphore>,
    health: Mutex<Health>,
}

impl Line {
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to hand to [`Line::trouble`] after an attempt that began now.
    pub(super) fn version(&self) -> u64 {
        self.health().version
    }

    /// It took a message, or refused one in good order.
    pub(super) fn well(&self) {
        let mut health = self.health();
        (health.troubles, health.stumbles) = (0, 0);
    }

    /// It cannot be reached or wants to be left alone.
    pub(super) fn trouble(&self, version: u64, now: Timestamp, seed: u64) {
        let mut health = self.health();
        if health.version == version {
            health.version += 1;
            health.troubles += 1;
            health.stumbles = 0;
            health.until = now.plus(retry::host_delay(health.troubles, seed ^ health.version));
            tracing::warn!(relay = %self.relay.name, troubles = health.troubles, until = %health.until, "relay in trouble");
        }
    }

    /// A conversation broke before its message: this message's fault, or the relay's.
    pub(super) fn stumble(&self, version: u64, now: Timestamp, seed: u64) {
        let stumbles = {
            let mut health = self.health();
            health.stumbles += 1;
            health.stumbles
        };
        if stumbles >= STUMBLES {
            self.trouble(version, now, seed);
        }
    }
}

/// The relays in the order of the configuration.
#[derive(Debug)]
pub(super) struct Relays {
    lines: Vec<Arc<Line>>,
}

impl Relays {
    pub(super) fn new(relays: Vec<Relay>) -> Self {
        let lines = relays.into_iter().map(|relay| {
            let permits = Arc::new(Semaphore::new(relay.connections));
            Arc::new(Line { relay, permits, health: Mutex::default() })
        });
        Self { lines: lines.collect() }
    }

    /// The first that is not left alone.
    pub(super) fn pick(&self, now: Timestamp) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| line.health().until <= now)
    }

    /// When the first one may be tried again; none when one may be tried now, or there is none at all.
    pub(super) fn resting_until(&self, now: Timestamp) -> Option<Timestamp> {
        let until = self.lines.iter().map(|line| line.health().until).min()?;
        (until > now).then_some(until)
    }

    /// Workers that can be of use.
    pub(super) fn connections(&self) -> usize {
        self.lines.iter().map(|line| line.relay.connections).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::MINUTE;

    #[test]
    fn a_troubled_relay_is_left_alone_longer_each_time_and_the_next_one_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![
            Relay { name: "first".to_owned(), ..Relay::maildir(folder.path()).unwrap() },
            Relay { name: "second".to_owned(), ..Relay::maildir(folder.path()).unwrap() },
        ]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let name = |at| relays.pick(at).map(|line| line.relay.name.as_str());
        assert_eq!(name(now), Some("first"));

        let first = Arc::clone(relays.pick(now).unwrap());
        let version = first.version();
        for _ in 0..5 {
            first.trouble(version, now, 1); // five workers, one trouble
        }
        assert_eq!(name(now), Some("second"));
        assert_eq!(name(now.plus(MINUTE)), Some("first"));

        first.trouble(first.version(), now.plus(MINUTE), 1);
        relays.pick(now).unwrap().trouble(0, now, 1);
        assert_eq!(name(now), None);
        assert!(relays.resting_until(now).is_some_and(|until| until <= now.plus(MINUTE)));
        assert_eq!(relays.resting_until(now.plus(3 * MINUTE)), None);
    }

    #[test]
    fn one_message_that_breaks_conversations_does_not_stop_the_others() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![Relay::maildir(folder.path()).unwrap()]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let line = relays.pick(now).unwrap();
        for _ in 0..10 {
            line.stumble(line.version(), now, 1);
            line.well();
        }
        assert!(relays.pick(now).is_some());
        for _ in 0..STUMBLES {
            line.stumble(line.version(), now, 1);
        }
        assert!(relays.pick(now).is_none());
    }
}
