//! Statements of operators: one delivery, many at once, an edition once more.

use crate::statements;

macro_rules! listed {
    () => {
        "SELECT id, kind, edition_id, address, state, held, reason, due_at, expires_at, attempts, relay, reply_stage, \
            reply_code, reply_text, created_at, finished_at FROM deliveries"
    };
}

statements! {
    LIST_DELIVERIES = { sqlite: concat!(listed!(), " WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
        AND (CAST($2 AS BIGINT) IS NULL OR edition_id = $2)
        AND (CAST($3 AS BLOB) IS NULL OR address_hash = $3)
        AND (held OR NOT $4) AND (CAST($6 AS TEXT) IS NULL OR recipient_group = $6)
        ORDER BY id DESC LIMIT $5"), postgres: concat!(listed!(), " WHERE (CAST($1 AS TEXT) IS NULL OR state = $1)
        AND (CAST($2 AS BIGINT) IS NULL OR edition_id = $2)
        AND (CAST($3 AS BYTEA) IS NULL OR address_hash = $3)
        AND (held OR NOT $4) AND (CAST($6 AS TEXT) IS NULL OR recipient_group = $6)
        ORDER BY id DESC LIMIT $5") };
    SHOW_DELIVERY = { sqlite: concat!(listed!(), " WHERE id = $1"), postgres: concat!(listed!(), " WHERE id = $1") };
    RETRY_DELIVERY = "UPDATE deliveries SET state = 'pending', due_at = $2, expires_at = $3, reason = NULL,
            finished_at = NULL, owner = NULL, lease_until = NULL
        WHERE id = $1 AND state IN ('failed', 'pending') AND NOT held";
    HOLD_DELIVERY = "UPDATE deliveries SET held = TRUE, reason = $2
        WHERE id = $1 AND state IN ('pending', 'claimed', 'in_doubt') AND NOT held";
    RELEASE_DELIVERY = "UPDATE deliveries SET held = FALSE, reason = NULL WHERE id = $1 AND held";

    // Editions that would be sent, in part or in whole.
    UNFINISHED = "SELECT e.id, n.slug, s.slot_key, e.state, e.due_at,
            (SELECT count(*) FROM deliveries d WHERE d.edition_id = e.id
                AND d.state IN ('pending', 'claimed', 'in_doubt')) AS open
        FROM editions e JOIN slots s ON s.id = e.slot_id JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.state = 'frozen' OR (e.state = 'released' AND (e.fanned_out_at IS NULL OR EXISTS (SELECT 1
            FROM deliveries d WHERE d.edition_id = e.id AND d.state IN ('pending', 'claimed', 'in_doubt'))))
        ORDER BY e.due_at, e.id";

    // $1 after, $2 state, $3 edition, $4 address hash, $5 group, $6 retry, hold or release, $7 at most.
    MATCHING_DELIVERIES = {
        sqlite: "SELECT id FROM deliveries WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND (CAST($3 AS BIGINT) IS NULL OR edition_id = $3)
            AND (CAST($4 AS BLOB) IS NULL OR address_hash = $4) AND (CAST($5 AS TEXT) IS NULL OR recipient_group = $5)
            AND CASE CAST($6 AS TEXT) WHEN 'retry' THEN state IN ('failed', 'pending') AND NOT held
                WHEN 'hold' THEN state IN ('pending', 'claimed', 'in_doubt') AND NOT held ELSE held END
            ORDER BY id LIMIT $7",
        postgres: "SELECT id FROM deliveries WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND (CAST($3 AS BIGINT) IS NULL OR edition_id = $3)
            AND (CAST($4 AS BYTEA) IS NULL OR address_hash = $4) AND (CAST($5 AS TEXT) IS NULL OR recipient_group = $5)
            AND CASE CAST($6 AS TEXT) WHEN 'retry' THEN state IN ('failed', 'pending') AND NOT held
                WHEN 'hold' THEN state IN ('pending', 'claimed', 'in_doubt') AND NOT held ELSE held END
            ORDER BY id LIMIT $7"
    };
    COUNT_MATCHING = {
        sqlite: "SELECT state, recipient_group, count(*) AS rows FROM deliveries WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND (CAST($3 AS BIGINT) IS NULL OR edition_id = $3)
            AND (CAST($4 AS BLOB) IS NULL OR address_hash = $4) AND (CAST($5 AS TEXT) IS NULL OR recipient_group = $5)
            AND CASE CAST($6 AS TEXT) WHEN 'retry' THEN state IN ('failed', 'pending') AND NOT held
                WHEN 'hold' THEN state IN ('pending', 'claimed', 'in_doubt') AND NOT held ELSE held END
            GROUP BY state, recipient_group ORDER BY rows DESC, recipient_group, state",
        postgres: "SELECT state, recipient_group, count(*) AS rows FROM deliveries WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR state = $2) AND (CAST($3 AS BIGINT) IS NULL OR edition_id = $3)
            AND (CAST($4 AS BYTEA) IS NULL OR address_hash = $4) AND (CAST($5 AS TEXT) IS NULL OR recipient_group = $5)
            AND CASE CAST($6 AS TEXT) WHEN 'retry' THEN state IN ('failed', 'pending') AND NOT held
                WHEN 'hold' THEN state IN ('pending', 'claimed', 'in_doubt') AND NOT held ELSE held END
            GROUP BY state, recipient_group ORDER BY rows DESC, recipient_group, state"
    };
    // What an edition once more is made of. The variant is the first message's unless a later revision has withdrawn it.
    RESEND_SOURCE = "SELECT n.slug, n.title, e.state, s.id AS subscription_id, s.state AS subscription_state,
            coalesce((SELECT d.variant_id FROM deliveries d WHERE d.subscription_id = s.id AND d.edition_id = e.id
                        AND d.kind = 'edition' AND d.variant_id IN (SELECT x.variant_id FROM edition_choices x
                            WHERE x.edition_id = e.id AND x.revision = e.revision) ORDER BY d.id DESC LIMIT 1),
                     (SELECT ec.variant_id FROM edition_choices ec WHERE ec.edition_id = e.id
                        AND ec.revision = e.revision AND ec.choice_id = s.choice_id AND ec.layout = s.layout)) AS variant_id,
            (SELECT d.state FROM deliveries d WHERE d.subscription_id = s.id AND d.edition_id = e.id
                AND d.kind = 'edition' ORDER BY d.id DESC LIMIT 1) AS first_state,
            (SELECT count(*) FROM deliveries d WHERE d.subscription_id = s.id AND d.edition_id = e.id AND d.resend) AS resends
        FROM editions e JOIN newsletters n ON n.id = e.newsletter_id
        LEFT JOIN subscribers r ON r.address_hash = $2
        LEFT JOIN subscriptions s ON s.subscriber_id = r.id AND s.newsletter_id = e.newsletter_id
        WHERE e.id = $1";
    // $1 dedup key, $2 edition, $3 subscription, $4 variant, $5 message id, $6 now, $7 expires, $8 domain.
    ADD_RESEND = "INSERT INTO deliveries (kind, dedup_key, priority, resend, edition_id, subscription_id, variant_id, address,
            address_hash, name, recipient_group, message_id, state, due_at, expires_at, created_at)
        SELECT 'edition', $1, 5, TRUE, $2, s.id, $4, r.address, r.address_hash, r.name,
            coalesce((SELECT d.recipient_group FROM deliveries d WHERE d.subscription_id = s.id
                AND d.edition_id IS NOT NULL ORDER BY d.id DESC LIMIT 1), $8), $5, 'pending', $6, $7, $6
        FROM subscriptions s JOIN subscribers r ON r.id = s.subscriber_id WHERE s.id = $3";
}
