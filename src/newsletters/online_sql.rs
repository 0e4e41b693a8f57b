//! Every statement about editions on the web.

use crate::statements;

/// An edition's row for the web: its name, its words, its first article and how many there are.
macro_rules! online_editions {
    ($which:literal) => {
        concat!(
            "SELECT e.id, e.web_name, e.slot_at, e.released_at, r.subject, r.note, \
                (SELECT CASE WHEN a.content_hash = ea.content_hash THEN coalesce(w.title, a.title) ELSE a.title END \
                 FROM edition_articles ea JOIN articles a ON a.id = ea.article_id \
                 LEFT JOIN edition_words w ON w.edition_id = ea.edition_id AND w.revision = ea.revision \
                    AND w.article_id = ea.article_id \
                 WHERE ea.edition_id = e.id AND ea.revision = e.released_revision AND a.retracted_at IS NULL \
                 ORDER BY ea.position, ea.article_id LIMIT 1) AS headline, \
                (SELECT count(*) FROM edition_articles ea JOIN articles a ON a.id = ea.article_id \
                 WHERE ea.edition_id = e.id AND ea.revision = e.released_revision AND a.retracted_at IS NULL) \
                 AS articles, \
                (SELECT count(*) FROM edition_articles ea JOIN articles a ON a.id = ea.article_id \
                 WHERE ea.edition_id = e.id AND ea.revision = e.released_revision AND a.retracted_at IS NOT NULL) \
                 AS retracted \
             FROM editions e JOIN edition_revisions r ON r.edition_id = e.id AND r.revision = e.revision \
             WHERE e.newsletter_id = $1 AND e.released_at IS NOT NULL AND e.web_name IS NOT NULL ",
            $which
        )
    };
}

statements! {
    NAMES_OF_DAY = "SELECT web_name FROM editions WHERE newsletter_id = $1 AND substr(web_name, 1, 10) = $2
        ORDER BY web_name";
    NAMELESS = "SELECT id, slot_at FROM editions WHERE newsletter_id = $1 AND web_name IS NULL
        AND (state = 'frozen' OR released_at IS NOT NULL)
        AND NOT EXISTS (SELECT 1 FROM rectificatifs x WHERE x.edition_id = editions.id) ORDER BY slot_at, id";
    NAME_EDITION = "UPDATE editions SET web_name = $2 WHERE id = $1 AND web_name IS NULL";

    // What pages and feeds of editions show changes when one of these does: a release, an article's change (the category of
    // kind 'all' holds every article), a newsletter's name, a picture.
    ONLINE_VERSION = "SELECT
        (SELECT max(released_at) FROM editions WHERE released_at IS NOT NULL) AS released_at,
        (SELECT max(feed_version) FROM categories WHERE kind = 'all') AS articles,
        (SELECT string_agg(slug, ',' ORDER BY id) FROM newsletters) AS slugs,
        (SELECT max(prepared_at) FROM images) AS images";
    ONLINE_NEWSLETTERS = "SELECT n.id, n.slug, n.title, n.timezone, n.created_at,
            (SELECT count(*) FROM editions e
             WHERE e.newsletter_id = n.id AND e.released_at IS NOT NULL AND e.web_name IS NOT NULL) AS editions
        FROM newsletters n ORDER BY n.id";
    ONLINE_NEWSLETTER = "SELECT n.id, n.slug, n.title, n.timezone, n.created_at,
            (SELECT count(*) FROM editions e
             WHERE e.newsletter_id = n.id AND e.released_at IS NOT NULL AND e.web_name IS NOT NULL) AS editions
        FROM newsletters n
        WHERE n.slug = $1 OR n.id = (SELECT newsletter_id FROM newsletter_aliases WHERE slug = $1)
        ORDER BY CASE WHEN n.slug = $1 THEN 0 ELSE 1 END LIMIT 1";
    NEWSLETTER_ALIASES = "SELECT a.slug, n.slug AS present FROM newsletter_aliases a
        JOIN newsletters n ON n.id = a.newsletter_id ORDER BY a.slug";

    LATEST_ONLINE = (online_editions!("ORDER BY e.slot_at DESC, e.id DESC LIMIT $2"));
    ONLINE_OF_MONTH = (online_editions!("AND substr(e.web_name, 1, 7) = $2 ORDER BY e.slot_at DESC, e.id DESC"));
    ONLINE_BY_NAME = (online_editions!("AND e.web_name = $2"));
    ONLINE_BEFORE = (online_editions!(
        "AND (e.slot_at < $2 OR (e.slot_at = $2 AND e.id < $3)) ORDER BY e.slot_at DESC, e.id DESC LIMIT 1"
    ));
    ONLINE_AFTER = (online_editions!(
        "AND (e.slot_at > $2 OR (e.slot_at = $2 AND e.id > $3)) ORDER BY e.slot_at, e.id LIMIT 1"
    ));
    ONLINE_MONTHS = "SELECT substr(web_name, 1, 7) AS month, count(*) AS editions FROM editions
        WHERE newsletter_id = $1 AND released_at IS NOT NULL AND web_name IS NOT NULL
        GROUP BY substr(web_name, 1, 7) ORDER BY 1 DESC";
    // Whatever was in the edition when it was released, as it stands now; an editor's words as long as the article has not changed.
    ONLINE_ARTICLES = {
        sqlite: "SELECT ea.edition_id, ea.article_id, ea.role,
                CASE WHEN a.content_hash = ea.content_hash THEN coalesce(w.title, a.title) ELSE a.title END AS title,
                CASE WHEN a.content_hash = ea.content_hash THEN coalesce(w.summary, a.summary) ELSE a.summary END AS summary,
                a.url, a.authors, a.image_url,
                a.image_alt, a.image_width, a.image_height, a.updated_at, a.retracted_at, a.primary_category_id,
                a.content_hash <> ea.content_hash AS changed,
                (SELECT string_agg(CAST(ac.category_id AS TEXT), ',' ORDER BY ac.position, ac.category_id)
                 FROM article_categories ac WHERE ac.article_id = a.id) AS categories
            FROM editions e
            JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.released_revision
            JOIN articles a ON a.id = ea.article_id
            LEFT JOIN edition_words w ON w.edition_id = ea.edition_id AND w.revision = ea.revision
                AND w.article_id = ea.article_id
            WHERE e.id IN (SELECT value FROM json_each($1)) ORDER BY ea.edition_id, ea.position, ea.article_id",
        postgres: "SELECT ea.edition_id, ea.article_id, ea.role,
                CASE WHEN a.content_hash = ea.content_hash THEN coalesce(w.title, a.title) ELSE a.title END AS title,
                CASE WHEN a.content_hash = ea.content_hash THEN coalesce(w.summary, a.summary) ELSE a.summary END AS summary,
                a.url, a.authors, a.image_url,
                a.image_alt, a.image_width, a.image_height, a.updated_at, a.retracted_at, a.primary_category_id,
                a.content_hash <> ea.content_hash AS changed,
                (SELECT string_agg(CAST(ac.category_id AS TEXT), ',' ORDER BY ac.position, ac.category_id)
                 FROM article_categories ac WHERE ac.article_id = a.id) AS categories
            FROM editions e
            JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.released_revision
            JOIN articles a ON a.id = ea.article_id
            LEFT JOIN edition_words w ON w.edition_id = ea.edition_id AND w.revision = ea.revision
                AND w.article_id = ea.article_id
            WHERE e.id IN (SELECT value::bigint FROM jsonb_array_elements_text($1::jsonb))
            ORDER BY ea.edition_id, ea.position, ea.article_id"
    };
}
