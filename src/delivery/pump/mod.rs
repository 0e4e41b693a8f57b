//! The pump: claims rows, hands them to workers, sees that every result is written down.

pub(super) mod consequences;
mod conversation;
mod counts;
pub(super) mod lane;
mod lock;
mod look_around;
mod passed;
pub(super) mod queue;
mod settings;
pub(super) mod sql;
mod verdict;
mod worker;

pub use consequences::{BreakerCause, RestCause};
pub use lock::PumpLock;
pub use settings::Settings;

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Engine, Keys, NodeId, Purpose};
use crate::delivery::marks::{Settlement, Writer};
use crate::delivery::message::Messages;
use crate::delivery::pump::consequences::Consequences;
use crate::delivery::pump::look_around::look_around;
use crate::delivery::pump::passed::Passed;
use crate::delivery::pump::queue::Queue;
use crate::delivery::pump::verdict::Verdicts;
use crate::delivery::pump::worker::Shared;
use crate::delivery::relay::{Relay, Relays};
use crate::delivery::row::{Claimed, DeliveryId, Kind};
use crate::delivery::signing::Signing;
use crate::delivery::store::{self, Claim};

/// Tells the pump that there is something to send. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Something was put in the queue.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// How often the pump looks by itself: other processes put rows in the queue too.
const POLL: Duration = Duration::from_secs(1);

/// Longer than SQLite's busy timeout.
const CLAIM_WITHIN: Duration = Duration::from_secs(40);

/// Sends what stands in the queue.
#[derive(Debug)]
pub struct Pump {
    db: Db,
    clock: Clock,
    keys: Arc<Keys>,
    owner: NodeId,
    relays: Arc<Relays>,
    settings: Settings,
    queue: Queue,
    messages: Arc<Messages>,
    signing: Signing,
    waker: Waker,
}

/// The workers and the writer of one run.
struct Crew {
    shared: Arc<Shared>,
    workers: JoinSet<()>,
    writer: JoinHandle<()>,
    give_up: watch::Sender<bool>,
}

impl Pump {
    /// A pump for this node, which owns what it claims. The relays are tried in their order.
    pub fn new(
        db: Db,
        clock: Clock,
        keys: Arc<Keys>,
        owner: NodeId,
        relays: Vec<Relay>,
        settings: Settings,
    ) -> Self {
        let messages = Arc::new(Messages::new(db.clone(), Arc::clone(&keys), Signing::default()));
        let relays = Arc::new(Relays::new(relays));
        let groups = settings.policy.groups.clone();
        let queue = Queue::new(clock.clone(), groups, Arc::clone(&relays), settings.slow_after);
        let (signing, waker) = Default::default();
        Self { db, clock, keys, owner, relays, settings, queue, messages, signing, waker }
    }

    /// The same pump, whose messages are signed.
    #[must_use]
    pub fn signing_with(self, signing: Signing) -> Self {
        let messages = Arc::new(Messages::new(self.db.clone(), Arc::clone(&self.keys), signing.clone()));
        Self { messages, signing, ..self }
    }

    /// The same pump, woken by a waker that others have already.
    #[must_use]
    pub fn woken_by(self, waker: Waker) -> Self {
        Self { waker, ..self }
    }

    /// What wakes it.
    pub fn waker(&self) -> Waker {
        self.waker.clone()
    }

    /// Claims one batch and sends it, and gives the number of rows claimed once every result is written down. For
    /// tests and for verbs that wait; [`Pump::run`] does the same for ever.
    ///
    /// # Errors
    /// When the store fails, or another process has the pump's lock.
    pub async fn step(&self) -> anyhow::Result<usize> {
        let _lock = PumpLock::take(&self.db)?.context("another process sends from this database")?;
        self.take_over().await?;
        let crew = self.crew();
        let claimed = self.claim(&crew.shared, &mut Passed::default()).await;
        crew.shared.queue.close();
        crew.finish(None).await;
        claimed
    }

    /// Sends until `shutdown` becomes true; then finishes what is on the wire, within [`Settings::drain`], and returns
    /// the rest to the queue.
    ///
    /// # Errors
    /// When the pump's lock cannot be made, or results could not be written for [`Settings::patience`]: what was on the wire
    /// is then in doubt, as after a kill. A relay that is away is waited for.
    pub async fn run(&self, mut shutdown: watch::Receiver<bool>) -> anyhow::Result<()> {
        let Some(_lock) = self.wait_for_lock(&mut shutdown).await? else { return Ok(()) };
        let mut taken_over = false;
        let (mut lost, mut passed) = (None, Passed::default());
        let mut crew = self.crew();
        while !*shutdown.borrow() {
            if !taken_over {
                taken_over = self.log(self.take_over().await.map(|()| 1), "take over") == Some(1);
            }
            let claimed = match taken_over {
                true => self.claim_within(&crew.shared, &mut lost, &mut passed).await,
                false => 0,
            };
            crew.replace_fallen();
            if crew.writer.is_finished() {
                anyhow::bail!("the database was away for too long: results of deliveries are lost");
            }
            // Where something was, there may be more: look again as soon as half of it is gone. Nothing is claimed while more
            // than half is here, however long that takes to send.
            let more = claimed > 0 || crew.shared.queue.len() > self.settings.batch / 2;
            let wait = if claimed > 0 { POLL / 20 } else { POLL };
            tokio::select! {
                () = self.waker.0.notified() => {}
                () = tokio::time::sleep(wait) => {}
                () = self.half_gone(&crew.shared.queue), if more => {}
                _ = shutdown.changed() => {}
            }
        }
        crew.shared.queue.close();
        let now = self.clock.now();
        for row in crew.shared.queue.drain() {
            crew.shared.marks.tell(Settlement::release(&row, now));
        }
        crew.finish(Some(self.settings.drain)).await;
        Ok(())
    }

    /// Waits until half a batch is sent. That is looked for in memory: a fast relay takes a batch in 50 ms.
    async fn half_gone(&self, queue: &Queue) {
        while queue.len() > self.settings.batch / 2 {
            tokio::time::sleep(POLL / 250).await;
        }
    }

    async fn wait_for_lock(&self, shutdown: &mut watch::Receiver<bool>) -> anyhow::Result<Option<PumpLock>> {
        let mut told = false;
        while !*shutdown.borrow() {
            if let Some(lock) = PumpLock::take(&self.db)? {
                return Ok(Some(lock));
            }
            if !told {
                tracing::warn!("another process sends from this database; waiting for its end");
                told = true;
            }
            tokio::select! {
                () = tokio::time::sleep(POLL) => {}
                _ = shutdown.changed() => {}
            }
        }
        Ok(None)
    }

    /// On SQLite, where the lock is ours, nobody else can be sending.
    async fn take_over(&self) -> anyhow::Result<()> {
        if self.db.engine() == Engine::Sqlite {
            let now = self.clock.now();
            let (claims, doubts) =
                store::return_claims_of_others(&self.db, &self.owner, now, self.settings.doubt_delay).await?;
            if claims + doubts > 0 {
                tracing::warn!(claims, doubts, "an earlier run ended without finishing these");
            }
        }
        Ok(())
    }

    fn crew(&self) -> Crew {
        let (give_up, given_up) = watch::channel(false);
        let writer = Writer {
            db: self.db.clone(),
            clock: self.clock.clone(),
            owner: self.owner.clone(),
            lease: self.settings.lease,
            consequences: Consequences::new(self.relays.with_quota().next().is_some()),
            give_up: given_up,
            patience: self.settings.patience,
        };
        let (marks, writer) = writer.start();
        self.queue.open();
        let shared = Arc::new(Shared {
            clock: self.clock.clone(),
            relays: Arc::clone(&self.relays),
            messages: Arc::clone(&self.messages),
            queue: self.queue.clone(),
            verdicts: Verdicts::new(
                self.clock.clone(),
                self.settings.clone(),
                marks.clone(),
                self.queue.clone(),
            ),
            marks,
        });
        let mut crew = Crew { shared, workers: JoinSet::new(), writer, give_up };
        for _ in 0..self.relays.connections() {
            crew.hire();
        }
        crew
    }

    /// Claims, and never waits for ever. A claim that was not answered may have been made: its rows, which stand in no
    /// queue, are returned when the store is back. Those that do stand in ours are lost to it, and claimed again.
    async fn claim_within(&self, crew: &Shared, lost: &mut Option<Timestamp>, passed: &mut Passed) -> usize {
        let leased_until = self.clock.now().plus(self.settings.lease);
        let claim = async {
            if let Some(until) = *lost {
                let rows = store::return_lost(&self.db, &self.owner, until).await?;
                tracing::info!(rows, "claims that were not answered are returned");
                *lost = None;
            }
            self.claim(crew, passed).await
        };
        let claimed = tokio::time::timeout(CLAIM_WITHIN, claim).await;
        let claimed = claimed.unwrap_or_else(|_| Err(anyhow::anyhow!("the database has not answered")));
        if claimed.is_err() {
            let first = lost.unwrap_or(leased_until);
            *lost = Some(first.min(leased_until));
        }
        self.log(claimed, "claim").unwrap_or(0)
    }

    /// Fills the queue. A person who waits is served however full it is; digests wait until half a batch is sent.
    async fn claim(&self, crew: &Shared, passed: &mut Passed) -> anyhow::Result<usize> {
        let now = self.clock.now();
        let queue = &self.queue;
        for row in look_around(&self.db, queue, &self.relays, &self.messages, now).await? {
            crew.verdicts.untried(&row);
        }
        if self.relays.resting_until(now).is_some() {
            return Ok(0);
        }
        let work = store::work(&self.db, now).await?;
        if work.expired {
            let rows = store::return_expired(&self.db, now).await?;
            tracing::warn!(rows, "claims outlived their lease or their node");
        }
        let claim = Claim {
            owner: &self.owner,
            token_key: self.keys.current(Purpose::Token).id,
            dkim: &self.signing.frozen(now),
            now,
            lease: self.settings.lease,
            not_these: &serde_json::json!(queue.full_groups()).to_string(),
            after: None,
        };
        let resting = serde_json::json!(queue.resting_groups()).to_string();
        let mut claimed = 0;
        if work.pending || work.expired {
            let may_go = |priority: &i64| !work.sending_held || *priority == Kind::Notice.priority();
            for priority in Kind::PRIORITIES.into_iter().filter(may_go) {
                let room = self.room(queue, priority);
                if room == 0 {
                    continue;
                }
                // A person who waits may stand before a whole edition of his group.
                if priority < Kind::Edition.priority() {
                    let claim = Claim { not_these: &resting, ..claim };
                    claimed += fill(queue, store::claim(&self.db, claim, priority, room).await?);
                    continue;
                }
                let began = Instant::now();
                let claim = Claim { after: passed.after(began), ..claim };
                let rows = store::claim(&self.db, claim, priority, room).await?;
                passed.note(began, Instant::now(), &rows, room, (now, DeliveryId(i64::MAX)));
                claimed += fill(queue, rows);
            }
        }
        let room = self.room(queue, Kind::Edition.priority());
        if work.doubtful && room > 0 {
            let rows = store::claim_doubtful(&self.db, claim, room).await?;
            metrics::counter!("kiosque_doubts_resent_total").increment(rows.len() as u64);
            claimed += fill(queue, rows);
        }
        Ok(claimed)
    }

    fn room(&self, queue: &Queue, priority: i64) -> usize {
        let batch = self.settings.batch;
        match queue.len() {
            _ if priority < Kind::Edition.priority() => batch,
            waiting if waiting > batch / 2 => 0,
            waiting => batch - waiting,
        }
    }

    fn log<T>(&self, result: anyhow::Result<T>, what: &str) -> Option<T> {
        result.inspect_err(|error| tracing::warn!(error = %format!("{error:#}"), "cannot {what} deliveries; trying again")).ok()
    }
}

fn fill(queue: &Queue, rows: Vec<Claimed>) -> usize {
    let claimed = rows.len();
    queue.fill(rows);
    claimed
}

impl Crew {
    fn hire(&mut self) {
        self.workers.spawn(worker::run(Arc::clone(&self.shared)));
    }

    /// A worker only ends before its time if it panicked outside a message.
    fn replace_fallen(&mut self) {
        while let Some(fallen) = self.workers.try_join_next() {
            tracing::error!(error = ?fallen.err(), "a worker fell");
            self.hire();
        }
    }

    /// Waits for the workers, at most `patience`, then for their results to be written.
    async fn finish(mut self, patience: Option<Duration>) {
        let all = async { while self.workers.join_next().await.is_some() {} };
        match patience {
            None => all.await,
            Some(patience) => {
                if tokio::time::timeout(patience, all).await.is_err() {
                    tracing::warn!("messages were still on the wire; they stay in doubt");
                }
            }
        }
        self.workers.shutdown().await;
        // The writer ends when the last way to it is gone.
        drop(self.shared);
        let written = async { drop(self.writer.await) };
        match patience {
            None => written.await,
            Some(_) => {
                tokio::pin!(written);
                if tokio::time::timeout(Duration::from_secs(10), &mut written).await.is_err() {
                    let _ = self.give_up.send(true);
                    written.await;
                }
            }
        }
    }
}
