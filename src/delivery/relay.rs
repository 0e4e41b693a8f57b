//! The relays of a node: which one is used, and for how long a troubled one is left alone.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use anyhow::Context;
use lettre::transport::smtp::authentication::Credentials;
use tokio::sync::Semaphore;

use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::config::{self, Config, RelayUrl};
use crate::delivery::bounds::Bounds;
use crate::delivery::maildir::Maildir;
use crate::delivery::replies::next_window;
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

/// Troubles after an established conversation that make a relay be left alone, when nothing went well between.
const STUMBLES: u32 = 3;

/// Troubles in a row that a person should know of.
const ALARMING: u32 = 3;

/// How long (ms) one message may try a relay that was left alone, before another one may.
const PROBE: i64 = MINUTE;

#[derive(Debug, Default)]
struct Health {
    /// Changes with each trouble, so that several workers who meet one trouble count it once.
    version: u64,
    troubles: u32,
    stumbles: u32,
    until: Timestamp,
    /// One message tries how it is; nothing else goes before this.
    probing_until: Timestamp,
    /// What was said last.
    detail: String,
    /// Messages it still takes today.
    left: Option<i64>,
}

impl Health {
    fn ready_at(&self) -> Timestamp {
        if self.troubles > 0 { self.until.max(self.probing_until) } else { self.until }
    }

    fn is_usable(&self, now: Timestamp) -> bool {
        self.ready_at() <= now && self.left.is_none_or(|left| left > 0)
    }
}

/// A relay and how it is.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) relay: Relay,
    pub(super) permits: Arc<Semaphore>,
    health: Mutex<Health>,
    bounds: Mutex<Bounds>,
}

impl Line {
    fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bounds(&self) -> MutexGuard<'_, Bounds> {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to hand to [`Line::trouble`] after an attempt that began now.
    pub(super) fn version(&self) -> u64 {
        self.health().version
    }

    /// It took a message, or refused one in good order.
    pub(super) fn well(&self) {
        self.bounds().answered(Instant::now());
        let mut health = self.health();
        (health.troubles, health.stumbles) = (0, 0);
        health.probing_until = Timestamp::default();
    }

    /// It took a message.
    pub(super) fn took(&self, now: Timestamp) {
        self.well();
        if let Some(left) = &mut self.health().left {
            *left -= 1;
        }
        let more = self.bounds().took(now, Instant::now());
        self.permits.add_permits(more);
    }

    /// It cannot be reached or wants to be left alone.
    pub(super) fn trouble(&self, version: u64, now: Timestamp, seed: u64, detail: String) {
        let mut health = self.health();
        if health.version == version {
            health.version += 1;
            health.troubles += 1;
            health.stumbles = 0;
            health.until = now.plus(retry::host_delay(health.troubles, seed ^ health.version));
            health.probing_until = Timestamp::default();
            health.detail = detail;
            tracing::warn!(relay = %self.relay.name, troubles = health.troubles, until = %health.until, "relay in trouble");
        }
    }

    /// A conversation broke before its message: this message's fault, or the relay's.
    pub(super) fn stumble(&self, version: u64, now: Timestamp, seed: u64, detail: String) {
        let stumbles = {
            let mut health = self.health();
            health.stumbles += 1;
            health.stumbles
        };
        if stumbles >= STUMBLES {
            self.trouble(version, now, seed, detail);
        }
    }

    /// It says that what it takes in a day is spent: looked at again within the hour, and at the new day.
    pub(super) fn spent(&self, now: Timestamp) {
        let until = next_window(now).min(now.plus(HOUR));
        let mut health = self.health();
        if health.until < until {
            tracing::warn!(relay = %self.relay.name, %until, "the relay's quota is spent");
        }
        health.until = health.until.max(until);
        health.probing_until = Timestamp::default();
        health.troubles = health.troubles.max(1);
    }

    /// It wants fewer connections; false when there is only one left to take.
    pub(super) fn fewer_connections(&self, now: Timestamp) -> bool {
        let fewer = self.bounds().fewer_connections(now);
        if fewer {
            tracing::warn!(relay = %self.relay.name, "the relay wants fewer connections");
            let permits = Arc::clone(&self.permits);
            match permits.clone().try_acquire_owned() {
                // Usually that of the connection which was just refused.
                Ok(permit) => permit.forget(),
                Err(_) => drop(tokio::spawn(async move {
                    if let Ok(permit) = permits.acquire_owned().await {
                        permit.forget();
                    }
                })),
            }
        }
        fewer
    }

    /// It wants fewer messages a second.
    pub(super) fn slower(&self) {
        if let Some(rate) = self.bounds().slower(Instant::now()) {
            tracing::warn!(relay = %self.relay.name, rate, "the relay wants fewer messages a second");
        }
    }

    /// It ended a conversation by itself after so many messages.
    pub(super) fn ended_after(&self, messages: u32) {
        if self.bounds().ended_after(messages) {
            tracing::info!(relay = %self.relay.name, messages, "the relay takes so many messages a connection");
        }
    }

    /// Messages over one connection.
    pub(super) fn messages_per_connection(&self) -> u32 {
        self.bounds().messages.unwrap_or(u32::MAX).min(self.relay.messages_per_connection)
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
            let bounds = Mutex::new(Bounds::new(relay.connections, relay.rate));
            Arc::new(Line { relay, permits, health: Mutex::default(), bounds })
        });
        Self { lines: lines.collect() }
    }

    /// The first that is not left alone. One that was until now is given to one message alone, which tries how it is.
    pub(super) fn pick(&self, now: Timestamp) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| {
            let mut health = line.health();
            let usable = health.is_usable(now);
            if usable && health.troubles > 0 {
                health.probing_until = now.plus(PROBE);
            }
            usable
        })
    }

    /// The one that messages go to now, if any.
    pub(super) fn in_use(&self, now: Timestamp) -> Option<&Arc<Line>> {
        self.lines.iter().find(|line| line.health().is_usable(now))
    }

    /// Takes the place of one message in the rate of the relay that is used now.
    ///
    /// # Errors
    /// When it is not its turn yet: the moment it is.
    pub(super) fn take_turn(&self, at: Timestamp, now: Instant) -> Result<(), Instant> {
        self.in_use(at).map_or(Ok(()), |line| line.bounds().take_turn(now))
    }

    /// When the first one may be tried again; none when one may be tried now, or there is none at all.
    pub(super) fn resting_until(&self, now: Timestamp) -> Option<Timestamp> {
        let ready = |line: &Arc<Line>| {
            let health = line.health();
            if health.is_usable(now) { Timestamp::default() } else { health.ready_at().max(now.plus(1)) }
        };
        let until = self.lines.iter().map(ready).min()?;
        (until > now).then_some(until)
    }

    /// Those that take only so many messages a day, each with that number.
    pub(super) fn with_quota(&self) -> impl Iterator<Item = (&str, u32)> {
        self.lines.iter().filter_map(|line| Some((line.relay.name.as_str(), line.relay.quota?)))
    }

    /// What a relay has taken today, by all nodes.
    pub(super) fn set_taken(&self, name: &str, taken: i64) {
        for line in self.lines.iter().filter(|line| line.relay.name == name) {
            line.health().left = line.relay.quota.map(|quota| i64::from(quota) - taken);
        }
    }

    /// Those in trouble for so long that a person should know, each with what was said last.
    pub(super) fn in_trouble(&self) -> Vec<(String, String)> {
        let alarming = |line: &&Arc<Line>| line.health().troubles >= ALARMING;
        let lines = self.lines.iter().filter(alarming);
        lines.map(|line| (line.relay.name.clone(), line.health().detail.clone())).collect()
    }

    /// Workers that can be of use.
    pub(super) fn connections(&self) -> usize {
        self.lines.iter().map(|line| line.relay.connections).max().unwrap_or(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
            first.trouble(version, now, 1, String::new()); // five workers, one trouble
        }
        assert_eq!(name(now), Some("second"));
        assert_eq!(name(now.plus(MINUTE)), Some("first"));

        first.trouble(first.version(), now.plus(MINUTE), 1, String::new());
        relays.pick(now).unwrap().trouble(0, now, 1, String::new());
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
            line.stumble(line.version(), now, 1, String::new());
            line.well();
        }
        assert!(relays.pick(now).is_some());
        for _ in 0..STUMBLES {
            line.stumble(line.version(), now, 1, String::new());
        }
        assert!(relays.pick(now).is_none());
    }

    #[test]
    fn a_relay_that_was_left_alone_is_tried_with_one_message() {
        let folder = tempfile::tempdir().unwrap();
        let relays = Relays::new(vec![Relay::maildir(folder.path()).unwrap()]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let line = Arc::clone(relays.pick(now).unwrap());
        line.trouble(line.version(), now, 1, "421 closed".to_owned());
        let later = now.plus(MINUTE);
        assert!(relays.pick(later).is_some() && relays.pick(later).is_none());
        assert_eq!(relays.resting_until(later), Some(later.plus(PROBE)));
        line.well();
        assert!(relays.pick(later).is_some() && relays.pick(later).is_some());
        assert!(relays.in_trouble().is_empty());
        for _ in 0..ALARMING {
            line.trouble(line.version(), now, 1, "421 closed".to_owned());
        }
        assert_eq!(relays.in_trouble()[0].1, "421 closed");
    }

    #[test]
    fn a_relay_whose_quota_is_spent_waits_for_the_next_day_and_the_next_relay_is_used() {
        let folder = tempfile::tempdir().unwrap();
        let relay = |name: &str, quota| Relay {
            name: name.to_owned(),
            quota,
            ..Relay::maildir(folder.path()).unwrap()
        };
        let relays = Relays::new(vec![relay("first", Some(3)), relay("second", None)]);
        let now = Timestamp::from_millis(1_795_400_000_000);
        let name = || relays.pick(now).map(|line| line.relay.name.as_str());
        relays.set_taken("first", 2);
        assert_eq!(name(), Some("first"));
        relays.pick(now).unwrap().took(now);
        assert_eq!(name(), Some("second"));
        relays.set_taken("first", 0); // a new day
        assert_eq!(name(), Some("first"));
        relays.pick(now).unwrap().spent(now); // it says so itself
        assert_eq!(name(), Some("second"));
    }
}
