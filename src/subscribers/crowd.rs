//! Readers made by set, to measure with: a million of them in half a minute.

use crate::clock::Timestamp;
use crate::db::Db;
use crate::subscribers::choice::Choice;
use crate::subscribers::newsletter::NewsletterId;
use crate::{execute, fetch_one, statements};

statements! {
    // $1 and $2: the first and last number, $3 now. Hashes lie as far apart as real ones.
    CROWD_SUBSCRIBERS = {
        sqlite: "INSERT INTO subscribers (address, address_hash, name, created_at)
            WITH RECURSIVE crowd(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM crowd WHERE n < $2)
            SELECT 'lecteur-' || n || '@courriel-' || (n % 97) || '.example', randomblob(32), 'Koffi Lecteur ' || n, $3
            FROM crowd",
        postgres: "INSERT INTO subscribers (address, address_hash, name, created_at)
            WITH RECURSIVE crowd(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM crowd WHERE n < $2)
            SELECT 'lecteur-' || n || '@courriel-' || (n % 97) || '.example',
                sha256(convert_to('lecteur-' || n, 'UTF8')), 'Koffi Lecteur ' || n, $3
            FROM crowd"
    };
    // $1 newsletter, $2 the number of choices, $3 now, $4 after this subscriber. Neighbours choose differently, and as many of
    // them as there are choices make every one (7919 is a prime).
    CROWD_SUBSCRIPTIONS = "INSERT INTO subscriptions
            (subscriber_id, newsletter_id, choice_id, state, created_at, confirmed_at)
        SELECT s.id, $1, c.id, 'confirmed', $3, $3
        FROM subscribers s JOIN (SELECT id, row_number() OVER (ORDER BY id) - 1 AS place FROM choices) AS c
            ON c.place = s.id * 7919 % $2
        WHERE s.id > $4 ORDER BY s.id";
    COUNT_CHOICES = "SELECT count(*) AS choices FROM choices";
    LAST_SUBSCRIBER = "SELECT coalesce(max(id), 0) AS last FROM subscribers";
}

/// As many rows at once.
const AT_ONCE: i64 = 20_000;

/// Makes `readers` confirmed readers of a newsletter on a store that has neither readers nor choices; as many make each
/// of the `choices`.
///
/// # Errors
/// When the store fails, or holds choices already.
pub async fn make_crowd(
    db: &Db,
    newsletter: NewsletterId,
    readers: i64,
    choices: &[Choice],
    now: Timestamp,
) -> anyhow::Result<()> {
    let mut tx = db.begin().await?;
    for choice in choices {
        choice.store(&mut tx).await?;
    }
    let (count,): (i64,) = fetch_one!(&mut tx, COUNT_CHOICES)?;
    tx.commit().await?;
    anyhow::ensure!(count == i64::try_from(choices.len())?, "the store holds other choices already");
    let mut made = 0;
    while made < readers {
        let upto = (made + AT_ONCE).min(readers);
        let mut tx = db.begin().await?;
        let (last,): (i64,) = fetch_one!(&mut tx, LAST_SUBSCRIBER)?;
        execute!(&mut tx, CROWD_SUBSCRIBERS, made + 1, upto, now)?;
        execute!(&mut tx, CROWD_SUBSCRIPTIONS, newsletter, count, now, last)?;
        tx.commit().await?;
        made = upto;
    }
    Ok(())
}
