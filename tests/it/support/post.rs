//! A released edition on its way: a newsroom with readers, a scripted relay, a pump in the test's hands.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use kiosque::clock::{HOUR, MINUTE, Timestamp};
use kiosque::config::Security;
use kiosque::db::{Db, Keys, NodeId, Sql};
use kiosque::delivery::smtp::{Server, Timers, TlsClient};
use kiosque::delivery::{self, Balance, Pump, Relay, Settings, Way};
use kiosque::newsletters::edition::EditionId;

use crate::support::newsroom::{Newsroom, OPENING};
use crate::support::smtp::SmtpServer;

/// Short enough that a test of a silent server ends, long enough for a busy machine.
pub fn short_timers() -> Timers {
    let short = Duration::from_millis(400);
    Timers {
        connect: short,
        banner: short,
        command: short,
        data: short,
        block: short,
        dot: short,
        quit: short,
        ..Timers::default()
    }
}

/// The relay as a pump sees it.
pub fn relay_at(server: &SmtpServer, connections: usize) -> Relay {
    relay_to(server.address, connections)
}

/// The same, from another process.
pub fn relay_to(address: SocketAddr, connections: usize) -> Relay {
    Relay {
        name: format!("smtp://{address}"),
        way: Way::Smtp(Box::new(Server {
            host: "127.0.0.1".to_owned(),
            port: address.port(),
            security: Security::Plain,
            credentials: None,
            helo: "lettres.test.tg".to_owned(),
            timers: short_timers(),
            tls: TlsClient::new(Vec::new()).unwrap(),
        })),
        connections,
        messages_per_connection: 100,
        rate: None,
        quota: None,
        in_doubt_max: 2,
    }
}

/// A newsroom whose edition was released, and the relay that takes its mail.
pub struct Post {
    /// The newsroom.
    pub room: Newsroom,
    /// The relay.
    pub relay: SmtpServer,
    /// The edition.
    pub edition: EditionId,
    /// The secrets.
    pub keys: Arc<Keys>,
}

const DOUBTS: Sql = Sql {
    name: "DOUBTS",
    sqlite: "SELECT address, in_doubt_at FROM deliveries WHERE state = 'in_doubt' ORDER BY id",
    postgres: "SELECT address, in_doubt_at FROM deliveries WHERE state = 'in_doubt' ORDER BY id",
};

const REASONS: Sql = Sql {
    name: "REASONS",
    sqlite: "SELECT address, coalesce(reason, ''), coalesce(reply_text, '') FROM deliveries
             WHERE state IN ('failed', 'cancelled') ORDER BY id",
    postgres: "SELECT address, coalesce(reason, ''), coalesce(reply_text, '') FROM deliveries
               WHERE state IN ('failed', 'cancelled') ORDER BY id",
};

/// What the newsletter says of itself besides its name.
pub const DAILY: &str = "schedule = \"0 7 * * *\"\ntimezone = \"Africa/Lome\"";

impl Post {
    /// An edition released to so many readers (`lecteur1@exemple.tg` and so on), every one with his row.
    pub async fn to_readers(db: &Db, readers: i64) -> Self {
        Self::of_newsletter(db, readers, "").await
    }

    /// The same, with more settings of the newsletter.
    pub async fn of_newsletter(db: &Db, readers: i64, settings: &str) -> Self {
        let post = Self::before_fan_out(db, readers, settings).await;
        let done = delivery::fan_out(&post.room.desk, &post.room.clock).await.unwrap();
        assert_eq!(done, [(post.edition, u64::try_from(readers).unwrap())]);
        post
    }

    /// Released, but without rows.
    pub async fn before_fan_out(db: &Db, readers: i64, settings: &str) -> Self {
        let room = Newsroom::open(db, &format!("{DAILY}\n{settings}")).await;
        room.readers(1, readers, "all").await;
        if matches!(db, Db::Postgres(_)) {
            // The newsroom numbers its readers itself; the next one comes by the form.
            room.sql("ALTER TABLE subscribers ALTER COLUMN id RESTART WITH 1000").await;
        }
        room.article(1, OPENING, false, &[1]).await;
        let released = room.tick_at(OPENING.plus(19 * HOUR)).await.released;
        let [edition] = released[..] else { panic!("one edition was to be released: {released:?}") };
        let keys = Arc::new(Keys::load(db).await.unwrap());
        Self { room, relay: SmtpServer::start().await, edition, keys }
    }

    /// A pump of a run of its own, with four connections to the relay.
    pub fn pump(&self) -> Pump {
        self.pump_with(vec![relay_at(&self.relay, 4)], Settings::default())
    }

    /// A pump with other relays or settings.
    pub fn pump_with(&self, relays: Vec<Relay>, settings: Settings) -> Pump {
        let db = self.room.desk.db.clone();
        Pump::new(db, self.room.clock.clone(), Arc::clone(&self.keys), NodeId::new(), relays, settings)
    }

    /// Steps until nothing is due.
    pub async fn drain(&self, pump: &Pump) {
        for _ in 0..100 {
            if pump.step().await.unwrap() == 0 {
                return;
            }
        }
        panic!("the queue never empties: {:?}", self.states().await);
    }

    /// Steps from one due moment to the next until every row is settled or held.
    pub async fn run_out(&self, pump: &Pump) {
        for _ in 0..1_000 {
            self.drain(pump).await;
            if self.open().await == 0 {
                return;
            }
            let due =
                "SELECT min(CASE WHEN state = 'pending' THEN due_at ELSE lease_until END) FROM deliveries
                       WHERE state IN ('pending', 'claimed', 'in_doubt') AND NOT held";
            let due = Timestamp::from_millis(self.room.number(due).await);
            // What is due and does not go waits for its relay.
            self.room.clock.set(due.max(self.room.now().plus(10 * MINUTE)));
        }
        panic!("some rows are never settled: {:?}", self.states().await);
    }

    async fn open(&self) -> i64 {
        let open =
            "SELECT count(*) FROM deliveries WHERE state IN ('pending', 'claimed', 'in_doubt') AND NOT held";
        self.room.number(open).await
    }

    /// The edition's balance.
    pub async fn balance(&self) -> Balance {
        delivery::balance(&self.room.desk.db, self.edition).await.unwrap()
    }

    /// How many rows stand in each state.
    pub async fn states(&self) -> BTreeMap<&'static str, i64> {
        let balance = self.balance().await;
        [
            ("pending", balance.pending),
            ("claimed", balance.claimed),
            ("in_doubt", balance.in_doubt),
            ("sent", balance.sent),
            ("failed", balance.failed),
            ("cancelled", balance.cancelled),
        ]
        .into_iter()
        .filter(|(_, rows)| *rows > 0)
        .collect()
    }

    /// What stands on the rows that failed or were cancelled.
    pub async fn reasons(&self) -> Vec<(String, String, String)> {
        kiosque::fetch_all!(&self.room.desk.db, REASONS).unwrap()
    }

    /// The addresses of the rows in doubt, each with the moment of its doubt (ms).
    pub async fn doubts(&self) -> Vec<(String, i64)> {
        kiosque::fetch_all!(&self.room.desk.db, DOUBTS).unwrap()
    }

    /// One value of a row, as text; empty when it is null.
    #[expect(clippy::disallowed_methods, reason = "a test's own statement, for one engine or the other")]
    pub async fn value(&self, column: &str, address: &str) -> String {
        let statement = format!(
            "SELECT coalesce(CAST({column} AS TEXT), '') FROM deliveries WHERE address = '{address}' ORDER BY id"
        );
        let statement = sqlx::AssertSqlSafe(statement);
        match &self.room.desk.db {
            Db::Sqlite { pool, .. } => sqlx::query_scalar(statement).fetch_one(pool).await,
            Db::Postgres(pool) => sqlx::query_scalar(statement).fetch_one(pool).await,
        }
        .unwrap()
    }

    /// What must hold whatever happened: nobody lost, no second copy but where the first was not acknowledged, and
    /// then the same Message-ID and the same bytes; no Message-ID shared by two readers; one recipient a message.
    pub async fn assert_promises(&self) {
        let balance = self.balance().await;
        assert_eq!(balance.missing(), 0, "{balance:?}");
        let taken = self.relay.taken();
        for (reader, copies) in self.relay.record(|record| record.acknowledged()) {
            assert!(copies <= 1, "{reader} got {copies} acknowledged copies");
        }
        self.assert_copies_are_equal();
        let sent = usize::try_from(balance.sent).unwrap();
        let reached = taken.iter().filter(|copy| copy.acknowledged).count();
        assert_eq!(sent, reached, "what is sent was acknowledged, and what was acknowledged is sent");
    }

    /// Copies of one delivery are the same to the byte, and no two deliveries share a Message-ID.
    pub fn assert_copies_are_equal(&self) {
        self.relay.record(|record| {
            let mut ids = BTreeMap::new();
            for (reader, copies) in record.copies() {
                for copy in &copies {
                    assert_eq!(copy.to.len(), 1, "one recipient a message");
                    assert_eq!(copy.message, copies[0].message, "{reader}: another text");
                    assert_eq!(copy.from, copies[0].from, "{reader}: another return path");
                }
                let id = copies[0].header("Message-ID").unwrap();
                assert_eq!(ids.insert(id.clone(), reader), None, "{id} stands in two readers' mail");
            }
        });
    }
}
