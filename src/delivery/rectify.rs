//! The rows of a « Rectificatif »: one for each reader of whom a copy with the mistake, the first or a resend, was ever in
//! doubt. It leaves once such a copy is `sent`, and not at all if they end failed or cancelled.

use crate::clock::Timestamp;
use crate::db::{Db, Sql, Tx};
use crate::delivery::row::DeliveryId;
use crate::newsletters::edition::EditionId;
use crate::{execute, fetch_all, fetch_one, statements};

/// Why a row waits.
pub const WAITS: &str = "waits for the copy that it corrects";

/// Why a row was cancelled.
const NEEDLESS: &str = "the copy that it corrects never left";

/// The columns of a row; what writes a hash in hexadecimal differs between the engines. Of a reader's copies, resends among
/// them, that counts which has come furthest. They are found by their reader, in `coalesce`: the edition has a million others.
macro_rules! rectify {
    ($reader:literal) => {
        concat!(
            "INSERT INTO deliveries (kind, dedup_key, priority, edition_id, subscription_id, variant_id, address, ",
            "address_hash, name, recipient_group, message_id, state, held, reason, due_at, expires_at, created_at, ",
            "finished_at) ",
            "SELECT 'edition', 'edition:' || d.short_id || ':' || d.subscriber_id, 5, d.short_id, d.subscription_id, ",
            "CASE WHEN d.layout = 'light' THEN d.light_variant_id ELSE d.full_variant_id END, d.address, ",
            "d.address_hash, d.name, d.recipient_group, 'ed-' || d.short_id || '.' || ",
            $reader,
            " || '@' || CAST($4 AS TEXT), CASE WHEN d.rank = 2 THEN 'cancelled' ELSE 'pending' END, d.rank = 1, ",
            "CASE d.rank WHEN 0 THEN NULL WHEN 1 THEN CAST($7 AS TEXT) ELSE CAST($8 AS TEXT) END, ",
            "d.released_at, d.released_at + $5, $6, CASE WHEN d.rank = 2 THEN CAST($6 AS BIGINT) END FROM (",
            "SELECT c.*, row_number() OVER (PARTITION BY c.subscription_id ORDER BY c.rank, c.id DESC) AS place FROM (",
            "SELECT o.id, o.subscription_id, o.address, o.address_hash, o.name, o.recipient_group, s.subscriber_id, ",
            "v.layout, x.variant_id AS full_variant_id, x.light_variant_id, e.id AS short_id, e.released_at, ",
            "CASE WHEN o.state = 'sent' THEN 0 WHEN o.state IN ('failed', 'cancelled') THEN 2 ELSE 1 END AS rank ",
            "FROM rectificatifs x JOIN editions e ON e.id = x.edition_id ",
            "JOIN subscriptions s ON s.newsletter_id = e.newsletter_id AND s.id > $2 AND s.id <= $3 ",
            "JOIN deliveries o ON o.subscription_id = s.id AND coalesce(o.edition_id, 0) = x.of_edition_id ",
            "AND o.kind = 'edition' AND o.in_doubt_at IS NOT NULL ",
            "JOIN rectified_variants w ON w.edition_id = e.id AND w.variant_id = o.variant_id ",
            "JOIN variants v ON v.id = o.variant_id ",
            "WHERE e.id = $1) c) d WHERE d.place = 1 ON CONFLICT (dedup_key) DO NOTHING"
        )
    };
}

/// A row that waits, and whether there is a copy that it corrects in one of these states. Those that wait are held, and found
/// by that.
macro_rules! copy_is {
    ($there:literal, $states:literal) => {
        concat!(
            "edition_id = $1 AND held AND coalesce(state, '') = 'pending' AND reason = $4 AND ",
            $there,
            " (SELECT 1 FROM deliveries o JOIN rectified_variants w ON w.edition_id = $1 AND w.variant_id = o.variant_id ",
            "WHERE o.subscription_id = deliveries.subscription_id AND coalesce(o.edition_id, 0) = $2 AND o.kind = 'edition' ",
            "AND o.in_doubt_at IS NOT NULL AND o.state IN ",
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
    LET_GO_RECTIFIED = (concat!("UPDATE deliveries SET held = FALSE, reason = NULL, due_at = $3 WHERE ",
        copy_is!("EXISTS", "('sent')")));
    CANCEL_RECTIFIED = (concat!("UPDATE deliveries SET state = 'cancelled', held = FALSE, reason = $5, finished_at = $3 WHERE ",
        copy_is!("NOT EXISTS", "('pending', 'claimed', 'in_doubt', 'sent')")));
    // $1 a copy that is tried again; $2 why it waits, $3 why it was cancelled, $4 when it expires.
    WAIT_FOR_COPY_AGAIN = "UPDATE deliveries SET state = 'pending', held = TRUE, reason = $2, finished_at = NULL, expires_at = $4
        WHERE id IN (SELECT r.id FROM deliveries o JOIN rectificatifs x ON x.of_edition_id = o.edition_id
            JOIN rectified_variants w ON w.edition_id = x.edition_id AND w.variant_id = o.variant_id
            JOIN deliveries r ON r.subscription_id = o.subscription_id AND r.edition_id = x.edition_id
            WHERE o.id = $1 AND o.in_doubt_at IS NOT NULL AND r.state = 'cancelled' AND r.reason = $3)";
    OPEN_AGAIN = "UPDATE rectificatifs SET settled_at = NULL
        WHERE of_edition_id = (SELECT edition_id FROM deliveries WHERE id = $1)";
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

/// A copy that had failed is tried again until `expires_at`: what corrects it waits for it once more.
pub(super) async fn wait_again(tx: &mut Tx, copy: DeliveryId, expires_at: Timestamp) -> sqlx::Result<()> {
    if execute!(tx, WAIT_FOR_COPY_AGAIN, copy, WAITS, NEEDLESS, expires_at)? > 0 {
        execute!(tx, OPEN_AGAIN, copy)?;
    }
    Ok(())
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
