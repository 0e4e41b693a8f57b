//! Images as they were meant: lazy loading undone, the best of a `srcset`, trackers left out.

use dom_query::NodeRef;
use url::Url;

use crate::html::chars::one_line;
use crate::html::links::absolute;

/// Where lazy-loading scripts keep the real address, the most specific first.
const LAZY_SOURCES: &[&str] = &[
    "data-lazy-src",
    "data-src",
    "data-original",
    "data-lazy",
    "data-orig-src",
    "data-echo",
    "data-hi-res-src",
];
const LAZY_SETS: &[&str] = &["data-lazy-srcset", "data-srcset"];

/// Widest candidate taken from a `srcset`, in pixels: what a mail or a feed reader shows, with a dense screen in mind.
const WIDEST: u32 = 1600;

/// An image as a reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Absolute address.
    pub src: String,
    /// What it shows, one line; empty when nobody said.
    pub alt: String,
    /// Width and height in pixels, when both are given as numbers.
    pub size: Option<(u32, u32)>,
}

/// The image that an `<img>` stands for; `None` for placeholders and for trackers of one pixel.
pub fn real_image(img: &NodeRef<'_>, base: &Url) -> Option<Image> {
    let pixels =
        |name: &str| img.attr(name).and_then(|v| v.trim().trim_end_matches("px").parse::<u32>().ok());
    let (width, height) = (pixels("width"), pixels("height"));
    if width.is_some_and(|w| w <= 1) || height.is_some_and(|h| h <= 1) {
        return None;
    }
    let src = source(img, base)?;
    let alt = img.attr("alt").map(|a| one_line(&a)).unwrap_or_default();
    Some(Image { src, alt, size: width.zip(height) })
}

fn source(img: &NodeRef<'_>, base: &Url) -> Option<String> {
    let lazy = LAZY_SOURCES.iter().filter_map(|name| img.attr(name)).find(|v| looks_like_address(v));
    if let Some(address) = lazy.and_then(|v| absolute(base, &v)) {
        return Some(address);
    }
    if let Some(address) =
        LAZY_SETS.iter().filter_map(|name| img.attr(name)).find_map(|set| best_of(&set, base))
    {
        return Some(address);
    }
    if let Some(address) = img.attr("src").filter(|v| !is_placeholder(v)).and_then(|v| absolute(base, &v)) {
        return Some(address);
    }
    if let Some(address) = img.attr("srcset").and_then(|set| best_of(&set, base)) {
        return Some(address);
    }
    // <picture>: the sources stand beside the image.
    let picture = img.parent().filter(|p| p.has_name("picture"))?;
    let mut sources = picture.children_it(false).filter(|c| c.has_name("source"));
    sources.find_map(|s| {
        LAZY_SETS.iter().chain(&["srcset"]).filter_map(|n| s.attr(n)).find_map(|set| best_of(&set, base))
    })
}

/// The widest candidate up to [`WIDEST`], else the narrowest above it; candidates by density count as their multiple of 800 px.
fn best_of(srcset: &str, base: &Url) -> Option<String> {
    let mut best: Option<(u32, String)> = None;
    for (address, width) in candidates(srcset) {
        let better = match best {
            None => true,
            Some((w, _)) if w > WIDEST => width < w,
            Some((w, _)) => width > w && width <= WIDEST,
        };
        if better
            && !is_placeholder(address)
            && let Some(address) = absolute(base, address)
        {
            best = Some((width, address));
        }
    }
    best.map(|(_, address)| address)
}

/// The candidates of a `srcset` (HTML §4.8.4.2.1): an address may hold commas, so a comma ends one only at its end or after its
/// descriptor.
fn candidates(srcset: &str) -> Vec<(&str, u32)> {
    let mut found = Vec::new();
    let mut rest = srcset.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    while !rest.is_empty() {
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        let (address, after) = rest.split_at(end);
        let (descriptor, next) =
            if address.ends_with(',') { ("", after) } else { after.split_once(',').unwrap_or((after, "")) };
        let descriptor = descriptor.trim();
        let width = match descriptor.strip_suffix('w') {
            Some(w) => w.parse().unwrap_or(0),
            None => descriptor
                .strip_suffix('x')
                .and_then(|x| x.parse::<f32>().ok())
                .map_or(800, |x| (x * 800.0) as u32),
        };
        found.push((address.trim_end_matches(','), width));
        rest = next.trim_start_matches(|c: char| c.is_whitespace() || c == ',');
    }
    found
}

fn looks_like_address(value: &str) -> bool {
    let value = value.trim();
    !value.contains(['{', '<', ' ']) && value.contains(['/', '.']) && !is_placeholder(value)
}

/// What stands in `src` until a script puts the real image there.
fn is_placeholder(src: &str) -> bool {
    let src = src.trim().to_ascii_lowercase();
    let name = src.split(['?', '#']).next().unwrap_or("").rsplit('/').next().unwrap_or("");
    src.is_empty()
        || src.starts_with("data:")
        || src.starts_with("about:")
        || src.starts_with('#')
        || src.contains("lazy_placeholder")
        || matches!(
            name,
            "blank.gif" | "blank.png" | "spacer.gif" | "pixel.gif" | "1x1.gif" | "1x1.png" | "1x1.trans.gif"
        )
        || matches!(
            name,
            "grey.gif" | "transparent.gif" | "trans.gif" | "clear.gif" | "loading.gif" | "lazy.png"
        )
        || name.starts_with("placeholder")
}

/// The address without scheme, query and WordPress' size suffix (`-300x200`, `-scaled`), to tell whether two addresses
/// show the same picture.
pub fn picture_name(src: &str) -> String {
    let path = src.split(['?', '#']).next().unwrap_or(src);
    let path = path.split_once("://").map_or(path, |(_, rest)| rest);
    let (stem, extension) = path.rsplit_once('.').unwrap_or((path, ""));
    let stem = stem.strip_suffix("-scaled").unwrap_or(stem);
    let size = stem.rsplit_once('-').and_then(|(before, size)| {
        let (w, h) = size.split_once('x')?;
        (!w.is_empty() && !h.is_empty() && (w.to_owned() + h).bytes().all(|b| b.is_ascii_digit()))
            .then_some(before)
    });
    format!("{}.{extension}", size.unwrap_or(stem))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn image(html: &str) -> Option<Image> {
        let document = dom_query::Document::fragment(html);
        let img = document.select("img");
        real_image(img.nodes().first().unwrap(), &Url::parse("https://exemple.tg/a/b").unwrap())
    }

    fn src(html: &str) -> Option<String> {
        image(html).map(|i| i.src)
    }

    #[test]
    fn lazy_images_become_real() {
        let real = Some("https://exemple.tg/i/port.jpg".to_owned());
        assert_eq!(src(r#"<img src="data:image/gif;base64,R0" data-src="/i/port.jpg">"#), real);
        assert_eq!(
            src(r#"<img src="/t/blank.gif" data-lazy-src="/i/port.jpg" data-src="/i/other.jpg">"#),
            real
        );
        assert_eq!(
            src(
                r#"<img data-srcset="/i/small.jpg 300w, /i/port.jpg 1200w, /i/huge.jpg 4000w" src="data:x">"#
            ),
            real
        );
        assert_eq!(src(r#"<img srcset="/i/port.jpg">"#), real);
        assert_eq!(src(r#"<img srcset="/i/small.jpg, /i/port.jpg 2x">"#), real);
        assert_eq!(src(r#"<picture><source srcset="/i/port.jpg 800w"><img alt="x"></picture>"#), real);
        assert_eq!(src(r#"<img src="/i/port.jpg" data-src="{json}">"#), real);
    }

    #[test]
    fn an_address_in_a_srcset_may_hold_commas() {
        assert_eq!(
            src(r#"<img srcset="https://cdn.tg/w_300,h_200/a.jpg 300w, https://cdn.tg/w_900,h_600/a.jpg 900w">"#).unwrap(),
            "https://cdn.tg/w_900,h_600/a.jpg"
        );
    }

    #[test]
    fn placeholders_and_trackers_are_no_images() {
        for html in [
            r#"<img src="data:image/png;base64,AAAA">"#,
            r#"<img src="https://stats.tg/p.gif?x=1" width="1" height="1">"#,
            r#"<img src="javascript:alert(1)">"#,
            "<img>",
        ] {
            assert_eq!(image(html), None, "{html}");
        }
    }

    #[test]
    fn sizes_of_one_picture_have_one_name() {
        assert_eq!(picture_name("https://x/a-300x200.jpg"), picture_name("https://x/a.jpg?w=3"));
        assert_ne!(picture_name("https://x/a-bxc.jpg"), picture_name("https://x/a.jpg"));
    }
}
