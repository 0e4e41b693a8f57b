-- Short editions that put right what an earlier one said. migrations/postgres holds the same; a test compares.

CREATE TABLE rectificatifs (
    edition_id       BIGINT NOT NULL PRIMARY KEY REFERENCES editions (id),
    of_edition_id    BIGINT NOT NULL REFERENCES editions (id),
    article_id       BIGINT NOT NULL REFERENCES articles (id),
    content_hash     BLOB   NOT NULL,              -- of the article as it was put right: once for each
    note             TEXT   NOT NULL,
    variant_id       BIGINT NOT NULL,              -- what readers of the edition get
    light_variant_id BIGINT NOT NULL,              -- what readers of the light edition get
    created_at       BIGINT NOT NULL,
    settled_at       BIGINT,                       -- since when no row waits for its reader's copy
    UNIQUE (of_edition_id, article_id, content_hash)
);
CREATE INDEX rectificatifs_open ON rectificatifs (edition_id) WHERE settled_at IS NULL;

-- The variants that held the article as it was wrong: whoever had one in doubt is told.
CREATE TABLE rectified_variants (
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    variant_id BIGINT NOT NULL,
    PRIMARY KEY (edition_id, variant_id)
);
