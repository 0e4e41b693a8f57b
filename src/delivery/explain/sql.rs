//! What is read to tell one reader's story.

use crate::statements;

/// The ids of every row to an address, by its hash. What has a subscription is found by it.
macro_rules! of_address {
    ($hash:literal) => {
        concat!(
            "(SELECT a.id FROM deliveries a WHERE a.address_hash = ",
            $hash,
            " AND a.subscription_id IS NULL UNION ALL SELECT a.id FROM subscribers ar ",
            "JOIN subscriptions au ON au.subscriber_id = ar.id JOIN deliveries a ON a.subscription_id = au.id ",
            "WHERE ar.address_hash = ",
            $hash,
            ")"
        )
    };
}

statements! {
    READER_AT = "SELECT address, created_at FROM subscribers WHERE address_hash = $1";
    SUPPRESSIONS_OF = "SELECT reason, reply, at, lifted_at FROM suppressions WHERE address_hash = $1
        ORDER BY at DESC, id DESC";
    INSCRIPTIONS_OF = "SELECT s.newsletter_id, n.slug, n.title, n.timezone, s.state, c.categories AS choice, s.layout,
            s.created_at, s.confirmed_at, s.left_at, s.paused_until, s.changed_at
        FROM subscribers r JOIN subscriptions s ON s.subscriber_id = r.id
        JOIN newsletters n ON n.id = s.newsletter_id JOIN choices c ON c.id = s.choice_id
        WHERE r.address_hash = $1 ORDER BY n.title, s.id";
    HAS_DELIVERIES = (concat!("SELECT EXISTS ", of_address!("$1"), " AS known"));
    SLOTS_UNTIL = "SELECT s.slot_key, s.at, s.outcome, s.reason, e.id AS edition_id
        FROM slots s LEFT JOIN editions e ON e.slot_id = s.id
        WHERE s.newsletter_id = $1 AND s.at <= $2 ORDER BY s.at DESC, s.id DESC LIMIT $3";
    EDITION_FACTS = "SELECT e.newsletter_id, n.slug, n.title, n.timezone, e.slot_at, e.due_at, e.state, s.reason,
            e.approved_at, e.released_at, e.fanned_out_at,
            EXISTS (SELECT 1 FROM folded_deliveries f WHERE f.edition_id = e.id) AS folded,
            (SELECT r.of_edition_id FROM rectificatifs r WHERE r.edition_id = e.id) AS rectifies
        FROM editions e JOIN slots s ON s.id = e.slot_id JOIN newsletters n ON n.id = e.newsletter_id WHERE e.id = $1";
    DELIVERIES_OF_READER = (concat!("SELECT id, resend, state, held, reason, due_at, expires_at, attempts, in_doubt_at, relay,
            reply_stage, reply_code, reply_text, message_id, created_at, finished_at,
            (SELECT v.bodies_left_out FROM variants v WHERE v.id = deliveries.variant_id) AS bodies_left_out,
            (SELECT v.excerpt_length FROM variants v WHERE v.id = deliveries.variant_id) AS excerpt_length,
            (SELECT v.moved FROM variants v WHERE v.id = deliveries.variant_id) AS moved,
            (SELECT v.counted FROM variants v WHERE v.id = deliveries.variant_id) AS counted
        FROM deliveries WHERE edition_id = $1 AND id IN ", of_address!("$2"), " AND kind = 'edition' ORDER BY resend, id"));
    // What the reader's own copies hold, resends among them; first what has left, then what may.
    SHOWN_TO_READER = (concat!("SELECT v.shown FROM deliveries d JOIN variants v ON v.id = d.variant_id
        WHERE d.edition_id = $1 AND d.id IN ", of_address!("$2"), " AND d.kind = 'edition'
        ORDER BY CASE WHEN d.state = 'sent' THEN 0 WHEN d.state IN ('failed', 'cancelled') THEN 2 ELSE 1 END, d.id"));
    CHOICE_HAS_VARIANT = "SELECT EXISTS (SELECT 1 FROM editions e
            JOIN edition_choices ec ON ec.edition_id = e.id AND ec.revision = e.revision
            JOIN choices c ON c.id = ec.choice_id
            WHERE e.id = $1 AND c.categories = $2 AND ec.layout = $3) AS has";
    NAMES_OF_CATEGORIES = {
        sqlite: "SELECT name FROM categories WHERE id IN (SELECT value FROM json_each($1)) ORDER BY position, id",
        postgres: "SELECT name FROM categories
            WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) ORDER BY position, id"
    };
    ARTICLE_FACTS = "SELECT title, published_at, appeared_at, retracted_at FROM articles WHERE id = $1";
    CATEGORIES_OF_ARTICLE = "SELECT c.id, c.name FROM article_categories ac JOIN categories c ON c.id = ac.category_id
        WHERE ac.article_id = $1 AND c.kind = 'rubric' ORDER BY ac.position, c.id";
    LAST_USE = "SELECT l.usage, l.created_at, l.ended_at, l.edition_id, ea.role FROM ledger l
        LEFT JOIN editions e ON e.id = l.edition_id
        LEFT JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.revision AND ea.article_id = l.article_id
        WHERE l.newsletter_id = $1 AND l.article_id = $2 ORDER BY l.id DESC LIMIT 1";
    NEWSLETTER_HORIZON = "SELECT n.opening_at, (SELECT max(e.slot_at) FROM editions e WHERE e.newsletter_id = n.id
            AND e.released_at IS NOT NULL AND e.slot_at < $2) AS previous
        FROM newsletters n WHERE n.id = $1";
    SIMILAR_ADDRESSES = "SELECT address FROM subscribers WHERE (lower(address) LIKE $1 OR lower(address) LIKE $2)
        AND length(address) BETWEEN CAST($3 AS BIGINT) AND CAST($4 AS BIGINT) ORDER BY id";
}
