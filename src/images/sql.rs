//! Every statement about articles' pictures.

use crate::statements;

/// Addresses of pictures that are to be made small: of articles `$which`, unless they are done or wait for another try.
macro_rules! wanted {
    ($which:literal) => {
        concat!(
            "SELECT a.image_url AS url, max(a.published_at) AS published_at FROM articles a
             WHERE a.retracted_at IS NULL AND a.image_url <> '' AND length(a.image_url) <= 2000
               AND NOT EXISTS (SELECT 1 FROM images i WHERE i.url = a.image_url
                               AND (i.state <> 'waiting' OR i.retry_at > $1)) ",
            $which,
            " GROUP BY a.image_url ORDER BY max(a.published_at) DESC, a.image_url LIMIT $2"
        )
    };
}

statements! {
    WANTED_IMAGES_OF_EDITIONS = (wanted!(
        "AND a.id IN (SELECT ea.article_id FROM editions e
            JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.revision
            WHERE e.state = 'frozen' AND e.fanned_out_at IS NULL)"
    ));
    WANTED_IMAGES_OF_ARTICLES = (wanted!("AND a.published_at > $3 AND a.published_at <= $1"));
    // Which article leads is known at the freeze; what was released a while ago is not made up for.
    WANTED_IMAGES_OF_LEADS = "SELECT DISTINCT i.url FROM editions e
        JOIN edition_articles ea ON ea.edition_id = e.id AND ea.revision = e.revision AND ea.role = 'lead'
        JOIN articles a ON a.id = ea.article_id
        JOIN images i ON i.url = a.image_url
        WHERE (e.state = 'frozen' OR (e.state = 'released' AND e.slot_at > $1))
          AND a.retracted_at IS NULL AND i.state = 'ready' AND NOT i.of_lead
        ORDER BY i.url LIMIT $2";
    KEEP_IMAGE = "INSERT INTO images (url, state, of_lead, prepared_at) VALUES ($1, 'ready', $2, $3)
        ON CONFLICT (url) DO UPDATE SET state = 'ready', reason = NULL, retry_at = NULL,
            of_lead = images.of_lead OR excluded.of_lead, prepared_at = excluded.prepared_at
        RETURNING id";
    KEEP_IMAGE_FILE = "INSERT INTO image_files (image_id, size, name, width, height, bytes, content)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (image_id, size) DO UPDATE SET name = excluded.name, width = excluded.width,
            height = excluded.height, bytes = excluded.bytes, content = excluded.content";
    NOTE_IMAGE = "INSERT INTO images (url, state, reason, tries, retry_at, prepared_at) VALUES ($1, $2, $3, 1, $4, $5)
        ON CONFLICT (url) DO UPDATE SET state = excluded.state, reason = excluded.reason, tries = images.tries + 1,
            retry_at = excluded.retry_at, prepared_at = excluded.prepared_at
        RETURNING tries";
    // What makes a lead's sizes fails without a word: the sizes that are there stay.
    LEAD_IMAGE_DONE = "UPDATE images SET of_lead = TRUE WHERE url = $1";
    IMAGE_TRIES = "SELECT tries FROM images WHERE url = $1";
    IMAGES_BY_URL = {
        sqlite: "SELECT i.url, i.state, f.size, f.name, f.width, f.height, f.bytes
            FROM images i LEFT JOIN image_files f ON f.image_id = i.id
            WHERE i.url IN (SELECT value FROM json_each($1)) ORDER BY i.id, f.size",
        postgres: "SELECT i.url, i.state, f.size, f.name, f.width, f.height, f.bytes
            FROM images i LEFT JOIN image_files f ON f.image_id = i.id
            WHERE i.url IN (SELECT jsonb_array_elements_text($1::jsonb)) ORDER BY i.id, f.size"
    };
    IMAGE_FILE = "SELECT content FROM image_files WHERE name = $1 LIMIT 1";
    FAILED_IMAGES = "SELECT url, reason, prepared_at FROM images WHERE state = 'failed' AND prepared_at > $1
        ORDER BY prepared_at DESC, id DESC LIMIT $2";
    DROP_IMAGE_FILES = "DELETE FROM image_files
        WHERE image_id IN (SELECT id FROM images WHERE prepared_at < $1 ORDER BY prepared_at, id LIMIT $2)";
    DROP_IMAGES = "DELETE FROM images
        WHERE id IN (SELECT id FROM images WHERE prepared_at < $1 ORDER BY prepared_at, id LIMIT $2)";
}
