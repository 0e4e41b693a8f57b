//! Addresses: absolute, of a scheme a reader can follow, percent-encoded.

use url::Url;

/// The address as it stands in a feed or a mail: resolved against `base`, http, https or mailto, and made of nothing but the
/// characters of RFC 3986. `None` when it is none of these (`javascript:`, `data:`, broken).
pub fn absolute(base: &Url, raw: &str) -> Option<String> {
    let raw =
        raw.trim_matches(|c: char| c.is_whitespace() || c.is_control() || c == '\u{feff}' || c == '\u{200b}');
    if raw.is_empty() {
        return None;
    }
    // Typed by hand without a scheme: a browser would look for a file of that name.
    let url = if raw.get(..4).is_some_and(|w| w.eq_ignore_ascii_case("www.")) {
        Url::parse(&format!("http://{raw}"))
    } else {
        base.join(raw)
    };
    let url = url.ok()?;
    match url.scheme() {
        "http" | "https" if url.host_str().is_some_and(|h| !h.is_empty()) => Some(encoded(url.as_str())),
        "mailto" if url.path().contains('@') => Some(encoded(url.as_str())),
        _ => None,
    }
}

/// The same when it is an absolute http or https address by itself.
pub fn web_address(raw: &str) -> Option<String> {
    let url = Url::parse(raw.trim()).ok()?;
    (matches!(url.scheme(), "http" | "https") && url.has_host()).then(|| encoded(url.as_str()))
}

/// A part of an address as it reads: `%C3%A9conomie` gives `économie`. What is no `%` and two digits stays; bytes that
/// are no UTF-8 become U+FFFD.
pub fn percent_decoded(part: &str) -> String {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = |b: u8| char::from(b).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
        rest = after;
        bytes.push(match after {
            [a, b, tail @ ..] if *first == b'%' => match (hex(*a), hex(*b)) {
                (Some(high), Some(low)) => {
                    rest = tail;
                    high * 16 + low
                }
                _ => b'%',
            },
            _ => *first,
        });
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Percent-encodes what the URL standard leaves alone and RFC 3986 §2 does not know.
fn encoded(url: &str) -> String {
    let mut out = String::with_capacity(url.len());
    let after_host = url.find("://").and_then(|i| url[i + 3..].find('/').map(|j| i + 3 + j)).unwrap_or(0);
    let bytes = url.as_bytes();
    for (i, c) in url.char_indices() {
        let legal = match c {
            'A'..='Z' | 'a'..='z' | '0'..='9' => true,
            '-' | '.' | '_' | '~' | ':' | '/' | '?' | '#' | '@' | '!' | '$' | '&' | '\'' => true,
            '(' | ')' | '*' | '+' | ',' | ';' | '=' => true,
            '[' | ']' => i < after_host,
            '%' => bytes.get(i + 1..i + 3).is_some_and(|h| h.iter().all(u8::is_ascii_hexdigit)),
            _ => false,
        };
        if legal {
            out.push(c);
        } else {
            let mut buffer = [0; 4];
            for byte in c.encode_utf8(&mut buffer).bytes() {
                out.push_str(&format!("%{byte:02X}"));
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn abs(raw: &str) -> Option<String> {
        absolute(&Url::parse("https://exemple.tg/economie/port").unwrap(), raw)
    }

    #[test]
    fn relative_addresses_become_absolute_and_percent_encoded() {
        assert_eq!(abs("/img/a b.jpg").unwrap(), "https://exemple.tg/img/a%20b.jpg");
        assert_eq!(abs("suite.html#note").unwrap(), "https://exemple.tg/economie/suite.html#note");
        assert_eq!(abs("//cdn.exemple.tg/é.png").unwrap(), "https://cdn.exemple.tg/%C3%A9.png");
        assert_eq!(
            abs("?a[b]=c|d&e=100%").unwrap(),
            "https://exemple.tg/economie/port?a%5Bb%5D=c%7Cd&e=100%25"
        );
        assert_eq!(abs(" www.autre.tg/x ").unwrap(), "http://www.autre.tg/x");
        assert_eq!(abs("http://[::1]/x").unwrap(), "http://[::1]/x");
        assert_eq!(abs("https://été.tg/").unwrap(), "https://xn--t-9fab.tg/");
    }

    #[test]
    fn only_web_and_mail_addresses_pass() {
        assert_eq!(abs("mailto:redaction@exemple.tg").unwrap(), "mailto:redaction@exemple.tg");
        for bad in [
            "javascript:alert(1)",
            "jAvAsCrIpT:alert(1)",
            "\tjava\nscript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
        ] {
            assert_eq!(abs(bad), None, "{bad}");
        }
        for bad in ["file:///etc/passwd", "http://", "", "mailto:", "ftp://exemple.tg/x"] {
            assert_eq!(abs(bad), None, "{bad}");
        }
    }
}
