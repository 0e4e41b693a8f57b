//! The mails that carry such links: rendered, and put in the queue in the caller's transaction.

use anyhow::Context;

use crate::clock::{DAY, Timestamp};
use crate::db::{Keys, Purpose, Tx};
use crate::delivery::automatic::store_automatic;
use crate::delivery::own_data::link::{LinkPurpose, ReaderLinkId};
use crate::delivery::own_data::sql::LETTER_OF;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::fetch_optional;
use crate::french::number;
use crate::html::publisher::PublisherView;
use crate::mail::{Address, LINK_MARK};
use crate::newsletters::button_view::ButtonView;
use crate::newsletters::desk::Desk;
use crate::newsletters::render::render_link;
use crate::subscribers::{self, SubscriberId};

/// Under the public address: the page behind such a link. The token follows.
pub const OWN_DATA_PATH: &str = "/donnees/";

/// A mail that asks a reader whether he goes on may wait for the relay so long (ms).
const KEEP_WITHIN: i64 = 7 * DAY;

pub(super) struct LinkMail<'a> {
    pub(super) id: ReaderLinkId,
    pub(super) purpose: LinkPurpose,
    pub(super) subscriber: SubscriberId,
    pub(super) address: &'a Address,
    pub(super) address_hash: &'a [u8],
    pub(super) now: Timestamp,
}

/// Puts the mail in the queue; gives its dedup key.
pub(super) async fn enqueue(
    tx: &mut Tx,
    desk: &Desk,
    keys: &Keys,
    due: &LinkMail<'_>,
) -> anyhow::Result<String> {
    let letter: Option<(String,)> = fetch_optional!(tx, LETTER_OF, due.subscriber)?;
    let declaration = letter
        .and_then(|(slug,)| desk.declaration(&slug))
        .or_else(|| desk.newsletters.first())
        .context("no newsletter is declared whose sender the mail could have")?;
    let letters = subscribers::letters_of(tx, due.subscriber).await?;
    let titles: Vec<String> = letters.into_iter().map(|letter| letter.title).collect();
    let url = desk.config.public_url.join(&format!("{OWN_DATA_PATH}{LINK_MARK}"));
    let view = view(due.purpose, &titles, PublisherView::from(&desk.config.publisher), url);
    let rendered = render_link(&desk.templates, &view)?;
    let now = due.now;
    let variant = store_automatic(tx, declaration, rendered, now).await?;
    let (kind, within) = match due.purpose {
        // A person waits, and asked for it: only a complaint or an operator's block stands against it.
        LinkPurpose::Export | LinkPurpose::Erase => (Kind::Confirmation, due.purpose.holds()),
        LinkPurpose::Keep => (Kind::Notice, KEEP_WITHIN),
    };
    let dedup_key = format!("link:{}", due.id);
    let new = NewDelivery {
        kind,
        dedup_key: &dedup_key,
        subscription_id: None,
        confirmation_id: None,
        variant_id: variant,
        address: due.address,
        address_hash: due.address_hash,
        name: None,
        message_id: &format!("li-{}.{}@{}", due.id, now.millis(), declaration.from.address().domain()),
        token_key_id: Some(keys.current(Purpose::Token).id),
        due_at: now,
        expires_at: now.plus(within),
    };
    store::enqueue(tx, &new, now).await?;
    Ok(dedup_key)
}

/// What the mail says. It carries nothing that a stranger typed.
fn view(purpose: LinkPurpose, titles: &[String], publisher: PublisherView, url: String) -> ButtonView {
    let name = publisher.name.clone();
    let (subject_line, summary, title, paragraphs, button, aside) = match purpose {
        LinkPurpose::Export => (
            "Vos données personnelles".to_owned(),
            "Le lien pour les consulter et les télécharger.",
            "Consulter mes données".to_owned(),
            vec![format!(
                "Une copie de tout ce que {name} conserve à propos de votre adresse a été demandée depuis votre page de préférences."
            )],
            "Consulter mes données",
            "Le lien est valable 24 heures et s’ouvre une seule fois. Vous n’avez rien demandé ? Ne faites rien : personne d’autre n’a reçu ce lien.",
        ),
        LinkPurpose::Erase => (
            "Effacer vos données personnelles".to_owned(),
            "Rien n’est effacé sans votre confirmation.",
            "Effacer mes données".to_owned(),
            vec![
                format!("L’effacement de tout ce que {name} conserve à propos de votre adresse a été demandé depuis votre page de préférences."),
                "Le lien ci-dessous mène à une page où un bouton confirme. Vos inscriptions prendront fin aussitôt ; rien ne pourra être rétabli.".to_owned(),
            ],
            "Effacer mes données",
            "Le lien est valable 24 heures. Vous n’avez rien demandé ? Ne faites rien : sans confirmation, rien n’est effacé.",
        ),
        LinkPurpose::Keep => {
            let quoted: Vec<String> = titles.iter().map(|title| format!("« {title} »")).collect();
            let quoted = number::list(&quoted.iter().map(String::as_str).collect::<Vec<_>>());
            (
                "Souhaitez-vous continuer à recevoir nos lettres ?".to_owned(),
                "Sans réponse, vos données seront effacées dans 30 jours.",
                "Souhaitez-vous continuer ?".to_owned(),
                vec![
                    format!("Vous recevez {quoted} de {name}, et nous n’avons pas eu de vos nouvelles depuis longtemps. La loi nous demande de ne pas conserver vos données sans fin : confirmez que vous souhaitez continuer."),
                    "Sans réponse dans les 30 jours, votre inscription prendra fin et vos données seront effacées.".to_owned(),
                ],
                "Continuer à recevoir",
                "Le lien mène à une page où un bouton confirme.",
            )
        }
    };
    ButtonView {
        publisher,
        subject_line,
        summary: summary.to_owned(),
        title,
        paragraphs,
        button: button.to_owned(),
        url,
        aside: aside.to_owned(),
    }
}
