//! URIs as RFC 3986 writes them: ids that validators take, addresses that every reader can follow.

use std::borrow::Cow;
use std::fmt::Write as _;

/// An entry's id as a URI: what was imported is kept when it is one of a kind that readers know, else its hash stands for it
/// (RFC 4287 §4.2.6; the W3C validator refuses other characters than RFC 3986's).
#[must_use]
pub fn uri(id: &str) -> Cow<'_, str> {
    let known = id.split_once(':').is_some_and(|(scheme, rest)| match scheme {
        "http" | "https" => rest.len() > 2 && rest.starts_with("//") && forbidden(rest).is_none(),
        "tag" => is_tag(rest),
        "urn" => is_urn(rest),
        _ => false,
    });
    if known {
        return Cow::Borrowed(id);
    }
    let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, id.as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&hash.as_ref()[..16]);
    let uuid = uuid::Builder::from_custom_bytes(bytes).into_uuid();
    Cow::Owned(format!("urn:uuid:{uuid}"))
}

/// An address with what RFC 3986 forbids percent-encoded: browsers forgive `[`, `|` and a lone `%`, and the crate `url`
/// lets them stand; validators and strict readers do not.
#[must_use]
pub fn address(url: &str) -> Cow<'_, str> {
    let rest = url.split_once(':').map_or(url, |(_, rest)| rest);
    if forbidden(rest).is_none() {
        return Cow::Borrowed(url);
    }
    // The brackets of an address of version 6 stay.
    let host = if rest.starts_with("//[") { url.find(']').unwrap_or(0) } else { 0 };
    let mut encoded = String::with_capacity(url.len() + 16);
    for (at, c) in url.char_indices() {
        let lone = c == '%' && !is_encoded(&url.as_bytes()[at..]);
        if (is_character(c) || c == '%' || (at <= host && matches!(c, '[' | ']'))) && !lone {
            encoded.push(c);
        } else {
            for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        }
    }
    Cow::Owned(encoded)
}

/// A character that a URI may have (RFC 3986 §2), but for `%` and the brackets of an address of version 6.
fn is_character(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-._~:/?#@!$&'()*+,;=".contains(c)
}

/// Whether it begins with `%` and two hexadecimal digits.
fn is_encoded(bytes: &[u8]) -> bool {
    bytes.get(1..3).is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
}

/// The name before the first colon (RFC 3986 §3.1).
pub(super) fn is_scheme(scheme: &str) -> bool {
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
}

/// The first character that may not stand in a URI (RFC 3986 §2); brackets only around an address of version 6.
pub(super) fn forbidden(rest: &str) -> Option<char> {
    let authority_end = rest.strip_prefix("//").and_then(|host| host.find(['/', '?', '#'])).map(|at| at + 2);
    let authority = if rest.starts_with("//[") { authority_end.unwrap_or(rest.len()) } else { 0 };
    let bytes = rest.as_bytes();
    for (at, c) in rest.char_indices() {
        let fine = match c {
            '%' => is_encoded(&bytes[at..]),
            '[' | ']' => at < authority,
            _ => is_character(c),
        };
        if !fine {
            return Some(c);
        }
    }
    None
}

/// What follows `tag:` (RFC 4151 §2.1).
pub(super) fn is_tag(rest: &str) -> bool {
    let Some((entity, specific)) = rest.split_once(':') else { return false };
    let Some((authority, date)) = entity.rsplit_once(',') else { return false };
    let (user, domain) = authority.rsplit_once('@').unwrap_or(("x", authority));
    let named = |text: &str, more: &str| {
        !text.is_empty()
            && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || more.contains(c))
    };
    let parts: Vec<&str> = date.split('-').collect();
    let digits = |text: &str, many: usize| text.len() == many && text.bytes().all(|b| b.is_ascii_digit());
    let dated = match parts.as_slice() {
        [year] => digits(year, 4),
        [year, month] => digits(year, 4) && digits(month, 2),
        [year, month, day] => digits(year, 4) && digits(month, 2) && digits(day, 2),
        _ => false,
    };
    named(user, "-._") && named(domain, "-.") && dated && forbidden(specific).is_none()
}

/// What follows `urn:` (RFC 8141 §2; RFC 9562 §4).
pub(super) fn is_urn(rest: &str) -> bool {
    let Some((space, name)) = rest.split_once(':') else { return false };
    if space.eq_ignore_ascii_case("uuid") {
        let groups: Vec<&str> = name.split('-').collect();
        return groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
            && groups.iter().all(|group| group.bytes().all(|b| b.is_ascii_hexdigit()));
    }
    let proper = (2..=32).contains(&space.len())
        && space.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
        && !space.starts_with('-');
    proper && !name.is_empty() && forbidden(name).is_none()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_imported_guid_that_readers_know_is_kept_as_it_is() {
        for id in [
            "https://www.exemple.tg/?p=12",
            "http://WWW.Exemple.TG/?P=1",
            "tag:exemple.tg,2026:article:1",
            "urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a",
        ] {
            assert_eq!(uri(id), id);
        }
        for id in [
            "12345 at https://exemple.tg",
            "12345",
            "",
            "a b:c",
            ":x",
            "https://x/<y>",
            "article:12",
            "http://é.tg/ü",
            "urn:uuid:0-0",
            "tag:x",
            "https://x/?a[]=1",
        ] {
            assert!(uri(id).starts_with("urn:uuid:"), "{id}");
        }
    }

    #[test]
    fn an_address_is_encoded_where_it_must_be_and_nowhere_else() {
        assert_eq!(address("https://x.tg/a%20b?c=d&e=f#g"), "https://x.tg/a%20b?c=d&e=f#g");
        assert_eq!(address("https://x.tg/?a[]=100%|é"), "https://x.tg/?a%5B%5D=100%25%7C%C3%A9");
        assert_eq!(address("http://[::1]/[a]"), "http://[::1]/%5Ba%5D");
    }

    proptest! {
        #[test]
        fn every_web_address_can_stand_in_a_feed(path in "\\PC{0,30}", query in "\\PC{0,10}") {
            if let Ok(url) = url::Url::parse(&format!("https://exemple.tg/{path}?{query}")) {
                let once = address(url.as_str()).into_owned();
                prop_assert_eq!(forbidden(once.strip_prefix("https:").unwrap()), None);
                prop_assert_eq!(address(&once), &*once);
            }
        }
    }
}
