//! From what a format reads to what is stored: clean, plain, absolute.

use url::Url;

use crate::clock::Timestamp;
use crate::html::text::{one_line, plain, running_text, to_text, xml_safe};
use crate::html::{absolute, clean, excerpt};

use super::article::{Draft, DraftBody, DraftCategory, FromFeed, Image, NewArticle};
use super::formats::{Fault, LONGEST_ID};
use super::rendition;

/// Longest summary made from a body, in characters.
pub const SUMMARY: usize = 300;

/// Longest title made from a body, in characters.
const TITLE: usize = 80;

/// Longest title kept, in characters: more is a body in the wrong field.
const LONGEST_TITLE: usize = 500;

/// Largest body taken, in bytes of what came in.
const LARGEST_BODY: usize = 8 * 1024 * 1024;

/// Makes an article of a draft: the body cleaned, links absolute, titles and names plain and decoded once, the summary taken
/// from the body when none is given, the title from its first words when it is empty, the picture from the body when none is
/// given.
///
/// # Errors
/// The fault, when the draft has neither title nor text, or is out of all proportion.
pub fn prepare(draft: Draft) -> Result<NewArticle, Fault> {
    let (field, raw) = match &draft.body {
        DraftBody::Html(html) => ("html", html),
        DraftBody::Text(text) => ("text", text),
    };
    if raw.len() > LARGEST_BODY {
        return Err(Fault::field(
            &draft.place,
            field,
            "longer than 8 MiB; are there pictures in it as data: addresses?",
        ));
    }
    let body = match &draft.body {
        DraftBody::Html(html) if draft.from_feed.is_some() => {
            let shown = clean(&rendition::without_emoji_pictures(html), &draft.url);
            rendition::without_origin_line(&shown, &page_address(&draft.url)).to_owned()
        }
        DraftBody::Html(html) => clean(html, &draft.url),
        DraftBody::Text(text) => clean(&paragraphs(text), &draft.url),
    };
    let mut text = None;
    let mut text = || text.get_or_insert_with(|| running_text(&body)).clone();
    let mut title = plain(&draft.title);
    if title.is_empty() {
        title = excerpt(&text(), TITLE);
    }
    if title.is_empty() {
        return Err(Fault::field(&draft.place, "title", "empty, and the body has no text to take one from"));
    }
    if title.chars().count() > LONGEST_TITLE {
        return Err(Fault::field(&draft.place, "title", format!("longer than {LONGEST_TITLE} characters")));
    }
    let mut from_feed = draft.from_feed.map(|feed| FromFeed { terms: names(&feed.terms), ..feed });
    let mut summary = match (&mut from_feed, &draft.summary) {
        (Some(feed), Some(description)) => {
            let shown = clean(&rendition::without_emoji_pictures(description), &draft.url);
            let shown = rendition::without_origin_line(&shown, &page_address(&draft.url));
            let own = rendition::own_summary(&one_line(&to_text(shown)), &body);
            feed.own_summary = own.is_some();
            own.unwrap_or_default()
        }
        (_, summary) => summary.as_deref().map(plain).unwrap_or_default(),
    };
    if summary.is_empty() {
        summary = excerpt(&text(), SUMMARY);
    }
    let given = draft.image.and_then(|image| {
        Some(Image { url: absolute(&draft.url, &image.url)?, alt: plain(&image.alt), ..image })
    });
    let image = given.or_else(|| first_image(&body));
    let (categories, primary) = categories(&draft.categories, draft.primary);
    Ok(NewArticle {
        external_id: draft.external_id,
        guid: draft
            .guid
            .map(|g| xml_safe(&g).into_owned())
            .filter(|g| !g.is_empty() && g.len() <= LONGEST_ID),
        origin_id: draft.origin_id,
        url: page_address(&draft.url),
        title,
        summary,
        body,
        authors: names(&draft.authors),
        categories,
        primary,
        tags: names(&draft.tags),
        image,
        published_at: draft.published_at,
        updated_at: draft.updated_at.map(|at: Timestamp| at.max(draft.published_at)),
        restore: draft.restore,
        from_feed,
    })
}

/// Plain text as HTML: blank lines part paragraphs, other line ends break lines.
fn paragraphs(text: &str) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace("\r\n", "\n");
    let mut html = String::with_capacity(escaped.len() + 64);
    let mut lines: Vec<&str> = Vec::new();
    for line in escaped.lines().chain([""]) {
        if !line.trim().is_empty() {
            lines.push(line.trim());
        } else if !lines.is_empty() {
            html.push_str(&format!("<p>{}</p>\n", lines.join("<br>")));
            lines.clear();
        }
    }
    html
}

/// The first picture of a clean body.
fn first_image(body: &str) -> Option<Image> {
    let tag = &body[body.find("<img ")?..];
    let tag = &tag[..tag.find('>')?];
    let attribute = |name: &str| {
        let (_, after) = tag.split_once(&format!("{name}=\""))?;
        after.split_once('"').map(|(value, _)| plain(value))
    };
    let pixels = |name: &str| attribute(name)?.parse().ok();
    let size = pixels(" width").zip(pixels(" height"));
    Some(Image { size, ..Image::new(attribute(" src")?, attribute(" alt").unwrap_or_default()) })
}

/// The page's address in the characters of RFC 3986.
fn page_address(url: &Url) -> String {
    absolute(url, url.as_str()).unwrap_or_else(|| url.to_string())
}

/// Plain names, each once, empty ones gone.
fn names(raw: &[String]) -> Vec<String> {
    let mut names: Vec<String> = Vec::with_capacity(raw.len());
    for name in raw.iter().map(|n| plain(n)).filter(|n| !n.is_empty()) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

/// Plain category names, empty ones gone, and where the primary one stands then.
fn categories(raw: &[DraftCategory], primary: Option<usize>) -> (Vec<DraftCategory>, Option<usize>) {
    let mut kept = Vec::with_capacity(raw.len());
    let mut moved = None;
    for (i, category) in raw.iter().enumerate() {
        let name = plain(&category.name);
        if name.is_empty() {
            continue;
        }
        if primary == Some(i) {
            moved = Some(kept.len());
        }
        kept.push(DraftCategory { name, slug: category.slug.clone() });
    }
    (kept, moved)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::articles::formats::Place;

    fn draft(title: &str, body: DraftBody) -> Draft {
        Draft {
            place: Place { file: "a.jsonl".into(), line: Some(3) },
            external_id: "1".into(),
            guid: None,
            origin_id: None,
            url: Url::parse("https://exemple.tg/éco/port").unwrap(),
            title: title.into(),
            body,
            summary: None,
            authors: vec![" Afi\nKossi ".into(), "".into(), "Afi Kossi".into()],
            categories: vec!["".into(), "Tech &amp; Web".into()],
            primary: Some(1),
            tags: vec![],
            image: None,
            published_at: Timestamp::from_millis(1000),
            updated_at: Some(Timestamp::from_millis(10)),
            restore: false,
            from_feed: None,
        }
    }

    #[test]
    fn names_are_plain_links_absolute_and_summary_and_picture_come_from_the_body() {
        let html = "<p>Le port <b>bat</b> un record. [gallery]</p><p><img src='/i/a&amp;b.jpg' alt='Le &quot;port&quot;' width=640 height=480></p>";
        let article = prepare(draft("L&#8217;année", DraftBody::Html(html.into()))).unwrap();
        assert_eq!(article.title, "L’année");
        assert_eq!(article.authors, ["Afi Kossi"]);
        assert_eq!(article.categories, [DraftCategory::from("Tech & Web")]);
        assert_eq!(article.primary, Some(0));
        assert_eq!(article.url, "https://exemple.tg/%C3%A9co/port");
        assert_eq!(article.summary, "Le port bat un record.");
        assert_eq!(
            article.image,
            Some(Image {
                size: Some((640, 480)),
                ..Image::new("https://exemple.tg/i/a&b.jpg", "Le \"port\"")
            })
        );
        assert_eq!(article.updated_at, Some(Timestamp::from_millis(1000)));
    }

    #[test]
    fn plain_text_becomes_paragraphs_and_stays_text() {
        let article = prepare(draft(
            "T",
            DraftBody::Text("Un < deux & <b>trois</b>\nsuite\r\n\r\n« Quatre »\n".into()),
        ))
        .unwrap();
        assert_eq!(
            article.body,
            "<p>Un &lt; deux &amp; &lt;b&gt;trois&lt;/b&gt;<br>suite</p>\n<p>« Quatre »</p>"
        );
    }

    #[test]
    fn an_empty_title_is_the_first_words_and_nothing_at_all_is_a_fault() {
        let article =
            prepare(draft(" &nbsp;", DraftBody::Html("<p>Le port bat un record.</p>".into()))).unwrap();
        assert_eq!(article.title, "Le port bat un record.");
        let fault = prepare(draft("", DraftBody::Html("<p> </p>".into()))).unwrap_err();
        assert_eq!(fault.to_string(), "a.jsonl:3: title: empty, and the body has no text to take one from");
    }
}
