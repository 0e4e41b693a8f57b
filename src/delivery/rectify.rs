//! The rows of a « Rectificatif »: one for each copy with the mistake that was ever in doubt, which leaves once that copy is
//! `sent`, and not at all if it ends failed or cancelled.

use crate::clock::Timestamp;
use crate::db::{Db, Sql, Tx};
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all, fetch_one, statements};

/// Why a row waits.
pub const WAITS: &str = "waits for the copy that it corrects";

/// Why a row was cancelled.
const NEEDLESS: &str = "the copy that it corrects never left";

/// The columns of a row; what writes a hash in hexadecimal differs between the engines.
macro_rules! rectify {
    ($reader:literal) => {
        concat!(
            "INSERT INTO deliveries (kind, dedup_key, priority, edition_id, subscription_id, variant_id, address, ",
            "address_hash, name, recipient_group, message_id, state, held, reason, due_at, expires_at, created_at, ",
            "finished_at) ",
            "SELECT 'edition', 'edition:' || e.id || ':' || s.subscriber_id, 5, e.id, d.subscription_id, ",
            "CASE WHEN v.layout = 'light' THEN x.light_variant_id ELSE x.variant_id END, d.address, d.address_hash, ",
            "d.name, d.recipient_group, 'ed-' || e.id || '.' || ",
            $reader,
            " || '@' || CAST($4 AS TEXT), ",
            "CASE WHEN d.state IN ('failed', 'cancelled') THEN 'cancelled' ELSE 'pending' END, ",
            "d.state IN ('pending', 'claimed', 'in_doubt'), ",
            "CASE WHEN d.state = 'sent' THEN NULL WHEN d.state IN ('failed', 'cancelled') THEN CAST($8 AS TEXT) ",
            "ELSE CAST($7 AS TEXT) END, e.released_at, e.released_at + $5, $6, ",
            "CASE WHEN d.state IN ('failed', 'cancelled') THEN CAST($6 AS BIGINT) END ",
            "FROM rectificatifs x JOIN editions e ON e.id = x.edition_id ",
            "JOIN deliveries d ON d.edition_id = x.of_edition_id AND d.kind = 'edition' AND NOT d.resend ",
            "AND d.in_doubt_at IS NOT NULL AND d.subscription_id > $2 AND d.subscription_id <= $3 ",
            "JOIN rectified_variants w ON w.edition_id = e.id AND w.variant_id = d.variant_id ",
            "JOIN variants v ON v.id = d.variant_id JOIN subscriptions s ON s.id = d.subscription_id ",
            "WHERE e.id = $1 ON CONFLICT (dedup_key) DO NOTHING"
        )
    };
}

/// The copy that a row corrects, in one of these states.
macro_rules! copy_is {
    ($states:literal) => {
        concat!(
            "edition_id = $1 AND state = 'pending' AND held AND reason = $4 AND EXISTS (SELECT 1 FROM deliveries o ",
            "WHERE o.edition_id = $2 AND o.subscription_id = deliveries.subscription_id AND o.kind = 'edition' ",
            "AND NOT o.resend AND o.state IN ",
            $states,
            ")"
        )
    };
}

statements! {
    RECTIFY_CHUNK = {
        sqlite: rectify!("lower(hex(substr(d.address_hash, 1, 8)))"),
        postgres: rectify!("encode(substring(d.address_hash FROM 1 FOR 8), 'hex')")
    };
    OPEN_RECTIFICATIFS = "SELECT x.edition_id, x.of_edition_id FROM rectificatifs x JOIN editions e ON e.id = x.edition_id
        WHERE x.settled_at IS NULL AND e.fanned_out_at IS NOT NULL ORDER BY x.edition_id";
    LET_GO_RECTIFIED = { sqlite: concat!("UPDATE deliveries SET held = FALSE, reason = NULL, due_at = $3 WHERE ", copy_is!("('sent')")), postgres: concat!("UPDATE deliveries SET held = FALSE, reason = NULL, due_at = $3 WHERE ", copy_is!("('sent')")) };
    CANCEL_RECTIFIED = { sqlite: concat!("UPDATE deliveries SET state = 'cancelled', held = FALSE, reason = $5, finished_at = $3 WHERE ", copy_is!("('failed', 'cancelled')")), postgres: concat!("UPDATE deliveries SET state = 'cancelled', held = FALSE, reason = $5, finished_at = $3 WHERE ", copy_is!("('failed', 'cancelled')")) };
    RECTIFIED_WAITING = "SELECT count(*) FROM deliveries WHERE edition_id = $1 AND held AND reason = $2";
    SETTLE_RECTIFICATIF = "UPDATE rectificatifs SET settled_at = $2 WHERE edition_id = $1";
}

/// The statements, for the test that prepares every one.
pub(super) fn statements() -> Vec<Sql> {
    ALL.to_vec()
}

/// The rows of a « Rectificatif » for the subscriptions after the first and up to the second id; of any other edition none.
pub(super) async fn rows(
    tx: &mut Tx,
    edition: EditionId,
    (after, upto): (i64, i64),
    domain: &str,
    expire_after: i64,
    now: Timestamp,
) -> sqlx::Result<u64> {
    execute!(tx, RECTIFY_CHUNK, edition, after, upto, domain, expire_after, now, WAITS, NEEDLESS)
}

/// Lets the rows go whose readers' copies have left meanwhile, and ends those whose copies will not. Gives how many may go.
///
/// # Errors
/// When the store fails.
pub async fn settle(db: &Db, now: Timestamp) -> sqlx::Result<u64> {
    let open: Vec<(EditionId, EditionId)> = fetch_all!(db, OPEN_RECTIFICATIFS)?;
    let mut going = 0;
    for (id, of) in open {
        let mut tx = db.begin().await?;
        going += execute!(&mut tx, LET_GO_RECTIFIED, id, of, now, WAITS)?;
        execute!(&mut tx, CANCEL_RECTIFIED, id, of, now, WAITS, NEEDLESS)?;
        let (waiting,): (i64,) = fetch_one!(&mut tx, RECTIFIED_WAITING, id, WAITS)?;
        if waiting == 0 {
            execute!(&mut tx, SETTLE_RECTIFICATIF, id, now)?;
        }
        tx.commit().await?;
    }
    Ok(going)
}
