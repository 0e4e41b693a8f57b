//! The one task that writes delivery states, many rows to a commit.
//!
//! Conversations ask it for leave to begin a body ([`Marks::ask`]) and tell it results ([`Marks::tell`]). What has
//! gathered while one commit was under way goes into the next: a commit per message would be slower than the relay.
//! A store that is busy or away is waited for; a result is never dropped.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde::Serialize;
use tokio::sync::{mpsc, oneshot, watch};

use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Engine, NodeId, Tx};
use crate::delivery::pump::consequences::{Consequences, RestCause};
use crate::delivery::pump::lane::Rest;
use crate::delivery::replies::Class;
use crate::delivery::row::{Claimed, DeliveryId, Kind, State};
use crate::delivery::smtp::Stage;
use crate::delivery::sql::{PUT_IN_DOUBT, PUT_IN_DOUBT_AND_TELL, SETTLE, SETTLE_SENT, WHY_NOT};
use crate::newsletters::edition::{EDITION_STOPPED, EditionId};
use crate::{execute, fetch_all};

/// Rows in one commit, at most: so many messages a kill can leave with an answer that was not kept.
const ROWS: usize = 64;

/// How long results alone wait for a leave that is asked for, to be in one commit with it.
const LINGER: Duration = Duration::from_millis(3);

/// How long a commit waits, at most, for the conversations that have not asked yet.
const LINGER_MAX: Duration = Duration::from_millis(10);

/// A server that has not answered by then does not answer.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// What becomes of a row.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Settlement {
    id: i64,
    epoch: i64,
    state: State,
    hold: bool,
    reason: Option<String>,
    due_at: Option<Timestamp>,
    lease_until: Option<Timestamp>,
    attempts: i64,
    /// Not one byte of the body was written, and the row was not in doubt before: it is as if never begun.
    undo_doubt: bool,
    relay: Option<String>,
    stage: Option<Stage>,
    code: Option<u16>,
    text: Option<String>,
    class: Option<Class>,
    finished_at: Option<Timestamp>,
    /// What else it means, for `consequences`.
    #[serde(skip)]
    pub(super) meaning: Meaning,
}

/// What a result means beyond its row.
#[derive(Debug, Clone, Default)]
pub(super) struct Meaning {
    pub(super) edition: Option<EditionId>,
    /// The recipient's group, as it stands on the row.
    pub(super) group: String,
    /// The recipient's domain.
    pub(super) domain: String,
    /// His group is left alone.
    pub(super) rest: Option<GroupRest>,
    /// His group's rest is over.
    pub(super) ends_rest: Option<String>,
}

/// A group that is left alone, as it is written down for all nodes.
#[derive(Debug, Clone)]
pub(super) struct GroupRest {
    /// As the queue calls it.
    pub(super) group: String,
    pub(super) rest: Rest,
    pub(super) cause: RestCause,
}

impl Settlement {
    /// The row comes to stand in `state`; all else stays.
    pub(super) fn new(row: &Claimed, state: State, now: Timestamp) -> Self {
        let open = matches!(state, State::Pending | State::Claimed | State::InDoubt);
        Self {
            id: row.id.0,
            epoch: row.epoch,
            state,
            hold: false,
            reason: None,
            due_at: None,
            // A row in doubt is claimed again when its lease is over.
            lease_until: (state == State::InDoubt).then_some(now),
            attempts: 0,
            undo_doubt: false,
            relay: None,
            stage: None,
            code: None,
            text: None,
            class: None,
            finished_at: (!open).then_some(now),
            meaning: Meaning {
                edition: row.edition_id.filter(|_| row.kind == Kind::Edition),
                group: row.recipient_group.clone(),
                domain: row.address.rsplit('@').next().unwrap_or_default().to_owned(),
                ..Meaning::default()
            },
        }
    }

    /// The row waits, in doubt if it was so before, and is tried again at `at`, or fails when it expires.
    pub(super) fn later(row: &Claimed, at: Timestamp, now: Timestamp) -> Self {
        if row.doubtful {
            Self::doubt(row, at, now)
        } else {
            Self { due_at: Some(at.min(row.expires_at)), ..Self::new(row, State::Pending, now) }
        }
    }

    /// The relay may have it: sent again at `at`, unless somebody answers for it before.
    pub(super) fn doubt(row: &Claimed, at: Timestamp, now: Timestamp) -> Self {
        Self { lease_until: Some(at.min(row.expires_at)), ..Self::new(row, State::InDoubt, now) }
    }

    /// The row goes back as if it had not been claimed.
    pub(super) fn release(row: &Claimed, now: Timestamp) -> Self {
        Self::new(row, if row.doubtful { State::InDoubt } else { State::Pending }, now)
    }

    pub(super) fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    pub(super) fn held(mut self, reason: &str) -> Self {
        self.hold = true;
        self.reason(reason)
    }

    pub(super) fn attempt(mut self) -> Self {
        self.attempts = 1;
        self
    }

    pub(super) fn class(mut self, class: Class) -> Self {
        self.class = Some(class);
        self
    }

    pub(super) fn rests(mut self, rest: GroupRest) -> Self {
        self.meaning.rest = Some(rest);
        self
    }

    pub(super) fn ends_rest_of(mut self, group: &str) -> Self {
        self.meaning.ends_rest = Some(group.to_owned());
        self
    }

    /// What `consequences` goes by.
    pub(super) fn result(&self) -> (DeliveryId, i64, State, Option<Class>, Option<Timestamp>) {
        (DeliveryId(self.id), self.epoch, self.state, self.class, self.finished_at)
    }

    /// What the host or relay said last.
    pub(super) fn said(&self) -> String {
        let text = self.text.as_deref().unwrap_or_default();
        let masked = text.split(' ').map(|word| if word.contains('@') { "…" } else { word });
        let text = masked.collect::<Vec<_>>().join(" ");
        self.code.map_or_else(|| text.clone(), |code| format!("{code} {text}"))
    }

    /// Which relay took it.
    pub(super) fn taken_by(&self) -> Option<&str> {
        self.relay.as_deref().filter(|_| self.state == State::Sent)
    }

    pub(super) fn undo_doubt(mut self, undo: bool) -> Self {
        self.undo_doubt = undo;
        self
    }

    pub(super) fn answered(mut self, relay: &str, stage: Stage, code: Option<u16>, text: String) -> Self {
        (self.relay, self.stage, self.code) = (Some(relay.to_owned()), Some(stage), code);
        self.text = Some(text);
        self
    }
}

/// Which relay took a message, at which stage, with which code.
type SentBy<'a> = (&'a str, Stage, Option<u16>);

impl Settlement {
    /// Of a row that was sent and nothing else: who took it, when (epoch ms), with which words.
    fn reply_to_sent(&self) -> Option<(SentBy<'_>, i64, &str)> {
        let plain = self.state == State::Sent && self.attempts == 0 && !self.undo_doubt && !self.hold;
        let (relay, stage, text) = (self.relay.as_deref()?, self.stage?, self.text.as_deref()?);
        plain.then_some(((relay, stage, self.code), self.finished_at?.millis(), text))
    }
}

/// What stands against beginning a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The row is not ours any more: another node has it, or an operator moved it.
    Lost,
    /// An operator holds it.
    Held,
    /// Its time is over.
    Expired,
    /// The address must not be mailed.
    Suppressed,
    /// The edition was stopped.
    Stopped,
    /// The confirmation was used, or its link has run out.
    Answered,
    /// The reader has left.
    Left,
    /// The reader has suspended it.
    Paused,
}

impl Refusal {
    /// Reads the word of [`WHY_NOT`].
    fn read(word: &str) -> Self {
        match word {
            "held" => Self::Held,
            "expired" => Self::Expired,
            "suppressed" => Self::Suppressed,
            "stopped" => Self::Stopped,
            "answered" => Self::Answered,
            "left" => Self::Left,
            "paused" => Self::Paused,
            _ => Self::Lost,
        }
    }
}

/// Asking for leave to begin a body.
struct Ask {
    row: Arc<Claimed>,
    hash: String,
    answer: oneshot::Sender<Result<Instant, Refusal>>,
}

enum Mark {
    Ask(Ask),
    Tell(Box<Settlement>),
    /// Answered when all before it is written.
    Written(oneshot::Sender<()>),
}

/// The way to the writer. Cheap to clone; the writer ends when every clone is gone and all is written.
#[derive(Clone)]
pub(super) struct Marks {
    sender: mpsc::UnboundedSender<Mark>,
    talking: Arc<AtomicUsize>,
}

/// A conversation that asks for leave again and again, one at a time; it is over when this is dropped.
pub(super) struct Talking(Arc<AtomicUsize>);

impl Drop for Talking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Marks {
    /// Puts the row in doubt with these bytes, if nothing stands against it, and tells when that was looked at. A
    /// refused row has been settled when the answer comes.
    pub(super) async fn ask(&self, row: &Arc<Claimed>, hash: &[u8]) -> Result<Instant, Refusal> {
        let (answer, answered) = oneshot::channel();
        let hash = hex(hash);
        let _ = self.sender.send(Mark::Ask(Ask { row: Arc::clone(row), hash, answer }));
        // The writer only goes away with the store: then nothing may be begun.
        answered.await.unwrap_or(Err(Refusal::Lost))
    }

    /// A conversation begins.
    pub(super) fn talk(&self) -> Talking {
        self.talking.fetch_add(1, Ordering::Relaxed);
        Talking(Arc::clone(&self.talking))
    }

    /// Writes down what became of a row.
    pub(super) fn tell(&self, settlement: Settlement) {
        let _ = self.sender.send(Mark::Tell(Box::new(settlement)));
    }

    /// Waits until all that was told before is committed.
    pub(super) async fn written(&self) {
        let (answer, answered) = oneshot::channel();
        let _ = self.sender.send(Mark::Written(answer));
        // No answer: the writer has gone, as when the program ends without its store.
        let _ = answered.await;
    }
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digit = |nibble: u8| char::from(DIGITS[usize::from(nibble)]);
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// Waits for more, no longer than a commit usually takes: who asks while one is under way must wait for the next, and where
/// the disk is slow half of the connections always would.
async fn linger(
    marks: &mut mpsc::UnboundedReceiver<Mark>,
    gathered: &mut Vec<Mark>,
    talking: &AtomicUsize,
    usual: Duration,
) {
    let began = tokio::time::Instant::now();
    loop {
        let asks = gathered.iter().filter(|mark| matches!(mark, Mark::Ask(_))).count();
        let awaited = gathered.iter().any(|mark| matches!(mark, Mark::Written(_)));
        let room = ROWS - gathered.len();
        if room == 0 || awaited || (asks > 0 && asks >= talking.load(Ordering::Relaxed)) {
            return;
        }
        let patience = if asks == 0 { LINGER } else { usual.min(LINGER_MAX) };
        let more = tokio::time::timeout_at(began + patience, marks.recv_many(gathered, room)).await;
        if more.unwrap_or(0) == 0 {
            return;
        }
    }
}

/// What the writer works with.
pub(super) struct Writer {
    pub(super) db: Db,
    pub(super) clock: Clock,
    pub(super) owner: NodeId,
    /// How long a row in doubt is ours (ms).
    pub(super) lease: i64,
    /// What results mean beyond their rows.
    pub(super) consequences: Consequences,
    /// Says that waiting for an absent store must end.
    pub(super) give_up: watch::Receiver<bool>,
    /// How long a server that is away is waited for.
    pub(super) patience: Duration,
}

impl Writer {
    /// Starts the writer.
    pub(super) fn start(self) -> (Marks, tokio::task::JoinHandle<()>) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let talking = Arc::default();
        (Marks { sender, talking: Arc::clone(&talking) }, tokio::spawn(self.run(receiver, talking)))
    }

    async fn run(mut self, mut marks: mpsc::UnboundedReceiver<Mark>, talking: Arc<AtomicUsize>) {
        let mut gathered = Vec::with_capacity(ROWS);
        let mut usual = Duration::ZERO;
        while marks.recv_many(&mut gathered, ROWS).await > 0 {
            linger(&mut marks, &mut gathered, &talking, usual).await;
            let began = Instant::now();
            let (mut asks, mut settlements, mut written) = (Vec::new(), Vec::new(), Vec::new());
            for mark in gathered.drain(..) {
                match mark {
                    Mark::Ask(ask) => asks.push(ask),
                    Mark::Tell(settlement) => settlements.push(*settlement),
                    Mark::Written(answer) => written.push(answer),
                }
            }
            if !self.write_until_done(&settlements, &mut asks).await {
                return;
            }
            usual = (usual * 3 + began.elapsed()) / 4;
            for answer in written {
                let _ = answer.send(());
            }
            self.consequences.follow(&self.db, self.clock.now()).await;
        }
        self.consequences.end(&self.db).await;
    }

    /// Tries until the store takes it; false when told to give up.
    async fn write_until_done(&mut self, settlements: &[Settlement], asks: &mut Vec<Ask>) -> bool {
        let mut pause = Duration::from_millis(20);
        let began = Instant::now();
        loop {
            match self.write_within(settlements, asks).await {
                Ok((checked, refusals)) => {
                    for ask in asks.drain(..) {
                        let refusal = refusals.iter().find(|(id, _)| *id == ask.row.id);
                        let _ = ask.answer.send(refusal.map_or(Ok(checked), |(_, refusal)| Err(*refusal)));
                    }
                    return true;
                }
                Err(error) => {
                    tracing::warn!(%error, rows = settlements.len() + asks.len(), "cannot write delivery states; trying again");
                }
            }
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.give_up.wait_for(|give_up| *give_up) => {
                    tracing::error!(rows = settlements.len(), "results of deliveries could not be written");
                    return false;
                }
            }
            pause = (pause * 2).min(Duration::from_secs(2));
            // A file on a full disk is waited for without end: nobody else can send its rows.
            if self.db.engine() == Engine::Postgres && began.elapsed() > self.patience {
                let away = began.elapsed();
                tracing::error!(
                    rows = settlements.len(),
                    ?away,
                    "results of deliveries could not be written"
                );
                return false;
            }
            // Who has given up asking must not be put in doubt.
            asks.retain(|ask| !ask.answer.is_closed());
        }
    }

    /// [`Writer::write`], for a server that may have gone without a word. A commit that was not answered may have been
    /// made; made again it changes nothing.
    async fn write_within(
        &mut self,
        settlements: &[Settlement],
        asks: &[Ask],
    ) -> anyhow::Result<(Instant, Vec<(DeliveryId, Refusal)>)> {
        match self.db.engine() {
            Engine::Sqlite => self.write(settlements, asks).await,
            Engine::Postgres => {
                tokio::time::timeout(ANSWER_WITHIN, self.write(settlements, asks)).await.unwrap_or_else(
                    |_| Err(anyhow::anyhow!("the database has not answered for {ANSWER_WITHIN:?}")),
                )
            }
        }
    }

    /// One commit: the results first, then the leaves asked for. Gives when it looked, and the refusals.
    async fn write(
        &mut self,
        settlements: &[Settlement],
        asks: &[Ask],
    ) -> anyhow::Result<(Instant, Vec<(DeliveryId, Refusal)>)> {
        let began = Instant::now();
        let mut tx = self.db.begin_durable_giving_way().await?;
        self.settle(&mut tx, settlements).await?;
        let noted = self.consequences.note(&mut tx, settlements, self.clock.now()).await?;
        let checked = Instant::now();
        let refusals = self.put_in_doubt(&mut tx, asks).await?;
        tx.commit().await?;
        self.consequences.committed(noted);
        // From asking for the write lock on: who else writes shows here.
        metrics::histogram!("kiosque_delivery_write_seconds").record(began.elapsed());
        Ok((checked, refusals))
    }

    async fn settle(&self, tx: &mut Tx, settlements: &[Settlement]) -> anyhow::Result<()> {
        let (sent, others): (Vec<_>, Vec<_>) =
            settlements.iter().partition(|one| one.reply_to_sent().is_some());
        let mut sent: Vec<(SentBy<'_>, String)> = sent
            .into_iter()
            .filter_map(|one| {
                let (by, finished, text) = one.reply_to_sent()?;
                Some((by, format!("{} {} {finished} {text}", one.id, one.epoch)))
            })
            .collect();
        while let Some((by, _)) = sent.first() {
            let by = *by;
            let rows: Vec<String> =
                sent.extract_if(.., |(other, _)| *other == by).map(|(_, row)| row).collect();
            let rows = serde_json::to_string(&rows)?;
            let (relay, stage, code) = by;
            execute!(tx, SETTLE_SENT, &rows, self.owner.as_str(), relay, stage, code.map(i64::from))?;
        }
        if !others.is_empty() {
            let rows = serde_json::to_string(&others)?;
            execute!(tx, SETTLE, &rows, self.owner.as_str())?;
        }
        Ok(())
    }

    async fn put_in_doubt(&self, tx: &mut Tx, asks: &[Ask]) -> anyhow::Result<Vec<(DeliveryId, Refusal)>> {
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        let now = self.clock.now();
        let rows: Vec<String> =
            asks.iter().map(|ask| format!("{} {} {}", ask.row.id, ask.row.epoch, ask.hash)).collect();
        let rows = serde_json::to_string(&rows)?;
        let lease = now.plus(self.lease);
        let granted = execute!(tx, PUT_IN_DOUBT, &rows, now, self.owner.as_str(), lease)?;
        if granted == asks.len() as u64 {
            return Ok(Vec::new());
        }
        let granted: Vec<(DeliveryId,)> =
            fetch_all!(tx, PUT_IN_DOUBT_AND_TELL, &rows, now, self.owner.as_str(), lease)?;
        let whys: Vec<(DeliveryId, String)> = fetch_all!(tx, WHY_NOT, &rows, now, self.owner.as_str())?;
        let mut refusals = Vec::new();
        let mut settlements = Vec::new();
        for ask in asks.iter().filter(|ask| granted.iter().all(|(id,)| *id != ask.row.id)) {
            // A row that is gone was lost.
            let refusal = whys
                .iter()
                .find(|(id, _)| *id == ask.row.id)
                .map_or(Refusal::Lost, |(_, why)| Refusal::read(why));
            settlements.extend(refused(&ask.row, refusal, now));
            refusals.push((ask.row.id, refusal));
        }
        self.settle(tx, &settlements).await?;
        Ok(refusals)
    }
}

/// What becomes of a row whose body must not be begun.
fn refused(row: &Claimed, refusal: Refusal, now: Timestamp) -> Option<Settlement> {
    let undo = row.message_hash.is_none();
    let cancelled = |reason| Settlement::new(row, State::Cancelled, now).reason(reason);
    let settlement = match refusal {
        Refusal::Lost => return None,
        Refusal::Held => Settlement::release(row, now),
        Refusal::Stopped => Settlement::release(row, now).held(EDITION_STOPPED),
        Refusal::Expired => expired(row, now),
        Refusal::Suppressed => cancelled("the address must not be mailed"),
        Refusal::Answered => cancelled("the confirmation was answered"),
        Refusal::Left => cancelled("the reader has left"),
        Refusal::Paused => cancelled("the reader has suspended it"),
    };
    Some(settlement.undo_doubt(undo))
}

/// The end of a row that no reply settled in time.
pub(super) fn expired(row: &Claimed, now: Timestamp) -> Settlement {
    let reason = if row.doubtful {
        "unknown: no answer came after the message was sent"
    } else {
        "not accepted before it expired"
    };
    Settlement::new(row, State::Failed, now).reason(reason)
}
