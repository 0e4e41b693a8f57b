//! The demo's articles and pictures, written and drawn for this project (`samples/`) and compiled in.
//!
//! Half of them stand as published over the last days; the others wait in a queue and appear one after the other,
//! round after round, so that feeds and digests visibly move.

use anyhow::Context;
use serde::Deserialize;

use crate::clock::{MINUTE, SECOND, Timestamp};

/// One article of the queue appears this long after the other (ms).
pub const QUEUE_STEP: i64 = 20 * SECOND;

/// One article, as a newsroom's system would hand it over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SampleArticle {
    /// The newsroom's own id; another one in each round of the queue.
    pub id: String,
    /// Where it stands on the site, without a leading slash.
    pub path: String,
    /// Plain text.
    pub title: String,
    /// The body.
    pub html: String,
    /// Plain text.
    pub summary: String,
    /// Who signs.
    pub author: String,
    /// Rubrics' names, the primary one first.
    pub categories: Vec<String>,
    /// A name that [`image()`] knows.
    pub image: Option<String>,
    /// What the picture shows, for those who do not see it.
    pub image_alt: Option<String>,
    /// Publication; in the future for those of the queue.
    pub published_at: Timestamp,
}

/// The articles that are published already at `now`, the newest a few minutes ago, the oldest within the week.
///
/// # Errors
/// When a file of `samples/articles/` is not as it should be; a test reads them all.
pub fn published(now: Timestamp) -> anyhow::Result<Vec<SampleArticle>> {
    let mut articles = Vec::new();
    for entry in entries()? {
        if let Some(minutes) = entry.minutes_ago {
            articles.push(entry.article(now.plus(-minutes * MINUTE), ""));
        }
    }
    Ok(articles)
}

/// The queue's articles in their order, the first to appear one [`QUEUE_STEP`] after `now`. Each `round` gives them
/// ids and paths of its own: to every reader they are new.
///
/// # Errors
/// As [`published`].
pub fn queue(now: Timestamp, round: u32) -> anyhow::Result<Vec<SampleArticle>> {
    let suffix = if round == 0 { String::new() } else { format!("-{}", round + 1) };
    let mut articles = Vec::new();
    for entry in entries()? {
        if let Some(place) = entry.embargo {
            articles.push(entry.article(now.plus(place * QUEUE_STEP), &suffix));
        }
    }
    articles.sort_by_key(|article| article.published_at);
    Ok(articles)
}

/// The JPEG file of this name (640 × 400 pixels, at most 25 kB), such as `port.jpg`.
#[must_use]
pub fn image(name: &str) -> Option<&'static [u8]> {
    IMAGES.iter().find(|(known, _)| *known == name).map(|(_, bytes)| *bytes)
}

/// Writes every picture into a folder, which is made.
///
/// # Errors
/// When the folder cannot be written to.
pub fn write_images(folder: &std::path::Path) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    IMAGES.iter().try_for_each(|(name, bytes)| std::fs::write(folder.join(name), bytes))
}

/// One `[[article]]` of a file in `samples/articles/`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    path: String,
    title: String,
    html: String,
    summary: String,
    author: String,
    categories: Vec<String>,
    image: Option<String>,
    image_alt: Option<String>,
    /// Published so many minutes before the demo starts; or else
    minutes_ago: Option<i64>,
    /// its place in the queue, from 1 on.
    embargo: Option<i64>,
}

impl Entry {
    fn article(self, published_at: Timestamp, suffix: &str) -> SampleArticle {
        SampleArticle {
            id: self.id + suffix,
            path: self.path + suffix,
            title: self.title,
            html: self.html,
            summary: self.summary,
            author: self.author,
            categories: self.categories,
            image: self.image,
            image_alt: self.image_alt,
            published_at,
        }
    }
}

fn entries() -> anyhow::Result<Vec<Entry>> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        article: Vec<Entry>,
    }
    let mut entries = Vec::new();
    for (name, text) in FILES {
        let file: File = toml::from_str(text).with_context(|| format!("samples/articles/{name}"))?;
        entries.extend(file.article);
    }
    Ok(entries)
}

macro_rules! articles {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../../../samples/articles/", $name)))),*]
    };
}

macro_rules! images {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_bytes!(concat!("../../../samples/images/", $name)))),*]
    };
}

static FILES: &[(&str, &str)] = articles!(
    "politique.toml",
    "economie.toml",
    "societe.toml",
    "culture.toml",
    "sport.toml",
    "tech-web.toml",
    "cooperation.toml",
    "sante.toml",
);

static IMAGES: &[(&str, &[u8])] = images!(
    "antenne.jpg",
    "assemblee.jpg",
    "champ.jpg",
    "circuit.jpg",
    "clavier.jpg",
    "coeur.jpg",
    "drone.jpg",
    "ecole.jpg",
    "feuille.jpg",
    "hemicycle.jpg",
    "lagune.jpg",
    "livre.jpg",
    "lunettes.jpg",
    "marche.jpg",
    "micro.jpg",
    "nuit.jpg",
    "panier.jpg",
    "paysage.jpg",
    "piste.jpg",
    "pont.jpg",
    "port.jpg",
    "rue.jpg",
    "stethoscope.jpg",
    "tambour.jpg",
    "terrain.jpg",
    "tissu.jpg",
    "velo.jpg",
);

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::clock::{DAY, HOUR};
    use crate::french::slug::slug;

    const NOW: Timestamp = Timestamp::from_millis(1_790_000_000_000);

    fn all() -> Vec<SampleArticle> {
        [published(NOW).unwrap(), queue(NOW, 0).unwrap(), queue(NOW, 1).unwrap()].concat()
    }

    #[test]
    fn there_are_enough_articles_in_each_of_the_eight_rubrics() {
        let (published, queue) = (published(NOW).unwrap(), queue(NOW, 0).unwrap());
        assert!(published.len() + queue.len() >= 44, "{} and {}", published.len(), queue.len());
        assert!((22..=28).contains(&queue.len()), "{} in the queue", queue.len());
        let rubrics: BTreeSet<&str> =
            published.iter().map(|article| article.categories[0].as_str()).collect();
        let expected = BTreeSet::from([
            "Coopération",
            "Culture",
            "Politique",
            "Santé",
            "Société",
            "Sport",
            "Tech & Web",
            "Économie",
        ]);
        assert_eq!(rubrics, expected);
        for article in published.iter().chain(&queue) {
            for rubric in &article.categories {
                assert!(expected.contains(rubric.as_str()), "{}: {rubric}", article.id);
            }
        }
    }

    #[test]
    fn every_article_has_an_id_and_an_address_of_its_own_in_every_round() {
        let articles = all();
        for field in [|a: &SampleArticle| a.id.clone(), |a: &SampleArticle| a.path.clone()] {
            let distinct: BTreeSet<String> = articles.iter().map(field).collect();
            assert_eq!(distinct.len(), articles.len());
        }
        for article in &articles {
            let (rubric, page) = article.path.split_once('/').unwrap();
            assert_eq!(Some(rubric.to_owned()), slug(&article.categories[0]), "{}", article.id);
            assert_eq!(Some(page.to_owned()), slug(page), "{}", article.id);
        }
    }

    #[test]
    fn the_published_ones_lie_within_the_last_week_and_the_queue_moves_step_by_step() {
        for article in published(NOW).unwrap() {
            let age = NOW.millis() - article.published_at.millis();
            assert!((20 * MINUTE..7 * DAY - HOUR).contains(&age), "{}", article.id);
        }
        for (index, article) in queue(NOW, 3).unwrap().iter().enumerate() {
            let steps = i64::try_from(index).unwrap() + 1;
            assert_eq!(article.published_at, NOW.plus(steps * QUEUE_STEP), "{}", article.id);
        }
    }

    #[test]
    fn every_entry_is_either_published_or_in_the_queue() {
        for entry in entries().unwrap() {
            assert!(entry.minutes_ago.is_some() != entry.embargo.is_some(), "{}", entry.id);
        }
    }

    #[test]
    fn every_article_can_be_shown_to_a_newsroom() {
        for article in all() {
            for text in [&article.title, &article.summary, &article.author] {
                assert!(!text.trim().is_empty() && !text.contains(['<', '>']), "{}: {text}", article.id);
            }
            assert!(article.html.contains("<p>") && article.html.contains("</p>"), "{}", article.id);
            let short = article.html.matches("<p>").count() < 3;
            assert!(!short || article.author == "La rédaction", "{}: too short", article.id);
            assert_eq!(article.image.is_some(), article.image_alt.is_some(), "{}", article.id);
        }
        assert!(
            all().iter().any(|article| article.image.is_none()),
            "one shows how it looks without a picture"
        );
    }

    /// Plain spaces and quotes where French wants others, and words that betray another language.
    #[test]
    fn the_texts_are_set_as_french_wants() {
        const FAULTS: &[&str] =
            &[" ;", " !", " ?", " :", " %", " »", "« ", " F CFA", "'", "...", "  ", "\u{fffd}"];
        const NOT_FRENCH: &[&str] = &["the", "and", "lorem", "ipsum", "dolor", "todo", "with", "of"];
        for article in all() {
            let alt = article.image_alt.clone().unwrap_or_default();
            for text in [&article.title, &article.summary, &article.html, &article.author, &alt] {
                for fault in FAULTS {
                    assert!(!text.contains(fault), "{}: {fault:?} in {text}", article.id);
                }
                assert_eq!(text.matches('«').count(), text.matches('»').count(), "{}: {text}", article.id);
                for word in text.split(|c: char| !c.is_alphanumeric()) {
                    assert!(!NOT_FRENCH.contains(&word.to_lowercase().as_str()), "{}: {word}", article.id);
                }
            }
            assert!(!article.title.contains('"') && !article.summary.contains('"'), "{}", article.id);
        }
    }

    #[test]
    fn every_picture_is_there_small_and_used() {
        let used: BTreeSet<String> = all().into_iter().filter_map(|article| article.image).collect();
        let known: BTreeSet<String> = IMAGES.iter().map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(used, known);
        for (name, bytes) in IMAGES {
            assert!(bytes.starts_with(&[0xff, 0xd8, 0xff]) && bytes.len() <= 25_000, "{name}");
        }
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/images");
        let files =
            std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        assert_eq!(files.filter(|name| name.ends_with(".jpg")).collect::<BTreeSet<_>>(), known);
        assert_eq!(
            image("port.jpg").map(<[u8]>::len),
            IMAGES.iter().find(|(n, _)| *n == "port.jpg").map(|(_, b)| b.len())
        );
        assert_eq!(image("../config.toml"), None);
    }
}
