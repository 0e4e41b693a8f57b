//! Mails to one reader about the letters themselves: rendered, and put in the queue in the caller's transaction.

use anyhow::Context;

use crate::clock::{DAY, Timestamp};
use crate::db::{Keys, Tx};
use crate::delivery::automatic::store_automatic;
use crate::delivery::row::{DeliveryId, Kind};
use crate::delivery::sql;
use crate::delivery::store::{self, NewDelivery};
use crate::fetch_one;
use crate::html::publisher::PublisherView;
use crate::mail::{Address, LINK_MARK, PREFERENCES_MARK};
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::reader_view::{ButtonView, ReaderMailView};
use crate::newsletters::render::render_reader_mail;
use crate::subscribers::{AddressHash, PREFERENCES_PATH, SubscriptionId};

/// Under the public address: the pages of a change of address. A [`crate::delivery::MailToken`] follows.
pub const ADDRESS_PATH: &str = "/adresse/";

/// What is told a day late is of no use (ms).
const EXPIRE_AFTER: i64 = DAY;

/// What is said.
#[derive(Debug, Clone)]
pub enum Said {
    /// The link to the preferences, for whoever lost every mail.
    Link,
    /// To the new address: confirm it. With the days it holds.
    ConfirmAddress {
        /// For how many days.
        days: i64,
    },
    /// To the old address: letters go elsewhere from now on.
    AddressChanged {
        /// Where, masked.
        masked: String,
        /// For how many days it may be undone.
        days: i64,
    },
    /// The last mail: a leaving was recorded.
    Left {
        /// The letters, in words: « La Matinale » et « Le Soir ».
        letters: String,
        /// When, in words.
        moment: String,
        /// Its reference.
        reference: String,
    },
    /// A letter was added on the page of preferences.
    Joined {
        /// The letters, in words.
        letters: String,
    },
}

/// A mail to a reader.
#[derive(Debug, Clone)]
pub struct ReaderMail<'a> {
    /// Equal for what must be sent once only.
    pub key: &'a str,
    /// Whose preferences its link opens.
    pub subscription: SubscriptionId,
    /// Where it goes.
    pub to: &'a Address,
    /// What it says.
    pub said: Said,
    /// The letter in whose name it is sent; the first that is declared, when that one is not.
    pub newsletter: &'a str,
}

/// Puts it in the queue, and gives its row, also when it was there already. Wake the pump after the commit
/// ([`crate::delivery::Waker`]).
///
/// # Errors
/// When no newsletter is declared, the mail cannot be made, or the store fails.
pub async fn enqueue(
    tx: &mut Tx,
    desk: &Desk,
    keys: &Keys,
    mail: &ReaderMail<'_>,
    now: Timestamp,
) -> anyhow::Result<DeliveryId> {
    let declaration = desk.declaration(mail.newsletter).or_else(|| desk.newsletters.first());
    let declaration = declaration.context("no newsletter is declared")?;
    let rendered = render_reader_mail(&desk.templates, view(desk, &mail.said))?;
    let variant = store_automatic(tx, declaration, rendered, now).await?;
    let hash = AddressHash::of(keys, mail.to);
    let new = NewDelivery {
        kind: Kind::Notice,
        dedup_key: mail.key,
        subscription_id: Some(mail.subscription),
        confirmation_id: None,
        variant_id: variant,
        address: mail.to,
        address_hash: hash.as_bytes(),
        name: None,
        message_id: &message_id(mail.key, declaration, now),
        token_key_id: None,
        due_at: now,
        expires_at: now.plus(EXPIRE_AFTER),
    };
    store::enqueue(tx, &new, now).await?;
    let (id,): (DeliveryId,) = fetch_one!(tx, sql::DELIVERY_BY_KEY, mail.key)?;
    Ok(id)
}

/// Keys are our own words and numbers; what an id cannot hold becomes a hyphen.
fn message_id(key: &str, declaration: &Declaration, now: Timestamp) -> String {
    let plain: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("{plain}.{}@{}", now.millis(), declaration.from.address().domain())
}

fn view(desk: &Desk, said: &Said) -> ReaderMailView {
    let url = |path: &str, mark: &str| desk.config.public_url.join(&format!("{path}{mark}"));
    let preferences = || {
        Some(ButtonView {
            label: "Gérer mes préférences".to_owned(),
            url: url(PREFERENCES_PATH, PREFERENCES_MARK),
        })
    };
    let days = |days: i64| crate::french::number::count(days, "jour", "jours");
    let (title, paragraphs, button, small): (&str, Vec<String>, Option<ButtonView>, Vec<String>) = match said
    {
        Said::Link => (
            "Le lien vers vos préférences",
            vec!["Vous avez demandé le lien qui mène à vos lettres et à vos préférences.".into()],
            preferences(),
            vec!["Vous n’avez rien demandé ? Ne faites rien : rien ne change.".into()],
        ),
        Said::ConfirmAddress { days: valid } => (
            "Confirmez votre nouvelle adresse",
            vec![
                "Vous souhaitez recevoir nos lettres à cette adresse. Confirmez qu’elle est bien la vôtre."
                    .into(),
            ],
            Some(ButtonView {
                label: "Confirmer cette adresse".to_owned(),
                url: url(ADDRESS_PATH, LINK_MARK),
            }),
            vec![
                format!("Le lien est valable {} et mène à une page où un bouton confirme.", days(*valid)),
                "Vous n’avez rien demandé ? Ne faites rien : sans confirmation, rien ne change.".into(),
            ],
        ),
        Said::AddressChanged { masked, days: valid } => (
            "Vos lettres changent d’adresse",
            vec![
                format!(
                    "Nos lettres seront désormais envoyées à {masked}, comme demandé depuis vos préférences."
                ),
                "Ce n’était pas vous ? Annulez ce changement : vos lettres reviendront ici.".into(),
            ],
            Some(ButtonView {
                label: "Annuler le changement d’adresse".to_owned(),
                url: url(ADDRESS_PATH, LINK_MARK),
            }),
            vec![format!("Vous pouvez l’annuler pendant {}.", days(*valid))],
        ),
        Said::Left { letters, moment, reference } => (
            "Votre désinscription est enregistrée",
            vec![
                format!("Vous ne recevrez plus {letters}."),
                format!("Enregistré le {moment}. Référence : {reference}."),
            ],
            None,
            vec!["Ce message est le dernier ; il vaut accusé de réception.".into()],
        ),
        Said::Joined { letters } => (
            "Une lettre de plus",
            vec![format!("Vous recevrez désormais {letters}, comme demandé depuis vos préférences.")],
            preferences(),
            vec!["Ce n’était pas vous ? Vos préférences permettent de revenir en arrière.".into()],
        ),
    };
    ReaderMailView {
        publisher: PublisherView::from(&desk.config.publisher),
        title: title.to_owned(),
        paragraphs,
        button,
        small,
        subscribe: desk.config.public_url.join("/lettres"),
    }
}
