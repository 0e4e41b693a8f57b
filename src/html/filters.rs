//! What templates can do with a value: French typography, dates, numbers, and the lines of a plain-text mail.

use crate::french::style::Style;
use crate::french::typography::{Spaces, typeset};
use crate::french::{date, elision, number, reading, sort};
use crate::html::{excerpt, teaser};
use chrono::{NaiveDate, NaiveDateTime};
use minijinja::{Environment, Error, ErrorKind, State, Value};

/// Adds every filter, working as `style` says. They take plain text and give plain text; a template's autoescape works
/// after them.
pub(super) fn add(env: &mut Environment<'static>, style: Style) {
    env.add_filter("typeset", move |text: &str| style.text(text));
    env.add_filter("typeset_plain", |text: &str| typeset(text, Spaces::Plain));
    // Titles are the journalists': `[french] titles = false` leaves them as they are.
    env.add_filter("headline", move |title: &str| style.title(title));
    env.add_filter("headline_plain", move |title: &str| style.title_in_lists(title));
    env.add_filter("quoted_headline", move |title: &str| style.quoted_title(title));
    env.add_filter("quoted_headline_plain", move |title: &str| style.quoted_title_in_lists(title));
    env.add_filter("elide", |next: &str, particle: &str| elision::elide(particle, next));
    env.add_filter("range", |first: &str, last: &str| {
        Ok::<_, Error>(date::date_range(moment(first)?.date(), moment(last)?.date()))
    });
    env.add_filter("short_range", |first: &str, last: &str| {
        Ok::<_, Error>(date::short_range(moment(first)?.date(), moment(last)?.date()))
    });
    env.add_filter("near_day", |day: &str, today: &str| {
        Ok::<_, Error>(date::near_day(moment(day)?.date(), moment(today)?.date()))
    });
    env.add_filter("edition_of", |day: &str, today: &str| {
        Ok::<_, Error>(date::edition_of(moment(day)?.date(), moment(today)?.date()))
    });
    env.add_filter("month_year", |day: &str| Ok::<_, Error>(date::month_year(moment(day)?.date())));
    env.add_filter("reading_time", |text: &str| reading::reading_time(reading::words(text)));
    env.add_filter("alphabetical", |mut names: Vec<String>| {
        sort::sort_by_name(&mut names, |name| name);
        names
    });
    env.add_filter("long_date", |value: &str| Ok::<_, Error>(date::long_date(moment(value)?.date())));
    env.add_filter("full_date", |value: &str| Ok::<_, Error>(date::full_date(moment(value)?.date())));
    env.add_filter("hour", |value: &str| Ok::<_, Error>(date::hour(moment(value)?.time())));
    env.add_filter("date_at_hour", |value: &str| Ok::<_, Error>(date::date_at_hour(moment(value)?)));
    env.add_filter("date_at_clock_time", |value: &str| {
        Ok::<_, Error>(date::date_at_clock_time(moment(value)?))
    });
    env.add_filter("count", move |n: i64, one: &str, many: &str| style.fit(number::count(n, one, many)));
    env.add_filter("and_others", move |n: i64, one: &str, many: &str| {
        style.fit(number::and_others(n, one, many))
    });
    env.add_filter("plural", |n: i64, one: &str, many: &str| number::plural(n, one, many).to_owned());
    env.add_filter("ordinals", ordinals);
    env.add_filter("list", |items: Vec<String>| {
        number::list(&items.iter().map(String::as_str).collect::<Vec<_>>())
    });
    env.add_filter("excerpt", |text: &str, limit: usize| excerpt(text, limit));
    env.add_filter("teaser", |text: &str, limit: usize| teaser(text, limit));
    env.add_filter("paragraphs", |text: &str| {
        text.split("\n\n")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect::<Vec<_>>()
    });
    env.add_filter("wrap", |text: &str, indent: Option<&str>| wrap(text, indent.unwrap_or_default()));
    env.add_filter("underline", underline);
    env.add_filter("host", host);
}

/// The site an address leads to, as one says it: `exemple.tg`. Empty for what is no address of the web.
fn host(url: &str) -> String {
    let url = url::Url::parse(url).ok();
    let host = url.as_ref().and_then(url::Url::host_str).unwrap_or_default();
    host.strip_prefix("www.").unwrap_or(host).to_owned()
}

/// A date (`2026-08-01`) or a local date and time (`2026-08-01T07:00:00`), as serde writes chrono's types.
fn moment(value: &str) -> Result<NaiveDateTime, Error> {
    value
        .parse::<NaiveDateTime>()
        .or_else(|_| NaiveDateTime::parse_from_str(value, "%Y-%m-%dT%H:%M"))
        .or_else(|_| value.parse::<NaiveDate>().map(|day| day.and_time(chrono::NaiveTime::MIN)))
        .map_err(|_| Error::new(ErrorKind::InvalidOperation, format!("not a date or a moment: {value}")))
}

/// HTML of a text, or HTML as a macro gave it, each "1er" with its ending raised. Pages have their own style sheet and refuse
/// styles of elements.
fn ordinals(state: &State, text: &Value) -> Value {
    let own = if state.name().starts_with("pages/") { "" } else { " style=\"font-size:70%;line-height:0\"" };
    let html = match text.as_str() {
        Some(html) if text.is_safe() => html.to_owned(),
        Some(text) => text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"),
        None => return text.clone(),
    };
    Value::from_safe_string(raise_ordinals(&html, own))
}

fn raise_ordinals(html: &str, attributes: &str) -> String {
    let raised = format!("1<sup{attributes}>er</sup>");
    let within = |c: char| c.is_alphanumeric() || matches!(c, '.' | ',' | '=' | '/' | '#');
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("1er") {
        let (before, after) = (&rest[..at], &rest[at + 3..]);
        out.push_str(before);
        let a_word = !out.ends_with(within) && !after.starts_with(char::is_alphanumeric);
        out.push_str(if a_word { &raised } else { "1er" });
        rest = after;
    }
    out + rest
}

/// The width of a plain-text mail (RFC 3676 §4.2 advises at most 78, quoting takes some).
const WIDTH: usize = 72;

/// The text in lines of at most 72 characters, each after `indent`. Breaks at ordinary spaces only; a longer word,
/// such as an address of the web, stands alone and whole. Line ends in the text stay.
fn wrap(text: &str, indent: &str) -> String {
    let mut out = String::with_capacity(text.len() + text.len() / 24);
    for (at, paragraph) in text.trim_ascii_end().split('\n').enumerate() {
        if at > 0 {
            out.push('\n');
        }
        let mut width = 0;
        for word in paragraph.split([' ', '\t', '\r']).filter(|word| !word.is_empty()) {
            let length = word.chars().count();
            if width > 0 && width + 1 + length > WIDTH {
                out.push('\n');
                width = 0;
            }
            if width == 0 {
                out.push_str(indent);
                width = indent.chars().count();
            } else {
                out.push(' ');
                width += 1;
            }
            out.push_str(word);
            width += length;
        }
    }
    out
}

/// The text, and under it as many `stroke`s as its longest line is wide.
fn underline(text: &str, stroke: &str) -> String {
    let width = text.lines().map(|line| line.chars().count()).max().unwrap_or(0);
    format!("{text}\n{}", stroke.repeat(width))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn lines_break_at_spaces_but_never_at_no_break_spaces() {
        let text = format!("{} 10\u{a0}000\u{a0}F\u{a0}CFA", "a".repeat(65));
        assert_eq!(wrap(&text, ""), format!("{}\n10\u{a0}000\u{a0}F\u{a0}CFA", "a".repeat(65)));
        let address = format!("https://exemple.tg/{}", "b".repeat(80));
        assert_eq!(wrap(&format!("Lire : {address} ici"), "  "), format!("  Lire :\n  {address}\n  ici"));
        assert_eq!(wrap("un\n\ndeux\n", ""), "un\n\ndeux");
    }

    #[test]
    fn dates_of_both_kinds_are_read_and_others_refused() {
        assert_eq!(moment("2026-08-01").unwrap().to_string(), "2026-08-01 00:00:00");
        assert_eq!(moment("2026-08-01T07:30:00").unwrap().to_string(), "2026-08-01 07:30:00");
        assert_eq!(moment("2026-08-01T07:30").unwrap().to_string(), "2026-08-01 07:30:00");
        assert!(moment("hier").is_err());
    }

    #[test]
    fn the_first_of_a_month_is_raised_in_html() {
        assert_eq!(raise_ordinals("samedi 1er août 2026", ""), "samedi 1<sup>er</sup> août 2026");
        assert_eq!(
            raise_ordinals("Le 1er, le 1er\u{a0}mai, au «\u{a0}1er\u{a0}» tour", ""),
            "Le 1<sup>er</sup>, le 1<sup>er</sup>\u{a0}mai, au «\u{a0}1<sup>er</sup>\u{a0}» tour"
        );
        for other in ["mardi 21er", "11er", "1ere", "0.1er", "a/1er", "1ER"] {
            assert_eq!(raise_ordinals(other, ""), other);
        }
    }

    #[test]
    fn a_site_is_named_without_its_www() {
        assert_eq!(host("https://www.exemple.tg/a?b=1"), "exemple.tg");
        assert_eq!((host("mailto:a@exemple.tg"), host("rien")), (String::new(), String::new()));
    }

    #[test]
    fn an_underline_is_as_wide_as_its_text() {
        assert_eq!(underline("Économie", "="), "Économie\n========");
    }

    proptest! {
        #[test]
        fn wrapping_keeps_every_word_and_the_width(text in "[a-zé:/\u{a0} \n]{0,400}") {
            let wrapped = wrap(&text, "  ");
            prop_assert_eq!(
                wrapped.split_ascii_whitespace().collect::<Vec<_>>(),
                text.split_ascii_whitespace().collect::<Vec<_>>()
            );
            for line in wrapped.lines() {
                prop_assert!(line.chars().count() <= WIDTH || !line.trim_start().contains(' '), "{}", line);
            }
        }
    }
}
