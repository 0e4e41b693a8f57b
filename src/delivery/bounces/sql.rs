//! Every statement about what comes back.

use crate::statements;

/// The ids of every row to the address whose hash is $1. What has a subscription is found by it.
macro_rules! of_address {
    () => {
        "(SELECT a.id FROM deliveries a WHERE a.address_hash = $1 AND a.subscription_id IS NULL \
          UNION ALL SELECT a.id FROM subscribers ar JOIN subscriptions au ON au.subscriber_id = ar.id \
          JOIN deliveries a ON a.subscription_id = au.id WHERE ar.address_hash = $1)"
    };
}

statements! {
    // Bounces ---------------------------------------------------------------------------------------------------
    FIND_BOUNCED = "SELECT id, kind, address, address_hash, created_at FROM deliveries WHERE id = $1";
    RECORD_BOUNCE = "INSERT INTO bounces (delivery_id, kind, class, status, reply, reporter, at)
        VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (delivery_id, kind) DO NOTHING";
    BOUNCES_OF = "SELECT class, status, reply, reporter, at FROM bounces WHERE delivery_id = $1 ORDER BY at, kind";
    // $1 delivery, $2 epoch.
    FIND_REFUSED = "SELECT kind, address_hash, created_at, finished_at, reply_class, reply_code || ' ' || reply_text AS reply
        FROM deliveries WHERE id = $1 AND epoch = $2 AND state = 'failed'
          AND reply_class IN ('hard', 'probable_hard', 'soft', 'mailbox_full')";
    // $1 the address's hash, $2 the latest moment that counts. A message that was taken in between clears the address.
    PROBABLE_BEFORE = (concat!(
        "SELECT EXISTS (SELECT 1 FROM deliveries p WHERE p.id IN ", of_address!(), " AND p.state = 'failed'
            AND p.reply_class = 'probable_hard' AND p.finished_at <= $2
            AND NOT EXISTS (SELECT 1 FROM deliveries s WHERE s.id IN ", of_address!(), " AND s.state = 'sent'
                AND s.finished_at > p.finished_at)) AS refused"
    ));
    // $1 the address's hash, $2 when the edition was written, $3 until when a later one that was sent may still come back.
    // Counted are the editions that the relay refused softly until their time was over, or of which a report said so, since
    // the last that arrived, and since a suppression was last lifted.
    SOFT_IN_A_ROW = (concat!(
        "SELECT count(*) AS editions, coalesce(min(d.created_at), 0) AS first FROM deliveries d
        WHERE d.id IN ", of_address!(), " AND d.created_at <= $2 AND d.kind = 'edition'
          AND (d.state = 'failed' AND d.reply_class IN ('soft', 'mailbox_full')
               OR EXISTS (SELECT 1 FROM bounces b WHERE b.delivery_id = d.id AND b.kind = 'bounce' AND b.class = 'soft'))
          AND d.created_at > coalesce((SELECT max(s.created_at) FROM deliveries s
                WHERE s.id IN ", of_address!(), " AND s.state = 'sent' AND (s.created_at <= $2 OR s.finished_at <= $3)
                  AND NOT EXISTS (SELECT 1 FROM bounces x WHERE x.delivery_id = s.id AND x.kind = 'bounce')), 0)
          AND d.created_at > coalesce((SELECT max(l.lifted_at) FROM suppressions l WHERE l.address_hash = $1), 0)"
    ));

    // What a report is about ------------------------------------------------------------------------------------
    REPORTED_DELIVERY = "SELECT id, created_at FROM deliveries WHERE id = $1";
    // A Message-ID of an edition holds the beginning of the address's hash: $1 and $2 are the ends of that range.
    REPORTED_MESSAGE = "SELECT d.id, d.created_at FROM subscribers r JOIN subscriptions s ON s.subscriber_id = r.id
        JOIN deliveries d ON d.subscription_id = s.id
        WHERE r.address_hash >= $1 AND r.address_hash <= $2 AND d.message_id = $3 ORDER BY d.id DESC LIMIT 1";
    LATEST_OF_SUBSCRIPTION = "SELECT id, created_at FROM deliveries
        WHERE subscription_id = $1 AND kind = 'edition' AND state IN ('sent', 'in_doubt') ORDER BY id DESC LIMIT 1";

    // Mailboxes -------------------------------------------------------------------------------------------------
    ADD_MAILBOX = "INSERT INTO mailboxes (mailbox, next_at) VALUES ($1, $2) ON CONFLICT (mailbox) DO NOTHING";
    CLAIM_MAILBOX = "UPDATE mailboxes SET next_at = $2 WHERE mailbox = $1 AND next_at <= $3
        RETURNING uid_validity, uid";
    NEXT_OF_MAILBOX = "SELECT next_at FROM mailboxes WHERE mailbox = $1";
    MAILBOX_READ = "UPDATE mailboxes SET next_at = $2, checked_at = $3, succeeded_at = $3, failures = 0, error = NULL
        WHERE mailbox = $1";
    MAILBOX_FAILED = "UPDATE mailboxes SET next_at = $2, checked_at = $3, failures = failures + 1, error = $4
        WHERE mailbox = $1";
    MOVE_MAILBOX = "UPDATE mailboxes SET uid_validity = $2, uid = $3 WHERE mailbox = $1";
    COUNT_READ = "UPDATE mailboxes SET reports = reports + $2, left_alone = left_alone + $3 WHERE mailbox = $1";
    MAILBOX_STATES = "SELECT mailbox, next_at, checked_at, succeeded_at, failures, error, reports, left_alone
        FROM mailboxes ORDER BY mailbox";
    KNOWN_REPORT = "SELECT at FROM mailbox_messages WHERE fingerprint = $1 LIMIT 1";
    ADD_MESSAGE = "INSERT INTO mailbox_messages (mailbox, name, fingerprint, flagged, at) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (mailbox, name) DO NOTHING";
    MESSAGES_OF = "SELECT name, fingerprint IS NOT NULL AS ours, flagged FROM mailbox_messages WHERE mailbox = $1";
    UNFLAGGED_MESSAGES = "SELECT name FROM mailbox_messages WHERE mailbox = $1 AND NOT flagged ORDER BY name LIMIT 1000";
    FLAG_MESSAGE = "UPDATE mailbox_messages SET flagged = TRUE WHERE mailbox = $1 AND name = $2";
    FORGET_MESSAGE = "DELETE FROM mailbox_messages WHERE mailbox = $1 AND name = $2";
    FORGET_REPORTS = "DELETE FROM mailbox_messages WHERE mailbox = $1 AND fingerprint IS NOT NULL AND flagged AND at < $2";
}
