-- Articles' pictures, fetched once and made small. By address: articles that show the same picture share it.
CREATE TABLE images (
    id          INTEGER NOT NULL PRIMARY KEY,
    url         TEXT    NOT NULL UNIQUE,           -- where the site has it
    state       TEXT    NOT NULL CHECK (state IN ('ready', 'waiting', 'failed')),
    reason      TEXT,                              -- why there is nothing, or nothing yet
    tries       BIGINT  NOT NULL DEFAULT 0,
    retry_at    BIGINT,
    of_lead     BOOLEAN NOT NULL DEFAULT FALSE CHECK (of_lead IN (0, 1)),  -- whether it has the sizes of a lead on a page
    prepared_at BIGINT  NOT NULL
);
CREATE INDEX images_prepared ON images (prepared_at);

CREATE TABLE image_files (
    image_id BIGINT  NOT NULL REFERENCES images (id),
    size     TEXT    NOT NULL CHECK (size IN ('mail_lead', 'mail_item', 'page_item', 'page_lead', 'page_lead_2x')),
    name     TEXT    NOT NULL,                     -- in addresses: a hash of the content
    width    BIGINT  NOT NULL,
    height   BIGINT  NOT NULL,
    bytes    BIGINT  NOT NULL,
    content  BLOB    NOT NULL,
    PRIMARY KEY (image_id, size)
);
CREATE INDEX image_files_name ON image_files (name);
