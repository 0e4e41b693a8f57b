//! `kiosque suppression`: addresses that are not mailed, and false waves undone.

use std::path::Path;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use clap::Subcommand;

use super::Failure;
use super::output::{self, Format, Table};
use super::setup::{self, Access};
use crate::clock::{DAY, Timestamp};
use crate::subscribers::{self, Lifted, Listing, Wave, WaveReason};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List addresses that are not mailed, by their domains: the addresses themselves are not kept
    List {
        #[command(flatten)]
        which: Which,
        /// How many
        #[arg(short = 'n', long = "number", default_value_t = 100, value_name = "N")]
        number: u32,
        /// Show instead what was lifted, by whom and when
        #[arg(long)]
        lifted: bool,
        #[command(flatten)]
        format: Format,
    },
    /// Mail addresses again that were suppressed by mistake, such as by a host that refused everybody for an afternoon
    Lift {
        /// Suppressed for this reason: bounce, complaint, not-me, erased, imported or operator
        #[arg(long, value_name = "REASON")]
        reason: WaveReason,
        /// Only addresses of this domain
        #[arg(long, value_name = "DOMAIN")]
        domain: Option<String>,
        /// Suppressed from the first moment on and before the second (UTC): 2026-11-23, 2026-11-23T14:30
        #[arg(long, num_args = 2, value_names = ["FROM", "TO"], required = true, value_parser = moment)]
        between: Vec<Timestamp>,
        /// Only say how many
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        format: Format,
    },
}

#[derive(Debug, clap::Args)]
pub(super) struct Which {
    /// Only for this reason: bounce, complaint, not-me, erased, imported or operator
    #[arg(long, value_name = "REASON")]
    reason: Option<WaveReason>,
    /// Only addresses of this domain
    #[arg(long, value_name = "DOMAIN")]
    domain: Option<String>,
    /// Only since the first moment and before the second (UTC): 2026-11-23, 2026-11-23T14:30
    #[arg(long, num_args = 2, value_names = ["FROM", "TO"], value_parser = moment)]
    between: Option<Vec<Timestamp>>,
}

/// A day or minute, UTC.
pub(super) fn moment(text: &str) -> Result<Timestamp, String> {
    let day = |text: &str| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?.and_hms_opt(0, 0, 0);
    let minute = |text: &str| {
        let text = text.trim_end_matches('Z');
        let forms = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
        forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
    };
    let exact = || DateTime::parse_from_rfc3339(text).ok().map(|at| at.with_timezone(&Utc));
    day(text)
        .or_else(|| minute(text))
        .map(|at| at.and_utc())
        .or_else(exact)
        .map(Timestamp::from)
        .ok_or_else(|| "expected a day or minute such as 2026-11-23 or 2026-11-23T14:30 (UTC)".to_owned())
}

pub(super) async fn run(named: Option<&Path>, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::List { lifted: true, number, format, .. } => {
            let app = setup::open(named, Access::Read).await?;
            print_lifts(&subscribers::lifts(&app.db, number.into()).await?, format)
        }
        Verb::List { which, number, format, .. } => list(named, which, number, format).await,
        Verb::Lift { reason, domain, between, dry_run, format } => {
            let [since, until] = between[..] else {
                return Err(Failure::usage("kiosque: --between takes two moments"));
            };
            if until <= since {
                return Err(Failure::usage("kiosque: the second moment of --between is not after the first"));
            }
            let domain = domain.map(|domain| domain.to_ascii_lowercase());
            let wave = Wave { reason: reason.reason(), domain, since, until };
            lift(named, &wave, dry_run, format).await
        }
    }
}

async fn list(named: Option<&Path>, which: Which, number: u32, format: Format) -> Result<(), Failure> {
    let app = setup::open(named, Access::Read).await?;
    let (since, until) = match which.between.as_deref() {
        Some([since, until]) => (*since, *until),
        _ => (Timestamp::default(), app.clock.now().plus(DAY)),
    };
    let listing = Listing {
        reason: which.reason.map(WaveReason::reason),
        domain: which.domain.map(|domain| domain.to_ascii_lowercase()),
        since,
        until,
        most: number.into(),
    };
    let suppressions = subscribers::list_suppressions(&app.db, &listing).await?;
    if format.json {
        return Ok(output::json(&suppressions)?);
    }
    let mut table = Table::new(&["since", "domain", "reason", "what was said"]);
    for one in &suppressions {
        table.row([
            one.at.to_string(),
            one.domain.clone(),
            one.reason.to_string(),
            output::shorten(one.reply.as_deref().unwrap_or_default(), 80),
        ]);
    }
    table.print("no such suppression");
    if suppressions.len() >= usize::try_from(number).unwrap_or(usize::MAX) {
        output::say(format!("the first {number}; more with -n"));
    }
    Ok(())
}

async fn lift(named: Option<&Path>, wave: &Wave, dry_run: bool, format: Format) -> Result<(), Failure> {
    if dry_run {
        let app = setup::open(named, Access::Read).await?;
        let would = subscribers::wave_size(&app.db, wave).await?;
        if format.json {
            return Ok(output::json(&serde_json::json!({ "dry_run": true, "would_lift": would }))?);
        }
        output::say(format!("{would} would be mailed again; nothing was changed"));
        return Ok(());
    }
    let app = setup::open(named, Access::Write).await?;
    let lifted = subscribers::lift_wave(&app.db, wave, &operator(), app.clock.now()).await?;
    if format.json {
        return Ok(output::json(&lifted)?);
    }
    output::say(format!("{} are mailed again (record {}, by {})", lifted.lifted, lifted.id, lifted.by));
    Ok(())
}

/// Who types: the person behind sudo where there is one.
pub(super) fn operator() -> String {
    let names = ["SUDO_USER", "USER", "LOGNAME"].iter().filter_map(|name| std::env::var(name).ok());
    let uid = || format!("uid {}", rustix::process::getuid().as_raw());
    names.into_iter().find(|name| !name.trim().is_empty()).unwrap_or_else(uid)
}

fn print_lifts(lifts: &[Lifted], format: Format) -> Result<(), Failure> {
    if format.json {
        return Ok(output::json(&lifts)?);
    }
    let mut table = Table::new(&["#record", "at", "by", "reason", "domain", "from", "to", "#lifted"]);
    for lift in lifts {
        table.row([
            lift.id.to_string(),
            lift.at.to_string(),
            lift.by.clone(),
            lift.reason.to_string(),
            lift.domain.clone().unwrap_or_else(|| "all".to_owned()),
            lift.since.to_string(),
            lift.until.to_string(),
            lift.lifted.to_string(),
        ]);
    }
    table.print("nothing was ever lifted");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_days_or_minutes_in_utc() {
        let at = |text: &str| moment(text).map(Timestamp::millis).ok();
        assert_eq!(at("2026-11-23"), Some(1_795_392_000_000));
        for same in
            ["2026-11-23T14:30", "2026-11-23 14:30", "2026-11-23T14:30:00Z", "2026-11-23T15:30:00+01:00"]
        {
            assert_eq!(at(same), Some(1_795_444_200_000), "{same}");
        }
        assert_eq!(at("hier"), None);
    }
}
