//! What is kept of a reader, in words.

use chrono::NaiveDateTime;

use crate::clock::Timestamp;
use crate::delivery::own_data::{OwnData, OwnMessage};
use crate::delivery::{Kind, State};
use crate::french::date::{date_at_hour, full_date};
use crate::html::own_data_pages::{OwnConsentView, OwnDataView, OwnLetterView, OwnMessageView};
use crate::subscribers::{OwnSubscription, Reason, SubscriptionState};

/// As many stand on the page, so that it stays light; the file has all.
const CONSENTS: usize = 25;
const MESSAGES: usize = 40;

/// The page's view.
pub(super) fn view(data: &OwnData) -> OwnDataView {
    let reader = &data.reader;
    let consent = |event: &crate::subscribers::OwnEvent| OwnConsentView {
        moment: moment(event.at),
        wording: event.wording.clone(),
        reference: event.reference.to_string(),
        network_address: event.network_address.clone().unwrap_or_default(),
    };
    let in_force = reader.suppressions.iter().find(|one| one.lifted_at.is_none());
    OwnDataView {
        address: reader.address.clone().unwrap_or_else(|| data.asked_for.clone()),
        name: reader.name.clone().unwrap_or_default(),
        since: reader.since.map(|at| format!("le {}", day(at))).unwrap_or_default(),
        letters: reader.subscriptions.iter().map(letter).collect(),
        consents: reader.consent.iter().rev().take(CONSENTS).map(consent).collect(),
        messages: data.messages.iter().rev().take(MESSAGES).map(message).collect(),
        message_count: count(data.messages.len()),
        consent_count: count(reader.consent.len()),
        suppressed: in_force.map(|one| why(one.reason).to_owned()).unwrap_or_default(),
    }
}

fn count(length: usize) -> i64 {
    i64::try_from(length).unwrap_or(i64::MAX)
}

fn letter(subscription: &OwnSubscription) -> OwnLetterView {
    let state = match (subscription.state, subscription.confirmed_at, subscription.left_at) {
        (SubscriptionState::Confirmed, Some(at), _) => format!("Reçue depuis le {}", day(at)),
        (SubscriptionState::Left, _, Some(at)) => format!("Arrêtée le {}", day(at)),
        (SubscriptionState::Confirmed | SubscriptionState::Left, ..) => "Reçue".to_owned(),
        (SubscriptionState::Pending, ..) => {
            format!("Demandée le {}, jamais confirmée", day(subscription.created_at))
        }
    };
    let rubrics = match &subscription.rubrics {
        None => "Toutes les rubriques".to_owned(),
        Some(names) => names.join(", "),
    };
    OwnLetterView { title: subscription.title.clone(), state, rubrics, light: subscription.layout == "light" }
}

fn message(message: &OwnMessage) -> OwnMessageView {
    let state = match (message.kind, message.state) {
        (_, State::Sent) => "envoyé",
        (_, State::Failed) => "non remis",
        (_, State::Cancelled) => "annulé",
        (Kind::Edition, _) => "prévu",
        (_, _) => "en route",
    };
    OwnMessageView {
        moment: moment(message.finished_at.unwrap_or(message.created_at)),
        subject: message.subject.clone(),
        state,
    }
}

fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::HardBounce | Reason::SoftBounce => "suspendus : l’adresse a refusé nos messages",
        Reason::Complaint => "arrêtés : un de nos messages a été signalé comme indésirable",
        Reason::NotMe => "arrêtés : vous avez répondu « Ce n’était pas moi »",
        Reason::Erased => "arrêtés : vos données ont été effacées",
        Reason::Imported => "arrêtés : un refus a été repris d’un autre système",
        Reason::Operator => "arrêtés par la rédaction",
    }
}

/// In UTC, which is the time of Lomé.
fn naive(at: Timestamp) -> NaiveDateTime {
    at.to_utc().naive_utc()
}

fn day(at: Timestamp) -> String {
    full_date(naive(at).date())
}

fn moment(at: Timestamp) -> String {
    format!("{} (UTC)", date_at_hour(naive(at)))
}
