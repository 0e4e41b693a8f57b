//! A newsroom with readers who came by the form: their mails land in a folder, their links work over HTTP.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use kiosque::app::App;
use kiosque::clock::{DAY, HOUR, Timestamp};
use kiosque::db::{Db, NodeId, Purpose};
use kiosque::delivery::{self, Pump, Relay, Settings, confirmation};
use kiosque::mail::Address;
use kiosque::newsletters::edition::EditionId;
use kiosque::subscribers::{
    self, AddressHash, Asked, Asking, ConfirmationDue, Confirmed, Newsletter, Origin, PreferencesToken,
    SubscriberId, Wanted,
};
use kiosque::web;
use mail_parser::MessageParser;
use tower::ServiceExt;

use crate::support::newsroom::{Newsroom, OPENING, config};
use crate::support::post::DAILY;

/// The newsroom, the program on its store, and where the mails go.
pub struct ReaderRoom {
    /// Articles, editions, the clock.
    pub room: Newsroom,
    /// The program.
    pub app: App,
    router: Router,
    folder: tempfile::TempDir,
    pump: Pump,
    /// « La Matinale ».
    pub matinale: Newsletter,
}

/// An answer of a page.
pub struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its text.
    pub body: String,
}

/// A mail that was sent.
#[derive(Debug, Clone)]
pub struct Mail {
    /// To whom.
    pub to: String,
    /// Its plain text.
    pub text: String,
}

impl Mail {
    /// The path of its link below this one: `/donnees/`.
    pub fn link(&self, below: &str) -> String {
        let marked = format!("https://lettres.test.tg{below}");
        let rest =
            self.text.split(&marked).nth(1).unwrap_or_else(|| panic!("no link to {below} in {}", self.text));
        format!("{below}{}", rest.split_whitespace().next().unwrap())
    }
}

impl ReaderRoom {
    /// Opens it at [`OPENING`], with one daily letter.
    pub async fn open(db: &Db) -> Self {
        Self::open_with(db, DAILY).await
    }

    /// The same, with these settings of the letter.
    pub async fn open_with(db: &Db, newsletter: &str) -> Self {
        let room = Newsroom::open(db, newsletter).await;
        let app = App::build(config(newsletter), db.clone(), room.clock.clone()).await.unwrap();
        let mut tx = db.begin_read().await.unwrap();
        let matinale = subscribers::find_newsletter(&mut tx, "matinale").await.unwrap().unwrap();
        drop(tx);
        let folder = tempfile::tempdir().unwrap();
        let relays = vec![Relay::maildir(folder.path()).unwrap()];
        let pump = Pump::new(
            db.clone(),
            room.clock.clone(),
            app.keys.clone(),
            NodeId::new(),
            relays,
            Settings::default(),
        );
        Self { router: web::router(&app), room, app, folder, pump, matinale }
    }

    /// The present moment.
    pub fn now(&self) -> Timestamp {
        self.room.now()
    }

    /// The hash of an address.
    pub fn hash(&self, address: &str) -> AddressHash {
        AddressHash::of(&self.app.keys, &Address::parse(address).unwrap())
    }

    /// What the form does when somebody asks for « La Matinale ».
    pub async fn ask(&self, address: &str) -> Option<ConfirmationDue> {
        let address = Address::parse(address).unwrap();
        let mut tx = self.app.db.begin_durable().await.unwrap();
        let wanted = [Wanted::from(self.matinale.clone())];
        let asking = Asking { address: &address, first_name: None, wanted: &wanted, origin: "form" };
        let Asked { confirmation: due } =
            subscribers::ask(&mut tx, &self.app.keys, &asking, self.now()).await.unwrap();
        if let Some(due) = &due {
            confirmation::enqueue(&mut tx, &self.app.desk, due, self.now()).await.unwrap();
        }
        tx.commit().await.unwrap();
        due
    }

    /// The token of a confirmation's link.
    pub fn confirmation_token(&self, due: &ConfirmationDue) -> String {
        subscribers::confirmation_token(&self.app.keys, due.key, due.id, due.created_at).unwrap()
    }

    /// Presses the button of a confirmation.
    pub async fn confirm(&self, due: &ConfirmationDue) -> Confirmed {
        let token = self.confirmation_token(due);
        subscribers::confirm(&self.app.db, &token, None, origin(), self.now()).await.unwrap()
    }

    /// A confirmed reader of « La Matinale ».
    pub async fn subscribed(&self, address: &str) -> ConfirmationDue {
        let due = self.ask(address).await.unwrap_or_else(|| panic!("{address} gets no link"));
        assert!(matches!(self.confirm(&due).await, Confirmed::Done(..)), "{address}");
        due
    }

    /// The row of a reader, if there is one.
    pub async fn subscriber(&self, address: &str) -> Option<SubscriberId> {
        let mut tx = self.app.db.begin_read().await.unwrap();
        subscribers::own_reader(&mut tx, self.hash(address)).await.unwrap().subscriber
    }

    /// The path of the page of a reader's own data.
    pub async fn own_data_path(&self, address: &str) -> String {
        let subscriber = self.subscriber(address).await.expect("a reader");
        let key = self.app.keys.current(Purpose::Token);
        format!("/p/{}/donnees", PreferencesToken::write(key, subscriber))
    }

    /// Releases the edition of the next day at 7 h with one new article, and gives it before its rows are written.
    pub async fn release(&self, article: i64) -> EditionId {
        let days = (self.now().millis() + 5 * HOUR - OPENING.millis()) / DAY + 1;
        self.room.article(article, self.now(), false, &[1]).await;
        let released = self.room.tick_at(OPENING.plus(days * DAY - 5 * HOUR)).await.released;
        let [edition] = released[..] else { panic!("one edition was to be released: {released:?}") };
        edition
    }

    /// Writes the rows of released editions.
    pub async fn fan_out(&self) {
        delivery::fan_out(&self.room.desk, &self.room.clock).await.unwrap();
    }

    /// Sends what is due, and gives every mail since the last time.
    pub async fn sent(&self) -> Vec<Mail> {
        while self.pump.step().await.unwrap() > 0 {}
        let mut mails = Vec::new();
        for file in std::fs::read_dir(self.folder.path().join("new")).unwrap() {
            let path = file.unwrap().path();
            let bytes = std::fs::read(&path).unwrap();
            std::fs::remove_file(&path).unwrap();
            let message = MessageParser::default().parse(&bytes).unwrap();
            let to = message.to().unwrap().first().unwrap().address().unwrap().to_owned();
            mails.push(Mail { to, text: message.body_text(0).unwrap().into_owned() });
        }
        mails.sort_by(|a, b| a.to.cmp(&b.to));
        mails
    }

    /// Who got mail, in the order of the alphabet.
    pub async fn reached(&self) -> Vec<String> {
        self.sent().await.into_iter().map(|mail| mail.to).collect()
    }

    /// Calls a page.
    pub async fn call(&self, method: Method, path: &str, form: &str) -> Answer {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::HOST, "lettres.test.tg")
            .body(Body::from(form.to_owned()))
            .unwrap();
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = axum::body::to_bytes(body, usize::MAX).await.unwrap();
        let body = String::from_utf8(body.to_vec()).unwrap();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, "").await
    }

    /// Presses a button.
    pub async fn post(&self, path: &str, form: &str) -> Answer {
        self.call(Method::POST, path, form).await
    }

    /// Everything that stands in the store, table by table, in small letters; bytes in hexadecimal digits.
    pub async fn whole_store(&self) -> Vec<(String, String)> {
        let tables = match self.app.db {
            Db::Sqlite { .. } => {
                self.texts("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'")
                    .await
            }
            Db::Postgres(_) => {
                self.texts(
                    "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'",
                )
                .await
            }
        };
        let mut store = Vec::new();
        for table in tables.into_iter().filter(|table| table != "_sqlx_migrations") {
            let rows = match self.app.db {
                Db::Sqlite { .. } => {
                    let columns = self
                        .texts(&format!("SELECT 'quote(' || name || ')' FROM pragma_table_info('{table}')"))
                        .await;
                    self.texts(&format!("SELECT {} FROM {table}", columns.join(" || ' | ' || "))).await
                }
                Db::Postgres(_) => self.texts(&format!("SELECT t::text FROM {table} t")).await,
            };
            store.push((table, rows.join("\n").to_lowercase()));
        }
        store
    }

    /// Texts that a statement gives.
    #[expect(clippy::disallowed_methods, reason = "a test's own statement, for one engine or the other")]
    pub async fn texts(&self, statement: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(statement.to_owned());
        match &self.app.db {
            Db::Sqlite { pool, .. } => sqlx::query_scalar(sql).fetch_all(pool).await,
            Db::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await,
        }
        .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }
}

/// Where the readers' requests come from.
fn origin() -> Origin<'static> {
    Origin {
        network_address: "203.0.113.77".parse().ok(),
        user_agent: Some("Navigateur d’essai"),
        ..Origin::from("page")
    }
}
