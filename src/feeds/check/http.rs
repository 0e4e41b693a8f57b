//! HTTP around a feed: what an answer says of itself, and whether asking again costs little.

use axum::http::header::{
    ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderName,
    LAST_MODIFIED, LINK, SET_COOKIE, VARY,
};
use axum::http::{HeaderMap, StatusCode};

use super::finding::{Sheet, rules, short};
use crate::clock::{HOUR, MINUTE, Timestamp};

rules! {
    STATUS = "http-status", Error,
        "Readers show an error, and stop asking after a while. A feed answers 200, one that moved 308, one that is gone \
         for good 410.",
        "W3C HttpError; RFC 9110 §15";
    CONTENT_TYPE_WRONG = "content-type", Warning,
        "Readers that go by the type take it for a page. Send application/rss+xml, application/atom+xml, \
         application/feed+json or text/x-opml.",
        "W3C UnexpectedContentType; kiosque rule 2";
    CONTENT_TYPE_VAGUE = "content-type-vague", Warning,
        "The type says only XML, and the first 512 bytes do not say which. Send the feed's own type.",
        "W3C NonSpecificMediaType";
    TEXT_XML = "text-xml", Advice,
        "Software of old reads text/xml without charset as US-ASCII. Send the feed's own type with charset=utf-8.",
        "W3C TextXml; RFC 7303 §3";
    NO_CHARSET = "no-charset", Advice,
        "Software on the way need not look into the document. Add charset=utf-8.",
        "W3C MissingEncoding; kiosque rule 2";
    CHARSET_DIFFERS = "charset-differs", Warning,
        "The header wins for some readers, the declaration for others. Let both say utf-8.",
        "W3C EncodingMismatch; RFC 7303 §3";
    UNCOMPRESSED = "uncompressed", Advice,
        "Feeds shrink to a fifth with gzip, and are asked for all day.",
        "W3C Uncompressed; kiosque rule 7";
    COMPRESSED_UNASKED = "compressed-unasked", Error,
        "A client that cannot unpack it sees rubbish. Compress only for who asks.",
        "RFC 9110 §12.5.3; kiosque rule 7";
    NO_VARY = "no-vary", Warning,
        "A cache on the way hands the compressed bytes to clients that cannot read them. Send Vary: Accept-Encoding.",
        "RFC 9110 §12.5.5; kiosque rule 6";
    VARY_TOO_MUCH = "vary-too-much", Advice,
        "A cache on the way keeps a copy for every client, which is none. Vary by Accept-Encoding alone.",
        "kiosque rule 6";
    COOKIE = "cookie", Advice,
        "Caches do not keep what sets a cookie, and readers send none back.",
        "kiosque: caching";
    NO_VALIDATOR = "no-validator", Warning,
        "Readers load the whole feed at every poll. Send a strong ETag, made of the bytes, and Last-Modified.",
        "RFC 9110 §8.8; kiosque rule 3";
    NO_LAST_MODIFIED = "no-last-modified", Advice,
        "Some readers ask by date alone, and some keep an old ETag while the date stands still. Send both.",
        "kiosque rule 3";
    WRONG_LAST_MODIFIED = "last-modified-wrong", Warning,
        "Readers cannot ask by it. Write an HTTP date in GMT that is not in the future.",
        "RFC 9110 §8.8.2";
    SHARED_ETAG = "shared-etag", Warning,
        "A cache can answer 304 for bytes that the client does not have. The strong tags of two codings differ.",
        "RFC 9110 §8.8.3.3";
    NOT_304 = "no-304", Warning,
        "Readers load the whole feed at every poll, though nothing changed. Compare If-None-Match weakly, as a list, before \
         If-Modified-Since.",
        "RFC 9110 §13.1.2, §13.2.2; kiosque rule 4";
    NOT_304_BY_DATE = "no-304-by-date", Advice,
        "Readers that kept only the date load the whole feed at every poll.",
        "RFC 9110 §13.1.3; kiosque rule 4";
    BARE_304 = "bare-304", Advice,
        "A cache cannot refresh what it kept. Repeat ETag, Cache-Control and Vary of the 200.",
        "RFC 9110 §15.4.5; kiosque rule 4";
    UNSTABLE = "bytes-change", Warning,
        "Two answers in a row differ, so validators move and readers load the feed for nothing. Write no time of building, \
         no counters, nothing by chance.",
        "kiosque rule 5";
    NO_CACHE_CONTROL = "no-cache-control", Advice,
        "Caches and readers guess how long the feed is fresh. Send public, max-age=300 with stale-while-revalidate and \
         stale-if-error.",
        "kiosque rule 6; RFC 5861";
    CACHED_TOO_LONG = "cached-too-long", Advice,
        "Readers that heed max-age do not ask for that long. For news 300 to 900 seconds are right.",
        "kiosque: caching";
    NOT_CACHED = "not-cached", Warning,
        "No cache may help, so every poll of every reader reaches the server. A feed is public and the same for all.",
        "kiosque rule 6; RFC 9111 §5.2.2";
    TEMPORARY_REDIRECT = "temporary-redirect", Advice,
        "Readers keep the old address and go the long way at every poll. Redirect for good, with 301 or 308.",
        "W3C TempRedirect; kiosque rule 19";
    REDIRECTED = "redirected", Advice,
        "Every poll takes two requests. Link and list the new address.",
        "kiosque rule 19";
    DOWNGRADED = "redirected-to-http", Warning,
        "What travels in the clear can be read and changed on the way. Redirect to https.",
        "kiosque rule 15";
    HEAD_DIFFERS = "head-differs", Warning,
        "HEAD gives what GET gives, without the body; caches and link checkers rely on it.",
        "RFC 9110 §9.3.2";
    NO_CORS = "no-cors", Advice,
        "Readers that run in a browser cannot load the feed. Send Access-Control-Allow-Origin: *.",
        "kiosque: caching";
    SNIFFED = "no-nosniff", Advice,
        "A browser may take the feed for a page and run what is in it. Send X-Content-Type-Options: nosniff.",
        "kiosque: caching";
    HUB_HEADER = "hub-header", Warning,
        "Hubs and subscribers look at the Link header first. Name hub and self there, as the document does.",
        "WebSub §4";
}

/// An answer, its body unpacked.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    /// The status.
    pub status: StatusCode,
    /// The headers as they came.
    pub headers: HeaderMap,
    /// The body, without its content coding.
    pub body: Vec<u8>,
}

/// A redirect on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Its status.
    pub status: StatusCode,
    /// Where it leads.
    pub to: String,
}

/// A feed asked for in several ways, nothing having changed meanwhile as far as the asker knows.
#[derive(Debug, Clone, Default)]
pub struct Exchange {
    /// The address asked for.
    pub asked: String,
    /// The redirects that were followed, in their order.
    pub hops: Vec<Hop>,
    /// The answer to a client that takes gzip and brotli.
    pub full: Reply,
    /// To one that takes no coding.
    pub plain: Option<Reply>,
    /// To one that sends back the validators of `full`.
    pub conditional: Option<Reply>,
    /// To one that sends back the date alone.
    pub dated: Option<Reply>,
    /// To HEAD, asked like `full`.
    pub head: Option<Reply>,
}

impl Exchange {
    /// The addresses that the feed may call itself: where it is, and where it was asked for.
    #[must_use]
    pub fn locations(&self) -> Vec<String> {
        let last = self.hops.last().map(|hop| hop.to.clone());
        last.into_iter().chain([self.asked.clone()]).collect()
    }

    /// The charset that the content type names, in lower case.
    #[must_use]
    pub fn charset(&self) -> Option<String> {
        let kind = self.full.header(&CONTENT_TYPE)?;
        let charset = kind.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        })?;
        Some(charset.to_ascii_lowercase())
    }
}

impl Reply {
    fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

/// Which format a document turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Rss,
    Atom,
    Json,
    Opml,
    /// A page of HTML.
    Page,
    Other,
}

/// Judges the answers around a document of this kind that declares this encoding.
pub(super) fn check(
    exchange: &Exchange,
    kind: Kind,
    declared: Option<&str>,
    hubs: usize,
    now: Timestamp,
    sheet: &mut Sheet,
) {
    redirects(exchange, sheet);
    let full = &exchange.full;
    if full.status != StatusCode::OK {
        return sheet.note(STATUS, format!("The answer is {}.", full.status));
    }
    if kind == Kind::Page {
        return;
    }
    content_type(exchange, kind, declared, sheet);
    coding(exchange, sheet);
    validators(exchange, now, sheet);
    repeated(exchange, sheet);
    caching(full, sheet);
    if let Some(head) = &exchange.head {
        for name in [&CONTENT_TYPE, &ETAG, &LAST_MODIFIED] {
            if head.status != full.status || head.headers.get(name) != full.headers.get(name) {
                let sentence = format!("HEAD answers {} and another {name} than GET.", head.status);
                return sheet.note(HEAD_DIFFERS, sentence);
            }
        }
    }
    let linked =
        |rel: &str| {
            full.headers.get_all(LINK).iter().filter_map(|value| value.to_str().ok()).any(|value| {
                value.to_ascii_lowercase().replace([' ', '"'], "").contains(&format!("rel={rel}"))
            })
        };
    if (hubs > 0) != linked("hub") || (linked("hub") && !linked("self")) {
        sheet.note(HUB_HEADER, "The Link header and the document do not name the same hub and self.");
    }
}

fn redirects(exchange: &Exchange, sheet: &mut Sheet) {
    let mut from = exchange.asked.as_str();
    for hop in &exchange.hops {
        if from.starts_with("https:") && hop.to.starts_with("http:") {
            sheet.note(DOWNGRADED, format!("The feed is sent on to {}.", short(&hop.to)));
        } else if matches!(hop.status, StatusCode::MOVED_PERMANENTLY | StatusCode::PERMANENT_REDIRECT) {
            sheet.note(REDIRECTED, format!("The feed has moved for good, to {}.", short(&hop.to)));
        } else {
            let status = hop.status.as_u16();
            sheet.note(TEMPORARY_REDIRECT, format!("The answer is {status}, to {}.", short(&hop.to)));
        }
        from = &hop.to;
    }
}

fn content_type(exchange: &Exchange, kind: Kind, declared: Option<&str>, sheet: &mut Sheet) {
    let Some(value) = exchange.full.header(&CONTENT_TYPE) else {
        return sheet.note(CONTENT_TYPE_WRONG, "The answer has no Content-Type.");
    };
    let essence = value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let vague = matches!(essence.as_str(), "text/xml" | "application/xml");
    let right = match kind {
        Kind::Rss => essence == "application/rss+xml" || vague,
        Kind::Atom => essence == "application/atom+xml" || vague,
        Kind::Json => matches!(essence.as_str(), "application/feed+json" | "application/json"),
        Kind::Opml => essence == "text/x-opml" || vague,
        Kind::Other | Kind::Page => essence == "application/rdf+xml" || vague,
    };
    if !right {
        sheet.note(CONTENT_TYPE_WRONG, format!("The Content-Type is {}.", short(value)));
    }
    let head = &exchange.full.body[..exchange.full.body.len().min(512)];
    let told = ["<rss", "<feed", "<opml", "<rdf:RDF"]
        .iter()
        .any(|tag| head.windows(tag.len()).any(|window| window == tag.as_bytes()));
    if vague && !told {
        sheet.note(CONTENT_TYPE_VAGUE, format!("The Content-Type is {essence}."));
    }
    let charset = exchange.charset();
    if kind == Kind::Json {
        return;
    }
    match (&charset, declared) {
        (None, _) if essence == "text/xml" => {
            sheet.note(TEXT_XML, "The Content-Type is text/xml, without charset.")
        }
        (None, _) => sheet.note(NO_CHARSET, "The Content-Type names no charset."),
        (Some(charset), Some(declared)) if charset != declared => {
            let sentence = format!("The header says {}, the document {}.", short(charset), short(declared));
            sheet.note(CHARSET_DIFFERS, sentence);
        }
        _ => {}
    }
}

fn coding(exchange: &Exchange, sheet: &mut Sheet) {
    let coded = exchange.full.headers.contains_key(CONTENT_ENCODING);
    if !coded {
        sheet.note(UNCOMPRESSED, "The answer is not compressed, though gzip and brotli were offered.");
    }
    let vary: Vec<String> = exchange
        .full
        .headers
        .get_all(VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|name| name.trim().to_ascii_lowercase())
        .collect();
    if coded && !vary.iter().any(|name| matches!(name.as_str(), "accept-encoding" | "*")) {
        sheet.note(NO_VARY, "The answer is compressed and does not vary by Accept-Encoding.");
    }
    if let Some(other) = vary.iter().find(|name| !matches!(name.as_str(), "accept-encoding" | "origin")) {
        sheet.note(VARY_TOO_MUCH, format!("The answer varies by {}.", short(other)));
    }
    let Some(plain) = exchange.plain.as_ref().filter(|plain| plain.status == StatusCode::OK) else { return };
    if plain.headers.contains_key(CONTENT_ENCODING) {
        sheet.note(COMPRESSED_UNASKED, "The answer is compressed for a client that takes no coding.");
    }
    let tag = exchange.full.header(&ETAG);
    if coded
        && let Some(tag) = tag
        && !tag.starts_with("W/")
        && plain.header(&ETAG) == Some(tag)
    {
        sheet.note(SHARED_ETAG, format!("The strong tag {} stands for two codings.", short(tag)));
    }
    if plain.body != exchange.full.body {
        sheet.note(UNSTABLE, "The feed differed when it was asked for a second time.");
    }
}

fn validators(exchange: &Exchange, now: Timestamp, sheet: &mut Sheet) {
    let full = &exchange.full;
    let date = full.header(&LAST_MODIFIED);
    match (full.header(&ETAG), date) {
        (None, None) => return sheet.note(NO_VALIDATOR, "The answer has neither ETag nor Last-Modified."),
        (Some(_), None) => sheet.note(NO_LAST_MODIFIED, "The answer has no Last-Modified."),
        _ => {}
    }
    if let Some(date) = date {
        let read = httpdate::parse_http_date(date).ok();
        let at = read.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let future =
            at.is_some_and(|at| at.as_millis() > u128::from(now.plus(10 * MINUTE).millis().unsigned_abs()));
        if read.is_none() || future {
            sheet.note(WRONG_LAST_MODIFIED, format!("Last-Modified is “{}”.", short(date)));
        }
    }
}

fn repeated(exchange: &Exchange, sheet: &mut Sheet) {
    let full = &exchange.full;
    if let Some(again) = &exchange.conditional {
        if again.status != StatusCode::NOT_MODIFIED {
            return sheet
                .note(NOT_304, format!("Asked with its own validators, the answer is {}.", again.status));
        }
        let lost = [&ETAG, &CACHE_CONTROL, &VARY]
            .into_iter()
            .find(|name| full.headers.contains_key(*name) && !again.headers.contains_key(*name));
        if let Some(name) = lost {
            sheet.note(BARE_304, format!("The 304 has no {name}, and the 200 has."));
        }
    }
    if let Some(dated) = &exchange.dated
        && dated.status != StatusCode::NOT_MODIFIED
    {
        sheet.note(NOT_304_BY_DATE, format!("Asked with its own date, the answer is {}.", dated.status));
    }
}

fn caching(full: &Reply, sheet: &mut Sheet) {
    match full.header(&CACHE_CONTROL).map(str::to_ascii_lowercase) {
        None => sheet.note(NO_CACHE_CONTROL, "The answer has no Cache-Control."),
        Some(value) => {
            let directives: Vec<&str> = value.split(',').map(str::trim).collect();
            if directives.iter().any(|one| matches!(*one, "no-store" | "private")) {
                sheet.note(NOT_CACHED, format!("Cache-Control is “{}”.", short(&value)));
            }
            let age = directives.iter().find_map(|one| one.strip_prefix("max-age=")?.parse::<i64>().ok());
            if age.is_some_and(|seconds| seconds.saturating_mul(1000) > HOUR) {
                sheet.note(CACHED_TOO_LONG, format!("Cache-Control is “{}”.", short(&value)));
            }
        }
    }
    if full.headers.contains_key(SET_COOKIE) {
        sheet.note(COOKIE, "The answer sets a cookie.");
    }
    if full.header(&ACCESS_CONTROL_ALLOW_ORIGIN) != Some("*") {
        sheet.note(NO_CORS, "The answer has no Access-Control-Allow-Origin: *.");
    }
    if full.header(&HeaderName::from_static("x-content-type-options")) != Some("nosniff") {
        sheet.note(SNIFFED, "The answer has no X-Content-Type-Options: nosniff.");
    }
}
