//! Proof of consent: what was asked, agreed to, refused and ended, when, in which words. Rows are only ever added.

use std::fmt;

use crate::clock::Timestamp;
use crate::db::Tx;
use crate::subscribers::newsletter::NewsletterId;
use crate::subscribers::origin::Origin;
use crate::subscribers::sql::{LATEST_EVENT, RECORD_EVENT};
use crate::subscribers::subscription::SubscriberId;
use crate::{execute, fetch_optional, text_enum};

text_enum! {
    /// What a reader, or an operator for him, said.
    Event {
        /// Asked for a newsletter by the form.
        Asked = "asked",
        /// Confirmed what was asked.
        Confirmed = "confirmed",
        /// Taken over from elsewhere, with consent given there.
        Imported = "imported",
        /// Left.
        Left = "left",
        /// « Ce n’était pas moi ».
        Refused = "refused",
        /// Chose rubrics or a layout.
        Chosen = "chosen",
        /// Suspended it until a day.
        Paused = "paused",
        /// Ended the suspension.
        Resumed = "resumed",
        /// Had it sent to another address.
        Moved = "moved",
        /// Took the change of address back.
        Restored = "restored",
        /// Asked after years of silence, wants to go on.
        Kept = "kept",
    }
}

impl Event {
    /// The first letter of its references.
    const fn letter(self) -> char {
        match self {
            Self::Asked => 'A',
            Self::Confirmed => 'C',
            Self::Imported => 'M',
            Self::Left => 'D',
            Self::Refused => 'R',
            Self::Chosen => 'P',
            Self::Paused | Self::Resumed => 'S',
            Self::Moved | Self::Restored => 'T',
            Self::Kept => 'G',
        }
    }
}

/// What a reader may quote to us: `D-7F3K-2QX9`. 40 random bits in letters and digits that are not mistaken for one
/// another (Crockford's alphabet: no I, L, O, U).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::Type)]
#[sqlx(transparent)]
#[serde(transparent)]
pub struct Reference(String);

const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

impl Reference {
    fn draw(event: Event) -> Self {
        Self::with(event.letter())
    }

    /// One that begins with this letter.
    pub(super) fn with(letter: char) -> Self {
        // The last 62 bits of a version 4 UUID are random (RFC 9562 §5.4).
        let mut bits = uuid::Uuid::new_v4().as_u128();
        let mut text = String::from(letter);
        for place in 0..8 {
            if place % 4 == 0 {
                text.push('-');
            }
            text.push(char::from(ALPHABET[(bits % 32) as usize]));
            bits /= 32;
        }
        Self(text)
    }
}

/// References that lie next to each other: a million events of an import then touch each page of the store's index once,
/// not at random. Where they begin is random.
#[derive(Debug)]
pub(super) struct Neighbours(u64);

impl Reference {
    /// References for the events of one transaction; one that is taken already is refused by the store.
    pub(super) fn neighbours() -> Neighbours {
        Neighbours(uuid::Uuid::new_v4().as_u128() as u64)
    }
}

impl Neighbours {
    /// The next one.
    pub(super) fn next(&mut self, event: Event) -> Reference {
        self.0 = self.0.wrapping_add(1);
        let mut text = String::from(event.letter());
        for place in 0..8 {
            if place % 4 == 0 {
                text.push('-');
            }
            let bits = self.0 >> (5 * (7 - place));
            text.push(char::from(ALPHABET[(bits % 32) as usize]));
        }
        Reference(text)
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// An event as it was kept.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
pub struct ConsentEvent {
    /// The newsletter's slug; none when it concerned the address alone.
    pub newsletter: Option<String>,
    /// What happened.
    pub event: Event,
    /// What the reader was shown of it.
    pub reference: Reference,
    /// The words that stood before the reader.
    pub wording: String,
    /// Where it came from: `form`, `page`, `one-click`, `operator`, `import FILE`.
    pub origin: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// When something was recorded and under which reference: the acknowledgement a page shows.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Receipt {
    /// The reference.
    pub reference: Reference,
    /// When it was recorded.
    pub at: Timestamp,
}

/// An event to be recorded.
pub(super) struct NewEvent<'a> {
    pub(super) subscriber: SubscriberId,
    pub(super) newsletter: NewsletterId,
    pub(super) event: Event,
    pub(super) wording: &'a str,
    pub(super) origin: Origin<'a>,
    pub(super) at: Timestamp,
}

/// Records an event.
pub(super) async fn record(tx: &mut Tx, new: &NewEvent<'_>) -> sqlx::Result<Receipt> {
    // An import's words are the operator's own.
    let version = (new.event != Event::Imported).then_some(wording::VERSION);
    let (network_address, user_agent) = (new.origin.network_address(), new.origin.user_agent());
    loop {
        let reference = Reference::draw(new.event);
        let rows = execute!(
            tx,
            RECORD_EVENT,
            new.subscriber,
            new.newsletter,
            new.event,
            reference.0.as_str(),
            new.wording,
            new.origin.way,
            new.at,
            version,
            network_address.as_deref(),
            user_agent.as_deref()
        )?;
        // None when the reference is taken, once in a million with a million events: draw again.
        if rows == 1 {
            return Ok(Receipt { reference, at: new.at });
        }
    }
}

/// The latest event of this kind.
pub(super) async fn latest(
    tx: &mut Tx,
    subscriber: SubscriberId,
    newsletter: NewsletterId,
    event: Event,
) -> sqlx::Result<Option<Receipt>> {
    fetch_optional!(tx, LATEST_EVENT, subscriber, newsletter, event)
}

/// The sentences that pages show beside a button and that consent events keep: one source for both.
pub mod wording {
    /// Kept with every event: which sentences of the program stood before the reader. It changes with any of them.
    pub const VERSION: &str = "2026-11";

    /// Beside the form's button.
    #[must_use]
    pub fn asked(title: &str) -> String {
        format!("Je souhaite recevoir «\u{a0}{title}\u{a0}» à cette adresse.")
    }

    /// Beside the button that confirms.
    #[must_use]
    pub fn confirmed(title: &str) -> String {
        format!("Je confirme mon inscription à «\u{a0}{title}\u{a0}».")
    }

    /// The same when not all rubrics are wanted: with their names.
    #[must_use]
    pub fn confirmed_for(title: &str, rubrics: &[&str]) -> String {
        match rubrics {
            [] => confirmed(title),
            [one] => format!("Je confirme mon inscription à «\u{a0}{title}\u{a0}», rubrique {one}."),
            several => {
                let several = crate::french::number::list(several);
                format!("Je confirme mon inscription à «\u{a0}{title}\u{a0}», rubriques {several}.")
            }
        }
    }

    /// Beside the button that leaves.
    #[must_use]
    pub fn left(title: &str) -> String {
        format!("Je ne souhaite plus recevoir «\u{a0}{title}\u{a0}».")
    }

    /// What saving the preferences says of rubrics and layout.
    #[must_use]
    pub fn chosen(title: &str, rubrics: &str, light: bool) -> String {
        let layout = if light { ", en édition allégée" } else { "" };
        format!("Je souhaite recevoir «\u{a0}{title}\u{a0}»\u{a0}: {rubrics}{layout}.")
    }

    /// What saving the preferences says of a pause; the day in words.
    #[must_use]
    pub fn paused(title: &str, day: &str) -> String {
        format!("Je suspends «\u{a0}{title}\u{a0}» jusqu’au {day}.")
    }

    /// What saving the preferences says when a pause ends.
    #[must_use]
    pub fn resumed(title: &str) -> String {
        format!("Je reprends la réception de «\u{a0}{title}\u{a0}».")
    }

    /// What confirming a change of address says, or taking it back.
    #[must_use]
    pub fn moved(title: &str, back: bool) -> String {
        let which = if back { "de nouveau à l’ancienne" } else { "à cette" };
        format!("Je souhaite recevoir «\u{a0}{title}\u{a0}» {which} adresse.")
    }

    /// Beside the button that takes a leaving back.
    #[must_use]
    pub fn stayed(title: &str) -> String {
        format!("J’annule ma désinscription\u{a0}: je souhaite recevoir «\u{a0}{title}\u{a0}».")
    }

    /// Beside the button that refuses.
    #[must_use]
    pub fn refused(title: &str) -> String {
        format!("Ce n’était pas moi\u{a0}: je n’ai pas demandé «\u{a0}{title}\u{a0}».")
    }

    /// Beside the button by which a reader who was silent for years goes on.
    #[must_use]
    pub fn kept(titles: &[String]) -> String {
        let quoted: Vec<String> = titles.iter().map(|title| format!("«\u{a0}{title}\u{a0}»")).collect();
        format!("Je souhaite continuer à recevoir {}.", quoted.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_the_sentences() {
        use aws_lc_rs::digest::{SHA256, digest};
        let said = [
            wording::asked("X"),
            wording::confirmed("X"),
            wording::confirmed_for("X", &["Y"]),
            wording::confirmed_for("X", &["Y", "Z"]),
            wording::left("X"),
            wording::chosen("X", "Y", false),
            wording::chosen("X", "Y", true),
            wording::paused("X", "1er mai"),
            wording::resumed("X"),
            wording::moved("X", false),
            wording::moved("X", true),
            wording::stayed("X"),
            wording::refused("X"),
            wording::kept(&["X".to_owned(), "Y".to_owned()]),
        ];
        let digest = digest(&SHA256, said.join("\n").as_bytes());
        let fingerprint = hex::encode(&digest.as_ref()[..4]);
        assert_eq!(
            (wording::VERSION, fingerprint.as_str()),
            ("2026-11", "0991dba3"),
            "new words, new version"
        );
    }

    #[test]
    fn a_reference_has_the_form_that_pages_promise() {
        for _ in 0..1000 {
            let Reference(text) = Reference::draw(Event::Left);
            let groups: Vec<&str> = text.split('-').collect();
            assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [1, 4, 4]);
            assert!(text.starts_with("D-"), "{text}");
            assert!(!text[1..].contains(['I', 'L', 'O', 'U']), "{text}");
        }
        assert_ne!(Reference::draw(Event::Left), Reference::draw(Event::Left));
    }
}
