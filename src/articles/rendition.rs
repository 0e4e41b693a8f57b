//! One article in two renditions: as its site keeps it, and as its site's feed shows it.
//!
//! WordPress' feed says « L’année » where its export says « L'année », has the blocks and shortcodes carried out, lacks the
//! featured picture and does not tell keywords from rubrics. None of that is news: of two renditions the one that came first
//! stays, part by part, until the other really says something else.

use std::borrow::Cow;

use crate::clock::Timestamp;
use crate::html::text::{running_text, to_text};

use super::article::Image;
use super::category::CategoryId;
use super::store::Filed;

/// An article as it stands, as far as another rendition may say it differently.
#[derive(Debug)]
pub(super) struct Standing {
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) body: String,
    pub(super) excerpt: bool,
    pub(super) authors: Vec<String>,
    pub(super) tags: Vec<String>,
    pub(super) image: Option<Image>,
    pub(super) published_at: Timestamp,
    pub(super) origin_id: Option<String>,
    pub(super) categories: Vec<CategoryId>,
    pub(super) primary: Option<CategoryId>,
}

/// The article that is to stand after `new` came in. `both` when both doors have brought it: then what only their renditions
/// make different stays as it stands; else a feed's words stand as they are, but for what it cannot say.
pub(super) fn reconcile(old: &Standing, new: &Filed, both: bool) -> Filed {
    let mut article = new.article.clone();
    let feed = article.from_feed.take();
    let from_feed = feed.is_some();
    let feed = feed.unwrap_or_default();
    let shorter = || article.body.len() < old.body.len();
    let keeps_body = (feed.excerpt && !old.excerpt && shorter())
        || (both && !old.excerpt && body_gist(&old.body) == body_gist(&article.body));
    let new_is_begun_body = begins(&article.body, &article.summary);
    if keeps_body {
        article.body.clone_from(&old.body);
    }
    let excerpt = feed.excerpt && !keeps_body;
    let old_is_begun_body = begins(&old.body, &old.summary);
    let same_summary = text_gist(&old.summary) == text_gist(&article.summary);
    let cannot_say = from_feed && !feed.own_summary && !old_is_begun_body;
    if (keeps_body && new_is_begun_body && old_is_begun_body) || (both && (same_summary || cannot_say)) {
        article.summary.clone_from(&old.summary);
    }
    if both {
        if text_gist(&old.title) == text_gist(&article.title) {
            article.title.clone_from(&old.title);
        }
        keep_names(&mut article.authors, &old.authors);
        keep_names(&mut article.tags, &old.tags);
        article.origin_id = article.origin_id.or_else(|| old.origin_id.clone());
    }
    article.image = image(old, article.image, !from_feed || feed.own_image, both);
    if feed.undated {
        article.published_at = old.published_at;
    }
    let same_set = both
        && old.categories.len() == new.categories.len()
        && new.categories.iter().all(|id| old.categories.contains(id));
    let categories = if same_set { old.categories.clone() } else { new.categories.clone() };
    let kept = old.primary.filter(|id| both && from_feed && categories.contains(id));
    let mut filed = Filed::new(article, categories, new.primary.or(kept));
    filed.excerpt = excerpt;
    filed
}

/// The picture: a feed that names none takes none away, and what is known of the same picture stays known.
fn image(old: &Standing, new: Option<Image>, given: bool, both: bool) -> Option<Image> {
    let Some(standing) = &old.image else { return new };
    let of_old_body = old.body.contains(&standing.url.replace('&', "&amp;"));
    match new {
        Some(image) if given && image.url != standing.url => Some(image),
        Some(image) if image.url == standing.url => Some(Image {
            alt: if image.alt.is_empty() { standing.alt.clone() } else { image.alt },
            size: image.size.or(standing.size),
            bytes: image.bytes.or(standing.bytes),
            ..image
        }),
        _ if both && !of_old_body => old.image.clone(),
        other => other,
    }
}

/// Names that are the same ones in another order or typography stay as they stand.
fn keep_names(new: &mut Vec<String>, old: &[String]) {
    let sorted = |names: &[String]| {
        let mut gists: Vec<String> = names.iter().map(|name| text_gist(name)).collect();
        gists.sort_unstable();
        gists
    };
    if sorted(new) == sorted(old) {
        *new = old.to_vec();
    }
}

/// Whether a summary is no more than the beginning of the body's text.
pub(super) fn begins(body: &str, summary: &str) -> bool {
    let gist = text_gist(summary);
    let gist = gist.trim_end_matches('.');
    gist.is_empty()
        || [running_text(body), to_text(body)].iter().any(|text| text_gist(text).starts_with(gist))
}

/// Marks by which systems say that they have cut the text themselves.
const CUT: &[&str] = &["[…]", "[...]", "(…)", "(...)"];

/// Words of the link that follows.
const MORE: &[&str] =
    &["lire la suite", "continuer la lecture", "en savoir plus", "continue reading", "read more"];

/// A feed's description as a summary by somebody's hand: `None` when it is the beginning of the body, cut by a machine.
pub(super) fn own_summary(description: &str, body: &str) -> Option<String> {
    let lower = description.to_lowercase();
    let more = MORE.iter().filter_map(|words| lower.rfind(words)).filter(|at| lower.len() - at < 120).max();
    // Lower case may be longer in bytes; then nothing is cut.
    let cut = more.and_then(|at| description.get(..at)).unwrap_or(description).trim_end();
    let machine_made = CUT.iter().any(|mark| cut.ends_with(mark)) || begins(body, cut);
    (!machine_made).then(|| cut.to_owned()).filter(|text| !text.is_empty())
}

/// A body without the line that a plugin puts below it in feeds: « L’article T est apparu en premier sur S. » It is the last
/// paragraph, short, and links the article itself and the site's first page.
pub(super) fn without_origin_line<'a>(body: &'a str, page: &str) -> &'a str {
    const LONGEST: usize = 1200;
    let Some(at) = body.rfind("<p>").filter(|at| body.len() - at <= LONGEST) else { return body };
    let line = &body[at..];
    let addresses: Vec<&str> =
        line.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let own = |address: &str| same_page(address, page);
    let home = |address: &str| {
        url::Url::parse(address).is_ok_and(|url| {
            url.path().trim_matches('/').split('/').filter(|part| !part.is_empty()).count() <= 1
                && page.starts_with(address.trim_end_matches('/'))
        })
    };
    match addresses[..] {
        [first, last] if own(first) && home(last) && line.ends_with("</p>") => body[..at].trim_end(),
        _ => body,
    }
}

fn same_page(a: &str, b: &str) -> bool {
    let bare =
        |address: &str| address.split(['?', '#']).next().unwrap_or_default().trim_end_matches('/').to_owned();
    bare(a) == bare(b)
}

/// A body in which the pictures that WordPress puts for emoji in feeds are characters again.
pub(super) fn without_emoji_pictures(html: &str) -> Cow<'_, str> {
    if !html.contains("wp-smiley") {
        return html.into();
    }
    let mut out = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find("<img ") {
        let Some(end) = rest[at..].find('>').map(|end| at + end + 1) else { break };
        let tag = &rest[at..end];
        out.push_str(&rest[..at]);
        match tag.split_once("alt=\"").and_then(|(_, after)| after.split('"').next()) {
            Some(alt) if tag.contains("wp-smiley") => out.push_str(alt),
            _ => out.push_str(tag),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.into()
}

/// What a text says, whatever its typography: no white space, one kind of quote, dash and apostrophe.
fn text_gist(text: &str) -> String {
    let mut gist = String::with_capacity(text.len());
    text.chars().for_each(|c| push_folded(c, &mut gist));
    gist
}

fn push_folded(c: char, gist: &mut String) {
    match c {
        c if c.is_whitespace() => {}
        '\u{200B}'..='\u{200F}' | '\u{2060}' | '\u{FEFF}' | '\u{AD}' | '\u{FE0E}' | '\u{FE0F}' => {}
        '‘' | '’' | '‚' | '‛' | '′' | '`' | '´' | '\'' => gist.push('\''),
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '"' => gist.push_str("''"),
        // A dash may be written as two hyphens.
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '-' if gist.ends_with('-') => {}
        '‐' | '‑' | '‒' | '–' | '—' | '―' | '−' | '-' => gist.push('-'),
        '…' => gist.push_str("..."),
        '×' => gist.push('x'),
        '™' => gist.push_str("(tm)"),
        c => gist.push(c),
    }
}

/// Elements that one rendition has and the other has not.
const WRAPPERS: &[&str] = &["p", "br", "figure", "figcaption", "div", "span", "cite"];

/// What a clean body says: its text, its pictures and links, and the elements that mean something.
fn body_gist(html: &str) -> String {
    let mut gist = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        push_text(&rest[..at], &mut gist);
        let end = rest[at..].find('>').map_or(rest.len(), |end| at + end + 1);
        let tag = &rest[at..end];
        let name: &str = tag[1..].trim_start_matches('/').split([' ', '>', '/']).next().unwrap_or_default();
        if !WRAPPERS.contains(&name) {
            gist.push_str(if tag.starts_with("</") { "</" } else { "<" });
            gist.push_str(name);
            for attribute in ["href=\"", "src=\""] {
                if let Some((_, value)) = tag.split_once(attribute) {
                    let value = value.split('"').next().unwrap_or_default();
                    // A site that moved to https shows its own pictures so in its feed.
                    gist.push_str(value.trim_start_matches("https:").trim_start_matches("http:"));
                }
            }
            gist.push('>');
        }
        rest = &rest[end..];
    }
    push_text(rest, &mut gist);
    gist
}

fn push_text(text: &str, gist: &mut String) {
    let plain = text.replace("&quot;", "\"");
    plain.chars().for_each(|c| push_folded(c, gist));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_a_summary_by_somebodys_hand_is_one() {
        let body = "<figure><img src=\"a.jpg\" alt=\"\"><figcaption>Légende</figcaption></figure>\n<p>L'année \"record\" du port.</p>\n<p>Suite.</p>";
        assert_eq!(own_summary("L’année « record » […]", body), None);
        assert_eq!(own_summary("Autre chose, coupée par une machine [...]", body), None);
        assert_eq!(own_summary("L’année “record” du port. Suite.", body), None);
        assert_eq!(own_summary("L’année “record”… Lire la suite »", body), None);
        assert_eq!(own_summary("", body), None);
        assert_eq!(own_summary("Le port va bien.", body).as_deref(), Some("Le port va bien."));
        assert_eq!(own_summary("Le port va bien. Read more", body).as_deref(), Some("Le port va bien."));
    }

    #[test]
    fn the_line_of_the_plugin_goes_and_no_other() {
        let page = "https://www.exemple.tg/economie/port/";
        let line = "<p>L’article <a href=\"https://www.exemple.tg/economie/port/?utm_source=rss\">Le port</a> est apparu en premier sur <a href=\"https://www.exemple.tg\">Le Journal</a>.</p>";
        assert_eq!(without_origin_line(&format!("<p>Texte.</p>\n{line}"), page), "<p>Texte.</p>");
        for stays in [
            "<p>Texte.</p>\n<p>Voir <a href=\"https://www.exemple.tg/economie/port/\">cette page</a>.</p>",
            "<p>Texte.</p>\n<p>Voir <a href=\"https://www.exemple.tg/a/b/\">ceci</a> sur <a href=\"https://www.exemple.tg\">le site</a>.</p>",
            "<p>Texte.</p>\n<p>Voir <a href=\"https://www.exemple.tg/economie/port/\">ceci</a> et <a href=\"https://ailleurs.example/\">cela</a>.</p>",
            "Texte",
        ] {
            assert_eq!(without_origin_line(stays, page), stays);
        }
    }

    #[test]
    fn emoji_are_characters_again_and_pictures_stay() {
        let html = "a <img src=\"https://s.w.org/1f389.png\" alt=\"🎉\" class=\"wp-smiley\" /> b <img src=\"c.jpg\" alt=\"c\">";
        assert_eq!(without_emoji_pictures(html), "a 🎉 b <img src=\"c.jpg\" alt=\"c\">");
        assert_eq!(without_emoji_pictures("wp-smiley <img alt="), "wp-smiley <img alt=");
    }

    #[test]
    fn what_a_reader_would_notice_is_another_text() {
        let body = "<p>Le port, 12 <strong>grues</strong> et <a href=\"https://a.tg/\">un lien</a>.</p>\n<p><img src=\"https://a.tg/i.jpg\" alt=\"\"></p>";
        for (from, to) in [
            ("12", "13"),
            ("port", "Port"),
            ("<strong>grues</strong>", "grues"),
            ("https://a.tg/\"", "https://b.tg/\""),
            ("i.jpg", "j.jpg"),
            (", ", " "),
        ] {
            assert_ne!(body_gist(body), body_gist(&body.replacen(from, to, 1)), "{from}");
        }
        let shown = body.replace("</p>\n<p>", "<br>").replace("https:", "http:").replace(" et", "\u{a0}et");
        assert_eq!(body_gist(body), body_gist(&shown));
    }

    /// What WordPress makes of typed text in a feed.
    fn texturized(text: &str) -> String {
        let text =
            text.replace("...", "…").replace(" -- ", " — ").replace(" :", "\u{a0}:").replace('\'', "’");
        let mut opens = false;
        let quote = |c| match c {
            '"' => {
                opens = !opens;
                if opens { '“' } else { '”' }
            }
            c => c,
        };
        text.chars().map(quote).collect()
    }

    proptest! {
        #[test]
        fn typography_is_no_change_and_every_letter_is(
            text in "([a-zéɖ]{1,8}|'|\"| -- |\\.\\.\\.| : | ){1,30}", at: prop::sample::Index,
        ) {
            prop_assert_eq!(text_gist(&text), text_gist(&texturized(&text)));
            let letters: Vec<usize> = text.char_indices().filter(|(_, c)| c.is_alphabetic()).map(|(i, _)| i).collect();
            if !letters.is_empty() {
                let at = letters[at.index(letters.len())];
                let mut changed = text.clone();
                let old = changed.remove(at);
                changed.insert(at, if old == 'z' { 'y' } else { 'z' });
                prop_assert_ne!(text_gist(&text), text_gist(&changed));
            }
        }
    }
}
