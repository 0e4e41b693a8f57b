-- Readers in charge: what they choose, what is kept of them, and for how long.

-- Readers and consent, made anew where they must be; the sections below add to them.

-- An id that was a reader's is never another's: links in old mails carry it. Without AUTOINCREMENT SQLite gives the
-- highest one again once its row is gone. A table is made anew under its own name, and the references to it hold
-- again when the migration ends.
PRAGMA defer_foreign_keys = ON;

CREATE TABLE consent_events_before AS SELECT * FROM consent_events;
DROP TABLE consent_events;

CREATE TABLE subscribers_before AS SELECT * FROM subscribers;
DROP TABLE subscribers;
CREATE TABLE subscribers (
    id           INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    address      TEXT    NOT NULL,                 -- as written, its domain in lower case
    address_hash BLOB    NOT NULL UNIQUE,          -- keyed, the same that suppressions hold; case does not count
    name         TEXT,
    created_at   BIGINT  NOT NULL
);
INSERT INTO subscribers (id, address, address_hash, name, created_at)
    SELECT id, address, address_hash, name, created_at FROM subscribers_before;
DROP TABLE subscribers_before;

CREATE TABLE subscriptions_before AS SELECT * FROM subscriptions;
DROP TABLE subscriptions;
CREATE TABLE subscriptions (
    id            INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
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
INSERT INTO subscriptions (id, subscriber_id, newsletter_id, choice_id, layout, state, created_at, confirmed_at, left_at)
    SELECT id, subscriber_id, newsletter_id, choice_id, layout, state, created_at, confirmed_at, left_at
    FROM subscriptions_before;
DROP TABLE subscriptions_before;
CREATE INDEX subscriptions_fan_out ON subscriptions (newsletter_id, id);

-- Proof of consent, append-only: an event goes only with its whole reader. Which events there are stands in
-- src/subscribers/consent.rs.
CREATE TABLE consent_events (
    id              INTEGER NOT NULL PRIMARY KEY,
    subscriber_id   BIGINT  NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE,
    newsletter_id   BIGINT REFERENCES newsletters (id),
    event           TEXT    NOT NULL,
    reference       TEXT    NOT NULL UNIQUE,       -- what the acknowledgement page shows
    wording         TEXT    NOT NULL,
    wording_version TEXT,                          -- of the sentences of the program, where it is one of them
    origin          TEXT,
    network_address TEXT,                          -- whose the request was; after a time only its network
    user_agent      TEXT,                          -- removed at the same time
    at              BIGINT  NOT NULL
);
INSERT INTO consent_events (id, subscriber_id, newsletter_id, event, reference, wording, origin, at)
    SELECT id, subscriber_id, newsletter_id, event, reference, wording, origin, at FROM consent_events_before;
DROP TABLE consent_events_before;
CREATE INDEX consent_events_of_subscriber ON consent_events (subscriber_id, at);
CREATE INDEX consent_events_origins ON consent_events (at) WHERE user_agent IS NOT NULL OR network_address NOT LIKE '%/%';
CREATE TRIGGER consent_events_unchanged
    BEFORE UPDATE OF id, subscriber_id, newsletter_id, event, reference, wording, wording_version, origin, at
    ON consent_events
BEGIN
    SELECT RAISE(ABORT, 'consent events are append-only');
END;
CREATE TRIGGER consent_events_kept BEFORE DELETE ON consent_events
    WHEN EXISTS (SELECT 1 FROM subscribers WHERE id = OLD.subscriber_id)
BEGIN
    SELECT RAISE(ABORT, 'consent events are append-only');
END;

-- Suppressions: one after soft bounces in a row says so.
CREATE TABLE suppressions_new (
    id           INTEGER NOT NULL PRIMARY KEY,
    address_hash BLOB    NOT NULL,
    domain       TEXT    NOT NULL,
    reason       TEXT    NOT NULL CHECK (reason IN ('hard_bounce', 'soft_bounce', 'complaint', 'not_me', 'erased', 'imported', 'operator')),
    reply        TEXT,
    at           BIGINT  NOT NULL,
    lifted_at    BIGINT,
    lift_id      BIGINT REFERENCES suppression_lifts (id)
);
INSERT INTO suppressions_new (id, address_hash, domain, reason, reply, at, lifted_at, lift_id)
    SELECT id, address_hash, domain, reason, reply, at, lifted_at, lift_id FROM suppressions;
DROP TABLE suppressions;
ALTER TABLE suppressions_new RENAME TO suppressions;
CREATE UNIQUE INDEX suppressions_in_force ON suppressions (address_hash) WHERE lifted_at IS NULL;
CREATE INDEX suppressions_at ON suppressions (at) WHERE lifted_at IS NULL;

-- Form

-- What was typed at the form waits here until its link is used: a stranger may have typed it.
ALTER TABLE confirmations ADD COLUMN choice_id BIGINT REFERENCES choices (id);  -- none: as the subscription has it
ALTER TABLE confirmations ADD COLUMN first_name TEXT;

-- The cleanup asks for the mail of each link that was never used.
CREATE INDEX deliveries_of_confirmation ON deliveries (confirmation_id) WHERE confirmation_id IS NOT NULL;
CREATE INDEX confirmations_unused ON confirmations (created_at) WHERE used_at IS NULL;
CREATE INDEX subscriptions_pending ON subscriptions (created_at) WHERE state = 'pending';

-- How much the form was asked by one network of late. The network is a keyed hash.
CREATE TABLE form_networks (
    network BLOB   NOT NULL PRIMARY KEY,
    debt    BIGINT NOT NULL,                       -- ms: each asking adds to it, time takes from it
    at      BIGINT NOT NULL                        -- when that was so
);

-- The same of all: one row.
CREATE TABLE form_total (
    id         BIGINT NOT NULL PRIMARY KEY CHECK (id = 1),
    debt       BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    refused_at BIGINT                              -- when somebody was last asked to come back
);

-- Preferences
ALTER TABLE subscriptions ADD COLUMN paused_until BIGINT; -- nothing is sent before
ALTER TABLE subscriptions ADD COLUMN changed_at   BIGINT; -- when choice, layout or pause last changed: after a release, its fan-out passes over
ALTER TABLE subscribers ADD COLUMN link_mailed_at BIGINT; -- when the link to the preferences was last mailed because somebody asked

-- A change of address: confirmed by the new one, told to the old one, which may undo it.
CREATE TABLE address_changes (
    id            INTEGER NOT NULL PRIMARY KEY,
    subscriber_id BIGINT  NOT NULL REFERENCES subscribers (id) ON DELETE CASCADE, -- who asked
    old_address   TEXT    NOT NULL,
    new_address   TEXT    NOT NULL,
    asked_by      BIGINT,                          -- the delivery whose link confirms
    told_by       BIGINT,                          -- the delivery whose link undoes
    holder_id     BIGINT,                          -- whose the subscriptions are since
    created_at    BIGINT  NOT NULL,
    expires_at    BIGINT  NOT NULL,
    done_at       BIGINT,
    undone_at     BIGINT
);
CREATE INDEX address_changes_of_subscriber ON address_changes (subscriber_id, created_at);
CREATE INDEX address_changes_asked ON address_changes (asked_by);
CREATE INDEX address_changes_told ON address_changes (told_by);

-- Own data

-- A link that was mailed to a reader, so that nobody but the mailbox's owner does what it does. After an erasure the row
-- stays without its reader, with what the page acknowledges.
CREATE TABLE reader_links (
    id            INTEGER NOT NULL PRIMARY KEY,
    subscriber_id BIGINT REFERENCES subscribers (id) ON DELETE SET NULL,
    purpose       TEXT   NOT NULL CHECK (purpose IN ('export', 'erase', 'keep')),
    delivery_id   BIGINT UNIQUE,                   -- the mail whose token opens it
    created_at    BIGINT NOT NULL,
    expires_at    BIGINT NOT NULL,
    used_at       BIGINT,
    reference     TEXT
);
CREATE INDEX reader_links_of_subscriber ON reader_links (subscriber_id, purpose, created_at);

-- What the reader may quote, of an erasure.
ALTER TABLE suppressions ADD COLUMN reference TEXT;

-- What operators did to readers' data, by whom.
CREATE TABLE operator_acts (
    id           INTEGER NOT NULL PRIMARY KEY,
    act          TEXT    NOT NULL,
    address_hash BLOB,                             -- of whom, where it was one reader
    detail       TEXT,
    by           TEXT    NOT NULL,
    at           BIGINT  NOT NULL
);
CREATE INDEX operator_acts_at ON operator_acts (at);
CREATE INDEX subscribers_created ON subscribers (created_at);

-- CSV

-- A chunk of an import inside its transaction; empty otherwise.
CREATE TABLE import_stage (
    address_hash     BLOB NOT NULL,
    address          TEXT NOT NULL,
    domain           TEXT NOT NULL,
    name             TEXT,
    newsletter_id    BIGINT,                       -- a reader: where to, with which choice
    choice_id        BIGINT,
    reference        TEXT,                         -- of the event
    opt_in           TEXT,                         -- 'asked' or 'confirmed' elsewhere, when that is known
    opt_in_at        BIGINT,
    opt_in_reference TEXT,
    reason           TEXT,                         -- a refusal: why, in whose words, since when
    words            TEXT,
    said_at          BIGINT,
    outcome          TEXT
);

-- Editions on the web

-- The last part of an edition's public address, decided when it is frozen: '2026-11-23', or '2026-11-23-18h00' for what is
-- not the day's first. None once an edition ended before its release. Older editions are named when newsletters are declared.
ALTER TABLE editions ADD COLUMN web_name TEXT;
CREATE UNIQUE INDEX editions_web_name ON editions (newsletter_id, web_name) WHERE web_name IS NOT NULL;

-- The revision that was released: what was retracted since is named as such on the web.
ALTER TABLE editions ADD COLUMN released_revision BIGINT;
UPDATE editions SET released_revision = (
        SELECT max(r.revision) FROM edition_revisions r
        WHERE r.edition_id = editions.id AND r.created_at <= editions.released_at)
    WHERE released_at IS NOT NULL;
CREATE INDEX editions_released ON editions (released_at) WHERE released_at IS NOT NULL;

-- Fan-out

-- Who was suppressed at a release and is not any more; who still is stands in suppressions_in_force.
-- An import asks by it whether a refusal was lifted here.
CREATE INDEX suppressions_lifted ON suppressions (address_hash) WHERE lifted_at IS NOT NULL;
