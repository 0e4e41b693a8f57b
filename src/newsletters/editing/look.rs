//! How an edition stands: what its readers will see, what could be put in, what was left out; and its mail.

use anyhow::Context;

use crate::articles::{ArticleId, CategoryId};
use crate::clock::Timestamp;
use crate::db::Tx;
use crate::mail::Encoded;
use crate::newsletters::desk::Desk;
use crate::newsletters::digest_articles::{self, DigestArticle};
use crate::newsletters::edition::{Edition, EditionId, EditionState, Revision};
use crate::newsletters::newsletter::Newsletter;
use crate::newsletters::parts::Parts;
use crate::newsletters::render::Rendered;
use crate::newsletters::seen::{Layout, Rubric, Seen, rubric_of};
use crate::newsletters::selection::{self, Role, Taken};
use crate::newsletters::variant::Sheet;
use crate::subscribers::Choice;

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

/// Looks at an edition as a reader of everything will see it.
///
/// # Errors
/// When there is no such edition, its newsletter is not declared any more, or the store or a template fails.
pub async fn standing(desk: &Desk, id: EditionId, now: Timestamp) -> anyhow::Result<Standing> {
    let mut tx = desk.db.begin_read().await?;
    let edition = Edition::read(&mut tx, id).await?;
    let declaration = desk.declared(&edition.slug)?;
    let parts = Parts::read(&mut tx, declaration, &edition).await?;
    let newsletter = Newsletter::by_slug(&desk.db, &edition.slug).await?.context("the newsletter is gone")?;
    let offered = match edition.state {
        EditionState::Frozen => {
            let until = edition.slot_at.max(now);
            selection::offered(&mut tx, &newsletter, declaration, edition.slot_at, until).await?
        }
        _ => Vec::new(),
    };
    let offered: Vec<(ArticleId, bool)> = offered.into_iter().take(OFFERED).map(|id| (id, false)).collect();
    let out = left_out(&mut tx, id).await?;
    let offered = outside(&mut tx, &parts.rubrics, &offered).await?;
    let left_out = outside(&mut tx, &parts.rubrics, &out).await?;
    drop(tx);
    let placed: Vec<_> = parts.articles.iter().map(|article| article.placed.clone()).collect();
    let seen = Seen::of(&placed, &parts.rubrics, &Choice::All, declaration.makeup.limits);
    let items = |ids: &[ArticleId], rubric: &str| -> Vec<Item> {
        ids.iter().filter_map(|id| inside(&parts, &seen, *id, rubric.to_owned())).collect()
    };
    let section = |(rubric, ids): &(CategoryId, Vec<ArticleId>)| {
        let rubric = name(&parts.rubrics, Some(*rubric));
        let items = items(ids, &rubric);
        (rubric, items)
    };
    let subject = Sheet::of(desk, declaration, &edition, &parts).subject(&Choice::All, Layout::Normal)?;
    Ok(Standing {
        subject: subject.unwrap_or_default(),
        lead: seen
            .lead
            .and_then(|(id, rubric)| inside(&parts, &seen, id, name(&parts.rubrics, Some(rubric)))),
        sections: seen.sections.iter().map(section).collect(),
        announced: items(&seen.announced, ""),
        offered: offered.into_iter().map(|(item, _)| item).collect(),
        left_out,
        readers: newsletter.readers(&desk.db).await?,
        words: parts.words,
        edition,
    })
}

/// The mail that a reader of everything would get now; its subject begins with `prefix`.
///
/// # Errors
/// As [`standing`]; when nothing would be sent.
pub async fn mail(desk: &Desk, id: EditionId, prefix: Option<&str>) -> anyhow::Result<(Rendered, Encoded)> {
    let mut tx = desk.db.begin_read().await?;
    let edition = Edition::read(&mut tx, id).await?;
    let declaration = desk.declared(&edition.slug)?;
    let parts = Parts::read(&mut tx, declaration, &edition).await?;
    drop(tx);
    let sheet = Sheet { prefix, ..Sheet::of(desk, declaration, &edition, &parts) };
    let variant = sheet.variant(&Choice::All, Layout::Normal)?;
    let variant = variant.context("the edition has too few articles to be sent")?;
    Ok((variant.rendered, variant.message))
}

fn name(rubrics: &[Rubric], id: Option<CategoryId>) -> String {
    let rubric = rubrics.iter().find(|rubric| Some(rubric.id) == id);
    rubric.map(|rubric| rubric.name.clone()).unwrap_or_default()
}

/// An article of the edition.
fn inside(parts: &Parts, seen: &Seen, id: ArticleId, rubric: String) -> Option<Item> {
    let article = parts.articles.iter().find(|article| article.placed.article == id)?;
    let reworded = parts.reworded.iter().find(|reworded| reworded.article == id);
    let newsroom_title = reworded.map(|reworded| reworded.newsroom_title.clone());
    let (up, down) = order::ways(seen, id);
    Some(Item {
        article: id,
        title: article.title.clone(),
        summary: article.summary.clone(),
        newsroom_title: newsroom_title.filter(|title| *title != article.title),
        reworded: reworded.is_some(),
        rubric,
        published_at: article.published_at,
        up,
        down,
    })
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
        let for_good = ids.iter().any(|(id, for_good)| *id == placed.article && *for_good);
        let item = Item {
            article: placed.article,
            title: article.title,
            summary: article.summary,
            newsroom_title: None,
            reworded: false,
            rubric: name(rubrics, rubric_of(&placed, rubrics, &Choice::All)),
            published_at: article.published_at,
            up: false,
            down: false,
        };
        (item, for_good)
    };
    Ok(articles.into_iter().map(item).collect())
}
