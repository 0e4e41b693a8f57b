//! The finished bytes of a feed and what HTTP needs to know of them, made once when it changes.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use axum::http::HeaderValue;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::head::Heads;
use super::spec::Format;
use crate::clock::Timestamp;

/// How a body is coded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
    /// RFC 7932.
    Brotli,
}

impl Coding {
    /// Every coding.
    pub const ALL: [Self; 3] = [Self::Identity, Self::Gzip, Self::Brotli];

    /// The `Content-Encoding`; the identity has none.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
            Self::Brotli => Some("br"),
        }
    }

    /// What an entity tag of this coding ends in: the tags of two codings must differ (RFC 9110 §8.8.3.3).
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
            Self::Brotli => "-br",
        }
    }
}

/// A feed ready to be sent. It depends on the data alone: whoever builds it, whenever, gets the same bytes and tags.
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The syntax, which decides the content type.
    pub format: Format,
    /// The newest change that shows in it, in whole seconds.
    pub last_modified: Timestamp,
    modified: HeaderValue,
    link: Option<HeaderValue>,
    heads: [OnceLock<Heads>; Coding::ALL.len()],
    bodies: Arc<Bodies>,
}

/// The same bytes in every coding. Identity and gzip are there from the start, brotli when it is done.
#[derive(Debug)]
struct Bodies {
    hash: String,
    identity: Packed,
    gzip: Packed,
    brotli: OnceLock<Packed>,
}

/// A body as one coding sends it, and its tag.
#[derive(Debug)]
struct Packed {
    body: Bytes,
    etag: HeaderValue,
}

impl Packed {
    fn new(body: Vec<u8>, hash: &str, coding: Coding) -> io::Result<Self> {
        // It lives as long as the feed does not change: without the room that was left for growing.
        let body = body.into_boxed_slice();
        let etag =
            HeaderValue::try_from(format!("\"{hash}{}\"", coding.suffix())).map_err(io::Error::other)?;
        Ok(Self { body: body.into(), etag })
    }
}

impl Snapshot {
    /// Compresses by gzip and hashes a document. `former` is the snapshot it follows: the same bytes are not compressed
    /// again, by brotli neither.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn new(
        format: Format,
        identity: Vec<u8>,
        last_modified: Timestamp,
        former: Option<&Self>,
    ) -> io::Result<Self> {
        let hash = hash(&identity);
        let same = former.map(|former| &former.bodies).filter(|bodies| bodies.hash == hash);
        let bodies = match same {
            Some(bodies) => Arc::clone(bodies),
            None => Arc::new(Bodies {
                gzip: Packed::new(gzip(&identity)?, &hash, Coding::Gzip)?,
                identity: Packed::new(identity, &hash, Coding::Identity)?,
                brotli: OnceLock::new(),
                hash,
            }),
        };
        let modified = httpdate::fmt_http_date(system_time(last_modified));
        let modified = HeaderValue::try_from(modified).map_err(io::Error::other)?;
        Ok(Self { format, last_modified, modified, link: None, heads: Default::default(), bodies })
    }

    /// The same with a `Link` field that leads to its hubs and itself (W3C `WebSub` §4). Without hubs there is none.
    ///
    /// # Errors
    /// When an address holds what no header may.
    pub fn with_links(mut self, own: &str, hubs: &[String]) -> io::Result<Self> {
        if !hubs.is_empty() {
            let mut link: String = hubs.iter().map(|hub| format!("<{hub}>; rel=\"hub\", ")).collect();
            let _ = write!(link, "<{own}>; rel=\"self\"");
            self.link = Some(HeaderValue::try_from(link).map_err(io::Error::other)?);
        }
        Ok(self)
    }

    /// The body in a coding. Brotli is done later than the others; until then this is gzip's.
    #[must_use]
    pub fn body(&self, coding: Coding) -> Bytes {
        self.packed(coding).body.clone()
    }

    /// The strong entity tag of [`Snapshot::body`], with its quotes.
    #[must_use]
    pub fn etag(&self, coding: Coding) -> &HeaderValue {
        &self.packed(coding).etag
    }

    fn packed(&self, coding: Coding) -> &Packed {
        match coding {
            Coding::Identity => &self.bodies.identity,
            Coding::Gzip => &self.bodies.gzip,
            Coding::Brotli => self.bodies.brotli.get().unwrap_or(&self.bodies.gzip),
        }
    }

    /// The header fields of the answers in a coding.
    #[must_use]
    pub fn heads(&self, coding: Coding) -> &Heads {
        // Until brotli is done its answers are gzip's.
        let coding = if self.has(coding) { coding } else { Coding::Gzip };
        self.heads[coding as usize].get_or_init(|| Heads::new(self, coding))
    }

    /// Whether the body is there in a coding.
    #[must_use]
    pub fn has(&self, coding: Coding) -> bool {
        coding != Coding::Brotli || self.bodies.brotli.get().is_some()
    }

    /// Compresses the body by brotli, unless that is done. Takes the time that brotli takes: not for a request.
    ///
    /// # Errors
    /// When the compressor fails.
    pub fn pack_brotli(&self) -> io::Result<()> {
        if !self.has(Coding::Brotli) {
            let body = super::brotli::compress(&self.bodies.identity.body)?;
            // Whoever was quicker had the same bytes.
            let _ = self.bodies.brotli.set(Packed::new(body, &self.bodies.hash, Coding::Brotli)?);
        }
        Ok(())
    }

    /// What the tags of every coding begin with.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.bodies.hash
    }

    /// The value of `Last-Modified`.
    #[must_use]
    pub const fn modified(&self) -> &HeaderValue {
        &self.modified
    }

    /// The value of `Link`, when there are hubs.
    #[must_use]
    pub const fn link(&self) -> Option<&HeaderValue> {
        self.link.as_ref()
    }
}

/// Equal when every answer made of them is.
impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        (self.format, self.last_modified, &self.link, self.hash())
            == (other.format, other.last_modified, &other.link, other.hash())
    }
}

impl Eq for Snapshot {}

/// The moment as the system counts, in whole seconds: HTTP knows no smaller unit, and a client sends back what it was
/// sent.
#[must_use]
pub fn system_time(at: Timestamp) -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(u64::try_from(at.millis().div_euclid(1000)).unwrap_or(0))
}

fn gzip(bytes: &[u8]) -> io::Result<Vec<u8>> {
    let mut gzip = GzEncoder::new(Vec::with_capacity(bytes.len() / 3), Compression::default());
    gzip.write_all(bytes)?;
    gzip.finish()
}

/// Half of SHA-256 in hexadecimal: digits only, so that no tag ends by chance in a coding's suffix.
fn hash(bytes: &[u8]) -> String {
    hex::encode(&digest(&SHA256, bytes).as_ref()[..16])
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    fn snapshot(bytes: &[u8]) -> Snapshot {
        Snapshot::new(Format::Rss, bytes.to_vec(), Timestamp::from_millis(0), None).unwrap()
    }

    #[test]
    fn the_same_bytes_have_the_same_tags_and_each_coding_its_own() {
        let (one, two) = (snapshot(b"<rss/>"), snapshot(b"<rss/>"));
        one.pack_brotli().unwrap();
        assert_eq!(one.etag(Coding::Identity), two.etag(Coding::Identity));
        for (coding, suffix) in [(Coding::Identity, ""), (Coding::Gzip, "-gz"), (Coding::Brotli, "-br")] {
            assert_eq!(one.etag(coding), &format!("\"{}{suffix}\"", one.hash()));
        }
        assert_ne!(one.hash(), snapshot(b"<rss />").hash());
    }

    #[test]
    fn every_coding_unpacks_to_the_identity_body() {
        let snapshot = snapshot("é".repeat(5000).as_bytes());
        snapshot.pack_brotli().unwrap();
        let body = |coding| snapshot.body(coding);
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&body(Coding::Gzip)[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(body(Coding::Identity), unpacked);
        unpacked.clear();
        ::brotli::BrotliDecompress(&mut &body(Coding::Brotli)[..], &mut unpacked).unwrap();
        assert_eq!(body(Coding::Identity), unpacked);
        assert!(body(Coding::Brotli).len() < body(Coding::Gzip).len() && body(Coding::Gzip).len() < 500);
    }

    #[test]
    fn the_same_bytes_are_never_compressed_again_and_others_begin_without_brotli() {
        let first = snapshot(b"<rss/>");
        assert!(!first.has(Coding::Brotli));
        assert_eq!(first.etag(Coding::Brotli), first.etag(Coding::Gzip), "until it is done");
        let later = Timestamp::from_millis(5000);
        let second = Snapshot::new(Format::Rss, b"<rss/>".to_vec(), later, Some(&first)).unwrap();
        first.pack_brotli().unwrap();
        assert!(second.has(Coding::Brotli), "done for both, though it began before");
        assert_eq!(second.modified(), "Thu, 01 Jan 1970 00:00:05 GMT");
        let third = Snapshot::new(Format::Rss, b"<rss></rss>".to_vec(), later, Some(&second)).unwrap();
        assert!(!third.has(Coding::Brotli));
    }

    #[test]
    fn the_last_change_is_written_in_the_preferred_form() {
        for (millis, written) in
            [(784_111_777_999, "Sun, 06 Nov 1994 08:49:37 GMT"), (-5, "Thu, 01 Jan 1970 00:00:00 GMT")]
        {
            let at = Timestamp::from_millis(millis);
            let snapshot = Snapshot::new(Format::Rss, Vec::new(), at, None).unwrap();
            assert_eq!(snapshot.modified(), written);
        }
    }

    #[test]
    fn hubs_and_the_feed_itself_are_named_in_one_field_and_nothing_without_hubs() {
        let own = "https://lettres.exemple.tg/flux/tout.rss";
        assert_eq!(snapshot(b"x").with_links(own, &[]).unwrap().link(), None);
        let hubs = ["https://un.example/".to_owned(), "https://deux.example/?a=b".to_owned()];
        let linked = snapshot(b"x").with_links(own, &hubs).unwrap();
        assert_eq!(
            linked.link().unwrap(),
            "<https://un.example/>; rel=\"hub\", <https://deux.example/?a=b>; rel=\"hub\", \
             <https://lettres.exemple.tg/flux/tout.rss>; rel=\"self\""
        );
        assert_ne!(linked, snapshot(b"x"));
    }
}
