//! The statements of what is kept of readers: origins, erasure, going on, what one reader may see, the register.

use crate::statements;

statements! {
    // Origins -----------------------------------------------------------------------------------------------------
    WHOLE_ORIGINS = "SELECT id, network_address FROM consent_events
        WHERE at < $1 AND (user_agent IS NOT NULL OR network_address NOT LIKE '%/%') ORDER BY at, id LIMIT $2";
    TRUNCATE_ORIGIN = "UPDATE consent_events SET network_address = $2, user_agent = NULL WHERE id = $1";

    // Erasure -----------------------------------------------------------------------------------------------------
    FORGET_CONFIRMATIONS = "DELETE FROM confirmations
        WHERE subscription_id IN (SELECT id FROM subscriptions WHERE subscriber_id = $1)";
    FORGET_SUBSCRIPTIONS = "DELETE FROM subscriptions WHERE subscriber_id = $1";
    // His consent events go with him, by the schema.
    FORGET_SUBSCRIBER = "DELETE FROM subscribers WHERE id = $1";
    // Of what was said against the address nothing stays but a complaint or an operator's block in force.
    FORGET_SUPPRESSIONS = "DELETE FROM suppressions WHERE address_hash = $1
        AND (lifted_at IS NOT NULL OR reason NOT IN ('complaint', 'operator'))";
    BLANK_SUPPRESSION = "UPDATE suppressions SET domain = '', reply = NULL, reference = $2
        WHERE address_hash = $1 AND lifted_at IS NULL";

    // Going on ----------------------------------------------------------------------------------------------------
    CONFIRMED_LETTERS = "SELECT n.id, n.slug, n.title, n.timezone FROM subscriptions s
        JOIN newsletters n ON n.id = s.newsletter_id
        WHERE s.subscriber_id = $1 AND s.state = 'confirmed' ORDER BY s.id";

    // What is kept of one reader --------------------------------------------------------------------------------------
    OWN_SUBSCRIBER = "SELECT id, address, name, created_at, link_mailed_at FROM subscribers WHERE address_hash = $1";
    OWN_SUBSCRIPTIONS = "SELECT s.id, n.slug AS newsletter, n.title, s.state, c.categories AS choice, s.layout,
            s.paused_until, s.changed_at, s.created_at, s.confirmed_at, s.left_at
        FROM subscriptions s JOIN newsletters n ON n.id = s.newsletter_id JOIN choices c ON c.id = s.choice_id
        WHERE s.subscriber_id = $1 ORDER BY s.id";
    OWN_CONFIRMATIONS = "SELECT n.slug AS newsletter, c.first_name, h.categories AS choice, c.created_at, c.expires_at, c.used_at
        FROM confirmations c JOIN subscriptions s ON s.id = c.subscription_id JOIN newsletters n ON n.id = s.newsletter_id
        LEFT JOIN choices h ON h.id = c.choice_id
        WHERE s.subscriber_id = $1 ORDER BY c.id";
    OWN_EVENTS = "SELECT n.slug AS newsletter, n.title, e.event, e.reference, e.wording, e.wording_version, e.origin,
            e.network_address, e.user_agent, e.at
        FROM consent_events e LEFT JOIN newsletters n ON n.id = e.newsletter_id
        WHERE e.subscriber_id = $1 ORDER BY e.at, e.id";
    OWN_SUPPRESSIONS = "SELECT reason, domain, reply, reference, at, lifted_at FROM suppressions
        WHERE address_hash = $1 ORDER BY at, id";
    OWN_CATEGORIES = {
        sqlite: "SELECT name FROM categories WHERE id IN (SELECT value FROM json_each($1)) ORDER BY position, id",
        postgres: "SELECT name FROM categories
            WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) ORDER BY position, id"
    };

    // The register ------------------------------------------------------------------------------------------------
    ADD_OPERATOR_ACT = "INSERT INTO operator_acts (act, address_hash, detail, by, at) VALUES ($1, $2, $3, $4, $5)";
    // Each: after ($1 moment, $2 id), before $3, of one address or of all ($4), at most $5.
    AUDIT_CONSENT = {
        sqlite: "SELECT e.id, e.at, e.event AS what, r.address_hash, n.slug AS newsletter, e.reference,
                e.origin AS detail, e.network_address, NULL AS who
            FROM consent_events e JOIN subscribers r ON r.id = e.subscriber_id
            LEFT JOIN newsletters n ON n.id = e.newsletter_id
            WHERE (e.at > $1 OR (e.at = $1 AND e.id > $2)) AND e.at < $3
              AND (CAST($4 AS BLOB) IS NULL OR r.address_hash = $4) ORDER BY e.at, e.id LIMIT $5",
        postgres: "SELECT e.id, e.at, e.event AS what, r.address_hash, n.slug AS newsletter, e.reference,
                e.origin AS detail, e.network_address, NULL::text AS who
            FROM consent_events e JOIN subscribers r ON r.id = e.subscriber_id
            LEFT JOIN newsletters n ON n.id = e.newsletter_id
            WHERE (e.at > $1 OR (e.at = $1 AND e.id > $2)) AND e.at < $3
              AND (CAST($4 AS BYTEA) IS NULL OR r.address_hash = $4) ORDER BY e.at, e.id LIMIT $5"
    };
    AUDIT_SUPPRESSED = {
        sqlite: "SELECT id, at, reason AS what, address_hash, NULL AS newsletter, reference, NULL AS detail,
                NULL AS network_address, NULL AS who FROM suppressions
            WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3
              AND (CAST($4 AS BLOB) IS NULL OR address_hash = $4) ORDER BY at, id LIMIT $5",
        postgres: "SELECT id, at, reason AS what, address_hash, NULL::text AS newsletter, reference, NULL::text AS detail,
                NULL::text AS network_address, NULL::text AS who FROM suppressions
            WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3
              AND (CAST($4 AS BYTEA) IS NULL OR address_hash = $4) ORDER BY at, id LIMIT $5"
    };
    AUDIT_LIFTED = {
        sqlite: "SELECT s.id, s.lifted_at AS at, s.reason AS what, s.address_hash, NULL AS newsletter,
                NULL AS reference, NULL AS detail, NULL AS network_address, l.by AS who
            FROM suppressions s LEFT JOIN suppression_lifts l ON l.id = s.lift_id
            WHERE (s.lifted_at > $1 OR (s.lifted_at = $1 AND s.id > $2)) AND s.lifted_at < $3
              AND (CAST($4 AS BLOB) IS NULL OR s.address_hash = $4) ORDER BY s.lifted_at, s.id LIMIT $5",
        postgres: "SELECT s.id, s.lifted_at AS at, s.reason AS what, s.address_hash, NULL::text AS newsletter,
                NULL::text AS reference, NULL::text AS detail, NULL::text AS network_address, l.by AS who
            FROM suppressions s LEFT JOIN suppression_lifts l ON l.id = s.lift_id
            WHERE (s.lifted_at > $1 OR (s.lifted_at = $1 AND s.id > $2)) AND s.lifted_at < $3
              AND (CAST($4 AS BYTEA) IS NULL OR s.address_hash = $4) ORDER BY s.lifted_at, s.id LIMIT $5"
    };
    AUDIT_ACTS = {
        sqlite: "SELECT id, at, act AS what, address_hash, NULL AS newsletter, NULL AS reference, detail,
                NULL AS network_address, by AS who FROM operator_acts
            WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3
              AND (CAST($4 AS BLOB) IS NULL OR address_hash = $4) ORDER BY at, id LIMIT $5",
        postgres: "SELECT id, at, act AS what, address_hash, NULL::text AS newsletter, NULL::text AS reference, detail,
                NULL::text AS network_address, by AS who FROM operator_acts
            WHERE (at > $1 OR (at = $1 AND id > $2)) AND at < $3
              AND (CAST($4 AS BYTEA) IS NULL OR address_hash = $4) ORDER BY at, id LIMIT $5"
    };
}
