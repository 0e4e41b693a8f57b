//! Where an act of a reader came from: the proof that consent events keep, whole for a time only.

use std::net::IpAddr;

use crate::clock::Timestamp;
use crate::db::Db;
use crate::subscribers::own_sql::{TRUNCATE_ORIGIN, WHOLE_ORIGINS};
use crate::{execute, fetch_all};

/// Where an act came from. A word alone is one too: `"operator".into()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Origin<'a> {
    /// `form`, `page`, `one-click`, `operator`, `import FILE`.
    pub way: &'a str,
    /// Whose request it was.
    pub network_address: Option<IpAddr>,
    /// What the browser or mail program called itself.
    pub user_agent: Option<&'a str>,
}

impl<'a> From<&'a str> for Origin<'a> {
    fn from(way: &'a str) -> Self {
        Self { way, network_address: None, user_agent: None }
    }
}

/// The longest user agent that is kept, in characters.
const USER_AGENT: usize = 200;

impl Origin<'_> {
    /// The address as it is kept: an IPv4 address in IPv6's clothes is one of IPv4 (RFC 4291 §2.5.5.2).
    pub(super) fn network_address(&self) -> Option<String> {
        self.network_address.map(|address| address.to_canonical().to_string())
    }

    /// The user agent as it is kept: without control characters, and not longer than one needs.
    pub(super) fn user_agent(&self) -> Option<String> {
        let agent = self.user_agent?.chars().filter(|c| !c.is_control()).take(USER_AGENT).collect::<String>();
        Some(agent).filter(|agent| !agent.trim().is_empty())
    }
}

/// The network of an address, which tells no household from its neighbours: /24 of IPv4, /64 of IPv6. What is no address
/// becomes nothing.
#[must_use]
pub fn truncated(network_address: &str) -> Option<String> {
    match network_address.parse::<IpAddr>().ok()?.to_canonical() {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            Some(format!("{a}.{b}.{c}.0/24"))
        }
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            Some(format!("{}/64", std::net::Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0)))
        }
    }
}

/// Events in a chunk: SQLite's write lock is held for some milliseconds.
const CHUNK: i64 = 200;

/// Truncates a chunk of the addresses of events before `before`, and removes their user agents. Gives how many; none when
/// nothing is left.
///
/// # Errors
/// When the store fails; the chunk is undone then.
pub async fn truncate_origins(db: &Db, before: Timestamp) -> sqlx::Result<usize> {
    let mut tx = db.begin().await?;
    let whole: Vec<(i64, Option<String>)> = fetch_all!(&mut tx, WHOLE_ORIGINS, before, CHUNK)?;
    for (id, address) in &whole {
        execute!(&mut tx, TRUNCATE_ORIGIN, *id, address.as_deref().and_then(truncated))?;
    }
    tx.commit().await?;
    Ok(whole.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_what_is_left_of_an_address() {
        for (address, network) in [
            ("203.0.113.77", Some("203.0.113.0/24")),
            ("::ffff:203.0.113.77", Some("203.0.113.0/24")),
            ("2001:db8:1:2:3:4:5:6", Some("2001:db8:1:2::/64")),
            ("::1", Some("::/64")),
            ("203.0.113.0/24", None),
            ("unknown", None),
        ] {
            assert_eq!(truncated(address).as_deref(), network, "{address}");
        }
    }

    #[test]
    fn what_a_client_says_of_itself_is_bounded_and_harmless() {
        fn origin(agent: &str) -> Origin<'_> {
            Origin { user_agent: Some(agent), ..Origin::from("page") }
        }
        let long = "é".repeat(500);
        assert_eq!(origin("Mozilla/5.0\r\nX: y").user_agent().as_deref(), Some("Mozilla/5.0X: y"));
        assert_eq!(origin(long.as_str()).user_agent().map(|agent| agent.chars().count()), Some(200));
        assert_eq!(origin(" \n").user_agent(), None);
        let mapped = Origin { network_address: "::ffff:192.0.2.1".parse().ok(), ..Origin::from("page") };
        assert_eq!(mapped.network_address().as_deref(), Some("192.0.2.1"));
    }
}
