//! Every statement about readers.

use crate::statements;

statements! {
    // Newsletters, as far as readers see them ---------------------------------------------------------------------
    FIND_NEWSLETTER = "SELECT n.id, n.slug, n.title, n.timezone FROM newsletters n
        WHERE n.slug = $1
           OR (n.id IN (SELECT a.newsletter_id FROM newsletter_aliases a WHERE a.slug = $1)
               AND NOT EXISTS (SELECT 1 FROM newsletters m WHERE m.slug = $1))";
    LIST_NEWSLETTERS = "SELECT id, slug, title, timezone FROM newsletters ORDER BY id";

    // Subscribers -------------------------------------------------------------------------------------------------
    // While nothing is confirmed, the spelling of the address follows the latest asking.
    UPSERT_SUBSCRIBER = "INSERT INTO subscribers (address, address_hash, name, created_at) VALUES ($1, $2, $3, $4)
        ON CONFLICT (address_hash) DO UPDATE SET
            address = CASE WHEN EXISTS (SELECT 1 FROM subscriptions s
                                        WHERE s.subscriber_id = subscribers.id AND s.state = 'confirmed')
                           THEN subscribers.address ELSE excluded.address END,
            name = COALESCE(subscribers.name, excluded.name)
        RETURNING id";
    // Both engines hold a written row for the transaction; PostgreSQL's FOR UPDATE is not SQLite's.
    LOCK_SUBSCRIBER = "UPDATE subscribers SET address = address WHERE id = $1";
    FIND_SUBSCRIBER = "SELECT id, address, name, created_at FROM subscribers WHERE address_hash = $1";


    // Choices -----------------------------------------------------------------------------------------------------
    ADD_CHOICE = "INSERT INTO choices (categories) VALUES ($1) ON CONFLICT (categories) DO NOTHING";
    FIND_CHOICE = "SELECT id FROM choices WHERE categories = $1";
    SET_CHOICE = "UPDATE subscriptions SET choice_id = $3
        WHERE newsletter_id = $2 AND subscriber_id = (SELECT id FROM subscribers WHERE address_hash = $1)";

    // Subscriptions -----------------------------------------------------------------------------------------------
    // DO UPDATE changes nothing, but gives the row that is there.
    ADD_SUBSCRIPTION = "INSERT INTO subscriptions (subscriber_id, newsletter_id, choice_id, state, created_at)
        VALUES ($1, $2, (SELECT id FROM choices WHERE categories = 'all'), 'pending', $3)
        ON CONFLICT (subscriber_id, newsletter_id) DO UPDATE SET state = subscriptions.state
        RETURNING id, state";
    CONFIRM_SUBSCRIPTION = "UPDATE subscriptions SET state = 'confirmed', confirmed_at = $2, left_at = NULL
        WHERE id = $1 AND state <> 'confirmed'";
    LEAVE_SUBSCRIPTION = "UPDATE subscriptions SET state = 'left', left_at = $2 WHERE id = $1 AND state <> 'left'";
    FIND_SUBSCRIPTION = "SELECT s.id AS subscription_id, s.subscriber_id, s.state,
            n.id, n.slug, n.title, n.timezone
        FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id WHERE s.id = $1";
    OTHER_SUBSCRIPTIONS = "SELECT s.id AS subscription_id, s.subscriber_id, s.state,
            n.id, n.slug, n.title, n.timezone
        FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id
        WHERE s.subscriber_id = $1 AND s.id <> $2 AND s.state <> 'left' ORDER BY s.id";
    CONFIRMED_SUBSCRIPTIONS = "SELECT COUNT(*) FROM subscriptions
        WHERE subscriber_id = $1 AND state = 'confirmed'";
    SUBSCRIPTIONS_OF = "SELECT s.id, n.slug AS newsletter, s.state, c.categories AS choice, s.layout,
            s.created_at, s.confirmed_at, s.left_at
        FROM subscriptions s
        JOIN newsletters n ON n.id = s.newsletter_id
        JOIN choices c ON c.id = s.choice_id
        WHERE s.subscriber_id = $1 ORDER BY s.id";
    LIST_SUBSCRIPTIONS = "SELECT s.id, r.address, r.name, n.slug AS newsletter, s.state, c.categories AS choice,
            COALESCE(s.left_at, s.confirmed_at, s.created_at) AS since, p.reason AS suppressed
        FROM subscriptions s
        JOIN subscribers r ON r.id = s.subscriber_id
        JOIN newsletters n ON n.id = s.newsletter_id
        JOIN choices c ON c.id = s.choice_id
        LEFT JOIN suppressions p ON p.address_hash = r.address_hash AND p.lifted_at IS NULL
        WHERE s.id > $1
          AND (CAST($2 AS TEXT) IS NULL OR n.slug = CAST($2 AS TEXT))
          AND (CAST($3 AS TEXT) IS NULL OR s.state = CAST($3 AS TEXT))
        ORDER BY s.id LIMIT $4";
    CHOICES_OF_READERS = "SELECT c.categories, count(*) AS readers
        FROM subscriptions s JOIN choices c ON c.id = s.choice_id
        WHERE s.state = 'confirmed' GROUP BY c.categories ORDER BY c.categories";

    // Confirmations -----------------------------------------------------------------------------------------------
    ADD_CONFIRMATION = "INSERT INTO confirmations (subscription_id, created_at, expires_at, choice_id, first_name)
        VALUES ($1, $2, $3, $4, $5) RETURNING id";
    SET_CONFIRMATION_TOKEN = "UPDATE confirmations SET token_hash = $2 WHERE id = $1";
    // When the latest link was made, and how many were made since one was last used.
    LINKS_SO_FAR = "SELECT COALESCE(MAX(c.created_at), 0) AS latest,
            COUNT(CASE WHEN c.created_at > (
                SELECT COALESCE(MAX(u.used_at), 0) FROM confirmations u
                JOIN subscriptions t ON t.id = u.subscription_id WHERE t.subscriber_id = $1
            ) THEN 1 END) AS unanswered
        FROM confirmations c JOIN subscriptions s ON s.id = c.subscription_id
        WHERE s.subscriber_id = $1 AND c.token_hash IS NOT NULL";
    FIND_CONFIRMATION = "SELECT c.subscription_id, s.subscriber_id, s.state, r.address, r.address_hash,
            c.created_at, c.expires_at, c.used_at, n.id, n.slug, n.title, n.timezone
        FROM confirmations c
        JOIN subscriptions s ON s.id = c.subscription_id
        JOIN subscribers r ON r.id = s.subscriber_id
        JOIN newsletters n ON n.id = s.newsletter_id
        WHERE c.token_hash = $1";
    // Of each newsletter what was asked for last.
    OPEN_CONFIRMATIONS = "SELECT c.id AS confirmation_id, s.id AS subscription_id, c.choice_id, h.categories AS choice,
            c.first_name, n.id, n.slug, n.title, n.timezone
        FROM confirmations c
        JOIN subscriptions s ON s.id = c.subscription_id
        JOIN newsletters n ON n.id = s.newsletter_id
        LEFT JOIN choices h ON h.id = c.choice_id
        WHERE s.subscriber_id = $1 AND c.id = (
            SELECT MAX(l.id) FROM confirmations l WHERE l.subscription_id = s.id
               AND l.used_at IS NULL AND l.expires_at > $2 AND l.created_at <= $3)
        ORDER BY s.id";
    CLOSE_CONFIRMATIONS = "UPDATE confirmations SET used_at = $2
        WHERE used_at IS NULL AND expires_at > $2 AND created_at <= $3
          AND subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id = $1)";
    VOID_CONFIRMATIONS = "UPDATE confirmations SET expires_at = $2
        WHERE used_at IS NULL AND expires_at > $2
          AND subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id = $1)";

    // Consent -----------------------------------------------------------------------------------------------------
    RECORD_EVENT = "INSERT INTO consent_events (subscriber_id, newsletter_id, event, reference, wording, origin, at,
            wording_version, network_address, user_agent)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (reference) DO NOTHING";
    LATEST_EVENT = "SELECT reference, at FROM consent_events
        WHERE subscriber_id = $1 AND newsletter_id = $2 AND event = $3 ORDER BY at DESC, id DESC LIMIT 1";
    EVENTS_OF = "SELECT n.slug AS newsletter, e.event, e.reference, e.wording, e.origin, e.at
        FROM consent_events e LEFT JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.subscriber_id = $1 ORDER BY e.at, e.id";

    // Suppressions ------------------------------------------------------------------------------------------------
    FIND_SUPPRESSION = "SELECT id, reason, domain, reply, at FROM suppressions
        WHERE address_hash = $1 AND lifted_at IS NULL";
    ADD_SUPPRESSION = "INSERT INTO suppressions (address_hash, domain, reason, reply, at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (address_hash) WHERE lifted_at IS NULL DO NOTHING";
    LIFT_SUPPRESSION = "UPDATE suppressions SET lifted_at = $2 WHERE id = $1 AND lifted_at IS NULL";

    // $1 reasons as a JSON array, or none; $2 domain, or none; $3 from, $4 to; $5 after, $6 at most.
    LIST_SUPPRESSIONS = {
        sqlite: "SELECT id, reason, domain, reply, at FROM suppressions
            WHERE lifted_at IS NULL AND id > $5
              AND (CAST($1 AS TEXT) IS NULL OR reason IN (SELECT value FROM json_each($1)))
              AND (CAST($2 AS TEXT) IS NULL OR domain = $2) AND at >= $3 AND at < $4
            ORDER BY id LIMIT $6",
        postgres: "SELECT id, reason, domain, reply, at FROM suppressions
            WHERE lifted_at IS NULL AND id > $5
              AND (CAST($1 AS TEXT) IS NULL OR reason IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))))
              AND (CAST($2 AS TEXT) IS NULL OR domain = $2) AND at >= $3 AND at < $4
            ORDER BY id LIMIT $6"
    };
    // $1 reason, $2 domain or none, $3 from, $4 to.
    COUNT_WAVE = "SELECT count(*) AS suppressions FROM suppressions WHERE lifted_at IS NULL AND reason = $1
        AND (CAST($2 AS TEXT) IS NULL OR domain = $2) AND at >= $3 AND at < $4";
    ADD_LIFT = "INSERT INTO suppression_lifts (reason, domain, since, until, lifted, by, at)
        VALUES ($1, $2, $3, $4, 0, $5, $6) RETURNING id";
    LIFT_WAVE = "UPDATE suppressions SET lifted_at = $5, lift_id = $6
        WHERE lifted_at IS NULL AND reason = $1
          AND (CAST($2 AS TEXT) IS NULL OR domain = $2) AND at >= $3 AND at < $4";
    COUNT_LIFT = "UPDATE suppression_lifts SET lifted = $2 WHERE id = $1";
    LIST_LIFTS = "SELECT id, reason, domain, since, until, lifted, by, at FROM suppression_lifts
        ORDER BY id DESC LIMIT $1";
}
