//! JSON Lines: one article an object, one object a line. The API's objects are the same.

use std::io::{self, BufRead, Read};

use serde_json::{Map, Value};
use url::Url;

use crate::articles::article::{Draft, DraftBody, DraftCategory, Image};
use crate::articles::date;
use crate::clock::Timestamp;
use crate::config::nearest;
use crate::html::text::{plain, xml_safe};

use super::{Fault, LONGEST_ID, Place, Record, json};

/// The fields there are.
pub const FIELDS: &[&str] = &[
    "id",
    "url",
    "title",
    "html",
    "text",
    "summary",
    "author",
    "categories",
    "tags",
    "published_at",
    "updated_at",
    "image",
    "image_alt",
    "image_width",
    "image_height",
    "image_bytes",
    "retracted",
];

/// Longest line, in bytes.
const LONGEST_LINE: u64 = 16 * 1024 * 1024;

/// Reads a stream line by line; memory holds one line.
#[derive(Debug)]
pub struct Reader<R> {
    input: R,
    place: Place,
    line: Vec<u8>,
}

impl<R: BufRead> Reader<R> {
    /// Reads `input`; `place` names the file.
    pub fn new(input: R, mut place: Place) -> Self {
        place.line = Some(0);
        Self { input, place, line: Vec::new() }
    }

    /// The next line into `self.line`; `false` at the end.
    fn read_line(&mut self) -> io::Result<bool> {
        self.line.clear();
        let read = (&mut self.input).take(LONGEST_LINE).read_until(b'\n', &mut self.line)?;
        self.place.line = self.place.line.map(|n| n + 1);
        if read as u64 == LONGEST_LINE && self.line.last() != Some(&b'\n') {
            self.input.skip_until(b'\n')?;
            self.line.clear();
            self.line.extend_from_slice(b"too long");
        }
        Ok(read > 0)
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Record;

    fn next(&mut self) -> Option<Record> {
        loop {
            match self.read_line() {
                Ok(false) => return None,
                Ok(true) => {}
                Err(error) => {
                    return Some(Record::Faulty(vec![Fault::whole(
                        &self.place,
                        format!("cannot be read: {error}"),
                    )]));
                }
            }
            let first = self.place.line == Some(1);
            let line =
                self.line.strip_prefix(b"\xEF\xBB\xBF").filter(|_| first).unwrap_or(&self.line).trim_ascii();
            if line.is_empty() {
                continue;
            }
            if line == b"too long" {
                return Some(Record::Faulty(vec![Fault::whole(&self.place, "longer than 16 MiB")]));
            }
            return Some(read_line(line, &self.place));
        }
    }
}

fn read_line(line: &[u8], place: &Place) -> Record {
    let faulty = |reason: String| Record::Faulty(vec![Fault::whole(place, reason)]);
    match json::value(line) {
        Ok(Value::Object(fields)) => record(fields, place),
        Ok(Value::Array(_)) => {
            faulty("a JSON array; JSON Lines has one object a line (try: jq -c '.[]' FILE)".to_owned())
        }
        Ok(_) => faulty("not a JSON object".to_owned()),
        Err(_) if line == b"{" || line == b"[" => faulty(
            "the object goes on in the next line; JSON Lines has one object a line (try: jq -c . FILE)"
                .to_owned(),
        ),
        Err(error) => faulty(format!("not JSON: {error}").replace(" at line 1 column", " at column")),
    }
}

/// An article of JSON fields, or everything that is wrong with it.
pub fn record(fields: Map<String, Value>, place: &Place) -> Record {
    let mut object = Object { fields, place, faults: Vec::new() };
    object.refuse_unknown();
    let id = object.id();
    if object.flag("retracted") == Some(true) {
        return match id {
            Some(external_id) if object.faults.is_empty() => Record::Retraction { external_id },
            _ => Record::Faulty(object.faults),
        };
    }
    let draft = object.draft(id);
    match draft {
        Some(draft) if object.faults.is_empty() => Record::Draft(Box::new(draft)),
        _ => Record::Faulty(object.faults),
    }
}

struct Object<'a> {
    fields: Map<String, Value>,
    place: &'a Place,
    faults: Vec<Fault>,
}

impl Object<'_> {
    fn draft(&mut self, id: Option<String>) -> Option<Draft> {
        let url = self.url();
        let title = self.text("title").unwrap_or_default();
        let body = self.body();
        let summary = self.text("summary");
        let authors = self.texts("author");
        let categories = self.texts("categories");
        let tags = self.texts("tags");
        let published_at = self.date("published_at");
        if published_at.is_none() && !self.is_given("published_at") {
            self.fault("published_at", "missing; expected a date such as 2026-11-20T08:15:00Z");
        }
        let updated_at = self.date("updated_at");
        let image = self.text("image").filter(|i| !i.trim().is_empty());
        let alt = self.text("image_alt").unwrap_or_default();
        let size = self.number("image_width").zip(self.number("image_height"));
        let bytes = self.number("image_bytes").map(u64::from);
        let image = match (image, &url) {
            (Some(image), Some(base)) if crate::html::absolute(base, &image).is_none() => {
                self.fault("image", format!("{image:?} is not an address of an image"));
                None
            }
            (image, _) => image.map(|i| Image { size, bytes, ..Image::new(i, alt) }),
        };
        let restore = self.flag("retracted") == Some(false);
        let external_id = id?;
        // An id that is an address or a URI of its own is what the site's feeds have used so far.
        let is_uri =
            ["http://", "https://", "tag:", "urn:"].iter().any(|scheme| external_id.starts_with(scheme));
        Some(Draft {
            place: self.place.clone(),
            guid: is_uri.then(|| external_id.clone()),
            origin_id: None,
            external_id,
            url: url?,
            title,
            body: body?,
            summary,
            authors,
            primary: (!categories.is_empty()).then_some(0),
            categories: categories.iter().map(|c| DraftCategory::from(c.as_str())).collect(),
            tags,
            image,
            published_at: published_at?,
            updated_at,
            restore,
            from_feed: None,
        })
    }

    fn fault(&mut self, field: &str, reason: impl Into<String>) {
        self.faults.push(Fault::field(self.place, field, reason));
    }

    fn refuse_unknown(&mut self) {
        let unknown: Vec<String> =
            self.fields.keys().filter(|k| !FIELDS.contains(&k.as_str())).cloned().collect();
        for name in unknown {
            let near = nearest(&name, FIELDS.iter().copied())
                .map(|n| format!("; did you mean `{n}`?"))
                .unwrap_or_default();
            self.fault(&name, format!("unknown field{near}"));
        }
    }

    /// `null` is as good as absent.
    fn take(&mut self, field: &str) -> Option<Value> {
        self.fields.remove(field).filter(|v| !v.is_null())
    }

    fn is_given(&self, field: &str) -> bool {
        self.faults.iter().any(|f| f.field.as_deref() == Some(field))
    }

    fn text(&mut self, field: &str) -> Option<String> {
        match self.take(field)? {
            Value::String(text) => Some(text),
            _ => {
                self.fault(field, "expected a text");
                None
            }
        }
    }

    /// One text or an array of texts.
    fn texts(&mut self, field: &str) -> Vec<String> {
        let values = match self.take(field) {
            None => return Vec::new(),
            Some(Value::Array(values)) => values,
            Some(value) => vec![value],
        };
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            match value {
                Value::String(text) => texts.push(text),
                _ => {
                    self.fault(field, "expected a text or an array of texts");
                    return Vec::new();
                }
            }
        }
        texts
    }

    /// Looks without taking: both paths through a record ask for it.
    fn flag(&mut self, field: &str) -> Option<bool> {
        match self.fields.get(field) {
            None | Some(Value::Null) => None,
            Some(Value::Bool(flag)) => Some(*flag),
            Some(_) => {
                self.fields.remove(field);
                self.fault(field, "expected true or false");
                None
            }
        }
    }

    /// A number of things there are: from 1 to some four thousand million.
    fn number(&mut self, field: &str) -> Option<u32> {
        let number = self.take(field)?.as_u64().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
        if number.is_none() {
            self.fault(field, "expected a whole number above 0");
        }
        number
    }

    fn id(&mut self) -> Option<String> {
        let id = match self.take("id") {
            Some(Value::String(id)) => plain_id(&id),
            Some(Value::Number(id)) if id.is_u64() || id.is_i64() => id.to_string(),
            Some(_) => {
                self.fault("id", "expected a text or a whole number");
                return None;
            }
            None => String::new(),
        };
        if id.is_empty() {
            self.fault("id", "missing; expected what your system calls this article, the same every time");
            return None;
        }
        if id.len() > LONGEST_ID {
            self.fault("id", format!("longer than {LONGEST_ID} bytes"));
            return None;
        }
        Some(id)
    }

    fn url(&mut self) -> Option<Url> {
        let Some(text) = self.text("url").filter(|u| !u.trim().is_empty()) else {
            if !self.is_given("url") {
                self.fault("url", "missing; expected the address of the article's page");
            }
            return None;
        };
        let url =
            Url::parse(text.trim()).ok().filter(|u| matches!(u.scheme(), "http" | "https") && u.has_host());
        if url.is_none() {
            self.fault("url", format!("{text:?} is not an absolute http or https address"));
        }
        url
    }

    fn body(&mut self) -> Option<DraftBody> {
        let (html, text) = (self.text("html"), self.text("text"));
        match (html, text) {
            (Some(html), None) => Some(DraftBody::Html(html)),
            (None, Some(text)) => Some(DraftBody::Text(text)),
            (Some(_), Some(_)) => {
                self.fault("text", "given together with `html`; expected one of the two");
                None
            }
            (None, None) => {
                if !self.is_given("html") && !self.is_given("text") {
                    self.fault("html", "missing; expected the body in `html` or in `text`");
                }
                None
            }
        }
    }

    /// A moment: only with its offset from UTC does it say one everywhere.
    fn date(&mut self, field: &str) -> Option<Timestamp> {
        let text = self.text(field)?;
        let at = date::with_zone(text.trim());
        if at.is_none() {
            let reason = if date::without_zone(text.trim()).is_some() {
                format!(
                    "{text:?} does not say its offset from UTC; expected 2026-11-20T08:15:00Z or 2026-11-20T09:15:00+01:00"
                )
            } else {
                format!("{text:?} is not a date; expected 2026-11-20T08:15:00Z")
            };
            self.fault(field, reason);
        }
        at
    }
}

/// An id without what XML forbids, on one line.
pub(super) fn plain_id(id: &str) -> String {
    if id.contains(['&', '<']) { xml_safe(id.trim()).replace(['\n', '\r', '\t'], " ") } else { plain(id) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Record> {
        let place = Place { file: "a.jsonl".into(), line: None };
        Reader::new(io::BufReader::new(text.as_bytes()), place).collect()
    }

    fn faults(text: &str) -> Vec<String> {
        let all = read(text).into_iter().flat_map(|r| match r {
            Record::Faulty(faults) => faults,
            other => panic!("no fault: {other:?}"),
        });
        all.map(|f| f.to_string()).collect()
    }

    const WHOLE: &str = r#"{"id": 7, "url": "https://exemple.tg/a", "title": "Le port", "html": "<p>x</p>", "author": "Afi", "categories": ["Éco", "Port"], "published_at": "2026-11-20T08:15:00+01:00", "image": "/a.jpg", "image_alt": "Le port", "image_width": 1200, "image_height": 800, "image_bytes": 96000, "summary": null}"#;

    #[test]
    fn a_line_is_an_article() {
        let [Record::Draft(draft)] = &read(&format!("\u{feff}{WHOLE}\n\n"))[..] else { panic!() };
        assert_eq!((draft.external_id.as_str(), draft.guid.as_deref()), ("7", None));
        assert_eq!(draft.published_at.to_string(), "2026-11-20T07:15:00Z");
        assert_eq!(draft.authors, ["Afi"]);
        assert_eq!(draft.primary, Some(0));
        let image = Image { size: Some((1200, 800)), bytes: Some(96000), ..Image::new("/a.jpg", "Le port") };
        assert_eq!(draft.image, Some(image));
        assert_eq!((draft.summary.as_deref(), draft.place.line), (None, Some(1)));
    }

    #[test]
    fn every_fault_is_named_with_file_line_and_field() {
        let text = format!("{WHOLE}\n")
            .replace("{\"id\": 7", "{\"id\": \"\"")
            .replace("\"published_at\": \"2026-11-20T08:15:00+01:00\"", "\"publishd_at\": 3");
        assert_eq!(
            faults(&text),
            [
                "a.jsonl:1: publishd_at: unknown field; did you mean `published_at`?",
                "a.jsonl:1: id: missing; expected what your system calls this article, the same every time",
                "a.jsonl:1: published_at: missing; expected a date such as 2026-11-20T08:15:00Z",
            ]
        );
        assert_eq!(
            faults(
                r#"{"id":"1","url":"/a","text":3,"categories":[1],"published_at":"2026-11-20 08:15:00","retracted":"no"}"#
            ),
            [
                "a.jsonl:1: retracted: expected true or false",
                "a.jsonl:1: url: \"/a\" is not an absolute http or https address",
                "a.jsonl:1: text: expected a text",
                "a.jsonl:1: categories: expected a text or an array of texts",
                "a.jsonl:1: published_at: \"2026-11-20 08:15:00\" does not say its offset from UTC; expected 2026-11-20T08:15:00Z or 2026-11-20T09:15:00+01:00",
            ]
        );
        assert!(
            faults("{\"id\": 1,}")[0].starts_with("a.jsonl:1: not JSON: trailing comma at column"),
            "{:?}",
            faults("{\"id\": 1,}")
        );
        assert!(faults("\n[1]")[0].starts_with("a.jsonl:2: a JSON array"));
        assert!(faults("{\n  \"id\": 1\n}").len() == 3);
    }

    #[test]
    fn a_bad_line_does_not_stop_the_others() {
        let records = read(&format!("{WHOLE}\nnonsense\n{WHOLE}"));
        assert!(matches!(records[..], [Record::Draft(_), Record::Faulty(_), Record::Draft(_)]));
    }

    #[test]
    fn a_retraction_needs_nothing_but_the_id() {
        assert_eq!(read(r#"{"id":"a","retracted":true}"#), [Record::Retraction { external_id: "a".into() }]);
        assert_eq!(faults(r#"{"retracted":true}"#).len(), 1);
    }

    #[test]
    fn an_id_that_is_a_uri_is_the_permanent_one() {
        let [Record::Draft(draft)] = &read(&WHOLE.replace("7", "\"https://exemple.tg/?p=7&x=1\""))[..] else {
            panic!()
        };
        assert_eq!(draft.guid.as_deref(), Some("https://exemple.tg/?p=7&x=1"));
    }
}
