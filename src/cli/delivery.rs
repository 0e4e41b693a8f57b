//! `kiosque delivery`: messages on their way.

use std::path::Path;

use clap::Subcommand;

use super::Failure;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use crate::clock::DAY;
use crate::delivery::operate::{self, Filter, Listed};
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
        /// Their numbers
        #[arg(required = true)]
        id: Vec<DeliveryId>,
    },
    /// Keep deliveries from leaving
    Hold {
        /// Their numbers
        #[arg(required = true)]
        id: Vec<DeliveryId>,
        /// Why, for who looks at it later
        #[arg(long, default_value = "operator", value_name = "TEXT")]
        reason: String,
    },
    /// Let held deliveries leave
    Release {
        /// Their numbers
        #[arg(required = true)]
        id: Vec<DeliveryId>,
    },
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { state, edition, to, held, number, format } => {
            let app = setup::open(named, Access::Read).await?;
            let address_hash = to.map(|to| AddressHash::of(&app.keys, &to).as_bytes().to_vec());
            let filter = Filter { state, edition, address_hash, held, most: number.into() };
            list(&operate::list(&app.db, &filter).await?, format)
        }
        Verb::Retry { id } => {
            let app = setup::open(named, Access::Write).await?;
            let now = app.clock.now();
            each(&id, "tried again now", "settled or on its way: nothing to try again", async |id| {
                operate::retry(&app.db, id, now, now.plus(DAY)).await
            })
            .await
        }
        Verb::Hold { id, reason } => {
            let app = setup::open(named, Access::Write).await?;
            each(&id, "held", "settled, or held already", async |id| {
                operate::hold(&app.db, id, &reason).await
            })
            .await
        }
        Verb::Release { id } => {
            let app = setup::open(named, Access::Write).await?;
            each(&id, "released", "not held", async |id| operate::release(&app.db, id).await).await
        }
    }
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
