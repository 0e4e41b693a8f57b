//! Nodes that die, a PostgreSQL that crashes and a link that breaks, with real daemons: nobody is lost, and nobody gets more
//! second copies than rows were in doubt at the kills. The long forms are `soak_…`.

use std::io::{Read as _, Write as _};
use std::time::{Duration, Instant};

use kiosque::clock::{Clock, DAY, MINUTE};
use kiosque::db::{Db, Sql};
use kiosque::{execute, fetch_all};
use rustix::process::Signal;

use crate::support::invariants::{Known, assert_bounded, judge};
use crate::support::link::{Link, Weather};
use crate::support::newsroom::config_text;
use crate::support::node::{Node, until, until_count};
use crate::support::own_postgres::OwnPostgres;
use crate::support::post::{DAILY, Post};
use crate::support::smtp::{Act, Rule, Step};

kiosque::statements! {
    // The time passes for which others leave a dead node's rows alone.
    DEAD_FOR_MINUTES = "UPDATE nodes SET seen_at = seen_at - 200000 WHERE id = $1";
    LEASES_OVER = "UPDATE deliveries SET lease_until = lease_until - 1200000 WHERE owner = $1 AND state = 'in_doubt'";
    // The time passes until the next try of what was answered "later", and of what lost its answer.
    RETRIES_NOW = "UPDATE deliveries SET due_at = created_at WHERE state = 'pending' AND due_at > created_at";
    DOUBTS_OVER = "UPDATE deliveries SET lease_until = created_at WHERE state = 'in_doubt'";
    IN_DOUBT_OF = "SELECT address FROM deliveries WHERE owner = $1 AND state = 'in_doubt' ORDER BY id";
}

/// A PostgreSQL, an edition to so many readers, and nodes that send it.
struct Scene {
    own: OwnPostgres,
    db: Db,
    post: Post,
    nodes: Vec<Node>,
    /// Rows that were in doubt when their node was killed.
    doubts: usize,
    began: Instant,
}

impl Scene {
    async fn with_readers(readers: i64) -> Option<Self> {
        let own = OwnPostgres::start()?;
        let db = own.migrated().await;
        let post = Post::to_readers(&db, readers).await;
        // The newsroom has numbered its rows itself; the daemons add theirs.
        for table in ["categories", "sources", "articles", "newsletters"] {
            post.room.sql(&format!("ALTER TABLE {table} ALTER COLUMN id RESTART WITH 100000")).await;
        }
        // The daemons go by the machine's clock: the rows must not have expired long ago.
        let tomorrow = Clock::System.now().plus(DAY).millis();
        post.room.sql(&format!("UPDATE deliveries SET expires_at = {tomorrow}")).await;
        Some(Self { own, db, post, nodes: Vec::new(), doubts: 0, began: Instant::now() })
    }

    fn config(&self, url: &str) -> String {
        config_text(DAILY)
            .replace("sqlite:unused.db", url)
            .replace("maildir:outbox", &format!("smtp://{}\"\nconnections = 4 # \"", self.post.relay.address))
    }

    fn start(&mut self, url: &str) {
        self.nodes.push(Node::start(&self.config(url)));
    }

    /// Waits until so many messages have been taken.
    async fn until_taken(&self, messages: usize) {
        let nodes: Vec<&Node> = self.nodes.iter().collect();
        let taken = || i64::try_from(self.post.relay.record(|record| record.copies().len())).unwrap();
        let wanted = i64::try_from(messages).unwrap();
        until_count("the sending", &nodes, wanted, async || taken()).await;
    }

    /// Kills a node and lets the time pass for which its rows are left alone.
    async fn kill(&mut self, which: usize) {
        let node = self.nodes.swap_remove(which % self.nodes.len());
        let id = node.id().await;
        node.kill();
        let doubted: Vec<(String,)> = fetch_all!(&self.db, IN_DOUBT_OF, &id).unwrap();
        self.doubts += doubted.len();
        execute!(&self.db, DEAD_FOR_MINUTES, &id).unwrap();
        execute!(&self.db, LEASES_OVER, &id).unwrap();
    }

    /// A crash of PostgreSQL, and some time without it.
    fn crash(&self, away: Duration) {
        self.own.crash();
        std::thread::sleep(away);
        self.own.up();
    }

    /// Waits for the end, stops the nodes and judges. Gives the number of second copies
    /// that no lost answer explains.
    #[expect(clippy::print_stderr, reason = "what a soak shows of its kills")]
    async fn judge(mut self, readers: usize) -> usize {
        {
            let nodes: Vec<&Node> = self.nodes.iter().collect();
            let (mut before, mut looks) = (0, 0);
            let sent = async || {
                let balance = kiosque::delivery::balance(&self.db, self.post.edition).await;
                let sent = balance.map_or(before, |balance| balance.sent);
                looks = if sent == before { looks + 1 } else { 0 };
                before = sent;
                // Ten seconds without anything: whoever is left waits for minutes to pass.
                if looks == 500 {
                    execute!(&self.db, RETRIES_NOW).unwrap();
                    execute!(&self.db, DOUBTS_OVER).unwrap();
                }
                sent
            };
            let wanted = i64::try_from(readers).unwrap();
            until_count("the delivery to everybody", &nodes, wanted, sent).await;
        }
        for node in self.nodes.drain(..) {
            let log = node.log();
            assert!(node.end().success(), "{log}");
        }
        let counted = judge(&self.post, &Known { unexplained: self.doubts, ..Known::default() }).await;
        assert_eq!(self.post.relay.record(|record| record.copies().len()), readers, "I1: nobody is lost");
        eprintln!("{counted:?}, {} rows in doubt at kills, {:?}", self.doubts, self.began.elapsed());
        self.db.close().await;
        counted.unexplained
    }
}

/// Three nodes; one is killed again and again, and PostgreSQL crashes under all.
async fn three_nodes(readers: i64, rounds: usize) {
    let Some(mut scene) = Scene::with_readers(readers).await else { return };
    scene.post.relay.slow_dot(Duration::from_millis(20));
    let url = scene.own.url();
    for _ in 0..3 {
        scene.start(&url);
    }
    let readers = usize::try_from(readers).unwrap();
    for round in 1..=rounds {
        scene.until_taken(readers * (3 * round - 2) / (3 * rounds + 1)).await;
        scene.kill(round * 7 + 1).await;
        scene.start(&url);
        scene.until_taken(readers * (3 * round - 1) / (3 * rounds + 1)).await;
        scene.crash(Duration::from_millis(500));
        scene.until_taken(readers * 3 * round / (3 * rounds + 1)).await;
    }
    scene.judge(readers).await;
}

/// Three nodes for so many minutes, with a relay that answers badly now and then, and a kill each minute.
async fn long_soak(minutes: usize) {
    let readers = 1_700 * minutes;
    let Some(mut scene) = Scene::with_readers(i64::try_from(readers).unwrap()).await else { return };
    scene.post.relay.slow_dot(Duration::from_millis(400));
    let url = scene.own.url();
    for _ in 0..3 {
        scene.start(&url);
    }
    for minute in 1..minutes {
        let relay = &scene.post.relay;
        relay.clear_rules();
        relay.rule(Rule::at(Step::Dot, Act::Drop).but_takes().times(3));
        relay.rule(Rule::at(Step::Dot, Act::Reset).times(3));
        relay.rule(Rule::at(Step::Dot, Act::Reply("451 4.3.0 later")).times(3));
        relay.rule(Rule::at(Step::Rcpt, Act::Reply("450 4.2.0 greylisted")).times(3));
        relay.rule(Rule::at(Step::Mail, Act::ReplyAndClose("421 4.3.2 closing")).times(2));
        tokio::time::sleep(Duration::from_secs(60)).await;
        scene.kill(minute).await;
        scene.start(&url);
        // Who starts without a database ends at once: that is for who starts it to mend.
        scene.nodes[scene.nodes.len() - 1].id().await;
        if minute % 5 == 0 {
            scene.crash(Duration::from_secs(2));
        }
        for node in &scene.nodes {
            assert_bounded(node.process());
        }
    }
    scene.post.relay.clear_rules();
    scene.judge(readers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "an hour, or $KIOSQUE_SOAK_MINUTES; make soak"]
async fn soak_an_hour_of_bad_answers_kills_and_crashes() {
    let minutes = std::env::var("KIOSQUE_SOAK_MINUTES").ok().and_then(|minutes| minutes.parse().ok());
    long_soak(minutes.unwrap_or(60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_nodes_outlive_the_kill_of_one_and_a_crash_of_postgres() {
    three_nodes(1_200, 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes; make soak"]
async fn soak_three_nodes_outlive_ten_kills_and_ten_crashes_of_postgres() {
    three_nodes(30_000, 10).await;
}

/// Two nodes, one of which reaches PostgreSQL by a link that breaks in every way; with `healing` it must get over each by
/// itself, which takes as long as it waits for an answer.
async fn broken_link(readers: i64, silence: Duration, rounds: usize, healing: bool) {
    let Some(mut scene) = Scene::with_readers(readers).await else { return };
    scene.post.relay.slow_dot(Duration::from_millis(20));
    let link = Link::to(scene.own.port()).await;
    let (direct, by_link) = (scene.own.url(), scene.own.url_at(link.address.port()));
    scene.start(&by_link);
    scene.nodes[0].id().await;
    scene.start(&direct);
    let readers = usize::try_from(readers).unwrap();
    for round in 1..=rounds {
        scene.until_taken(readers * (2 * round - 1) / (2 * rounds + 1)).await;
        for weather in [Weather::Silent, Weather::HalfClosed, Weather::Cut] {
            link.set(weather);
            tokio::time::sleep(silence).await;
            if !healing && weather != Weather::Cut {
                continue;
            }
            link.set(Weather::Fine);
            let passed = link.passed();
            until("word through the link", &[&scene.nodes[0]], async || link.passed() > passed).await;
        }
        scene.until_taken(readers * 2 * round / (2 * rounds + 1)).await;
    }
    assert_eq!(scene.judge(readers).await, 0, "nobody was killed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_whose_link_to_postgres_falls_silent_or_is_cut_doubles_none() {
    broken_link(600, Duration::from_secs(1), 1, false).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "minutes; make soak"]
async fn soak_a_link_that_breaks_for_a_minute_and_heals_again() {
    broken_link(20_000, Duration::from_secs(40), 3, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_slept_through_its_lease_begins_nothing_that_another_has_taken() {
    let Some(mut scene) = Scene::with_readers(800).await else { return };
    scene.post.relay.slow_dot(Duration::from_millis(20));
    let url = scene.own.url();
    scene.start(&url);
    scene.until_taken(100).await;
    let id = scene.nodes[0].id().await;
    scene.nodes[0].signal(Signal::STOP);
    // It sleeps; its writes of that moment may still be on their way.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let doubted: Vec<(String,)> = fetch_all!(&scene.db, IN_DOUBT_OF, &id).unwrap();
    scene.doubts += doubted.len();
    execute!(&scene.db, DEAD_FOR_MINUTES, &id).unwrap();
    execute!(&scene.db, LEASES_OVER, &id).unwrap();
    scene.start(&url);
    scene.until_taken(700).await;
    scene.nodes[0].signal(Signal::CONT);
    scene.judge(800).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_of_a_dead_node_are_taken_over_after_their_lease_and_not_before() {
    let Some(scene) = Scene::with_readers(4).await else { return };
    let (post, now) = (&scene.post, scene.post.room.now().millis());
    let until = now + 20 * MINUTE;
    for (id, state) in [(1, "claimed"), (2, "in_doubt")] {
        post.room
            .sql(&format!(
                "UPDATE deliveries SET state = '{state}', owner = 'dead', epoch = 1, lease_until = {until}
                 WHERE id % 2 = {}",
                id % 2
            ))
            .await;
    }
    let pump = post.pump();
    assert_eq!(pump.step().await.unwrap(), 0);
    post.room.clock.advance(20 * MINUTE - 1);
    assert_eq!(pump.step().await.unwrap(), 0, "the lease still holds");
    post.room.clock.advance(1);
    pump.step().await.unwrap();
    let taken_over = "SELECT count(*) FROM deliveries WHERE epoch > 1";
    assert_eq!(post.room.number(taken_over).await, 4, "{:?}", post.states().await);
    scene.db.close().await;
}

/// The head of the answer.
fn ask(address: &str, method: &str, path: &str) -> String {
    let Ok(mut stream) = std::net::TcpStream::connect(address) else { return String::new() };
    stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
    let body = "List-Unsubscribe=One-Click";
    let asked = format!(
        "{method} {path} HTTP/1.1\r\nHost: lettres.test.tg\r\nConnection: close\r\n\
         Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    let _ = stream.write_all(asked.as_bytes());
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_database_a_node_serves_feeds_and_says_503_to_who_would_write() {
    let Some(mut scene) = Scene::with_readers(2).await else { return };
    let url = scene.own.url();
    scene.start(&url);
    scene.until_taken(2).await;
    let link = scene.post.relay.taken()[0].header("List-Unsubscribe").unwrap();
    let path = link.split("https://lettres.test.tg").nth(1).unwrap().split('>').next().unwrap();
    assert!(path.starts_with("/u/"), "{path}");
    let log = scene.nodes[0].log();
    let address = log.split("listening address=").nth(1).unwrap().split_whitespace().next().unwrap();
    assert!(ask(address, "GET", "/flux/politique.rss").starts_with("HTTP/1.1 200"));

    scene.own.crash();
    let refused = ask(address, "POST", path);
    assert!(refused.starts_with("HTTP/1.1 503") && refused.contains("retry-after:"), "{refused}");
    assert!(ask(address, "GET", "/flux/politique.rss").starts_with("HTTP/1.1 200"));
    scene.own.up();
    until("the reader's leaving", &[&scene.nodes[0]], async || {
        ask(address, "POST", path).starts_with("HTTP/1.1 200")
    })
    .await;
    assert!(scene.nodes.remove(0).end().success());
    scene.db.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pump_whose_database_stays_away_ends_with_an_error() {
    let Some(scene) = Scene::with_readers(50).await else { return };
    scene.post.relay.slow_dot(Duration::from_millis(200));
    let settings = kiosque::delivery::Settings {
        patience: Duration::from_secs(2),
        ..kiosque::delivery::Settings::default()
    };
    let pump = scene.post.pump_with(vec![crate::support::post::relay_at(&scene.post.relay, 4)], settings);
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let own = &scene.own;
    let (ended, ()) = tokio::join!(pump.run(stopped), async {
        scene.until_taken(4).await;
        own.crash();
    });
    let error = ended.unwrap_err().to_string();
    assert!(error.contains("the database was away for too long"), "{error}");
    let taken = scene.post.relay.taken().len();
    assert!(taken < 50, "nothing is begun without a database: {taken}");
    own.up();
    // What the relay took and the database does not know is in doubt, no more than the connections had open.
    let sent = Sql {
        name: "SENT",
        sqlite: "",
        postgres: "SELECT count(*) AS n FROM deliveries WHERE state = 'sent'",
    };
    let again = own.migrated().await;
    let (sent,): (i64,) = kiosque::fetch_one!(&again, sent).unwrap();
    assert!(taken - usize::try_from(sent).unwrap() <= 8, "{taken} taken, {sent} known");
    again.close().await;
}
