//! The finished bytes of a feed and what HTTP needs to know of them.

use std::fmt::Write as _;
use std::io::{self, Write as _};

use aws_lc_rs::digest::{SHA256, digest};
use axum::body::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::spec::Format;
use crate::clock::Timestamp;

/// How a body is coded on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coding {
    /// As it is.
    Identity,
    /// RFC 1952.
    Gzip,
}

impl Coding {
    /// The `Content-Encoding`; the identity has none.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        match self {
            Self::Identity => None,
            Self::Gzip => Some("gzip"),
        }
    }

    /// What an entity tag of this coding ends in: the tags of two codings must differ (RFC 9110 §8.8.3.3).
    #[must_use]
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::Identity => "",
            Self::Gzip => "-gz",
        }
    }
}

/// A feed ready to be sent. It depends on the data alone: whoever builds it, whenever, gets the same bytes and tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// The syntax, which decides the content type.
    pub format: Format,
    /// The newest change that shows in it, in whole seconds.
    pub last_modified: Timestamp,
    hash: String,
    identity: Bytes,
    gzip: Bytes,
}

impl Snapshot {
    /// Compresses and hashes a document. `former` is the snapshot it follows: the same bytes are not compressed again.
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
        if let Some(former) = former.filter(|former| former.hash == hash && former.format == format) {
            return Ok(Self { last_modified, ..former.clone() });
        }
        let mut gzip = GzEncoder::new(Vec::with_capacity(identity.len() / 3), Compression::default());
        gzip.write_all(&identity)?;
        Ok(Self { format, last_modified, hash, gzip: gzip.finish()?.into(), identity: identity.into() })
    }

    /// The body in a coding.
    #[must_use]
    pub fn body(&self, coding: Coding) -> Bytes {
        match coding {
            Coding::Identity => self.identity.clone(),
            Coding::Gzip => self.gzip.clone(),
        }
    }

    /// The strong entity tag of the body in a coding, with its quotes.
    #[must_use]
    pub fn etag(&self, coding: Coding) -> String {
        format!("\"{}{}\"", self.hash, coding.suffix())
    }

    /// What the tags of every coding begin with.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }
}

/// Half of SHA-256 in hexadecimal: digits only, so that no tag ends by chance in a coding's suffix.
fn hash(bytes: &[u8]) -> String {
    digest(&SHA256, bytes).as_ref()[..16].iter().fold(String::with_capacity(32), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
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
        assert_eq!(one.etag(Coding::Identity), two.etag(Coding::Identity));
        assert_eq!(one.etag(Coding::Gzip), format!("\"{}-gz\"", one.hash()));
        assert_ne!(one.hash(), snapshot(b"<rss />").hash());
    }

    #[test]
    fn the_gzip_body_unpacks_to_the_identity_body() {
        let snapshot = snapshot("é".repeat(5000).as_bytes());
        let mut unpacked = Vec::new();
        flate2::read::GzDecoder::new(&snapshot.body(Coding::Gzip)[..]).read_to_end(&mut unpacked).unwrap();
        assert_eq!(snapshot.body(Coding::Identity), unpacked);
        assert!(snapshot.body(Coding::Gzip).len() < 500);
    }
}
