//! Which IP addresses may be called: public ones, and those of `[outbound] allow`.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::config::Network;

/// Ranges of IPv4 that lead to this machine, to a private network, or nowhere (IANA's special-purpose registry, RFC 6890).
const CLOSED_V4: [(Ipv4Addr, u8); 16] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8), // this network; 0.0.0.0 is this machine on Linux
    (Ipv4Addr::new(10, 0, 0, 0), 8), // private
    (Ipv4Addr::new(100, 64, 0, 0), 10), // behind a provider's NAT
    (Ipv4Addr::new(127, 0, 0, 0), 8), // this machine
    (Ipv4Addr::new(169, 254, 0, 0), 16), // link-local: the metadata services of clouds
    (Ipv4Addr::new(172, 16, 0, 0), 12), // private
    (Ipv4Addr::new(192, 0, 0, 0), 24), // protocol assignments
    (Ipv4Addr::new(192, 0, 2, 0), 24), // documentation
    (Ipv4Addr::new(192, 88, 99, 0), 24), // 6to4 relays
    (Ipv4Addr::new(192, 168, 0, 0), 16), // private
    (Ipv4Addr::new(198, 18, 0, 0), 15), // benchmarks
    (Ipv4Addr::new(198, 51, 100, 0), 24), // documentation
    (Ipv4Addr::new(203, 0, 113, 0), 24), // documentation
    (Ipv4Addr::new(224, 0, 0, 0), 4), // multicast
    (Ipv4Addr::new(240, 0, 0, 0), 4), // reserved, broadcast
    (Ipv4Addr::new(168, 63, 129, 16), 32), // a cloud's own services at a public-looking address
];

/// The one range of IPv6 that is given out to the public (RFC 4291 §2.4). Outside of it stand this machine, link-local, unique
/// local and multicast addresses, and all that carry an IPv4 address within (mapped, translated, NAT64).
const OPEN_V6: (Ipv6Addr, u8) = (Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);

/// What is closed inside of it.
const CLOSED_V6: [(Ipv6Addr, u8); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // protocol assignments: Teredo, ORCHID
    (Ipv6Addr::new(0x2001, 0x0db8, 0, 0, 0, 0, 0, 0), 32), // documentation
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4 carries any IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20), // documentation
];

/// The rule for addresses. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Guard {
    allowed: Vec<Network>,
}

impl Guard {
    /// Public addresses, and these.
    pub(super) fn new(allowed: &[Network]) -> Self {
        Self { allowed: allowed.to_vec() }
    }

    /// Whether the address may be called.
    pub(super) fn admits(&self, address: IpAddr) -> bool {
        is_public(address) || self.allowed.iter().any(|network| network.contains(address))
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => !CLOSED_V4.iter().any(|(base, bits)| v4_within(v4, *base, *bits)),
        IpAddr::V6(v6) => {
            v6_within(v6, OPEN_V6.0, OPEN_V6.1)
                && !CLOSED_V6.iter().any(|(base, bits)| v6_within(v6, *base, *bits))
        }
    }
}

fn v4_within(address: Ipv4Addr, base: Ipv4Addr, bits: u8) -> bool {
    (u32::from(address) ^ u32::from(base)) >> (32 - u32::from(bits)) == 0
}

fn v6_within(address: Ipv6Addr, base: Ipv6Addr, bits: u8) -> bool {
    (u128::from(address) ^ u128::from(base)) >> (128 - u32::from(bits)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn admits(address: &str) -> bool {
        Guard::default().admits(address.parse().unwrap())
    }

    #[test]
    fn addresses_that_lead_inside_are_refused_in_every_spelling() {
        for inside in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::a00:1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!admits(inside), "{inside}");
        }
    }

    #[test]
    fn public_addresses_are_admitted() {
        for public in [
            "8.8.8.8",
            "1.1.1.1",
            "41.207.0.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "192.167.1.1",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700:4700::1111",
            "2a00:1450::1",
        ] {
            assert!(admits(public), "{public}");
        }
    }

    #[test]
    fn what_the_operator_allows_is_admitted_and_nothing_beside_it() {
        let guard = Guard::new(&["10.1.0.0/16".parse().unwrap(), "::1".parse().unwrap()]);
        assert!(guard.admits("10.1.2.3".parse().unwrap()));
        assert!(guard.admits("::1".parse().unwrap()));
        assert!(!guard.admits("10.2.0.1".parse().unwrap()));
        assert!(!guard.admits("127.0.0.1".parse().unwrap()));
    }

    proptest! {
        /// The standard library's own words are a second opinion on the ranges it knows.
        #[test]
        fn the_standard_library_agrees(number: u32, six: u128) {
            let v4 = Ipv4Addr::from(number);
            if v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast()
                || v4.is_broadcast() || v4.is_documentation() || v4.is_unspecified() {
                prop_assert!(!is_public(v4.into()), "{v4}");
            }
            prop_assert!(!is_public(v4.to_ipv6_mapped().into()));
            prop_assert!(!is_public(v4.to_ipv6_compatible().into()));
            let v6 = Ipv6Addr::from(six);
            if v6.is_loopback() || v6.is_multicast() || v6.is_unique_local() || v6.is_unicast_link_local() {
                prop_assert!(!is_public(v6.into()), "{v6}");
            }
        }

        /// 6to4 and NAT64 carry any IPv4 address, so none of them is public.
        #[test]
        fn an_address_that_carries_another_is_refused(number: u32) {
            let [a, b, c, d] = number.to_be_bytes();
            let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
            prop_assert!(!is_public(Ipv6Addr::new(0x2002, high, low, 0, 0, 0, 0, 1).into()));
            prop_assert!(!is_public(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, high, low).into()));
        }

        #[test]
        fn private_ranges_are_refused_to_their_ends(host in 0u32..1 << 20, cgnat in 0u32..1 << 22) {
            for (base, bits) in [(0x0A00_0000u32, 20), (0xAC10_0000, 20), (0x7F00_0000, 20)] {
                prop_assert!(!is_public(Ipv4Addr::from(base | (host & ((1 << bits) - 1))).into()));
            }
            prop_assert!(!is_public(Ipv4Addr::from(0x6440_0000u32 | cgnat).into()));
        }
    }
}
