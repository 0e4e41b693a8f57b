-- The heart of kiosque. Times are epoch milliseconds, UTC. migrations/postgres holds the same tables; a test compares.

-- Secrets: nodes share them, backups contain them. Old ones verify for ever.
CREATE TABLE keys (
    id         INTEGER NOT NULL PRIMARY KEY,
    purpose    TEXT    NOT NULL CHECK (purpose IN ('token', 'return_path', 'suppression')),
    secret     BLOB    NOT NULL,
    created_at BIGINT  NOT NULL,
    retired_at BIGINT
);

-- Serving nodes: whose newsletters are the youngest, and who is alive.
CREATE TABLE nodes (
    id           TEXT   NOT NULL PRIMARY KEY,
    started_at   BIGINT NOT NULL,
    seen_at      BIGINT NOT NULL,
    declarations TEXT   NOT NULL
);

-- Articles ------------------------------------------------------------------------------------------------------

CREATE TABLE sources (
    id         INTEGER NOT NULL PRIMARY KEY,
    name       TEXT    NOT NULL UNIQUE,
    created_at BIGINT  NOT NULL
);

-- A rubric; and the one category of kind 'all' that every article is in, so that every feed is chosen alike.
CREATE TABLE categories (
    id              INTEGER NOT NULL PRIMARY KEY,
    slug            TEXT    NOT NULL UNIQUE,
    name            TEXT    NOT NULL,
    kind            TEXT    NOT NULL DEFAULT 'rubric' CHECK (kind IN ('rubric', 'all')),
    position        BIGINT  NOT NULL,
    listed          BOOLEAN NOT NULL CHECK (listed IN (0, 1)),
    removed         BOOLEAN NOT NULL DEFAULT FALSE CHECK (removed IN (0, 1)),
    feed_id         TEXT    NOT NULL UNIQUE,
    feed_version    BIGINT  NOT NULL DEFAULT 0,
    feed_changed_at BIGINT  NOT NULL,
    created_at      BIGINT  NOT NULL
);

-- Slugs a category had before: they redirect for good.
CREATE TABLE category_aliases (
    slug        TEXT   NOT NULL PRIMARY KEY,
    category_id BIGINT NOT NULL REFERENCES categories (id)
);

CREATE TABLE articles (
    id                  INTEGER NOT NULL PRIMARY KEY,
    source_id           BIGINT  NOT NULL REFERENCES sources (id),
    external_id         TEXT    NOT NULL,
    entry_id            TEXT    NOT NULL UNIQUE,   -- the id in every feed, for ever
    origin_id           TEXT,                      -- the number the site's own system gave it
    url                 TEXT    NOT NULL,
    title               TEXT    NOT NULL,
    summary             TEXT    NOT NULL,          -- plain text
    body                TEXT    NOT NULL,          -- clean HTML
    authors             TEXT    NOT NULL,          -- JSON array of names
    tags                TEXT    NOT NULL,          -- JSON array of names
    image_url           TEXT,
    image_alt           TEXT,
    primary_category_id BIGINT REFERENCES categories (id),
    published_at        BIGINT  NOT NULL,          -- in the future: embargo
    updated_at          BIGINT  NOT NULL,
    first_seen_at       BIGINT  NOT NULL,
    appeared_at         BIGINT  NOT NULL,          -- the later of published and first seen; archive: published
    archive             BOOLEAN NOT NULL CHECK (archive IN (0, 1)),
    retracted_at        BIGINT,
    content_hash        BLOB    NOT NULL,
    UNIQUE (source_id, external_id)
);
CREATE INDEX articles_published ON articles (published_at);

CREATE TABLE article_categories (
    article_id   BIGINT NOT NULL REFERENCES articles (id),
    category_id  BIGINT NOT NULL REFERENCES categories (id),
    position     BIGINT NOT NULL,
    published_at BIGINT NOT NULL,                  -- the article's, so that one index orders a feed
    appeared_at  BIGINT NOT NULL,                  -- the later of the article's and its entry into the category
    PRIMARY KEY (article_id, category_id)
);
CREATE INDEX article_categories_latest ON article_categories (category_id, published_at DESC, article_id DESC);
CREATE INDEX article_categories_appeared ON article_categories (category_id, appeared_at DESC, article_id DESC);

-- Newsletters ---------------------------------------------------------------------------------------------------

CREATE TABLE newsletters (
    id            INTEGER NOT NULL PRIMARY KEY,
    slug          TEXT    NOT NULL UNIQUE,
    title         TEXT    NOT NULL,
    schedule      TEXT    NOT NULL,
    timezone      TEXT    NOT NULL,
    taken_up_at   BIGINT  NOT NULL,                -- when this schedule was taken up: no slot before it fires
    opening_at    BIGINT,                          -- the slot before its first edition
    paused_at     BIGINT,
    paused_until  BIGINT,
    created_at    BIGINT  NOT NULL
);

CREATE TABLE newsletter_aliases (
    slug          TEXT   NOT NULL PRIMARY KEY,
    newsletter_id BIGINT NOT NULL REFERENCES newsletters (id)
);

-- Readers -------------------------------------------------------------------------------------------------------

CREATE TABLE subscribers (
    id           INTEGER NOT NULL PRIMARY KEY,
    address      TEXT    NOT NULL,                 -- as written, its domain in lower case
    address_hash BLOB    NOT NULL UNIQUE,          -- keyed, the same that suppressions hold; case does not count
    name         TEXT,
    created_at   BIGINT  NOT NULL
);

-- A canonical set of categories, stored once: 'all', or ids in order ('3,5,9').
CREATE TABLE choices (
    id         INTEGER NOT NULL PRIMARY KEY,
    categories TEXT    NOT NULL UNIQUE
);
INSERT INTO choices (categories) VALUES ('all');

CREATE TABLE subscriptions (
    id            INTEGER NOT NULL PRIMARY KEY,
    subscriber_id BIGINT  NOT NULL REFERENCES subscribers (id),
    newsletter_id BIGINT  NOT NULL REFERENCES newsletters (id),
    choice_id     BIGINT  NOT NULL REFERENCES choices (id),
    layout        TEXT    NOT NULL DEFAULT 'normal' CHECK (layout IN ('normal', 'light')),
    state         TEXT    NOT NULL CHECK (state IN ('pending', 'confirmed', 'left')),
    created_at    BIGINT  NOT NULL,
    confirmed_at  BIGINT,
    left_at       BIGINT,
    UNIQUE (subscriber_id, newsletter_id)
);
CREATE INDEX subscriptions_fan_out ON subscriptions (newsletter_id, id);

-- A confirmation asked for: its token is kept as a hash, holds for a time and works once. A mail names several
-- newsletters by one link, and at most one goes out a day: rows without a token are answered by another row's link.
CREATE TABLE confirmations (
    id              INTEGER NOT NULL PRIMARY KEY,
    subscription_id BIGINT  NOT NULL REFERENCES subscriptions (id),
    token_hash      BLOB    UNIQUE,
    created_at      BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    used_at         BIGINT
);
CREATE INDEX confirmations_of_subscription ON confirmations (subscription_id, created_at);

-- Proof of consent, append-only.
CREATE TABLE consent_events (
    id            INTEGER NOT NULL PRIMARY KEY,
    subscriber_id BIGINT  NOT NULL REFERENCES subscribers (id),
    newsletter_id BIGINT REFERENCES newsletters (id),
    event         TEXT    NOT NULL CHECK (event IN ('asked', 'confirmed', 'imported', 'left', 'refused')),
    reference     TEXT    NOT NULL UNIQUE,         -- what the acknowledgement page shows
    wording       TEXT    NOT NULL,
    origin        TEXT,
    at            BIGINT  NOT NULL
);
CREATE INDEX consent_events_of_subscriber ON consent_events (subscriber_id, at);

-- Addresses that must not be mailed. They survive erasure, as a keyed hash.
CREATE TABLE suppressions (
    id           INTEGER NOT NULL PRIMARY KEY,
    address_hash BLOB    NOT NULL,
    domain       TEXT    NOT NULL,
    reason       TEXT    NOT NULL CHECK (reason IN ('hard_bounce', 'complaint', 'not_me', 'erased', 'imported', 'operator')),
    reply        TEXT,
    at           BIGINT  NOT NULL,
    lifted_at    BIGINT
);
CREATE UNIQUE INDEX suppressions_in_force ON suppressions (address_hash) WHERE lifted_at IS NULL;

-- Editions ------------------------------------------------------------------------------------------------------

-- One wall-clock moment at which a newsletter is due. The unique key decides who makes the edition.
CREATE TABLE slots (
    id            INTEGER NOT NULL PRIMARY KEY,
    newsletter_id BIGINT  NOT NULL REFERENCES newsletters (id),
    slot_key      TEXT    NOT NULL,                -- '2026-03-29T07:00' as the schedule names it, or 'run:' and a UUID
    at            BIGINT  NOT NULL,                -- the instant
    outcome       TEXT    NOT NULL CHECK (outcome IN ('edition', 'skipped')),
    reason        TEXT CHECK (reason IN ('empty', 'paused', 'missed', 'coalesced', 'unapproved', 'operator')),
    created_at    BIGINT  NOT NULL,
    UNIQUE (newsletter_id, slot_key)
);
CREATE INDEX slots_of_newsletter ON slots (newsletter_id, at);

CREATE TABLE editions (
    id              INTEGER NOT NULL PRIMARY KEY,
    newsletter_id   BIGINT  NOT NULL REFERENCES newsletters (id),
    slot_id         BIGINT  NOT NULL UNIQUE REFERENCES slots (id),
    state           TEXT    NOT NULL CHECK (state IN ('frozen', 'released', 'stopped', 'expired')),
    revision        BIGINT  NOT NULL,              -- the one in force
    slot_at         BIGINT  NOT NULL,
    due_at          BIGINT  NOT NULL,              -- when it is to be released: the slot, or where it was postponed to
    expires_at      BIGINT  NOT NULL,              -- due + grace: unapproved until then, it is not sent
    approved_at     BIGINT,
    frozen_at       BIGINT  NOT NULL,
    released_at     BIGINT,
    eligible        BIGINT,                        -- readers as they stood at release, by a count of its own
    fan_out_cursor  BIGINT  NOT NULL DEFAULT 0,    -- the last subscription that has its row
    fanned_out_at   BIGINT
);
CREATE INDEX editions_of_newsletter ON editions (newsletter_id, slot_at);
CREATE INDEX editions_open ON editions (state, due_at) WHERE fanned_out_at IS NULL;

CREATE TABLE edition_revisions (
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    revision   BIGINT NOT NULL,
    subject    TEXT,                               -- an editor's, in place of the template's
    note       TEXT,
    cause      TEXT   NOT NULL,                    -- who changed what
    created_at BIGINT NOT NULL,
    PRIMARY KEY (edition_id, revision)
);

CREATE TABLE edition_articles (
    edition_id BIGINT NOT NULL,
    revision   BIGINT NOT NULL,
    article_id BIGINT NOT NULL REFERENCES articles (id),
    position   BIGINT NOT NULL,
    role       TEXT   NOT NULL CHECK (role IN ('lead', 'full', 'announced')),
    content_hash BLOB  NOT NULL,                 -- as the article stood: a correction makes a new revision
    PRIMARY KEY (edition_id, revision, article_id),
    FOREIGN KEY (edition_id, revision) REFERENCES edition_revisions (edition_id, revision)
);

-- How a newsletter used an article. At most one live row each: no article is repeated.
CREATE TABLE ledger (
    id            INTEGER NOT NULL PRIMARY KEY,
    newsletter_id BIGINT  NOT NULL REFERENCES newsletters (id),
    article_id    BIGINT  NOT NULL REFERENCES articles (id),
    edition_id    BIGINT REFERENCES editions (id), -- none for what a pause passed over
    usage         TEXT    NOT NULL CHECK (usage IN ('full', 'announced', 'left_out', 'passed')),
    created_at    BIGINT  NOT NULL,
    ended_at      BIGINT
);
CREATE UNIQUE INDEX ledger_live ON ledger (newsletter_id, article_id) WHERE ended_at IS NULL;
CREATE INDEX ledger_of_edition ON ledger (edition_id);

-- What one choice sees of one edition (or a mail that is no edition): finished MIME with named gaps.
CREATE TABLE variants (
    id            INTEGER NOT NULL PRIMARY KEY,
    edition_id    BIGINT REFERENCES editions (id),
    seen_hash     BLOB    NOT NULL,                -- of what is seen: choices that see the same share one
    layout        TEXT    NOT NULL CHECK (layout IN ('normal', 'light')),
    subject       TEXT    NOT NULL,
    envelope_from TEXT    NOT NULL,                -- the return path, before its token
    message       BLOB    NOT NULL,                -- encoded segments
    html_bytes    BIGINT  NOT NULL,
    created_at    BIGINT  NOT NULL
);
CREATE UNIQUE INDEX variants_seen ON variants (edition_id, seen_hash) WHERE edition_id IS NOT NULL;
CREATE UNIQUE INDEX variants_other ON variants (seen_hash) WHERE edition_id IS NULL;

-- Which variant a choice gets of a revision. No row: it sees too little, its readers are not eligible.
CREATE TABLE edition_choices (
    edition_id BIGINT NOT NULL REFERENCES editions (id),
    revision   BIGINT NOT NULL,
    choice_id  BIGINT NOT NULL REFERENCES choices (id),
    layout     TEXT   NOT NULL CHECK (layout IN ('normal', 'light')),
    variant_id BIGINT NOT NULL REFERENCES variants (id),
    PRIMARY KEY (edition_id, revision, choice_id, layout)
);

-- Deliveries ----------------------------------------------------------------------------------------------------

-- One message to one address, the whole way to the relay's reply.
CREATE TABLE deliveries (
    id              INTEGER NOT NULL PRIMARY KEY,
    kind            TEXT    NOT NULL CHECK (kind IN ('edition', 'confirmation', 'notice', 'editor')),
    dedup_key       TEXT    NOT NULL UNIQUE,
    priority        BIGINT  NOT NULL,              -- 0: a person waits; 5: a digest
    resend          BOOLEAN NOT NULL DEFAULT FALSE CHECK (resend IN (0, 1)),
    edition_id      BIGINT REFERENCES editions (id),
    subscription_id BIGINT REFERENCES subscriptions (id),
    confirmation_id BIGINT REFERENCES confirmations (id),
    variant_id      BIGINT  NOT NULL REFERENCES variants (id),
    address         TEXT    NOT NULL,
    address_hash    BLOB    NOT NULL,
    name            TEXT,
    recipient_group TEXT    NOT NULL,              -- the address's domain, or the group it belongs to
    message_id      TEXT    NOT NULL,
    token_key_id    BIGINT REFERENCES keys (id),   -- written at the first claim
    dkim            TEXT,                          -- selectors and second, written at the first claim
    message_hash    BLOB,                          -- SHA-256 of the bytes, once in doubt
    state           TEXT    NOT NULL CHECK (state IN ('pending', 'claimed', 'in_doubt', 'sent', 'failed', 'cancelled')),
    held            BOOLEAN NOT NULL DEFAULT FALSE CHECK (held IN (0, 1)),
    reason          TEXT,                          -- of being held, failed or cancelled
    due_at          BIGINT  NOT NULL,
    expires_at      BIGINT  NOT NULL,
    attempts        BIGINT  NOT NULL DEFAULT 0,    -- answers about the recipient; a host's trouble burns none
    owner           TEXT,
    epoch           BIGINT  NOT NULL DEFAULT 0,
    lease_until     BIGINT,
    in_doubt_at     BIGINT,                        -- of the latest doubt; kept afterwards
    relay           TEXT,
    reply_stage     TEXT,
    reply_code      BIGINT,
    reply_text      TEXT,
    created_at      BIGINT  NOT NULL,
    finished_at     BIGINT
);
CREATE INDEX deliveries_due ON deliveries (priority, due_at, id) WHERE state = 'pending' AND NOT held;
CREATE INDEX deliveries_open ON deliveries (state, lease_until) WHERE state IN ('claimed', 'in_doubt');
-- With all that the balance counts, so that it reads no rows.
CREATE INDEX deliveries_of_edition ON deliveries (edition_id, state, kind, resend, held);
CREATE INDEX deliveries_of_address ON deliveries (address_hash, created_at);
CREATE INDEX deliveries_of_subscription ON deliveries (subscription_id);
CREATE INDEX deliveries_held ON deliveries (edition_id) WHERE held;
