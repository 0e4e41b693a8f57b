//! Conditional requests, RFC 9110 §13: no crate does them for bytes that stand in memory.
//!
//! Tags are compared without `W/` and without the suffix of a content coding, ours or one that a proxy appended
//! (Apache `-gzip`, Jetty `--gzip` and `;gzip`; Cloudflare makes tags weak): what the client has is then the same
//! content, however it was packed.

use std::time::SystemTime;

use axum::http::{HeaderMap, header};

use crate::clock::Timestamp;
use crate::feeds::snapshot::{Coding, system_time};

/// What the conditions of a GET or HEAD ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// The whole answer.
    Send,
    /// 304: the client has it, in this coding if its tag says so.
    NotModified(Option<Coding>),
    /// 412: the client wanted another version.
    Failed,
}

/// Judges a GET or HEAD of a resource whose tags, of whatever coding, begin with `hash`. The order is RFC 9110
/// §13.2.2: `If-Match` before `If-Unmodified-Since`, `If-None-Match` before `If-Modified-Since`, which it silences.
#[must_use]
pub fn judge(headers: &HeaderMap, hash: &str, last_modified: Timestamp) -> Verdict {
    let is_ours = |tag: &str| tag == "*" || without_coding(tag) == hash;
    if headers.contains_key(header::IF_MATCH) {
        // Strong comparison: a weak tag never matches (§8.8.3.2).
        if !tags(headers, header::IF_MATCH).any(|tag| !tag.weak && is_ours(tag.opaque)) {
            return Verdict::Failed;
        }
    } else if let Some(since) = date(headers, header::IF_UNMODIFIED_SINCE)
        && system_time(last_modified) > since
    {
        return Verdict::Failed;
    }
    if headers.contains_key(header::IF_NONE_MATCH) {
        if let Some(tag) = tags(headers, header::IF_NONE_MATCH).find(|tag| is_ours(tag.opaque)) {
            return Verdict::NotModified(held(tag.opaque, hash));
        }
    } else if let Some(since) = date(headers, header::IF_MODIFIED_SINCE)
        && system_time(last_modified) <= since
    {
        return Verdict::NotModified(None);
    }
    Verdict::Send
}

/// The coding whose tag this is, letter by letter.
fn held(tag: &str, hash: &str) -> Option<Coding> {
    let suffix = tag.strip_prefix(hash)?;
    Coding::ALL.into_iter().find(|coding| coding.suffix() == suffix)
}

/// A date in any of the three forms of §5.6.7; several, or anything else, counts as none.
fn date(headers: &HeaderMap, name: header::HeaderName) -> Option<SystemTime> {
    let mut values = headers.get_all(name).iter();
    let value = values.next().filter(|_| values.next().is_none())?;
    httpdate::parse_http_date(value.to_str().ok()?.trim()).ok()
}

/// An entity tag of a request, without quotes.
struct Tag<'a> {
    weak: bool,
    opaque: &'a str,
}

/// The tags of every field of this name; `*` is one whose opaque part is `*`.
fn tags(headers: &HeaderMap, name: header::HeaderName) -> impl Iterator<Item = Tag<'_>> {
    headers.get_all(name).iter().filter_map(|value| value.to_str().ok()).flat_map(list)
}

/// A comma-separated list of tags. A comma may stand inside quotes; quotes that clients forgot are forgiven.
fn list(mut rest: &str) -> impl Iterator<Item = Tag<'_>> {
    std::iter::from_fn(move || {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        if rest.is_empty() {
            return None;
        }
        let weak = rest.starts_with("W/") || rest.starts_with("w/");
        let tag = if weak { &rest[2..] } else { rest };
        let (opaque, after) = match tag.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"').unwrap_or((quoted, "")),
            None => tag.split_once(',').unwrap_or((tag, "")),
        };
        rest = after;
        Some(Tag { weak, opaque: opaque.trim() })
    })
}

fn without_coding(tag: &str) -> &str {
    const SUFFIXES: [&str; 8] = ["-gz", "--gzip", "-gzip", ";gzip", "-br", ";br", "-zstd", "-zst"];
    SUFFIXES.iter().find_map(|suffix| tag.strip_suffix(suffix)).unwrap_or(tag)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "0123456789abcdef";
    /// Sun, 06 Nov 1994 08:49:37 GMT, the RFC's example.
    const MODIFIED: Timestamp = Timestamp::from_millis(784_111_777_999);

    fn asked(fields: &[(header::HeaderName, &str)]) -> Verdict {
        let mut headers = HeaderMap::new();
        for (name, value) in fields {
            headers.append(name, value.parse().unwrap());
        }
        judge(&headers, HASH, MODIFIED)
    }

    #[test]
    fn a_tag_matches_in_a_list_weak_or_strong_in_any_coding_and_as_a_star() {
        for (tag, held) in [
            ("\"0123456789abcdef\"", Some(Coding::Identity)),
            ("W/\"0123456789abcdef\"", Some(Coding::Identity)),
            ("\"0123456789abcdef-gz\"", Some(Coding::Gzip)),
            ("W/\"0123456789abcdef-gzip\"", None),
            ("\"0123456789abcdef--gzip\"", None),
            ("\"0123456789abcdef;gzip\"", None),
            ("\"0123456789abcdef-br\"", Some(Coding::Brotli)),
            ("\"other\" , \"with, comma\",W/\"0123456789abcdef-gz\"", Some(Coding::Gzip)),
            ("0123456789abcdef-gz", Some(Coding::Gzip)),
            ("*", None),
        ] {
            assert_eq!(asked(&[(header::IF_NONE_MATCH, tag)]), Verdict::NotModified(held), "{tag}");
        }
        let two = [(header::IF_NONE_MATCH, "\"a\""), (header::IF_NONE_MATCH, "\"0123456789abcdef\"")];
        assert_eq!(asked(&two), Verdict::NotModified(Some(Coding::Identity)), "in the second of two fields");
        for tag in ["\"other\"", "\"0123456789abcde\"", "\"0123456789abcdef-new\"", "\"\"", ",", "\"x"] {
            assert_eq!(asked(&[(header::IF_NONE_MATCH, tag)]), Verdict::Send, "{tag}");
        }
    }

    #[test]
    fn a_tag_silences_the_date() {
        let same_date = (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT");
        assert_eq!(asked(&[(header::IF_NONE_MATCH, "\"other\""), same_date.clone()]), Verdict::Send);
        let old = (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1983 08:49:37 GMT");
        assert_eq!(asked(&[(header::IF_NONE_MATCH, "*"), old]), Verdict::NotModified(None));
        assert_eq!(asked(&[same_date]), Verdict::NotModified(None));
    }

    #[test]
    fn all_three_forms_of_a_date_are_read_and_others_ignored() {
        for (date, verdict) in [
            ("Sun, 06 Nov 1994 08:49:37 GMT", Verdict::NotModified(None)),
            ("Sunday, 06-Nov-94 08:49:37 GMT", Verdict::NotModified(None)),
            ("Sun Nov  6 08:49:37 1994", Verdict::NotModified(None)),
            ("Sun, 06 Nov 1994 08:49:36 GMT", Verdict::Send),
            ("Sun, 06 Nov 1994 08:49:38 GMT", Verdict::NotModified(None)),
            ("1994-11-06T08:49:37Z", Verdict::Send),
            ("yesterday", Verdict::Send),
        ] {
            assert_eq!(asked(&[(header::IF_MODIFIED_SINCE, date)]), verdict, "{date}");
        }
        let twice = [
            (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (header::IF_MODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:37 GMT"),
        ];
        assert_eq!(asked(&twice), Verdict::Send, "a field that may stand once");
    }

    #[test]
    fn a_client_that_wants_one_version_only_is_told_when_it_is_another() {
        assert_eq!(asked(&[(header::IF_MATCH, "\"0123456789abcdef-gz\"")]), Verdict::Send);
        assert_eq!(asked(&[(header::IF_MATCH, "*")]), Verdict::Send);
        assert_eq!(asked(&[(header::IF_MATCH, "W/\"0123456789abcdef\"")]), Verdict::Failed);
        assert_eq!(asked(&[(header::IF_MATCH, "\"other\"")]), Verdict::Failed);
        let before = || (header::IF_UNMODIFIED_SINCE, "Sun, 06 Nov 1994 08:49:36 GMT");
        assert_eq!(asked(&[before()]), Verdict::Failed);
        assert_eq!(asked(&[(header::IF_MATCH, "*"), before()]), Verdict::Send);
    }

    proptest::proptest! {
        #[test]
        fn any_field_value_is_judged(value in "[ -~]{0,60}") {
            let _ = asked(&[(header::IF_NONE_MATCH, &value)]);
            let _ = asked(&[(header::IF_MODIFIED_SINCE, &value)]);
        }
    }
}
