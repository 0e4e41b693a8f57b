//! Processes that send and are ended in the middle. On SQLite it is `kiosque serve`; on PostgreSQL, where the rows of a
//! killed node return when their lease is over, this very test program with a short lease.

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kiosque::clock::{Clock, DAY, Timestamp};
use kiosque::db::{Db, Engine, Keys, NodeId};
use kiosque::delivery::smtp::Timers;
use kiosque::delivery::{Pump, Settings, Way};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::support::database::TestDatabase;
use crate::support::invariants::assert_bounded;
use crate::support::newsroom::config_text;
use crate::support::patience::Patience;
use crate::support::post::{DAILY, Post, relay_to};
use crate::support::program::Place;

/// What the child is told: the store, the relay, the time its clock starts at, connections and rows in doubt each.
const CHILD: &str = "KIOSQUE_TEST_CHILD";

/// Named by `delivery_kill::child_that_sends`, which a child is started as.
pub async fn be_the_child() {
    let Ok(told) = std::env::var(CHILD) else { return };
    let [url, relay, at, connections, in_doubt_max] = told.split(' ').collect::<Vec<_>>()[..] else {
        panic!("{told}")
    };
    let db = Db::open(url).await.unwrap();
    let clock = Clock::database(Timestamp::from_millis(at.parse().unwrap()));
    let keys = Arc::new(Keys::load(&db).await.unwrap());
    let settings = Settings { batch: 100, lease: 3_000, doubt_delay: 200, ..Settings::default() };
    let mut relay = relay_to(relay.parse::<SocketAddr>().unwrap(), connections.parse().unwrap());
    relay.in_doubt_max = in_doubt_max.parse().unwrap();
    if let Way::Smtp(server) = &mut relay.way {
        server.timers = Timers::default();
    }
    let pump = Pump::new(db, clock, keys, NodeId::new(), vec![relay], settings);
    let (stop, stopped) = watch::channel(false);
    let mut term = signal(SignalKind::terminate()).unwrap();
    let (result, ()) = tokio::join!(pump.run(stopped), async {
        term.recv().await;
        stop.send(true).unwrap();
    });
    result.unwrap();
}

/// How a child goes about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Eight connections, two rows in doubt each.
    Usual,
    /// One connection, one row in doubt.
    Strict,
}

impl Manner {
    fn numbers(self) -> (usize, u32) {
        match self {
            Manner::Usual => (8, 2),
            Manner::Strict => (1, 1),
        }
    }
}

/// Children of one test, and the time that goes on while they come and go.
pub struct Children<'a> {
    database: &'a TestDatabase,
    post: &'a Post,
    manner: Manner,
    place: Place,
    start: Timestamp,
    began: Instant,
}

impl<'a> Children<'a> {
    /// Of this edition. The served program goes by the machine's clock, so its rows are kept until tomorrow.
    #[expect(clippy::disallowed_methods, reason = "the machine's clock is what the child goes by")]
    pub async fn of(database: &'a TestDatabase, post: &'a Post, manner: Manner) -> Self {
        let (connections, in_doubt_max) = manner.numbers();
        let relay = format!(
            "smtp://{}\"\nconnections = {connections}\nin_doubt_max = {in_doubt_max} # \"",
            post.relay.address
        );
        let config =
            config_text(DAILY).replace("sqlite:unused.db", &database.url).replace("maildir:outbox\"", &relay);
        let now = chrono::Utc::now().timestamp_millis();
        post.room.sql(&format!("UPDATE deliveries SET expires_at = {}", now + DAY)).await;
        post.room.sql(&format!("UPDATE editions SET released_at = {}", now - 60_000)).await;
        if database.engine == Engine::Postgres {
            // The newsroom numbered its rows itself; the next ones come from the program.
            for table in ["categories", "sources", "articles"] {
                post.room.sql(&format!("ALTER TABLE {table} ALTER COLUMN id RESTART WITH 1000")).await;
            }
        }
        let place = Place::with(&config);
        Self { database, post, manner, place, start: post.room.now(), began: Instant::now() }
    }

    /// Starts one.
    pub fn start(&self) -> Child {
        self.command(self.database.engine).spawn().unwrap()
    }

    /// Starts one that falls at a failpoint; `serve` on either engine where it must fan out first.
    pub fn start_to_fall(&self, point: &str, pass: usize) -> Child {
        let engine = if point == "mid_fan_out" { Engine::Sqlite } else { self.database.engine };
        self.command(engine).env("KIOSQUE_FAILPOINT", format!("{point}:{pass}")).spawn().unwrap()
    }

    /// Starts `kiosque serve`, whatever the engine.
    pub fn serve(&self) -> Child {
        self.command(Engine::Sqlite).spawn().unwrap()
    }

    fn command(&self, engine: Engine) -> Command {
        let mut command = match engine {
            Engine::Sqlite => self.place.command(&["serve"]),
            Engine::Postgres => {
                let mut child = Command::new(std::env::current_exe().unwrap());
                child.args(["--exact", "delivery_kill::child_that_sends", "--ignored", "--nocapture"]);
                let now = self.start.plus(i64::try_from(self.began.elapsed().as_millis()).unwrap());
                let (connections, in_doubt_max) = self.manner.numbers();
                let told = format!(
                    "{} {} {} {connections} {in_doubt_max}",
                    self.database.url,
                    self.post.relay.address,
                    now.millis()
                );
                child.env(CHILD, told);
                child
            }
        };
        command.stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Lets the time pass for which a row in doubt is left alone.
    pub async fn pass_the_doubt(&self) {
        let sql =
            "UPDATE deliveries SET in_doubt_at = in_doubt_at - 300000, lease_until = lease_until - 300000
                   WHERE state = 'in_doubt'";
        self.post.room.sql(sql).await;
    }

    /// Waits until the relay has taken so many messages.
    pub async fn until_taken(&self, messages: usize) {
        let mut patience = Patience::with_naps_of(Duration::from_millis(1));
        let taken = || self.post.relay.record(|record| record.taken.len());
        while taken() < messages {
            let count = i64::try_from(taken()).unwrap();
            patience.nap(count, async || format!("{:?}", self.post.states().await)).await;
        }
    }

    /// Waits until so many rows are sent, letting the time pass for which a doubt is left alone.
    pub async fn until_sent_at_last(&self, rows: i64) {
        let mut patience = Patience::with_naps_of(Duration::from_millis(50));
        loop {
            let balance = self.post.balance().await;
            if balance.sent == rows {
                return;
            }
            if balance.in_doubt + balance.pending > 0
                && balance.sent + balance.in_doubt + balance.pending == rows
            {
                self.pass_the_time().await;
            }
            patience.nap(balance.sent, async || format!("{balance:?}")).await;
        }
    }

    /// Makes due what waits for a later moment.
    async fn pass_the_time(&self) {
        let sql = "UPDATE deliveries SET due_at = created_at,
                       lease_until = CASE WHEN state = 'in_doubt' AND owner IS NULL THEN created_at ELSE lease_until END
                   WHERE state IN ('pending', 'in_doubt') AND owner IS NULL";
        self.post.room.sql(sql).await;
    }
}

/// Ends it as a power cut would, and sees before that it stayed small.
pub fn assert_bounded_and_kill(child: Child) {
    assert_bounded(&child);
    kill(child);
}

/// Ends it as a power cut would.
pub fn kill(mut child: Child) {
    child.kill().unwrap();
    child.wait().unwrap();
}

/// Asks it to end, and waits; it must end well.
pub fn end(mut child: Child) {
    let sent = Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
    assert!(child.wait().unwrap().success());
}
