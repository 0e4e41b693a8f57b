//! Which content coding a client gets: `Accept-Encoding`, RFC 9110 §12.5.3.

use axum::http::{HeaderMap, header};

use crate::feeds::snapshot::Coding;

/// How much a client likes each coding, in thousandths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Accepted {
    brotli: u16,
    gzip: u16,
    /// `None`: acceptable, but not named.
    identity: Option<u16>,
}

impl Accepted {
    /// What the request says; without the field the identity alone. `*` stands for gzip and for the identity: brotli is
    /// for who names it.
    #[must_use]
    pub fn of(headers: &HeaderMap) -> Self {
        let (mut brotli, mut gzip, mut identity, mut any) = (0, None, None, None);
        let fields = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
        for member in fields.flat_map(|field| field.split(',')) {
            let (name, parameters) = member.split_once(';').unwrap_or((member, ""));
            let (name, weight) = (name.trim(), weight(parameters));
            if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
                gzip = Some(weight);
            } else if name.eq_ignore_ascii_case("br") {
                brotli = weight;
            } else if name.eq_ignore_ascii_case("identity") {
                identity = Some(weight);
            } else if name == "*" {
                any = Some(weight);
            }
        }
        let excluded = any.filter(|weight| *weight == 0);
        Self { brotli, gzip: gzip.or(any).unwrap_or(0), identity: identity.or(excluded) }
    }

    /// The coding the client likes best; at equal liking the smaller body. When it refuses everything, the identity.
    #[must_use]
    pub fn best(self, brotli_is_ready: bool) -> Coding {
        let brotli = if brotli_is_ready { self.brotli } else { 0 };
        let (coding, weight) =
            if brotli >= self.gzip { (Coding::Brotli, brotli) } else { (Coding::Gzip, self.gzip) };
        // The identity is acceptable unless it is excluded, but only a client that names it prefers it.
        if weight > 0 && weight >= self.identity.unwrap_or(0) { coding } else { Coding::Identity }
    }

    /// Whether the client can take a body in this coding.
    #[must_use]
    pub fn takes(self, coding: Coding) -> bool {
        match coding {
            Coding::Identity => self.identity != Some(0),
            Coding::Gzip => self.gzip > 0,
            Coding::Brotli => self.brotli > 0,
        }
    }
}

/// The `q` among a member's parameters, in thousandths; one that cannot be read refuses.
fn weight(parameters: &str) -> u16 {
    for parameter in parameters.split(';') {
        let Some((name, value)) = parameter.split_once('=') else { continue };
        if name.trim().eq_ignore_ascii_case("q") {
            let q: f32 = value.trim().parse().unwrap_or(0.0);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 1000")]
            return (q.clamp(0.0, 1.0) * 1000.0) as u16;
        }
    }
    1000
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepted(value: &str) -> Accepted {
        Accepted::of(&HeaderMap::from_iter([(header::ACCEPT_ENCODING, value.parse().unwrap())]))
    }

    #[test]
    fn a_client_gets_the_coding_it_likes_best_and_at_equal_liking_the_smallest() {
        for (value, with_brotli, without) in [
            ("gzip", Coding::Gzip, Coding::Gzip),
            ("br", Coding::Brotli, Coding::Identity),
            ("br,gzip", Coding::Brotli, Coding::Gzip),
            ("gzip, deflate, br, zstd", Coding::Brotli, Coding::Gzip),
            ("gzip, br;q=0.9", Coding::Gzip, Coding::Gzip),
            ("gzip;q=0.5, br;q=0.8", Coding::Brotli, Coding::Gzip),
            ("gzip;q=0, br", Coding::Brotli, Coding::Identity),
            ("gzip, br;q=0", Coding::Gzip, Coding::Gzip),
            ("GZIP;Q=0.2", Coding::Gzip, Coding::Gzip),
            ("x-gzip", Coding::Gzip, Coding::Gzip),
            ("*", Coding::Gzip, Coding::Gzip),
            ("br, *", Coding::Brotli, Coding::Gzip),
            ("gzip, identity", Coding::Gzip, Coding::Gzip),
            ("identity;q=0, gzip;q=0.001", Coding::Gzip, Coding::Gzip),
            ("gzip;q=0.5, br;q=0.5, identity;q=0.8", Coding::Identity, Coding::Identity),
            ("gzip;q=0.5, br, identity;q=0.8", Coding::Brotli, Coding::Identity),
            ("gzip;q=0", Coding::Identity, Coding::Identity),
            ("gzip;q=0, *", Coding::Identity, Coding::Identity),
            ("gzip;q=nonsense", Coding::Identity, Coding::Identity),
            ("deflate", Coding::Identity, Coding::Identity),
            ("identity", Coding::Identity, Coding::Identity),
            ("*;q=0", Coding::Identity, Coding::Identity),
            ("", Coding::Identity, Coding::Identity),
        ] {
            assert_eq!(accepted(value).best(true), with_brotli, "{value:?}");
            assert_eq!(accepted(value).best(false), without, "{value:?} before brotli is done");
        }
        assert_eq!(Accepted::of(&HeaderMap::new()).best(true), Coding::Identity);
        let mut headers = HeaderMap::new();
        for value in ["gzip;q=0.1", "br"] {
            headers.append(header::ACCEPT_ENCODING, value.parse().unwrap());
        }
        assert_eq!(Accepted::of(&headers).best(true), Coding::Brotli, "in the second of two fields");
    }

    #[test]
    fn a_client_takes_the_identity_unless_it_excludes_it_and_a_coding_only_when_it_asks() {
        for (value, identity, gzip, brotli) in [
            ("gzip", true, true, false),
            ("br;q=0.1", true, false, true),
            ("", true, false, false),
            ("*", true, true, false),
            ("*;q=0", false, false, false),
            ("gzip, *;q=0", false, true, false),
            ("identity;q=0, br", false, false, true),
            ("identity, *;q=0", true, false, false),
        ] {
            let takes = Coding::ALL.map(|coding| accepted(value).takes(coding));
            assert_eq!(takes, [identity, gzip, brotli], "{value:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_chosen_is_taken_unless_everything_is_refused(value in "(gzip|br|identity|\\*|x)?(;q=0(\\.[0-9])?)?(, ?(gzip|br|identity|\\*)(;q=[01])?){0,3}") {
            let accepted = accepted(&value);
            for ready in [true, false] {
                let best = accepted.best(ready);
                let choices = [accepted.takes(Coding::Gzip), ready && accepted.takes(Coding::Brotli)];
                assert!(accepted.takes(best) || (best == Coding::Identity && choices == [false, false]));
            }
        }
    }
}
