-- What editors do to an edition before it leaves. Times are epoch milliseconds, UTC.

-- Taken out by an editor for good, not for one edition: the row stays when the edition ends.
ALTER TABLE ledger ADD COLUMN for_good BOOLEAN NOT NULL DEFAULT FALSE CHECK (for_good IN (0, 1));

-- Other words for an article in one edition.
CREATE TABLE edition_words (
    edition_id BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    article_id BIGINT NOT NULL REFERENCES articles (id),
    title      TEXT,                               -- in place of the article's
    summary    TEXT,                               -- the same
    PRIMARY KEY (edition_id, revision, article_id),
    FOREIGN KEY (edition_id, revision) REFERENCES edition_revisions (edition_id, revision)
);

-- Who did what to an edition, in order.
CREATE TABLE edition_acts (
    id         INTEGER NOT NULL PRIMARY KEY,
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    act        TEXT   NOT NULL,
    who        TEXT   NOT NULL,                    -- an editor's address, or 'operator'
    article_id BIGINT REFERENCES articles (id),
    detail     TEXT,
    revision   BIGINT,                             -- the revision it made; none when it made none
    at         BIGINT NOT NULL
);
CREATE INDEX edition_acts_of_edition ON edition_acts (edition_id, id);

-- Mails to editors whose token opens an edition's page.
CREATE TABLE editor_links (
    delivery_id BIGINT NOT NULL PRIMARY KEY,       -- the mail; the link outlives its row
    edition_id  BIGINT NOT NULL REFERENCES editions (id),
    address     TEXT   NOT NULL,
    created_at  BIGINT NOT NULL
);
CREATE INDEX editor_links_of_edition ON editor_links (edition_id, created_at);
