//! The public pages: what each one shows, and the template that shows it.

use crate::html::address_pages::{AddressView, LostLinkView};
use crate::html::edition_pages::{EditionArchivePage, EditionIndexPage, EditionPage};
use crate::html::editor_pages::EditorPage;
use crate::html::legal_pages::PrivacyView;
use crate::html::look::Look;
use crate::html::own_data_pages::OwnDataPage;
use crate::html::preferences_pages::PreferencesView;
use crate::html::publisher::PublisherView;
use crate::html::templates::{TemplateError, Templates};
use chrono::NaiveDateTime;
use serde::Serialize;

/// What all pages have in common.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// The path of the public address without its last slash: empty, or `/journal`.
    pub base: String,
    /// Name, logo and colours: `site.name`, `site.logo`, `site.palette`.
    #[serde(flatten)]
    pub look: Look,
    /// Who publishes.
    pub publisher: PublisherView,
    /// The feed of everything: programs find it on every page.
    pub feed: FeedView,
}

/// A public page. The names of the variants are those of the templates: [`Page::FeedIndex`] is
/// `pages/feed_index.html`.
#[derive(Debug, Clone, Serialize)]
#[serde(untagged)]
pub enum Page {
    /// `/`: the letters and the way to the feeds.
    Home {
        /// The letters one can ask for.
        letters: Vec<LetterView>,
    },
    /// `/flux/`.
    FeedIndex {
        /// The feeds, the one with everything first.
        feeds: Vec<FeedView>,
        /// The list of them as OPML: its whole address.
        opml_url: String,
        /// The feeds of newsletters' editions.
        letters: Vec<FeedView>,
    },
    /// `/editions/`.
    EditionIndex(EditionIndexPage),
    /// `/editions/matinale`, and that of a month.
    EditionArchive(EditionArchivePage),
    /// `/editions/matinale/2026-11-23`.
    Edition(Box<EditionPage>),
    /// `/lettres`: the form. It posts what `web/forms/typed.rs` reads.
    Letters {
        /// What it holds.
        form: FormView,
    },
    /// `/lettres/cadre`: the same inside another site's page.
    LettersFrame {
        /// What it holds.
        form: FormView,
    },
    /// The answer to the form: the same for known, unknown and suppressed addresses.
    CheckMail {
        /// The titles of the letters that were chosen.
        titles: Vec<String>,
        /// For how many days the link in the mail holds.
        valid_days: i64,
    },
    /// The same in a frame.
    CheckMailFrame {
        /// The titles of the letters that were chosen.
        titles: Vec<String>,
        /// For how many days the link in the mail holds.
        valid_days: i64,
    },
    /// In a frame: the form is asked too often just now.
    LaterFrame {},
    /// The link of a confirmation mail. It posts `choice`, `confirm` or `refuse`, and `seen`.
    Confirm {
        /// The titles of the letters that the button confirms.
        titles: Vec<String>,
        /// What the button says yes to, one sentence a letter.
        wordings: Vec<String>,
        /// The first name that was asked for with them.
        first_name: Option<String>,
        /// Given back by the form.
        seen: String,
    },
    /// The inscription stands.
    Confirmed {
        /// The titles of the letters.
        titles: Vec<String>,
        /// When the next edition comes, in its zone, where it is known.
        next: Option<NaiveDateTime>,
        /// What was recorded.
        receipt: ReceiptView,
    },
    /// A confirmation cannot be taken: a complaint or an operator's block stands against the address.
    Blocked {},
    /// « Ce n'était pas moi ».
    Refused {
        /// What was recorded.
        receipt: ReceiptView,
        /// Whether the address gets no mail from now on.
        suppressed: bool,
    },
    /// A link that was used, or whose days are over.
    LinkGone {},
    /// A link that was never ours: cut off on its way, as a rule.
    LinkUnknown {
        /// Whether it looks like one that unsubscribes.
        leaves: bool,
    },
    /// The link that unsubscribes. It posts `scope`, `this` or `all`.
    Unsubscribe {
        /// The letter's title.
        title: String,
        /// What the button says.
        wording: String,
    },
    /// Left: the acknowledgement that the law asks for.
    Unsubscribed {
        /// The titles of the letters that will not come any more, the link's first.
        titles: Vec<String>,
        /// What was recorded.
        receipt: ReceiptView,
        /// What the button that takes it back posts as `undo`; none when it is too late.
        undo: Option<String>,
    },
    /// `/relire/…`: an edition before its editors.
    Editor(EditorPage),
    /// `/p/…`: what a reader chose.
    Preferences(Box<PreferencesView>),
    /// A reader's own data.
    OwnData(OwnDataPage),
    /// `/adresse/…`: a change of address.
    Address(Box<AddressView>),
    /// `/preferences`: asking for the link to one's preferences.
    LostLink(LostLinkView),
    /// A link of ours, but nothing is kept of the reader any more.
    Forgotten {},
    /// `/confidentialite`: what is kept of a reader.
    Privacy {
        /// What the configuration says of it.
        privacy: PrivacyView,
    },
    /// `/mentions-legales`: who publishes.
    LegalNotice {},
    /// Anything that went wrong.
    Error {
        /// The HTTP status: 400, 403, 404, 405, 408, 410, 413, 414, 421, 422, 429, 431, 500, 503 and 504 have words of their own.
        status: u16,
    },
    /// `/articles/…`, in the demo only: where the links of its feeds and mails lead.
    Article {
        /// The article.
        article: ArticleView,
    },
    /// `/outbox`, in the demo only: the mails that would have been sent.
    Outbox {
        /// The mails, the newest first.
        messages: Vec<MessageView>,
    },
    /// One mail of the outbox.
    OutboxMessage {
        /// The mail.
        message: MessageView,
        /// Its header fields, in order.
        headers: Vec<HeaderView>,
        /// Where its HTML part is served alone.
        html_url: String,
        /// Its plain-text part.
        text: String,
    },
}

/// A letter that one can ask for.
#[derive(Debug, Clone, Serialize)]
pub struct LetterView {
    /// Its slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    /// What it is, in a sentence; may be empty.
    pub description: String,
    /// When it comes: "du lundi au vendredi à 7 h".
    pub rhythm: Option<String>,
    /// Its rubrics; empty when it brings all of them.
    pub rubrics: Vec<String>,
    /// The rubrics to choose among.
    pub boxes: Vec<RubricView>,
    /// Whether some of them are ticked, when the form comes back.
    pub any_chosen: bool,
    /// What ticking its box says.
    pub wording: String,
}

/// A rubric to choose.
#[derive(Debug, Clone, Serialize)]
pub struct RubricView {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
}

/// The form by which readers sign up.
#[derive(Debug, Clone, Serialize)]
pub struct FormView {
    /// The letters one can ask for.
    pub letters: Vec<LetterView>,
    /// What was typed, when the form comes back.
    pub address: String,
    /// The same.
    pub first_name: String,
    /// What was ticked, when the form comes back: slugs of letters, and `letter/rubric`.
    pub chosen: Vec<String>,
    /// Why the form comes back.
    pub mistake: Option<FormMistake>,
    /// It comes back to be pressed once more: it was posted from another site, or is a day old.
    pub again: bool,
    /// When it is shown, signed.
    pub shown: String,
}

/// A feed in its formats.
#[derive(Debug, Clone, Serialize)]
pub struct FeedView {
    /// Its place in addresses.
    pub slug: String,
    /// The rubric, or « Toutes les rubriques ».
    pub title: String,
    /// One link a format, RSS first.
    pub links: Vec<FeedLink>,
    /// Its newest article, where the page shows one.
    pub latest: Option<LatestView>,
}

/// The newest article of a feed.
#[derive(Debug, Clone, Serialize)]
pub struct LatestView {
    /// Its title, as printed.
    pub title: String,
    /// Its page.
    pub url: String,
    /// When it was published, in the newsroom's zone.
    pub date: NaiveDateTime,
}

/// A feed in one format.
#[derive(Debug, Clone, Serialize)]
pub struct FeedLink {
    /// "RSS", "Atom".
    pub format: String,
    /// `application/rss+xml`, `application/atom+xml`.
    pub media_type: String,
    /// Its whole address.
    pub url: String,
}

/// Why the form comes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FormMistake {
    /// The address is none.
    Address,
    /// The first name holds something else than a name.
    FirstName,
    /// No letter was chosen.
    Newsletter,
}

/// What a reader may quote to us.
#[derive(Debug, Clone, Serialize)]
pub struct ReceiptView {
    /// When, in French, with its zone: "lundi 23 novembre 2026 à 7 h 0 min 12 s (UTC)".
    pub moment: String,
    /// `D-7F3K-2QX9`.
    pub reference: String,
}

/// An article on its own page.
#[derive(Debug, Clone, Serialize)]
pub struct ArticleView {
    /// Plain text.
    pub title: String,
    /// Plain text.
    pub summary: String,
    /// The first rubric's name.
    pub rubric: String,
    /// The first rubric's feed.
    pub feed: Option<FeedView>,
    /// Who signs.
    pub authors: Vec<String>,
    /// When it was published, in the demo's zone.
    pub date: NaiveDateTime,
    /// The picture's address; empty when there is none.
    pub image_url: String,
    /// What it shows.
    pub image_alt: String,
    /// Clean HTML.
    pub body: String,
}

/// A mail of the outbox.
#[derive(Debug, Clone, Serialize)]
pub struct MessageView {
    /// What leads to it, below `/outbox/`.
    pub id: String,
    /// To whom.
    pub to: String,
    /// Its subject, decoded.
    pub subject: String,
    /// When it was sent, in the demo's zone.
    pub date: NaiveDateTime,
    /// Its size in bytes.
    pub size: usize,
}

/// A header field.
#[derive(Debug, Clone, Serialize)]
pub struct HeaderView {
    /// Its name.
    pub name: String,
    /// Its value, decoded and unfolded.
    pub value: String,
}

#[derive(Serialize)]
struct Context<'a> {
    site: &'a Site,
    #[serde(flatten)]
    page: &'a Page,
}

impl Page {
    /// Name of the page's template.
    #[must_use]
    pub fn template(&self) -> &'static str {
        match self {
            Page::Home { .. } => "pages/home.html",
            Page::FeedIndex { .. } => "pages/feed_index.html",
            Page::EditionIndex(_) => "pages/edition_index.html",
            Page::EditionArchive(_) => "pages/edition_archive.html",
            Page::Edition(_) => "pages/edition.html",
            Page::Letters { .. } => "pages/letters.html",
            Page::LettersFrame { .. } => "pages/letters_frame.html",
            Page::CheckMail { .. } => "pages/check_mail.html",
            Page::CheckMailFrame { .. } => "pages/check_mail_frame.html",
            Page::LaterFrame {} => "pages/later_frame.html",
            Page::Confirm { .. } => "pages/confirm.html",
            Page::Confirmed { .. } => "pages/confirmed.html",
            Page::Blocked {} => "pages/blocked.html",
            Page::Refused { .. } => "pages/refused.html",
            Page::LinkGone {} => "pages/link_gone.html",
            Page::LinkUnknown { .. } => "pages/link_unknown.html",
            Page::Unsubscribe { .. } => "pages/unsubscribe.html",
            Page::Unsubscribed { .. } => "pages/unsubscribed.html",
            Page::OwnData(own) => own.template(),
            Page::Editor(page) => page.template(),
            Page::Preferences(_) => "pages/preferences.html",
            Page::Address(_) => "pages/address.html",
            Page::LostLink(_) => "pages/lost_link.html",
            Page::Forgotten {} => "pages/forgotten.html",
            Page::Privacy { .. } => "pages/privacy.html",
            Page::LegalNotice {} => "pages/legal_notice.html",
            Page::Error { .. } => "pages/error.html",
            Page::Article { .. } => "pages/article.html",
            Page::Outbox { .. } => "pages/outbox.html",
            Page::OutboxMessage { .. } => "pages/outbox_message.html",
        }
    }

    /// The template of the script that stands in the page; all others have none.
    #[must_use]
    pub fn script(&self) -> Option<&'static str> {
        matches!(self, Page::FeedIndex { .. }).then_some("pages/copy.js")
    }

    /// Writes the page.
    ///
    /// # Errors
    /// When the template is wrong or asks for what the page does not hold.
    pub fn write(&self, templates: &Templates, site: &Site) -> Result<String, TemplateError> {
        templates.render(self.template(), &Context { site, page: self })
    }
}
