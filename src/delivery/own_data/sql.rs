//! The statements of readers' own data, as far as mail is concerned.

use crate::statements;

/// The ids of every message that is a reader's: $1 subscriber, $2 the hash of the address.
macro_rules! own_deliveries {
    () => {
        "(SELECT a.id FROM subscriptions au JOIN deliveries a ON a.subscription_id = au.id WHERE au.subscriber_id = $1 \
          UNION SELECT a.id FROM deliveries a WHERE a.address_hash = $2 AND a.subscription_id IS NULL \
          UNION SELECT a.id FROM reader_links al JOIN deliveries a ON a.id = al.delivery_id WHERE al.subscriber_id = $1 \
          UNION SELECT a.id FROM address_changes ac JOIN deliveries a ON a.id = ac.asked_by OR a.id = ac.told_by \
          WHERE ac.subscriber_id = $1 OR ac.holder_id = $1)"
    };
}

/// $1 moment: nothing was heard of the reader since. Signs of life come from the reader: anybody can type an address into the
/// form.
macro_rules! silent {
    () => {
        "r.created_at < $1 AND NOT EXISTS (SELECT 1 FROM consent_events e WHERE e.subscriber_id = r.id \
         AND e.at >= $1 AND e.event <> 'asked')"
    };
}

statements! {
    // Links -------------------------------------------------------------------------------------------------------
    HOLD_READER = "UPDATE subscribers SET address = address WHERE id = $1";
    READER_OF = "SELECT address, address_hash FROM subscribers WHERE id = $1";
    // The one his mails come from: a letter he gets, else one he had.
    LETTER_OF = "SELECT n.slug FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id WHERE s.subscriber_id = $1
        ORDER BY CASE s.state WHEN 'confirmed' THEN 0 WHEN 'left' THEN 1 ELSE 2 END, s.id LIMIT 1";
    LINKS_OF_LATE = "SELECT COALESCE(MAX(created_at), 0) AS latest, COUNT(*) AS links FROM reader_links
        WHERE subscriber_id = $1 AND purpose = $2 AND created_at > $3";
    // A link that is asked for again makes the earlier ones void.
    VOID_READER_LINKS = "UPDATE reader_links SET expires_at = $3
        WHERE subscriber_id = $1 AND purpose = $2 AND used_at IS NULL AND expires_at > $3";
    ADD_READER_LINK = "INSERT INTO reader_links (subscriber_id, purpose, created_at, expires_at)
        VALUES ($1, $2, $3, $4) RETURNING id";
    MAIL_OF_READER_LINK = "UPDATE reader_links SET delivery_id = (SELECT id FROM deliveries WHERE dedup_key = $2) WHERE id = $1";
    FIND_READER_LINK = "SELECT l.id, l.purpose, l.subscriber_id, r.address, r.address_hash, l.expires_at, l.used_at,
            l.reference
        FROM reader_links l LEFT JOIN subscribers r ON r.id = l.subscriber_id WHERE l.delivery_id = $1";
    USE_READER_LINK = "UPDATE reader_links SET used_at = $2, reference = $3 WHERE id = $1 AND used_at IS NULL";
    OWN_MOVES = "SELECT old_address, new_address, created_at, done_at, undone_at FROM address_changes
        WHERE subscriber_id = $1 OR holder_id = $1 ORDER BY id";
    OWN_LINKS = "SELECT purpose, created_at, expires_at, used_at FROM reader_links WHERE subscriber_id = $1 ORDER BY id";

    // What is kept ------------------------------------------------------------------------------------------------
    OWN_DELIVERIES = (concat!("SELECT d.id, d.kind, n.slug AS newsletter, n.title, n.timezone, e.slot_at, v.subject,
            d.address, d.name, d.state, d.reason, d.created_at, d.finished_at, d.relay, d.reply_code, d.reply_text
        FROM deliveries d JOIN variants v ON v.id = d.variant_id LEFT JOIN editions e ON e.id = d.edition_id
        LEFT JOIN newsletters n ON n.id = e.newsletter_id
        WHERE d.id IN ", own_deliveries!(), " ORDER BY d.created_at, d.id"));
    OWN_BOUNCES = (concat!("SELECT delivery_id, kind, class, status, reply, reporter, at FROM bounces
        WHERE delivery_id IN ", own_deliveries!(), " ORDER BY at"));

    // Erasure -----------------------------------------------------------------------------------------------------
    // From here on no edition of his letters is released, and none gets rows, until the erasure is kept.
    HOLD_NEWSLETTERS_OF = {
        sqlite: "SELECT id, slug, title, timezone FROM newsletters
            WHERE id IN (SELECT newsletter_id FROM subscriptions WHERE subscriber_id = $1) ORDER BY id",
        postgres: "SELECT id, slug, title, timezone FROM newsletters
            WHERE id IN (SELECT newsletter_id FROM subscriptions WHERE subscriber_id = $1) ORDER BY id FOR SHARE"
    };
    HOLD_FAN_OUTS_OF = {
        sqlite: "SELECT id FROM editions WHERE fanned_out_at IS NULL
            AND newsletter_id IN (SELECT newsletter_id FROM subscriptions WHERE subscriber_id = $1) ORDER BY id",
        postgres: "SELECT id FROM editions WHERE fanned_out_at IS NULL
            AND newsletter_id IN (SELECT newsletter_id FROM subscriptions WHERE subscriber_id = $1) ORDER BY id FOR UPDATE"
    };
    SUBSCRIPTION_TO = "SELECT id FROM subscriptions WHERE subscriber_id = $1 AND newsletter_id = $2";
    IDS_OF_OWN_DELIVERIES = (concat!("SELECT id FROM deliveries WHERE id IN ", own_deliveries!(), " ORDER BY id"));
    ERASE_BOUNCES = {
        sqlite: "UPDATE bounces SET reply = NULL WHERE delivery_id IN (SELECT value FROM json_each($1))",
        postgres: "UPDATE bounces SET reply = NULL
            WHERE delivery_id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))"
    };
    // A host that nobody else's mail of the edition went to names its reader: such results are counted without it.
    FOLD_OWN_GROUPS = {
        sqlite: "INSERT INTO edition_results (edition_id, recipient_group, sent, hard, policy, message, other)
            SELECT r.edition_id, '', CAST(sum(r.sent) AS BIGINT), CAST(sum(r.hard) AS BIGINT), CAST(sum(r.policy) AS BIGINT),
                CAST(sum(r.message) AS BIGINT), CAST(sum(r.other) AS BIGINT)
            FROM edition_results r
            WHERE r.recipient_group <> '' AND r.sent + r.hard + r.policy + r.message + r.other = 1
              AND EXISTS (SELECT 1 FROM deliveries d WHERE d.id IN (SELECT value FROM json_each($1))
                  AND d.edition_id = r.edition_id AND d.recipient_group = r.recipient_group)
            GROUP BY r.edition_id
            ON CONFLICT (edition_id, recipient_group) DO UPDATE SET sent = edition_results.sent + excluded.sent,
                hard = edition_results.hard + excluded.hard, policy = edition_results.policy + excluded.policy,
                message = edition_results.message + excluded.message, other = edition_results.other + excluded.other",
        postgres: "INSERT INTO edition_results (edition_id, recipient_group, sent, hard, policy, message, other)
            SELECT r.edition_id, '', CAST(sum(r.sent) AS BIGINT), CAST(sum(r.hard) AS BIGINT), CAST(sum(r.policy) AS BIGINT),
                CAST(sum(r.message) AS BIGINT), CAST(sum(r.other) AS BIGINT)
            FROM edition_results r
            WHERE r.recipient_group <> '' AND r.sent + r.hard + r.policy + r.message + r.other = 1
              AND EXISTS (SELECT 1 FROM deliveries d WHERE d.id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
                  AND d.edition_id = r.edition_id AND d.recipient_group = r.recipient_group)
            GROUP BY r.edition_id
            ON CONFLICT (edition_id, recipient_group) DO UPDATE SET sent = edition_results.sent + excluded.sent,
                hard = edition_results.hard + excluded.hard, policy = edition_results.policy + excluded.policy,
                message = edition_results.message + excluded.message, other = edition_results.other + excluded.other"
    };
    DROP_OWN_GROUPS = {
        sqlite: "DELETE FROM edition_results
            WHERE recipient_group <> '' AND sent + hard + policy + message + other = 1
              AND EXISTS (SELECT 1 FROM deliveries d WHERE d.id IN (SELECT value FROM json_each($1))
                  AND d.edition_id = edition_results.edition_id AND d.recipient_group = edition_results.recipient_group)",
        postgres: "DELETE FROM edition_results
            WHERE recipient_group <> '' AND sent + hard + policy + message + other = 1
              AND EXISTS (SELECT 1 FROM deliveries d WHERE d.id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
                  AND d.edition_id = edition_results.edition_id AND d.recipient_group = edition_results.recipient_group)"
    };
    // $1 ids, $2 now, $3 no bytes. What waits is cancelled; what may be on the wire just now is left to who sends it.
    ERASE_DELIVERIES = {
        sqlite: "UPDATE deliveries SET subscription_id = NULL, confirmation_id = NULL, dedup_key = 'erased:' || id, address = '',
                address_hash = $3, name = NULL, recipient_group = '', message_id = '', message_hash = NULL, dkim = NULL,
                reply_text = NULL, held = FALSE, owner = NULL, lease_until = NULL,
                state = CASE WHEN finished_at IS NULL THEN 'cancelled' ELSE state END,
                reason = CASE WHEN finished_at IS NULL THEN 'the reader had everything erased' ELSE reason END,
                finished_at = COALESCE(finished_at, $2)
            WHERE id IN (SELECT value FROM json_each($1))
              AND (state <> 'in_doubt' OR owner IS NULL OR lease_until <= $2)",
        postgres: "UPDATE deliveries SET subscription_id = NULL, confirmation_id = NULL, dedup_key = 'erased:' || id, address = '',
                address_hash = $3, name = NULL, recipient_group = '', message_id = '', message_hash = NULL, dkim = NULL,
                reply_text = NULL, held = FALSE, owner = NULL, lease_until = NULL,
                state = CASE WHEN finished_at IS NULL THEN 'cancelled' ELSE state END,
                reason = CASE WHEN finished_at IS NULL THEN 'the reader had everything erased' ELSE reason END,
                finished_at = COALESCE(finished_at, $2)
            WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
              AND (state <> 'in_doubt' OR owner IS NULL OR lease_until <= $2)"
    };
    // Whoever sends it may settle it, and nobody sends it again.
    LOOSEN_DELIVERIES = {
        sqlite: "UPDATE deliveries SET subscription_id = NULL, confirmation_id = NULL,
                expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 END
            WHERE id IN (SELECT value FROM json_each($1)) AND state = 'in_doubt'",
        postgres: "UPDATE deliveries SET subscription_id = NULL, confirmation_id = NULL,
                expires_at = CASE WHEN expires_at < $2 THEN expires_at ELSE $2 END
            WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) AND state = 'in_doubt'"
    };
    ERASE_MOVES = "DELETE FROM address_changes WHERE subscriber_id = $1 OR holder_id = $1";
    // Messages that were on the wire when their reader had everything erased, since $1.
    SETTLED_SINCE_ERASURE = "SELECT d.id FROM suppressions x JOIN deliveries d ON d.address_hash = x.address_hash
            AND d.subscription_id IS NULL
        WHERE x.reference IS NOT NULL AND x.at >= $1 AND d.created_at <= x.at AND d.finished_at IS NOT NULL ORDER BY d.id";

    // Silence -----------------------------------------------------------------------------------------------------
    // $2 after, $3 at most. With the link by which he was asked whether he goes on, and what became of its mail.
    SILENT_READERS = (concat!("SELECT r.id, r.address, r.address_hash,
            EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = r.id AND s.state = 'confirmed')
                AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = r.address_hash
                    AND x.lifted_at IS NULL) AS mailed,
            COALESCE((SELECT MAX(e.at) FROM consent_events e WHERE e.subscriber_id = r.id AND e.event <> 'asked'),
                r.created_at) AS heard_at,
            l.created_at AS asked_at, d.state AS mail_state, d.finished_at AS mail_finished_at
        FROM subscribers r
        LEFT JOIN reader_links l ON l.id = (SELECT MAX(k.id) FROM reader_links k WHERE k.subscriber_id = r.id
            AND k.purpose = 'keep' AND k.used_at IS NULL AND k.created_at >= $1)
        LEFT JOIN deliveries d ON d.id = l.delivery_id
        WHERE r.id > $2 AND ", silent!(), "
          AND EXISTS (SELECT 1 FROM subscriptions s WHERE s.subscriber_id = r.id AND s.state <> 'pending')
        ORDER BY r.id LIMIT $3"));
    IS_SILENT = (concat!("SELECT EXISTS (SELECT 1 FROM subscribers r WHERE r.id = $2 AND ", silent!(), ") AS silent"));
}
