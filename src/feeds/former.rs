//! Feed addresses of the systems that newsrooms come from, WordPress and Joomla: readers ask for them for years.
//!
//! WordPress (`wp-includes/class-wp-rewrite.php`): `/feed/`, `/feed/atom/` or `/atom/` behind the address of anything,
//! or `?feed=atom`. Joomla (`libraries/src/Document/FeedDocument.php`): `?format=feed&type=atom` at any address, or
//! `.feed` behind it. Here it is only read what such an address asks for; nothing is looked up.

use url::form_urlencoded;

use super::spec::Format;
use crate::french::slug::slug;
use crate::html::links::percent_decoded;

/// A feed of old, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Former {
    /// Whose feed.
    pub of: Subject,
    /// The format asked for, or RSS where we do not have it.
    pub format: Format,
}

/// Whose feed of old. Names are slugs as ours are made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// The site's, or of something that has no feed of its own here: a tag, a search, a month.
    Everything,
    /// A rubric's; its name, then those of the rubrics above it.
    Category(Vec<String>),
    /// A rubric's, by the numbers that the site's system gave it.
    Numbers(Vec<String>),
    /// An author's.
    Author(String),
    /// A page's: the comments on an article, unless this is a rubric's name and the site leaves `/category/` out.
    Page(String),
    /// The comments on the site or on an article.
    Comments,
}

/// What WordPress calls its formats.
const FORMATS: [&str; 6] = ["feed", "rdf", "rss", "rss2", "atom", "json"];

/// Rubrics above a rubric that are looked at.
const DEEPEST: usize = 8;

/// What the address asks for, if it is that of a feed of old; `path` and `query` are percent-encoded.
#[must_use]
pub fn read(path: &str, query: Option<&str>) -> Option<Former> {
    let mut segments: Vec<String> =
        path.split('/').filter(|segment| !segment.is_empty()).map(percent_decoded).collect();
    if segments.first().is_some_and(|first| first == "index.php") {
        segments.remove(0);
    }
    let query = Query::read(query.unwrap_or_default());
    joomla(&segments, &query).or_else(|| wordpress(segments, &query))
}

fn joomla(segments: &[String], query: &Query) -> Option<Former> {
    let suffix = segments.last().is_some_and(|last| last.ends_with(".feed"));
    if !suffix && query.get("format") != Some("feed") {
        return None;
    }
    let shown = [query.get("id"), query.get("catid")].into_iter().flatten();
    let names = segments.iter().rev().map(String::as_str).chain(shown);
    let rubrics = names.take(DEEPEST).flat_map(|name| {
        let name = name.strip_suffix(".feed").or_else(|| name.strip_suffix(".html")).unwrap_or(name);
        // 12-politique, 12:politique; but a rubric may be called « 7 jours ».
        let behind_number = name.trim_start_matches(|c: char| c.is_ascii_digit());
        let behind_number = behind_number.strip_prefix(['-', ':']).filter(|rest| rest.len() + 1 < name.len());
        [slug(name), behind_number.and_then(slug)].into_iter().flatten()
    });
    let rubrics: Vec<String> = rubrics.collect();
    let of = if rubrics.is_empty() { Subject::Everything } else { Subject::Category(rubrics) };
    Some(Former { of, format: format(query.get("type").unwrap_or_default()) })
}

fn wordpress(mut segments: Vec<String>, query: &Query) -> Option<Former> {
    let asked = match format_of_path(&mut segments) {
        Some(asked) => asked,
        None => query
            .get("feed")
            .filter(|asked| is_format(asked) || asked.starts_with("comments-") || asked.is_empty())?
            .to_owned(),
    };
    let of = match segments.as_slice() {
        [] => asked_by_query(query),
        [one] if one == "comments" => Subject::Comments,
        segments => asked_by_path(segments),
    };
    let comments = asked.starts_with("comments-") || query.get("withcomments").is_some();
    match of {
        // `?feed=` names no format: WordPress shows the page.
        Subject::Everything | Subject::Numbers(_) | Subject::Category(_) if asked.is_empty() => None,
        _ if comments => Some(Former { of: Subject::Comments, format: Format::Rss }),
        of => Some(Former { of, format: format(&asked) }),
    }
}

/// Takes the feed's end off a path: `/feed`, `/feed/atom`, `/atom`, and the files of WordPress before 3.0.
fn format_of_path(segments: &mut Vec<String>) -> Option<String> {
    let (last, before) = segments.split_last()?;
    let file = last.strip_prefix("wp-").and_then(|file| file.strip_suffix(".php"));
    let (asked, length) = match file {
        Some("commentsrss2") => ("comments-rss2", 1),
        Some(file) if is_format(file) => (file, 1),
        _ if !is_format(last) => return None,
        _ if before.last().is_some_and(|feed| feed == "feed") => (last.as_str(), 2),
        _ if last == "json" => return None, // a plugin's, which stands behind /feed/ only
        _ => (last.as_str(), 1),
    };
    let asked = asked.to_owned();
    segments.truncate(segments.len() - length);
    Some(asked)
}

fn asked_by_query(query: &Query) -> Subject {
    if ["p", "page_id", "name", "pagename", "attachment_id"].iter().any(|key| query.get(key).is_some()) {
        return Subject::Comments;
    }
    if let Some(terms) = query.get("cat") {
        let numbers = terms.split([',', ' ']).filter(|number| number.bytes().all(|b| b.is_ascii_digit()));
        let numbers = numbers.map(|number| number.trim_start_matches('0').to_owned());
        return Subject::Numbers(numbers.filter(|number| !number.is_empty()).take(DEEPEST).collect());
    }
    if let Some(names) = query.get("category_name") {
        return Subject::Category(names.rsplit(['/', ',', ' ']).take(DEEPEST).filter_map(slug).collect());
    }
    query.get("author_name").and_then(slug).map_or(Subject::Everything, Subject::Author)
}

fn asked_by_path(segments: &[String]) -> Subject {
    // A site in several languages puts one in front: /fr/category/politique/feed/.
    let base =
        segments.iter().take(2).position(|s| matches!(s.as_str(), "category" | "author" | "tag" | "search"));
    if let Some(base) = base {
        let names = segments[base + 1..].iter().rev().take(DEEPEST).filter_map(|name| slug(name));
        return match segments[base].as_str() {
            "category" => Subject::Category(names.collect()),
            "author" => {
                segments.get(base + 1).and_then(|n| slug(n)).map_or(Subject::Everything, Subject::Author)
            }
            _ => Subject::Everything,
        };
    }
    let digits = |s: &String, most: usize| s.len() <= most && s.bytes().all(|b| b.is_ascii_digit());
    match segments {
        [year] if digits(year, 4) => Subject::Everything,
        [year, month] if digits(year, 4) && digits(month, 2) => Subject::Everything,
        [year, month, day] if digits(year, 4) && digits(month, 2) && digits(day, 2) => Subject::Everything,
        [language] if language.len() == 2 => Subject::Category(slug(language).into_iter().collect()),
        _ => segments.last().and_then(|name| slug(name)).map_or(Subject::Comments, Subject::Page),
    }
}

fn is_format(name: &str) -> bool {
    FORMATS.contains(&name)
}

/// Ours of this name; RSS for RSS 0.92 and RDF, which nobody offers any more.
fn format(name: &str) -> Format {
    Format::ALL.into_iter().find(|format| format.extension() == name).unwrap_or(Format::Rss)
}

/// A query string's first value of each name.
struct Query(Vec<(String, String)>);

impl Query {
    fn read(query: &str) -> Self {
        let pairs = form_urlencoded::parse(query.as_bytes()).take(32);
        // A link copied out of HTML has `&amp;`.
        Self(
            pairs
                .map(|(key, value)| (key.trim_start_matches("amp;").to_owned(), value.into_owned()))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn asked(address: &str) -> Option<(Subject, Format)> {
        let (path, query) =
            address.split_once('?').map_or((address, None), |(path, query)| (path, Some(query)));
        read(path, query).map(|former| (former.of, former.format))
    }

    fn category(names: &[&str]) -> Subject {
        Subject::Category(names.iter().map(|name| (*name).to_owned()).collect())
    }

    fn numbers(numbers: &[&str]) -> Subject {
        Subject::Numbers(numbers.iter().map(|number| (*number).to_owned()).collect())
    }

    #[test]
    fn wordpress_says_in_the_path_whose_feed_in_which_format() {
        for (address, subject, format) in [
            ("/feed/", Subject::Everything, Format::Rss),
            ("/feed", Subject::Everything, Format::Rss),
            ("//feed//", Subject::Everything, Format::Rss),
            ("/feed/atom/", Subject::Everything, Format::Atom),
            ("/feed/rss/", Subject::Everything, Format::Rss),
            ("/feed/rss2", Subject::Everything, Format::Rss),
            ("/feed/rdf/", Subject::Everything, Format::Rss),
            ("/atom/", Subject::Everything, Format::Atom),
            ("/index.php/feed/", Subject::Everything, Format::Rss),
            ("/feed/?utm_source=x&null", Subject::Everything, Format::Rss),
            ("/wp-rss2.php", Subject::Everything, Format::Rss),
            ("/wp-atom.php", Subject::Everything, Format::Atom),
            ("/category/politique/feed/", category(&["politique"]), Format::Rss),
            ("/category/politique/feed/atom/", category(&["politique"]), Format::Atom),
            ("/category/politique/rss2/", category(&["politique"]), Format::Rss),
            ("/category/sport/football/feed/", category(&["football", "sport"]), Format::Rss),
            ("/category/%c3%a9conomie/feed/", category(&["economie"]), Format::Rss),
            ("/category/Tech%20%26%20Web/feed/", category(&["tech-web"]), Format::Rss),
            ("/fr/category/politique/feed/", category(&["politique"]), Format::Rss),
            ("/category/politique/?feed=atom", category(&["politique"]), Format::Atom),
            ("/fr/feed/", category(&["fr"]), Format::Rss),
            ("/author/afi-kossi/feed/", Subject::Author("afi-kossi".into()), Format::Rss),
            ("/tag/lome/feed/atom/", Subject::Everything, Format::Atom),
            ("/search/port/feed/rss2/", Subject::Everything, Format::Rss),
            ("/2024/feed/", Subject::Everything, Format::Rss),
            ("/2024/05/feed/", Subject::Everything, Format::Rss),
            ("/2024/05/31/feed/", Subject::Everything, Format::Rss),
            ("/comments/feed/", Subject::Comments, Format::Rss),
            ("/comments/feed/atom/", Subject::Comments, Format::Atom),
            ("/wp-commentsrss2.php", Subject::Comments, Format::Rss),
            ("/2024/05/le-port/feed/", Subject::Page("le-port".into()), Format::Rss),
            ("/2024/05/31/le-port/feed/atom/", Subject::Page("le-port".into()), Format::Atom),
            ("/archives/1234/feed/", Subject::Page("1234".into()), Format::Rss),
            ("/politique/le-port/feed/", Subject::Page("le-port".into()), Format::Rss),
            ("/politique/feed/", Subject::Page("politique".into()), Format::Rss),
            ("/%20/feed/", Subject::Comments, Format::Rss),
        ] {
            assert_eq!(asked(address), Some((subject, format)), "{address}");
        }
    }

    #[test]
    fn wordpress_says_it_in_the_query_too() {
        for (address, subject, format) in [
            ("/?feed=rss2", Subject::Everything, Format::Rss),
            ("/?feed=atom", Subject::Everything, Format::Atom),
            ("/index.php?feed=rdf", Subject::Everything, Format::Rss),
            ("/?feed=rss2&cat=7", numbers(&["7"]), Format::Rss),
            ("/?cat=7&amp;feed=atom", numbers(&["7"]), Format::Atom),
            ("/?cat=3%2C-5%2C007&feed=rss", numbers(&["3", "7"]), Format::Rss),
            ("/feed/?cat=7", numbers(&["7"]), Format::Rss),
            ("/?feed=rss2&category_name=sport/football", category(&["football", "sport"]), Format::Rss),
            ("/?feed=rss2&author_name=afi", Subject::Author("afi".into()), Format::Rss),
            ("/?feed=rss2&author=4", Subject::Everything, Format::Rss),
            ("/?feed=rss2&tag=lome", Subject::Everything, Format::Rss),
            ("/?s=port&feed=rss2", Subject::Everything, Format::Rss),
            ("/?feed=comments-rss2", Subject::Comments, Format::Rss),
            ("/feed/?withcomments=1", Subject::Comments, Format::Rss),
            ("/?p=123&feed=rss2", Subject::Comments, Format::Rss),
            ("/?p=123&feed=", Subject::Comments, Format::Rss),
        ] {
            assert_eq!(asked(address), Some((subject, format)), "{address}");
        }
    }

    #[test]
    fn joomla_asks_at_the_address_of_anything() {
        for (address, subject, format) in [
            ("/?format=feed&type=rss", Subject::Everything, Format::Rss),
            ("/index.php?format=feed&type=atom", Subject::Everything, Format::Atom),
            ("/index.php/politique?format=feed&type=rss", category(&["politique"]), Format::Rss),
            ("/politique?format=feed", category(&["politique"]), Format::Rss),
            ("/politique.html?format=feed&amp;type=atom", category(&["politique"]), Format::Atom),
            ("/politique.feed?type=atom", category(&["politique"]), Format::Atom),
            ("/index.php/12-politique?format=feed", category(&["12-politique", "politique"]), Format::Rss),
            ("/sport/7-jours?format=feed", category(&["7-jours", "jours", "sport"]), Format::Rss),
            (
                "/index.php?option=com_content&view=category&id=7&format=feed&type=atom",
                category(&["7"]),
                Format::Atom,
            ),
            (
                "/index.php?option=com_content&view=category&id=7:politique&format=feed",
                category(&["7-politique", "politique"]),
                Format::Rss,
            ),
        ] {
            assert_eq!(asked(address), Some((subject, format)), "{address}");
        }
    }

    #[test]
    fn any_other_address_is_none_of_these() {
        for address in [
            "/",
            "/?cat=7",
            "/?p=123",
            "/?feed=",
            "/?feed=podcast",
            "/feed/podcast/",
            "/json/",
            "/category/politique/",
            "/politique?format=html",
            "/nourriture/feeding/",
            "/wp-login.php",
            "/flux/tout.rss",
            "",
        ] {
            assert_eq!(asked(address), None, "{address}");
        }
    }

    proptest! {
        #[test]
        fn any_address_is_read_and_every_name_in_it_is_a_slug(path in "(/[ -~é]{0,12}){0,6}", query in "[ -~é]{0,40}") {
            if let Some(former) = read(&path, Some(&query)) {
                let names = match former.of {
                    Subject::Category(names) | Subject::Numbers(names) => names,
                    Subject::Author(name) | Subject::Page(name) => vec![name],
                    Subject::Everything | Subject::Comments => vec![],
                };
                for name in names {
                    prop_assert_eq!(slug(&name), Some(name));
                }
            }
        }

        #[test]
        fn a_rubrics_feed_is_found_wherever_its_name_stands(
            name in "[a-z][a-z0-9]{2,8}(-[a-z0-9]{1,8}){0,3}",
            above in proptest::collection::vec("[a-z]{3,8}", 0..4),
            format in proptest::sample::select(&["", "feed/", "rss/", "rss2/", "rdf/", "atom/"][..]),
        ) {
            let above: String = above.iter().map(|name| format!("{name}/")).collect();
            let expected = if format == "atom/" { Format::Atom } else { Format::Rss };
            for address in [
                format!("/category/{above}{name}/feed/{format}"),
                format!("/index.php/category/{above}{name}/feed/{format}?x=y"),
            ] {
                let Some((Subject::Category(names), format)) = asked(&address) else { panic!("{address}") };
                prop_assert_eq!(&names[0], &name);
                prop_assert_eq!(format, expected);
            }
        }

        #[test]
        fn an_articles_comments_are_no_feed_of_ours_by_any_permalink(
            before in proptest::collection::vec("20[0-9]{2}|0[1-9]|[a-z]{3,8}|archives", 0..4),
            name in "[a-z]{3,8}(-[a-z0-9]{1,8}){1,4}",
        ) {
            let before: String = before.iter().map(|name| format!("{name}/")).collect();
            prop_assert_eq!(asked(&format!("/{before}{name}/feed/")), Some((Subject::Page(name), Format::Rss)));
        }
    }
}
