//! Every statement of make-up: pins, corrections, whole texts.

use crate::statements;

statements! {
    // Articles that a person wants on top --------------------------------------------------------------------------
    PIN_ARTICLE = "INSERT INTO pins (article_id, pinned_at, until) VALUES ($1, $2, $3)
        ON CONFLICT (article_id) DO UPDATE SET pinned_at = excluded.pinned_at, until = excluded.until";
    UNPIN_ARTICLE = "DELETE FROM pins WHERE article_id = $1";
    PINS = {
        sqlite: "SELECT article_id, pinned_at FROM pins
            WHERE article_id IN (SELECT value FROM json_each($1)) AND (until IS NULL OR until > $2)",
        postgres: "SELECT article_id, pinned_at FROM pins
            WHERE article_id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
              AND (until IS NULL OR until > $2)"
    };
    PINS_IN_FORCE = "SELECT article_id FROM pins WHERE until IS NULL OR until > $1 ORDER BY pinned_at DESC, article_id";
    // Which newsletters have used it already: a pin changes nothing there.
    USED_BY = "SELECT n.slug FROM ledger l JOIN newsletters n ON n.id = l.newsletter_id
        WHERE l.article_id = $1 AND l.ended_at IS NULL ORDER BY n.id";
    // Editions that were frozen before a manual run may have a later slot: what waits must be young enough for the one
    // after them.
    LATEST_FROZEN_SLOT = "SELECT max(slot_at) AS at FROM editions WHERE newsletter_id = $1 AND state = 'frozen'";

    // Whole texts --------------------------------------------------------------------------------------------------
    DIGEST_BODIES = {
        sqlite: "SELECT id, body FROM articles WHERE id IN (SELECT value FROM json_each($1))",
        postgres: "SELECT id, body FROM articles
            WHERE id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))"
    };

    // Corrections --------------------------------------------------------------------------------------------------
    ADD_CORRECTION = "INSERT INTO corrections (article_id, note, created_at) VALUES ($1, $2, $3) RETURNING id";
    // The newsletters whose released editions had the article.
    SENT_BY = "SELECT DISTINCT n.slug FROM editions e JOIN newsletters n ON n.id = e.newsletter_id
        JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.released_revision
        WHERE e.released_at IS NOT NULL AND ea.article_id = $1 ORDER BY n.slug";
    // What edition $2 of newsletter $1 is to tell, or has told: each correction with the edition that had the article.
    CORRECTIONS_DUE = "SELECT c.id, c.article_id, c.note, a.title, a.url, e.id AS edition_id
        FROM corrections c
        JOIN articles a ON a.id = c.article_id AND a.retracted_at IS NULL
        JOIN edition_articles ea ON ea.article_id = c.article_id
        JOIN editions e ON e.id = ea.edition_id AND e.released_revision = ea.revision
            AND e.newsletter_id = $1 AND e.released_at IS NOT NULL AND e.id <> $2
        WHERE NOT EXISTS (SELECT 1 FROM corrections_told t JOIN editions o ON o.id = t.edition_id
                          WHERE t.correction_id = c.id AND o.newsletter_id = $1 AND o.id <> $2)
        ORDER BY c.id, e.id";
    // Each choice that had a variant of the edition as it was released, with what that variant held.
    SHOWN_TO = "SELECT ch.categories, v.shown FROM editions e
        JOIN edition_choices ec ON ec.edition_id = e.id AND ec.revision = e.released_revision
        JOIN variants v ON v.id = ec.variant_id
        JOIN choices ch ON ch.id = ec.choice_id
        WHERE e.id = $1 ORDER BY ch.categories, v.id";
    CORRECTION_TOLD = "INSERT INTO corrections_told (correction_id, edition_id) VALUES ($1, $2)
        ON CONFLICT (correction_id, edition_id) DO NOTHING";
}
