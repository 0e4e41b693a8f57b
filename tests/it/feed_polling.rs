//! Promise P5 over random timelines: whoever polls a feed often enough sees every article, each under one id for ever; nodes agree;
//! a tag changes exactly when the bytes do.

use std::collections::{BTreeMap, BTreeSet};

use kiosque::clock::{HOUR, MINUTE, Timestamp};
use kiosque::feeds::snapshot::Coding;
use kiosque::feeds::{FeedStore, Found, Publication};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};

use crate::support::database::TestDatabase;
use crate::support::press::{MORNING, Press};

/// The window of every feed; two articles fill a feed otherwise, so that the window is what matters.
const WINDOW: i64 = 12 * HOUR;
const FEEDS: &str = "[feeds]\nitems = 2\nwindow = \"12h\"
[[feed]]\nslug = \"essentiel\"\nname = \"Essentiel\"\ncategories = [\"politique\", \"sport\"]";

const RUBRICS: [(&str, &str); 2] = [("Politique", "politique"), ("Sport", "sport")];

#[derive(Debug, Clone)]
enum Event {
    /// Filed now in some rubrics, published so many minutes from now (negative: backdated; positive: embargo).
    Publish {
        minutes: i64,
        rubrics: Rubrics,
    },
    /// Another title; perhaps with a moment that says so.
    Edit {
        which: Index,
        says_so: bool,
    },
    /// Another date.
    Redate {
        which: Index,
        minutes: i64,
    },
    Retract(Index),
    Restore(Index),
    Move {
        which: Index,
        rubrics: Rubrics,
    },
    /// So many minutes pass, in which readers poll.
    Wait(i64),
}

/// Which of [`RUBRICS`].
type Rubrics = [bool; 2];

fn event() -> impl Strategy<Value = Event> {
    let which = || any::<Index>();
    let minutes = || -40 * 24 * 60..10 * 60_i64;
    prop_oneof![
        6 => (minutes(), any::<Rubrics>()).prop_map(|(minutes, rubrics)| Event::Publish { minutes, rubrics }),
        2 => (which(), any::<bool>()).prop_map(|(which, says_so)| Event::Edit { which, says_so }),
        2 => (which(), minutes()).prop_map(|(which, minutes)| Event::Redate { which, minutes }),
        2 => which().prop_map(Event::Retract),
        2 => which().prop_map(Event::Restore),
        2 => (which(), any::<Rubrics>()).prop_map(|(which, rubrics)| Event::Move { which, rubrics }),
        8 => (1..20 * 60_i64).prop_map(Event::Wait),
    ]
}

/// A reader of one feed.
#[derive(Debug, Clone)]
struct Reader {
    feed: usize,
    every: i64,
    next: Timestamp,
    /// Titles' numbers by the id they came with.
    seen: BTreeMap<String, usize>,
}

/// What the newsroom knows of an article.
#[derive(Debug, Clone)]
struct Article {
    rubrics: Rubrics,
    published: Timestamp,
    retracted: bool,
    edits: u32,
}

impl Article {
    /// Whether it stands in the feed: Politique, Sport, the configured feed of both, everything.
    fn is_in(&self, feed: usize, now: Timestamp) -> bool {
        let filed = match feed {
            0 | 1 => self.rubrics[feed],
            2 => self.rubrics.contains(&true),
            _ => true,
        };
        filed && !self.retracted && self.published <= now
    }
}

const SLUGS: [&str; 4] = ["politique", "sport", "essentiel", "tout"];

struct Play {
    press: Press,
    /// Another process on the same database.
    other: (kiosque::db::Db, FeedStore),
    articles: Vec<Article>,
    /// Since when each article stands in each feed.
    since: BTreeMap<(usize, usize), Timestamp>,
    readers: Vec<Reader>,
    /// The id of each article, once seen.
    ids: BTreeMap<usize, String>,
    /// The last tag and bytes of each feed, by name.
    last: BTreeMap<String, (String, Vec<u8>)>,
}

impl Play {
    fn now(&self) -> Timestamp {
        self.press.clock.now()
    }

    async fn step(&mut self, event: Event) {
        let now = self.now();
        let pick =
            |articles: &[Article], which: Index| (!articles.is_empty()).then(|| which.index(articles.len()));
        match event {
            Event::Publish { minutes, rubrics } => {
                let published = now.plus(minutes * MINUTE);
                self.articles.push(Article { rubrics, published, retracted: false, edits: 0 });
                self.file(self.articles.len() - 1, json!({})).await;
            }
            Event::Edit { which, says_so } => {
                let Some(n) = pick(&self.articles, which) else { return };
                self.articles[n].edits += 1;
                let said = if says_so { json!({ "updated_at": now.to_string() }) } else { json!({}) };
                self.file(n, said).await;
            }
            Event::Redate { which, minutes } => {
                let Some(n) = pick(&self.articles, which) else { return };
                self.articles[n].published = now.plus(minutes * MINUTE).whole_second();
                self.file(n, json!({})).await;
            }
            Event::Retract(which) => {
                let Some(n) = pick(&self.articles, which) else { return };
                self.articles[n].retracted = true;
                self.press.retract(&n.to_string()).await;
            }
            Event::Restore(which) => {
                let Some(n) = pick(&self.articles, which) else { return };
                self.articles[n].retracted = false;
                self.file(n, json!({ "retracted": false })).await;
            }
            Event::Move { which, rubrics } => {
                let Some(n) = pick(&self.articles, which) else { return };
                self.articles[n].rubrics = rubrics;
                self.file(n, json!({})).await;
            }
            Event::Wait(minutes) => self.wait(now.plus(minutes * MINUTE)).await,
        }
        self.follow();
    }

    async fn file(&self, n: usize, more: Value) {
        let article = &self.articles[n];
        let chosen = RUBRICS.iter().zip(article.rubrics).filter(|(_, chosen)| *chosen);
        let mut fields = json!({
            "title": format!("Titre {n} ({})", article.edits),
            "categories": chosen.map(|((name, _), _)| *name).collect::<Vec<_>>(),
            "published_at": article.published.to_string(),
        });
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.press.file(&n.to_string(), fields).await;
    }

    /// Time passes from one moment that matters to the next: polls, and ends of embargoes.
    async fn wait(&mut self, until: Timestamp) {
        loop {
            let polls = self.readers.iter().map(|reader| reader.next);
            let ends = self.articles.iter().map(|article| article.published).filter(|at| *at > self.now());
            let next = polls.chain(ends).min().filter(|at| *at <= until);
            self.press.clock.set(next.unwrap_or(until));
            self.follow();
            let Some(next) = next else { return };
            for reader in 0..self.readers.len() {
                if self.readers[reader].next <= next {
                    self.poll(reader).await;
                }
            }
        }
    }

    /// Notes since when what stands where, and judges what has gone.
    fn follow(&mut self) {
        let now = self.now();
        for n in 0..self.articles.len() {
            for feed in 0..SLUGS.len() {
                if self.articles[n].is_in(feed, now) {
                    self.since.entry((n, feed)).or_insert(now);
                } else if let Some(since) = self.since.remove(&(n, feed)) {
                    self.must_be_known(n, feed, now.millis() - since.millis());
                }
            }
        }
    }

    /// Whoever polls oftener than the article stood in the feed has seen it.
    fn must_be_known(&self, n: usize, feed: usize, stood: i64) {
        for reader in self.readers.iter().filter(|reader| reader.feed == feed && reader.every < stood) {
            let known = reader.seen.values().any(|seen| *seen == n);
            assert!(known, "article {n} stood {stood} ms in {} and was lost on {reader:?}", SLUGS[feed]);
        }
    }

    async fn poll(&mut self, reader: usize) {
        let now = self.now();
        self.press.refresh().await;
        self.nodes_agree().await;
        let slug = SLUGS[self.readers[reader].feed];
        let feed: Value = serde_json::from_str(&self.press.text(&format!("{slug}.json"))).expect("JSON");
        let mut shown = BTreeSet::new();
        for item in feed["items"].as_array().expect("items") {
            let id = item["id"].as_str().expect("an id").to_owned();
            let title = item["title"].as_str().expect("a title");
            let n: usize = title.split(' ').nth(1).and_then(|n| n.parse().ok()).expect("its number");
            assert!(shown.insert(id.clone()), "{id} stands twice in {slug}");
            assert_eq!(self.ids.entry(n).or_insert_with(|| id.clone()), &id, "the id of article {n} changed");
            assert!(
                self.articles[n].is_in(self.readers[reader].feed, now),
                "article {n} should not be shown"
            );
            let first = self.readers[reader].seen.insert(id, n).is_none_or(|before| before == n);
            assert!(first, "one id stands for two articles");
        }
        self.readers[reader].next = now.plus(self.readers[reader].every);
    }

    /// The other node has the same, and each tag stands for the same bytes as ever.
    async fn nodes_agree(&mut self) {
        self.other.1.refresh(&self.other.0, self.now()).await.expect("the store answers");
        for slug in SLUGS {
            for format in ["rss", "atom", "json"] {
                let name = format!("{slug}.{format}");
                let snapshot = self.press.snapshot(&name);
                let Found::Ready(others) = self.other.1.find(&name) else { panic!("{name} is ready") };
                assert!(*snapshot == *others, "{name} differs on two nodes");
                let tag = snapshot.etag(Coding::Identity).to_str().expect("a tag").to_owned();
                let bytes = snapshot.body(Coding::Identity).to_vec();
                if let Some((old_tag, old_bytes)) = self.last.get(&name) {
                    assert_eq!(*old_tag == tag, *old_bytes == bytes, "{name}: the tag and the bytes");
                }
                self.last.insert(name, (tag, bytes));
            }
        }
    }

    /// Everybody polls once more; a node that starts only now says the same.
    async fn finish(mut self) {
        self.wait(self.now().plus(WINDOW)).await;
        for (n, feed) in self.since.keys().copied().collect::<Vec<_>>() {
            let stood = self.now().millis() - self.since[&(n, feed)].millis();
            self.must_be_known(n, feed, stood);
        }
        self.press.refresh().await;
        self.other.1 = FeedStore::new(Publication::of(&self.press.app.config));
        self.nodes_agree().await;
        self.other.0.close().await;
        self.press.app.db.close().await;
    }
}

#[test]
fn whoever_polls_within_the_window_sees_every_article_under_one_id_and_all_nodes_say_the_same() {
    let cases = std::env::var("KIOSQUE_TIMELINES").ok().and_then(|n| n.parse().ok()).unwrap_or(12);
    play(cases, async || Some(TestDatabase::sqlite().await));
    play(cases / 4, async || TestDatabase::postgres().await);
}

fn play(cases: u32, database: impl AsyncFn() -> Option<TestDatabase>) {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 100, ..Config::default() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let readers = prop::collection::vec((0..SLUGS.len(), 10..=WINDOW / MINUTE), 2..6);
    let cases = (readers, prop::collection::vec(event(), 5..30));
    let outcome = TestRunner::new(config).run(&cases, |(readers, events)| {
        runtime.block_on(async {
            let Some(database) = database().await else { return };
            let press = Press::open(&database.open().await, FEEDS).await;
            let other = (database.open().await, FeedStore::new(Publication::of(&press.app.config)));
            let reader = |(feed, minutes): (usize, i64)| Reader {
                feed,
                every: minutes * MINUTE,
                next: MORNING.plus(MINUTE),
                seen: BTreeMap::new(),
            };
            let mut play = Play {
                press,
                other,
                articles: Vec::new(),
                since: BTreeMap::new(),
                readers: readers.into_iter().map(reader).collect(),
                ids: BTreeMap::new(),
                last: BTreeMap::new(),
            };
            for event in events {
                play.step(event).await;
            }
            play.finish().await;
        });
        Ok(())
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
}
