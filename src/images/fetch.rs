//! Where a picture's bytes come from: the site's folder on this machine, else the site, by the one outbound client.

use std::path::{Component, Path, PathBuf};

use url::Url;

use crate::config::Images;
use crate::html::links::percent_decoded;
use crate::outbound::{HeaderMap, HeaderValue, LARGEST_FEED, Outbound, OutboundError, StatusCode, header};

/// Why a picture did not come.
#[derive(Debug, thiserror::Error)]
pub enum Missing {
    /// It may come another time.
    #[error("{0}")]
    ForNow(String),
    /// It never will.
    #[error("{0}")]
    ForGood(String),
}

/// The bytes of a picture.
///
/// # Errors
/// Why it did not come.
pub async fn fetch(outbound: &Outbound, images: &Images, url: &str) -> Result<Vec<u8>, Missing> {
    let url = Url::parse(url).map_err(|error| Missing::ForGood(format!("not an address: {error}")))?;
    if let Some((folder, rest)) = in_folder(images, &url) {
        return read(folder, &rest).await;
    }
    let accept = HeaderValue::from_static("image/jpeg,image/webp,image/png,image/gif;q=0.9");
    let headers = HeaderMap::from_iter([(header::ACCEPT, accept)]);
    let answer = outbound.get(&url, headers).await.map_err(|error| match error {
        OutboundError::NotWeb(_) | OutboundError::Credentials => Missing::ForGood(error.to_string()),
        // An address inside may be allowed after a change of the configuration; a site that is down comes back.
        other => Missing::ForNow(other.to_string()),
    })?;
    match answer.status {
        StatusCode::OK => Ok(answer.body),
        StatusCode::GONE => Err(Missing::ForGood("the site says 410 Gone".to_owned())),
        status => Err(Missing::ForNow(format!("the site says {status}"))),
    }
}

/// The folder that holds what this address shows, and the path in it.
fn in_folder<'a>(images: &'a Images, url: &Url) -> Option<(&'a Path, PathBuf)> {
    let (folder, shown_at) = (images.folder.as_deref()?, images.folder_url.as_ref()?);
    if (url.origin(), url.port()) != (shown_at.origin(), shown_at.port()) {
        return None;
    }
    let base = shown_at.path().trim_end_matches('/');
    let rest = url.path().strip_prefix(base)?.strip_prefix('/')?;
    Some((folder, PathBuf::from(percent_decoded(rest))))
}

async fn read(folder: &Path, rest: &Path) -> Result<Vec<u8>, Missing> {
    let outside = || Missing::ForGood("its path leads out of `images.folder`".to_owned());
    if !rest.components().all(|part| matches!(part, Component::Normal(_))) {
        return Err(outside());
    }
    let for_now = |error: std::io::Error| Missing::ForNow(format!("`images.folder`: {error}"));
    let folder = tokio::fs::canonicalize(folder).await.map_err(for_now)?;
    let file = tokio::fs::canonicalize(folder.join(rest)).await.map_err(for_now)?;
    if !file.starts_with(&folder) {
        return Err(outside());
    }
    let about = tokio::fs::metadata(&file).await.map_err(for_now)?;
    if !about.is_file() || about.len() > LARGEST_FEED as u64 {
        return Err(Missing::ForGood(format!("no file, or one of more than {LARGEST_FEED} bytes")));
    }
    tokio::fs::read(&file).await.map_err(for_now)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::ImagesInMails;

    fn images(folder: &Path) -> Images {
        Images {
            in_mails: ImagesInMails::Resized,
            folder: Some(folder.to_owned()),
            folder_url: Some("https://exemple.tg/wp-content/uploads/".parse().unwrap()),
        }
    }

    #[test]
    fn only_addresses_below_that_of_the_folder_are_read_from_it() {
        let images = images(Path::new("/srv"));
        let found = |url: &str| in_folder(&images, &url.parse().unwrap()).map(|(_, rest)| rest);
        let port = PathBuf::from("2026/11/port de lomé.jpg");
        assert_eq!(
            found("https://exemple.tg/wp-content/uploads/2026/11/port%20de%20lom%C3%A9.jpg?x=1"),
            Some(port)
        );
        for elsewhere in [
            "https://exemple.tg/wp-content/uploadsx/a.jpg",
            "http://exemple.tg/wp-content/uploads/a.jpg",
            "https://exemple.tg:8443/wp-content/uploads/a.jpg",
            "https://autre.tg/wp-content/uploads/a.jpg",
        ] {
            assert_eq!(found(elsewhere), None, "{elsewhere}");
        }
    }

    #[tokio::test]
    async fn nothing_outside_the_folder_is_read() {
        let room = tempfile::tempdir().unwrap();
        let folder = room.path().join("uploads");
        std::fs::create_dir(&folder).unwrap();
        std::fs::write(room.path().join("secret"), "x").unwrap();
        std::fs::write(folder.join("a.jpg"), "image").unwrap();
        std::os::unix::fs::symlink(room.path().join("secret"), folder.join("link.jpg")).unwrap();
        let read = async |rest: &str| read(&folder, Path::new(rest)).await;
        assert_eq!(read("a.jpg").await.unwrap(), b"image");
        for rest in ["../secret", "/etc/passwd", "a/../../secret", "link.jpg"] {
            assert!(matches!(read(rest).await, Err(Missing::ForGood(_))), "{rest}");
        }
        assert!(matches!(read("b.jpg").await, Err(Missing::ForNow(_))));
    }
}
