//! Statements of balances, alerts and reports.

use crate::statements;

/// The balance of P8, in one statement.
macro_rules! balance {
    () => {
        "SELECT e.id AS edition_id, e.eligible, e.fanned_out_at IS NOT NULL AS fanned_out, \
            count(CASE WHEN d.state = 'pending' THEN 1 END) AS pending, \
            count(CASE WHEN d.state = 'claimed' THEN 1 END) AS claimed, \
            count(CASE WHEN d.state = 'in_doubt' THEN 1 END) AS in_doubt, \
            count(CASE WHEN d.state = 'sent' THEN 1 END) + coalesce(max(f.sent), 0) AS sent, \
            count(CASE WHEN d.state = 'failed' THEN 1 END) + coalesce(max(f.failed), 0) AS failed, \
            count(CASE WHEN d.state = 'cancelled' THEN 1 END) + coalesce(max(f.cancelled), 0) AS cancelled, \
            count(CASE WHEN d.held THEN 1 END) AS held \
         FROM editions e LEFT JOIN deliveries d ON d.edition_id = e.id AND d.kind = 'edition' AND NOT d.resend \
         LEFT JOIN folded_deliveries f ON f.edition_id = e.id"
    };
}

statements! {
    BALANCE = { sqlite: concat!(balance!(), " WHERE e.id = $1 GROUP BY e.id, e.eligible, e.fanned_out_at"), postgres: concat!(balance!(), " WHERE e.id = $1 GROUP BY e.id, e.eligible, e.fanned_out_at") };
    BALANCES = { sqlite: concat!(balance!(), " WHERE e.released_at >= $1 GROUP BY e.id, e.eligible, e.fanned_out_at ORDER BY e.id"), postgres: concat!(balance!(), " WHERE e.released_at >= $1 GROUP BY e.id, e.eligible, e.fanned_out_at ORDER BY e.id") };
    DEPTHS = "SELECT state, FALSE AS held, priority, count(*) AS rows, min(due_at) AS oldest
            FROM deliveries WHERE state = 'pending' AND NOT held GROUP BY state, priority
        UNION ALL SELECT state, FALSE AS held, priority, count(*) AS rows, min(due_at) AS oldest
            FROM deliveries WHERE state IN ('claimed', 'in_doubt') AND NOT held GROUP BY state, priority
        UNION ALL SELECT state, TRUE AS held, priority, count(*) AS rows, min(due_at) AS oldest
            FROM deliveries WHERE held GROUP BY state, priority
        ORDER BY 1, 2, 3";

    EDITION_NAME = "SELECT n.slug, n.title, e.slot_at FROM editions e JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.id = $1";
    ADD_ALERT_CALL = "INSERT INTO alert_calls (way, body, next_at, created_at) VALUES ($1, $2, $3, $3)";
    // Whoever claims a call has until $2 to make it.
    CLAIM_ALERT_CALL = {
        sqlite: "UPDATE alert_calls SET tries = tries + 1, next_at = $2 WHERE id = (SELECT id FROM alert_calls
            WHERE done_at IS NULL AND next_at <= $1 ORDER BY id LIMIT 1) RETURNING id, way, body, tries, created_at",
        postgres: "UPDATE alert_calls SET tries = tries + 1, next_at = $2 WHERE id = (SELECT id FROM alert_calls
            WHERE done_at IS NULL AND next_at <= $1 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
            RETURNING id, way, body, tries, created_at"
    };
    SETTLE_ALERT_CALL = "UPDATE alert_calls SET next_at = $2, done_at = $3, error = $4 WHERE id = $1";
    HELD_BY_EDITION = "SELECT edition_id, count(*) AS rows, min(reason) AS reason FROM deliveries
        WHERE held AND edition_id IS NOT NULL AND coalesce(reason, '') NOT IN ($1, $2) GROUP BY edition_id ORDER BY edition_id";
    // Editions whose report is due: all rows are settled, or a day has passed.
    UNREPORTED = "SELECT e.id, n.slug, n.title, e.slot_at, e.released_at, e.fanned_out_at, e.state FROM editions e
        JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.reported_at IS NULL AND e.released_at IS NOT NULL AND e.released_at > $1 ORDER BY e.released_at, e.id";
    UNREPORTED_IDS = "SELECT id FROM editions WHERE reported_at IS NULL AND released_at IS NOT NULL AND released_at > $1
        ORDER BY id";
    HAS_OPEN_ROWS = "SELECT EXISTS (SELECT 1 FROM deliveries WHERE edition_id = $1 AND kind = 'edition' AND NOT resend
        AND state IN ('pending', 'claimed', 'in_doubt')) AS open";
    OUTCOMES = "SELECT state, coalesce(reason, '') AS reason, held, count(*) AS rows, max(finished_at) AS last
        FROM deliveries WHERE edition_id = $1 AND kind = 'edition' AND NOT resend
        GROUP BY state, coalesce(reason, ''), held ORDER BY state, rows DESC, reason";
    REFUSALS = "SELECT recipient_group, coalesce(reply_code, 0) AS code, min(coalesce(reply_text, '')) AS words, count(*) AS rows
        FROM deliveries WHERE edition_id = $1 AND kind = 'edition' AND NOT resend AND state = 'failed'
        GROUP BY recipient_group, coalesce(reply_code, 0) ORDER BY rows DESC, recipient_group LIMIT 5";
    EDITION_SUBJECT = "SELECT v.subject FROM variants v WHERE v.edition_id = $1 ORDER BY v.id LIMIT 1";
    REPORT_EDITION = "UPDATE editions SET reported_at = $2 WHERE id = $1 AND reported_at IS NULL";
}
