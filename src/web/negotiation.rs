//! Which content coding a client gets: `Accept-Encoding`, RFC 9110 §12.5.3.

use axum::http::{HeaderMap, header};

use crate::feeds::snapshot::Coding;

/// The coding the client likes best among ours; at equal liking the smaller body. Without the field, or when it
/// refuses everything, the identity.
#[must_use]
pub fn coding(headers: &HeaderMap) -> Coding {
    let (mut gzip, mut identity, mut any) = (None, None, None);
    let fields = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for member in fields.flat_map(|field| field.split(',')) {
        let mut parts = member.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = weight(parts);
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(weight);
        } else if name.eq_ignore_ascii_case("identity") {
            identity = Some(weight);
        } else if name == "*" {
            any = Some(weight);
        }
    }
    let gzip = gzip.or(any).unwrap_or(0);
    // The identity is acceptable unless it is excluded, but only a client that names it prefers it.
    if gzip > 0 && gzip >= identity.unwrap_or(0) { Coding::Gzip } else { Coding::Identity }
}

/// The `q` of a member in thousandths; one that cannot be read refuses.
fn weight<'a>(parameters: impl Iterator<Item = &'a str>) -> u16 {
    for parameter in parameters {
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

    #[test]
    fn a_client_gets_gzip_when_it_likes_it_at_least_as_much_as_the_identity() {
        for (accepted, expected) in [
            ("gzip", Coding::Gzip),
            ("br,gzip", Coding::Gzip),
            ("GZIP;Q=0.2", Coding::Gzip),
            ("x-gzip", Coding::Gzip),
            ("*", Coding::Gzip),
            ("gzip, identity", Coding::Gzip),
            ("identity;q=0, gzip;q=0.001", Coding::Gzip),
            ("gzip;q=0.5, identity;q=0.8", Coding::Identity),
            ("gzip;q=0", Coding::Identity),
            ("gzip;q=0, *", Coding::Identity),
            ("gzip;q=nonsense", Coding::Identity),
            ("br, deflate", Coding::Identity),
            ("identity", Coding::Identity),
            ("*;q=0", Coding::Identity),
            ("", Coding::Identity),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT_ENCODING, accepted.parse().unwrap())]);
            assert_eq!(coding(&headers), expected, "{accepted:?}");
        }
        assert_eq!(coding(&HeaderMap::new()), Coding::Identity);
    }
}
