//! The demo's three readers, who want different rubrics.

use anyhow::Context;

use super::configuration::LETTER;
use crate::app::App;
use crate::articles::{self, Category};
use crate::mail::Mailbox;
use crate::subscribers::{self, Choice, Enrolment};

/// A reader of the demo.
#[derive(Debug)]
pub(super) struct DemoReader {
    /// As in `To:`.
    pub(super) mailbox: &'static str,
    /// Slugs of the rubrics wanted; none means all.
    pub(super) rubrics: &'static [&'static str],
}

/// One who reads everything, and two whose rubrics have nothing in common.
pub(super) const READERS: [DemoReader; 3] = [
    DemoReader { mailbox: "Afi Mensah <afi@lecteurs.example>", rubrics: &[] },
    DemoReader { mailbox: "Kodjo Lawson <kodjo@lecteurs.example>", rubrics: &["politique", "economie"] },
    DemoReader { mailbox: "Essi Amouzou <essi@lecteurs.example>", rubrics: &["culture", "sport"] },
];

/// Enters the readers on the list of the letter that leaves every minute.
///
/// # Errors
/// When the store fails.
pub(super) async fn enrol(app: &App) -> anyhow::Result<()> {
    let categories = articles::categories(&app.db).await?;
    let mut tx = app.db.begin_durable().await?;
    let newsletter = subscribers::find_newsletter(&mut tx, LETTER).await?.context("the demo's letter")?;
    for reader in &READERS {
        let mailbox: Mailbox = Mailbox::parse(reader.mailbox)?;
        let new = Enrolment {
            mailbox: &mailbox,
            newsletter: &newsletter,
            consent: "lecteur inventé pour la démonstration",
            origin: "demo",
        };
        subscribers::enrol(&mut tx, &app.keys, &new, app.clock.now()).await?;
        let choice = if reader.rubrics.is_empty() {
            Choice::All
        } else {
            let wanted = |category: &&Category| reader.rubrics.contains(&category.slug.as_str());
            Choice::Only(categories.iter().filter(wanted).map(|category| category.id).collect())
        };
        subscribers::choose(&mut tx, &app.keys, mailbox.address(), newsletter.id, &choice).await?;
    }
    tx.commit().await?;
    Ok(())
}
