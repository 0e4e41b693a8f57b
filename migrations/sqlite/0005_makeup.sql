-- Make-up of digests: what leads, what a variant holds, what was wrong. migrations/postgres holds the same; a test compares.

-- An article that a person wants on top.
CREATE TABLE pins (
    article_id BIGINT NOT NULL PRIMARY KEY REFERENCES articles (id),
    pinned_at  BIGINT NOT NULL,
    until      BIGINT                              -- slots at or after it do not heed the pin
);

-- Which articles a variant holds and how, as JSON: [[12,"lead"],[9,"full"],[7,"announced"],[5,"related"]].
ALTER TABLE variants ADD COLUMN shown TEXT;

-- Where was this article?
CREATE INDEX edition_articles_of_article ON edition_articles (article_id);

-- What was wrong in an article that went out, in the newsroom's words.
CREATE TABLE corrections (
    id         INTEGER NOT NULL PRIMARY KEY,
    article_id BIGINT  NOT NULL REFERENCES articles (id),
    note       TEXT    NOT NULL,
    created_at BIGINT  NOT NULL
);
CREATE INDEX corrections_of_article ON corrections (article_id);

-- Released editions that say so.
CREATE TABLE corrections_told (
    correction_id BIGINT NOT NULL REFERENCES corrections (id),
    edition_id    BIGINT NOT NULL REFERENCES editions (id),
    PRIMARY KEY (correction_id, edition_id)
);
