//! `kiosque subscriber`: readers.

use std::path::Path;

use clap::Subcommand;

use super::Failure;
use super::output::{self, Format, Table};
use super::own_data;
use super::setup::{self, Access};
use super::subscriber_import as import;
use crate::app::App;
use crate::articles;
use crate::delivery::{self, ResendError};
use crate::mail::{Address, Mailbox};
use crate::newsletters::edition::EditionId;
use crate::subscribers::{
    self, AddressHash, Enrolled, Enrolment, Filter, Listed, Reader, Reason, SubscriptionState, register_act,
};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Add a reader who has consented elsewhere
    Add {
        /// The reader: afi@exemple.tg, or 'Afi Mensah <afi@exemple.tg>'
        reader: Mailbox,
        /// The newsletter's slug
        #[arg(long, value_name = "SLUG")]
        newsletter: String,
        /// Where the consent comes from, in words; kept as proof
        #[arg(long, value_name = "TEXT")]
        consent: String,
    },
    /// Show all that is kept of a reader
    Show {
        /// The reader's address
        address: Address,
        #[command(flatten)]
        format: Format,
    },
    /// Print all that is kept of a reader as JSON, messages included: what the law lets anybody ask for
    Export {
        /// The reader's address
        address: Address,
    },
    /// Erase all that is kept of a reader; the hash of the address, the date and a reference stay
    Erase {
        /// The reader's address
        address: Address,
        /// Do not ask
        #[arg(long)]
        yes: bool,
    },
    /// List readers without a sign of life for the time of `[retention] readers`, and what becomes of them; changes nothing
    Silent {
        /// As it will be at this moment (UTC): 2026-11-23, 2026-11-23T14:30
        #[arg(long, value_name = "TIME", value_parser = super::suppression::moment)]
        at: Option<crate::clock::Timestamp>,
        #[command(flatten)]
        format: Format,
    },
    /// Send a reader an edition once more
    Resend {
        /// The reader's address
        address: Address,
        /// The edition's number
        #[arg(long, value_name = "ID")]
        edition: EditionId,
    },
    /// List subscriptions
    List {
        /// Only of this newsletter
        #[arg(long, value_name = "SLUG")]
        newsletter: Option<String>,
        /// Only in this state: pending, confirmed or left
        #[arg(long)]
        state: Option<SubscriptionState>,
        /// Write CSV that spreadsheets open, and that `subscriber import` reads
        #[arg(long, conflicts_with = "json")]
        csv: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Take readers, or addresses never to mail, from CSV files: spreadsheets or exports of other systems
    Import(import::Arguments),
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Add { reader, newsletter, consent } => add(named, &reader, &newsletter, &consent).await,
        Verb::Show { address, format } => show(named, &address, format).await,
        Verb::Export { address } => own_data::export(named, &address).await,
        Verb::Erase { address, yes } => own_data::erase(named, &address, yes).await,
        Verb::Silent { at, format } => own_data::silent(named, at, format).await,
        Verb::Resend { address, edition } => resend(named, &address, edition).await,
        Verb::List { newsletter, state, csv: true, .. } => {
            list_csv(named, &Filter { newsletter, state }).await
        }
        Verb::List { newsletter, state, csv: false, format } => {
            list(named, &Filter { newsletter, state }, format).await
        }
        Verb::Import(arguments) => import::run(named, arguments).await,
    }
}

/// The newsletter as readers know it; it is declared first where the store does not know it yet.
async fn newsletter(app: &App, slug: &str) -> Result<subscribers::Newsletter, Failure> {
    setup::newsletter(app, slug).await?;
    let mut tx = app.db.begin_read().await?;
    let found = subscribers::find_newsletter(&mut tx, slug).await?;
    found.ok_or_else(|| Failure::usage(format!("kiosque: no newsletter is called {slug}")))
}

async fn add(named: Option<&Path>, reader: &Mailbox, slug: &str, consent: &str) -> Result<(), Failure> {
    if consent.trim().is_empty() {
        return Err(Failure::usage("kiosque: --consent is empty; say where and how this reader agreed"));
    }
    let app = setup::open(named, Access::Write).await?;
    let newsletter = newsletter(&app, slug).await?;
    let mut tx = app.db.begin_durable().await?;
    let new = Enrolment { mailbox: reader, newsletter: &newsletter, consent, origin: "operator" };
    let now = app.clock.now();
    let enrolled = subscribers::enrol(&mut tx, &app.keys, &new, now).await?;
    if enrolled == Enrolled::Added {
        let hash = AddressHash::of(&app.keys, reader.address());
        let by = super::suppression::operator();
        register_act(&mut tx, "subscriber.add", Some(hash), Some(&newsletter.slug), &by, now).await?;
    }
    tx.commit().await?;
    let (address, title) = (reader.address(), &newsletter.title);
    match enrolled {
        Enrolled::Added => output::say(format!("{address} reçoit désormais {title}.")),
        Enrolled::Already => output::say(format!("{address} recevait déjà {title}.")),
        Enrolled::HasLeft => {
            return Err(refused(&format!(
                "{address} s’est désinscrit de {title}. Seule cette personne peut revenir, par le formulaire {}.",
                app.config.public_url.join("/lettres")
            )));
        }
        Enrolled::Suppressed(reason) => {
            return Err(refused(&format!("{address} ne doit plus recevoir de courrier ({}).", why(reason))));
        }
    }
    Ok(())
}

/// The same content with another Message-ID, apart from the edition's balance.
async fn resend(named: Option<&Path>, address: &Address, edition: EditionId) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    match delivery::resend(&app.desk, &app.keys, edition, address, app.clock.now()).await {
        Ok(()) => {
            output::say(format!(
                "edition {edition} leaves once more for {address}; see: kiosque explain {address} --edition {edition}"
            ));
            Ok(())
        }
        Err(ResendError::Store(error)) => Err(error.into()),
        Err(error @ ResendError::NoEdition(_)) => Err(Failure::usage(format!("kiosque: {error}"))),
        Err(error) => {
            output::complain(&format!("kiosque: {error}; nothing was sent"));
            Err(Failure::Reported)
        }
    }
}

fn refused(sentence: &str) -> Failure {
    output::complain(&format!("{sentence} Rien n’a changé."));
    Failure::Reported
}

/// Why an address is not mailed, in French.
fn why(reason: Reason) -> &'static str {
    match reason {
        Reason::HardBounce => "l’adresse n’existe plus",
        Reason::SoftBounce => "courrier revenu plusieurs fois de suite",
        Reason::Complaint => "courrier signalé comme indésirable",
        Reason::NotMe => "« ce n’était pas moi »",
        Reason::Erased => "données effacées à sa demande",
        Reason::Imported => "refus repris d’un autre système",
        Reason::Operator => "bloquée par la rédaction",
    }
}

/// A page of a list that may be as long as it likes.
const PAGE: i64 = 1000;

async fn list(named: Option<&Path>, filter: &Filter, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    if let Some(slug) = &filter.newsletter {
        setup::declared(&app.declarations, slug)?;
    }
    let mut all: Vec<Listed> = Vec::new();
    loop {
        let page = subscribers::list(&app.db, filter, all.last().map(|listed| listed.id), PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    if format.json {
        return Ok(output::json(&all)?);
    }
    let mut table = Table::new(&["address", "name", "newsletter", "state", "since", "choice", "suppressed"]);
    for listed in all {
        table.row([
            listed.address,
            listed.name.unwrap_or_default(),
            listed.newsletter,
            listed.state.to_string(),
            listed.since.to_string(),
            listed.choice,
            listed.suppressed.map_or_else(String::new, |reason| reason.to_string()),
        ]);
    }
    table.print("no subscriptions");
    Ok(())
}

/// Page by page, so that a list of any length goes out.
async fn list_csv(named: Option<&Path>, filter: &Filter) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    if let Some(slug) = &filter.newsletter {
        setup::declared(&app.declarations, slug)?;
    }
    let categories = articles::categories(&app.db).await?;
    let sheet = subscribers::Sheet::new(categories.into_iter().map(|category| (category.id, category.slug)));
    output::put(sheet.header());
    let mut after = None;
    loop {
        let page = subscribers::list(&app.db, filter, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = Some(last.id);
        output::put(page.iter().map(|listed| sheet.row(listed)).collect::<String>());
    }
}

async fn show(named: Option<&Path>, address: &Address, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let Some(reader) = subscribers::show(&app.db, &app.keys, address).await? else {
        output::complain(&format!("Rien n’est conservé de {address}."));
        return Err(Failure::Reported);
    };
    if format.json {
        return Ok(output::json(&reader)?);
    }
    print(&reader);
    Ok(())
}

fn print(reader: &Reader) {
    let name = reader.name.as_ref().map_or_else(String::new, |name| format!(" ({name})"));
    let since = reader.since.map_or_else(String::new, |since| format!(", since {since}"));
    output::say(format!("{}{name}{since}", reader.address));
    if let Some(suppression) = &reader.suppression {
        output::say(format!("Ne doit plus recevoir de courrier\u{a0}: {}.", why(suppression.reason)));
    }
    let mut table = Table::new(&["newsletter", "state", "choice", "layout", "asked", "confirmed", "left"]);
    let time = |at: Option<crate::clock::Timestamp>| at.map_or_else(String::new, |at| at.to_string());
    for subscription in &reader.subscriptions {
        table.row([
            subscription.newsletter.clone(),
            subscription.state.to_string(),
            subscription.choice.clone(),
            subscription.layout.clone(),
            subscription.created_at.to_string(),
            time(subscription.confirmed_at),
            time(subscription.left_at),
        ]);
    }
    output::say("");
    table.print("no subscriptions");
    let mut table = Table::new(&["at", "event", "newsletter", "reference", "origin", "wording"]);
    for event in &reader.events {
        table.row([
            event.at.to_string(),
            event.event.to_string(),
            event.newsletter.clone().unwrap_or_default(),
            event.reference.to_string(),
            event.origin.clone().unwrap_or_default(),
            output::shorten(&event.wording, 60),
        ]);
    }
    output::say("");
    table.print("no consent events");
}
