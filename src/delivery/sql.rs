//! Statements of the queue: rows, claims, marks, messages, fan-out, retention. Each other part of deliveries has its own.
//!
//! Whatever changes a claimed row is fenced by its owner and epoch: a node that has lost a row changes nothing.

use crate::statements;

/// What a claim gives; the last column tells a row that was in doubt already.
macro_rules! claimed {
    ($doubtful:literal) => {
        concat!(" RETURNING ", claimed_columns!($doubtful))
    };
}

/// The columns of [`crate::delivery::row::Claimed`].
macro_rules! claimed_columns {
    ($doubtful:literal) => {
        concat!(
            "id, kind, priority, due_at, edition_id, recipient_group, subscription_id, confirmation_id, ",
            "(SELECT c.created_at FROM confirmations c WHERE c.id = confirmation_id) AS confirmation_at, ",
            "(SELECT u.subscriber_id FROM subscriptions u WHERE u.id = subscription_id) AS subscriber_id, ",
            "variant_id, address, name, message_id, token_key_id, dkim, message_hash, attempts, epoch, ",
            "CAST(",
            $doubtful,
            " AS BOOLEAN) AS doubtful, created_at, expires_at"
        )
    };
}

/// $1 now, $2 owner, $3 lease until, $4 token key, $5 priority, $6 at most, $7 who signs and when, $8 groups that must wait,
/// $9 due after then, or due then and, by number, after $10.
///
/// Once the relay may have the message, its signatures are those it had.
/// An edition leaves only when every reader has a row.
macro_rules! claim {
    ($due:literal, $lock:literal, $groups:literal) => {
        concat!(
            "UPDATE deliveries SET state = 'claimed', owner = $2, epoch = epoch + 1, lease_until = $3, ",
            "token_key_id = coalesce(token_key_id, $4), ",
            "dkim = CASE WHEN message_hash IS NULL THEN $7 ELSE dkim END WHERE id IN (SELECT id FROM deliveries ",
            "WHERE state = 'pending' AND NOT held AND priority = $5 AND due_at <= $1 AND ",
            $due,
            " AND (edition_id IS NULL ",
            "OR edition_id NOT IN (SELECT e.id FROM editions e WHERE e.state = 'released' ",
            "AND e.fanned_out_at IS NULL)) AND recipient_group NOT IN (SELECT value FROM ",
            $groups,
            ") ORDER BY due_at, id LIMIT $6",
            $lock,
            ")",
            claimed!("0")
        )
    };
}

/// $1 now, $2 owner, $3 lease until, $4 at most, $5 groups that must wait.
macro_rules! claim_doubtful {
    ($lock:literal, $groups:literal) => {
        concat!(
            "UPDATE deliveries SET owner = $2, epoch = epoch + 1, lease_until = $3 WHERE id IN (SELECT id ",
            "FROM deliveries WHERE state IN ('claimed', 'in_doubt') AND state = 'in_doubt' AND NOT held AND lease_until <= $1 ",
            "AND recipient_group NOT IN (SELECT value FROM ",
            $groups,
            ") ORDER BY lease_until, id LIMIT $4",
            $lock,
            ")",
            claimed!("1")
        )
    };
}

/// When the first row of a priority that waits is due. The least of an index is read at once: of
/// `EXISTS` PostgreSQL believes that it finds one among the first rows of the table, which are all sent.
macro_rules! first_due {
    ($priority:literal) => {
        concat!(
            "(SELECT min(due_at) FROM deliveries WHERE state = 'pending' AND NOT held AND priority = ",
            $priority,
            ")"
        )
    };
}

/// Whether a row may be put in doubt: it is still ours, wanted, in time and nobody has said no. $2 now, $3 owner.
///
/// The state stands in `coalesce` wherever marks are written: else SQLite finds the rows by the index of all open ones, and
/// reads the list anew for each of them (58,000 steps for 16 messages of 400 claimed, instead of 4,000).
macro_rules! may_go {
    () => {
        "d.owner = $3 AND coalesce(d.state, '') IN ('claimed', 'in_doubt') AND coalesce(d.lease_until, 0) > $2 AND NOT d.held \
         AND d.expires_at > $2 \
         AND NOT EXISTS (SELECT 1 FROM sending_holds h WHERE h.ended_at IS NULL \
              AND NOT (d.kind = 'notice' AND d.subscription_id IS NULL AND d.created_at >= h.at)) \
         AND (d.kind <> 'edition' OR EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = d.subscription_id \
              AND s.state = 'confirmed' AND (s.paused_until IS NULL OR s.paused_until <= $2))) \
         AND (d.kind <> 'edition' OR EXISTS (SELECT 1 FROM editions e WHERE e.id = d.edition_id \
              AND e.state = 'released')) \
         AND (d.kind <> 'confirmation' OR EXISTS (SELECT 1 FROM confirmations c WHERE c.id = d.confirmation_id \
              AND c.used_at IS NULL AND c.expires_at > $2) \
              OR EXISTS (SELECT 1 FROM reader_links l WHERE l.delivery_id = d.id AND l.used_at IS NULL \
              AND l.expires_at > $2)) \
         AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = d.address_hash \
              AND x.lifted_at IS NULL \
              AND (d.kind IN ('edition', 'notice') OR x.reason IN ('complaint', 'operator')))"
    };
}

macro_rules! put_in_doubt_sqlite {
    ($returning:literal) => {
        concat!(
            "UPDATE deliveries AS d SET state = 'in_doubt', in_doubt_at = $2, lease_until = $4, ",
            "message_hash = unhex(m.hash) FROM (SELECT CAST(value AS INTEGER) AS row_id, ",
            "CAST(substr(value, instr(value, ' ') + 1) AS INTEGER) AS row_epoch, ",
            "substr(value, -64) AS hash FROM json_each($1)) AS m ",
            "WHERE d.id = m.row_id AND d.epoch = m.row_epoch AND ",
            may_go!(),
            $returning
        )
    };
}

// PostgreSQL believes that a JSON array has 100 entries and an array ten: for 100 it would rather read a queue of some
// thousand rows whole, each time, than find them by their numbers.
macro_rules! put_in_doubt_postgres {
    ($returning:literal) => {
        concat!(
            "UPDATE deliveries AS d SET state = 'in_doubt', in_doubt_at = $2, lease_until = $4, ",
            "message_hash = decode(m.hash, 'hex') FROM (SELECT split_part(value, ' ', 1)::bigint AS row_id, ",
            "split_part(value, ' ', 2)::bigint AS row_epoch, right(value, 64) AS hash ",
            "FROM unnest(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS value) AS m ",
            "WHERE d.id = m.row_id AND d.epoch = m.row_epoch AND ",
            may_go!(),
            $returning
        )
    };
}

/// What stands against it, in the words of [`crate::delivery::marks`].
macro_rules! why_not {
    () => {
        "SELECT d.id, CASE \
            WHEN d.owner IS NULL OR d.owner <> $3 OR d.state NOT IN ('claimed', 'in_doubt') \
                OR d.epoch <> m.row_epoch OR d.lease_until <= $2 THEN 'lost' \
            WHEN d.held OR EXISTS (SELECT 1 FROM sending_holds h WHERE h.ended_at IS NULL \
                AND NOT (d.kind = 'notice' AND d.subscription_id IS NULL AND d.created_at >= h.at)) THEN 'held' \
            WHEN d.expires_at <= $2 THEN 'expired' \
            WHEN EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = d.address_hash \
                AND x.lifted_at IS NULL \
                AND (d.kind IN ('edition', 'notice') OR x.reason IN ('complaint', 'operator'))) THEN 'suppressed' \
            WHEN d.kind = 'edition' AND EXISTS (SELECT 1 FROM editions e WHERE e.id = d.edition_id \
                AND e.state <> 'released') THEN 'stopped' \
            WHEN d.kind = 'confirmation' THEN 'answered' \
            WHEN EXISTS (SELECT 1 FROM subscriptions s WHERE s.id = d.subscription_id \
                AND s.state = 'confirmed') THEN 'paused' \
            ELSE 'left' END AS why "
    };
}

/// One row a reader: $1 edition, $2 and $3 the subscriptions' ids, $4 domain, $5 lifetime, $6 now, $7 the groups of domains
/// as a JSON object, $8 the window (ms) over which they are spread, by a number that looks random (Knuth's multiplicative
/// hash of the subscription's id).
macro_rules! fan_out {
    ($groups:literal, $group:literal, $reader:literal) => {
        concat!(
            "INSERT INTO deliveries (kind, dedup_key, priority, edition_id, subscription_id, variant_id, address, ",
            "address_hash, name, recipient_group, message_id, state, due_at, expires_at, created_at) ",
            $groups,
            "SELECT 'edition', 'edition:' || e.id || ':' || s.subscriber_id, 5, e.id, s.id, ec.variant_id, r.address, ",
            "r.address_hash, r.name, ",
            $group,
            ", 'ed-' || e.id || '.' || ",
            $reader,
            " || '@' || CAST($4 AS TEXT), 'pending', ",
            "e.released_at + ((s.id * 2654435761) % 4294967296) * CAST($8 AS BIGINT) / 4294967296, ",
            "e.released_at + $5, $6 FROM editions e ",
            "JOIN subscriptions s ON s.newsletter_id = e.newsletter_id AND s.id > $2 AND s.id <= $3 ",
            "JOIN subscribers r ON r.id = s.subscriber_id ",
            "JOIN edition_choices ec ON ec.edition_id = e.id AND ec.revision = e.revision ",
            "AND ec.choice_id = s.choice_id AND ec.layout = s.layout ",
            "WHERE e.id = $1 AND s.confirmed_at <= e.released_at ",
            "AND (s.paused_until IS NULL OR s.paused_until <= e.released_at) ",
            "AND (s.changed_at IS NULL OR s.changed_at <= e.released_at) ",
            "AND (s.state = 'confirmed' OR (s.state = 'left' AND s.left_at > e.released_at)) ",
            // Each by an index of its own: without one every reader would be looked for among all suppressions.
            "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = r.address_hash ",
            "AND x.at <= e.released_at AND x.lifted_at IS NULL) ",
            "AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = r.address_hash ",
            "AND x.at <= e.released_at AND x.lifted_at > e.released_at) ",
            "ON CONFLICT (dedup_key) DO NOTHING"
        )
    };
}

statements! {
    // Rows -------------------------------------------------------------------------------------------------------
    // $1 kind, $2 dedup key, $3 priority, $4 subscription, $5 confirmation, $6 variant, $7 address, $8 its hash,
    // $9 name, $10 group, $11 message id, $12 token key, $13 due, $14 expires, $15 now
    ENQUEUE = "INSERT INTO deliveries
            (kind, dedup_key, priority, subscription_id, confirmation_id, variant_id, address, address_hash, name,
             recipient_group, message_id, token_key_id, state, due_at, expires_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'pending', $13, $14, $15)
        ON CONFLICT (dedup_key) DO NOTHING";

    DELIVERY_BY_KEY = "SELECT id FROM deliveries WHERE dedup_key = $1";

    // Claims -----------------------------------------------------------------------------------------------------
    // Both states are named wherever one is meant: SQLite takes an index of some rows only where the statement says its
    // condition word by word, and would read every row of every edition instead.
    CLAIM = {
        sqlite: claim!("due_at > $9", "", "json_each($8)"),
        postgres: claim!("due_at > $9", " FOR UPDATE SKIP LOCKED", "jsonb_array_elements_text($8::jsonb)")
    };
    // From within a moment on. SQLite finds no place in an index by two columns at once when one of them is the row's number:
    // there only what is due at that moment, and CLAIM gives the rest.
    CLAIM_AFTER = {
        sqlite: claim!("due_at = $9 AND id > $10", "", "json_each($8)"),
        postgres: claim!("(due_at, id) > ($9, $10)", " FOR UPDATE SKIP LOCKED", "jsonb_array_elements_text($8::jsonb)")
    };
    CLAIM_DOUBTFUL = {
        sqlite: claim_doubtful!("", "json_each($5)"),
        postgres: claim_doubtful!(" FOR UPDATE SKIP LOCKED", "jsonb_array_elements_text($5::jsonb)")
    };
    // Claims whose owner let the lease pass before any body was begun, or has given no sign of life since $2.
    RETURN_EXPIRED_CLAIMS = "UPDATE deliveries SET state = 'pending', owner = NULL, lease_until = NULL
        WHERE state IN ('claimed', 'in_doubt') AND state = 'claimed'
          AND (lease_until <= $1 OR owner IN (SELECT id FROM nodes WHERE seen_at <= $2))";
    RETURN_LOST_CLAIMS = "UPDATE deliveries SET state = 'pending', owner = NULL, lease_until = NULL
        WHERE state IN ('claimed', 'in_doubt') AND state = 'claimed' AND owner = $1 AND lease_until >= $2";
    // On SQLite the pump's lock is ours: every other owner is a run of the program that has ended.
    RETURN_CLAIMS_OF_OTHERS = "UPDATE deliveries SET state = 'pending', owner = NULL, lease_until = NULL
        WHERE state IN ('claimed', 'in_doubt') AND state = 'claimed' AND owner <> $1";
    DISOWN_DOUBTS_OF_OTHERS = "UPDATE deliveries SET owner = NULL,
            lease_until = CASE WHEN expires_at < coalesce(in_doubt_at, $2) + $3 THEN expires_at
                          ELSE coalesce(in_doubt_at, $2) + $3 END
        WHERE state IN ('claimed', 'in_doubt') AND state = 'in_doubt' AND owner <> $1";
    // A look that takes no lock, each half by its own index. While sending is held alerts alone go: notices to the newsroom
    // (priority 1) that were written since.
    WORK = (concat!("SELECT
        EXISTS (SELECT 1 FROM sending_holds WHERE ended_at IS NULL) AS sending_held,
        CASE WHEN EXISTS (SELECT 1 FROM sending_holds WHERE ended_at IS NULL)
            THEN EXISTS (SELECT 1 FROM deliveries WHERE state = 'pending' AND NOT held AND priority = 1 AND due_at <= $1
                AND kind = 'notice' AND subscription_id IS NULL
                AND created_at >= (SELECT max(h.at) FROM sending_holds h WHERE h.ended_at IS NULL))
            ELSE coalesce(", first_due!(0), " <= $1 OR ", first_due!(1), " <= $1 OR ", first_due!(2), " <= $1
                OR ", first_due!(5), " <= $1, FALSE) END AS pending,
        EXISTS (SELECT 1 FROM deliveries WHERE state IN ('claimed', 'in_doubt') AND state = 'in_doubt'
                AND lease_until <= $1 AND NOT held)
            AND NOT EXISTS (SELECT 1 FROM sending_holds WHERE ended_at IS NULL) AS doubtful,
        EXISTS (SELECT 1 FROM deliveries WHERE state IN ('claimed', 'in_doubt') AND state = 'claimed'
                AND (lease_until <= $1 OR owner IN (SELECT id FROM nodes WHERE seen_at <= $2))) AS expired"));

    // Whether a pump has anything to do now or later, from two partial indexes.
    AT_WORK = (concat!("SELECT ", first_due!(0), " IS NOT NULL OR ", first_due!(1), " IS NOT NULL
        OR ", first_due!(2), " IS NOT NULL OR ", first_due!(5), " IS NOT NULL
        OR EXISTS (SELECT 1 FROM deliveries WHERE state IN ('claimed', 'in_doubt')) AS busy"));

    // Marks ------------------------------------------------------------------------------------------------------
    // $1 JSON array of texts, "ID EPOCH HASH": SQLite takes three times as long over objects. $2 now, $3 owner, $4 lease
    // until.
    PUT_IN_DOUBT = { sqlite: put_in_doubt_sqlite!(""), postgres: put_in_doubt_postgres!("") };
    // The same again in the same transaction, when not all were put in doubt: it says which. A row that SQLite returns costs
    // a turn of two threads.
    PUT_IN_DOUBT_AND_TELL = {
        sqlite: put_in_doubt_sqlite!(" RETURNING id"),
        postgres: put_in_doubt_postgres!(" RETURNING id")
    };
    WHY_NOT = {
        sqlite: concat!(why_not!(), "FROM deliveries d
            JOIN (SELECT CAST(value AS INTEGER) AS row_id,
                         CAST(substr(value, instr(value, ' ') + 1) AS INTEGER) AS row_epoch
                  FROM json_each($1)) AS m ON d.id = m.row_id"),
        postgres: concat!(why_not!(), "FROM deliveries d
            JOIN (SELECT split_part(value, ' ', 1)::bigint AS row_id, split_part(value, ' ', 2)::bigint AS row_epoch
                  FROM unnest(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS value) AS m ON d.id = m.row_id")
    };
    // $1 JSON array of marks (marks.rs), $2 owner. A result may come after the lease has passed: as long as nobody
    // else has claimed the row, it is the truth about it.
    SETTLE = {
        sqlite: "UPDATE deliveries AS d SET
                state = m.state, owner = NULL, lease_until = m.lease_until,
                held = CASE WHEN m.finished_at IS NULL THEN d.held OR m.hold ELSE FALSE END,
                reason = CASE WHEN m.state = 'sent' THEN NULL ELSE coalesce(m.reason, d.reason) END,
                due_at = coalesce(m.due_at, d.due_at), attempts = d.attempts + m.attempts,
                in_doubt_at = CASE WHEN m.undo_doubt THEN NULL ELSE d.in_doubt_at END,
                message_hash = CASE WHEN m.undo_doubt THEN NULL ELSE d.message_hash END,
                relay = coalesce(m.relay, d.relay), reply_stage = coalesce(m.stage, d.reply_stage),
                reply_code = CASE WHEN m.stage IS NULL THEN d.reply_code ELSE m.code END,
                reply_text = coalesce(m.text, d.reply_text), finished_at = m.finished_at,
                reply_class = CASE WHEN m.state = 'sent' THEN NULL ELSE coalesce(m.class, d.reply_class) END
            FROM (SELECT json_extract(value, '$.id') AS row_id, json_extract(value, '$.epoch') AS row_epoch,
                         json_extract(value, '$.state') AS state, json_extract(value, '$.hold') AS hold,
                         json_extract(value, '$.reason') AS reason, json_extract(value, '$.due_at') AS due_at,
                         json_extract(value, '$.lease_until') AS lease_until,
                         json_extract(value, '$.attempts') AS attempts,
                         json_extract(value, '$.undo_doubt') AS undo_doubt,
                         json_extract(value, '$.relay') AS relay, json_extract(value, '$.stage') AS stage,
                         json_extract(value, '$.code') AS code, json_extract(value, '$.text') AS text,
                         json_extract(value, '$.class') AS class,
                         json_extract(value, '$.finished_at') AS finished_at
                  FROM json_each($1)) AS m
            WHERE d.id = m.row_id AND d.epoch = m.row_epoch AND d.owner = $2
              AND coalesce(d.state, '') IN ('claimed', 'in_doubt')",
        postgres: "UPDATE deliveries AS d SET
                state = m.state, owner = NULL, lease_until = m.lease_until,
                held = CASE WHEN m.finished_at IS NULL THEN d.held OR m.hold ELSE FALSE END,
                reason = CASE WHEN m.state = 'sent' THEN NULL ELSE coalesce(m.reason, d.reason) END,
                due_at = coalesce(m.due_at, d.due_at), attempts = d.attempts + m.attempts,
                in_doubt_at = CASE WHEN m.undo_doubt THEN NULL ELSE d.in_doubt_at END,
                message_hash = CASE WHEN m.undo_doubt THEN NULL ELSE d.message_hash END,
                relay = coalesce(m.relay, d.relay), reply_stage = coalesce(m.stage, d.reply_stage),
                reply_code = CASE WHEN m.stage IS NULL THEN d.reply_code ELSE m.code END,
                reply_text = coalesce(m.text, d.reply_text), finished_at = m.finished_at,
                reply_class = CASE WHEN m.state = 'sent' THEN NULL ELSE coalesce(m.class, d.reply_class) END
            FROM jsonb_to_recordset($1::jsonb) AS m(
                id bigint, epoch bigint, state text, hold boolean, reason text, due_at bigint,
                lease_until bigint, attempts bigint, undo_doubt boolean, relay text, stage text, code bigint,
                text text, class text, finished_at bigint)
            WHERE d.id = m.id AND d.epoch = m.epoch AND d.owner = $2 AND coalesce(d.state, '') IN ('claimed', 'in_doubt')"
    };

    // What SETTLE does with rows that were sent, nearly all of them, told in little. $1 JSON array of texts, "ID EPOCH
    // FINISHED REPLY"; $2 owner, $3 relay, $4 stage, $5 code of all of them.
    SETTLE_SENT = {
        sqlite: "UPDATE deliveries AS d SET state = 'sent', owner = NULL, lease_until = NULL, held = FALSE, reason = NULL,
                reply_class = NULL, relay = $3, reply_stage = $4, reply_code = $5, reply_text = m.reply, finished_at = m.finished
            FROM (SELECT row_id, row_epoch, CAST(rest AS INTEGER) AS finished,
                         substr(rest, instr(rest, ' ') + 1) AS reply
                  FROM (SELECT row_id, CAST(rest AS INTEGER) AS row_epoch, substr(rest, instr(rest, ' ') + 1) AS rest
                        FROM (SELECT CAST(value AS INTEGER) AS row_id, substr(value, instr(value, ' ') + 1) AS rest
                              FROM json_each($1)))) AS m
            WHERE d.id = m.row_id AND d.epoch = m.row_epoch AND d.owner = $2
              AND coalesce(d.state, '') IN ('claimed', 'in_doubt')",
        postgres: "UPDATE deliveries AS d SET state = 'sent', owner = NULL, lease_until = NULL, held = FALSE, reason = NULL,
                reply_class = NULL, relay = $3, reply_stage = $4, reply_code = $5, reply_text = m.reply, finished_at = m.finished
            FROM (SELECT split_part(value, ' ', 1)::bigint AS row_id, split_part(value, ' ', 2)::bigint AS row_epoch,
                         split_part(value, ' ', 3)::bigint AS finished,
                         regexp_replace(value, '^[0-9]+ [0-9]+ [0-9]+ ', '') AS reply
                  FROM unnest(ARRAY(SELECT jsonb_array_elements_text($1::jsonb))) AS value) AS m
            WHERE d.id = m.row_id AND d.epoch = m.row_epoch AND d.owner = $2
              AND coalesce(d.state, '') IN ('claimed', 'in_doubt')"
    };

    // Messages ---------------------------------------------------------------------------------------------------
    // What a message is made of, and the newsletter whose rules it goes by.
    VARIANT_MESSAGE = "SELECT v.envelope_from, v.message, n.slug FROM variants v
        LEFT JOIN editions e ON e.id = v.edition_id LEFT JOIN newsletters n ON n.id = e.newsletter_id
        WHERE v.id = $1";

    // A trial mail, $1 its dedup key: what it is made of, and how far it has come.
    TRIAL_MESSAGE = { sqlite: concat!("SELECT ", claimed_columns!("0"), " FROM deliveries WHERE dedup_key = $1"), postgres: concat!("SELECT ", claimed_columns!("0"), " FROM deliveries WHERE dedup_key = $1") };
    TRIAL_STATE = "SELECT state, held, reason, relay, reply_text FROM deliveries WHERE dedup_key = $1";

    // Fan-out ----------------------------------------------------------------------------------------------------
    UNFINISHED_FAN_OUTS = "SELECT e.id, n.slug FROM editions e JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.state IN ('released', 'stopped') AND e.released_at IS NOT NULL AND e.fanned_out_at IS NULL
        ORDER BY e.released_at, e.id";
    // For whoever changes what a reader chose: until the change is kept, no edition of the newsletter is released.
    HOLD_RELEASES = {
        sqlite: "SELECT id FROM newsletters WHERE id = $1",
        postgres: "SELECT id FROM newsletters WHERE id = $1 FOR SHARE"
    };
    LACKING_ROWS = "SELECT id FROM editions WHERE newsletter_id = $1 AND state IN ('released', 'stopped')
        AND released_at IS NOT NULL AND fanned_out_at IS NULL ORDER BY id";
    LOCK_FAN_OUT = {
        sqlite: "SELECT newsletter_id, fan_out_cursor, fanned_out_at FROM editions WHERE id = $1",
        postgres: "SELECT newsletter_id, fan_out_cursor, fanned_out_at FROM editions WHERE id = $1 FOR UPDATE"
    };
    FAN_OUT_UPTO = "SELECT max(id) AS upto FROM (SELECT id FROM subscriptions
        WHERE newsletter_id = $1 AND id > $2 ORDER BY id LIMIT $3) AS chunk";
    // $1 edition, $2 after, $3 up to, $4 domain, $5 ms until it expires, $6 now. The readers as they stood at release.
    FAN_OUT_CHUNK = {
        sqlite: fan_out!(
            "WITH g AS MATERIALIZED (SELECT key, value FROM json_each($7)) ",
            "coalesce((SELECT g.value FROM g WHERE g.key = substr(r.address, instr(r.address, '@') + 1)), \
             substr(r.address, instr(r.address, '@') + 1))",
            "lower(hex(substr(r.address_hash, 1, 8)))"),
        postgres: fan_out!(
            "",
            "coalesce((SELECT CAST($7 AS jsonb)) ->> split_part(r.address, '@', 2), split_part(r.address, '@', 2))",
            "encode(substring(r.address_hash FROM 1 FOR 8), 'hex')")
    };
    MOVE_FAN_OUT = "UPDATE editions SET fan_out_cursor = $2 WHERE id = $1";
    END_FAN_OUT = "UPDATE editions SET fanned_out_at = $2 WHERE id = $1";

    // Retention --------------------------------------------------------------------------------------------------
    REMOVE_FINISHED = "DELETE FROM deliveries WHERE id IN (SELECT id FROM deliveries WHERE finished_at < $1
            ORDER BY finished_at, id LIMIT $2)
        RETURNING edition_id, kind, resend, state";
    FOLD = "INSERT INTO folded_deliveries (edition_id, sent, failed, cancelled, folded_at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (edition_id) DO UPDATE SET sent = folded_deliveries.sent + excluded.sent,
            failed = folded_deliveries.failed + excluded.failed,
            cancelled = folded_deliveries.cancelled + excluded.cancelled, folded_at = excluded.folded_at";
    EMPTY_VARIANTS = "UPDATE variants SET message = $2 WHERE length(message) > 0 AND edition_id IN (
        SELECT f.edition_id FROM folded_deliveries f JOIN editions e ON e.id = f.edition_id
        WHERE e.released_at < $1 AND NOT EXISTS (SELECT 1 FROM deliveries d WHERE d.edition_id = e.id))";
}
