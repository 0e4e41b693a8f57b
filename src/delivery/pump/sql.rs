//! What results mean beyond their rows, written and read: rests of groups, counts, breakers, quotas.

use crate::statements;

statements! {
    // $1 group, $2 until, $3 troubles, $4 cause, $5 what was said, $6 now.
    REST_GROUP = "INSERT INTO group_rests (recipient_group, until, troubles, cause, detail, at)
        VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (recipient_group) DO UPDATE SET cause = excluded.cause, detail = excluded.detail, at = excluded.at,
            until = CASE WHEN excluded.until > group_rests.until THEN excluded.until ELSE group_rests.until END,
            troubles = CASE WHEN excluded.troubles > group_rests.troubles THEN excluded.troubles
                       ELSE group_rests.troubles END";
    END_GROUP_REST = "DELETE FROM group_rests WHERE recipient_group = $1";
    GROUP_REST = "SELECT until, troubles FROM group_rests WHERE recipient_group = $1";
    GROUP_RESTS = "SELECT recipient_group, until, troubles, cause, detail FROM group_rests ORDER BY recipient_group";
    // $3 sent, $4 hard, $5 refused as a sender, $6 refused as a message, $7 others.
    ADD_RESULTS = "INSERT INTO edition_results (edition_id, recipient_group, sent, hard, policy, message, other)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (edition_id, recipient_group) DO UPDATE SET sent = edition_results.sent + excluded.sent,
            hard = edition_results.hard + excluded.hard, policy = edition_results.policy + excluded.policy,
            message = edition_results.message + excluded.message, other = edition_results.other + excluded.other";
    GROUP_RESULTS = "SELECT CAST(sent + hard + policy + message + other AS BIGINT) AS results, hard,
            distrusted_at IS NOT NULL AS distrusted
        FROM edition_results WHERE edition_id = $1 AND recipient_group = $2";
    // What a group's host is to blame for is no reader's hard refusal.
    EDITION_RESULTS = "SELECT CAST(sum(r.sent + r.hard + r.policy + r.message + r.other) AS BIGINT) AS results,
            CAST(sum(CASE WHEN r.distrusted_at IS NULL THEN r.hard ELSE 0 END) AS BIGINT) AS hard,
            CAST(sum(r.policy) AS BIGINT) AS policy, CAST(sum(r.message) AS BIGINT) AS message,
            coalesce(e.eligible, 0) AS eligible,
            EXISTS (SELECT 1 FROM edition_breakers b WHERE b.edition_id = e.id) AS tripped
        FROM edition_results r JOIN editions e ON e.id = r.edition_id WHERE e.id = $1 GROUP BY e.id, e.eligible";
    DISTRUST_GROUP = "UPDATE edition_results SET distrusted_at = coalesce(distrusted_at, $3)
        WHERE edition_id = $1 AND recipient_group = $2";
    // What hard refusals of a group suppressed in an edition.
    LIFT_OF_GROUP = "UPDATE suppressions SET lifted_at = $3 WHERE lifted_at IS NULL AND reason = 'hard_bounce'
          AND at >= (SELECT e.released_at FROM editions e WHERE e.id = $1)
          AND address_hash IN (SELECT d.address_hash FROM deliveries d WHERE d.edition_id = $1 AND d.state = 'failed'
              AND d.recipient_group = $2 AND d.reply_class IN ('hard', 'probable_hard')
              AND d.finished_at = suppressions.at)";
    // $3 when they are tried again, $4 now.
    RETURN_OF_GROUP = "UPDATE deliveries SET state = 'pending', due_at = CASE WHEN $3 < expires_at THEN $3 ELSE expires_at END,
            reason = NULL, finished_at = NULL, owner = NULL, lease_until = NULL
        WHERE edition_id = $1 AND recipient_group = $2 AND state = 'failed'
          AND reply_class IN ('hard', 'probable_hard') AND expires_at > $4";
    // Readers whose message was refused for its own sake get it when the edition goes on.
    RETURN_MESSAGES = "UPDATE deliveries SET state = 'pending', held = TRUE, reason = $2, finished_at = NULL, owner = NULL,
            lease_until = NULL
        WHERE edition_id = $1 AND state = 'failed' AND reply_class = 'message' AND expires_at > $3";
    TRIP_BREAKER = "INSERT INTO edition_breakers (edition_id, cause, detail, at, stopped) VALUES ($1, $2, $3, $4, FALSE)
        ON CONFLICT (edition_id) DO UPDATE SET cause = excluded.cause, detail = excluded.detail, at = excluded.at,
            stopped = FALSE";
    UNSTOPPED_BREAKERS = "SELECT b.edition_id, b.cause FROM edition_breakers b WHERE NOT b.stopped ORDER BY b.edition_id";
    BREAKER_STOPPED = "UPDATE edition_breakers SET stopped = TRUE WHERE edition_id = $1";
    PAUSED_EDITIONS = "SELECT b.edition_id, b.detail FROM edition_breakers b JOIN editions e ON e.id = b.edition_id
        WHERE e.state = 'stopped' ORDER BY b.edition_id";
    // $1 relay, $2 day (since 1970, UTC), $3 messages.
    ADD_RELAY_DAY = "INSERT INTO relay_days (relay, day, messages) VALUES ($1, $2, $3)
        ON CONFLICT (relay, day) DO UPDATE SET messages = relay_days.messages + excluded.messages";
    RELAY_DAY = "SELECT messages FROM relay_days WHERE relay = $1 AND day = $2";
}
