//! What became of an article in one newsletter for one reader, in French.

use super::facts::{ArticleFacts, EditionFacts, SubscriptionFacts};
use super::words::{moment, sentence};
use super::{edition, facts};
use crate::articles::CategoryId;
use crate::clock::Timestamp;
use crate::french::number;
use crate::newsletters::selection::{Role, Usage};
use crate::newsletters::shown::Place;
use crate::newsletters::zone::Zone;
use crate::subscribers::Choice;

/// What a newsletter's declaration says that matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Its name.
    pub title: String,
    /// Its zone.
    pub zone: Zone,
    /// How long (ms) before the edition before an article may have been published.
    pub max_age: i64,
    /// The ids of the categories it carries.
    pub carried: Vec<i64>,
}

/// The story of an article in a newsletter; `edition` is the one it stood in.
#[must_use]
pub fn story(
    article: &ArticleFacts,
    rules: &Rules,
    reader: &facts::Address,
    subscription: Option<&SubscriptionFacts>,
    edition: Option<&EditionFacts>,
    now: Timestamp,
) -> Vec<String> {
    let mut told = Vec::new();
    if let Some(retracted) = article.retracted_at {
        told.push(sentence("Retiré par la rédaction le {}.", &[&moment(rules.zone, retracted)]));
    }
    match (edition, article.usage) {
        (Some(edition), Some(usage)) if !article.returned => {
            told.push(place(article, usage, edition));
            if usage != Usage::LeftOut {
                match edition.shown.iter().find_map(|copy| copy.place(article.id)) {
                    Some(held) => told.extend(own_copy(article, usage, held)),
                    None => told.extend(seen(article, rules, subscription)),
                }
                told.extend(super::edition::story(edition, reader, now));
            }
        }
        (Some(edition), Some(_)) => {
            told.push(sentence(
                "Il a été dans {}, qui l’a rendu : une édition suivante peut le prendre.",
                &[&edition::name(edition)],
            ));
        }
        (None, Some(Usage::Passed)) => told.push(sentence(
            "Il a paru pendant une pause de la lettre, qui a repris le {} sans lui.",
            &[&article.used_at.map(|at| moment(rules.zone, at)).unwrap_or_default()],
        )),
        _ => told.push(why_not(article, rules, now)),
    }
    told
}

/// Where it stood.
fn place(article: &ArticleFacts, usage: Usage, edition: &EditionFacts) -> String {
    let name = edition::name(edition);
    match (usage, article.role) {
        (Usage::LeftOut, _) => sentence("La rédaction l’a écarté de {}.", &[&name]),
        (_, Some(Role::Lead)) => sentence("En tête de {}.", &[&name]),
        (Usage::Announced, _) | (_, Some(Role::Announced)) => {
            sentence("Annoncé par son titre dans {}.", &[&name])
        }
        _ => sentence("Dans {}.", &[&name]),
    }
}

/// What the reader's own copy does otherwise than the edition.
fn own_copy(article: &ArticleFacts, usage: Usage, held: Place) -> Option<String> {
    let said = match held {
        Place::Lead if article.role != Some(Role::Lead) => {
            "L’exemplaire de ce lecteur, qui porte moins de rubriques, s’ouvre sur lui."
        }
        Place::Full if usage == Usage::Announced => {
            "L’exemplaire de ce lecteur, qui porte moins de rubriques, a la place de le montrer."
        }
        Place::Related => {
            "Ce lecteur n’en a vu que le titre, avec ceux des rubriques qu’il n’a pas choisies."
        }
        Place::Lead | Place::Full | Place::Announced => return None,
    };
    Some(said.to_owned())
}

/// Whether the reader's choice showed it to him.
fn seen(article: &ArticleFacts, rules: &Rules, subscription: Option<&SubscriptionFacts>) -> Option<String> {
    let choice: Choice = subscription?.choice.parse().ok()?;
    let wanted =
        article.categories.iter().any(|(id, _)| rules.carried.contains(id) && choice.wants(CategoryId(*id)));
    (!wanted).then(|| {
        sentence(
            "Ce lecteur ne l’y a pas vu : l’article est dans {}, qui n’est pas de ses rubriques d’aujourd’hui.",
            &[&names(article)],
        )
    })
}

fn names(article: &ArticleFacts) -> String {
    let names: Vec<&str> = article.categories.iter().map(|(_, name)| name.as_str()).collect();
    if names.is_empty() { "aucune rubrique".to_owned() } else { number::list(&names) }
}

/// Why no edition of this newsletter took it.
fn why_not(article: &ArticleFacts, rules: &Rules, now: Timestamp) -> String {
    let at = |at: Timestamp| moment(rules.zone, at);
    if article.retracted_at.is_some() {
        return sentence("Aucune édition de {} ne l’a pris.", &[&rules.title]);
    }
    if article.published_at > now {
        return sentence(
            "Sous embargo jusqu’au {} : {} ne peut pas encore le prendre.",
            &[&at(article.published_at), &rules.title],
        );
    }
    if !article.categories.iter().any(|(id, _)| rules.carried.contains(id)) {
        return sentence("{} ne porte pas ses rubriques ({}).", &[&rules.title, &names(article)]);
    }
    if let Some(opening) = article.opening_at.filter(|opening| article.appeared_at <= *opening) {
        return sentence(
            "Il a paru le {}, avant les débuts de {} (le {}) : les articles d’archives ne sont pas envoyés.",
            &[&at(article.appeared_at), &rules.title, &at(opening)],
        );
    }
    let oldest = article.previous_slot.or(article.opening_at).map(|slot| slot.plus(-rules.max_age));
    if let Some(oldest) = oldest.filter(|oldest| article.published_at <= *oldest) {
        return sentence(
            "Trop ancien pour {} : publié le {}, quand il fallait l’être après le {} (max_age).",
            &[&rules.title, &at(article.published_at), &at(oldest)],
        );
    }
    sentence("Aucune édition de {} ne l’a encore pris : la prochaine le prendra.", &[&rules.title])
}

#[cfg(test)]
#[path = "article_tests.rs"]
mod tests;
