//! JSON as sites write it.

use serde_json::Value;

/// Reads a JSON text (RFC 8259). Half of a surrogate pair, which a site leaves that cuts a title in the middle of an emoji
/// (§8.2 leaves open what becomes of it), is read as U+FFFD.
///
/// # Errors
/// When it is no JSON.
pub fn value(json: &[u8]) -> serde_json::Result<Value> {
    serde_json::from_slice(json).or_else(|error| match without_half_pairs(json) {
        Some(repaired) => serde_json::from_slice(&repaired),
        None => Err(error),
    })
}

/// The text with `\uFFFD` for each escaped surrogate that has no other half; `None` when there is none.
fn without_half_pairs(json: &[u8]) -> Option<Vec<u8>> {
    let mut repaired = json.to_vec();
    let mut found = false;
    let mut at = 0;
    while at < json.len() {
        let escape = surrogate(&json[at..]);
        match escape {
            Some(Half::High) if surrogate(&json[at + 6..]) == Some(Half::Low) => at += 12,
            Some(_) => {
                repaired[at + 2..at + 6].copy_from_slice(b"fffd");
                found = true;
                at += 6;
            }
            None => at += if json[at] == b'\\' { 2 } else { 1 },
        }
    }
    found.then_some(repaired)
}

#[derive(PartialEq, Eq)]
enum Half {
    High,
    Low,
}

/// Which half of a pair the escape is that `json` begins with.
fn surrogate(json: &[u8]) -> Option<Half> {
    let digits = json.strip_prefix(b"\\u")?.get(..4)?;
    match u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()? {
        0xD800..=0xDBFF => Some(Half::High),
        0xDC00..=0xDFFF => Some(Half::Low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_emoji_does_not_cost_the_article() {
        let read = |json: &str| value(json.as_bytes()).unwrap().as_str().unwrap().to_owned();
        assert_eq!(read(r#""a\ud83db""#), "a\u{fffd}b");
        assert_eq!(read(r#""\udea2\ud83d""#), "\u{fffd}\u{fffd}");
        assert_eq!(read(r#""\ud83d\uD83D\udea2""#), "\u{fffd}\u{1f6a2}");
        assert_eq!(read(r#""\ud83d\\udea2""#), "\u{fffd}\\udea2");
        assert_eq!(read(r#""\\ud83d""#), "\\ud83d");
        assert!(value(br#""\ud83d"#).is_err());
        assert!(value(b"nonsense").is_err());
    }
}
