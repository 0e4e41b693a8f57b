-- Feeds in full. migrations/sqlite holds the same; a test compares.

-- Atom's `updated`: whole seconds, and no two articles of a newsroom share one. Where several did, the later ones move
-- on: the n-th in order gets the greatest of (its second, that of the one before and one more).
UPDATE articles SET updated_at = spread.at
FROM (
    SELECT id, (n + max(second - n) OVER (ORDER BY n)) * 1000 AS at
    FROM (SELECT id, updated_at / 1000 AS second, row_number() OVER (ORDER BY updated_at / 1000, id) AS n FROM articles) AS ordered
) AS spread
WHERE spread.id = articles.id;
CREATE UNIQUE INDEX articles_updated ON articles (updated_at);

-- Tombstones, and the page an address means.
CREATE INDEX articles_retracted ON articles (retracted_at) WHERE retracted_at IS NOT NULL;
CREATE INDEX articles_url ON articles (url);

-- What is known of an article's picture: pixels, and the length of its file in bytes.
ALTER TABLE articles ADD COLUMN image_width  BIGINT;
ALTER TABLE articles ADD COLUMN image_height BIGINT;
ALTER TABLE articles ADD COLUMN image_bytes  BIGINT;

-- A [[feed]] is a category of kind 'feed': its articles are filed like a rubric's, so that every feed is chosen alike.
ALTER TABLE categories DROP CONSTRAINT categories_kind_check;
ALTER TABLE categories ADD CONSTRAINT categories_kind_check CHECK (kind IN ('rubric', 'all', 'feed'));

-- Which articles belong to a [[feed]]: those of an author, or of any of these rubrics.
CREATE TABLE feed_rules (
    category_id BIGINT  NOT NULL PRIMARY KEY REFERENCES categories (id),
    author      TEXT,                                 -- a slug
    rubrics     TEXT    NOT NULL,                     -- JSON array of category ids, in order
    filed       BOOLEAN NOT NULL                     -- whether the articles that were here before are in it
);

-- What a site's own system called its categories, as its old addresses do: 'cat=7' for the number, 'category=eco' for
-- the slug.
CREATE TABLE origin_terms (
    source_id   BIGINT NOT NULL REFERENCES sources (id),
    term        TEXT   NOT NULL,
    category_id BIGINT NOT NULL REFERENCES categories (id),
    PRIMARY KEY (source_id, term)
);

-- An article may come in by a feed and by its site's own export. The hashes of what each said last, once a feed has:
-- before that, content_hash is what the export said.
ALTER TABLE articles ADD COLUMN own_hash  BYTEA;
ALTER TABLE articles ADD COLUMN feed_hash BYTEA;
ALTER TABLE articles ADD COLUMN excerpt   BOOLEAN NOT NULL DEFAULT FALSE;  -- of a feed that has no full text

-- A feed that is read ([[source]] feed): what it said last, and when it is asked next.
CREATE TABLE source_feeds (
    url           TEXT   NOT NULL PRIMARY KEY,        -- as configured
    source_id     BIGINT NOT NULL REFERENCES sources (id),
    moved_to      TEXT,                               -- where permanent redirects lead
    etag          TEXT,
    last_modified TEXT,
    checked_at    BIGINT,
    succeeded_at  BIGINT,
    next_at       BIGINT NOT NULL,                    -- claimed by moving it on, so that one node asks
    failures      BIGINT NOT NULL,                    -- since the last success
    error         TEXT,
    stopped_at    BIGINT,                             -- it said 410
    entries       BIGINT                              -- at the last reading
);

-- Up to which version of a feed the configured hubs were told: a node that starts tells them what changed while none ran,
-- and nothing else.
CREATE TABLE feed_announcements (
    category_id BIGINT NOT NULL PRIMARY KEY REFERENCES categories (id),
    version     BIGINT NOT NULL
);
