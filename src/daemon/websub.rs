//! Tells `WebSub` hubs that feeds have new bytes, once they are served (W3C `WebSub` §1: how a publisher does so is left open;
//! `hub.mode=publish` with `hub.url` is what every hub takes).
//!
//! Each hub has a queue and a task of its own: one that hangs holds up neither the others nor publication. A hub that
//! fails is left in peace for longer and longer. What hubs know is remembered, so that a node that starts tells them
//! what changed while none ran, and nothing else.
//!
//! Two nodes both tell: a hub that asked the node which was not yet up with the change is told again by that one, and a hub
//! that finds nothing new does nothing.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;
use url::Url;

use crate::app::App;
use crate::articles::CategoryId;
use crate::clock::{Clock, MINUTE, SECOND, Timestamp};
use crate::db::Db;
use crate::feeds::announced::{announce, announced};
use crate::feeds::hub::{Outcome, Queue};
use crate::feeds::{FeedStore, Topics};
use crate::outbound::header::RETRY_AFTER;
use crate::outbound::{Answer, Outbound, StatusCode};

/// Before every version of a feed.
const NEVER: i64 = -1;

/// A hub and what it has yet to be told.
#[derive(Debug)]
pub struct Hub {
    url: Url,
    queue: Mutex<Queue>,
    /// Something waits.
    news: Notify,
    /// Something was settled.
    settled: Arc<Notify>,
}

impl Hub {
    /// Tells the hub of every feed that is due, one after the other, until it fails or knows everything. Gives how many
    /// it took.
    pub async fn tell(&self, outbound: &Outbound, clock: &Clock) -> usize {
        let mut taken = 0;
        while let Some(topic) = self.with(|queue| queue.take(clock.now())) {
            let answer = outbound.post_form(&self.url, &[("hub.mode", "publish"), ("hub.url", &topic)]).await;
            let outcome = match &answer {
                Ok(answer) => outcome(answer),
                Err(_) => Outcome::Failed { after: None },
            };
            let failures = self.with(|queue| {
                let before = queue.failures();
                queue.settle(outcome, clock.now());
                (before, queue.failures())
            });
            let reason = match answer {
                Ok(answer) => answer.status.to_string(),
                Err(error) => error.to_string(),
            };
            self.log(&topic, outcome, &reason, failures);
            taken += usize::from(outcome == Outcome::Taken);
            self.settled.notify_one();
        }
        taken
    }

    /// How many feeds it has yet to be told of.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.with(|queue| queue.len())
    }

    /// Failures are told when they begin and when they end, not each time.
    fn log(&self, topic: &str, outcome: Outcome, reason: &str, (before, after): (usize, usize)) {
        let hub = self.url.as_str();
        let name = match outcome {
            Outcome::Taken => "taken",
            Outcome::Refused => "refused",
            Outcome::Failed { .. } => "failed",
        };
        let labels = [("hub", hub.to_owned()), ("outcome", name.to_owned())];
        metrics::counter!("kiosque_hub_pings_total", &labels).increment(1);
        #[expect(clippy::cast_precision_loss, reason = "a handful")]
        metrics::gauge!("kiosque_hub_failures", "hub" => hub.to_owned()).set(after as f64);
        match outcome {
            Outcome::Refused => tracing::warn!(hub, topic, reason, "a hub refuses the news of a feed"),
            Outcome::Failed { .. } if before == 0 => {
                tracing::warn!(
                    hub,
                    reason,
                    "a hub cannot be told of new articles; readers still find them by polling"
                );
            }
            Outcome::Taken if before > 0 => tracing::info!(hub, "the hub takes news of feeds again"),
            _ => tracing::debug!(hub, topic, reason, name, "news of a feed"),
        }
    }

    fn with<T>(&self, work: impl FnOnce(&mut Queue) -> T) -> T {
        work(&mut self.queue.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a hub's answer means.
fn outcome(answer: &Answer) -> Outcome {
    let status = answer.status;
    let passing =
        matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS);
    if status.is_success() {
        Outcome::Taken
    } else if status.is_server_error() || passing {
        let seconds = answer.header(&RETRY_AFTER).and_then(|value| value.trim().parse::<i64>().ok());
        Outcome::Failed { after: seconds.map(|seconds| seconds.saturating_mul(SECOND)) }
    } else {
        Outcome::Refused
    }
}

/// What is told to all hubs.
#[derive(Debug)]
pub struct Announcer {
    hubs: Vec<Arc<Hub>>,
    settled: Arc<Notify>,
    /// The hash of what stands at each address, as seen last.
    seen: HashMap<String, String>,
    /// What hubs know and what they should, by category; empty until the store's first look.
    versions: HashMap<CategoryId, Version>,
}

#[derive(Debug, Clone, Copy)]
struct Version {
    known: i64,
    current: i64,
}

impl Announcer {
    /// For these hubs.
    #[must_use]
    pub fn new(hubs: &[Url]) -> Self {
        let settled = Arc::new(Notify::new());
        let hub = |url: &Url| Hub {
            url: url.clone(),
            queue: Mutex::default(),
            news: Notify::new(),
            settled: Arc::clone(&settled),
        };
        Self {
            hubs: hubs.iter().map(|url| Arc::new(hub(url))).collect(),
            settled,
            seen: HashMap::new(),
            versions: HashMap::new(),
        }
    }

    /// The hubs, each to be told by whoever has the time.
    #[must_use]
    pub fn hubs(&self) -> &[Arc<Hub>] {
        &self.hubs
    }

    /// Compares what is served with what was, queues what is new, and remembers what every hub knows by now.
    ///
    /// # Errors
    /// When the database fails; what was queued stays so.
    pub async fn look(&mut self, feeds: &FeedStore, db: &Db, now: Timestamp) -> sqlx::Result<()> {
        let topics = feeds.topics();
        let known = if self.seen.is_empty() { Some(announced(db).await?) } else { None };
        for topic in &topics {
            for (address, hash) in &topic.documents {
                let before = self.seen.insert(address.clone(), hash.clone());
                let new = match &known {
                    // The first look: a feed that was never announced has no subscribers yet.
                    Some(known) => known.get(&topic.category).is_some_and(|version| *version < topic.version),
                    None => before.as_ref() != Some(hash),
                };
                if new {
                    self.hubs.iter().for_each(|hub| {
                        hub.with(|queue| queue.add(address, now));
                        hub.news.notify_one();
                    });
                }
            }
            let told = known.as_ref().and_then(|known| known.get(&topic.category)).copied().unwrap_or(NEVER);
            let version =
                self.versions.entry(topic.category).or_insert(Version { known: told, current: NEVER });
            version.current = topic.version;
        }
        let standing: HashSet<&String> =
            topics.iter().flat_map(|topic| &topic.documents).map(|(address, _)| address).collect();
        self.seen.retain(|address, _| standing.contains(address));
        self.remember(&topics, db).await
    }

    async fn remember(&mut self, topics: &[Topics], db: &Db) -> sqlx::Result<()> {
        for topic in topics {
            let Some(version) = self.versions.get_mut(&topic.category) else { continue };
            let waits = |(address, _): &(String, String)| {
                self.hubs.iter().any(|hub| hub.with(|queue| queue.holds(address)))
            };
            if version.known < version.current && !topic.documents.iter().any(waits) {
                announce(db, topic.category, version.current).await?;
                version.known = version.current;
            }
        }
        Ok(())
    }
}

/// Tells the configured hubs until asked to stop.
pub(super) async fn run(app: &App, mut stop: watch::Receiver<bool>) -> anyhow::Result<()> {
    let mut announcer = Announcer::new(&app.config.feeds.hubs);
    if announcer.hubs.is_empty() {
        super::asked(stop).await;
        return Ok(());
    }
    let mut telling = JoinSet::new();
    for hub in announcer.hubs.clone() {
        telling.spawn(follow(hub, app.outbound.clone(), app.clock.clone()));
    }
    let mut generations = app.feeds.generations();
    generations.mark_changed();
    let settled = Arc::clone(&announcer.settled);
    loop {
        tokio::select! {
            () = super::asked(stop.clone()) => return Ok(()),
            changed = generations.changed() => if changed.is_err() { return Ok(()) },
            () = settled.notified() => {}
        }
        if !app.feeds.is_ready() {
            continue;
        }
        while let Err(error) = announcer.look(&app.feeds, &app.db, app.clock.now()).await {
            tracing::debug!(%error, "what hubs know cannot be read or written");
            if super::rest(&mut stop, Duration::from_secs(5)).await {
                return Ok(());
            }
        }
    }
}

/// Tells one hub, for as long as it is polled.
async fn follow(hub: Arc<Hub>, outbound: Outbound, clock: Clock) {
    loop {
        hub.tell(&outbound, &clock).await;
        let now = clock.now();
        let patience = hub.with(|queue| queue.next_at(now)).map_or(MINUTE, |at| at.millis() - now.millis());
        let patience = Duration::from_millis(patience.clamp(0, MINUTE).unsigned_abs());
        // What is new while it rests waits for the end of the rest.
        let _ = tokio::time::timeout(patience, hub.news.notified()).await;
    }
}
