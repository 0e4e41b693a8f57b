//! What readers can ask for: the newsletters that the configuration declares, in its order, with their rubrics.

use crate::app::App;
use crate::articles::{self, Category, CategoryKind};
use crate::html::pages::{LetterView, RubricView};
use crate::newsletters::rhythm::rhythm;
use crate::subscribers::{self, Choice, Newsletter, Wanted, wording};

use super::typed::Typed;

/// The newsletters on offer.
#[derive(Debug)]
pub(super) struct Offer(Vec<Offered>);

#[derive(Debug)]
struct Offered {
    newsletter: Newsletter,
    rhythm: String,
    description: String,
    /// Whether it carries every rubric, later ones too.
    carries_all: bool,
    rubrics: Vec<Category>,
}

impl Offer {
    pub(super) async fn read(app: &App) -> sqlx::Result<Self> {
        let categories = articles::categories(&app.db).await?;
        let listed = |category: &Category| {
            category.kind == CategoryKind::Rubric && category.listed && !category.removed
        };
        let rubrics: Vec<Category> = categories.into_iter().filter(listed).collect();
        let mut tx = app.db.begin_read().await?;
        let mut offered = Vec::new();
        for declared in &app.declarations.newsletters {
            let Some(newsletter) = subscribers::find_newsletter(&mut tx, declared.slug.as_str()).await?
            else {
                continue;
            };
            let carried = |rubric: &&Category| {
                declared
                    .categories
                    .as_ref()
                    .is_none_or(|slugs| slugs.iter().any(|slug| slug.as_str() == rubric.slug))
            };
            offered.push(Offered {
                newsletter,
                rhythm: rhythm(&declared.schedule),
                description: declared.description.clone(),
                carries_all: declared.categories.is_none(),
                rubrics: rubrics.iter().filter(carried).cloned().collect(),
            });
        }
        Ok(Self(offered))
    }

    /// What was asked for of what is on offer; a newsletter's former slug is understood, whatever else is not on offer is
    /// left out. Rubrics none of which is known mean all of them, as none does.
    pub(super) fn wanted(&self, app: &App, typed: &Typed) -> Vec<Wanted> {
        let choice_of = |offered: &Offered| {
            let asked = |slug: &String| {
                app.declarations
                    .newsletter(slug)
                    .is_some_and(|one| one.slug.as_str() == offered.newsletter.slug)
            };
            let mut entries = typed.newsletters.iter().filter(|(slug, _)| asked(slug)).peekable();
            entries.peek()?;
            let chosen: Vec<&String> = entries.flat_map(|(_, rubrics)| rubrics).collect();
            let known = offered.rubrics.iter().filter(|rubric| chosen.contains(&&rubric.slug));
            let ids: std::collections::BTreeSet<_> = known.map(|rubric| rubric.id).collect();
            let all = ids.is_empty() || (offered.carries_all && ids.len() == offered.rubrics.len());
            Some(if all { Choice::All } else { Choice::Only(ids) })
        };
        let wanted = |offered: &Offered| {
            let choice = choice_of(offered)?;
            Some(Wanted { newsletter: offered.newsletter.clone(), choice })
        };
        self.0.iter().filter_map(wanted).collect()
    }

    /// As the pages show it, with what was ticked before.
    pub(super) fn views(&self, typed: &Typed) -> Vec<LetterView> {
        let view = |offered: &Offered| {
            let rubric =
                |rubric: &Category| RubricView { slug: rubric.slug.clone(), name: rubric.name.clone() };
            let carried = if offered.carries_all { &[][..] } else { &offered.rubrics };
            LetterView {
                slug: offered.newsletter.slug.clone(),
                title: offered.newsletter.title.clone(),
                description: offered.description.clone(),
                rhythm: Some(offered.rhythm.clone()),
                rubrics: carried.iter().map(|rubric| rubric.name.clone()).collect(),
                boxes: offered.rubrics.iter().map(rubric).collect(),
                any_chosen: typed
                    .newsletters
                    .get(&offered.newsletter.slug)
                    .is_some_and(|chosen| !chosen.is_empty()),
                wording: wording::asked(&offered.newsletter.title),
            }
        };
        self.0.iter().map(view).collect()
    }
}
