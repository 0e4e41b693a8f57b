//! Every statement about newsletters, slots, editions, the ledger and variants.

use crate::statements;

/// An edition's row with the names of its newsletter and slot.
macro_rules! editions {
    ($which:literal) => {
        concat!(
            "SELECT e.id, e.newsletter_id, n.slug, e.slot_id, s.slot_key, e.state, e.revision, e.slot_at, e.due_at, \
                e.expires_at, e.approved_at, e.released_at, e.eligible, e.fanned_out_at, e.web_name \
             FROM editions e JOIN slots s ON s.id = e.slot_id JOIN newsletters n ON n.id = e.newsletter_id ",
            $which
        )
    };
}

/// A newsletter's row.
macro_rules! newsletters {
    ($which:literal) => {
        concat!(
            "SELECT id, slug, title, schedule, timezone, taken_up_at, opening_at, paused_at, paused_until \
             FROM newsletters ",
            $which
        )
    };
}

statements! {
    // Newsletters -----------------------------------------------------------------------------------------------
    NEWSLETTER_BY_SLUG = (newsletters!(
        "WHERE slug = $1 OR id = (SELECT newsletter_id FROM newsletter_aliases WHERE slug = $1)"
    ));
    // On PostgreSQL the row is the lock under which a newsletter's slots, ledger and editions change.
    LOCK_NEWSLETTER = { sqlite: newsletters!("WHERE id = $1"), postgres: newsletters!("WHERE id = $1 FOR UPDATE") };
    ADD_NEWSLETTER = "INSERT INTO newsletters (slug, title, schedule, timezone, taken_up_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (slug) DO NOTHING";
    RENAME_NEWSLETTER = "UPDATE newsletters SET slug = $2 WHERE id = $1";
    ADD_NEWSLETTER_ALIAS = "INSERT INTO newsletter_aliases (slug, newsletter_id) VALUES ($1, $2)
        ON CONFLICT (slug) DO NOTHING";
    RETITLE_NEWSLETTER = "UPDATE newsletters SET title = $2 WHERE id = $1 AND title <> $2";
    TAKE_UP_SCHEDULE = "UPDATE newsletters SET schedule = $2, timezone = $3, taken_up_at = $4
        WHERE id = $1 AND (schedule <> $2 OR timezone <> $3)";
    OPEN_NEWSLETTER = "UPDATE newsletters SET opening_at = $2 WHERE id = $1 AND opening_at IS NULL";
    PAUSE_NEWSLETTER = "UPDATE newsletters SET paused_at = $2, paused_until = $3 WHERE id = $1";
    END_PAUSE = "UPDATE newsletters SET paused_until = $2
        WHERE id = $1 AND paused_at IS NOT NULL AND (paused_until IS NULL OR paused_until > $2)";
    COUNT_READERS = "SELECT count(*) FROM subscriptions WHERE newsletter_id = $1 AND state = 'confirmed'";

    // Slots -----------------------------------------------------------------------------------------------------
    TAKE_SLOT = "INSERT INTO slots (newsletter_id, slot_key, at, outcome, reason, created_at)
        VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (newsletter_id, slot_key) DO NOTHING RETURNING id";
    HANDLED_UNTIL = "SELECT max(at) AS at FROM slots
        WHERE newsletter_id = $1 AND at <= $2 AND slot_key NOT LIKE 'run:%' AND coalesce(reason, '') <> 'operator'";
    SKIP_SLOT = "UPDATE slots SET outcome = 'skipped', reason = $2 WHERE id = $1";
    // What stands between a slot and the edition before it: was there a pause?
    SLOTS_BACK = "SELECT at, outcome, reason FROM slots
        WHERE newsletter_id = $1 AND at < $2 AND slot_key NOT LIKE 'run:%' ORDER BY at DESC, id DESC LIMIT $3";
    SLOTS_AFTER = "SELECT slot_key, outcome, reason FROM slots
        WHERE newsletter_id = $1 AND at > $2 AND slot_key NOT LIKE 'run:%' ORDER BY at, id";
    SLOT_KEYS_AFTER = "SELECT slot_key FROM slots
        WHERE newsletter_id = $1 AND at >= $2 AND slot_key NOT LIKE 'run:%' ORDER BY at, id";

    // Selection -------------------------------------------------------------------------------------------------
    LISTED_RUBRICS = "SELECT id, slug, name FROM categories
        WHERE kind = 'rubric' AND listed AND NOT removed ORDER BY position, id";
    PREVIOUS_RELEASED_SLOT = "SELECT max(slot_at) AS at FROM editions
        WHERE newsletter_id = $1 AND released_at IS NOT NULL AND slot_at < $2";
    CANDIDATES = {
        sqlite: "SELECT a.id, a.appeared_at, a.published_at, a.primary_category_id, a.content_hash FROM articles a
            WHERE a.published_at > $2 AND a.published_at <= $3 AND a.appeared_at > $4 AND a.retracted_at IS NULL
              AND EXISTS (SELECT 1 FROM article_categories ac WHERE ac.article_id = a.id
                          AND ac.category_id IN (SELECT value FROM json_each($5)))
              AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.newsletter_id = $1 AND l.article_id = a.id
                              AND l.ended_at IS NULL)
            ORDER BY a.published_at DESC, a.id DESC",
        postgres: "SELECT a.id, a.appeared_at, a.published_at, a.primary_category_id, a.content_hash FROM articles a
            WHERE a.published_at > $2 AND a.published_at <= $3 AND a.appeared_at > $4 AND a.retracted_at IS NULL
              AND EXISTS (SELECT 1 FROM article_categories ac WHERE ac.article_id = a.id
                          AND ac.category_id IN (SELECT value::bigint FROM jsonb_array_elements_text($5::jsonb)))
              AND NOT EXISTS (SELECT 1 FROM ledger l WHERE l.newsletter_id = $1 AND l.article_id = a.id
                              AND l.ended_at IS NULL)
            ORDER BY a.published_at DESC, a.id DESC"
    };
    TAKE_ARTICLE = "INSERT INTO ledger (newsletter_id, article_id, edition_id, usage, created_at)
        VALUES ($1, $2, $3, $4, $5) ON CONFLICT (newsletter_id, article_id) WHERE ended_at IS NULL DO NOTHING";
    RETURN_ARTICLES = "UPDATE ledger SET ended_at = $2 WHERE edition_id = $1 AND ended_at IS NULL AND usage <> 'passed'
        AND NOT for_good";
    RETURN_ARTICLE = "UPDATE ledger SET ended_at = $3 WHERE edition_id = $1 AND article_id = $2 AND ended_at IS NULL";

    // Editions --------------------------------------------------------------------------------------------------
    ADD_EDITION = "INSERT INTO editions
            (newsletter_id, slot_id, state, revision, slot_at, due_at, expires_at, approved_at, frozen_at, web_name)
        VALUES ($1, $2, 'frozen', 1, $3, $3, $4, $5, $6, $7) RETURNING id";
    ADD_REVISION = "INSERT INTO edition_revisions (edition_id, revision, subject, note, cause, created_at)
        VALUES ($1, $2, $3, $4, $5, $6)";
    ADD_EDITION_ARTICLE = "INSERT INTO edition_articles (edition_id, revision, article_id, position, role, content_hash)
        VALUES ($1, $2, $3, $4, $5, $6)";
    SET_REVISION = "UPDATE editions SET revision = $2 WHERE id = $1";
    EDITION = (editions!("WHERE e.id = $1"));
    EDITIONS_OF = (editions!("WHERE e.newsletter_id = $1 ORDER BY e.slot_at DESC, e.id DESC LIMIT $2"));
    FROZEN_EDITIONS = (editions!("WHERE e.newsletter_id = $1 AND e.state = 'frozen' ORDER BY e.slot_at, e.id"));
    REVISION = "SELECT subject, note, cause, created_at FROM edition_revisions WHERE edition_id = $1 AND revision = $2";
    REVISIONS = "SELECT revision, subject, note, cause, created_at FROM edition_revisions
        WHERE edition_id = $1 ORDER BY revision";
    EDITION_ARTICLES = "SELECT article_id, role, content_hash FROM edition_articles
        WHERE edition_id = $1 AND revision = $2 ORDER BY position, article_id";
    // What changed under an edition since its revision was made.
    CHANGED_ARTICLES = "SELECT ea.article_id, a.retracted_at IS NOT NULL AS retracted
        FROM edition_articles ea JOIN articles a ON a.id = ea.article_id
        WHERE ea.edition_id = $1 AND ea.revision = $2
          AND (a.retracted_at IS NOT NULL OR a.content_hash <> ea.content_hash)
        ORDER BY ea.position, ea.article_id";
    RETRACTED_UNDER_WAY = "SELECT DISTINCT e.id FROM editions e
        JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.revision
        JOIN articles a ON a.id = ea.article_id
        WHERE e.newsletter_id = $1 AND e.state IN ('released', 'stopped') AND e.released_at > $2
          AND a.retracted_at IS NOT NULL ORDER BY e.id";
    APPROVE_EDITION = "UPDATE editions SET approved_at = $2 WHERE id = $1 AND state = 'frozen' AND approved_at IS NULL";
    POSTPONE_EDITION = "UPDATE editions SET due_at = $2, expires_at = $3 WHERE id = $1 AND state = 'frozen'";
    // What ends before its release gives its name on the web back.
    MOVE_EDITION = "UPDATE editions SET state = $3, web_name = CASE WHEN released_at IS NULL THEN NULL ELSE web_name END
        WHERE id = $1 AND state = $2";
    ELIGIBLE = "SELECT count(*) FROM subscriptions s
        JOIN subscribers r ON r.id = s.subscriber_id
        JOIN editions e ON e.newsletter_id = s.newsletter_id
        JOIN edition_choices ec ON ec.edition_id = e.id AND ec.revision = $2
            AND ec.choice_id = s.choice_id AND ec.layout = s.layout
        WHERE e.id = $1 AND s.state = 'confirmed' AND (s.paused_until IS NULL OR s.paused_until <= $3)
          AND NOT EXISTS (SELECT 1 FROM suppressions x WHERE x.address_hash = r.address_hash AND x.lifted_at IS NULL)";
    RELEASE_EDITION = "UPDATE editions SET state = 'released', released_at = $3, released_revision = $2, eligible = $4
        WHERE id = $1 AND state = 'frozen' AND revision = $2";
    HOLD_DELIVERIES = "UPDATE deliveries SET held = TRUE, reason = $2
        WHERE edition_id = $1 AND state IN ('pending', 'claimed') AND NOT held";
    LET_GO_DELIVERIES = "UPDATE deliveries SET held = FALSE, reason = NULL
        WHERE edition_id = $1 AND held AND reason = $2";

    // Articles as a digest shows them ---------------------------------------------------------------------------
    DIGEST_ARTICLES = {
        sqlite: "SELECT id, title, summary, url, authors, image_url, image_alt, image_width, image_height,
                published_at, primary_category_id, content_hash
            FROM articles WHERE id IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres: "SELECT id, title, summary, url, authors, image_url, image_alt, image_width, image_height,
                published_at, primary_category_id, content_hash
            FROM articles WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb)) ORDER BY id"
    };
    CATEGORIES_OF_ARTICLES = {
        sqlite: "SELECT article_id, category_id FROM article_categories
            WHERE article_id IN (SELECT value FROM json_each($1)) ORDER BY article_id, position, category_id",
        postgres: "SELECT article_id, category_id FROM article_categories
            WHERE article_id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
            ORDER BY article_id, position, category_id"
    };

    // Variants --------------------------------------------------------------------------------------------------
    CHOICES_IN_USE = "SELECT DISTINCT s.choice_id, c.categories, s.layout
        FROM subscriptions s JOIN choices c ON c.id = s.choice_id
        WHERE s.newsletter_id = $1 AND s.state = 'confirmed' ORDER BY s.choice_id, s.layout";
    // Variants are stored before the release that maps choices to them. One that an attempt before left behind, under other
    // settings perhaps, is written anew: no message can have been made of it.
    ADD_VARIANT = "INSERT INTO variants
            (edition_id, seen_hash, layout, subject, envelope_from, message, html_bytes, created_at, shown, bodies_left_out,
             excerpt_length, moved, counted)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
        ON CONFLICT (edition_id, seen_hash) WHERE edition_id IS NOT NULL DO UPDATE SET
            subject = excluded.subject, envelope_from = excluded.envelope_from, message = excluded.message,
            html_bytes = excluded.html_bytes, shown = excluded.shown, bodies_left_out = excluded.bodies_left_out,
            excerpt_length = excluded.excerpt_length, moved = excluded.moved, counted = excluded.counted
        WHERE EXISTS (SELECT 1 FROM editions e WHERE e.id = excluded.edition_id AND e.state = 'frozen')";
    VARIANT_ID = "SELECT id FROM variants WHERE edition_id = $1 AND seen_hash = $2";
    WEIGH_VARIANTS = "SELECT count(*) AS variants, CAST(coalesce(avg(length(message)), 0) AS BIGINT) AS bytes
        FROM variants WHERE edition_id = $1";
    EDITION_WEIGHT = "SELECT count(*) AS variants, coalesce(max(v.html_bytes), 0) AS html_bytes,
            count(CASE WHEN v.bodies_left_out > 0 OR v.excerpt_length IS NOT NULL THEN 1 END) AS trimmed,
            coalesce(max(v.bodies_left_out), 0) AS bodies_left_out,
            min(v.excerpt_length) AS excerpt_length, coalesce(max(v.moved), 0) AS moved, coalesce(max(v.counted), 0) AS counted
        FROM variants v WHERE v.edition_id = $1 AND EXISTS (SELECT 1 FROM edition_choices ec
            JOIN editions e ON e.id = ec.edition_id AND e.revision = ec.revision
            WHERE ec.edition_id = $1 AND ec.variant_id = v.id)";
    ADD_OTHER_VARIANT = "INSERT INTO variants
            (seen_hash, layout, subject, envelope_from, message, html_bytes, created_at)
        VALUES ($1, 'normal', $2, $3, $4, $5, $6)
        ON CONFLICT (seen_hash) WHERE edition_id IS NULL DO NOTHING";
    OTHER_VARIANT_ID = "SELECT id FROM variants WHERE edition_id IS NULL AND seen_hash = $1";
    // $1 edition, $2 revision, $3 JSON array of [choice, layout, variant].
    MAP_CHOICES = {
        sqlite: "INSERT INTO edition_choices (edition_id, revision, choice_id, layout, variant_id)
            SELECT $1, $2, json_extract(value, '$[0]'), json_extract(value, '$[1]'), json_extract(value, '$[2]')
            FROM json_each($3) WHERE TRUE
            ON CONFLICT (edition_id, revision, choice_id, layout) DO NOTHING",
        postgres: "INSERT INTO edition_choices (edition_id, revision, choice_id, layout, variant_id)
            SELECT $1, $2, (value->>0)::bigint, value->>1, (value->>2)::bigint
            FROM jsonb_array_elements($3::jsonb) WHERE TRUE
            ON CONFLICT (edition_id, revision, choice_id, layout) DO NOTHING"
    };
    // After release a new revision reaches the rows that were never in doubt; claimed ones come back first.
    RECALL_CLAIMED = "UPDATE deliveries SET state = 'pending', owner = NULL, lease_until = NULL, epoch = epoch + 1
        WHERE edition_id = $1 AND state = 'claimed'";
    CARRY_TO_REVISION = "UPDATE deliveries SET variant_id = (
            SELECT ec.variant_id FROM edition_choices ec JOIN subscriptions s ON s.id = deliveries.subscription_id
            WHERE ec.edition_id = deliveries.edition_id AND ec.revision = $2 AND ec.choice_id = s.choice_id
              AND ec.layout = s.layout)
        WHERE edition_id = $1 AND state = 'pending' AND in_doubt_at IS NULL
          AND EXISTS (SELECT 1 FROM edition_choices ec JOIN subscriptions s ON s.id = deliveries.subscription_id
            WHERE ec.edition_id = deliveries.edition_id AND ec.revision = $2 AND ec.choice_id = s.choice_id
              AND ec.layout = s.layout)";
    CANCEL_UNMAPPED = "UPDATE deliveries SET state = 'cancelled', reason = $3, finished_at = $4
        WHERE edition_id = $1 AND state = 'pending' AND in_doubt_at IS NULL
          AND NOT EXISTS (SELECT 1 FROM edition_choices ec JOIN subscriptions s ON s.id = deliveries.subscription_id
            WHERE ec.edition_id = deliveries.edition_id AND ec.revision = $2 AND ec.choice_id = s.choice_id
              AND ec.layout = s.layout)";
    // A variant that the new revision still gives to somebody does not contain what was withdrawn.
    HOLD_DOUBTED = "UPDATE deliveries SET held = TRUE, reason = $3
        WHERE edition_id = $1 AND state IN ('pending', 'in_doubt') AND in_doubt_at IS NOT NULL AND NOT held
          AND variant_id NOT IN (SELECT variant_id FROM edition_choices WHERE edition_id = $1 AND revision = $2)";
}
