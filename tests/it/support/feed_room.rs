//! A newsroom whose articles stand in feeds: three rubrics, one of them not declared, and a clock to move.

use std::sync::atomic::{AtomicI64, Ordering};

use super::clean_feeds::must_be_clean;
use kiosque::clock::{Clock, DAY, HOUR, Timestamp};
use kiosque::db::Db;
use kiosque::feeds::spec::Options;
use kiosque::feeds::{FeedStore, Publication};
use kiosque::{execute, fetch_one, statements};

statements! {
    ADD_SOURCE = "INSERT INTO sources (name, created_at) VALUES ('essai', 0) ON CONFLICT DO NOTHING";
    ADD_CATEGORY = "INSERT INTO categories
            (slug, name, kind, position, listed, feed_id, feed_version, feed_changed_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, 0, $7, $7) RETURNING id";
    ADD_ARTICLE = "INSERT INTO articles
            (source_id, external_id, entry_id, url, title, summary, body, authors, tags, image_url, image_alt,
             published_at, updated_at, first_seen_at, appeared_at, archive, content_hash)
        VALUES ((SELECT id FROM sources WHERE name = 'essai'), $1, $2, $3, $4, $5, $6, $7, $8, $9, $10,
             $11, (SELECT coalesce(max(updated_at) + 1000, $12) FROM articles), $12, $13, FALSE, $14) RETURNING id";
    FILE = "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
        VALUES ($1, $2, $3, $4, $5)";
    TOUCH = "UPDATE categories SET feed_version = feed_version + 1, feed_changed_at = $2 WHERE id = $1";
    RETRACT = "UPDATE articles SET retracted_at = $2 WHERE id = $1";
    RENAME = "UPDATE categories SET slug = $2 WHERE id = $1";
    ALIAS = "INSERT INTO category_aliases (slug, category_id) VALUES ($1, $2)";
    REMOVE = "UPDATE categories SET removed = TRUE WHERE id = $1";
}

/// 2026-11-23T08:00:00Z.
pub const NOON: Timestamp = Timestamp::from_millis(1_795_420_800_000);

/// A newsroom with the feeds `tout`, `politique`, `sport` and `non-classe`.
pub struct FeedRoom {
    pub db: Db,
    pub clock: Clock,
    all: i64,
    pub politique: i64,
    pub sport: i64,
    next: AtomicI64,
}

/// An article to be.
#[derive(Clone)]
pub struct Draft {
    pub title: String,
    pub summary: String,
    pub body: String,
    pub image: Option<&'static str>,
    pub published: Timestamp,
    /// When it appeared in its feeds, if not at the later of published and now.
    pub appeared: Option<Timestamp>,
}

pub fn draft(title: &str, published: Timestamp) -> Draft {
    Draft {
        title: title.into(),
        summary: format!("Résumé : {title}"),
        body: format!("<p>{title}, en entier.</p>"),
        image: None,
        published,
        appeared: None,
    }
}

impl FeedRoom {
    pub async fn open(db: Db) -> Self {
        let clock = Clock::test(NOON);
        execute!(&db, ADD_SOURCE).unwrap();
        let mut ids = Vec::new();
        for (position, (slug, name, kind, listed)) in [
            ("tout", "Toutes les rubriques", "all", true),
            ("politique", "Politique", "rubric", true),
            ("sport", "Sport", "rubric", true),
            ("non-classe", "Non classé", "rubric", false),
        ]
        .into_iter()
        .enumerate()
        {
            let feed_id = format!("tag:exemple.tg,2026:flux:{slug}");
            let made = NOON.plus(-30 * DAY);
            let position = i64::try_from(position).unwrap();
            let (id,): (i64,) =
                fetch_one!(&db, ADD_CATEGORY, slug, name, kind, position, listed, &*feed_id, made).unwrap();
            ids.push(id);
        }
        Self { db, clock, all: ids[0], politique: ids[1], sport: ids[2], next: AtomicI64::new(1) }
    }

    pub fn store(&self) -> FeedStore {
        FeedStore::new(Publication {
            name: "L'Éveil".into(),
            email: "redaction@exemple.tg".into(),
            base: "https://lettres.exemple.tg".into(),
            options: Options { items: 3, window: 48 * HOUR, ..Options::default() },
            ..Publication::default()
        })
    }

    /// Files an article in `rubrics` and in all, as one transaction.
    pub async fn publish(&self, draft: &Draft, rubrics: &[i64]) -> i64 {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let now = self.clock.now();
        let appeared = draft.appeared.unwrap_or_else(|| draft.published.max(now));
        let entry_id = format!("tag:exemple.tg,2026:article:{number}");
        let url = format!("https://www.exemple.tg/articles/{number}");
        let mut tx = self.db.begin().await.unwrap();
        let (id,): (i64,) = fetch_one!(
            &mut tx,
            ADD_ARTICLE,
            number.to_string(),
            &*entry_id,
            &*url,
            &*draft.title,
            &*draft.summary,
            &*draft.body,
            r#"["Afi Mensah"]"#,
            r#"["élections"]"#,
            draft.image,
            draft.image.map(|_| "Le pont"),
            draft.published,
            now,
            appeared,
            &[0u8; 32][..]
        )
        .unwrap();
        for (position, category) in rubrics.iter().chain([&self.all]).enumerate() {
            let position = i64::try_from(position).unwrap();
            execute!(&mut tx, FILE, id, *category, position, draft.published, appeared).unwrap();
            execute!(&mut tx, TOUCH, *category, now.whole_second()).unwrap();
        }
        tx.commit().await.unwrap();
        id
    }

    pub async fn retract(&self, article: i64, rubrics: &[i64]) {
        let now = self.clock.now();
        execute!(&self.db, RETRACT, article, now).unwrap();
        for category in rubrics.iter().chain([&self.all]) {
            execute!(&self.db, TOUCH, *category, now.whole_second()).unwrap();
        }
    }

    pub async fn rename_politique_and_remove_sport(&self) {
        execute!(&self.db, RENAME, self.politique, "vie-politique").unwrap();
        execute!(&self.db, ALIAS, "politique", self.politique).unwrap();
        execute!(&self.db, REMOVE, self.sport).unwrap();
    }

    pub async fn refresh(&self, store: &FeedStore) -> usize {
        let rebuilt = store.refresh(&self.db, self.clock.now()).await.unwrap().rebuilt;
        must_be_clean(store, self.clock.now());
        rebuilt
    }
}
