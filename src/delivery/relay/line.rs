//! A relay and how it is: what it takes, and for how long it is left alone once in trouble.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Semaphore;

use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::delivery::relay::Relay;
use crate::delivery::relay::bounds::Bounds;
use crate::delivery::replies::next_window;
use crate::delivery::retry;

/// Troubles after an established conversation that make a relay be left alone, when nothing went well between.
pub(super) const STUMBLES: u32 = 3;

/// Troubles in a row that a person should know of.
pub(super) const ALARMING: u32 = 3;

/// How long (ms) one message may try a relay that was left alone, before another one may.
pub(super) const PROBE: i64 = MINUTE;

#[derive(Debug, Default)]
pub(super) struct Health {
    /// Changes with each trouble, so that several workers who meet one trouble count it once.
    version: u64,
    pub(super) troubles: u32,
    stumbles: u32,
    pub(super) until: Timestamp,
    /// One message tries how it is; nothing else goes before this.
    pub(super) probing_until: Timestamp,
    /// What was said last.
    pub(super) detail: String,
    /// Messages it still takes today.
    pub(super) left: Option<i64>,
}

impl Health {
    pub(super) fn ready_at(&self) -> Timestamp {
        if self.troubles > 0 { self.until.max(self.probing_until) } else { self.until }
    }

    pub(super) fn is_usable(&self, now: Timestamp) -> bool {
        self.ready_at() <= now && self.left.is_none_or(|left| left > 0)
    }
}

/// A relay and how it is.
#[derive(Debug)]
pub(in crate::delivery) struct Line {
    pub(in crate::delivery) relay: Relay,
    pub(in crate::delivery) permits: Arc<Semaphore>,
    health: Mutex<Health>,
    bounds: Mutex<Bounds>,
}

impl Line {
    /// A relay of which nothing is known yet.
    pub(super) fn new(relay: Relay) -> Self {
        let permits = Arc::new(Semaphore::new(relay.connections));
        let bounds = Mutex::new(Bounds::new(relay.connections, relay.rate));
        Self { relay, permits, health: Mutex::default(), bounds }
    }

    pub(super) fn health(&self) -> MutexGuard<'_, Health> {
        self.health.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn bounds(&self) -> MutexGuard<'_, Bounds> {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What to hand to [`Line::trouble`] after an attempt that began now.
    pub(in crate::delivery) fn version(&self) -> u64 {
        self.health().version
    }

    /// It took a message, or refused one in good order.
    pub(in crate::delivery) fn well(&self) {
        self.bounds().answered(Instant::now());
        let mut health = self.health();
        (health.troubles, health.stumbles) = (0, 0);
        health.probing_until = Timestamp::default();
    }

    /// It took a message.
    pub(in crate::delivery) fn took(&self, now: Timestamp) {
        self.well();
        if let Some(left) = &mut self.health().left {
            *left -= 1;
        }
        let more = self.bounds().took(now, Instant::now());
        self.permits.add_permits(more);
    }

    /// It cannot be reached or wants to be left alone.
    pub(in crate::delivery) fn trouble(&self, version: u64, now: Timestamp, seed: u64, detail: String) {
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
    pub(in crate::delivery) fn stumble(&self, version: u64, now: Timestamp, seed: u64, detail: String) {
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
    pub(in crate::delivery) fn spent(&self, now: Timestamp) {
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
    pub(in crate::delivery) fn fewer_connections(&self, now: Timestamp) -> bool {
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
    pub(in crate::delivery) fn slower(&self) {
        if let Some(rate) = self.bounds().slower(Instant::now()) {
            tracing::warn!(relay = %self.relay.name, rate, "the relay wants fewer messages a second");
        }
    }

    /// It ended a conversation by itself after so many messages.
    pub(in crate::delivery) fn ended_after(&self, messages: u32) {
        if self.bounds().ended_after(messages) {
            tracing::info!(relay = %self.relay.name, messages, "the relay takes so many messages a connection");
        }
    }

    /// Messages over one connection.
    pub(in crate::delivery) fn messages_per_connection(&self) -> u32 {
        self.bounds().messages.unwrap_or(u32::MAX).min(self.relay.messages_per_connection)
    }
}
