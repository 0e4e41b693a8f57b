//! Variants: what one choice sees of an edition, rendered and encoded once for all its readers.

use anyhow::Context;
use chrono::NaiveDateTime;

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::db::{Db, Tx};
use crate::french::typography::{Spaces, typeset};
use crate::html::publisher::PublisherView;
use crate::images::Size;
use crate::mail::{self, Draft, Encoded, ListHeaders, PREFERENCES_MARK, TOKEN_MARK};
use crate::subscribers::{Choice, PREFERENCES_PATH};
use crate::{execute, fetch_one, id_type};

use super::clicks;
use super::corrections::Correction;
use super::declaration::{Declaration, unsubscribe_to};
use super::desk::Desk;
use super::digest_articles::DigestArticle;
use super::digest_view::{
    AnnouncedView, ArticleView, BodyView, DigestView, GreetingView, HeadlineView, LinkView, LinksView,
    NewsletterView, RelatedView, SectionView,
};
use super::edition::{Edition, EditionId};
use super::mail_images;
use super::online;
use super::parts::Parts;
use super::render::{self, Rendered};
use super::rhythm;
use super::seen::{Layout, Placed, Seen};
use super::shown::Shown;
use super::sql;
use super::subject::SubjectWords;

id_type! {
    /// A variant's row.
    VariantId
}

/// One revision of an edition with everything its variants are made of.
#[derive(Clone)]
pub(super) struct Sheet<'a> {
    pub(super) desk: &'a Desk,
    pub(super) declaration: &'a Declaration,
    pub(super) parts: &'a Parts,
    /// The edition whose openings of articles may be counted, if any.
    pub(super) edition: Option<EditionId>,
    /// The slot's instant: the mail's date, and the day it names.
    pub(super) slot_at: Timestamp,
    /// The edition on the web.
    pub(super) online: Option<String>,
    /// What a test's subject begins with.
    pub(super) prefix: Option<&'a str>,
}

/// A variant before it is stored.
#[derive(Debug, Clone)]
pub(super) struct Variant {
    pub(super) seen_hash: Vec<u8>,
    pub(super) layout: Layout,
    pub(super) shown: Shown,
    pub(super) rendered: Rendered,
    pub(super) message: Encoded,
}

impl<'a> Sheet<'a> {
    /// An edition's, as nobody's opening is counted.
    pub(super) fn of(
        desk: &'a Desk,
        declaration: &'a Declaration,
        edition: &Edition,
        parts: &'a Parts,
    ) -> Self {
        let page = |name: &String| online::edition_url(&desk.config.public_url, &declaration.slug, name);
        let online = edition.web_name.as_ref().map(page);
        Self { desk, declaration, parts, edition: None, slot_at: edition.slot_at, online, prefix: None }
    }

    /// What a choice sees; nothing when that is less than `min_articles`.
    pub(super) fn variant(&self, wanted: &Choice, layout: Layout) -> anyhow::Result<Option<Variant>> {
        let placed: Vec<_> = self.parts.articles.iter().map(|article| article.placed.clone()).collect();
        let seen = self.seen(&placed, wanted);
        let corrections = self.corrections(wanted);
        let told =
            corrections.iter().map(|correction| correction.id.to_string()).collect::<Vec<_>>().join(",");
        let Some(mut view) = self.view(&seen, layout, &corrections) else { return Ok(None) };
        mail_images::keep_within_budget(&mut view);
        let images = mail_images::key(&view);
        let shared = [
            self.desk.templates.version(),
            self.declaration.template.as_str(),
            self.parts.words.subject.as_deref().unwrap_or_default(),
            self.parts.words.note.as_deref().unwrap_or_default(),
            &told,
            &images,
            if self.declaration.greeting { "greeting" } else { "" },
        ];
        let seen_hash = seen.hash(&placed, layout, &shared);
        let mut rendered = render::render(&self.desk.templates, &self.declaration.template, layout, &view)
            .context("cannot render the digest")?;
        if let Some(prefix) = self.prefix {
            rendered.subject = format!("{prefix} {}", rendered.subject);
        }
        let message = self.encode(&rendered).context("cannot encode the digest")?;
        Ok(Some(Variant { seen_hash, layout, shown: Shown::of(&seen), rendered, message }))
    }

    /// The subject of what [`Sheet::variant`] gives, without rendering the rest.
    pub(super) fn subject(&self, wanted: &Choice, layout: Layout) -> anyhow::Result<Option<String>> {
        let placed: Vec<_> = self.parts.articles.iter().map(|article| article.placed.clone()).collect();
        let Some(view) = self.view(&self.seen(&placed, wanted), layout, &self.corrections(wanted)) else {
            return Ok(None);
        };
        let subject = render::subject(&self.desk.templates, &view).context("cannot render the subject")?;
        Ok(Some(subject))
    }

    fn seen(&self, placed: &[Placed], wanted: &Choice) -> Seen {
        Seen::of(placed, &self.parts.rubrics, wanted, self.declaration.makeup.limits)
    }

    fn corrections(&self, wanted: &Choice) -> Vec<&'a Correction> {
        self.parts.corrections.iter().filter(|correction| correction.concerns(wanted)).collect()
    }

    fn encode(&self, rendered: &Rendered) -> anyhow::Result<Encoded> {
        let declaration = self.declaration;
        let slug = declaration.slug.as_str();
        let domain = declaration.from.address().domain();
        let draft = Draft {
            from: declaration.from.clone(),
            reply_to: declaration.reply_to.clone(),
            subject: rendered.subject.clone(),
            text: rendered.text.clone(),
            html: rendered.html.clone(),
            date: Some(self.slot_at.to_utc()),
            list: Some(ListHeaders {
                list_name: declaration.title.clone(),
                list_id: format!("{slug}.{domain}"),
                feedback_id: format!("{}:{slug}:digest:kiosque", self.slot_at.millis() / 1000),
                unsubscribe: self.unsubscribe(),
                unsubscribe_to: unsubscribe_to(&self.desk.config),
            }),
            auto: true,
        };
        Ok(mail::compose(&draft)?)
    }

    fn unsubscribe(&self) -> String {
        self.desk.config.public_url.join(&format!("/u/{TOKEN_MARK}"))
    }

    /// What is to be rendered; nothing when it is less than `min_articles`.
    fn view(&self, seen: &Seen, layout: Layout, corrections: &[&Correction]) -> Option<DigestView> {
        if seen.count() < self.declaration.least_articles() {
            return None;
        }
        let makeup = &self.declaration.makeup;
        let find = |id: ArticleId| self.parts.articles.iter().find(|article| article.placed.article == id);
        let name = |id: CategoryId| {
            self.parts
                .rubrics
                .iter()
                .find(|rubric| rubric.id == id)
                .map(|rubric| rubric.name.clone())
                .unwrap_or_default()
        };
        let config = &self.desk.config;
        let mut bodies = Bodies::of(layout);
        let mut article = |id: ArticleId, rubric: CategoryId, size: Size| {
            find(id).map(|article| ArticleView {
                title: article.title.clone(),
                url: self.link(article),
                rubric: name(rubric),
                summary: article.summary.clone(),
                body: article.body.as_ref().filter(|body| bodies.fit(body)).cloned(),
                author: (!article.authors.is_empty()).then(|| {
                    crate::french::number::list(
                        &article.authors.iter().map(String::as_str).collect::<Vec<_>>(),
                    )
                }),
                image: match layout {
                    Layout::Normal => article
                        .image
                        .as_ref()
                        .and_then(|image| image.shown(size, config.images.in_mails, &config.public_url)),
                    Layout::Light => None,
                },
            })
        };
        let (lead, rubric) = seen.lead?;
        let links: Vec<LinkView> = seen
            .announced
            .iter()
            .filter_map(|id| find(*id))
            .map(|article| LinkView { title: article.title.clone(), url: self.link(article) })
            .collect();
        let related = seen.related.iter().filter_map(|(id, rubric)| {
            find(*id).map(|article| HeadlineView {
                rubric: name(*rubric),
                title: article.title.clone(),
                url: self.link(article),
            })
        });
        let related = RelatedView { title: makeup.related_title.clone(), links: related.collect() };
        let lead = article(lead, rubric, Size::MailLead)?;
        let own = self.parts.words.subject.as_deref().map(|own| typeset(own, Spaces::Plain));
        let subject_line = own.or_else(|| {
            makeup.subject.as_ref().map(|subject| {
                let words = SubjectWords {
                    lead: &lead.title,
                    rubric: &lead.rubric,
                    newsletter: &self.declaration.title,
                    date: self.local_date().date(),
                    count: seen.count(),
                };
                subject.fill(&words, self.desk.templates.french())
            })
        });
        Some(DigestView {
            newsletter: NewsletterView {
                slug: self.declaration.slug.to_string(),
                title: self.declaration.title.clone(),
                rhythm: Some(rhythm::rhythm(&self.declaration.schedule)),
            },
            date: self.local_date(),
            publisher: PublisherView::from(&config.publisher),
            subject_line,
            greeting: self.declaration.greeting.then(GreetingView::marks),
            note: self.parts.words.note.clone(),
            corrections: corrections.iter().map(|correction| correction.view.clone()).collect(),
            lead,
            sections: seen
                .sections
                .iter()
                .map(|(rubric, ids)| SectionView {
                    rubric: name(*rubric),
                    articles: ids.iter().filter_map(|id| article(*id, *rubric, Size::MailItem)).collect(),
                })
                .collect(),
            announced: AnnouncedView { count: links.len(), links, url: self.online.clone() },
            related,
            links: LinksView {
                subscribe: config.public_url.join("/lettres"),
                unsubscribe: self.unsubscribe(),
                preferences: Some(config.public_url.join(&format!("{PREFERENCES_PATH}{PREFERENCES_MARK}"))),
                web: self.online.clone(),
            },
            why: makeup.reason.clone().unwrap_or_else(|| REASON.to_owned()),
        })
    }

    /// Where a mail's link to an article leads.
    fn link(&self, article: &DigestArticle) -> String {
        match self.edition.filter(|_| self.declaration.count_clicks) {
            Some(edition) => clicks::link(&self.desk.config.public_url, edition, article.placed.article),
            None => article.url.clone(),
        }
    }

    fn local_date(&self) -> NaiveDateTime {
        self.declaration.zone.local(self.slot_at.to_utc())
    }
}

/// Why a reader gets the letter, when the newsroom does not say it itself.
const REASON: &str = "Vous recevez cette lettre parce que vous l’avez demandée.";

/// How many bytes of whole texts a mail has room for beside everything else of an edition of 18 articles, within 90 KB.
const BODIES: usize = 48 * 1024;

/// The room left for whole texts. In reading order each one that fits is shown; the others keep their beginning.
struct Bodies(usize);

impl Bodies {
    fn of(layout: Layout) -> Self {
        Self(if layout == Layout::Normal { BODIES } else { 0 })
    }

    fn fit(&mut self, body: &BodyView) -> bool {
        let weight = mail::encoded_len(&body.html);
        let fits = weight <= self.0;
        if fits {
            self.0 -= weight;
        }
        fits
    }
}

/// Stores a variant of an edition, once however many choices see it.
pub(super) async fn store(
    tx: &mut Tx,
    edition: EditionId,
    declaration: &Declaration,
    variant: &Variant,
    now: Timestamp,
) -> sqlx::Result<VariantId> {
    let trimmed = variant.rendered.trimmed;
    execute!(
        tx,
        sql::ADD_VARIANT,
        edition,
        variant.seen_hash.as_slice(),
        variant.layout,
        variant.rendered.subject.as_str(),
        declaration.bounce_to.as_str(),
        variant.message.to_bytes(),
        html_bytes(&variant.message),
        now,
        variant.shown.to_text(),
        whole(trimmed.bodies),
        trimmed.excerpt.map(whole),
        whole(trimmed.moved),
        whole(trimmed.counted)
    )?;
    let (id,): (VariantId,) = fetch_one!(tx, sql::VARIANT_ID, edition, variant.seen_hash.as_slice())?;
    Ok(id)
}

/// Stores a message that is no edition's: a confirmation, a test, a notice. `key` tells equal ones.
///
/// # Errors
/// When the store fails.
pub async fn store_other(
    tx: &mut Tx,
    key: &[u8],
    subject: &str,
    envelope_from: &str,
    message: &Encoded,
    now: Timestamp,
) -> sqlx::Result<VariantId> {
    execute!(
        tx,
        sql::ADD_OTHER_VARIANT,
        key,
        subject,
        envelope_from,
        message.to_bytes(),
        html_bytes(message),
        now
    )?;
    let (id,): (VariantId,) = fetch_one!(tx, sql::OTHER_VARIANT_ID, key)?;
    Ok(id)
}

/// How many variants an edition has, and the average length of their messages in bytes.
///
/// # Errors
/// When the store fails.
pub async fn weigh(db: &Db, edition: EditionId) -> sqlx::Result<(u64, u64)> {
    let (variants, bytes): (i64, i64) = fetch_one!(db, sql::WEIGH_VARIANTS, edition)?;
    Ok((variants.unsigned_abs(), bytes.unsigned_abs()))
}

fn html_bytes(message: &Encoded) -> i64 {
    whole(message.html_len())
}

fn whole(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
