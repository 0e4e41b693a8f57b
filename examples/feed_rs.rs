//! What the crate `feed-rs` reads in feeds, a line of JSON each: `cargo run --example feed_rs -- FILE…`.
//! `tests/e2e/parsers.py` compares it with what other parsers read.

#![expect(clippy::print_stdout, reason = "a tool for the command line")]

use std::fs::File;
use std::io::BufReader;

use feed_rs::model::{Category, Entry, Feed, Link, Text};
use serde_json::{Value, json};

fn main() -> anyhow::Result<()> {
    for file in std::env::args_os().skip(1) {
        let feed = feed_rs::parser::parse(BufReader::new(File::open(file)?))?;
        println!("{}", document(&feed));
    }
    Ok(())
}

fn document(feed: &Feed) -> Value {
    let entries: Vec<Value> = feed.entries.iter().map(entry).collect();
    let address = |rel: Option<&str>| link(&feed.links, rel);
    let about = json!({
        "title": text(feed.title.as_ref()),
        "description": text(feed.description.as_ref()),
        "home": address(None),
        "itself": address(Some("self")),
        "language": feed.language,
        "rights": text(feed.rights.as_ref()),
    });
    json!({"feed": about, "entries": entries})
}

fn text(text: Option<&Text>) -> &str {
    text.map(|text| text.content.as_str()).unwrap_or_default()
}

/// The first address of this relation; none is as good as `alternate`.
fn link<'a>(links: &'a [Link], rel: Option<&str>) -> Option<&'a str> {
    let wanted = rel.unwrap_or("alternate");
    links
        .iter()
        .find(|link| link.rel.as_deref().unwrap_or("alternate") == wanted)
        .map(|link| link.href.as_str())
}

fn entry(entry: &Entry) -> Value {
    let body = entry.content.as_ref().and_then(|content| content.body.clone()).unwrap_or_default();
    let label = |category: &Category| category.label.clone().unwrap_or(category.term.clone());
    let image = entry.media.iter().flat_map(|media| &media.content).find_map(|content| content.url.as_ref());
    json!({
        "id": entry.id,
        "link": link(&entry.links, None),
        "title": text(entry.title.as_ref()),
        "summary": text(entry.summary.as_ref()),
        "content": body,
        "authors": entry.authors.iter().map(|person| &person.name).collect::<Vec<_>>(),
        "terms": entry.categories.iter().map(label).collect::<Vec<_>>(),
        "image": image.map(url::Url::as_str),
        "published": entry.published.map(|at| at.timestamp()),
        "updated": entry.updated.map(|at| at.timestamp()),
    })
}
