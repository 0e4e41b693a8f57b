//! The feeds of newsletters kept up: each edition an entry, which says what its page says.

use std::fmt::Write as _;

use crate::articles::Image;
use crate::clock::Timestamp;
use crate::feeds::document::{Entry, Term};
use crate::feeds::uri::address;
use crate::feeds::{FeedStore, Letter};
use crate::french::date;
use crate::french::style::Style;
use crate::html::excerpt;
use crate::html::text::escape_into;

use super::desk::Desk;
use super::edition::EditionId;
use super::newsletter::NewsletterId;
use super::online::{self, OnlineArticle, OnlineEdition, OnlineNewsletter, OnlineVersion, Shelves, Since};
use super::zone::Zone;

/// A feed carries the latest editions: a month of a daily newsletter.
const EDITIONS: i64 = 30;

/// The longest beginning of an article, in characters.
const EXCERPT: usize = 340;

/// The longest summary of an edition, in characters.
const SUMMARY: usize = 300;

/// Builds the feeds of newsletters anew if an edition was released, an article changed or the configuration did since.
/// Gives whether it did.
///
/// # Errors
/// When the store fails or a document cannot be written; the feeds that were ready stay.
pub async fn refresh(desk: &Desk, feeds: &FeedStore) -> anyhow::Result<bool> {
    let version = format!("{:?}", OnlineVersion::read(&desk.db).await?);
    if feeds.letters_version().as_deref() == Some(&*version) {
        return Ok(false);
    }
    let identity = desk.db.installation().await?.identity;
    let mut letters = Vec::new();
    for newsletter in OnlineNewsletter::all(&desk.db).await? {
        // One that is not declared any more keeps the feed it had.
        if newsletter.editions > 0 || desk.declaration(&newsletter.slug).is_some() {
            letters.push(letter(desk, &identity, newsletter).await?);
        }
    }
    feeds.put_letters(letters, online::former_slugs(&desk.db).await?, version)?;
    Ok(true)
}

async fn letter(desk: &Desk, identity: &str, newsletter: OnlineNewsletter) -> anyhow::Result<Letter> {
    let declaration = desk.declaration(&newsletter.slug);
    let shelves = Shelves::read(&desk.db, declaration).await?;
    let editions = OnlineEdition::latest(&desk.db, newsletter.id, EDITIONS).await?;
    let articles = online::articles(&desk.db, &editions).await?;
    let home = desk.config.public_url.join(&format!("/editions/{}", newsletter.slug));
    let (zone, style) = (newsletter.zone(), desk.templates.french());
    let entries = editions.iter().zip(&articles).map(|(edition, articles)| {
        let link = format!("{home}/{}", edition.name);
        Entry {
            id: edition_id(identity, edition.id),
            link,
            ..entry(edition, articles, &shelves, zone, style)
        }
    });
    Ok(Letter {
        entries: entries.collect(),
        id: letter_id(identity, newsletter.id),
        description: declaration.map(|declaration| declaration.description.clone()),
        home,
        created_at: newsletter.created_at,
        slug: newsletter.slug,
        title: declaration.map_or(newsletter.title, |declaration| declaration.title.clone()),
    })
}

fn letter_id(identity: &str, newsletter: NewsletterId) -> String {
    urn(&format!("{identity}:newsletter:{newsletter}"))
}

fn edition_id(identity: &str, edition: EditionId) -> String {
    urn(&format!("{identity}:edition:{edition}"))
}

/// A permanent id: it depends on the installation and the row, on no name or address.
fn urn(what: &str) -> String {
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, what.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    format!("urn:uuid:{}", uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn entry(
    edition: &OnlineEdition,
    articles: &[OnlineArticle],
    shelves: &Shelves,
    zone: Zone,
    style: Style,
) -> Entry {
    let (lead, sections) = shelves.sort(articles);
    let mut html = String::new();
    for paragraph in edition.note.iter().flat_map(|note| note.split("\n\n")).map(str::trim) {
        element(&mut html, "p", &style.text(paragraph));
    }
    if let Some((article, _)) = lead {
        write_article(&mut html, "h2", article, zone, style);
    }
    let mut terms = Vec::new();
    for (rubric, articles) in &sections {
        element(&mut html, "h2", rubric.map_or("Autres articles", |rubric| &rubric.name));
        for article in articles {
            write_article(&mut html, "h3", article, zone, style);
        }
    }
    let rubrics = lead.and_then(|(_, rubric)| rubric).into_iter();
    for rubric in rubrics.chain(sections.iter().filter_map(|(rubric, _)| *rubric)) {
        let term = Term { slug: Some(rubric.slug.clone()), label: rubric.name.clone() };
        if !terms.contains(&term) {
            terms.push(term);
        }
    }
    let shown: Vec<&OnlineArticle> = articles.iter().filter(|article| is_shown(article)).collect();
    let titles: Vec<String> = shown.iter().map(|article| style.title(&article.title)).collect();
    let dated = format!("Édition du {}", date::long_date(edition.name.day));
    let image = shown.first().and_then(|article| article.image.clone());
    Entry {
        id: String::new(),
        link: String::new(),
        title: edition
            .headline
            .clone()
            .filter(|title| !title.trim().is_empty())
            .unwrap_or_else(|| dated.clone()),
        summary: if titles.is_empty() { dated } else { excerpt(&titles.join(" · "), SUMMARY) },
        content: html,
        authors: Vec::new(),
        terms,
        image: image.map(|image| Image { url: address(&image.url).into_owned(), ..image }),
        published: Some(edition.released_at.whole_second().to_utc()),
        updated: updated(edition, articles).whole_second().to_utc(),
    }
}

fn is_shown(article: &OnlineArticle) -> bool {
    !matches!(article.since, Since::Retracted(_))
}

/// When what is said of the edition changed last.
fn updated(edition: &OnlineEdition, articles: &[OnlineArticle]) -> Timestamp {
    let moments = articles.iter().filter_map(|article| match article.since {
        Since::Unchanged => None,
        Since::Changed(at) => at,
        Since::Retracted(at) => Some(at),
    });
    moments.fold(edition.released_at, Ord::max)
}

fn write_article(html: &mut String, heading: &str, article: &OnlineArticle, zone: Zone, style: Style) {
    if let Since::Retracted(at) = article.since {
        return element(html, "p", &retracted(at, zone));
    }
    if let Some(image) = article.image.as_ref().filter(|_| heading == "h2") {
        html.push_str("<p><img src=\"");
        escape_into(&address(&image.url), html);
        html.push_str("\" alt=\"");
        escape_into(&image.alt, html);
        html.push('"');
        if let Some((width, height)) = image.size {
            let _ = write!(html, " width=\"{width}\" height=\"{height}\"");
        }
        html.push_str("></p>\n");
    }
    let _ = write!(html, "<{heading}><a href=\"");
    escape_into(&address(&article.url), html);
    html.push_str("\">");
    escape_into(&style.title(&article.title), html);
    let _ = writeln!(html, "</a></{heading}>");
    if !article.summary.is_empty() {
        element(html, "p", &excerpt(&style.text(&article.summary), EXCERPT));
    }
    if let Since::Changed(at) = article.since {
        element(html, "p", &changed(at, zone));
    }
}

fn element(html: &mut String, name: &str, text: &str) {
    let _ = write!(html, "<{name}>");
    escape_into(text, html);
    let _ = writeln!(html, "</{name}>");
}

/// « Cet article a été retiré le 24 novembre 2026. »
#[must_use]
pub fn retracted(at: Timestamp, zone: Zone) -> String {
    format!("Cet article a été retiré le {}.", date::full_date(zone.local(at.to_utc()).date()))
}

/// « Article modifié le 24 novembre 2026, après l’envoi de la lettre. »
#[must_use]
pub fn changed(at: Option<Timestamp>, zone: Zone) -> String {
    match at {
        Some(at) => {
            let day = date::full_date(zone.local(at.to_utc()).date());
            format!("Article modifié le {day}, après l’envoi de la lettre.")
        }
        None => "Article modifié après l’envoi de la lettre.".to_owned(),
    }
}
