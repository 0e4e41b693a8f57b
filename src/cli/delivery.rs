//! `kiosque delivery`: messages on their way.

use std::path::Path;

use clap::Subcommand;

use super::Failure;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use crate::app::App;
use crate::clock::DAY;
use crate::delivery::operate::{self, Filter, Listed, Step};
use crate::delivery::{DeliveryId, State};
use crate::mail::Address;
use crate::newsletters::edition::EditionId;
use crate::subscribers::AddressHash;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List deliveries, the youngest first
    List {
        /// Only in this state: `pending`, `claimed`, `in_doubt`, `sent`, `failed` or `cancelled`
        #[arg(long)]
        state: Option<State>,
        /// Only of this edition
        #[arg(long, value_name = "ID")]
        edition: Option<EditionId>,
        /// Only to this group of recipient domains
        #[arg(long, value_name = "GROUP")]
        group: Option<String>,
        /// Only to this address
        #[arg(long, value_name = "ADDRESS")]
        to: Option<Address>,
        /// Only those held for an operator
        #[arg(long)]
        held: bool,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 50, value_name = "N")]
        number: u32,
        #[command(flatten)]
        format: Format,
    },
    /// Try failed or waiting deliveries again, now
    Retry {
        #[command(flatten)]
        which: Which,
    },
    /// Keep deliveries from leaving
    Hold {
        #[command(flatten)]
        which: Which,
        /// Why, for who looks at it later
        #[arg(long, default_value = "operator", value_name = "TEXT")]
        reason: String,
    },
    /// Let held deliveries leave
    Release {
        #[command(flatten)]
        which: Which,
    },
}

/// Which deliveries: by number, or all that fit.
#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("chosen").required(true).multiple(true).args(["id", "edition", "group", "to"])))]
pub(super) struct Which {
    /// Their numbers
    #[arg(conflicts_with_all = ["edition", "group", "to", "state", "dry_run"])]
    id: Vec<DeliveryId>,
    /// All of this edition
    #[arg(long, value_name = "ID")]
    edition: Option<EditionId>,
    /// All to this group of recipient domains, as `delivery list` shows it
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    /// All to this address
    #[arg(long, value_name = "ADDRESS")]
    to: Option<Address>,
    /// Only those in this state; retry takes failed ones when nothing is said
    #[arg(long)]
    state: Option<State>,
    /// Only say how many
    #[arg(long)]
    dry_run: bool,
}

/// Deliveries to this address have this hash.
fn hash_of(app: &App, to: Option<&Address>) -> Option<Vec<u8>> {
    to.map(|to| AddressHash::of(&app.keys, to).as_bytes().to_vec())
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { state, edition, group, to, held, number, format } => {
            let app = setup::open(named, Access::Read).await?;
            let address_hash = hash_of(&app, to.as_ref());
            let filter = Filter { state, edition, address_hash, group, held, most: number.into() };
            list(&operate::list(&app.db, &filter).await?, format)
        }
        Verb::Retry { which } => step(named, Step::Retry, which, "").await,
        Verb::Hold { which, reason } => step(named, Step::Hold, which, &reason).await,
        Verb::Release { which } => step(named, Step::Release, which, "").await,
    }
}

async fn step(named: Option<&Path>, step: Step, which: Which, reason: &str) -> Result<(), Failure> {
    let access = if which.dry_run { Access::Read } else { Access::Write };
    let app = setup::open(named, access).await?;
    let now = app.clock.now();
    let (done, not_done) = match step {
        Step::Retry => ("tried again now", "settled or on its way: nothing to try again"),
        Step::Hold => ("held", "settled, or held already"),
        Step::Release => ("released", "not held"),
    };
    if !which.id.is_empty() {
        return each(&which.id, done, not_done, async |id| match step {
            Step::Retry => operate::retry(&app.db, id, now, now.plus(DAY)).await,
            Step::Hold => operate::hold(&app.db, id, reason).await,
            Step::Release => operate::release(&app.db, id).await,
        })
        .await;
    }
    let usual = (step == Step::Retry).then_some(State::Failed);
    let filter = Filter {
        state: which.state.or(usual),
        edition: which.edition,
        address_hash: hash_of(&app, which.to.as_ref()),
        group: which.group,
        ..Filter::default()
    };
    if which.dry_run {
        let mut table = Table::new(&["state", "group", "#deliveries"]);
        let counted = operate::count(&app.db, step, &filter).await?;
        let all: i64 = counted.iter().map(|matching| matching.rows).sum();
        for matching in counted {
            table.row([matching.state.to_string(), matching.recipient_group, matching.rows.to_string()]);
        }
        table.print("nothing fits");
        output::say(format!("{all} deliveries would be {done}; nothing was changed"));
        return Ok(());
    }
    let changed = operate::all(&app.db, step, &filter, reason, now).await?;
    output::say(format!("{changed} deliveries {done}"));
    Ok(())
}

/// Does it to each, and says of each what came of it; fails if it could not be done to one.
async fn each(
    ids: &[DeliveryId],
    done: &str,
    not_done: &str,
    step: impl AsyncFn(DeliveryId) -> sqlx::Result<bool>,
) -> Result<(), Failure> {
    let mut all = true;
    for id in ids {
        if step(*id).await? {
            output::say(format!("delivery {id}: {done}"));
        } else {
            all = false;
            output::complain(&format!("delivery {id}: unknown, {not_done}"));
        }
    }
    if all { Ok(()) } else { Err(Failure::Reported) }
}

fn list(deliveries: &[Listed], format: Format) -> Result<(), Failure> {
    if format.json {
        return Ok(output::json(&deliveries)?);
    }
    let mut table =
        Table::new(&["#id", "kind", "#edition", "address", "state", "due", "#attempts", "what happened"]);
    for delivery in deliveries {
        let held = if delivery.held { " (held)" } else { "" };
        table.row([
            delivery.id.to_string(),
            delivery.kind.to_string(),
            delivery.edition_id.map_or_else(String::new, |id| id.to_string()),
            delivery.address.clone(),
            format!("{}{held}", delivery.state),
            delivery.due_at.to_string(),
            delivery.attempts.to_string(),
            output::shorten(&happened(delivery), 80),
        ]);
    }
    table.print("no deliveries");
    Ok(())
}

/// `edition stopped; rcpt: 450 4.2.1 try later`.
fn happened(delivery: &Listed) -> String {
    let reply = delivery.reply_code.map(|code| {
        let stage = delivery.reply_stage.as_deref().unwrap_or("reply");
        format!("{stage}: {code} {}", delivery.reply_text.as_deref().unwrap_or_default())
    });
    let reply = reply.or_else(|| delivery.reply_text.clone());
    [delivery.reason.clone(), reply].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
