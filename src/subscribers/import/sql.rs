//! The statements of an import: a chunk of lines is staged, judged, and taken in by set. `import_stage` is empty outside
//! the transaction of a chunk.

use crate::statements;

statements! {
    // $1: rows as a JSON array of arrays. Hashes are in hexadecimal.
    STAGE_IMPORT = {
        sqlite: "INSERT INTO import_stage (address_hash, address, domain, name, newsletter_id, choice_id, reference,
                opt_in, opt_in_at, opt_in_reference, reason, words, said_at)
            SELECT unhex(value->>0), value->>1, value->>2, value->>3, value->>4, value->>5, value->>6,
                value->>7, value->>8, value->>9, value->>10, value->>11, value->>12
            FROM json_each($1)",
        postgres: "INSERT INTO import_stage (address_hash, address, domain, name, newsletter_id, choice_id, reference,
                opt_in, opt_in_at, opt_in_reference, reason, words, said_at)
            SELECT decode(v->>0, 'hex'), v->>1, v->>2, v->>3, CAST(v->>4 AS BIGINT), CAST(v->>5 AS BIGINT), v->>6,
                v->>7, CAST(v->>8 AS BIGINT), v->>9, v->>10, v->>11, CAST(v->>12 AS BIGINT)
            FROM jsonb_array_elements(CAST($1 AS jsonb)) AS r(v)"
    };
    // A refusal is known when one as grave stands, or when the very same stood and was lifted; it is over when the reader
    // has confirmed here since.
    JUDGE_IMPORTED_NOS = "UPDATE import_stage SET outcome = CASE
            WHEN EXISTS (SELECT 1 FROM suppressions s
                WHERE s.address_hash = import_stage.address_hash AND s.lifted_at IS NULL
                  AND (s.reason IN ('complaint', 'operator') OR import_stage.reason NOT IN ('complaint', 'operator')))
                THEN 'already'
            WHEN EXISTS (SELECT 1 FROM suppressions s
                WHERE s.address_hash = import_stage.address_hash AND s.lifted_at IS NOT NULL
                  AND s.reason = import_stage.reason
                  AND (s.at = import_stage.said_at
                       OR (import_stage.said_at IS NULL AND s.reply = import_stage.words)))
                THEN 'already'
            WHEN EXISTS (SELECT 1 FROM subscribers r CROSS JOIN consent_events e
                WHERE r.address_hash = import_stage.address_hash AND e.subscriber_id = r.id
                  AND e.event IN ('confirmed', 'chosen', 'resumed') AND e.at > import_stage.said_at AND e.origin NOT LIKE 'import %')
                THEN 'came_back'
            ELSE 'added' END
        WHERE reason IS NOT NULL";
    LIFT_LIGHTER_THAN_IMPORTED = "UPDATE suppressions SET lifted_at = $1
        WHERE lifted_at IS NULL AND address_hash IN (SELECT i.address_hash FROM import_stage i
            WHERE i.outcome = 'added' AND i.reason IN ('complaint', 'operator'))";
    ADD_IMPORTED_NOS = "INSERT INTO suppressions (address_hash, domain, reason, reply, at)
        SELECT i.address_hash, i.domain, i.reason, i.words, COALESCE(i.said_at, CAST($1 AS BIGINT))
        FROM import_stage i WHERE i.reason IS NOT NULL AND i.outcome = 'added'
        ON CONFLICT (address_hash) WHERE lifted_at IS NULL DO NOTHING";
    // Whoever said no elsewhere does not read here by what an earlier file said.
    ENDED_BY_IMPORT = "SELECT s.id, s.subscriber_id, s.newsletter_id, i.words
        FROM import_stage i CROSS JOIN subscribers r CROSS JOIN subscriptions s
        WHERE i.outcome = 'added' AND i.reason IN ('imported', 'complaint')
          AND r.address_hash = i.address_hash AND s.subscriber_id = r.id AND s.state = 'confirmed'";
    JUDGE_IMPORTED_READERS = "UPDATE import_stage SET outcome = CASE
            WHEN EXISTS (SELECT 1 FROM suppressions s
                WHERE s.address_hash = import_stage.address_hash AND s.lifted_at IS NULL) THEN 'suppressed'
            ELSE COALESCE((SELECT CASE s.state WHEN 'pending' THEN 'added' WHEN 'left' THEN 'left' ELSE 'already' END
                FROM subscribers r CROSS JOIN subscriptions s
                WHERE r.address_hash = import_stage.address_hash AND s.subscriber_id = r.id
                  AND s.newsletter_id = import_stage.newsletter_id), 'added') END
        WHERE newsletter_id IS NOT NULL";
    ADD_IMPORTED_SUBSCRIBERS = "INSERT INTO subscribers (address, address_hash, name, created_at)
        SELECT i.address, i.address_hash, i.name, CAST($1 AS BIGINT)
        FROM import_stage i WHERE i.newsletter_id IS NOT NULL AND i.outcome = 'added'
        ON CONFLICT (address_hash) DO NOTHING";
    NAME_IMPORTED_SUBSCRIBERS = "UPDATE subscribers SET name = (SELECT MIN(i.name) FROM import_stage i
            WHERE i.address_hash = subscribers.address_hash)
        WHERE name IS NULL AND address_hash IN (SELECT i.address_hash FROM import_stage i
            WHERE i.name IS NOT NULL AND i.newsletter_id IS NOT NULL AND i.outcome = 'added')";
    ADD_IMPORTED_SUBSCRIPTIONS = "INSERT INTO subscriptions
            (subscriber_id, newsletter_id, choice_id, state, created_at, confirmed_at)
        SELECT r.id, i.newsletter_id, i.choice_id, 'confirmed', CAST($1 AS BIGINT), CAST($1 AS BIGINT)
        FROM import_stage i CROSS JOIN subscribers r
        WHERE r.address_hash = i.address_hash AND i.newsletter_id IS NOT NULL AND i.outcome = 'added'
        ON CONFLICT (subscriber_id, newsletter_id) DO UPDATE SET
            state = 'confirmed', confirmed_at = excluded.confirmed_at, choice_id = excluded.choice_id
        WHERE subscriptions.state = 'pending'";
    // $1 now, $2 wording, $3 origin.
    ADD_IMPORT_EVENTS = "INSERT INTO consent_events (subscriber_id, newsletter_id, event, reference, wording, origin, at)
        SELECT r.id, i.newsletter_id, 'imported', i.reference, CAST($2 AS TEXT), CAST($3 AS TEXT), CAST($1 AS BIGINT)
        FROM import_stage i CROSS JOIN subscribers r
        WHERE r.address_hash = i.address_hash AND i.newsletter_id IS NOT NULL AND i.outcome = 'added'";
    // $1 wording, $2 origin.
    ADD_OPT_IN_EVENTS = "INSERT INTO consent_events (subscriber_id, newsletter_id, event, reference, wording, origin, at)
        SELECT r.id, i.newsletter_id, i.opt_in, i.opt_in_reference, CAST($1 AS TEXT), CAST($2 AS TEXT), i.opt_in_at
        FROM import_stage i CROSS JOIN subscribers r
        WHERE r.address_hash = i.address_hash AND i.opt_in IS NOT NULL AND i.outcome = 'added'";
    TALLY_IMPORT = "SELECT outcome, reason, COUNT(*) AS staged FROM import_stage GROUP BY outcome, reason";
    CLEAR_IMPORT = "DELETE FROM import_stage";
}
