//! The mails that lead editors to an edition's page: at its freeze, and while it waits for their approval.
//!
//! The link in such a mail is signed over the mail's own row ([`MailToken`]), so it stands for the editor's mailbox: what is
//! done behind it is noted with that address.

use anyhow::Context;

use crate::clock::{DAY, MINUTE, Timestamp};
use crate::db::{Keys, Tx};
use crate::delivery::automatic;
use crate::delivery::mail_token::MailToken;
use crate::delivery::row::Kind;
use crate::delivery::store::{self, NewDelivery};
use crate::french::date;
use crate::french::number::{self, grouped};
use crate::html::publisher::PublisherView;
use crate::mail::LINK_MARK;
use crate::newsletters::declaration::Declaration;
use crate::newsletters::desk::Desk;
use crate::newsletters::editing::look::{self, Standing};
use crate::newsletters::edition::{Edition, EditionId};
use crate::newsletters::editor_view::{EditorMailArticle, EditorMailSection, EditorMailView};
use crate::newsletters::render::render_editor;
use crate::subscribers::AddressHash;
use crate::{execute, fetch_all, fetch_optional, statements, text_enum};

statements! {
    // Few are frozen at a time; the index of open editions finds them.
    EDITIONS_TO_TELL = "SELECT e.id, e.due_at, e.approved_at IS NOT NULL AS approved,
            (SELECT max(l.created_at) FROM editor_links l WHERE l.edition_id = e.id) AS told_at
        FROM editions e WHERE e.state = 'frozen' AND e.fanned_out_at IS NULL ORDER BY e.id";
    ADD_EDITOR_LINK = "INSERT INTO editor_links (delivery_id, edition_id, address, created_at)
        SELECT d.id, $2, d.address, $3 FROM deliveries d WHERE d.dedup_key = $1
        ON CONFLICT (delivery_id) DO NOTHING";
    FIND_EDITOR_LINK = "SELECT l.edition_id, l.address, e.expires_at FROM editor_links l
        JOIN editions e ON e.id = l.edition_id WHERE l.delivery_id = $1";
}

/// Under the public address: an edition's page. The token follows.
pub const EDITOR_PATH: &str = "/relire/";

/// How long after an edition's last hour its links still open the page (ms): to stop it while it is under way, and to put
/// right what readers write in about in the days that follow.
pub const OPEN_AFTER: i64 = 7 * DAY;

/// A reminder that would follow another mail by less (ms) is left out.
const APART: i64 = 5 * MINUTE;

text_enum! {
    /// What a mail to editors is.
    Told {
        /// The edition is frozen.
        Frozen = "frozen",
        /// Ten minutes are left, and nobody has approved it.
        Before = "before",
        /// It is its hour, and nobody has approved it.
        AtHour = "at-hour",
        /// Its hour was half an hour ago.
        After = "after",
    }
}

#[derive(Debug, Clone, sqlx::FromRow)]
struct Waiting {
    id: EditionId,
    due_at: Timestamp,
    approved: bool,
    told_at: Option<Timestamp>,
}

impl Waiting {
    /// The mail that is due now: the latest reminder only, whatever was missed.
    fn due(&self, now: Timestamp) -> Option<Told> {
        let Some(told_at) = self.told_at else { return Some(Told::Frozen) };
        let reminders = [(Told::After, 30 * MINUTE), (Told::AtHour, 0), (Told::Before, -10 * MINUTE)];
        let mut passed = reminders.into_iter().map(|(told, after)| (told, self.due_at.plus(after)));
        let latest = passed.find(|(_, at)| *at <= now);
        latest.filter(|(_, at)| !self.approved && *at >= told_at.plus(APART)).map(|(told, _)| told)
    }
}

/// Puts the mails that are due in the queue, and gives their editions. To be called every second by any number of nodes;
/// wake the pump when there were any.
///
/// # Errors
/// When the store or a template fails; the next call goes on.
pub async fn tell(desk: &Desk, keys: &Keys, now: Timestamp) -> anyhow::Result<Vec<(EditionId, Told)>> {
    let waiting: Vec<Waiting> = fetch_all!(&desk.db, EDITIONS_TO_TELL)?;
    let mut done = Vec::new();
    for edition in waiting {
        let Some(told) = edition.due(now) else { continue };
        let id = edition.id;
        if tell_one(desk, keys, id, told, now)
            .await
            .with_context(|| format!("the mail about edition {id}"))?
        {
            done.push((id, told));
        }
    }
    Ok(done)
}

async fn tell_one(
    desk: &Desk,
    keys: &Keys,
    id: EditionId,
    told: Told,
    now: Timestamp,
) -> anyhow::Result<bool> {
    let edition = Edition::find(&desk.db, id).await?;
    let Some(declaration) = desk.declaration(&edition.slug) else { return Ok(false) };
    if declaration.editors.is_empty() {
        return Ok(false);
    }
    let standing = look::standing(desk, id, now).await?;
    let url = desk.config.public_url.join(&format!("{EDITOR_PATH}{LINK_MARK}"));
    let view = view(&standing, declaration, told, PublisherView::from(&desk.config.publisher), url);
    let rendered = render_editor(&desk.templates, view)?;
    // Postponed, it is told of again.
    let key = format!("editing:{id}:{told}:{}", standing.edition.due_at.millis());
    let mut tx = desk.db.begin().await?;
    let variant = automatic::store_to_newsroom(&mut tx, declaration, &key, rendered, now).await?;
    let mut rows = 0;
    for (number, address) in declaration.editors.iter().enumerate() {
        let dedup_key = format!("{key}:{number}");
        let hash = AddressHash::of(keys, address);
        let new = NewDelivery {
            kind: Kind::Editor,
            dedup_key: &dedup_key,
            subscription_id: None,
            confirmation_id: None,
            variant_id: variant,
            address,
            address_hash: hash.as_bytes(),
            name: None,
            message_id: &format!(
                "re-{id}.{}.{told}.{number}@{}",
                now.millis(),
                declaration.from.address().domain()
            ),
            token_key_id: None,
            due_at: now,
            expires_at: standing.edition.expires_at.max(now.plus(MINUTE)),
        };
        if store::enqueue(&mut tx, &new, now).await? {
            execute!(&mut tx, ADD_EDITOR_LINK, &dedup_key, id, now)?;
            rows += 1;
        }
    }
    tx.commit().await?;
    Ok(rows > 0)
}

fn view(
    standing: &Standing,
    declaration: &Declaration,
    told: Told,
    publisher: PublisherView,
    url: String,
) -> EditorMailView {
    let edition = &standing.edition;
    let moment = |at: Timestamp| date::date_at_hour(declaration.zone.local(at.to_utc()));
    let name = format!("{} du {}", declaration.title, moment(edition.slot_at));
    let articles = i64::try_from(standing.items().count()).unwrap_or(i64::MAX);
    let articles = number::count(articles, "article", "articles");
    let readers = number::plural(standing.readers, "lecteur", "lecteurs");
    let leaves = format!("départ le {}, à {} {readers}", moment(edition.due_at), grouped(standing.readers));
    let waits = edition.approved_at.is_none();
    let ends = format!(
        "Sans accord avant le {}, elle est abandonnée et ses articles reviennent dans l’édition suivante.",
        moment(edition.expires_at)
    );
    let (mark, first) = match told {
        Told::Frozen if waits => ("À approuver", "L’édition est prête. Elle ne part pas sans votre accord."),
        Told::Frozen => {
            ("À relire", "L’édition est prête. Sans intervention de votre part, elle part à l’heure dite.")
        }
        Told::Before => ("Rappel", "L’édition part dans dix minutes, si vous donnez votre accord."),
        Told::AtHour => ("Rappel", "C’est l’heure de l’édition, et elle attend votre accord."),
        Told::After => ("Dernier rappel", "L’édition attend votre accord depuis une demi-heure."),
    };
    let mut paragraphs = vec![first.to_owned(), format!("{articles}, {leaves}.")];
    if waits {
        paragraphs.push(ends);
    }
    let mut sections: Vec<EditorMailSection> = standing
        .sections
        .iter()
        .map(|(rubric, items)| EditorMailSection {
            name: rubric.clone(),
            titles: items.iter().map(|item| item.title.clone()).collect(),
        })
        .collect();
    if !standing.announced.is_empty() {
        sections.push(EditorMailSection {
            name: "Annoncés par leur titre".to_owned(),
            titles: standing.announced.iter().map(|item| item.title.clone()).collect(),
        });
    }
    EditorMailView {
        publisher,
        subject_line: format!("[{mark}] {name}"),
        summary: format!("{articles} ; {leaves}."),
        title: name,
        paragraphs,
        button: if waits { "Relire et approuver" } else { "Relire et modifier" }.to_owned(),
        url,
        aside: "Ce lien est à vous : qui l’ouvre peut modifier l’édition, et ce qui s’y fait est noté avec votre \
                adresse. Ne transférez pas ce message."
            .to_owned(),
        digest_subject: standing.subject.clone(),
        note: standing.words.note.clone(),
        lead: standing.lead.as_ref().map(|item| EditorMailArticle {
            title: item.title.clone(),
            rubric: item.rubric.clone(),
            summary: item.summary.clone(),
        }),
        sections,
        why: format!(
            "Vous recevez ce message parce que votre adresse est celle d’un éditeur de la lettre {}.",
            declaration.title
        ),
    }
}

/// What stands behind a link of such a mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EditorLink {
    /// It opens an edition's page, in the name of an address.
    Open(EditionId, String),
    /// Its edition is long over.
    Gone,
    /// No such link was ever mailed.
    Unknown,
}

/// What the link with this token opens. Changes nothing.
///
/// # Errors
/// When the store fails.
pub async fn look_at_editor_link(
    tx: &mut Tx,
    keys: &Keys,
    token: &str,
    now: Timestamp,
) -> sqlx::Result<EditorLink> {
    let Some(MailToken { delivery }) = MailToken::read(keys, token) else { return Ok(EditorLink::Unknown) };
    let row: Option<(EditionId, String, Timestamp)> = fetch_optional!(tx, FIND_EDITOR_LINK, delivery)?;
    Ok(match row {
        None => EditorLink::Unknown,
        Some((_, _, expires)) if expires.plus(OPEN_AFTER) <= now => EditorLink::Gone,
        Some((edition, address, _)) => EditorLink::Open(edition, address),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_latest_reminder_is_sent_and_none_right_after_another_mail() {
        let due_at = Timestamp::from_millis(1_000 * MINUTE);
        let at = |minutes: i64| due_at.plus(minutes * MINUTE);
        let due = |told: Option<i64>, approved, now| {
            Waiting { id: EditionId(1), due_at, approved, told_at: told.map(at) }.due(at(now))
        };
        assert_eq!(due(None, true, -30), Some(Told::Frozen));
        assert_eq!(due(None, false, 40), Some(Told::Frozen));
        assert_eq!(due(Some(-30), false, -11), None);
        assert_eq!(due(Some(-30), false, -10), Some(Told::Before));
        assert_eq!(due(Some(-10), false, -1), None);
        assert_eq!(due(Some(-10), false, 0), Some(Told::AtHour));
        assert_eq!(due(Some(0), false, 29), None);
        assert_eq!(due(Some(0), false, 30), Some(Told::After));
        assert_eq!(due(Some(30), false, 200), None);
        assert_eq!(due(Some(-30), true, 45), None, "it is approved");
        assert_eq!(due(Some(-30), false, 45), Some(Told::After), "the program was away");
        assert_eq!(due(Some(-12), false, -9), None, "it was frozen late");
        assert_eq!(due(Some(-12), false, 0), Some(Told::AtHour));
    }
}
