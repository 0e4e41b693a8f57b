//! People into the store, by chunks small enough that nobody else waits long.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::person::{No, Person, Yes};
use super::places::{Destination, Places};
use super::sql::*;
use super::summary::ImportSummary;
use crate::clock::{Clock, Timestamp};
use crate::db::{Db, Engine, Tx};
use crate::subscribers::choice::{Choice, ChoiceId};
use crate::subscribers::consent::{self, Event, NewEvent, Reference};
use crate::subscribers::newsletter::NewsletterId;
use crate::subscribers::sql::LEAVE_SUBSCRIPTION;
use crate::subscribers::subscription::{SubscriberId, SubscriptionId};
use crate::{execute, fetch_all};

/// How long a chunk may hold SQLite's write lock, and how long others have their turn then.
const HELD: Duration = Duration::from_millis(12);
const REST: Duration = Duration::from_millis(2);

/// A chunk has so many rows at first, and between so many and so many.
const FIRST: usize = 200;
const LEAST: usize = 20;
const MOST: usize = 4000;

/// How often a chunk is tried that another writer disturbed.
const TRIES: u32 = 5;

/// What is kept with every reader of an import.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof<'a> {
    /// Where the consent comes from, in the operator's words.
    pub(super) consent: &'a str,
    /// `import FILE`.
    pub(super) origin: &'a str,
}

/// Takes people in.
pub(super) struct Taker<'a> {
    db: &'a Db,
    clock: &'a Clock,
    places: &'a Places,
    proof: Proof<'a>,
    dry_run: bool,
    choices: HashMap<Choice, ChoiceId>,
    chunk: Vec<Staged>,
    size: usize,
    held: Held,
}

/// How long chunks held the write lock.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Held {
    /// The longest (µs).
    pub longest: u64,
    /// All together (µs).
    pub total: u64,
    /// How many there were.
    pub chunks: u64,
}

/// A row to be staged.
struct Staged {
    hash: String,
    address: String,
    domain: String,
    name: Option<String>,
    what: What,
}

enum What {
    Reads { destination: Destination, opt_in: Option<(Event, i64)> },
    Refuses(No),
}

impl<'a> Taker<'a> {
    pub(super) fn new(
        db: &'a Db,
        clock: &'a Clock,
        places: &'a Places,
        proof: Proof<'a>,
        dry_run: bool,
    ) -> Self {
        let size = if db.engine() == Engine::Sqlite { FIRST } else { MOST };
        Self {
            db,
            clock,
            places,
            proof,
            dry_run,
            choices: HashMap::new(),
            chunk: Vec::new(),
            size,
            held: Held::default(),
        }
    }

    /// Takes a person in, sooner or later.
    pub(super) async fn take(&mut self, person: Person, summary: &mut ImportSummary) -> anyhow::Result<()> {
        summary.repeated += person.lines - 1;
        let wanted = self.wanted(&person, summary);
        let domain = person.address.rsplit('@').next().unwrap_or_default();
        let row = |what| Staged {
            hash: hex::encode(person.hash),
            address: person.address.clone(),
            domain: domain.to_owned(),
            name: person.name.clone(),
            what,
        };
        if let Some(no) = &person.no {
            self.chunk.push(row(What::Refuses(no.clone())));
        }
        for (destination, opt_in) in wanted {
            self.chunk.push(row(What::Reads { destination, opt_in }));
        }
        if self.chunk.len() >= self.size { self.flush(summary).await } else { Ok(()) }
    }

    fn wanted(
        &self,
        person: &Person,
        summary: &mut ImportSummary,
    ) -> Vec<(Destination, Option<(Event, i64)>)> {
        let Some(Yes { asked, confirmed, places }) = &person.yes else {
            if person.no.is_none() {
                let counter =
                    if person.unconfirmed { &mut summary.unconfirmed } else { &mut summary.not_on_list };
                *counter += 1;
            }
            return Vec::new();
        };
        let wanted = self.places.wanted(places.iter().copied());
        if wanted.is_empty() && person.no.is_none() {
            summary.no_letter += 1;
        }
        let confirmed = confirmed.map(|at| (Event::Confirmed, at));
        let opt_in = confirmed.or(asked.map(|at| (Event::Asked, at)));
        wanted.into_iter().map(|destination| (destination, opt_in)).collect()
    }

    /// Takes in what is left, and gives how long the write lock was held.
    pub(super) async fn finish(mut self, summary: &mut ImportSummary) -> anyhow::Result<Held> {
        self.flush(summary).await?;
        Ok(self.held)
    }

    async fn flush(&mut self, summary: &mut ImportSummary) -> anyhow::Result<()> {
        if self.chunk.is_empty() {
            return Ok(());
        }
        let rows = self.chunk.len();
        let mut tries = 0;
        let (tally, held) = loop {
            match self.chunk_in().await {
                Ok(done) => break done,
                // Another writer came between, or drew the same reference: again, with others.
                Err(error) if tries < TRIES && may_pass(&error) => tries += 1,
                Err(error) => return Err(error.into()),
            }
        };
        self.chunk.clear();
        count(&tally, summary);
        let micros = held.as_micros() as u64;
        self.held.longest = self.held.longest.max(micros);
        self.held.total += micros;
        self.held.chunks += 1;
        if self.db.engine() == Engine::Sqlite {
            // As many rows as would have taken as long as a chunk may; not many more at once, as times vary.
            let fitting = rows as f64 * HELD.as_secs_f64() / held.as_secs_f64().max(1e-6);
            self.size = (fitting as usize).clamp(self.size / 2, self.size * 5 / 4 + 1).clamp(LEAST, MOST);
            tokio::time::sleep(REST).await;
        }
        Ok(())
    }

    /// One chunk in one transaction; nothing of it is kept in a dry run.
    async fn chunk_in(&mut self) -> sqlx::Result<(Vec<Tally>, Duration)> {
        let now = self.clock.now();
        let Self { proof: Proof { consent, origin }, .. } = *self;
        self.store_choices().await?;
        let rows = self.rows();
        let refuses = self.chunk.iter().any(|row| matches!(row.what, What::Refuses(_)));
        let reads = self.chunk.iter().any(|row| matches!(row.what, What::Reads { .. }));
        let opt_ins = self.chunk.iter().any(|row| matches!(row.what, What::Reads { opt_in: Some(_), .. }));

        let mut tx = self.db.begin_durable().await?;
        let begun = Instant::now();
        execute!(&mut tx, STAGE_IMPORT, rows.as_str())?;
        if refuses {
            execute!(&mut tx, JUDGE_IMPORTED_NOS)?;
            execute!(&mut tx, LIFT_LIGHTER_THAN_IMPORTED, now)?;
            execute!(&mut tx, ADD_IMPORTED_NOS, now)?;
            end_subscriptions(&mut tx, origin, now).await?;
        }
        if reads {
            execute!(&mut tx, JUDGE_IMPORTED_READERS)?;
            let added = execute!(&mut tx, ADD_IMPORTED_SUBSCRIBERS, now)?;
            if added < self.chunk.len() as u64 {
                execute!(&mut tx, NAME_IMPORTED_SUBSCRIBERS)?;
            }
            execute!(&mut tx, ADD_IMPORTED_SUBSCRIPTIONS, now)?;
            execute!(&mut tx, ADD_IMPORT_EVENTS, now, consent, origin)?;
            if opt_ins {
                execute!(&mut tx, ADD_OPT_IN_EVENTS, consent, origin)?;
            }
        }
        let tally: Vec<Tally> = fetch_all!(&mut tx, TALLY_IMPORT)?;
        execute!(&mut tx, CLEAR_IMPORT)?;
        match self.dry_run {
            true => drop(tx),
            false => tx.commit().await?,
        }
        Ok((tally, begun.elapsed()))
    }

    /// Gives every choice its row; a dry run takes the one that every store has.
    async fn store_choices(&mut self) -> sqlx::Result<()> {
        for row in &self.chunk {
            let What::Reads { destination: Destination { choice, .. }, .. } = &row.what else { continue };
            if self.choices.contains_key(choice) {
                continue;
            }
            let mut tx = self.db.begin().await?;
            let stored = if self.dry_run { &Choice::All } else { choice };
            let id = stored.store(&mut tx).await?;
            tx.commit().await?;
            self.choices.insert(choice.clone(), id);
        }
        Ok(())
    }

    /// The chunk as JSON. References of a chunk lie next to each other, so that the store's index is touched once.
    fn rows(&self) -> String {
        let mut references = Reference::neighbours();
        let rows = self.chunk.iter().map(|row| {
            let Staged { hash, address, domain, name, what } = row;
            match what {
                What::Refuses(No { reason, at, words }) => json!([
                    hash,
                    address,
                    domain,
                    name,
                    null,
                    null,
                    null,
                    null,
                    null,
                    null,
                    reason.as_str(),
                    words,
                    at
                ]),
                What::Reads { destination: Destination { newsletter, choice }, opt_in } => {
                    let choice = self.choices.get(choice).map_or(0, |id| id.0);
                    let reference = references.next(Event::Imported);
                    let (event, at) = opt_in.unzip();
                    let opt_in = event.map(|event| references.next(event));
                    let event = event.map(Event::as_str);
                    json!([
                        hash,
                        address,
                        domain,
                        name,
                        newsletter.0,
                        choice,
                        reference,
                        event,
                        at,
                        opt_in,
                        null,
                        null,
                        null
                    ])
                }
            }
        });
        Value::from_iter(rows).to_string()
    }
}

/// Ends the subscriptions of those who refused elsewhere, each with its event. They are few.
async fn end_subscriptions(tx: &mut Tx, origin: &str, now: Timestamp) -> sqlx::Result<()> {
    let ended: Vec<(SubscriptionId, SubscriberId, NewsletterId, String)> =
        fetch_all!(&mut *tx, ENDED_BY_IMPORT)?;
    for (subscription, subscriber, newsletter, words) in ended {
        execute!(&mut *tx, LEAVE_SUBSCRIPTION, subscription, now)?;
        let event = NewEvent {
            subscriber,
            newsletter,
            event: Event::Left,
            wording: &words,
            origin: origin.into(),
            at: now,
        };
        consent::record(tx, &event).await?;
    }
    Ok(())
}

/// What became of the rows of a chunk: outcome, reason of a refusal, how many.
type Tally = (String, Option<String>, i64);

fn count(tally: &[Tally], summary: &mut ImportSummary) {
    for (outcome, reason, rows) in tally {
        let counter = match (outcome.as_str(), reason) {
            ("added", Some(reason)) => summary.refused.entry(reason.clone()).or_default(),
            ("already", Some(_)) => &mut summary.refused_already,
            ("came_back", _) => &mut summary.came_back,
            ("added", None) => &mut summary.added,
            ("suppressed", _) => &mut summary.suppressed,
            ("left", _) => &mut summary.have_left,
            _ => &mut summary.already,
        };
        *counter += u64::try_from(*rows).unwrap_or_default();
    }
}

/// Whether the same may succeed later: a reference that is taken, or a deadlock with another writer (PostgreSQL 40P01,
/// 40001).
fn may_pass(error: &sqlx::Error) -> bool {
    error.as_database_error().is_some_and(|error| {
        error.is_unique_violation() || matches!(error.code().as_deref(), Some("40P01" | "40001"))
    })
}
