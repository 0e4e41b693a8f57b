//! Editions on the web: which are public, and what each of them shows.
//!
//! Public is what was released, for ever: stopping what has not left, or leaving a newsletter out of the configuration, takes
//! no page away, for its address stands in mails. An edition shows what was in it when it was released, as that stands
//! now: what was retracted since without its title, what was changed since with a mark.

use crate::articles::{ArticleId, CategoryId, Image};
use crate::clock::Timestamp;
use crate::config::PublicUrl;
use crate::db::{Db, json_list};
use crate::{fetch_all, fetch_one, fetch_optional};

use super::declaration::Declaration;
use super::edition::EditionId;
use super::newsletter::NewsletterId;
use super::online_sql as sql;
use super::seen::Rubric;
use super::selection::{Role, carried};
use super::slug::Slug;
use super::sql::LISTED_RUBRICS;
use super::web_name::WebName;
use super::zone::Zone;

/// The address of a newsletter's archive.
#[must_use]
pub fn archive_url(public_url: &PublicUrl, newsletter: &Slug) -> String {
    public_url.join(&format!("/editions/{newsletter}"))
}

/// The address of an edition by its name.
#[must_use]
pub fn edition_url(public_url: &PublicUrl, newsletter: &Slug, name: &str) -> String {
    public_url.join(&format!("/editions/{newsletter}/{name}"))
}

/// What everything on these pages follows from besides the configuration: equal versions, equal pages.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OnlineVersion {
    released_at: Option<Timestamp>,
    articles: Option<i64>,
    slugs: Option<String>,
    images: Option<Timestamp>,
}

impl OnlineVersion {
    /// That of the store now.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(db: &Db) -> sqlx::Result<Self> {
        fetch_one!(db, sql::ONLINE_VERSION)
    }
}

/// A newsletter as its archive shows it, declared or not any more.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct OnlineNewsletter {
    /// The row.
    pub id: NewsletterId,
    /// Its present slug.
    pub slug: String,
    /// Its title.
    pub title: String,
    timezone: String,
    /// When it was first declared.
    pub created_at: Timestamp,
    /// How many editions are public.
    pub editions: i64,
}

impl OnlineNewsletter {
    /// Every newsletter, in the order in which they were declared first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn all(db: &Db) -> sqlx::Result<Vec<Self>> {
        fetch_all!(db, sql::ONLINE_NEWSLETTERS)
    }

    /// The one with this slug, present or former.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_slug(db: &Db, slug: &str) -> sqlx::Result<Option<Self>> {
        fetch_optional!(db, sql::ONLINE_NEWSLETTER, slug)
    }

    /// The zone of its dates.
    #[must_use]
    pub fn zone(&self) -> Zone {
        Zone::parse(&self.timezone).unwrap_or_default()
    }
}

/// Former slugs of newsletters, each with the present one.
///
/// # Errors
/// When the store fails.
pub async fn former_slugs(db: &Db) -> sqlx::Result<Vec<(String, String)>> {
    fetch_all!(db, sql::NEWSLETTER_ALIASES)
}

/// A public edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineEdition {
    /// The row.
    pub id: EditionId,
    /// Its name in addresses, which has its day.
    pub name: WebName,
    slot_at: Timestamp,
    /// When it became public.
    pub released_at: Timestamp,
    /// Its headline: an editor's subject, else the title of its first article.
    pub headline: Option<String>,
    /// The editor's note.
    pub note: Option<String>,
    /// How many articles it has, retracted ones not counted.
    pub articles: i64,
}

#[derive(sqlx::FromRow)]
struct EditionRow {
    id: EditionId,
    web_name: String,
    slot_at: Timestamp,
    released_at: Timestamp,
    subject: Option<String>,
    note: Option<String>,
    headline: Option<String>,
    articles: i64,
    retracted: i64,
}

impl EditionRow {
    fn edition(self) -> Option<OnlineEdition> {
        // An editor's subject may name what was retracted.
        let subject = self.subject.filter(|_| self.retracted == 0);
        Some(OnlineEdition {
            id: self.id,
            name: self.web_name.parse().ok()?,
            slot_at: self.slot_at,
            released_at: self.released_at,
            headline: subject.or(self.headline),
            note: self.note,
            articles: self.articles,
        })
    }
}

fn editions(rows: impl IntoIterator<Item = EditionRow>) -> Vec<OnlineEdition> {
    rows.into_iter().filter_map(EditionRow::edition).collect()
}

impl OnlineEdition {
    /// The latest of a newsletter, newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latest(db: &Db, newsletter: NewsletterId, most: i64) -> sqlx::Result<Vec<Self>> {
        let rows: Vec<EditionRow> = fetch_all!(db, sql::LATEST_ONLINE, newsletter, most)?;
        Ok(editions(rows))
    }

    /// Those of a month (`2026-11`), newest first.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn of_month(db: &Db, newsletter: NewsletterId, month: &str) -> sqlx::Result<Vec<Self>> {
        let rows: Vec<EditionRow> = fetch_all!(db, sql::ONLINE_OF_MONTH, newsletter, month)?;
        Ok(editions(rows))
    }

    /// The one with this name.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn by_name(db: &Db, newsletter: NewsletterId, name: &WebName) -> sqlx::Result<Option<Self>> {
        let row: Option<EditionRow> = fetch_optional!(db, sql::ONLINE_BY_NAME, newsletter, name.to_string())?;
        Ok(row.and_then(EditionRow::edition))
    }

    /// The public ones right before and after it.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn neighbours(
        &self,
        db: &Db,
        newsletter: NewsletterId,
    ) -> sqlx::Result<(Option<Self>, Option<Self>)> {
        let before: Option<EditionRow> =
            fetch_optional!(db, sql::ONLINE_BEFORE, newsletter, self.slot_at, self.id)?;
        let after: Option<EditionRow> =
            fetch_optional!(db, sql::ONLINE_AFTER, newsletter, self.slot_at, self.id)?;
        Ok((before.and_then(EditionRow::edition), after.and_then(EditionRow::edition)))
    }
}

/// The months (`2026-11`) in which a newsletter has public editions, latest first, each with their number.
///
/// # Errors
/// When the store fails.
pub async fn months(db: &Db, newsletter: NewsletterId) -> sqlx::Result<Vec<(String, i64)>> {
    fetch_all!(db, sql::ONLINE_MONTHS, newsletter)
}

/// What became of an article since the edition was released.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Since {
    /// Nothing.
    Unchanged,
    /// It was changed, at this moment where that is known.
    Changed(Option<Timestamp>),
    /// It was taken back.
    Retracted(Timestamp),
}

/// An article of an edition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OnlineArticle {
    /// Which.
    pub id: ArticleId,
    /// What it was in the mail.
    pub role: Role,
    /// What became of it.
    pub since: Since,
    /// Plain text.
    pub title: String,
    /// Plain text, perhaps empty.
    pub summary: String,
    /// Its page.
    pub url: String,
    /// Names.
    pub authors: Vec<String>,
    /// The leading image.
    pub image: Option<Image>,
    primary: Option<CategoryId>,
    categories: Vec<CategoryId>,
}

#[derive(sqlx::FromRow)]
struct ArticleRow {
    edition_id: EditionId,
    article_id: ArticleId,
    role: Role,
    title: String,
    summary: String,
    url: String,
    authors: String,
    image_url: Option<String>,
    image_alt: Option<String>,
    image_width: Option<i64>,
    image_height: Option<i64>,
    updated_at: Timestamp,
    retracted_at: Option<Timestamp>,
    primary_category_id: Option<CategoryId>,
    changed: bool,
    categories: Option<String>,
}

impl ArticleRow {
    fn article(self, released_at: Timestamp) -> OnlineArticle {
        let pixels = |column: Option<i64>| column.and_then(|pixels| u32::try_from(pixels).ok());
        OnlineArticle {
            id: self.article_id,
            role: self.role,
            since: match (self.retracted_at, self.changed) {
                (Some(at), _) => Since::Retracted(at),
                (None, true) => Since::Changed(Some(self.updated_at).filter(|at| *at >= released_at)),
                (None, false) => Since::Unchanged,
            },
            title: self.title,
            summary: self.summary,
            url: self.url,
            authors: serde_json::from_str(&self.authors).unwrap_or_default(),
            image: self.image_url.filter(|url| !url.is_empty()).map(|url| Image {
                size: pixels(self.image_width).zip(pixels(self.image_height)),
                ..Image::new(url, self.image_alt.unwrap_or_default())
            }),
            primary: self.primary_category_id,
            categories: self
                .categories
                .unwrap_or_default()
                .split(',')
                .filter_map(|id| id.parse().ok())
                .collect(),
        }
    }
}

/// The articles of editions, in the order of the mail; one list an edition.
///
/// # Errors
/// When the store fails.
pub async fn articles(db: &Db, editions: &[OnlineEdition]) -> sqlx::Result<Vec<Vec<OnlineArticle>>> {
    let ids = json_list(editions.iter().map(|edition| edition.id.0));
    let rows: Vec<ArticleRow> = fetch_all!(db, sql::ONLINE_ARTICLES, ids.as_str())?;
    let mut lists = vec![Vec::new(); editions.len()];
    for row in rows {
        let place = editions.iter().position(|edition| edition.id == row.edition_id);
        if let Some(place) = place {
            lists[place].push(row.article(editions[place].released_at));
        }
    }
    Ok(lists)
}

/// The first article of an edition, and its rubric.
pub type Lead<'a> = (&'a OnlineArticle, Option<&'a Rubric>);

/// A rubric and what stands under it; none for what stands under no rubric.
pub type Shelf<'a> = (Option<&'a Rubric>, Vec<&'a OnlineArticle>);

/// The rubrics that articles of a newsletter may stand under: those it carries in its order, then the other listed ones. An old edition may have articles that the newsletter would not carry today.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shelves {
    rubrics: Vec<Rubric>,
    carried: usize,
}

impl Shelves {
    /// Those of a newsletter; one that is not declared any more carries every listed rubric.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn read(db: &Db, declaration: Option<&Declaration>) -> sqlx::Result<Self> {
        let listed: Vec<(CategoryId, String, String)> = fetch_all!(db, LISTED_RUBRICS)?;
        let listed = listed.into_iter().map(|(id, slug, name)| Rubric { id, slug, name }).collect();
        let named = declaration.and_then(|declaration| declaration.categories.as_deref());
        let (mut rubrics, others) = carried(listed, named);
        let carried = rubrics.len();
        rubrics.extend(others);
        Ok(Self { rubrics, carried })
    }

    /// Where an article stands: as in the mail (design.md §5), else under its own rubric, listed though not carried.
    #[must_use]
    pub fn of(&self, article: &OnlineArticle) -> Option<&Rubric> {
        let (carried, others) = self.rubrics.split_at(self.carried);
        [carried, others].into_iter().find_map(|shelf| {
            let holds = |id: CategoryId| article.categories.contains(&id);
            let primary = shelf.iter().find(|rubric| article.primary == Some(rubric.id) && holds(rubric.id));
            primary.or_else(|| shelf.iter().find(|rubric| holds(rubric.id)))
        })
    }

    /// The first article with its rubric, and the others by rubric, in the order of the mail; what stands under none comes
    /// last. None is empty.
    #[must_use]
    pub fn sort<'a>(&'a self, articles: &'a [OnlineArticle]) -> (Option<Lead<'a>>, Vec<Shelf<'a>>) {
        let Some((lead, rest)) = articles.split_first() else { return (None, Vec::new()) };
        let places = self.rubrics.iter().map(Some).chain([None]);
        let section = |place: Option<&'a Rubric>| {
            let own = rest.iter().filter(|article| self.of(article) == place).collect::<Vec<_>>();
            (!own.is_empty()).then_some((place, own))
        };
        (Some((lead, self.of(lead))), places.filter_map(section).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn article(id: i64, primary: Option<i64>, categories: &[i64]) -> OnlineArticle {
        OnlineArticle {
            id: ArticleId(id),
            role: Role::Full,
            since: Since::Unchanged,
            title: String::new(),
            summary: String::new(),
            url: String::new(),
            authors: Vec::new(),
            image: None,
            primary: primary.map(CategoryId),
            categories: categories.iter().copied().map(CategoryId).collect(),
        }
    }

    #[test]
    fn every_article_has_a_place_whatever_the_newsletter_carries_today() {
        let rubric =
            |id, slug: &str| Rubric { id: CategoryId(id), slug: slug.to_owned(), name: slug.to_owned() };
        let shelves = Shelves {
            rubrics: vec![rubric(2, "economie"), rubric(3, "sport"), rubric(1, "politique")],
            carried: 2,
        };
        let articles = [
            article(1, None, &[9]),
            article(2, Some(1), &[1]),
            article(3, Some(1), &[1, 3]),
            article(4, Some(3), &[2, 3]),
            article(5, Some(3), &[2]),
            article(6, None, &[]),
        ];
        let (lead, sections) = shelves.sort(&articles);
        assert_eq!(lead.map(|(article, rubric)| (article.id.0, rubric)), Some((1, None)));
        let sections: Vec<(&str, Vec<i64>)> = sections
            .iter()
            .map(|(rubric, own)| {
                let ids = own.iter().map(|article| article.id.0).collect();
                (rubric.map_or("", |rubric| &*rubric.slug), ids)
            })
            .collect();
        assert_eq!(
            sections,
            [("economie", vec![5]), ("sport", vec![3, 4]), ("politique", vec![2]), ("", vec![6])]
        );
    }
}
