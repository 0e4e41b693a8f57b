//! Promises P1 and P2 over random timelines, against a model written from design.md §2 without looking at the code:
//! articles published, backdated, under embargo, pinned, corrected, retracted, imported as archive, left out for today or for
//! good, put in by an editor; limits whose overflow is announced or waits; downtime, pauses, changed schedules, stopped and unapproved editions, manual runs, a second node that
//! ticks at the same moments.

use std::collections::{BTreeMap, BTreeSet};

use kiosque::articles::ArticleId;
use kiosque::clock::{DAY, HOUR, MINUTE, Timestamp};
use kiosque::newsletters::editing::{self, Change, ChangeError};
use kiosque::newsletters::edition::{self, Edition, EditionId, EditionState};
use kiosque::newsletters::pins;
use kiosque::newsletters::run::RunError;
use kiosque::newsletters::schedule::Schedule;
use kiosque::newsletters::selection::Role;
use kiosque::newsletters::slot_store::SkipReason;
use kiosque::newsletters::zone::Zone;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::support::database::TestDatabase;
use crate::support::newsroom::{Newsroom, OPENING};

const MAX_AGE: i64 = 2 * DAY;
const GRACE: i64 = 3 * HOUR;
const HOLD: i64 = 30 * MINUTE;
/// From one tick to the next while nothing is near.
const QUIET: i64 = 42 * MINUTE;
const SHOWN: usize = 4;
const IN_A_SECTION: usize = 2;

#[derive(Debug, Clone)]
enum Event {
    /// Filed now, published this many minutes from now (negative: backdated; positive: embargo).
    Publish {
        minutes: i64,
        archive: bool,
        category: i64,
    },
    Correct(prop::sample::Index),
    Retract(prop::sample::Index),
    /// Until so many minutes from now, or for good.
    Pin(prop::sample::Index, Option<i64>),
    /// An editor takes one out of the next edition that is frozen, for good or for today.
    LeaveOut(prop::sample::Index, bool),
    /// And puts one in.
    PutIn(prop::sample::Index),
    /// The daemon ticks every few minutes for so many minutes.
    Run(i64),
    /// Nobody ticks.
    Down(i64),
    Pause(Option<i64>),
    Resume,
    Reschedule(usize),
    Stop,
    Manual,
}

const SCHEDULES: [(&str, &str); 4] = [
    ("0 7 * * *", "Africa/Lome"),
    ("30 2 * * *", "Europe/Paris"),
    ("0 6,18 * * *", "Africa/Lome"),
    ("15 */3 * * *", "Europe/Paris"),
];

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (-4 * 24 * 60..12 * 60_i64, prop::bool::weighted(0.15), 1..=4_i64)
            .prop_map(|(minutes, archive, category)| Event::Publish { minutes, archive, category }),
        1 => any::<prop::sample::Index>().prop_map(Event::Correct),
        1 => any::<prop::sample::Index>().prop_map(Event::Retract),
        1 => (any::<prop::sample::Index>(), prop::option::of(60..30 * 60_i64))
            .prop_map(|(article, minutes)| Event::Pin(article, minutes)),
        1 => (any::<prop::sample::Index>(), any::<bool>())
            .prop_map(|(article, for_good)| Event::LeaveOut(article, for_good)),
        1 => any::<prop::sample::Index>().prop_map(Event::PutIn),
        8 => (10..20 * 60_i64).prop_map(Event::Run),
        2 => (60..60 * 60_i64).prop_map(Event::Down),
        1 => prop::option::of(60..50 * 60_i64).prop_map(Event::Pause),
        1 => Just(Event::Resume),
        1 => (0..SCHEDULES.len()).prop_map(Event::Reschedule),
        1 => Just(Event::Stop),
        1 => Just(Event::Manual),
    ]
}

#[derive(Debug, Clone)]
struct Article {
    published: Timestamp,
    appearance: Timestamp,
    retracted: bool,
    carried: bool,
    archive: bool,
    category: i64,
    /// Since when, and until when.
    pinned: Option<(Timestamp, Option<Timestamp>)>,
}

/// What P1 says, kept in plain lists.
#[derive(Default)]
struct Model {
    articles: BTreeMap<i64, Article>,
    live: BTreeMap<i64, Option<EditionId>>,
    opening: Option<Timestamp>,
    /// Slots of released editions.
    released: Vec<Timestamp>,
    /// Slots of the schedule so far, in order: the instant, and why nothing was sent.
    slots: Vec<(Timestamp, Option<SkipReason>)>,
    sent: BTreeMap<i64, EditionId>,
    /// What editors left out for today, with the edition.
    today: BTreeMap<i64, EditionId>,
    /// What was too old for another edition when it was left out.
    let_go: BTreeSet<i64>,
}

impl Model {
    fn expected(&self, slot_at: Timestamp, opening: Timestamp) -> (BTreeSet<i64>, BTreeSet<i64>) {
        let previous = self.released.iter().filter(|at| **at < slot_at).max();
        let after = previous.copied().unwrap_or(opening).plus(-MAX_AGE);
        let candidates = self.articles.iter().filter(|(id, article)| {
            article.carried
                && article.published <= slot_at
                && !article.retracted
                && !self.live.contains_key(id)
                && article.appearance > opening
                && article.published > after
        });
        let since_edition = self.slots.iter().rev().filter(|(at, _)| *at < slot_at);
        let paused: Vec<Timestamp> = since_edition
            .take_while(|(_, reason)| reason.is_some())
            .filter(|(_, reason)| *reason == Some(SkipReason::Paused))
            .map(|(at, _)| *at)
            .collect();
        let cut = (paused.len() > 1).then(|| paused[0]);
        let (passed, taken): (Vec<_>, Vec<_>) =
            candidates.partition(|(_, article)| cut.is_some_and(|cut| article.appearance <= cut));
        let ids = |list: Vec<(&i64, &Article)>| list.into_iter().map(|(id, _)| *id).collect();
        (ids(taken), ids(passed))
    }
}

/// A phase of a tick, the slot's instant, and the edition it made or the slot that sent nothing.
type Step<'a> = (u8, Timestamp, Result<EditionId, (&'a String, SkipReason)>);

struct Play {
    room: Newsroom,
    model: Model,
    schedule: usize,
    taken_up: Timestamp,
    next: i64,
    /// Whether what does not fit waits.
    carry: bool,
    /// Whether the last tick did anything.
    busy: bool,
}

fn settings(schedule: usize, carry: bool) -> String {
    let (cron, zone) = SCHEDULES[schedule];
    let overflow = if carry { "carry" } else { "announce" };
    format!(
        "schedule = \"{cron}\"\ntimezone = \"{zone}\"\nhold = \"30m\"\ngrace = \"3h\"\nmax_age = \"2d\"\n\
         max_articles = {SHOWN}\nmax_per_section = {IN_A_SECTION}\noverflow = \"{overflow}\"\n\
         categories = [\"politique\", \"economie\", \"sport\"]"
    )
}

impl Play {
    async fn step(&mut self, event: Event) {
        match event {
            Event::Publish { minutes, archive, category } => {
                let id = self.next;
                self.next += 1;
                let published = self.room.now().plus(minutes * MINUTE);
                // Category 4 is not carried: nothing else of the article changes.
                let categories: &[i64] = if category == 4 { &[] } else { &[category] };
                self.room.article(id, published, archive, categories).await;
                let appearance = if archive { published } else { published.max(self.room.now()) };
                let article = Article {
                    published,
                    appearance,
                    retracted: false,
                    carried: category != 4,
                    archive,
                    category,
                    pinned: None,
                };
                self.model.articles.insert(id, article);
            }
            Event::Correct(index) => {
                if let Some(id) = self.some(index) {
                    self.room.correct(id, &format!("Corrigé à {}", self.room.now())).await;
                }
            }
            Event::Retract(index) => {
                if let Some(id) = self.some(index) {
                    self.room.retract(id).await;
                    self.model.articles.get_mut(&id).expect("it is known").retracted = true;
                }
            }
            Event::Pin(index, minutes) => {
                if let Some(id) = self.some(index) {
                    let now = self.room.now();
                    let until = minutes.map(|minutes| now.plus(minutes * MINUTE));
                    pins::pin(&self.room.desk.db, ArticleId(id), now, until).await.expect("it is pinned");
                    self.model.articles.get_mut(&id).expect("it is known").pinned = Some((now, until));
                }
            }
            Event::LeaveOut(index, for_good) => self.leave_out(index, for_good).await,
            Event::PutIn(index) => self.put_in(index).await,
            Event::Run(minutes) => {
                let end = self.room.now().plus(minutes * MINUTE);
                while self.room.now() < end {
                    self.stride().await;
                }
            }
            Event::Down(minutes) => self.room.clock.advance(minutes * MINUTE),
            Event::Pause(minutes) => {
                let until = minutes.map(|minutes| self.room.now().plus(minutes * MINUTE));
                let (_, row) = self.room.desk.newsletter("matinale").await.expect("it is declared");
                row.pause_from(&self.room.desk.db, self.room.now(), until).await.expect("it pauses");
            }
            Event::Resume => {
                let (_, row) = self.room.desk.newsletter("matinale").await.expect("it is declared");
                row.resume(&self.room.desk.db, self.room.now()).await.expect("it goes on");
            }
            Event::Reschedule(schedule) => {
                // Slots up to now belong to the old schedule: a node that is down when the file changes loses them.
                self.tick().await;
                self.check_slots().await;
                if schedule != self.schedule {
                    self.schedule = schedule;
                    self.room.redeclare(&settings(schedule, self.carry)).await;
                    self.taken_up = self.room.now();
                }
            }
            Event::Stop => self.stop().await,
            Event::Manual => self.manual().await,
        }
    }

    fn some(&self, index: prop::sample::Index) -> Option<i64> {
        let ids: Vec<i64> = self.model.articles.keys().copied().collect();
        (!ids.is_empty()).then(|| *index.get(&ids))
    }

    /// Goes on to the next tick: seven minutes later, or more while there is neither an edition open nor a slot near, for most
    /// of a day is such and each tick asks the store a dozen things twice.
    async fn stride(&mut self) {
        let (schedule, zone) = self.rhythm();
        let now = self.room.now();
        let near = now.plus(QUIET + HOLD).to_utc();
        let open = "SELECT count(*) FROM editions WHERE state = 'frozen'";
        let quiet = !self.busy
            && schedule.slots_between(zone, now.to_utc(), near).next().is_none()
            && self.room.number(open).await == 0;
        self.room.clock.advance(if quiet { QUIET } else { 7 * MINUTE });
        self.tick().await;
    }

    /// One step on two nodes at once; what they did is checked against the model.
    async fn tick(&mut self) {
        let now = self.room.now();
        let twin = self.room.desk.clone();
        let (one, other) = (self.room.desk.tick(now).await, twin.tick(now).await);
        let (one, other) = (one.expect("a step"), other.expect("a step"));
        assert_eq!(other, Default::default(), "the second node found something left to do");
        self.busy = one != Default::default();
        // A coalesced edition gives its articles back before the later slot takes them; then slots go in order, and
        // what ends unreleased ends last.
        let mut steps: Vec<Step<'_>> = Vec::new();
        for (_, key, reason) in &one.skipped {
            let phase = match (self.edition_of(key).await, reason) {
                (None, _) => 1,
                (Some(_), SkipReason::Coalesced) => 0,
                (Some(_), _) => 2,
            };
            steps.push((phase, self.slot_at(key).await, Err((key, *reason))));
        }
        for id in &one.frozen {
            let edition = Edition::find(&self.room.desk.db, *id).await.expect("an edition");
            steps.push((1, edition.slot_at, Ok(*id)));
        }
        steps.sort_by_key(|(phase, at, _)| (*phase, *at));
        for (_, _, step) in steps {
            match step {
                Ok(id) => self.frozen(id).await,
                Err((key, reason)) => self.skipped(key, reason).await,
            }
        }
        for id in &one.revised {
            self.revised(*id).await;
        }
        for id in &one.released {
            self.released(*id).await;
        }
    }

    async fn skipped(&mut self, key: &str, reason: SkipReason) {
        let at = self.slot_at(key).await;
        match self.model.slots.iter_mut().find(|(known, _)| *known == at) {
            Some(slot) => slot.1 = Some(reason),
            None => self.model.slots.push((at, Some(reason))),
        }
        self.model.slots.sort();
        let over = self.edition_of(key).await;
        if let Some(edition) = over {
            self.model.live.retain(|_, by| *by != Some(edition));
        }
        if reason == SkipReason::Empty && over.is_none() {
            let opening = self.opening(at);
            let (taken, passed) = self.model.expected(at, opening);
            assert_eq!(taken, BTreeSet::new(), "slot {key} was called empty");
            self.model.live.extend(passed.into_iter().map(|id| (id, None)));
        }
    }

    async fn frozen(&mut self, id: EditionId) {
        let edition = Edition::find(&self.room.desk.db, id).await.expect("an edition");
        let opening = self.opening(edition.slot_at);
        let (candidates, passed) = self.model.expected(edition.slot_at, opening);
        let taken = self.made_up(&edition, &candidates).await;
        self.model.live.extend(taken.into_iter().map(|article| (article, Some(id))));
        self.model.live.extend(passed.into_iter().map(|article| (article, None)));
        if !edition.slot_key.starts_with("run:") {
            self.model.slots.push((edition.slot_at, None));
            self.model.slots.sort();
        }
    }

    /// An edition as it was made up of what it may take; gives what it took.
    async fn made_up(&self, edition: &Edition, candidates: &BTreeSet<i64>) -> BTreeSet<i64> {
        let articles = edition.articles(&self.room.desk.db).await.expect("its articles");
        let taken: BTreeSet<i64> = articles.iter().map(|(id, _)| id.0).collect();
        let of = |id: i64| &self.model.articles[&id];
        let pinned = |id: i64| {
            let holds =
                |(_, until): &(_, Option<Timestamp>)| until.is_none_or(|until| until > edition.slot_at);
            of(id).pinned.filter(holds).map(|(since, _)| since)
        };
        let name = format!("edition {} of slot {}: {articles:?}", edition.id, edition.slot_key);
        assert!(taken.is_subset(candidates), "{name}: of {candidates:?}");
        // What waits can still be taken by the edition after this one and those already frozen.
        let frozen = format!(
            "SELECT coalesce(max(slot_at), 0) FROM editions WHERE state = 'frozen' AND id < {}",
            edition.id
        );
        let latest = Timestamp::from_millis(self.room.number(&frozen).await).max(edition.slot_at);
        for left in candidates.difference(&taken) {
            assert!(self.carry && of(*left).published > latest.plus(-MAX_AGE), "{name} lost {left}");
        }
        assert_eq!(articles.iter().filter(|(_, role)| *role == Role::Lead).count(), 1, "{name}");
        assert_eq!(articles[0].1, Role::Lead, "{name}");
        let latest_pin = candidates.iter().filter_map(|id| pinned(*id)).max();
        assert_eq!(latest_pin, pinned(articles[0].0.0), "{name}: the latest pin leads");
        let shown: Vec<i64> =
            articles.iter().filter(|(_, role)| *role != Role::Announced).map(|(id, _)| id.0).collect();
        assert!(shown.len() <= SHOWN, "{name}");
        for category in 1..=3 {
            let unpinned = |id: &&i64| of(**id).category == category && pinned(**id).is_none();
            let section = shown[1..].iter().filter(unpinned).count();
            assert!(section <= IN_A_SECTION, "{name}: {section} of category {category}");
            let room = shown.len() < SHOWN
                && shown[1..].iter().filter(|id| of(**id).category == category).count() < IN_A_SECTION;
            let waits = candidates.iter().any(|id| of(*id).category == category && !shown.contains(id));
            assert!(!(room && waits), "{name}: there was room for more of category {category}");
        }
        taken
    }

    async fn revised(&mut self, id: EditionId) {
        let kept: BTreeSet<i64> = self.room.articles_of(id).await.into_iter().collect();
        let today = &self.model.today;
        self.model
            .live
            .retain(|article, by| *by != Some(id) || kept.contains(article) || today.contains_key(article));
        let edition = Edition::find(&self.room.desk.db, id).await.expect("an edition");
        if edition.state == EditionState::Expired {
            self.model.live.retain(|_, by| *by != Some(id));
            if let Some(slot) = self.model.slots.iter_mut().find(|(at, _)| *at == edition.slot_at) {
                slot.1 = Some(SkipReason::Empty);
            }
        }
        for article in kept {
            assert!(!self.model.articles[&article].retracted, "article {article} is retracted");
        }
    }

    async fn released(&mut self, id: EditionId) {
        let edition = Edition::find(&self.room.desk.db, id).await.expect("an edition");
        let released_at = edition.released_at.expect("a released edition");
        assert!(released_at >= edition.slot_at && released_at <= edition.expires_at);
        self.model.released.push(edition.slot_at);
        self.end_today(id);
        for article in self.room.articles_of(id).await {
            let before = self.model.sent.insert(article, id);
            assert_eq!(before, None, "article {article} was sent before");
        }
    }

    async fn stop(&mut self) {
        let frozen =
            self.room.number("SELECT coalesce(max(id), 0) AS id FROM editions WHERE state = 'frozen'").await;
        if frozen > 0 {
            let id = EditionId(frozen);
            edition::stop(&self.room.desk.db, id, self.room.now()).await.expect("it stops");
            self.model.live.retain(|_, by| *by != Some(id));
        }
    }

    /// The edition that an editor has before him; the daemon goes on until there is one, for a day at most.
    async fn on_the_desk(&mut self) -> Option<EditionId> {
        let frozen = "SELECT coalesce(max(id), 0) AS id FROM editions WHERE state = 'frozen'";
        let end = self.room.now().plus(DAY);
        while self.room.now() < end {
            let id = self.room.number(frozen).await;
            if id > 0 {
                return Some(EditionId(id));
            }
            self.stride().await;
        }
        None
    }

    async fn leave_out(&mut self, index: prop::sample::Index, for_good: bool) {
        let Some(id) = self.on_the_desk().await else { return };
        let articles = self.room.articles_of(id).await;
        let article = *index.get(&articles);
        let change = match for_good {
            true => Change::Never(ArticleId(article)),
            false => Change::LeaveOut(ArticleId(article)),
        };
        let edition = Edition::find(&self.room.desk.db, id).await.expect("an edition");
        match editing::change(&self.room.desk, id, &change, "operator", None, self.room.now()).await {
            Ok(_) if for_good => drop(self.model.live.insert(article, None)),
            Ok(_) => {
                self.model.today.insert(article, id);
                if self.model.articles[&article].published <= edition.slot_at.plus(DAY - MAX_AGE) {
                    self.model.let_go.insert(article);
                }
            }
            Err(ChangeError::TooFew { .. }) => assert_eq!(articles.len(), 1),
            Err(error) => panic!("{error}"),
        }
    }

    async fn put_in(&mut self, index: prop::sample::Index) {
        let Some(id) = self.on_the_desk().await else { return };
        let Some(article) = self.some(index) else { return };
        let change = Change::Add(ArticleId(article));
        match editing::change(&self.room.desk, id, &change, "operator", None, self.room.now()).await {
            Ok(changed) if changed.new => {
                let of = &self.model.articles[&article];
                // What was retracted while it was left out leaves again at the next step.
                let back = self.model.today.contains_key(&article);
                assert!(of.carried && (back || !of.retracted), "{of:?}");
                assert!(!self.model.sent.contains_key(&article), "{article} was sent");
                assert!(of.published <= self.room.now().max(changed.edition.slot_at), "{of:?}");
                let before = self.model.live.insert(article, Some(id));
                let was_out = self.room.articles_of(id).await.contains(&article);
                assert!(was_out && before.is_none_or(|by| by.is_none() || by == Some(id)), "{before:?}");
                self.model.today.remove(&article);
            }
            Ok(_) => assert_eq!(self.model.live.get(&article), Some(&Some(id)), "it is there already"),
            Err(ChangeError::NotToBeAdded(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }

    /// What was left out of an edition for today is free when that is over.
    fn end_today(&mut self, id: EditionId) {
        let today = std::mem::take(&mut self.model.today);
        let (over, open): (BTreeMap<_, _>, _) = today.into_iter().partition(|(_, of)| *of == id);
        self.model.today = open;
        self.model.live.retain(|article, by| *by != Some(id) || !over.contains_key(article));
    }

    async fn manual(&mut self) {
        let now = self.room.now();
        let opening = self.opening_now(now);
        let (taken, _) = self.model.expected(now, opening);
        match self.room.desk.run("matinale", now).await {
            Ok(id) => {
                self.model.opening.get_or_insert(opening);
                self.frozen(id).await;
                self.released(id).await;
            }
            Err(RunError::Empty { .. }) => assert_eq!(taken, BTreeSet::new()),
            Err(error) => panic!("{error}"),
        }
    }

    fn opening(&mut self, slot_at: Timestamp) -> Timestamp {
        let opening = self.opening_now(slot_at);
        *self.model.opening.get_or_insert(opening)
    }

    fn opening_now(&self, slot_at: Timestamp) -> Timestamp {
        self.model.opening.unwrap_or_else(|| {
            let (schedule, zone) = self.rhythm();
            schedule.previous_slot(zone, slot_at.plus(-1).to_utc()).expect("an earlier slot").at.into()
        })
    }

    fn rhythm(&self) -> (Schedule, Zone) {
        let (cron, zone) = SCHEDULES[self.schedule];
        (Schedule::parse(cron).expect("a schedule"), Zone::parse(zone).expect("a zone"))
    }

    async fn slot_at(&self, key: &str) -> Timestamp {
        let at = self.room.number(&format!("SELECT max(at) FROM slots WHERE slot_key = '{key}'")).await;
        Timestamp::from_millis(at)
    }

    async fn edition_of(&self, key: &str) -> Option<EditionId> {
        let select = format!(
            "SELECT coalesce(max(e.id), 0) FROM editions e JOIN slots s ON s.id = e.slot_id WHERE s.slot_key = '{key}'"
        );
        Some(self.room.number(&select).await).filter(|id| *id > 0).map(EditionId)
    }

    /// P2: each slot of the schedule since it was taken up has one row, and none before.
    async fn check_slots(&self) {
        let (schedule, zone) = self.rhythm();
        let until = self.room.now();
        let due: BTreeSet<String> = schedule
            .slots_between(zone, self.taken_up.to_utc(), until.to_utc())
            .map(|slot| slot.key.to_string())
            .collect();
        for key in &due {
            let rows =
                self.room.number(&format!("SELECT count(*) FROM slots WHERE slot_key = '{key}'")).await;
            assert_eq!(rows, 1, "slot {key} of {schedule}, taken up at {}", self.taken_up);
        }
        let silent = "SELECT count(*) FROM slots WHERE outcome = 'skipped' AND reason IS NULL";
        assert_eq!(self.room.number(silent).await, 0, "a slot that sent nothing does not say why");
    }

    /// P1 at the end: run for some quiet days (what waits is announced after `max_age` at the latest), and whoever still should have been sent was.
    async fn finish(&mut self) {
        let (_, row) = self.room.desk.newsletter("matinale").await.expect("it is declared");
        row.resume(&self.room.desk.db, self.room.now()).await.expect("it goes on");
        let days = if self.carry { 4 } else { 2 };
        self.step(Event::Run(days * 24 * 60)).await;
        self.check_slots().await;
        let twice = "SELECT count(*) FROM (SELECT ea.article_id FROM edition_articles ea JOIN editions e
            ON e.id = ea.edition_id AND e.revision = ea.revision AND e.released_at IS NOT NULL
            GROUP BY ea.article_id HAVING count(*) > 1) twice";
        assert_eq!(self.room.number(twice).await, 0, "an article was sent twice");
        let visible = self.room.now().plus((1 - days) * DAY);
        for (id, article) in &self.model.articles {
            // An archive is for feeds and pages; what of it an edition may still take, the model said above.
            let due = article.carried
                && !article.archive
                && !article.retracted
                && article.published <= visible
                && article.appearance <= visible
                && article.appearance > self.model.opening.expect("there was an edition or an empty slot")
                // Filed too late for max_age, before any released edition could know it.
                && article.published > article.appearance.plus(-MAX_AGE + DAY + GRACE);
            let passed = self.model.live.get(id) == Some(&None);
            let let_go = self.model.let_go.contains(id);
            if due && !passed && !let_go && self.was_up_since(article.appearance) {
                assert!(self.model.sent.contains_key(id), "article {id} was lost: {article:?}");
            }
        }
    }

    /// Whether no released slot before the article's appearance lay so far ahead that its publication fell behind.
    fn was_up_since(&self, appearance: Timestamp) -> bool {
        self.model.released.iter().any(|at| *at >= appearance)
    }
}

#[test]
fn no_article_is_lost_or_repeated_and_no_slot_makes_two_editions() {
    let cases = std::env::var("KIOSQUE_TIMELINES").ok().and_then(|n| n.parse().ok()).unwrap_or(16);
    play(cases, async || Some(TestDatabase::sqlite().await));
    play(cases / 4, async || TestDatabase::postgres().await);
}

fn play(cases: u32, database: impl AsyncFn() -> Option<TestDatabase>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let timeline = (any::<bool>(), prop::collection::vec(event(), 5..40));
    let outcome = TestRunner::new(config).run(&timeline, |(carry, events)| {
        runtime.block_on(async {
            let Some(database) = database().await else { return };
            let db = database.open().await;
            let room = Newsroom::open(&db, &settings(0, carry)).await;
            room.readers(1, 1, "all").await;
            let mut play = Play {
                room,
                model: Model::default(),
                schedule: 0,
                taken_up: OPENING,
                next: 1,
                carry,
                busy: true,
            };
            for event in events {
                play.step(event).await;
            }
            play.finish().await;
            db.close().await;
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
