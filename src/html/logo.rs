//! The newsroom's logo: a file of the operator's, read once and checked.

use std::path::{Path, PathBuf};

/// The largest file that is taken (bytes): readers pay for every page they open.
pub const LARGEST: usize = 32 * 1024;

/// A picture as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Logo {
    /// Sixteen hexadecimal digits of its content and the ending of its kind: another picture has another name.
    pub name: String,
    /// `image/svg+xml`, `image/png`, `image/jpeg`, `image/webp`.
    pub media_type: &'static str,
    /// The file.
    pub bytes: Vec<u8>,
}

/// Why a file cannot be the logo.
#[derive(Debug, thiserror::Error)]
pub enum LogoError {
    /// It cannot be read.
    #[error("cannot read the logo {}: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: std::io::Error,
    },
    /// More bytes than [`LARGEST`].
    #[error("the logo {} has {bytes} bytes, {LARGEST} are allowed: every reader loads it", path.display())]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        bytes: usize,
    },
    /// No SVG, PNG, JPEG or WebP.
    #[error("the logo {} is none of SVG, PNG, JPEG and WebP", path.display())]
    Unknown {
        /// The file.
        path: PathBuf,
    },
}

impl Logo {
    /// Reads the file; its first bytes say what it is.
    ///
    /// # Errors
    /// When it cannot be read, is larger than [`LARGEST`] bytes, or is of another kind.
    pub fn load(path: &Path) -> Result<Logo, LogoError> {
        let path = path.to_owned();
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(reason) => return Err(LogoError::Unreadable { path, reason }),
        };
        if bytes.len() > LARGEST {
            return Err(LogoError::TooLarge { path, bytes: bytes.len() });
        }
        let Some((media_type, ending)) = kind(&bytes) else { return Err(LogoError::Unknown { path }) };
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &bytes);
        let hash = hex::encode(&hash.as_ref()[..8]);
        Ok(Logo { name: format!("{hash}.{ending}"), media_type, bytes })
    }
}

fn kind(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some(("image/png", "png"))
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some(("image/jpeg", "jpg"))
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some(("image/webp", "webp"))
    } else {
        let text = std::str::from_utf8(bytes).ok()?.trim_start_matches('\u{feff}').trim_start();
        let svg = text.starts_with("<svg") || (text.starts_with("<?xml") && text.contains("<svg"));
        svg.then_some(("image/svg+xml", "svg"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logo_is_known_by_its_first_bytes_and_named_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("logo");
        let load = |bytes: &[u8]| {
            std::fs::write(&file, bytes).unwrap();
            Logo::load(&file)
        };
        let one = load(b"<?xml version=\"1.0\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\"/>").unwrap();
        assert_eq!(one.media_type, "image/svg+xml");
        assert_eq!((one.name.len(), &one.name[16..]), (20, ".svg"));
        assert_ne!(load(b"<svg/>").unwrap().name, one.name);
        assert_eq!(load(b"\x89PNG\r\n\x1a\n").unwrap().media_type, "image/png");
        assert!(matches!(load(b"<html>"), Err(LogoError::Unknown { .. })));
        assert!(matches!(load(&[0xff; LARGEST + 1]), Err(LogoError::TooLarge { .. })));
        assert!(matches!(Logo::load(Path::new("/nowhere")), Err(LogoError::Unreadable { .. })));
    }
}
