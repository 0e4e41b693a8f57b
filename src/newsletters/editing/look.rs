//! How an edition stands: what its readers will see, what could be put in, what was left out; and its mail.

use anyhow::Context;

use crate::articles::ArticleId;
use crate::clock::{DAY, Timestamp};
use crate::config::DigestContent;
use crate::db::{Tx, json_list};
use crate::fetch_all;
use crate::mail::Encoded;
use crate::newsletters::corrections::{self, Correction};
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::digest_articles::{self, DigestArticle};
use crate::newsletters::edition::{Edition, EditionId, EditionState, Revision};
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::online;
use crate::newsletters::render::Rendered;
use crate::newsletters::seen::{Layout, Rubric, Seen};
use crate::newsletters::selection::{self, Role, Taken};
use crate::newsletters::sql::{CANDIDATES, PREVIOUS_RELEASED_SLOT};
use crate::newsletters::variant::Sheet;
use crate::subscribers::Choice;

use super::own_words::{self, OwnWords};
use super::{left_out, order};

/// As many articles are offered to be put in.
const OFFERED: usize = 30;

/// An edition as its editors see it.
#[derive(Debug, Clone)]
pub struct Standing {
    /// Its row.
    pub edition: Edition,
    /// Subject and note of the revision in force.
    pub words: Revision,
    /// The subject as it would be printed.
    pub subject: String,
    /// The first article.
    pub lead: Option<Item>,
    /// The others by rubric, in order.
    pub sections: Vec<(String, Vec<Item>)>,
    /// Those that are only announced.
    pub announced: Vec<Item>,
    /// What could be put in, newest first.
    pub offered: Vec<Item>,
    /// What was left out, and whether for good.
    pub left_out: Vec<(Item, bool)>,
    /// Confirmed readers of the newsletter.
    pub readers: i64,
}

/// An article as its editors see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// Which.
    pub article: ArticleId,
    /// Its title in this edition, plain text.
    pub title: String,
    /// Its beginning in this edition, plain text.
    pub summary: String,
    /// The title that the newsroom gave it, where this edition has another.
    pub newsroom_title: Option<String>,
    /// Whether this edition has other words for it.
    pub reworded: bool,
    /// Its rubric in this edition; empty for what is in none.
    pub rubric: String,
    /// First publication.
    pub published_at: Timestamp,
    /// Whether it can go up.
    pub up: bool,
    /// Whether it can go down.
    pub down: bool,
}

impl Standing {
    /// Every article of the edition, in the order of the mail.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        let sections = self.sections.iter().flat_map(|(_, items)| items);
        self.lead.iter().chain(sections).chain(&self.announced)
    }
}

/// What an edition's mails are made of.
struct Copy {
    edition: Edition,
    rubrics: Vec<Rubric>,
    /// With the newsroom's words.
    theirs: Vec<DigestArticle>,
    /// With this edition's.
    articles: Vec<DigestArticle>,
    own: Vec<OwnWords>,
    words: Revision,
    corrections: Vec<Correction>,
}

impl Copy {
    async fn read(tx: &mut Tx, declaration: &Declaration, edition: Edition) -> sqlx::Result<Self> {
        let rubrics = selection::rubrics_of(tx, declaration).await?;
        let taken = edition.taken(tx).await?;
        let mut theirs = digest_articles::load(tx, &taken).await?;
        if declaration.makeup.content == DigestContent::Full {
            digest_articles::read_bodies(tx, &mut theirs).await?;
        }
        let mut articles = theirs.clone();
        own_words::apply(tx, edition.id, edition.revision, &mut articles).await?;
        let own = own_words::of(tx, edition.id, edition.revision).await?;
        let words = edition.words(tx).await?;
        let corrections = corrections::due(tx, edition.newsletter_id, Some(edition.id)).await?;
        Ok(Self { edition, rubrics, theirs, articles, own, words, corrections })
    }

    fn sheet<'a>(
        &'a self,
        desk: &'a Desk,
        declaration: &'a Declaration,
        prefix: Option<&'a str>,
    ) -> Sheet<'a> {
        Sheet {
            desk,
            declaration,
            rubrics: &self.rubrics,
            articles: &self.articles,
            words: &self.words,
            corrections: &self.corrections,
            // What an editor opens is no reader's opening.
            edition: None,
            slot_at: self.edition.slot_at,
            online: self
                .edition
                .web_name
                .as_ref()
                .map(|name| online::edition_url(&desk.config.public_url, &declaration.slug, name)),
            prefix,
        }
    }

    fn item(&self, seen: &Seen, id: ArticleId, rubric: String) -> Option<Item> {
        let here = self.articles.iter().find(|article| article.placed.article == id)?;
        let theirs = self.theirs.iter().find(|article| article.placed.article == id)?;
        let (up, down) = order::ways(seen, id);
        Some(Item {
            article: id,
            title: here.title.clone(),
            summary: here.summary.clone(),
            newsroom_title: (here.title != theirs.title).then(|| theirs.title.clone()),
            reworded: self.own.iter().any(|own| own.article_id == id),
            rubric,
            published_at: here.published_at,
            up,
            down,
        })
    }
}

/// Looks at an edition as a reader of everything will see it.
///
/// # Errors
/// When there is no such edition, its newsletter is not declared any more, or the store or a template fails.
pub async fn standing(desk: &Desk, id: EditionId, now: Timestamp) -> anyhow::Result<Standing> {
    let mut tx = desk.db.begin_read().await?;
    let edition = Edition::read(&mut tx, id).await?;
    let declaration = declaration_of(desk, &edition)?;
    let copy = Copy::read(&mut tx, declaration, edition).await?;
    let newsletter =
        Newsletter::by_slug(&desk.db, &copy.edition.slug).await?.context("the newsletter is gone")?;
    let offered = match copy.edition.state {
        EditionState::Frozen => offered(&mut tx, declaration, &newsletter, &copy.edition, now).await?,
        _ => Vec::new(),
    };
    let offered: Vec<(ArticleId, bool)> = offered.into_iter().take(OFFERED).map(|id| (id, false)).collect();
    let out = left_out(&mut tx, id).await?;
    let offered = outside(&mut tx, &copy.rubrics, &offered).await?;
    let left_out = outside(&mut tx, &copy.rubrics, &out).await?;
    drop(tx);
    let placed: Vec<_> = copy.articles.iter().map(|article| article.placed.clone()).collect();
    let seen = Seen::of(&placed, &copy.rubrics, &Choice::All, declaration.makeup.limits);
    let name = |id| copy.rubrics.iter().find(|rubric| rubric.id == id).map(|rubric| rubric.name.clone());
    let items = |ids: &[ArticleId], rubric: &str| -> Vec<Item> {
        ids.iter().filter_map(|id| copy.item(&seen, *id, rubric.to_owned())).collect()
    };
    let variant = copy.sheet(desk, declaration, None).variant(&Choice::All, Layout::Normal)?;
    Ok(Standing {
        subject: variant.map(|variant| variant.rendered.subject).unwrap_or_default(),
        lead: seen.lead.and_then(|(id, rubric)| copy.item(&seen, id, name(rubric).unwrap_or_default())),
        sections: seen
            .sections
            .iter()
            .map(|(rubric, ids)| {
                let rubric = name(*rubric).unwrap_or_default();
                let items = items(ids, &rubric);
                (rubric, items)
            })
            .collect(),
        announced: items(&seen.announced, ""),
        offered: offered.into_iter().map(|(item, _)| item).collect(),
        left_out,
        readers: newsletter.readers(&desk.db).await?,
        words: copy.words.clone(),
        edition: copy.edition,
    })
}

/// The mail that a reader of everything would get now; its subject begins with `prefix`.
///
/// # Errors
/// As [`standing`]; when nothing would be sent.
pub async fn mail(desk: &Desk, id: EditionId, prefix: Option<&str>) -> anyhow::Result<(Rendered, Encoded)> {
    let mut tx = desk.db.begin_read().await?;
    let edition = Edition::read(&mut tx, id).await?;
    let declaration = declaration_of(desk, &edition)?;
    let copy = Copy::read(&mut tx, declaration, edition).await?;
    drop(tx);
    let variant = copy.sheet(desk, declaration, prefix).variant(&Choice::All, Layout::Normal)?;
    let variant = variant.context("the edition has too few articles to be sent")?;
    Ok((variant.rendered, variant.message))
}

#[derive(sqlx::FromRow)]
struct Candidate {
    id: ArticleId,
}

/// What could be put in, newest first: what P1 would give an edition now, or at the slot while that is ahead.
pub(super) async fn offered(
    tx: &mut Tx,
    declaration: &Declaration,
    newsletter: &Newsletter,
    edition: &Edition,
    now: Timestamp,
) -> sqlx::Result<Vec<ArticleId>> {
    let until = edition.slot_at.max(now);
    let (previous,): (Option<Timestamp>,) =
        crate::fetch_one!(tx, PREVIOUS_RELEASED_SLOT, newsletter.id, edition.slot_at)?;
    let opening = newsletter.opening_at.unwrap_or(edition.slot_at.plus(-DAY));
    let published_after = previous.unwrap_or(opening).plus(-declaration.max_age.ms());
    let rubrics = selection::rubrics_of(tx, declaration).await?;
    let categories = json_list(rubrics.iter().map(|rubric| rubric.id.0));
    let candidates: Vec<Candidate> =
        fetch_all!(tx, CANDIDATES, newsletter.id, published_after, until, opening, categories.as_str())?;
    Ok(candidates.into_iter().map(|candidate| candidate.id).collect())
}

/// Articles that are not in the edition.
async fn outside(
    tx: &mut Tx,
    rubrics: &[Rubric],
    ids: &[(ArticleId, bool)],
) -> sqlx::Result<Vec<(Item, bool)>> {
    let wanted: Vec<Taken> = ids
        .iter()
        .map(|(article, _)| Taken { article: *article, role: Role::Full, content_hash: Vec::new() })
        .collect();
    let articles = digest_articles::load(tx, &wanted).await?;
    let item = |article: DigestArticle| {
        let placed = article.placed;
        let carried = |rubric: &&Rubric| placed.categories.contains(&rubric.id);
        let rubric = rubrics.iter().find(|rubric| placed.primary == Some(rubric.id)).filter(carried);
        let rubric = rubric.or_else(|| rubrics.iter().find(carried));
        let for_good = ids.iter().any(|(id, for_good)| *id == placed.article && *for_good);
        let item = Item {
            article: placed.article,
            title: article.title,
            summary: article.summary,
            newsroom_title: None,
            reworded: false,
            rubric: rubric.map(|rubric| rubric.name.clone()).unwrap_or_default(),
            published_at: article.published_at,
            up: false,
            down: false,
        };
        (item, for_good)
    };
    Ok(articles.into_iter().map(item).collect())
}

fn declaration_of<'a>(desk: &'a Desk, edition: &Edition) -> anyhow::Result<&'a Declaration> {
    let slug = &edition.slug;
    desk.declaration(slug).with_context(|| format!("the newsletter `{slug}` is not declared any more"))
}
