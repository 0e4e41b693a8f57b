//! The measurements: who runs where, in which order, and what is taken down.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;

use super::super::delay::Delay;
use super::super::figures::{median, percentile};
use super::super::servers::cores;
use super::mailroom::Mailroom;
use super::neighbour::Neighbour;
use super::rivals::Rivals;
use super::step::{Phase, Steps, Took};

/// How much is done.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Effort {
    pub messages: u32,
    pub rounds: u32,
    pub sessions: u32,
    pub readers: u32,
}

/// Variants of the editions that are sent beside smtp-source.
pub(super) const VARIANTS: u32 = 50;

/// The way to the distant sink and back.
pub(super) const ROUND_TRIP: Duration = Duration::from_millis(20);

/// Messages to the distant sink: smtp-source sends about 10 a second there.
const DISTANT: (u32, u32) = (100, 400);

/// Everything that measuring needs.
#[derive(Debug)]
pub(super) struct Bench {
    folder: PathBuf,
    effort: Effort,
    /// Its one room on PostgreSQL.
    postgres: Option<Mailroom>,
    rivals: Rivals,
    sender: Option<usize>,
    sink: Option<usize>,
}

/// One sender in the rounds.
#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Sender {
    /// Messages a second, a round each.
    pub rates: Vec<f64>,
    /// What its process used of its core for a message (µs), a round each.
    pub cpu: Vec<f64>,
    /// The most it had in memory (MB).
    pub peak: f64,
}

impl Sender {
    fn note(&mut self, took: &Took) {
        self.rates.push(took.rate());
        self.cpu.push(took.cpu_seconds / took.rows.max(1) as f64 * 1e6);
        self.peak = self.peak.max(took.peak);
    }
}

/// Beside smtp-source.
#[derive(Debug, Default, Serialize)]
pub(super) struct Rate {
    /// Of a message (bytes).
    pub size: u64,
    pub source: Vec<f64>,
    pub sqlite: Sender,
    /// The same with a signature each, RSA of 2048 bits.
    pub signed: Sender,
    /// What a signature takes by itself (µs), a round each.
    pub signature: Vec<f64>,
    pub postgres: Option<Sender>,
}

impl Rate {
    /// Messages a second that are left when a signature is added to each.
    pub(super) fn allowed(&self) -> f64 {
        1.0 / (1.0 / median(&self.sqlite.rates) + median(&self.signature) / 1e6)
    }
}

/// One connection, far away: messages a second.
#[derive(Debug, Serialize)]
pub(super) struct Distance {
    pub round_trip_ms: u64,
    pub source: f64,
    pub kiosque: f64,
}

/// A row for every reader.
#[derive(Debug, Serialize)]
pub(super) struct FanOut {
    pub sqlite: Rows,
    pub postgres: Option<Rows>,
}

/// On one engine.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Rows {
    pub rows: u64,
    pub per_second: f64,
    /// How long (ms) the writes of somebody else waited meanwhile.
    pub waits: usize,
    pub wait_median: f64,
    pub wait_p99: f64,
    pub wait_longest: f64,
    pub peak: f64,
}

/// What weighs how much.
#[derive(Debug, Serialize)]
pub(super) struct Weight {
    pub variants: u64,
    pub readers: u64,
    pub release_seconds: f64,
    pub release_peak: f64,
    pub fan_out_per_second: f64,
    pub sent_per_second: f64,
    /// Of the process that fanned out and sent.
    pub peak: f64,
}

impl Bench {
    pub(super) async fn new(folder: &Path, effort: Effort, postgres: Option<&str>) -> anyhow::Result<Self> {
        let rivals = Rivals::find()?;
        let postgres = match postgres {
            Some(url) => {
                let folder = folder.join("postgres");
                Some(Mailroom::make(&folder, Some(url), effort.messages, VARIANTS).await?)
            }
            None => None,
        };
        let (sender, sink) = cores().unzip();
        Ok(Self { folder: folder.to_owned(), effort, postgres, rivals, sender, sink })
    }

    /// Rounds in which each sender takes its turn.
    pub(super) async fn rate(&self) -> anyhow::Result<Rate> {
        let Effort { messages, sessions, .. } = self.effort;
        let sink = self.rivals.sink(self.sink)?;
        let sqlite = self.room("rate", messages, VARIANTS).await?;
        let mut rate =
            Rate { postgres: self.postgres.as_ref().map(|_| Sender::default()), ..Rate::default() };
        for _ in 0..self.effort.rounds {
            sqlite.send_to(sink.address, sessions)?;
            rate.size = self.release(&sqlite)?;
            let size = usize::try_from(rate.size)?;
            rate.source.push(self.rivals.rate(self.sender, sink.address, messages, size, sessions)?);
            rate.sqlite.note(&self.steps(&sqlite, &[Phase::Send])?.next()?);

            sqlite.send_signed_to(sink.address, sessions)?;
            self.release(&sqlite)?;
            let mut steps = self.steps(&sqlite, &[Phase::Sign, Phase::Send])?;
            rate.signature.push(1e6 / steps.next()?.rate());
            rate.signed.note(&steps.next()?);

            if let (Some(room), Some(postgres)) = (&self.postgres, &mut rate.postgres) {
                room.send_to(sink.address, sessions)?;
                self.release(room)?;
                postgres.note(&self.steps(room, &[Phase::Send])?.next()?);
            }
        }
        Ok(rate)
    }

    /// An edition ready to be sent. Gives the size of its messages.
    fn release(&self, room: &Mailroom) -> anyhow::Result<u64> {
        let mut steps = self.steps(room, &[Phase::Release, Phase::FanOut])?;
        let released = steps.next()?;
        steps.next()?;
        Ok(released.bytes)
    }

    /// One connection over a way that takes time.
    pub(super) async fn distance(&self) -> anyhow::Result<Distance> {
        let (of_source, of_ours) = DISTANT;
        let sink = self.rivals.sink(self.sink)?;
        let delay = Delay::to(sink.address, ROUND_TRIP / 2).await?;
        let room = self.room("distance", of_ours, VARIANTS).await?;
        room.send_to(delay.address, 1)?;
        let mut steps = self.steps(&room, &[Phase::Release, Phase::FanOut, Phase::Send])?;
        let size = usize::try_from(steps.next()?.bytes)?;
        steps.next()?;
        let took = steps.next()?;
        let source = self.rivals.rate(self.sender, delay.address, of_source, size, 1)?;
        let round_trip_ms = u64::try_from(ROUND_TRIP.as_millis())?;
        Ok(Distance { round_trip_ms, source, kiosque: took.rate() })
    }

    /// A row for every reader, while somebody else writes.
    pub(super) async fn fan_out(&self) -> anyhow::Result<FanOut> {
        let room = self.room("fan-out", self.effort.readers, VARIANTS).await?;
        let sqlite = self.rows(&room).await?;
        room.remove()?;
        let postgres = match &self.postgres {
            Some(room) => Some(self.rows(room).await?),
            None => None,
        };
        Ok(FanOut { sqlite, postgres })
    }

    async fn rows(&self, room: &Mailroom) -> anyhow::Result<Rows> {
        let mut steps = self.steps(room, &[Phase::Release, Phase::FanOut])?;
        steps.next()?;
        let neighbour = Neighbour::start(&room.database_url()).await?;
        let took = steps.next()?;
        let waits = neighbour.waits().await?;
        Ok(Rows {
            rows: took.rows,
            per_second: took.rate(),
            waits: waits.len(),
            wait_median: percentile(&waits, 0.5),
            wait_p99: percentile(&waits, 0.99),
            wait_longest: percentile(&waits, 1.0),
            peak: took.peak,
        })
    }

    /// An edition in so many variants to every reader; those who made it and those who send it are weighed apart.
    pub(super) async fn memory(&self, variants: u32) -> anyhow::Result<Weight> {
        let sink = self.rivals.sink(self.sink)?;
        let room = self.room(&format!("memory-{variants}"), self.effort.readers, variants).await?;
        room.send_to(sink.address, self.effort.sessions)?;
        let release = self.steps(&room, &[Phase::Release])?.next()?;
        let mut steps = self.steps(&room, &[Phase::FanOut, Phase::Send])?;
        let (rows, sent) = (steps.next()?, steps.next()?);
        drop(steps);
        room.remove()?;
        Ok(Weight {
            variants: release.rows,
            readers: sent.rows,
            release_seconds: release.seconds,
            release_peak: release.peak,
            fan_out_per_second: rows.rate(),
            sent_per_second: sent.rate(),
            peak: sent.peak,
        })
    }

    async fn room(&self, name: &str, readers: u32, variants: u32) -> anyhow::Result<Mailroom> {
        Mailroom::make(&self.folder.join(name), None, readers, variants).await
    }

    fn steps(&self, room: &Mailroom, phases: &[Phase]) -> anyhow::Result<Steps> {
        Steps::start(self.sender, &room.config(), phases)
    }
}
