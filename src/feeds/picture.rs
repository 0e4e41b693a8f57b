//! An article's leading image: in the content where the article shows it nowhere, and its media type.

use std::collections::BTreeMap;

use crate::articles::Image;
use crate::html::picture_name;
use crate::html::text::escape_into;

/// Media RSS, <https://www.rssboard.org/media-rss>.
pub(super) const MEDIA: &str = "http://search.yahoo.com/mrss/";

/// The HTML with the image first, unless it stands in it already (in whatever size WordPress cut it to): many
/// readers look only at the content.
pub(super) fn with_picture(body: &str, image: Option<&Image>) -> String {
    let Some(image) = image.filter(|image| !shows(body, &image.url)) else { return body.to_owned() };
    let mut html = String::with_capacity(body.len() + image.url.len() + image.alt.len() + 40);
    html.push_str("<p><img src=\"");
    escape_into(&image.url, &mut html);
    html.push_str("\" alt=\"");
    escape_into(&image.alt, &mut html);
    html.push('"');
    if let Some((width, height)) = image.size {
        html.push_str(&format!(" width=\"{width}\" height=\"{height}\""));
    }
    html.push_str("></p>\n");
    html.push_str(body);
    html
}

/// An element of Media RSS.
pub(super) struct Media {
    pub(super) name: &'static str,
    pub(super) attributes: BTreeMap<String, String>,
}

/// What Media RSS says of the image, the same in RSS and Atom. No `media:description`: feedparser takes it for the
/// article's summary.
pub(super) fn media(image: &Image) -> [Media; 2] {
    let mut thumbnail = BTreeMap::from([("url".to_owned(), image.url.clone())]);
    if let Some((width, height)) = image.size {
        thumbnail.insert("width".to_owned(), width.to_string());
        thumbnail.insert("height".to_owned(), height.to_string());
    }
    let mut content = thumbnail.clone();
    content.insert("medium".to_owned(), "image".to_owned());
    content.extend(media_type(&image.url).map(|kind| ("type".to_owned(), kind.to_owned())));
    content.extend(image.bytes.map(|bytes| ("fileSize".to_owned(), bytes.to_string())));
    [Media { name: "content", attributes: content }, Media { name: "thumbnail", attributes: thumbnail }]
}

/// The image as an enclosure, where its type and length are known: address, media type, bytes. Never with a made-up
/// length (RSS Advisory Board profile, "enclosure").
pub(super) fn enclosure(image: &Image) -> Option<(&str, &'static str, u64)> {
    Some((&image.url, media_type(&image.url)?, image.bytes?))
}

/// The media type that the end of the address tells, if it tells one.
pub(super) fn media_type(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or(url);
    let (_, extension) = path.rsplit_once('.')?;
    match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => Some("image/jpeg"),
        "png" => Some("image/png"),
        "gif" => Some("image/gif"),
        "webp" => Some("image/webp"),
        "avif" => Some("image/avif"),
        "svg" => Some("image/svg+xml"),
        _ => None,
    }
}

/// Whether an `img` of the body has this address. The body comes from our sanitiser, which writes attributes in
/// double quotes with `&amp;`.
fn shows(body: &str, url: &str) -> bool {
    let wanted = picture_name(url);
    body.split("<img ").skip(1).any(|rest| {
        let tag = rest.split('>').next().unwrap_or(rest);
        let src = tag.split_once("src=\"").and_then(|(_, value)| value.split('"').next());
        src.is_some_and(|src| picture_name(&src.replace("&amp;", "&")) == wanted)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_that_the_article_does_not_show_comes_first_in_its_content() {
        let image = Image::new("https://x.tg/p.jpg?a=1&b=2", "Le \"pont\"");
        assert_eq!(
            with_picture("<p>Texte</p>", Some(&image)),
            "<p><img src=\"https://x.tg/p.jpg?a=1&amp;b=2\" alt=\"Le &quot;pont&quot;\"></p>\n<p>Texte</p>"
        );
        assert_eq!(with_picture("<p>Texte</p>", None), "<p>Texte</p>");
        let sized = Image { size: Some((1200, 800)), ..Image::new("https://x.tg/p.jpg", "") };
        assert_eq!(
            with_picture("", Some(&sized)),
            "<p><img src=\"https://x.tg/p.jpg\" alt=\"\" width=\"1200\" height=\"800\"></p>\n"
        );
    }

    #[test]
    fn an_enclosure_has_its_true_type_and_length_or_is_none() {
        let known = Image { bytes: Some(96_000), ..Image::new("https://x.tg/p.webp", "") };
        assert_eq!(enclosure(&known), Some(("https://x.tg/p.webp", "image/webp", 96_000)));
        assert_eq!(enclosure(&Image { bytes: None, ..known.clone() }), None);
        assert_eq!(enclosure(&Image { url: "https://x.tg/p".to_owned(), ..known }), None);
    }

    #[test]
    fn a_picture_that_the_article_shows_in_another_size_is_not_repeated() {
        let image = Image::new("https://x.tg/photo.jpg", "");
        for src in
            ["https://x.tg/photo.jpg", "http://x.tg/photo-1024x683.jpg", "https://x.tg/photo-scaled.jpg?w=3"]
        {
            let body = format!("<p>a</p><img alt=\"x\" src=\"{src}\"><p>b</p>");
            assert_eq!(with_picture(&body, Some(&image)), body);
        }
        let other = "<img src=\"https://x.tg/photo-large.jpg\">";
        assert!(with_picture(other, Some(&image)).starts_with("<p><img src=\"https://x.tg/photo.jpg\""));
    }

    #[test]
    fn the_media_type_is_told_by_the_path_alone() {
        assert_eq!(media_type("https://x.tg/a.JPG?v=b.png"), Some("image/jpeg"));
        assert_eq!(media_type("https://x.tg/image"), None);
    }
}
