//! Every statement on sources, categories and articles.

use crate::statements;

statements! {
    ADD_SOURCE = "INSERT INTO sources (name, created_at) VALUES ($1, $2) ON CONFLICT (name) DO NOTHING";
    // $2: its other name.
    SOURCE_ID = "SELECT id FROM sources WHERE name = $1 OR name = $2
        ORDER BY CASE WHEN name = $1 THEN 0 ELSE 1 END LIMIT 1";

    // A feed that failed or was gone is asked at once when a node starts.
    ADD_SOURCE_FEED = "INSERT INTO source_feeds (url, source_id, next_at, failures) VALUES ($1, $2, $3, 0)
        ON CONFLICT (url) DO UPDATE SET source_id = excluded.source_id, stopped_at = NULL,
            next_at = CASE WHEN source_feeds.failures > 0 AND source_feeds.next_at > excluded.next_at
                THEN excluded.next_at ELSE source_feeds.next_at END";
    // One node at a time: the next look is put off until the claim has run out ($2).
    CLAIM_SOURCE_FEED = "UPDATE source_feeds SET next_at = $2 WHERE url = $1 AND next_at <= $3 AND stopped_at IS NULL
        RETURNING moved_to, etag, last_modified, succeeded_at, failures";
    SET_SOURCE_FEED = "UPDATE source_feeds SET moved_to = $2, etag = $3, last_modified = $4, checked_at = $5,
            succeeded_at = COALESCE($6, succeeded_at), next_at = $7, failures = $8, error = $9, stopped_at = $10,
            entries = COALESCE($11, entries)
        WHERE url = $1";
    SOURCE_FEED_DUE = "SELECT next_at, stopped_at FROM source_feeds WHERE url = $1";
    SOURCE_FEEDS = "SELECT f.url, s.name AS source, f.moved_to, f.checked_at, f.succeeded_at, f.next_at, f.failures, f.error,
            f.stopped_at, f.entries
        FROM source_feeds f JOIN sources s ON s.id = f.source_id ORDER BY f.url";

    CATEGORIES = "SELECT id, slug, name, kind, position, listed, removed FROM categories ORDER BY position, id";
    CATEGORY_ALIASES = "SELECT slug, category_id FROM category_aliases ORDER BY slug";
    ADD_CATEGORY = "INSERT INTO categories (slug, name, kind, position, listed, removed, feed_id, feed_changed_at, created_at)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8) ON CONFLICT (slug) DO NOTHING";
    CATEGORY_BY_SLUG = "SELECT id, slug, name, kind, position, listed, removed FROM categories WHERE slug = $1";
    CHANGE_CATEGORY = "UPDATE categories SET slug = $2, name = $3, position = $4, listed = $5, removed = $6 WHERE id = $1";
    DROP_CATEGORY = "DELETE FROM categories WHERE id = $1";
    ADD_CATEGORY_ALIAS = "INSERT INTO category_aliases (slug, category_id) VALUES ($1, $2)
        ON CONFLICT (slug) DO UPDATE SET category_id = excluded.category_id";
    DROP_CATEGORY_ALIAS = "DELETE FROM category_aliases WHERE slug = $1";
    MOVE_TERMS = "UPDATE origin_terms SET category_id = $2 WHERE category_id = $1";
    // Written only where it says something new.
    NOTE_TERM = "INSERT INTO origin_terms (source_id, term, category_id) VALUES ($1, $2, $3)
        ON CONFLICT (source_id, term) DO UPDATE SET category_id = excluded.category_id
        WHERE origin_terms.category_id <> excluded.category_id";
    MOVE_CATEGORY_ALIASES = "UPDATE category_aliases SET category_id = $2 WHERE category_id = $1";
    // A category of one name taken into that of another: its articles, some at a time.
    SOME_FILED = "SELECT article_id FROM article_categories WHERE category_id = $1 ORDER BY article_id LIMIT 200";
    REFILE = "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
        SELECT article_id, $3, position, published_at, appeared_at FROM article_categories
        WHERE category_id = $2 AND article_id = $1
        ON CONFLICT (article_id, category_id) DO NOTHING";
    REPRIMARY = "UPDATE articles SET primary_category_id = $3 WHERE id = $1 AND primary_category_id = $2";

    FEED_RULES = "SELECT category_id, author, rubrics, filed FROM feed_rules ORDER BY category_id";
    SET_FEED_RULE = "INSERT INTO feed_rules (category_id, author, rubrics, filed) VALUES ($1, $2, $3, FALSE)
        ON CONFLICT (category_id) DO UPDATE SET author = excluded.author, rubrics = excluded.rubrics, filed = FALSE";
    SET_FEED_FILED = "UPDATE feed_rules SET filed = TRUE WHERE category_id = $1 AND author IS NOT DISTINCT FROM $2
        AND rubrics = $3";
    EMPTY_FEED = "DELETE FROM article_categories WHERE category_id = $1 AND article_id IN
        (SELECT article_id FROM article_categories WHERE category_id = $1 ORDER BY article_id LIMIT $2)";
    SIGNED_ARTICLES = "SELECT id, authors FROM articles WHERE id > $1 ORDER BY id LIMIT $2";
    // $1: a JSON array of rubrics' ids.
    ARTICLES_OF_RUBRICS = {
        sqlite: "SELECT DISTINCT article_id FROM article_categories
            WHERE category_id IN (SELECT value FROM json_each($1)) AND article_id > $2 ORDER BY article_id LIMIT $3",
        postgres: "SELECT DISTINCT article_id FROM article_categories
            WHERE category_id IN (SELECT CAST(jsonb_array_elements_text(CAST($1 AS jsonb)) AS BIGINT))
                AND article_id > $2 ORDER BY article_id LIMIT $3"
    };
    // $2: a JSON array of articles' ids; behind all the article's own categories.
    FILE_IN_FEED = {
        sqlite: "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
            SELECT id, $1, $3, published_at, appeared_at FROM articles WHERE id IN (SELECT value FROM json_each($2))
            ON CONFLICT (article_id, category_id) DO NOTHING",
        postgres: "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
            SELECT id, $1, $3, published_at, appeared_at FROM articles
            WHERE id IN (SELECT CAST(jsonb_array_elements_text(CAST($2 AS jsonb)) AS BIGINT))
            ON CONFLICT (article_id, category_id) DO NOTHING"
    };

    // What a feed shows changed ($2 the whole second), or only when it will change ($2 zero). Each change has a second of its
    // own, for readers on libcurl (newsboat) throw a new body away whose Last-Modified stands where it stood; during a bulk
    // import at most a minute ahead.
    BUMP_FEED = "UPDATE categories SET feed_version = feed_version + 1,
            feed_changed_at = CASE WHEN feed_changed_at < $2 THEN $2
                WHEN $2 > 0 AND feed_changed_at < $2 + 60000 THEN feed_changed_at + 1000
                ELSE feed_changed_at END
        WHERE id = $1";
    // The channel that feeds::watch listens on; SQLite's readers see data_version move instead.
    TELL_FEEDS = {
        sqlite: "SELECT 1 AS told",
        postgres: "SELECT CAST(1 AS BIGINT) AS told FROM pg_notify('kiosque_feeds', '')"
    };

    // $2: a JSON array of external ids, $3: of ids in feeds. The + keeps SQLite from walking every article of the source
    // in place of the few ids.
    KNOWN_ARTICLES = {
        sqlite: "SELECT id, external_id, entry_id, origin_id, content_hash, own_hash, feed_hash, retracted_at FROM articles
            WHERE id IN (SELECT id FROM articles WHERE source_id = $1 AND external_id IN (SELECT value FROM json_each($2))
                UNION SELECT id FROM articles WHERE +source_id = $1 AND entry_id IN (SELECT value FROM json_each($3)))
            ORDER BY id",
        postgres: "SELECT id, external_id, entry_id, origin_id, content_hash, own_hash, feed_hash, retracted_at FROM articles
            WHERE id IN (SELECT id FROM articles
                    WHERE source_id = $1 AND external_id IN (SELECT jsonb_array_elements_text(CAST($2 AS jsonb)))
                UNION SELECT id FROM articles
                    WHERE source_id = $1 AND entry_id IN (SELECT jsonb_array_elements_text(CAST($3 AS jsonb))))
            ORDER BY id"
    };
    // $1: a JSON array of entry ids.
    TAKEN_ENTRY_IDS = {
        sqlite: "SELECT entry_id FROM articles WHERE entry_id IN (SELECT value FROM json_each($1)) ORDER BY id",
        postgres: "SELECT entry_id FROM articles
            WHERE entry_id IN (SELECT jsonb_array_elements_text(CAST($1 AS jsonb))) ORDER BY id"
    };
    // $2: a JSON array of entry ids.
    KNOWN_ELSEWHERE = {
        sqlite: "SELECT entry_id FROM articles
            WHERE source_id <> $1 AND entry_id IN (SELECT value FROM json_each($2)) ORDER BY id",
        postgres: "SELECT entry_id FROM articles
            WHERE source_id <> $1 AND entry_id IN (SELECT jsonb_array_elements_text(CAST($2 AS jsonb))) ORDER BY id"
    };
    ADD_ARTICLE = "INSERT INTO articles (source_id, external_id, entry_id, origin_id, url, title, summary, body, authors, tags,
            image_url, image_alt, image_width, image_height, image_bytes, primary_category_id, published_at, updated_at,
            first_seen_at, appeared_at, archive, content_hash, feed_hash, excerpt)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24)
        ON CONFLICT (updated_at) DO NOTHING RETURNING id";
    // $1: a JSON array of moments, of which the first that no article has.
    FREE_MOMENT = {
        sqlite: "SELECT wanted.value FROM json_each($1) wanted
            WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.updated_at = wanted.value)
            ORDER BY wanted.key LIMIT 1",
        postgres: "SELECT CAST(value AS BIGINT) AS value
            FROM jsonb_array_elements_text(CAST($1 AS jsonb)) WITH ORDINALITY AS wanted (value, position)
            WHERE NOT EXISTS (SELECT 1 FROM articles a WHERE a.updated_at = CAST(wanted.value AS BIGINT))
            ORDER BY position LIMIT 1"
    };
    // $2: a JSON array of category ids, in the article's order.
    FILE_ARTICLE = {
        sqlite: "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
            SELECT $1, value, key, $3, $4 FROM json_each($2)",
        postgres: "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
            SELECT $1, CAST(value AS BIGINT), position - 1, $3, $4
            FROM jsonb_array_elements_text(CAST($2 AS jsonb)) WITH ORDINALITY AS list (value, position)"
    };
    CHANGE_ARTICLE = "UPDATE articles SET origin_id = $2, url = $3, title = $4, summary = $5, body = $6, authors = $7, tags = $8,
            image_url = $9, image_alt = $10, image_width = $11, image_height = $12, image_bytes = $13,
            primary_category_id = $14, published_at = $15, updated_at = $16, appeared_at = $17, content_hash = $18,
            retracted_at = $19, own_hash = $20, feed_hash = $21, excerpt = $22
        WHERE id = $1";
    ARTICLE_AS_STORED = "SELECT origin_id, url, title, summary, body, authors, tags, image_url, image_alt,
            image_width, image_height, image_bytes, primary_category_id, published_at, updated_at, first_seen_at, appeared_at,
            archive, retracted_at, content_hash, own_hash, feed_hash, excerpt
        FROM articles WHERE id = $1";
    ARTICLE_FILED_IN = "SELECT category_id, position, appeared_at FROM article_categories WHERE article_id = $1
        ORDER BY position, category_id";
    UNFILE_ARTICLE = "DELETE FROM article_categories WHERE article_id = $1 AND category_id = $2";
    FILE_ARTICLE_IN = "INSERT INTO article_categories (article_id, category_id, position, published_at, appeared_at)
        VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (article_id, category_id) DO UPDATE SET position = excluded.position,
            published_at = excluded.published_at, appeared_at = excluded.appeared_at";
    SET_CONTENT_HASH = "UPDATE articles SET content_hash = $2, own_hash = $3, feed_hash = $4 WHERE id = $1";
    RETRACT_ARTICLE = "UPDATE articles SET retracted_at = $2 WHERE id = $1 AND retracted_at IS NULL";

    GET_ARTICLE = "SELECT a.id, s.name AS source, a.external_id, a.entry_id, a.origin_id, a.url, a.title, a.summary, a.body,
            a.authors, a.tags, a.image_url, a.image_alt, a.image_width, a.image_height,
            a.image_bytes, a.published_at, a.updated_at, a.first_seen_at, a.appeared_at,
            a.archive, a.retracted_at,
            (SELECT string_agg(c.slug, ',' ORDER BY ac.position, c.id) FROM article_categories ac
             JOIN categories c ON c.id = ac.category_id WHERE ac.article_id = a.id AND c.kind = 'rubric') AS categories
        FROM articles a JOIN sources s ON s.id = a.source_id WHERE a.id = $1";
    ARTICLES_AT = "SELECT id FROM articles WHERE url = $1 ORDER BY id";
    // Walks article_categories_latest; $1 is the category of kind 'all' for every article.
    LATEST_ARTICLES = "SELECT article_id FROM article_categories WHERE category_id = $1
        ORDER BY published_at DESC, article_id DESC LIMIT $2";
}
