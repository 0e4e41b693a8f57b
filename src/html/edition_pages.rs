//! What the pages of editions show. Texts are stored text; the templates set it in French.

use crate::html::pages::FeedView;
use chrono::{NaiveDate, NaiveDateTime};
use serde::Serialize;

/// The newsletter whose editions a page shows.
#[derive(Debug, Clone, Serialize)]
pub struct LetterHead {
    /// Its present slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// One sentence, perhaps empty.
    pub description: String,
    /// When it comes; none when it is not declared any more and cannot be asked for.
    pub rhythm: Option<String>,
    /// The feed of its editions.
    pub feed: FeedView,
    /// Whether search engines are asked to leave the page out.
    pub noindex: bool,
}

/// An edition in a list.
#[derive(Debug, Clone, Serialize)]
pub struct EditionLink {
    /// The last part of its address.
    pub name: String,
    /// Its day.
    pub date: NaiveDate,
    /// The moment of what is not the day’s first, to name its hour.
    pub hour: Option<NaiveDateTime>,
    /// Its headline; none when everything in it was retracted.
    pub headline: Option<String>,
    /// How many articles it has.
    pub articles: i64,
}

/// A letter in the list of letters.
#[derive(Debug, Clone, Serialize)]
pub struct LetterLine {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// When it comes.
    pub rhythm: Option<String>,
    /// Its latest edition.
    pub latest: Option<EditionLink>,
}

/// The months of a year that have editions.
#[derive(Debug, Clone, Serialize)]
pub struct YearView {
    /// The year.
    pub year: i32,
    /// Its months, the latest first.
    pub months: Vec<MonthLink>,
}

/// A month that has editions.
#[derive(Debug, Clone, Serialize)]
pub struct MonthLink {
    /// The last part of its address: `2026-11`.
    pub key: String,
    /// "novembre".
    pub name: String,
    /// "novembre 2026".
    pub full: String,
}

/// What a link to a page shows where it is passed on (ogp.me), and the page's own address.
#[derive(Debug, Clone, Serialize)]
pub struct Sharing {
    /// The page's whole address.
    pub url: String,
    /// One line.
    pub title: String,
    /// One or two lines.
    pub description: String,
    /// A picture.
    pub image: Option<PictureView>,
    /// When it was published, RFC 3339; empty for a page that is a list.
    pub published: String,
}

/// A picture.
#[derive(Debug, Clone, Serialize)]
pub struct PictureView {
    /// Its address.
    pub url: String,
    /// What it shows; empty when nobody described it.
    pub alt: String,
    /// Its width in pixels, where it is known.
    pub width: Option<u32>,
    /// Its height in pixels, where it is known.
    pub height: Option<u32>,
    /// The same as WebP, as `srcset` says it (HTML §4.8.4.2.1), where it was made.
    pub webp: Option<String>,
}

/// An article of an edition.
#[derive(Debug, Clone, Serialize)]
pub struct OnlineArticleView {
    /// « Cet article a été retiré le … »: everything else is empty then.
    pub retracted: Option<String>,
    /// « Article modifié le … »
    pub changed: Option<String>,
    /// Plain text.
    pub title: String,
    /// Its page.
    pub url: String,
    /// Plain text.
    pub summary: String,
    /// Who wrote it, to follow « Par ».
    pub author: Option<String>,
    /// Its picture.
    pub image: Option<PictureView>,
    /// Whether the mail named it only.
    pub announced: bool,
}

/// The articles of a rubric.
#[derive(Debug, Clone, Serialize)]
pub struct OnlineSection {
    /// The rubric, or « Autres articles ».
    pub rubric: String,
    /// At least one.
    pub articles: Vec<OnlineArticleView>,
}

/// `/editions/`.
#[derive(Debug, Clone, Serialize)]
pub struct EditionIndexPage {
    /// The letters, the declared ones in their order.
    pub letters: Vec<LetterLine>,
    /// How a link to the page shows.
    pub sharing: Sharing,
}

/// `/editions/matinale` and `/editions/matinale/2026-11`.
#[derive(Debug, Clone, Serialize)]
pub struct EditionArchivePage {
    /// Whose.
    pub letter: LetterHead,
    /// "novembre 2026" where the page is a month's.
    pub month: Option<String>,
    /// The editions, newest first.
    pub editions: Vec<EditionLink>,
    /// The years, the latest first; empty when the page shows everything.
    pub years: Vec<YearView>,
    /// How a link to the page shows.
    pub sharing: Sharing,
}

/// `/editions/matinale/2026-11-23`.
#[derive(Debug, Clone, Serialize)]
pub struct EditionPage {
    /// Of which letter.
    pub letter: LetterHead,
    /// Its day.
    pub date: NaiveDate,
    /// The moment of what is not the day’s first, to name its hour.
    pub hour: Option<NaiveDateTime>,
    /// The editor's note; blank lines part its paragraphs.
    pub note: Option<String>,
    /// The rubric of the first article.
    pub rubric: Option<String>,
    /// The first article.
    pub lead: Option<OnlineArticleView>,
    /// The others.
    pub sections: Vec<OnlineSection>,
    /// The public edition before it.
    pub previous: Option<EditionLink>,
    /// The public edition after it.
    pub next: Option<EditionLink>,
    /// The longest beginnings of articles, in characters.
    pub excerpts: OnlineExcerpts,
    /// How a link to the page shows.
    pub sharing: Sharing,
}

/// The longest beginnings of articles, in characters; 0: none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct OnlineExcerpts {
    /// Of the first article.
    pub lead: usize,
    /// Of the others that the mail showed.
    pub article: usize,
    /// Of those that it named only.
    pub announced: usize,
}

impl OnlineExcerpts {
    /// From the usual length downwards, until a page fits its budget. The first is that of the mail.
    pub const ALL: [Self; 4] = [
        Self { lead: 340, article: 170, announced: 110 },
        Self { lead: 280, article: 110, announced: 0 },
        Self { lead: 200, article: 60, announced: 0 },
        Self { lead: 200, article: 0, announced: 0 },
    ];
}

impl EditionPage {
    /// Where its pictures come from (`https://www.exemple.tg`), each once: what a policy must allow.
    #[must_use]
    pub fn picture_origins(&self) -> Vec<String> {
        let sections = self.sections.iter().flat_map(|section| &section.articles);
        let pictures = self.lead.iter().chain(sections).filter_map(|article| article.image.as_ref());
        let mut origins: Vec<String> = pictures
            .filter_map(|picture| url::Url::parse(&picture.url).ok())
            .map(|url| url.origin())
            .filter(url::Origin::is_tuple)
            .map(|origin| origin.ascii_serialization())
            .collect();
        origins.sort();
        origins.dedup();
        origins
    }
}
