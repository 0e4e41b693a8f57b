//! A saved article page: the article found in it, with what its head says.

use dom_query::Document;
use serde_json::Value;
use url::Url;

use crate::html::chars::is_blank;
use crate::html::clean::clean;
use crate::html::links::{absolute, web_address};
use crate::html::text::{plain, to_text};

/// Elements looked at before a page is refused: a saved page of a large site has some 5,000.
const MOST_ELEMENTS: usize = 100_000;

/// What a saved page says of its article.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// Plain text, one line.
    pub title: String,
    /// Who wrote it, without « Par ».
    pub byline: Option<String>,
    /// Absolute address of its picture, and what that shows.
    pub image: Option<(String, Option<String>)>,
    /// When it was published, as the page writes it (nearly always ISO 8601).
    pub published: Option<String>,
    /// When it was last changed, likewise.
    pub updated: Option<String>,
    /// The rubric: `article:section`, `articleSection`, or the last step of the breadcrumb before the article.
    pub rubric: Option<String>,
    /// Cleaned HTML.
    pub body: String,
    /// Its address: the canonical one when the page names it, else the one given.
    pub url: Url,
}

/// Why nothing came out of a page.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    /// Neither a canonical address in the page nor one given.
    #[error("the page does not say its address (no canonical link, no og:url): pass --url")]
    NoAddress,
    /// No text long enough to be an article.
    #[error("no article found in the page: {0}")]
    NoArticle(String),
}

/// Finds the article in a saved page. `url` is where it was saved from, when that is known; a relative link in
/// the page is resolved against it.
pub fn read(html: &str, url: Option<&Url>) -> Result<Page, PageError> {
    let document = Document::from(html);
    let canonical = address_in(&document).and_then(|a| Url::parse(&a).ok());
    let base = url.or(canonical.as_ref()).cloned().ok_or(PageError::NoAddress)?;
    let linked_data = linked_data(&document);
    let rubric = rubric(&document, &linked_data);
    let first_heading = sole_heading(&document);
    let image_alt = meta(&document, "og:image:alt").or_else(|| meta(&document, "twitter:image:alt"));
    let time =
        document.select("article time[datetime], main time[datetime], time[datetime]").attr("datetime");
    let config = dom_smoothie::Config { max_elements_to_parse: MOST_ELEMENTS, ..Default::default() };
    let no_article = |e: dom_smoothie::ReadabilityError| PageError::NoArticle(e.to_string());
    let mut reader = dom_smoothie::Readability::with_document(document, Some(base.as_str()), Some(config))
        .map_err(no_article)?;
    let article = reader.parse().map_err(no_article)?;
    let title = first_heading.unwrap_or_else(|| plain(&article.title));
    let byline = article.byline.as_deref().map(without_by).filter(|b| !b.is_empty());
    let body = without_heading(clean(&article.content, &base), &title, byline.as_deref());
    if is_blank(&to_text(&body)) {
        return Err(PageError::NoArticle("it holds no text".to_owned()));
    }
    let image = article.image.as_deref().and_then(|i| absolute(&base, i)).map(|i| (i, image_alt));
    let published = article.published_time.or_else(|| time.map(|t| t.to_string()));
    let url = canonical.unwrap_or(base);
    Ok(Page { title, byline, image, published, updated: article.modified_time, rubric, body, url })
}

/// The canonical address, as the page names it.
fn address_in(document: &Document) -> Option<String> {
    let link = document.select("link[rel='canonical']").attr("href").map(|h| h.to_string());
    link.and_then(|h| web_address(&h)).or_else(|| meta(document, "og:url").and_then(|u| web_address(&u)))
}

fn meta(document: &Document, name: &str) -> Option<String> {
    let nodes = document.select("meta");
    let found = nodes.nodes().iter().find(|m| {
        ["property", "name", "itemprop"]
            .iter()
            .any(|key| m.attr(key).is_some_and(|v| v.eq_ignore_ascii_case(name)))
    })?;
    found.attr("content").map(|c| plain(&c)).filter(|c| !c.is_empty())
}

/// The one `<h1>` of the page, which is printed and so better than a title made for search engines.
fn sole_heading(document: &Document) -> Option<String> {
    let headings = document.select("article h1");
    let headings = if headings.is_empty() { document.select("h1") } else { headings };
    let [heading] = headings.nodes() else { return None };
    let text = plain(&heading.inner_html());
    // A site that puts its own name there says the article's title in its head.
    let head = meta(document, "og:title").unwrap_or_else(|| plain(&document.select("title").inner_html()));
    let words = |t: &str| t.to_lowercase().chars().filter(|c| c.is_alphanumeric()).collect::<String>();
    (!text.is_empty() && (head.is_empty() || words(&head).contains(&words(&text)))).then_some(text)
}

fn rubric(document: &Document, linked_data: &[Value]) -> Option<String> {
    let said = meta(document, "article:section");
    let said = said.or_else(|| {
        linked_data.iter().find_map(|v| match v.get("articleSection") {
            Some(Value::String(s)) => Some(plain(s)),
            Some(Value::Array(a)) => a.first().and_then(Value::as_str).map(plain),
            _ => None,
        })
    });
    said.or_else(|| breadcrumb(document, linked_data)).filter(|r| !r.is_empty() && r.chars().count() <= 60)
}

/// The last step of the breadcrumb that is not the article itself nor the home page.
fn breadcrumb(document: &Document, linked_data: &[Value]) -> Option<String> {
    let list = linked_data.iter().find_map(|v| v.get("itemListElement")?.as_array());
    let names: Vec<String> = match list {
        Some(items) => items
            .iter()
            .filter_map(|i| i.get("name").or_else(|| i.get("item")?.get("name"))?.as_str().map(plain))
            .collect(),
        None => {
            let links =
                document.select(".breadcrumb a, .breadcrumbs a, [class*='breadcrumb'] a, #breadcrumbs a");
            let mut names: Vec<String> = links.nodes().iter().map(|a| plain(&a.inner_html())).collect();
            // The article itself is printed without a link; to be treated alike, it takes its place.
            names.push(String::new());
            names
        }
    };
    let steps = names.split_last()?.1;
    let home = |n: &String| matches!(n.to_lowercase().as_str(), "accueil" | "home" | "");
    steps.iter().rev().find(|n| !home(n)).cloned()
}

/// The objects of the page's JSON-LD, those inside `@graph` included.
fn linked_data(document: &Document) -> Vec<Value> {
    let mut found = Vec::new();
    for script in document.select("script[type='application/ld+json']").nodes() {
        match serde_json::from_str::<Value>(script.text().trim()) {
            Ok(Value::Array(items)) => found.extend(items),
            Ok(mut value) => {
                if let Some(Value::Array(graph)) = value.get_mut("@graph").map(Value::take) {
                    found.extend(graph);
                }
                found.push(value);
            }
            Err(_) => {}
        }
    }
    found
}

/// « Par Afi Kossi » → « Afi Kossi ».
fn without_by(byline: &str) -> String {
    let line = plain(byline);
    let rest = ["Par ", "par ", "PAR ", "By ", "by ", "Écrit par ", "Publié par "]
        .iter()
        .find_map(|p| line.strip_prefix(p));
    rest.unwrap_or(&line).trim_matches([',', '|', '-', '–', ' ']).to_owned()
}

/// The body without the title and the « Par … » line that many themes print inside it.
fn without_heading(body: String, title: &str, byline: Option<&str>) -> String {
    let mut rest = body.as_str();
    for _ in 0..3 {
        let Some((block, after)) = rest.split_once('\n') else { break };
        let text = plain(block);
        let is_title = block.starts_with("<h2>") && text == title;
        let is_byline = block.starts_with("<p>")
            && text.chars().count() < 120
            && byline.is_some_and(|b| text.contains(b))
            && without_by(&text).len() < text.len();
        if is_title || is_byline {
            rest = after;
        } else {
            break;
        }
    }
    if rest.len() == body.len() { body } else { rest.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r##"<!doctype html><html lang="fr"><head><meta charset="utf-8"><title>Lomé : le port bat un record - Le Quotidien</title>
<link rel="canonical" href="https://exemple.tg/economie/port">
<meta property="og:title" content="Lomé : le port bat un record"><meta property="og:image" content="/img/port.jpg"><meta property="og:image:alt" content="Le port">
<meta property="article:published_time" content="2026-11-20T08:15:00+00:00">
<script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"NewsArticle","headline":"Lomé : le port bat un record","datePublished":"2026-11-20T08:15:00Z","articleSection":["Économie"],"author":{"@type":"Person","name":"Afi Kossi"}}]}</script>
<meta name="author" content="Afi Kossi"></head>
<body><header><nav><ul><li><a href="/">Accueil</a></li><li><a href="/economie">Menu</a></li></ul></nav></header>
<aside class="sidebar"><h3>Les plus lus</h3><ul><li><a href="/a">Un autre article</a></li></ul></aside>
<main><article class="post"><h1>Lomé : le port bat un record</h1><p class="meta">Par Afi Kossi, le 20 novembre 2026</p>
<figure><img src="data:image/gif;base64,R0" data-src="/img/port.jpg" width="1200" height="800" onerror="alert(1)"><figcaption>Le port, jeudi.</figcaption></figure>
BODY
<div class="share"><a href="https://facebook.com/sharer">Partager</a></div><script>track()</script><p>Lire aussi : <a href="javascript:alert(1)">un piège</a></p></article></main>
<footer>© 2026 Le Quotidien — Mentions légales</footer></body></html>"##;

    fn page() -> String {
        let body: String = (1..9)
            .map(|i| {
                format!(
                    "<p style=\"color:red\" onclick=\"x()\">Paragraphe {i}. Le trafic de conteneurs a progressé de <b>{i} %</b>, selon la \
                     direction générale, qui « se félicite » du résultat ; les opérateurs attendent. <a href=\"/economie/{i}\">Détails</a></p>"
                )
            })
            .collect();
        PAGE.replace("BODY", &body)
    }

    #[test]
    fn the_article_comes_out_of_its_page_and_nothing_around_it() {
        let page = read(&page(), None).unwrap();
        assert_eq!(page.title, "Lomé : le port bat un record");
        assert_eq!(page.byline.as_deref(), Some("Afi Kossi"));
        assert_eq!(page.image, Some(("https://exemple.tg/img/port.jpg".into(), Some("Le port".into()))));
        assert_eq!(page.published.as_deref(), Some("2026-11-20T08:15:00+00:00"));
        assert_eq!(page.rubric.as_deref(), Some("Économie"));
        assert_eq!(page.url.as_str(), "https://exemple.tg/economie/port");
        for stays in [
            "Paragraphe 1.",
            "Paragraphe 8.",
            "href=\"https://exemple.tg/economie/3\"",
            "https://exemple.tg/img/port.jpg",
        ] {
            assert!(page.body.contains(stays), "{stays} in {}", page.body);
        }
        for goes in [
            "Accueil",
            "plus lus",
            "Partager",
            "track",
            "javascript",
            "onclick",
            "onerror",
            "style",
            "Mentions",
            "Par Afi",
        ] {
            assert!(!page.body.contains(goes), "{goes} in {}", page.body);
        }
    }

    #[test]
    fn a_page_without_an_address_needs_one_and_one_without_an_article_is_refused() {
        let html = page().replace("rel=\"canonical\"", "rel=\"next\"");
        assert!(matches!(read(&html, None), Err(PageError::NoAddress)));
        assert!(read(&html, Some(&Url::parse("https://exemple.tg/x").unwrap())).is_ok());
        let empty = "<html><head><link rel=canonical href='https://exemple.tg/x'></head><body></body></html>";
        assert!(matches!(read(empty, None), Err(PageError::NoArticle(_))));
    }

    #[test]
    fn the_breadcrumb_names_the_rubric_when_nothing_else_does() {
        let html = page()
            .replace("\"articleSection\":[\"Économie\"],", "")
            .replace("<main>", "<div class=\"breadcrumbs\"><a href='/'>Accueil</a> » <a href='/e'>Tech &amp; Web</a> » Lomé</div><main>");
        assert_eq!(read(&html, None).unwrap().rubric.as_deref(), Some("Tech & Web"));
    }
}
