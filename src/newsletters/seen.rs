//! What one choice of rubrics sees of an edition: lead, sections, what is only announced.

use aws_lc_rs::digest;

use crate::articles::{ArticleId, CategoryId};
use crate::subscribers::Choice;
use crate::text_enum;

use super::makeup::{Limits, Room};
use super::selection::Role;

/// A category as a digest names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rubric {
    /// The row.
    pub id: CategoryId,
    /// Its name in addresses.
    pub slug: String,
    /// Its French name.
    pub name: String,
}

text_enum! {
    /// How a digest is laid out.
    Layout {
        /// With images.
        Normal = "normal",
        /// Without, for costly mobile data.
        Light = "light",
    }
}

/// An article's place in the newsroom, as far as sorting needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Which article.
    pub article: ArticleId,
    /// What it is in the edition.
    pub role: Role,
    /// Its primary category.
    pub primary: Option<CategoryId>,
    /// All its categories.
    pub categories: Vec<CategoryId>,
    /// How its content stands.
    pub content_hash: Vec<u8>,
}

/// What one choice sees.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seen {
    /// The first article and its rubric.
    pub lead: Option<(ArticleId, CategoryId)>,
    /// The others by rubric, in configured order.
    pub sections: Vec<(CategoryId, Vec<ArticleId>)>,
    /// Articles that are only counted and linked.
    pub announced: Vec<ArticleId>,
    /// The first few articles of rubrics that the reader did not choose, each with its rubric.
    pub related: Vec<(ArticleId, CategoryId)>,
}

impl Seen {
    /// What `wanted` sees of an edition's articles (in its order) in a newsletter that carries `rubrics`.
    ///
    /// The limits of an edition are those of whoever reads everything. A choice that sees less of it has room left, and is
    /// shown, within the same limits, what the others are only told of.
    #[must_use]
    pub fn of(articles: &[Placed], rubrics: &[Rubric], wanted: &Choice, limits: Limits) -> Self {
        let mut seen = Self::default();
        let mut own: Vec<(&Placed, CategoryId)> = Vec::new();
        for placed in articles {
            if let Some(rubric) = rubric_of(placed, rubrics, wanted) {
                own.push((placed, rubric));
            } else if seen.related.len() < limits.related
                && let Some(rubric) = rubric_of(placed, rubrics, &Choice::All)
            {
                seen.related.push((placed.article, rubric));
            }
        }
        // A choice without the edition's lead takes its own first article for one.
        let is = |role: Role| move |(placed, _): &(&Placed, CategoryId)| placed.role == role;
        let lead = own.iter().position(is(Role::Lead)).or_else(|| own.iter().position(is(Role::Full)));
        if !own.is_empty() {
            let (lead, rubric) = own.remove(lead.unwrap_or(0));
            seen.lead = Some((lead.article, rubric));
        }
        let mut room = Room::new(limits);
        room.lead();
        for (_, rubric) in own.iter().filter(|placed| is(Role::Full)(placed)) {
            room.add(Some(*rubric));
        }
        let mut full = Vec::new();
        for (placed, rubric) in own {
            if placed.role != Role::Announced || room.take(Some(rubric)) {
                full.push((placed.article, rubric));
            } else {
                seen.announced.push(placed.article);
            }
        }
        for rubric in rubrics {
            let section: Vec<ArticleId> =
                full.iter().filter(|(_, of)| *of == rubric.id).map(|(article, _)| *article).collect();
            if !section.is_empty() {
                seen.sections.push((rubric.id, section));
            }
        }
        seen
    }

    /// How many articles it shows or announces.
    #[must_use]
    pub fn count(&self) -> usize {
        let sections: usize = self.sections.iter().map(|(_, articles)| articles.len()).sum();
        usize::from(self.lead.is_some()) + sections + self.announced.len()
    }

    /// The variant's key: a hash of everything a reader can tell apart, so that choices that see the same share one.
    /// `rest` is what all choices of a revision share: subject, note, template version.
    #[must_use]
    pub fn hash(&self, articles: &[Placed], layout: Layout, rest: &[&str]) -> Vec<u8> {
        let content = |id: ArticleId| {
            articles.iter().find(|placed| placed.article == id).map_or(&[][..], |placed| &placed.content_hash)
        };
        let mut hash = digest::Context::new(&digest::SHA256);
        let mut add = |part: &[u8]| {
            hash.update(&(part.len() as u64).to_be_bytes());
            hash.update(part);
        };
        for part in rest {
            add(part.as_bytes());
        }
        add(layout.as_str().as_bytes());
        let lead = self.lead.iter().map(|(article, rubric)| (*article, Some(*rubric), Role::Lead));
        let sections = self.sections.iter().flat_map(|(rubric, articles)| {
            articles.iter().map(move |article| (*article, Some(*rubric), Role::Full))
        });
        let announced = self.announced.iter().map(|article| (*article, None, Role::Announced));
        let related = self.related.iter().map(|(article, rubric)| (*article, Some(*rubric), Role::Announced));
        for (article, rubric, role) in lead.chain(sections).chain(announced).chain(related) {
            add(&article.0.to_be_bytes());
            add(content(article));
            add(&rubric.map_or(0, |rubric| rubric.0).to_be_bytes());
            add(role.as_str().as_bytes());
        }
        hash.finish().as_ref().to_vec()
    }
}

/// Where an article stands for a choice: under its primary category when the newsletter carries it and the reader chose
/// it, else under the first in configured order that both hold for (design.md §5).
#[must_use]
pub fn rubric_of(placed: &Placed, rubrics: &[Rubric], wanted: &Choice) -> Option<CategoryId> {
    let open = |id: CategoryId| wanted.wants(id) && rubrics.iter().any(|rubric| rubric.id == id);
    let primary = placed.primary.filter(|id| open(*id) && placed.categories.contains(id));
    primary.or_else(|| {
        let mut in_order = rubrics.iter().map(|rubric| rubric.id);
        in_order.find(|id| placed.categories.contains(id) && open(*id))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rubrics() -> Vec<Rubric> {
        let rubric =
            |id, slug: &str| Rubric { id: CategoryId(id), slug: slug.to_owned(), name: slug.to_owned() };
        vec![rubric(1, "politique"), rubric(2, "economie"), rubric(3, "sport")]
    }

    fn placed(article: i64, role: Role, primary: Option<i64>, categories: &[i64]) -> Placed {
        Placed {
            article: ArticleId(article),
            role,
            primary: primary.map(CategoryId),
            categories: categories.iter().copied().map(CategoryId).collect(),
            content_hash: vec![1],
        }
    }

    const LIMITS: Limits = Limits { articles: 3, section: None, related: 2 };

    fn these(ids: &[i64]) -> Choice {
        Choice::Only(ids.iter().copied().map(CategoryId).collect())
    }

    #[test]
    fn an_article_stands_under_its_primary_category_when_the_reader_chose_it() {
        let articles = [placed(9, Role::Lead, None, &[3]), placed(8, Role::Full, Some(2), &[1, 2])];
        let seen = Seen::of(&articles, &rubrics(), &Choice::All, LIMITS);
        assert_eq!(seen.sections, [(CategoryId(2), vec![ArticleId(8)])]);
        let seen = Seen::of(&articles, &rubrics(), &these(&[1, 3]), LIMITS);
        assert_eq!(seen.sections, [(CategoryId(1), vec![ArticleId(8)])]);
    }

    #[test]
    fn a_choice_without_the_editions_lead_leads_with_its_own_newest() {
        let articles = [
            placed(9, Role::Lead, None, &[3]),
            placed(8, Role::Full, None, &[2]),
            placed(7, Role::Full, None, &[2]),
        ];
        let seen = Seen::of(&articles, &rubrics(), &these(&[2]), LIMITS);
        assert_eq!(seen.lead, Some((ArticleId(8), CategoryId(2))));
        assert_eq!(seen.sections, [(CategoryId(2), vec![ArticleId(7)])]);
    }

    #[test]
    fn a_choice_that_sees_less_is_shown_what_others_are_only_told_of_and_headlines_of_the_rest() {
        let articles = [
            placed(9, Role::Lead, None, &[3]),
            placed(8, Role::Full, None, &[2]),
            placed(7, Role::Full, None, &[3]),
            placed(6, Role::Announced, None, &[2]),
            placed(5, Role::Announced, None, &[2]),
            placed(4, Role::Announced, None, &[2]),
            placed(3, Role::Announced, None, &[1]),
        ];
        let all = Seen::of(&articles, &rubrics(), &Choice::All, LIMITS);
        assert_eq!(all.announced, [6, 5, 4, 3].map(ArticleId));
        assert_eq!(all.related, []);
        let seen = Seen::of(&articles, &rubrics(), &these(&[2]), LIMITS);
        assert_eq!(seen.lead, Some((ArticleId(8), CategoryId(2))));
        assert_eq!(seen.sections, [(CategoryId(2), vec![ArticleId(6), ArticleId(5)])]);
        assert_eq!(seen.announced, [ArticleId(4)]);
        assert_eq!(seen.related, [(ArticleId(9), CategoryId(3)), (ArticleId(7), CategoryId(3))]);
        // Whoever chose what is only announced gets a lead, too.
        let seen = Seen::of(&articles, &rubrics(), &these(&[1]), LIMITS);
        assert_eq!(seen.lead, Some((ArticleId(3), CategoryId(1))));
    }

    #[test]
    fn choices_that_see_the_same_share_a_variant_and_a_correction_makes_another() {
        let mut articles = vec![placed(9, Role::Lead, None, &[3]), placed(8, Role::Full, None, &[2])];
        let key = |articles: &[Placed], wanted: &Choice| {
            Seen::of(articles, &rubrics(), wanted, LIMITS).hash(articles, Layout::Normal, &["v1"])
        };
        let all = key(&articles, &Choice::All);
        assert_eq!(all, key(&articles, &these(&[2, 3])));
        assert_ne!(all, key(&articles, &these(&[2])));
        articles[1].content_hash = vec![2];
        assert_ne!(all, key(&articles, &Choice::All));
    }
}
