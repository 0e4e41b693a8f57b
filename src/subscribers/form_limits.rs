//! How much the form takes: of one network, and in all. What an address gets is limited where it asks ([`super::ask`]).
//!
//! Each asking is a debt that time pays off. A network owes nothing for its first askings; then it has to wait before each
//! further one, twice as long each time, until the debt has shrunk. Who has to wait is told so, and nothing is written:
//! the answer depends on where the asking comes from, never on the address that was typed.

use std::net::IpAddr;

use crate::clock::{HOUR, MINUTE, SECOND, Timestamp};
use crate::db::{Db, Keys, Purpose, Tx};
use crate::subscribers::form_sql::{
    FORGET_NETWORKS, LOCK_NETWORK, LOCK_TOTAL, LOOK_AT_TOTAL, NOTE_REFUSAL, SET_NETWORK, SET_TOTAL,
};
use crate::{execute, fetch_one, fetch_optional};

/// What one asking of a network adds to its debt (ms): so often one more is allowed in the long run.
const ONE_ASKING: i64 = 30 * MINUTE;

/// The first wait (ms) of a network that asked too often; each further one is twice as long.
const FIRST_WAIT: i64 = MINUTE;

/// The longest (ms).
const LONGEST_WAIT: i64 = 6 * HOUR;

/// What the form takes.
#[derive(Debug, Clone, Copy)]
pub struct FormLimits {
    /// Askings of one network at once.
    pub per_network: u32,
    /// Askings in an hour in all.
    pub per_hour: u32,
}

/// Whether an asking may go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// It may.
    Granted,
    /// Its network has asked too often: not before so many seconds.
    NetworkWaits(i64),
    /// The form is asked more than the operator allows: not before so many seconds.
    FormWaits(i64),
}

/// What readers share an address range of: an IPv4 /24, an IPv6 /64.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FormNetwork([u8; 8]);

impl FormNetwork {
    /// The network of an address; none for this machine's own, where a proxy that does not say for whom it asks, or the
    /// operator, stands behind every request.
    #[must_use]
    pub fn of(address: IpAddr) -> Option<Self> {
        let address = address.to_canonical();
        if address.is_loopback() {
            return None;
        }
        let mut network = [0; 8];
        match address {
            IpAddr::V4(v4) => network[..3].copy_from_slice(&v4.octets()[..3]),
            IpAddr::V6(v6) => network.copy_from_slice(&v6.octets()[..8]),
        }
        // An IPv4 network and the IPv6 one with the same bytes are two: no global IPv6 network begins with that byte.
        if address.is_ipv4() {
            network[7] = 4;
        }
        Some(Self(network))
    }

    fn hash(self, keys: &Keys) -> Vec<u8> {
        keys.current(Purpose::Token).mac(&[b"network", &self.0])[..16].to_vec()
    }
}

/// Counts an asking of `network`, or says how long it has to wait.
///
/// # Errors
/// When the store fails.
pub async fn admit(
    db: &Db,
    keys: &Keys,
    limits: FormLimits,
    network: Option<FormNetwork>,
    now: Timestamp,
) -> sqlx::Result<Admission> {
    let mut tx = db.begin().await?;
    if let Some(network) = network {
        let network = network.hash(keys);
        let (debt, at): (i64, Timestamp) = fetch_one!(&mut tx, LOCK_NETWORK, &network[..], now)?;
        match network_after(Debt { ms: debt, at }, limits.per_network, now) {
            Ok(debt) => execute!(&mut tx, SET_NETWORK, &network[..], debt.ms, debt.at)?,
            Err(wait) => return Ok(Admission::NetworkWaits(wait)),
        };
    }
    let admission = take_from_total(&mut tx, limits.per_hour, now).await?;
    tx.commit().await?;
    Ok(admission)
}

async fn take_from_total(tx: &mut Tx, per_hour: u32, now: Timestamp) -> sqlx::Result<Admission> {
    let (debt, at): (i64, Timestamp) = fetch_one!(tx, LOCK_TOTAL, now)?;
    match total_after(Debt { ms: debt, at }, per_hour, now) {
        Ok(debt) => {
            execute!(tx, SET_TOTAL, debt.ms, debt.at)?;
            Ok(Admission::Granted)
        }
        Err(wait) => {
            execute!(tx, NOTE_REFUSAL, now)?;
            Ok(Admission::FormWaits(wait))
        }
    }
}

/// Whether anybody was sent away within the last hour because the form was asked too often: what the alert tells.
///
/// # Errors
/// When the store fails.
pub async fn form_is_flooded(db: &Db, now: Timestamp) -> sqlx::Result<bool> {
    let refused: Option<(Option<Timestamp>,)> = fetch_optional!(db, LOOK_AT_TOTAL)?;
    Ok(refused.and_then(|(at,)| at).is_some_and(|at| now < at.plus(HOUR)))
}

/// Forgets networks that owe nothing any more. Gives how many.
///
/// # Errors
/// When the store fails.
pub async fn forget_networks(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    execute!(db, FORGET_NETWORKS, now)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Debt {
    ms: i64,
    at: Timestamp,
}

impl Debt {
    fn left(self, now: Timestamp) -> i64 {
        (self.ms - (now.millis() - self.at.millis()).max(0)).max(0)
    }
}

/// A network's debt after one more asking, or the seconds it has to wait.
fn network_after(before: Debt, free: u32, now: Timestamp) -> Result<Debt, i64> {
    let left = before.left(now);
    let beyond = (left + ONE_ASKING - 1) / ONE_ASKING - i64::from(free);
    if beyond >= 0 {
        let wait = (FIRST_WAIT << beyond.min(20)).min(LONGEST_WAIT);
        let due = before.at.plus(wait);
        if now < due {
            return Err(seconds(due.millis() - now.millis()));
        }
    }
    Ok(Debt { ms: left + ONE_ASKING, at: now })
}

/// The same of all: as many at once as in an hour.
fn total_after(before: Debt, per_hour: u32, now: Timestamp) -> Result<Debt, i64> {
    let one = (HOUR / i64::from(per_hour.max(1))).max(1);
    let left = before.left(now);
    if left + one > HOUR {
        return Err(seconds(left + one - HOUR));
    }
    Ok(Debt { ms: left + one, at: now })
}

fn seconds(ms: i64) -> i64 {
    (ms + SECOND - 1) / SECOND
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::DAY;

    const START: Timestamp = Timestamp::from_millis(1_795_417_200_000);

    fn granted_within(time: i64, every: i64, mut take: impl FnMut(Timestamp) -> bool) -> usize {
        (0..time / every).filter(|n| take(START.plus(n * every))).count()
    }

    #[test]
    fn a_network_that_never_stops_gets_its_first_askings_and_then_fewer_and_fewer() {
        let mut debt = Debt { ms: 0, at: START };
        let mut take = |now| network_after(debt, 20, now).map(|after| debt = after).is_ok();
        assert_eq!((0..1_000).filter(|_| take(START)).count(), 20, "at once");
        let day = granted_within(DAY, SECOND, take);
        assert!((40..=56).contains(&day), "{day} more in a day, asking each second");
    }

    #[test]
    fn a_network_that_asks_now_and_then_never_waits() {
        let mut debt = Debt { ms: 0, at: START };
        let every = 31 * MINUTE;
        let granted = granted_within(30 * DAY, every, |now| {
            network_after(debt, 20, now).map(|after| debt = after).is_ok()
        });
        assert_eq!(granted as i64, 30 * DAY / every);
    }

    #[test]
    fn each_wait_is_twice_the_one_before() {
        let mut debt = Debt { ms: 2 * ONE_ASKING, at: START };
        let mut waits = Vec::new();
        let mut now = START;
        for _ in 0..4 {
            let wait = network_after(debt, 2, now).unwrap_err();
            waits.push(wait);
            now = now.plus(wait * SECOND);
            debt = network_after(debt, 2, now).unwrap();
        }
        assert_eq!(waits, [60, 120, 240, 480]);
    }

    #[test]
    fn the_form_takes_so_many_in_an_hour_whoever_asks() {
        let mut debt = Debt { ms: 0, at: START };
        let granted =
            granted_within(HOUR, SECOND, |now| total_after(debt, 100, now).map(|after| debt = after).is_ok());
        assert!(
            (190..=200).contains(&granted),
            "the hundred that it can take at once, and a hundred in the hour: {granted}"
        );
        assert_eq!(total_after(Debt { ms: HOUR, at: START }, 100, START), Err(36));
    }

    #[test]
    fn a_network_is_a_24_or_a_64() {
        let of = |text: &str| FormNetwork::of(text.parse().unwrap());
        assert_eq!(of("192.0.2.7"), of("192.0.2.255"));
        assert_eq!(of("192.0.2.7"), of("::ffff:192.0.2.9"));
        assert_ne!(of("192.0.2.7"), of("192.0.3.7"));
        assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1:2:3"));
        assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
        assert_eq!((of("127.0.0.1"), of("::1"), of("::ffff:127.0.0.1")), (None, None, None));
    }
}
