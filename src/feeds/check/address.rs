//! Addresses and ids: URIs as RFC 3986 writes them.

use super::finding::{Rule, Sheet, rules, short};
use crate::feeds::uri::{forbidden, is_scheme, is_tag, is_urn};

rules! {
    INVALID_ADDRESS = "invalid-address", Error,
        "Readers cannot follow it, or each repairs it in its own way. Write an absolute URL, with everything else than \
         letters, digits and -._~:/?#@!$&'()*+,;=% percent-encoded.",
        "W3C InvalidFullLink, InvalidUriChar, UriNotIri; RFC 3986 §2";
    INVALID_TAG = "invalid-tag-uri", Error,
        "It does not name whose tag it is. Write tag:, a domain in lower case, a comma, a year, a colon and the id.",
        "W3C InvalidTAG; RFC 4151 §2.1";
    INVALID_URN = "invalid-urn", Error,
        "urn:uuid: is followed by 8-4-4-4-12 hexadecimal digits, another urn: by a namespace and a name.",
        "W3C InvalidURN, InvalidUUID; RFC 9562 §4, RFC 8141 §2";
    UNKNOWN_SCHEME = "unknown-scheme", Warning,
        "Readers know http and https, and tag and urn as ids.",
        "W3C SchemeNotIANARegistered";
    NOT_CANONICAL = "id-not-canonical", Warning,
        "Ids are compared letter by letter, and software that tidies URLs makes another id of this one. Ids that are \
         already out stay as they are; mint new ones as tag: URIs.",
        "W3C NonCanonicalURI; RFC 4287 §4.2.6";
    NOT_HTTPS = "not-https", Advice,
        "What travels in the clear can be changed on the way, and pages on https do not show it.",
        "kiosque rule 15";
}

const SCHEMES: &[&str] = &[
    "http", "https", "tag", "urn", "mailto", "ftp", "news", "nntp", "data", "cid", "mid", "tel", "sip",
    "sips", "xmpp", "geo", "info", "magnet", "gopher", "about", "file", "rtsp", "ldap", "imap", "dns",
    "pres", "im", "dav", "tv",
];

/// What is wrong with an address.
pub(super) struct Wrong {
    pub(super) rule: &'static Rule,
    /// Ends a sentence that names the address.
    pub(super) why: String,
}

/// Judges an absolute URI. `None` when there is nothing to say.
pub(super) fn judge(value: &str) -> Option<Wrong> {
    let wrong = |rule, why: &str| Some(Wrong { rule, why: why.to_owned() });
    if value.is_empty() {
        return wrong(INVALID_ADDRESS, "is empty");
    }
    let Some((scheme, rest)) = value.split_once(':').filter(|(scheme, _)| is_scheme(scheme)) else {
        return wrong(INVALID_ADDRESS, "is not absolute");
    };
    let scheme = scheme.to_ascii_lowercase();
    match scheme.as_str() {
        "tag" => return if is_tag(rest) { None } else { wrong(INVALID_TAG, "is no tag: URI") },
        "urn" => return if is_urn(rest) { None } else { wrong(INVALID_URN, "is no URN") },
        _ => {}
    }
    if let Some(c) = forbidden(rest) {
        return Some(Wrong {
            rule: INVALID_ADDRESS,
            why: format!("has the character “{c}”, which must be encoded"),
        });
    }
    let authority =
        rest.strip_prefix("//").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or_default());
    if matches!(scheme.as_str(), "http" | "https" | "ftp") && authority.is_none_or(str::is_empty) {
        return wrong(INVALID_ADDRESS, "names no host");
    }
    if !SCHEMES.contains(&scheme.as_str()) {
        return Some(Wrong {
            rule: UNKNOWN_SCHEME,
            why: format!("has the scheme {}, which nobody knows", short(&scheme)),
        });
    }
    None
}

/// Notes what is wrong with the address of `name`; says whether it is usable.
pub(super) fn check(value: &str, name: &str, line: Option<u32>, sheet: &mut Sheet) -> bool {
    let Some(Wrong { rule, why }) = judge(value) else { return true };
    let sentence = format!("{name} {why}: “{}”.", short(value));
    sheet.add(rule, line, sentence);
    rule == UNKNOWN_SCHEME
}

/// Why an id is not in canonical form, if it is not.
pub(super) fn not_canonical(value: &str) -> Option<&'static str> {
    let (scheme, rest) = value.split_once(':')?;
    if scheme.chars().any(|c| c.is_ascii_uppercase()) {
        return Some("its scheme has capitals");
    }
    let encoded = value.match_indices('%').filter_map(|(at, _)| value.get(at + 1..at + 3));
    if encoded.into_iter().any(|hex| hex.chars().any(|c| c.is_ascii_lowercase())) {
        return Some("it is percent-encoded in small letters");
    }
    if !matches!(scheme, "http" | "https") {
        return None;
    }
    let rest = rest.strip_prefix("//")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let default = if scheme == "http" { ":80" } else { ":443" };
    if authority.chars().any(|c| c.is_ascii_uppercase()) {
        Some("its host has capitals")
    } else if authority.ends_with(default) || authority.ends_with(':') {
        Some("it names the default port")
    } else if !path.starts_with('/') {
        Some("its path is empty")
    } else if path
        .split(['?', '#'])
        .next()
        .is_some_and(|path| path.split('/').any(|s| matches!(s, "." | "..")))
    {
        Some("its path has dots")
    } else {
        None
    }
}
