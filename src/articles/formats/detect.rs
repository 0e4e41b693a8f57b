//! What is in a file, told by its name and its first bytes.

use std::path::Path;

use super::Format;

/// Bytes looked at.
pub const ENOUGH: usize = 64 * 1024;

/// The format of a file by the end of its name and its beginning (up to [`ENOUGH`] bytes). What the content says wins over the
/// name where they differ and the content is sure.
///
/// # Errors
/// A sentence that says why it is none.
pub fn detect(name: &Path, beginning: &[u8]) -> Result<Format, String> {
    let extension = name.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    let text = String::from_utf8_lossy(beginning);
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if start.is_empty() {
        return Err("the file is empty".to_owned());
    }
    if beginning.contains(&0) {
        let hint = if beginning.starts_with(b"PK") || beginning.starts_with(&[0x1F, 0x8B]) {
            "; unpack it first"
        } else {
            ""
        };
        return Err(format!("the file is not text{hint}"));
    }
    if beginning.starts_with(&[0x1F, 0x8B]) || beginning.starts_with(b"PK\x03\x04") {
        return Err("the file is compressed; unpack it first".to_owned());
    }
    let lower: String = start.chars().take(600).collect::<String>().to_ascii_lowercase();
    let xml = lower.starts_with("<?xml") || lower.starts_with("<rss");
    if xml && (text.contains("wordpress.org/export") || text.contains("<wp:wxr_version")) {
        return Ok(Format::Wxr);
    }
    if is_feed(&lower) {
        return Ok(Format::Feed);
    }
    if lower.starts_with("<!doctype html")
        || lower.starts_with("<html")
        || (lower.contains("<html") && start.starts_with('<'))
    {
        return Ok(Format::Html);
    }
    match extension.as_str() {
        "jsonl" | "ndjson" | "json" => Ok(Format::Jsonl),
        "wxr" => Ok(Format::Wxr),
        "html" | "htm" | "xhtml" => Ok(Format::Html),
        "txt" | "text" => Ok(Format::Text),
        _ if start.starts_with('{') => Ok(Format::Jsonl),
        _ if xml => Err(
            "an XML file, but neither a feed nor a WordPress export (nothing of wordpress.org/export in it)"
                .to_owned(),
        ),
        _ if start.starts_with('<') => Ok(Format::Html),
        _ => Ok(Format::Text),
    }
}

/// Whether a document begins like a feed: its first element, or JSON Feed's version.
fn is_feed(lower: &str) -> bool {
    let mut rest = lower;
    while let Some(after) = rest.strip_prefix("<?").or(rest.strip_prefix("<!--")) {
        let end = if rest.starts_with("<?") { "?>" } else { "-->" };
        rest = after.split_once(end).map_or("", |(_, rest)| rest).trim_start();
    }
    let name = rest.strip_prefix('<').and_then(|rest| rest.split([' ', '>', '\n', '\t', '\r']).next());
    matches!(name, Some("rss" | "rdf:rdf"))
        || name == Some("feed") && lower.contains("atom")
        || lower.starts_with('{') && lower.contains("//jsonfeed.org/version/1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_and_name_tell_the_format() {
        let wxr = b"<?xml version='1.0'?>\n<!-- x --><rss xmlns:wp=\"http://wordpress.org/export/1.2/\">";
        for (name, content, expected) in [
            ("a.jsonl", &b"{}"[..], Format::Jsonl),
            ("-", b"\n {\"id\": 1}", Format::Jsonl),
            ("export.xml", wxr, Format::Wxr),
            ("export.txt", wxr, Format::Wxr),
            ("page.htm", b"<p>x", Format::Html),
            ("page", b"<!DOCTYPE html><html>", Format::Html),
            ("page.txt", b"<!-- saved --><html>", Format::Html),
            ("page.txt", "Un texte".as_bytes(), Format::Text),
            ("-", "Un texte".as_bytes(), Format::Text),
            ("feed.xml", b"<?xml version='1.0'?>\n<!-- x -->\n<rss version=\"2.0\">", Format::Feed),
            ("-", b"<feed xmlns='http://www.w3.org/2005/Atom'>", Format::Feed),
            ("a.rdf", b"<?xml version='1.0'?><rdf:RDF xmlns='http://purl.org/rss/1.0/'>", Format::Feed),
            ("flux.json", b"{\"version\": \"https://jsonfeed.org/version/1.1\"", Format::Feed),
        ] {
            assert_eq!(detect(Path::new(name), content), Ok(expected), "{name}");
        }
    }

    #[test]
    fn what_is_no_article_is_refused_with_its_reason() {
        for (name, content, word) in [
            ("a.jsonl", &b" \n"[..], "empty"),
            ("a.xml", b"<?xml version='1.0'?><opml>", "neither a feed nor a WordPress export"),
            ("a.zip", b"PK\x03\x04\0\0", "unpack"),
            ("a.jpg", b"\xFF\xD8\0\x10", "not text"),
        ] {
            let reason = detect(Path::new(name), content).unwrap_err();
            assert!(reason.contains(word), "{name}: {reason}");
        }
    }
}
