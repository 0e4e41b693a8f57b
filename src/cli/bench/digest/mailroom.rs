//! The newsroom whose digests are measured: its readers, its rubrics, the news of an edition.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use serde_json::json;

use super::super::newsroom::{Words, free_address, masthead};
use crate::app::{self, App};
use crate::articles::{self, CategoryId, Intake, Options, Progress};
use crate::clock::Clock;
use crate::config::Config;
use crate::db::Db;
use crate::mail::dkim::{Algorithm, SigningKey};
use crate::newsletters::newsletter::Newsletter;
use crate::subscribers::{Choice, make_crowd};

/// Its newsletter.
pub(super) const NEWSLETTER: &str = "matinale";

/// Where its mail comes from, and who signs it.
pub(super) const DOMAIN: &str = "epreuve.example";

/// Its rubrics; an edition has one article in each.
pub(super) const RUBRICS: usize = 22;

/// Articles in full; the others are announced. So many, with so many words each, make a message of 35 kB.
const IN_FULL: usize = 12;
const SUMMARY: usize = 48;

/// Where it keeps everything.
#[derive(Debug, Clone)]
pub(super) struct Mailroom {
    folder: PathBuf,
    database: String,
}

impl Mailroom {
    /// Makes one with so many readers, who see so many variants of an edition, in the empty database `url` or a SQLite file
    /// of its own.
    pub(super) async fn make(
        folder: &Path,
        url: Option<&str>,
        readers: u32,
        variants: u32,
    ) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let room =
            Self { folder: folder.to_owned(), database: url.unwrap_or("sqlite:kiosque.db").to_owned() };
        room.send_to(free_address()?, 1)?;
        let config = Config::load(&room.config())?;
        let db = app::open_store(&config).await?;
        db.migrate(&Clock::System).await.context("cannot make the tables")?;
        db.close().await;
        let app = room.open().await?;
        app.take_up().await?;
        let rubrics: Vec<CategoryId> = rubrics(&app.db).await?;
        let choices = choices(&rubrics, usize::try_from(variants)?);
        let newsletter = Newsletter::by_slug(&app.db, NEWSLETTER).await?.context("no newsletter")?.id;
        make_crowd(&app.db, newsletter, i64::from(readers), &choices, app.clock.now()).await?;
        app.db.close().await;
        Ok(room)
    }

    /// Where its configuration stands.
    pub(super) fn config(&self) -> PathBuf {
        self.folder.join("config.toml")
    }

    /// Hands its mail to `relay` from now on, over so many connections that are kept as long as there is mail.
    pub(super) fn send_to(&self, relay: SocketAddr, sessions: u32) -> anyhow::Result<()> {
        let text = configuration(&self.database, free_address()?, free_address()?, relay, sessions);
        std::fs::write(self.config(), text).context("cannot write the configuration")
    }

    /// The same, signed with an RSA key of 2048 bits.
    pub(super) fn send_signed_to(&self, relay: SocketAddr, sessions: u32) -> anyhow::Result<()> {
        let key = self.folder.join("rsa.pem");
        if !key.exists() {
            std::fs::write(&key, SigningKey::generate(Algorithm::Rsa)?.to_pem()?)?;
        }
        let mut text = configuration(&self.database, free_address()?, free_address()?, relay, sessions);
        let key = key.display();
        let _ = write!(text, "[[dkim]]\ndomain = \"{DOMAIN}\"\nselector = \"rsa\"\nkey = \"file:{key}\"\n");
        std::fs::write(self.config(), text).context("cannot write the configuration")
    }

    /// Where its store is, for somebody else.
    pub(super) fn database_url(&self) -> String {
        match self.database.strip_prefix("sqlite:") {
            Some(file) => format!("sqlite:{}", self.folder.join(file).display()),
            None => self.database.clone(),
        }
    }

    /// Removes its folder: a million rows take room.
    pub(super) fn remove(self) -> anyhow::Result<()> {
        std::fs::remove_dir_all(&self.folder)
            .with_context(|| format!("cannot remove {}", self.folder.display()))
    }

    /// Its parts, on the store as it is.
    pub(super) async fn open(&self) -> anyhow::Result<App> {
        App::open(Config::load(&self.config())?).await
    }
}

/// Files the news of an edition: an article in each rubric, all new.
pub(super) async fn file_news(app: &App, folder: &Path) -> anyhow::Result<()> {
    let file = folder.join("news.jsonl");
    let now = app.clock.now();
    let mut lines = String::new();
    for rubric in 0..RUBRICS {
        let number = usize::try_from(now.millis())?.wrapping_add(rubric);
        let mut words = Words::of(rubric + 1);
        let article = json!({
            "id": number.to_string(),
            "url": format!("https://www.epreuve.example/articles/{number}"),
            "title": words.take(8),
            "author": "Afi Essai",
            "summary": format!("{}.", words.take(SUMMARY)),
            "html": format!("<p>{}.</p>", words.take(120)),
            "categories": [name(rubric)],
            "published_at": now.to_string(),
        });
        let _ = writeln!(lines, "{article}");
    }
    std::fs::write(&file, lines)?;
    let intake = Intake::new(app.db.clone(), app.clock.clone(), &app.config);
    let summary = intake.import(&[file], &Options::default(), &Arc::new(Progress::default())).await?;
    anyhow::ensure!(summary.is_clean(), "an article was refused: {summary}");
    Ok(())
}

async fn rubrics(db: &Db) -> anyhow::Result<Vec<CategoryId>> {
    let categories = articles::categories(db).await?;
    let ours = |category: &articles::Category| category.name.starts_with("Rubrique ");
    Ok(categories.into_iter().filter(ours).map(|category| category.id).collect())
}

/// The first `count` of: everything; everything but one rubric, each in turn; but two; and so on. So they are about
/// equally long.
fn choices(rubrics: &[CategoryId], count: usize) -> Vec<Choice> {
    let mut choices = vec![Choice::All];
    let all: BTreeSet<CategoryId> = rubrics.iter().copied().collect();
    let mut without: Vec<Vec<usize>> = vec![Vec::new()];
    while choices.len() < count && !without.is_empty() {
        let mut longer = Vec::new();
        for left_out in &without {
            for next in left_out.last().map_or(0, |last| last + 1)..rubrics.len() {
                longer.push([left_out.as_slice(), &[next]].concat());
            }
        }
        for left_out in &longer {
            let gone: BTreeSet<CategoryId> = left_out.iter().map(|index| rubrics[*index]).collect();
            choices.push(Choice::Only(all.difference(&gone).copied().collect()));
            if choices.len() >= count {
                break;
            }
        }
        without = longer;
    }
    choices.truncate(count);
    choices
}

fn name(rubric: usize) -> String {
    format!("Rubrique {rubric:02}")
}

fn configuration(
    database: &str,
    address: SocketAddr,
    metrics: SocketAddr,
    relay: SocketAddr,
    sessions: u32,
) -> String {
    let mut text = masthead(address, metrics, database);
    let most = i32::MAX;
    let _ = write!(
        text,
        r#"
[[relay]]
url = "smtp://{relay}"
connections = {sessions}
messages_per_connection = {most}
[[newsletter]]
slug = "{NEWSLETTER}"
title = "La Matinale d’épreuve"
from = "La Matinale <matinale@epreuve.example>"
bounce_to = "retours@epreuve.example"
schedule = "0 7 * * *"
timezone = "Africa/Lome"
max_articles = {IN_FULL}
"#
    );
    for rubric in 0..RUBRICS {
        let _ = write!(text, "[[category]]\nname = \"{}\"\n", name(rubric));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_configuration_holds_no_mistakes() {
        let address = SocketAddr::from(([127, 0, 0, 1], 2525));
        let text = configuration("sqlite:kiosque.db", address, address, address, 16);
        let config = Config::from_toml_str(&text, Path::new("/nowhere")).unwrap();
        assert_eq!(config.categories.len(), RUBRICS);
    }

    #[test]
    fn choices_are_all_different_and_leave_little_out() {
        let rubrics: Vec<CategoryId> = (1..=i64::try_from(RUBRICS).unwrap()).map(CategoryId).collect();
        for count in [1, 2, 50, 5000] {
            let choices = choices(&rubrics, count);
            let different: BTreeSet<&Choice> = choices.iter().collect();
            assert_eq!(different.len(), count);
            assert!(
                choices.iter().all(|choice| rubrics.iter().filter(|id| choice.wants(**id)).count() >= 18)
            );
        }
    }
}
