//! One round of preparing: what is wanted is fetched, made small and kept.

use crate::clock::{Clock, DAY, Timestamp};
use crate::config::Images;
use crate::db::Db;
use crate::outbound::Outbound;

use super::fetch::{Missing, fetch};
use super::rendition::{Rendition, make};
use super::size::Size;
use super::store;

/// An article gets its sizes when it appears; what is older gets them when an edition takes it (ms).
const APPEARED_WITHIN: i64 = 2 * DAY;

/// Pictures of a round.
const A_ROUND: i64 = 16;

/// Pictures fetched at a time; decoding is one at a time, for it takes memory.
const AT_ONCE: usize = 4;

/// What a round did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Prepared {
    /// Pictures that have their sizes now.
    pub ready: usize,
    /// Pictures that did not come, or are none.
    pub missing: usize,
}

/// What is made of a picture.
#[derive(Debug, Clone)]
struct Wish {
    url: String,
    of_lead: bool,
}

/// Prepares what is wanted now: first what frozen editions show, then what articles of the last two days do.
///
/// # Errors
/// When the store fails. A picture that does not come is noted, logged once, and asked for again later.
pub async fn prepare(
    db: &Db,
    outbound: &Outbound,
    images: &Images,
    clock: &Clock,
) -> anyhow::Result<Prepared> {
    let now = clock.now();
    let since = now.plus(-APPEARED_WITHIN);
    let mut wishes: Vec<Wish> = store::wanted(db, since, now, A_ROUND)
        .await?
        .into_iter()
        .map(|url| Wish { url, of_lead: false })
        .collect();
    if wishes.is_empty() {
        let leads = store::wanted_of_leads(db, since, A_ROUND).await?;
        wishes.extend(leads.into_iter().map(|url| Wish { url, of_lead: true }));
    }
    let mut done = Prepared::default();
    for few in wishes.chunks(AT_ONCE) {
        let mut under_way = tokio::task::JoinSet::new();
        for wish in few.iter().cloned() {
            let (outbound, images) = (outbound.clone(), images.clone());
            under_way.spawn(async move {
                let fetched = fetch(&outbound, &images, &wish.url).await;
                (wish, fetched)
            });
        }
        while let Some(fetched) = under_way.join_next().await {
            let (wish, fetched) = fetched?;
            match made(&wish, fetched).await? {
                Ok(made) => {
                    store::keep(db, &wish.url, &made, wish.of_lead, now).await?;
                    done.ready += 1;
                }
                Err(missing) => {
                    note(db, &wish, &missing, now).await?;
                    done.missing += 1;
                }
            }
        }
    }
    Ok(done)
}

async fn made(
    wish: &Wish,
    fetched: Result<Vec<u8>, Missing>,
) -> anyhow::Result<Result<Vec<Rendition>, Missing>> {
    let bytes = match fetched {
        Ok(bytes) => bytes,
        Err(missing) => return Ok(Err(missing)),
    };
    let sizes = if wish.of_lead { Size::OF_A_LEAD } else { Size::OF_AN_ARTICLE };
    let made = tokio::task::spawn_blocking(move || make(&bytes, sizes)).await?;
    Ok(made.map_err(|unfit| Missing::ForGood(unfit.to_string())))
}

async fn note(db: &Db, wish: &Wish, missing: &Missing, now: Timestamp) -> anyhow::Result<()> {
    if wish.of_lead {
        // The page shows the mail's size then.
        return Ok(store::lead_done(db, &wish.url).await?);
    }
    let lasting = matches!(missing, Missing::ForGood(_));
    if store::note(db, &wish.url, &missing.to_string(), lasting, now).await? {
        tracing::warn!(url = wish.url, why = %missing, lasting, "an article is left without its picture");
    }
    Ok(())
}
