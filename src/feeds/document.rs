//! A feed in words: everything it says, ready for any syntax.
//!
//! Here titles, summaries and our own words pass the typographer (names and tags do not), everything loses the characters that XML forbids
//! (both syndication crates write them out as they are), and what is empty is left out. Bodies keep their text.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::full_text;
use super::item::Item;
use super::items::{self, Choice};
use super::period::Period;
use super::picture::with_picture;
use super::spec::{ArchivePath, FeedPath, Format, Publication, View};
use super::uri::address;
use crate::articles::{CategoryId, CategoryKind, FIRST_PLAUSIBLE, Image};
use crate::clock::Timestamp;
use crate::config::FeedContent;
use crate::french::style::Style;
use crate::html::excerpt;
use crate::html::text::{is_blank, one_line, xml_safe};

/// RFC 5005's namespace.
pub(super) const HISTORY: &str = "http://purl.org/syndication/history/1.0";

/// The longest summary, in characters: some sites put the whole text there.
const LONGEST_SUMMARY: usize = 1000;

/// The longest title made of a summary, in characters.
const TITLE_FROM_SUMMARY: usize = 80;

/// What a feed says, whatever its format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The feed's permanent id, a URI.
    pub id: String,
    /// The category's slug, of which every format's path is made.
    pub slug: String,
    /// The publication, and the rubric when it is one.
    pub title: String,
    /// One sentence.
    pub description: String,
    /// The page it is the feed of.
    pub home: String,
    /// The articles' language, RFC 5646.
    pub language: String,
    /// Its picture.
    pub image: Option<String>,
    /// Whose feed it is.
    pub publisher: String,
    /// The newsroom's address.
    pub email: String,
    /// The notice of rights.
    pub rights: String,
    /// The newest change, in whole seconds.
    pub updated: DateTime<Utc>,
    /// The articles, newest first.
    pub entries: Vec<Entry>,
    /// Articles taken back.
    pub tombstones: Vec<Tombstone>,
    /// Where the document stands among those that make up the feed.
    pub part: Part,
}

/// A document's place in an archived feed (RFC 5005 §4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Part {
    /// What readers subscribe to; older articles are in the archive of this period.
    Subscription(Option<Period>),
    /// An archive, and those before and after it.
    Archive {
        /// What it covers.
        period: Period,
        /// The one before.
        previous: Option<Period>,
        /// The one after.
        next: Option<Period>,
    },
}

/// An article taken back (RFC 6721).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The id its entry had, as the database has it.
    pub id: String,
    /// When it was taken back, in whole seconds.
    pub when: DateTime<Utc>,
}

/// What a feed says of an article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The permanent id as the database has it: an imported one need not be a URI.
    pub id: String,
    /// The article's page.
    pub link: String,
    /// Plain text, never empty.
    pub title: String,
    /// Plain text, perhaps empty.
    pub summary: String,
    /// HTML; of a very long text the beginning; empty where the feed carries the summary alone.
    pub content: String,
    /// Names.
    pub authors: Vec<String>,
    /// Rubrics, then tags.
    pub terms: Vec<Term>,
    /// The leading image.
    pub image: Option<Image>,
    /// First publication, in whole seconds; none when it lies so far back that readers and validators take it for a slip.
    pub published: Option<DateTime<Utc>>,
    /// Last change, in whole seconds and not before the publication.
    pub updated: DateTime<Utc>,
}

/// What an article is filed under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// A rubric's slug; a tag has none.
    pub slug: Option<String>,
    /// What readers see.
    pub label: String,
}

/// The declared rubrics by number: they name what an article is filed under.
pub type Rubrics = HashMap<CategoryId, Term>;

impl Document {
    /// Says what `choice` shows in the feed of `view`.
    #[must_use]
    pub fn new(view: &View, choice: &Choice, rubrics: &Rubrics, publication: &Publication) -> Self {
        let style = publication.style;
        let publisher = line(&publication.name, style);
        let options = publication.options(&view.slug);
        let name = line(&view.name, style);
        let (title, description) = match view.kind {
            CategoryKind::All => (publisher.clone(), format!("Tous les articles publiés par {publisher}.")),
            CategoryKind::Rubric => {
                let description =
                    format!("Les articles de la rubrique «\u{a0}{name}\u{a0}», publiés par {publisher}.");
                (format!("{publisher} – {name}"), description)
            }
            CategoryKind::Feed => (format!("{publisher} – {name}"), format!("{name}, par {publisher}.")),
        };
        let said =
            |own: &Option<String>| own.as_deref().map(|own| line(own, style)).filter(|own| !own.is_empty());
        let mut entries: Vec<Entry> =
            choice.items.iter().map(|item| Entry::new(item, rubrics, style)).collect();
        match options.content {
            FeedContent::Full => full_text::fit(&mut entries),
            FeedContent::Summary => entries.iter_mut().for_each(|entry| entry.content.clear()),
        }
        // An entry says something below its title (W3C MissingTextualContent).
        for entry in entries.iter_mut().filter(|entry| entry.summary.is_empty() && entry.content.is_empty()) {
            entry.summary.clone_from(&entry.title);
        }
        let preceding = choice.last_at.zip(choice.before_at);
        Self {
            id: line_as_stored(&view.feed_id),
            slug: view.slug.clone(),
            title: said(&options.title).unwrap_or(title),
            description: said(&options.description).unwrap_or(description),
            home: options.link.clone().unwrap_or_else(|| publication.url("/flux/")),
            language: options.language.clone(),
            image: options.image.clone(),
            rights: format!("©\u{a0}{publisher}"),
            publisher,
            email: line_as_stored(&publication.email),
            updated: entries.iter().map(|entry| entry.updated).fold(date(choice.newest_change()), Ord::max),
            entries,
            tombstones: choice.tombstones.iter().map(Tombstone::new).collect(),
            part: Part::Subscription(preceding.map(|(last, before)| Period::preceding(last, before))),
        }
    }

    /// The document's own address in a format.
    #[must_use]
    pub fn own_url(&self, format: Format, publication: &Publication) -> String {
        match self.part {
            Part::Subscription(_) => self.subscription_url(format, publication),
            Part::Archive { period, .. } => self.archive_url(period, format, publication),
        }
    }

    /// The links of RFC 5005 that it carries in a format: relation and address.
    #[must_use]
    pub fn archive_links(&self, format: Format, publication: &Publication) -> Vec<(&'static str, String)> {
        let archive = |period| self.archive_url(period, format, publication);
        match self.part {
            Part::Subscription(previous) => {
                previous.map(|period| ("prev-archive", archive(period))).into_iter().collect()
            }
            Part::Archive { previous, next, .. } => {
                let current = ("current", self.subscription_url(format, publication));
                let previous = previous.map(|period| ("prev-archive", archive(period)));
                let next = next.map(|period| ("next-archive", archive(period)));
                [Some(current), previous, next].into_iter().flatten().collect()
            }
        }
    }

    fn subscription_url(&self, format: Format, publication: &Publication) -> String {
        publication.url(&FeedPath { slug: self.slug.clone(), format }.from_root())
    }

    fn archive_url(&self, period: Period, format: Format, publication: &Publication) -> String {
        publication.url(&ArchivePath { slug: self.slug.clone(), period, format }.from_root())
    }
}

impl Tombstone {
    fn new(gone: &items::Tombstone) -> Self {
        Self { id: line_as_stored(&gone.entry_id), when: date(gone.at) }
    }
}

impl Entry {
    fn new(item: &Item, rubrics: &Rubrics, style: Style) -> Self {
        let summary = line(&excerpt(&item.summary, LONGEST_SUMMARY), style);
        let link = address(&line_as_stored(&item.url)).into_owned();
        let image = item.image.as_ref().map(|image| Image {
            url: line_as_stored(&image.url),
            alt: line_as_stored(&image.alt),
            ..*image
        });
        let published = date(item.published_at);
        Self {
            id: line_as_stored(&item.entry_id),
            title: Some(headline(&item.title, style))
                .filter(|title| !title.is_empty())
                .unwrap_or_else(|| opening(&summary)),
            content: with_picture(&full_text::beginning(&xml_safe(&item.body), &link), image.as_ref()),
            link,
            summary,
            authors: distinct(item.authors.iter().map(|name| line_as_stored(name))),
            terms: terms(item, rubrics),
            image: image.map(|image| Image { url: address(&image.url).into_owned(), ..image }),
            published: Some(published).filter(|_| item.published_at >= FIRST_PLAUSIBLE),
            updated: date(item.updated_at).max(published),
        }
    }
}

/// The rubrics an article is in that were declared, then its tags that are not named like one of them.
fn terms(item: &Item, rubrics: &Rubrics) -> Vec<Term> {
    let mut terms: Vec<Term> = item.categories.iter().filter_map(|id| rubrics.get(id)).cloned().collect();
    for label in distinct(item.tags.iter().map(|tag| line_as_stored(tag))) {
        if !terms.iter().any(|term| term.label.to_lowercase() == label.to_lowercase()) {
            terms.push(Term { slug: None, label });
        }
    }
    terms
}

/// The rubrics among `views` that articles are shown to be filed under.
#[must_use]
pub fn rubrics(views: &[View], style: Style) -> Rubrics {
    let named = |view: &&View| view.kind == CategoryKind::Rubric && view.listed && !view.removed;
    let term = |view: &View| Term { slug: Some(view.slug.clone()), label: line(&view.name, style) };
    views.iter().filter(named).map(|view| (view.id, term(view))).collect()
}

/// The first words of a text, for an article without a title.
fn opening(summary: &str) -> String {
    if summary.is_empty() {
        return "Sans titre".to_owned();
    }
    if summary.chars().count() <= TITLE_FROM_SUMMARY {
        return summary.to_owned();
    }
    let cut: String = summary.chars().take(TITLE_FROM_SUMMARY).collect();
    let whole = cut.rfind(' ').map_or(cut.as_str(), |at| &cut[..at]);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '.', ' ', '\u{a0}', '\u{202f}']))
}

/// The texts that are not empty, each once.
fn distinct(texts: impl Iterator<Item = String>) -> Vec<String> {
    let mut seen = Vec::new();
    for text in texts {
        if !text.is_empty() && !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen
}

/// A moment in whole seconds of a year that every format can write (four digits).
fn date(at: Timestamp) -> DateTime<Utc> {
    const FIRST: Timestamp = Timestamp::from_millis(-62_135_596_800_000); // 0001-01-01
    const LAST: Timestamp = Timestamp::from_millis(253_402_300_799_000); // 9999-12-31T23:59:59
    at.whole_second().clamp(FIRST, LAST).to_utc()
}

/// A journalist's title, as it is printed.
pub(super) fn headline(text: &str, style: Style) -> String {
    style.title(&line_as_stored(text))
}

/// A line of ours, a name or a summary, as it is printed.
pub(super) fn line(text: &str, style: Style) -> String {
    style.text(&line_as_stored(text))
}

/// A line of somebody else's, as it is stored; empty when nobody would see anything of it.
fn line_as_stored(text: &str) -> String {
    let line = one_line(&xml_safe(text));
    if is_blank(&line) { String::new() } else { line }
}
