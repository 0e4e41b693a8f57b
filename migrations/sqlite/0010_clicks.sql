-- How often an article was opened from an edition's mail, where a letter counts that. By nobody in particular.
CREATE TABLE clicks (
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    article_id BIGINT NOT NULL REFERENCES articles (id),
    clicks     BIGINT NOT NULL,
    PRIMARY KEY (edition_id, article_id)
);
