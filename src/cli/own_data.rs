//! `kiosque subscriber export|erase|silent`: what is kept of a reader, out and away.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use super::Failure;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use super::suppression::operator;
use crate::clock::Timestamp;
use crate::delivery::own_data::{self, Fate, SilentReader};
use crate::mail::Address;
use crate::subscribers::{AddressHash, register_act};

/// Prints it as JSON, and keeps who asked.
pub(super) async fn export(named: Option<&Path>, address: &Address) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let now = app.clock.now();
    let data = own_data::own_data(&app.db, &app.keys, address, now).await?;
    if data.is_empty() {
        return Err(nothing(address));
    }
    let mut tx = app.db.begin_durable().await?;
    let hash = AddressHash::of(&app.keys, address);
    register_act(&mut tx, "subscriber.export", Some(hash), None, &operator(), now).await?;
    tx.commit().await?;
    Ok(output::json(&data)?)
}

/// Erases, once the address was typed again.
pub(super) async fn erase(named: Option<&Path>, address: &Address, yes: bool) -> Result<(), Failure> {
    let app = setup::open(named, Access::Write).await?;
    let now = app.clock.now();
    let data = own_data::own_data(&app.db, &app.keys, address, now).await?;
    if data.is_empty() {
        return Err(nothing(address));
    }
    if !yes && !typed_again(&data)? {
        return Err(Failure::usage("kiosque: nothing was erased"));
    }
    let hash = AddressHash::of(&app.keys, address);
    let mut tx = app.db.begin_durable().await?;
    let receipt = own_data::erase(&mut tx, &app.desk, data.reader.subscriber, hash, now).await?;
    let reference = receipt.reference.to_string();
    register_act(&mut tx, "subscriber.erase", Some(hash), Some(&reference), &operator(), now).await?;
    tx.commit().await?;
    output::say(format!(
        "Toutes les données de {address} sont effacées ({}). Référence\u{a0}: {reference}.",
        receipt.at
    ));
    Ok(())
}

fn nothing(address: &Address) -> Failure {
    output::complain(&format!("Rien n’est conservé de {address}."));
    Failure::Reported
}

fn typed_again(data: &own_data::OwnData) -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage("kiosque: nobody is there to ask; say --yes"));
    }
    output::say(format!(
        "{}: {} subscriptions, {} consent events, {} messages. Nothing of it can be brought back.\n\
         Type the address once more to erase it:",
        data.asked_for,
        data.reader.subscriptions.len(),
        data.reader.consent.len(),
        data.messages.len()
    ));
    let mut line = String::new();
    std::io::stdin().lock().read_line(&mut line).map_err(anyhow::Error::new)?;
    Ok(line.trim().eq_ignore_ascii_case(&data.asked_for))
}

/// A page of a list that may be as long as it likes.
const PAGE: i64 = 1000;

#[derive(serde::Serialize)]
struct Line {
    address: String,
    heard_at: Timestamp,
    asked_at: Option<Timestamp>,
    fate: Fate,
}

/// Lists readers nothing was heard of for long; the dry run of what the daemon does.
pub(super) async fn silent(
    named: Option<&Path>,
    at: Option<Timestamp>,
    format: Format,
) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let now = at.unwrap_or_else(|| app.clock.now());
    let until = app.config.retention.readers.until(now);
    let (mut lines, mut after) = (Vec::new(), None);
    loop {
        let page: Vec<SilentReader> = own_data::silent_readers(&app.db, until, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        lines.extend(page.into_iter().map(|reader| Line {
            fate: reader.fate(now),
            address: reader.address,
            heard_at: reader.heard_at,
            asked_at: reader.asked_at,
        }));
    }
    if format.json {
        return Ok(output::json(&lines)?);
    }
    let count = |fate: Fate| lines.iter().filter(|line| line.fate == fate).count();
    let told = format!(
        "{} to be asked, {} were asked and have time, {} to be erased (nothing heard since {until})",
        count(Fate::Ask),
        count(Fate::Wait),
        count(Fate::Erase)
    );
    let mut table = Table::new(&["address", "last heard of", "asked", "what now"]);
    for line in lines {
        let fate = match line.fate {
            Fate::Ask => "is asked",
            Fate::Wait => "has time",
            Fate::Erase => "is erased",
        };
        let asked = line.asked_at.map_or_else(String::new, |at| at.to_string());
        table.row([line.address, line.heard_at.to_string(), asked, fate.to_owned()]);
    }
    table.print("no reader is silent");
    output::say(told);
    Ok(())
}
