//! What a digest shows: the plain data that the mail templates are given.
//!
//! Texts are stored text as it is; the templates set it in French. Nothing here is one reader's own: the address that
//! unsubscribes holds [`TOKEN_MARK`](crate::mail::TOKEN_MARK) where the reader's token will stand.

use crate::html::publisher::PublisherView;
use crate::mail::{FIRST_NAME_MARK, GREETING_BEGIN, GREETING_END};
use chrono::NaiveDateTime;
use serde::Serialize;

use super::foreign::presentable;

/// A digest as one choice of rubrics sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DigestView {
    /// The newsletter.
    pub newsletter: NewsletterView,
    /// The slot, in the newsletter's zone.
    pub date: NaiveDateTime,
    /// Who publishes.
    pub publisher: PublisherView,
    /// The subject, set in French, that an editor wrote for this edition or the newsletter's pattern gave; without it the lead's
    /// title.
    pub subject_line: Option<String>,
    /// How readers are greeted whose first name is known; none where the newsletter greets nobody.
    pub greeting: Option<GreetingView>,
    /// The editor's note, plain text; blank lines part its paragraphs.
    pub note: Option<String>,
    /// Corrections of what earlier editions said.
    pub corrections: Vec<CorrectionView>,
    /// The article on top.
    pub lead: ArticleView,
    /// The other articles by rubric, in the order of the mail. None is empty.
    pub sections: Vec<SectionView>,
    /// Articles that are named but not shown.
    pub announced: AnnouncedView,
    /// Headlines of rubrics that the reader did not choose; without links the block is left out.
    pub related: RelatedView,
    /// Where the mail leads.
    pub links: LinksView,
    /// Why the reader gets this mail, in a sentence.
    pub why: String,
}

impl DigestView {
    /// The view without the token's mark in anything that was written elsewhere: an article that carried it would be
    /// given each reader's token. And without what would make the mail unreadable.
    pub(super) fn without_foreign_marks(&self) -> Self {
        let mut view = self.clone();
        let clean = presentable;
        let clean_article = |article: &mut ArticleView| {
            [&mut article.title, &mut article.url, &mut article.rubric, &mut article.summary]
                .into_iter()
                .for_each(clean);
            article.author.iter_mut().for_each(clean);
            if let Some(body) = &mut article.body {
                [&mut body.html, &mut body.text].into_iter().for_each(clean);
            }
            if let Some(image) = &mut article.image {
                [&mut image.url, &mut image.alt].into_iter().for_each(clean);
            }
        };
        clean_article(&mut view.lead);
        for section in &mut view.sections {
            clean(&mut section.rubric);
            section.articles.iter_mut().for_each(clean_article);
        }
        for link in &mut view.announced.links {
            [&mut link.title, &mut link.url].into_iter().for_each(clean);
        }
        for headline in &mut view.related.links {
            [&mut headline.rubric, &mut headline.title, &mut headline.url].into_iter().for_each(clean);
        }
        for correction in &mut view.corrections {
            [&mut correction.title, &mut correction.url, &mut correction.text].into_iter().for_each(clean);
        }
        view.note.iter_mut().chain(&mut view.subject_line).for_each(clean);
        view
    }
}

/// The newsletter of a digest or of a confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NewsletterView {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// When it comes, to follow « Elle paraît »: "du lundi au vendredi à 7 h".
    pub rhythm: Option<String>,
}

/// The marks around a greeting. What stands between `begin` and `end` is only in the mails of readers whose first name is
/// known, who see it in place of `name`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct GreetingView {
    /// Before it.
    pub begin: &'static str,
    /// The first name.
    pub name: &'static str,
    /// Behind it.
    pub end: &'static str,
}

impl GreetingView {
    /// The marks, which the message replaces.
    #[must_use]
    pub fn marks() -> Self {
        Self { begin: GREETING_BEGIN, name: FIRST_NAME_MARK, end: GREETING_END }
    }
}

/// A notice that an earlier edition was wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CorrectionView {
    /// Title of the corrected article.
    pub title: String,
    /// Its address.
    pub url: String,
    /// What was wrong and what is right, plain text.
    pub text: String,
}

/// One article.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ArticleView {
    /// Its title, plain text.
    pub title: String,
    /// Its address.
    pub url: String,
    /// The rubric it stands under in this digest.
    pub rubric: String,
    /// Its summary or beginning, plain text; empty when there is none. The mail cuts it.
    pub summary: String,
    /// The whole text, in place of the summary, where the newsletter brings it and there is room.
    pub body: Option<BodyView>,
    /// Who wrote it, to follow « Par ».
    pub author: Option<String>,
    /// Its picture.
    pub image: Option<ImageView>,
}

/// An article's whole text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BodyView {
    /// HTML made for mails ([`mail_body`](crate::html::mail_body)): to be written as it is, inside an element that sets
    /// letters and colour.
    pub html: String,
    /// The same as plain text, paragraphs apart by a blank line.
    pub text: String,
}

/// A picture: of the first article at most 640 pixels wide and 60 000 bytes long, of the others 160 and 10 000, and no wider
/// than 12:5 nor higher than 4:3 there, 16:9 and 1:1 here. The site's own, if the configuration wants it, may be anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ImageView {
    /// Its address, http or https.
    pub url: String,
    /// What it shows; empty when nobody described it.
    pub alt: String,
    /// Its width in pixels, where it is known.
    pub width: Option<u32>,
    /// Its height in pixels, where it is known.
    pub height: Option<u32>,
    /// The length of its file in bytes; none for the site's own.
    pub bytes: Option<u64>,
}

/// The articles of one rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionView {
    /// The rubric's name.
    pub rubric: String,
    /// Its articles, at least one.
    pub articles: Vec<ArticleView>,
}

/// « Et 7 autres articles ».
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct AnnouncedView {
    /// How many articles.
    pub count: usize,
    /// Their headlines, or the first few.
    pub links: Vec<LinkView>,
    /// Where all of them can be read.
    pub url: Option<String>,
}

/// « À lire aussi »: what stands elsewhere in the edition.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RelatedView {
    /// What the newsroom calls it.
    pub title: String,
    /// The headlines, newest first; perhaps none.
    pub links: Vec<HeadlineView>,
}

/// A headline with its rubric.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HeadlineView {
    /// The rubric it stands under for whoever chose it.
    pub rubric: String,
    /// The headline.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// A headline that leads somewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinkView {
    /// The headline.
    pub title: String,
    /// Where it leads.
    pub url: String,
}

/// Where a digest leads besides its articles.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LinksView {
    /// The form, without any token: for whom the mail was passed on to.
    pub subscribe: String,
    /// The page that unsubscribes; holds the token's mark.
    pub unsubscribe: String,
    /// The reader's own page; holds [`PREFERENCES_MARK`](crate::mail::PREFERENCES_MARK).
    pub preferences: Option<String>,
    /// The edition on the web.
    pub web: Option<String>,
}

/// What the mail says that asks whether an address is right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfirmationView {
    /// What was asked for; at least one.
    pub newsletters: Vec<NewsletterView>,
    /// Who publishes.
    pub publisher: PublisherView,
    /// For how many days the link holds.
    pub valid_days: i64,
    /// The page with the button; holds a token or its mark.
    pub confirm_url: String,
}
