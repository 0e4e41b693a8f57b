//! The newsroom that is measured: 50 rubrics, feeds of 50 articles, bodies of 4 kB, each article in three rubrics.

use std::fmt::Write as _;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use serde_json::{Value, json};

use crate::app::{self, App};
use crate::articles::{self, Intake, Options, Progress};
use crate::clock::{Clock, MINUTE, Timestamp};
use crate::config::Config;
use crate::feeds::FeedPath;

/// How many rubrics it has.
pub(super) const RUBRICS: usize = 50;
/// How many articles a feed carries.
pub(super) const ITEMS: usize = 50;
/// How many bytes an article's body has, at least.
pub(super) const BODY: usize = 4096;

/// So many are written and imported; the others are copies of them. A feed's 50 articles lie within the newest 834.
const ORIGINALS: usize = 1000;
/// From one article to the one before it (ms).
const BETWEEN: i64 = 5 * MINUTE;

/// A newsroom in a folder of its own.
#[derive(Debug)]
pub(super) struct Newsroom {
    folder: PathBuf,
    pub address: SocketAddr,
    pub articles: i64,
}

impl Newsroom {
    /// Makes one with at least so many articles, in the database `url` or a SQLite file of its own.
    pub(super) async fn make(folder: &Path, articles: i64, url: Option<&str>) -> anyhow::Result<Self> {
        let address = free_address()?;
        let newsroom = Self { folder: folder.to_owned(), address, articles: 0 };
        let text = configuration(address, free_address()?, url.unwrap_or("sqlite:kiosque.db"));
        std::fs::write(newsroom.config(), text)?;
        let config = Config::load(&newsroom.config())?;
        let db = app::open_store(&config).await?;
        db.migrate(&Clock::System).await.context("cannot make the tables")?;
        db.close().await;

        let app = newsroom.open().await?;
        app.take_up().await?;
        let file = folder.join("articles.jsonl");
        let now = app.clock.now();
        let lines: Vec<String> = (0..ORIGINALS).map(|n| article(n, now).to_string()).collect();
        std::fs::write(&file, lines.join("\n"))?;
        let options = Options { archive: true, ..Options::default() };
        let intake = newsroom.intake(&app);
        let summary = intake.import(&[file], &options, &Arc::new(Progress::default())).await?;
        anyhow::ensure!(summary.is_clean(), "an article was refused: {summary}");
        let span = i64::try_from(ORIGINALS)? * BETWEEN;
        let articles = articles::copy_until(&app.db, articles, span).await?;
        app.db.close().await;
        Ok(Self { articles, ..newsroom })
    }

    /// Where its configuration stands.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Its parts, on the store as it is.
    pub(super) async fn open(&self) -> anyhow::Result<App> {
        App::open(Config::load(&self.config())?).await
    }

    /// The door that its articles come in by.
    pub(super) fn intake(&self, app: &App) -> Intake {
        Intake::new(app.db.clone(), app.clock.clone(), &app.config)
    }
}

/// The path of a rubric's feed.
pub(super) fn feed(rubric: usize, format: crate::feeds::Format) -> String {
    FeedPath { slug: format!("rubrique-{rubric:02}"), format }.from_root()
}

/// The rubrics of the n-th article.
pub(super) fn rubrics_of(n: usize) -> [usize; 3] {
    [n % RUBRICS, (n + 17) % RUBRICS, (n + 31) % RUBRICS]
}

/// An article that appears now, in the rubrics of the n-th.
pub(super) fn news(n: usize, now: Timestamp) -> Value {
    let mut article = article(n, now);
    article["id"] = json!(format!("news-{n}"));
    article["url"] = json!(format!("https://www.epreuve.example/news/{n}"));
    article["published_at"] = json!(now.to_string());
    article
}

fn article(n: usize, now: Timestamp) -> Value {
    let mut words = Words::of(n);
    let mut html = String::with_capacity(BODY + 512);
    while html.len() < BODY {
        let _ = write!(html, "<p>{}.</p>", words.take(60));
    }
    let rubrics = rubrics_of(n).map(|rubric| format!("Rubrique {rubric:02}"));
    let back = i64::try_from(n).unwrap_or(0) * BETWEEN;
    json!({
        "id": n.to_string(),
        "url": format!("https://www.epreuve.example/articles/{n}"),
        "title": words.take(8),
        "author": "Afi Essai",
        "html": html,
        "categories": rubrics,
        "published_at": now.plus(-back).to_string(),
    })
}

/// Words in an order that a number decides.
pub(super) struct Words(u32);

impl Words {
    /// Another order for another number.
    pub(super) fn of(n: usize) -> Self {
        Self(u32::try_from(n).unwrap_or(0).wrapping_mul(2_654_435_761) | 1)
    }

    /// The next words.
    pub(super) fn take(&mut self, count: usize) -> String {
        let mut text = String::new();
        for n in 0..count {
            self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let word = WORDS[self.0 as usize / 7 % WORDS.len()];
            text.push_str(if n == 0 { "" } else { " " });
            text.push_str(word);
        }
        text
    }
}

const WORDS: [&str; 72] = [
    "le",
    "port",
    "de",
    "Lomé",
    "accueille",
    "depuis",
    "hier",
    "une",
    "file",
    "camions",
    "plus",
    "courte",
    "que",
    "jamais",
    "et",
    "les",
    "transporteurs",
    "saluent",
    "réforme",
    "attendue",
    "qui",
    "promet",
    "enfin",
    "des",
    "délais",
    "tenus",
    "pour",
    "chaque",
    "commune",
    "du",
    "littoral",
    "jusqu’au",
    "nord",
    "pays",
    "où",
    "l’on",
    "cultive",
    "soja",
    "coton",
    "igname",
    "maïs",
    "pendant",
    "la",
    "saison",
    "pluies",
    "avant",
    "marché",
    "école",
    "pont",
    "route",
    "dispensaire",
    "électricité",
    "député",
    "séance",
    "budget",
    "région",
    "tirailleurs",
    "lagune",
    "pêche",
    "récolte",
    "lycée",
    "concours",
    "match",
    "finale",
    "sélection",
    "hôpital",
    "vaccin",
    "réseau",
    "fibre",
    "étudiants",
    "coopérative",
    "crédit",
];

/// An address on this machine that is free for now.
pub(super) fn free_address() -> anyhow::Result<SocketAddr> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).context("no port is free")?;
    Ok(listener.local_addr()?)
}

/// What every configuration begins with.
pub(super) fn masthead(address: SocketAddr, metrics: SocketAddr, database: &str) -> String {
    format!(
        r#"public_url = "http://{address}"
[database]
url = "{database}"
[http]
listen = "{address}"
[metrics]
listen = "{metrics}"
[log]
filter = "warn"
[publisher]
name = "Le Journal d’épreuve"
law = ["TG"]
legal_form = "SARL-U"
address = "12, rue des Cocotiers, Lomé"
phone = "+228 00 00 00 00"
director = "A. Essai"
haac_receipt = "0000/HAAC/00-0000/Pl/P"
email = "redaction@epreuve.example"
privacy_contact = "donnees@epreuve.example"
"#
    )
}

fn configuration(address: SocketAddr, metrics: SocketAddr, database: &str) -> String {
    let mut text = masthead(address, metrics, database);
    let _ = write!(text, "[feeds]\nitems = {ITEMS}\nwindow = \"1h\"\n[[relay]]\nurl = \"maildir:outbox\"\n");
    for rubric in 0..RUBRICS {
        let _ = write!(text, "[[category]]\nname = \"Rubrique {rubric:02}\"\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_holds_no_mistakes_and_every_article_stands_in_three_rubrics() {
        let text =
            configuration(([127, 0, 0, 1], 8080).into(), ([127, 0, 0, 1], 9090).into(), "sqlite:kiosque.db");
        let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap();
        assert_eq!(config.categories.len(), RUBRICS);
        let now = Timestamp::from_millis(1_795_420_800_000);
        for n in 0..ORIGINALS {
            let article = article(n, now);
            let names: std::collections::BTreeSet<&str> =
                article["categories"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
            assert_eq!(names.len(), 3);
            assert!(
                names
                    .iter()
                    .all(|name| config.categories.iter().any(|category| category.name.get_ref() == name))
            );
            assert!((BODY..BODY + 700).contains(&article["html"].as_str().unwrap().len()));
        }
    }
}
