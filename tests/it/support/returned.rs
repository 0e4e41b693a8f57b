//! A sent edition, and the reports that come back of it: the corpus of `tests/fixtures/reports` with the tokens of real
//! deliveries in place of `@TAG@`, `@UNSUB@` and `@MESSAGE_ID@`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use kiosque::clock::Timestamp;
use kiosque::config::{Bounces, Config};
use kiosque::db::{Db, Sql};
use kiosque::delivery::Policy;
use kiosque::delivery::bounces::{Mailbox, Office, Polled};
use kiosque::delivery::smtp::TlsClient;
use tempfile::TempDir;

use crate::support::newsroom;
use crate::support::post::{DAILY, Post};
use crate::support::smtp::{Taken, tls_authority};

/// Readers' bounces, oldest first.
const BOUNCES: Sql = Sql {
    name: "BOUNCES",
    sqlite: "SELECT d.address, b.class, coalesce(b.status, ''), coalesce(b.reply, '') FROM bounces b
             JOIN deliveries d ON d.id = b.delivery_id ORDER BY d.id, b.kind",
    postgres: "SELECT d.address, b.class, coalesce(b.status, ''), coalesce(b.reply, '') FROM bounces b
               JOIN deliveries d ON d.id = b.delivery_id ORDER BY d.id, b.kind",
};

const SUPPRESSED: Sql = Sql {
    name: "SUPPRESSED",
    sqlite:
        "SELECT r.address, x.reason FROM suppressions x JOIN subscribers r ON r.address_hash = x.address_hash
             WHERE x.lifted_at IS NULL ORDER BY r.id",
    postgres:
        "SELECT r.address, x.reason FROM suppressions x JOIN subscribers r ON r.address_hash = x.address_hash
               WHERE x.lifted_at IS NULL ORDER BY r.id",
};

const LEFT: Sql = Sql {
    name: "LEFT",
    sqlite: "SELECT r.address FROM subscriptions s JOIN subscribers r ON r.id = s.subscriber_id
             WHERE s.state = 'left' ORDER BY r.id",
    postgres: "SELECT r.address FROM subscriptions s JOIN subscribers r ON r.id = s.subscriber_id
               WHERE s.state = 'left' ORDER BY r.id",
};

/// An edition that every reader has got, and a Maildir for what comes back.
pub struct Returned {
    /// The edition.
    pub post: Post,
    /// What reports are judged with.
    pub office: Office,
    folder: TempDir,
    taken: Vec<Taken>,
}

impl Returned {
    /// An edition that so many readers have got (`lecteur1@exemple.tg` and so on).
    pub async fn from_readers(db: &Db, readers: i64) -> Self {
        let post = Post::to_readers(db, readers).await;
        post.drain(&post.pump()).await;
        let office = Office {
            db: db.clone(),
            keys: Arc::clone(&post.keys),
            clock: post.room.clock.clone(),
            policy: Policy::default(),
        };
        let taken = post.relay.taken();
        assert_eq!(taken.len(), usize::try_from(readers).unwrap());
        Self { post, office, folder: tempfile::tempdir().unwrap(), taken }
    }

    /// A report of the corpus about a reader's mail, under a Message-ID of its own where `again` is not empty.
    pub fn report(&self, name: &str, reader: i64, again: &str) -> Vec<u8> {
        let file = Path::new("tests/fixtures/reports").join(format!("{name}.eml"));
        let text =
            std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        let address = format!("lecteur{reader}@exemple.tg");
        let copy = self.taken.iter().find(|copy| copy.to[0] == address).unwrap();
        let tag = copy.from.split_once('+').unwrap().1.split_once('@').unwrap().0;
        let unsubscribe = copy.header("List-Unsubscribe").unwrap();
        let token = unsubscribe.split("/u/").nth(1).unwrap().split('>').next().unwrap();
        let message_id = copy.header("Message-ID").unwrap();
        text.replace("@TAG@", tag)
            .replace("@UNSUB@", token)
            .replace("@MESSAGE_ID@", message_id.trim_matches(['<', '>']))
            .replace("\nMessage-ID: <", &format!("\nMessage-ID: <{again}"))
            .replace("\nMessage-Id: <", &format!("\nMessage-Id: <{again}"))
            .into_bytes()
    }

    /// Where a file of the Maildir stands.
    pub fn maildir(&self, file: &str) -> PathBuf {
        self.folder.path().join(file)
    }

    /// Puts a message into `new`.
    pub fn put(&self, name: &str, raw: &[u8]) {
        for part in ["tmp", "new", "cur"] {
            std::fs::create_dir_all(self.maildir(part)).unwrap();
        }
        std::fs::write(self.maildir("new").join(name), raw).unwrap();
    }

    /// Reads the Maildir once, whenever it was read before.
    pub async fn poll(&self) -> Polled {
        let mailbox = format!("maildir:{}", self.folder.path().display());
        self.poll_at(&mailbox, "").await
    }

    /// Reads a mailbox once, whenever it was read before; `more` are keys of its table.
    pub async fn poll_at(&self, mailbox: &str, more: &str) -> Polled {
        self.post.room.clock.advance(kiosque::clock::HOUR);
        let tls = TlsClient::new(tls_authority()).unwrap();
        Mailbox::of(&table(mailbox, more)).poll(&self.office, &tls).await.unwrap()
    }

    /// Address, class, status and words of every bounce.
    pub async fn bounces(&self) -> Vec<(String, String, String, String)> {
        kiosque::fetch_all!(&self.office.db, BOUNCES).unwrap()
    }

    /// Address and reason of every suppression in force.
    pub async fn suppressed(&self) -> Vec<(String, String)> {
        kiosque::fetch_all!(&self.office.db, SUPPRESSED).unwrap()
    }

    /// The readers who have left.
    pub async fn left(&self) -> Vec<String> {
        let rows: Vec<(String,)> = kiosque::fetch_all!(&self.office.db, LEFT).unwrap();
        rows.into_iter().map(|(address,)| address).collect()
    }

    /// Now.
    pub fn now(&self) -> Timestamp {
        self.office.clock.now()
    }
}

/// A `[[bounces]]` as the configuration gives it.
pub fn table(mailbox: &str, more: &str) -> Bounces {
    let text = format!("{}\n[[bounces]]\nmailbox = \"{mailbox}\"\n{more}\n", newsroom::config_text(DAILY));
    let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap_or_else(|why| panic!("{why}"));
    config.bounces[0].clone()
}
