//! A body taken off the wire and decompressed, never more than the caller asked for.

use std::io::Read;
use std::time::Duration;

use flate2::read::MultiGzDecoder;
use reqwest::Response;
use reqwest::header::{CONTENT_ENCODING, HeaderMap};
use url::Url;

use super::error::OutboundError;

/// How far the input of the decompressor is read ahead, in bytes.
const BUFFER: usize = 16 * 1024;

/// Reads the body to its end. Gives what it says and how many bytes that took on the wire.
pub(super) async fn read(
    mut response: Response,
    url: &Url,
    limit: usize,
    time: Duration,
) -> Result<(Vec<u8>, usize), OutboundError> {
    let too_large = || OutboundError::TooLarge { limit };
    if response.content_length().is_some_and(|length| length > limit as u64) {
        return Err(too_large());
    }
    let codings = codings(response.headers())?;
    let mut wire = Vec::new();
    let broken = |error| OutboundError::of(&error, url, time.as_secs());
    while let Some(chunk) = response.chunk().await.map_err(broken)? {
        if wire.len() + chunk.len() > limit {
            return Err(too_large());
        }
        wire.extend_from_slice(&chunk);
    }
    let wire_bytes = wire.len();
    if codings.is_empty() || wire.is_empty() {
        return Ok((wire, wire_bytes));
    }
    let plain = tokio::task::spawn_blocking(move || decompressed(wire, &codings, limit));
    let plain = plain.await.map_err(|error| OutboundError::Coding(error.to_string()))??;
    Ok((plain, wire_bytes))
}

/// How a body was compressed (RFC 9110 §8.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Gzip,
    Brotli,
}

/// The codings in the order in which they were put on. At most two: nobody needs more, and each multiplies.
fn codings(headers: &HeaderMap) -> Result<Vec<Coding>, OutboundError> {
    let mut codings = Vec::new();
    for value in headers.get_all(CONTENT_ENCODING) {
        let text = value.to_str().unwrap_or("?").to_ascii_lowercase();
        for name in text.split(',').map(str::trim) {
            match name {
                "gzip" | "x-gzip" => codings.push(Coding::Gzip),
                "br" => codings.push(Coding::Brotli),
                "identity" | "" => {}
                other => return Err(OutboundError::Coding(format!("Content-Encoding is {other:?}"))),
            }
        }
    }
    if codings.len() > 2 {
        return Err(OutboundError::Coding("compressed more than twice".into()));
    }
    Ok(codings)
}

fn decompressed(mut bytes: Vec<u8>, codings: &[Coding], limit: usize) -> Result<Vec<u8>, OutboundError> {
    for coding in codings.iter().rev() {
        let mut plain = Vec::new();
        let most = limit as u64 + 1;
        let read = match coding {
            Coding::Gzip => MultiGzDecoder::new(&bytes[..]).take(most).read_to_end(&mut plain),
            Coding::Brotli => {
                brotli::Decompressor::new(&bytes[..], BUFFER).take(most).read_to_end(&mut plain)
            }
        };
        read.map_err(|error| OutboundError::Coding(error.to_string()))?;
        if plain.len() > limit {
            return Err(OutboundError::TooLarge { limit });
        }
        bytes = plain;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn codings_come_off_in_the_opposite_order_and_never_beyond_the_limit() {
        let twice = gzip(&gzip(b"texte"));
        assert_eq!(decompressed(twice, &[Coding::Gzip, Coding::Gzip], 100).unwrap(), b"texte");
        let mut brotli = Vec::new();
        brotli::BrotliCompress(&mut &b"texte"[..], &mut brotli, &Default::default()).unwrap();
        assert_eq!(decompressed(brotli, &[Coding::Brotli], 5).unwrap(), b"texte");
        let bomb = gzip(&vec![0; 1 << 20]);
        assert!(bomb.len() < 2000);
        let error = decompressed(bomb, &[Coding::Gzip], 1 << 16).unwrap_err();
        assert!(matches!(error, OutboundError::TooLarge { limit: 65536 }), "{error}");
        assert!(matches!(
            decompressed(b"not gzip".to_vec(), &[Coding::Gzip], 100),
            Err(OutboundError::Coding(_))
        ));
    }

    #[test]
    fn unknown_codings_are_refused_by_name() {
        let headers =
            |value: &'static str| HeaderMap::from_iter([(CONTENT_ENCODING, value.parse().unwrap())]);
        assert_eq!(codings(&headers("br, GZIP")).unwrap(), [Coding::Brotli, Coding::Gzip]);
        assert_eq!(codings(&headers("identity")).unwrap(), []);
        assert!(codings(&headers("zstd")).unwrap_err().to_string().contains("zstd"));
        assert!(codings(&headers("gzip,gzip,gzip")).is_err());
    }
}
