//! What the configuration declares, checked: categories with their slugs, newsletters with their schedules and addresses.

use crate::config::{AfterPause, Approval, Config, DateRange, Mistakes, OnDoubt, Span, nearest};
use crate::html::templates::Templates;
use crate::mail::{self, Address, Mailbox};

use super::makeup::Makeup;
use super::schedule::Schedule;
use super::slug::Slug;
use super::template_name::TemplateName;
use super::zone::Zone;

/// A `[[category]]`, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CategoryDeclaration {
    /// The French name.
    pub name: String,
    /// Its name in addresses, given or made from the name.
    pub slug: Slug,
    /// Slugs it had before.
    pub was: Vec<Slug>,
    /// Names or slugs in imports that mean it.
    pub from: Vec<String>,
    /// Whether it is gone for good.
    pub removed: bool,
}

/// A `[[newsletter]]`, checked. The meaning of each field stands at [`crate::config::Newsletter`].
#[derive(Debug, Clone)]
#[expect(
    missing_docs,
    reason = "the fields of config::Newsletter, which documents them, with their own types"
)]
pub struct Declaration {
    pub slug: Slug,
    pub was: Vec<Slug>,
    pub title: String,
    pub description: String,
    pub from: Mailbox,
    pub reply_to: Option<Mailbox>,
    pub bounce_to: Address,
    pub editors: Vec<Address>,
    pub schedule: Schedule,
    pub zone: Zone,
    pub pauses: Vec<DateRange>,
    /// `None`: all, later ones included.
    pub categories: Option<Vec<Slug>>,
    pub max_age: Span,
    pub min_articles: u32,
    pub template: TemplateName,
    /// What leads, how much is shown, what becomes of the rest.
    pub makeup: Makeup,
    pub after_pause: AfterPause,
    pub grace: Span,
    pub hold: Span,
    pub approval: Approval,
    pub expire_after: Span,
    /// Over which the hours of its messages are spread.
    pub spread: Span,
    /// Whether who has just confirmed gets the latest edition at once.
    pub welcome: bool,
    pub on_doubt: OnDoubt,
    pub noindex: bool,
    pub last_mail: bool,
    /// Whether openings of its articles are counted.
    pub count_clicks: bool,
    /// Whether readers whose first name is known are greeted by it.
    pub greeting: bool,
}

/// Everything a configuration declares, in the order of the file.
#[derive(Debug, Clone, Default)]
pub struct Declarations {
    /// The categories.
    pub categories: Vec<CategoryDeclaration>,
    /// The newsletters.
    pub newsletters: Vec<Declaration>,
}

impl Declarations {
    /// The newsletter with this slug, present or former.
    pub fn newsletter(&self, slug: &str) -> Option<&Declaration> {
        find(&self.newsletters, slug)
    }
}

/// The newsletter with this slug, present or former.
pub(super) fn find<'a>(newsletters: &'a [Declaration], slug: &str) -> Option<&'a Declaration> {
    let current = newsletters.iter().find(|newsletter| newsletter.slug.as_str() == slug);
    let former = |newsletter: &&Declaration| newsletter.was.iter().any(|was| was.as_str() == slug);
    current.or_else(|| newsletters.iter().find(former))
}

impl Declaration {
    /// How many articles an edition has at least: an edition without any is none.
    pub(super) fn least_articles(&self) -> usize {
        usize::try_from(self.min_articles).unwrap_or(usize::MAX).max(1)
    }
}

/// The digest templates that newsletters name, each once.
///
/// # Errors
/// Every name that no template has.
pub fn chosen_templates(config: &Config, templates: &Templates) -> Result<Vec<TemplateName>, Mistakes> {
    let mut mistakes = Mistakes::new(config.source().clone());
    let mut chosen = vec![];
    for newsletter in &config.newsletters {
        let (name, span) = match &newsletter.template {
            None => (Ok(TemplateName::default()), 0..0),
            Some(text) => (TemplateName::parse(text.get_ref()), text.span()),
        };
        let Ok(name) = name else { continue }; // reported where it is read
        if !name.stands_in(templates) {
            let known: Vec<String> = TemplateName::all(templates).iter().map(ToString::to_string).collect();
            let near = nearest(name.as_str(), known.iter().map(String::as_str));
            let near = near.map_or_else(
                || {
                    format!(
                        "there are {}; another one wants {} and {}",
                        known.join(", "),
                        name.mjml(),
                        name.text()
                    )
                },
                |near| format!("did you mean \"{near}\"?"),
            );
            mistakes.push(span, format!("`newsletter.template`: there is no \"{name}\"; {near}"));
        }
        if !chosen.contains(&name) {
            chosen.push(name);
        }
    }
    mistakes.into_result()?;
    Ok(chosen)
}

/// Where a reader may write to leave, a token before the `@`: the first address that a `[[bounces]]` names.
#[must_use]
pub fn unsubscribe_to(config: &Config) -> Option<Address> {
    let mut texts = config.bounces.iter().filter_map(|bounces| bounces.unsubscribe.as_ref());
    texts.find_map(|text| mail::unsubscribe_to(text.get_ref()).ok())
}
