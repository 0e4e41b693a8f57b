//! What is kept of pictures: their files by name, and for each address what became of it.

use std::collections::HashMap;

use crate::clock::{HOUR, MINUTE, Timestamp};
use crate::db::{Db, Tx};
use crate::{execute, fetch_all, fetch_one, fetch_optional, text_enum};

use super::rendition::Rendition;
use super::size::{Pixels, Size};
use super::sql;

text_enum! {
    /// What became of a picture.
    ImageState {
        /// Its sizes are here.
        Ready = "ready",
        /// It did not come; it is asked for again.
        Waiting = "waiting",
        /// There is nothing to show, for good.
        Failed = "failed",
    }
}

/// A file that is here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its name in addresses.
    pub name: String,
    /// Width and height.
    pub pixels: Pixels,
    /// Its length in bytes.
    pub bytes: u64,
}

/// What is known of a picture.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// What became of it.
    pub state: ImageState,
    files: Vec<(Size, File)>,
}

impl Known {
    /// The file of a size, if it was made.
    #[must_use]
    pub fn file(&self, size: Size) -> Option<&File> {
        self.files.iter().find(|(made, _)| *made == size).map(|(_, file)| file)
    }
}

/// Pictures by their addresses on the site.
pub type ByUrl = HashMap<String, Known>;

#[derive(sqlx::FromRow)]
struct Row {
    url: String,
    state: ImageState,
    size: Option<Size>,
    name: Option<String>,
    width: Option<i64>,
    height: Option<i64>,
    bytes: Option<i64>,
}

impl Row {
    fn file(&self) -> Option<(Size, File)> {
        let pixels = |side: Option<i64>| u32::try_from(side?).ok();
        let pixels = (pixels(self.width)?, pixels(self.height)?);
        Some((self.size?, File { name: self.name.clone()?, pixels, bytes: self.bytes?.unsigned_abs() }))
    }
}

/// What is known of the pictures at these addresses; of those never asked for nothing.
///
/// # Errors
/// When the store fails.
pub async fn by_url(tx: &mut Tx, urls: impl IntoIterator<Item = &str>) -> sqlx::Result<ByUrl> {
    let urls: Vec<&str> = urls.into_iter().collect();
    let mut known = ByUrl::new();
    if urls.is_empty() {
        return Ok(known);
    }
    let urls = serde_json::to_string(&urls).unwrap_or_default();
    let rows: Vec<Row> = fetch_all!(tx, sql::IMAGES_BY_URL, urls.as_str())?;
    for row in rows {
        let file = row.file();
        let one = known.entry(row.url).or_insert(Known { state: row.state, files: Vec::new() });
        one.files.extend(file);
    }
    Ok(known)
}

/// The file of this name.
///
/// # Errors
/// When the store fails.
pub async fn file(db: &Db, name: &str) -> sqlx::Result<Option<Vec<u8>>> {
    let found: Option<(Vec<u8>,)> = fetch_optional!(db, sql::IMAGE_FILE, name)?;
    Ok(found.map(|(content,)| content))
}

/// Pictures that there is nothing to show of, with the reason: the latest first, of those given up after `since`.
///
/// # Errors
/// When the store fails.
pub async fn failed(db: &Db, since: Timestamp, most: i64) -> sqlx::Result<Vec<(String, String, Timestamp)>> {
    let rows: Vec<(String, Option<String>, Timestamp)> = fetch_all!(db, sql::FAILED_IMAGES, since, most)?;
    Ok(rows.into_iter().map(|(url, reason, at)| (url, reason.unwrap_or_default(), at)).collect())
}

/// Which pictures are to be made small: those of frozen editions first, then those of articles published after `since`.
pub(super) async fn wanted(
    db: &Db,
    since: Timestamp,
    now: Timestamp,
    most: i64,
) -> sqlx::Result<Vec<String>> {
    let mut rows: Vec<(String, Timestamp)> = fetch_all!(db, sql::WANTED_IMAGES_OF_EDITIONS, now, most)?;
    let others: Vec<(String, Timestamp)> = fetch_all!(db, sql::WANTED_IMAGES_OF_ARTICLES, now, most, since)?;
    rows.extend(others);
    let mut urls: Vec<String> = Vec::new();
    for (url, _) in rows {
        if !urls.contains(&url) {
            urls.push(url);
        }
    }
    urls.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Ok(urls)
}

/// Which are to get the sizes of a lead besides: of editions that are frozen, or whose slot was after `since`.
pub(super) async fn wanted_of_leads(db: &Db, since: Timestamp, most: i64) -> sqlx::Result<Vec<String>> {
    let rows: Vec<(String,)> = fetch_all!(db, sql::WANTED_IMAGES_OF_LEADS, since, most)?;
    Ok(rows.into_iter().map(|(url,)| url).collect())
}

/// Keeps what was made of a picture; `of_lead`: the sizes of a lead were among what was asked for.
pub(super) async fn keep(
    db: &Db,
    url: &str,
    made: &[Rendition],
    of_lead: bool,
    now: Timestamp,
) -> sqlx::Result<()> {
    let mut tx = db.begin().await?;
    let (id,): (i64,) = fetch_one!(&mut tx, sql::KEEP_IMAGE, url, of_lead, now)?;
    for one in made {
        let (width, height) = one.pixels;
        let length = i64::try_from(one.bytes.len()).unwrap_or(i64::MAX);
        execute!(
            &mut tx,
            sql::KEEP_IMAGE_FILE,
            id,
            one.size,
            one.name.as_str(),
            i64::from(width),
            i64::from(height),
            length,
            one.bytes.as_slice()
        )?;
    }
    tx.commit().await
}

/// Between the tries for a picture that does not come (ms).
const PATIENCE: [i64; 4] = [MINUTE, 5 * MINUTE, 30 * MINUTE, 3 * HOUR];

/// Notes that a picture did not come (`lasting`: and never will). Gives whether that is the first that is heard of it.
pub(super) async fn note(
    db: &Db,
    url: &str,
    reason: &str,
    lasting: bool,
    now: Timestamp,
) -> sqlx::Result<bool> {
    let before: Option<(i64,)> = fetch_optional!(db, sql::IMAGE_TRIES, url)?;
    let tries = usize::try_from(before.map_or(0, |(tries,)| tries)).unwrap_or(usize::MAX);
    let again = PATIENCE.get(tries).filter(|_| !lasting).map(|wait| now.plus(*wait));
    let state = if again.is_some() { ImageState::Waiting } else { ImageState::Failed };
    let (tries,): (i64,) = fetch_one!(db, sql::NOTE_IMAGE, url, state, reason, again, now)?;
    Ok(tries == 1)
}

/// Notes that a picture has all the sizes of a lead that it will ever have.
pub(super) async fn lead_done(db: &Db, url: &str) -> sqlx::Result<()> {
    execute!(db, sql::LEAD_IMAGE_DONE, url).map(drop)
}

/// Lets go what was made before this moment, some at a time; gives how many pictures.
///
/// # Errors
/// When the store fails.
pub async fn drop_old(db: &Db, before: Timestamp) -> sqlx::Result<u64> {
    const SOME: i64 = 20;
    let mut tx = db.begin().await?;
    execute!(&mut tx, sql::DROP_IMAGE_FILES, before, SOME)?;
    let dropped = execute!(&mut tx, sql::DROP_IMAGES, before, SOME)?;
    tx.commit().await?;
    Ok(dropped)
}
