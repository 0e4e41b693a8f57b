//! What became of an edition for one reader, in French.

use super::facts::{Address, DeliveryFacts, EditionFacts, PastSuppression, SlotFacts};
use super::words::{moment, sentence, suppression};
use crate::clock::Timestamp;
use crate::delivery::bounces::{Class, Recorded};
use crate::delivery::row::State;
use crate::delivery::telling::report::reason;
use crate::french::{date, number};
use crate::newsletters::edition::EditionState;
use crate::newsletters::fit::Trimmed;
use crate::newsletters::slot_store::SkipReason;
use crate::newsletters::weight;
use crate::newsletters::zone::Zone;
use crate::subscribers::SubscriptionState;

/// « La Matinale du lundi 23 novembre 2026 à 7 h (édition 12) ».
#[must_use]
pub fn name(edition: &EditionFacts) -> String {
    let at = date::date_at_hour(edition.zone.local(edition.slot_at.to_utc()));
    sentence("{} du {} (édition {})", &[&edition.title, &at, &edition.id.to_string()])
}

/// The story of an edition and a reader, sentence by sentence.
#[must_use]
pub fn story(edition: &EditionFacts, reader: &Address, now: Timestamp) -> Vec<String> {
    let mut told = Vec::new();
    for delivery in &edition.deliveries {
        if delivery.resend {
            told.push(sentence(
                "Envoyée une nouvelle fois, à la demande de la rédaction, le {}.",
                &[&moment(edition.zone, delivery.created_at)],
            ));
        }
        told.extend(delivered(delivery, edition, reader));
        // What the relay answered at once stands in the story already.
        let later = delivery.returned.iter().filter(|_| delivery.state != State::Failed);
        told.extend(later.map(|bounce| came_back(bounce, edition.zone)));
        told.extend(shortened(delivery));
    }
    if told.is_empty() {
        told.extend(left_out(edition, reader, now));
    }
    told
}

/// What became of a message.
fn delivered(delivery: &DeliveryFacts, edition: &EditionFacts, reader: &Address) -> Vec<String> {
    let zone = edition.zone;
    let at = |at: Timestamp| moment(zone, at);
    let finished = delivery.finished_at.map(at).unwrap_or_default();
    let why = delivery.reason.as_deref().map_or_else(|| "sans raison notée".to_owned(), reason);
    let id = delivery.id.to_string();
    let mut told = Vec::new();
    match delivery.state {
        State::Sent => {
            told.push(match (delivery.relay.as_deref(), answer(delivery)) {
                (Some(relay), None) if relay.starts_with("maildir:") => {
                    sentence("Déposée dans le dossier {} le {}.", &[relay, &finished])
                }
                (relay, Some(answer)) => sentence(
                    "Remise au relais {} le {}, réponse {}.",
                    &[relay.unwrap_or("?"), &finished, &answer],
                ),
                (relay, None) => sentence("Remise au relais {} le {}.", &[relay.unwrap_or("?"), &finished]),
            });
            told.push(next(delivery));
        }
        State::Pending | State::Claimed | State::InDoubt if delivery.held => {
            told.push(sentence("Retenue : {}. Elle ne part pas sans vous.", &[&why]));
            told.push(sentence("Pour la laisser partir : {}", &[&format!("kiosque delivery release {id}")]));
        }
        State::Pending => {
            told.push(match answer(delivery) {
                None => sentence("En attente depuis le {}.", &[&at(delivery.due_at)]),
                Some(answer) => sentence(
                    "Pas encore prise : le relais {} a répondu {}. Prochain essai le {}, {} jusqu’ici, au plus tard le {}.",
                    &[
                        delivery.relay.as_deref().unwrap_or("?"),
                        &answer,
                        &at(delivery.due_at),
                        &number::count(delivery.attempts, "réponse", "réponses"),
                        &at(delivery.expires_at),
                    ],
                ),
            });
        }
        State::Claimed => told.push(sentence("En train de partir.", &[])),
        State::InDoubt => {
            told.push(sentence(
                "Dans le doute depuis le {} : le message a été commencé et le relais n’a pas dit s’il l’a pris. Il sera \
                 renvoyé à l’identique, au plus tard jusqu’au {}.",
                &[&delivery.in_doubt_at.map(at).unwrap_or_default(), &at(delivery.expires_at)],
            ));
            told.push(next(delivery));
        }
        State::Failed => {
            told.push(match answer(delivery) {
                Some(answer) => {
                    sentence("Pas remise : {}, le {}. Dernière réponse : {}.", &[&why, &finished, &answer])
                }
                None => sentence("Pas remise : {}, le {}.", &[&why, &finished]),
            });
            told.push(sentence("Pour essayer encore : {}", &[&format!("kiosque delivery retry {id}")]));
        }
        State::Cancelled => {
            told.push(sentence("Retirée avant l’envoi le {} : {}.", &[&finished, &why]));
            let when = delivery.finished_at.unwrap_or(delivery.due_at);
            told.extend(reader.suppressed_at(when).map(|s| suppressed(s, zone)));
            if let Some(left) = reader.subscription(edition.newsletter_id).and_then(|s| s.left_at) {
                told.push(sentence("Désinscription le {}.", &[&at(left)]));
            }
        }
    }
    told
}

/// What was left out of it so that mail programs show the rest.
fn shortened(delivery: &DeliveryFacts) -> Option<String> {
    let trimmed =
        Trimmed::stored(delivery.bodies_left_out, delivery.excerpt_length, delivery.moved, delivery.counted);
    let done = weight::in_french(trimmed)?;
    Some(sentence("Abrégée pour ne pas être coupée par les messageries : {}.", &[&done]))
}

/// What came back after the relay had taken it: a refusal, a complaint.
fn came_back(bounce: &Recorded, zone: Zone) -> String {
    let at = moment(zone, bounce.at);
    let host = bounce.reporter.as_deref().unwrap_or("un serveur");
    let words = bounce.reply.as_deref().or(bounce.status.as_deref()).unwrap_or("sans motif");
    match bounce.class {
        Class::Hard => {
            sentence("Revenue le {} : {} a répondu {}. Ce refus est définitif.", &[&at, host, words])
        }
        Class::Soft => {
            sentence("Revenue le {} : {} a répondu {}. Ce refus peut être passager.", &[&at, host, words])
        }
        Class::Other => {
            sentence("Revenue le {} : {} a répondu {}. L’adresse n’y est pour rien.", &[&at, host, words])
        }
        Class::Complaint => sentence("Signalée comme indésirable ; nous l’avons appris le {}.", &[&at]),
    }
}

/// `250 2.0.0 Ok: queued as 4F7…`.
fn answer(delivery: &DeliveryFacts) -> Option<String> {
    let words = delivery.reply_text.as_deref().unwrap_or_default().trim();
    match (delivery.reply_code, words) {
        (None, "") => None,
        (None, _) if delivery.relay.as_deref().is_some_and(|relay| relay.starts_with("maildir:")) => None,
        (None, words) => Some(words.to_owned()),
        (Some(code), words) => Some(format!("{code} {words}").trim().to_owned()),
    }
}

/// What to look up next: further than the relay nobody sees from here.
fn next(delivery: &DeliveryFacts) -> String {
    let id = format!("<{}>", delivery.message_id);
    if delivery.relay.as_deref().is_some_and(|relay| relay.starts_with("maildir:")) {
        return sentence("Le fichier porte le Message-ID {}.", &[&id]);
    }
    match delivery.reply_text.as_deref().and_then(queue_id) {
        Some(queue) => {
            sentence("La suite est dans le journal du relais, à {} (Message-ID {}).", &[queue, &id])
        }
        None => sentence("La suite est dans le journal du relais, au Message-ID {}.", &[&id]),
    }
}

/// The relay's own name for the message: `queued as X` (Postfix), `id=X` (Exim).
fn queue_id(answer: &str) -> Option<&str> {
    let after = answer.split_once("queued as ").or_else(|| answer.split_once("id="))?.1;
    let id = after.split(|c: char| !(c.is_ascii_alphanumeric() || "-_.".contains(c))).next()?;
    (!id.is_empty()).then_some(id)
}

/// An address that must not be mailed: by what and since when.
#[must_use]
pub fn suppressed(past: &PastSuppression, zone: Zone) -> String {
    let reply = past.reply.as_deref().map_or_else(String::new, |reply| format!(" ({reply})"));
    let why = suppression(past.reason);
    let since = moment(zone, past.at);
    match past.lifted_at {
        None => sentence("Sur la liste d’opposition depuis le {} : {}{}.", &[&since, why, &reply]),
        Some(lifted) => sentence(
            "Sur la liste d’opposition du {} au {} : {}{}.",
            &[&since, &moment(zone, lifted), why, &reply],
        ),
    }
}

/// Which rule left a reader out who has no message.
fn left_out(edition: &EditionFacts, reader: &Address, now: Timestamp) -> Vec<String> {
    let at = |at: Timestamp| moment(edition.zone, at);
    let Some(released) = edition.released_at else { return vec![not_released(edition, now)] };
    if edition.fanned_out_at.is_none() {
        return vec![sentence(
            "Partie le {} ; les messages ne sont pas encore tous préparés.",
            &[&at(released)],
        )];
    }
    let left = "Pas de message pour cette adresse : ";
    if let Some(wrong) = edition.rectifies.filter(|_| !edition.folded) {
        return vec![sentence(
            &format!(
                "{left}son exemplaire de l’édition {{}} n’est pas parti, ou ne contenait pas l’erreur rectifiée."
            ),
            &[&wrong.to_string()],
        )];
    }
    let Some(subscription) = reader.subscription(edition.newsletter_id) else {
        return vec![sentence(&format!("{left}elle n’est pas inscrite à {{}}."), &[&edition.title])];
    };
    let Some(confirmed) = subscription.confirmed_at else {
        return vec![sentence(
            &format!("{left}l’inscription demandée le {{}} n’a pas été confirmée."),
            &[&at(subscription.created_at)],
        )];
    };
    if let Some(ended) = subscription.left_at.filter(|ended| *ended <= released) {
        return vec![sentence(&format!("{left}elle s’est désinscrite le {{}}."), &[&at(ended)])];
    }
    if confirmed > released {
        return vec![sentence(
            &format!("{left}l’inscription a été confirmée le {{}}, après le départ, le {{}}."),
            &[&at(confirmed), &at(released)],
        )];
    }
    if let Some(until) = subscription.paused_until.filter(|until| *until > released) {
        return vec![sentence(
            &format!("{left}elle est suspendue par le lecteur jusqu’au {{}}."),
            &[&at(until)],
        )];
    }
    if let Some(past) = reader.suppressed_at(released) {
        return vec![sentence(left.trim_end_matches(" : "), &[]) + ".", suppressed(past, edition.zone)];
    }
    if subscription.state == SubscriptionState::Pending {
        return vec![sentence(&format!("{left}une nouvelle inscription attend d’être confirmée."), &[])];
    }
    if let Some(changed) = subscription.changed_at.filter(|changed| *changed > released) {
        return vec![sentence(
            &format!(
                "{left}les préférences du lecteur ont changé le {{}}, après le départ ; celles d’alors ne prévoyaient pas \
                 cette édition."
            ),
            &[&at(changed)],
        )];
    }
    if !edition.choice_has_variant {
        let chosen = edition.chosen.as_deref().unwrap_or_default();
        let names = number::list(&chosen.iter().map(String::as_str).collect::<Vec<_>>());
        return vec![match chosen {
            [] => sentence(&format!("{left}l’édition n’avait pas assez d’articles."), &[]),
            _ => sentence(
                &format!(
                    "{left}dans ses rubriques d’aujourd’hui ({{}}), l’édition n’avait pas assez d’articles."
                ),
                &[&names],
            ),
        }];
    }
    if edition.folded {
        return vec![sentence("Partie le {} ; le détail n’est plus conservé.", &[&at(released)])];
    }
    vec![
        sentence(&format!("{left}aucune règle ne l’explique, c’est une faute du programme."), &[]),
        sentence(
            "Merci de la signaler avec ce que dit : {}",
            &[&format!("kiosque edition show {}", edition.id)],
        ),
    ]
}

fn not_released(edition: &EditionFacts, now: Timestamp) -> String {
    let due = moment(edition.zone, edition.due_at);
    match (edition.state, edition.reason) {
        (EditionState::Frozen, _) if edition.approved_at.is_none() => {
            sentence("Pas encore partie : elle attend d’être approuvée ; prévue le {}.", &[&due])
        }
        (EditionState::Frozen, _) if edition.due_at > now => {
            sentence("Pas encore partie : prévue le {}.", &[&due])
        }
        (EditionState::Frozen, _) => sentence("Sur le point de partir : prévue le {}.", &[&due]),
        (EditionState::Stopped, _) => {
            sentence("Arrêtée avant son départ : personne ne l’a eue, ses articles sont revenus.", &[])
        }
        (_, reason) => sentence("{}", &[&nothing_sent(reason)]),
    }
}

/// Why a slot sent nothing.
#[must_use]
pub fn nothing_sent(reason: Option<SkipReason>) -> String {
    let why = match reason {
        Some(SkipReason::Empty) => "il n’y avait pas assez d’articles nouveaux",
        Some(SkipReason::Paused) => "la lettre était en pause",
        Some(SkipReason::Missed) => "le programme était arrêté, plus longtemps que le délai de grâce",
        Some(SkipReason::Coalesced) => "une édition plus récente est partie pour les deux",
        Some(SkipReason::Unapproved) => "personne ne l’a approuvée à temps",
        Some(SkipReason::Operator) => "la rédaction l’a sautée",
        None => "la raison n’est pas notée",
    };
    sentence(&format!("Rien n’est parti, pour personne : {why}."), &[])
}

/// A slot without an edition: « Lundi 23 novembre 2026 à 7 h : rien n’est parti… ».
#[must_use]
pub fn slot_name(title: &str, slot: &SlotFacts, zone: Zone) -> String {
    let at = date::date_at_hour(zone.local(slot.at.to_utc()));
    sentence("{} du {}", &[title, &at])
}

#[cfg(test)]
#[path = "edition_tests.rs"]
mod tests;
