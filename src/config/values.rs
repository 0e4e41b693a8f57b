//! How single values, lists and optional values are read.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono_tz::Tz;
use toml::Spanned;
use url::Url;

use super::dates::DateRange;
use super::public_url::PublicUrl;
use super::read::{Reader, Setting, Value};
use super::secret::Secret;
use super::span::Span;
use super::suggest::nearest;

/// A type with `FromStr`, read from a string: what is expected, and a stand-in.
macro_rules! parsed {
    ($type:ty, $expected:literal, $stand_in:expr) => {
        impl crate::config::read::Setting for $type {
            const EXPECTED: &'static str = $expected;

            fn read(
                value: &crate::config::read::Value<'_>,
                reader: &mut crate::config::read::Reader,
            ) -> Self {
                let text = reader.text(value, Self::EXPECTED);
                match text.map(|text| text.parse::<$type>()) {
                    Some(Ok(parsed)) => return parsed,
                    Some(Err(why)) => reader.wrong(value, Self::EXPECTED, Some(why.to_string())),
                    None => {}
                }
                Self::stand_in()
            }

            fn stand_in() -> Self {
                $stand_in
            }
        }
    };
}
pub(super) use parsed;

parsed!(
    SocketAddr,
    "an IP address and port such as \"127.0.0.1:8080\"",
    SocketAddr::from(([127, 0, 0, 1], 0))
);
parsed!(Span, "a length of time such as \"30m\", \"4h\" or \"7d\"", Span::default());
parsed!(
    DateRange,
    "days such as \"2026-12-24..2027-01-03\" or \"2026-12-25\"",
    DateRange::from(chrono::NaiveDate::default())
);

impl Setting for String {
    const EXPECTED: &'static str = "a text";

    fn read(value: &Value<'_>, reader: &mut Reader) -> String {
        let text = reader.text(value, Self::EXPECTED).unwrap_or_default();
        if let Some(bad) = text.chars().find(|c| is_unprintable(*c)) {
            let why = format!("it holds the unprintable character U+{:04X}", u32::from(bad));
            reader.wrong(value, "a text on one line", Some(why));
        }
        text.trim().to_owned()
    }

    fn stand_in() -> String {
        String::new()
    }
}

/// Characters that forge headers or turn the writing direction around (anchors: header injection).
fn is_unprintable(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

impl Setting for Secret {
    const EXPECTED: &'static str = "a text, \"env:NAME\" or \"file:PATH\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Secret {
        reader.secret(value, Self::EXPECTED).unwrap_or_else(Self::stand_in)
    }

    fn stand_in() -> Secret {
        Secret::new("", "", std::path::Path::new(""))
    }
}

impl Setting for PublicUrl {
    const EXPECTED: &'static str = "an address such as \"https://lettres.exemple.tg\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> PublicUrl {
        let text = reader.text(value, Self::EXPECTED);
        match text.as_deref().map(PublicUrl::parse) {
            Some(Ok(url)) => return url,
            Some(Err(why)) => reader.wrong(value, Self::EXPECTED, Some(why.to_string())),
            None => {}
        }
        Self::stand_in()
    }

    fn stand_in() -> PublicUrl {
        PublicUrl::stand_in()
    }
}

impl Setting for Url {
    const EXPECTED: &'static str = "an address such as \"https://www.exemple.tg/page\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Url {
        let text = reader.text(value, Self::EXPECTED);
        match text.as_deref().map(Url::parse) {
            Some(Ok(url)) if matches!(url.scheme(), "http" | "https") => return url,
            Some(Ok(url)) => {
                reader.wrong(value, Self::EXPECTED, Some(format!("the scheme is {}", url.scheme())));
            }
            Some(Err(why)) => reader.wrong(value, Self::EXPECTED, Some(why.to_string())),
            None => {}
        }
        Self::stand_in()
    }

    fn stand_in() -> Url {
        PublicUrl::stand_in().url().clone()
    }
}

impl Setting for Tz {
    const EXPECTED: &'static str = "a time zone such as \"Africa/Lome\" or \"Europe/Paris\"";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Tz {
        let Some(text) = reader.text(value, Self::EXPECTED) else { return Self::stand_in() };
        text.parse().unwrap_or_else(|_| {
            let known = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
            let near =
                nearest(&text, known).map_or_else(String::new, |near| format!("; did you mean \"{near}\"?"));
            reader.wrong(value, Self::EXPECTED, Some(format!("no zone is called \"{text}\"{near}")));
            Self::stand_in()
        })
    }

    fn stand_in() -> Tz {
        Tz::UTC
    }
}

impl Setting for PathBuf {
    const EXPECTED: &'static str = "a path, from this file's folder when relative";

    fn read(value: &Value<'_>, reader: &mut Reader) -> PathBuf {
        match reader.text(value, Self::EXPECTED) {
            Some(text) if !text.is_empty() => return reader.source.path(&text),
            Some(_) => reader.wrong(value, Self::EXPECTED, Some("it is empty".into())),
            None => {}
        }
        Self::stand_in()
    }

    fn stand_in() -> PathBuf {
        PathBuf::new()
    }
}

impl Setting for bool {
    const EXPECTED: &'static str = "true or false";

    fn read(value: &Value<'_>, reader: &mut Reader) -> bool {
        value.as_bool().unwrap_or_else(|| {
            reader.wrong(value, Self::EXPECTED, None);
            false
        })
    }

    fn stand_in() -> bool {
        false
    }
}

impl Setting for u32 {
    const EXPECTED: &'static str = "a whole number";

    fn read(value: &Value<'_>, reader: &mut Reader) -> u32 {
        value.as_number().unwrap_or_else(|| {
            reader.wrong(value, Self::EXPECTED, None);
            0
        })
    }

    fn stand_in() -> u32 {
        0
    }
}

impl<T: Setting> Setting for Option<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(value: &Value<'_>, reader: &mut Reader) -> Option<T> {
        Some(T::read(value, reader))
    }

    fn absent() -> Option<Option<T>> {
        Some(None)
    }

    fn stand_in() -> Option<T> {
        None
    }

    fn keys(path: &str, out: &mut Vec<String>) {
        T::keys(path, out);
    }
}

impl<T: Setting> Setting for Vec<T> {
    const EXPECTED: &'static str = "a list";

    fn read(value: &Value<'_>, reader: &mut Reader) -> Vec<T> {
        let Some(items) = value.items() else {
            let expected = format!("a list, each of it {}", T::EXPECTED);
            reader.wrong(value, &expected, None);
            return Vec::new();
        };
        items.iter().map(|item| T::read(item, reader)).collect()
    }

    fn absent() -> Option<Vec<T>> {
        Some(Vec::new())
    }

    fn stand_in() -> Vec<T> {
        Vec::new()
    }

    fn keys(path: &str, out: &mut Vec<String>) {
        T::keys(path, out);
    }
}

impl<T: Setting> Setting for Spanned<T> {
    const EXPECTED: &'static str = T::EXPECTED;

    fn read(value: &Value<'_>, reader: &mut Reader) -> Spanned<T> {
        Spanned::new(value.at().unwrap_or_default(), T::read(value, reader))
    }

    fn stand_in() -> Spanned<T> {
        Spanned::new(0..0, T::stand_in())
    }

    fn keys(path: &str, out: &mut Vec<String>) {
        T::keys(path, out);
    }
}
