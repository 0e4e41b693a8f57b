//! `kiosque audit`: the register of who did what when with readers' data.

use std::path::Path;

use super::Failure;
use super::output;
use super::setup::{self, Access};
use super::suppression::moment;
use crate::clock::{DAY, Timestamp};
use crate::mail::Address;
use crate::subscribers::{AddressHash, Audit, AuditScope};

#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// From this moment on (UTC): 2026-11-23, 2026-11-23T14:30
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// And before this one
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Of this reader only
    #[arg(long)]
    address: Option<Address>,
}

/// One line of JSON each, in the order of time. Addresses do not stand in them.
pub(super) async fn run(named: Option<&Path>, arguments: Arguments) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let scope = AuditScope {
        since: arguments.since.unwrap_or_default(),
        until: arguments.until.unwrap_or_else(|| app.clock.now().plus(DAY)),
        of: arguments.address.map(|address| AddressHash::of(&app.keys, &address)),
    };
    let mut audit = Audit::new(scope);
    while let Some(line) = audit.next(&app.db).await? {
        output::say(serde_json::to_string(&line).map_err(anyhow::Error::new)?);
    }
    Ok(())
}
