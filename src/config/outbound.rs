//! `[outbound]`: whom this program may call.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use super::read::section;
use super::values::parsed;

section! {
    /// `[outbound]`. Without it, addresses of this machine and of private networks are never called.
    pub struct Outbound {
        /// Networks that may be called although they are not public ones.
        pub allow: Vec<Network>,
    }
}

/// A range of IP addresses, such as `10.0.0.0/8` or `::1` (RFC 4632, RFC 4291 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    base: IpAddr,
    bits: u8,
}

/// Why a text is no range of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkError {
    /// What stands before the `/` is no IP address.
    #[error("not an IP address")]
    Address,
    /// What follows the `/` is no length, or longer than the address.
    #[error("the number after / is not one from 0 to {0}")]
    Length(u8),
    /// The address names one host of the range.
    #[error("the address has bits behind its first {0}; did you mean to name one address, without /?")]
    Bits(u8),
}

impl Network {
    /// The loopback addresses, of either kind.
    #[must_use]
    pub fn of_this_machine() -> Vec<Network> {
        let v4 = Network { base: IpAddr::V4(Ipv4Addr::new(127, 0, 0, 0)), bits: 8 };
        vec![v4, Network { base: IpAddr::V6(Ipv6Addr::LOCALHOST), bits: 128 }]
    }

    /// Whether the address lies in the range; one kind of address never lies in a range of the other.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        width(address) == width(self.base) && (number(address) ^ number(self.base)) & mask(self) == 0
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let (base, bits) = match text.trim().split_once('/') {
            Some((base, bits)) => (base, Some(bits)),
            None => (text.trim(), None),
        };
        let base: IpAddr = base.parse().map_err(|_| NetworkError::Address)?;
        let longest = width(base);
        let bits = match bits {
            None => longest,
            Some(bits) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= longest && !text.contains("/+"))
                .ok_or(NetworkError::Length(longest))?,
        };
        let network = Network { base, bits };
        if number(base) & !mask(&network) & full(base) != 0 {
            return Err(NetworkError::Bits(bits));
        }
        Ok(network)
    }
}

fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => u128::from(v6),
    }
}

fn full(address: IpAddr) -> u128 {
    if address.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX }
}

fn mask(network: &Network) -> u128 {
    let host_bits = u32::from(width(network.base) - network.bits);
    u128::MAX.checked_shl(host_bits).unwrap_or_default() & full(network.base)
}

parsed!(
    Network,
    "an address or a range of them such as \"10.1.2.3\", \"10.0.0.0/8\" or \"::1\"",
    Network { base: IpAddr::V4(Ipv4Addr::LOCALHOST), bits: 32 }
);

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(network: &str, address: &str) -> bool {
        network.parse::<Network>().unwrap().contains(address.parse().unwrap())
    }

    #[test]
    fn a_range_holds_what_shares_its_first_bits() {
        assert!(holds("127.0.0.0/8", "127.255.0.1"));
        assert!(!holds("127.0.0.0/8", "128.0.0.1"));
        assert!(holds("10.1.2.3", "10.1.2.3"));
        assert!(!holds("10.1.2.3", "10.1.2.4"));
        assert!(holds("0.0.0.0/0", "255.255.255.255"));
        assert!(holds("fd00::/8", "fdff::1"));
        assert!(holds("::1", "::1"));
        assert!(holds("::/0", "2001:db8::1"));
        assert!(!holds("::/0", "127.0.0.1"));
        assert!(!holds("127.0.0.0/8", "::ffff:127.0.0.1"));
    }

    #[test]
    fn what_is_no_range_says_why() {
        let wrong = |text: &str| text.parse::<Network>().unwrap_err().to_string();
        assert_eq!(wrong("localhost"), "not an IP address");
        assert_eq!(wrong("10.0.0.0/33"), "the number after / is not one from 0 to 32");
        assert_eq!(wrong("::/x"), "the number after / is not one from 0 to 128");
        assert!(wrong("10.0.0.1/8").starts_with("the address has bits behind its first 8"));
    }
}
