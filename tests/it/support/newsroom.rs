//! A newsroom in a test's hands: a desk on a database of its own, a clock to move, articles written by hand.

use std::path::Path;
use std::sync::Arc;

use kiosque::clock::{Clock, Timestamp};
use kiosque::config::Config;
use kiosque::db::Db;
use kiosque::html::templates::Templates;
use kiosque::newsletters::declaration_reading;
use kiosque::newsletters::desk::{Desk, Ticked};
use kiosque::newsletters::edition::EditionId;
use kiosque::newsletters::newsletter;

/// 2026-11-02T12:00:00Z, a Monday: when a test's newsroom opens.
pub const OPENING: Timestamp = Timestamp::from_millis(1_793_620_800_000);

/// A newsroom with three rubrics (ids 1 to 3: politique, economie, sport).
pub struct Newsroom {
    /// The desk.
    pub desk: Desk,
    /// The time, which stands still until moved.
    pub clock: Clock,
}

/// The configuration of a newsroom with one newsletter; `newsletter` is its table without the usual keys.
pub fn config(newsletter: &str) -> Config {
    let text = config_text(newsletter);
    Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The same as text, for the built program.
pub fn config_text(newsletter: &str) -> String {
    format!(
        r#"
        public_url = "https://lettres.test.tg"
        [database]
        url = "sqlite:unused.db"
        [http]
        listen = "127.0.0.1:0"
        [publisher]
        name = "Le Journal d’essai"
        law = ["TG"]
        legal_form = "SARL-U"
        address = "12, rue des Tests, Lomé"
        phone = "+228 22 00 00 01"
        director = "Afi Test"
        haac_receipt = "0001/HAAC/01-2026/Pl/P"
        email = "redaction@test.tg"
        privacy_contact = "donnees@test.tg"
        [[relay]]
        url = "maildir:outbox"
        [[category]]
        name = "Politique"
        [[category]]
        name = "Économie"
        [[category]]
        name = "Sport"
        [[category]]
        name = "Tech & Web"
        [[newsletter]]
        slug = "matinale"
        title = "La Matinale"
        from = "La Matinale <matinale@lettres.test.tg>"
        bounce_to = "retours@lettres.test.tg"
        {newsletter}
        "#
    )
}

impl Newsroom {
    /// Opens a newsroom at [`OPENING`] whose one newsletter has these settings besides its name and addresses.
    pub async fn open(db: &Db, newsletter: &str) -> Self {
        let clock = Clock::test(OPENING);
        let mut room = Self { desk: desk(db, newsletter), clock };
        for (id, slug, name) in
            [(1, "politique", "Politique"), (2, "economie", "Économie"), (3, "sport", "Sport")]
        {
            room.sql(&format!(
                "INSERT INTO categories (id, slug, name, kind, position, listed, feed_id, feed_changed_at, created_at)
                 VALUES ({id}, '{slug}', '{name}', 'rubric', {id}, TRUE, 'tag:test,2026:{slug}', 0, 0)"
            ))
            .await;
        }
        room.sql("INSERT INTO sources (id, name, created_at) VALUES (1, 'test', 0)").await;
        room.declare().await;
        room
    }

    /// Takes up other settings, as after an edited file and a restart.
    pub async fn redeclare(&mut self, newsletter: &str) {
        self.desk = desk(&self.desk.db, newsletter);
        self.declare().await;
    }

    async fn declare(&mut self) {
        newsletter::declare(&self.desk.db, &self.desk.newsletters, self.now()).await.expect("it is declared");
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One step of the scheduler.
    pub async fn tick(&self) -> Ticked {
        self.desk.tick(self.now()).await.expect("the step succeeds")
    }

    /// Moves the clock to a moment and takes one step there.
    pub async fn tick_at(&self, at: Timestamp) -> Ticked {
        self.clock.set(at);
        self.tick().await
    }

    /// Writes an article into the store as an import would have.
    pub async fn article(&self, id: i64, published: Timestamp, archive: bool, categories: &[i64]) {
        let seen = self.now();
        let appeared = if archive { published } else { published.max(seen) };
        let (published, seen, appeared) = (published.millis(), seen.millis(), appeared.millis());
        self.sql(&format!(
            "INSERT INTO articles (id, source_id, external_id, entry_id, url, title, summary, body, authors, tags,
                published_at, updated_at, first_seen_at, appeared_at, archive, content_hash)
             VALUES ({id}, 1, '{id}', 'tag:test,2026:{id}', 'https://test.tg/{id}', 'Titre {id}', 'Résumé {id}',
                '<p>Corps {id}</p>', '[\"Afi Test\"]', '[]', {published}, {published}, {seen}, {appeared},
                {archive}, {})",
            self.bytes(id)
        ))
        .await;
        for category in categories {
            self.sql(&format!(
                "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
                 VALUES ({id}, {category}, 0, {published}, {appeared})"
            ))
            .await;
        }
    }

    /// Corrects an article: another title, another hash.
    pub async fn correct(&self, id: i64, title: &str) {
        let hash = self.bytes(id + 1_000_000 + i64::try_from(title.len()).expect("short"));
        self.sql(&format!("UPDATE articles SET title = '{title}', content_hash = {hash} WHERE id = {id}"))
            .await;
    }

    /// Retracts an article.
    pub async fn retract(&self, id: i64) {
        let now = self.now().millis();
        self.sql(&format!("UPDATE articles SET retracted_at = {now} WHERE id = {id}")).await;
    }

    /// Adds confirmed readers of these categories (`all`, or ids: `1,3`), numbered from `first`.
    pub async fn readers(&self, first: i64, count: i64, choice: &str) {
        let now = self.now().millis();
        self.sql(&format!("INSERT INTO choices (categories) VALUES ('{choice}') ON CONFLICT DO NOTHING"))
            .await;
        let all: Vec<i64> = (first..first + count).collect();
        for some in all.chunks(500) {
            let row = |id: &i64| format!("({id}, 'lecteur{id}@exemple.tg', {}, {now})", self.bytes(*id));
            let rows = some.iter().map(row).collect::<Vec<_>>().join(", ");
            self.sql(&format!(
                "INSERT INTO subscribers (id, address, address_hash, created_at) VALUES {rows}"
            ))
            .await;
            self.sql(&format!(
                "INSERT INTO subscriptions
                    (subscriber_id, newsletter_id, choice_id, state, created_at, confirmed_at)
                 SELECT r.id, n.id, c.id, 'confirmed', {now}, {now} FROM subscribers r, newsletters n, choices c
                 WHERE r.id BETWEEN {} AND {} AND n.slug = 'matinale' AND c.categories = '{choice}' ORDER BY r.id",
                some[0],
                some[some.len() - 1]
            ))
            .await;
        }
    }

    /// The ids of the articles in an edition's revision in force, in order.
    pub async fn articles_of(&self, edition: EditionId) -> Vec<i64> {
        let edition =
            kiosque::newsletters::edition::Edition::find(&self.desk.db, edition).await.expect("an edition");
        let articles = edition.articles(&self.desk.db).await.expect("its articles");
        articles.into_iter().map(|(article, _)| article.0).collect()
    }

    fn bytes(&self, number: i64) -> String {
        match self.desk.db {
            Db::Sqlite { .. } => format!("x'{number:016x}'"),
            Db::Postgres(_) => format!("'\\x{number:016x}'::bytea"),
        }
    }

    /// Runs a statement spelled out by the test.
    #[expect(clippy::disallowed_methods, reason = "a test's own statement, for one engine or the other")]
    pub async fn sql(&self, statement: &str) {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        match &self.desk.db {
            Db::Sqlite { pool, .. } => sqlx::query(statement).execute(pool).await.map(|_| ()),
            Db::Postgres(pool) => sqlx::query(statement).execute(pool).await.map(|_| ()),
        }
        .expect("the statement runs");
    }

    /// One number that a statement gives.
    #[expect(clippy::disallowed_methods, reason = "a test's own statement, for one engine or the other")]
    pub async fn number(&self, statement: &str) -> i64 {
        let statement = sqlx::AssertSqlSafe(statement.to_owned());
        match &self.desk.db {
            Db::Sqlite { pool, .. } => sqlx::query_scalar(statement).fetch_one(pool).await,
            Db::Postgres(pool) => sqlx::query_scalar(statement).fetch_one(pool).await,
        }
        .expect("a number")
    }
}

fn desk(db: &Db, newsletter: &str) -> Desk {
    let config = config(newsletter);
    let declarations = declaration_reading::check(&config).unwrap_or_else(|mistakes| panic!("{mistakes}"));
    Desk {
        db: db.clone(),
        config: Arc::new(config),
        newsletters: Arc::new(declarations.newsletters),
        templates: Arc::new(Templates::load(None).expect("the built-in templates")),
    }
}
